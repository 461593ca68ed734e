//! A gateway's report that gives money back to payers, and keeps a charge of the whole: what was returned is our
//! refund, or money that is taken back against our will, or a debit that nobody knows.

use bienlai::amount::Dong;
use bienlai::exception::Kind;
use bienlai::ledger::Account;
use bienlai::payment::book::{Method, PaymentState};
use bienlai::payment::gateway::{Item, ItemKind};
use bienlai::payment::refund;

use crate::gateways::{self, bank, claimed, item, report, report_charged};
use crate::refunds::{approve, balance, request};
use crate::support::world::POLL;
use crate::support::{World, each_database};

fn back(reference: &str, amount: i64) -> Item {
    Item { kind: ItemKind::Returned, ..item(reference, amount, 0) }
}

fn collected(amount: i64) -> (Account, i64) {
    (Account::FeesCollected("HT-01".into()), -amount)
}

fn holds(world: &World) {
    assert_eq!(world.problems(), Vec::<String>::new());
}

/// Ba Đình is owed 25.000 đ and a transaction brings 35.000 đ, reported and paid out.
fn paid_too_much(world: &World) {
    let owed = world.raise(Dong(25_000));
    world.claim(&owed, Dong(35_000)).by(POLL).id("S1").settle();
    report(world, &world.ba_dinh, &[item("S1", 35_000, 0)]).unwrap();
    gateways::shown(world, &world.ba_dinh, 0, &[(35_000, "QT000126")]);
}

/// The next day's report gives those 10.000 đ back beside another transaction, and its lump sum comes.
fn the_surplus_given_back(world: &World) {
    world.wait_days(1);
    claimed(world, &world.ba_dinh, 25_000, "S2");
    let items = [item("S2", 25_000, 0), back("S1", 10_000)];
    report_charged(world, &world.ba_dinh, ("QT000226", 0), &items).unwrap();
    gateways::shown(world, &world.ba_dinh, 35_000, &[(15_000, "QT000226")]);
}

#[test]
fn what_a_gateway_returned_against_our_will_is_a_debt_until_the_payer_pays_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (ba_dinh, unit) = (world.ba_dinh.clone(), world.ba_dinh.id);
        let owed = claimed(&world, &ba_dinh, 25_000, "S1");
        report(&world, &ba_dinh, &[item("S1", 25_000, 0)]).unwrap();
        gateways::shown(&world, &ba_dinh, 0, &[(25_000, "QT000126")]);
        world.wait_days(1);
        claimed(&world, &ba_dinh, 25_000, "S2");
        let items = [item("S2", 25_000, 125), back("S1", 10_000)];
        let made = report_charged(&world, &ba_dinh, ("QT000226", 50), &items).unwrap();
        assert_eq!((made.returned, made.fee, made.net), (Dong(10_000), Dong(175), Dong(14_825)));
        assert!(world.open_kinds(unit).is_empty(), "every item of it is known");
        gateways::shown(&world, &ba_dinh, 25_000, &[(14_825, "QT000226")]);
        assert_eq!(gateways::states(&world, &ba_dinh), [PaymentState::Proven; 2]);
        assert_eq!(world.open_kinds(unit), [Kind::PosChargeback]);
        let first = world.payments(&ba_dinh)[0].id;
        let lost = (Account::ReversalToRecover(first), 10_000);
        let charges = (Account::ChargesToRecover, 175);
        world.assert_balances(unit, &[bank(&ba_dinh, 39_825), charges, lost, collected(50_000)]);
        holds(&world);
        world.take(&owed, Dong(10_000), Method::Cash).expect("so much is owed again");
        assert_eq!(balance(&world, &Account::ReversalToRecover(first)), 0);
        assert!(world.open_kinds(unit).is_empty(), "{:?}", world.open_kinds(unit));
        holds(&world);
    });
}

#[test]
fn a_refund_that_the_gateway_paid_out_of_its_lump_sum_is_ours() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (ba_dinh, unit) = (world.ba_dinh.clone(), world.ba_dinh.id);
        paid_too_much(&world);
        let payment = world.payments(&ba_dinh)[0].id;
        let asked = request(&world, payment, 10_000).unwrap();
        let approved = approve(&world, &asked).unwrap();
        the_surplus_given_back(&world);
        let refund = world.look(|conn| refund::find(conn, unit, approved.id));
        assert_eq!(refund.state, refund::State::Debited);
        assert!(world.open_kinds(unit).is_empty(), "{:?}", world.open_kinds(unit));
        world.assert_balances(unit, &[bank(&ba_dinh, 50_000), collected(50_000)]);
        holds(&world);
    });
}

#[test]
fn a_return_that_what_was_too_much_covers_asks_nobody_and_the_transaction_stays_proven() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (ba_dinh, unit) = (world.ba_dinh.clone(), world.ba_dinh.id);
        paid_too_much(&world);
        assert_eq!(world.open_kinds(unit), [Kind::Overpaid]);
        the_surplus_given_back(&world);
        assert!(world.open_kinds(unit).is_empty(), "{:?}", world.open_kinds(unit));
        assert_eq!(world.count("movement WHERE state = 'reversed'"), 0);
        assert_eq!(gateways::states(&world, &ba_dinh), [PaymentState::Proven; 2]);
        world.assert_balances(unit, &[bank(&ba_dinh, 50_000), collected(50_000)]);
        holds(&world);
    });
}

#[test]
fn a_return_of_a_transaction_that_nobody_knows_is_a_debit_to_be_explained() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (ba_dinh, unit) = (world.ba_dinh.clone(), world.ba_dinh.id);
        claimed(&world, &ba_dinh, 25_000, "S1");
        report(&world, &ba_dinh, &[item("S1", 25_000, 0), back("S9", 5_000)]).unwrap();
        assert_eq!(world.open_kinds(unit), [Kind::BulkSettlement], "named before the line comes");
        gateways::shown(&world, &ba_dinh, 0, &[(20_000, "QT000126")]);
        assert_eq!(world.open_kinds(unit), [Kind::UnknownDebit]);
        let line = crate::taken_apart::only_line(&world, 20_000);
        let unknown = (Account::UnexplainedDebit(line), 5_000);
        world.assert_balances(unit, &[bank(&ba_dinh, 20_000), unknown, collected(25_000)]);
        assert_eq!(crate::taken_apart::ask_to_unmatch(&world, line).unwrap_err().code(), "unmatch_gave_back");
        holds(&world);
    });
}

#[test]
fn what_is_paid_and_returned_in_one_report_of_a_gateway_that_only_advised_is_left_to_two_persons() {
    each_database(|database| {
        let world = World::settled_in(database);
        let tay_ho = world.tay_ho.clone();
        let owed = claimed(&world, &tay_ho, 25_000, "S1");
        report(&world, &tay_ho, &[item("S1", 25_000, 0), back("S1", 5_000)]).unwrap();
        gateways::shown(&world, &tay_ho, 0, &[(20_000, "QT000126")]);
        assert_eq!(world.receipts(&owed).len(), 1, "it was paid");
        assert_eq!(world.open_kinds(tay_ho.id), [Kind::UnknownDebit]);
        let line = crate::taken_apart::only_line(&world, 20_000);
        let unknown = (Account::UnexplainedDebit(line), 5_000);
        world.assert_balances(tay_ho.id, &[bank(&tay_ho, 20_000), unknown, collected(25_000)]);
        holds(&world);
    });
}
