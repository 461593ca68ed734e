//! The first rows of a table as they stand, for a person who says which column is what.

use std::collections::BTreeMap;

use super::column::Column;
use super::rows::{self, Row};
use super::shape;
use crate::error::{Error, Result};
use crate::statement::layout::{DateOrder, Layout, Place};
use crate::text;

/// Rows that are shown: the headings are among them.
const SHOWN_ROWS: usize = 15;

/// Rows that show which sign separates the cells.
const SAMPLED_ROWS: usize = 60;

/// The first rows of a table that are not blank.
#[derive(Debug, Clone)]
pub struct FirstRows {
    /// The line or row of the file, and all its cells: what is shown of them is less (`into_shown`).
    pub rows: Vec<(usize, Vec<String>)>,
    /// The most cells of a row.
    pub width: usize,
}

/// What a person says of a table.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    pub name: String,
    /// The line of the headings; `None` for a table without.
    pub heading_line: Option<usize>,
    /// Numbers from one.
    pub columns: BTreeMap<Column, usize>,
    pub dates: DateOrder,
    /// Of the account, where the file names none.
    pub currency: Option<String>,
}

impl FirstRows {
    /// Columns that are shown; a bank's table has fewer.
    const SHOWN_COLUMNS: usize = 40;

    /// Columns that can be named; no table has more.
    pub const MAX_COLUMNS: usize = shape::MAX_CELLS;

    /// Of the sheet with the most rows.
    pub(super) fn of(sheets: &[Vec<Row>]) -> Option<FirstRows> {
        let sheet = sheets.iter().max_by_key(|sheet| sheet.len())?;
        let shown = sheet.iter().filter(|row| !row.is_blank()).take(SHOWN_ROWS);
        let rows: Vec<(usize, Vec<String>)> = shown
            .map(|row| {
                let count = row.cells.len().min(Self::MAX_COLUMNS);
                let cells = (0..count).map(|index| text::clean(row.cell(index)));
                (row.line, cells.collect())
            })
            .collect();
        let width = rows.iter().map(|(_, cells)| cells.len()).max()?;
        (width > 1).then_some(FirstRows { rows, width })
    }

    /// The numbers of the columns that are shown.
    pub fn shown_numbers(&self) -> Vec<usize> {
        (1..=self.width.min(Self::SHOWN_COLUMNS)).collect()
    }

    /// The rows as they are shown, each with its line.
    pub fn into_shown(self) -> Vec<(usize, Vec<String>)> {
        let mut rows = self.rows;
        for (_, cells) in &mut rows {
            cells.truncate(Self::SHOWN_COLUMNS);
        }
        rows
    }

    /// The layout that the choice makes of this table.
    ///
    /// # Errors
    /// `statement_layout_invalid` with what is missing.
    pub fn layout(&self, choice: Choice) -> Result<Layout> {
        let heading = choice.heading_line.map(|line| self.rows.iter().find(|(at, _)| *at == line));
        let Some(heading) = heading.map_or(Some(None), |found| found.map(Some)) else {
            return Err(Error::invalid("heading", "statement_layout_invalid", "no such row is shown"));
        };
        let headings = heading.map_or_else(Vec::new, |(_, cells)| {
            let named = choice.columns.values().filter_map(|number| cells.get(number.checked_sub(1)?));
            named.filter(|text| !text.is_empty()).cloned().collect()
        });
        let columns = choice.columns.into_iter().map(|(column, number)| (column, Place::Number(number)));
        Layout {
            name: choice.name,
            bank: None,
            certainty: None,
            headings,
            width: heading.map_or(0, |(_, cells)| cells.len().min(Self::SHOWN_COLUMNS)),
            is_last_resort: false,
            is_without_heading: heading.is_none(),
            dates: choice.dates,
            currency: choice.currency,
            columns: columns.collect(),
            other_texts: Vec::new(),
        }
        .checked()
    }
}

/// The rows of a text whose headings nobody knows: the sign that cuts most rows into equally many cells
/// separates them.
pub(super) fn rows_of_text(text: &str) -> Vec<Row> {
    let likely = [b';', b'\t', b'|', b','].into_iter().max_by_key(|delimiter| {
        let mut widths: BTreeMap<usize, usize> = BTreeMap::new();
        for row in rows::split(text, *delimiter, SAMPLED_ROWS) {
            *widths.entry(row.cells.len()).or_default() += 1;
        }
        let wide = widths.into_iter().filter(|(width, _)| *width > 1);
        wide.map(|(width, count)| (count, width)).max().unwrap_or_default()
    });
    rows::split(text, likely.unwrap_or(b','), SAMPLED_ROWS)
}
