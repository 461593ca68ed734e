//! A payer pays again what the bank took back, while the document stands: the money covers the debt, and
//! nothing of it is too much.

use super::book::{Book, Bucket, Incoming, PaymentState};
use super::cancel::shares;
use super::refund::owed_back::Debts;
use super::repaid_query as query;
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::exception::{self, Kind, Subject};
use crate::id::{LineId, ObligationId, PaymentId, UnitId};
use crate::ledger::{self, Account, Source};
use crate::obligation::{Obligation, State};
use crate::store::{Conn, Stamp, Tx};

/// What the bank took back under an obligation whose document stands, and nobody has covered since.
pub(super) fn owed_again(conn: &mut Conn, item: &Obligation) -> Result<Dong> {
    if item.state != State::Paid {
        return Ok(Dong::ZERO);
    }
    let mut keys = query::taken_back(conn, &[(item.unit, item.id)])?;
    keys.sort_unstable();
    keys.dedup();
    let mut owed = Dong::ZERO;
    for (unit, id, payment) in keys {
        let on_it = super::payment_query::allocated_to(conn, unit, payment)?;
        let share = on_it.into_iter().find(|(known, _)| *known == id).map_or(Dong::ZERO, |(_, share)| share);
        owed = owed.checked_add(Debts::of(conn, unit, payment)?.of_bank().min(share))?;
    }
    Ok(owed)
}

const WHY: &str = "the payer paid again";

/// What the bank took back of a payment whose document stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Debt {
    pub payment: PaymentId,
    /// Of this obligation, and not covered since.
    pub amount: Dong,
    /// The lines that took it back, and under which no other payment is owed.
    pub lines: Vec<LineId>,
}

/// Reads what the bank took back under the paid obligations of the book. The obligations are locked; the
/// payments are locked here. Asked further only where there is such money, which is rare.
pub(super) fn load(tx: &mut Tx<'_>, book: &mut Book) -> Result<()> {
    let mut paid: Vec<(UnitId, ObligationId)> = book
        .obligations
        .iter()
        .filter(|(_, held)| held.value.state == State::Paid)
        .map(|(key, _)| *key)
        .collect();
    paid.sort_unstable();
    let mut keys = query::taken_back(tx, &paid)?;
    keys.sort_unstable();
    keys.dedup();
    for (unit, obligation, payment) in keys {
        let on_it = shares(tx, unit, obligation, book)?;
        let share = on_it.into_iter().find(|(id, _)| *id == payment).map_or(Dong::ZERO, |(_, share)| share);
        // What a refund took too much is no debt under a document, and is asked for by its own items.
        let debts = Debts::of(tx, unit, payment)?;
        let amount = debts.of_bank().min(share);
        if amount.is_positive() {
            book.taken_back.entry((unit, payment)).or_insert(debts.of_bank());
            let mut lines = lines_alone(tx, unit, payment)?;
            lines.retain(|line| debts.lines().all(|other| other != *line));
            book.debts.entry((unit, obligation)).or_default().push(Debt { payment, amount, lines });
        }
    }
    Ok(())
}

/// The lines that took money of a payment back, the oldest first, without those under which another one is owed
/// still: what asks about such a line stays open.
fn lines_alone(conn: &mut Conn, unit: UnitId, payment: PaymentId) -> Result<Vec<LineId>> {
    let mut alone = Vec::new();
    let mut lines = ledger::lines_of(conn, unit, &Account::ReversalToRecover(payment))?;
    lines.sort_unstable();
    lines.dedup();
    for line in lines {
        let taken = ledger::recovered_by(conn, unit, line)?;
        // What had taken nothing of it, as persons found, is asked about for something else.
        let mut is_alone = taken.contains(&payment);
        for other in taken.into_iter().filter(|other| *other != payment) {
            let debt = ledger::balance(conn, unit, &Account::ReversalToRecover(other))?;
            is_alone &= !debt.is_positive();
        }
        if is_alone {
            alone.push(line);
        }
    }
    Ok(alone)
}

/// The items that ask for what is owed back of a payment and end when all of it is covered.
pub(super) fn asked_alone(
    conn: &mut Conn,
    unit: UnitId,
    payment: PaymentId,
    why: &'static str,
) -> Result<Vec<(UnitId, Kind, Subject, &'static str)>> {
    let lines = lines_alone(conn, unit, payment)?;
    Ok(asked(unit, payment, &lines, why))
}

