//! An account ends only when no money is on its way out of it or into it; what stands in the way is named.

use std::time::Duration;

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::error::Result;
use bienlai::id::SlipId;
use bienlai::payment::book::Method;
use bienlai::remittance::Kind as Order;
use bienlai::report::winding_up::{self, What};
use bienlai::shift::deposit;
use bienlai::store::{Stamp, Tx};

use crate::cash_by_command::Shell;
use crate::refunds::{approve, overpaid, request, send, today};
use crate::remittances::{approved, collected};
use crate::support::program::Service;
use crate::support::visitor::seated;
use crate::support::world::line;
use crate::support::{World, each_database};

/// Whether one such thing is in the way of the account's end, and of its unit's.
fn waits_for(world: &World, what: What) -> bool {
    let (unit, account, day) = (world.ba_dinh.id, world.ba_dinh.account, today(world));
    let of_account = world.look(|conn| winding_up::account::obstacles(conn, unit, account, day));
    let of_unit = world.look(|conn| winding_up::unit::obstacles(conn, &merged(world)));
    let [account, unit] =
        [of_account, of_unit].map(|found| found.iter().any(|one| one.what == what && one.detail == "1"));
    assert_eq!(account, unit, "{what:?}");
    if account {
        let refused = world.try_change(|tx, stamp| end_now(world, tx, stamp)).unwrap_err();
        assert_eq!(refused.code(), "account_busy");
        assert!(refused.detail().contains(&format!("{}: 1", what.as_str())), "{refused:?}");
    }
    account
}

/// As if the unit were merged: what would stand in the way of handing it over.
fn merged(world: &World) -> bienlai::unit::succession::Succession {
    bienlai::unit::succession::Succession {
        unit: world.ba_dinh.id,
        successor: world.tay_ho.id,
        effective_on: today(world),
        decision: "21/NQ-HĐND".into(),
    }
}

#[test]
fn an_account_does_not_end_while_a_refund_leaves_it_and_page_and_command_say_so() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        crate::duties::register_both(&world);
        let payment = overpaid(&world);
        assert!(!waits_for(&world, What::RefundUnderWay));
        let refund = request(&world, payment, 5_000).unwrap();
        assert!(waits_for(&world, What::RefundUnderWay), "asked for");
        approve(&world, &refund).unwrap();
        assert!(waits_for(&world, What::RefundUnderWay), "approved");
        send(&world, &refund).unwrap();
        assert!(waits_for(&world, What::RefundUnderWay), "sent");

        let (maker, checker) = (world.clerk.to_string(), world.chief.to_string());
        let day = today(&world).to_string();
        let mut ask = vec!["unit", "end-account", "--unit", "00004", "--account", world.ba_dinh.account_no];
        ask.extend([
            "--last-day",
            &day,
            "--reason",
            "gộp tài khoản",
            "--maker",
            &maker,
            "--checker",
            &checker,
        ]);
        let (code, told, error) = Shell::new(&world).run(&ask);
        assert!(code != 0 && error.contains("refund_under_way: 1"), "{told} {error}");

        let mut service = Service::start(&world);
        let mut admin = seated(&world, service.address, Role::Administrator, "quantri.mot", Scope::All);
        let account = format!("00004/{}", world.ba_dinh.account_no);
        let form = [("account", account.as_str()), ("last_day", day.as_str()), ("reason", "gộp tài khoản")];
        admin.get("/admin/proposals");
        assert_eq!(admin.post("/admin/proposals/account-end", &form).status, 303, "{}", admin.page);
        assert_eq!(admin.get("/admin/proposals").status, 200);
        admin.sees("Phiếu hoàn tiền chưa xong");
        service.stop();
    });
}

#[test]
fn an_account_does_not_end_while_cash_is_on_its_way_to_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        world.raise(Dong(10_000));
        let owed = world.raise(Dong(25_000));
        world.take(&owed, Dong(25_000), Method::Cash).unwrap();
        assert!(!waits_for(&world, What::SlipUnderWay));
        let slip = handed_over(&world);
        assert!(waits_for(&world, What::SlipUnderWay), "{slip}");
    });
}

fn handed_over(world: &World) -> SlipId {
    let (unit, cashier) = (world.ba_dinh.id, world.cashier(world.ba_dinh.id));
    let id = world.shift(unit);
    let notes = bienlai::shift::Count::parse("20000x1,5000x1").unwrap();
    world.change(|tx, stamp| bienlai::shift::close(tx, stamp, &cashier, (unit, id), &notes, &[]));
    let parts = [(id, Dong(25_000))];
    world.change(|tx, stamp| deposit::hand_over(tx, stamp, &cashier, unit, None, &parts)).id
}

#[test]
fn an_account_does_not_end_while_an_order_to_the_treasury_is_open() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected(&world);
        assert!(!waits_for(&world, What::OrderUnderWay));
        approved(&world, Order::Treasury);
        assert!(waits_for(&world, What::OrderUnderWay));
    });
}

/// Ends the account within a transaction of somebody else's.
fn end_now(world: &World, tx: &mut Tx<'_>, stamp: &Stamp<'_>) -> Result<()> {
    let admin =
        Actor { role: Role::Administrator, person: Some(world.chief), client: None, scope: Scope::All };
    let place = (world.ba_dinh.id, world.ba_dinh.account);
    let why = (today(world), "gộp tài khoản");
    winding_up::account::end(tx, stamp, &admin, place, why, (world.clerk, world.chief))
}

/// What `second` comes to when it begins while `first` is not committed yet.
fn meanwhile<T: Send>(
    world: &World,
    first: impl Fn(&mut Tx<'_>, &Stamp<'_>) -> Result<()>,
    second: impl FnOnce() -> T + Send,
) -> T {
    std::thread::scope(|scope| {
        let (done, waits) = std::sync::mpsc::channel();
        let mut second = Some(move || {
            let outcome = second();
            let _ = done.send(());
            outcome
        });
        let mut other = None;
        world.change(|tx, stamp| {
            first(tx, stamp)?;
            // It waits for this transaction, or has an answer that it should not have.
            if let Some(second) = second.take() {
                other = Some(scope.spawn(second));
                let _ = waits.recv_timeout(Duration::from_millis(300));
            }
            Ok(())
        });
        other.expect("it was begun").join().expect("it ends")
    })
}

#[test]
fn an_obligation_that_is_raised_in_the_moment_of_an_end_is_counted_or_refused() {
    each_database(|database| {
        let world = World::settled_in(database);
        let lines = || vec![line("HT-01", "phi", "receipt", Dong(10_000))];
        let raise = |tx: &mut Tx<'_>, stamp: &Stamp<'_>| world.raise_within(tx, stamp, lines()).map(|_| ());
        let refused = meanwhile(&world, raise, || world.try_change(|tx, stamp| end_now(&world, tx, stamp)));
        assert!(refused.unwrap_err().detail().contains("obligation_open: 1"));
        for owed in world.words("SELECT CAST(id AS TEXT) AS t FROM obligation") {
            let owed = world.look(|conn| {
                bienlai::obligation::find(
                    conn,
                    world.ba_dinh.id,
                    bienlai::id::ObligationId(owed.parse().unwrap()),
                )
            });
            world.cancel(&owed).unwrap();
        }
        let end = |tx: &mut Tx<'_>, stamp: &Stamp<'_>| end_now(&world, tx, stamp);
        let raised = meanwhile(&world, end, || world.try_raise(&world.ba_dinh, lines()));
        assert_eq!(raised.unwrap_err().code(), "unit_has_no_account");
    });
}
