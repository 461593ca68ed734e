//! Two persons said that a debit took back money of a payment, or money in suspense, and it was something else. The
//! debit waits again. What it had made a debt is none any more; what it had taken out of a payment goes back where it
//! was; a payment that ended with it leaves its money in suspense, to be given its place again.

use super::book::{Book, Bucket, Held, Payment, PaymentState};
use super::flush::flush;
use super::held::{load_obligations, touch};
use super::movement::{Movement, State};
use super::refund::owed_back::Debts;
use super::undo::Effect;
use super::{line_query, movement_query, payment_query, take_back};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Exception, Kind, Subject};
use crate::id::*;
use crate::ledger::{self, Account, Posting, Source};
use crate::obligation::{Obligation, State as Owed};
use crate::store::{Conn, Stamp, Tx};

const WHY: &str = "the bank had not taken it back";

/// What a debit had taken.
pub(super) struct Returned {
    movement: Movement,
    /// The line that shows the movement.
    shown_by: LineId,
    debit: LineId,
    /// The payment that stands still; None where its money waits for its place from now on.
    payment: Option<PaymentId>,
    pub effect: Effect,
}

/// Looks at what was taken back by a settled item.
///
/// # Errors
/// `undo_money_gone` where that money went another way since, `undo_would_complete`.
pub(super) fn of(conn: &mut Conn, item: &Exception, target: Option<i64>) -> Result<Returned> {
    let gone = || Error::conflict("undo_money_gone", "what was taken back went another way since");
    let debit = super::settle_cash::line_of(conn, item)?;
    let id = target.map(MovementId).ok_or_else(gone)?;
    let movement = movement_query::movements(conn, &[(item.unit, id)])?.pop().ok_or_else(gone)?;
    let lines = line_query::lines_of_movements(conn, &[(item.unit, id)])?;
    let [(_, _, shown_by)] = lines.as_slice() else { return Err(gone()) };
    let mut payment = None;
    if let Some(id) = movement.payment {
        payment = payment_query::payments(conn, &[(item.unit, id)])?.pop();
    }
    let mut effect = Effect { line: Some(debit), to_suspense: item.amount, ..Effect::default() };
    let is_whole = movement.state == State::Reversed && movement.amount == item.amount;
    let standing = match payment {
        Some(payment) if payment.state == PaymentState::Proven => {
            check(conn, &payment, item.amount)?;
            Some(payment.id)
        }
        Some(payment) if payment.state != PaymentState::Reversed => return Err(gone()),
        _ if !is_whole => return Err(gone()),
        Some(payment) => {
            // What is on its way to the payer, or was a debt beside it, is no money that could wait.
            super::undo::of_refunds(conn, &payment, &mut effect)?;
            let owes = ledger::balance(conn, item.unit, &Account::ReversalToRecover(payment.id))?;
            if !owes.is_zero() || payment.reversed != item.amount {
                return Err(gone());
            }
            None
        }
        None => None,
    };
    Ok(Returned { movement, shown_by: *shown_by, debit, payment: standing, effect })
}

/// Whether so much can be given back to a payment that stands.
///
/// # Errors
/// `undo_money_gone` where that money went another way since, `undo_would_complete`.
pub(super) fn check(conn: &mut Conn, payment: &Payment, sum: Dong) -> Result<()> {
    Split::of(conn, payment, sum).map(|_| ())
}

/// Where the money goes that a payment gets back, beyond the debt that the taking back left.
struct Split {
    /// Is an advance on this obligation again.
    advance: Option<(Obligation, Dong)>,
    /// Is too much again, or since: its payer is owed it.
    surplus: Dong,
}

