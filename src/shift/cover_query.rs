//! What `cover` reads.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date};

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};

fn keys<Id: rows::Cell + Copy>(unit: UnitId, name: &'static str, ids: &[Id]) -> [(&'static str, Column); 2] {
    [("unit_id", Column::of(ids.iter().map(|_| unit))), (name, Column::of(ids.iter().copied()))]
}

/// The drawers that the payments' cash went into.
pub fn drawers_of(conn: &mut Conn, unit: UnitId, payments: &[PaymentId]) -> Result<Vec<ShiftId>> {
    let keys = keys(unit, "id", payments);
    let rest = "AND t.method = 'cash' AND t.shift_id IS NOT NULL";
    let mut found: Vec<ShiftId> =
        rows::fetch::<BigInt, _>(conn, "SELECT t.shift_id FROM payment t", &keys, rest, Lock::None)?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// All cash of drawers: (shift, payment, amount).
pub fn takings(
    conn: &mut Conn,
    unit: UnitId,
    drawers: &[ShiftId],
) -> Result<Vec<(ShiftId, PaymentId, Dong)>> {
    let keys = keys(unit, "shift_id", drawers);
    let select = "SELECT t.shift_id, t.id, t.amount FROM payment t";
    rows::fetch::<(BigInt, BigInt, BigInt), _>(conn, select, &keys, "AND t.method = 'cash'", Lock::None)
}

/// The slips that were filled from drawers, with their accounts.
pub fn slips_of(conn: &mut Conn, unit: UnitId, drawers: &[ShiftId]) -> Result<Vec<(SlipId, AccountId)>> {
    let keys = keys(unit, "shift_id", drawers);
    let select = "SELECT t.slip_id, s.account_id FROM deposit_part t JOIN deposit_slip s \
         ON s.unit_id = t.unit_id AND s.id = t.slip_id AND s.state <> 'withdrawn'";
    let mut found: Vec<(SlipId, AccountId)> =
        rows::fetch::<(BigInt, BigInt), _>(conn, select, &keys, "", Lock::None)?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// What came for slips, and was not taken off them again: (slip, day, amount), oldest first.
pub fn credits(conn: &mut Conn, unit: UnitId, slips: &[SlipId]) -> Result<Vec<(SlipId, BusinessDay, Dong)>> {
    let keys = keys(unit, "slip_id", slips);
    let select = "SELECT t.slip_id, t.on_date, t.amount FROM deposit_event t";
    let mut found: Vec<(SlipId, BusinessDay, Dong)> = rows::fetch::<(BigInt, Date, BigInt), _>(
        conn,
        select,
        &keys,
        "AND t.amount > 0 AND t.kind IN ('credited', 'shortage_accepted') AND NOT EXISTS (SELECT 1 \
         FROM deposit_event u WHERE u.unit_id = t.unit_id AND u.slip_id = t.slip_id AND u.line_id = t.line_id \
         AND u.kind = 'uncredited' AND u.revision > t.revision)",
        Lock::None,
    )?;
    found.sort_by_key(|(slip, on, _)| (*slip, *on));
    Ok(found)
}

/// What counts found short and persons answer for: (shift, day, account, amount).
pub fn shortages(
    conn: &mut Conn,
    unit: UnitId,
    drawers: &[ShiftId],
) -> Result<Vec<(ShiftId, BusinessDay, AccountId, Dong)>> {
    let keys = keys(unit, "shift_id", drawers);
    let select = "SELECT t.shift_id, t.on_date, t.account_id, -t.amount FROM shift_event t";
    let rest = "AND t.kind = 'signed_off' AND t.amount < 0 AND t.account_id IS NOT NULL";
    rows::fetch::<(BigInt, Date, BigInt, BigInt), _>(conn, select, &keys, rest, Lock::None)
}

#[derive(QueryableByName)]
struct Candidate {
    #[diesel(sql_type = BigInt)]
    obligation_id: i64,
}

/// Obligations with cash in drawers of which something was credited, or answered for, in the days.
pub fn candidates(
    conn: &mut Conn,
    unit: UnitId,
    first: BusinessDay,
    last: BusinessDay,
) -> Result<Vec<ObligationId>> {
    let found: Vec<Candidate> = diesel::sql_query(
        "SELECT DISTINCT a.obligation_id FROM payment p JOIN allocation a ON a.unit_id = p.unit_id \
         AND a.payment_id = p.id AND +a.obligation_id IS NOT NULL WHERE p.unit_id = $1 AND p.method = 'cash' \
         AND p.shift_id IN (SELECT d.shift_id FROM deposit_part d JOIN deposit_event e ON e.unit_id = d.unit_id \
         AND e.slip_id = d.slip_id WHERE d.unit_id = $1 AND e.amount > 0 AND e.on_date >= $2 AND e.on_date <= $3 \
         UNION SELECT s.shift_id FROM shift_event s WHERE s.unit_id = $1 AND s.kind = 'signed_off' \
         AND s.on_date >= $2 AND s.on_date <= $3)",
    )
    .bind::<BigInt, _>(unit)
    .bind::<Date, _>(first)
    .bind::<Date, _>(last)
    .load(conn)
    .classify()?;
    Ok(found.into_iter().map(|row| ObligationId(row.obligation_id)).collect())
}
