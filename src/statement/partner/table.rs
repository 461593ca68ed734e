//! The rows of a partner's table: those that count, those that sum them up, and the notes around.

use super::heading::{self, Columns};
use super::total::{MAX_TOTALS, Total};
use super::{Fault, Field, Kind, Own, Why, Word, dictionary, source};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::statement::date::{find_order_of_day_first, may_be_date, table_date};
use crate::statement::layout::DateOrder;
use crate::statement::tabular::{self, Notation, Row};

/// Letters of a code.
const MAX_KEY_BYTES: usize = 100;

/// What a number that was too long for a spreadsheet is followed by (`number_text` of the workbooks).
const TOO_LONG_A_NUMBER: &str = "(số quá dài)";

/// A partner's table.
#[derive(Debug)]
pub struct Table {
    pub(super) kind: Kind,
    pub(super) columns: Columns,
    /// Where the name of a row stands.
    pub(super) key: usize,
    notation: Notation,
    dates: DateOrder,
    pub(super) body: Vec<Row>,
    pub(super) totals: Vec<Total>,
    /// Lines of rows whose cells do not fit the headings; they are in no body.
    misfits: Vec<usize>,
}

/// What a row is.
enum Sort {
    Body,
    Total,
    /// Headings of another table.
    Heading,
    /// A signature, a remark, the name of a group.
    Note,
}

/// Reads the table of a file. Never panics, whatever the bytes are.
///
/// # Errors
/// A fault with its line: no table, a needed column that is missing, several tables.
pub fn read(bytes: &[u8], kind: Kind, own: &Own<'_>) -> Result<Table, Fault> {
    let source = source::open(bytes, &|rows: &[Row]| heading::score(rows, kind, own))?;
    let found = source.sheets.iter().filter_map(|sheet| {
        let (at, columns) = heading::find(sheet, kind, own)?;
        Some((sheet, at, columns))
    });
    let (whole, part): (Vec<_>, Vec<_>) = found.partition(|(_, _, columns)| columns.missing(kind).is_none());
    let mut whole = whole.into_iter();
    let Some((sheet, at, columns)) = whole.next() else {
        let best = part.into_iter().map(|(_, _, columns)| columns).max_by_key(Columns::score);
        return Err(best.map_or(Fault::at(1, Why::NoTable), |columns| columns.refusal(kind)));
    };
    if let Some((_, _, other)) = whole.next() {
        return Err(Fault::at(other.line, Why::SeveralTables));
    }
    if let Some(row) = sheet.iter().find(|row| tabular::is_too_wide(row)) {
        return Err(Fault::at(row.line, Why::TooWide));
    }
    columns.check_twice()?;
    let rows = sheet.get(at..).unwrap_or_default();
    Table::empty(kind, columns).filled(rows, source.is_text, own)
}

impl Table {
    fn empty(kind: Kind, columns: Columns) -> Table {
        Table {
            kind,
            key: columns.key(kind).unwrap_or_default(),
            columns,
            notation: Notation::of("VND"),
            dates: DateOrder::default(),
            body: Vec::new(),
            totals: Vec::new(),
            misfits: Vec::new(),
        }
    }

    /// With the rows from the headings on.
    fn filled(mut self, rows: &[Row], is_text: bool, own: &Own<'_>) -> Result<Table, Fault> {
        let Some((headings, rows)) = rows.split_first() else { return Ok(self) };
        for (place, row) in rows.iter().enumerate() {
            if row.is_blank() || is_same(headings, row) || (place == 0 && is_numbering(row)) {
                continue;
            }
            match self.sort(row, own) {
                Sort::Note => {}
                Sort::Heading => return Err(Fault::at(row.line, Why::SeveralTables)),
                Sort::Total if self.totals.len() >= MAX_TOTALS => {
                    return Err(Fault::at(row.line, Why::TooLong(MAX_TOTALS)));
                }
                Sort::Total => self.totals.push(Total { after: self.body.len(), row: row.clone() }),
                Sort::Body if is_text && !self.is_fitting(row) => self.misfits.push(row.line),
                Sort::Body => self.body.push(row.clone()),
            }
        }
        let all = self.body.iter().chain(self.totals.iter().map(|total| &total.row));
        let money = all.flat_map(|row| Field::MONEY.map(|field| self.columns.cell(row, field)));
        let notation = Notation::of("VND").learn(money.filter(|cell| is_like_money(cell)));
        let days: Vec<&str> = self
            .body
            .iter()
            .flat_map(|row| [Field::Date, Field::CreditDate].map(|field| self.columns.cell(row, field)))
            .filter(|cell| may_be_date(cell))
            .collect();
        let dates = find_order_of_day_first(days.iter().copied()).order;
        (self.notation, self.dates) = (notation, dates);
        Ok(self)
    }

