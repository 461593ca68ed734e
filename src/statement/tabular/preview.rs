//! How a table is understood, before anything of it is trusted.

use std::collections::BTreeMap;

use serde::Serialize;

use super::column::Column;
use super::denomination::Surroundings;
use super::header;
use super::rows::Row;
use super::unknown_text;
use crate::statement::layout::{DateOrder, Layout, Layouts, Place};

/// Rows of the table that are shown.
const SHOWN_ROWS: usize = 5;

/// The heading row of a table with the meaning of its columns, and its first rows.
#[derive(Debug, Clone, Serialize)]
pub struct Preview {
    /// The layout that was used; absent when the headings were understood by their words.
    pub layout: Option<String>,
    /// The line or row of the headings; absent for a table without.
    pub heading_line: Option<usize>,
    pub columns: Vec<PreviewColumn>,
    pub rows: Vec<Vec<String>>,
    /// The mapping to start from, for `--map`.
    pub mapping: Layout,
}

#[derive(Debug, Clone, Serialize)]
pub struct PreviewColumn {
    /// From one.
    pub number: usize,
    pub heading: String,
    pub meaning: Option<Column>,
}

impl Preview {
    pub(super) fn of(sheet: &[Row], layouts: Layouts<'_>) -> Option<Preview> {
        let (at, columns) = header::find(sheet, layouts)?;
        Some(Preview::with(sheet, at, columns, layouts))
    }

    /// Of a table in which no heading names a text.
    pub(super) fn guessed(sheet: &[Row]) -> Option<Preview> {
        let guess = unknown_text::find(sheet)?;
        Some(Preview::with(sheet, guess.at, guess.columns, Layouts::default()))
    }

    fn with(sheet: &[Row], at: usize, mut columns: header::Columns, layouts: Layouts<'_>) -> Preview {
        columns.settle_dates(
            sheet.get(at..).unwrap_or_default(),
            &Surroundings::vietnamese(),
            DateOrder::DayFirst,
        );
        let has_heading = layouts.own().is_none_or(|own| !own.is_without_heading);
        let heading = sheet.get(at).filter(|_| has_heading);
        let width = sheet.iter().skip(at).take(SHOWN_ROWS + 1).map(|row| row.cells.len()).max().unwrap_or(0);
        let meaning =
            |index| columns.meanings().iter().find(|(_, at)| *at == index).map(|(column, _)| *column);
        let heading_text = |index| heading.map(|row| crate::text::clean(row.cell(index))).unwrap_or_default();
        let shown = sheet.iter().skip(if has_heading { at + 1 } else { at }).take(SHOWN_ROWS);
        Preview {
            layout: columns.layout().map(str::to_owned),
            heading_line: heading.map(|row| row.line),
            columns: (0..width)
                .map(|index| PreviewColumn {
                    number: index + 1,
                    heading: heading_text(index),
                    meaning: meaning(index),
                })
                .collect(),
            rows: shown.map(|row| row.cells.clone()).collect(),
            mapping: mapping(&columns, heading, layouts),
        }
    }
}

fn mapping(columns: &header::Columns, heading: Option<&Row>, layouts: Layouts<'_>) -> Layout {
    if let Some(own) = layouts.own() {
        return own.clone();
    }
    let text = |index: usize| heading.map(|row| crate::text::clean(row.cell(index))).unwrap_or_default();
    let mut places: BTreeMap<Column, Place> = BTreeMap::new();
    for (column, index) in columns.meanings() {
        places.entry(*column).or_insert(Place::Number(index + 1));
    }
    let needed = places.values().filter_map(|place| match place {
        Place::Number(number) => Some(text(number.checked_sub(1)?)),
        Place::Heading(_) => None,
    });
    Layout {
        name: columns.layout().unwrap_or("Bảng của tôi").to_owned(),
        bank: None,
        certainty: None,
        headings: needed.filter(|heading| !heading.is_empty()).collect(),
        width: 0,
        is_last_resort: false,
        is_without_heading: heading.is_none(),
        dates: columns.date_order(),
        currency: columns.currency().map(str::to_owned),
        columns: places,
        other_texts: Vec::new(),
    }
}
