//! What the ledger has on the bank account.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{AccountId, UnitId};
use crate::ledger::Account;
use crate::store::Conn;
use crate::store::failure::Classify;

#[derive(QueryableByName)]
struct BankEntry {
    #[diesel(sql_type = Text)]
    source_kind: String,
    #[diesel(sql_type = BigInt)]
    source_id: i64,
    #[diesel(sql_type = BigInt)]
    amount: i64,
}

/// What was posted on the bank account on one accounting date, by source: (kind, id, amount).
pub fn entries(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    date: BusinessDay,
) -> Result<Vec<(String, i64, Dong)>> {
    let entries: Vec<BankEntry> = diesel::sql_query(
        "SELECT source_kind, source_id, CAST(SUM(CASE WHEN debit_account = $1 THEN amount ELSE -amount END) AS BIGINT) \
         AS amount FROM posting WHERE unit_id = $2 AND accounting_date = $3 \
         AND (debit_account = $1 OR credit_account = $1) GROUP BY source_kind, source_id",
    )
    .bind::<Text, _>(Account::Bank(account).to_string())
    .bind::<BigInt, _>(unit)
    .bind::<Date, _>(date)
    .load(conn)
    .classify()?;
    Ok(entries.into_iter().map(|entry| (entry.source_kind, entry.source_id, Dong(entry.amount))).collect())
}

#[derive(QueryableByName)]
struct Sum {
    #[diesel(sql_type = Nullable<BigInt>)]
    sum: Option<i64>,
}

#[derive(QueryableByName)]
struct Around {
    #[diesel(sql_type = Nullable<BigInt>)]
    before: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    after: Option<i64>,
}

/// The ledger's balance of the bank account before and after a day, as `balance` tells it, read at once.
pub fn around(conn: &mut Conn, unit: UnitId, account: AccountId, day: BusinessDay) -> Result<(Dong, Dong)> {
    let sums: Around = diesel::sql_query(
        "SELECT CAST(SUM(CASE WHEN accounting_date < $1 THEN moved ELSE 0 END) AS BIGINT) AS before, \
         CAST(SUM(moved) AS BIGINT) AS after FROM (SELECT accounting_date, CASE WHEN debit_account = $2 THEN amount \
         ELSE -amount END AS moved FROM posting WHERE unit_id = $3 AND accounting_date <= $1 \
         AND (debit_account = $2 OR credit_account = $2) AND source_kind <> 'handover') AS own",
    )
    .bind::<Date, _>(day)
    .bind::<Text, _>(Account::Bank(account).to_string())
    .bind::<BigInt, _>(unit)
    .get_result(conn)
    .classify()?;
    Ok((Dong(sums.before.unwrap_or(0)), Dong(sums.after.unwrap_or(0))))
}

/// The ledger's balance of the bank account at the end of a day. That its unit was handed over moved nothing in the
/// bank.
pub fn balance(conn: &mut Conn, unit: UnitId, account: AccountId, until: BusinessDay) -> Result<Dong> {
    let sum: Sum = diesel::sql_query(
        "SELECT CAST(SUM(CASE WHEN debit_account = $1 THEN amount ELSE -amount END) AS BIGINT) AS sum FROM posting \
         WHERE unit_id = $2 AND accounting_date <= $3 AND (debit_account = $1 OR credit_account = $1) \
         AND source_kind <> 'handover'",
    )
    .bind::<Text, _>(Account::Bank(account).to_string())
    .bind::<BigInt, _>(unit)
    .bind::<Date, _>(until)
    .get_result(conn)
    .classify()?;
    Ok(Dong(sum.sum.unwrap_or(0)))
}
