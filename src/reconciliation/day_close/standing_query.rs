//! The SQL of what waits on suspense, unexplained debits and clearing.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::UnitId;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::unit::BankAccount;

/// What was posted from one account to another.
pub struct Pair {
    pub debit: String,
    pub credit: String,
    pub amount: Dong,
}

#[derive(QueryableByName)]
struct PairRow {
    #[diesel(sql_type = Text)]
    debit_account: String,
    #[diesel(sql_type = Text)]
    credit_account: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
}

/// Everything that was posted to or from a unit's suspense and unexplained debits by the end of a day. The condition is
/// that of the index which holds these postings and no others.
pub fn pairs(conn: &mut Conn, unit: UnitId, until: BusinessDay) -> Result<Vec<Pair>> {
    let found: Vec<PairRow> = diesel::sql_query(
        "SELECT debit_account, credit_account, CAST(SUM(amount) AS BIGINT) AS amount FROM posting \
         WHERE unit_id = $1 AND accounting_date <= $2 AND (debit_account LIKE 'suspense/%' \
         OR credit_account LIKE 'suspense/%' OR debit_account LIKE 'unexplained_debit/%' \
         OR credit_account LIKE 'unexplained_debit/%') GROUP BY debit_account, credit_account",
    )
    .bind::<BigInt, _>(unit)
    .bind::<Date, _>(until)
    .load(conn)
    .classify()?;
    let pair = |row: PairRow| Pair {
        debit: row.debit_account,
        credit: row.credit_account,
        amount: Dong(row.amount),
    };
    Ok(found.into_iter().map(pair).collect())
}

#[derive(QueryableByName)]
struct KeptRow {
    #[diesel(sql_type = Date)]
    date: BusinessDay,
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    clearing: Option<i64>,
}

/// What a day's certificate keeps of clearing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    pub day: BusinessDay,
    /// The certificate's: what has a greater one was posted after it was made.
    pub id: i64,
    pub clearing: Dong,
}

/// What the certificate of the account's last closed day before another one keeps of clearing, with its day. None where
/// no day is closed, or where its certificate was made before it kept the figure.
pub fn kept_clearing(conn: &mut Conn, account: &BankAccount, before: BusinessDay) -> Result<Option<Kept>> {
    let found: Option<KeptRow> = diesel::sql_query(
        "SELECT d.date, c.id, c.clearing FROM day d JOIN day_certificate c ON c.unit_id = d.unit_id \
         AND c.account_id = d.account_id AND c.date = d.date AND c.revision = d.revision \
         WHERE d.unit_id = $1 AND d.account_id = $2 AND d.state = 'closed' AND d.date < $3 \
         ORDER BY d.date DESC LIMIT 1",
    )
    .bind::<BigInt, _>(account.unit)
    .bind::<BigInt, _>(account.id)
    .bind::<Date, _>(before)
    .get_result(conn)
    .optional()
    .classify()?;
    Ok(found.and_then(|row| Some(Kept { day: row.date, id: row.id, clearing: Dong(row.clearing?) })))
}

#[derive(QueryableByName)]
struct SumRow {
    #[diesel(sql_type = BigInt)]
    amount: i64,
}

/// What the account's clearing grew by after what is kept, or since ever, until the end of a day. A batch that was paid
/// to another account clears this one's cards on that account's open day, which may be closed here: what was posted
/// since the certificate counts whatever its day. That a unit was handed over showed none of the money in the bank.
pub fn clearing_moved(
    conn: &mut Conn,
    account: &BankAccount,
    (kept, until): (Option<Kept>, BusinessDay),
) -> Result<Dong> {
    // No account of ours is older.
    let after = kept.map_or(BusinessDay(chrono::NaiveDate::default()), |kept| kept.day);
    let found: SumRow = diesel::sql_query(
        "SELECT CAST(COALESCE(SUM(CASE WHEN debit_account LIKE $1 THEN amount ELSE 0 END \
         - CASE WHEN credit_account LIKE $1 THEN amount ELSE 0 END), 0) AS BIGINT) AS amount FROM \
         (SELECT debit_account, credit_account, amount FROM posting WHERE unit_id = $2 AND accounting_date > $3 \
         AND accounting_date <= $4 AND source_kind <> 'handover' UNION ALL \
         SELECT debit_account, credit_account, amount FROM posting WHERE unit_id = $2 AND id > $5 \
         AND accounting_date <= $3 AND source_kind <> 'handover') AS moved \
         WHERE debit_account LIKE $1 OR credit_account LIKE $1",
    )
    .bind::<Text, _>(format!("clearing/{}/%", account.id))
    .bind::<BigInt, _>(account.unit)
    .bind::<Date, _>(after)
    .bind::<Date, _>(until)
    .bind::<BigInt, _>(kept.map_or(i64::MAX, |kept| kept.id))
    .get_result(conn)
    .classify()?;
    Ok(Dong(found.amount))
}
