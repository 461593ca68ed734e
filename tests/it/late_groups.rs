//! Claims of one payout that come after its line: a run finds them by the rules by which it knows them when they come
//! first, and leaves to persons what it would have left then.

use bienlai::amount::Dong;
use bienlai::exception::Kind;
use bienlai::ledger::Account;
use bienlai::obligation::State;
use bienlai::payment::book::PaymentState;

use crate::gateways::{agreed, bank, claimed, close_day, closed_on, matched, shown, states, today};
use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::world::{Commune, POLL};
use crate::support::{World, each_database};
use crate::taken_apart::{approve, ask_to_unmatch, assign, item, only_line};

const BULK: &str = "LO260001";
const MARKED: &str = "SEPAY QUYET TOAN NGAY";
const CLAIMED: PaymentState = PaymentState::Claimed;
const PROVEN: PaymentState = PaymentState::Proven;

/// The bank's file of today with credits that have no code, each under a reference, matched.
fn shown_under(world: &World, commune: &Commune, credits: &[(i64, &str)]) {
    let mut file = BankFile::new(commune.account_no, today(world), 0);
    for (amount, reference) in credits {
        file = file.book(*amount, &format!("CHUYEN TIEN {amount}"), reference);
    }
    import(world, &file.without_sequence().camt());
    matched(world, commune);
}

/// A fee that the gateway says was paid, under the reference of the bank.
fn claimed_under(world: &World, commune: &Commune, amount: i64, id: &str) {
    let owed = world.raise_at(commune, Dong(amount));
    world.claim(&owed, Dong(amount)).by(POLL).id(id).reference(BULK).settle();
}

fn fees(amount: i64) -> (Account, i64) {
    (Account::FeesCollected("HT-01".into()), -amount)
}

/// The days on which money left suspense.
fn placed_on(world: &World) -> Vec<String> {
    world.words(
        "SELECT CAST(accounting_date AS TEXT) AS t FROM posting WHERE debit_account LIKE 'suspense/%' \
         ORDER BY accounting_date",
    )
}

#[test]
fn claims_that_come_after_the_line_of_their_reference_are_proven_by_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        shown_under(&world, &ba_dinh, &[(40_000, BULK)]);
        assert_eq!(world.open_kinds(ba_dinh.id), [Kind::UnidentifiedCredit]);
        claimed_under(&world, &ba_dinh, 25_000, "S1");
        claimed_under(&world, &ba_dinh, 15_000, "S2");
        matched(&world, &ba_dinh);
        assert_eq!(states(&world, &ba_dinh), [PROVEN, PROVEN]);
        assert!(world.open_kinds(ba_dinh.id).is_empty(), "{:?}", world.open_kinds(ba_dinh.id));
        let why = world.words("SELECT reason AS t FROM exception_event WHERE kind = 'settled_by_itself'");
        assert!(why.contains(&"its claims came".to_owned()), "{why:?}");
        let told = world.words("SELECT evidence AS t FROM match_part WHERE rule = 'bulk_reference'");
        assert!(told.len() == 2 && told.iter().all(|one| one.contains("group_total_exact")), "{told:?}");
        world.assert_balances(ba_dinh.id, &[bank(&ba_dinh, 40_000), fees(40_000)]);
        let before = (world.count("posting"), world.count("match_part"));
        matched(&world, &ba_dinh);
        let after = (world.count("posting"), world.count("match_part"));
        assert_eq!(after, before, "another run finds nothing to do");
        close_day(&world, &ba_dinh);
    });
}

#[test]
fn where_the_channel_only_advises_late_claims_take_the_money_that_waits() {
    each_database(|database| {
        let world = World::settled_in(database);
        let tay_ho = world.tay_ho.clone();
        shown_under(&world, &tay_ho, &[(40_000, BULK)]);
        let owed = [("S1", 25_000), ("S2", 15_000)].map(|(id, amount)| {
            let owed = world.raise_at(&tay_ho, Dong(amount));
            world.claim(&owed, Dong(amount)).by(POLL).id(id).reference(BULK).settle();
            owed
        });
        matched(&world, &tay_ho);
        for one in &owed {
            assert_eq!((world.again(one).state, world.receipts(one).len()), (State::Paid, 1));
        }
        assert!(world.open_kinds(tay_ho.id).is_empty(), "{:?}", world.open_kinds(tay_ho.id));
        world.assert_balances(tay_ho.id, &[bank(&tay_ho, 40_000), fees(40_000)]);
        close_day(&world, &tay_ho);
    });
}

