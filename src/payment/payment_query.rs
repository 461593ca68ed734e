//! The SQL of payments, their events and allocations.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text};

use super::book::{Method, Payment, PaymentState};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock, Update};
use crate::store::schema::{allocation, payment};
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct PaymentRow in "payment" {
        pub unit_id: UnitId,
        pub id: PaymentId,
        pub movement_id: Option<MovementId>,
        pub account_id: Option<AccountId>,
        pub method: &'static str,
        pub channel: String,
        pub amount: Dong,
        pub obligation_id: Option<ObligationId>,
        pub shift_id: Option<ShiftId>,
        pub debit_account: String,
        pub accounting_date: BusinessDay,
        pub created_at: Instant,
        pub state: &'static str,
        pub revision: i64,
        pub unallocated: Dong,
        pub to_obligations: Dong,
        pub surplus: Dong,
        pub suspense: Dong,
        pub other_unit: Dong,
        pub reversed: Dong,
    }
}

crate::table_row! {
    pub struct PaymentEventRow in "payment_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub payment_id: PaymentId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub actor: String,
        pub reason: Option<String>,
        pub at: Instant,
    }
}

crate::table_row! {
    pub struct AllocationRow in "allocation" {
        pub unit_id: UnitId,
        pub id: AllocationId,
        pub payment_id: PaymentId,
        pub revision: i64,
        pub from_bucket: &'static str,
        pub to_bucket: &'static str,
        pub obligation_id: Option<ObligationId>,
        pub amount: Dong,
        pub created_at: Instant,
    }
}

type PaymentSql = (
    (BigInt, BigInt, Nullable<BigInt>, Nullable<BigInt>, Text, Text),
    (BigInt, Nullable<BigInt>, Nullable<BigInt>, Text, Date, Text, BigInt),
    (BigInt, BigInt, BigInt, BigInt, BigInt, BigInt),
);
type PaymentStored = (
    (UnitId, PaymentId, Option<MovementId>, Option<AccountId>, String, String),
    (Dong, Option<ObligationId>, Option<ShiftId>, String, BusinessDay, String, i64),
    (Dong, Dong, Dong, Dong, Dong, Dong),
);

fn payment_from((place, what, buckets): PaymentStored) -> Payment {
    Payment {
        unit: place.0,
        id: place.1,
        movement: place.2,
        account: place.3,
        method: Method::parse(&place.4),
        channel: place.5,
        amount: what.0,
        obligation: what.1,
        shift: what.2,
        debit_account: what.3,
        accounting_date: what.4,
        state: PaymentState::parse(&what.5),
        revision: what.6,
        unallocated: buckets.0,
        to_obligations: buckets.1,
        surplus: buckets.2,
        suspense: buckets.3,
        other_unit: buckets.4,
        reversed: buckets.5,
    }
}

const PAYMENT: &str = "SELECT t.unit_id, t.id, t.movement_id, t.account_id, t.method, t.channel, t.amount, \
     t.obligation_id, t.shift_id, t.debit_account, t.accounting_date, t.state, t.revision, t.unallocated, \
     t.to_obligations, t.surplus, t.suspense, t.other_unit, t.reversed FROM payment t";

fn fetch_payments(conn: &mut Conn, ids: &[(UnitId, PaymentId)], lock: Lock) -> Result<Vec<Payment>> {
    let keys = rows::unit_keys("id", ids);
    let found: Vec<PaymentStored> = rows::fetch::<PaymentSql, _>(conn, PAYMENT, &keys, "", lock)?;
    Ok(found.into_iter().map(payment_from).collect())
}

pub fn payments(conn: &mut Conn, ids: &[(UnitId, PaymentId)]) -> Result<Vec<Payment>> {
    fetch_payments(conn, ids, Lock::None)
}

pub fn lock_payments(tx: &mut Tx<'_>, ids: &[(UnitId, PaymentId)]) -> Result<Vec<Payment>> {
    fetch_payments(tx, ids, Lock::Update)
}

