//! Everything a payment's money did, taken back: what it paid is open again, its documents are cancelled,
//! and the money stands where it came from. Who may decide that is the caller's.

use super::awaited;
use super::book::{Book, Bucket, Held, Payment, PaymentState};
use super::documents::{Part, recognised_parts};
use super::held::load_obligations;
use super::{line_query, payment_query, query, refund};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Kind, Subject};
use crate::id::{ObligationId, PaymentId, UnitId};
use crate::ledger::{Account, Posting, Source};
use crate::notification;
use crate::obligation;
use crate::receipt;
use crate::store::{Stamp, Tx};

/// A payment under its lock, with what it stands on.
pub(super) struct Taken {
    pub payment: Payment,
    pub shares: Vec<(ObligationId, Dong)>,
}

/// Locks the obligations a payment stands on, then the payment, and puts both into the book.
pub(super) fn read(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    book: &mut Book,
    (unit, id): (UnitId, PaymentId),
) -> Result<Taken> {
    let shares = payment_query::allocated_to(tx, unit, id)?;
    let fresh = shares.iter().map(|(obligation, _)| (unit, *obligation));
    let fresh: Vec<_> = fresh.filter(|key| !book.obligations.contains_key(key)).collect();
    load_obligations(tx, stamp, book, &fresh)?;
    let payment = payment_query::lock_payments(tx, &[(unit, id)])?.pop();
    let payment = payment.ok_or_else(|| Error::internal("a movement names a payment that is not there"))?;
    if let Some(account) = payment.account {
        let key = (unit, account, payment.channel.clone());
        if !book.exposures.contains_key(&key) {
            for (key, (unproven, revision)) in query::exposures(tx, std::slice::from_ref(&key))? {
                book.exposures.insert(key, Held::read(unproven, revision));
            }
        }
    }
    book.payments.insert((unit, id), Held::read(payment.clone(), payment.revision));
    Ok(Taken { payment, shares })
}

/// How one payment is taken back.
pub(super) struct TakeBack<'a> {
    pub stamp: &'a Stamp<'a>,
    pub actor: &'a Actor,
    pub on: BusinessDay,
    /// Where its money stands from now on: where the payment had taken it from.
    pub to: Account,
    /// Of the postings that no document causes.
    pub source: Source,
    pub why: &'static str,
    /// `disproven` or `reversed`, as the payment's event and its state.
    pub end: PaymentState,
}

impl TakeBack<'_> {
    /// The payment and what it stands on were read into the book.
    pub fn all(&self, tx: &mut Tx<'_>, book: &mut Book, taken: &Taken) -> Result<()> {
        let (unit, id) = (taken.payment.unit, taken.payment.id);
        book.tell_payment(unit, id, self.end.as_str(), self.end, Some(self.why.to_owned()))?;
        self.surplus(book, &taken.payment)?;
        self.other_unit(tx, book, &taken.payment)?;
        refund::drop_requested(tx, self.stamp, unit, id, self.why)?;
        for (obligation, share) in &taken.shares {
            self.obligation(tx, book, &taken.payment, (*obligation, *share))?;
        }
        Ok(())
    }

    fn entry(&self, book: &mut Book, unit: UnitId, part: &Part, credit: &Account) {
        book.postings.push(Posting {
            unit,
            debit: part.account.clone(),
            credit: credit.clone(),
            amount: part.amount,
            accounting_date: self.on,
            source: part.document.map_or(self.source, Source::Receipt),
        });
    }

    fn surplus(&self, book: &mut Book, payment: &Payment) -> Result<()> {
        let (unit, id) = (payment.unit, payment.id);
        if payment.surplus.is_zero() {
            return Ok(());
        }
        book.allocate(unit, id, Bucket::Surplus, Bucket::Reversed, payment.surplus)?;
        let part = Part { account: Account::Surplus(id), amount: payment.surplus, document: None };
        self.entry(book, unit, &part, &self.to);
        for kind in [Kind::Overpaid, Kind::DuplicateTransfer, Kind::LatePayment] {
            book.settled_exceptions.push((unit, kind, Subject::Payment(id), self.why));
        }
        Ok(())
    }

    fn other_unit(&self, tx: &mut Tx<'_>, book: &mut Book, payment: &Payment) -> Result<()> {
        let (unit, id) = (payment.unit, payment.id);
        if payment.other_unit.is_zero() {
            return Ok(());
        }
        let owed = line_query::owed_to(tx, unit, id)?
            .ok_or_else(|| Error::internal("money of another unit was not posted as owed to one"))?;
        book.allocate(unit, id, Bucket::OtherUnit, Bucket::Reversed, payment.other_unit)?;
        let part = Part { account: Account::DueToUnit(owed), amount: payment.other_unit, document: None };
        self.entry(book, unit, &part, &self.to);
        Ok(())
    }

    fn obligation(
        &self,
        tx: &mut Tx<'_>,
        book: &mut Book,
        payment: &Payment,
        (id, share): (ObligationId, Dong),
    ) -> Result<()> {
        let unit = payment.unit;
        book.allocate(unit, payment.id, Bucket::Obligation(id), Bucket::Reversed, share)?;
        let missing = || Error::internal("the obligation of a payment that is taken back was not read");
        let before = book.obligations.get(&(unit, id)).ok_or_else(missing)?.value.clone();
        // What a correction waits for is no receipt's money yet: the receipt stands on older money.
        let is_recognised = before.state == obligation::State::Paid && !awaited::is_waiting(tx, &before)?;
        let documents = if is_recognised {
            receipt::query::current_of_obligations(tx, &[(unit, id)])?
        } else {
            Vec::new()
        };
        for current in &documents {
            receipt::cancel::cancel(tx, self.stamp, self.actor, unit, current.receipt, self.why)?;
            notification::cancelled(tx, self.stamp, unit, current.receipt)?;
        }
        let lines = book.lines.get(&(unit, id)).cloned().unwrap_or_default();
        let parts = recognised_parts(&lines, id, share, is_recognised, &documents)?;
        for part in &parts.taken {
            self.entry(book, unit, part, &self.to);
        }
        // The other payments' share was recognised too and becomes an advance again.
        for part in &parts.left {
            self.entry(book, unit, part, &Account::ReceivedInAdvance(id));
        }
        let allocated = before.allocated.checked_sub(share)?;
        let state = obligation::State::Reopened;
        book.tell_obligation(unit, id, payment.id, "reopened", state, allocated)?;
        self.ask_for_the_rest(book, &before, allocated, payment)
    }

    /// Other payments' money waits for the rest; where none is left, nothing of it is asked any more.
    fn ask_for_the_rest(
        &self,
        book: &mut Book,
        before: &obligation::Obligation,
        allocated: Dong,
        payment: &Payment,
    ) -> Result<()> {
        let subject = Subject::Obligation(before.id);
        if allocated.is_zero() {
            book.settled_exceptions.push((before.unit, Kind::Underpaid, subject, self.why));
            return Ok(());
        }
        book.exceptions.push(exception::New {
            unit: before.unit,
            kind: Kind::Underpaid,
            subject,
            account: payment.account,
            amount: before.total.checked_sub(allocated)?,
            opened_on: self.on,
            detail: Detail::Obligation { obligation: before.id, code: before.reference_code.clone() }.into(),
        });
        Ok(())
    }
}
