//! What a rule, a slip's code or a decision said of a line is withdrawn by two persons: the money waits for its
//! explanation again, no run says the same of it once more, and the day closes with books that balance.

use bienlai::actor::Actor;
use bienlai::amount::Dong;
use bienlai::error::Result;
use bienlai::exception::{self, Ask, Decision, Exception, Kind};
use bienlai::id::{ExceptionId, PersonId, ShiftId, SlipId};
use bienlai::identity;
use bienlai::ledger::Account;
use bienlai::payment::book::Method;
use bienlai::payment::undo::{self, Effect, Foreseen};
use bienlai::payment::{reopen, resolve};
use bienlai::reconciliation::reconcile;
use bienlai::remittance;
use bienlai::shift::deposit::{self, Slip, State};

use crate::closings;
use crate::refunds::{statement, today};
use crate::remittances::draft_of;
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};
use crate::taken_apart::{
    approve, approver, ask_to_reopen, ask_to_unmatch, bank, closed, collected, finance, item, only_line,
    reopened,
};

const FEE: i64 = 25_000;

/// The bank's file of today with one line.
fn shown(world: &World, opening: i64, amount: i64, memo: &str) {
    let reference = format!("R{}", world.next());
    let file = BankFile::new(world.ba_dinh.account_no, today(world), opening).book(amount, memo, &reference);
    statement(world, file);
}

/// Another run finds nothing to say.
pub(crate) fn nothing_is_said_again(world: &World) {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    let counted = || (world.count("posting"), world.open_kinds(unit));
    let before = counted();
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).unwrap();
    assert_eq!(counted(), before);
}

fn decided(world: &World, id: ExceptionId, (resolution, target): (&str, Option<i64>)) {
    let (unit, maker, checker) = (world.ba_dinh.id, finance(world), approver(world));
    let decision = Some(Decision { number: "12/QĐ-UBND".into(), on: today(world) });
    world.change(|tx, stamp| {
        let ask = Ask { resolution, target, reason: "biên bản", decision: decision.clone() };
        resolve::propose(tx, stamp, &maker, (unit, id), ask, &[])
    });
    world.change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, id));
}

pub(crate) fn foreseen(world: &World, item: &Exception) -> Effect {
    let item = world.look(|conn| exception::find(conn, item.unit, item.id));
    match world.look(|conn| undo::foreseen(conn, &item)) {
        Some(Foreseen::Does(effect)) => effect,
        other => panic!("{other:?}"),
    }
}

/// Who asked for a line to be taken apart does not approve it.
pub(crate) fn refused_to_its_maker(world: &World, doubt: &Exception) {
    let maker = finance(world);
    let own: Result<_> =
        world.try_change(|tx, stamp| resolve::approve(tx, stamp, &maker, doubt.unit, doubt.id));
    assert_eq!(own.unwrap_err().code(), "maker_is_checker");
}

/// Cash of so many fees, taken in one shift.
fn cash(world: &World, count: usize) -> ShiftId {
    for _ in 0..count {
        let owed = world.raise(Dong(FEE));
        world.take(&owed, Dong(FEE), Method::Cash).unwrap();
    }
    world.shift(world.ba_dinh.id)
}

fn hand_over(world: &World, shift: ShiftId, amount: i64) -> Slip {
    let (unit, cashier) = (world.ba_dinh.id, world.cashier(world.ba_dinh.id));
    let parts = [(shift, Dong(amount))];
    world.change(|tx, stamp| deposit::hand_over(tx, stamp, &cashier, unit, None, &parts))
}

fn state(world: &World, slip: &Slip) -> (State, i64) {
    let slip = world.look(|conn| deposit::find(conn, slip.unit, slip.id));
    (slip.state, slip.open().0)
}

fn on_its_way(slip: &Slip, amount: i64) -> (Account, i64) {
    (Account::DepositInTransit(slip.id), amount)
}

fn shared(parts: i64) -> [(Account, i64); 2] {
    let each = parts * FEE / 2;
    [(Account::BudgetDue("805-2771".into()), -each), (Account::ShareKept("HT-01".into()), -each)]
}

fn opened_again(world: &World, day: bienlai::clock::BusinessDay) {
    let request = closings::ask(world, day).unwrap();
    closings::approve(world, &request, world.chief).unwrap();
}

