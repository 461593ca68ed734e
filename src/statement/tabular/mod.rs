//! Tables exported by banks: CSV, workbooks, and markup that calls itself a workbook.
//!
//! `rows` cuts text into rows, `markup` reads those of a page (`workbook` is a room of its own),
//! `column` knows what a heading means (`dictionary` in other languages), `header` finds the heading
//! row, `label` reads what stands around the table, `movement` reads one row, `section` turns the rows
//! of one account into a statement (`ledger` tells the rows of several apart), `attempt` tries the ways
//! to read them (`rank`, `sides`, `habit`) until the balances prove one, `given` is what is known before,
//! `stated` takes out the rows of balances and sums (`of_day` those of a day), which `balance_words` knows by
//! their words, `state` tells the rows that are not booked, `astray` those whose cells stand in other places
//! (`shifted` where balances alone show it),
//! `ending` tells a cut file, and `order` brings the rows into the order of booking and finds the balances.
//! `totals` compares the rows with what stands beside them. `amount` reads money in the notation of
//! the table, `denomination` finds its currency and `account` the number of the account. `contents` lets the
//! cells tell what a doubtful column is, `unknown_text` where no heading names a text; `calendar` brings the
//! dates of other calendars into ours, `digits` the digits of the East. `quotes` mends cells whose quotes are
//! not doubled. `unheaded` finds the columns of a table without headings, `unnamed` the meaning of those
//! behind the last heading, `summary` what is stated around the table, `pairs` labels with their values in the
//! next row. `two_rows` makes one of headings that stand in two. `cell_words` tells the form of a cell.
//! `preview` shows how a table is understood.
//!
//! The bank's view is kept: “Nợ/Debit” is money out of our account.

#[cfg(test)]
mod abroad_tests;
mod account;
mod amount;
mod astray;
#[cfg(test)]
mod astray_tests;
mod attempt;
mod balance_words;
#[cfg(test)]
mod banks_tests;
mod calendar;
mod cell_words;
mod column;
mod contents;
mod denomination;
mod dictionary;
mod digits;
mod ending;
mod first_rows;
#[cfg(test)]
mod found_tests;
mod given;
mod habit;
mod header;
mod label;
#[cfg(test)]
mod layouts_tests;
mod ledger;
mod mark;
mod markup;
mod movement;
mod of_day;
mod order;
mod pairs;
mod preview;
mod quotes;
mod rank;
mod rows;
mod section;
mod shape;
mod shifted;
#[cfg(test)]
mod shifted_tests;
mod sides;
mod state;
mod stated;
#[cfg(test)]
mod strangers_tests;
#[cfg(test)]
mod structure_tests;
mod summary;
#[cfg(test)]
mod tests;
mod told;
mod totals;
mod two_rows;
mod unheaded;
#[cfg(test)]
mod unheaded_tests;
mod unknown_text;
mod unnamed;
#[cfg(test)]
mod words_tests;

use super::finding::{Finding, Findings};
use super::layout::Layouts;
use super::model::{Format, Statement};
use super::parse::Reading;

pub(super) use amount::Notation;
pub(super) use ending::Ending;
pub use first_rows::{Choice, FirstRows};
pub use preview::Preview;
pub(super) use rows::Row;

pub(super) fn has_header(text: &str, layouts: Layouts<'_>) -> bool {
    rows::sniff(text, layouts).is_some()
}

/// Whether the text is a page or a SpreadsheetML file with rows of a table.
pub(super) fn is_markup(text: &str) -> bool {
    markup::has_rows(text)
}

/// What the heading row of a table says of the table.
pub(super) struct Heading {
    /// How many headings are known.
    pub score: usize,
    /// None where English or words of many languages stand there.
    pub language: Option<String>,
    pub is_vietnamese: bool,
}

/// The heading row of a text, where it has one.
pub(super) fn heading(text: &str) -> Option<Heading> {
    let delimiter = rows::sniff(text, Layouts::default())?;
    let rows = rows::split(text, delimiter, header::SEARCHED_ROWS);
    let rows = two_rows::joined(&rows, Layouts::default());
    let (at, columns) = header::find(&rows, Layouts::default())?;
    let row = rows.get(at)?;
    let mut surroundings = denomination::Surroundings::default();
    surroundings.note(row);
    let cells = || row.cells.iter().map(String::as_str);
    // One word alone may stand in any language.
    let is_sure =
        |language: &String| !dictionary::is_neutral(language) && dictionary::count_in(cells(), language) > 1;
    let language = dictionary::language_of(cells()).filter(is_sure);
    Some(Heading { score: columns.score(), language, is_vietnamese: surroundings.is_vietnamese })
}

/// Whether the text is a table without headings whose columns can be told by their cells.
pub(super) fn is_unheaded(text: &str) -> bool {
    unheaded_delimiter(text).is_some()
}

fn unheaded_delimiter(text: &str) -> Option<u8> {
    delimiter_of(text, |rows| unheaded::find(rows).is_some())
        .or_else(|| delimiter_of(text, |rows| unknown_text::find(rows).is_some()))
}

fn delimiter_of(text: &str, is_table: impl Fn(&[Row]) -> bool) -> Option<u8> {
    let rows = |delimiter: u8| rows::split(text, delimiter, unheaded::SAMPLED_ROWS);
    [b';', b'\t', b'|', b','].into_iter().find(|delimiter| is_table(&rows(*delimiter)))
}

