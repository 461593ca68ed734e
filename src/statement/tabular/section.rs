//! The rows of one account become a statement.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::statement::balance::prove_balance;
use crate::statement::finding::{Finding, Findings, excerpt, line_place};
use crate::statement::layout::{DateOrder, Layouts};
use crate::statement::model::{Balance, Statement, Totals};
use crate::statement::tally::Tally;
use crate::statement::totals::{Counting, check_totals};
use crate::text::clean;

use super::amount::Notation;
use super::column::Column;
use super::denomination::{self, Surroundings};
use super::header::Columns;
use super::label::{self, Label};
use super::mark::read_mark;
use super::movement::{RowKind, RowReader, amount_in, is_dated};
use super::order::{self, Movement};
use super::rows::Row;
use super::shape;

/// Splits the file into sections, one for each account, and reads them. In a text every row has the
/// cells that stand there; a workbook leaves the empty ones out.
pub(super) fn read_sections(
    rows: &[Row],
    is_text: bool,
    layouts: Layouts<'_>,
    findings: &mut Findings,
) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut section = Section { layouts, is_text, ..Section::default() };
    if let Some(own) = layouts.own().filter(|own| own.is_without_heading) {
        section.columns = Some(Columns::without_heading(own));
        section.statement.at = line_place(rows.first().map_or(1, |row| row.line));
    }
    for row in rows.iter().filter(|row| !row.is_blank()) {
        if section.ends_before(row) {
            let inherited = section.columns.clone();
            let is_vietnamese = section.surroundings.is_vietnamese;
            section.finish(&mut statements, findings);
            section = Section { inherited, layouts, is_text, ..Section::default() };
            section.surroundings.is_vietnamese = is_vietnamese;
        }
        section.take(row);
    }
    section.finish(&mut statements, findings);
    statements
}

#[derive(Default)]
struct Section<'a> {
    layouts: Layouts<'a>,
    is_text: bool,
    statement: Statement,
    columns: Option<Columns>,
    /// Of the section before, for a bank that prints the heading only once.
    inherited: Option<Columns>,
    period: Option<(NaiveDate, NaiveDate)>,
    opening: Option<(String, usize)>,
    closing: Option<(String, usize)>,
    body: Vec<Row>,
    totals: Option<Row>,
    surroundings: Surroundings,
    /// Dated rows without an amount, with the balance they state and how many movements stand before.
    bare: Vec<Bare>,
    findings: Findings,
}

