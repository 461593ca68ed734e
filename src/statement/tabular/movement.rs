//! One row of the table becomes a movement.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::statement::finding::{Fault, excerpt, line_place};
use crate::statement::model::Line;
use crate::statement::number::{signed, table_amount};
use crate::text::{clean, fold};

use super::column::Column;
use super::dictionary;
use super::header::Columns;
use super::label;
use super::order::Movement;
use super::rows::Row;

/// A cell with more line breaks than this is not text but a quote that was never closed.
const MAX_CELL_LINES: usize = 20;

pub(super) enum RowKind {
    Movement(Box<Movement>),
    /// More text of the movement above.
    Continuation(String),
    Text,
}

struct RowAmounts {
    main: Option<Decimal>,
    fee: Option<Decimal>,
    tax: Option<Decimal>,
}

impl RowAmounts {
    fn is_empty(&self) -> bool {
        self.main.is_none() && self.fee.is_none() && self.tax.is_none()
    }
}

/// Reads the rows of one statement, in the order of the file.
pub(super) struct RowReader<'a> {
    columns: &'a Columns,
    currency: &'a str,
    /// The column that says debit or credit, when the amounts have no sign.
    mark_column: Option<Column>,
    last_day: Option<NaiveDate>,
    entry_count: u32,
    account: Option<String>,
}

impl<'a> RowReader<'a> {
    pub fn new(columns: &'a Columns, currency: &'a str, mark_column: Option<Column>) -> Self {
        RowReader { columns, currency, mark_column, last_day: None, entry_count: 0, account: None }
    }

    /// The account number of a column, if there is one.
    pub fn take_account(&mut self) -> Option<String> {
        self.account.take()
    }

    pub fn read(&mut self, row: &Row) -> Result<RowKind, Fault> {
        let columns = self.columns;
        check_shape(columns, row)?;
        let amounts = self.row_amounts(row)?;
        let date = date_cell(columns, row);
        let has_amount = !amounts.is_empty();
        let filled = row.cells.iter().filter(|cell| !cell.trim().is_empty()).count();
        let has_text = columns.cells(row, Column::Description).next().is_some();
        let (day, behind_date) = match columns.date(date) {
            Ok((day, behind)) => (day, behind),
            Err(_) if !has_amount && date.is_empty() && has_text && filled == 1 => {
                let text = columns.cells(row, Column::Description).collect::<Vec<_>>().join(" ");
                return Ok(RowKind::Continuation(text));
            }
            Err(_) if !has_amount => return Ok(RowKind::Text),
            Err(fault) if !date.is_empty() => return Err(fault),
            // Some banks print a date only where it changes.
            Err(fault) => (self.last_day.filter(|_| has_text).ok_or(fault)?, ""),
        };
        self.last_day = Some(day);
        if !has_amount {
            return Ok(RowKind::Text);
        }
        self.check_currency(row)?;
        let line = self.line_of(row, day, behind_date)?;
        self.movement_of(row, &line, amounts)
    }

    fn check_currency(&self, row: &Row) -> Result<(), Fault> {
        let currency = label::currency_in(self.columns.cell(row, Column::Currency));
        match currency.filter(|currency| currency != self.currency) {
            Some(currency) => Err(mixed(&currency, self.currency)),
            None => Ok(()),
        }
    }

    fn line_of(&mut self, row: &Row, day: NaiveDate, behind_date: &str) -> Result<Line, Fault> {
        let columns = self.columns;
        let value_cell = columns.cell(row, Column::ValueDate);
        let value_date =
            if matches!(value_cell, "" | "-") { None } else { Some(columns.date(value_cell)?.0) };
        let text = |column| Some(clean(columns.cell(row, column))).filter(|text| !text.is_empty());
        let memo = clean(&columns.cells(row, Column::Description).collect::<Vec<_>>().join(" "));
        // “Ngày/TNX Date - Số CT/Doc No” holds both in one cell; a time of day is no reference.
        let document = behind_date.split_whitespace().find(|word| !word.contains(':'));
        self.entry_count = self.entry_count.saturating_add(1);
        if self.account.is_none() {
            self.account = label::account_in(columns.cell(row, Column::Account));
        }
        Ok(Line {
            booking_date: Some(day),
            value_date,
            bank_reference: text(Column::Reference).or_else(|| document.map(clean)),
            memo: Some(memo).filter(|memo| !memo.is_empty()),
            counterparty_name: text(Column::CounterpartyName),
            counterparty_account: text(Column::CounterpartyAccount),
            entry_index: self.entry_count,
            currency: self.currency.to_owned(),
            at: line_place(row.line),
            raw: row.raw(),
            ..Line::default()
        })
    }

