//! Rows of the table whose cells stand in other places than those of the others: the day is lost or is none,
//! cells are missing, or another sign parts them. They have no amount where amounts stand, and are told here
//! from what is printed around a table.

use std::collections::BTreeMap;

use super::amount::Notation;
use super::column::Column;
use super::header::Columns;
use super::label;
use super::movement::{amount_in, date_cell, is_dated};
use super::order::Movement;
use super::rows::Row;
use super::stated;
use crate::statement::currency;
use crate::statement::finding::{Fault, Finding, excerpt, line_place};

const AMOUNTS: [Column; 3] = [Column::Amount, Column::Debit, Column::Credit];

/// Signs that part the cells of a text.
const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];

/// A day is written with no fewer.
const DAY_DIGITS: usize = 6;

/// Behind the last row of a table and ahead of the first, a limit or a rate stands in fewer cells.
const CELLS_OF_ROW: usize = 3;

/// A row that is astray, and how many movements stand before it.
pub(super) struct Astray {
    pub row: Row,
    pub position: usize,
    pub fault: Fault,
}

impl Astray {
    /// Whether the rows above and below have balances, which hold without this one if they are proven.
    pub fn is_between_balances(&self, movements: &[Movement]) -> bool {
        let above = self.position.checked_sub(1).and_then(|position| movements.get(position));
        let beside = above.zip(movements.get(self.position));
        beside.is_some_and(|(above, below)| above.balance.is_some() && below.balance.is_some())
    }

    /// What is said of it where the balances show that it moves nothing.
    pub fn ignored(&self) -> Finding {
        let shown = excerpt(&self.row.raw());
        Finding::new(
            line_place(self.row.line),
            "row_ignored",
            format!("Bỏ qua dòng không phải giao dịch: “{shown}”"),
            format!("a row that is no transaction is left out: “{shown}”"),
        )
    }

    pub fn refused(self) -> Finding {
        self.fault.at(line_place(self.row.line))
    }
}

/// What is known of the rows around one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Around {
    /// Cells of most rows of a text; `None` in a workbook, where every cell keeps its place.
    pub cell_count: Option<usize>,
    /// Where a row of a workbook shows that it lacks a cell, if one can.
    pub sheet: Option<Sheet>,
    /// Rows with a day stand above and below.
    pub is_inside: bool,
}

/// The place ahead of all amounts in a workbook whose rows with a day have no figure there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sheet {
    ahead: usize,
    /// Cells that are filled in the row with a day that has the fewest.
    filled_count: usize,
    /// Where the balance stands in a row whose cells stand one place early.
    ahead_of_balance: Option<usize>,
}

impl Sheet {
    pub fn of(columns: &Columns, notation: &Notation, body: &[Row]) -> Option<Sheet> {
        let ahead = AMOUNTS.into_iter().filter_map(|column| columns.index(column)).min()?.checked_sub(1)?;
        let dated = || body.iter().filter(|row| is_dated(columns, row));
        let is_amount = |cell: &str| is_figure(cell, notation) || is_whole_amount(cell, notation);
        let filled_count = dated().map(filled_count).min()?;
        let is_free = !dated().any(|row| is_amount(row.cell(ahead)));
        let ahead_of_balance = columns.index(Column::Balance).and_then(|place| place.checked_sub(1));
        is_free.then_some(Sheet { ahead, filled_count, ahead_of_balance })
    }

    /// Whether a row that has a text for its day, and all cells but one, has an amount there. Around the table it
    /// needs more cells than a label with its figures, and its balance one place early as well.
    fn shows_shift(self, notation: &Notation, row: &Row, is_inside: bool) -> bool {
        let filled_count = filled_count(row);
        let fewest = if is_inside { CELLS_OF_ROW } else { CELLS_OF_ROW + 1 };
        let cell = row.cell(self.ahead);
        let is_number = |place| amount_in(row.cell(place), notation).is_ok_and(|amount| amount.is_some());
        filled_count >= fewest
            && (is_inside || self.ahead_of_balance.is_none_or(is_number))
            && filled_count + 1 >= self.filled_count
            && (is_figure(cell, notation) || (is_inside && is_whole_amount(cell, notation)))
    }
}

fn filled_count(row: &Row) -> usize {
    row.cells.iter().filter(|cell| !cell.trim().is_empty()).count()
}

/// How many cells most rows with a day have.
pub(super) fn usual_cell_count(columns: &Columns, body: &[Row]) -> usize {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for row in body.iter().filter(|row| is_dated(columns, row)) {
        *counts.entry(row.cells.len()).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(cell_count, row_count)| (*row_count, *cell_count));
    most.map_or(columns.width(), |(cell_count, _)| cell_count)
}

