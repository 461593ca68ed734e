//! Balances, sums and counts that a bank states above or below its table.
//!
//! They stand as labels with their value in the same row, or as a small table of one row: headings that
//! mean nothing but balances and sums, and what they come to right below.

use rust_decimal::Decimal;

use super::amount::Notation;
use super::column::normalise;
use super::label::{self, Label};
use super::movement::amount_in;
use super::rows::Row;
use crate::statement::finding::line_place;
use crate::statement::model::Totals;

/// What a cell announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Opening,
    Closing,
    Account,
    Currency,
    Debits,
    Credits,
    DebitCount,
    CreditCount,
}

/// What is stated, as it is written, with its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stated {
    pub part: Part,
    pub value: String,
    pub line: usize,
}

impl Stated {
    /// Whether it says how many entries a side has.
    pub fn is_count(&self) -> bool {
        matches!(self.part, Part::DebitCount | Part::CreditCount)
    }
}

const OPENING: &[&str] = &["INITIAL BALANCE", "OPENING BAL", "OPENING BALANCE"];
const CLOSING: &[&str] = &["FINAL BALANCE", "CLOSING BAL", "CLOSING BALANCE", "SCHLUSSSALDO"];
const DEBITS: &[&str] = &["DEBITS", "TOTAL DEBIT", "TOTAL DEBITS", "TOTAL WITHDRAWALS", "WITHDRAWALS"];
const CREDITS: &[&str] = &["CREDITS", "TOTAL CREDIT", "TOTAL CREDITS", "TOTAL DEPOSITS", "DEPOSITS"];
const DEBIT_COUNT: &[&str] = &["DR COUNT", "DEB COUNT", "DEBIT COUNT", "NO OF DEBITS", "NUMBER OF DEBITS"];
const CREDIT_COUNT: &[&str] =
    &["CR COUNT", "CRED COUNT", "CREDIT COUNT", "NO OF CREDITS", "NUMBER OF CREDITS"];
/// The sum of one side as a label of its own: bare words like “Deposits” are headings of a chapter.
const SUM_OF_DEBITS: &[&str] = &["TOTAL DEBIT", "TOTAL DEBITS", "TONG GHI NO", "TONG PHAT SINH NO"];
const SUM_OF_CREDITS: &[&str] = &["TOTAL CREDIT", "TOTAL CREDITS", "TONG GHI CO", "TONG PHAT SINH CO"];

fn part_of(cell: &str) -> Option<Part> {
    let words = normalise(cell);
    let is = |phrases: &[&str]| phrases.contains(&words.as_str());
    match () {
        () if is(OPENING) => Some(Part::Opening),
        () if is(CLOSING) => Some(Part::Closing),
        () if is(DEBITS) => Some(Part::Debits),
        () if is(CREDITS) => Some(Part::Credits),
        () if is(DEBIT_COUNT) => Some(Part::DebitCount),
        () if is(CREDIT_COUNT) => Some(Part::CreditCount),
        () => match label::exact_label(cell) {
            Some(Label::Opening) => Some(Part::Opening),
            Some(Label::Closing) => Some(Part::Closing),
            _ => None,
        },
    }
}

/// The small table: all headings announce something, one of them a balance, and each has its figure
/// right below.
pub(super) fn of_two_rows(headings: &Row, values: &Row) -> Option<Vec<Stated>> {
    let filled = headings.cells.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty());
    let mut stated = Vec::new();
    for (index, cell) in filled {
        let part = part_of(cell)?;
        let value = values.cell(index);
        if stated.iter().any(|known: &Stated| known.part == part) || !is_figure(value) {
            return None;
        }
        stated.push(Stated { part, value: value.to_owned(), line: values.line });
    }
    let has_balance = stated.iter().any(|stated| matches!(stated.part, Part::Opening | Part::Closing));
    let filled_below = values.cells.iter().filter(|cell| !cell.trim().is_empty()).count();
    (stated.len() > 1 && has_balance && filled_below == stated.len()).then_some(stated)
}

/// Sums and counts of one side as labels, with the only figure behind each.
pub(super) fn of_labels(row: &Row) -> Vec<Stated> {
    let side_of = |cell: &str| {
        let words = normalise(cell.split([':', '：']).next().unwrap_or(cell));
        let is = |phrases: &[&str]| phrases.contains(&words.as_str());
        match () {
            () if is(SUM_OF_DEBITS) => Some(Part::Debits),
            () if is(SUM_OF_CREDITS) => Some(Part::Credits),
            () if is(DEBIT_COUNT) => Some(Part::DebitCount),
            () if is(CREDIT_COUNT) => Some(Part::CreditCount),
            () => None,
        }
    };
    let mut stated = Vec::new();
    for (index, cell) in row.cells.iter().enumerate() {
        let Some(part) = side_of(cell) else { continue };
        let behind = cell.split_once([':', '：']).map(|(_, value)| value.trim());
        let cells = row.cells.iter().skip(index + 1).map(|cell| cell.trim());
        let own = cells.take_while(|cell| side_of(cell).is_none());
        let figures: Vec<&str> = behind.into_iter().chain(own).filter(|cell| is_figure(cell)).collect();
        // Of a count and a sum side by side nothing says which is which.
        if let [figure] = figures.as_slice() {
            stated.push(Stated { part, value: (*figure).to_owned(), line: row.line });
        }
    }
    stated
}

/// Digits, and no more letters than those of a currency.
pub(super) fn is_figure(cell: &str) -> bool {
    cell.bytes().any(|byte| byte.is_ascii_digit())
        && cell.chars().filter(|c| c.is_alphabetic()).count() <= 3
        && !cell.contains(':')
        && cell.matches('/').count() < 2
}

/// What is stated of each side, beside what is known of them. Where a side is named twice, the later is
/// meant.
pub(super) fn totals(
    sums: &[Stated],
    known: Option<Totals>,
    notation: &Notation,
    without_opening: impl Fn(Decimal) -> Decimal,
) -> Option<Totals> {
    let mut found = known;
    for stated in sums {
        let Ok(Some(value)) = amount_in(&stated.value, notation) else { continue };
        let (value, at) = (value.abs(), line_place(stated.line));
        let count = u64::try_from(value).ok().filter(|_| value.fract().is_zero());
        let totals = found.get_or_insert_default();
        match stated.part {
            Part::Debits => (totals.debit_sum, totals.debit_at) = (Some(value), at),
            Part::Credits => (totals.credit_sum, totals.credit_at) = (Some(without_opening(value)), at),
            Part::DebitCount => totals.debit_count = count,
            Part::CreditCount => totals.credit_count = count,
            Part::Opening | Part::Closing | Part::Account | Part::Currency => {}
        }
        let at = line_place(stated.line);
        match stated.part {
            Part::DebitCount if totals.debit_at.is_empty() => totals.debit_at = at,
            Part::CreditCount if totals.credit_at.is_empty() => totals.credit_at = at,
            _ => {}
        }
    }
    found
}
