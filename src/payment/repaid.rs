//! A payer pays again what the bank took back, while the document stands: the money covers the debt, and
//! nothing of it is too much.

use super::book::{Book, Bucket, Incoming, Payment, PaymentState};
use super::cancel::shares;
use super::refund::owed_back::Debts;
use super::{payment_query, repaid_query as query};
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
        let Some(first) = payment_query::payments(conn, &[(unit, payment)])?.pop() else { continue };
        let on_it = payment_query::allocated_to(conn, unit, payment)?;
        let share = on_it.into_iter().find(|(known, _)| *known == id).map_or(Dong::ZERO, |(_, share)| share);
        let taken = TakenBack::of(&first, Debts::of(conn, unit, payment)?.of_bank())?;
        owed = owed.checked_add(taken.under(share)?)?;
    }
    Ok(owed)
}

/// What the bank took back of a payment, and nobody covered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TakenBack {
    pub owed: Dong,
    /// Of that, what the payment did not hold any more: it was taken before and paid again, or had left as a refund,
    /// when the bank took all of the payment. No share of an obligation is of this money.
    pub beyond: Dong,
}

impl TakenBack {
    fn of(payment: &Payment, owed: Dong) -> Result<TakenBack> {
        let held = payment.amount.checked_sub(payment.reversed)?;
        Ok(TakenBack { owed, beyond: owed.checked_sub(held)?.max(Dong::ZERO) })
    }

    /// What whoever pays again covers under an obligation that holds so much of the payment.
    fn under(self, share: Dong) -> Result<Dong> {
        Ok(self.owed.min(share.checked_add(self.beyond)?))
    }
}

const WHY: &str = "the payer paid again";

/// What the bank took back of a payment whose document stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Debt {
    pub payment: PaymentId,
    /// What is covered by paying this obligation again.
    pub amount: Dong,
    /// What of the payment the obligation holds.
    pub share: Dong,
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
        let taken = TakenBack::of(held(book, unit, payment)?, debts.of_bank())?;
        let amount = taken.under(share)?;
        if amount.is_positive() {
            book.taken_back.entry((unit, payment)).or_insert(taken);
            let mut lines = lines_alone(tx, unit, payment)?;
            lines.retain(|line| debts.lines().all(|other| other != *line));
            book.debts.entry((unit, obligation)).or_default().push(Debt { payment, amount, share, lines });
        }
    }
    Ok(())
}

fn held(book: &Book, unit: UnitId, payment: PaymentId) -> Result<&Payment> {
    let missing = || Error::internal("a payment that was taken back was not read");
    Ok(&book.payments.get(&(unit, payment)).ok_or_else(missing)?.value)
}

/// The lines that took money of a payment back, the oldest first, without those under which another one is owed
/// still: what asks about such a line stays open.
fn lines_alone(conn: &mut Conn, unit: UnitId, payment: PaymentId) -> Result<Vec<LineId>> {
    let mut alone = Vec::new();
    let mut lines = ledger::lines_of(conn, unit, &Account::ReversalToRecover(payment))?;
    lines.sort_unstable();
    lines.dedup();
    for line in lines {
        let mut is_alone = true;
        for other in ledger::recovered_by(conn, unit, line)?.into_iter().filter(|other| *other != payment) {
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
            let taken = self.taken_back.get(&(unit, debt.payment)).copied().unwrap_or_default();
            // First what the payment does not hold: as long as it has its share here, the rest is found by it.
            let beyond = taken.beyond.min(left);
            let of_share = debt.share.min(taken.owed.checked_sub(beyond)?).min(left.checked_sub(beyond)?);
            let part = beyond.checked_add(of_share)?;
            if !part.is_positive() {
                continue;
            }
            self.cover(payment, (unit, id, debt.payment), (beyond, of_share))?;
            let credit = Account::ReversalToRecover(debt.payment);
            self.post(incoming, incoming.debit.clone(), credit, part, Source::Payment(payment));
            debt.amount = debt.amount.checked_sub(part)?.max(Dong::ZERO);
            debt.share = debt.share.checked_sub(of_share)?;
            left = left.checked_sub(part)?;
            self.ask_for_the_rest(unit, debt, (part, beyond))?;
        }
        self.debts.insert((unit, id), debts);
        amount.checked_sub(left)
    }

    /// What the first payment holds no more has no place on an obligation: the money that covers it is gone like it.
    fn cover(
        &mut self,
        payment: PaymentId,
        (unit, id, first): (UnitId, ObligationId, PaymentId),
        (beyond, of_share): (Dong, Dong),
    ) -> Result<()> {
        if beyond.is_positive() {
            self.allocate(unit, payment, Bucket::Unallocated, Bucket::Reversed, beyond)?;
        }
        if of_share.is_positive() {
            self.replace(unit, id, first, of_share)?;
            self.allocate(unit, payment, Bucket::Unallocated, Bucket::Obligation(id), of_share)?;
        }
        Ok(())
    }

    /// So much of what the bank took of a payment is covered. Its items end with the last of it, and not with what of
    /// it was under this obligation: others may stand on the same payment, or a refund may have left with the rest.
    fn ask_for_the_rest(&mut self, unit: UnitId, debt: &Debt, (part, beyond): (Dong, Dong)) -> Result<()> {
        let taken = self.taken_back.entry((unit, debt.payment)).or_default();
        taken.owed = taken.owed.checked_sub(part)?;
        taken.beyond = taken.beyond.checked_sub(beyond)?;
        let left = taken.owed;
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
        let one = held(self, unit, first)?;
        let is_gone = one.amount == one.reversed.checked_add(part)?;
        let state = if is_gone { PaymentState::Reversed } else { one.state };
        self.tell_payment(unit, first, "moved", state, Some(WHY.to_owned()))?;
        self.allocate(unit, first, Bucket::Obligation(id), Bucket::Reversed, part)
    }
}
