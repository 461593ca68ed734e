//! Finding the row of headings.

use std::collections::BTreeMap;

use super::{Fault, Field, Kind, Named, Own, Why, dictionary};
use crate::statement::tabular::{self, Row};
use crate::text;

/// Partners print their name, the merchant and the period above the table, but not more.
pub(super) const SEARCHED_ROWS: usize = 120;

/// Headings that a refusal names, and letters of each.
const SHOWN_HEADINGS: usize = 30;
const SHOWN_LETTERS: usize = 40;

/// Which cell of a row is what.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub line: usize,
    found: BTreeMap<Field, Place>,
    /// The headings as they stand.
    names: Vec<String>,
    /// Cells of the row, with empty ones.
    pub width: usize,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    index: usize,
    rank: usize,
    /// Another column has a heading that is as good.
    is_twice: bool,
}

impl Columns {
    pub fn of(row: &Row, kind: Kind, own: &Own<'_>) -> Columns {
        let named = own.named.iter().find(|named| named.is_headed_by(row));
        let found = named.map_or_else(|| by_meaning(row, kind, own), by_number);
        let shown = row.cells.iter().map(|cell| text::clean(cell)).filter(|cell| !cell.is_empty());
        let names =
            shown.take(SHOWN_HEADINGS).map(|cell| cell.chars().take(SHOWN_LETTERS).collect::<String>());
        Columns { line: row.line, found, names: names.collect(), width: row.cells.len() }
    }

    pub fn index(&self, field: Field) -> Option<usize> {
        self.found.get(&field).map(|place| place.index)
    }

    pub fn cell<'a>(&self, row: &'a Row, field: Field) -> &'a str {
        self.index(field).map_or("", |index| row.cell(index))
    }

    /// How many meanings are known.
    pub fn score(&self) -> usize {
        self.found.len()
    }

    /// The first group of columns of which there is none.
    pub fn missing(&self, kind: Kind) -> Option<&'static [Field]> {
        let has = |field: &Field| self.found.contains_key(field);
        kind.needs().iter().copied().find(|group| !group.iter().any(has))
    }

    /// Where the name of a row stands.
    pub fn key(&self, kind: Kind) -> Option<usize> {
        kind.keys().iter().find_map(|field| self.index(*field))
    }

    /// The last cell that every row must reach.
    pub fn last(&self) -> usize {
        let needed = self
            .found
            .iter()
            .filter(|(field, _)| !matches!(**field, Field::Other | Field::Reason | Field::Date));
        needed.map(|(_, place)| place.index).max().unwrap_or_default()
    }

    /// Refuses two columns of which nobody can say which is meant.
    pub fn check_twice(&self) -> Result<(), Fault> {
        let mut twice = self.found.iter().filter(|(field, place)| place.is_twice && **field != Field::Other);
        match twice.next() {
            Some((field, _)) => Err(Fault::at(self.line, Why::ColumnTwice(*field))),
            None => Ok(()),
        }
    }

    /// Why these columns are not enough.
    pub fn refusal(self, kind: Kind) -> Fault {
        match self.missing(kind) {
            Some(wanted) => Fault::at(self.line, Why::ColumnMissing { wanted, found: self.names }),
            None => Fault::at(self.line, Why::NoTable),
        }
    }
}

/// Where the columns stand that a person named.
fn by_number(named: &Named) -> BTreeMap<Field, Place> {
    let place = |(field, number): (&Field, &usize)| {
        Some((*field, Place { index: number.checked_sub(1)?, rank: 0, is_twice: false }))
    };
    named.columns.iter().filter_map(place).collect()
}

/// Where the columns stand whose headings are known.
fn by_meaning(row: &Row, kind: Kind, own: &Own<'_>) -> BTreeMap<Field, Place> {
    let mut found: BTreeMap<Field, Place> = BTreeMap::new();
    for (index, cell) in row.cells.iter().enumerate() {
        let Some((field, rank)) = meaning(cell, kind, own) else { continue };
        match found.get_mut(&field) {
            Some(known) if known.rank < rank => {}
            Some(known) if known.rank == rank => known.is_twice = true,
            _ => {
                found.insert(field, Place { index, rank, is_twice: false });
            }
        }
    }
    found
}

fn meaning(cell: &str, kind: Kind, own: &Own<'_>) -> Option<(Field, usize)> {
    if !own.headings.is_empty() {
        let words = tabular::words(cell);
        let is_named = |(_, heading): &&(Field, &str)| !words.is_empty() && tabular::words(heading) == words;
        if let Some((field, _)) = own.headings.iter().find(is_named) {
            return Some((*field, 0));
        }
    }
    dictionary::heading(kind, cell).map(|(field, rank)| (field, rank + 1))
}

/// The row of headings among the first rows: the first with all that is needed, else the one of which most is
/// known.
pub(super) fn find(rows: &[Row], kind: Kind, own: &Own<'_>) -> Option<(usize, Columns)> {
    let rank = |columns: &Columns| columns.missing(kind).map_or(usize::MAX, |_| columns.score());
    let candidates =
        rows.iter().take(SEARCHED_ROWS).enumerate().filter(|(_, row)| !tabular::is_too_wide(row));
    candidates
        .map(|(at, row)| (at, row, Columns::of(row, kind, own)))
        .filter(|(_, row, columns)| {
            columns.score() > 0 && (columns.missing(kind).is_none() || is_like_headings(row))
        })
        .map(|(at, _, columns)| (at, columns))
        .reduce(|best, next| if rank(&next.1) > rank(&best.1) { next } else { best })
}

/// How many headings of the best row are known; a row with all that is needed goes before others.
pub(super) fn score(rows: &[Row], kind: Kind, own: &Own<'_>) -> usize {
    find(rows, kind, own).map_or(0, |(_, columns)| {
        let is_whole = columns.missing(kind).is_none();
        columns.score() + if is_whole { 100 } else { 0 }
    })
}

/// Several words, and no cell with the digits of a code or an amount.
fn is_like_headings(row: &Row) -> bool {
    let filled: Vec<&String> = row.cells.iter().filter(|cell| !cell.trim().is_empty()).collect();
    filled.len() > 1 && filled.iter().all(|cell| cell.bytes().filter(u8::is_ascii_digit).count() < 4)
}
