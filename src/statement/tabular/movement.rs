//! One row of the table becomes a movement.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::statement::finding::{Fault, excerpt, line_place};
use crate::statement::model::Line;
use crate::statement::number::signed;
use crate::text::clean;

use super::account;
use super::amount::Notation;
use super::astray::{self, Around};
use super::cell_words::{is_amount, is_document, is_filler, is_in_words, without_quote};
use super::column::Column;
use super::denomination;
use super::dictionary;
use super::habit::{Habits, is_plain};
use super::header::Columns;
use super::ledger;
use super::mark::apply_mark;
use super::order::Movement;
use super::rows::Row;
use super::shape::check_shape;
use super::state::{self, State};
use super::stated;

pub(super) enum RowKind {
    Movement(Box<Movement>),
    /// More text of the movement above.
    Continuation(String),
    /// A dated row without an amount, with the balance it states.
    Bare(Bare),
    /// A row that states the balance of its day in words, and moves nothing.
    OfDay(NaiveDate, Option<Decimal>),
    /// A row that the bank has not booked, or has taken back.
    NotBooked,
    /// A row that moves money between the holder's own places and nothing on this side.
    Neutral,
    /// A row of the table whose cells do not stand in their places, and why it is one.
    Astray(Fault),
    Text,
}

pub(super) struct Bare {
    pub balance: Option<Decimal>,
    /// The bank has written a dash where the amount would stand.
    pub is_dashed: bool,
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
    notation: &'a Notation,
    /// The column that says debit or credit, when the amounts have no sign.
    mark_column: Option<Column>,
    habits: Habits,
    last_day: Option<NaiveDate>,
    /// The first day of the table, for what is stated above it.
    pub first_day: Option<NaiveDate>,
    /// Whether the day of a row may be that of the row above.
    pub may_lack_day: bool,
    /// Whether the table prints the day of each row, and not where it changes alone.
    pub prints_each_day: bool,
    pub around: Around,
    entry_count: u32,
    /// Of the rows so far, as long as all have the same.
    account: Option<String>,
    /// Some row before told its account, or that it has none.
    has_told_account: bool,
    has_other_account: bool,
}

impl<'a> RowReader<'a> {
    pub fn new(
        columns: &'a Columns,
        notation: &'a Notation,
        mark_column: Option<Column>,
        habits: Habits,
    ) -> Self {
        RowReader {
            columns,
            notation,
            mark_column,
            habits,
            last_day: None,
            first_day: None,
            may_lack_day: true,
            prints_each_day: false,
            around: Around::default(),
            entry_count: 0,
            account: None,
            has_told_account: false,
            has_other_account: false,
        }
    }

    /// The account number of a column, if every row has the same; else it is that of others.
    pub fn take_account(&mut self) -> Option<String> {
        self.account.take().filter(|_| !self.has_other_account)
    }

    pub fn read(&mut self, row: &Row) -> Result<RowKind, Fault> {
        let columns = self.columns;
        check_shape(columns, row)?;
        if is_not_booked(columns, row) && !self.habits.counts_open {
            return Ok(RowKind::NotBooked);
        }
        if self.is_neutral(row) {
            return Ok(RowKind::Neutral);
        }
        let amounts = self.row_amounts(row)?;
        let date = date_cell(columns, row);
        let has_amount = !amounts.is_empty();
        let filled = row.cells.iter().filter(|cell| !cell.trim().is_empty()).count();
        let has_text = columns.cells(row, Column::Description).next().is_some();
        let (day, behind_date) = match columns.day(date) {
            Ok((day, behind)) => (day, behind),
            Err(_) if !has_amount && date.is_empty() && has_text && filled == 1 => {
                let text = columns.cells(row, Column::Description).collect::<Vec<_>>().join(" ");
                return Ok(RowKind::Continuation(text));
            }
            Err(_) if !has_amount => {
                let fault = astray::fault(columns, self.notation, row, self.around);
                return Ok(fault.map_or(RowKind::Text, RowKind::Astray));
            }
            Err(fault) if !date.is_empty() => return Err(fault),
            // Some banks print a date only where it changes.
            Err(fault) => (self.day_above(row).filter(|_| has_text).ok_or(fault)?, ""),
        };
        self.last_day = Some(day);
        if stated::is_of_day(row)
            && let Some(balance) = self.balance_of_day(row, &amounts)?
        {
            return Ok(RowKind::OfDay(day, balance));
        }
        if !has_amount {
            return self.without_amount(row, has_text);
        }
        self.check_currency(row)?;
        let line = self.line_of(row, day, behind_date)?;
        self.movement_of(row, &line, amounts)
    }

