//! Workbooks: XLSX, XLS (BIFF) and ODS become rows of text.
//!
//! What a formula last gave is its value. Numbers are written out in full, never in powers of ten,
//! and dates as year, month and day; a number too long to be exact is marked so that no amount and
//! no account is read from it.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Data, Range, Reader, open_workbook_auto_from_rs};
use chrono::{Days, NaiveDate};

use super::rows::Row;
use crate::statement::finding::Finding;

/// Cells of all sheets together.
const MAX_CELLS: usize = 20_000_000;
/// Numbers above it are no longer exact in a spreadsheet.
const EXACT_LIMIT: f64 = 1e15;

/// The rows of each sheet that has any.
pub(in crate::statement) fn sheets(bytes: &[u8]) -> Result<Vec<Vec<Row>>, Finding> {
    // The reader of old workbooks indexes into what the file says; a broken one must not end us.
    catch_unwind(AssertUnwindSafe(|| read_sheets(bytes))).unwrap_or_else(|_| Err(broken()))
}

fn read_sheets(bytes: &[u8]) -> Result<Vec<Vec<Row>>, Finding> {
    let mut workbook = open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(|_| broken())?;
    let mut sheets = Vec::new();
    let mut cell_count = 0_usize;
    for name in workbook.sheet_names() {
        // A chart is a sheet without cells.
        let Ok(range) = workbook.worksheet_range(&name) else { continue };
        cell_count = cell_count.saturating_add(range.height().saturating_mul(range.width()));
        if cell_count > MAX_CELLS {
            return Err(too_large());
        }
        sheets.push(rows_of(&range));
    }
    sheets.retain(|rows| !rows.is_empty());
    Ok(sheets)
}

fn rows_of(range: &Range<Data>) -> Vec<Row> {
    let first_line = range.start().map_or(1, |(row, _)| usize::try_from(row).unwrap_or(0) + 1);
    let numbered = (first_line..).zip(range.rows());
    let rows = numbered.map(|(line, cells)| Row { line, cells: cells.iter().map(text_of).collect() });
    rows.filter(|row| !row.is_blank()).collect()
}

fn text_of(cell: &Data) -> String {
    match cell {
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => number_text(*number),
        Data::Bool(value) => value.to_string(),
        Data::DateTime(moment) => date_text(moment.as_f64(), moment.is_datetime()),
        Data::Error(error) => error.to_string(),
        Data::Empty => String::new(),
    }
}

fn number_text(number: f64) -> String {
    if !number.is_finite() || number.abs() >= EXACT_LIMIT {
        format!("{number:e}")
    } else {
        format!("{number}")
    }
}

/// Days since 1899-12-30, the part of a day behind the point.
fn date_text(serial: f64, is_date: bool) -> String {
    let day = is_date.then(|| day_of(serial)).flatten();
    day.map_or_else(|| number_text(serial), |day| day.to_string())
}

fn day_of(serial: f64) -> Option<NaiveDate> {
    let whole = format!("{:.0}", serial.floor());
    let days: u64 = whole.parse().ok()?;
    NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(days))
}

fn broken() -> Finding {
    Finding::new(
        "line 1",
        "workbook_broken",
        "Tệp bảng tính hỏng hoặc có mật khẩu",
        "the workbook is broken or has a password",
    )
}

fn too_large() -> Finding {
    Finding::new(
        "line 1",
        "workbook_too_large",
        format!("Bảng tính có hơn {MAX_CELLS} ô"),
        format!("the workbook has more than {MAX_CELLS} cells"),
    )
}
