//! The statement's side of refunds: the debit line that shows one, the credit line that brings one
//! back, and the reversal of the money it stands on.

use std::collections::{BTreeSet, HashMap};

use super::{Refund, State, bounce, owed_back, query, step};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::exception::{Kind, Subject};
use crate::id::{LineId, PaymentId, UnitId};
use crate::ledger::{Account, Posting, Source};
use crate::payment::book::Bucket;
use crate::payment::prove::{Case, Desk, LineWork, Mark};
use crate::store::{Stamp, Tx};

/// The class of lines that pay refunds or bring them back.
const CLASS: &str = "refund_by_us";

/// The refunds that a run of lines may touch, and what became of them.
#[derive(Default)]
pub struct Refunds {
    by_code: HashMap<String, (UnitId, crate::id::RefundId)>,
    /// By the line that showed it leaving, where a line of these gives that one back.
    by_debit: HashMap<(UnitId, LineId), crate::id::RefundId>,
    held: HashMap<(UnitId, crate::id::RefundId), Refund>,
    /// Those that do not come back as a whole: not all of them was owed, or less than all of them left.
    not_whole: BTreeSet<crate::id::RefundId>,
    steps: Vec<Step>,
}

struct Step {
    refund: (UnitId, crate::id::RefundId),
    state: State,
    kind: &'static str,
    line: Option<LineId>,
    reason: Option<String>,
}

impl Refunds {
    /// Those named by the lines' codes. Their payments are locked with the others.
    pub fn named(tx: &mut Tx<'_>, works: &[&LineWork]) -> Result<Refunds> {
        let codes: BTreeSet<String> = works
            .iter()
            .flat_map(|work| work.code.split('+'))
            .filter(|code| !code.is_empty())
            .map(str::to_owned)
            .collect();
        let mut refunds = Refunds::default();
        for refund in query::by_codes(tx, &codes.into_iter().collect::<Vec<_>>())? {
            refunds.by_code.insert(refund.reference_code.clone(), (refund.unit, refund.id));
            refunds.held.insert((refund.unit, refund.id), refund);
        }
        for work in works {
            let Case::Reversal { original } = work.case else { continue };
            if !work.amount.is_positive() {
                continue;
            }
            for refund in query::debited_by(tx, work.unit, original)? {
                refunds.by_debit.insert((work.unit, original), refund.id);
                refunds.held.insert((refund.unit, refund.id), refund);
            }
        }
        Ok(refunds)
    }

    pub fn payments(&self) -> Vec<(UnitId, PaymentId)> {
        self.held.values().map(|refund| (refund.unit, refund.payment)).collect()
    }

    /// Reads them again under the locks, with all others of the locked payments.
    pub fn read(&mut self, tx: &mut Tx<'_>, payments: &[(UnitId, PaymentId)]) -> Result<()> {
        let by_code = self.by_code.values().map(|(_, id)| *id);
        let named: BTreeSet<_> = by_code.chain(self.by_debit.values().copied()).collect();
        for refund in query::of_payments(tx, payments)? {
            let may_be_back = refund.state == State::Debited && named.contains(&refund.id);
            if may_be_back
                && (owed_back::of_refused(tx, &refund)?.is_positive()
                    || query::was_debited_short(tx, refund.unit, refund.id)?)
            {
                self.not_whole.insert(refund.id);
            }
            self.held.insert((refund.unit, refund.id), refund);
        }
        Ok(())
    }

    fn of_line(&self, work: &LineWork) -> Option<&Refund> {
        let codes = work.code.split('+').filter_map(|code| self.by_code.get(code));
        let mut found = codes.filter_map(|key| self.held.get(key)).filter(|refund| refund.unit == work.unit);
        found.next()
    }

    fn advance(
        &mut self,
        refund: &Refund,
        state: State,
        kind: &'static str,
        line: Option<LineId>,
        why: &str,
    ) {
        let key = (refund.unit, refund.id);
        if let Some(held) = self.held.get_mut(&key) {
            held.state = state;
        }
        let reason = Some(why.to_owned()).filter(|why| !why.is_empty());
        self.steps.push(Step { refund: key, state, kind, line, reason });
    }

    /// Writes the steps in their order.
    pub fn store(mut self, tx: &mut Tx<'_>, stamp: &Stamp<'_>) -> Result<()> {
        for one in std::mem::take(&mut self.steps) {
            let held = self.held.get_mut(&one.refund);
            let refund = held.ok_or_else(|| Error::internal("a refund was not read"))?;
            step(tx, stamp, refund, one.state, (one.kind, None, one.line, one.reason))?;
        }
        Ok(())
    }
}

