//! A gateway's report that gives money back to payers, and keeps a charge of the whole: what was returned is our
//! refund, or money that is taken back against our will, or a debit that nobody knows.

use bienlai::amount::Dong;
use bienlai::exception::{Exception, Kind};
use bienlai::ledger::Account;
use bienlai::payment::book::{Method, PaymentState};
use bienlai::payment::gateway::{self, Item, ItemKind, Settlement};
use bienlai::payment::refund;

use crate::gateways::{self, bank, claimed, item, report, report_charged};
use crate::late_payouts::{asked, open, settled};
use crate::refunds::{approve, balance, request};
use crate::support::world::POLL;
use crate::support::{World, each_database};
use crate::taken_apart::{self, ask_to_reopen, ask_to_unmatch, only_line, reopened};

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

/// 25.000 đ of S1 were paid out, and that day is closed; on the next one 15.000 đ are claimed as S2.
fn a_day_after_the_first(world: &World) {
    claimed(world, &world.ba_dinh, 25_000, "S1");
    report(world, &world.ba_dinh, &[item("S1", 25_000, 0)]).unwrap();
    gateways::shown(world, &world.ba_dinh, 0, &[(25_000, "QT000126")]);
    gateways::close_day(world, &world.ba_dinh);
    world.wait_days(1);
    claimed(world, &world.ba_dinh, 15_000, "S2");
}

/// The second day's report gives 20.000 đ of S1 back and keeps 100 đ: it takes 5.100 đ more than it pays.
fn more_taken_than_paid(world: &World) -> Settlement {
    let items = [item("S2", 15_000, 75), back("S1", 20_000)];
    report_charged(world, &world.ba_dinh, ("QT000226", 25), &items).unwrap()
}

/// What the two days come to before the second is closed; the first shared its fees out.
fn more_was_taken(world: &World) {
    let unit = world.ba_dinh.id;
    assert_eq!(gateways::states(world, &world.ba_dinh), [PaymentState::Proven; 2]);
    assert_eq!(world.open_kinds(unit), [Kind::PosChargeback]);
    let lost = (Account::ReversalToRecover(world.payments(&world.ba_dinh)[0].id), 20_000);
    let charges = (Account::ChargesToRecover, 100);
    let here = [bank(&world.ba_dinh, 19_900), charges, lost, collected(15_000)];
    world.assert_balances(unit, &[&here[..], &shared_out(12_500)].concat());
    holds(world);
    gateways::close_day(world, &world.ba_dinh);
    holds(world);
}

/// Of each fee the budget and the unit have half.
fn shared_out(half: i64) -> [(Account, i64); 2] {
    [(Account::BudgetDue("805-2771".into()), -half), (Account::ShareKept("HT-01".into()), -half)]
}

#[test]
fn a_report_that_takes_more_than_it_pays_is_proven_by_the_banks_debit() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (ba_dinh, unit) = (world.ba_dinh.clone(), world.ba_dinh.id);
        a_day_after_the_first(&world);
        let made = more_taken_than_paid(&world);
        assert_eq!((made.returned, made.fee, made.net), (Dong(20_000), Dong(100), Dong(-5_100)));
        let waits = open(&world, Kind::BulkSettlement).remove(0);
        assert_eq!(waits.amount, Dong(5_100), "what the gateway will take");
        assert_eq!(asked(&world, &waits, "acknowledge", None).unwrap_err().code(), "resolution_unfit");
        gateways::shown(&world, &ba_dinh, 25_000, &[(-5_100, "SEPAY QT 0002/26")]);
        assert_eq!(world.look(|conn| gateway::find(conn, unit, made.id)).state, "credited");
        let before = world.count("posting");
        gateways::matched(&world, &ba_dinh);
        assert_eq!(world.count("posting"), before, "another run finds nothing to do");
        more_was_taken(&world);
    });
}

