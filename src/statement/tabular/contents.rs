//! What the cells of a column say where its heading has two meanings or means nothing sure.

use super::column::{Column, normalise};
use super::denomination::currency_in_cell;
use super::header::Columns;
use super::movement::is_dated;
use super::rows::Row;
use super::unknown_text;
use crate::statement::currency;
use crate::statement::date::may_be_date;

/// A balance as a cell states it, with its line.
type Stated = (String, usize);

/// Gives columns the meaning of their cells. Gives back the balances of the statement that stand in each
/// row.
pub(super) fn settle(columns: &mut Columns, body: &[Row]) -> Option<[Stated; 2]> {
    if columns.layout().is_some() {
        return None;
    }
    settle_currencies(columns, body);
    replace_missing_text(columns, body);
    drop_marks(columns, body);
    drop_row_numbers(columns, body);
    repeated_balances(columns, body)
}

/// Whether some cell of the column is filled and all that are hold it.
fn hold(body: &[Row], index: usize, holds: impl Fn(&str) -> bool) -> bool {
    let mut cells = body.iter().map(|row| row.cell(index)).filter(|cell| !cell.is_empty()).peekable();
    cells.peek().is_some() && cells.all(holds)
}

/// “Valuta” is the day of a German and the currency of a Swede.
fn settle_currencies(columns: &mut Columns, body: &[Row]) {
    let is_day = |cell: &str| may_be_date(cell) && cell.contains(['/', '.', '-']);
    for (column, index) in &mut columns.found {
        match column {
            Column::Currency if hold(body, *index, is_day) => *column = Column::ValueDate,
            Column::ValueDate if hold(body, *index, currency::is_code) => *column = Column::Currency,
            _ => {}
        }
    }
    let names = |index: usize| body.iter().any(|row| currency_in_cell(row.cell(index)).is_some());
    let currencies: Vec<usize> = columns
        .found
        .iter()
        .filter(|(column, _)| *column == Column::Currency)
        .map(|(_, index)| *index)
        .collect();
    if currencies.iter().any(|index| names(*index)) {
        columns.found.retain(|(column, index)| *column != Column::Currency || names(*index));
    }
}

/// A text column of nothing but marks or codes, beside one of texts, tells nothing that the signs do not.
fn drop_marks(columns: &mut Columns, body: &[Row]) {
    // “Gutschrift” may be all that a bank tells; these tell nothing but the side.
    let is_mark = |cell: &str| {
        matches!(
            cell.to_ascii_uppercase().as_str(),
            "DEBIT" | "CREDIT" | "DR" | "CR" | "D" | "C" | "CHECK" | "DSLIP"
        )
    };
    // A number that a bank has for each kind of movement.
    let is_code = |cell: &str| cell.len() <= 3 && cell.bytes().all(|byte| byte.is_ascii_digit());
    let texts: Vec<usize> = columns
        .found
        .iter()
        .filter(|(column, _)| *column == Column::Description)
        .map(|(_, index)| *index)
        .collect();
    let (marks, others): (Vec<usize>, Vec<usize>) =
        texts.into_iter().partition(|index| hold(body, *index, is_mark) || hold(body, *index, is_code));
    if marks.is_empty() || others.is_empty() {
        return;
    }
    let is_signed = columns.has(Column::Debit)
        || body.iter().any(|row| columns.cell(row, Column::Amount).contains(['-', '−', '(']));
    for (column, index) in &mut columns.found {
        if *column == Column::Description && marks.contains(index) {
            *column = Column::Kind;
        }
    }
    if is_signed {
        columns.found.retain(|(column, index)| *column != Column::Kind || !marks.contains(index));
    }
}

/// Where every row says that it has no text, the widest column of words that means nothing is the text.
fn replace_missing_text(columns: &mut Columns, body: &[Row]) {
    let is_text = |(column, _): &&(Column, usize)| *column == Column::Description;
    let texts: Vec<usize> = columns.found.iter().filter(is_text).map(|(_, index)| *index).collect();
    let is_missing =
        |cell: &str| matches!(normalise(cell).as_str(), "NO DESCRIPTION" | "NO DETAILS" | "NO MEMO");
    let dated: Vec<&Row> = body.iter().filter(|row| is_dated(columns, row)).collect();
    let are_missing = |index: &usize| dated.iter().all(|row| is_missing(row.cell(*index)));
    if dated.is_empty() || texts.is_empty() || !texts.iter().all(are_missing) {
        return;
    }
    if let Some(other) = unknown_text::widest(columns, &dated) {
        columns.found.retain(|(column, _)| *column != Column::Description);
        columns.found.push((Column::Description, other));
    }
}

/// “ID” may be no more than the number of the row, which is no reference of the bank.
fn drop_row_numbers(columns: &mut Columns, body: &[Row]) {
    let counts = |index: usize| {
        let cells = body.iter().map(|row| row.cell(index)).filter(|cell| !cell.is_empty());
        let numbers: Option<Vec<usize>> = cells.map(|cell| cell.parse().ok()).collect();
        numbers.is_some_and(|numbers| {
            let up = numbers.iter().copied().eq(1..=numbers.len());
            let down = numbers.iter().rev().copied().eq(1..=numbers.len());
            !numbers.is_empty() && (up || down)
        })
    };
    for (column, index) in &mut columns.found {
        if *column == Column::Reference && counts(*index) {
            *column = Column::RowNumber;
        }
    }
}

/// Opening and closing balance of the statement in columns of their own, the same in every row.
fn repeated_balances(columns: &mut Columns, body: &[Row]) -> Option<[Stated; 2]> {
    let dated: Vec<&Row> = body.iter().filter(|row| is_dated(columns, row)).collect();
    let first = *dated.first().filter(|_| dated.len() > 1)?;
    let repeated = |column: Column| {
        let cell = columns.cell(first, column);
        let is_same = !cell.is_empty() && dated.iter().all(|row| columns.cell(row, column) == cell);
        is_same.then(|| (cell.to_owned(), first.line))
    };
    let found = [repeated(Column::BalanceBefore)?, repeated(Column::Balance)?];
    columns.found.retain(|(column, _)| !matches!(column, Column::Balance | Column::BalanceBefore));
    Some(found)
}
