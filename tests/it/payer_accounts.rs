//! Accounts that paid before suggest whose money a line without a code is, and never decide it.

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::exception::{self, Exception, Kind};
use bienlai::obligation::State;
use bienlai::party::Payer;
use bienlai::payment::resolve;
use bienlai::reconciliation::reconcile;

use crate::corrections::person;
use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};
use crate::taken_apart::{approve, ask_to_unmatch, only_line, reopened};

/// A credit from an account, as camt tells it, matched.
fn credited(world: &World, opening: i64, amount: i64, memo: &str, from: &str) {
    let day = world.now().business_day();
    let reference = format!("R{}", world.next());
    let file = BankFile::new(world.ba_dinh.account_no, day, opening).book(amount, memo, &reference);
    let camt = String::from_utf8(file.without_sequence().camt()).unwrap();
    let party =
        format!("<TxDtls><RltdPties><DbtrAcct><Id><Othr><Id>{from}</Id></Othr></Id></DbtrAcct></RltdPties>");
    import(world, camt.replace("<TxDtls>", &party).as_bytes());
    matched(world);
}

fn matched(world: &World) {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("the lines are matched");
}

fn payer(phone: &str) -> Payer {
    Payer { name: Some("Người Nộp Mẫu".into()), phone: Some(phone.into()), ..Payer::default() }
}

fn open(world: &World) -> Vec<Exception> {
    let all = world.exceptions(world.ba_dinh.id);
    all.into_iter().filter(|item| item.state == exception::State::Open).collect()
}

#[test]
fn an_account_that_paid_by_code_suggests_its_payers_next_debt_and_a_person_decides() {
    each_database(|database| {
        let world = World::settled_in(database);
        let first = world.raise_for(payer("0900000011"), Dong(25_000));
        world.raise_for(payer("0900000022"), Dong(30_000));
        credited(&world, 0, 25_000, &format!("{} LE PHI", first.reference_code), "0123456789");
        assert_eq!(world.again(&first).state, State::Paid);
        assert_eq!(world.count("payer_alias"), 1);
        let next = world.raise_for(payer("0900000011"), Dong(30_000));
        world.wait_days(1);
        credited(&world, 25_000, 30_000, "CHUYEN TIEN", "0123456789");
        assert_eq!(world.again(&next).state, State::Raised, "suggested, not paid");
        let [item] = &open(&world)[..] else { panic!("{:?}", open(&world)) };
        assert_eq!(item.kind, Kind::UnidentifiedCredit);
        assert!(item.detail.contains(&next.id.to_string()), "{}", item.detail);
        assert!(item.detail.contains("paid_from_account_before"), "{}", item.detail);
        assert!(!item.detail.contains("0123456789"), "no account in the clear");
        // What two persons decide is learned from like a code.
        let clerk = person(world.ba_dinh.id, world.clerk, Role::Finance);
        let chief = person(world.ba_dinh.id, world.chief, Role::Approver);
        let why = ("assign", Some(next.id.0), "đúng người nộp");
        world.change(|tx, stamp| exception::propose(tx, stamp, &clerk, item.unit, item.id, why));
        world.change(|tx, stamp| resolve::approve(tx, stamp, &chief, item.unit, item.id));
        matched(&world);
        assert_eq!(world.count("payer_alias"), 2);
        matched(&world);
        assert_eq!(world.count("payer_alias"), 2, "each line teaches once");
    });
}

#[test]
fn two_debts_of_the_same_payer_and_amount_are_both_named_and_none_is_picked() {
    each_database(|database| {
        let world = World::settled_in(database);
        let first = world.raise_for(payer("0900000011"), Dong(25_000));
        credited(&world, 0, 25_000, &format!("{} LE PHI", first.reference_code), "0123456789");
        let owed = [1, 2].map(|_| world.raise_for(payer("0900000011"), Dong(8_000)));
        world.wait_days(1);
        credited(&world, 25_000, 8_000, "CHUYEN TIEN", "0123456789");
        for one in &owed {
            assert_eq!(world.again(one).state, State::Raised);
        }
        let [item] = &open(&world)[..] else { panic!("{:?}", open(&world)) };
        assert!(owed.iter().all(|one| item.detail.contains(&one.id.to_string())), "{}", item.detail);
    });
}

