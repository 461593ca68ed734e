//! The rows of one account become a statement.

use chrono::NaiveDate;

use crate::statement::balance::{check_totals, prove_balance};
use crate::statement::finding::{Finding, Findings, excerpt, line_place};
use crate::statement::layout::Layouts;
use crate::statement::model::{Balance, Statement, Totals};
use crate::statement::number::table_amount;
use crate::text::clean;

use super::column::Column;
use super::header::Columns;
use super::label::{self, Label};
use super::movement::{RowKind, RowReader, amount_in, is_dated, read_mark};
use super::order::{self, Movement};
use super::rows::Row;

/// ISO 4217: no currency.
const UNKNOWN_CURRENCY: &str = "XXX";

/// Splits the file into sections, one for each account, and reads them.
pub(super) fn read_sections(rows: &[Row], layouts: Layouts<'_>, findings: &mut Findings) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut section = Section { layouts, ..Section::default() };
    if let Some(own) = layouts.own().filter(|own| own.is_without_heading) {
        section.columns = Some(Columns::without_heading(own));
        section.statement.at = line_place(rows.first().map_or(1, |row| row.line));
    }
    for row in rows.iter().filter(|row| !row.is_blank()) {
        if section.ends_before(row) {
            let inherited = section.columns.clone();
            section.finish(&mut statements, findings);
            section = Section { inherited, layouts, ..Section::default() };
        }
        section.take(row);
    }
    section.finish(&mut statements, findings);
    statements
}

#[derive(Default)]
struct Section<'a> {
    layouts: Layouts<'a>,
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
}

