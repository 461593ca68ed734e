//! The balances, sums and counts that stand beside a table, compared with its rows.

use super::amount::Notation;
use super::astray;
use super::column::Column;
use super::header::Columns;
use super::movement::{amount_in, date_cell};
use super::rows::Row;
use super::stated;
use crate::statement::balance::prove_balance;
use crate::statement::finding::Findings;
use crate::statement::model::Statement;
use crate::statement::tally::{Tally, Unread};
use crate::statement::totals::{Counting, check_totals};

/// Proves a table of which every row was read.
pub(super) fn prove(statement: &Statement, findings: &mut Findings) {
    if statement.opening.is_some()
        && statement.closing.is_some()
        && let Some(finding) = prove_balance(statement)
    {
        findings.error(finding);
    }
    compare(statement, Unread::default(), findings);
}

/// Compares what is stated with the rows. Those that are set aside count too, and leave no sum to be compared.
pub(super) fn compare(statement: &Statement, unread: Unread, findings: &mut Findings) {
    let Some(totals) = &statement.totals else { return };
    let tally = Tally { unread, ..Tally::of(&statement.lines) };
    // The charges of a row are lines of its place.
    let mut pairs = statement.lines.windows(2);
    let has_charges = pairs.any(|pair| matches!(pair, [one, next] if one.at == next.at));
    let counting = if has_charges { Counting::Lenient } else { Counting::Strict };
    check_totals(totals, &[tally], counting, findings);
}

/// Counts a row that is set aside. One with charges beside its amount is one entry to some banks and several to
/// others, and one with the words of a balance or a sum, or with no day where days stand, may be none.
pub(super) fn count(unread: &mut Unread, columns: &Columns, notation: &Notation, row: &Row) {
    let is_stated = stated::is_of_day(row) || stated::statement_of(row).is_some();
    let date = date_cell(columns, row);
    let has_day = columns.is_date(date) || astray::is_like_day(date);
    if is_stated || !has_day || columns.has(Column::Fee) || columns.has(Column::Tax) {
        unread.add_open();
    } else {
        unread.add(side(columns, notation, row));
    }
}

/// Whether a row that does not read is money out, where one of two columns alone is filled, or the amount has a minus.
fn side(columns: &Columns, notation: &Notation, row: &Row) -> Option<bool> {
    if columns.may_be_own_view() {
        return None;
    }
    let is_free = |column| columns.cell(row, column).trim_matches(['-', '–', '—', '0']).is_empty();
    if columns.has(Column::Debit) && columns.has(Column::Credit) {
        return match (is_free(Column::Debit), is_free(Column::Credit)) {
            (false, true) => Some(true),
            (true, false) => Some(false),
            _ => None,
        };
    }
    let amount = amount_in(columns.cell(row, Column::Amount), notation).ok()??;
    (amount.is_sign_negative() && !amount.is_zero()).then_some(true)
}
