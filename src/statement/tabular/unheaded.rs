//! Tables without a heading row that is known: which column is what, by what the cells prove.
//!
//! A date is known by its form. Of the columns of money one is the balance if its steps from row to row
//! are those of another; where exactly one choice of columns holds, it is read. Without a balance the only
//! column with signs is the amount. Where several choices hold and differ, or none, nothing is read.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::account;
use super::amount::Notation;
use super::attempt;
use super::cell_words::{has_decimals, is_written_date, is_written_money};
use super::column::{Column, classify};
use super::denomination;
use super::ending::Ending;
use super::given::Given;
use super::header::Columns;
use super::label;
use super::mark::read_mark;
use super::order::Proof;
use super::rows::Row;
use super::section;
use super::shape;
use super::sides;
use crate::statement::currency::{self, UNKNOWN};
use crate::statement::date::{FoundOrder, find_order, has_form_of_date, may_be_date};
use crate::statement::finding::{Finding, Findings, line_place};
use crate::statement::layout::{DateOrder, Layout, Place};
use crate::statement::model::Statement;

/// Rows that are looked at; the reader proves the rest.
pub(super) const SAMPLED_ROWS: usize = 200;

/// Lines above the table: its account, its days, or headings in a language that is not known.
const SKIPPED_ROWS: usize = 20;

/// Where no balance proves the columns, hardly anything may stand above them.
const SKIPPED_UNPROVEN: usize = 3;

/// Tables with more columns of numbers are not those of a bank.
const MAX_MONEY_COLUMNS: usize = 7;

/// How a table without headings is read.
pub(super) struct Unheaded {
    pub layout: Layout,
    /// The row of the table that is its first.
    pub start: usize,
    basis: Basis,
    are_dates_assumed: bool,
}

/// What tells the columns of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Basis {
    /// Their balances.
    Proven,
    /// The only amounts have signs.
    Signed,
    /// Each row has one of two amounts.
    Sided,
}

pub(super) fn find(rows: &[Row]) -> Option<Unheaded> {
    if rows.iter().any(shape::is_too_wide) {
        return None;
    }
    (0..=SKIPPED_ROWS).find_map(|start| {
        let (above, body) = rows.split_at_checked(start)?;
        let body = Body::of(body)?;
        // What is half known by its headings is not guessed.
        let may_guess = start <= SKIPPED_UNPROVEN && !above.iter().any(has_headings);
        let proven = match body.before_and_after() {
            Some(layout) => Ok(Some(layout)),
            None => body.proven().or_else(|_| body.of_one_account().ok_or(NoBalance)?.proven()),
        };
        let sided = || body.two_sided().map(|layout| (layout, Basis::Sided));
        let signed = || body.only_signed().map(|layout| (layout, Basis::Signed));
        let (layout, basis) = match proven {
            Ok(layout) => (layout?, Basis::Proven),
            Err(NoBalance) if may_guess => signed().or_else(sided)?,
            Err(NoBalance) => return None,
        };
        // A row of the table that is only damaged must not be passed over.
        let loses_one = above.iter().any(|row| body.may_be_one(row));
        let are_dates_assumed = body.order.is_assumed;
        Some(Unheaded { layout, start, basis, are_dates_assumed }).filter(|_| !loses_one)
    })
}

fn has_headings(row: &Row) -> bool {
    row.cells.iter().filter(|cell| classify(cell, None).is_some()).count() > 1
}

