//! A card's holder takes money back: whoever pays again covers that, what was too much covers it first, and without a
//! document the debt is open again.

use bienlai::actor::Role;
use bienlai::amount::Dong;
use bienlai::correction::Kind as CorrectionKind;
use bienlai::exception::{self, Kind};
use bienlai::id::PaymentId;
use bienlai::ledger::Account;
use bienlai::obligation::{Obligation, State};
use bienlai::payment::book::{Method, PaymentState};
use bienlai::payment::pos::Item;
use bienlai::payment::refund;
use bienlai::payment::resolve;
use bienlai::report::verify;

use crate::cards::{back, batch, sale, shown, slip};
use crate::corrections::{corrected, fee, person};
use crate::refunds::{approve, balance, paid_back, request, said_of_a_credit, send};
use crate::support::world::line;
use crate::support::{World, each_database};
use crate::taken_apart::reopened;

const FEE: Dong = Dong(25_000);

/// A fee that was paid by card, and its payment, which a batch proves.
fn paid_by_card(world: &World) -> (Obligation, PaymentId) {
    let owed = world.raise(FEE);
    let payment = settled(world, &owed);
    (owed, payment)
}

/// A fee paid by card, and the batch that proves it.
fn settled(world: &World, owed: &Obligation) -> PaymentId {
    let payment = world.take(owed, FEE, Method::Card).unwrap().payment;
    slip(world, payment, "A00001").unwrap();
    world.seal();
    batch(world, "POS000001", 0, &[sale("A00001")]).unwrap();
    shown(world, 0, 25_000, "POS000001");
    payment
}

/// A day later the acquirer takes so much of it back.
fn charged_back(world: &World, reference: &str, opening: i64, amount: i64) {
    world.wait_days(1);
    batch(world, reference, 0, &[Item { amount: Dong(amount), ..back("A00001") }]).unwrap();
    shown(world, opening, -amount, reference);
}

fn debt(world: &World, payment: PaymentId) -> i64 {
    balance(world, &Account::ReversalToRecover(payment))
}

/// The debt that a chargeback left, and that persons are asked about it alone.
fn assert_asks_for(world: &World, payment: PaymentId, amount: i64) {
    assert_eq!(
        (debt(world, payment), world.open_kinds(world.ba_dinh.id)),
        (amount, vec![Kind::PosChargeback])
    );
}

fn assert_asks_nothing(world: &World) {
    let open = world.open_kinds(world.ba_dinh.id);
    assert!(open.is_empty(), "{open:?}");
}

fn books_hold(world: &World) {
    let faults = world.look(|conn| verify::unit(conn, world.ba_dinh.id));
    assert!(faults.is_empty(), "{faults:?}");
}

fn state_of(world: &World, payment: PaymentId) -> PaymentState {
    world.payments(&world.ba_dinh).into_iter().find(|one| one.id == payment).unwrap().state
}

#[test]
fn whoever_pays_again_what_a_card_was_charged_back_covers_the_debt_and_the_receipt_stands() {
    for is_transfer in [false, true] {
        each_database(|database| {
            let world = World::settled_in(database);
            let (owed, first) = paid_by_card(&world);
            charged_back(&world, "POS000002", 25_000, 25_000);
            assert_asks_for(&world, first, 25_000);
            if is_transfer {
                world.claim(&owed, FEE).settle();
            } else {
                world.take(&owed, FEE, Method::Cash).expect("it is owed again");
            }
            assert_eq!(debt(&world, first), 0);
            assert_asks_nothing(&world);
            assert_eq!((state_of(&world, first), world.receipts(&owed).len()), (PaymentState::Reversed, 1));
            let again = world.again(&owed);
            assert_eq!((again.state, again.allocated), (State::Paid, FEE));
            books_hold(&world);
        });
    }
}

#[test]
fn a_part_that_is_charged_back_is_owed_and_the_rest_stands() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, first) = paid_by_card(&world);
        charged_back(&world, "POS000002", 25_000, 10_000);
        assert_asks_for(&world, first, 10_000);
        world.take(&owed, Dong(10_000), Method::Cash).expect("so much is owed again");
        assert_eq!((debt(&world, first), state_of(&world, first)), (0, PaymentState::Proven));
        assert_asks_nothing(&world);
        books_hold(&world);
    });
}

