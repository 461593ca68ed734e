//! What is known of the rows of an account before they are read.

use chrono::NaiveDate;

use super::amount::Notation;
use super::column::Column;
use super::ending::Ending;
use super::header::Columns;
use super::mark::read_mark;
use super::movement::{date_cell, is_dated};
use super::rows::Row;
use super::stated;
use super::summary;
use crate::statement::model::Statement;

/// What is known of the rows before they are read.
pub(super) struct Given<'a> {
    /// With its place, account and currency.
    pub statement: &'a Statement,
    pub body: &'a [Row],
    pub opening: Option<&'a (String, usize)>,
    pub closing: Option<&'a (String, usize)>,
    pub period: Option<(NaiveDate, NaiveDate)>,
    /// The day that stands beside the closing balance.
    pub closing_day: Option<NaiveDate>,
    pub totals: Option<&'a Row>,
    /// Sums and counts that stand beside their words.
    pub sums: &'a [summary::Stated],
    pub ending: Ending,
}

impl Given<'_> {
    pub fn currency(&self) -> &str {
        self.statement.currency.as_deref().unwrap_or("VND")
    }

    /// How the amounts are written, from all of them.
    pub fn notation(&self, columns: &Columns) -> Notation {
        let money = [
            Column::Amount,
            Column::Debit,
            Column::Credit,
            Column::Balance,
            Column::BalanceBefore,
            Column::Fee,
            Column::Tax,
        ];
        let rows = self.body.iter().filter(|row| is_dated(columns, row));
        let cells = rows.flat_map(|row| money.map(|column| columns.cell(row, column)));
        let balances = [self.opening, self.closing].into_iter().flatten().map(|(value, _)| value.as_str());
        Notation::of(self.currency()).learn(cells.chain(balances))
    }

    /// Whether two rows below each other print the same day. Then a row without one has lost it.
    pub fn prints_each_day(&self, columns: &Columns) -> bool {
        let day = |row: &Row| columns.date(date_cell(columns, row)).ok().map(|(day, _)| day);
        // At the end of a page, and beside what is stated, the day may be printed once more.
        let are_neighbours = |one: &Row, other: &Row| {
            let breaks: usize = one.cells.iter().map(|cell| cell.matches('\n').count()).sum();
            other.line == one.line + breaks + 1 && ![one, other].into_iter().any(stated::is_stated)
        };
        let mut pairs = self.body.iter().zip(self.body.iter().skip(1));
        pairs.any(|(one, other)| {
            let first = day(one);
            first.is_some() && first == day(other) && are_neighbours(one, other)
        })
    }

    /// A column headed as debit/credit always counts; one headed as kind only when it holds marks.
    pub fn mark_column(&self, columns: &Columns) -> Option<Column> {
        if columns.has(Column::Mark) {
            return Some(Column::Mark);
        }
        let rows = || self.body.iter().filter(|row| is_dated(columns, row));
        let holds_mark =
            |row: &Row| read_mark(columns.cell(row, Column::Kind)).is_some() || stated::is_stated(row);
        let holds_marks = || rows().all(holds_mark);
        Some(Column::Kind).filter(|column| columns.has(*column) && holds_marks())
    }
}