impl Unheaded {
    /// Says that the columns were found by their cells, and what stands above them.
    pub fn tell(&self, rows: &[Row], findings: &mut Findings) {
        let at = rows.get(self.start).map_or_else(String::new, |row| line_place(row.line));
        let (vi, en) = match self.basis {
            Basis::Proven => (
                "Bảng không có dòng tiêu đề đọc được; ý nghĩa các cột do số dư chứng minh",
                "the table has no heading row that is known; its balances prove which column is what",
            ),
            Basis::Sided => (
                "Bảng không có dòng tiêu đề đọc được và không có số dư; mỗi dòng có số tiền ở một trong hai cột, cột đầu đọc là tiền ra",
                "the table has no heading row that is known and no balances; of its two columns of amounts the first is read as money out",
            ),
            Basis::Signed => (
                "Bảng không có dòng tiêu đề đọc được và không có số dư; đã lấy cột duy nhất có dấu làm số tiền",
                "the table has no heading row that is known and no balances; its only column with signs is the amount",
            ),
        };
        findings.warn(Finding::new(&at, "heading_missing", vi, en));
        if self.are_dates_assumed {
            let (vi, en) = section::words_of(self.layout.dates);
            findings.warn(Finding::new(
                &at,
                "date_order_assumed",
                format!("Ngày trong bảng có thể đọc nhiều cách; đã đọc {vi}. Dùng --map để chỉ rõ"),
                format!("the dates can be read in two ways and were read {en}; --map says which"),
            ));
        }
        let is_used = |row: &&Row| !label::labels_of(row).is_empty() || account::lone_account(row).is_some();
        let above = rows.iter().take(self.start).filter(|row| !row.is_blank());
        for row in above.filter(|row| !is_used(row)) {
            findings.warn(Finding::new(
                line_place(row.line),
                "row_ignored",
                "Bỏ qua dòng phía trên bảng",
                "a row above the table is left out",
            ));
        }
    }
}

/// No column of balances moves as another one says.
struct NoBalance;

/// What the columns of the rows hold.
struct Body {
    rows: Vec<Row>,
    width: usize,
    dates: Vec<usize>,
    order: FoundOrder,
    notation: Notation,
}

impl Body {
    /// `None` unless all rows have as many cells, and one of them a date.
    fn of(rows: &[Row]) -> Option<Body> {
        let filled: Vec<&Row> = rows.iter().filter(|row| !row.is_blank()).take(SAMPLED_ROWS).collect();
        let width = filled.first()?.cells.len();
        if width < 3 || filled.iter().any(|row| row.cells.len() != width) {
            return None;
        }
        let rows: Vec<Row> = filled.into_iter().cloned().collect();
        // A day that does not exist, among others that do, is for the reader to refuse.
        let is_date = |index: &usize| {
            let cells = || rows.iter().map(|row| row.cell(*index));
            let written = cells().filter(|cell| is_written_date(cell)).count();
            written.saturating_mul(2) > rows.len()
                && cells().all(|cell| is_written_date(cell) || has_form_of_date(cell))
        };
        let dates: Vec<usize> = (0..width).filter(is_date).collect();
        let first = *dates.first()?;
        let written = rows.iter().map(|row| row.cell(first)).filter(|cell| may_be_date(cell));
        let order = find_order(written, DateOrder::DayFirst);
        let cells = rows.iter().flat_map(|row| (0..width).map(|index| row.cell(index)));
        let notation = Notation::of(UNKNOWN).learn(cells);
        Some(Body { dates, order, notation, width, rows })
    }

    /// The rows of the first account, where a column ahead of the dates has those of several.
    fn of_one_account(&self) -> Option<Body> {
        let account = self.account().filter(|index| self.varies(*index))?;
        let first = self.rows.first()?.cell(account);
        let rows = self.rows.iter().filter(|row| row.cell(account) == first).cloned().collect();
        Some(Body {
            rows,
            width: self.width,
            dates: self.dates.clone(),
            order: self.order,
            notation: self.notation.clone(),
        })
    }

    /// A row that may be one of the table with a mark too few or a digit too many: it has a date and an
    /// amount. One of the same width tells of something else when it has a word where the date stands.
    fn may_be_one(&self, row: &Row) -> bool {
        let date = self.dates.first().map_or("", |index| row.cell(*index));
        let has_word = !date.is_empty() && !date.bytes().any(|byte| byte.is_ascii_digit());
        let is_date = |cell: &String| is_written_date(cell.trim());
        let is_amount = |cell: &String| {
            let cell = cell.trim();
            is_written_money(cell) && !is_written_date(cell) && self.notation.read(cell).is_ok()
        };
        let moves = row.cells.iter().any(is_amount)
            && (row.cells.iter().any(is_date) || date.bytes().any(|byte| byte.is_ascii_digit()));
        moves && !(row.cells.len() == self.width && has_word)
    }

    fn cells(&self, index: usize) -> impl Iterator<Item = &str> {
        self.rows.iter().map(move |row| row.cell(index))
    }

    fn numbers(&self, index: usize) -> Option<Vec<Option<Decimal>>> {
        let read = |cell| self.notation.read(cell).ok().map(|found| found.map(|found| found.amount));
        self.cells(index).map(read).collect()
    }