#[test]
fn with_one_claim_short_the_line_waits_until_that_one_comes_too() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        shown_under(&world, &ba_dinh, &[(60_000, BULK)]);
        claimed_under(&world, &ba_dinh, 25_000, "S1");
        claimed_under(&world, &ba_dinh, 15_000, "S2");
        matched(&world, &ba_dinh);
        assert_eq!(states(&world, &ba_dinh), [CLAIMED, CLAIMED]);
        assert_eq!(world.open_kinds(ba_dinh.id), [Kind::UnidentifiedCredit]);
        claimed_under(&world, &ba_dinh, 20_000, "S3");
        matched(&world, &ba_dinh);
        assert_eq!(states(&world, &ba_dinh), [PROVEN; 3]);
        assert!(world.open_kinds(ba_dinh.id).is_empty(), "{:?}", world.open_kinds(ba_dinh.id));
        world.assert_balances(ba_dinh.id, &[bank(&world.ba_dinh, 60_000), fees(60_000)]);
    });
}

#[test]
fn another_line_under_the_reference_leaves_late_claims_to_persons() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        shown_under(&world, &ba_dinh, &[(40_000, BULK), (9_000, BULK)]);
        claimed_under(&world, &ba_dinh, 25_000, "S1");
        claimed_under(&world, &ba_dinh, 15_000, "S2");
        matched(&world, &ba_dinh);
        assert_eq!(states(&world, &ba_dinh), [CLAIMED, CLAIMED]);
        assert_eq!(world.count("match_part WHERE rule = 'bulk_reference'"), 0);
    });
}

#[test]
fn late_claims_that_leave_one_choice_are_posted_net_of_the_agreed_fee() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        agreed(&world, &ba_dinh, 50);
        shown(&world, &ba_dinh, 0, &[(39_800, MARKED)]);
        assert_eq!(world.open_kinds(ba_dinh.id), [Kind::BulkSettlement]);
        claimed(&world, &ba_dinh, 25_000, "S1");
        claimed(&world, &ba_dinh, 15_000, "S2");
        matched(&world, &ba_dinh);
        assert_eq!(states(&world, &ba_dinh), [PROVEN, PROVEN]);
        assert!(world.open_kinds(ba_dinh.id).is_empty(), "{:?}", world.open_kinds(ba_dinh.id));
        let told =
            world.words("SELECT evidence AS t FROM match_part WHERE rule = 'lump_sum' AND amount < 39800");
        assert!(told.len() == 2 && told.iter().all(|one| one.contains("only_choice")), "{told:?}");
        let charge = (Account::ChargesToRecover, 200);
        world.assert_balances(ba_dinh.id, &[bank(&ba_dinh, 39_800), charge, fees(40_000)]);
        close_day(&world, &ba_dinh);
    });
}

#[test]
fn late_claims_that_leave_two_choices_are_left_to_persons() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        agreed(&world, &ba_dinh, 0);
        shown(&world, &ba_dinh, 0, &[(50_000, MARKED)]);
        for id in ["S1", "S2", "S3"] {
            claimed(&world, &ba_dinh, 25_000, id);
        }
        let before = world.count("posting");
        matched(&world, &ba_dinh);
        assert_eq!(states(&world, &ba_dinh), [CLAIMED; 3], "which two of the three?");
        assert_eq!(world.open_kinds(ba_dinh.id), [Kind::BulkSettlement]);
        assert_eq!(world.count("posting"), before);
    });
}

