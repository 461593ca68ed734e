//! What a line paid out at once and was joined wrongly is taken apart by two persons, and a batch or a report that was
//! entered wrongly is withdrawn by two: the right one comes under the same reference.

use bienlai::actor::Role;
use bienlai::amount::Dong;
use bienlai::error::Result;
use bienlai::exception::{Exception, Kind, Subject};
use bienlai::id::LineId;
use bienlai::ledger::Account;
use bienlai::obligation::State;
use bienlai::payment::book::PaymentState;
use bienlai::payment::payout::withdrawal;
use bienlai::payment::split::Part;
use bienlai::payment::{gateway, pos, resolve};

use crate::cards::{self, FEE, batch, by_card, close_day, sale};
use crate::gateways::{self, claimed, item, report};
use crate::imports::import;
use crate::late_payouts::{open, run, settled};
use crate::restated_money::{corrected, line_of};
use crate::support::bank_file::BankFile;
use crate::support::world::POLL;
use crate::support::{World, each_database};
use crate::taken_apart::{approve, approver, ask_to_reopen, ask_to_unmatch, finance, only_line};

fn collected(amount: i64) -> (Account, i64) {
    (Account::FeesCollected("HT-01".into()), -amount)
}

fn taken_apart(world: &World, line: LineId) {
    let asked = ask_to_unmatch(world, line).expect("it can be taken apart");
    approve(world, asked.id);
}

fn ask_to_withdraw(world: &World, subject: Subject) -> Result<Exception> {
    let (unit, maker) = (world.ba_dinh.id, finance(world));
    world.try_change(|tx, stamp| withdrawal::ask(tx, stamp, &maker, (unit, subject), "nhập nhầm số tiền"))
}

fn withdrawn(world: &World, subject: Subject) {
    let asked = ask_to_withdraw(world, subject).expect("it waits");
    approve(world, asked.id);
}

fn holds(world: &World) {
    assert_eq!(world.problems(), Vec::<String>::new());
}

#[test]
fn a_batch_whose_line_was_another_waits_for_its_own_line_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        by_card(&world, "A00001");
        by_card(&world, "A00002");
        let made = batch(&world, "POS-0001/26", 500, &[sale("A00001"), sale("A00002")]).unwrap();
        cards::shown(&world, 0, 49_500, "THANH TOAN POS 0001/26");
        let line = only_line(&world, 49_500);
        taken_apart(&world, line);
        assert_eq!(cards::states(&world), [PaymentState::Claimed, PaymentState::Claimed]);
        assert_eq!(world.look(|conn| pos::find(conn, unit, made.id)).state, "awaited");
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit]);
        let waiting = [
            cards::bank(&world, 49_500),
            cards::clearing(&world, 50_000),
            collected(50_000),
            (Account::Suspense(line), -49_500),
        ];
        world.assert_balances(unit, &waiting);
        holds(&world);
        // What two persons took apart no run joins again.
        run(&world);
        assert_eq!(cards::states(&world), [PaymentState::Claimed, PaymentState::Claimed]);
        // Its own line comes on the next day.
        close_day(&world);
        world.wait_days(1);
        cards::shown(&world, 49_500, 49_500, "POS000126");
        assert_eq!(cards::states(&world), [PaymentState::Proven, PaymentState::Proven]);
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit], "the first line's");
        let shown = [
            cards::bank(&world, 99_000),
            (Account::ChargesToRecover, 500),
            collected(50_000),
            (Account::Suspense(line), -49_500),
        ];
        world.assert_balances(unit, &shown);
        assert_eq!(world.look(|conn| pos::query::matches(conn, unit, made.id)).len(), 2);
        close_day(&world);
        holds(&world);
    });
}

