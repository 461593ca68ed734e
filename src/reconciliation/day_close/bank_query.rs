//! What the ledger has on the bank account, and what is on its way there.

use std::collections::BTreeSet;

use diesel::dsl;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{AccountId, MovementId, UnitId};
use crate::ledger::Account;
use crate::reconciliation::proof::Item;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::movement;

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

/// Money settled on a channel's word that no line has shown: how many movements, and what is open of them, without
/// those that are told by name.
pub fn settled_unproven(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    until: BusinessDay,
    named: &BTreeSet<Item>,
) -> Result<(i64, Dong)> {
    let named: Vec<MovementId> = named
        .iter()
        .filter_map(|item| match item {
            Item::Movement(id) => Some(*id),
            _ => None,
        })
        .collect();
    type Sums = (i64, Option<i64>);
    let all = movement::table
        .filter(movement::unit_id.eq(unit))
        .filter(movement::account_id.eq(account))
        .filter(movement::state.eq("expected"))
        .filter(movement::payment_id.is_not_null())
        .filter(movement::first_seen_on.le(until))
        .into_boxed();
    let open = dsl::sql::<Nullable<BigInt>>("CAST(SUM(movement.amount - movement.proven) AS BIGINT)");
    let (mut count, sum): Sums = all.select((dsl::count_star(), open)).first(conn).classify()?;
    let mut sum = Dong(sum.unwrap_or(0));
    let apart: Vec<(Dong, Dong)> = rows::fetch::<(BigInt, BigInt), _>(
        conn,
        "SELECT t.amount, t.proven FROM movement t",
        &[("unit_id", Column::of(named.iter().map(|_| unit))), ("id", Column::of(named.iter().copied()))],
        &format!(
            "AND t.account_id = {} AND t.state = 'expected' AND t.payment_id IS NOT NULL \
             AND t.first_seen_on <= '{until}'",
            account.0
        ),
        Lock::None,
    )?;
    for (amount, proven) in apart {
        count -= 1;
        sum = sum.checked_sub(amount.checked_sub(proven)?)?;
    }
    Ok((count, sum))
}