#[test]
fn two_lines_are_each_completed_by_their_own_late_claims() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        agreed(&world, &ba_dinh, 0);
        shown(&world, &ba_dinh, 0, &[(40_000, MARKED), (18_000, MARKED)]);
        for (id, amount) in [("S1", 25_000), ("S2", 15_000), ("S3", 10_000), ("S4", 8_000)] {
            claimed(&world, &ba_dinh, amount, id);
        }
        matched(&world, &ba_dinh);
        assert_eq!(states(&world, &ba_dinh), [PROVEN; 4]);
        assert!(world.open_kinds(ba_dinh.id).is_empty(), "{:?}", world.open_kinds(ba_dinh.id));
        world.assert_balances(ba_dinh.id, &[bank(&ba_dinh, 58_000), fees(58_000)]);
    });
}

#[test]
fn two_lines_that_could_take_the_same_late_claims_take_none() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        agreed(&world, &ba_dinh, 0);
        shown(&world, &ba_dinh, 0, &[(40_000, MARKED), (40_000, MARKED)]);
        claimed(&world, &ba_dinh, 25_000, "S1");
        claimed(&world, &ba_dinh, 15_000, "S2");
        matched(&world, &ba_dinh);
        assert_eq!(states(&world, &ba_dinh), [CLAIMED, CLAIMED]);
    });
}

#[test]
fn a_claim_that_its_own_line_proved_completes_no_other() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        agreed(&world, &ba_dinh, 0);
        let owed = claimed(&world, &ba_dinh, 25_000, "S1");
        let memo = format!("{} nop phi", owed.reference_code);
        shown(&world, &ba_dinh, 0, &[(25_000, &memo), (40_000, MARKED)]);
        claimed(&world, &ba_dinh, 15_000, "S2");
        let before = world.count("match_part");
        matched(&world, &ba_dinh);
        assert_eq!(states(&world, &ba_dinh), [PROVEN, CLAIMED]);
        assert_eq!(world.count("match_part"), before, "no money is matched twice");
        assert_eq!(world.open_kinds(ba_dinh.id), [Kind::BulkSettlement]);
    });
}

#[test]
fn a_line_whose_money_two_persons_placed_is_no_late_claims() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        shown_under(&world, &ba_dinh, &[(40_000, BULK)]);
        let owed = world.raise_at(&ba_dinh, Dong(40_000));
        assign(&world, item(&world, Kind::UnidentifiedCredit).id, &owed);
        claimed_under(&world, &ba_dinh, 25_000, "S1");
        claimed_under(&world, &ba_dinh, 15_000, "S2");
        matched(&world, &ba_dinh);
        assert_eq!(states(&world, &ba_dinh), [PROVEN, CLAIMED, CLAIMED]);
        assert_eq!(world.count("match_part WHERE rule = 'bulk_reference'"), 0);
    });
}

#[test]
fn a_closed_day_stays_as_it_was_and_the_money_is_placed_on_the_next() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        shown_under(&world, &ba_dinh, &[(40_000, BULK)]);
        close_day(&world, &ba_dinh);
        let certificates = world.words("SELECT document_sha256 AS t FROM day_certificate");
        world.wait_days(1);
        claimed_under(&world, &ba_dinh, 25_000, "S1");
        claimed_under(&world, &ba_dinh, 15_000, "S2");
        matched(&world, &ba_dinh);
        assert_eq!(states(&world, &ba_dinh), [PROVEN, PROVEN]);
        let day = today(&world).to_string();
        assert!(placed_on(&world).iter().all(|on| *on == day), "{:?}", placed_on(&world));
        assert_eq!(world.words("SELECT document_sha256 AS t FROM day_certificate"), certificates);
        shown(&world, &ba_dinh, 40_000, &[]);
        close_day(&world, &ba_dinh);
    });
}