    /// Wallets mark what goes from one's own pocket to another as of no side. Where balances stand beside
    /// the rows it moves them, and is none of these.
    fn is_neutral(&self, row: &Row) -> bool {
        let mark = self.mark_column.map_or("", |column| self.columns.cell(row, column));
        dictionary::is_neutral_mark(mark) && !self.columns.has(Column::Balance) && is_dated(self.columns, row)
    }

    /// The day of a row without one. Behind the last row that has one, a limit or a sum may stand, too.
    fn day_above(&self, row: &Row) -> Option<NaiveDate> {
        let is_stated = stated::is_stated(row);
        let has_balance = !self.columns.cell(row, Column::Balance).is_empty();
        let first = self.first_day.filter(|_| is_stated);
        let may_lack_day = !self.prints_each_day && (self.may_lack_day || has_balance);
        self.last_day.filter(|_| may_lack_day || is_stated).or(first)
    }

    /// What a row with the words of such a balance states, in whatever column; `None` where it moves
    /// something all the same.
    fn balance_of_day(&self, row: &Row, amounts: &RowAmounts) -> Result<Option<Option<Decimal>>, Fault> {
        let balance = self.balance_in(row)?;
        let moves = amounts.main.zip(balance).is_some_and(|(amount, balance)| amount.abs() != balance.abs());
        Ok(Some(balance.or(amounts.main)).filter(|_| !moves))
    }

    /// An amount of zero moves nothing, and a date alone is no row of the table.
    fn without_amount(&self, row: &Row, has_text: bool) -> Result<RowKind, Fault> {
        let columns = self.columns;
        let money = [Column::Amount, Column::Debit, Column::Credit, Column::Fee, Column::Tax];
        let cells = || money.iter().map(|column| columns.cell(row, *column)).filter(|cell| !cell.is_empty());
        let is_zero = cells().any(|cell| cell.bytes().any(|byte| byte.is_ascii_digit()));
        let balance_cell = columns.cell(row, Column::Balance);
        let is_dashed = cells().next().is_some();
        let says_something = has_text || !self.memo_of(row).is_empty();
        if is_zero || (balance_cell.is_empty() && (is_dashed || !says_something)) {
            return Ok(RowKind::Text);
        }
        Ok(RowKind::Bare(Bare { balance: self.balance_in(row)?, is_dashed }))
    }

    fn check_currency(&self, row: &Row) -> Result<(), Fault> {
        let cell = self.columns.currency_cell(row);
        let currency = denomination::currency_in_cell(cell);
        if self.habits.names_currencies && currency.is_none() && !matches!(cell, "" | "-") {
            let shown = excerpt(cell);
            return Err(Fault::new(
                "currency_invalid",
                format!("“{shown}” không phải loại tiền"),
                format!("“{shown}” is no currency"),
            ));
        }
        match currency.filter(|currency| *currency != self.notation.currency) {
            Some(currency) => Err(mixed(&currency, &self.notation.currency)),
            None => Ok(()),
        }
    }

