//! What the cut-off reads.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};

use super::LateDocument;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{ReceiptId, UnitId};
use crate::receipt::numbers_query::first_since;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::receipt;
use crate::unit::series;

#[derive(QueryableByName)]
struct Balance {
    #[diesel(sql_type = Text)]
    a: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
}

/// Debits less credits of every account that is not balanced at the end of a day.
pub fn balances(conn: &mut Conn, unit: UnitId, until: BusinessDay) -> Result<Vec<(String, Dong)>> {
    let found: Vec<Balance> = diesel::sql_query(
        "SELECT a, CAST(SUM(amount) AS BIGINT) AS amount FROM (\
         SELECT debit_account AS a, amount FROM posting WHERE unit_id = $1 AND accounting_date <= $2 \
         UNION ALL SELECT credit_account, -amount FROM posting WHERE unit_id = $1 AND accounting_date <= $2) AS m \
         GROUP BY a HAVING SUM(amount) <> 0 ORDER BY a",
    )
    .bind::<BigInt, _>(unit)
    .bind::<Date, _>(until)
    .load(conn)
    .classify()?;
    Ok(found.into_iter().map(|row| (row.a, Dong(row.amount))).collect())
}

/// Documents issued from a day on for money collected before it, series by series.
pub fn late_documents(conn: &mut Conn, unit: UnitId, from: BusinessDay) -> Result<Vec<LateDocument>> {
    type Parts = (ReceiptId, String, String, i64, BusinessDay, Instant, Dong);
    let mut found: Vec<Parts> = Vec::new();
    for held in series::of_unit(conn, unit)? {
        let first = first_since(conn, (unit, held.id), from)?;
        let of_series: Vec<Parts> = receipt::table
            .filter(receipt::unit_id.eq(unit))
            .filter(receipt::series_id.eq(held.id))
            .filter(receipt::number.ge(first))
            .filter(receipt::collected_at.lt(from.start()))
            .select((
                receipt::id,
                receipt::template,
                receipt::series,
                receipt::number,
                receipt::issued_on,
                receipt::collected_at,
                receipt::amount,
            ))
            .load(conn)
            .classify()?;
        found.extend(of_series);
    }
    found.sort_unstable_by_key(|parts| parts.0);
    let late = |(id, template, series, number, issued_on, collected_at, amount): Parts| LateDocument {
        id,
        number: format!("{template} {series} {number:07}"),
        issued_on,
        collected_at,
        amount,
    };
    Ok(found.into_iter().map(late).collect())
}
