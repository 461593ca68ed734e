//! Whether a text ends where its last row does.
//!
//! A file that is cut off mostly ends inside of a row. Its last line then has no line end, and what is
//! left of the row is shorter than the others: half a date, an amount without its decimals, no balance.

use super::cell_words::has_figure;
use super::column::Column;
use super::header::Columns;
use super::label;
use super::movement::{is_dated, is_not_booked};
use super::rows::Row;
use super::stated;
use crate::statement::finding::{Finding, Findings, line_place};

/// How a file ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::statement) enum Ending {
    #[default]
    OfWorkbook,
    /// The last line has its end.
    Closed,
    /// It has none, and all others have.
    Open,
}

impl Ending {
    pub fn of_text(text: &str) -> Ending {
        let is_open = !text.ends_with(['\n', '\r']) && text.contains(['\n', '\r']);
        if is_open { Ending::Open } else { Ending::Closed }
    }
}

/// `is_proven`: the balances that the table states prove its rows.
pub(super) fn check(
    ending: Ending,
    columns: &Columns,
    body: &[Row],
    is_proven: bool,
    findings: &mut Findings,
) {
    let Some((last, others)) = body.split_last().filter(|_| ending != Ending::OfWorkbook) else { return };
    let others: Vec<&Row> = others.iter().filter(|row| is_dated(columns, row)).collect();
    if is_not_booked(columns, last) {
        return;
    }
    // The only row has nothing to be compared with but the headings.
    let is_shorter = ending == Ending::Open && last.cells.len() < columns.width() && !stated::is_stated(last);
    let is_cut = if others.is_empty() {
        ending == Ending::Open
            && if is_dated(columns, last) {
                is_shorter || (!is_proven && lost_decimals(columns, last))
            } else {
                is_shorter && ends_in_date(columns, last)
            }
    } else if is_dated(columns, last) {
        // A row of a sum or balance needs no balance of its own, and its figure is compared.
        let is_sum = stated::is_stated(last);
        (stated::statement_of(last).is_none() && lacks_balance(columns, last, &others))
            || (ending == Ending::Open
                && ((!is_sum && lacks_last_cell(columns, last, &others))
                    || lacks_decimals(columns, last, &others)))
    } else {
        ending == Ending::Open && (is_piece_of_date(last) || is_begun_like(last, &others))
    };
    if is_cut {
        findings.error(Finding::new(
            line_place(last.line),
            "row_cut",
            "Dòng cuối ngắn hơn các dòng khác; tệp có thể bị cắt cụt",
            "the last row has less than all others; the file may be cut off",
        ));
    } else if ending == Ending::Open && ends_in_amount(columns, last) {
        findings.warn(Finding::new(
            line_place(last.line),
            "end_open",
            "Tệp kết thúc ngay sau số tiền, không có dấu xuống dòng: không chứng minh được tệp còn nguyên",
            "the file ends in an amount and without a line end: nothing proves that it is whole",
        ));
    }
}

/// Every other row has a balance.
fn lacks_balance(columns: &Columns, last: &Row, others: &[&Row]) -> bool {
    let has = |row: &Row| !columns.cell(row, Column::Balance).is_empty();
    let moves = [Column::Amount, Column::Debit, Column::Credit];
    let has_amount = moves.into_iter().any(|column| !columns.cell(last, column).is_empty());
    columns.has(Column::Balance)
        && has_amount
        && !has(last)
        && others.len() > 1
        && others.iter().all(|row| has(row))
}

/// The last cell of every other row has money or its currency in it.
fn lacks_last_cell(columns: &Columns, last: &Row, others: &[&Row]) -> bool {
    let width = others.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let has = |row: &Row| width > 0 && !row.cell(width - 1).is_empty();
    let is_currency = columns.index(Column::Currency) == width.checked_sub(1);
    // A debit of all cells has nothing where its credit would stand.
    let sides = [Column::Debit, Column::Credit];
    let is_whole = last.cells.len() == width
        && sides.iter().any(|side| columns.index(*side) == width.checked_sub(1))
        && sides.iter().any(|side| has_figure(columns.cell(last, *side)));
    (is_currency || is_money(columns, width.saturating_sub(1)))
        && !is_whole
        && !has(last)
        && others.iter().all(|row| has(row))
}

/// The file ends in a number with fewer decimals than all others of its column have alike.
fn lacks_decimals(columns: &Columns, last: &Row, others: &[&Row]) -> bool {
    let Some(index) = last_filled(last).filter(|index| is_money(columns, *index)) else { return false };
    let written = others.iter().map(|row| row.cell(index)).filter(|cell| !cell.is_empty());
    let mut counts = written.map(decimals);
    let Some(habit) = counts.next() else { return false };
    habit > decimals(last.cell(index)) && counts.all(|count| count == habit)
}

