//! The rows of one account become a statement.

use chrono::NaiveDate;

use crate::statement::finding::{Finding, Findings, line_place};
use crate::statement::layout::{DateOrder, Layouts};
use crate::statement::model::Statement;
use crate::text::clean;

use super::account;
use super::attempt;
use super::cell_words::has_figure;
use super::column::Column;
use super::contents;
use super::denomination::{self, Surroundings};
use super::ending::Ending;
use super::given::Given;
use super::header::Columns;
use super::label::{self, Label};
use super::ledger::{self, Parts};
use super::movement::is_dated;
use super::order::Proof;
use super::pairs;
use super::rows::Row;
use super::shape;
use super::sides;
use super::summary::{self, Part, Stated};
use super::unknown_text::Guess;
use super::unnamed;

/// Splits the file into sections, one for each account, and reads them. In a text every row has the
/// cells that stand there; a workbook leaves the empty ones out, which its ending tells. The rows above a
/// table without headings are none of its own.
pub(super) fn read_sections(
    rows: &[Row],
    above: &[Row],
    ending: Ending,
    layouts: Layouts<'_>,
    findings: &mut Findings,
) -> Vec<Statement> {
    let mut section = Section { layouts, ending, ..Section::default() };
    if let Some(own) = layouts.own().filter(|own| own.is_without_heading) {
        section.columns = Some(Columns::without_heading(own));
        section.statement.at = line_place(rows.first().map_or(1, |row| row.line));
    }
    section.take_above(above);
    section.read_all(rows, findings)
}

/// The same for a table in which no heading names a text.
pub(super) fn read_guessed(
    rows: &[Row],
    guess: Guess,
    ending: Ending,
    findings: &mut Findings,
) -> Vec<Statement> {
    let section = Section { guess: Some(guess), ending, ..Section::default() };
    section.read_all(rows, findings)
}

#[derive(Default)]
struct Section<'a> {
    layouts: Layouts<'a>,
    /// The heading row of a table in which none is known whole.
    guess: Option<Guess>,
    ending: Ending,
    statement: Statement,
    columns: Option<Columns>,
    /// Of the section before, for a bank that prints the heading only once.
    inherited: Option<Columns>,
    period: Option<(NaiveDate, NaiveDate)>,
    opening: Option<(String, usize)>,
    closing: Option<(String, usize)>,
    /// The day that stands beside the closing balance.
    closing_day: Option<NaiveDate>,
    body: Vec<Row>,
    totals: Option<Row>,
    sums: Vec<Stated>,
    surroundings: Surroundings,
    findings: Findings,
}

impl<'l> Section<'l> {
    /// Reads the rows from this section on.
    fn read_all(self, rows: &[Row], findings: &mut Findings) -> Vec<Statement> {
        let mut statements = Vec::new();
        let mut section = self;
        let mut rows = rows.iter().filter(|row| !row.is_blank() && !shape::is_too_wide(row)).peekable();
        while let Some(row) = rows.next() {
            let stated = rows.peek().and_then(|next| section.states(row, next));
            let ends = match &stated {
                Some(stated) => section.is_of_another(stated),
                None => {
                    section.ends_before(row) || rows.peek().is_some_and(|next| section.begins_anew(row, next))
                }
            };
            if ends {
                let next = section.following();
                std::mem::replace(&mut section, next).finish(&mut statements, findings);
            }
            if let Some(stated) = stated {
                section.take_stated(stated);
                rows.next();
            } else {
                section.take(row);
            }
        }
        section.finish(&mut statements, findings);
        statements
    }

    /// The columns of a heading row.
    fn columns_of(&self, row: &Row) -> Option<Columns> {
        match &self.guess {
            Some(guess) => guess.columns_of(row),
            None => Columns::of(row, self.layouts),
        }
    }