    fn movement_of(&self, row: &Row, line: &Line, amounts: RowAmounts) -> Result<RowKind, Fault> {
        let balance = amount_in(self.columns.cell(row, Column::Balance), self.currency)?;
        let charges = [(amounts.fee, "Phí, lãi"), (amounts.tax, "Thuế")];
        let charges = charges.into_iter().filter_map(|(amount, name)| Some((amount?, name)));
        let main = amounts.main.map(|amount| Line { amount, ..line.clone() });
        let mut lines: Vec<Line> = main.into_iter().collect();
        let main_count = lines.len();
        for (amount, name) in charges {
            let memo = Some(format!("{name}: {}", line.memo.as_deref().unwrap_or_default()));
            lines.push(Line { amount, memo, ..line.clone() });
        }
        let charge_count = lines.len() - main_count;
        Ok(RowKind::Movement(Box::new(Movement { lines, balance, charge_count })))
    }

    fn row_amounts(&self, row: &Row) -> Result<RowAmounts, Fault> {
        let columns = self.columns;
        let read = |column| {
            amount_in(columns.cell(row, column), self.currency)
                .map(|amount| amount.filter(|amount| !amount.is_zero()))
        };
        let (fee, tax) = (read(Column::Fee)?, read(Column::Tax)?);
        let main = if columns.has(Column::Debit) && columns.has(Column::Credit) {
            // “Nợ” is money out, with or without a minus of its own.
            match (read(Column::Debit)?, read(Column::Credit)?) {
                (Some(_), Some(_)) => return Err(both_sides()),
                (Some(debit), None) => Some(-debit.abs()),
                (None, Some(credit)) => Some(credit),
                (None, None) => None,
            }
        } else {
            let amount = read(Column::Amount)?;
            match (amount, self.mark_column) {
                (Some(amount), Some(column)) => Some(apply_mark(amount, columns.cell(row, column))?),
                _ => amount,
            }
        };
        Ok(RowAmounts { main, fee, tax })
    }
}

/// An amount of the statement's currency; another currency beside it is refused.
pub(super) fn amount_in(cell: &str, currency: &str) -> Result<Option<Decimal>, Fault> {
    let Some(read) = table_amount(cell, Some(currency))? else { return Ok(None) };
    match read.currency.filter(|written| written != currency) {
        Some(written) => Err(mixed(&written, currency)),
        None => Ok(Some(read.amount)),
    }
}

fn mixed(written: &str, own: &str) -> Fault {
    Fault::new(
        "currency_mixed",
        format!("Loại tiền {written} khác loại tiền {own} của sao kê"),
        format!("the currency {written} differs from {own} of the statement"),
    )
}

fn both_sides() -> Fault {
    Fault::new(
        "amount_on_both_sides",
        "Dòng có cả số tiền ghi nợ và ghi có",
        "the row has both a debit and a credit amount",
    )
}

pub(super) fn date_cell<'a>(columns: &Columns, row: &'a Row) -> &'a str {
    let kinds = [Column::BookingDate, Column::TransactionDate, Column::ValueDate];
    kinds.into_iter().map(|kind| columns.cell(row, kind)).find(|cell| !cell.is_empty()).unwrap_or_default()
}

pub(super) fn is_dated(columns: &Columns, row: &Row) -> bool {
    columns.date(date_cell(columns, row)).is_ok()
}

fn check_shape(columns: &Columns, row: &Row) -> Result<(), Fault> {
    if row.cells.iter().any(|cell| cell.matches('\n').count() > MAX_CELL_LINES) {
        return Err(Fault::new("quote_unclosed", "Dấu nháy kép chưa đóng", "a quote is never closed"));
    }
    let is_dated = is_dated(columns, row);
    let has_more = row.cells.iter().skip(columns.width()).any(|cell| !cell.trim().is_empty());
    if is_dated && has_more {
        return Err(Fault::new(
            "row_too_wide",
            "Dòng có nhiều ô hơn tiêu đề; nội dung có dấu phân cách không đặt trong nháy",
            "the row has more cells than the heading; a separator in the text is not quoted",
        ));
    }
    Ok(())
}

/// Debit or credit as banks write it in a cell; true is money in.
pub(super) fn read_mark(mark: &str) -> Option<bool> {
    match fold(mark).trim() {
        "C" | "CR" | "CREDIT" | "CO" | "GHI CO" | "+" => Some(true),
        "D" | "DR" | "DEBIT" | "NO" | "GHI NO" | "-" => Some(false),
        other => dictionary::mark(other),
    }
}

fn apply_mark(amount: Decimal, mark: &str) -> Result<Decimal, Fault> {
    read_mark(mark).map(|is_in| signed(amount.abs(), is_in)).ok_or_else(|| {
        let shown = excerpt(mark);
        Fault::new(
            "mark_invalid",
            format!("Dấu ghi nợ/có “{shown}” không hợp lệ"),
            format!("“{shown}” is not a debit or credit mark"),
        )
    })
}