    /// Columns of nothing but numbers: those with decimals or signs, or all of them where none has.
    fn money(&self) -> Vec<usize> {
        let is_number = |index: &usize| {
            !self.dates.contains(index)
                && self.numbers(*index).is_some_and(|numbers| numbers.iter().any(Option::is_some))
        };
        let numbers: Vec<usize> = (0..self.width).filter(is_number).collect();
        let is_written = |index: &usize| self.cells(*index).any(is_written_money);
        let written: Vec<usize> = numbers.iter().copied().filter(is_written).collect();
        if written.is_empty() {
            numbers.into_iter().filter(|index| self.varies(*index)).collect()
        } else {
            written
        }
    }

    fn varies(&self, index: usize) -> bool {
        let first = self.rows.first().map_or("", |row| row.cell(index));
        self.cells(index).any(|cell| cell != first)
    }

    fn is_full(&self, index: usize) -> bool {
        self.numbers(index).is_some_and(|numbers| numbers.iter().all(Option::is_some))
    }

    /// Every row has one of the two.
    fn are_sides(&self, one: usize, other: usize) -> bool {
        let moves = |number: &Option<Decimal>| number.is_some_and(|number| !number.is_zero());
        match (self.numbers(one), self.numbers(other)) {
            (Some(one), Some(other)) => one.iter().zip(&other).all(|(one, other)| moves(one) != moves(other)),
            _ => false,
        }
    }

    /// The one way to read the columns in which the balances follow from the amounts; `None` where
    /// several do and differ.
    fn proven(&self) -> Result<Option<Layout>, NoBalance> {
        let mut found: Option<(Layout, Vec<(Decimal, Option<Decimal>)>)> = None;
        for columns in self.ways() {
            let layout = self.layout(&columns);
            let Some(outcome) = self.outcome(&layout) else { continue };
            match &found {
                Some((_, known)) if *known != outcome => return Ok(None),
                Some(_) => {}
                None => found = Some((layout, outcome)),
            }
        }
        found.map(|(layout, _)| Some(layout)).ok_or(NoBalance)
    }

    /// Two columns side by side that are the balances before and after the amount of each row, and lead
    /// from row to row. One row that they contradict is for the reader to refuse.
    fn before_and_after(&self) -> Option<Layout> {
        let money = self.money();
        if money.len() > MAX_MONEY_COLUMNS {
            return None;
        }
        let full: Vec<(usize, Vec<Decimal>)> = money
            .into_iter()
            .filter_map(|index| Some((index, self.numbers(index)?.into_iter().collect::<Option<Vec<_>>>()?)))
            .collect();
        for (before, after) in full.iter().zip(full.iter().skip(1)) {
            let are_beside = before.0 + 1 == after.0;
            let amounts = full.iter().filter(|(index, _)| ![before.0, after.0].contains(index));
            for (amount, numbers) in amounts.filter(|_| are_beside) {
                if is_chain(&before.1, &after.1, numbers) {
                    let columns = [
                        (Column::Amount, *amount),
                        (Column::BalanceBefore, before.0),
                        (Column::Balance, after.0),
                    ];
                    return Some(self.layout(&columns));
                }
            }
        }
        None
    }

    /// Two columns of amounts side by side, without signs, of which each row has one.
    fn two_sided(&self) -> Option<Layout> {
        let money = self.money();
        let [debit, credit] = money.as_slice() else { return None };
        let cells = || self.cells(*debit).chain(self.cells(*credit)).filter(|cell| !cell.is_empty());
        let are_plain = cells().all(|cell| has_decimals(cell) && !cell.contains(['-', '−', '+', '(']));
        let have_both =
            [debit, credit].into_iter().all(|index| self.cells(*index).any(|cell| !cell.is_empty()));
        let is_known = debit + 1 == *credit && self.rows.len() > 1 && are_plain && have_both;
        let layout = || self.layout(&[(Column::Debit, *debit), (Column::Credit, *credit)]);
        (is_known && self.are_sides(*debit, *credit) && self.description(&[*debit, *credit]).is_some())
            .then(layout)
    }