#[test]
fn a_charge_that_a_rule_told_is_withdrawn_by_two_persons_and_explained_otherwise() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        shown(&world, 0, -5_500, "PHI DICH VU THANG 11");
        let line = only_line(&world, -5_500);
        world.assert_balances(unit, &[bank(&world, -5_500), (Account::ChargesToRecover, 5_500)]);
        let doubt = ask_to_unmatch(&world, line).unwrap();
        assert_eq!((doubt.kind, doubt.amount), (Kind::MatchDoubted, Dong(5_500)));
        let effect = foreseen(&world, &doubt);
        assert_eq!((effect.line, effect.to_suspense), (Some(line), Dong(5_500)));
        refused_to_its_maker(&world, &doubt);
        approve(&world, doubt.id);

        world.assert_balances(unit, &[bank(&world, -5_500), (Account::UnexplainedDebit(line), 5_500)]);
        assert_eq!(world.open_kinds(unit), [Kind::UnknownDebit]);
        nothing_is_said_again(&world);
        assert_eq!(ask_to_unmatch(&world, line).unwrap_err().code(), "unmatch_unfit", "nothing explains it");
        let told = world.words("SELECT action AS t FROM audit_entry WHERE action = 'line.unmatched'");
        assert_eq!(told.len(), 1);

        decided(&world, item(&world, Kind::UnknownDebit).id, ("budget_paid", None));
        let owed_back = Account::BudgetRefundDue("unordered".into());
        world.assert_balances(unit, &[bank(&world, -5_500), (owed_back, 5_500)]);
        closed(&world, today(&world));
    });
}

#[test]
fn a_day_that_is_closed_keeps_its_explanations_until_two_persons_open_it_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        shown(&world, 0, -5_500, "PHI DICH VU THANG 11");
        let line = only_line(&world, -5_500);
        let day = today(&world);
        closed(&world, day);
        assert_eq!(ask_to_unmatch(&world, line).unwrap_err().code(), "unmatch_day_closed");
        opened_again(&world, day);
        approve(&world, ask_to_unmatch(&world, line).unwrap().id);
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::UnknownDebit]);
        closed(&world, day);
    });
}

#[test]
fn a_charge_that_the_bank_gave_back_is_not_withdrawn_a_second_time() {
    each_database(|database| {
        let world = World::settled_in(database);
        shown(&world, 0, -5_500, "PHI DICH VU THANG 11");
        let line = only_line(&world, -5_500);
        shown(&world, -5_500, 5_500, "khong ro");
        decided(&world, item(&world, Kind::UnidentifiedCredit).id, ("charge_returned", None));
        assert_eq!(ask_to_unmatch(&world, line).unwrap_err().code(), "undo_money_gone");
    });
}

#[test]
fn interest_that_a_payer_sent_is_withdrawn_and_pays_what_was_meant() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        shown(&world, 0, 1_200, "TRA LAI TIEN GUI");
        let line = only_line(&world, 1_200);
        let interest = Account::BudgetDue("interest".into());
        world.assert_balances(unit, &[bank(&world, 1_200), (interest, -1_200)]);
        approve(&world, ask_to_unmatch(&world, line).unwrap().id);
        world.assert_balances(unit, &[bank(&world, 1_200), (Account::Suspense(line), -1_200)]);
        nothing_is_said_again(&world);

        let owed = world.raise(Dong(1_200));
        decided(&world, item(&world, Kind::UnidentifiedCredit).id, ("assign", Some(owed.id.0)));
        world.seal();
        world.assert_balances(unit, &[bank(&world, 1_200), collected(1_200)]);
        closed(&world, today(&world));
        let due = world
            .look(|conn| remittance::remittable(conn, unit, account, remittance::Kind::Treasury))
            .into_iter()
            .find(|one| one.source == "budget_due/interest");
        assert_eq!(due.map_or(0, |one| one.due.0), 0, "no interest is owed to the budget");
    });
}

