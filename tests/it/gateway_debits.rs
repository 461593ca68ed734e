//! What the line of a gateway's report leaves on both of its sides, and what persons say of it: no item moves the money
//! of another, and what the line takes of a payment is no money that waits.

use bienlai::amount::Dong;
use bienlai::exception::Kind;
use bienlai::ledger::{self, Account};
use bienlai::payment::gateway::{Item, ItemKind};
use bienlai::payment::resolve;
use bienlai::report::verify;

use crate::gateways::{self, claimed, item, report, report_charged};
use crate::late_payouts::{asked, open, settled};
use crate::refunds::{balance, statement, today};
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};
use crate::taken_apart::{only_line, reopened};

fn back(reference: &str, amount: i64) -> Item {
    Item { kind: ItemKind::Returned, ..item(reference, amount, 0) }
}

#[track_caller]
fn books_hold(world: &World) {
    assert_eq!(world.problems(), Vec::<String>::new());
    let faults = world.look(|conn| verify::unit(conn, world.ba_dinh.id));
    assert!(faults.is_empty(), "{faults:?}");
}

/// 25.000 đ of S1 are reported and paid out.
fn paid_out(world: &World) {
    claimed(world, &world.ba_dinh, 25_000, "S1");
    report(world, &world.ba_dinh, &[item("S1", 25_000, 0)]).unwrap();
    gateways::shown(world, &world.ba_dinh, 0, &[(25_000, "QT000126")]);
}

#[test]
fn what_persons_say_a_gateways_debit_took_back_is_no_money_in_suspense_beside_what_it_paid() {
    each_database(|database| {
        let world = World::settled_in(database);
        paid_out(&world);
        let payment = world.payments(&world.ba_dinh).remove(0);
        world.wait_days(1);
        let items = [item("S9", 15_000, 0), back("S7", 20_000)];
        report_charged(&world, &world.ba_dinh, ("QT000226", 0), &items).unwrap();
        gateways::shown(&world, &world.ba_dinh, 25_000, &[(-5_000, "QT000226")]);
        let debit = open(&world, Kind::UnknownDebit).remove(0);
        assert_eq!(debit.amount, Dong(20_000));
        settled(&world, &debit, "taken_back", payment.movement.map(|movement| movement.0));
        let line = only_line(&world, -5_000);
        assert_eq!(balance(&world, &Account::Suspense(line)), -15_000, "nobody knows S9 yet");
        assert_eq!(balance(&world, &Account::ReversalToRecover(payment.id)), 20_000);
        assert_eq!(open(&world, Kind::BankReversal).remove(0).amount, Dong(20_000));
        books_hold(&world);
    });
}

#[test]
fn of_a_line_that_paid_and_took_the_same_sum_each_item_moves_its_own_side() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        claimed(&world, &world.ba_dinh, 25_000, "S1");
        let items = [item("S1", 25_000, 0), item("S9", 15_000, 0), back("S9", 15_000)];
        report(&world, &world.ba_dinh, &items).unwrap();
        gateways::shown(&world, &world.ba_dinh, 0, &[(25_000, "QT000126")]);
        let line = only_line(&world, 25_000);
        let paid = open(&world, Kind::BulkSettlement).remove(0);
        let taken = open(&world, Kind::UnknownDebit).remove(0);
        assert_eq!((paid.amount, taken.amount), (Dong(15_000), Dong(15_000)));
        let fits = |item: &bienlai::exception::Exception, resolution: &str| {
            world.look(|conn| Ok(resolve::check_proposal(conn, item, resolution, None).is_ok()))
        };
        assert!(fits(&paid, "to_budget") && fits(&taken, "bank_charge"));
        assert!(!fits(&taken, "to_budget"), "that is the money of the other item");
        assert_eq!(asked(&world, &paid, "bank_charge", None).unwrap_err().code(), "resolution_unfit");
        settled(&world, &taken, "bank_charge", None);
        assert_eq!(world.open_kinds(unit), [Kind::BulkSettlement]);
        assert_eq!(balance(&world, &Account::Suspense(line)), -15_000);
        assert_eq!(balance(&world, &Account::UnexplainedDebit(line)), 0);
        books_hold(&world);
    });
}

#[test]
fn a_debit_that_took_nothing_after_all_is_none_that_took_money_of_the_payment() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise(Dong(25_000));
        let day = |opening| BankFile::new(world.ba_dinh.account_no, today(&world), opening);
        let memo = format!("{} nop phi", owed.reference_code);
        statement(&world, day(0).book(28_000, &memo, "FT001"));
        let payment = world.payments(&world.ba_dinh).remove(0);
        world.wait_days(1);
        statement(&world, day(28_000).book(-10_000, "dieu chinh giao dich", "FT002"));
        let (debit, line) = (open(&world, Kind::UnknownDebit).remove(0), only_line(&world, -10_000));
        let taken = || world.look(|conn| ledger::recovered_of(conn, unit, (line, payment.id)));
        for _ in 0..2 {
            settled(&world, &debit, "taken_back", payment.movement.map(|movement| movement.0));
            assert_eq!(taken(), Dong(10_000), "whatever was too much of it covered");
            assert_eq!(world.look(|conn| ledger::recovered_by(conn, unit, line)), [payment.id]);
            reopened(&world, debit.id);
            assert_eq!(taken(), Dong::ZERO);
            assert!(world.look(|conn| ledger::recovered_by(conn, unit, line)).is_empty());
            books_hold(&world);
        }
    });
}
