//! What the trial balance reads.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};

use super::Row;
use crate::amount::Dong;
use crate::error::Result;
use crate::id::UnitId;
use crate::report::Period;
use crate::store::Conn;
use crate::store::failure::Classify;

#[derive(QueryableByName)]
struct Sums {
    #[diesel(sql_type = Text)]
    a: String,
    #[diesel(sql_type = BigInt)]
    opening: i64,
    #[diesel(sql_type = BigInt)]
    debits: i64,
    #[diesel(sql_type = BigInt)]
    credits: i64,
}

/// The sums of every account that has any, by the account's text; those that begin with one of `kinds`, our own
/// words, by that alone.
pub fn sums(conn: &mut Conn, unit: UnitId, period: Period, kinds: &[&str]) -> Result<Vec<Row>> {
    let named = |side: &str| {
        let cases = kinds.iter().map(|kind| format!(" WHEN {side} LIKE '{kind}/%' THEN '{kind}'"));
        if kinds.is_empty() {
            side.to_owned()
        } else {
            format!("CASE{} ELSE {side} END", cases.collect::<String>())
        }
    };
    let (debit, credit) = (named("debit_account"), named("credit_account"));
    let found: Vec<Sums> = diesel::sql_query(format!(
        "SELECT a, CAST(SUM(opening) AS BIGINT) AS opening, CAST(SUM(debit) AS BIGINT) AS debits, \
         CAST(SUM(credit) AS BIGINT) AS credits FROM (\
         SELECT {debit} AS a, CASE WHEN accounting_date < $1 THEN amount ELSE 0 END AS opening, \
         CASE WHEN accounting_date < $1 THEN 0 ELSE amount END AS debit, 0 AS credit \
         FROM posting WHERE unit_id = $2 AND accounting_date <= $3 \
         UNION ALL \
         SELECT {credit}, CASE WHEN accounting_date < $1 THEN -amount ELSE 0 END, 0, \
         CASE WHEN accounting_date < $1 THEN 0 ELSE amount END \
         FROM posting WHERE unit_id = $2 AND accounting_date <= $3) AS m \
         GROUP BY a HAVING SUM(opening) <> 0 OR SUM(debit) <> 0 OR SUM(credit) <> 0 ORDER BY a"
    ))
    .bind::<Date, _>(period.from)
    .bind::<BigInt, _>(unit)
    .bind::<Date, _>(period.until)
    .load(conn)
    .classify()?;
    let of = |row: Sums| Row {
        account: row.a,
        opening: Dong(row.opening),
        debits: Dong(row.debits),
        credits: Dong(row.credits),
    };
    Ok(found.into_iter().map(of).collect())
}
