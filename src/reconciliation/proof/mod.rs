//! The proof of a day: what must hold before an account's day can be closed.
//!
//! Pure. Either everything holds and the proof can be certified, or all the obstacles are named.

mod obstacle;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::classification::Class;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::exception::kind::Kind;
use crate::id::{
    AccountId, BatchId, ExceptionId, LineId, MovementId, ObligationId, PaymentId, RemittanceId, SettlementId,
    ShiftId, SlipId,
};

pub use obstacle::Obstacle;

/// First and last sequence number of the statements of a day, as the bank counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    pub first: u32,
    pub last: u32,
}

/// What lies before the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// The day before is closed. `sequence_last` is that of the last statement seen, on whatever
    /// earlier day; zero where the bank began again with the year since.
    Closed { day: BusinessDay, closing: Dong, sequence_last: Option<u32> },
    /// The account's first day: the balance with which it was taken on.
    TakenOn { opening: Dong },
    /// The day before is not closed.
    Missing,
}

/// The bank's figures for the day. Its counts, sums and running balances are not among them: they are compared with
/// the lines when the file is read, and a file that contradicts itself does not go in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementFacts {
    pub opening: Dong,
    pub closing: Dong,
    pub sequence: Option<Sequence>,
    /// Opening and closing were worked out from running balances: the bank did not state them.
    pub is_derived: bool,
}

/// One line with what the books made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineFacts {
    pub id: LineId,
    pub booking_date: BusinessDay,
    /// Minus is money out.
    pub amount: Dong,
    /// What was posted to the bank account for this line; None when nothing was.
    pub posted: Option<Dong>,
    pub class: Option<Class>,
    /// Sum of the match parts, with the sign of `amount`, before charges.
    pub matched: Dong,
    /// What was kept back, zero or more: of a credit the channel's charge, of a debit the sales that paid a part of it.
    pub charge: Dong,
    /// What no match explains, with the sign of `amount`.
    pub open: Dong,
    /// What of a payout's other side nobody knows, with the other sign: chargebacks of a credit, sales of a debit.
    pub beside: Dong,
}

impl LineFacts {
    /// Whether an open item is about the line's other side.
    fn is_beside(&self, open: &OpenItem) -> bool {
        !self.beside.is_zero() && open.amount == self.beside
    }
}

/// What an open item is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Item {
    Line(LineId),
    /// A claim without its line.
    Movement(MovementId),
    /// Cash not deposited, a surplus not refunded, a receipt not made.
    Payment(PaymentId),
    /// An acquirer's batch with items that are no known payments.
    Batch(BatchId),
    /// A drawer whose count differs, or whose takings nobody handed over.
    Shift(ShiftId),
    /// Cash handed over that the bank has not credited in time, or not in full.
    Slip(SlipId),
    /// An order that the Treasury rejected.
    Remittance(RemittanceId),
    /// A gateway's settlement with transactions that nobody claimed.
    Settlement(SettlementId),
    /// Money that waits for the rest of what is owed, or for its document.
    Obligation(ObligationId),
}

/// Something unexplained on the day, with the exception under which it is carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenItem {
    pub item: Item,
    pub amount: Dong,
    pub first_seen: BusinessDay,
    pub exception: Option<(ExceptionId, Kind)>,
}

/// What the first statement after a day without statement says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextStatement {
    pub first_day: BusinessDay,
    pub opening: Dong,
    pub sequence_first: Option<u32>,
}

/// Everything the proof of one account and day looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayFacts {
    pub account: AccountId,
    pub day: BusinessDay,
    pub before: Before,
    /// None on a nil day.
    pub statement: Option<StatementFacts>,
    pub lines: Vec<LineFacts>,
    pub open_items: Vec<OpenItem>,
    /// The ledger's postings of the day against the bank account, by class of their source.
    pub ledger_by_class: BTreeMap<Class, Dong>,
    /// The ledger's balance of the bank account at the end of the day.
    pub ledger_closing: Dong,
    /// Used on nil days only.
    pub next_statement: Option<NextStatement>,
}

/// An open item as it stands in a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    pub item: Item,
    pub amount: Dong,
    pub first_seen: BusinessDay,
    pub exception: ExceptionId,
    pub kind: Kind,
}

/// What was proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub account: AccountId,
    pub day: BusinessDay,
    /// The bank made no statement for this day; the next one proved it.
    pub is_nil: bool,
    /// The balances were worked out from running balances.
    pub is_derived: bool,
    /// Whether sequence numbers on both sides showed that no statement is missing.
    pub is_sequence_checked: bool,
    pub opening: Dong,
    pub credits: Dong,
    /// Above or equal to zero.
    pub debits: Dong,
    pub closing: Dong,
    pub line_count: u32,
    pub by_class: BTreeMap<Class, Dong>,
    /// By item.
    pub carried: Vec<Carried>,
}