    fn sort(&self, row: &Row, own: &Own<'_>) -> Sort {
        if self.is_total(row, own.total) {
            return Sort::Total;
        }
        let has_money = Field::MONEY.iter().any(|field| is_like_money(self.columns.cell(row, *field)));
        if !has_money && Columns::of(row, self.kind, own).missing(self.kind).is_none() {
            return Sort::Heading;
        }
        let is_under_totals = !self.totals.is_empty();
        let is_alone = row.cells.iter().filter(|cell| !cell.trim().is_empty()).count() <= 2;
        let is_named = is_like_key(row.cell(self.key)) && !(is_under_totals && is_alone);
        let is_dated = !is_under_totals && may_be_date(self.columns.cell(row, Field::Date));
        let is_body = has_money || is_named || is_dated || self.is_filled(row, is_under_totals);
        if is_body { Sort::Body } else { Sort::Note }
    }

    /// Whether it names something and says what it comes to, however unreadable. The names of those who sign stand
    /// in two cells as well: they are several words, and below the sums only an amount begins with a digit.
    fn is_filled(&self, row: &Row, is_under_totals: bool) -> bool {
        let key = row.cell(self.key);
        let is_word = !key.contains(char::is_whitespace);
        let is_sum = |cell: &str| {
            let first = cell.chars().find(|letter| letter.is_alphanumeric());
            let has_digit = cell.bytes().any(|byte| byte.is_ascii_digit());
            first.is_some_and(|letter| letter.is_ascii_digit())
                || (!is_under_totals && !cell.is_empty() && (is_word || has_digit))
        };
        !key.is_empty() && Field::MONEY.iter().any(|field| is_sum(self.columns.cell(row, *field)))
    }

    /// Whether the cells are as many as the headings: a separator that stands in a cell, or the end of a file
    /// that was cut off, shifts or drops some.
    fn is_fitting(&self, row: &Row) -> bool {
        let has_more = row.cells.iter().skip(self.columns.width).any(|cell| !cell.trim().is_empty());
        !has_more && row.cells.len() > self.columns.last()
    }

    /// The rows that count, in their order.
    pub fn rows(&self) -> impl Iterator<Item = Told<'_>> {
        self.body.iter().map(|row| Told { table: self, row })
    }

    /// The lines of the rows whose cells do not fit the headings, in their order: they may be cut off or shifted.
    pub fn misfits(&self) -> &[usize] {
        &self.misfits
    }

    /// The column that names a row.
    pub(super) fn key_field(&self) -> Option<Field> {
        self.kind.keys().iter().copied().find(|field| self.has(*field))
    }

    pub fn has(&self, field: Field) -> bool {
        self.columns.index(field).is_some()
    }

    /// Whether the table states sums of its rows.
    pub fn has_totals(&self) -> bool {
        !self.totals.is_empty()
    }

    /// The line of the headings.
    pub fn line(&self) -> usize {
        self.columns.line
    }

    /// An amount as statements read it; `None` where nothing stands.
    pub(super) fn amount(&self, cell: &str) -> Result<Option<Dong>, Why> {
        let Some(read) = self.notation.read(cell).map_err(|_| Why::Amount)? else { return Ok(None) };
        if read.currency.as_deref().is_some_and(|currency| currency != "VND") {
            return Err(Why::Currency);
        }
        let dong = Dong::from_whole(read.amount).map_err(|_| Why::Amount)?;
        if dong.0.unsigned_abs() > Dong::LIMIT.0.unsigned_abs() { Err(Why::Amount) } else { Ok(Some(dong)) }
    }
}

