//! Text to rows of cells.

use super::header;
use crate::statement::layout::Layouts;

/// A row with the line of the file it starts at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::statement) struct Row {
    pub line: usize,
    pub cells: Vec<String>,
}

impl Row {
    pub fn cell(&self, index: usize) -> &str {
        self.cells.get(index).map_or("", |cell| cell.trim())
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
        let (at, columns) = header::find(&rows, layouts)?;
        // Without a heading row the separator is the one that makes enough cells.
        let is_wide = rows.get(at).is_some_and(|row| row.cells.len() >= columns.width());
        is_wide.then_some((columns.score(), delimiter))
    });
    scored.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, delimiter)| delimiter)
}

pub(super) fn split(text: &str, delimiter: u8, limit: usize) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records().take(limit).flatten() {
        let line = record.position().and_then(|position| usize::try_from(position.line()).ok()).unwrap_or(0);
        rows.push(Row { line, cells: record.iter().map(str::to_owned).collect() });
    }
    rows
}