    /// Each choice of columns for amounts and their balance.
    fn ways(&self) -> Vec<Vec<(Column, usize)>> {
        let money = self.money();
        if money.len() > MAX_MONEY_COLUMNS || self.rows.len() < 2 {
            return Vec::new();
        }
        let mut ways = Vec::new();
        for balance in money.iter().copied().filter(|index| self.is_full(*index)) {
            for one in money.iter().copied().filter(|one| *one != balance) {
                if self.is_full(one) {
                    ways.push(vec![(Column::Amount, one), (Column::Balance, balance)]);
                    ways.push(vec![(Column::Amount, one), (Column::BalanceBefore, balance)]);
                }
                for other in money.iter().copied().filter(|other| ![balance, one].contains(other)) {
                    if self.are_sides(one, other) {
                        let sides = [(Column::Debit, one), (Column::Credit, other)];
                        ways.push([sides.as_slice(), &[(Column::Balance, balance)]].concat());
                    }
                }
            }
        }
        ways
    }

    /// Amount and balance of every row, where the balances prove this way to read them.
    fn outcome(&self, layout: &Layout) -> Option<Vec<(Decimal, Option<Decimal>)>> {
        let mut columns = Columns::without_heading(layout);
        sides::adopt(&mut columns, &self.rows, &mut Findings::default());
        let statement = Statement { currency: Some(UNKNOWN.to_owned()), ..Statement::default() };
        let given = Given {
            statement: &statement,
            body: &self.rows,
            opening: None,
            closing: None,
            period: None,
            closing_day: None,
            totals: None,
            sums: &[],
            ending: Ending::OfWorkbook,
        };
        let attempt = attempt::read(&given, columns.without(Column::Currency));
        // Unsigned amounts turned round, with the balance ahead of them, prove as well as those they are.
        let is_proven = attempt.proof() == Proof::Proven && attempt.keeps_days();
        Some(attempt.outcome()).filter(|outcome| is_proven && outcome.len() == self.rows.len())
    }

    /// The only column of money, where each amount says by its sign or a mark beside it on which side it is.
    fn only_signed(&self) -> Option<Layout> {
        let money = self.money();
        // One row alone may be all that is left of a table.
        let [amount] = money.as_slice() else { return None };
        if self.rows.len() < 2 {
            return None;
        }
        if !self.cells(*amount).any(has_decimals) {
            return None;
        }
        // A number elsewhere is one that could not be read in every row.
        let is_number = |cell: &str| {
            is_written_money(cell) && self.notation.read(cell).is_ok_and(|found| found.is_some())
        };
        let others = (0..self.width).filter(|index| index != amount && !self.dates.contains(index));
        if others.flat_map(|index| self.cells(index)).any(is_number) {
            return None;
        }
        let layout = self.layout(&[(Column::Amount, *amount)]);
        let mut columns = Columns::without_heading(&layout);
        sides::adopt(&mut columns, &self.rows, &mut Findings::default());
        let has_minus = || self.cells(*amount).any(|cell| cell.contains(['-', '−']));
        let all_signed = || self.cells(*amount).all(|cell| cell.contains(['-', '−', '+']));
        let is_sided = columns.has(Column::Mark) || has_minus() || all_signed();
        (self.is_full(*amount) && is_sided && self.description(&[*amount]).is_some()).then_some(layout)
    }

    /// The columns of money with those around them.
    fn layout(&self, money: &[(Column, usize)]) -> Layout {
        let taken: Vec<usize> = money.iter().map(|(_, index)| *index).collect();
        let amount = taken.first().copied().unwrap_or(0);
        let mut found: Vec<(Column, usize)> = money.to_vec();
        let dates = [Column::BookingDate, Column::ValueDate];
        found.extend(dates.into_iter().zip(self.dates.iter().copied()));
        let description = self.description(&taken);
        found.extend(description.map(|index| (Column::Description, index)));
        found.extend(self.currency(amount).map(|index| (Column::Currency, index)));
        found.extend(self.account().map(|index| (Column::Account, index)));
        found.extend(self.other_account().map(|index| (Column::CounterpartyAccount, index)));
        let columns: BTreeMap<Column, Place> =
            found.into_iter().map(|(column, index)| (column, Place::Number(index + 1))).collect();
        Layout {
            name: "Bảng không có tiêu đề".to_owned(),
            bank: None,
            certainty: None,
            headings: Vec::new(),
            width: self.width,
            is_last_resort: false,
            is_without_heading: true,
            dates: self.order.order,
            currency: None,
            other_texts: description.map_or_else(Vec::new, |best| self.other_texts(&taken, best)),
            columns,
        }
    }

