//! The bank takes back money that was no one debt's: another unit's, or several debts' whose documents are not made.

use bienlai::actor::Actor;
use bienlai::amount::Dong;
use bienlai::exception::{Exception, Kind, State as Step};
use bienlai::id::UnitId;
use bienlai::ledger::{self, Account};
use bienlai::obligation::State;
use bienlai::payment::book::PaymentState;
use bienlai::payment::{handover, resolve};
use bienlai::reconciliation::reconcile;
use bienlai::report::verify;

use crate::imports::import;
use crate::refunds::{day, statement, today};
use crate::restated_money::{corrected, matched};
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};
use crate::taken_apart::{approver, bank, finance, item};

const FEE: i64 = 25_000;

fn books_hold(world: &World, unit: UnitId) {
    let faults = world.look(|conn| verify::unit(conn, unit));
    assert!(faults.is_empty(), "{faults:?}");
}

fn is_settled(world: &World, item: &Exception) -> bool {
    world.look(|conn| Ok(resolve::check_proposal(conn, item, "acknowledge", None).is_ok()))
}

#[test]
fn what_came_for_another_unit_and_was_taken_back_is_owed_to_nobody() {
    for is_claimed in [false, true] {
        each_database(|database| {
            let world = World::settled_in(database);
            let unit = world.ba_dinh.id;
            let owed = world.raise_at(&world.tay_ho, Dong(FEE));
            if is_claimed {
                world.claim(&owed, Dong(FEE)).on(world.ba_dinh.account_no).reference("FT001").settle();
            }
            let memo = format!("{} nop phi", owed.reference_code);
            statement(&world, day(&world, 0).book(FEE, &memo, "FT001"));
            let due = (Account::DueToUnit(world.tay_ho.id), -FEE);
            world.assert_balances(unit, &[bank(&world, FEE), due]);
            world.wait_days(1);
            statement(&world, day(&world, FEE).book(-FEE, &memo, "FT001"));
            world.assert_balances(unit, &[]);
            assert_eq!(world.payments(&world.ba_dinh)[0].state, PaymentState::Reversed);
            assert_eq!(world.open_kinds(unit), [Kind::BankReversal], "nothing is to be paid on");
            assert!(is_settled(&world, &item(&world, Kind::BankReversal)));
            assert!(world.look(|conn| handover::owed(conn, unit)).is_empty());
            books_hold(&world, unit);
        });
    }
}

#[test]
fn what_was_paid_on_to_another_unit_and_is_taken_back_then_is_asked_back() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise_at(&world.tay_ho, Dong(FEE));
        let memo = format!("{} nop phi", owed.reference_code);
        statement(&world, day(&world, 0).book(FEE, &memo, "FT001"));
        world.wait_days(1);
        let on = format!("{} chuyen tra", owed.reference_code);
        statement(&world, day(&world, FEE).book(-FEE, &on, "FT002"));
        world.assert_balances(unit, &[]);
        world.wait_days(1);
        statement(&world, day(&world, 0).book(-FEE, &memo, "FT001"));
        let payment = world.payments(&world.ba_dinh).remove(0);
        let debt = (Account::ReversalToRecover(payment.id), FEE);
        world.assert_balances(unit, &[bank(&world, -FEE), debt]);
        assert_eq!(world.open_kinds(unit), [Kind::BankReversal]);
        assert!(!is_settled(&world, &item(&world, Kind::BankReversal)), "the other unit has it");
        books_hold(&world, unit);
    });
}