/// Proves a day, or names everything that stands in the way.
pub fn day_proof(facts: &DayFacts) -> Result<Proof, Vec<Obstacle>> {
    let mut obstacles = Vec::new();
    let opening = check_before(facts, &mut obstacles);
    let is_sequence_checked = check_sequence(facts, &mut obstacles);
    let sums = match &facts.statement {
        Some(statement) => check_statement(facts, statement, opening, &mut obstacles),
        None => check_nil(facts, opening, &mut obstacles),
    };
    check_lines(facts, &mut obstacles);
    check_classes(facts, &mut obstacles);
    let carried = check_open_items(facts, &mut obstacles);
    match sums {
        Some(sums) if obstacles.is_empty() => Ok(Proof {
            account: facts.account,
            day: facts.day,
            is_nil: facts.statement.is_none(),
            is_derived: facts.statement.is_some_and(|statement| statement.is_derived),
            is_sequence_checked,
            opening: sums.opening,
            credits: sums.credits,
            debits: sums.debits,
            closing: sums.closing,
            line_count: u32::try_from(facts.lines.len()).unwrap_or(u32::MAX),
            by_class: class_sums(facts).unwrap_or_default(),
            carried,
        }),
        _ => Err(obstacles),
    }
}

struct Sums {
    opening: Dong,
    credits: Dong,
    debits: Dong,
    closing: Dong,
}

/// The balance the day must open with.
fn check_before(facts: &DayFacts, obstacles: &mut Vec<Obstacle>) -> Option<Dong> {
    match facts.before {
        Before::Closed { day, closing, .. } if day.0.succ_opt() == Some(facts.day.0) => Some(closing),
        Before::Closed { day, .. } => {
            obstacles.push(Obstacle::DayBeforeOpen { last_closed: Some(day) });
            None
        }
        Before::TakenOn { opening } => Some(opening),
        Before::Missing => {
            obstacles.push(Obstacle::DayBeforeOpen { last_closed: None });
            None
        }
    }
}

/// True when both sides number their statements and none is missing.
fn check_sequence(facts: &DayFacts, obstacles: &mut Vec<Obstacle>) -> bool {
    let (day, first) = match (&facts.statement, &facts.next_statement) {
        (Some(statement), _) => (facts.day, statement.sequence.map(|sequence| sequence.first)),
        (None, Some(next)) => (next.first_day, next.sequence_first),
        (None, None) => return false,
    };
    let Before::Closed { day: day_before, sequence_last: Some(last), .. } = facts.before else {
        return false;
    };
    let Some(found) = first else { return false };
    let expected = last.saturating_add(1);
    // Banks begin again with the year.
    let is_new_year = found <= 1 && day.year() > day_before.year();
    if found == expected || is_new_year {
        return true;
    }
    obstacles.push(if found <= last {
        Obstacle::StatementRepeated { found, last }
    } else {
        Obstacle::StatementMissing { expected, found }
    });
    false
}

fn check_statement(
    facts: &DayFacts,
    statement: &StatementFacts,
    opening: Option<Dong>,
    obstacles: &mut Vec<Obstacle>,
) -> Option<Sums> {
    if let Some(expected) = opening.filter(|expected| *expected != statement.opening) {
        obstacles.push(Obstacle::OpeningDiffers { expected, found: statement.opening });
    }
    let Some((credits, debits)) = turnover(facts) else {
        obstacles.push(Obstacle::OutOfRange);
        return None;
    };
    let computed = statement.opening.checked_add(credits).and_then(|sum| sum.checked_sub(debits));
    let Ok(computed) = computed else {
        obstacles.push(Obstacle::OutOfRange);
        return None;
    };
    if computed != statement.closing {
        obstacles.push(Obstacle::ClosingDiffers { computed, stated: statement.closing });
    }
    if facts.ledger_closing != statement.closing {
        obstacles.push(Obstacle::LedgerDiffers { ledger: facts.ledger_closing, bank: statement.closing });
    }
    Some(Sums { opening: statement.opening, credits, debits, closing: statement.closing })
}

/// Credits and debits of the lines, both without sign; None when they leave the range.
fn turnover(facts: &DayFacts) -> Option<(Dong, Dong)> {
    let amounts = || facts.lines.iter().map(|line| line.amount);
    let credits = Dong::sum(amounts().filter(|amount| amount.0 > 0)).ok()?;
    let debits = Dong::sum(amounts().filter(|amount| amount.0 < 0)).ok()?;
    Some((credits, Dong::ZERO.checked_sub(debits).ok()?))
}

/// A nil day: nothing moved, which the next statement proves by opening with the same balance.
fn check_nil(facts: &DayFacts, opening: Option<Dong>, obstacles: &mut Vec<Obstacle>) -> Option<Sums> {
    if !facts.lines.is_empty() {
        obstacles.push(Obstacle::LinesWithoutStatement { count: facts.lines.len() });
    }
    let Some(next) = facts.next_statement.filter(|next| next.first_day > facts.day) else {
        obstacles.push(Obstacle::NilDayUnproven);
        return None;
    };
    let opening = opening?;
    if next.opening != opening {
        obstacles.push(Obstacle::NilDayMoved { expected: opening, found: next.opening });
    }
    if facts.ledger_closing != opening {
        obstacles.push(Obstacle::LedgerDiffers { ledger: facts.ledger_closing, bank: opening });
    }
    Some(Sums { opening, credits: Dong::ZERO, debits: Dong::ZERO, closing: opening })
}

