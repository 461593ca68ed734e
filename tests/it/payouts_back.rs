//! The bank takes back what it had paid out at once: without a fee each payment is taken back, with one two persons say
//! that all of it waits for its line again.

use bienlai::exception::Kind;
use bienlai::ledger::Account;
use bienlai::obligation::Obligation;
use bienlai::payment::book::{Method, PaymentState};

use crate::cards::{self, batch, by_card, sale};
use crate::gateways::{self, claimed, item, report};
use crate::imports::import;
use crate::late_payouts::{asked, open, run, settled};
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};
use crate::taken_apart::reopened;

const REFERENCE: &str = "FT26327007";

/// The bank's file of today with one line under the payout's own reference, matched.
fn shown(world: &World, opening: i64, amount: i64, memo: &str) {
    let file = BankFile::new(world.ba_dinh.account_no, gateways::today(world), opening);
    import(world, &file.book(amount, memo, REFERENCE).without_sequence().camt());
    run(world);
}

fn taken_back(world: &World, amount: i64) {
    world.wait_days(1);
    shown(world, amount, -amount, &format!("HOAN TRA {REFERENCE}"));
}

fn collected(amount: i64) -> (Account, i64) {
    (Account::FeesCollected("HT-01".into()), -amount)
}

fn holds(world: &World) {
    assert_eq!(world.problems(), Vec::<String>::new());
}

/// The debts of all payments, the oldest first.
fn debts(world: &World) -> Vec<i64> {
    let payments = world.payments(&world.ba_dinh);
    let debt = |payment: &bienlai::payment::book::Payment| {
        crate::refunds::balance(world, &Account::ReversalToRecover(payment.id))
    };
    payments.iter().map(debt).collect()
}

fn two_claims(world: &World) -> [Obligation; 2] {
    let ba_dinh = world.ba_dinh.clone();
    [claimed(world, &ba_dinh, 25_000, "S1"), claimed(world, &ba_dinh, 15_000, "S2")]
}

#[test]
fn without_a_fee_each_payment_of_a_payout_is_taken_back_and_the_item_ends_with_the_last_of_them() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (ba_dinh, unit) = (world.ba_dinh.clone(), world.ba_dinh.id);
        let [first, second] = two_claims(&world);
        report(&world, &ba_dinh, &[item("S1", 25_000, 0), item("S2", 15_000, 0)]).unwrap();
        shown(&world, 0, 40_000, "QT000126");
        taken_back(&world, 40_000);
        assert_eq!(debts(&world), [25_000, 15_000], "under standing receipts");
        assert_eq!(gateways::states(&world, &ba_dinh), [PaymentState::Proven; 2]);
        assert_eq!(world.open_kinds(unit), [Kind::BankReversal]);
        holds(&world);
        world.take(&first, first.total, Method::Cash).expect("it is owed again");
        assert_eq!(world.open_kinds(unit), [Kind::BankReversal], "the other one is owed still");
        world.take(&second, second.total, Method::Cash).expect("it is owed again");
        assert_eq!(debts(&world)[..2], [0, 0]);
        assert!(world.open_kinds(unit).is_empty(), "{:?}", world.open_kinds(unit));
        holds(&world);
    });
}

#[test]
fn a_line_that_a_run_settled_late_is_recognised_when_the_bank_takes_it_back() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (ba_dinh, unit) = (world.ba_dinh.clone(), world.ba_dinh.id);
        two_claims(&world);
        shown(&world, 0, 40_000, "QT000126");
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit]);
        report(&world, &ba_dinh, &[item("S1", 25_000, 0), item("S2", 15_000, 0)]).unwrap();
        run(&world);
        assert_eq!(gateways::states(&world, &ba_dinh), [PaymentState::Proven; 2]);
        taken_back(&world, 40_000);
        assert_eq!(debts(&world), [25_000, 15_000]);
        assert_eq!(world.count("posting WHERE debit_account LIKE 'unexplained_debit/%'"), 0);
        assert_eq!(world.open_kinds(unit), [Kind::BankReversal]);
        world.assert_balances(unit, &{
            let payments = world.payments(&ba_dinh);
            let debt = |at: usize, amount| (Account::ReversalToRecover(payments[at].id), amount);
            [debt(0, 25_000), debt(1, 15_000), collected(40_000)]
        });
        holds(&world);
    });
}

