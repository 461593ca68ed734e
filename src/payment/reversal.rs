//! Lines that give an earlier line's money back.

use super::book::{Bucket, PaymentState};
use super::documents::recognised_parts;
use super::movement::State;
use super::prove::{Desk, LINE_KINDS, LineWork, Mark};
use super::settle::touch;
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::exception::{Kind, Subject};
use crate::id::{LineId, PaymentId};
use crate::ledger::Account;
use crate::obligation;

impl Desk<'_> {
    /// The bank took an earlier credit back. With a valid receipt the debt stays and a person
    /// decides; without one the obligation is open again.
    pub(super) fn reverse(&mut self, work: &LineWork, original: LineId) -> Result<Mark> {
        let size = work.size();
        if work.amount.is_positive() {
            // Money that comes back to us: a person says what it was taken for.
            return self.suspend(work, Kind::BankReversal);
        }
        let movement = self.originals.get(&(work.unit, original)).copied();
        let Some(held) = movement.and_then(|id| self.book.movements.get_mut(&(work.unit, id))) else {
            // The original brought no payer's money (interest, for one).
            return self.leave_unexplained(work, Kind::BankReversal);
        };
        held.value.state = State::Reversed;
        touch(held);
        let payment = held.value.payment;
        self.note(work, Kind::BankReversal, size);
        let mark = Mark { matched: size, class: "reversal" };
        let Some(payment) = payment else {
            // The credit stood in suspense: it is taken out again, and nobody has to place it.
            self.entry(work, Account::Suspense(original), Account::Bank(work.account), size);
            for kind in LINE_KINDS {
                let subject = Subject::Line(original);
                self.book.settled_exceptions.push((work.unit, kind, subject, "the bank took it back"));
            }
            return Ok(mark);
        };
        let debt = Account::ReversalToRecover(payment);
        self.entry(work, debt.clone(), Account::Bank(work.account), size);
        self.release(work, payment, size, debt)?;
        Ok(mark)
    }

    fn release(&mut self, work: &LineWork, id: PaymentId, size: Dong, debt: Account) -> Result<()> {
        let missing = || Error::internal("a reversed payment was not read");
        let payment = self.book.payments.get(&(work.unit, id)).ok_or_else(missing)?.value.clone();
        let Some(obligation) = payment.obligation.filter(|_| payment.amount == size) else { return Ok(()) };
        if self.receipts_of.contains(&(work.unit, obligation)) {
            return Ok(()); // The receipt stands; the debt stays until a person decides.
        }
        self.book.tell_payment(work.unit, id, "reversed", PaymentState::Reversed, None)?;
        if payment.to_obligations.is_positive() {
            let from = Bucket::Obligation(obligation);
            self.book.allocate(work.unit, id, from, Bucket::Reversed, payment.to_obligations)?;
            let held = self.book.obligations.get(&(work.unit, obligation)).ok_or_else(missing)?;
            let is_paid = held.value.state == obligation::State::Paid;
            let before = held.value.allocated;
            let lines = self.book.lines.get(&(work.unit, obligation)).cloned().unwrap_or_default();
            let parts = recognised_parts(&lines, obligation, payment.to_obligations, is_paid, &[])?;
            for part in parts.taken {
                self.entry(work, part.account, debt.clone(), part.amount);
            }
            for part in parts.left {
                self.entry(work, part.account, Account::ReceivedInAdvance(obligation), part.amount);
            }
            let allocated = before.checked_sub(payment.to_obligations)?;
            let state = obligation::State::Reopened;
            self.book.tell_obligation(work.unit, obligation, id, "reopened", state, allocated)?;
        }
        if payment.surplus.is_positive() {
            self.book.allocate(work.unit, id, Bucket::Surplus, Bucket::Reversed, payment.surplus)?;
            self.entry(work, Account::Surplus(id), debt, payment.surplus);
        }
        Ok(())
    }
}
