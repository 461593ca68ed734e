//! The books' SQL: keys first, then the rows of a page by key.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};

use super::Period;
use super::rules::{Accounts, Line};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{LineId, PostingId, ReceiptId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::posting;

/// A posting's place in a book: accounting date, then the order in which it was posted.
pub type Key = (BusinessDay, PostingId);

/// Where the period's postings stand, in the order of the book: all of them, or the first so many.
pub fn keys(
    conn: &mut Conn,
    unit: UnitId,
    accounts: &Accounts,
    period: Period,
    limit: Option<usize>,
) -> Result<Vec<Key>> {
    let pattern = accounts.pattern();
    let mut keys = posting::table
        .filter(posting::unit_id.eq(unit))
        .filter(posting::accounting_date.ge(period.from))
        .filter(posting::accounting_date.le(period.until))
        .filter(posting::debit_account.like(pattern.clone()).or(posting::credit_account.like(pattern)))
        .order((posting::accounting_date, posting::id))
        .select((posting::accounting_date, posting::id))
        .into_boxed();
    if let Some(limit) = limit {
        keys = keys.limit(i64::try_from(limit).unwrap_or(i64::MAX));
    }
    keys.load(conn).classify()
}

#[derive(QueryableByName)]
struct Sum {
    #[diesel(sql_type = BigInt)]
    sum: i64,
}

/// Debits minus credits of the accounts before a day; the journal as a whole has none.
pub fn balance_before(conn: &mut Conn, unit: UnitId, accounts: &Accounts, day: BusinessDay) -> Result<Dong> {
    if *accounts == Accounts::All {
        return Ok(Dong::ZERO);
    }
    let found: Sum = diesel::sql_query(
        "SELECT CAST(COALESCE(SUM((CASE WHEN debit_account LIKE $1 THEN amount ELSE 0 END) \
         - (CASE WHEN credit_account LIKE $2 THEN amount ELSE 0 END)), 0) AS BIGINT) AS sum \
         FROM posting WHERE unit_id = $3 AND accounting_date < $4",
    )
    .bind::<Text, _>(accounts.pattern())
    .bind::<Text, _>(accounts.pattern())
    .bind::<BigInt, _>(unit)
    .bind::<Date, _>(day.0)
    .get_result(conn)
    .classify()?;
    Ok(Dong(found.sum))
}

/// The rows of a page, in no particular order, with the numbers of the documents and the bank's references of the
/// statement lines they come from.
pub fn lines(conn: &mut Conn, unit: UnitId, page: &[Key]) -> Result<Vec<Line>> {
    type Parts = (PostingId, BusinessDay, String, String, Dong, String, i64);
    let found: Vec<Parts> = rows::fetch::<(BigInt, Date, Text, Text, BigInt, Text, BigInt), _>(
        conn,
        "SELECT t.id, t.accounting_date, t.debit_account, t.credit_account, t.amount, t.source_kind, t.source_id \
         FROM posting t",
        &[
            ("unit_id", Column::of(page.iter().map(|_| unit))),
            ("id", Column::of(page.iter().map(|(_, id)| *id))),
        ],
        "",
        Lock::None,
    )?;
    let receipts: Vec<ReceiptId> =
        found.iter().filter(|row| row.5 == "receipt").map(|row| ReceiptId(row.6)).collect();
    let numbers = numbers(conn, unit, receipts)?;
    let shown: Vec<LineId> = found.iter().filter(|row| row.5 == "line").map(|row| LineId(row.6)).collect();
    let references = references(conn, unit, shown)?;
    let line = |(id, date, debit, credit, amount, source_kind, source_id): Parts| Line {
        date,
        id,
        debit,
        credit,
        amount,
        number: (source_kind == "receipt").then(|| numbers.get(&ReceiptId(source_id)).cloned()).flatten(),
        bank_reference: (source_kind == "line")
            .then(|| references.get(&LineId(source_id)).cloned())
            .flatten(),
        source_kind,
        source_id,
    };
    Ok(found.into_iter().map(line).collect())
}

/// What the bank calls its lines; one without a reference is left out.
fn references(conn: &mut Conn, unit: UnitId, mut lines: Vec<LineId>) -> Result<HashMap<LineId, String>> {
    lines.sort_unstable();
    lines.dedup();
    let found: Vec<(LineId, Option<String>)> = rows::fetch::<(BigInt, Nullable<Text>), _>(
        conn,
        "SELECT t.id, t.bank_reference FROM statement_line t",
        &[("unit_id", Column::of(lines.iter().map(|_| unit))), ("id", Column::of(lines.iter().copied()))],
        "",
        Lock::None,
    )?;
    Ok(found.into_iter().filter_map(|(id, reference)| Some((id, reference?))).collect())
}

/// Template, series and number of receipts, as one text.
fn numbers(
    conn: &mut Conn,
    unit: UnitId,
    mut receipts: Vec<ReceiptId>,
) -> Result<HashMap<ReceiptId, String>> {
    receipts.sort_unstable();
    receipts.dedup();
    let found: Vec<(ReceiptId, String, String, i64)> = rows::fetch::<(BigInt, Text, Text, BigInt), _>(
        conn,
        "SELECT t.id, t.template, t.series, t.number FROM receipt t",
        &[
            ("unit_id", Column::of(receipts.iter().map(|_| unit))),
            ("id", Column::of(receipts.iter().copied())),
        ],
        "",
        Lock::None,
    )?;
    Ok(found
        .into_iter()
        .map(|(id, template, series, number)| (id, format!("{template} {series} {number:07}")))
        .collect())
}
