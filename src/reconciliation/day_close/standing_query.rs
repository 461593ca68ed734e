//! The SQL of what waits on suspense, unexplained debits and clearing.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::UnitId;
use crate::store::Conn;
use crate::store::failure::Classify;

/// What was posted from one account to another.
pub struct Pair {
    pub debit: String,
    pub credit: String,
    pub amount: Dong,
    /// When the unit was handed over to another.
    pub handed_over: bool,
}

#[derive(QueryableByName)]
struct PairRow {
    #[diesel(sql_type = Text)]
    debit_account: String,
    #[diesel(sql_type = Text)]
    credit_account: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = BigInt)]
    handed_over: i64,
}

/// Everything that was posted to or from a unit's suspense and unexplained debits, and clearing that begins so, by the
/// end of a day.
pub fn pairs(conn: &mut Conn, unit: UnitId, clearing: &str, until: BusinessDay) -> Result<Vec<Pair>> {
    let found: Vec<PairRow> = diesel::sql_query(
        "SELECT debit_account, credit_account, handed_over, CAST(SUM(amount) AS BIGINT) AS amount FROM \
         (SELECT debit_account, credit_account, amount, \
         CAST(CASE WHEN source_kind = 'handover' THEN 1 ELSE 0 END AS BIGINT) AS handed_over FROM posting \
         WHERE unit_id = $1 AND accounting_date <= $2 AND (debit_account LIKE 'suspense/%' \
         OR credit_account LIKE 'suspense/%' OR debit_account LIKE 'unexplained_debit/%' \
         OR credit_account LIKE 'unexplained_debit/%' OR debit_account LIKE $3 OR credit_account LIKE $3)) AS waiting \
         GROUP BY debit_account, credit_account, handed_over",
    )
    .bind::<BigInt, _>(unit)
    .bind::<Date, _>(until)
    .bind::<Text, _>(format!("{clearing}%"))
    .load(conn)
    .classify()?;
    let pair = |row: PairRow| Pair {
        debit: row.debit_account,
        credit: row.credit_account,
        amount: Dong(row.amount),
        handed_over: row.handed_over == 1,
    };
    Ok(found.into_iter().map(pair).collect())
}