    /// The numbers of the columns of words that change, beside the one with the most letters.
    fn other_texts(&self, taken: &[usize], best: usize) -> Vec<usize> {
        let accounts = [self.account(), self.other_account()];
        let is_in_words = |index: usize| {
            let text: String = self.cells(index).collect();
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            text.chars().filter(|c| c.is_alphabetic()).count() > digits
        };
        let is_text = |index: &usize| {
            *index != best
                && self.is_free(*index, taken, accounts)
                && self.varies(*index)
                && is_in_words(*index)
        };
        (0..self.width).filter(is_text).map(|index| index + 1).collect()
    }

    /// The column with the most letters.
    fn description(&self, taken: &[usize]) -> Option<usize> {
        let letters = |index: &usize| -> usize {
            self.cells(*index).map(|cell| cell.chars().filter(|c| c.is_alphabetic()).count()).sum()
        };
        let accounts = [self.account(), self.other_account()];
        let free = (0..self.width).filter(|index| self.is_free(*index, taken, accounts));
        // Of equal columns the first.
        let best = free.rev().max_by_key(letters)?;
        (letters(&best) > 0).then_some(best)
    }

    /// Whether a column has neither days, codes or accounts nor money.
    fn is_free(&self, index: usize, taken: &[usize], accounts: [Option<usize>; 2]) -> bool {
        !taken.contains(&index)
            && !self.dates.contains(&index)
            && !accounts.contains(&Some(index))
            && !self.cells(index).all(|cell| currency::is_code(cell) || read_mark(cell).is_some())
    }

    /// The column of codes nearest to the amount.
    fn currency(&self, amount: usize) -> Option<usize> {
        let is_currency = |index: &usize| {
            let mut codes = self.cells(*index).map(denomination::currency_in_cell);
            codes.all(|code| code.is_some_and(|code| currency::is_known(&code)))
                && self.cells(*index).all(|cell| cell.chars().count() <= 4)
        };
        (0..self.width).filter(is_currency).min_by_key(|index| index.abs_diff(amount))
    }

    /// The account of the rows: the first column with a number of one in each, the same in all rows, or
    /// one of a few ahead of the dates. Behind them two rows may have the number of one order, too.
    fn account(&self) -> Option<usize> {
        let distinct = |index: usize| self.cells(index).collect::<BTreeSet<_>>().len();
        let is_ahead = |index: &usize| {
            self.dates.first().is_some_and(|date| index < date)
                && distinct(*index).saturating_mul(2) <= self.rows.len()
        };
        let may_be_order = |index: &usize| {
            self.dates.first().is_some_and(|date| index > date)
                && self.rows.len() < 3
                && !self.cells(*index).all(account::is_iban)
        };
        let is_account = |index: &usize| {
            !self.dates.contains(index)
                && (is_ahead(index) || (!self.varies(*index) && !may_be_order(index)))
                && self.cells(*index).all(|cell| account::account_in_cell(cell).is_some())
        };
        (0..self.width).find(is_account)
    }

    /// A column of international account numbers that change.
    fn other_account(&self) -> Option<usize> {
        let holds_them = |index: &usize| {
            self.varies(*index) && self.cells(*index).all(|cell| cell.is_empty() || account::is_iban(cell))
        };
        (0..self.width).find(holds_them)
    }
}

/// Whether most rows lead from one balance to the other, and most from the row before. A single row
/// must have its amount behind a minus, and no balance may have one.
fn is_chain(before: &[Decimal], after: &[Decimal], amounts: &[Decimal]) -> bool {
    let rows = || before.iter().zip(after).zip(amounts);
    let led =
        rows().filter(|((before, after), amount)| before.checked_add(**amount) == Some(**after)).count();
    let forward = after.iter().zip(before.iter().skip(1)).filter(|(after, before)| after == before).count();
    let backward = before.iter().zip(after.iter().skip(1)).filter(|(before, after)| before == after).count();
    let steps = before.len().saturating_sub(1);
    match before.len() {
        1 => {
            let is_below_zero = |numbers: &[Decimal]| numbers.iter().any(|number| number.is_sign_negative());
            led == 1 && is_below_zero(amounts) && !is_below_zero(before) && !is_below_zero(after)
        }
        count => led.saturating_mul(2) > count && forward.max(backward).saturating_mul(2) > steps,
    }
}
