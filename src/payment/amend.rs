//! What an approved correction of a receipt does to its obligation and money, in one transaction,
//! in the six steps of every money transaction.
//!
//! More money asked: new lines, the obligation open again, and the document waits for the
//! difference. As much or less: the document now, what is too much to surplus, each surplus with a
//! refund. Cancelled: all its money to surplus.

use std::collections::{BTreeMap, BTreeSet};

use super::awaited::{self, Collected, Correcting};
use super::book::{Book, Bucket, PaymentState};
use super::cancel::shares;
use super::correcting::{kind_of, stands_on};
use super::difference::{Moves, moves};
use super::documents::fee_account;
use super::flush::flush;
use super::held::load_obligations;
use super::refund::owed_back::Debts;
use super::refund::{self, NewRefund};
use super::repaid;
use super::{payment_query, query};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Kind, Subject};
use crate::id::*;
use crate::ledger::{self, Account, Posting, Source};
use crate::notification;
use crate::obligation::{self, Line, Obligation, State, edition};
use crate::receipt::DocumentKind;
use crate::receipt::cancel::{Step, advance};
use crate::receipt::issue::{self, Draft, Outcome};
use crate::receipt::profile::{self, Correction, Profile};
use crate::receipt::query::Stored;
use crate::receipt::relation::{self, Action, RelationRow};
use crate::store::{Stamp, Tx};

/// An approved correction.
pub struct Amendment<'a> {
    pub correction: CorrectionId,
    pub action: Action,
    pub original: &'a Stored,
    /// The document's lines as they should have been; unused when cancelling.
    pub lines: Vec<Line>,
    /// The payer's data as they should have been, when those were wrong.
    pub party: Option<PartyId>,
    /// The earlier document and the agreement in words, as printed on the new one.
    pub note: String,
    pub reason: String,
    /// Who asked for it; the refunds it opens are theirs to pursue.
    pub maker: PersonId,
}

/// What it came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amended {
    /// The correcting document, numbered.
    pub receipt: Option<ReceiptId>,
    pub refunds: Vec<RefundId>,
    /// What must be collected before the document is made.
    pub awaited: Dong,
}

/// Carries a correction out. Roles, persons and the rules of the chain are the caller's.
///
/// # Errors
/// `correction_money_unproven`, or `correction_waits_for_statement` of a document that cannot be cancelled;
/// `correction_awaits_money`, and the reasons for which a document cannot be numbered (`series_missing`, …).
pub fn amend(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    amendment: &Amendment<'_>,
) -> Result<Amended> {
    let (unit, id) = (amendment.original.unit, amendment.original.obligation);
    let before = obligation::find(tx, unit, id)?;
    lock_accounts(tx, &before)?;
    let on = query::first_open_day(tx, unit, before.account, stamp.today())?;
    let kind = kind_of(amendment.original)?;
    let book = Book::new(audit::actor_text(actor), stamp.now);
    let mut desk = Desk { tx, stamp, actor, amendment, kind, on, book };
    match amendment.action {
        Action::Cancel => desk.cancel(&before),
        Action::Replace | Action::Adjust => desk.correct(&before),
    }
}

/// Numbers a correcting document, or fails with the reason for which it cannot be.
pub(super) fn number(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, draft: Draft) -> Result<ReceiptId> {
    match issue::number(tx, stamp, actor, &[draft])?.pop() {
        Some(Outcome::Numbered { id, .. }) => Ok(id),
        Some(Outcome::Refused { code }) => {
            Err(Error::conflict(code, "the correcting receipt cannot be numbered"))
        }
        None => Err(Error::internal("numbering told nothing of its only draft")),
    }
}

/// The obligation's account and those its money came through.
pub(super) fn lock_accounts(tx: &mut Tx<'_>, owed: &Obligation) -> Result<()> {
    let ids: Vec<(UnitId, PaymentId)> =
        payment_query::payments_on(tx, owed.unit, owed.id)?.into_iter().map(|id| (owed.unit, id)).collect();
    let mut accounts = BTreeSet::from([(owed.unit, owed.account)]);
    accounts
        .extend(payment_query::payments(tx, &ids)?.iter().filter_map(|one| Some((one.unit, one.account?))));
    query::lock_accounts(tx, &accounts.into_iter().collect::<Vec<_>>())
}

/// Cancelling does not wait for the statement: it is named where the law knows it for this kind of document.
fn unproven(law: &Profile, kind: DocumentKind) -> Error {
    if law.corrections(kind).value.contains(&Correction::Cancel) {
        let detail = "no statement line shows its money yet; wait for the statement, or cancel";
        return Error::conflict("correction_money_unproven", detail);
    }
    let detail = "no statement line shows its money yet; load the statement that does";
    Error::conflict("correction_waits_for_statement", detail)
}

