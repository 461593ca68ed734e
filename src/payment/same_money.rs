//! Two movements that a statement line shows to be one money: one of them proves the line, what was
//! posted on the other is taken back.

use super::awaited;
use super::book::{Book, Bucket, Payment, PaymentState};
use super::documents::{Part, recognised_parts};
use super::held::{hold, load_obligations, touch};
use super::movement::State;
use super::prove::{CLAIM_KINDS, Desk, LineWork, Mark};
use super::{line_query, movement_query, payment_query};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::exception::{Kind, Subject};
use crate::id::{MovementId, ObligationId, UnitId};
use crate::ledger::{Account, Posting, Source};
use crate::notification;
use crate::obligation;
use crate::receipt;
use crate::store::{Stamp, Tx, rows};

crate::table_row! {
    pub struct SameAsRow in "movement_same_as" {
        pub unit_id: UnitId,
        pub later_id: MovementId,
        pub earlier_id: MovementId,
        pub created_at: Instant,
    }
}

const WHY: &str = "the same money as another movement";

/// Which of the two stays: the only one whose money has a home, else the older one.
fn choose(book: &Book, unit: UnitId, movements: [MovementId; 2]) -> Result<(MovementId, MovementId)> {
    let missing = || Error::internal("a movement of the same money was not read");
    let [older, newer] = movements;
    let has_home = |id: MovementId| -> Result<bool> {
        Ok(book.movements.get(&(unit, id)).ok_or_else(missing)?.value.payment.is_some())
    };
    let keeps_newer = !has_home(older)? && has_home(newer)?;
    Ok(if keeps_newer { (newer, older) } else { (older, newer) })
}

/// Proves the line by the movement that stays and takes the other one back. `contended` when
/// either moved meanwhile.
pub(super) fn post(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    desk: &mut Desk<'_>,
    work: &LineWork,
    movements: [MovementId; 2],
) -> Result<Mark> {
    let (kept, dropped) = choose(&desk.book, work.unit, movements)?;
    let mark = desk.prove(work, &[(kept, work.size())])?;
    let missing = || Error::internal("a movement of the same money was not read");
    let held = desk.book.movements.get_mut(&(work.unit, dropped)).ok_or_else(missing)?;
    if held.value.state != State::Expected || held.value.proven.is_positive() {
        return Err(Error::busy(crate::store::failure::RETRY, 1, "the movement was proven meanwhile"));
    }
    held.value.state = State::SameAs;
    touch(held);
    let payment = held.value.payment;
    for kind in CLAIM_KINDS {
        desk.book.settled_exceptions.push((work.unit, kind, Subject::Movement(dropped), WHY));
    }
    let row = SameAsRow { unit_id: work.unit, later_id: dropped, earlier_id: kept, created_at: stamp.now };
    rows::insert(tx, &[row])?;
    desk.note(work, Kind::SameMoneyTwoChannels, work.size());
    if let Some(id) = payment {
        let payment = desk.book.payments.get(&(work.unit, id)).ok_or_else(missing)?.value.clone();
        take_back(tx, stamp, actor, desk, work, &payment)?;
    }
    Ok(mark)
}

/// Everything a payment did is undone: it never was money of its own.
fn take_back(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    desk: &mut Desk<'_>,
    work: &LineWork,
    payment: &Payment,
) -> Result<()> {
    let unit = work.unit;
    if payment.state != PaymentState::Claimed {
        return Err(Error::busy(crate::store::failure::RETRY, 1, "the payment was proven meanwhile"));
    }
    let clearing = Account::Clearing(work.account, payment.channel.clone());
    desk.book.expose(unit, work.account, &payment.channel, Dong(-payment.amount.0))?;
    desk.book.tell_payment(unit, payment.id, "disproven", PaymentState::Disproven, Some(WHY.into()))?;
    if payment.surplus.is_positive() {
        desk.book.allocate(unit, payment.id, Bucket::Surplus, Bucket::Reversed, payment.surplus)?;
        desk.entry(work, Account::Surplus(payment.id), clearing.clone(), payment.surplus);
        for kind in [Kind::Overpaid, Kind::DuplicateTransfer, Kind::LatePayment] {
            desk.book.settled_exceptions.push((unit, kind, Subject::Payment(payment.id), WHY));
        }
    }
    if payment.other_unit.is_positive() {
        desk.book.allocate(unit, payment.id, Bucket::OtherUnit, Bucket::Reversed, payment.other_unit)?;
        let owed = other_unit_of(tx, unit, payment)?;
        desk.entry(work, Account::DueToUnit(owed), clearing.clone(), payment.other_unit);
    }
    for (id, share) in payment_query::allocated_to(tx, unit, payment.id)? {
        if !desk.book.obligations.contains_key(&(unit, id)) {
            load_obligations(tx, stamp, &mut desk.book, &[(unit, id)])?;
        }
        reopen(tx, stamp, actor, desk, work, payment, (id, share), &clearing)?;
    }
    Ok(())
}

