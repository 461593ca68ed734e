//! Batches and gateways' reports that come after their line, lines that do not say what they pay out, and cards
//! whose money never comes.

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::error::Result;
use bienlai::exception::{Ask, Exception, Kind, State};
use bienlai::ledger::Account;
use bienlai::obligation::State as Owed;
use bienlai::payment::book::{Method, PaymentState};
use bienlai::payment::resolve;
use bienlai::queue::{Settings, alarm, upkeep};
use bienlai::reconciliation::reconcile;

use crate::cards::{
    FEE, back, bank, batch, by_card, clearing, close_day, placed, sale, shown, states, today,
};
use crate::corrections::person;
use crate::gateways;
use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};

pub(crate) fn run(world: &World) {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("the lines are matched");
}

pub(crate) fn open(world: &World, kind: Kind) -> Vec<Exception> {
    let mut found = world.exceptions(world.ba_dinh.id);
    found.retain(|item| item.kind == kind && item.state == State::Open);
    found
}

pub(crate) fn asked(
    world: &World,
    item: &Exception,
    resolution: &str,
    target: Option<i64>,
) -> Result<Exception> {
    let clerk = person(item.unit, world.clerk, Role::Finance);
    world.app.write(&clerk, |tx, stamp| {
        let ask = Ask::from((resolution, target, "đã hỏi ngân hàng"));
        resolve::propose(tx, stamp, &clerk, (item.unit, item.id), ask, &[])
    })
}

/// One person asks, who may not approve it; another one does.
pub(crate) fn settled(world: &World, item: &Exception, resolution: &str, target: Option<i64>) {
    asked(world, item, resolution, target).expect("it is proposed");
    let both = [(world.clerk, Role::Finance), (world.chief, Role::Approver)];
    let [own, other] = both.map(|(who, role)| {
        let actor = person(item.unit, who, role);
        world.app.write(&actor, |tx, stamp| resolve::approve(tx, stamp, &actor, item.unit, item.id))
    });
    assert_eq!(own.unwrap_err().code(), "maker_is_checker");
    other.expect("another person approves it");
}

fn collected(amount: i64) -> (Account, i64) {
    (Account::FeesCollected("HT-01".into()), amount)
}

#[test]
fn a_batch_that_comes_after_its_line_takes_the_money_out_of_suspense() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        by_card(&world, "A00001");
        by_card(&world, "A00002");
        shown(&world, 0, 49_500, "THANH TOAN POS 0001/26 TRU PHI");
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit]);
        batch(&world, "POS-0001/26", 500, &[sale("A00001"), sale("A00002")]).unwrap();
        run(&world);
        assert_eq!(states(&world), [PaymentState::Proven, PaymentState::Proven]);
        assert!(world.open_kinds(unit).is_empty(), "{:?}", world.open_kinds(unit));
        let before = world.count("posting");
        run(&world);
        assert_eq!(world.count("posting"), before, "another run finds nothing to do");
        close_day(&world);
        let budget = (Account::BudgetDue("805-2771".into()), -25_000);
        let kept = (Account::ShareKept("HT-01".into()), -25_000);
        world.assert_balances(unit, &[bank(&world, 49_500), (Account::ChargesToRecover, 500), budget, kept]);
    });
}

#[test]
fn a_late_batch_leaves_in_suspense_only_the_sale_that_nobody_knows() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        by_card(&world, "A00001");
        shown(&world, 0, 49_500, "POS000001");
        batch(&world, "POS000001", 500, &[sale("A00001"), sale("A00009")]).unwrap();
        run(&world);
        assert_eq!(states(&world), [PaymentState::Proven]);
        assert_eq!(world.open_kinds(unit), [Kind::BulkSettlement]);
        placed(&world, FEE);
        assert!(world.open_kinds(unit).is_empty(), "{:?}", world.open_kinds(unit));
        let charges = (Account::ChargesToRecover, 500);
        world.assert_balances(unit, &[bank(&world, 49_500), charges, collected(-50_000)]);
        close_day(&world);
    });
}

#[test]
fn a_debit_that_came_before_its_batch_is_the_chargeback() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let payment = by_card(&world, "A00001");
        by_card(&world, "A00002");
        batch(&world, "POS000001", 0, &[sale("A00001"), sale("A00002")]).unwrap();
        shown(&world, 0, 50_000, "POS000001");
        world.wait_days(1);
        shown(&world, 50_000, -25_100, "POS000002");
        assert_eq!(world.open_kinds(unit), [Kind::UnknownDebit]);
        batch(&world, "POS000002", 100, &[back("A00001")]).unwrap();
        run(&world);
        assert_eq!(world.open_kinds(unit), [Kind::PosChargeback]);
        let lost = (Account::ReversalToRecover(payment), 25_000);
        let charges = (Account::ChargesToRecover, 100);
        world.assert_balances(unit, &[bank(&world, 24_900), charges, lost, collected(-50_000)]);
    });
}

#[test]
fn two_persons_say_which_batch_a_line_without_its_reference_pays_out() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        by_card(&world, "A00001");
        let other = batch(&world, "POS000002", 0, &[sale("A00007")]).unwrap();
        let made = batch(&world, "POS000001", 500, &[sale("A00001")]).unwrap();
        shown(&world, 0, 24_500, "THANH TOAN THE");
        let item = open(&world, Kind::UnidentifiedCredit).remove(0);
        let wrong = asked(&world, &item, "batch", Some(other.id.0));
        assert_eq!(wrong.unwrap_err().code(), "resolution_unfit", "it waits for another amount");
        assert_eq!(asked(&world, &item, "settlement", None).unwrap_err().code(), "resolution_unfit");
        settled(&world, &item, "batch", Some(made.id.0));
        assert_eq!(states(&world), [PaymentState::Proven]);
        assert!(open(&world, Kind::UnidentifiedCredit).is_empty());
        let charges = (Account::ChargesToRecover, 500);
        world.assert_balances(unit, &[bank(&world, 24_500), charges, collected(-25_000)]);
        close_day(&world);
    });
}

