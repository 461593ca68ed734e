//! Headings in two rows: one of groups, and below it the sides of the money, as under “Phát sinh” stand “Nợ” and “Có”.

use std::borrow::Cow;

use super::column::Column;
use super::header::{self, Columns, SEARCHED_ROWS};
use super::rows::Row;
use crate::statement::layout::Layouts;

/// The rows of a table with its two rows of headings as one. A layout of the user's own may name headings as they
/// stand, and then nothing is joined for it, or as a preview showed them, joined.
pub(super) fn joined<'r>(rows: &'r [Row], layouts: Layouts<'_>) -> Cow<'r, [Row]> {
    if layouts.own().is_some() && header::find(rows, layouts).is_some() {
        return Cow::Borrowed(rows);
    }
    let pairs = rows.iter().zip(rows.iter().skip(1)).take(SEARCHED_ROWS);
    let found = { pairs }.find_map(|(groups, sides)| Some((groups, sides, heading(groups, sides)?)));
    let Some((groups, sides, heading)) = found else { return Cow::Borrowed(rows) };
    // Each account of a sheet repeats the headings.
    let is_pair = |above: &Row, below: &Row| above.cells == groups.cells && below.cells == sides.cells;
    let mut joined = Vec::with_capacity(rows.len());
    let mut rest = rows;
    while let [row, behind @ ..] = rest {
        rest = behind;
        match behind {
            [below, after @ ..] if is_pair(row, below) => {
                joined.push(Row { line: row.line, cells: heading.cells.clone() });
                rest = after;
            }
            _ => joined.push(row.clone()),
        }
    }
    Cow::Owned(joined)
}

/// One row of headings, where the second row names both sides and nothing else, below one heading of the first and an
/// empty cell beside it, or the same heading once more.
fn heading(groups: &Row, sides: &Row) -> Option<Row> {
    let is_named = |row: &Row, index: usize| !row.cell(index).is_empty();
    let named: Vec<usize> = (0..sides.cells.len()).filter(|index| is_named(sides, *index)).collect();
    let [first, second] = named.as_slice() else { return None };
    let is_one_group = !is_named(groups, *second) || groups.cell(*first) == groups.cell(*second);
    if !is_named(groups, *first) || !is_one_group {
        return None;
    }
    let width = groups.cells.len().max(sides.cells.len());
    let of = |index: usize| if is_named(sides, index) { sides } else { groups };
    let cells = (0..width).map(|index| of(index).cell(index).to_owned()).collect();
    let heading = Row { line: groups.line, cells };
    let columns = Columns::of(&heading, Layouts::default())?;
    let mut found = [columns.index(Column::Debit)?, columns.index(Column::Credit)?];
    found.sort_unstable();
    (found == [*first, *second]).then_some(heading)
}
