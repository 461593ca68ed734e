//! The SQL of failures to sign in. They stand at the city's unit, are no facts and fade.

use diesel::prelude::*;

use crate::clock::Instant;
use crate::error::Result;
use crate::id::UnitId;
use crate::store::failure::Classify;
use crate::store::schema_duty::sign_in_failure as failure;
use crate::store::{Conn, Tx, rows};

crate::table_row! {
    pub struct FailureRow in "sign_in_failure" {
        pub unit_id: UnitId,
        pub who: String,
        pub source: String,
        pub failures: i32,
        pub failed_at: Instant,
        pub locked_until: Instant,
    }
}

/// What is kept of one name and one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable)]
pub struct Kept {
    pub failures: i32,
    pub failed_at: Instant,
    pub locked_until: Instant,
}

pub fn of(conn: &mut Conn, who: &str, source: &str) -> Result<Option<Kept>> {
    failure::table
        .filter(failure::unit_id.eq(UnitId::CITY))
        .filter(failure::who.eq(who))
        .filter(failure::source.eq(source))
        .select((failure::failures, failure::failed_at, failure::locked_until))
        .first(conn)
        .optional()
        .classify()
}

/// How many sources failed at a name since then.
pub fn sources(conn: &mut Conn, who: &str, since: Instant) -> Result<i64> {
    failure::table
        .filter(failure::unit_id.eq(UnitId::CITY))
        .filter(failure::who.eq(who))
        .filter(failure::failed_at.ge(since))
        .count()
        .get_result(conn)
        .classify()
}

/// Writes the count of one name and one source, new or not.
pub fn store(tx: &mut Tx<'_>, row: &FailureRow) -> Result<()> {
    let is_new = rows::insert_if_absent(tx, std::slice::from_ref(row), &["unit_id", "who", "source"])?;
    if is_new.first() == Some(&true) {
        return Ok(());
    }
    let one = failure::table
        .filter(failure::unit_id.eq(UnitId::CITY))
        .filter(failure::who.eq(&row.who))
        .filter(failure::source.eq(&row.source));
    diesel::update(one)
        .set((
            failure::failures.eq(row.failures),
            failure::failed_at.eq(row.failed_at),
            failure::locked_until.eq(row.locked_until),
        ))
        .execute(tx.conn())
        .classify()
        .map(|_| ())
}

pub fn forget(tx: &mut Tx<'_>, who: &str, source: &str) -> Result<()> {
    let one = failure::table
        .filter(failure::unit_id.eq(UnitId::CITY))
        .filter(failure::who.eq(who))
        .filter(failure::source.eq(source));
    diesel::delete(one).execute(tx.conn()).classify().map(|_| ())
}

/// Takes away what has faded.
pub fn purge(tx: &mut Tx<'_>, before: Instant) -> Result<usize> {
    diesel::delete(
        failure::table.filter(failure::unit_id.eq(UnitId::CITY)).filter(failure::failed_at.lt(before)),
    )
    .execute(tx.conn())
    .classify()
}