/// The file ends in a balance with fewer decimals than the amount beside it.
fn lost_decimals(columns: &Columns, last: &Row) -> bool {
    let moves = [Column::Amount, Column::Debit, Column::Credit];
    let amounts = moves.into_iter().map(|column| columns.cell(last, column));
    let Some(amount) = amounts.map(decimals).max() else { return false };
    let index = columns.index(Column::Balance).filter(|index| last_filled(last) == Some(*index));
    index.is_some_and(|index| amount == 2 && decimals(last.cell(index)) < amount)
}

/// The beginning of a row: fewer cells than all others have, and the whole ones among them written as those
/// of another row are. One word as long as another says nothing; two do, or one with digits.
fn is_begun_like(last: &Row, others: &[&Row]) -> bool {
    let Some((_, whole)) = last.cells.split_last() else { return false };
    let is_shorter = others.iter().all(|row| row.cells.len() > last.cells.len());
    let filled_count = whole.iter().filter(|cell| !cell.trim().is_empty()).count();
    let has_digit = |cell: &str| cell.chars().any(char::is_numeric);
    let is_alike = |row: &&Row| {
        let pairs = || whole.iter().zip(&row.cells).map(|(one, other)| (one.trim(), other.trim()));
        pairs().all(|(one, other)| is_written_like(one, other))
            && (filled_count > 1 || pairs().any(|(one, other)| has_digit(one) && has_digit(other)))
    };
    is_shorter && label::leading_label(last).is_none() && others.iter().any(is_alike)
}

/// As long, and with the same marks in the same places: codes mix letters and digits in any order.
fn is_written_like(one: &str, other: &str) -> bool {
    let is_alike =
        |(one, other): (char, char)| one == other || (one.is_alphanumeric() && other.is_alphanumeric());
    one.chars().count() == other.chars().count() && one.chars().zip(other.chars()).all(is_alike)
}

fn decimals(cell: &str) -> usize {
    let number = cell.trim_end_matches(|c: char| !c.is_ascii_digit());
    let digits = number.rsplit_once(['.', ',']).map_or(0, |(_, digits)| digits.len());
    if number.len() < cell.trim_end().len() || digits <= 3 { digits } else { 0 }
}

fn ends_in_amount(columns: &Columns, last: &Row) -> bool {
    let of_amount = [Column::Amount, Column::Debit, Column::Credit];
    let is_last = |index: usize| index + 1 == last.cells.len();
    !columns.has(Column::Balance)
        && of_amount.into_iter().filter_map(|column| columns.index(column)).any(is_last)
}

fn is_money(columns: &Columns, index: usize) -> bool {
    let money = [Column::Amount, Column::Debit, Column::Credit, Column::Balance];
    columns.meanings().iter().any(|(column, at)| *at == index && money.contains(column))
}

fn last_filled(row: &Row) -> Option<usize> {
    row.cells.iter().rposition(|cell| !cell.trim().is_empty())
}

/// The last cell stands where a date would and has some of its digits and marks.
fn ends_in_date(columns: &Columns, last: &Row) -> bool {
    let kinds = [Column::BookingDate, Column::TransactionDate, Column::ValueDate];
    let index = last_filled(last).filter(|index| index + 1 == last.cells.len());
    let is_of_date =
        |index: usize| columns.meanings().iter().any(|(column, at)| *at == index && kinds.contains(column));
    index.filter(|index| is_of_date(*index)).is_some_and(|index| {
        let cell = last.cell(index);
        is_piece(cell) && cell.contains(['/', '-', '.'])
    })
}

fn is_piece(cell: &str) -> bool {
    cell.starts_with(|c: char| c.is_ascii_digit())
        && cell.chars().all(|c| c.is_ascii_digit() || matches!(c, '/' | '-' | '.' | ' '))
}

/// One cell of digits and marks of a date, alone or behind the number of the row.
fn is_piece_of_date(row: &Row) -> bool {
    let filled: Vec<&str> =
        row.cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
    let is_number = |cell: &str| cell.len() <= 6 && cell.bytes().all(|byte| byte.is_ascii_digit());
    let is_only_piece = match filled.as_slice() {
        [only] => is_piece(only),
        [number, piece] => is_number(number) && is_piece(piece) && !is_number(piece),
        _ => false,
    };
    is_only_piece && label::leading_label(row).is_none()
}