#[test]
fn a_debit_that_does_not_name_its_report_is_tied_to_it_by_two_persons() {
    each_database(|database| {
        let world = World::settled_in(database);
        a_day_after_the_first(&world);
        gateways::shown(&world, &world.ba_dinh, 25_000, &[(-5_100, "SEPAY KHAU TRU")]);
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::UnknownDebit]);
        let made = more_taken_than_paid(&world);
        gateways::matched(&world, &world.ba_dinh);
        let debit = open(&world, Kind::UnknownDebit).remove(0);
        settled(&world, &debit, "settlement", Some(made.id.0));
        more_was_taken(&world);
    });
}

#[test]
fn what_nobody_claimed_of_a_report_that_takes_more_than_it_pays_is_placed_under_its_debit() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (ba_dinh, unit) = (world.ba_dinh.clone(), world.ba_dinh.id);
        claimed(&world, &ba_dinh, 25_000, "S1");
        report(&world, &ba_dinh, &[item("S1", 25_000, 0)]).unwrap();
        gateways::shown(&world, &ba_dinh, 0, &[(25_000, "QT000126")]);
        world.wait_days(1);
        let owed = world.raise(Dong(15_000));
        let items = [item("S9", 15_000, 0), back("S1", 20_000)];
        report_charged(&world, &ba_dinh, ("QT000226", 0), &items).unwrap();
        gateways::shown(&world, &ba_dinh, 25_000, &[(-5_000, "QT000226")]);
        let waits = open(&world, Kind::BulkSettlement).remove(0);
        assert_eq!((waits.subject_kind.as_str(), waits.amount), ("line", Dong(15_000)));
        let lost = (Account::ReversalToRecover(world.payments(&ba_dinh)[0].id), 20_000);
        let line = only_line(&world, -5_000);
        let suspense = (Account::Suspense(line), -15_000);
        world.assert_balances(unit, &[bank(&ba_dinh, 20_000), lost.clone(), suspense, collected(25_000)]);
        holds(&world);
        settled(&world, &waits, "assign", Some(owed.id.0));
        assert_eq!(world.receipts(&owed).len(), 1);
        assert_eq!(world.open_kinds(unit), [Kind::PosChargeback]);
        world.assert_balances(unit, &[bank(&ba_dinh, 20_000), lost, collected(40_000)]);
        holds(&world);
    });
}

#[test]
fn a_report_that_comes_to_nothing_is_settled_with_another_payout_by_two_persons() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (ba_dinh, unit) = (world.ba_dinh.clone(), world.ba_dinh.id);
        a_day_after_the_first(&world);
        let items = [item("S2", 15_000, 100), back("S1", 14_900)];
        let made = report_charged(&world, &ba_dinh, ("QT000226", 0), &items).unwrap();
        assert_eq!(made.net, Dong::ZERO);
        let waits = open(&world, Kind::BulkSettlement).remove(0);
        assert_eq!(waits.amount, Dong(15_000), "what was paid");
        for resolution in ["settlement", "acknowledge"] {
            let refused = asked(&world, &waits, resolution, None).unwrap_err();
            assert_eq!(refused.code(), "resolution_unfit", "{resolution}: the next payout is not there yet");
        }
        claimed(&world, &ba_dinh, 10_000, "S3");
        let next = report_charged(&world, &ba_dinh, ("QT000326", 0), &[item("S3", 10_000, 0)]).unwrap();
        gateways::shown(&world, &ba_dinh, 25_000, &[(10_000, "QT000326")]);
        let proven = PaymentState::Proven;
        assert_eq!(gateways::states(&world, &ba_dinh), [proven, PaymentState::Claimed, proven], "no guess");
        settled(&world, &waits, "settlement", Some(next.id.0));
        assert_eq!(world.look(|conn| gateway::find(conn, unit, made.id)).state, "credited");
        assert_eq!(gateways::states(&world, &ba_dinh), [proven; 3]);
        assert_eq!(world.open_kinds(unit), [Kind::PosChargeback]);
        let lost = (Account::ReversalToRecover(world.payments(&ba_dinh)[0].id), 14_900);
        let charges = (Account::ChargesToRecover, 100);
        let here = [bank(&ba_dinh, 35_000), charges, lost];
        let collected = collected(25_000);
        world.assert_balances(unit, &[&here[..], &[collected], &shared_out(12_500)].concat());
        holds(&world);
        gateways::close_day(&world, &ba_dinh);
        world.assert_balances(unit, &[&here[..], &shared_out(25_000)].concat());
        holds(&world);
    });
}

