//! Two persons untie a debit that was explained wrongly: what it had paid on is owed again, the other side of
//! an own transfer waits again, and no rule joins them behind their backs.

use bienlai::actor::Actor;
use bienlai::amount::Dong;
use bienlai::error::Result;
use bienlai::exception::{self, Exception, Kind, State};
use bienlai::id::{ExceptionId, LineId};
use bienlai::ledger::{self, Account};
use bienlai::payment::undo::{self, Effect, Foreseen};
use bienlai::payment::{reopen, resolve};
use bienlai::reconciliation::reconcile;
use bienlai::report::verify;

use crate::imports::import;
use crate::refunds::{statement, today};
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database, tools};
use crate::taken_apart::{approver, bank, closed, finance, item};

const FEE: i64 = 25_000;

fn line(world: &World, amount: i64) -> LineId {
    let sql = format!("SELECT CAST(id AS TEXT) AS t FROM statement_line WHERE amount = {amount}");
    LineId(world.words(&sql)[0].parse().unwrap())
}

fn settle(world: &World, id: ExceptionId, ask: (&str, Option<i64>, &str)) {
    let (unit, maker, checker) = (world.ba_dinh.id, finance(world), approver(world));
    world.change(|tx, stamp| exception::propose(tx, stamp, &maker, unit, id, ask));
    world.change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, id));
}

fn ask(world: &World, id: ExceptionId) -> Result<Exception> {
    let (unit, maker) = (world.ba_dinh.id, finance(world));
    world.try_change(|tx, stamp| reopen::ask(tx, stamp, &maker, unit, id, "giải thích nhầm"))
}

/// Asked for, foreseen and approved.
fn untied(world: &World, id: ExceptionId) -> Effect {
    let (unit, checker) = (world.ba_dinh.id, approver(world));
    let asked = ask(world, id).expect("it can be undone");
    let foreseen = match world.look(|conn| undo::foreseen(conn, &asked)) {
        Some(Foreseen::Does(effect)) => effect,
        other => panic!("{other:?}"),
    };
    world.change(|tx, stamp| reopen::approve(tx, stamp, &checker, unit, id));
    let faults = world.look(|conn| verify::unit(conn, unit));
    assert!(faults.is_empty(), "{faults:?}");
    foreseen
}

fn open_ids(world: &World) -> Vec<ExceptionId> {
    let open = |item: &Exception| item.state == State::Open;
    world.exceptions(world.ba_dinh.id).into_iter().filter(open).map(|item| item.id).collect()
}

#[test]
fn a_debit_that_paid_no_other_unit_is_untied_and_what_it_ended_is_owed_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, neighbour) = (world.ba_dinh.id, world.tay_ho.id);
        let owed = world.raise_at(&world.tay_ho, Dong(FEE));
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0)
            .book(FEE, &format!("{} nop phi", owed.reference_code), "FT001")
            .book(-FEE, "khong ro", "FT002");
        statement(&world, file);
        let (debit, waiting) = (item(&world, Kind::UnknownDebit), item(&world, Kind::WrongAccount));
        settle(&world, debit.id, ("to_unit", Some(neighbour.0), "lệnh chuyển 12"));
        assert!(open_ids(&world).is_empty());
        let code = ask(&world, waiting.id).unwrap_err().code();
        assert_eq!(code, "reopen_money_moved", "it ended with the debit, and is opened with it");

        let effect = untied(&world, debit.id);
        assert_eq!((effect.to_suspense, effect.items_reopened), (Dong(FEE), vec![waiting.id]));
        let unexplained = Account::UnexplainedDebit(line(&world, -FEE));
        world.assert_balances(unit, &[(Account::DueToUnit(neighbour), -FEE), (unexplained.clone(), FEE)]);
        assert_eq!(open_ids(&world), [waiting.id, debit.id]);

        // It was the bank's charge after all; the money is paid on by another transfer.
        settle(&world, debit.id, ("bank_charge", None, "phí chuyển tiền"));
        untied(&world, debit.id);
        world.assert_balances(unit, &[(Account::DueToUnit(neighbour), -FEE), (unexplained.clone(), FEE)]);
        settle(&world, debit.id, ("bank_charge", None, "phí chuyển tiền"));
        assert_eq!(open_ids(&world), [waiting.id]);
        closed(&world, today(&world));
    });
}