#[test]
fn with_a_fee_two_persons_say_that_the_payout_is_back_and_it_comes_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (ba_dinh, unit) = (world.ba_dinh.clone(), world.ba_dinh.id);
        two_claims(&world);
        let made = report(&world, &ba_dinh, &[item("S1", 25_000, 125), item("S2", 15_000, 75)]).unwrap();
        shown(&world, 0, 39_800, "QT000126");
        gateways::close_day(&world, &ba_dinh);
        taken_back(&world, 39_800);
        assert_eq!(world.open_kinds(unit), [Kind::BankReversal]);
        let asked_about = open(&world, Kind::BankReversal).remove(0);
        let refused = asked(&world, &asked_about, "taken_back", Some(made.id.0));
        assert_eq!(refused.unwrap_err().code(), "resolution_unfit", "it is no one payer's");
        settled(&world, &asked_about, "payout_back", None);
        assert_eq!(gateways::states(&world, &ba_dinh), [PaymentState::Claimed; 2]);
        assert!(world.open_kinds(unit).is_empty(), "{:?}", world.open_kinds(unit));
        holds(&world);
        gateways::close_day(&world, &ba_dinh);
        world.assert_balances(unit, &[gateways::clearing(&ba_dinh, 40_000), collected(40_000)]);
        // The gateway pays it out again.
        world.wait_days(1);
        gateways::shown(&world, &ba_dinh, 0, &[(39_800, "QT000126 LAN 2")]);
        assert_eq!(gateways::states(&world, &ba_dinh), [PaymentState::Proven; 2]);
        gateways::close_day(&world, &ba_dinh);
        world.assert_balances(unit, &gateways::shared_out(&ba_dinh, 39_800, 200));
        assert!(world.open_kinds(unit).is_empty(), "{:?}", world.open_kinds(unit));
        holds(&world);
    });
}

#[test]
fn a_card_batch_that_is_taken_back_waits_for_its_line_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        by_card(&world, "A00001");
        by_card(&world, "A00002");
        let made = batch(&world, "POS000126", 500, &[sale("A00001"), sale("A00002")]).unwrap();
        shown(&world, 0, 49_500, "POS000126");
        taken_back(&world, 49_500);
        let asked_about = open(&world, Kind::BankReversal).remove(0);
        settled(&world, &asked_about, "payout_back", Some(made.id.0));
        assert_eq!(cards::states(&world), [PaymentState::Claimed; 2]);
        world.assert_balances(unit, &[cards::clearing(&world, 50_000), collected(50_000)]);
        assert!(world.open_kinds(unit).is_empty(), "{:?}", world.open_kinds(unit));
        holds(&world);
    });
}

#[test]
fn a_payout_said_to_be_back_that_was_not_is_opened_again_by_two_persons_and_found_by_its_line() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (ba_dinh, unit) = (world.ba_dinh.clone(), world.ba_dinh.id);
        two_claims(&world);
        report(&world, &ba_dinh, &[item("S1", 25_000, 125), item("S2", 15_000, 75)]).unwrap();
        shown(&world, 0, 39_800, "QT000126");
        gateways::close_day(&world, &ba_dinh);
        taken_back(&world, 39_800);
        let asked_about = open(&world, Kind::BankReversal).remove(0);
        settled(&world, &asked_about, "payout_back", None);
        assert_eq!(gateways::states(&world, &ba_dinh), [PaymentState::Claimed; 2]);
        // The bank says that the debit was something else.
        reopened(&world, asked_about.id);
        let mut kinds = world.open_kinds(unit);
        kinds.sort_unstable();
        assert_eq!(kinds, [Kind::BankReversal, Kind::UnidentifiedCredit], "both lines wait");
        holds(&world);
        run(&world);
        assert_eq!(gateways::states(&world, &ba_dinh), [PaymentState::Proven; 2]);
        assert_eq!(world.open_kinds(unit), [Kind::BankReversal], "the debit waits for its explanation");
        let sum: i64 = world
            .look(|conn| bienlai::ledger::trial_balance(conn, unit))
            .into_iter()
            .filter(|(account, _)| account.starts_with("unexplained_debit/"))
            .map(|(_, balance)| balance.0)
            .sum();
        assert_eq!(sum, 39_800);
        holds(&world);
        gateways::close_day(&world, &ba_dinh);
    });
}

#[test]
fn a_payout_that_gave_money_back_is_not_taken_apart_and_the_credit_that_brings_it_again_is_tied_to_its_debit()
{
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        by_card(&world, "A00003");
        batch(&world, "POS000126", 0, &[sale("A00003")]).unwrap();
        cards::shown(&world, 0, 25_000, "POS000126");
        world.wait_days(1);
        by_card(&world, "A00001");
        by_card(&world, "A00002");
        let items = [sale("A00001"), sale("A00002"), cards::back("A00003")];
        let made = batch(&world, "POS000226", 0, &items).unwrap();
        shown(&world, 25_000, 25_000, "POS000226");
        assert_eq!(world.open_kinds(unit), [Kind::PosChargeback]);
        world.wait_days(1);
        shown(&world, 50_000, -25_000, &format!("HOAN TRA {REFERENCE}"));
        let asked_about = open(&world, Kind::BankReversal).remove(0);
        let refused = asked(&world, &asked_about, "payout_back", Some(made.id.0)).unwrap_err();
        assert_eq!(refused.code(), "unmatch_gave_back");
        // It comes again: the credit gives back what the debit had taken, and the batch stays as it is.
        world.wait_days(1);
        cards::shown(&world, 25_000, 25_000, "THANH TOAN LAI");
        let credit = open(&world, Kind::UnidentifiedCredit).remove(0);
        settled(&world, &credit, "given_back", None);
        assert_eq!(
            world.open_kinds(unit),
            [Kind::PosChargeback],
            "what the payer owes again is asked about still"
        );
        holds(&world);
    });
}
