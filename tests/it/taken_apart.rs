//! Wrong matches undone by two persons: money that was assigned wrongly and lines that were matched wrongly
//! go back to suspense, are placed rightly, and the day closes with books that balance.

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::exception::{self, Exception, Kind, State as ItemState};
use bienlai::id::{ExceptionId, LineId};
use bienlai::ledger::Account;
use bienlai::obligation::{Obligation, State};
use bienlai::payment::book::PaymentState;
use bienlai::payment::split::Part;
use bienlai::payment::undo::{self, Effect, Foreseen};
use bienlai::payment::{reopen, resolve, unmatch};
use bienlai::reconciliation::day_close::{Closing, close};
use bienlai::reconciliation::reconcile;
use bienlai::report::verify;
use serde_json::{Value, json};

use crate::corrections::person;
use crate::imports::import;
use crate::refunds::{approve as approve_refund, request as request_refund, statement, today};
use crate::shifts_over_http::Desk;
use crate::support::bank_file::BankFile;
use crate::support::program::Service;
use crate::support::world::BANK;
use crate::support::{World, each_database};

const FEE: i64 = 25_000;

pub fn finance(world: &World) -> Actor {
    person(world.ba_dinh.id, world.clerk, Role::Finance)
}

pub fn approver(world: &World) -> Actor {
    person(world.ba_dinh.id, world.chief, Role::Approver)
}

fn shown(world: &World, memo: &str, amount: i64) -> LineId {
    statement(world, BankFile::new(world.ba_dinh.account_no, today(world), 0).book(amount, memo, "FT001"));
    only_line(world, amount)
}

pub(crate) fn only_line(world: &World, amount: i64) -> LineId {
    let sql = format!("SELECT CAST(id AS TEXT) AS t FROM statement_line WHERE amount = {amount}");
    LineId(world.words(&sql)[0].parse().unwrap())
}

pub fn item(world: &World, kind: Kind) -> Exception {
    let found = world.exceptions(world.ba_dinh.id);
    found.into_iter().find(|item| item.kind == kind).unwrap_or_else(|| panic!("no {kind}"))
}

pub(crate) fn assign(world: &World, item: ExceptionId, owed: &Obligation) {
    let unit = world.ba_dinh.id;
    let (maker, checker) = (finance(world), approver(world));
    let ask = ("assign", Some(owed.id.0), "đúng tên người nộp");
    world.change(|tx, stamp| exception::propose(tx, stamp, &maker, unit, item, ask));
    world.change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, item));
}

pub(crate) fn ask_to_reopen(world: &World, item: ExceptionId) -> bienlai::error::Result<Exception> {
    let (unit, maker) = (world.ba_dinh.id, finance(world));
    world.try_change(|tx, stamp| reopen::ask(tx, stamp, &maker, unit, item, "nhầm người"))
}

pub(crate) fn reopened(world: &World, item: ExceptionId) {
    let (unit, checker) = (world.ba_dinh.id, approver(world));
    ask_to_reopen(world, item).expect("it can be undone");
    world.change(|tx, stamp| reopen::approve(tx, stamp, &checker, unit, item));
}

pub(crate) fn ask_to_unmatch(world: &World, line: LineId) -> bienlai::error::Result<Exception> {
    let (unit, maker) = (world.ba_dinh.id, finance(world));
    world.try_change(|tx, stamp| unmatch::ask(tx, stamp, &maker, (unit, line), "khớp nhầm"))
}

pub(crate) fn approve(world: &World, item: ExceptionId) {
    let (unit, checker) = (world.ba_dinh.id, approver(world));
    world.change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, item));
}

fn foreseen(world: &World, item: &Exception) -> Effect {
    let item = world.look(|conn| exception::find(conn, item.unit, item.id));
    match world.look(|conn| undo::foreseen(conn, &item)) {
        Some(Foreseen::Does(effect)) => effect,
        other => panic!("{other:?}"),
    }
}