/// A debit of the first account, and the same sum into the second one.
fn own_lines(world: &World, memo: &str) -> bienlai::id::AccountId {
    own_lines_told(world, memo, memo)
}

/// The same, told otherwise on either side.
fn own_lines_told(world: &World, sent: &str, got: &str) -> bienlai::id::AccountId {
    let second = world.open_account(&world.ba_dinh, "1900444400");
    let out = BankFile::new(world.ba_dinh.account_no, today(world), 0).book(-500_000, sent, "FT001");
    statement(world, out);
    let into = BankFile::new("1900444400", today(world), 0).book(500_000, got, "FT002");
    import(world, &into.without_sequence().camt());
    matched(world, second);
    second
}

fn matched(world: &World, account: bienlai::id::AccountId) {
    reconcile(&world.store, &world.stamp(), &Actor::system(), world.ba_dinh.id, account).unwrap();
}

#[test]
fn lines_that_a_rule_joined_are_parted_from_either_side_and_no_run_joins_them_again() {
    for from_debit in [true, false] {
        each_database(|database| {
            let world = World::settled_in(database);
            let unit = world.ba_dinh.id;
            let second = own_lines(&world, "DIEU CHUYEN NOI BO");
            assert!(open_ids(&world).is_empty(), "they explain each other");
            let (debit, credit) = (item(&world, Kind::UnknownDebit), item(&world, Kind::UnidentifiedCredit));
            let (asked, other) = if from_debit { (&debit, &credit) } else { (&credit, &debit) };
            let effect = untied(&world, asked.id);
            assert_eq!(effect.items_reopened, [other.id]);
            world.assert_balances(
                unit,
                &[
                    bank(&world, -500_000),
                    (Account::Bank(second), 500_000),
                    (Account::UnexplainedDebit(line(&world, -500_000)), 500_000),
                    (Account::Suspense(line(&world, 500_000)), -500_000),
                ],
            );
            matched(&world, world.ba_dinh.account);
            matched(&world, second);
            assert_eq!(open_ids(&world).len(), 2, "persons said that they are no pair");

            // The debit was a charge, the credit a citizen's fee.
            let owed = world.raise(Dong(500_000));
            settle(&world, credit.id, ("assign", Some(owed.id.0), "biên nhận chuyển tiền"));
            settle(&world, debit.id, ("bank_charge", None, "phí"));
            assert!(open_ids(&world).is_empty());

            // No charge either: the debit alone is open again, and the fee stays paid.
            untied(&world, debit.id);
            assert_eq!(open_ids(&world), [debit.id]);
            let of = |account: Account| world.look(|conn| ledger::balance(conn, unit, &account));
            assert_eq!(of(Account::UnexplainedDebit(line(&world, -500_000))), Dong(500_000));
            assert_eq!(of(Account::Suspense(line(&world, 500_000))), Dong::ZERO);
            settle(&world, debit.id, ("bank_charge", None, "phí"));
            closed(&world, today(&world));
        });
    }
}

