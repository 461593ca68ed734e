//! Columns without a heading of their own, behind the last that has one.

use super::column::Column;
use super::header::Columns;
use super::mark::read_mark;
use super::movement::is_dated;
use super::rows::Row;

/// Gives the columns behind the last heading the meaning that they can only have: marks beside amounts,
/// or more of the texts before them.
pub(super) fn settle(columns: &mut Columns, body: &[Row]) {
    if columns.layout().is_some() {
        return;
    }
    let dated: Vec<&Row> = body.iter().filter(|row| is_dated(columns, row)).collect();
    let width = columns.width();
    let last_filled = |row: &&Row| row.cells.iter().rposition(|cell| !cell.trim().is_empty());
    let widest = dated.iter().filter_map(last_filled).max().map_or(0, |last| last + 1);
    if widest <= width {
        return;
    }
    let is_text = |column: &(Column, usize)| column.1 + 1 == width && column.0 == Column::Description;
    let ends_in_text = columns.found.iter().any(is_text);
    let is_announced = widest <= columns.outer_width();
    if ends_in_text && (is_announced || all_go_on(&dated, width)) {
        columns.found.extend((width..widest).map(|index| (Column::Description, index)));
        columns.accept(widest);
    } else if is_announced && widest == width + 1 {
        adopt_marks(columns, &dated, width);
    }
}

/// Every row has more texts than there are headings. A decimal comma that parts two cells would leave a
/// number where the first text stands.
fn all_go_on(dated: &[&Row], width: usize) -> bool {
    let has_letters = |cell: &str| cell.contains(char::is_alphabetic);
    dated.iter().all(|row| {
        let has_more = row.cells.iter().skip(width).any(|cell| !cell.trim().is_empty());
        has_more && width.checked_sub(1).is_some_and(|last| has_letters(row.cell(last)))
    })
}

/// Some rows have `CR` behind their amount, which has no heading: the others are on the other side.
fn adopt_marks(columns: &mut Columns, dated: &[&Row], index: usize) {
    let cells = || dated.iter().map(|row| row.cell(index)).filter(|cell| !cell.is_empty());
    let marks: Option<Vec<bool>> = cells().map(read_mark).collect();
    let Some((first, others)) = marks.as_deref().and_then(<[bool]>::split_first) else { return };
    let has_sides = columns.has(Column::Mark) || columns.has(Column::Debit);
    if has_sides || others.iter().any(|other| other != first) || !columns.has(Column::Amount) {
        return;
    }
    let is_unsigned = |row: &&&Row| !columns.cell(row, Column::Amount).contains(['-', '−', '(']);
    if dated.iter().filter(is_unsigned).count() == dated.len() {
        columns.unmarked = Some(!first);
        columns.found.push((Column::Mark, index));
        columns.accept(index + 1);
    }
}