impl Desk<'_> {
    /// A line that carries a refund's code and exactly its amount. None for every other line.
    pub(in crate::payment) fn refund_line(&mut self, work: &LineWork) -> Result<Option<Mark>> {
        let Some(refund) = self.refunds.of_line(work).cloned() else { return Ok(None) };
        let fits = refund.amount == work.size() && refund.account == work.account;
        let is_debit = work.amount < Dong::ZERO;
        match refund.state {
            State::Approved | State::Sent if is_debit && fits => self.debited(work, &refund).map(Some),
            State::Debited if !is_debit && fits && self.may_bounce(&refund) => {
                self.bounced(work, &refund).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// A credit that gives back, under the debit's own reference, exactly what a refund had sent. None for every
    /// other one.
    pub(in crate::payment) fn returned_refund(
        &mut self,
        work: &LineWork,
        original: LineId,
    ) -> Result<Option<Mark>> {
        let known = self.refunds.by_debit.get(&(work.unit, original));
        let refund = known.and_then(|id| self.refunds.held.get(&(work.unit, *id))).cloned();
        let fits = |refund: &Refund| {
            refund.state == State::Debited
                && (refund.amount, refund.account) == (work.size(), work.account)
                && self.may_bounce(refund)
        };
        match refund.filter(fits) {
            Some(refund) => self.bounced(work, &refund).map(Some),
            None => Ok(None),
        }
    }

    /// A debit that names a refund but does not fit it has a name of its own in the queue.
    pub(in crate::payment) fn debit_kind(&self, work: &LineWork, otherwise: Kind) -> Kind {
        if self.refunds.of_line(work).is_some() { Kind::RefundUnmatched } else { otherwise }
    }

    /// A refund debited short, or netted since, cannot come back as a whole, and one of which not all was owed covers
    /// what its payee owes: a person looks.
    fn may_bounce(&self, refund: &Refund) -> bool {
        let held = self.book.payments.get(&(refund.unit, refund.payment));
        let is_out = held.is_some_and(|held| held.value.reversed >= refund.amount);
        is_out && !self.refunds.not_whole.contains(&refund.id)
    }

    fn debited(&mut self, work: &LineWork, refund: &Refund) -> Result<Mark> {
        self.entry(work, Account::RefundPayable, Account::Bank(work.account), refund.amount);
        self.paid_out(work, refund)?;
        Ok(Mark { matched: work.size(), class: CLASS })
    }

    /// A batch takes back from the card's payment exactly what a refund of ours sent: whether one did.
    /// The caller posts it.
    pub(in crate::payment) fn refund_to_card(
        &mut self,
        work: &LineWork,
        payment: PaymentId,
        amount: Dong,
    ) -> Result<bool> {
        let mut sent = self.refunds.held.values().filter(|one| {
            (one.unit, one.payment, one.amount) == (work.unit, payment, amount)
                && matches!(one.state, State::Approved | State::Sent)
        });
        let only = sent.next().filter(|_| sent.next().is_none()).cloned();
        match only {
            Some(refund) => self.paid_out(work, &refund).map(|()| true),
            None => Ok(false),
        }
    }

    fn paid_out(&mut self, work: &LineWork, refund: &Refund) -> Result<()> {
        self.tell_refund(refund, "refund_debited")?;
        self.book.allocate(refund.unit, refund.payment, Bucket::Surplus, Bucket::Reversed, refund.amount)?;
        self.refunds.advance(refund, State::Debited, "debited", Some(work.line), "");
        let kinds = [
            Kind::Overpaid,
            Kind::DuplicateTransfer,
            Kind::LatePayment,
            Kind::RefundUnmatched,
            Kind::RefundBounced,
        ];
        let key = (refund.unit, refund.payment);
        if self.book.payments.get(&key).is_some_and(|held| held.value.surplus.is_zero()) {
            let subject = Subject::Payment(refund.payment);
            let causes = kinds.map(|kind| (refund.unit, kind, subject, "it was refunded"));
            self.book.settled_exceptions.extend(causes);
        }
        Ok(())
    }

    fn bounced(&mut self, work: &LineWork, refund: &Refund) -> Result<Mark> {
        self.entry(work, Account::Bank(work.account), Account::RefundPayable, refund.amount);
        self.tell_refund(refund, "refund_bounced")?;
        self.book.allocate(refund.unit, refund.payment, Bucket::Reversed, Bucket::Surplus, refund.amount)?;
        self.refunds.advance(refund, State::Bounced, "bounced", Some(work.line), "");
        self.book.exceptions.push(bounce::asked(refund, work.account, work.booking_date));
        Ok(Mark { matched: work.size(), class: CLASS })
    }

    fn tell_refund(&mut self, refund: &Refund, kind: &'static str) -> Result<()> {
        let held = self.book.payments.get(&(refund.unit, refund.payment));
        let state = held.ok_or_else(|| Error::internal("a refund's payment was not read"))?.value.state;
        self.book.tell_payment(refund.unit, refund.payment, kind, state, None)
    }

    /// The bank took back money that refunds stand on: those not on their way are refused first.
    /// Returns what of the surplus is already on its way out, which stays a debt.
    pub(in crate::payment) fn recall_refunds(&mut self, work: &LineWork, payment: PaymentId) -> Result<Dong> {
        let mut on_its_way = Dong::ZERO;
        let mut live: Vec<Refund> = self
            .refunds
            .held
            .values()
            .filter(|one| one.unit == work.unit && one.payment == payment)
            .cloned()
            .collect();
        live.sort_by_key(|refund| refund.id);
        for refund in live {
            match refund.state {
                State::Sent => on_its_way = on_its_way.checked_add(refund.amount)?,
                State::Requested | State::Approved | State::Bounced => {
                    if refund.state != State::Requested {
                        let accounting_date = self.accounting_date(work);
                        self.book.postings.push(Posting {
                            unit: work.unit,
                            debit: Account::RefundPayable,
                            credit: Account::Surplus(payment),
                            amount: refund.amount,
                            accounting_date,
                            source: Source::Refund(refund.id),
                        });
                    }
                    let why = "the bank took the money back";
                    self.refunds.advance(&refund, State::Refused, "refused", Some(work.line), why);
                }
                State::Debited | State::Refused => {}
            }
        }
        Ok(on_its_way)
    }
}