struct Bare {
    at: String,
    balance: Option<Decimal>,
    position: usize,
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
            self.surroundings.note(row);
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
            self.surroundings.note(row);
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
        self.settle_dates(&mut columns);
        columns.adopt_marks(&self.body);
        self.choose_currency(&columns);
        let notation = self.notation(&columns);
        let opening = self.opening.take();
        let closing = self.closing.take();
        self.statement.opening = opening.and_then(|given| self.read_balance(given, true, &notation));
        self.statement.closing = closing.and_then(|given| self.read_balance(given, false, &notation));
        if self.is_text {
            shape::check_lengths(&columns, &self.body, &mut self.findings);
        }
        let mut reader = RowReader::new(&columns, &notation, self.mark_column(&columns));
        let mut movements: Vec<Movement> = Vec::new();
        for row in std::mem::take(&mut self.body) {
            self.read_row(&mut reader, &row, &mut movements);
        }
        self.statement.account = self.statement.account.take().or_else(|| reader.take_account());
        self.check_bare_rows(&movements);
        self.read_totals(&columns, &notation);
        if self.statement.account.is_none() {
            self.findings.warn(Finding::new(
                &self.statement.at,
                "account_missing",
                "Không thấy số tài khoản trong tệp",
                "the account number is not in the file",
            ));
        }
        if self.findings.errors.is_empty() {
            order::settle(&mut self.statement, movements, columns.has_only_fees(), &mut self.findings);
        } else {
            self.statement.lines = movements.into_iter().flat_map(|movement| movement.lines).collect();
        }
        self.prove();
        statements.push(self.statement);
        all.append(self.findings);
    }

    fn settle_dates(&mut self, columns: &mut Columns) {
        let found = columns.settle_dates(&self.body, self.surroundings.is_vietnamese);
        if found.order == DateOrder::MonthFirst && !found.is_assumed && columns.layout().is_none() {
            self.findings.warn(Finding::new(
                &self.statement.at,
                "dates_month_first",
                "Ngày trong bảng ghi tháng trước, vì có ngày lớn hơn 12 ở vị trí thứ hai",
                "the dates have the month first: some have a day above 12 in the second place",
            ));
        }
        if !found.is_assumed {
            return;
        }
        let (vi, en) = match found.order {
            DateOrder::DayFirst => ("ngày trước", "day first"),
            DateOrder::MonthFirst => ("tháng trước", "month first"),
            DateOrder::YearFirst => ("năm trước", "year first"),
        };
        self.findings.warn(Finding::new(
            &self.statement.at,
            "date_order_assumed",
            format!("Ngày trong bảng có thể đọc nhiều cách; đã đọc {vi}. Dùng --map để chỉ rõ"),
            format!("the dates can be read in two ways and were read {en}; --map says which"),
        ));
    }

    /// A row that moves nothing repeats the balance beside it. Any other dated row without an amount
    /// has lost it.
    fn check_bare_rows(&mut self, movements: &[Movement]) {
        for bare in std::mem::take(&mut self.bare) {
            let before = bare.position.checked_sub(1).and_then(|position| movements.get(position));
            let beside = [before, movements.get(bare.position)].into_iter().flatten();
            let is_same = bare.balance.is_some() && beside.clone().any(|other| other.balance == bare.balance);
            let finding = Finding::new(
                bare.at,
                if is_same { "row_ignored" } else { "amount_missing" },
                "Dòng có ngày nhưng không có số tiền",
                "the row has a date and no amount",
            );
            if is_same { self.findings.warn(finding) } else { self.findings.error(finding) }
        }
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
        if let Some(totals) = &self.statement.totals {
            let tally = Tally::of(&self.statement.lines);
            check_totals(totals, &[tally], Counting::Lenient, &mut self.findings);
        }
    }

    /// A label goes before all else that names the currency.
    fn choose_currency(&mut self, columns: &Columns) {
        let balances: Vec<&str> =
            [&self.opening, &self.closing].into_iter().flatten().map(|(value, _)| value.as_str()).collect();
        let has_own_layout = self.layouts.own().is_some();
        let named = self.statement.currency.take().or_else(|| {
            denomination::named(columns, &self.body, &balances, &self.surroundings, has_own_layout)
        });
        let currency = named.unwrap_or_else(|| {
            let (currency, finding) =
                denomination::assumed(columns, &self.body, &self.surroundings, &self.statement.at);
            self.findings.warn(finding);
            currency.to_owned()
        });
        self.statement.currency = Some(currency);
    }

    /// How the amounts are written, from all of them.
    fn notation(&self, columns: &Columns) -> Notation {
        let money =
            [Column::Amount, Column::Debit, Column::Credit, Column::Balance, Column::Fee, Column::Tax];
        let rows = self.body.iter().filter(|row| is_dated(columns, row));
        let cells = rows.flat_map(|row| money.map(|column| columns.cell(row, column)));
        let balances = [&self.opening, &self.closing].into_iter().flatten().map(|(value, _)| value.as_str());
        Notation::of(self.currency()).learn(cells.chain(balances))
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

    fn read_balance(
        &mut self,
        (value, line): (String, usize),
        is_opening: bool,
        notation: &Notation,
    ) -> Option<Balance> {
        let date = self.period.map(|(first, last)| if is_opening { first } else { last });
        match amount_in(&value, notation) {
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
            Ok(RowKind::Bare(balance)) => {
                self.bare.push(Bare { at, balance, position: movements.len() });
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
    fn read_totals(&mut self, columns: &Columns, notation: &Notation) {
        let Some(row) = self.totals.take() else { return };
        let sum =
            |column| amount_in(columns.cell(&row, column), notation).ok().flatten().map(|sum| sum.abs());
        let (debit_sum, credit_sum) = (sum(Column::Debit), sum(Column::Credit));
        if debit_sum.is_some() && credit_sum.is_some() {
            let at = line_place(row.line);
            self.statement.totals = Some(Totals {
                debit_sum,
                credit_sum,
                credit_at: at.clone(),
                debit_at: at,
                ..Totals::default()
            });
        }
    }
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
    !has_movement(columns, row) && row.cells.iter().any(|cell| says_balance(cell))
}