/// On the second day 15.000 đ of S2 and what went back of S1 come to nothing; what asks about it.
fn nothing_reported(world: &World) -> (Settlement, Exception) {
    a_day_after_the_first(world);
    let items = [item("S2", 15_000, 100), back("S1", 14_900)];
    let made = report_charged(world, &world.ba_dinh, ("QT000226", 0), &items).unwrap();
    (made, open(world, Kind::BulkSettlement).remove(0))
}

/// The payment of S1, of which 14.900 đ went back.
fn lost(world: &World) -> (Account, i64) {
    (Account::ReversalToRecover(world.payments(&world.ba_dinh)[0].id), 14_900)
}

#[test]
fn a_report_that_was_settled_with_the_wrong_payout_is_opened_again_and_settled_with_the_right_one() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (ba_dinh, unit) = (world.ba_dinh.clone(), world.ba_dinh.id);
        let (made, waits) = nothing_reported(&world);
        claimed(&world, &ba_dinh, 10_000, "S3");
        let wrong = report_charged(&world, &ba_dinh, ("QT000326", 0), &[item("S3", 10_000, 0)]).unwrap();
        claimed(&world, &ba_dinh, 5_000, "S4");
        let right = report_charged(&world, &ba_dinh, ("QT000426", 0), &[item("S4", 5_000, 0)]).unwrap();
        gateways::shown(&world, &ba_dinh, 25_000, &[(10_000, "QT000326"), (5_000, "QT000426")]);
        settled(&world, &waits, "settlement", Some(wrong.id.0));
        reopened(&world, waits.id);
        assert_eq!(world.look(|conn| gateway::find(conn, unit, made.id)).state, "awaited");
        let (proven, claimed) = (PaymentState::Proven, PaymentState::Claimed);
        assert_eq!(gateways::states(&world, &ba_dinh), [proven, claimed, proven, proven]);
        assert_eq!(world.open_kinds(unit), [Kind::BulkSettlement], "nothing is owed back");
        let here = [bank(&ba_dinh, 40_000), gateways::clearing(&ba_dinh, 15_000), collected(30_000)];
        world.assert_balances(unit, &[&here[..], &shared_out(12_500)].concat());
        holds(&world);
        settled(&world, &waits, "settlement", Some(right.id.0));
        assert_eq!(gateways::states(&world, &ba_dinh), [proven; 4]);
        assert_eq!(world.open_kinds(unit), [Kind::PosChargeback]);
        let here =
            [bank(&ba_dinh, 40_000), (Account::ChargesToRecover, 100), lost(&world), collected(30_000)];
        world.assert_balances(unit, &[&here[..], &shared_out(12_500)].concat());
        holds(&world);
        gateways::close_day(&world, &ba_dinh);
        assert_eq!(ask_to_reopen(&world, waits.id).unwrap_err().code(), "undo_day_closed");
    });
}

