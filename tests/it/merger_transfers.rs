//! The bank moves what an account of a merged unit held to the unit that goes on, before the account ends or after
//! the unit was handed over: two persons who act for both say so, and the books of both hold at every step.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::exception::{Exception, Kind, State};
use bienlai::id::{AccountId, ExceptionId, LineId, UnitId};
use bienlai::ledger::Account;
use bienlai::payment::{reopen, resolve};
use bienlai::reconciliation::day_close::{Closing, close};
use bienlai::reconciliation::{bridge, overview, reconcile};
use bienlai::report::proposal::{AccountEnd, Content, Merger};
use bienlai::report::verify;

use crate::corrections::person;
use crate::imports::import;
use crate::mergers::{decided, hand_over, second_account};
use crate::refunds::today;
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};

const HELD: i64 = 1_000_000;
const NUMBER: &str = "1900999900";
const ASK: &str = "merger_transfer";

/// Two persons who act for both units.
fn both(world: &World) -> (Actor, Actor) {
    let scope = Scope::Units([world.tay_ho.id, world.ba_dinh.id].into_iter().collect());
    let of = |role, who| Actor { person: Some(who), client: None, role, scope: scope.clone() };
    (of(Role::Finance, world.clerk), of(Role::Approver, world.chief))
}

fn settle(world: &World, item: &Exception, target: Option<LineId>) {
    let (maker, checker) = both(world);
    let (unit, id) = (item.unit, item.id);
    let ask = || (ASK, target.map(|line| line.0), "lệnh chuyển số dư khi sáp nhập").into();
    world.change(|tx, stamp| resolve::propose(tx, stamp, &maker, (unit, id), ask(), &[]));
    world.change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, id));
    books_hold(world);
}

fn undo(world: &World, item: &Exception) {
    let (maker, checker) = both(world);
    let (unit, id) = (item.unit, item.id);
    world.change(|tx, stamp| reopen::ask(tx, stamp, &maker, unit, id, "không phải khoản này"));
    world.change(|tx, stamp| reopen::approve(tx, stamp, &checker, unit, id));
    books_hold(world);
}

fn books_hold(world: &World) {
    for unit in [world.tay_ho.id, world.ba_dinh.id] {
        assert_eq!(world.look(|conn| verify::unit(conn, unit)), [], "{unit}");
    }
}

fn matched(world: &World, unit: UnitId, account: AccountId) {
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).unwrap();
}

/// The bank books the balance out of the one account and into the other.
fn moved(world: &World, second: AccountId) -> (Exception, Exception) {
    let out = BankFile::new(NUMBER, today(world), HELD).book(-HELD, "tat toan tai khoan", "FT001");
    import(world, &out.without_sequence().camt());
    let into =
        BankFile::new(world.ba_dinh.account_no, today(world), 0).book(HELD, "tat toan tai khoan", "FT002");
    import(world, &into.without_sequence().camt());
    matched(world, world.tay_ho.id, second);
    matched(world, world.ba_dinh.id, world.ba_dinh.account);
    books_hold(world);
    (
        open(world, world.tay_ho.id, Kind::UnknownDebit),
        open(world, world.ba_dinh.id, Kind::UnidentifiedCredit),
    )
}

fn open(world: &World, unit: UnitId, kind: Kind) -> Exception {
    let waits = |item: &Exception| item.kind == kind && item.state == State::Open;
    world.exceptions(unit).into_iter().find(waits).unwrap_or_else(|| panic!("no {kind} is open"))
}

fn open_ids(world: &World, unit: UnitId) -> Vec<ExceptionId> {
    let waits = |item: &Exception| item.state == State::Open;
    world.exceptions(unit).into_iter().filter(waits).map(|item| item.id).collect()
}

fn closed(world: &World, account: AccountId, day: BusinessDay) {
    let (unit, stamp) = (world.tay_ho.id, || world.stamp());
    let done = close(&world.store, &world.keyring, &stamp, &Actor::system(), unit, account, day).unwrap();
    assert!(matches!(done, Closing::Closed(_)), "{done:?}");
}

fn merged(world: &World) -> AccountId {
    let second = second_account(world, world.tay_ho.id);
    let merger = Merger {
        unit: world.tay_ho.id,
        successor: world.ba_dinh.id,
        effective_on: today(world),
        decision_no: "21/NQ-HĐND".into(),
    };
    decided(world, &Content::Merger(merger)).unwrap();
    second
}

fn ended(world: &World, second: AccountId) -> bienlai::error::Result<()> {
    let end = AccountEnd { unit: world.tay_ho.id, account: second, last_day: today(world) };
    decided(world, &Content::AccountEnd(end))
}

