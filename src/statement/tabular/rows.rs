//! Text to rows of cells.

use std::borrow::Cow;

use super::header;
use super::quotes;
use super::two_rows;
use crate::statement::layout::Layouts;
use crate::text;

/// A row with the line of the file it starts at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::statement) struct Row {
    pub line: usize,
    pub cells: Vec<String>,
}

impl Row {
    /// The text of a cell, without what keeps a spreadsheet from reading it as a number: an apostrophe, or
    /// the formula `="1000.00"`.
    pub fn cell(&self, index: usize) -> &str {
        let cell = self.cells.get(index).map_or("", |cell| cell.trim());
        let formula = cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
        formula.unwrap_or_else(|| cell.trim_start_matches('\''))
    }

    pub fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }

    /// The cells as they stand, separated by tabs.
    pub fn raw(&self) -> String {
        self.cells.join("\t")
    }
}

/// The separator under which a heading row appears; `None` when there is none.
pub(super) fn sniff(text: &str, layouts: Layouts<'_>) -> Option<u8> {
    let scored = [b',', b';', b'\t', b'|'].into_iter().filter_map(|delimiter| {
        let rows = split(text, delimiter, header::SEARCHED_ROWS);
        let rows = two_rows::joined(&rows, layouts);
        let (at, columns) = header::find(&rows, layouts)?;
        // Without a heading row the separator is the one that makes enough cells.
        let is_wide = rows.get(at).is_some_and(|row| row.cells.len() >= columns.width());
        is_wide.then_some((columns.score(), delimiter))
    });
    scored.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, delimiter)| delimiter)
}

pub(super) fn split(text: &str, delimiter: u8, limit: usize) -> Vec<Row> {
    let text = &*with_line_feeds(text);
    let text = &*quotes::doubled(text, delimiter);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records().take(limit).flatten() {
        let line = record.position().map_or(0, |position| line_of(text, position));
        rows.push(Row { line, cells: record.iter().map(str::to_owned).collect() });
    }
    rows
}

/// Old Macintosh files end their lines with CR alone; the reader splits there, but does not count.
fn with_line_feeds(text: &str) -> Cow<'_, str> {
    if text.contains('\n') { Cow::Borrowed(text) } else { Cow::Owned(text.replace('\r', "\n")) }
}

/// The line of a quote that is never closed: all that follows would be one cell.
pub(super) fn open_quote(text: &str, delimiter: u8) -> Option<usize> {
    let delimiter = char::from(delimiter);
    let (mut line, mut opened_on) = (1, None);
    let mut is_at_start = true;
    let text = with_line_feeds(text);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        line += usize::from(letter == '\n');
        match opened_on {
            // Two quotes are one inside of the text.
            Some(_) if letter == '"' && letters.next_if_eq(&'"').is_none() => opened_on = None,
            Some(_) => {}
            None if letter == '"' && is_at_start => opened_on = Some(line),
            None => {}
        }
        is_at_start = opened_on.is_none() && (letter == delimiter || matches!(letter, '\n' | '\r'));
    }
    opened_on
}

/// The line a record starts at. Behind CRLF the reader stands before the line feed.
fn line_of(text: &str, position: &csv::Position) -> usize {
    usize::try_from(text::line_of(text.as_bytes(), position)).unwrap_or(usize::MAX)
}
