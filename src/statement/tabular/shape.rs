//! Whether the rows of a table have the cells they should.

use super::astray;
use super::column::Column;
use super::header::Columns;
use super::movement::{date_cell, is_dated};
use super::rows::Row;
use super::stated;
use crate::statement::finding::{Fault, Finding, Findings, line_place};

/// A cell with more line breaks than this is not text but a quote that was never closed.
const MAX_CELL_LINES: usize = 20;

/// Tables of banks have some ten columns; a row of thousands of cells is none of theirs.
pub(super) const MAX_CELLS: usize = 500;

/// Whether more cells are filled, or stand before one that is, than any table has.
pub(super) fn is_too_wide(row: &Row) -> bool {
    row.cells.iter().skip(MAX_CELLS).any(|cell| !cell.trim().is_empty())
}

pub(super) fn check_shape(columns: &Columns, row: &Row) -> Result<(), Fault> {
    if row.cells.iter().any(|cell| cell.matches('\n').count() > MAX_CELL_LINES) {
        return Err(Fault::new("quote_unclosed", "Dấu nháy kép chưa đóng", "a quote is never closed"));
    }
    let has_more = row.cells.iter().skip(columns.accepted_width()).any(|cell| !cell.trim().is_empty());
    if has_more && (is_dated(columns, row) || is_dated_behind(columns, row)) {
        return Err(Fault::new(
            "row_too_wide",
            "Dòng có nhiều ô hơn tiêu đề; nội dung có dấu phân cách không đặt trong nháy",
            "the row has more cells than the heading; a separator in the text is not quoted",
        ));
    }
    Ok(())
}

/// Whether the day of a row stands one cell behind its place, for an empty cell that is too many.
fn is_dated_behind(columns: &Columns, row: &Row) -> bool {
    let kinds = [Column::BookingDate, Column::TransactionDate, Column::ValueDate];
    let first = kinds.into_iter().filter_map(|column| columns.index(column)).min();
    let behind = first.map_or("", |first| row.cell(first.saturating_add(1)));
    date_cell(columns, row).is_empty() && astray::is_whole_day(columns, behind)
}

/// The first row that is wider than any table.
pub(super) fn check_width(rows: &[Row], findings: &mut Findings) {
    if let Some(row) = rows.iter().find(|row| is_too_wide(row)) {
        findings.error(Finding::new(
            line_place(row.line),
            "row_too_wide",
            format!("Dòng có hơn {MAX_CELLS} ô; không phải bảng của ngân hàng"),
            format!("the row has more than {MAX_CELLS} cells and is of no table of a bank"),
        ));
    }
}

/// One row of a text file that ends before all others is cut off. Files that leave empty cells out at
/// the end of a row do so often.
pub(super) fn check_lengths(columns: &Columns, body: &[Row], findings: &mut Findings) {
    let dated = body.iter().filter(|row| is_dated(columns, row));
    let (whole, short): (Vec<&Row>, Vec<&Row>) = dated.partition(|row| row.cells.len() >= columns.width());
    let [short] = short.as_slice() else { return };
    // A row of a sum may end with it: its figure is compared.
    if whole.is_empty() || stated::is_stated(short) {
        return;
    }
    let count = short.cells.len();
    findings.error(Finding::new(
        line_place(short.line),
        "row_too_short",
        format!("Dòng chỉ có {count} ô, các dòng khác có đủ; có thể bị cắt cụt"),
        format!("the row has only {count} cells and all others have more; it may be cut off"),
    ));
}