/// The line of a quote that is never closed.
pub(super) fn open_quote(text: &str, layouts: Layouts<'_>) -> Option<usize> {
    let delimiter = rows::sniff(text, layouts).or_else(|| unheaded_delimiter(text))?;
    rows::open_quote(text, delimiter)
}

/// The first rows of a text whose cells are separated by this sign.
pub(super) fn rows_by(text: &str, delimiter: u8, limit: usize) -> Vec<Row> {
    rows::split(text, delimiter, limit)
}

/// The line of a quote that is never closed, where this sign separates the cells.
pub(super) fn open_quote_by(text: &str, delimiter: u8) -> Option<usize> {
    rows::open_quote(text, delimiter)
}

/// The words of a cell, folded, with single blanks between them.
pub(super) fn words(cell: &str) -> String {
    column::normalise(cell)
}

/// Whether a row has more cells than any table.
pub(super) fn is_too_wide(row: &Row) -> bool {
    shape::is_too_wide(row)
}

/// The rows of a text file.
pub(super) fn rows_of_text(text: &str, layouts: Layouts<'_>) -> Vec<Row> {
    let delimiter = rows::sniff(text, layouts).or_else(|| unheaded_delimiter(text)).unwrap_or(b',');
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
    for (nth, sheet) in sheets.iter().enumerate() {
        shape::check_width(sheet, &mut findings);
        // A sheet without a heading row is a cover, a chart or a note.
        let sheet = two_rows::joined(sheet, layouts);
        if header::find(&sheet, layouts).is_some() {
            let rows = digits::plain(&sheet);
            let rows = calendar::common(&rows, layouts);
            let found = section::read_sections(&rows, &[], ending, layouts, &mut findings);
            statements.extend(on_sheet(nth, found));
        }
    }
    if statements.is_empty() && layouts.own().is_none() {
        statements = read_unheaded(sheets, ending, &mut findings);
        if statements.is_empty() {
            statements = read_without_text(sheets, ending, &mut findings);
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

fn on_sheet(sheet: usize, statements: Vec<Statement>) -> impl Iterator<Item = Statement> {
    statements.into_iter().map(move |statement| Statement { sheet, ..statement })
}

/// Reads the sheets whose columns are told by their cells alone.
fn read_unheaded(sheets: &[Vec<Row>], ending: Ending, findings: &mut Findings) -> Vec<Statement> {
    let mut statements = Vec::new();
    for (nth, sheet) in sheets.iter().enumerate() {
        if let Some(found) = unheaded::find(sheet) {
            let (above, body) = sheet.split_at_checked(found.start).unwrap_or_default();
            let layouts = Layouts::with(Some(&found.layout));
            let told = section::read_sections(body, above, ending, layouts, findings);
            statements.extend(on_sheet(nth, told));
            found.tell(sheet, findings);
        }
    }
    statements
}

/// Reads the sheets in which no heading names a text.
fn read_without_text(sheets: &[Vec<Row>], ending: Ending, findings: &mut Findings) -> Vec<Statement> {
    let mut statements = Vec::new();
    for (nth, sheet) in sheets.iter().enumerate() {
        let rows = digits::plain(sheet);
        if let Some(guess) = unknown_text::find(&rows) {
            guess.tell(findings);
            statements.extend(on_sheet(nth, section::read_guessed(&rows, guess, ending, findings)));
        }
    }
    statements
}

/// The first rows of the largest table as they stand.
pub(super) fn first_rows(sheets: &[Vec<Row>]) -> Option<FirstRows> {
    FirstRows::of(sheets)
}

/// The rows of a text in which no table is known.
pub(super) fn rows_of_unknown(text: &str) -> Vec<Row> {
    first_rows::rows_of_text(text)
}

/// How the first table is understood.
pub(super) fn preview(sheets: &[Vec<Row>], layouts: Layouts<'_>) -> Option<Preview> {
    let by_heading = sheets.iter().find_map(|sheet| Preview::of(&two_rows::joined(sheet, layouts), layouts));
    by_heading.or_else(|| {
        let found = sheets.iter().filter(|_| layouts.own().is_none());
        let mut found = found.filter_map(|sheet| Some((sheet, unheaded::find(sheet)?)));
        let unheaded = found.find_map(|(sheet, found)| {
            let body = sheet.get(found.start..).unwrap_or_default();
            Preview::of(body, Layouts::with(Some(&found.layout)))
        });
        let mut others = sheets.iter().filter(|_| layouts.own().is_none());
        unheaded.or_else(|| others.find_map(|sheet| Preview::guessed(sheet)))
    })
}

/// What the row at a line says of its amount: (is money out, size), each where it is beyond doubt.
pub(super) fn told(
    sheets: &[Vec<Row>],
    line: usize,
    layouts: Layouts<'_>,
) -> (Option<bool>, Option<rust_decimal::Decimal>) {
    let holds = |sheet: &&Vec<Row>| sheet.iter().any(|row| row.line == line);
    let said = |sheet: &Vec<Row>| told::told(&two_rows::joined(sheet, layouts), line, layouts);
    sheets.iter().find(holds).map_or((None, None), said)
}