/// Stores payments, each with the revision it was read at.
pub fn store_payments(tx: &mut Tx<'_>, changed: &[(&Payment, i64)]) -> Result<()> {
    rows::update(
        tx,
        Update {
            table: "payment",
            keys: vec![
                ("unit_id", Column::of(changed.iter().map(|(p, _)| p.unit))),
                ("id", Column::of(changed.iter().map(|(p, _)| p.id))),
            ],
            guard: vec![("revision", Column::of(changed.iter().map(|(_, read)| *read)))],
            sets: vec![
                ("state", Column::of(changed.iter().map(|(p, _)| p.state.as_str()))),
                ("revision", Column::of(changed.iter().map(|(p, _)| p.revision))),
                ("unallocated", Column::of(changed.iter().map(|(p, _)| p.unallocated))),
                ("to_obligations", Column::of(changed.iter().map(|(p, _)| p.to_obligations))),
                ("surplus", Column::of(changed.iter().map(|(p, _)| p.surplus))),
                ("suspense", Column::of(changed.iter().map(|(p, _)| p.suspense))),
                ("other_unit", Column::of(changed.iter().map(|(p, _)| p.other_unit))),
                ("reversed", Column::of(changed.iter().map(|(p, _)| p.reversed))),
            ],
        },
    )
}

/// Those of these payments that were made before any line showed them: on a channel's word, or by card.
pub fn claimed_first(conn: &mut Conn, ids: &[(UnitId, PaymentId)]) -> Result<Vec<PaymentId>> {
    let found: Vec<(PaymentId,)> = rows::fetch::<(BigInt,), _>(
        conn,
        "SELECT t.payment_id FROM payment_event t",
        &rows::unit_keys("payment_id", ids),
        "AND t.revision = 1 AND t.state = 'claimed'",
        Lock::None,
    )?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// How much of a payment stands on each obligation now.
pub fn allocated_to(conn: &mut Conn, unit: UnitId, payment: PaymentId) -> Result<Vec<(ObligationId, Dong)>> {
    let moves: Vec<(String, String, Option<ObligationId>, Dong)> = allocation::table
        .filter(allocation::unit_id.eq(unit))
        .filter(allocation::payment_id.eq(payment))
        .order(allocation::id)
        .select((
            allocation::from_bucket,
            allocation::to_bucket,
            allocation::obligation_id,
            allocation::amount,
        ))
        .load(conn)
        .classify()?;
    let mut shares: BTreeMap<ObligationId, i64> = BTreeMap::new();
    for (from, to, obligation, amount) in moves {
        let Some(obligation) = obligation else { continue };
        let share = shares.entry(obligation).or_default();
        if to == "obligation" {
            *share += amount.0;
        }
        if from == "obligation" {
            *share -= amount.0;
        }
    }
    Ok(shares.into_iter().filter(|(_, share)| *share > 0).map(|(id, share)| (id, Dong(share))).collect())
}

/// Payments that ever had money on the obligation.
pub fn payments_on(conn: &mut Conn, unit: UnitId, obligation: ObligationId) -> Result<Vec<PaymentId>> {
    allocation::table
        .filter(allocation::unit_id.eq(unit))
        .filter(allocation::obligation_id.eq(obligation))
        .order(allocation::payment_id)
        .select(allocation::payment_id)
        .distinct()
        .load(conn)
        .classify()
}

/// Payments whose money lies on the obligation, and those that were made for it and found nothing owed:
/// paid twice, or after it was cancelled.
pub fn payments_for(conn: &mut Conn, unit: UnitId, obligation: ObligationId) -> Result<Vec<PaymentId>> {
    let mut found = payments_on(conn, unit, obligation)?;
    let made: Vec<PaymentId> = payment::table
        .filter(payment::unit_id.eq(unit))
        .filter(payment::obligation_id.eq(obligation))
        // A literal, not a bind: SQLite uses the partial index only when the query repeats its condition.
        .filter(diesel::dsl::sql::<Bool>("payment.to_obligations = 0"))
        .select(payment::id)
        .load(conn)
        .classify()?;
    found.extend(made);
    found.sort();
    found.dedup();
    Ok(found)
}
