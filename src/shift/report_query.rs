//! What the report of a shift reads.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::report::Taking;
use crate::amount::Dong;
use crate::error::Result;
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema_cash::deposit_part;

#[derive(QueryableByName)]
struct TakingRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    method: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    obligation_id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    series: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    number: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    state: Option<String>,
}

/// The money taken in a shift, oldest first; one line for each document.
pub fn takings(conn: &mut Conn, unit: UnitId, shift: ShiftId) -> Result<Vec<Taking>> {
    let found: Vec<TakingRow> = diesel::sql_query(
        "SELECT p.id, p.method, p.amount, p.obligation_id, r.series, r.number, r.state FROM payment p \
         LEFT JOIN obligation_event e ON e.unit_id = p.unit_id AND e.obligation_id = p.obligation_id \
         AND e.payment_id = p.id AND e.receipt_id IS NOT NULL \
         LEFT JOIN receipt r ON r.unit_id = e.unit_id AND r.id = e.receipt_id \
         WHERE p.unit_id = $1 AND p.shift_id = $2 ORDER BY p.id",
    )
    .bind::<BigInt, _>(unit)
    .bind::<BigInt, _>(shift)
    .load(conn)
    .classify()?;
    let mut takings: Vec<Taking> = found
        .into_iter()
        .map(|row| Taking {
            payment: PaymentId(row.id),
            method: row.method,
            amount: Dong(row.amount),
            obligation: row.obligation_id.map(ObligationId),
            receipt: row.series.zip(row.number).map(|(series, number)| format!("{series} {number}")),
            receipt_state: row.state,
        })
        .collect();
    // Money counts once, whatever else the event names.
    takings.dedup_by_key(|taking| taking.payment);
    Ok(takings)
}

/// The slips this drawer filled: (slip, amount).
pub fn parts_of(conn: &mut Conn, unit: UnitId, shift: ShiftId) -> Result<Vec<(SlipId, Dong)>> {
    deposit_part::table
        .filter(deposit_part::unit_id.eq(unit))
        .filter(deposit_part::shift_id.eq(shift))
        .order(deposit_part::slip_id)
        .select((deposit_part::slip_id, deposit_part::amount))
        .load(conn)
        .classify()
}