pub fn closed(world: &World, day: BusinessDay) {
    let faults = world.look(|conn| verify::unit(conn, world.ba_dinh.id));
    assert!(faults.is_empty(), "{faults:?}");
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    let stamp = || world.stamp();
    match close(&world.store, &world.keyring, &stamp, &Actor::system(), unit, account, day).unwrap() {
        Closing::Closed(_) => {}
        Closing::Refused(obstacles) => panic!("{obstacles:?}"),
    }
}

pub fn bank(world: &World, amount: i64) -> (Account, i64) {
    (Account::Bank(world.ba_dinh.account), amount)
}

pub fn collected(amount: i64) -> (Account, i64) {
    (Account::FeesCollected("HT-01".to_owned()), -amount)
}

fn receipt_states(world: &World, owed: &Obligation) -> Vec<String> {
    world.words(&format!("SELECT state AS t FROM receipt WHERE obligation_id = {} ORDER BY id", owed.id.0))
}

#[test]
fn money_assigned_to_the_wrong_debt_comes_back_and_pays_the_right_one() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let (wrong, right) = (world.raise(Dong(FEE)), world.raise(Dong(FEE)));
        let line = shown(&world, "tien nop phi", FEE);
        let suspended = item(&world, Kind::UnidentifiedCredit);
        assign(&world, suspended.id, &wrong);
        world.seal();
        let receipt = world.receipts(&wrong).remove(0).id;
        let effect = foreseen(&world, &suspended);
        assert_eq!((effect.line, effect.to_suspense), (Some(line), Dong(FEE)));
        assert_eq!((effect.obligations_reopened, effect.receipts_cancelled), (vec![wrong.id], vec![receipt]));

        reopened(&world, suspended.id);
        world.assert_balances(unit, &[bank(&world, FEE), (Account::Suspense(line), -FEE)]);
        assert_eq!((world.again(&wrong).state, world.again(&wrong).allocated), (State::Reopened, Dong::ZERO));
        assert_eq!(receipt_states(&world, &wrong), ["cancelled"]);
        assert_eq!(world.payments(&world.ba_dinh)[0].state, PaymentState::Reversed);
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit]);

        assign(&world, suspended.id, &right);
        world.seal();
        world.assert_balances(unit, &[bank(&world, FEE), collected(FEE)]);
        assert_eq!(
            (world.again(&right).state, receipt_states(&world, &right)),
            (State::Paid, vec!["signed".into()])
        );
        // And once more: undoing is no once-only thing.
        reopened(&world, suspended.id);
        assign(&world, suspended.id, &wrong);
        assert_eq!(world.again(&wrong).state, State::Paid);
        assert_eq!(receipt_states(&world, &wrong).len(), 2);
        closed(&world, today(&world));
    });
}

#[test]
fn a_part_payment_assigned_wrongly_makes_no_receipt_and_comes_back_the_same_way() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let wrong = world.raise(Dong(70_000));
        let line = shown(&world, "tien nop phi", FEE);
        let suspended = item(&world, Kind::UnidentifiedCredit);
        assign(&world, suspended.id, &wrong);
        assert_eq!(world.open_kinds(unit), [Kind::Underpaid]);
        reopened(&world, suspended.id);
        world.assert_balances(unit, &[bank(&world, FEE), (Account::Suspense(line), -FEE)]);
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit], "nobody is asked for the rest");
    });
}

#[test]
fn what_cannot_be_undone_is_refused_when_it_is_asked_for_and_names_the_next_step() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise(Dong(FEE));
        shown(&world, "tien nop phi", FEE + 5_000);
        let suspended = item(&world, Kind::UnidentifiedCredit);
        assign(&world, suspended.id, &owed);
        let payment = world.payments(&world.ba_dinh)[0].id;
        let refund = request_refund(&world, payment, 5_000).unwrap();
        approve_refund(&world, &refund).unwrap();
        assert_eq!(ask_to_reopen(&world, suspended.id).unwrap_err().code(), "undo_refund_under_way");
        let still = world.look(|conn| exception::find(conn, unit, suspended.id));
        assert_eq!((still.state, still.revision), (ItemState::Resolved, 3), "no request is left behind");
        crate::refunds::refuse(&world, &refund).unwrap();
        // A request that nobody approved falls with the money.
        let second = request_refund(&world, payment, 5_000).unwrap();
        assert_eq!(foreseen(&world, &suspended).refunds_dropped, [second.id]);
        reopened(&world, suspended.id);
        assert_eq!(crate::refunds::now(&world, &second).state.as_str(), "refused");
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit]);
    });
}

