//! Every class of line that is no fee has an end that two persons can choose: what the bank took and gave
//! back, its charge returned, money that went to the Treasury without an order.

use bienlai::amount::Dong;
use bienlai::error::Result;
use bienlai::exception::{Ask, Decision, Exception, Kind, State};
use bienlai::ledger::Account;
use bienlai::payment::{reopen, resolve};
use bienlai::remittance::{Kind as Order, State as Step};
use bienlai::report::verify;

use crate::refunds::{statement, today};
use crate::remittances::{approved, close_day, draft_of, now, refuse, shown};
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};
use crate::taken_apart::{approver, bank, closed, finance, item};

fn ask(resolution: &str) -> Ask<'_> {
    (resolution, None, "giấy báo của ngân hàng").into()
}

fn proposed(world: &World, item: &Exception, ask: &Ask<'_>) -> Result<Exception> {
    let (unit, maker) = (world.ba_dinh.id, finance(world));
    world.try_change(|tx, stamp| resolve::propose(tx, stamp, &maker, (unit, item.id), ask.clone(), &[]))
}

fn settled(world: &World, item: &Exception, ask: &Ask<'_>) {
    let (unit, checker) = (world.ba_dinh.id, approver(world));
    proposed(world, item, ask).expect("it fits");
    world.change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, item.id));
    let faults = world.look(|conn| verify::unit(conn, unit));
    assert!(faults.is_empty(), "{faults:?}");
}

fn open(world: &World) -> usize {
    world.exceptions(world.ba_dinh.id).iter().filter(|item| item.state == State::Open).count()
}

#[test]
fn what_the_bank_took_and_gave_back_explains_itself_by_two_persons_and_can_be_undone() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        statement(
            &world,
            BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(-90_000, "ghi nham", "FT001"),
        );
        let debit = item(&world, Kind::UnknownDebit);
        assert_eq!(proposed(&world, &debit, &ask("given_back")).unwrap_err().code(), "resolution_unfit");
        world.wait_days(1);
        let back = BankFile::new(world.ba_dinh.account_no, today(&world), -90_000);
        statement(&world, back.book(90_000, "tra ghi nham", "FT002"));
        let credit = item(&world, Kind::UnidentifiedCredit);
        assert_eq!(proposed(&world, &credit, &ask("own_transfer")).unwrap_err().code(), "resolution_unfit");
        settled(&world, &credit, &ask("given_back"));
        world.assert_balances(unit, &[]);
        assert_eq!(open(&world), 0);

        let (maker, checker) = (finance(&world), approver(&world));
        world.change(|tx, stamp| reopen::ask(tx, stamp, &maker, unit, credit.id, "không phải khoản đó"));
        world.change(|tx, stamp| reopen::approve(tx, stamp, &checker, unit, credit.id));
        assert_eq!(open(&world), 2);
        settled(&world, &debit, &ask("given_back"));
        world.assert_balances(unit, &[]);
        closed(&world, today(&world).plus_days(-1));
        closed(&world, today(&world));
    });
}

#[test]
fn a_charge_that_the_bank_returns_is_no_charge_any_more() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0)
            .book(-5_500, "PHI DICH VU THANG 11", "FT001")
            .book(5_500, "tra phi thu nham", "FT002")
            .book(6_000, "tra phi thu nham nua", "FT003");
        statement(&world, file);
        let credit = |sum: i64| {
            let mut items = world.exceptions(unit).into_iter();
            items.find(|item| item.amount == Dong(sum)).expect("it is asked about")
        };
        let more = credit(6_000);
        assert_eq!(proposed(&world, &more, &ask("charge_returned")).unwrap_err().code(), "resolution_unfit");
        settled(&world, &credit(5_500), &ask("charge_returned"));
        let line = bienlai::id::LineId(more.subject_id);
        world.assert_balances(unit, &[bank(&world, 6_000), (Account::Suspense(line), -6_000)]);
        closed(&world, today(&world));
    });
}

#[test]
fn money_that_went_to_the_treasury_without_an_order_is_claimed_back() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        statement(
            &world,
            BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(-50_000, "nop kho bac", "FT001"),
        );
        let debit = item(&world, Kind::UnknownDebit);
        let mut paid = ask("budget_paid");
        assert_eq!(proposed(&world, &debit, &paid).unwrap_err().code(), "decision_missing");
        paid.decision = Some(Decision { number: "7/QĐ-UBND".into(), on: today(&world) });
        settled(&world, &debit, &paid);
        let owed_back = (Account::BudgetRefundDue("unordered".into()), 50_000);
        world.assert_balances(unit, &[bank(&world, -50_000), owed_back]);
        close_day(&world);

        world.wait_days(1);
        let claim = approved(&world, Order::Claim);
        assert_eq!(claim.amount, Dong(50_000));
        shown(&world, -50_000, 50_000, &format!("HOAN TRA {}", claim.reference_code));
        assert_eq!(now(&world, &claim).state, Step::Settled);
        world.assert_balances(unit, &[]);
        assert_eq!(open(&world), 0);
        close_day(&world);
    });
}

#[test]
fn what_was_no_budget_money_is_unexplained_again_unless_a_claim_asks_for_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let file =
            BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(-50_000, "nop kho bac", "FT001");
        statement(&world, file);
        let debit = item(&world, Kind::UnknownDebit);
        let mut paid = ask("budget_paid");
        paid.decision = Some(Decision { number: "7/QĐ-UBND".into(), on: today(&world) });
        let unexplained = Account::UnexplainedDebit(bienlai::id::LineId(debit.subject_id));
        let owed_back = (Account::BudgetRefundDue("unordered".into()), 50_000);

        settled(&world, &debit, &paid);
        undone(&world, &debit).unwrap();
        world.assert_balances(unit, &[bank(&world, -50_000), (unexplained.clone(), 50_000)]);
        // A charge, which was none either: only that is taken back.
        settled(&world, &debit, &ask("bank_charge"));
        undone(&world, &debit).unwrap();
        world.assert_balances(unit, &[bank(&world, -50_000), (unexplained, 50_000)]);

        settled(&world, &debit, &paid);
        close_day(&world);
        world.wait_days(1);
        let claim = approved(&world, Order::Claim);
        assert_eq!(claim.amount, Dong(50_000), "once, whatever was said and undone before");
        assert_eq!(undone(&world, &debit).unwrap_err().code(), "undo_claimed");
        refuse(&world, &claim).unwrap();
        undone(&world, &debit).unwrap();
        let draft = draft_of(&world, Order::Claim, &[]);
        assert_eq!(
            draft.unwrap_err().code(),
            "remittance_nothing_due",
            "though the day of the undoing is open"
        );
        settled(&world, &debit, &paid);
        world.assert_balances(unit, &[bank(&world, -50_000), owed_back]);
    });
}

fn undone(world: &World, item: &Exception) -> Result<()> {
    let unit = world.ba_dinh.id;
    let (maker, checker) = (finance(world), approver(world));
    world.try_change(|tx, stamp| reopen::ask(tx, stamp, &maker, unit, item.id, "không phải khoản này"))?;
    world.change(|tx, stamp| reopen::approve(tx, stamp, &checker, unit, item.id));
    let faults = world.look(|conn| verify::unit(conn, unit));
    assert!(faults.is_empty(), "{faults:?}");
    Ok(())
}