#[test]
fn an_own_transfer_that_two_persons_named_is_untied_and_may_be_named_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let second = own_lines(&world, "chuyen tien");
        let (debit, credit) = (item(&world, Kind::UnknownDebit), item(&world, Kind::UnidentifiedCredit));
        let both = [bank(&world, -500_000), (Account::Bank(second), 500_000)];
        for _ in 0..2 {
            settle(&world, debit.id, ("own_transfer", Some(line(&world, 500_000).0), "lệnh nội bộ"));
            world.assert_balances(unit, &both);
            assert!(open_ids(&world).is_empty());
            assert_eq!(untied(&world, debit.id).items_reopened, [credit.id]);
            assert_eq!(open_ids(&world), [debit.id, credit.id]);
        }
        // Decided on the one side, undone from the other; then a charge, which was none.
        settle(&world, debit.id, ("own_transfer", Some(line(&world, 500_000).0), "lệnh nội bộ"));
        assert_eq!(untied(&world, credit.id).items_reopened, [debit.id]);
        settle(&world, debit.id, ("bank_charge", None, "phí"));
        untied(&world, debit.id);
        let waiting = [
            (Account::UnexplainedDebit(line(&world, -500_000)), 500_000),
            (Account::Suspense(line(&world, 500_000)), -500_000),
        ];
        world.assert_balances(unit, &[&both[..], &waiting[..]].concat());
        settle(&world, credit.id, ("own_transfer", None, "lệnh nội bộ"));
        world.assert_balances(unit, &both);
        closed(&world, today(&world));
    });
}

#[test]
fn the_item_that_decided_is_opened_from_the_other_side_whatever_its_kind() {
    each_database(|database| {
        let world = World::settled_in(database);
        let mut damaged = world.raise(Dong(500_000)).reference_code;
        let last = damaged.pop().unwrap();
        damaged.push(if last == '7' { '8' } else { '7' });
        own_lines_told(&world, "chuyen tien", &damaged);
        let (debit, credit) = (item(&world, Kind::UnknownDebit), item(&world, Kind::DamagedCode));
        let target = Some(line(&world, -500_000).0);
        settle(&world, credit.id, ("own_transfer", target, "lệnh nội bộ"));
        assert!(open_ids(&world).is_empty());
        assert_eq!(untied(&world, debit.id).items_reopened, [credit.id]);
        assert_eq!(open_ids(&world), [debit.id, credit.id]);
        settle(&world, credit.id, ("own_transfer", target, "lệnh nội bộ"));
        closed(&world, today(&world));
    });
}

#[test]
fn money_that_the_bank_took_back_is_not_untied_from_its_debit() {
    each_database(|database| {
        let world = World::settled_in(database);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0);
        statement(&world, file.book(90_000, "khong ro", "FT001"));
        let credit = item(&world, Kind::UnidentifiedCredit);
        let movement = world.words("SELECT CAST(id AS TEXT) AS t FROM movement")[0].parse().unwrap();
        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 90_000);
        statement(&world, file.book(-90_000, "dieu chinh giao dich", "FT002"));
        let debit = item(&world, Kind::UnknownDebit);
        settle(&world, debit.id, ("taken_back", Some(movement), "công văn ngân hàng 7/2026"));
        assert!(open_ids(&world).is_empty());
        assert_eq!(
            ask(&world, credit.id).unwrap_err().code(),
            "reopen_money_moved",
            "the debit's item is opened"
        );
        world.assert_balances(world.ba_dinh.id, &[]);
        closed(&world, today(&world).plus_days(-1));
        closed(&world, today(&world));
    });
}

#[test]
fn what_an_older_program_ended_with_a_debit_is_found_by_its_moment() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        let neighbour = world.tay_ho.id;
        let owed = world.raise_at(&world.tay_ho, Dong(FEE));
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0)
            .book(FEE, &format!("{} nop phi", owed.reference_code), "FT001")
            .book(-FEE, "khong ro", "FT002");
        statement(&world, file);
        let (debit, waiting) = (item(&world, Kind::UnknownDebit), item(&world, Kind::WrongAccount));
        settle(&world, debit.id, ("to_unit", Some(neighbour.0), "lệnh chuyển 12"));
        // The program of before named no other item in its events.
        world.stop_watching();
        let mut owner = world.database.as_owner();
        tools::unguarded(&mut owner, world.database.product, "exception_event");
        let before = "UPDATE exception_event SET target_id = NULL WHERE kind = 'settled_by_itself'";
        tools::run(&mut owner, before).expect("the owner may");
        assert_eq!(untied(&world, debit.id).items_reopened, [waiting.id]);
    });
}
