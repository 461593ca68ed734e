//! Tables exported by banks: CSV, workbooks, and markup that calls itself a workbook.
//!
//! `rows` cuts text into rows, `markup` reads those of a page (`workbook` is a room of its own),
//! `column` knows what a heading means (`dictionary` in other languages), `header` finds the heading
//! row, `label` reads what stands around the table, `movement` reads one row, `section` turns the rows
//! of one account into a statement (`ledger` tells the rows of several apart), `attempt` tries the ways to
//! read them (`rank`, `sides`, `habit`) until the balances prove one, `stated` takes out the rows of
//! balances and sums, `ending` tells a cut file, and `order` brings the rows into the order of booking
//! and finds the balances. `amount` reads money in
//! the notation of the table and `denomination` finds its currency. `preview` shows how
//! a table is understood.
//!
//! The bank's view is kept: “Nợ/Debit” is money out of our account.

#[cfg(test)]
mod abroad_tests;
mod amount;
mod attempt;
mod column;
mod denomination;
mod dictionary;
mod ending;
mod habit;
mod header;
mod label;
mod ledger;
mod mark;
mod markup;
mod movement;
mod order;
mod preview;
mod rank;
mod rows;
mod section;
mod shape;
mod sides;
mod stated;
#[cfg(test)]
mod strangers_tests;
#[cfg(test)]
mod tests;
mod told;

use super::finding::{Finding, Findings};
use super::layout::Layouts;
use super::model::Format;
use super::parse::Reading;

pub(super) use ending::Ending;
pub use preview::Preview;
pub(super) use rows::{Row, open_quote};

pub(super) fn has_header(text: &str, layouts: Layouts<'_>) -> bool {
    rows::sniff(text, layouts).is_some()
}

/// Whether the text is a page or a SpreadsheetML file with rows of a table.
pub(super) fn is_markup(text: &str) -> bool {
    markup::has_rows(text)
}

/// The rows of a text file.
pub(super) fn rows_of_text(text: &str, layouts: Layouts<'_>) -> Vec<Row> {
    let delimiter = rows::sniff(text, layouts).unwrap_or(b',');
    rows::split(text, delimiter, usize::MAX)
}

pub(super) fn rows_of_markup(text: &str) -> Vec<Row> {
    markup::rows(text)
}

/// The line at which a page or SpreadsheetML file breaks off inside of its table.
pub(super) fn open_element(text: &str) -> Option<usize> {
    markup::open_at_end(text)
}

/// Reads the sheets of a file, a text being one sheet.
pub(super) fn read(sheets: &[Vec<Row>], format: Format, ending: Ending, layouts: Layouts<'_>) -> Reading {
    let mut findings = Findings::default();
    let mut statements = Vec::new();
    for sheet in sheets {
        // A sheet without a heading row is a cover, a chart or a note.
        if header::find(sheet, layouts).is_some() {
            statements.extend(section::read_sections(sheet, ending, layouts, &mut findings));
        }
    }
    if statements.is_empty() {
        findings.error(Finding::new(
            "line 1",
            "statement_missing",
            "Tệp không có bảng giao dịch với dòng tiêu đề",
            "the file has no table of transactions with a heading row",
        ));
    }
    Reading { format, version: None, statements, findings }
}

/// How the first table is understood.
pub(super) fn preview(sheets: &[Vec<Row>], layouts: Layouts<'_>) -> Option<Preview> {
    sheets.iter().find_map(|sheet| Preview::of(sheet, layouts))
}

/// What the row at a line says of its amount: (is money out, size), each where it is beyond doubt.
pub(super) fn told(
    sheets: &[Vec<Row>],
    line: usize,
    layouts: Layouts<'_>,
) -> (Option<bool>, Option<rust_decimal::Decimal>) {
    let holds = |sheet: &&Vec<Row>| sheet.iter().any(|row| row.line == line);
    sheets.iter().find(holds).map_or((None, None), |sheet| told::told(sheet, line, layouts))
}