#[test]
fn a_payout_that_a_report_of_nothing_was_settled_with_is_taken_back_alone() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (ba_dinh, unit) = (world.ba_dinh.clone(), world.ba_dinh.id);
        let (_, waits) = nothing_reported(&world);
        claimed(&world, &ba_dinh, 10_000, "S3");
        let next = report_charged(&world, &ba_dinh, ("QT000326", 0), &[item("S3", 10_000, 0)]).unwrap();
        gateways::shown(&world, &ba_dinh, 25_000, &[(10_000, "QT000326")]);
        settled(&world, &waits, "settlement", Some(next.id.0));
        world.wait_days(1);
        gateways::shown(&world, &ba_dinh, 35_000, &[(-10_000, "SEPAY KHAU TRU")]);
        let debit = open(&world, Kind::UnknownDebit).remove(0);
        settled(&world, &debit, "payout_back", Some(next.id.0));
        let (proven, claimed) = (PaymentState::Proven, PaymentState::Claimed);
        let states = gateways::states(&world, &ba_dinh);
        assert_eq!(states, [proven, proven, claimed], "what came to nothing stands");
        assert_eq!(world.open_kinds(unit), [Kind::PosChargeback]);
        let charges = (Account::ChargesToRecover, 100);
        let waiting = gateways::clearing(&ba_dinh, 10_000);
        let here = [bank(&ba_dinh, 25_000), waiting, charges, lost(&world), collected(25_000)];
        world.assert_balances(unit, &[&here[..], &shared_out(12_500)].concat());
        holds(&world);
        reopened(&world, waits.id);
        assert_eq!(gateways::states(&world, &ba_dinh), [proven, claimed, claimed]);
        holds(&world);
    });
}

#[test]
fn a_payout_that_two_persons_tied_to_its_line_a_day_later_settles_a_report_of_nothing_on_the_lines_day() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (ba_dinh, unit) = (world.ba_dinh.clone(), world.ba_dinh.id);
        let (made, waits) = nothing_reported(&world);
        gateways::shown(&world, &ba_dinh, 25_000, &[(9_950, "SEPAY CHI TRA")]);
        claimed(&world, &ba_dinh, 10_000, "S3");
        let next = report_charged(&world, &ba_dinh, ("QT000326", 0), &[item("S3", 10_000, 50)]).unwrap();
        let day = world.now().business_day();
        world.wait_days(1);
        let credit = open(&world, Kind::UnidentifiedCredit).remove(0);
        settled(&world, &credit, "settlement", Some(next.id.0));
        settled(&world, &waits, "settlement", Some(next.id.0));
        let report = world.look(|conn| gateway::find(conn, unit, made.id));
        assert_eq!(world.look(|conn| gateway::query::settled_with(conn, &report)), Some(day));
        holds(&world);
    });
}

#[test]
fn a_debit_that_took_only_charges_is_taken_apart() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (ba_dinh, unit) = (world.ba_dinh.clone(), world.ba_dinh.id);
        a_day_after_the_first(&world);
        let made = report_charged(&world, &ba_dinh, ("QT000226", 15_100), &[item("S2", 15_000, 0)]).unwrap();
        assert_eq!(made.net, Dong(-100));
        gateways::shown(&world, &ba_dinh, 25_000, &[(-100, "QT000226")]);
        assert_eq!(gateways::states(&world, &ba_dinh), [PaymentState::Proven; 2]);
        let line = only_line(&world, -100);
        let asked = ask_to_unmatch(&world, line).expect("it can be undone");
        taken_apart::approve(&world, asked.id);
        assert_eq!(gateways::states(&world, &ba_dinh), [PaymentState::Proven, PaymentState::Claimed]);
        let unexplained = (Account::UnexplainedDebit(line), 100);
        let waiting = gateways::clearing(&ba_dinh, 15_000);
        let here = [bank(&ba_dinh, 24_900), waiting, unexplained, collected(15_000)];
        world.assert_balances(unit, &[&here[..], &shared_out(12_500)].concat());
        assert!(world.open_kinds(unit).contains(&Kind::UnknownDebit));
        holds(&world);
    });
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
        let line = only_line(&world, 20_000);
        let unknown = (Account::UnexplainedDebit(line), 5_000);
        world.assert_balances(unit, &[bank(&ba_dinh, 20_000), unknown, collected(25_000)]);
        assert_eq!(ask_to_unmatch(&world, line).unwrap_err().code(), "unmatch_gave_back");
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
        let line = only_line(&world, 20_000);
        let unknown = (Account::UnexplainedDebit(line), 5_000);
        world.assert_balances(tay_ho.id, &[bank(&tay_ho, 20_000), unknown, collected(25_000)]);
        holds(&world);
    });
}
