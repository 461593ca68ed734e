//! What a refund had taken before the bank took the payment back is owed back by whoever got it, beside what stands
//! under a document, and ends when it is paid back.

use bienlai::amount::Dong;
use bienlai::exception::{self, Exception, Kind, State as Asked};
use bienlai::id::PaymentId;
use bienlai::ledger::Account;
use bienlai::obligation::Obligation;
use bienlai::payment::book::{Method, PaymentState};
use bienlai::payment::refund::{Refund, State};
use bienlai::payment::resolve;
use bienlai::payment::split::Part;
use bienlai::payment::undo::{self, Foreseen};
use bienlai::report::verify;

use crate::refunds::{
    approve, balance, day, now, paid_back, refuse, request, said_of_a_credit, send, statement,
};
use crate::support::{World, each_database};
use crate::taken_apart::{approver, ask_to_reopen, finance, item, reopened};

const FEE: Dong = Dong(25_000);

/// What came is refunded so far as it is too much, the statement shows that leaving, and then the bank takes all that
/// came back. Money of another obligation stays on the account: 40.000.
fn taken_after_its_refund(world: &World, owed: &Obligation, came: i64, refunded: i64) -> (PaymentId, Refund) {
    let other = world.raise(Dong(40_000));
    let [memo, beside] = [owed, &other].map(|one| format!("{} nop phi", one.reference_code));
    let first = day(world, 0).book(came, &memo, "FT26327000001");
    statement(world, first.book(40_000, &beside, "FT26327000002"));
    let mut shown = world.payments(&world.ba_dinh).into_iter().filter(|one| one.method != Method::Cash);
    let payment = shown.find(|one| one.amount == Dong(came)).expect("it came").id;
    let asked = request(world, payment, refunded).unwrap();
    approve(world, &asked).unwrap();
    send(world, &asked).unwrap();
    world.wait_days(1);
    let out = format!("HOAN TIEN {}", asked.reference_code);
    statement(world, day(world, 40_000 + came).book(-refunded, &out, "FT26327202"));
    assert_eq!(now(world, &asked).state, State::Debited);
    world.wait_days(1);
    let back = format!("DAO GIAO DICH {memo}");
    statement(world, day(world, 40_000 + came - refunded).book(-came, &back, "FT26327000001"));
    assert_eq!((debt(world, payment), asked_for(world)), (came, came), "all of it is owed back");
    (payment, asked)
}

fn debt(world: &World, payment: PaymentId) -> i64 {
    balance(world, &Account::ReversalToRecover(payment))
}

/// What the open items about what the bank took ask for.
fn asked_for(world: &World) -> i64 {
    let items = world.exceptions(world.ba_dinh.id).into_iter();
    let is_asked = |item: &Exception| item.kind == Kind::BankReversal && item.state != Asked::Resolved;
    items.filter(is_asked).map(|item| item.amount.0).sum()
}

/// What is owed back of a payment, and that exactly so much is asked for.
#[track_caller]
fn assert_owes(world: &World, payment: PaymentId, amount: i64) {
    assert_eq!((debt(world, payment), asked_for(world)), (amount, amount));
    assert_eq!(world.problems(), Vec::<String>::new());
    let faults = world.look(|conn| verify::unit(conn, world.ba_dinh.id));
    assert!(faults.is_empty(), "{faults:?}");
}

#[track_caller]
fn assert_unfit(world: &World, refund: &Refund, opening: i64, amount: i64) {
    let tried = paid_back(world, refund, opening, amount).unwrap_err();
    assert_eq!(tried.code(), "resolution_unfit");
}

/// The payer pays the fee again, under its own code.
fn paid_again(world: &World, owed: &Obligation, opening: i64) {
    world.wait_days(1);
    let memo = format!("{} nop lai", owed.reference_code);
    statement(world, day(world, opening).book(FEE.0, &memo, "FT26327000009"));
}

fn state_of(world: &World, payment: PaymentId) -> PaymentState {
    world.payments(&world.ba_dinh).into_iter().find(|one| one.id == payment).expect("it is there").state
}

#[test]
fn what_a_refund_took_before_the_bank_took_the_payment_back_is_paid_back_and_the_fee_stays_owed() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let (payment, refund) = taken_after_its_refund(&world, &owed, 30_000, 5_000);
        // What is under the document is paid again, and is no money of the refund.
        assert_unfit(&world, &refund, 35_000, 5_001);
        paid_back(&world, &refund, 40_001, 5_000).unwrap();
        assert_owes(&world, payment, 25_000);
        assert_unfit(&world, &refund, 45_001, 100);
        paid_again(&world, &owed, 45_101);
        assert_owes(&world, payment, 0);
        assert_eq!(state_of(&world, payment), PaymentState::Reversed);
        assert_eq!(world.receipts(&owed).len(), 1, "its document stands");
        assert_eq!(world.open_kinds(refund.unit), [Kind::UnidentifiedCredit; 2], "what was more than owed");
    });
}

