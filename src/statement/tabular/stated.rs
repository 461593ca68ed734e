//! Dated rows that state a balance or a sum instead of a movement.
//!
//! Tables with one column of amounts write “Opening balance”, “Turnover” and “Closing balance” as rows
//! of their own. Only the exact words make such a row, and what it states must not contradict the rest.

use rust_decimal::Decimal;

use super::label::{Label, exact_label};
use super::order::Movement;
use super::rows::Row;
use crate::statement::finding::{Finding, Findings};
use crate::statement::model::{Balance, Line, Statement};

/// What a row states by the words of one of its cells alone.
pub(super) fn statement_of(row: &Row) -> Option<Label> {
    let stated = |cell: &String| exact_label(cell).filter(|label| is_statement(*label));
    row.cells.iter().find_map(stated)
}

fn is_statement(label: Label) -> bool {
    matches!(label, Label::Opening | Label::Closing | Label::Total)
}

/// Takes the stated rows out of the movements, and what they state into the statement.
pub(super) fn settle(
    statement: &mut Statement,
    movements: Vec<Movement>,
    findings: &mut Findings,
) -> Vec<Movement> {
    let (stated, moving): (Vec<Movement>, Vec<Movement>) = movements.into_iter().partition(states);
    if stated.is_empty() {
        return moving;
    }
    let sums = Sums::of(&moving);
    for row in &stated {
        match row.label {
            Some(Label::Opening) if statement.opening.is_none() => statement.opening = balance_of(row),
            Some(Label::Opening) => {}
            Some(Label::Closing) => statement.closing = balance_of(row),
            _ if sums.has(row.sum()) => {}
            _ => findings.error(contradicted(row)),
        }
        findings.warn(Finding::new(
            row.at(),
            "row_ignored",
            "Dòng ghi số dư hoặc tổng cộng, không phải giao dịch",
            "the row states a balance or a sum and is no transaction",
        ));
    }
    moving
}

/// A row whose own balance is another than its amount moved something, whatever its words.
fn states(movement: &Movement) -> bool {
    let sum = movement.sum().map(|sum| sum.abs());
    let agrees = movement.balance.is_none_or(|balance| Some(balance.abs()) == sum);
    match movement.label {
        Some(Label::Opening | Label::Closing) => agrees,
        Some(Label::Total) => true,
        _ => false,
    }
}

fn balance_of(movement: &Movement) -> Option<Balance> {
    let line = movement.lines.first()?;
    Some(Balance {
        date: line.day(),
        amount: movement.balance.or_else(|| movement.sum())?,
        currency: line.currency.clone(),
        at: line.at.clone(),
    })
}

fn contradicted(movement: &Movement) -> Finding {
    Finding::new(
        movement.at(),
        "totals_mismatch",
        "Dòng tổng cộng không khớp các dòng giao dịch",
        "the row of a sum does not agree with the rows of the table",
    )
}

/// The sums a row of totals may state.
pub(super) struct Sums {
    pub credit: Decimal,
    debit: Decimal,
}

impl Sums {
    pub fn of(movements: &[Movement]) -> Sums {
        let lines = || movements.iter().flat_map(|movement| &movement.lines).map(|line: &Line| line.amount);
        let sum = |is_counted: fn(&Decimal) -> bool| {
            lines().filter(is_counted).fold(Decimal::ZERO, |sum, amount| sum.saturating_add(amount))
        };
        Sums { credit: sum(|amount| *amount > Decimal::ZERO), debit: sum(|amount| *amount < Decimal::ZERO) }
    }

    /// Money in, money out, both together, or what is left of them.
    pub fn has(&self, stated: Option<Decimal>) -> bool {
        let (net, gross) = (self.credit.saturating_add(self.debit), self.credit.saturating_sub(self.debit));
        let sums = [self.credit, self.debit, net, gross];
        stated.is_some_and(|stated| sums.iter().any(|sum| sum.abs() == stated.abs()))
    }
}
