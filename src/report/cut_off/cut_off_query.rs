//! What the cut-off reads.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};

use super::LateDocument;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{ReceiptId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::receipt;

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

/// Documents issued from a day on for money collected before it.
pub fn late_documents(conn: &mut Conn, unit: UnitId, from: BusinessDay) -> Result<Vec<LateDocument>> {
    type Parts = (ReceiptId, String, String, i64, BusinessDay, Instant, Dong);
    let found: Vec<Parts> = receipt::table
        .filter(receipt::unit_id.eq(unit))
        .filter(receipt::issued_on.ge(from))
        .filter(receipt::collected_at.lt(from.start()))
        .order(receipt::id)
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
    let late = |(id, template, series, number, issued_on, collected_at, amount): Parts| LateDocument {
        id,
        number: format!("{template} {series} {number:07}"),
        issued_on,
        collected_at,
        amount,
    };
    Ok(found.into_iter().map(late).collect())
}