    /// A row that leaves out the account it is booked on is of that of the others.
    fn note_account(&mut self, row: &Row) {
        let cell = self.columns.cell(row, Column::Account);
        if cell.is_empty() && ledger::is_of_row(self.columns) {
            return;
        }
        let account = account::account_in_cell(cell);
        self.has_other_account |= self.has_told_account && account != self.account;
        self.has_told_account = true;
        self.account = self.account.take().or(account);
    }

    fn line_of(&mut self, row: &Row, day: NaiveDate, behind_date: &str) -> Result<Line, Fault> {
        let columns = self.columns;
        let value_cell = columns.cell(row, Column::ValueDate);
        let value_date =
            if matches!(value_cell, "" | "-") { None } else { Some(columns.date(value_cell)?.0) };
        let text = |column| Some(clean(columns.cell(row, column))).filter(|text| !text.is_empty());
        let memo = self.memo_of(row);
        // “Ngày/TNX Date - Số CT/Doc No” holds both in one cell.
        let document = behind_date.split_whitespace().find(|word| is_document(word));
        self.entry_count = self.entry_count.saturating_add(1);
        self.note_account(row);
        Ok(Line {
            // A table with value dates only does not say when it was booked.
            booking_date: Some(day).filter(|_| has_booking_date(columns, row)),
            value_date,
            bank_reference: self.reference_of(row).or_else(|| document.map(clean)),
            memo: Some(memo).filter(|memo| !memo.is_empty()),
            counterparty_name: text(Column::CounterpartyName),
            counterparty_account: text(Column::CounterpartyAccount),
            entry_index: self.entry_count,
            currency: self.notation.currency.clone(),
            at: line_place(row.line),
            raw: row.raw(),
            ..Line::default()
        })
    }

    /// The bank's number; where a stroke stands in its place, the next that is one.
    fn reference_of(&self, row: &Row) -> Option<String> {
        let first = self.columns.cell(row, Column::Reference);
        let mut others = self.columns.cells(row, Column::Reference).filter(|cell| !is_filler(cell));
        let reference = if is_filler(first) && !first.is_empty() { others.next()? } else { first };
        Some(clean(reference)).filter(|reference| !reference.is_empty())
    }