    /// The section behind this one.
    fn following(&self) -> Section<'l> {
        let inherited = self.columns.clone();
        let (layouts, guess) = (self.layouts, self.guess.clone());
        let mut next = Section { inherited, layouts, guess, ending: self.ending, ..Section::default() };
        next.surroundings.is_vietnamese = self.surroundings.is_vietnamese;
        next
    }

    /// What stands above a table without headings.
    fn take_above(&mut self, rows: &[Row]) {
        let mut rows = rows.iter().filter(|row| !row.is_blank()).peekable();
        while let Some(row) = rows.next() {
            if let Some(stated) = rows.peek().and_then(|next| pairs::of_two_rows(row, next)) {
                self.take_stated(stated);
                rows.next();
                continue;
            }
            self.surroundings.note(row);
            self.take_labels(row);
            self.statement.account = self.statement.account.take().or_else(|| account::lone_account(row));
        }
    }

    /// Whether labels behind a table, with their values below, are those of another account.
    fn is_of_another(&self, stated: &[Stated]) -> bool {
        let mut accounts = stated.iter().filter(|stated| stated.part == Part::Account);
        let is_other = |stated: &Stated| account::account_in(&stated.value) != self.statement.account;
        !self.body.is_empty() && accounts.any(is_other)
    }

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
        let mut accounts = accounts.filter_map(|(_, value)| account::account_in(&value));
        accounts.any(|account| self.statement.account.as_ref() != Some(&account))
    }

    /// A repeated heading row, below which another balance stands ahead of the movements, is that of
    /// another statement of the same account.
    fn begins_anew(&self, row: &Row, next: &Row) -> bool {
        let Some(columns) = self.columns.as_ref().filter(|_| !self.body.is_empty()) else { return false };
        let balance = columns.cell(next, Column::Balance);
        let last = self.body.iter().rev().map(|row| columns.cell(row, Column::Balance));
        let mut last = last.filter(|balance| !balance.is_empty());
        !is_dated(columns, row)
            && self.columns_of(row).as_ref() == Some(columns)
            && is_dated(columns, next)
            && !has_movement(columns, next)
            && !balance.is_empty()
            && last.next().is_some_and(|last| last != balance)
    }

    /// What two rows around the table state as headings and figures.
    fn states(&self, row: &Row, next: &Row) -> Option<Vec<Stated>> {
        if self.columns.as_ref().is_some_and(|columns| is_dated(columns, row) || is_dated(columns, next)) {
            return None;
        }
        // The heading row of a table with its first row is none of these.
        let pairs = || pairs::of_two_rows(row, next).filter(|_| self.columns_of(row).is_none());
        summary::of_two_rows(row, next).or_else(pairs).or_else(|| pairs::of_label_alone(row, next))
    }

    fn take_stated(&mut self, stated: Vec<Stated>) {
        for stated in stated {
            match stated.part {
                Part::Opening => {
                    self.opening.get_or_insert((stated.value, stated.line));
                }
                Part::Closing => self.closing = Some((stated.value, stated.line)),
                Part::Account => {
                    if self.is_better(&stated.value) {
                        self.statement.account = account::account_in(&stated.value);
                    }
                }
                Part::Currency => {
                    let currency = label::currency_in(&stated.value);
                    self.statement.currency = self.statement.currency.take().or(currency);
                }
                _ => self.sums.push(stated),
            }
        }
    }

    fn take(&mut self, row: &Row) {
        let is_row = self.columns.as_ref().is_some_and(|columns| is_dated(columns, row));
        if let Some(columns) = if is_row { None } else { self.columns_of(row) } {
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
        let stated = if is_row { Vec::new() } else { summary::of_labels(row) };
        if stated.iter().any(Stated::is_count) {
            self.sums.extend(stated);
        } else if is_movement(columns, row) {
            self.body.push(row.clone());
        } else if !self.take_labels(row) {
            // Sums of both sides need no word to be told.
            self.totals = Some(row.clone());
        }
    }

    /// Keeps what the labels of the row say; false when it has none.
    fn take_labels(&mut self, row: &Row) -> bool {
        self.sums.extend(summary::of_labels(row));
        let labels = label::labels_of(row);
        for (label, value) in &labels {
            match label {
                Label::Account if self.is_better(value) => {
                    self.statement.account = account::account_in(value);
                }
                Label::Currency if self.statement.currency.is_none() => {
                    self.statement.currency = label::currency_in(value);
                }
                Label::Opening if self.opening.is_none() => self.opening = Some((value.clone(), row.line)),
                Label::Closing => {
                    self.closing = Some((value.clone(), row.line));
                    self.closing_day = label::day_in(row);
                }
                Label::Period => self.period = self.period.or_else(|| label::period_in(row)),
                Label::Total if self.columns.is_some() => self.totals = Some(row.clone()),
                _ => {}
            }
        }
        !labels.is_empty()
    }

    /// The first account counts, and the IBAN of the same number before the number alone.
    fn is_better(&self, value: &str) -> bool {
        let Some(known) = self.statement.account.as_deref() else { return true };
        account::account_in(value).is_some_and(|account| account.len() >= 15 && account.ends_with(known))
            && known.bytes().all(|byte| byte.is_ascii_digit())
    }

    fn finish(mut self, statements: &mut Vec<Statement>, all: &mut Findings) {
        let Some(mut columns) = self.columns.take() else { return };
        if let Some([opening, closing]) = contents::settle(&mut columns, &self.body) {
            self.opening = self.opening.take().or(Some(opening));
            self.closing = self.closing.take().or(Some(closing));
        }
        self.settle_dates(&mut columns);
        unnamed::settle(&mut columns, &self.body);
        sides::adopt(&mut columns, &self.body, &mut self.findings);
        let body = std::mem::take(&mut self.body);
        let has_balances = self.opening.is_some() || self.closing.is_some();
        let parts = ledger::split(&columns, &body).filter(|_| !has_balances);
        match parts {
            Some(parts) if self.is_several(&parts, &columns, &body) => {
                // The sums are those of all accounts together.
                self.sums.clear();
                for part in &parts.rows {
                    statements.push(self.read(&columns, part, true));
                }
            }
            _ => statements.push(self.read(&columns, &body, false)),
        }
        all.append(self.findings);
    }

    /// Whether the parts are statements of their own: the running balances of one account go through all
    /// rows, whatever these say of account and currency.
    fn is_several(&self, parts: &Parts, columns: &Columns, body: &[Row]) -> bool {
        let columns = columns.without(Column::Currency);
        let statement = self.statement_of(&columns, body, &mut Findings::default());
        let proof = attempt::read(&self.given(&statement, body), columns).proof();
        proof == Proof::Contradicted || (proof == Proof::Open && parts.is_sure)
    }

    fn read(&mut self, columns: &Columns, body: &[Row], is_part: bool) -> Statement {
        let mut findings = std::mem::take(&mut self.findings);
        let mut statement = self.statement_of(columns, body, &mut findings);
        if let (true, Some(row)) = (is_part, body.first()) {
            statement.at = line_place(row.line);
            let own = columns.cell(row, Column::Account);
            statement.account = account::account_in_cell(own)
                .or_else(|| Some(clean(own)))
                .filter(|own| !own.is_empty())
                .or(statement.account);
        }
        let statement = attempt::read(&self.given(&statement, body), columns.clone()).finish(&mut findings);
        self.findings = findings;
        statement
    }

    /// The statement before its rows are read: where it stands, and in which currency.
    fn statement_of(&self, columns: &Columns, body: &[Row], findings: &mut Findings) -> Statement {
        let mut statement = self.statement.clone();
        statement.currency = Some(self.choose_currency(columns, body, findings));
        statement
    }

    fn given<'a>(&'a self, statement: &'a Statement, body: &'a [Row]) -> Given<'a> {
        Given {
            statement,
            body,
            opening: self.opening.as_ref(),
            closing: self.closing.as_ref(),
            period: self.period,
            closing_day: self.closing_day,
            totals: self.totals.as_ref(),
            sums: &self.sums,
            ending: self.ending,
        }
    }

    fn settle_dates(&mut self, columns: &mut Columns) {
        let in_dollars = || {
            let in_cell = |row| denomination::currency_in_cell(columns.currency_cell(row));
            columns.heading_currency() == Some("USD")
                || self.body.first().and_then(in_cell).as_deref() == Some("USD")
        };
        let is_american = self.surroundings.is_american || in_dollars();
        let usual = if is_american { DateOrder::MonthFirst } else { DateOrder::DayFirst };
        let found = columns.settle_dates(&self.body, &self.surroundings, usual);
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
        let (vi, en) = words_of(found.order);
        self.findings.warn(Finding::new(
            &self.statement.at,
            "date_order_assumed",
            format!("Ngày trong bảng có thể đọc nhiều cách; đã đọc {vi}. Dùng --map để chỉ rõ"),
            format!("the dates can be read in two ways and were read {en}; --map says which"),
        ));
    }

    /// A label goes before all else that names the currency.
    fn choose_currency(&self, columns: &Columns, body: &[Row], findings: &mut Findings) -> String {
        let balances: Vec<&str> =
            [&self.opening, &self.closing].into_iter().flatten().map(|(value, _)| value.as_str()).collect();
        let has_own_layout = self.layouts.own().is_some();
        let named =
            self.statement.currency.clone().or_else(|| {
                denomination::named(columns, body, &balances, &self.surroundings, has_own_layout)
            });
        named.unwrap_or_else(|| {
            let (currency, finding) =
                denomination::assumed(columns, body, &self.surroundings, &self.statement.at);
            findings.warn(finding);
            currency.to_owned()
        })
    }
}

/// The order of dates in words.
pub(super) fn words_of(order: DateOrder) -> (&'static str, &'static str) {
    match order {
        DateOrder::DayFirst => ("ngày trước", "day first"),
        DateOrder::MonthFirst => ("tháng trước", "month first"),
        DateOrder::YearFirst => ("năm trước", "year first"),
    }
}

/// Whether the row belongs to the table and not to what is printed around it. The words of a
/// payer must not pass for a label, so only the first cell of an undated row can be one, and a
/// row with an amount only by the label of a sum or balance.
fn is_movement(columns: &Columns, row: &Row) -> bool {
    let has_both = |is_filled: fn(&str) -> bool| {
        [Column::Debit, Column::Credit].into_iter().all(|side| is_filled(columns.cell(row, side)))
    };
    if is_dated(columns, row) {
        // A zero in any spelling moves nothing.
        let has_both_sides = has_both(has_figure);
        let is_total = has_both_sides && row.cells.iter().any(|cell| label::is_total(cell));
        return !is_total && !is_labelled_balance(columns, row);
    }
    match label::leading_label(row) {
        // The word “Tổng cộng” may stand in any cell of the sums.
        None => !has_both(|cell| !matches!(cell, "" | "0" | "-")),
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
