//! Lines that name a paper of ours by its code: the deposit slip whose cash they bring, the order
//! to the Treasury whose money they show leaving or coming back. Refunds have a file of their own.

use std::collections::{BTreeSet, HashMap};

use super::gateway::line::Settlements;
use super::handover;
use super::pos::line::Batches;
use super::prove::{Case, Desk, LineWork, Mark};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::exception::Kind;
use crate::id::LineId;
use crate::ledger::Account;
use crate::remittance::{self, Leg, Line, Order, rules as orders};
use crate::shift::deposit::{self, Slip};
use crate::shift::deposit_query;
use crate::store::{Stamp, Tx};

const DEPOSIT: &str = "cash_deposit";
const TO_BUDGET: &str = "transfer_to_budget";
const KEPT: &str = "own_transfer";

/// The papers that a run of lines may touch, and what became of them. Both change only under their
/// account's lock, which the run holds.
#[derive(Default)]
pub struct Papers {
    slips: HashMap<String, Slip>,
    orders: HashMap<String, (Order, Vec<Line>)>,
    /// As read, to be moved on when the steps are stored.
    stored: HashMap<String, Order>,
    pub(super) batches: Batches,
    pub(super) settlements: Settlements,
    credits: Vec<(Slip, Dong, BusinessDay, LineId)>,
    legs: Vec<(String, Leg, LineId)>,
}

impl Papers {
    /// Those named by the lines' codes.
    pub fn named(tx: &mut Tx<'_>, works: &[&LineWork]) -> Result<Papers> {
        let codes: BTreeSet<&str> = works.iter().flat_map(|work| codes(work)).collect();
        let codes: Vec<String> = codes.into_iter().map(str::to_owned).collect();
        let mut papers = Papers {
            batches: Batches::named(tx, works)?,
            settlements: Settlements::named(tx, works)?,
            ..Papers::default()
        };
        for slip in deposit_query::by_codes(tx, &codes)? {
            papers.slips.insert(slip.reference_code.clone(), slip);
        }
        for order in remittance::query::by_codes(tx, &codes)? {
            let lines = remittance::query::lines(tx, order.unit, order.id)?;
            papers.stored.insert(order.reference_code.clone(), order.clone());
            papers.orders.insert(order.reference_code.clone(), (order, lines));
        }
        Ok(papers)
    }

    /// Writes the steps in their order.
    pub fn store(mut self, tx: &mut Tx<'_>, stamp: &Stamp<'_>) -> Result<()> {
        for (slip, taken, on, line) in &self.credits {
            deposit::store_credit(tx, stamp, slip, *taken, *on, Some(*line))?;
        }
        self.batches.store(tx, stamp)?;
        self.settlements.store(tx, stamp)?;
        for (code, leg, line) in self.legs {
            if let Some(order) = self.stored.get_mut(&code) {
                remittance::store_line(tx, stamp, order, leg, line)?;
            }
        }
        Ok(())
    }
}

fn codes(work: &LineWork) -> impl Iterator<Item = &str> {
    work.code.split('+').filter(|code| !code.is_empty())
}

/// How the case of a line is stored: what it turned out to be counts.
pub fn case_name(work: &LineWork, mark: &Mark) -> &'static str {
    match mark.class {
        _ if matches!(work.case, Case::PosBatch(_) | Case::LumpSum(_)) => work.case.name(),
        "refund_by_us" => "refund",
        DEPOSIT => "deposit",
        TO_BUDGET => "remittance",
        KEPT => "kept_share",
        handover::CLASS if work.amount < Dong::ZERO => handover::TO_UNIT,
        _ => work.case.name(),
    }
}

/// The class of a debit that its code tied to a paper, or to what is owed to another unit, by the case it is stored as.
pub(super) fn class_tied(case: &str) -> Option<&'static str> {
    Some(match case {
        "refund" => "refund_by_us",
        "remittance" => TO_BUDGET,
        "kept_share" => KEPT,
        handover::TO_UNIT => handover::CLASS,
        _ => return None,
    })
}

impl Desk<'_> {
    /// A line about a refund, a deposit, an order of ours, or money of another unit that is paid on. None
    /// for every other line.
    pub(super) fn paper_line(&mut self, work: &LineWork) -> Result<Option<Mark>> {
        if let Some(mark) = self.refund_line(work)? {
            return Ok(Some(mark));
        }
        if let Some(mark) = self.deposit_line(work)? {
            return Ok(Some(mark));
        }
        if let Some(mark) = self.order_line(work)? {
            return Ok(Some(mark));
        }
        Ok(self.handover_line(work))
    }

    /// Cash of a slip: what is over stands in suspense, what is short stays in transit.
    fn deposit_line(&mut self, work: &LineWork) -> Result<Option<Mark>> {
        let on = self.accounting_date(work);
        let known = codes(work).find(|code| self.papers.slips.contains_key(*code));
        let named = known.and_then(|code| self.papers.slips.get_mut(code));
        let Some(slip) = named.filter(|slip| slip.unit == work.unit && slip.account == work.account) else {
            return Ok(None);
        };
        let Some(effect) = deposit::credit(slip, work.amount) else { return Ok(None) };
        let slip = slip.clone();
        let (bank, id) = (Account::Bank(work.account), slip.id);
        self.papers.credits.push((slip, effect.taken, on, work.line));
        self.entry(work, bank.clone(), Account::DepositInTransit(id), effect.taken);
        if effect.excess.is_positive() {
            self.entry(work, bank, Account::Suspense(work.line), effect.excess);
            self.note(work, Kind::DepositDiffers, effect.excess);
        }
        Ok(Some(Mark { matched: effect.taken, class: DEPOSIT }))
    }

    /// Money of an order, whole and in the right direction.
    fn order_line(&mut self, work: &LineWork) -> Result<Option<Mark>> {
        let known = codes(work).find(|code| self.papers.orders.contains_key(*code));
        let named = known.and_then(|code| self.papers.orders.get_mut(code));
        let Some((order, lines)) = named else { return Ok(None) };
        if order.unit != work.unit || order.account != work.account {
            return Ok(None);
        }
        let Some(leg) = orders::leg(order, work.amount) else { return Ok(None) };
        let postings = orders::postings(order, lines, leg, work.account)?;
        order.state = orders::after(order, leg)?;
        order.was_debited |= leg.event() == orders::Event::Debited;
        let class = if order.kind == remittance::Kind::Kept { KEPT } else { TO_BUDGET };
        let code = order.reference_code.clone();
        self.papers.legs.push((code, leg, work.line));
        for (debit, credit, amount) in postings {
            self.entry(work, debit, credit, amount);
        }
        Ok(Some(Mark { matched: work.size(), class }))
    }
}