/// Why a row without a day, and without an amount in its place, is one of the table all the same.
pub(super) fn fault(columns: &Columns, notation: &Notation, row: &Row, around: Around) -> Option<Fault> {
    if is_labelled(row) {
        return None;
    }
    let date = date_cell(columns, row);
    if has_other_separator(columns, date) {
        return Some(lacks_cells(row));
    }
    if !around.is_inside && filled_count(row) < CELLS_OF_ROW {
        return None;
    }
    let shows_shift = |sheet: Sheet| !date.is_empty() && sheet.shows_shift(notation, row, around.is_inside);
    if is_shifted(columns, notation, row, around) || around.sheet.is_some_and(shows_shift) {
        return Some(lacks_cells(row));
    }
    let mut others = row.cells.iter().map(|cell| cell.trim()).filter(|cell| *cell != date);
    (is_like_day(date) && others.any(|cell| is_figure(cell, notation))).then(|| no_day(date))
}

/// Whether a row of no table that is understood has an amount somewhere: behind its date, or in any cell of a
/// row that has more than a label with its figure.
pub(super) fn has_figures(columns: &Columns, notation: &Notation, row: &Row) -> bool {
    let date = date_cell(columns, row);
    let is_written = |cell: &str| cell.contains(['.', ',']) && cell != date && is_figure(cell, notation);
    let cells = || row.cells.iter().map(|cell| cell.trim());
    if is_dated(columns, row) {
        let index = columns.index(Column::Balance);
        return cells().enumerate().any(|(at, cell)| Some(at) != index && is_written(cell));
    }
    let is_whole = || cells().filter(|cell| !cell.is_empty()).count() >= CELLS_OF_ROW;
    let is_moved = |cell: &str| is_written(cell) && (is_signed(cell) || is_whole());
    AMOUNTS.into_iter().any(|column| is_written(columns.cell(row, column)))
        || (!is_labelled(row) && cells().any(is_moved))
}

/// Whether the words of the row are those of a balance, a sum or a footer.
fn is_labelled(row: &Row) -> bool {
    label::leading_label(row).is_some() || stated::statement_of(row).is_some() || stated::is_of_day(row)
}

/// The whole row stands in the cell of its day.
fn has_other_separator(columns: &Columns, date: &str) -> bool {
    SEPARATORS.into_iter().any(|separator| {
        let parts: Vec<&str> = date.split(separator).map(str::trim).collect();
        parts.len() >= CELLS_OF_ROW && parts.first().is_some_and(|part| is_whole_day(columns, part))
    })
}

/// Whether a cell is the day of a row.
pub(super) fn is_whole_day(columns: &Columns, cell: &str) -> bool {
    digits(cell) >= DAY_DIGITS && columns.is_date(cell)
}

/// The row has fewer cells than the others, and as many cells ahead of where it should stand an amount.
fn is_shifted(columns: &Columns, notation: &Notation, row: &Row, around: Around) -> bool {
    let missing = around.cell_count.and_then(|usual| usual.checked_sub(row.cells.len()));
    let Some(missing) = missing.filter(|missing| *missing > 0) else { return false };
    let is_amount =
        |cell: &str| is_figure(cell, notation) || (around.is_inside && is_whole_amount(cell, notation));
    !date_cell(columns, row).is_empty()
        && AMOUNTS.into_iter().any(|column| {
            let place = columns.index(column).and_then(|index| index.checked_sub(missing));
            place.is_some_and(|place| is_amount(row.cell(place)))
        })
}

/// Written as a day is, though there is no such day.
pub(super) fn is_like_day(cell: &str) -> bool {
    let letters = cell.chars().filter(|c| c.is_alphabetic()).count();
    digits(cell) >= DAY_DIGITS && letters.saturating_mul(2) <= digits(cell)
}

fn digits(cell: &str) -> usize {
    cell.bytes().filter(u8::is_ascii_digit).count()
}

/// An amount with decimals, groups of thousands or a sign.
fn is_figure(cell: &str, notation: &Notation) -> bool {
    let is_written = (cell.contains(['.', ',']) || is_signed(cell)) && cell.len() <= 30;
    is_written && amount_in(cell, notation).is_ok_and(|amount| amount.is_some_and(|a| !a.is_zero()))
}

fn is_signed(cell: &str) -> bool {
    cell.starts_with(['-', '−', '+'])
}

/// Digits alone, in a currency without cents.
fn is_whole_amount(cell: &str, notation: &Notation) -> bool {
    currency::decimals(&notation.currency) == 0
        && (4..=15).contains(&cell.len())
        && digits(cell) == cell.len()
}

fn lacks_cells(row: &Row) -> Fault {
    let count = row.cells.len();
    Fault::new(
        "row_too_short",
        format!("Dòng chỉ có {count} ô và không có ngày ở đúng cột; các dòng khác có đủ"),
        format!("the row has only {count} cells and no date in its place; all others have more"),
    )
}

fn no_day(date: &str) -> Fault {
    let shown = excerpt(date);
    Fault::new("date_invalid", format!("Không có ngày “{shown}”"), format!("“{shown}” is not a date"))
}