#[test]
fn a_report_whose_line_was_another_is_claimed_again_with_its_exposure_and_named_for_it_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        let unit = ba_dinh.id;
        claimed(&world, &ba_dinh, 25_000, "S1");
        let made = report(&world, &ba_dinh, &[item("S1", 25_000, 125), item("S8", 15_000, 75)]).unwrap();
        gateways::shown(&world, &ba_dinh, 0, &[(39_800, "QT000126")]);
        assert_eq!(world.open_kinds(unit), [Kind::BulkSettlement]);
        let line = only_line(&world, 39_800);
        taken_apart(&world, line);
        assert_eq!(gateways::states(&world, &ba_dinh), [PaymentState::Claimed]);
        assert_eq!(world.words("SELECT CAST(unproven AS TEXT) AS t FROM channel_exposure"), ["25000"]);
        let mut kinds = world.open_kinds(unit);
        kinds.sort_unstable();
        assert_eq!(
            kinds,
            [Kind::UnidentifiedCredit, Kind::BulkSettlement],
            "the line, and the item nobody claimed"
        );
        let waiting = [
            gateways::bank(&ba_dinh, 39_800),
            gateways::clearing(&ba_dinh, 25_000),
            collected(25_000),
            (Account::Suspense(line), -39_800),
        ];
        world.assert_balances(unit, &waiting);
        holds(&world);
        let asked = open(&world, Kind::UnidentifiedCredit).remove(0);
        settled(&world, &asked, "settlement", Some(made.id.0));
        assert_eq!(gateways::states(&world, &ba_dinh), [PaymentState::Proven]);
        assert_eq!(world.words("SELECT CAST(unproven AS TEXT) AS t FROM channel_exposure"), ["0"]);
        assert_eq!(world.open_kinds(unit), [Kind::BulkSettlement]);
        let again = [
            gateways::bank(&ba_dinh, 39_800),
            (Account::ChargesToRecover, 200),
            collected(25_000),
            (Account::Suspense(line), -15_000),
        ];
        world.assert_balances(unit, &again);
        holds(&world);
        // And apart once more: the line's own movement of the first time holds nothing.
        taken_apart(&world, line);
        world.assert_balances(unit, &waiting);
        holds(&world);
    });
}

#[test]
fn what_a_lump_sum_itself_brought_is_open_again_and_its_receipts_are_cancelled() {
    each_database(|database| {
        let world = World::settled_in(database);
        let tay_ho = world.tay_ho.clone();
        let first = claimed(&world, &tay_ho, 25_000, "S1");
        report(&world, &tay_ho, &[item("S1", 25_000, 125)]).unwrap();
        gateways::shown(&world, &tay_ho, 0, &[(24_875, "SEPAY QUYET TOAN QT000126")]);
        assert_eq!((world.again(&first).state, world.receipts(&first).len()), (State::Paid, 1));
        let line = only_line(&world, 24_875);
        let clerk = crate::corrections::person(tay_ho.id, world.clerk, Role::Finance);
        let chief = crate::corrections::person(tay_ho.id, world.chief, Role::Approver);
        let asked = world.change(|tx, stamp| {
            bienlai::payment::unmatch::ask(tx, stamp, &clerk, (tay_ho.id, line), "khớp nhầm")
        });
        world.change(|tx, stamp| bienlai::payment::resolve::approve(tx, stamp, &chief, tay_ho.id, asked.id));
        assert_eq!(world.again(&first).state, State::Reopened);
        world.assert_balances(
            tay_ho.id,
            &[gateways::bank(&tay_ho, 24_875), (Account::Suspense(line), -24_875)],
        );
        assert_eq!(world.count("receipt WHERE state = 'cancelled'"), 1);
        holds(&world);
    });
}

#[test]
fn what_stands_on_a_payout_keeps_it_together() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        by_card(&world, "A00001");
        let made = batch(&world, "POS000001", 0, &[sale("A00001"), sale("A00009")]).unwrap();
        let subject = Subject::Batch(made.id);
        cards::shown(&world, 0, 50_000, "POS000001");
        assert_eq!(ask_to_withdraw(&world, subject).unwrap_err().code(), "paper_credited");
        let line = only_line(&world, 50_000);
        cards::placed(&world, FEE);
        let refused = ask_to_unmatch(&world, line).unwrap_err();
        assert_eq!(refused.code(), "unmatch_unfit", "a sale of it was placed by a decision");
        assert!(world.open_kinds(unit).is_empty());
        close_day(&world);
        holds(&world);
    });
}

#[test]
fn a_part_that_nobody_knew_of_a_payout_is_not_sent_round_to_its_line_once_it_was_divided() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        let (unit, maker, owed) = (ba_dinh.id, finance(&world), world.raise(Dong(25_000)));
        report(&world, &ba_dinh, &[item("S8", 25_000, 0), item("S9", 35_000, 0)]).unwrap();
        gateways::shown(&world, &ba_dinh, 0, &[(60_000, "QT000126")]);
        let line = only_line(&world, 60_000);
        let asked = open(&world, Kind::BulkSettlement);
        let first = asked.iter().find(|one| one.amount == Dong(25_000)).expect("nobody knows either").id;
        let parts = [Part { obligation: owed.id, amount: Dong(25_000) }];
        world.change(|tx, stamp| {
            let ask = ("split", None, "theo bảng kê").into();
            resolve::propose(tx, stamp, &maker, (unit, first), ask, &parts)
        });
        approve(&world, first);
        assert_eq!(world.again(&owed).state, State::Paid);
        assert_eq!(ask_to_unmatch(&world, line).unwrap_err().code(), "unmatch_unfit");
        let refused = ask_to_reopen(&world, first).unwrap_err();
        assert_eq!(refused.code(), "reopen_money_moved", "its line would send back here");
        holds(&world);
    });
}