#[test]
fn what_is_too_much_covers_a_chargeback_before_anything_is_refunded() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let (owed, first) = paid_by_card(&world);
        let receipt = world.receipts(&owed).remove(0);
        let amended = corrected(&world, &receipt, CorrectionKind::Replace, vec![fee("HT-01", 20_000)]);
        charged_back(&world, "POS000002", 25_000, 25_000);
        let refund = world.look(|conn| refund::find(conn, unit, amended.refunds[0]));
        assert_eq!(refund.state, refund::State::Refused, "its money is gone");
        assert_eq!((debt(&world, first), balance(&world, &Account::Surplus(first))), (20_000, 0));
        assert_eq!(world.open_kinds(unit), [Kind::PosChargeback]);
        books_hold(&world);
        // The receipt of what is left is cancelled: nobody owes anything, and nothing is asked.
        let left = world.receipts(&owed).pop().unwrap();
        corrected(&world, &left, CorrectionKind::Cancel, Vec::new());
        assert_eq!((debt(&world, first), state_of(&world, first)), (0, PaymentState::Reversed));
        assert_asks_nothing(&world);
        books_hold(&world);
    });
}

#[test]
fn a_chargeback_that_what_was_too_much_covers_whole_asks_nobody() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise(FEE);
        let first = settled(&world, &owed);
        let receipt = world.receipts(&owed).remove(0);
        corrected(&world, &receipt, CorrectionKind::Replace, vec![fee("HT-01", 20_000)]);
        charged_back(&world, "POS000002", 25_000, 5_000);
        assert_eq!((debt(&world, first), balance(&world, &Account::Surplus(first))), (0, 0));
        assert_eq!(state_of(&world, first), PaymentState::Proven, "the receipt stands on the rest");
        assert!(world.open_kinds(unit).is_empty(), "{:?}", world.open_kinds(unit));
        books_hold(&world);
        // The rest stands under the receipt: somebody has to see to that.
        charged_back(&world, "POS000003", 20_000, 20_000);
        let item = world.exceptions(unit).into_iter().find(|one| one.kind == Kind::PosChargeback).unwrap();
        assert_eq!((debt(&world, first), item.amount), (20_000, Dong(20_000)));
        books_hold(&world);
    });
}

#[test]
fn without_a_document_what_a_card_paid_is_open_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise_lines(&world.ba_dinh, vec![line("HT-01", "phi", "none", FEE)]);
        let first = settled(&world, &owed);
        charged_back(&world, "POS000002", 25_000, 25_000);
        let again = world.again(&owed);
        assert_eq!((again.state, again.allocated), (State::Reopened, Dong::ZERO));
        assert_eq!((debt(&world, first), state_of(&world, first)), (0, PaymentState::Reversed));
        world.assert_balances(unit, &[]);
        books_hold(&world);
        // The fee is owed again, and somebody has to tell the payer; nothing stands, so two persons may say they did.
        let item = world.exceptions(unit).remove(0);
        assert_eq!(item.kind, Kind::PosChargeback);
        let clerk = person(unit, world.clerk, Role::Finance);
        world.change(|tx, stamp| {
            let ask = ("acknowledge", None, "đã báo người nộp");
            exception::propose(tx, stamp, &clerk, unit, item.id, ask)?;
            resolve::check_proposal(tx, &item, "acknowledge", None)
        });
        world.take(&owed, FEE, Method::Cash).expect("it is owed");
        assert_eq!(world.again(&owed).state, State::Paid);
    });
}

#[test]
fn nobody_is_refunded_a_second_payment_while_the_first_was_taken_back() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, first) = paid_by_card(&world);
        // A second payment of the same debt is proven before the card is charged back.
        world.wait_days(1);
        shown(&world, 25_000, 25_000, &format!("{} nop phi", owed.reference_code));
        let twice = world.payments(&world.ba_dinh).into_iter().find(|one| one.id != first).unwrap();
        assert_eq!(twice.surplus, FEE);
        let asked = request(&world, twice.id, 25_000).unwrap();
        charged_back(&world, "POS000002", 50_000, 25_000);
        assert_eq!(debt(&world, first), 25_000);
        assert_eq!(approve(&world, &asked).unwrap_err().code(), "refund_money_reversed");
    });
}