impl Section<'_> {
    /// Another account, or its label, behind a table starts a new section.
    fn ends_before(&self, row: &Row) -> bool {
        let Some(columns) = self.columns.as_ref().filter(|_| !self.body.is_empty() || self.closing.is_some())
        else {
            return false;
        };
        if is_dated(columns, row) {
            return false;
        }
        let accounts = label::labels_of(row).into_iter().filter(|(label, _)| *label == Label::Account);
        let mut accounts = accounts.filter_map(|(_, value)| label::account_in(&value));
        accounts.any(|account| self.statement.account.as_ref() != Some(&account))
    }

    fn take(&mut self, row: &Row) {
        let is_row = self.columns.as_ref().is_some_and(|columns| is_dated(columns, row));
        if let Some(columns) = if is_row { None } else { Columns::of(row, self.layouts) } {
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
        let Some(columns) = &self.columns else {
            self.take_labels(row);
            return;
        };
        if is_movement(columns, row) || !self.take_labels(row) {
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
        let Some(mut columns) = self.columns.take() else { return };
        self.choose_currency(&columns);
        // Nobody counts đồng with the month first: there a second number above 12 is a mistake.
        let may_be = columns.layout().is_none() && self.currency() != "VND";
        if may_be && order::is_month_first(&columns, &self.body) {
            columns.put_month_first();
            self.findings.warn(Finding::new(
                &self.statement.at,
                "dates_month_first",
                "Ngày trong bảng ghi tháng trước, vì có ngày lớn hơn 12 ở vị trí thứ hai",
                "the dates have the month first: some have a day above 12 in the second place",
            ));
        }
        let opening = self.opening.take();
        let closing = self.closing.take();
        self.statement.opening = opening.and_then(|given| self.read_balance(given, true));
        self.statement.closing = closing.and_then(|given| self.read_balance(given, false));
        let currency = self.currency().to_owned();
        let mut reader = RowReader::new(&columns, &currency, self.mark_column(&columns));
        let mut movements: Vec<Movement> = Vec::new();
        for row in std::mem::take(&mut self.body) {
            self.read_row(&mut reader, &row, &mut movements);
        }
        self.statement.account = self.statement.account.take().or_else(|| reader.take_account());
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
        let in_column =
            || self.body.iter().find_map(|row| label::currency_in(columns.cell(row, Column::Currency)));
        let beside = |given: &Option<(String, usize)>| {
            let value = &given.as_ref()?.0;
            table_amount(value, Some("EUR")).ok().flatten().and_then(|read| read.currency)
        };
        let known = self.statement.currency.take().or_else(in_column);
        let known = known.or_else(|| beside(&self.opening)).or_else(|| beside(&self.closing));
        let by_layout = columns.currency().map(str::to_owned);
        // A layout of a bank says what it usually is; the user's layout and the heading itself say what it is.
        let is_said = self.layouts.own().is_some() || columns.layout().is_none();
        self.statement.currency = known.or(by_layout.filter(|_| is_said));
        if self.statement.currency.is_none() {
            self.assume_currency(columns);
        }
    }

    /// đồng have no decimals: amounts with some are of another currency, which nothing names.
    fn assume_currency(&mut self, columns: &Columns) {
        let columns_of_money = [Column::Amount, Column::Debit, Column::Credit];
        let cells = self.body.iter().flat_map(|row| columns_of_money.map(|column| columns.cell(row, column)));
        let amounts: Vec<&str> = cells.filter(|cell| !matches!(*cell, "" | "-" | "0")).collect();
        let is_foreign = amounts.iter().all(|cell| has_decimals(cell))
            && amounts.iter().any(|cell| table_amount(cell, Some("VND")).is_err());
        let currency = if is_foreign { UNKNOWN_CURRENCY } else { "VND" };
        self.statement.currency = Some(currency.to_owned());
        let (code, vi, en) = if is_foreign {
            (
                "currency_unknown",
                "Tệp không ghi loại tiền; số tiền có số lẻ nên không phải VND",
                "the file names no currency; the amounts have decimals, so it is not VND",
            )
        } else {
            (
                "currency_assumed",
                "Tệp không ghi loại tiền; hiểu là VND",
                "the file names no currency; VND is assumed",
            )
        };
        self.findings.warn(Finding::new(&self.statement.at, code, vi, en));
    }

    /// A column headed as debit/credit always counts; one headed as kind only when it holds marks.
    fn mark_column(&self, columns: &Columns) -> Option<Column> {
        let rows = || self.body.iter().filter(|row| is_dated(columns, row));
        let holds_marks = || rows().all(|row| read_mark(columns.cell(row, Column::Kind)).is_some());
        if columns.has(Column::Mark) {
            return Some(Column::Mark);
        }
        Some(Column::Kind).filter(|column| columns.has(*column) && holds_marks())
    }

    fn currency(&self) -> &str {
        self.statement.currency.as_deref().unwrap_or("VND")
    }

    fn read_balance(&mut self, (value, line): (String, usize), is_opening: bool) -> Option<Balance> {
        let date = self.period.map(|(first, last)| if is_opening { first } else { last });
        match amount_in(&value, self.currency()) {
            Ok(amount) => amount.map(|amount| Balance {
                date,
                amount,
                currency: self.currency().to_owned(),
                at: line_place(line),
            }),
            Err(fault) => {
                self.findings.error(fault.at(line_place(line)));
                None
            }
        }
    }

    fn read_row(&mut self, reader: &mut RowReader<'_>, row: &Row, movements: &mut Vec<Movement>) {
        let at = line_place(row.line);
        match reader.read(row) {
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

    /// The sums under the table. A row of totals has both sides, so it cannot be a movement.
    fn read_totals(&mut self, columns: &Columns) {
        let Some(row) = self.totals.take() else { return };
        let sum = |column| {
            amount_in(columns.cell(&row, column), self.currency()).ok().flatten().map(|sum| sum.abs())
        };
        let (debit_sum, credit_sum) = (sum(Column::Debit), sum(Column::Credit));
        if debit_sum.is_some() && credit_sum.is_some() {
            self.statement.totals = Some(Totals { debit_sum, credit_sum, ..Totals::default() });
        }
    }
}

/// One or two digits behind the last mark.
fn has_decimals(cell: &str) -> bool {
    let number = cell.trim_matches(|c: char| !c.is_ascii_digit());
    let tail = number.rsplit_once(['.', ',']).map_or("", |(_, tail)| tail);
    (1..=2).contains(&tail.len()) && tail.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the row belongs to the table and not to what is printed around it. The words of a
/// payer must not pass for a label, so only the first cell of an undated row can be one, and a
/// row with an amount only by the label of a sum or balance.
fn is_movement(columns: &Columns, row: &Row) -> bool {
    if is_dated(columns, row) {
        return !is_labelled_balance(columns, row);
    }
    let is_filled = |column| !matches!(columns.cell(row, column), "" | "0" | "-");
    let has_both_sides = is_filled(Column::Debit) && is_filled(Column::Credit);
    match label::leading_label(row) {
        // The word “Tổng cộng” may stand in any cell of the sums.
        None => !has_both_sides,
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