#[test]
fn what_claims_of_the_next_day_complete_was_unknown_at_the_end_of_its_own() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        let first = today(&world);
        shown_under(&world, &ba_dinh, &[(40_000, BULK)]);
        world.wait_days(1);
        claimed_under(&world, &ba_dinh, 25_000, "S1");
        claimed_under(&world, &ba_dinh, 15_000, "S2");
        matched(&world, &ba_dinh);
        assert_eq!(states(&world, &ba_dinh), [PROVEN, PROVEN]);
        let day = today(&world).to_string();
        assert!(placed_on(&world).iter().all(|on| *on == day), "{:?}", placed_on(&world));
        shown(&world, &ba_dinh, 40_000, &[]);
        closed_on(&world, &ba_dinh, first);
        close_day(&world, &ba_dinh);
    });
}

#[test]
fn without_a_reference_a_later_claim_counts_by_the_day_on_which_its_money_came() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        agreed(&world, &ba_dinh, 0);
        let first = world.now();
        shown(&world, &ba_dinh, 0, &[(40_000, MARKED)]);
        world.wait_days(1);
        claimed(&world, &ba_dinh, 25_000, "S1");
        claimed(&world, &ba_dinh, 15_000, "S2");
        matched(&world, &ba_dinh);
        assert_eq!(states(&world, &ba_dinh), [CLAIMED, CLAIMED], "the next payout holds these");
        for (id, amount) in [("S3", 28_000), ("S4", 12_000)] {
            let owed = world.raise_at(&ba_dinh, Dong(amount));
            let mut telling = world.claim(&owed, Dong(amount)).by(POLL).id(id);
            telling.claim.occurred_at = Some(first);
            telling.settle();
        }
        matched(&world, &ba_dinh);
        assert_eq!(states(&world, &ba_dinh), [CLAIMED, CLAIMED, PROVEN, PROVEN]);
        assert!(!world.open_kinds(ba_dinh.id).contains(&Kind::BulkSettlement));
    });
}

#[test]
fn whatever_comes_first_the_books_are_the_same() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        let line = || shown_under(&world, &ba_dinh, &[(40_000, BULK)]);
        claimed_under(&world, &ba_dinh, 15_000, "S2");
        line();
        assert_eq!(states(&world, &ba_dinh), [CLAIMED], "the line is more than this one");
        claimed_under(&world, &ba_dinh, 25_000, "S1");
        matched(&world, &ba_dinh);
        assert_eq!(states(&world, &ba_dinh), [PROVEN, PROVEN]);
        assert!(world.open_kinds(ba_dinh.id).is_empty(), "{:?}", world.open_kinds(ba_dinh.id));
        world.assert_balances(ba_dinh.id, &[bank(&ba_dinh, 40_000), fees(40_000)]);
    });
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        claimed_under(&world, &ba_dinh, 15_000, "S2");
        claimed_under(&world, &ba_dinh, 25_000, "S1");
        shown_under(&world, &ba_dinh, &[(40_000, BULK)]);
        assert_eq!(states(&world, &ba_dinh), [PROVEN, PROVEN]);
        assert!(world.open_kinds(ba_dinh.id).is_empty(), "{:?}", world.open_kinds(ba_dinh.id));
        world.assert_balances(ba_dinh.id, &[bank(&ba_dinh, 40_000), fees(40_000)]);
    });
}

#[test]
fn two_persons_take_late_claims_from_their_line_and_no_run_joins_them_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        shown_under(&world, &ba_dinh, &[(40_000, BULK)]);
        claimed_under(&world, &ba_dinh, 25_000, "S1");
        claimed_under(&world, &ba_dinh, 15_000, "S2");
        matched(&world, &ba_dinh);
        assert_eq!(states(&world, &ba_dinh), [PROVEN, PROVEN]);
        let asked = ask_to_unmatch(&world, only_line(&world, 40_000)).expect("it can be taken apart");
        approve(&world, asked.id);
        assert_eq!(states(&world, &ba_dinh), [CLAIMED, CLAIMED]);
        assert_eq!(world.problems(), Vec::<String>::new());
        matched(&world, &ba_dinh);
        assert_eq!(states(&world, &ba_dinh), [CLAIMED, CLAIMED], "persons said otherwise");
        assert_eq!(world.open_kinds(ba_dinh.id), [Kind::UnidentifiedCredit]);
    });
}