#[test]
fn of_another_units_money_only_what_is_left_is_paid_on() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise_at(&world.tay_ho, Dong(FEE));
        let memo = format!("{} nop phi", owed.reference_code);
        statement(&world, day(&world, 0).book(FEE, &memo, "FT001"));
        let payment = world.payments(&world.ba_dinh).remove(0).id;
        world.wait_days(1);
        statement(&world, day(&world, FEE).book(-10_000, "dieu chinh giao dich", "FT002"));
        let debit = item(&world, Kind::UnknownDebit);
        let (maker, checker) = (finance(&world), approver(&world));
        let ask = ("taken_back", Some(payment.0), "công văn ngân hàng 7/2026");
        world.change(|tx, stamp| resolve::propose(tx, stamp, &maker, (unit, debit.id), ask.into(), &[]));
        world.change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, debit.id));
        let due = (Account::DueToUnit(world.tay_ho.id), -15_000);
        world.assert_balances(unit, &[bank(&world, 15_000), due]);
        let waiting = item(&world, Kind::WrongAccount);
        let transfer = world.look(|conn| handover::transfer(conn, &waiting)).unwrap();
        assert_eq!(transfer.amount, Dong(15_000));
        books_hold(&world, unit);
    });
}

#[test]
fn another_units_money_that_a_corrected_statement_takes_out_is_owed_to_nobody() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise_at(&world.tay_ho, Dong(FEE));
        let memo = format!("{} nop phi", owed.reference_code);
        import(&world, &day(&world, 0).book(5_000, "tien khac", "FT009").book(FEE, &memo, "FT001").camt());
        matched(&world);
        assert!(world.open_kinds(unit).contains(&Kind::WrongAccount));
        corrected(&world, &day(&world, 0).book(5_000, "tien khac", "FT009"));
        let due = world.look(|conn| ledger::balance(conn, unit, &Account::DueToUnit(world.tay_ho.id)));
        assert_eq!(due, Dong::ZERO);
        assert!(!world.open_kinds(unit).contains(&Kind::WrongAccount), "{:?}", world.open_kinds(unit));
        books_hold(&world, unit);
    });
}

#[test]
fn one_transfer_for_two_debts_that_is_taken_back_leaves_open_what_no_document_stands_on() {
    for made in [0, 1] {
        each_database(|database| {
            let world = World::settled_in(database);
            let commune = &world.soc_son;
            if made > 0 {
                world.open_series(commune, "SS-26E", made);
            }
            let (one, two) = (world.raise_at(commune, Dong(FEE)), world.raise_at(commune, Dong(30_000)));
            let memo = format!("{} {} nop phi", one.reference_code, two.reference_code);
            let posted = |opening: i64, amount: i64| {
                let file = BankFile::new(commune.account_no, today(&world), opening);
                import(&world, &file.book(amount, &memo, "FT001").without_sequence().camt());
                let stamp = world.stamp();
                reconcile(&world.store, &stamp, &Actor::system(), commune.id, commune.account).unwrap();
            };
            posted(0, FEE + 30_000);
            let states = || (world.again(&one).state, world.again(&two).state);
            assert_eq!(states(), (State::Paid, State::Paid), "{:?}", world.open_kinds(commune.id));
            world.wait_days(1);
            posted(FEE + 30_000, -FEE - 30_000);
            let payment = world.payments(commune).remove(0);
            let debt =
                world.look(|conn| ledger::balance(conn, commune.id, &Account::ReversalToRecover(payment.id)));
            if made == 0 {
                assert_eq!(states(), (State::Reopened, State::Reopened));
                assert_eq!((payment.state, debt), (PaymentState::Reversed, Dong::ZERO));
                world.assert_balances(commune.id, &[]);
            } else {
                // One has its receipt, so its money is owed under it; the other's document is never made.
                let receipted =
                    [&one, &two].into_iter().find(|owed| !world.receipts(owed).is_empty()).unwrap();
                let other = if receipted.id == one.id { &two } else { &one };
                assert_eq!(world.again(receipted).state, State::Paid);
                assert_eq!(world.again(other).state, State::Reopened);
                assert_eq!((payment.state, debt), (PaymentState::Proven, receipted.total));
                world.claim(receipted, receipted.total).settle();
                let gone = world.payments(commune).remove(0);
                assert_eq!(gone.state, PaymentState::Reversed, "it was paid again");
            }
            let open = |item: &Exception| item.state == Step::Open && item.kind == Kind::DuplicateTransfer;
            assert!(!world.exceptions(commune.id).iter().any(open));
            books_hold(&world, commune.id);
        });
    }
}
