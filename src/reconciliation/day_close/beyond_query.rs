//! The SQL of money that was wholly too much.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{AccountId, LineId, PaymentId, UnitId};
use crate::ledger::Account;
use crate::store::Conn;
use crate::store::failure::Classify;

/// A match of a line of the day with a payment nothing of which pays an obligation.
#[derive(Clone, Debug)]
pub struct Beyond {
    pub line: LineId,
    /// What of the line is the payment's.
    pub amount: Dong,
    pub payment: PaymentId,
    pub paid: Dong,
    pub paid_on: BusinessDay,
    /// Where its money came from.
    pub debit: String,
}

#[derive(QueryableByName)]
struct BeyondRow {
    #[diesel(sql_type = BigInt)]
    line_id: i64,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = BigInt)]
    payment_id: i64,
    #[diesel(sql_type = BigInt)]
    paid: i64,
    #[diesel(sql_type = Date)]
    paid_on: BusinessDay,
    #[diesel(sql_type = Text)]
    debit: String,
}

/// Payments of the day's lines that paid nothing. There are few such payments, and the look begins at them.
pub fn beyond(conn: &mut Conn, unit: UnitId, account: AccountId, date: BusinessDay) -> Result<Vec<Beyond>> {
    let found: Vec<BeyondRow> = diesel::sql_query(
        "SELECT k.line_id, k.amount, p.id AS payment_id, p.amount AS paid, p.accounting_date AS paid_on, \
         p.debit_account AS debit FROM payment p CROSS JOIN match_part k CROSS JOIN statement_line l \
         WHERE p.unit_id = $1 AND p.to_obligations = 0 AND k.unit_id = p.unit_id AND k.movement_id = p.movement_id \
         AND +k.undoes_id IS NULL AND l.unit_id = k.unit_id AND l.id = k.line_id AND l.account_id = $2 \
         AND l.booking_date = $3 AND NOT EXISTS (SELECT 1 FROM match_part u WHERE u.unit_id = k.unit_id \
         AND u.undoes_id = k.id)",
    )
    .bind::<BigInt, _>(unit)
    .bind::<BigInt, _>(account)
    .bind::<Date, _>(date)
    .load(conn)
    .classify()?;
    let beyond = |row: BeyondRow| Beyond {
        line: LineId(row.line_id),
        amount: Dong(row.amount),
        payment: PaymentId(row.payment_id),
        paid: Dong(row.paid),
        paid_on: row.paid_on,
        debit: row.debit,
    };
    Ok(found.into_iter().map(beyond).collect())
}

#[derive(QueryableByName)]
struct SumRow {
    #[diesel(sql_type = BigInt)]
    amount: i64,
}

/// What of a payment was surplus from the first: what became it later was an advance before.
pub fn at_first(conn: &mut Conn, unit: UnitId, one: &Beyond) -> Result<Dong> {
    let found: SumRow = diesel::sql_query(
        "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS amount FROM posting WHERE unit_id = $1 \
         AND accounting_date = $2 AND debit_account = $3 AND credit_account = $4",
    )
    .bind::<BigInt, _>(unit)
    .bind::<Date, _>(one.paid_on)
    .bind::<Text, _>(&one.debit)
    .bind::<Text, _>(Account::Surplus(one.payment).to_string())
    .get_result(conn)
    .classify()?;
    Ok(Dong(found.amount))
}
