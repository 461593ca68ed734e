//! Tables with the rows of several accounts, or of one account in several currencies.

use std::collections::BTreeMap;

use super::column::Column;
use super::denomination;
use super::header::Columns;
use super::movement::is_dated;
use super::rows::Row;

/// The rows of each account and currency, in the order in which they first come; `None` when the table
/// has one only, or a row that does not name its own.
pub(super) fn split(columns: &Columns, body: &[Row]) -> Option<Parts> {
    let dated = || body.iter().filter(|row| is_dated(columns, row));
    let accounts = distinct(dated().map(|row| columns.cell(row, Column::Account)));
    let currency_of = |row: &Row| denomination::currency_in_cell(columns.currency_cell(row));
    let currencies: Option<Vec<String>> = dated().map(currency_of).collect();
    let currencies = currencies.unwrap_or_default();
    let currency_count = distinct(currencies.iter().map(String::as_str)).unwrap_or(0);
    let by_account = accounts.is_some_and(|count| count > 1);
    if !by_account && currency_count <= 1 {
        return None;
    }
    let mut order: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut parts: Vec<Vec<Row>> = Vec::new();
    let mut open = 0;
    for row in body {
        if is_dated(columns, row) {
            let account = if by_account { columns.cell(row, Column::Account) } else { "" };
            let currency = if currency_count > 1 { currency_of(row) } else { None };
            open = *order.entry((account.to_owned(), currency.unwrap_or_default())).or_insert(parts.len());
        }
        if open >= parts.len() {
            parts.push(Vec::new());
        }
        if let Some(part) = parts.get_mut(open) {
            part.push(row.clone());
        }
    }
    Some(Parts { rows: parts, is_sure: currency_count > 1 || is_of_row(columns) })
}

pub(super) struct Parts {
    pub rows: Vec<Vec<Row>>,
    /// Amounts of several currencies cannot be of one statement; an account in front of everything else
    /// is that of the row.
    pub is_sure: bool,
}

/// How many different ones; `None` when some row has none.
fn distinct<'a>(cells: impl Iterator<Item = &'a str>) -> Option<usize> {
    let mut seen: Vec<&str> = Vec::new();
    for cell in cells {
        if cell.is_empty() {
            return None;
        }
        if !seen.contains(&cell) {
            seen.push(cell);
        }
    }
    Some(seen.len())
}

/// Whether the account of a row is the one that it is booked on, whatever the other rows say.
pub(super) fn is_of_row(columns: &Columns) -> bool {
    leads(columns) || has_other_account(columns)
}

/// Beside the account of the other side this one is that of the row.
fn has_other_account(columns: &Columns) -> bool {
    columns.has(Column::CounterpartyAccount)
}

/// The account stands before date and text of the row.
fn leads(columns: &Columns) -> bool {
    let others = [
        Column::BookingDate,
        Column::TransactionDate,
        Column::Description,
        Column::CounterpartyName,
        Column::Amount,
    ];
    columns.index(Column::Account).is_some_and(|account| {
        others.into_iter().filter_map(|column| columns.index(column)).all(|other| account < other)
    })
}
