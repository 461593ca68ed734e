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
        let Some(owed) = self.take_from(work, id, (item.amount, before))? else { return Ok(false) };
        let detail = Detail::Approval { code: item.approval_code.clone() }.into();
        self.note_chargeback(work, id, (owed, detail));
        Ok(true)
    }

    /// Takes so much of a payment back, after what was taken of it `before` in this line; what is owed of it with that.
    /// None where it is more than is left of the payment, which must be proven.
    pub(in crate::payment) fn take_from(
        &mut self,
        work: &LineWork,
        id: PaymentId,
        (amount, before): (Dong, Dong),
    ) -> Result<Option<Dong>> {
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
        if is_whole {
            self.release(work, id, amount, debt)?;
        } else {
            self.release_part(work, id, amount, &debt)?;
        }
        Ok(Some(owed.checked_add(amount)?))
    }

    /// One item asks for all that was charged back of a payment, whatever came in parts.
    pub(in crate::payment) fn note_chargeback(
        &mut self,
        work: &LineWork,
        id: PaymentId,
        (owed, detail): (Dong, String),
    ) {
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
            detail,
        });
    }
}
