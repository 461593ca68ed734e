//! The statement's side of batches: the line that pays one out, or takes its chargebacks.

use std::collections::{BTreeMap, HashMap};

use super::{Batch, Item, ItemKind, query, rules};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::exception::{self, Kind, Subject};
use crate::id::*;
use crate::ledger::Account;
use crate::payment::book::{Payment, PaymentState};
use crate::payment::prove::{Case, Desk, LineWork, Mark};
use crate::store::{Stamp, Tx, failure, rows};

const CHANNEL: &str = "pos";

/// The batches that a run of lines shows, each with the payments of its items.
#[derive(Default)]
pub struct Batches {
    held: HashMap<BatchId, (Batch, Vec<Item>, BTreeMap<usize, PaymentId>)>,
    shown: Vec<(BatchId, crate::clock::BusinessDay, LineId)>,
}

impl Batches {
    /// Those that matching found. They change only under their account's lock, which the run holds.
    pub fn named(tx: &mut Tx<'_>, works: &[&LineWork]) -> Result<Batches> {
        let mut batches = Batches::default();
        for work in works {
            let Case::PosBatch(id) = work.case else { continue };
            let Some(batch) = query::by_ids(tx, &[(work.unit, id)])?.pop() else { continue };
            let items = query::items(tx, work.unit, id)?;
            let candidates = query::candidates(tx, work.unit, &items)?;
            let matched = rules::matched(&items, &candidates);
            batches.held.insert(id, (batch, items, matched));
        }
        Ok(batches)
    }

    /// Their payments, to be locked with the others.
    pub fn payments(&self) -> Vec<(UnitId, PaymentId)> {
        let of = |(batch, _, matched): &(Batch, Vec<Item>, BTreeMap<usize, PaymentId>)| {
            matched.values().map(|payment| (batch.unit, *payment)).collect::<Vec<_>>()
        };
        self.held.values().flat_map(of).collect()
    }

    /// The payments whose money they take back.
    pub fn charged_back(&self) -> Vec<(UnitId, PaymentId)> {
        let mut found = Vec::new();
        for (batch, items, matched) in self.held.values() {
            let is_back =
                |place: &usize| items.get(*place).is_some_and(|one| one.kind == ItemKind::Chargeback);
            let of = matched.iter().filter(|(place, _)| is_back(place));
            found.extend(of.map(|(_, payment)| (batch.unit, *payment)));
        }
        found
    }

    /// Writes the steps in their order.
    pub fn store(self, tx: &mut Tx<'_>, stamp: &Stamp<'_>) -> Result<()> {
        for (id, on, line) in &self.shown {
            let Some((batch, items, matched)) = self.held.get(id) else { continue };
            query::store_state(tx, batch)?;
            query::note(tx, stamp, batch, "credited", *on, (None, Some(*line)))?;
            let rows_of_matches: Vec<query::MatchRow> = matched
                .iter()
                .map(|(place, payment)| query::MatchRow {
                    unit_id: batch.unit,
                    batch_id: *id,
                    item_no: i32::try_from(place + 1).unwrap_or(i32::MAX),
                    kind: items.get(*place).map_or("sale", |item| item.kind.as_str()),
                    payment_id: *payment,
                    created_at: stamp.now,
                    revision: batch.revision,
                })
                .collect();
            rows::insert(tx, &rows_of_matches)?;
            let ends = [Kind::BulkSettlement, Kind::MatchDoubted];
            let ends = ends.map(|kind| (batch.unit, kind, Subject::Batch(*id), "its line came"));
            exception::settle_by_themselves(tx, stamp, &ends)?;
        }
        Ok(())
    }
}

