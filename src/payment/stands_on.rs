//! What the money that is taken back stands on: the obligations of each payment, each with its share, and the unit
//! whose money it is. And what taking back the money of another unit does.

use std::collections::HashMap;

use super::book::{Book, Bucket, Payment, PaymentState};
use super::prove::{Desk, LineWork};
use super::refund::owed_back::Debts;
use super::reversal::WHY;
use super::{line_query, movement_query, payment_query, undo};
use crate::amount::Dong;
use crate::error::Result;
use crate::exception::{Kind, Subject};
use crate::id::*;
use crate::ledger::Account;
use crate::store::{Conn, Tx};

type Key = (UnitId, PaymentId);

/// Of the payments whose money is taken back. Asked only where something is.
#[derive(Default)]
pub(super) struct StandsOn {
    shares: HashMap<Key, Vec<(ObligationId, Dong)>>,
    /// What the bank took back of each before, and nobody covered.
    debts: HashMap<Key, Dong>,
    others: HashMap<Key, OtherUnit>,
}

/// Money of another unit that is here still.
#[derive(Clone)]
struct OtherUnit {
    to: UnitId,
    /// What may have opened an item about it, each with the other payments that the same item is about.
    asked: Vec<(Subject, Vec<PaymentId>)>,
}

impl StandsOn {
    /// Reads it for payments of the book, under their locks.
    pub fn read(tx: &mut Tx<'_>, book: &Book, keys: &[Key]) -> Result<StandsOn> {
        let mut found = StandsOn::default();
        for (unit, id) in keys.iter().copied() {
            found.shares.insert((unit, id), payment_query::allocated_to(tx, unit, id)?);
            found.debts.insert((unit, id), Debts::of(tx, unit, id)?.of_bank());
            let Some(payment) = book.payments.get(&(unit, id)).map(|held| &held.value) else { continue };
            if payment.other_unit.is_positive()
                && undo::owes_other_unit(tx, payment)?
                && let Some(to) = line_query::owed_to(tx, unit, id)?
            {
                found.others.insert((unit, id), OtherUnit { to, asked: asked(tx, payment)? });
            }
        }
        Ok(found)
    }

    pub fn shares(&self, key: Key) -> Vec<(ObligationId, Dong)> {
        self.shares.get(&key).cloned().unwrap_or_default()
    }

    /// What the bank took back of it before this run, and nobody covered.
    pub fn debt(&self, key: Key) -> Dong {
        self.debts.get(&key).copied().unwrap_or(Dong::ZERO)
    }
}

/// The items that may be open about another unit's money of a payment.
fn asked(conn: &mut Conn, payment: &Payment) -> Result<Vec<(Subject, Vec<PaymentId>)>> {
    let Some(movement) = payment.movement else { return Ok(Vec::new()) };
    let mut found = vec![(Subject::Movement(movement), Vec::new())];
    for (unit, _, line) in line_query::lines_of_movements(conn, &[(payment.unit, movement)])? {
        let parts = line_query::standing_parts(conn, unit, line)?;
        let keys: Vec<_> = parts.into_iter().map(|(_, movement, _)| (unit, movement)).collect();
        let shown = movement_query::movements(conn, &keys)?.into_iter().filter_map(|one| one.payment);
        let beside: Vec<Key> = shown.filter(|id| *id != payment.id).map(|id| (unit, id)).collect();
        let beside = payment_query::payments(conn, &beside)?;
        let beside = beside.into_iter().filter(|one| one.other_unit.is_positive()).map(|one| one.id);
        found.push((Subject::Line(line), beside.collect()));
    }
    Ok(found)
}

/// The obligations that payments stand on.
pub(super) fn obligations(conn: &mut Conn, payments: &[Key]) -> Result<Vec<(UnitId, ObligationId)>> {
    let mut found = Vec::new();
    for (unit, id) in payments.iter().copied() {
        let shares = payment_query::allocated_to(conn, unit, id)?;
        found.extend(shares.into_iter().map(|(obligation, _)| (unit, obligation)));
    }
    Ok(found)
}

impl Desk<'_> {
    /// The bank took back what came for another unit: so much is owed to that unit no longer. What was paid on to it
    /// already stays a debt, for a person to ask it back.
    pub(super) fn release_other_unit(
        &mut self,
        work: &LineWork,
        payment: &Payment,
        size: Dong,
        debt: &Account,
    ) -> Result<()> {
        let (unit, id) = (work.unit, payment.id);
        let Some(other) = self.stands_on.others.get(&(unit, id)).cloned() else { return Ok(()) };
        let part = size.min(payment.other_unit);
        if !part.is_positive() || self.is_paid_on(unit, &other) {
            return Ok(());
        }
        let is_gone = part == payment.other_unit && payment.reversed.checked_add(part)? == payment.amount;
        let (kind, state) =
            if is_gone { ("reversed", PaymentState::Reversed) } else { ("moved", payment.state) };
        self.book.tell_payment(unit, id, kind, state, Some(WHY.to_owned()))?;
        self.book.allocate(unit, id, Bucket::OtherUnit, Bucket::Reversed, part)?;
        self.entry(work, Account::DueToUnit(other.to), debt.clone(), part);
        if part < payment.other_unit {
            return Ok(());
        }
        for (subject, beside) in other.asked {
            let is_owed = |id: &PaymentId| {
                self.book.payments.get(&(unit, *id)).is_none_or(|held| held.value.other_unit.is_positive())
            };
            if !beside.iter().any(is_owed) {
                self.book.settled_exceptions.push((unit, Kind::WrongAccount, subject, WHY));
            }
        }
        Ok(())
    }

    /// Whether a debit of this run paid it on.
    fn is_paid_on(&self, unit: UnitId, other: &OtherUnit) -> bool {
        let mut ended = self.book.settled_exceptions.iter();
        ended.any(|(of, kind, subject, why)| {
            (*of, *kind) == (unit, Kind::WrongAccount)
                && *why != WHY
                && other.asked.iter().any(|(asked, _)| asked == subject)
        })
    }
}
