//! How a table writes the numbers of its debit and credit columns, from all of them.

use rust_decimal::Decimal;

use super::amount::Notation;
use super::cell_words::has_figure;
use super::column::Column;
use super::denomination;
use super::header::Columns;
use super::movement::{amount_in, is_dated, is_not_booked};
use super::rows::Row;

/// Two steps from balance to balance.
const BALANCES_OF_OWN_VIEW: usize = 3;

/// The habits of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Habits {
    /// Debits without a minus stand beside some with one: these were given back.
    pub has_refunds: bool,
    /// Every credit has a minus, which is no more than the view of the bank.
    pub negates_credits: bool,
    /// Some amounts have a `CR` behind them and no other any sign: those without are money out.
    pub unmarked_is_out: bool,
    /// Some row of the column of currencies names one.
    pub names_currencies: bool,
    /// “借” is money in, as in the books of the holder.
    pub is_own_view: bool,
    /// Whether the balances are enough to prove that.
    may_be_own_view: bool,
    /// Rows that are not booked by their words count.
    pub counts_open: bool,
    /// There are such rows, and balances to show it.
    may_count_open: bool,
}

impl Habits {
    pub fn of(columns: &Columns, body: &[Row], notation: &Notation) -> Habits {
        let dated = || body.iter().filter(|row| is_dated(columns, row));
        let numbers = |column: Column| {
            let read = move |row: &Row| amount_in(columns.cell(row, column), notation).ok().flatten();
            dated().filter_map(read).filter(|amount| !amount.is_zero())
        };
        let is_negative = |amount: Decimal| amount.is_sign_negative();
        let has_some =
            |column: Column, is_wanted: bool| numbers(column).any(|amount| is_negative(amount) == is_wanted);
        let cells = || dated().map(|row| columns.currency_cell(row));
        Habits {
            has_refunds: has_some(Column::Debit, true) && has_some(Column::Debit, false),
            negates_credits: has_some(Column::Credit, true)
                && !has_some(Column::Credit, false)
                && numbers(Column::Debit).next().is_some(),
            unmarked_is_out: !columns.has(Column::Mark) && {
                let amounts = || dated().map(|row| columns.cell(row, Column::Amount));
                amounts().any(is_credited) && amounts().any(is_plain)
            },
            names_currencies: cells().any(|cell| denomination::currency_in_cell(cell).is_some()),
            is_own_view: false,
            may_be_own_view: columns.may_be_own_view()
                && numbers(Column::Balance).count() >= BALANCES_OF_OWN_VIEW,
            counts_open: false,
            may_count_open: columns.has(Column::Balance) && dated().any(|row| is_not_booked(columns, row)),
        }
    }

    /// “Nợ” is money out, with or without a minus of its own.
    pub fn debit(self, debit: Decimal) -> Decimal {
        match self {
            Habits { is_own_view: true, .. } => debit.abs(),
            Habits { has_refunds: true, .. } => -debit,
            _ => -debit.abs(),
        }
    }

    pub fn credit(self, credit: Decimal) -> Decimal {
        match self {
            Habits { is_own_view: true, .. } => -credit.abs(),
            Habits { negates_credits: true, .. } => credit.abs(),
            _ => credit,
        }
    }

    /// The other ways to read the same signs, for balances to choose from.
    pub fn rivals(self) -> impl Iterator<Item = Habits> {
        let without_refunds = Habits { has_refunds: false, ..self };
        let with_minus = Habits { negates_credits: false, ..self };
        let as_written = Habits { unmarked_is_out: false, ..self };
        let in_own_view = Habits { is_own_view: self.may_be_own_view, ..self };
        let with_open = Habits { counts_open: self.may_count_open, ..self };
        let rivals = [without_refunds, with_minus, as_written, in_own_view, with_open];
        rivals.into_iter().filter(move |rival| *rival != self)
    }
}

/// `500.00 CR`
pub(super) fn is_credited(cell: &str) -> bool {
    let upper = cell.to_ascii_uppercase();
    upper.strip_suffix("CR").is_some_and(|rest| rest.trim_end().ends_with(|c: char| c.is_ascii_digit()))
}

/// An amount without any sign or mark.
pub(super) fn is_plain(cell: &str) -> bool {
    let upper = cell.to_ascii_uppercase();
    let is_marked = ["CR", "DR", "DB"].iter().any(|mark| upper.trim_end_matches('.').ends_with(mark));
    has_figure(cell) && !is_marked && !upper.contains(['-', '−', '–', '+', '(', '▲', '△', '▼'])
}
