//! Money that came too late for a cancelled obligation: two persons open it again, exactly, with too much and
//! with too little.

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::exception::{Ask, Exception, Kind, State};
use bienlai::ledger::Account;
use bienlai::obligation::{Obligation, State as Owed};
use bienlai::payment::{cancel, resolve};
use bienlai::reconciliation::reconcile;

use crate::corrections::person;
use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};

fn paid(world: &World, owed: &Obligation, opening: i64, amount: i64) {
    let (unit, account, today) = (owed.unit, world.ba_dinh.account, world.now().business_day());
    let memo = format!("{} nop phi", owed.reference_code);
    let file = BankFile::new(world.ba_dinh.account_no, today, opening).book(
        amount,
        &memo,
        &format!("R{}", world.next()),
    );
    import(world, &file.without_sequence().camt());
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).unwrap();
}

/// A fee of 25.000 that was cancelled by mistake, and what its payer transferred after that.
fn late(world: &World, amount: i64) -> (Obligation, Exception) {
    let owed = world.raise(Dong(25_000));
    world.change(|tx, stamp| {
        cancel::cancel(tx, stamp, &Actor::system(), owed.unit, owed.id, "nhầm hồ sơ").map(|_| ())
    });
    paid(world, &owed, 0, amount);
    let item = world.exceptions(owed.unit).into_iter().find(|one| one.kind == Kind::LatePayment);
    (owed, item.expect("it is asked about"))
}

fn opened_again(world: &World, item: &Exception) {
    let clerk = person(item.unit, world.clerk, Role::Finance);
    let ask = Ask::from(("reopen_obligation", None, "hồ sơ vẫn phải nộp phí"));
    world.change(|tx, stamp| resolve::propose(tx, stamp, &clerk, (item.unit, item.id), ask.clone(), &[]));
    let own = world.try_change(|tx, stamp| resolve::approve(tx, stamp, &clerk, item.unit, item.id));
    assert_eq!(own.unwrap_err().code(), "maker_is_checker");
    let chief = person(item.unit, world.chief, Role::Approver);
    world.change(|tx, stamp| resolve::approve(tx, stamp, &chief, item.unit, item.id));
}

fn bank(world: &World, amount: i64) -> (Account, i64) {
    (Account::Bank(world.ba_dinh.account), amount)
}

fn collected(amount: i64) -> (Account, i64) {
    (Account::FeesCollected("HT-01".into()), amount)
}

#[test]
fn late_money_pays_the_cancelled_obligation_that_two_persons_open_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, item) = late(&world, 25_000);
        assert_eq!(world.again(&owed).state, Owed::Cancelled);
        opened_again(&world, &item);
        assert_eq!(world.again(&owed).state, Owed::Paid);
        assert_eq!(world.receipts(&owed).len(), 1);
        assert!(world.open_kinds(owed.unit).is_empty(), "{:?}", world.open_kinds(owed.unit));
        world.assert_balances(owed.unit, &[bank(&world, 25_000), collected(-25_000)]);
        // What is paid is not opened again.
        let item = world.exceptions(owed.unit).into_iter().find(|one| one.id == item.id).unwrap();
        assert_eq!(item.state, State::Resolved);
    });
}

#[test]
fn what_is_beyond_the_obligation_stays_the_payers() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, item) = late(&world, 30_000);
        opened_again(&world, &item);
        assert_eq!((world.again(&owed).state, world.receipts(&owed).len()), (Owed::Paid, 1));
        assert_eq!(world.open_kinds(owed.unit), [Kind::Overpaid]);
        let payment = world.payments(&world.ba_dinh).remove(0);
        let surplus = (Account::Surplus(payment.id), -5_000);
        world.assert_balances(owed.unit, &[bank(&world, 30_000), collected(-25_000), surplus]);
    });
}

#[test]
fn less_than_the_obligation_waits_for_the_rest() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, item) = late(&world, 10_000);
        opened_again(&world, &item);
        assert_eq!((world.again(&owed).state, world.receipts(&owed).len()), (Owed::PartlyPaid, 0));
        assert_eq!(world.open_kinds(owed.unit), [Kind::Underpaid]);
        let advance = (Account::ReceivedInAdvance(owed.id), -10_000);
        world.assert_balances(owed.unit, &[bank(&world, 10_000), advance]);
        world.wait_days(1);
        paid(&world, &owed, 10_000, 15_000);
        assert_eq!((world.again(&owed).state, world.receipts(&owed).len()), (Owed::Paid, 1));
        assert!(world.open_kinds(owed.unit).is_empty());
        world.assert_balances(owed.unit, &[bank(&world, 25_000), collected(-25_000)]);
    });
}
