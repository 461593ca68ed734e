//! Tables whose headings name the day and the amount, and no text by a word that is known.
//!
//! Such a table is read with its widest column of words as the text. It is looked for last of all: where no row
//! of headings is known whole, and no balances tell what the columns are.

use super::column::Column;
use super::dictionary;
use super::header::{Columns, SEARCHED_ROWS};
use super::mark::read_mark;
use super::movement::is_dated;
use super::rows::Row;
use super::shape;
use crate::statement::currency;
use crate::statement::finding::{Finding, Findings, excerpt, line_place};

/// Rows that are looked at for words.
const SAMPLED_ROWS: usize = 200;

/// A heading row with the columns as they are taken.
#[derive(Debug, Clone)]
pub(super) struct Guess {
    /// The place of the heading row among the rows.
    pub at: usize,
    pub columns: Columns,
    heading: Row,
}

/// The heading row with the most known headings, below which a column of words stands.
pub(super) fn find(rows: &[Row]) -> Option<Guess> {
    let candidates = rows.iter().take(SEARCHED_ROWS).enumerate();
    candidates
        .filter_map(|(at, row)| Guess::of(at, row, rows.get(at + 1..)?))
        .reduce(|best, next| if next.columns.score() > best.columns.score() { next } else { best })
}

impl Guess {
    fn of(at: usize, row: &Row, below: &[Row]) -> Option<Guess> {
        let mut columns = Columns::without_text(row)?;
        let is_row = |row: &&Row| !shape::is_too_wide(row) && is_dated(&columns, row);
        let dated: Vec<&Row> = below.iter().filter(is_row).take(SAMPLED_ROWS).collect();
        // A column that nobody knows may tell that a row is not booked, and would be passed over as words.
        if free(&columns).any(|index| dated.iter().any(|row| dictionary::is_not_booked(row.cell(index)))) {
            return None;
        }
        match widest(&columns, &dated) {
            Some(index) => columns.found.push((Column::Description, index)),
            // What kind of movement it is stands in for the text of a row.
            None => {
                let index = columns.index(Column::Kind)?;
                dated.iter().find(|row| row.cell(index).contains(char::is_alphabetic))?;
            }
        }
        Some(Guess { at, columns, heading: row.clone() })
    }

    /// The columns below a row, where it is the heading row.
    pub fn columns_of(&self, row: &Row) -> Option<Columns> {
        (row.cells == self.heading.cells).then(|| self.columns.clone())
    }

    /// Says which column was taken.
    pub fn tell(&self, findings: &mut Findings) {
        let text = self.columns.index(Column::Description).or_else(|| self.columns.index(Column::Kind));
        let shown = text.map(|index| excerpt(self.heading.cell(index))).unwrap_or_default();
        findings.warn(Finding::new(
            line_place(self.heading.line),
            "heading_missing",
            format!("Không tiêu đề nào cho biết cột nội dung; đã lấy cột “{shown}”"),
            format!("no heading names the column of texts; “{shown}” is taken for it"),
        ));
    }
}

/// The columns that mean nothing.
fn free(columns: &Columns) -> impl DoubleEndedIterator<Item = usize> {
    (0..columns.width()).filter(move |index| !columns.found.iter().any(|(_, at)| at == index))
}

/// The column with the most letters in these rows, of those that mean nothing. One of nothing but marks or
/// currencies is no text.
pub(super) fn widest(columns: &Columns, rows: &[&Row]) -> Option<usize> {
    let letters = |index: &usize| -> usize {
        rows.iter().map(|row| row.cell(*index).chars().filter(|c| c.is_alphabetic()).count()).sum()
    };
    let is_code = |cell: &str| cell.is_empty() || currency::is_code(cell) || read_mark(cell).is_some();
    let is_text = |index: &usize| rows.iter().any(|row| !is_code(row.cell(*index)));
    // Of equal columns the first.
    free(columns).filter(is_text).rev().max_by_key(letters).filter(|index| letters(index) > 0)
}
