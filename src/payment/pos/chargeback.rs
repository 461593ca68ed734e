//! An acquirer takes a card's money back: it is treated as any money that the bank takes back.

use super::Item;
use crate::amount::Dong;
use crate::error::Result;
use crate::exception::{self, Detail, Kind, Subject};
use crate::id::PaymentId;
use crate::ledger::Account;
use crate::payment::book::PaymentState;
use crate::payment::prove::{Desk, LineWork};

/// What taking money of a payment back left.
pub(in crate::payment) struct Taken {
    /// Owed under a document, or open again: what somebody has to see to. What was too much covered the rest.
    pub asked: Dong,
    /// The payment stands, and nothing of it is a debt.
    pub is_standing: bool,
}

impl Desk<'_> {
    /// Takes back what an item names of a payment, whole or in part, after what the batch took of it `before`. Whether
    /// it did; the caller posts the debt, which is `reversal_to_recover` of the payment.
    pub(super) fn charge_back(
        &mut self,
        work: &LineWork,
        id: PaymentId,
        (item, before): (&Item, Dong),
    ) -> Result<bool> {
        let Some(taken) = self.take_from(work, id, (item.amount, before))? else { return Ok(false) };
        let detail = Detail::Approval { code: item.approval_code.clone() }.into();
        self.note_chargeback(work, id, (taken.asked, detail));
        Ok(true)
    }

    /// Takes so much of a payment back, after what was taken of it `before` in this line. None where it is more than is
    /// left of the payment, which must be proven.
    pub(in crate::payment) fn take_from(
        &mut self,
        work: &LineWork,
        id: PaymentId,
        (amount, before): (Dong, Dong),
    ) -> Result<Option<Taken>> {
        let key = (work.unit, id);
        let held = self.book.payments.get(&key).map(|held| held.value.clone());
        let Some(payment) = held.filter(|one| one.state == PaymentState::Proven) else { return Ok(None) };
        let debt = Account::ReversalToRecover(id);
        let owed = self.stands_on.debt(key).checked_add(self.owed_on(&debt)?)?.checked_add(before)?;
        let is_whole = amount == payment.amount && owed.is_zero();
        let left = payment.amount.checked_sub(payment.reversed)?.checked_sub(owed)?;
        if !is_whole && amount > left {
            return Ok(None);
        }
        self.book.tell_payment(work.unit, id, "charged_back", payment.state, None)?;
        let told = self.owed_on(&debt)?;
        if is_whole {
            self.release(work, id, amount, debt.clone())?;
        } else {
            self.release_part(work, id, amount, &debt)?;
        }
        let covered = payment.surplus.checked_sub(self.too_much(work.unit, id))?;
        let asked = owed.checked_add(amount)?.checked_sub(covered)?;
        // The release posts what covers the debt, the caller the debt itself.
        let is_owed = owed.checked_add(amount)?.checked_add(self.owed_on(&debt)?)? > told;
        let ended =
            self.book.payments.get(&key).is_some_and(|held| held.value.state == PaymentState::Reversed);
        Ok(Some(Taken { asked, is_standing: !is_owed && !ended }))
    }

    /// One item asks for all that was charged back of a payment, whatever came in parts. Nobody is asked for what was
    /// too much of it: that was the payer's, no document stands on it, and nobody has anything to do.
    pub(in crate::payment) fn note_chargeback(
        &mut self,
        work: &LineWork,
        id: PaymentId,
        (asked, detail): (Dong, String),
    ) {
        if !asked.is_positive() {
            return;
        }
        let subject = Subject::Payment(id);
        let is_of_it = |one: &&mut exception::New| one.kind == Kind::PosChargeback && one.subject == subject;
        if let Some(told) = self.book.exceptions.iter_mut().find(is_of_it) {
            told.amount = asked;
            return;
        }
        self.book.exceptions.push(exception::New {
            unit: work.unit,
            kind: Kind::PosChargeback,
            subject,
            account: Some(work.account),
            amount: asked,
            opened_on: work.booking_date,
            detail,
        });
    }
}
