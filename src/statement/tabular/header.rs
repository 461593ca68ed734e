//! Finding the heading row by what its cells mean.

use super::column::{Column, classify, normalise};
use super::rows::Row;

/// Banks print their address, the account and the balances above the table, but not more.
pub(super) const SEARCHED_ROWS: usize = 120;

/// Which cell of a row is what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    found: Vec<(Column, usize)>,
    width: usize,
}

impl Columns {
    /// The columns of a heading row; `None` unless it has a date, an amount and a description.
    pub fn of(row: &Row) -> Option<Columns> {
        let classified = row.cells.iter().enumerate();
        let mut found: Vec<(Column, usize)> =
            classified.filter_map(|(index, cell)| classify(cell).map(|column| (column, index))).collect();
        settle_bare_no(&mut found, row);
        let width = row.cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1);
        let columns = Columns { found, width };
        columns.is_complete().then_some(columns)
    }

    fn is_complete(&self) -> bool {
        let has = |column| self.index(column).is_some();
        let has_date = has(Column::BookingDate) || has(Column::TransactionDate) || has(Column::ValueDate);
        let has_amount = (has(Column::Debit) && has(Column::Credit)) || has(Column::Amount);
        has_date && has_amount && has(Column::Description)
    }

    /// The first cell of that meaning.
    pub fn index(&self, column: Column) -> Option<usize> {
        self.found.iter().find(|(found, _)| *found == column).map(|(_, index)| *index)
    }

    pub fn has(&self, column: Column) -> bool {
        self.index(column).is_some()
    }

    pub fn cell<'a>(&self, row: &'a Row, column: Column) -> &'a str {
        self.index(column).map_or("", |index| row.cell(index))
    }

    /// All cells of that meaning, not empty.
    pub fn cells<'a>(&'a self, row: &'a Row, column: Column) -> impl Iterator<Item = &'a str> {
        let indexes = self.found.iter().filter(move |(found, _)| *found == column).map(|(_, index)| *index);
        indexes.map(|index| row.cell(index)).filter(|cell| !cell.is_empty())
    }

    /// Cells up to the last heading.
    pub fn width(&self) -> usize {
        self.width
    }

    pub fn score(&self) -> usize {
        self.found.len()
    }
}

/// Without marks “No” and “Co” are “Nợ” and “Có” when they stand together.
fn settle_bare_no(found: &mut [(Column, usize)], row: &Row) {
    let has_debit = found.iter().any(|(column, _)| *column == Column::Debit);
    let has_bare_credit =
        found.iter().any(|(column, index)| *column == Column::Credit && normalise(row.cell(*index)) == "CO");
    if has_debit || !has_bare_credit {
        return;
    }
    let bare_no = found.iter_mut().rev().find(|(_, index)| normalise(row.cell(*index)) == "NO");
    if let Some((column, _)) = bare_no {
        *column = Column::Debit;
    }
}

/// The best heading row among the first rows: the one with the most known headings.
pub(super) fn find(rows: &[Row]) -> Option<(usize, Columns)> {
    let candidates = rows.iter().take(SEARCHED_ROWS).enumerate();
    candidates
        .filter_map(|(index, row)| Columns::of(row).map(|columns| (index, columns)))
        .reduce(|best, next| if next.1.score() > best.1.score() { next } else { best })
}