fn check_lines(facts: &DayFacts, obstacles: &mut Vec<Obstacle>) {
    let mut named: BTreeMap<Item, Vec<&OpenItem>> = BTreeMap::new();
    for open in &facts.open_items {
        named.entry(open.item).or_default().push(open);
    }
    let mut seen = BTreeSet::new();
    for line in &facts.lines {
        if !seen.insert(line.id) {
            obstacles.push(Obstacle::LineTwice { line: line.id });
        }
        if line.booking_date != facts.day {
            obstacles.push(Obstacle::LineOfOtherDay { line: line.id, booking_date: line.booking_date });
        }
        check_posting(line, obstacles);
        check_match(line, obstacles);
        let about = named.get(&Item::Line(line.id)).map(Vec::as_slice).unwrap_or_default();
        let (beside, own): (Vec<&OpenItem>, Vec<&OpenItem>) =
            about.iter().copied().partition(|open| line.is_beside(open));
        for (open, names) in [(line.open, own), (line.beside, beside)] {
            if !open.is_zero() && names.is_empty() {
                obstacles.push(Obstacle::OpenLineUnnamed { line: line.id, open });
            }
        }
    }
}

fn check_posting(line: &LineFacts, obstacles: &mut Vec<Obstacle>) {
    match line.posted {
        None => obstacles.push(Obstacle::LineNotPosted { line: line.id }),
        Some(posted) if posted != line.amount => {
            obstacles.push(Obstacle::PostingDiffers { line: line.id, amount: line.amount, posted });
        }
        Some(_) => {}
    }
}

/// A line is its match parts, less what was kept back, plus what is open; a class that explains a line
/// alone leaves nothing to match, and a line stays unknown only while something of it is open.
fn check_match(line: &LineFacts, obstacles: &mut Vec<Obstacle>) {
    let Some(class) = line.class else {
        obstacles.push(Obstacle::LineNotClassified { line: line.id });
        return;
    };
    let explained = if class.explains_alone() && line.matched.is_zero() { line.amount } else { line.matched };
    let kept_back = Dong(line.charge.0.saturating_mul(line.amount.0.signum()));
    let sum = explained.checked_sub(kept_back).and_then(|net| net.checked_add(line.open));
    let is_sound = sum.is_ok_and(|sum| sum == line.amount)
        && line.charge.0 >= 0
        && (line.open.is_zero() || line.open.0.signum() == line.amount.0.signum())
        && line.open.0.unsigned_abs()
            <= line.amount.0.unsigned_abs().saturating_add(line.charge.0.unsigned_abs())
        && (class != Class::Unknown || line.matched.is_zero() || !line.open.is_zero());
    if !is_sound {
        obstacles.push(Obstacle::MatchSumDiffers {
            line: line.id,
            amount: line.amount,
            explained: line.matched,
        });
    }
}

fn class_sums(facts: &DayFacts) -> Option<BTreeMap<Class, Dong>> {
    let mut sums: BTreeMap<Class, Dong> = BTreeMap::new();
    for line in &facts.lines {
        let sum = sums.entry(line.class?).or_default();
        *sum = sum.checked_add(line.amount).ok()?;
    }
    Some(sums)
}

/// The sums of the lines by class are what the ledger posted by class.
fn check_classes(facts: &DayFacts, obstacles: &mut Vec<Obstacle>) {
    // A line without class has its own obstacle already.
    let Some(sums) = class_sums(facts) else { return };
    for class in Class::ALL {
        let lines = sums.get(&class).copied().unwrap_or_default();
        let ledger = facts.ledger_by_class.get(&class).copied().unwrap_or_default();
        if lines != ledger {
            obstacles.push(Obstacle::ClassSumDiffers { class, lines, ledger });
        }
    }
}

fn check_open_items(facts: &DayFacts, obstacles: &mut Vec<Obstacle>) -> Vec<Carried> {
    let mut carried: Vec<Carried> = Vec::new();
    let lines: BTreeMap<LineId, &LineFacts> = facts.lines.iter().map(|line| (line.id, line)).collect();
    for open in &facts.open_items {
        if let Item::Line(line) = open.item
            && let Some(line) =
                lines.get(&line).filter(|line| line.open != open.amount && !line.is_beside(open))
        {
            obstacles.push(Obstacle::CarriedAmountDiffers {
                item: open.item,
                open: line.open,
                named: open.amount,
            });
        }
        match open.exception {
            None => obstacles.push(Obstacle::OpenItemWithoutException { item: open.item }),
            Some((exception, kind)) if kind.blocks_day_close() => {
                obstacles.push(Obstacle::BlockedByException { exception, kind });
            }
            Some((exception, kind)) => carried.push(Carried {
                item: open.item,
                amount: open.amount,
                first_seen: open.first_seen,
                exception,
                kind,
            }),
        }
    }
    carried.sort_by_key(|carried| (carried.item, carried.exception));
    carried
}

#[cfg(test)]
mod tests;