/// The items that ask for what the bank took back of a payment.
fn asked(
    unit: UnitId,
    payment: PaymentId,
    lines: &[LineId],
    why: &'static str,
) -> Vec<(UnitId, Kind, Subject, &'static str)> {
    let of_lines = lines.iter().map(|line| (Kind::BankReversal, Subject::Line(*line)));
    let all = of_lines.chain([(Kind::PosChargeback, Subject::Payment(payment))]);
    all.map(|(kind, subject)| (unit, kind, subject, why)).collect()
}

/// What a book left of a debt, and the items that ask for it.
pub type Rest = (Vec<(UnitId, Kind, Subject, &'static str)>, Dong);

/// Items that ask for more than is owed since a book covered a part of it ask for what is left, all of them together:
/// what was taken first is covered first, and its item ends with it.
pub(super) fn restate(tx: &mut Tx<'_>, stamp: &Stamp<'_>, covered: &[Rest]) -> Result<()> {
    for (asked, owed) in covered {
        let mut left = *owed;
        for cause in asked.iter().rev() {
            let (unit, kind, subject, why) = *cause;
            let Some(item) = exception::find_open(tx, unit, kind, subject)? else { continue };
            let part = item.amount.min(left);
            left = left.checked_sub(part)?;
            if part.is_zero() {
                exception::settle_by_themselves(tx, stamp, &[*cause])?;
            } else if part < item.amount {
                let about = (part, item.detail.as_str());
                exception::restate(tx, stamp, (unit, item.id), about, why.to_owned())?;
            }
        }
    }
    Ok(())
}

impl Book {
    /// What is still to be covered under an obligation whose document stands.
    pub fn owed_again(&self, unit: UnitId, obligation: ObligationId) -> Result<Dong> {
        Dong::sum(self.debts.get(&(unit, obligation)).into_iter().flatten().map(|debt| debt.amount))
    }

    /// Covers as much of the debts as the money reaches: it takes the place of the money that the bank took
    /// back, so that the obligation holds what it held. Returns how much.
    pub(super) fn repay(
        &mut self,
        payment: PaymentId,
        incoming: &Incoming,
        id: ObligationId,
        amount: Dong,
    ) -> Result<Dong> {
        let unit = incoming.unit;
        let Some(mut debts) = self.debts.remove(&(unit, id)) else { return Ok(Dong::ZERO) };
        let mut left = amount;
        for debt in &mut debts {
            // What was taken in part is no more than that, whichever of its obligations is paid again.
            let owed = self.taken_back.get(&(unit, debt.payment)).copied().unwrap_or_default();
            let part = debt.amount.min(owed).min(left);
            if !part.is_positive() {
                continue;
            }
            self.replace(unit, id, debt.payment, part)?;
            self.allocate(unit, payment, Bucket::Unallocated, Bucket::Obligation(id), part)?;
            let credit = Account::ReversalToRecover(debt.payment);
            self.post(incoming, incoming.debit.clone(), credit, part, Source::Payment(payment));
            debt.amount = debt.amount.checked_sub(part)?;
            left = left.checked_sub(part)?;
            self.ask_for_the_rest(unit, debt, part)?;
        }
        self.debts.insert((unit, id), debts);
        amount.checked_sub(left)
    }

    /// So much of what the bank took of a payment is covered. Its items end with the last of it, and not with what of
    /// it was under this obligation: others may stand on the same payment, or a refund may have left with the rest.
    fn ask_for_the_rest(&mut self, unit: UnitId, debt: &Debt, part: Dong) -> Result<()> {
        let left = self.taken_back.entry((unit, debt.payment)).or_default();
        *left = left.checked_sub(part)?;
        let left = *left;
        let asked = asked(unit, debt.payment, &debt.lines, WHY);
        if left.is_positive() {
            self.covered_in_part.push((asked, left));
        } else {
            self.settled_exceptions.extend(asked);
        }
        Ok(())
    }

    /// So much of the first payment is gone from the obligation.
    fn replace(&mut self, unit: UnitId, id: ObligationId, first: PaymentId, part: Dong) -> Result<()> {
        let missing = || Error::internal("a payment that was taken back was not read");
        let held = &self.payments.get(&(unit, first)).ok_or_else(missing)?.value;
        let is_gone = held.amount == held.reversed.checked_add(part)?;
        let state = if is_gone { PaymentState::Reversed } else { held.state };
        self.tell_payment(unit, first, "moved", state, Some(WHY.to_owned()))?;
        self.allocate(unit, first, Bucket::Obligation(id), Bucket::Reversed, part)
    }
}
