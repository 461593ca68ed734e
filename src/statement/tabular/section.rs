//! The rows of one account become a statement.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::statement::balance::{check_totals, prove_balance};
use crate::statement::date::table_date;
use crate::statement::finding::{Fault, Finding, Findings, excerpt, line_place};
use crate::statement::model::{Balance, Line, Statement, Totals};
use crate::statement::number::{signed, table_amount};
use crate::text::{clean, fold};

use super::column::Column;
use super::header::Columns;
use super::label::{self, Label};
use super::order::{self, Movement};
use super::rows::Row;

/// A cell with more line breaks than this is not text but a quote that was never closed.
const MAX_CELL_LINES: usize = 20;

/// Splits the file into sections, one for each account, and reads them.
pub(super) fn read_sections(rows: &[Row], findings: &mut Findings) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut section = Section::default();
    for row in rows.iter().filter(|row| !row.is_blank()) {
        if section.ends_before(row) {
            let inherited = section.columns.clone();
            section.finish(&mut statements, findings);
            section = Section { inherited, ..Section::default() };
        }
        section.take(row);
    }
    section.finish(&mut statements, findings);
    statements
}

#[derive(Default)]
struct Section {
    statement: Statement,
    columns: Option<Columns>,
    /// Of the section before, for a bank that prints the heading only once.
    inherited: Option<Columns>,
    period: Option<(NaiveDate, NaiveDate)>,
    opening: Option<(String, usize)>,
    closing: Option<(String, usize)>,
    body: Vec<Row>,
    totals: Option<Row>,
    findings: Findings,
    last_day: Option<NaiveDate>,
    entry_count: u32,
    /// The column that says debit or credit, when the amounts have no sign.
    mark_column: Option<Column>,
}

impl Section {
    /// Another account, or its label, behind a table starts a new section.
    fn ends_before(&self, row: &Row) -> bool {
        let Some(columns) = self.columns.as_ref().filter(|_| !self.body.is_empty() || self.closing.is_some()) else {
            return false;
        };
        let is_dated = is_dated(columns, row);
        let accounts = label::labels_of(row).into_iter().filter(|(label, _)| *label == Label::Account);
        let mut accounts = accounts.filter_map(|(_, value)| label::account_in(&value));
        !is_dated && accounts.any(|account| self.statement.account.as_ref() != Some(&account))
    }

    fn take(&mut self, row: &Row) {
        if let Some(columns) = Columns::of(row) {
            if self.columns.is_none() {
                self.statement.at = line_place(row.line);
            }
            // A repeated heading (at a page break) may move the columns.
            if self.columns.as_ref().is_none_or(|known| self.body.is_empty() || *known == columns) {
                self.columns = Some(columns);
            }
            return;
        }
        if self.columns.is_none() && self.inherited.as_ref().is_some_and(|columns| is_dated(columns, row)) {
            self.columns = self.inherited.take();
            self.statement.at = line_place(row.line);
        }
        let is_movement = self.columns.as_ref().is_some_and(|columns| is_movement(columns, row));
        if is_movement || !self.take_labels(row) {
            self.body.push(row.clone());
        }
    }

    /// Keeps what the labels of the row say; false when it has none.
    fn take_labels(&mut self, row: &Row) -> bool {
        let labels = label::labels_of(row);
        for (label, value) in &labels {
            match label {
                Label::Account if self.statement.account.is_none() => {
                    self.statement.account = label::account_in(value);
                }
                Label::Currency if self.statement.currency.is_none() => {
                    self.statement.currency = label::currency_in(value);
                }
                Label::Opening if self.opening.is_none() => self.opening = Some((value.clone(), row.line)),
                Label::Closing => self.closing = Some((value.clone(), row.line)),
                Label::Period => self.period = self.period.or_else(|| label::period_in(row)),
                Label::Total if self.columns.is_some() => self.totals = Some(row.clone()),
                _ => {}
            }
        }
        !labels.is_empty()
    }

    fn finish(mut self, statements: &mut Vec<Statement>, all: &mut Findings) {
        let Some(columns) = self.columns.take() else { return };
        self.choose_currency(&columns);
        self.choose_mark(&columns);
        let opening = self.opening.take();
        let closing = self.closing.take();
        self.statement.opening = opening.and_then(|given| self.read_balance(given, true));
        self.statement.closing = closing.and_then(|given| self.read_balance(given, false));
        let mut movements: Vec<Movement> = Vec::new();
        for row in std::mem::take(&mut self.body) {
            self.read_row(&columns, &row, &mut movements);
        }
        self.read_totals(&columns);
        if self.statement.account.is_none() {
            self.findings.warn(Finding::new(
                &self.statement.at,
                "account_missing",
                "Không thấy số tài khoản trong tệp",
                "the account number is not in the file",
            ));
        }
        if self.findings.errors.is_empty() {
            order::settle(&mut self.statement, movements, &mut self.findings);
        } else {
            self.statement.lines = movements.into_iter().flat_map(|movement| movement.lines).collect();
        }
        self.prove();
        statements.push(self.statement);
        all.append(self.findings);
    }