impl Split {
    /// The debt is the last that a taking back leaves, so it is the first that goes.
    fn of(conn: &mut Conn, payment: &Payment, sum: Dong) -> Result<Split> {
        let gone = || Error::conflict("undo_money_gone", "what was taken back went another way since");
        let debt = Debts::of(conn, payment.unit, payment.id)?.of_bank().min(sum);
        let rest = sum.checked_sub(debt)?;
        if rest > payment.reversed {
            return Err(gone());
        }
        let advance = match payment.obligation {
            Some(id) if rest.is_positive() => advance(conn, payment, id, rest)?,
            _ => None,
        };
        let surplus = rest.checked_sub(advance.as_ref().map_or(Dong::ZERO, |(_, part)| *part))?;
        Ok(Split { advance, surplus })
    }
}

/// What of it an open obligation takes again.
///
/// # Errors
/// `undo_would_complete` where its document would be due with it.
fn advance(
    conn: &mut Conn,
    payment: &Payment,
    id: ObligationId,
    rest: Dong,
) -> Result<Option<(Obligation, Dong)>> {
    let own = Account::ReceivedInAdvance(id).to_string();
    let owes = Account::ReversalToRecover(payment.id);
    let was = ledger::between(conn, payment.unit, &owes, &own)?.pop().map_or(Dong::ZERO, |(_, sum)| sum);
    let part = Dong::ZERO.checked_sub(was)?.max(Dong::ZERO).min(rest);
    let owed = crate::obligation::find(conn, payment.unit, id)?;
    if part.is_zero() || matches!(owed.state, Owed::Paid | Owed::Cancelled | Owed::Waived) {
        return Ok(None);
    }
    if owed.allocated.checked_add(part)? >= owed.total {
        let detail = "with this money the obligation is paid in full: others paid meanwhile";
        return Err(Error::conflict("undo_would_complete", detail));
    }
    Ok(Some((owed, part)))
}

impl Returned {
    /// Carries it out for the item that two persons opened again. Its account is locked.
    pub(super) fn carry_out(
        self,
        tx: &mut Tx<'_>,
        stamp: &Stamp<'_>,
        actor: &Actor,
        (item, on): (&Exception, BusinessDay),
    ) -> Result<()> {
        let mut book = Book::new(audit::actor_text(actor), stamp.now);
        // Under the source that took it back: what the item is settled as later is swapped by itself.
        let source = Source::Line(self.debit);
        let from = Account::UnexplainedDebit(self.debit);
        let desk = Desk { item, on, source, from, amount: item.amount };
        let mut is_owed_still = false;
        match self.payment {
            Some(payment) => is_owed_still = desk.restore(tx, stamp, &mut book, payment)?,
            None => {
                if let Some(payment) = self.movement.payment {
                    take_back::read(tx, stamp, &mut book, (item.unit, payment))?;
                    let (end, why) = (PaymentState::Reversed, Some(WHY.to_owned()));
                    book.tell_payment(item.unit, payment, end.as_str(), end, why)?;
                }
                desk.suspend(tx, &mut book, (self.movement.id, self.shown_by))?;
            }
        }
        let (id, revision) = (self.movement.id, self.movement.revision);
        let mut held = Held::read(self.movement, revision);
        if self.payment.is_none() {
            held.value.payment = None;
        }
        // Another part of it that was taken back stays a debt, which the payer's next money covers.
        if held.value.state == State::Reversed && !is_owed_still {
            held.value.state = State::Proven;
            touch(&mut held);
            book.movements.insert((item.unit, id), held);
        }
        let asked = (item.unit, Kind::BankReversal, Subject::Line(self.debit), WHY);
        if item.kind != Kind::BankReversal {
            book.settled_exceptions.push(asked);
        }
        flush(tx, stamp, actor, book).map(|_| ())
    }
}

/// What two persons give back to where it was taken from.
pub(super) struct Desk<'a> {
    pub item: &'a Exception,
    pub on: BusinessDay,
    pub source: Source,
    /// Where it stands again, or passes through.
    pub from: Account,
    pub amount: Dong,
}