#[test]
fn interest_that_an_order_takes_is_not_withdrawn() {
    each_database(|database| {
        let world = World::settled_in(database);
        shown(&world, 0, 1_200, "TRA LAI TIEN GUI");
        let (line, day) = (only_line(&world, 1_200), today(&world));
        closed(&world, day);
        draft_of(&world, remittance::Kind::Treasury, &[]).unwrap();
        opened_again(&world, day);
        assert_eq!(ask_to_unmatch(&world, line).unwrap_err().code(), "undo_ordered");
    });
}

#[test]
fn a_credit_with_the_code_of_the_wrong_slip_is_withdrawn_and_tied_to_the_right_one() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let shift = cash(&world, 2);
        let (wrong, right) = (hand_over(&world, shift, FEE), hand_over(&world, shift, FEE));
        shown(&world, 0, FEE, &format!("{} nop tien mat", wrong.reference_code));
        assert_eq!(state(&world, &wrong), (State::Credited, 0));
        let line = only_line(&world, FEE);
        let doubt = ask_to_unmatch(&world, line).unwrap();
        assert_eq!(foreseen(&world, &doubt).deposits_expected_again, [wrong.id]);
        refused_to_its_maker(&world, &doubt);
        approve(&world, doubt.id);

        assert_eq!(state(&world, &wrong), (State::InTransit, FEE));
        let mut balances = vec![bank(&world, FEE), collected(2 * FEE), (Account::Suspense(line), -FEE)];
        balances.extend([on_its_way(&wrong, FEE), on_its_way(&right, FEE)]);
        world.assert_balances(unit, &balances);
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit]);
        nothing_is_said_again(&world);
        assert_eq!(
            state(&world, &wrong),
            (State::InTransit, FEE),
            "its code in the text says nothing any more"
        );

        decided(&world, item(&world, Kind::UnidentifiedCredit).id, ("deposit", Some(right.id.0)));
        assert_eq!((state(&world, &wrong).1, state(&world, &right)), (FEE, (State::Credited, 0)));
        closed(&world, today(&world));
        let mut balances = vec![bank(&world, FEE), collected(FEE), on_its_way(&wrong, FEE)];
        balances.extend(shared(1));
        world.assert_balances(unit, &balances);
    });
}

#[test]
fn what_came_short_or_over_for_a_slip_is_withdrawn_with_what_was_asked_about_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let shift = cash(&world, 3);
        let (short, over) = (hand_over(&world, shift, 2 * FEE), hand_over(&world, shift, FEE));
        shown(&world, 0, 45_000, &format!("{} nop tien mat", short.reference_code));
        assert_eq!(state(&world, &short), (State::Short, 5_000));
        approve(&world, ask_to_unmatch(&world, only_line(&world, 45_000)).unwrap().id);
        assert_eq!(state(&world, &short), (State::InTransit, 2 * FEE));
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit], "nobody is asked for the rest");

        shown(&world, 45_000, 26_000, &format!("{} nop tien mat", over.reference_code));
        let line = only_line(&world, 26_000);
        let is_excess = |one: &Exception| one.kind == Kind::DepositDiffers && one.subject_kind == "line";
        let excess = world.exceptions(unit).into_iter().find(is_excess).expect("it is asked about");
        decided(&world, excess.id, ("to_budget", None));
        let refused = ask_to_unmatch(&world, line).unwrap_err();
        assert_eq!(refused.code(), "unmatch_unfit", "a part of it was placed by a decision");
        reopened(&world, excess.id);
        approve(&world, ask_to_unmatch(&world, line).unwrap().id);
        assert_eq!(state(&world, &over), (State::InTransit, FEE));
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit, Kind::UnidentifiedCredit]);

        // The cash comes under its code after all.
        shown(&world, 71_000, 2 * FEE, &format!("{} nop tien mat", short.reference_code));
        assert_eq!(state(&world, &short), (State::Credited, 0));
        closed(&world, today(&world));
    });
}