#[test]
fn of_two_lines_that_could_be_a_batch_two_persons_choose_one() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        by_card(&world, "A00001");
        batch(&world, "POS000001", 0, &[sale("A00001")]).unwrap();
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0)
            .book(25_000, "POS000001", "R8")
            .book(25_000, "POS000001 LAN 2", "R9");
        import(&world, &file.without_sequence().camt());
        run(&world);
        assert_eq!(states(&world), [PaymentState::Claimed], "never on a tie");
        let items = open(&world, Kind::UnidentifiedCredit);
        settled(&world, &items[0], "batch", None);
        assert_eq!(states(&world), [PaymentState::Proven]);
        let again = asked(&world, &items[1], "batch", None);
        assert_eq!(again.unwrap_err().code(), "resolution_unfit", "no batch waits any more");
        run(&world);
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit]);
    });
}

#[test]
fn a_report_that_comes_late_with_an_item_nobody_claimed_leaves_only_that_in_suspense() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        gateways::claimed(&world, &ba_dinh, 25_000, "S1");
        gateways::shown(&world, &ba_dinh, 0, &[(39_800, "QUYET TOAN QT000126")]);
        assert_eq!(world.open_kinds(ba_dinh.id), [Kind::UnidentifiedCredit]);
        let items = [gateways::item("S1", 25_000, 125), gateways::item("S8", 15_000, 75)];
        gateways::report(&world, &ba_dinh, &items).unwrap();
        gateways::matched(&world, &ba_dinh);
        assert_eq!(gateways::states(&world, &ba_dinh), [PaymentState::Proven]);
        let left = open(&world, Kind::BulkSettlement);
        let left: Vec<(&str, Dong)> =
            left.iter().map(|one| (one.subject_kind.as_str(), one.amount)).collect();
        assert_eq!(left, [("movement", Dong(15_000))]);
        placed(&world, Dong(15_000));
        assert!(world.open_kinds(ba_dinh.id).is_empty(), "{:?}", world.open_kinds(ba_dinh.id));
        gateways::close_day(&world, &ba_dinh);
        world.assert_balances(ba_dinh.id, &gateways::shared_out(&ba_dinh, 39_800, 200));
    });
}

#[test]
fn two_persons_say_which_report_a_line_without_its_reference_pays_out() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        gateways::claimed(&world, &ba_dinh, 25_000, "S1");
        gateways::claimed(&world, &ba_dinh, 15_000, "S2");
        let items = [gateways::item("S1", 25_000, 125), gateways::item("S2", 15_000, 75)];
        gateways::report(&world, &ba_dinh, &items).unwrap();
        gateways::shown(&world, &ba_dinh, 0, &[(39_800, "CHUYEN TIEN")]);
        let item = open(&world, Kind::UnidentifiedCredit).remove(0);
        settled(&world, &item, "settlement", None);
        assert_eq!(gateways::states(&world, &ba_dinh), [PaymentState::Proven, PaymentState::Proven]);
        assert!(world.open_kinds(ba_dinh.id).is_empty(), "{:?}", world.open_kinds(ba_dinh.id));
        gateways::close_day(&world, &ba_dinh);
        world.assert_balances(ba_dinh.id, &gateways::shared_out(&ba_dinh, 39_800, 200));
    });
}

#[test]
fn a_card_payment_that_never_comes_is_an_alarm_until_two_persons_disprove_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise(FEE);
        let payment = world.take(&owed, FEE, Method::Card).unwrap().payment;
        world.wait_days(7);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0);
        import(&world, &file.without_sequence().camt());
        run(&world);
        upkeep::look(&world.store, &world.stamp(), &Settings::default()).unwrap();
        let standing = || {
            let now = world.now();
            let found = world.look(|conn| alarm::standing(conn, &Actor::system(), Some(unit), now));
            found.into_iter().map(|one| (one.kind, one.subject)).collect::<Vec<_>>()
        };
        assert_eq!(standing(), [("claim_unproven".to_owned(), payment.to_string())]);
        world.assert_balances(unit, &[clearing(&world, 25_000), collected(-25_000)]);
        let item = open(&world, Kind::NotDeposited).remove(0);
        assert_eq!(asked(&world, &item, "acknowledge", None).unwrap_err().code(), "card_stands");
        settled(&world, &item, "disprove", None);
        assert_eq!(states(&world), [PaymentState::Disproven]);
        assert_eq!(world.again(&owed).state, Owed::Reopened);
        world.assert_balances(unit, &[]);
        assert_eq!((world.open_kinds(unit), standing()), (vec![], vec![]));
        // Paid again, it has a receipt again.
        world.take(&owed, FEE, Method::Card).unwrap();
        assert_eq!(world.again(&owed).state, Owed::Paid);
    });
}

#[test]
fn a_card_that_a_waiting_batch_names_is_not_disproven() {
    each_database(|database| {
        let world = World::settled_in(database);
        by_card(&world, "A77001");
        world.wait_days(7);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0);
        import(&world, &file.without_sequence().camt());
        run(&world);
        let item = open(&world, Kind::NotDeposited).remove(0);
        // Its line comes tomorrow and brings this money.
        batch(&world, "POS771128", 0, &[sale("A77001")]).unwrap();
        assert_eq!(asked(&world, &item, "disprove", None).unwrap_err().code(), "resolution_unfit");
        assert_eq!(states(&world), [PaymentState::Claimed]);
    });
}
