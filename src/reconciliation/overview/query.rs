//! What the overview reads: one statement for each figure, whatever the number of accounts.

use std::collections::HashMap;

use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable};

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{AccountId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::{bank_account, day};

/// An account with its life.
pub struct Listed {
    pub unit: UnitId,
    pub account: AccountId,
    pub account_no: String,
    pub opened_on: BusinessDay,
    pub closed_on: Option<BusinessDay>,
}

/// Accounts that are reconciled, of one unit or of all in sight.
pub fn accounts(conn: &mut Conn, unit: Option<UnitId>) -> Result<Vec<Listed>> {
    let mut found = bank_account::table
        .filter(bank_account::bank_bin.ne(""))
        .order((bank_account::unit_id, bank_account::id))
        .select((
            bank_account::unit_id,
            bank_account::id,
            bank_account::account_no,
            bank_account::opened_on,
            bank_account::closed_on,
        ))
        .into_boxed();
    if let Some(unit) = unit {
        found = found.filter(bank_account::unit_id.eq(unit));
    }
    let found: Vec<(UnitId, AccountId, String, BusinessDay, Option<BusinessDay>)> =
        found.load(conn).classify()?;
    let listed = |(unit, account, account_no, opened_on, closed_on)| Listed {
        unit,
        account,
        account_no,
        opened_on,
        closed_on,
    };
    Ok(found.into_iter().map(listed).collect())
}

/// Figures by unit and account.
pub type By<T> = HashMap<(UnitId, AccountId), T>;

/// The last closed day.
pub fn closed_until(conn: &mut Conn) -> Result<By<BusinessDay>> {
    let found: Vec<(UnitId, AccountId, Option<BusinessDay>)> = day::table
        .filter(day::state.eq("closed"))
        .group_by((day::unit_id, day::account_id))
        .select((day::unit_id, day::account_id, max(day::date)))
        .load(conn)
        .classify()?;
    Ok(by(found))
}

#[derive(QueryableByName)]
struct Until {
    #[diesel(sql_type = BigInt)]
    unit_id: UnitId,
    #[diesel(sql_type = BigInt)]
    account_id: AccountId,
    #[diesel(sql_type = Nullable<Date>)]
    day: Option<BusinessDay>,
}

/// The last day that a whole statement shows.
pub fn statement_until(conn: &mut Conn) -> Result<By<BusinessDay>> {
    let found: Vec<Until> = diesel::sql_query(
        "SELECT b.unit_id, b.id AS account_id, (SELECT MAX(s.closing_on) FROM statement s \
         WHERE s.unit_id = b.unit_id AND s.account_id = b.id AND s.state = 'ready') AS day FROM bank_account b",
    )
    .load(conn)
    .classify()?;
    let found = found.into_iter().map(|row| (row.unit_id, row.account_id, row.day)).collect();
    Ok(by(found))
}

/// The last line of each account that ended before it.
pub fn lines_after_end(conn: &mut Conn) -> Result<By<BusinessDay>> {
    let found: Vec<Until> = diesel::sql_query(
        "SELECT b.unit_id, b.id AS account_id, (SELECT MAX(l.booking_date) FROM statement_line l \
         WHERE l.unit_id = b.unit_id AND l.account_id = b.id AND l.booking_date > b.closed_on \
         AND NOT EXISTS (SELECT 1 FROM statement_given_up g WHERE g.unit_id = l.unit_id \
         AND g.statement_id = l.statement_id)) AS day \
         FROM bank_account b WHERE b.closed_on IS NOT NULL",
    )
    .load(conn)
    .classify()?;
    Ok(by(found.into_iter().map(|row| (row.unit_id, row.account_id, row.day)).collect()))
}

fn by<T>(found: Vec<(UnitId, AccountId, Option<T>)>) -> By<T> {
    found
        .into_iter()
        .filter_map(|(unit, account, value)| value.map(|value| ((unit, account), value)))
        .collect()
}

/// Money of lines and claims that nobody has explained.
#[derive(Clone, Copy, Debug)]
pub struct Unexplained {
    pub count: i64,
    pub amount: Dong,
    pub oldest: BusinessDay,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    unit_id: UnitId,
    #[diesel(sql_type = BigInt)]
    account_id: AccountId,
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = Date)]
    oldest: BusinessDay,
}

pub fn unexplained(conn: &mut Conn) -> Result<By<Unexplained>> {
    let found: Vec<Row> = diesel::sql_query(
        "SELECT e.unit_id, e.account_id, CAST(COUNT(*) AS BIGINT) AS count, \
         CAST(SUM(ABS(e.amount)) AS BIGINT) AS amount, MIN(e.opened_on) AS oldest \
         FROM unit u CROSS JOIN exception e WHERE e.unit_id = u.unit_id AND e.state <> 'resolved' \
         AND e.account_id IS NOT NULL AND e.amount <> 0 AND e.subject_kind IN ('line', 'movement') \
         GROUP BY e.unit_id, e.account_id",
    )
    .load(conn)
    .classify()?;
    Ok(found
        .into_iter()
        .map(|row| {
            let sums = Unexplained { count: row.count, amount: Dong(row.amount), oldest: row.oldest };
            ((row.unit_id, row.account_id), sums)
        })
        .collect())
}