    /// The texts of the row; where it has none, what kind of row it is, or whose.
    fn memo_of(&self, row: &Row) -> String {
        let texts = |column| {
            let cells = self.columns.cells(row, column).filter(|cell| !is_filler(cell));
            clean(&cells.map(without_quote).collect::<Vec<_>>().join(" "))
        };
        let kind = if self.mark_column == Some(Column::Kind) { String::new() } else { texts(Column::Kind) };
        let found =
            [texts(Column::Description), self.references_of(row), kind, texts(Column::CounterpartyName)];
        found.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// Where no column is one of texts, those of references are: all but the first of several. Where the
    /// texts of the row are empty, its reference is one if it is written in words.
    fn references_of(&self, row: &Row) -> String {
        if self.columns.has(Column::Description) {
            let reference = self.columns.cell(row, Column::Reference);
            return if is_in_words(reference) { clean(reference) } else { String::new() };
        }
        let columns = self.columns.meanings().iter().filter(|(column, _)| *column == Column::Reference);
        let indexes: Vec<usize> = columns.map(|(_, index)| *index).collect();
        let cells = indexes.iter().skip(usize::from(indexes.len() > 1)).map(|index| row.cell(*index));
        let text = clean(&cells.filter(|cell| !is_filler(cell)).collect::<Vec<_>>().join(" "));
        if text.contains(char::is_alphabetic) { text } else { String::new() }
    }

    fn movement_of(&self, row: &Row, line: &Line, amounts: RowAmounts) -> Result<RowKind, Fault> {
        let balance = self.balance_in(row)?;
        let before = amount_in(self.columns.cell(row, Column::BalanceBefore), self.notation)?;
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
        let sum = lines.iter().try_fold(Decimal::ZERO, |sum, line| sum.checked_add(line.amount));
        let behind = before.zip(sum).and_then(|(before, sum)| before.checked_add(sum));
        if let (0, Some(before), Some(behind), Some(after)) = (charge_count, before, behind, balance)
            && behind != after
        {
            return Err(Fault::new(
                "running_balance_broken",
                format!("Số dư trước {before} và số tiền không thành số dư sau {after}"),
                format!(
                    "the balance before, {before}, and the amount do not make the balance after, {after}"
                ),
            ));
        }
        Ok(RowKind::Movement(Box::new(Movement {
            lines,
            balance: balance.or(behind),
            charge_count,
            is_undecided: true,
            label: stated::word_of(self.columns, row),
            unknown_state: unknown_state(self.columns, row)
                .or_else(|| self.open_state(row))
                .map(str::to_owned),
        })))
    }

    /// The state of a row that is not booked, and is counted all the same.
    fn open_state<'r>(&'r self, row: &'r Row) -> Option<&'r str> {
        let is_open = self.habits.counts_open && is_not_booked(self.columns, row);
        let word = self.columns.states(row).map(|(cell, _)| cell).find(|cell| !cell.is_empty());
        Some(word.unwrap_or_else(|| date_cell(self.columns, row))).filter(|_| is_open)
    }

    /// The balance, with its own mark where it has one.
    fn balance_in(&self, row: &Row) -> Result<Option<Decimal>, Fault> {
        let balance = amount_in(self.columns.cell(row, Column::Balance), self.notation)?;
        let mark = self.columns.cell(row, Column::BalanceMark);
        match balance {
            Some(balance) if !mark.is_empty() => apply_mark(balance, mark).map(Some),
            _ => Ok(balance),
        }
    }

    /// The amount of a row that has nothing in either column of the sides: only its sign tells the side.
    fn amount_beside_sides(&self, row: &Row) -> Result<Option<Decimal>, Fault> {
        let columns = self.columns;
        let is_empty = |side| matches!(columns.cell(row, side), "" | "-");
        if ![Column::Debit, Column::Credit].into_iter().all(is_empty) {
            return Ok(None);
        }
        let cell = columns.cell(row, Column::Amount);
        let amount = amount_in(cell, self.notation)?.filter(|amount| !amount.is_zero());
        let is_sure =
            |amount: Decimal| amount.is_sign_negative() || cell.starts_with('+') || stated::is_stated(row);
        match amount {
            Some(amount) if !is_sure(amount) => Err(side_unknown()),
            amount => Ok(amount),
        }
    }

    fn row_amounts(&self, row: &Row) -> Result<RowAmounts, Fault> {
        let columns = self.columns;
        let is_dated = is_dated(columns, row);
        let read = |column| {
            let cell = columns.cell(row, column);
            // Words around the table are no amounts.
            if !is_dated && !cell.bytes().any(|byte| byte.is_ascii_digit()) {
                return Ok(None);
            }
            amount_in(cell, self.notation).map(|amount| amount.filter(|amount| !amount.is_zero()))
        };
        // Without balances nothing says that a tax moved beside the amount: it only tells of it.
        let taxes_move = columns.layout().is_some() || columns.has(Column::Balance);
        let tax = if taxes_move { read(Column::Tax)? } else { None };
        let fee = read(Column::Fee)?;
        let main = if columns.has(Column::Debit) && columns.has(Column::Credit) {
            match (read(Column::Debit)?, read(Column::Credit)?) {
                (Some(_), Some(_)) => return Err(both_sides()),
                (Some(debit), None) => Some(self.habits.debit(debit)),
                (None, Some(credit)) => Some(self.habits.credit(credit)),
                (None, None) if is_dated => self.amount_beside_sides(row)?,
                (None, None) => None,
            }
        } else {
            let amount = read(Column::Amount)?;
            match (amount, self.mark_column) {
                (Some(amount), Some(column)) => match columns.cell(row, column) {
                    // The sum of both sides is on neither.
                    "" if stated::is_stated(row) => Some(amount),
                    "" if columns.unmarked.is_some() => {
                        Some(signed(amount.abs(), columns.unmarked == Some(true)))
                    }
                    // The minus says as much as the mark would.
                    "" if amount.is_sign_negative() => Some(amount),
                    // Some banks repeat the amount where the mark of a debit would stand.
                    mark if is_amount(mark) && amount_in(mark, self.notation)? == Some(amount) => {
                        Some(amount)
                    }
                    mark => Some(apply_mark(amount, mark)?),
                },
                (Some(amount), None)
                    if self.habits.unmarked_is_out
                        && !stated::is_stated(row)
                        && is_plain(columns.cell(row, Column::Amount)) =>
                {
                    Some(-amount)
                }
                _ => amount,
            }
        };
        Ok(RowAmounts { main, fee, tax })
    }
}

/// Beside two columns for the sides.
fn side_unknown() -> Fault {
    Fault::new(
        "amount_side_unknown",
        "Số tiền không nằm ở cột ghi nợ hay ghi có và không có dấu",
        "the amount stands in neither the column of debits nor that of credits, and has no sign",
    )
}

/// An amount of the statement's currency; another currency beside it is refused.
pub(super) fn amount_in(cell: &str, notation: &Notation) -> Result<Option<Decimal>, Fault> {
    let Some(read) = notation.read(cell)? else { return Ok(None) };
    match read.currency.filter(|written| *written != notation.currency) {
        Some(written) => Err(mixed(&written, &notation.currency)),
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

/// By its column of states, by a word where a date should stand, or by the column of its amount.
pub(super) fn is_not_booked(columns: &Columns, row: &Row) -> bool {
    let dates = [date_cell(columns, row), columns.cell(row, Column::ValueDate)];
    let has_word_for_date = dates
        .into_iter()
        .any(|date| !date.bytes().any(|byte| byte.is_ascii_digit()) && dictionary::is_not_booked(date));
    // A reservation is a kind of its own in some tables, and has no balance beside it.
    let is_reserved = columns.has(Column::Balance)
        && columns.cell(row, Column::Balance).is_empty()
        && dictionary::is_not_booked(columns.cell(row, Column::Kind));
    let balance = columns.cell(row, Column::Balance);
    let has_word_for_balance =
        !balance.bytes().any(|byte| byte.is_ascii_digit()) && dictionary::is_not_booked(balance);
    has_word_for_date
        || columns.is_reserved(row)
        || has_word_for_balance
        || is_reserved
        || columns.cells(row, Column::Description).any(dictionary::ends_in_reservation)
        || columns.states(row).any(|(cell, is_sure)| match is_sure {
            true => state::of(cell) == Some(State::NotBooked),
            false => dictionary::is_not_booked(cell),
        })
}

/// A word in a column of states that says neither that the row is booked nor that it is not.
fn unknown_state<'a>(columns: &'a Columns, row: &'a Row) -> Option<&'a str> {
    let mut sure = columns.states(row).filter(|(_, is_sure)| *is_sure).map(|(cell, _)| cell);
    sure.find(|cell| state::of(cell) == Some(State::Unknown))
}

pub(super) fn date_cell<'a>(columns: &Columns, row: &'a Row) -> &'a str {
    let kinds = [Column::BookingDate, Column::TransactionDate, Column::ValueDate];
    kinds.into_iter().map(|kind| columns.cell(row, kind)).find(|cell| !cell.is_empty()).unwrap_or_default()
}

pub(super) fn is_dated(columns: &Columns, row: &Row) -> bool {
    columns.is_date(date_cell(columns, row))
}

/// The date of a row is the value date only where no other column has one.
fn has_booking_date(columns: &Columns, row: &Row) -> bool {
    let kinds = [Column::BookingDate, Column::TransactionDate];
    let is_value_date = |row: &Row| !columns.cell(row, Column::ValueDate).is_empty();
    kinds.iter().any(|kind| !columns.cell(row, *kind).is_empty()) || !is_value_date(row)
}
