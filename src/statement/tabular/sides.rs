//! Which column says on which side an amount without a sign is.
//!
//! A mark is known by its words, whatever its heading says. Where only some words of such a column are
//! known, the side of the others is a guess, and the row is refused.

use super::column::{Column, normalise};
use super::dictionary;
use super::header::Columns;
use super::mark::read_mark;
use super::movement::is_dated;
use super::rows::Row;
use super::stated;
use crate::statement::finding::{Finding, Findings, excerpt, line_place};

/// What a column of words says of the sides.
struct Candidate {
    index: usize,
    sides: Vec<bool>,
}

impl Candidate {
    fn has_both(&self) -> bool {
        self.sides.contains(&true) && self.sides.contains(&false)
    }
}

/// Finds the column of marks among those that mean nothing else, and notes a row whose side is not
/// known.
pub(super) fn adopt(columns: &mut Columns, rows: &[Row], findings: &mut Findings) {
    let dated = rows.iter().filter(|row| is_dated(columns, row) && !stated::is_stated(row));
    let dated: Vec<&Row> = dated.collect();
    let has_sides = columns.has(Column::Mark) || (columns.has(Column::Debit) && columns.has(Column::Credit));
    if has_sides || dated.is_empty() || !is_unsigned(columns, &dated) {
        return;
    }
    let width = columns.width().max(dated.iter().map(|row| row.cells.len()).max().unwrap_or(0));
    let free: Vec<usize> = (0..width).filter(|index| may_hold_marks(columns, *index)).collect();
    let candidates = |read: fn(&str) -> Option<bool>| -> Vec<Candidate> {
        let sides =
            |index: usize| dated.iter().map(|row| read(row.cell(index))).collect::<Option<Vec<bool>>>();
        free.iter().filter_map(|index| Some(Candidate { index: *index, sides: sides(*index)? })).collect()
    };
    let beside = columns.index(Column::Amount).map(|index| index + 1);
    let is_kind = |index: usize| columns.found.contains(&(Column::Kind, index));
    let marks = candidates(read_mark);
    let two_sided = marks.iter().find(|candidate| candidate.has_both());
    // A single side is believed only where marks are expected.
    let expected = || marks.iter().find(|found| Some(found.index) == beside || is_kind(found.index));
    let kinds = candidates(side_of);
    let by_kind = || kinds.iter().find(|candidate| candidate.has_both());
    if let Some(found) = two_sided.or_else(expected).or_else(by_kind) {
        columns.found.push((Column::Mark, found.index));
    } else if !columns.has(Column::Balance) {
        free.iter()
            .filter(|index| is_of_sides(columns, **index))
            .for_each(|index| note_unknown(*index, &dated, findings));
    }
}

fn side_of(cell: &str) -> Option<bool> {
    read_mark(cell).or_else(|| dictionary::kind(cell))
}

/// No amount of the table says by itself that it is money out, or in.
fn is_unsigned(columns: &Columns, dated: &[&Row]) -> bool {
    let is_plain = |cell: &str| {
        let ends_with = |mark: &str| cell.to_ascii_uppercase().ends_with(mark);
        !cell.contains(['-', '−', '–', '+', '(']) && !["CR", "DR", "DB"].into_iter().any(ends_with)
    };
    dated.iter().all(|row| is_plain(columns.cell(row, Column::Amount)))
}

/// A column of nothing else; the kind of a transaction may be its side.
fn may_hold_marks(columns: &Columns, index: usize) -> bool {
    let mut meanings = columns.found.iter().filter(|(_, at)| *at == index);
    meanings.all(|(column, _)| *column == Column::Kind)
}

fn is_of_sides(columns: &Columns, index: usize) -> bool {
    columns.found.contains(&(Column::Kind, index))
}

/// Some rows of the column have a mark, or a kind that can only be money out: the amounts of the table
/// have no sign, and the side of the others is not known.
fn note_unknown(index: usize, dated: &[&Row], findings: &mut Findings) {
    let tells = |cell: &str| {
        let is_out = || dictionary::kind(cell) == Some(false) && normalise(cell) != "PAYMENT";
        read_mark(cell).is_some() || is_out()
    };
    // Kinds of several words, none of which is known, are those of both sides as well as of one.
    let first = dated.first().map_or("", |row| row.cell(index));
    let differ = dated.iter().any(|row| row.cell(index) != first);
    if !differ && !dated.iter().any(|row| tells(row.cell(index))) {
        return;
    }
    let Some(row) = dated.iter().find(|row| side_of(row.cell(index)).is_none()) else { return };
    let shown = excerpt(row.cell(index));
    findings.error(Finding::new(
        line_place(row.line),
        "mark_invalid",
        format!("Số tiền không có dấu và “{shown}” không cho biết ghi nợ hay ghi có; dùng --map để chỉ cột dấu"),
        format!("the amount has no sign and “{shown}” does not say debit or credit; --map names the column that does"),
    ));
}