/// A correction under its locks.
pub(super) struct Desk<'a, 'tx, 'conn> {
    pub tx: &'tx mut Tx<'conn>,
    pub stamp: &'a Stamp<'a>,
    pub actor: &'a Actor,
    pub amendment: &'a Amendment<'a>,
    /// Of the document that is corrected.
    pub kind: DocumentKind,
    /// The accounting date.
    pub on: BusinessDay,
    pub book: Book,
}

impl Desk<'_, '_, '_> {
    fn key(&self) -> (UnitId, ObligationId) {
        (self.amendment.original.unit, self.amendment.original.obligation)
    }

    /// Locks the obligation and its payments, and reads them. New lines are in force already, where
    /// there are any.
    pub fn held(&mut self) -> Result<(Obligation, Vec<(PaymentId, Dong)>)> {
        let (unit, id) = self.key();
        load_obligations(self.tx, self.stamp, &mut self.book, &[(unit, id)])?;
        let shares = shares(self.tx, unit, id, &mut self.book)?;
        let held = self.book.obligations.get(&(unit, id)).ok_or_else(obligation::not_found)?;
        Ok((held.value.clone(), shares))
    }

    /// The same, and nothing else may be under way.
    fn load(&mut self) -> Result<(Obligation, Vec<(PaymentId, Dong)>)> {
        let (owed, shares) = self.held()?;
        if owed.state != State::Paid {
            let detail = "the obligation is not paid in full: an earlier correction waits for its money";
            return Err(Error::conflict("correction_awaits_money", detail));
        }
        if awaited::is_waiting(self.tx, &owed)? {
            let detail = "the document of an earlier correction is due and not made yet";
            return Err(Error::conflict("correction_awaits_document", detail));
        }
        Ok((owed, shares))
    }

    fn refuse_unproven(&self, shares: &[(PaymentId, Dong)]) -> Result<()> {
        let unit = self.key().0;
        let is_claimed = |payment: &PaymentId| {
            let held = self.book.payments.get(&(unit, *payment));
            held.is_some_and(|held| held.value.state == PaymentState::Claimed)
        };
        if shares.iter().any(|(payment, _)| is_claimed(payment)) {
            return Err(unproven(profile::for_day(self.stamp.today()), self.kind));
        }
        Ok(())
    }

    /// Lines that stand on other documents, or on none, are left as they are.
    fn others(&self, lines: &[Line]) -> Vec<Line> {
        lines.iter().filter(|line| !stands_on(self.kind, line)).cloned().collect()
    }

    fn correct(&mut self, before: &Obligation) -> Result<Amended> {
        let (unit, id) = self.key();
        let old = obligation::lines(self.tx, unit, id)?;
        let mut new = self.amendment.lines.clone();
        new.extend(self.others(&old));
        edition::begin(self.tx, self.stamp, self.actor, unit, id, &new, &self.amendment.reason)?;
        let (owed, shares) = self.load()?;
        self.refuse_unproven(&shares)?;
        let original = self.amendment.original.clone();
        let payer = awaited::payer(self.tx, self.stamp, &original, self.amendment.party)?;
        let correcting = Correcting {
            correction: self.amendment.correction,
            action: self.amendment.action,
            original,
            payer,
            note: self.amendment.note.clone(),
            old,
            new,
            waiting: None,
        };
        let difference = owed.total.checked_sub(before.total)?;
        if difference.is_positive() {
            return self.ask_more(&owed, &correcting, difference);
        }
        self.make(&owed, &correcting, shares)
    }

    /// More is owed: the obligation is open again, and the document waits.
    fn ask_more(&mut self, owed: &Obligation, correcting: &Correcting, difference: Dong) -> Result<Amended> {
        awaited::wait(self.tx, self.stamp, owed, correcting, self.amendment.party)?;
        self.tell(owed, "reopened", State::Reopened, owed.allocated, None)?;
        // So that it is asked for, and seen when nobody pays.
        self.book.exceptions.push(exception::New {
            unit: owed.unit,
            kind: Kind::Underpaid,
            subject: Subject::Obligation(owed.id),
            account: Some(owed.account),
            amount: difference,
            opened_on: self.on,
            detail: Detail::Correction { correction: correcting.correction, of: correcting.original.id }
                .into(),
        });
        self.flush()?;
        Ok(Amended { awaited: difference, ..Amended::default() })
    }

    /// As much or less: the document is numbered now.
    fn make(
        &mut self,
        owed: &Obligation,
        correcting: &Correcting,
        shares: Vec<(PaymentId, Dong)>,
    ) -> Result<Amended> {
        let (by, method) = awaited::collected_as_printed(self.tx, self.amendment.original)?;
        let collected = Collected { at: self.amendment.original.collected_at, by: &by, method };
        let draft = correcting.draft(&self.book, owed, &collected)?;
        let made = number(self.tx, self.stamp, self.actor, draft)?;
        correcting.made(self.tx, self.stamp, self.actor, owed, made, self.on)?;
        let Moves { between, down, .. } = moves(self.kind, &correcting.old, &correcting.new)?;
        let source = Source::Receipt(made);
        for (debit, credit, amount) in between {
            self.post(debit, credit, amount, source);
        }
        let returned = Dong::sum(down.iter().map(|(_, amount)| *amount))?;
        let surplus = self.give_back(shares, down, source)?;
        let allocated = owed.allocated.checked_sub(returned)?;
        self.tell(owed, "corrected", State::Paid, allocated, Some(made))?;
        let refunds = self.open_refunds(owed, &surplus)?;
        self.flush()?;
        Ok(Amended { receipt: Some(made), refunds, awaited: Dong::ZERO })
    }

    /// The receipt and its adjustments are cancelled; their money is the payer's again.
    fn cancel(&mut self, before: &Obligation) -> Result<Amended> {
        let (unit, id) = self.key();
        let lines = obligation::lines(self.tx, unit, id)?;
        let others = self.others(&lines);
        let keeps_others = others.iter().any(|line| line.amount.is_positive());
        if keeps_others && before.state == State::Paid {
            // What stands on other documents stays paid; only this one's lines go.
            edition::begin(self.tx, self.stamp, self.actor, unit, id, &others, &self.amendment.reason)?;
        }
        let (owed, shares) = self.load()?;
        let down: Vec<(Account, Dong)> = lines
            .iter()
            .filter(|line| stands_on(self.kind, line) && line.amount.is_positive())
            .map(|line| (fee_account(line), line.amount))
            .collect();
        let returned = Dong::sum(down.iter().map(|(_, amount)| *amount))?;
        self.cancel_documents(&owed, returned)?;
        let surplus = self.give_back(shares, down, Source::Receipt(self.amendment.original.id))?;
        let allocated = owed.allocated.checked_sub(returned)?;
        let (kind, state) =
            if keeps_others { ("corrected", State::Paid) } else { ("reopened", State::Reopened) };
        self.tell(&owed, kind, state, allocated, None)?;
        let refunds = self.open_refunds(&owed, &surplus)?;
        self.flush()?;
        Ok(Amended { receipt: None, refunds, awaited: Dong::ZERO })
    }

    fn cancel_documents(&mut self, owed: &Obligation, returned: Dong) -> Result<()> {
        let original = self.amendment.original.id;
        let mut documents = relation::adjustments(self.tx, owed.unit, original)?;
        documents.push(original);
        for document in documents {
            let from: &[&str] = &["numbered", "signed", "adjusted"];
            let step = Step { from, to: "cancelled", reason: &self.amendment.reason };
            advance(self.tx, self.stamp, self.actor, owed.unit, document, step)?;
            notification::cancelled(self.tx, self.stamp, owed.unit, document)?;
        }
        relation::record(
            self.tx,
            RelationRow {
                unit_id: owed.unit,
                correction_id: self.amendment.correction,
                receipt_id: original,
                original_id: original,
                action: Action::Cancel.as_str(),
                account_id: owed.account,
                posted_on: self.on,
                difference: Dong(-returned.0),
                created_at: self.stamp.now,
            },
        )
    }

    fn post(&mut self, debit: Account, credit: Account, amount: Dong, source: Source) {
        self.book.postings.push(Posting {
            unit: self.amendment.original.unit,
            debit,
            credit,
            amount,
            accounting_date: self.on,
            source,
        });
    }

    pub fn tell(
        &mut self,
        owed: &Obligation,
        kind: &'static str,
        state: State,
        allocated: Dong,
        receipt: Option<ReceiptId>,
    ) -> Result<()> {
        let event = self.book.tell(owed.unit, owed.id, kind, state, allocated)?;
        self.book.obligation_events[event].receipt = receipt;
        self.book.obligation_events[event].reason = Some(self.amendment.reason.clone());
        Ok(())
    }

    pub fn flush(&mut self) -> Result<()> {
        let empty = Book::new(String::new(), self.stamp.now);
        let book = std::mem::replace(&mut self.book, empty);
        // What a refund's debit took too much may be covered in part: it is asked for with what is left.
        let covered = book.postings.iter().filter_map(|posting| match posting.credit {
            Account::ReversalToRecover(payment) => Some(payment),
            _ => None,
        });
        let covered: BTreeSet<PaymentId> = covered.collect();
        flush(self.tx, self.stamp, self.actor, book)?;
        for payment in covered {
            let unit = self.amendment.original.unit;
            Debts::of(self.tx, unit, payment)?.ask(self.tx, self.stamp, None)?;
        }
        Ok(())
    }

    /// Fees go back to the payments they came from: first to what the bank took back of them, so
    /// that nobody is refunded while that is missing, then to surplus, the newest payment first.
    /// Returns the surplus of each payment.
    pub fn give_back(
        &mut self,
        shares: Vec<(PaymentId, Dong)>,
        down: Vec<(Account, Dong)>,
        source: Source,
    ) -> Result<Vec<(PaymentId, Dong)>> {
        let (unit, id) = self.key();
        let mut owed_back = Vec::with_capacity(shares.len());
        for (payment, share) in shares {
            let debt = ledger::balance(self.tx, unit, &Account::ReversalToRecover(payment))?;
            owed_back.push((payment, share, debt.max(Dong::ZERO)));
        }
        owed_back.sort_unstable_by_key(|(payment, _, debt)| (debt.is_zero(), std::cmp::Reverse(*payment)));
        let mut left = Dong::sum(down.iter().map(|(_, amount)| *amount))?;
        let mut down = down.into_iter().collect::<std::collections::VecDeque<_>>();
        let mut surplus = Vec::new();
        for (payment, share, debt) in owed_back {
            let part = share.min(left);
            if !part.is_positive() {
                continue;
            }
            left = left.checked_sub(part)?;
            let recover = Account::ReversalToRecover(payment);
            let missing = debt;
            let debt = part.min(debt);
            if debt.is_positive() && debt == missing {
                let covered = "a correction covered what the bank took back";
                self.book.settled_exceptions.extend(repaid::asked_alone(self.tx, unit, payment, covered)?);
            }
            let rest = part.checked_sub(debt)?;
            let held = self.book.payments.get(&(unit, payment)).map(|held| &held.value);
            let held = held.ok_or_else(|| Error::internal("a payment was not read"))?;
            // Only what the bank took back whole is gone; of the rest a refund can be paid.
            let is_gone = debt.is_positive() && held.amount == held.reversed.checked_add(debt)?;
            let state = if is_gone { PaymentState::Reversed } else { held.state };
            let reason = Some(self.amendment.reason.clone());
            self.book.tell_payment(unit, payment, "moved", state, reason)?;
            for (credit, bucket, amount) in
                [(recover, Bucket::Reversed, debt), (Account::Surplus(payment), Bucket::Surplus, rest)]
            {
                if amount.is_positive() {
                    self.book.allocate(unit, payment, Bucket::Obligation(id), bucket, amount)?;
                    self.take(&mut down, &credit, amount, source)?;
                }
            }
            if rest.is_positive() {
                surplus.push((payment, rest));
            }
        }
        if left.is_zero() {
            return Ok(surplus);
        }
        Err(Error::internal("an obligation's payments hold less than its receipt says"))
    }

    /// Posts an amount from the fees that are left to an account.
    fn take(
        &mut self,
        down: &mut std::collections::VecDeque<(Account, Dong)>,
        credit: &Account,
        amount: Dong,
        source: Source,
    ) -> Result<()> {
        let mut left = amount;
        while left.is_positive() {
            let Some((fee, available)) = down.pop_front() else {
                return Err(Error::internal("a correction gives back more than it takes from fees"));
            };
            let part = available.min(left);
            left = left.checked_sub(part)?;
            let rest = available.checked_sub(part)?;
            if rest.is_positive() {
                down.push_front((fee.clone(), rest));
            }
            self.post(fee, credit.clone(), part, source);
        }
        Ok(())
    }

    /// Each surplus has its refund from the first moment, and an exception until it is debited.
    pub fn open_refunds(
        &mut self,
        owed: &Obligation,
        surplus: &[(PaymentId, Dong)],
    ) -> Result<Vec<RefundId>> {
        let mut refunds = Vec::with_capacity(surplus.len());
        let accounts: BTreeMap<PaymentId, Option<AccountId>> =
            self.book.payments.values().map(|held| (held.value.id, held.value.account)).collect();
        for (payment, amount) in surplus {
            let account = accounts.get(payment).copied().flatten();
            self.book.exceptions.push(exception::New {
                unit: owed.unit,
                kind: Kind::Overpaid,
                subject: Subject::Payment(*payment),
                account,
                amount: *amount,
                opened_on: self.on,
                detail: Detail::Correction {
                    correction: self.amendment.correction,
                    of: self.amendment.original.id,
                }
                .into(),
            });
            refunds.push(refund::open(
                self.tx,
                self.stamp,
                NewRefund {
                    unit: owed.unit,
                    payment: *payment,
                    account: account.unwrap_or(owed.account),
                    amount: *amount,
                    reason: self.amendment.reason.clone(),
                    correction: Some(self.amendment.correction),
                    maker: self.amendment.maker,
                },
            )?);
        }
        Ok(refunds)
    }
}