#[test]
fn a_line_matched_by_a_wrong_code_is_taken_apart_over_http_and_paid_to_the_right_debt() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let unit = world.ba_dinh.id;
        let (wrong, right) = (world.raise(Dong(FEE)), world.raise(Dong(FEE)));
        let line = shown(&world, &format!("{} nop phi", wrong.reference_code), FEE);
        world.seal();
        assert_eq!(world.again(&wrong).state, State::Paid);
        let mut service = Service::start(&world);
        let desk = Desk { world: &world, service: &service };
        let finance = desk.token(Role::Finance, "Lê Thị Mẫu");
        let approver = desk.token(Role::Approver, "Phạm Văn Mẫu");
        let auditor = desk.token(Role::Auditor, "Đỗ Thị Mẫu");
        let path = format!("/api/v1/lines/{line}/unmatch");
        let why = json!({ "reason": "người nộp ghi nhầm mã" });
        assert_eq!(desk.refused(&auditor, &path, &why), "role_not_allowed");
        assert_eq!(desk.refused(&finance, &path, &json!({ "reason": " " })), "reason_missing");
        let asked = desk.post(&finance, &path, &why);
        assert_eq!(asked["exception"]["kind"], "match_doubted");
        assert_eq!(asked["undo"]["does"]["obligations_reopened"], json!([wrong.id]));
        assert_eq!(desk.refused(&finance, &path, &why), "exception_not_open", "it is asked for already");
        let doubt = asked["exception"]["id"].as_str().unwrap().to_owned();
        let step = |rest: &str| format!("/api/v1/exceptions/{doubt}{rest}");
        assert_eq!(desk.refused(&finance, &step("/approve"), &Value::Null), "maker_is_checker");

        // Refused, the match stands and the item is settled; then it is asked for again.
        desk.post(&approver, &step("/refuse"), &json!({ "reason": "đúng rồi" }));
        assert_eq!(desk.get(&auditor, &step(""))["exception"]["state"], "resolved");
        assert_eq!(world.again(&wrong).state, State::Paid);
        desk.post(&finance, &path, &why);
        let seen = desk.get(&approver, &step(""));
        assert_eq!(seen["undo"]["does"]["to_suspense"], FEE, "the second person sees what will happen");
        desk.post(&approver, &step("/approve"), &Value::Null);
        world.assert_balances(unit, &[bank(&world, FEE), (Account::Suspense(line), -FEE)]);
        assert_eq!(receipt_states(&world, &wrong), ["cancelled"]);
        assert_eq!(desk.refused(&finance, &path, &why), "unmatch_unfit", "nothing is matched any more");

        let suspended = item(&world, Kind::UnidentifiedCredit).id;
        let item = |rest: &str| format!("/api/v1/exceptions/{suspended}{rest}");
        let to = json!({ "resolution": "assign", "target": right.id, "reason": "đúng người nộp" });
        desk.post(&finance, &item("/propose"), &to);
        desk.post(&approver, &item("/approve"), &Value::Null);
        world.seal();
        service.stop();
        world.assert_balances(unit, &[bank(&world, FEE), collected(FEE)]);
        assert_eq!((world.again(&wrong).state, world.again(&right).state), (State::Reopened, State::Paid));
        closed(&world, today(&world));
        assert_eq!(ask_to_unmatch(&world, line).unwrap_err().code(), "unmatch_day_closed");
    });
}