#[test]
fn a_batch_entered_wrongly_is_withdrawn_by_two_persons_and_the_right_one_comes_under_its_reference() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        by_card(&world, "A00001");
        let wrong = batch(&world, "POS000126", 500, &[sale("A00009")]).unwrap();
        assert_eq!(world.open_kinds(unit), [Kind::BulkSettlement]);
        let subject = Subject::Batch(wrong.id);
        let asked = ask_to_withdraw(&world, subject).unwrap();
        assert_eq!(ask_to_withdraw(&world, subject).unwrap_err().code(), "exception_not_open");
        let maker = finance(&world);
        let own = world
            .try_change(|tx, stamp| bienlai::payment::resolve::approve(tx, stamp, &maker, unit, asked.id));
        assert_eq!(own.unwrap_err().code(), "maker_is_checker");
        // Refused once, it waits as it did.
        let checker = approver(&world);
        world.change(|tx, stamp| {
            bienlai::exception::refuse(tx, stamp, &checker, unit, asked.id, "bảng kê đúng")
        });
        assert_eq!(world.look(|conn| pos::find(conn, unit, wrong.id)).state, "awaited");
        assert_eq!(
            batch(&world, "POS000126", 500, &[sale("A00001")]).unwrap_err().code(),
            "pos_batch_exists"
        );
        withdrawn(&world, subject);
        assert_eq!(world.look(|conn| pos::find(conn, unit, wrong.id)).state, "withdrawn");
        assert_eq!(ask_to_withdraw(&world, subject).unwrap_err().code(), "paper_withdrawn");
        assert!(world.open_kinds(unit).is_empty(), "what it named is nobody's question");
        let right = batch(&world, "POS000126", 500, &[sale("A00001")]).unwrap();
        cards::shown(&world, 0, 24_500, "POS000126");
        assert_eq!(cards::states(&world), [PaymentState::Proven]);
        assert_eq!(world.look(|conn| pos::find(conn, unit, right.id)).state, "credited");
        let fee = (Account::ChargesToRecover, 500);
        world.assert_balances(unit, &[cards::bank(&world, 24_500), fee, collected(25_000)]);
        close_day(&world);
        holds(&world);
    });
}

#[test]
fn a_report_entered_wrongly_is_withdrawn_and_its_claims_are_shown_by_the_right_one() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        let unit = ba_dinh.id;
        claimed(&world, &ba_dinh, 25_000, "S1");
        let wrong = report(&world, &ba_dinh, &[item("S1", 25_000, 1_250)]).unwrap();
        withdrawn(&world, Subject::Settlement(wrong.id));
        gateways::shown(&world, &ba_dinh, 0, &[(23_750, "QT000126")]);
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit], "a withdrawn paper shows nothing");
        report(&world, &ba_dinh, &[item("S1", 25_000, 125)]).unwrap();
        world.wait_days(1);
        gateways::shown(&world, &ba_dinh, 23_750, &[(24_875, "QT000126")]);
        assert_eq!(gateways::states(&world, &ba_dinh), [PaymentState::Proven]);
        assert_eq!(world.look(|conn| gateway::find(conn, unit, wrong.id)).state, "withdrawn");
        let line = only_line(&world, 23_750);
        let left = (Account::Suspense(line), -23_750);
        let fee = (Account::ChargesToRecover, 125);
        world.assert_balances(unit, &[gateways::bank(&ba_dinh, 48_625), fee, collected(25_000), left]);
        holds(&world);
    });
}

