//! One payment under its locks, for a step of a refund of it.

use std::collections::BTreeSet;

use super::owed_back::Debts;
use super::{Refund, query, rules};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Kind, SURPLUS_KINDS, Subject};
use crate::id::*;
use crate::ledger::{self, Account, Posting, Source};
use crate::payment::book::{Book, Bucket, Held, Payment};
use crate::payment::flush::flush;
use crate::payment::payment_query;
use crate::payment::query as payments;
use crate::payment::repaid;
use crate::store::{Stamp, Tx};

/// See the module.
pub(super) struct Desk<'a, 'tx, 'conn> {
    pub tx: &'tx mut Tx<'conn>,
    stamp: &'a Stamp<'a>,
    actor: &'a Actor,
    pub payment: Payment,
    pub account: AccountId,
    on: BusinessDay,
    book: Book,
    /// Something of what is owed back is covered.
    has_netted: bool,
}

impl<'a, 'tx, 'conn> Desk<'a, 'tx, 'conn> {
    pub fn open(
        tx: &'tx mut Tx<'conn>,
        stamp: &'a Stamp<'a>,
        actor: &'a Actor,
        unit: UnitId,
        id: PaymentId,
    ) -> Result<Self> {
        let missing = || Error::not_found("payment_not_found", "no such payment in your scope");
        let known = payment_query::payments(tx, &[(unit, id)])?.pop().ok_or_else(missing)?;
        let account = match known.account {
            Some(account) => account,
            None => crate::unit::account::receiving(tx, unit)?.id,
        };
        payments::lock_accounts(tx, &[(unit, account)])?;
        let on = payments::first_open_day(tx, unit, account, stamp.today())?;
        let payment = payment_query::lock_payments(tx, &[(unit, id)])?.pop().ok_or_else(missing)?;
        let mut book = Book::new(audit::actor_text(actor), stamp.now);
        book.payments.insert((unit, id), Held::read(payment.clone(), payment.revision));
        Ok(Desk { tx, stamp, actor, payment, account, on, book, has_netted: false })
    }

    /// Money the bank took back is not paid out, whatever was approved before; and nobody is paid out of one payment
    /// of an obligation while another one of it was taken back.
    pub fn refuse_reversed(&mut self) -> Result<()> {
        let (unit, id) = (self.payment.unit, self.payment.id);
        let shares = payment_query::allocated_to(self.tx, unit, id)?;
        let owed: BTreeSet<ObligationId> =
            shares.into_iter().map(|(obligation, _)| obligation).chain(self.payment.obligation).collect();
        let mut beside = BTreeSet::from([id]);
        for obligation in owed {
            beside.extend(payment_query::payments_on(self.tx, unit, obligation)?);
        }
        for payment in beside {
            if ledger::balance(self.tx, unit, &Account::ReversalToRecover(payment))?.is_positive() {
                let detail = format!("the bank took back the money of {payment}; settle that first");
                return Err(Error::conflict("refund_money_reversed", detail));
            }
        }
        Ok(())
    }

    /// What is surplus again first covers what the bank took back of the payment: it is never owed to
    /// its payer and owed by them at once.
    pub fn net(&mut self, refused: &Refund) -> Result<()> {
        let (unit, payment) = (refused.unit, refused.payment);
        let debt = Account::ReversalToRecover(payment);
        let owed = ledger::balance(self.tx, unit, &debt)?;
        if !owed.is_positive() {
            return Ok(());
        }
        let mut others = query::of_payments(self.tx, &[(unit, payment)])?;
        others.retain(|other| other.id != refused.id);
        let covered = rules::free(&self.payment, &others)?.min(owed);
        let why = "a refused refund covered what was owed back";
        self.has_netted = covered.is_positive();
        if self.has_netted {
            self.book.allocate(unit, payment, Bucket::Surplus, Bucket::Reversed, covered)?;
            self.book.postings.push(Posting {
                unit,
                debit: Account::Surplus(payment),
                credit: debt,
                amount: covered,
                accounting_date: self.on,
                source: Source::Refund(refused.id),
            });
            surplus_covered(self.tx, self.stamp, &mut self.book, (unit, payment), why)?;
        }
        if covered == owed {
            self.book.settled_exceptions.extend(repaid::asked_alone(self.tx, unit, payment, why)?);
        }
        Ok(())
    }