#[test]
fn an_account_nobody_paid_from_suggests_nobody() {
    each_database(|database| {
        let world = World::settled_in(database);
        let first = world.raise_for(payer("0900000011"), Dong(25_000));
        credited(&world, 0, 25_000, &format!("{} LE PHI", first.reference_code), "0123456789");
        let next = world.raise_for(payer("0900000011"), Dong(30_000));
        world.wait_days(1);
        credited(&world, 25_000, 30_000, "CHUYEN TIEN", "9876543210");
        let [item] = &open(&world)[..] else { panic!("{:?}", open(&world)) };
        assert!(!item.detail.contains(&next.id.to_string()), "{}", item.detail);
    });
}

#[test]
fn an_account_whose_match_was_withdrawn_suggests_nobody_until_another_line_says_the_same() {
    each_database(|database| {
        let world = World::settled_in(database);
        let about = |amount: i64| {
            let asked = open(&world).into_iter().find(|item| item.amount == Dong(amount));
            asked.unwrap_or_else(|| panic!("{:?}", open(&world))).detail
        };
        let first = world.raise_for(payer("0900000011"), Dong(25_000));
        credited(&world, 0, 25_000, &format!("{} LE PHI", first.reference_code), "0123456789");
        let doubt = ask_to_unmatch(&world, only_line(&world, 25_000)).unwrap();
        approve(&world, doubt.id);
        let next = world.raise_for(payer("0900000011"), Dong(30_000));
        world.wait_days(1);
        credited(&world, 25_000, 30_000, "CHUYEN TIEN", "0123456789");
        assert!(!about(30_000).contains(&next.id.to_string()), "{}", about(30_000));
        assert_eq!(world.count("payer_alias"), 0);
        // Another payment of the same payer from it teaches what the wrong one did.
        let again = world.raise_for(payer("0900000011"), Dong(12_000));
        world.wait_days(1);
        credited(&world, 55_000, 12_000, &format!("{} LE PHI", again.reference_code), "0123456789");
        assert_eq!((world.again(&again).state, world.count("payer_alias")), (State::Paid, 1));
        let last = world.raise_for(payer("0900000011"), Dong(8_000));
        world.wait_days(1);
        credited(&world, 67_000, 8_000, "CHUYEN TIEN", "0123456789");
        assert!(about(8_000).contains(&last.id.to_string()), "{}", about(8_000));
    });
}

#[test]
fn a_match_that_is_undone_takes_along_what_its_line_taught_and_nothing_else() {
    each_database(|database| {
        let world = World::settled_in(database);
        // Two payers pay from the collecting account of their wallet.
        let sums = [(25_000, "0900000011"), (30_000, "0900000022")];
        let mut opening = 0;
        for (amount, phone) in sums {
            let owed = world.raise_for(payer(phone), Dong(amount));
            credited(&world, opening, amount, &format!("{} LE PHI", owed.reference_code), "0123456789");
            opening += amount;
            world.wait_days(1);
        }
        assert_eq!(world.count("payer_alias"), 2);
        let doubt = ask_to_unmatch(&world, only_line(&world, 25_000)).unwrap();
        approve(&world, doubt.id);
        let line = only_line(&world, 30_000);
        assert_eq!(world.count("payer_alias"), 1, "with the match, before any run");
        assert_eq!(world.count(&format!("payer_alias WHERE line_id = {}", line.0)), 1, "the other's stays");
        matched(&world);
        assert_eq!(world.count("payer_alias"), 1, "no run learns it again");

        // What two persons said of a line, and took back, is forgotten in the same way.
        let other = world.raise_for(payer("0900000033"), Dong(25_000));
        let asked = open(&world).into_iter().find(|item| item.kind == Kind::UnidentifiedCredit).unwrap();
        let clerk = person(world.ba_dinh.id, world.clerk, Role::Finance);
        let why = ("assign", Some(other.id.0), "đúng người nộp");
        world.change(|tx, stamp| exception::propose(tx, stamp, &clerk, asked.unit, asked.id, why));
        approve(&world, asked.id);
        matched(&world);
        assert_eq!((world.again(&other).state, world.count("payer_alias")), (State::Paid, 2));
        reopened(&world, asked.id);
        assert_eq!(world.count("payer_alias"), 1);
        matched(&world);
        assert_eq!(world.count("payer_alias"), 1);
    });
}