#[test]
fn a_claim_whose_line_was_another_is_claimed_again_and_proven_by_its_own() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        let owed = world.raise(Dong(FEE));
        let receipt = world.claim(&owed, Dong(FEE)).reference("FT001").receipt();
        let line = shown(&world, "nguoi khac chuyen", FEE);
        assert_eq!(world.payments(&world.ba_dinh)[0].state, PaymentState::Proven, "by the bank's reference");
        world.wait_days(1);
        let doubt = ask_to_unmatch(&world, line).unwrap();
        let effect = foreseen(&world, &doubt);
        assert_eq!((effect.expected_again.len(), effect.receipts_cancelled.len()), (1, 0));
        approve(&world, doubt.id);

        let clearing = Account::Clearing(account, BANK.to_owned());
        let suspense = (Account::Suspense(line), -FEE);
        let balances = [bank(&world, FEE), collected(FEE), (clearing, FEE), suspense.clone()];
        world.assert_balances(unit, &balances);
        assert_eq!(world.payments(&world.ba_dinh)[0].state, PaymentState::Claimed);
        assert_eq!(
            world.words("SELECT CAST(unproven AS TEXT) AS t FROM channel_exposure"),
            [FEE.to_string()]
        );
        assert_eq!(world.receipts(&owed)[0].id, receipt, "the receipt stands on the claim");
        assert_eq!(world.count("match_part WHERE undoes_id IS NOT NULL AND checker_person_id = 12"), 1);
        // Another run finds nothing to do.
        let before = world.count("posting");
        reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).unwrap();
        assert_eq!(world.count("posting"), before);

        // The line of the claim itself comes the day after.
        let memo = format!("{} nop phi", owed.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), FEE).book(FEE, &memo, "FT002");
        import(&world, &file.without_sequence().camt());
        reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).unwrap();
        assert_eq!(world.payments(&world.ba_dinh)[0].state, PaymentState::Proven);
        world.assert_balances(unit, &[bank(&world, 2 * FEE), collected(FEE), suspense]);
        closed(&world, today(&world).plus_days(-1));
        closed(&world, today(&world));
    });
}

#[test]
fn what_a_claim_only_announced_is_open_again_when_its_line_was_another() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        let owed = world.raise(Dong(FEE));
        world.claim(&owed, Dong(FEE)).by("vietqr").reference("FT001").settle();
        assert_eq!(world.again(&owed).state, State::Raised, "the channel only advises");
        let line = shown(&world, "nguoi khac chuyen", FEE);
        assert_eq!(world.again(&owed).state, State::Paid);
        let doubt = ask_to_unmatch(&world, line).unwrap();
        approve(&world, doubt.id);
        world.assert_balances(unit, &[bank(&world, FEE), (Account::Suspense(line), -FEE)]);
        assert_eq!(world.again(&owed).state, State::Reopened);
        closed(&world, today(&world));

        world.wait_days(1);
        let memo = format!("{} nop phi", owed.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), FEE).book(FEE, &memo, "FT002");
        import(&world, &file.without_sequence().camt());
        reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).unwrap();
        assert_eq!(world.again(&owed).state, State::Paid);
        assert_eq!(receipt_states(&world, &owed), ["cancelled", "numbered"]);
        world
            .assert_balances(unit, &[bank(&world, 2 * FEE), collected(FEE), (Account::Suspense(line), -FEE)]);
        closed(&world, today(&world));
    });
}

/// A claim of the fee and the line that the bank's own reference ties to it.
fn claimed_and_shown(world: &World) -> (Obligation, LineId) {
    let owed = world.raise(Dong(FEE));
    world.claim(&owed, Dong(FEE)).reference("FT001").settle();
    (owed, shown(world, "nguoi khac chuyen", FEE))
}

/// The next day's file takes that line back.
fn taken_back(world: &World) {
    world.wait_days(1);
    let back = BankFile::new(world.ba_dinh.account_no, today(world), FEE)
        .book(-FEE, "hoan tra giao dich FT001", "FT001")
        .reversed();
    import(world, &back.without_sequence().camt());
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).unwrap();
}

