//! What pages that wait look at beside the obligation itself: how far money is that came too much.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::sql_types::{BigInt, Nullable};

use super::query;
use crate::error::Result;
use crate::id::*;
use crate::payment::payment_query;
use crate::store::Conn;
use crate::store::rows::{self, Column, Lock};

type Key = (UnitId, ObligationId);
type Pair = (UnitId, ObligationId, PaymentId);

/// Tells two states of the surplus of each obligation apart: what is free of it, its refunds with their steps, and
/// what its payer asked for and was answered. Nothing for one of which nothing came too much.
pub fn surplus(conn: &mut Conn, keys: &[Key]) -> Result<HashMap<Key, String>> {
    let pairs = payments_of(conn, keys)?;
    let payments: BTreeSet<(UnitId, PaymentId)> = pairs.iter().map(|(unit, _, id)| (*unit, *id)).collect();
    let payments: Vec<(UnitId, PaymentId)> = payments.into_iter().collect();
    let mut marks: BTreeMap<(UnitId, PaymentId), [i64; 5]> = BTreeMap::new();
    for one in payment_query::payments(conn, &payments)?.iter().filter(|one| one.surplus.is_positive()) {
        marks.entry((one.unit, one.id)).or_default()[0] += one.surplus.0;
    }
    for one in query::of_payments(conn, &payments)? {
        let mark = marks.entry((one.unit, one.payment)).or_default();
        mark[1] += 1;
        mark[2] += one.revision;
    }
    for (unit, payment, answered) in requests_of(conn, &payments)? {
        let mark = marks.entry((unit, payment)).or_default();
        mark[3] += 1;
        mark[4] += i64::from(answered.is_some());
    }
    let mut found: HashMap<Key, String> = HashMap::new();
    for (unit, obligation, payment) in pairs {
        if let Some(mark) = marks.get(&(unit, payment)) {
            let text = found.entry((unit, obligation)).or_default();
            text.push_str(&format!(".{}", mark.map(|one| one.to_string()).join("-")));
        }
    }
    Ok(found)
}

/// As `payment_query::payments_for` finds them for one.
fn payments_of(conn: &mut Conn, keys: &[Key]) -> Result<BTreeSet<Pair>> {
    type Sql = (BigInt, BigInt, BigInt);
    let by = |key: &'static str| {
        [
            ("unit_id", Column::of(keys.iter().map(|(unit, _)| *unit))),
            (key, Column::of(keys.iter().map(|(_, id)| *id))),
        ]
    };
    let lie = "SELECT t.unit_id, t.obligation_id, t.payment_id FROM allocation t";
    let made = "SELECT t.unit_id, t.obligation_id, t.id FROM payment t";
    let rest = "AND t.to_obligations = 0";
    let lying: Vec<Pair> = rows::fetch::<Sql, _>(conn, lie, &by("obligation_id"), "", Lock::None)?;
    let made: Vec<Pair> = rows::fetch::<Sql, _>(conn, made, &by("obligation_id"), rest, Lock::None)?;
    Ok(lying.into_iter().chain(made).collect())
}

type Request = (UnitId, PaymentId, Option<RefundRequestId>);

/// The payer's wishes for payments, each with whether it was answered.
fn requests_of(conn: &mut Conn, payments: &[(UnitId, PaymentId)]) -> Result<Vec<Request>> {
    rows::fetch::<(BigInt, BigInt, Nullable<BigInt>), _>(
        conn,
        "SELECT t.unit_id, t.payment_id, (SELECT a.request_id FROM refund_answer a WHERE a.unit_id = t.unit_id \
         AND a.request_id = t.id) FROM refund_request t",
        &[
            ("unit_id", Column::of(payments.iter().map(|(unit, _)| *unit))),
            ("payment_id", Column::of(payments.iter().map(|(_, id)| *id))),
        ],
        "",
        Lock::None,
    )
}
