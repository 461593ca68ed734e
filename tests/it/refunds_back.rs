//! A refund that comes back in the bank's own words: the reference of its debit tells it, else two persons do.

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::error::Result;
use bienlai::exception::Kind;
use bienlai::id::PaymentId;
use bienlai::ledger::Account;
use bienlai::payment::refund::{Refund, State};
use bienlai::payment::resolve;
use bienlai::reconciliation::reconcile;
use bienlai::report::verify;

use crate::corrections::person;
use crate::imports::import;
use crate::refunds::{approve, balance, now, overpaid, request, send, statement, today};
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};
use crate::taken_apart::{approver, finance, item};

/// 5.000 too much, refunded, and the statement shows it leaving under the reference `FT26327202`.
fn refunded(world: &World) -> (PaymentId, Refund) {
    let payment = overpaid(world);
    let asked = request(world, payment, 5_000).unwrap();
    approve(world, &asked).unwrap();
    send(world, &asked).unwrap();
    world.wait_days(1);
    let out = format!("HOAN TIEN {}", asked.reference_code);
    statement(
        world,
        BankFile::new(world.ba_dinh.account_no, today(world), 30_000).book(-5_000, &out, "FT26327202"),
    );
    assert_eq!(now(world, &asked).state, State::Debited);
    world.wait_days(1);
    (payment, asked)
}

fn books_hold(world: &World) {
    let faults = world.look(|conn| verify::unit(conn, world.ba_dinh.id));
    assert!(faults.is_empty(), "{faults:?}");
}

fn named(world: &World, one: &Refund, kind: Kind) -> Result<()> {
    let (unit, maker, checker) = (world.ba_dinh.id, finance(world), approver(world));
    let id = item(world, kind).id;
    let ask = ("refund_bounced", Some(one.id.0), "báo có trả lại của ngân hàng");
    world.try_change(|tx, stamp| resolve::propose(tx, stamp, &maker, (unit, id), ask.into(), &[]))?;
    let alone = resolve_by_maker(world, id);
    assert_eq!(alone, "maker_is_checker");
    world.try_change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, id).map(|_| ()))
}

fn resolve_by_maker(world: &World, id: bienlai::id::ExceptionId) -> &'static str {
    let same = person(world.ba_dinh.id, world.clerk, Role::Approver);
    let tried = world.try_change(|tx, stamp| resolve::approve(tx, stamp, &same, world.ba_dinh.id, id));
    tried.map(|_| "nothing").unwrap_or_else(|error| error.code())
}

#[test]
fn a_refund_that_comes_back_under_the_reference_of_its_debit_is_known_without_our_code() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let (payment, asked) = refunded(&world);
        let back = BankFile::new(world.ba_dinh.account_no, today(&world), 25_000);
        let camt = back.book(5_000, "TRA LAI DO SAI TEN NGUOI HUONG", "FT26327202").without_sequence().camt();
        let (plain, marked) = ("</CdtDbtInd><Sts>", "</CdtDbtInd><RvslInd>true</RvslInd><Sts>");
        import(&world, String::from_utf8(camt).unwrap().replace(plain, marked).as_bytes());
        reconcile(&world.store, &world.stamp(), &Actor::system(), unit, world.ba_dinh.account).unwrap();
        assert_eq!(now(&world, &asked).state, State::Bounced);
        assert_eq!(balance(&world, &Account::RefundPayable), -5_000);
        assert_eq!(world.open_kinds(unit), [Kind::RefundBounced]);
        let held = world.payments(&world.ba_dinh).into_iter().find(|one| one.id == payment).unwrap();
        assert_eq!((held.surplus, held.reversed), (Dong(5_000), Dong::ZERO));
        books_hold(&world);
        send(&world, &asked).unwrap();
        assert!(world.open_kinds(unit).is_empty());
    });
}

#[test]
fn of_a_credit_in_the_banks_own_words_two_persons_say_that_it_is_a_refund_that_came_back() {
    for kept in [0, 1_100] {
        each_database(|database| {
            let world = World::settled_in(database);
            let unit = world.ba_dinh.id;
            let (payment, asked) = refunded(&world);
            let back = BankFile::new(world.ba_dinh.account_no, today(&world), 25_000);
            statement(&world, back.book(5_000 - kept, "TRA LAI LENH CHUYEN TIEN", "R9"));
            assert_eq!(now(&world, &asked).state, State::Debited, "nothing proves it");
            named(&world, &asked, Kind::UnidentifiedCredit).unwrap();
            assert_eq!(now(&world, &asked).state, State::Bounced);
            assert_eq!(balance(&world, &Account::RefundPayable), -5_000, "the payer is owed all of it");
            assert_eq!(balance(&world, &Account::ChargesToRecover), kept);
            assert_eq!(world.open_kinds(unit), [Kind::RefundBounced]);
            let held = world.payments(&world.ba_dinh).into_iter().find(|one| one.id == payment).unwrap();
            assert_eq!(held.surplus, Dong(5_000));
            books_hold(&world);
            send(&world, &asked).unwrap();
        });
    }
}

#[test]
fn what_is_more_than_the_refund_or_on_the_way_still_is_no_refund_that_came_back() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (_, asked) = refunded(&world);
        let back = BankFile::new(world.ba_dinh.account_no, today(&world), 25_000);
        statement(&world, back.book(5_001, "TRA LAI LENH CHUYEN TIEN", "R9"));
        let tried = named(&world, &asked, Kind::UnidentifiedCredit);
        assert_eq!(tried.unwrap_err().code(), "resolution_unfit");
    });
}

#[test]
fn a_refund_comes_back_less_what_a_bank_asks_for_that_and_no_less() {
    for (kept, code) in [(55_000, None), (55_001, Some("refund_charge_beyond_limit"))] {
        each_database(|database| {
            let world = World::settled_in(database);
            let unit = world.ba_dinh.id;
            let owed = world.raise(Dong(25_000));
            let statement_of = |opening: i64| BankFile::new(world.ba_dinh.account_no, today(&world), opening);
            let memo = format!("{} nop phi", owed.reference_code);
            statement(&world, statement_of(0).book(125_000, &memo, "R1"));
            let payment = world.payments(&world.ba_dinh).remove(0).id;
            let asked = request(&world, payment, 100_000).unwrap();
            approve(&world, &asked).unwrap();
            send(&world, &asked).unwrap();
            world.wait_days(1);
            let out = format!("HOAN TIEN {}", asked.reference_code);
            statement(&world, statement_of(125_000).book(-100_000, &out, "R2"));
            world.wait_days(1);
            statement(&world, statement_of(25_000).book(100_000 - kept, "TRA LAI LENH CHUYEN TIEN", "R3"));
            let tried = named(&world, &asked, Kind::UnidentifiedCredit);
            assert_eq!(tried.err().map(|error| error.code()), code);
            let (state, open, charges) = match code {
                None => (State::Bounced, Kind::RefundBounced, kept),
                Some(_) => (State::Debited, Kind::UnidentifiedCredit, 0),
            };
            assert_eq!((now(&world, &asked).state, world.open_kinds(unit)), (state, vec![open]));
            assert_eq!(balance(&world, &Account::ChargesToRecover), charges);
            books_hold(&world);
        });
    }
}
