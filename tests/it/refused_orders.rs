//! Orders and refunds that were refused and left the account all the same, and refunds that many
//! people ask for at once.

use bienlai::actor::Role;
use bienlai::amount::Dong;
use bienlai::error::Result;
use bienlai::exception::{self, Kind as ExceptionKind};
use bienlai::id::PersonId;
use bienlai::ledger::Account;
use bienlai::payment::refund::State as RefundState;
use bienlai::payment::resolve;
use bienlai::remittance::{Kind, State};

use crate::corrections::person;
use crate::refunds;
use crate::remittances::{self, approved, bank, close_day, collected, draft_of, due, kept, shown, told};
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};

/// One person proposes, another approves.
fn named(world: &World, kind: ExceptionKind, resolution: &str, target: i64, by: PersonId) -> Result<()> {
    let unit = world.ba_dinh.id;
    let clerk = person(unit, world.clerk, Role::Finance);
    let chief = person(unit, by, Role::Approver);
    let open = |one: &exception::Exception| one.kind == kind && one.state != exception::State::Resolved;
    let item = world.exceptions(unit).into_iter().find(open).expect("it is open");
    if item.state == exception::State::Open {
        world.try_change(|tx, stamp| {
            let item = exception::propose(
                tx,
                stamp,
                &clerk,
                unit,
                item.id,
                (resolution, Some(target), "ủy nhiệm chi"),
            )?;
            resolve::check_proposal(tx, &item, resolution, Some(target))
        })?;
    }
    world.try_change(|tx, stamp| resolve::approve(tx, stamp, &chief, unit, item.id)).map(|_| ())
}

#[test]
fn a_refused_order_that_the_bank_paid_stands_again_and_the_treasury_reports_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected(&world);
        let order = draft_of(&world, Kind::Treasury, &[]).unwrap();
        remittances::refuse(&world, &order).unwrap();
        shown(&world, 33_000, -20_500, &format!("NOP NSNN {}", order.reference_code));
        assert_eq!(world.open_kinds(order.unit), [ExceptionKind::UnknownDebit]);
        let kind = ExceptionKind::UnknownDebit;
        let other = draft_of(&world, Kind::Treasury, &[(remittances::DUE, 500)]).unwrap();
        let unfit = named(&world, kind, "remittance_refused", other.id.0, world.chief);
        assert_eq!(unfit.unwrap_err().code(), "resolution_unfit", "it was not refused");
        remittances::refuse(&world, &other).unwrap();
        named(&world, kind, "remittance_refused", order.id.0, world.chief).unwrap();
        let now = remittances::now(&world, &order);
        assert_eq!((now.state, now.checker, now.was_debited), (State::Debited, Some(world.chief), true));
        let transit = Account::TreasuryInTransit(order.id);
        world.assert_balances(
            order.unit,
            &[bank(&world, 12_500), (transit, 20_500), kept(-12_500), due(-20_500)],
        );
        let day = world.now().business_day();
        told(&world, &[&format!("{},805,2771,20500,{day},credited,", order.reference_code)]);
        assert_eq!(remittances::now(&world, &order).state, State::Settled);
        assert!(world.open_kinds(order.unit).is_empty());
    });
}

#[test]
fn an_order_paid_beside_the_one_that_took_its_place_is_owed_back_by_the_treasury() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected(&world);
        let refused = draft_of(&world, Kind::Treasury, &[]).unwrap();
        remittances::refuse(&world, &refused).unwrap();
        let second = approved(&world, Kind::Treasury);
        assert_eq!(second.amount, refused.amount);
        shown(&world, 33_000, -20_500, &format!("NOP NSNN {}", refused.reference_code));
        named(&world, ExceptionKind::UnknownDebit, "remittance_refused", refused.id.0, world.chief).unwrap();
        assert_eq!(remittances::now(&world, &refused).state, State::Refused);
        let owed_back = Account::BudgetRefundDue("805-2771".into());
        world.assert_balances(
            refused.unit,
            &[bank(&world, 12_500), (owed_back, 20_500), kept(-12_500), due(-20_500)],
        );
        close_day(&world);
        let claim = draft_of(&world, Kind::Claim, &[]).unwrap();
        assert_eq!(claim.amount, Dong(20_500), "the unit asks for it back");
    });
}

#[test]
fn a_refused_refund_that_left_the_account_is_a_refund_after_all() {
    each_database(|database| {
        let world = World::settled_in(database);
        let payment = refunds::overpaid(&world);
        let refused = refunds::request(&world, payment, 5_000).unwrap();
        refunds::refuse(&world, &refused).unwrap();
        let other = refunds::request(&world, payment, 3_000).unwrap();
        refunds::approve(&world, &other).unwrap();
        world.wait_days(1);
        let out = format!("HOAN TIEN {}", refused.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, refunds::today(&world), 30_000);
        refunds::statement(&world, file.book(-5_000, &out, "R2"));
        let kind = ExceptionKind::RefundUnmatched;
        assert_eq!(
            named(&world, kind, "refund_debit", refused.id.0, world.chief).unwrap_err().code(),
            "resolution_unfit"
        );
        named(&world, kind, "refund_refused", refused.id.0, world.chief).unwrap();
        let now = refunds::now(&world, &refused);
        assert_eq!((now.state, now.checker), (RefundState::Debited, Some(world.chief)));
        // 2.000 of the surplus were free; the other refund keeps its 3.000, so the payee owes 3.000.
        assert_eq!(refunds::balance(&world, &Account::Surplus(payment)), 0);
        assert_eq!(refunds::balance(&world, &Account::RefundPayable), -3_000);
        assert_eq!(refunds::balance(&world, &Account::ReversalToRecover(payment)), 3_000);
        assert!(!world.open_kinds(refused.unit).contains(&ExceptionKind::RefundUnmatched));
        assert_eq!(refunds::request(&world, payment, 1).unwrap_err().code(), "refund_beyond_surplus");
    });
}

#[test]
fn many_who_ask_for_one_surplus_at_once_get_it_once() {
    each_database(|database| {
        let world = World::settled_in(database);
        let payment = refunds::overpaid(&world);
        let made: Vec<Result<_>> = std::thread::scope(|scope| {
            let world = &world;
            let asked: Vec<_> =
                (0..6).map(|_| scope.spawn(move || refunds::request(world, payment, 2_000))).collect();
            asked.into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 2, "5.000 are 2.000 twice: {made:?}");
        for fault in made.into_iter().filter_map(|made| made.err()) {
            assert_eq!(fault.code(), "refund_beyond_surplus");
        }
    });
}