    fn prove(&mut self) {
        if !self.findings.errors.is_empty() {
            return;
        }
        if self.statement.opening.is_some()
            && self.statement.closing.is_some()
            && let Some(finding) = prove_balance(&self.statement)
        {
            self.findings.error(finding);
        }
        check_totals(&self.statement, &mut self.findings);
    }

    /// The currency by label, by column, beside a balance or in a heading; đồng when nothing says.
    fn choose_currency(&mut self, columns: &Columns) {
        let in_column = || self.body.iter().find_map(|row| label::currency_in(columns.cell(row, Column::Currency)));
        let beside = |given: &Option<(String, usize)>| {
            let value = &given.as_ref()?.0;
            table_amount(value, Some("EUR")).ok().flatten().and_then(|read| read.currency)
        };
        let known = self.statement.currency.take().or_else(in_column);
        self.statement.currency = known.or_else(|| beside(&self.opening)).or_else(|| beside(&self.closing));
        if self.statement.currency.is_none() {
            self.statement.currency = Some("VND".to_owned());
            self.findings.warn(Finding::new(
                &self.statement.at,
                "currency_assumed",
                "Tệp không ghi loại tiền; hiểu là VND",
                "the file names no currency; VND is assumed",
            ));
        }
    }

    /// A column headed as debit/credit always counts; one headed as kind only when it holds marks.
    fn choose_mark(&mut self, columns: &Columns) {
        let rows = || self.body.iter().filter(|row| is_dated(columns, row));
        let holds_marks = || rows().all(|row| read_mark(columns.cell(row, Column::Kind)).is_some());
        self.mark_column = if columns.has(Column::Mark) {
            Some(Column::Mark)
        } else {
            Some(Column::Kind).filter(|column| columns.has(*column) && holds_marks())
        };
    }

    fn currency(&self) -> &str {
        self.statement.currency.as_deref().unwrap_or("VND")
    }

    fn read_balance(&mut self, (value, line): (String, usize), is_opening: bool) -> Option<Balance> {
        let date = self.period.map(|(first, last)| if is_opening { first } else { last });
        match self.amount(&value) {
            Ok(amount) => {
                amount.map(|amount| Balance { date, amount, currency: self.currency().to_owned(), at: line_place(line) })
            }
            Err(fault) => {
                self.findings.error(fault.at(line_place(line)));
                None
            }
        }
    }

    /// An amount of this statement; another currency beside it is refused.
    fn amount(&self, cell: &str) -> Result<Option<Decimal>, Fault> {
        let Some(read) = table_amount(cell, Some(self.currency()))? else { return Ok(None) };
        match read.currency.filter(|currency| currency != self.currency()) {
            Some(currency) => Err(self.mixed(&currency)),
            None => Ok(Some(read.amount)),
        }
    }

    fn mixed(&self, currency: &str) -> Fault {
        let own = self.currency();
        Fault::new(
            "currency_mixed",
            format!("Loại tiền {currency} khác loại tiền {own} của sao kê"),
            format!("the currency {currency} differs from {own} of the statement"),
        )
    }

    fn read_row(&mut self, columns: &Columns, row: &Row, movements: &mut Vec<Movement>) {
        let at = line_place(row.line);
        match self.try_row(columns, row) {
            Ok(RowKind::Movement(movement)) => movements.push(*movement),
            Ok(RowKind::Continuation(text)) => {
                let last = movements.last_mut().and_then(|movement| movement.lines.first_mut());
                if let Some(line) = last {
                    line.memo = Some(clean(&format!("{} {text}", line.memo.as_deref().unwrap_or_default())));
                    line.raw.push('\n');
                    line.raw.push_str(&row.raw());
                }
            }
            Ok(RowKind::Text) => self.findings.warn(Finding::new(
                at,
                "row_ignored",
                format!("Bỏ qua dòng không phải giao dịch: “{}”", excerpt(&row.raw())),
                format!("a row that is no transaction is left out: “{}”", excerpt(&row.raw())),
            )),
            Err(fault) => self.findings.error(fault.at(at)),
        }
    }

