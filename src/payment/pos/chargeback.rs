//! An acquirer takes a card's money back: it is treated as any money that the bank takes back.

use super::Item;
use crate::amount::Dong;
use crate::error::Result;
use crate::exception::{self, Detail, Kind, Subject};
use crate::id::PaymentId;
use crate::ledger::Account;
use crate::payment::book::PaymentState;
use crate::payment::prove::{Desk, LineWork};

impl Desk<'_> {
    /// Takes back what an item names of a payment, whole or in part, after what the batch took of it `before`. Whether
    /// it did; the caller posts the debt, which is `reversal_to_recover` of the payment.
    pub(super) fn charge_back(
        &mut self,
        work: &LineWork,
        id: PaymentId,
        (item, before): (&Item, Dong),
    ) -> Result<bool> {
        let key = (work.unit, id);
        let held = self.book.payments.get(&key).map(|held| held.value.clone());
        let Some(payment) = held.filter(|one| one.state == PaymentState::Proven) else { return Ok(false) };
        let debt = Account::ReversalToRecover(id);
        let owed = self.stands_on.debt(key).checked_add(self.owed_on(&debt)?)?.checked_add(before)?;
        let is_whole = item.amount == payment.amount && owed.is_zero();
        let left = payment.amount.checked_sub(payment.reversed)?.checked_sub(owed)?;
        if !is_whole && item.amount > left {
            return Ok(false);
        }
        self.book.tell_payment(work.unit, id, "charged_back", payment.state, None)?;
        if is_whole {
            self.release(work, id, item.amount, debt)?;
        } else {
            self.release_part(work, id, item.amount, &debt)?;
        }
        self.note_chargeback(work, id, (item, owed.checked_add(item.amount)?));
        Ok(true)
    }

    /// One item asks for all that was charged back of a payment, whatever came in parts.
    fn note_chargeback(&mut self, work: &LineWork, id: PaymentId, (item, owed): (&Item, Dong)) {
        let subject = Subject::Payment(id);
        let is_of_it = |one: &&mut exception::New| one.kind == Kind::PosChargeback && one.subject == subject;
        if let Some(told) = self.book.exceptions.iter_mut().find(is_of_it) {
            told.amount = owed;
            return;
        }
        self.book.exceptions.push(exception::New {
            unit: work.unit,
            kind: Kind::PosChargeback,
            subject,
            account: Some(work.account),
            amount: owed,
            opened_on: work.booking_date,
            detail: Detail::Approval { code: item.approval_code.clone() }.into(),
        });
    }
}