#[test]
fn a_line_taken_apart_that_the_bank_takes_back_leaves_suspense_and_harms_nobody() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        let (owed, line) = claimed_and_shown(&world);
        let doubt = ask_to_unmatch(&world, line).unwrap();
        approve(&world, doubt.id);
        taken_back(&world);
        let clearing = Account::Clearing(account, BANK.to_owned());
        world.assert_balances(unit, &[collected(FEE), (clearing, FEE)]);
        assert_eq!(world.again(&owed).state, State::Paid, "the claim's own payment stays");
    });
}

#[test]
fn a_line_whose_money_the_bank_took_back_is_not_taken_apart() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (_, line) = claimed_and_shown(&world);
        taken_back(&world);
        assert_eq!(ask_to_unmatch(&world, line).unwrap_err().code(), "unmatch_unfit");
    });
}

#[test]
fn money_nobody_knew_is_shown_to_be_a_waiting_claims_and_proves_it() {
    for channel in [BANK, "vietqr"] {
        each_database(|database| {
            let world = World::settled_in(database);
            let unit = world.ba_dinh.id;
            let owed = world.raise(Dong(FEE));
            world.claim(&owed, Dong(FEE)).by(channel).reference("FT777").settle();
            let line = shown(&world, "noi dung bi cat", FEE);
            let waiting = item(&world, Kind::UnidentifiedCredit);
            let movement = world.words("SELECT CAST(id AS TEXT) AS t FROM movement WHERE state = 'expected'");
            let movement: i64 = movement[0].parse().unwrap();
            let (maker, checker) = (finance(&world), approver(&world));
            let ask = ("proves", Some(movement), "ngân hàng xác nhận");
            world.change(|tx, stamp| exception::propose(tx, stamp, &maker, unit, waiting.id, ask));
            world.change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, waiting.id));
            world.assert_balances(unit, &[bank(&world, FEE), collected(FEE)]);
            assert_eq!(world.again(&owed).state, State::Paid);
            assert_eq!(world.payments(&world.ba_dinh)[0].state, PaymentState::Proven);
            assert_eq!(world.open_kinds(unit), Vec::<Kind>::new());
            // What two persons said, two persons take back.
            let doubt = ask_to_unmatch(&world, line).unwrap();
            approve(&world, doubt.id);
            assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit]);
            closed(&world, today(&world));
        });
    }
}

#[test]
fn a_line_that_was_split_by_hand_is_taken_apart_whole_with_the_rest_that_waits() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let (one, two, right) =
            (world.raise(Dong(10_000)), world.raise(Dong(15_000)), world.raise(Dong(30_000)));
        let line = shown(&world, "nop ho nhieu nguoi", 30_000);
        let waiting = item(&world, Kind::UnidentifiedCredit).id;
        let (maker, checker) = (finance(&world), approver(&world));
        let part = |owed: &Obligation| Part { obligation: owed.id, amount: owed.total };
        let parts = [part(&one), part(&two)];
        world.change(|tx, stamp| {
            let ask = exception::Ask::from(("split", None, "theo giấy nộp tiền"));
            resolve::propose(tx, stamp, &maker, (unit, waiting), ask, &parts)
        });
        world.change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, waiting));
        assert_eq!((world.again(&one).state, world.again(&two).state), (State::Paid, State::Paid));
        let doubt = ask_to_unmatch(&world, line).unwrap();
        assert_eq!(foreseen(&world, &doubt).obligations_reopened, [one.id, two.id]);
        approve(&world, doubt.id);
        world.assert_balances(unit, &[bank(&world, 30_000), (Account::Suspense(line), -30_000)]);
        assert_eq!((world.again(&one).state, world.again(&two).state), (State::Reopened, State::Reopened));
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit], "the rest is no item of its own");
        assign(&world, waiting, &right);
        assert_eq!(world.again(&right).state, State::Paid);
        closed(&world, today(&world));
    });
}
