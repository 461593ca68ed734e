//! Two movements that a statement line shows to be one money: one of them proves the line, what was
//! posted on the other is taken back.

use super::book::{Book, Payment, PaymentState};
use super::held::{hold, load_obligations, touch};
use super::movement::State;
use super::prove::{CLAIM_KINDS, Desk, LineWork, Mark};
use super::take_back::{TakeBack, Taken};
use super::{line_query, movement_query, payment_query};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::exception::{Kind, Subject};
use crate::id::{MovementId, UnitId};
use crate::ledger::{Account, Source};
use crate::obligation::State as Owed;
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
        take_back(tx, stamp, actor, desk, work, payment)?;
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
    payment: Payment,
) -> Result<()> {
    let unit = work.unit;
    if payment.state != PaymentState::Claimed {
        return Err(Error::busy(crate::store::failure::RETRY, 1, "the payment was proven meanwhile"));
    }
    let to = Account::Clearing(work.account, payment.channel.clone());
    let shares = payment_query::allocated_to(tx, unit, payment.id)?;
    let fresh = shares.iter().map(|(id, _)| (unit, *id));
    let fresh: Vec<_> = fresh.filter(|key| !desk.book.obligations.contains_key(key)).collect();
    load_obligations(tx, stamp, &mut desk.book, &fresh)?;
    desk.book.expose(unit, work.account, &payment.channel, Dong(-payment.amount.0))?;
    let (on, source) = (desk.accounting_date(work), Source::Line(work.line));
    let taken = Taken { payment, shares };
    TakeBack { stamp, actor, on, to, source, why: WHY, end: PaymentState::Disproven }.all(
        tx,
        &mut desk.book,
        &taken,
    )?;
    // The documents that stood on it are cancelled.
    for (id, _) in &taken.shares {
        if desk.book.obligations.get(&(unit, *id)).is_some_and(|held| held.value.state == Owed::Reopened) {
            desk.receipts_of.remove(&(unit, *id));
        }
    }
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