/// A row that counts.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    table: &'a Table,
    row: &'a Row,
}

impl<'a> Told<'a> {
    pub fn line(self) -> usize {
        self.row.line
    }

    /// The text of a column; empty where there is none.
    pub fn cell(self, field: Field) -> &'a str {
        self.table.columns.cell(self.row, field)
    }

    /// The sum of a column, which is of đồng.
    ///
    /// # Errors
    /// What cannot be read as one.
    pub fn money(self, field: Field) -> Result<Option<Dong>, Why> {
        self.table.amount(self.cell(field))
    }

    /// Refuses a row that says it is of another currency.
    ///
    /// # Errors
    /// `Why::Currency`.
    pub fn check_currency(self) -> Result<(), Why> {
        let currency = self.cell(Field::Currency);
        let is_dong = currency.is_empty() || dictionary::says(currency, Word::Dong);
        if is_dong { Ok(()) } else { Err(Why::Currency) }
    }

    /// What names the row. A formula, or a number that a spreadsheet wrote in another way, names nothing.
    ///
    /// # Errors
    /// `Why::Key`.
    pub fn key(self) -> Result<&'a str, Why> {
        let key = self.row.cell(self.table.key);
        let is_formula = key.starts_with(['=', '+', '-', '@']);
        let is_rewritten = key.contains(TOO_LONG_A_NUMBER) || is_scientific(key);
        let is_name = !key.is_empty() && key.len() <= MAX_KEY_BYTES && !key.chars().any(char::is_control);
        if is_name && !is_formula && !is_rewritten { Ok(key) } else { Err(Why::Key) }
    }

    /// The same as a fault of the row.
    pub(super) fn of_key(self, why: Why) -> Fault {
        Fault { line: self.line(), column: self.table.key_field(), why }
    }

    /// The day at the start of a cell.
    pub fn day(self, field: Field) -> Option<BusinessDay> {
        let (day, _) = table_date(self.cell(field), self.table.dates).ok()?;
        BusinessDay::try_from(day).ok()
    }

    /// Whether a column says this word.
    pub fn says(self, field: Field, word: Word) -> bool {
        dictionary::says(self.cell(field), word)
    }
}

/// `4.56E+14`: most of the digits are lost.
fn is_scientific(key: &str) -> bool {
    key.split_once(['E', 'e']).is_some_and(|(head, tail)| {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let mantissa: String = head.chars().filter(|letter| !matches!(letter, '.' | ',')).collect();
        tail.strip_prefix(['+', '-']).is_some_and(is_number) && is_number(&mantissa)
    })
}

/// Whether somebody may have meant an amount: digits, and at most the letters of a currency.
pub(super) fn is_like_money(cell: &str) -> bool {
    let letters = cell.chars().filter(|letter| letter.is_alphabetic()).count();
    letters <= 4 && cell.bytes().any(|byte| byte.is_ascii_digit())
}

/// One word with a digit in it.
fn is_like_key(cell: &str) -> bool {
    let has_digit = cell.bytes().any(|byte| byte.is_ascii_digit());
    cell.len() >= 3 && has_digit && !cell.contains(char::is_whitespace)
}

/// The headings again, at the top of another page.
fn is_same(headings: &Row, row: &Row) -> bool {
    let width = headings.cells.len().max(row.cells.len());
    (0..width).all(|index| headings.cell(index) == row.cell(index))
}

/// Columns counted below their headings: `(1)`, `(2)`, `(3)=(1)-(2)`.
fn is_numbering(row: &Row) -> bool {
    let filled: Vec<&str> =
        (0..row.cells.len()).map(|index| row.cell(index)).filter(|cell| !cell.is_empty()).collect();
    let is_number = |cell: &str| {
        let bare = cell.trim_matches(['(', ')', ' ']);
        let is_short = bare.len() <= 2 && bare.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_short || (cell.starts_with('(') && cell.contains('='))
    };
    filled.len() >= 3 && filled.iter().all(|cell| is_number(cell))
}