#[test]
fn a_chargeback_on_the_line_of_a_refund_is_no_money_that_the_refund_took_too_much() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let (owed, first) = paid_by_card(&world);
        let receipt = world.receipts(&owed).remove(0);
        let amended = corrected(&world, &receipt, CorrectionKind::Replace, vec![fee("HT-01", 20_000)]);
        let refund = world.look(|conn| refund::find(conn, unit, amended.refunds[0]));
        approve(&world, &refund).unwrap();
        world.wait_days(1);
        let of = |amount| Item { amount: Dong(amount), ..back("A00001") };
        batch(&world, "POS000002", 0, &[of(5_000), of(20_000)]).unwrap();
        shown(&world, 25_000, -25_000, "POS000002");
        assert_asks_for(&world, first, 20_000);
        world.wait_days(1);
        shown(&world, 0, 5_000, "TRA LAI LENH CHUYEN TIEN");
        let tried = said_of_a_credit(&world, &refund, 5_000, "refund_repaid").unwrap_err();
        assert_eq!(tried.code(), "resolution_unfit", "the batch took exactly the refund");
        said_of_a_credit(&world, &refund, 5_000, "refund_bounced").expect("the card did not take it");
        assert_eq!((debt(&world, first), balance(&world, &Account::RefundPayable)), (20_000, -5_000));
        books_hold(&world);
    });
}

#[test]
fn what_was_refunded_before_a_card_was_charged_back_whole_is_paid_back_and_the_rest_is_asked_for() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let (owed, first) = paid_by_card(&world);
        let receipt = world.receipts(&owed).remove(0);
        let amended = corrected(&world, &receipt, CorrectionKind::Replace, vec![fee("HT-01", 20_000)]);
        let refund = world.look(|conn| refund::find(conn, unit, amended.refunds[0]));
        approve(&world, &refund).unwrap();
        send(&world, &refund).unwrap();
        let beside = world.raise(Dong(40_000));
        world.wait_days(1);
        shown(&world, 25_000, 40_000, &format!("{} nop phi", beside.reference_code));
        world.wait_days(1);
        shown(&world, 65_000, -5_000, &format!("HOAN TIEN {}", refund.reference_code));
        charged_back(&world, "POS000002", 60_000, 25_000);
        assert_asks_for(&world, first, 25_000);
        let asked = |world: &World| {
            let mut items = world.exceptions(unit).into_iter();
            items.find(|item| item.kind == Kind::PosChargeback).map(|item| (item.state, item.amount.0))
        };
        let back = paid_back(&world, &refund, 35_000, 5_000).unwrap();
        assert_asks_for(&world, first, 20_000);
        assert_eq!(asked(&world), Some((exception::State::Open, 20_000)), "that is under the document");
        books_hold(&world);
        reopened(&world, back);
        assert_eq!((debt(&world, first), asked(&world)), (25_000, Some((exception::State::Open, 25_000))));
        books_hold(&world);
    });
}

#[test]
fn a_payment_is_charged_back_in_parts_and_never_by_more_than_it_was() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let (owed, first) = paid_by_card(&world);
        charged_back(&world, "POS000002", 25_000, 10_000);
        charged_back(&world, "POS000003", 15_000, 9_000);
        assert_eq!(debt(&world, first), 19_000);
        let item = world.exceptions(unit).remove(0);
        assert_eq!(
            (item.kind, item.amount),
            (Kind::PosChargeback, Dong(19_000)),
            "one item asks for all of it"
        );
        assert_eq!(world.open_kinds(unit), [Kind::PosChargeback]);
        books_hold(&world);
        // More than is left is nobody's yet.
        batch(&world, "POS000004", 0, &[Item { amount: Dong(6_001), ..back("A00001") }]).unwrap();
        assert!(world.open_kinds(unit).contains(&Kind::BulkSettlement));
        // Whoever pays again covers all parts at once.
        world.take(&owed, Dong(19_000), Method::Cash).expect("so much is owed");
        assert_eq!(debt(&world, first), 0);
        assert!(!world.open_kinds(unit).contains(&Kind::PosChargeback));
        books_hold(&world);
    });
}

#[test]
fn two_parts_in_one_batch_are_both_the_payments() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let (_, first) = paid_by_card(&world);
        world.wait_days(1);
        let part = |amount| Item { amount: Dong(amount), ..back("A00001") };
        batch(&world, "POS000002", 0, &[part(10_000), part(15_000)]).unwrap();
        shown(&world, 25_000, -25_000, "POS000002");
        assert_eq!(debt(&world, first), 25_000);
        let item = world.exceptions(unit).remove(0);
        assert_eq!((item.kind, item.amount), (Kind::PosChargeback, FEE));
        assert_eq!(world.open_kinds(unit), [Kind::PosChargeback]);
        books_hold(&world);
    });
}