#[test]
fn a_credit_that_two_persons_gave_to_the_wrong_slip_is_given_to_another_one() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let shift = cash(&world, 2);
        let (wrong, right) = (hand_over(&world, shift, FEE), hand_over(&world, shift, FEE));
        shown(&world, 0, FEE, "NOP TIEN MAT TAI QUAY");
        let suspended = item(&world, Kind::UnidentifiedCredit);
        let give = |slip: SlipId| decided(&world, suspended.id, ("deposit", Some(slip.0)));
        give(wrong.id);
        assert_eq!(foreseen(&world, &suspended).deposits_expected_again, [wrong.id]);
        reopened(&world, suspended.id);
        assert_eq!(state(&world, &wrong), (State::InTransit, FEE));
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit]);
        nothing_is_said_again(&world);
        give(right.id);
        let day = today(&world);
        closed(&world, day);
        let mut balances = vec![bank(&world, FEE), collected(FEE), on_its_way(&wrong, FEE)];
        balances.extend(shared(1));
        world.assert_balances(unit, &balances);
        assert_eq!(ask_to_reopen(&world, suspended.id).unwrap_err().code(), "undo_day_closed");
        opened_again(&world, day);
        reopened(&world, suspended.id);
        give(wrong.id);
        closed(&world, day);
        assert_eq!((state(&world, &wrong).0, state(&world, &right).0), (State::Credited, State::InTransit));
    });
}

#[test]
fn money_handed_to_the_budget_comes_back_until_an_order_takes_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        shown(&world, 0, 30_000, "khong ro");
        let line = only_line(&world, 30_000);
        let suspended = item(&world, Kind::UnidentifiedCredit);
        decided(&world, suspended.id, ("to_budget", None));
        ask_to_reopen(&world, suspended.id).unwrap();
        let maker = finance(&world);
        let own: Result<_> =
            world.try_change(|tx, stamp| reopen::approve(tx, stamp, &maker, unit, suspended.id));
        assert_eq!(own.unwrap_err().code(), "maker_is_checker");
        let checker = approver(&world);
        world.change(|tx, stamp| reopen::approve(tx, stamp, &checker, unit, suspended.id));
        world.assert_balances(unit, &[bank(&world, 30_000), (Account::Suspense(line), -30_000)]);
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit]);
        nothing_is_said_again(&world);
        closed(&world, today(&world));
        let free = || -> i64 {
            let due =
                world.look(|conn| remittance::remittable(conn, unit, account, remittance::Kind::Treasury));
            due.iter().map(|one| one.free.0).sum()
        };
        assert_eq!(free(), 0, "nothing is owed to the budget");

        world.wait_days(1);
        decided(&world, suspended.id, ("to_budget", None));
        statement(&world, BankFile::new(world.ba_dinh.account_no, today(&world), 30_000));
        let day = today(&world);
        closed(&world, day);
        assert_eq!(free(), 30_000);
        draft_of(&world, remittance::Kind::Treasury, &[]).unwrap();
        assert_eq!(ask_to_reopen(&world, suspended.id).unwrap_err().code(), "undo_day_closed");
        opened_again(&world, day);
        assert_eq!(ask_to_reopen(&world, suspended.id).unwrap_err().code(), "undo_ordered");
    });
}

#[test]
fn cash_that_nobody_took_out_is_answered_for_by_nobody_unless_some_of_it_was_paid_back() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let holder: PersonId = world
            .change(|tx, stamp| identity::create_person(tx, stamp, &Actor::system(), unit, "Thủ Quỹ Mẫu"));
        shown(&world, 0, -200_000, "rut tien mat");
        let line = only_line(&world, -200_000);
        let debit = item(&world, Kind::UnknownDebit);
        let taken_out = || decided(&world, debit.id, ("cash_withdrawn", Some(holder.0)));
        taken_out();
        world.assert_balances(unit, &[bank(&world, -200_000), (Account::Shortage(holder), 200_000)]);
        reopened(&world, debit.id);
        world.assert_balances(unit, &[bank(&world, -200_000), (Account::UnexplainedDebit(line), 200_000)]);
        assert_eq!(world.open_kinds(unit), [Kind::UnknownDebit]);

        taken_out();
        shown(&world, -200_000, 50_000, "khong ro");
        let repaid = item(&world, Kind::UnidentifiedCredit);
        decided(&world, repaid.id, ("shortage_repaid", Some(holder.0)));
        assert_eq!(ask_to_reopen(&world, debit.id).unwrap_err().code(), "undo_money_gone");
        reopened(&world, repaid.id);
        reopened(&world, debit.id);
        closed(&world, today(&world));
    });
}