#[test]
fn what_a_refund_took_before_is_paid_back_in_parts_and_each_part_is_owed_again_when_it_was_another_ones() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let (payment, refund) = taken_after_its_refund(&world, &owed, 30_000, 5_000);
        paid_again(&world, &owed, 35_000);
        assert_owes(&world, payment, 5_000);
        let part = paid_back(&world, &refund, 60_000, 2_000).unwrap();
        assert_owes(&world, payment, 3_000);
        assert_unfit(&world, &refund, 62_000, 4_000);
        let rest = paid_back(&world, &refund, 66_000, 3_000).unwrap();
        assert_owes(&world, payment, 0);
        reopened(&world, rest);
        assert_owes(&world, payment, 3_000);
        assert_eq!(ask_to_reopen(&world, rest).unwrap_err().code(), "exception_not_resolved", "once");
        reopened(&world, part);
        assert_owes(&world, payment, 5_000);
        said_of_a_credit(&world, &refund, 3_000, "refund_repaid").unwrap();
        assert_owes(&world, payment, 2_000);
        said_of_a_credit(&world, &refund, 2_000, "refund_repaid").unwrap();
        assert_owes(&world, payment, 0);
    });
}

#[test]
fn a_second_transfer_that_was_refunded_and_taken_back_is_paid_back_whole() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        world.take(&owed, FEE, Method::Cash).unwrap();
        let (payment, refund) = taken_after_its_refund(&world, &owed, 25_000, 25_000);
        assert_eq!(state_of(&world, payment), PaymentState::Reversed);
        let asks = item(&world, Kind::BankReversal).id;
        let settled = paid_back(&world, &refund, 15_000, 25_000).unwrap();
        assert_owes(&world, payment, 0);
        let settled = world.look(|conn| exception::find(conn, refund.unit, settled));
        match world.look(|conn| undo::foreseen(conn, &settled)) {
            Some(Foreseen::Does(effect)) => assert_eq!(effect.items_reopened, [asks]),
            other => panic!("{other:?}"),
        }
        reopened(&world, settled.id);
        assert_owes(&world, payment, 25_000);
        assert_eq!(item(&world, Kind::BankReversal).id, asks, "the same item asks again");
    });
}

#[test]
fn a_refund_that_comes_back_after_it_was_paid_back_in_part_covers_what_the_payer_owes() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let (payment, refund) = taken_after_its_refund(&world, &owed, 30_000, 5_000);
        let part = paid_back(&world, &refund, 35_000, 2_000).unwrap();
        world.wait_days(1);
        let back = format!("TRA LAI {}", refund.reference_code);
        statement(&world, day(&world, 37_000).book(5_000, &back, "FT26327203"));
        assert_eq!(now(&world, &refund).state, State::Bounced);
        assert_unfit(&world, &refund, 42_000, 3_000);
        assert_eq!(ask_to_reopen(&world, part).unwrap_err().code(), "undo_refund_under_way");
        refuse(&world, &refund).unwrap();
        assert_eq!(debt(&world, payment), 23_000, "7.000 came of the 30.000");
        assert_eq!(balance(&world, &Account::Surplus(payment)), 0);
        reopened(&world, part);
        assert_owes(&world, payment, 25_000);
        paid_again(&world, &owed, 45_000);
        assert_owes(&world, payment, 0);
    });
}

#[test]
fn what_the_bank_brings_back_is_parted_between_the_fee_and_what_the_refund_took() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let (payment, refund) = taken_after_its_refund(&world, &owed, 30_000, 5_000);
        let unit = refund.unit;
        world.wait_days(1);
        statement(&world, day(&world, 35_000).book(30_000, "chuyen tien", "FT26327204"));
        let whole = said_of_a_credit(&world, &refund, 30_000, "refund_repaid").unwrap_err();
        assert_eq!(whole.code(), "resolution_unfit");
        let (maker, checker) = (finance(&world), approver(&world));
        let id = item(&world, Kind::UnidentifiedCredit).id;
        let fee = [Part { obligation: owed.id, amount: FEE }];
        world.change(|tx, stamp| {
            let ask = ("split", None, "công văn ngân hàng 8/2026").into();
            resolve::propose(tx, stamp, &maker, (unit, id), ask, &fee)
        });
        world.change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, id));
        assert_owes(&world, payment, 5_000);
        let rest = said_of_a_credit(&world, &refund, 5_000, "refund_repaid").unwrap();
        assert_owes(&world, payment, 0);
        assert!(world.open_kinds(unit).is_empty(), "nobody is asked for anything");
        reopened(&world, rest);
        assert_owes(&world, payment, 5_000);
    });
}