    /// A refund was refused: what of the surplus no item asks about is asked about.
    pub fn ask_again(&mut self, refused: &Refund) -> Result<()> {
        let about = (refused, self.account, self.on);
        ask_for_surplus(self.tx, self.stamp, &mut self.book, about, "its refund was refused")
    }

    pub fn touch_payment(&mut self, kind: &'static str, reason: &str) -> Result<()> {
        let (unit, id, state) = (self.payment.unit, self.payment.id, self.payment.state);
        self.book.tell_payment(unit, id, kind, state, Some(reason.to_owned()))
    }

    pub fn post(&mut self, debit: Account, credit: Account, refund: &Refund) {
        self.book.postings.push(Posting {
            unit: refund.unit,
            debit,
            credit,
            amount: refund.amount,
            accounting_date: self.on,
            source: Source::Refund(refund.id),
        });
    }

    pub fn settle(&mut self, kind: Kind, why: &'static str) {
        self.book.settled_exceptions.push((self.payment.unit, kind, Subject::Payment(self.payment.id), why));
    }

    pub fn flush(self) -> Result<()> {
        flush(self.tx, self.stamp, self.actor, self.book)?;
        if self.has_netted {
            let debts = Debts::of(self.tx, self.payment.unit, self.payment.id)?;
            debts.ask(self.tx, self.stamp, None)?;
        }
        Ok(())
    }
}

/// What was too much covered what is owed back: its item asks about what is left of it, and ends where nothing is.
pub(super) fn surplus_covered(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    book: &mut Book,
    (unit, payment): (UnitId, PaymentId),
    why: &'static str,
) -> Result<()> {
    let subject = Subject::Payment(payment);
    let left = book.payments.get(&(unit, payment)).map_or(Dong::ZERO, |held| held.value.surplus);
    if left.is_zero() {
        book.settled_exceptions.extend(SURPLUS_KINDS.map(|kind| (unit, kind, subject, why)));
        return Ok(());
    }
    for kind in SURPLUS_KINDS {
        if let Some(asked) = exception::find_open(tx, unit, kind, subject)?.filter(|one| one.amount > left) {
            exception::restate(tx, stamp, (unit, asked.id), (left, asked.detail.as_str()), why.to_owned())?;
        }
    }
    Ok(())
}

/// A surplus that is owed to its payer again is asked about whole: its item ended when the refund left and came
/// back since, or there never was one, because a correction asked for the refund itself.
pub(super) fn ask_for_surplus(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    book: &mut Book,
    (refund, account, on): (&Refund, AccountId, BusinessDay),
    why: &str,
) -> Result<()> {
    let (unit, id) = (refund.unit, refund.payment);
    let subject = Subject::Payment(id);
    let left = book.payments.get(&(unit, id)).map_or(Dong::ZERO, |held| held.value.surplus);
    let mut kind = Kind::Overpaid;
    let mut detail = String::new();
    for one in SURPLUS_KINDS {
        match exception::find_any(tx, unit, one, subject)? {
            Some(item) if item.state != exception::State::Resolved => {
                if item.amount < left {
                    exception::restate(tx, stamp, (unit, item.id), (left, &item.detail), why.to_owned())?;
                }
                return Ok(());
            }
            Some(item) => (kind, detail) = (one, item.detail),
            None => {}
        }
    }
    if left.is_positive() {
        book.exceptions.push(exception::New {
            unit,
            kind,
            subject,
            account: Some(account),
            amount: left,
            opened_on: on,
            detail,
        });
    }
    Ok(())
}