impl Desk<'_> {
    /// Posts a batch with its line: the payments are proven, the fee is a charge to recover, what
    /// has no payment stands in suspense.
    pub(in crate::payment) fn settle_batch(&mut self, work: &LineWork, id: BatchId) -> Result<Mark> {
        self.clear_batch(work, id, Account::Bank(work.account))
    }

    /// The same against where the net stands: the bank, or what the line left unexplained when it came first.
    pub(in crate::payment) fn clear_batch(
        &mut self,
        work: &LineWork,
        id: BatchId,
        net: Account,
    ) -> Result<Mark> {
        let overtaken = || Error::busy(failure::RETRY, 1, "the batch was shown meanwhile");
        let on = self.accounting_date(work);
        let held = self.papers.batches.held.get_mut(&id).ok_or_else(overtaken)?;
        if held.0.state != "awaited" || held.0.net != work.amount || held.0.account != work.account {
            return Err(overtaken());
        }
        held.0.state = "credited".to_owned();
        held.0.revision += 1;
        let (batch, items, matched) = (held.0.clone(), held.1.clone(), held.2.clone());
        self.papers.batches.shown.push((id, on, work.line));
        let mut sides = Sides::default();
        let is_late = net != Account::Bank(work.account);
        sides.debits.push((Account::ChargesToRecover, batch.fee));
        match work.amount.is_positive() {
            true => sides.debits.push((net, work.size())),
            false => sides.credits.push((net, work.size())),
        }
        for (place, item) in items.iter().enumerate() {
            let used = self.settle_item(work, item, matched.get(&place).copied(), &mut sides)?;
            // A sale that another batch has shown meanwhile is no match of this one.
            if let Some(held) = self.papers.batches.held.get_mut(&id).filter(|_| !used) {
                held.2.remove(&place);
            }
        }
        sides.credits.push((Account::Suspense(work.line), sides.unknown_sales));
        sides.debits.push((Account::UnexplainedDebit(work.line), sides.unknown_backs));
        let (sales, backs) = (sides.unknown_sales, sides.unknown_backs);
        let unknown = std::mem::take(&mut sides.unknown);
        for (debit, credit, amount) in rules::pair(sides.debits, sides.credits)? {
            self.entry(work, debit, credit, amount);
        }
        self.note_unknown(work, &unknown, is_late)?;
        if backs.is_positive() {
            self.note(work, Kind::UnknownDebit, backs);
        }
        let open = if work.amount.is_positive() { sales } else { backs };
        let class = if open.is_positive() { "unknown" } else { "cash_deposit" };
        Ok(Mark { matched: work.size().checked_sub(open.min(work.size()))?, class })
    }

    /// Each sale without a payment is money of its own, looked for and given its place alone. Of a debit, whose
    /// chargebacks were more than its sales, they are one sum under the line, which is assigned or split.
    fn note_unknown(&mut self, work: &LineWork, sales: &[Dong], is_late: bool) -> Result<()> {
        let total = Dong::sum(sales.iter().copied())?;
        if !work.amount.is_positive() {
            if total.is_positive() {
                self.note(work, Kind::BulkSettlement, total);
            }
            return Ok(());
        }
        for amount in sales {
            let movement = self.open_part(work, *amount)?;
            // The only one is the line's, unless the line's item ends with the batch.
            match sales.len() {
                1 if !is_late => self.note(work, Kind::BulkSettlement, *amount),
                _ => self.note_about(work, Kind::BulkSettlement, Subject::Movement(movement), *amount),
            }
        }
        Ok(())
    }

    /// The clearing that the counter posted the card to: a batch may be paid to another account of
    /// the unit.
    fn taken_into(&self, work: &LineWork, payment: PaymentId) -> Account {
        let posted = self.book.payments.get(&(work.unit, payment)).and_then(|held| taken_into(&held.value));
        posted.unwrap_or_else(|| Account::Clearing(work.account, CHANNEL.to_owned()))
    }

    /// Whether the item used its payment.
    fn settle_item(
        &mut self,
        work: &LineWork,
        item: &Item,
        payment: Option<PaymentId>,
        sides: &mut Sides,
    ) -> Result<bool> {
        let unit = work.unit;
        let state = payment.and_then(|id| self.book.payments.get(&(unit, id))).map(|held| held.value.state);
        let is_refund = match payment.filter(|_| item.kind == ItemKind::Chargeback) {
            Some(id) => self.refund_to_card(work, id, item.amount)?,
            None => false,
        };
        let is_back = match payment.filter(|_| item.kind == ItemKind::Chargeback && !is_refund) {
            Some(id) => {
                let before = sides.debits.iter().filter(|(to, _)| *to == Account::ReversalToRecover(id));
                let before = Dong::sum(before.map(|(_, amount)| *amount))?;
                self.charge_back(work, id, (item, before))?
            }
            None => false,
        };
        match (item.kind, payment, state) {
            (ItemKind::Sale, Some(id), Some(PaymentState::Claimed)) => {
                sides.credits.push((self.taken_into(work, id), item.amount));
                self.book.tell_payment(unit, id, "proven", PaymentState::Proven, None)?;
                let cause = (unit, Kind::NotDeposited, Subject::Payment(id), "its batch came");
                self.book.settled_exceptions.push(cause);
            }
            (ItemKind::Chargeback, ..) if is_refund => {
                sides.debits.push((Account::RefundPayable, item.amount));
            }
            (ItemKind::Chargeback, Some(id), _) if is_back => {
                sides.debits.push((Account::ReversalToRecover(id), item.amount));
            }
            (ItemKind::Sale, ..) => {
                sides.unknown_sales = sides.unknown_sales.checked_add(item.amount)?;
                sides.unknown.push(item.amount);
                return Ok(false);
            }
            (ItemKind::Chargeback, ..) => {
                sides.unknown_backs = sides.unknown_backs.checked_add(item.amount)?;
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The clearing that a card payment was posted to.
pub(in crate::payment) fn taken_into(payment: &Payment) -> Option<Account> {
    let account = payment.debit_account.strip_prefix("clearing/")?.split('/').next()?.parse().ok()?;
    Some(Account::Clearing(account, CHANNEL.to_owned()))
}

/// Both sides of a batch, before they are paired.
#[derive(Default)]
struct Sides {
    debits: Vec<(Account, Dong)>,
    credits: Vec<(Account, Dong)>,
    /// The sales among them, one by one.
    unknown: Vec<Dong>,
    unknown_sales: Dong,
    unknown_backs: Dong,
}