#[test]
fn money_of_another_unit_in_a_payout_is_asked_about_under_its_claim_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        let unit = ba_dinh.id;
        claimed(&world, &ba_dinh, 25_000, "S1");
        let elsewhere = world.raise_at(&world.tay_ho, Dong(4_000));
        world.claim(&elsewhere, Dong(4_000)).by(POLL).id("S2").on(ba_dinh.account_no).settle();
        report(&world, &ba_dinh, &[item("S1", 25_000, 100), item("S2", 4_000, 0)]).unwrap();
        gateways::shown(&world, &ba_dinh, 0, &[(28_900, "QT000126")]);
        assert_eq!(world.open_kinds(unit), [Kind::WrongAccount]);
        let line = only_line(&world, 28_900);
        taken_apart(&world, line);
        let mut kinds = world.open_kinds(unit);
        kinds.sort_unstable();
        assert_eq!(kinds, [Kind::UnidentifiedCredit, Kind::WrongAccount]);
        assert_eq!(open(&world, Kind::WrongAccount).remove(0).subject_kind, "movement");
        let due = (Account::DueToUnit(world.tay_ho.id), -4_000);
        let waiting = [
            gateways::bank(&ba_dinh, 28_900),
            gateways::clearing(&ba_dinh, 29_000),
            collected(25_000),
            due,
            (Account::Suspense(line), -28_900),
        ];
        world.assert_balances(unit, &waiting);
        holds(&world);
    });
}

/// The line is imported and matched; then the bank says it anew as one of today.
fn moved_by_a_corrected_statement(world: &World, amount: i64, memo: &str) -> LineId {
    let shown_on = cards::today(world);
    world.wait_days(1);
    let file = || BankFile::new(world.ba_dinh.account_no, cards::today(world), 0);
    let told = file().book_on(shown_on, amount, memo, "FT26327001").book(8_000, "le", "FT26327002");
    import(world, &told.camt());
    run(world);
    corrected(world, &file().book(8_000, "le", "FT26327002").book(amount, memo, "FT26327001"));
    line_of(world, amount, 1)
}

#[test]
fn a_batch_whose_line_a_corrected_statement_moved_is_taken_apart_under_the_new_line() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        by_card(&world, "A00001");
        by_card(&world, "A00002");
        let made = batch(&world, "POS-0001/26", 500, &[sale("A00001"), sale("A00002")]).unwrap();
        let line = moved_by_a_corrected_statement(&world, 49_500, "THANH TOAN POS 0001/26");
        assert_eq!(cards::states(&world), [PaymentState::Proven, PaymentState::Proven]);
        assert_eq!(world.look(|conn| pos::query::matches(conn, unit, made.id)).len(), 2);
        holds(&world);
        let first = line_of(&world, 49_500, 0);
        let refused = ask_to_unmatch(&world, first).unwrap_err().code();
        assert_eq!(refused, "unmatch_unfit", "the statement has it no more");
        taken_apart(&world, line);
        assert_eq!(cards::states(&world), [PaymentState::Claimed, PaymentState::Claimed]);
        assert_eq!(world.look(|conn| pos::find(conn, unit, made.id)).state, "awaited");
        let balances = [
            cards::bank(&world, 57_500),
            cards::clearing(&world, 50_000),
            collected(50_000),
            (Account::Suspense(line), -49_500),
            (Account::Suspense(only_line(&world, 8_000)), -8_000),
        ];
        world.assert_balances(unit, &balances);
        holds(&world);
    });
}

#[test]
fn a_report_whose_line_a_corrected_statement_moved_is_taken_apart_with_its_fee_and_without_one() {
    for fee in [0, 125] {
        each_database(|database| {
            let world = World::settled_in(database);
            let (ba_dinh, unit) = (world.ba_dinh.clone(), world.ba_dinh.id);
            claimed(&world, &ba_dinh, 25_000, "S1");
            claimed(&world, &ba_dinh, 15_000, "S2");
            let made = report(&world, &ba_dinh, &[item("S1", 25_000, fee), item("S2", 15_000, 0)]).unwrap();
            let line = moved_by_a_corrected_statement(&world, 40_000 - fee, "QT000126");
            taken_apart(&world, line);
            assert_eq!(gateways::states(&world, &ba_dinh), [PaymentState::Claimed, PaymentState::Claimed]);
            let report = world.look(|conn| gateway::find(conn, unit, made.id));
            assert_eq!(report.state, "awaited", "it waits for its line, with a fee of {fee} or none");
            let asked = open(&world, Kind::UnidentifiedCredit);
            let asked = asked.iter().find(|one| one.subject_id == line.0).expect("the line is asked about");
            settled(&world, asked, "settlement", Some(made.id.0));
            assert_eq!(gateways::states(&world, &ba_dinh), [PaymentState::Proven, PaymentState::Proven]);
            holds(&world);
        });
    }
}
