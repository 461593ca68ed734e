//! A unit's books as lists: the journal (nhật ký chung), the bank book (sổ tiền gửi), the cash
//! book (sổ quỹ tiền mặt) and the fee detail book (sổ chi tiết phí, lệ phí).
//!
//! Every book is a view of the postings, never a second truth: what the ledger says between two
//! accounting dates, in their order, with the balance before and after. A book of any length is
//! written as it is read; in memory are the keys of its postings (16 bytes each) and one page.

pub mod bridge;
pub mod chart;
pub mod city;
pub mod collection;
pub mod cut_off;
pub mod evidence;
pub mod fees;
pub mod list;
pub mod onboarding;
pub mod operations;
pub mod overview;
pub mod principals;
pub mod proposal;
mod query;
pub mod question;
mod rules;
pub mod sheet;
pub mod table;
pub mod target;
#[cfg(test)]
mod tests;
pub mod trial_balance;
pub mod verify;
mod verify_advances;
mod verify_debts;
mod verify_query;
pub mod winding_up;

use std::io::Write;

use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{AccountId, UnitId};
use crate::ledger::Account;
use crate::store::{Conn, Store};
use crate::unit::{self, account};
use chart::Charts;
pub use rules::in_english;
use rules::{Accounts, Line};
use sheet::{Form, Sheet};
use table::Table;

/// Postings read at a time.
const PAGE: usize = 2_000;

/// Which book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Book {
    /// Every posting.
    Journal,
    /// What moved on one bank account.
    Bank(AccountId),
    /// What moved in the cashiers' drawers.
    Cash,
    /// What was collected as fees, item by item, with the documents.
    Fees,
}

impl Book {
    /// The accounts it looks at: all, one, or those that begin so.
    fn accounts(self) -> Accounts {
        match self {
            Book::Journal => Accounts::All,
            Book::Bank(account) => Accounts::One(Account::Bank(account).to_string()),
            Book::Cash => Accounts::Begin("drawer/"),
            Book::Fees => Accounts::Begin("fees_collected/"),
        }
    }

    /// The word of the question, with the account where it is about one.
    fn asked(self) -> String {
        match self {
            Book::Journal => "journal".to_owned(),
            Book::Bank(account) => format!("bank {account}"),
            Book::Cash => "cash".to_owned(),
            Book::Fees => "fee_book".to_owned(),
        }
    }

    /// What it is called, Vietnamese and English.
    pub fn title(self) -> &'static str {
        match self {
            Book::Journal => "Nhật ký chung / Journal",
            Book::Bank(_) => "Sổ tiền gửi ngân hàng / Bank book",
            Book::Cash => "Sổ quỹ tiền mặt / Cash book",
            Book::Fees => "Sổ chi tiết thu phí, lệ phí / Fee detail book",
        }
    }
}

/// Accounting dates, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub from: BusinessDay,
    pub until: BusinessDay,
}

impl Period {
    /// # Errors
    /// `book_period_reversed`: it ends before it begins.
    pub fn new(from: BusinessDay, until: BusinessDay) -> Result<Period> {
        if until < from {
            let detail = format!("the book would end on {until}, before {from}");
            return Err(Error::invalid("until", "book_period_reversed", detail));
        }
        Ok(Period { from, until })
    }
}

/// The account of a unit that has one.
///
/// # Errors
/// `field_missing`: it has none or several, so that one must be named.
pub fn only_account(conn: &mut Conn, unit: UnitId) -> Result<AccountId> {
    match account::of_unit(conn, unit)?.as_slice() {
        [only] => Ok(only.id),
        _ => Err(Error::invalid("account", "field_missing", "name the account by its number")),
    }
}

/// What a written book adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub count: usize,
    pub opening: Dong,
    pub debits: Dong,
    pub credits: Dong,
}

impl Summary {
    /// Debits minus credits at the end.
    pub fn closing(&self) -> Dong {
        Dong(self.opening.0 + self.debits.0 - self.credits.0)
    }
}

/// Writes a unit's book into a sheet: headings with the unit and its accounts, the opening balance, a row per
/// posting, the totals.
///
/// Read page by page: rows posted meanwhile with a date of the period are in the next writing.
///
/// # Errors
/// `chart_account_missing`, and those of the store and the sheet.
pub fn write(
    store: &Store,
    scope: &Scope,
    unit: UnitId,
    (book, period): (Book, Period),
    charts: &Charts,
    sheet: &mut dyn Sheet,
) -> Result<Summary> {
    scope.require(unit)?;
    let accounts = book.accounts();
    let (title, opening, keys) = store.read(scope, |conn| {
        let mut title = rules::heading(&unit::find(conn, unit)?, book, period, charts).to_vec();
        title.extend(rules::accounts_line(&account::of_unit(conn, unit)?, book));
        Ok((
            title,
            query::balance_before(conn, unit, &accounts, period.from)?,
            query::keys(conn, unit, &accounts, period, None)?,
        ))
    })?;
    let mut summary = Summary { opening, ..Summary::default() };
    sheet.title(&title)?;
    sheet.columns(rules::columns(book))?;
    if book != Book::Journal {
        sheet.row(&rules::opening_row(opening, book))?;
    }
    for page in keys.chunks(PAGE) {
        for line in store.read(scope, |conn| page_of(conn, unit, page))? {
            rules::add(&mut summary, book, &line)?;
            sheet.row(&rules::row(book, &line, charts, summary.closing())?)?;
        }
    }
    sheet.row(&rules::total_row(book, &summary))?;
    Ok(summary)
}

/// The same as a file in `form`.
///
/// # Errors
/// Those of `write`, and `sheet_full`.
pub fn write_as(
    form: Form,
    store: &Store,
    scope: &Scope,
    unit: UnitId,
    asked: (Book, Period),
    charts: &Charts,
    sink: &mut dyn Write,
) -> Result<Summary> {
    table::write_as(form, sink, |sheet| write(store, scope, unit, asked, charts, sheet))
}

/// The beginning of a book as it is looked at: its first `limit` postings, and whether that is all of it. The
/// totals stand under it where it is.
///
/// # Errors
/// `chart_account_missing`, `amount_out_of_range`.
pub fn head(
    conn: &mut Conn,
    unit: UnitId,
    (book, period): (Book, Period),
    charts: &Charts,
    limit: usize,
) -> Result<(Table, bool)> {
    let accounts = book.accounts();
    let opening = query::balance_before(conn, unit, &accounts, period.from)?;
    let keys = query::keys(conn, unit, &accounts, period, Some(limit.saturating_add(1)))?;
    let mut summary = Summary { opening, ..Summary::default() };
    let mut rows = Vec::new();
    if book != Book::Journal {
        rows.push(rules::opening_row(opening, book));
    }
    let shown = keys.get(..limit).unwrap_or(&keys);
    let lines = if shown.is_empty() { Vec::new() } else { page_of(conn, unit, shown)? };
    for line in lines {
        rules::add(&mut summary, book, &line)?;
        rows.push(rules::row(book, &line, charts, summary.closing())?);
    }
    let is_whole = shown.len() == keys.len();
    if is_whole {
        rows.push(rules::total_row(book, &summary));
    }
    let title = rules::heading(&unit::find(conn, unit)?, book, period, charts).to_vec();
    Ok((Table { title, columns: rules::columns(book), rows }, is_whole))
}

fn page_of(conn: &mut Conn, unit: UnitId, page: &[query::Key]) -> Result<Vec<Line>> {
    let mut lines = query::lines(conn, unit, page)?;
    lines.sort_by_key(|line| (line.date, line.id));
    Ok(lines)
}
