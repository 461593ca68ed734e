//! What a row that could not be read whole says of its amount all the same.

use rust_decimal::Decimal;

use super::amount::Notation;
use super::column::Column;
use super::header;
use super::movement::amount_in;
use super::rows::Row;
use crate::statement::layout::Layouts;

const MONEY: [Column; 3] = [Column::Amount, Column::Debit, Column::Credit];

/// Side and size of the amount, each where the row states it beyond doubt: (is money out, size).
pub(super) fn told(sheet: &[Row], number: usize, layouts: Layouts<'_>) -> (Option<bool>, Option<Decimal>) {
    let Some(row) = sheet.iter().find(|row| row.line == number) else { return (None, None) };
    let Some((_, columns)) = header::find(sheet, layouts) else { return (None, None) };
    let cells = sheet.iter().flat_map(|row| MONEY.map(|column| columns.cell(row, column)));
    let notation = Notation::of(columns.currency().unwrap_or("VND")).learn(cells);
    let read = |column| amount_in(columns.cell(row, column), &notation).ok().flatten();
    let is_free = |column| columns.cell(row, column).trim().trim_matches(['-', '–', '—', '0']).is_empty();
    match MONEY.map(read).map(|found| found.filter(|amount| !amount.is_zero())) {
        [Some(amount), None, None] if amount.is_sign_negative() => (Some(true), Some(amount.abs())),
        [Some(amount), None, None] => (None, Some(amount)),
        [None, Some(debit), None] if is_free(Column::Credit) => (Some(true), Some(debit.abs())),
        [None, None, Some(credit)] if is_free(Column::Debit) => (Some(false), Some(credit.abs())),
        _ => (None, None),
    }
}