/// The unit that a payment's money is owed to.
fn other_unit_of(tx: &mut Tx<'_>, unit: UnitId, payment: &Payment) -> Result<UnitId> {
    line_query::owed_to(tx, unit, payment.id)?
        .ok_or_else(|| Error::internal("money of another unit was not posted as owed to one"))
}

#[allow(clippy::too_many_arguments, reason = "the parts of one decision; a struct would only rename them")]
fn reopen(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    desk: &mut Desk<'_>,
    work: &LineWork,
    payment: &Payment,
    (id, share): (ObligationId, Dong),
    clearing: &Account,
) -> Result<()> {
    let unit = work.unit;
    desk.book.allocate(unit, payment.id, Bucket::Obligation(id), Bucket::Reversed, share)?;
    let missing = || Error::internal("an obligation of the same money was not read");
    let before = desk.book.obligations.get(&(unit, id)).ok_or_else(missing)?.value.clone();
    // What a correction waits for is no receipt's money yet: the receipt stands on older money.
    let is_recognised = before.state == obligation::State::Paid && !awaited::is_waiting(tx, &before)?;
    let documents = if is_recognised {
        desk.receipts_of.remove(&(unit, id));
        receipt::query::current_of_obligations(tx, &[(unit, id)])?
    } else {
        Vec::new()
    };
    for current in &documents {
        receipt::cancel::cancel(tx, stamp, actor, unit, current.receipt, WHY)?;
        notification::cancelled(tx, stamp, unit, current.receipt)?;
    }
    let lines = desk.book.lines.get(&(unit, id)).cloned().unwrap_or_default();
    let parts = recognised_parts(&lines, id, share, is_recognised, &documents)?;
    let accounting_date = desk.accounting_date(work);
    let mut post = |part: Part, credit: Account| {
        desk.book.postings.push(Posting {
            unit,
            debit: part.account,
            credit,
            amount: part.amount,
            accounting_date,
            source: part.document.map_or(Source::Line(work.line), Source::Receipt),
        });
    };
    parts.taken.into_iter().for_each(|part| post(part, clearing.clone()));
    // The other payments' share was recognised too and becomes an advance again.
    parts.left.into_iter().for_each(|part| post(part, Account::ReceivedInAdvance(id)));
    let allocated = before.allocated.checked_sub(share)?;
    let state = obligation::State::Reopened;
    desk.book.tell_obligation(unit, id, payment.id, "reopened", state, allocated)?;
    Ok(())
}

/// The movement that one of the book stands for: itself, or the one it is the same money as, which
/// is read into the book.
pub(super) fn stands_for(
    tx: &mut Tx<'_>,
    unit: UnitId,
    id: MovementId,
    book: &mut Book,
) -> Result<MovementId> {
    let is_dropped = book.movements.get(&(unit, id)).is_some_and(|held| held.value.state == State::SameAs);
    if !is_dropped {
        return Ok(id);
    }
    let kept = line_query::same_as(tx, unit, id)?
        .ok_or_else(|| Error::internal("a movement is the same as none"))?;
    if !book.movements.contains_key(&(unit, kept)) {
        for movement in movement_query::movements(tx, &[(unit, kept)])? {
            hold(book, movement);
        }
    }
    Ok(kept)
}
