//! What the report of principals reads.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date};

use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::UnitId;
use crate::report::Period;
use crate::store::Conn;
use crate::store::failure::Classify;

/// A unit's receipts of one day of issue.
pub struct Day {
    pub issued_on: BusinessDay,
    pub standing: i64,
    pub amount: Dong,
    pub dropped: i64,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Date)]
    issued_on: chrono::NaiveDate,
    #[diesel(sql_type = BigInt)]
    standing: i64,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = BigInt)]
    dropped: i64,
}

/// Of those that were numbered from an instant on and before another.
pub fn by_day(
    conn: &mut Conn,
    unit: UnitId,
    period: Period,
    (since, until): (Instant, Instant),
) -> Result<Vec<Day>> {
    let found: Vec<Row> = diesel::sql_query(
        "SELECT issued_on, \
         CAST(SUM(CASE WHEN state IN ('cancelled', 'replaced') THEN 0 ELSE 1 END) AS BIGINT) AS standing, \
         CAST(SUM(CASE WHEN state IN ('cancelled', 'replaced') THEN 0 ELSE amount END) AS BIGINT) AS amount, \
         CAST(SUM(CASE WHEN state IN ('cancelled', 'replaced') THEN 1 ELSE 0 END) AS BIGINT) AS dropped \
         FROM receipt WHERE unit_id = $1 AND issued_on >= $2 AND issued_on <= $3 \
         AND created_at >= $4 AND created_at < $5 AND document_kind LIKE 'receipt%' GROUP BY issued_on ORDER BY issued_on",
    )
    .bind::<BigInt, _>(unit)
    .bind::<Date, _>(period.from.0)
    .bind::<Date, _>(period.until.0)
    .bind::<BigInt, _>(since.0)
    .bind::<BigInt, _>(until.0)
    .load(conn)
    .classify()?;
    let day = |row: Row| Day {
        issued_on: BusinessDay(row.issued_on),
        standing: row.standing,
        amount: Dong(row.amount),
        dropped: row.dropped,
    };
    Ok(found.into_iter().map(day).collect())
}