/// What the receiving account of the unit that goes on moved since a day: for payers, and for nobody.
fn bridged(world: &World, since: BusinessDay) -> (Dong, Dong) {
    let account = (world.ba_dinh.id, world.ba_dinh.account);
    let told = world.look(|conn| bridge::of_period(conn, account, (since, today(world))));
    assert_eq!((told.bank, told.unexplained().unwrap()), (Dong(HELD), Dong::ZERO));
    assert_eq!((told.receipts, told.receipted_not_credited), (Dong::ZERO, Dong::ZERO));
    (told.credited_not_receipted, told.own)
}

#[test]
fn what_the_bank_moved_before_the_end_stands_between_the_units_until_the_hand_over() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (old, new) = (world.tay_ho.id, world.ba_dinh.id);
        let second = merged(&world);
        let (debit, credit) = moved(&world, second);
        let (out, into) = (LineId(debit.subject_id), LineId(credit.subject_id));
        closed(&world, second, today(&world));
        assert_eq!(ended(&world, second).unwrap_err().code(), "account_busy", "the debit is unexplained");

        // Who acts for one of them alone cannot say what happened in the other.
        let alone = person(old, world.clerk, Role::Finance);
        let ask = || (ASK, Some(into.0), "lệnh chuyển").into();
        let refused =
            world.try_change(|tx, stamp| resolve::propose(tx, stamp, &alone, (old, debit.id), ask(), &[]));
        assert_eq!(refused.unwrap_err().code(), "unit_not_found");

        let opening = (Account::Opening(second), -HELD);
        let kept = [(Account::Bank(world.ba_dinh.account), HELD), (Account::Merger(old), -HELD)];
        let waiting = [(Account::UnexplainedDebit(out), HELD), opening.clone()];
        settle(&world, &debit, Some(into));
        assert!(open_ids(&world, old).is_empty() && open_ids(&world, new).is_empty());
        world.assert_balances(old, &[(Account::Merger(new), HELD), opening.clone()]);
        world.assert_balances(new, &kept);

        // It was wrong, and right after all: undone from either side, said from either side.
        undo(&world, &credit);
        world.assert_balances(old, &waiting);
        let suspense = (Account::Suspense(into), -HELD);
        world.assert_balances(new, &[(Account::Bank(world.ba_dinh.account), HELD), suspense]);
        assert_eq!(bridged(&world, today(&world)), (Dong(HELD), Dong::ZERO), "nobody knows whose it is");
        assert_eq!((open_ids(&world, old), open_ids(&world, new)), (vec![debit.id], vec![credit.id]));
        settle(&world, &credit, None);
        undo(&world, &debit);
        assert_eq!((open_ids(&world, old), open_ids(&world, new)), (vec![debit.id], vec![credit.id]));
        settle(&world, &debit, None);

        ended(&world, second).unwrap();
        hand_over(&world).unwrap();
        world.assert_balances(old, &[]);
        world.assert_balances(new, &[(Account::Bank(world.ba_dinh.account), HELD), opening]);
        assert_eq!(bridged(&world, today(&world)), (Dong::ZERO, Dong(HELD)), "it is no payer's");
        books_hold(&world);
    });
}

#[test]
fn what_the_bank_moved_after_the_hand_over_leaves_the_account_that_was_handed_over() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (old, new) = (world.tay_ho.id, world.ba_dinh.id);
        let first = today(&world);
        let second = merged(&world);
        ended(&world, second).unwrap();
        hand_over(&world).unwrap();
        let opening = (Account::Opening(second), -HELD);
        world.assert_balances(new, &[(Account::Bank(second), HELD), opening.clone()]);

        world.wait_days(1);
        let (debit, credit) = moved(&world, second);
        let row = || {
            let found =
                world.look(|conn| overview::overview(conn, &world.stamp(), &Actor::system(), Some(old)));
            found.rows.into_iter().find(|row| row.account == second).unwrap()
        };
        world.wait_days(1);
        assert_eq!(row().open_days, 2, "the account ended, and its line is proven all the same");
        let after = [(Account::Bank(world.ba_dinh.account), HELD), opening];
        for _ in 0..2 {
            settle(&world, &debit, Some(LineId(credit.subject_id)));
            assert!(open_ids(&world, old).is_empty() && open_ids(&world, new).is_empty());
            world.assert_balances(old, &[]);
            world.assert_balances(new, &after);
            undo(&world, &debit);
        }
        settle(&world, &credit, None);
        world.assert_balances(old, &[]);
        world.assert_balances(new, &after);
        assert_eq!(bridged(&world, first), (Dong::ZERO, Dong(HELD)), "it is no payer's");
        closed(&world, second, first);
        closed(&world, second, first.next());
        assert_eq!(row().open_days, 0);
    });
}