    fn try_row(&mut self, columns: &Columns, row: &Row) -> Result<RowKind, Fault> {
        check_shape(columns, row)?;
        let amounts = self.row_amounts(columns, row)?;
        let date = date_cell(columns, row);
        let has_amount = !amounts.is_empty();
        let filled = row.cells.iter().filter(|cell| !cell.trim().is_empty()).count();
        let has_text = columns.cells(row, Column::Description).next().is_some();
        let (day, behind_date) = match table_date(date) {
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
        self.check_row_currency(columns, row)?;
        let line = self.line_of(columns, row, day, behind_date)?;
        self.movement_of(columns, row, &line, amounts)
    }

    fn check_row_currency(&self, columns: &Columns, row: &Row) -> Result<(), Fault> {
        let currency = label::currency_in(columns.cell(row, Column::Currency));
        match currency.filter(|currency| currency != self.currency()) {
            Some(currency) => Err(self.mixed(&currency)),
            None => Ok(()),
        }
    }

    fn line_of(&mut self, columns: &Columns, row: &Row, day: NaiveDate, behind_date: &str) -> Result<Line, Fault> {
        let value_cell = columns.cell(row, Column::ValueDate);
        let value_date = if value_cell.is_empty() { None } else { Some(table_date(value_cell)?.0) };
        let text = |column| Some(clean(columns.cell(row, column))).filter(|text| !text.is_empty());
        let memo = clean(&columns.cells(row, Column::Description).collect::<Vec<_>>().join(" "));
        // “Ngày/TNX Date - Số CT/Doc No” holds both in one cell; a time of day is no reference.
        let document = behind_date.split_whitespace().find(|word| !word.contains(':'));
        self.entry_count = self.entry_count.saturating_add(1);
        if self.statement.account.is_none() {
            self.statement.account = label::account_in(columns.cell(row, Column::Account));
        }
        Ok(Line {
            booking_date: Some(day),
            value_date,
            bank_reference: text(Column::Reference).or_else(|| document.map(clean)),
            memo: Some(memo).filter(|memo| !memo.is_empty()),
            counterparty_name: text(Column::CounterpartyName),
            counterparty_account: text(Column::CounterpartyAccount),
            entry_index: self.entry_count,
            currency: self.currency().to_owned(),
            at: line_place(row.line),
            raw: row.raw(),
            ..Line::default()
        })
    }

    fn movement_of(&self, columns: &Columns, row: &Row, line: &Line, amounts: RowAmounts) -> Result<RowKind, Fault> {
        let balance = self.amount(columns.cell(row, Column::Balance))?;
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

    fn row_amounts(&self, columns: &Columns, row: &Row) -> Result<RowAmounts, Fault> {
        let read = |column| self.amount(columns.cell(row, column)).map(|amount| amount.filter(|amount| !amount.is_zero()));
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

    /// The sums under the table. A row of totals has both sides, so it cannot be a movement.
    fn read_totals(&mut self, columns: &Columns) {
        let Some(row) = self.totals.take() else { return };
        let sum = |column| self.amount(columns.cell(&row, column)).ok().flatten().map(|sum| sum.abs());
        let (debit_sum, credit_sum) = (sum(Column::Debit), sum(Column::Credit));
        if debit_sum.is_some() && credit_sum.is_some() {
            self.statement.totals = Some(Totals { debit_sum, credit_sum, ..Totals::default() });
        }
    }
}

enum RowKind {
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

fn both_sides() -> Fault {
    Fault::new(
        "amount_on_both_sides",
        "Dòng có cả số tiền ghi nợ và ghi có",
        "the row has both a debit and a credit amount",
    )
}

fn date_cell<'a>(columns: &Columns, row: &'a Row) -> &'a str {
    let kinds = [Column::BookingDate, Column::TransactionDate, Column::ValueDate];
    kinds.into_iter().map(|kind| columns.cell(row, kind)).find(|cell| !cell.is_empty()).unwrap_or_default()
}

fn is_dated(columns: &Columns, row: &Row) -> bool {
    table_date(date_cell(columns, row)).is_ok()
}

/// Whether the row belongs to the table and not to what is printed around it. The words of a
/// payer must not pass for a label, so only the first cell of an undated row can be one, and a
/// row with an amount only by the label of a sum or balance.
fn is_movement(columns: &Columns, row: &Row) -> bool {
    if is_dated(columns, row) {
        return !is_labelled_balance(columns, row);
    }
    match label::leading_label(row) {
        None => true,
        Some(Label::Opening | Label::Closing | Label::Total) => false,
        Some(_) => has_movement(columns, row),
    }
}

fn has_movement(columns: &Columns, row: &Row) -> bool {
    let moves = [Column::Debit, Column::Credit, Column::Amount];
    moves.iter().any(|column| !matches!(columns.cell(row, *column), "" | "0" | "-"))
}

/// A dated row “Số dư đầu kỳ” states a balance and moves nothing.
fn is_labelled_balance(columns: &Columns, row: &Row) -> bool {
    let says_balance = |cell: &str| matches!(label::label_of(cell), Some(Label::Opening | Label::Closing));
    !has_movement(columns, row) && columns.cells(row, Column::Description).any(says_balance)
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
fn read_mark(mark: &str) -> Option<bool> {
    match fold(mark).trim() {
        "C" | "CR" | "CREDIT" | "CO" | "GHI CO" | "+" => Some(true),
        "D" | "DR" | "DEBIT" | "NO" | "GHI NO" | "-" => Some(false),
        _ => None,
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