impl Desk<'_> {
    fn entry(&self, book: &mut Book, debit: Account, credit: Account, amount: Dong) {
        let (unit, accounting_date, source) = (self.item.unit, self.on, self.source);
        if amount.is_positive() {
            book.postings.push(Posting { unit, debit, credit, amount, accounting_date, source });
        }
    }

    fn note(&self, book: &mut Book, kind: Kind, subject: Subject, (amount, detail): (Dong, String)) {
        book.exceptions.push(exception::New {
            unit: self.item.unit,
            kind,
            subject,
            account: self.item.account,
            amount,
            opened_on: self.on,
            detail,
        });
    }

    /// No payment has the money: it waits under the line that shows it.
    fn suspend(&self, conn: &mut Conn, book: &mut Book, (id, line): (MovementId, LineId)) -> Result<()> {
        let amount = self.amount;
        self.entry(book, self.from.clone(), Account::Suspense(line), amount);
        let is_alone = line_query::own_parts(conn, self.item.unit, line)?.len() == 1;
        let subject = if is_alone { Subject::Line(line) } else { Subject::Movement(id) };
        self.note(book, Kind::UnidentifiedCredit, subject, (amount, String::new()));
        Ok(())
    }

    /// The payment has the money again. Tells whether another part of it is a debt still.
    pub(super) fn restore(
        &self,
        tx: &mut Tx<'_>,
        stamp: &Stamp<'_>,
        book: &mut Book,
        id: PaymentId,
    ) -> Result<bool> {
        let unit = self.item.unit;
        let payment = take_back::read(tx, stamp, book, (unit, id))?.payment;
        let split = Split::of(tx, &payment, self.amount)?;
        let owes = Account::ReversalToRecover(id);
        let is_owed_still = Debts::of(tx, unit, id)?.of_bank() > self.amount;
        self.entry(book, self.from.clone(), owes.clone(), self.amount);
        if split.advance.is_some() || split.surplus.is_positive() {
            book.tell_payment(unit, id, "moved", payment.state, Some(WHY.to_owned()))?;
        }
        if let Some((owed, part)) = &split.advance {
            self.advance(tx, stamp, book, (&payment, owed, *part))?;
        }
        if split.surplus.is_positive() {
            book.allocate(unit, id, Bucket::Reversed, Bucket::Surplus, split.surplus)?;
            self.entry(book, owes, Account::Surplus(id), split.surplus);
            let total = payment.surplus.checked_add(split.surplus)?;
            self.note(book, Kind::Overpaid, Subject::Payment(id), (total, detail(tx, &payment)?));
        }
        Ok(is_owed_still)
    }

    fn advance(
        &self,
        tx: &mut Tx<'_>,
        stamp: &Stamp<'_>,
        book: &mut Book,
        (payment, owed, part): (&Payment, &Obligation, Dong),
    ) -> Result<()> {
        let (unit, id) = (payment.unit, owed.id);
        if !book.obligations.contains_key(&(unit, id)) {
            load_obligations(tx, stamp, book, &[(unit, id)])?;
        }
        book.allocate(unit, payment.id, Bucket::Reversed, Bucket::Obligation(id), part)?;
        let (owes, own) = (Account::ReversalToRecover(payment.id), Account::ReceivedInAdvance(id));
        self.entry(book, owes, own, part);
        let allocated = owed.allocated.checked_add(part)?;
        book.tell_obligation(unit, id, payment.id, "partly_paid", Owed::PartlyPaid, allocated)?;
        let missing = owed.total.checked_sub(allocated)?;
        let words = Detail::Obligation { obligation: id, code: owed.reference_code.clone() }.into();
        self.note(book, Kind::Underpaid, Subject::Obligation(id), (missing, words));
        Ok(())
    }
}

fn detail(conn: &mut Conn, payment: &Payment) -> Result<String> {
    let Some(id) = payment.obligation else { return Ok(String::new()) };
    let owed = crate::obligation::find(conn, payment.unit, id)?;
    Ok(Detail::Obligation { obligation: id, code: owed.reference_code }.into())
}
