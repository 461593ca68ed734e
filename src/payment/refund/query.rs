//! The refunds' SQL.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::{Refund, State};
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::*;
use crate::store::failure::Classify;
use crate::store::page::Page;
use crate::store::past::PastEvent;
use crate::store::rows::{self, Cell, Column, Lock};
use crate::store::schema::{refund, refund_event, refund_payee};
use crate::store::{Conn, Tx};
use crate::unit::account;

crate::table_row! {
    pub struct RefundRow in "refund" {
        pub unit_id: UnitId,
        pub id: RefundId,
        pub payment_id: PaymentId,
        pub account_id: AccountId,
        pub amount: Dong,
        pub reference_code: String,
        pub reason: String,
        pub correction_id: Option<CorrectionId>,
        pub maker_person_id: PersonId,
        pub created_at: Instant,
        pub state: &'static str,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct EventRow in "refund_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub refund_id: RefundId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub person_id: Option<PersonId>,
        pub line_id: Option<LineId>,
        pub reason: Option<String>,
        pub at: Instant,
    }
}

crate::table_row! {
    pub struct PayeeRow in "refund_payee" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub refund_id: RefundId,
        pub key_id: KeyId,
        pub cipher: Vec<u8>,
        pub person_id: PersonId,
        pub created_at: Instant,
    }
}

type Sql = (
    (BigInt, BigInt, BigInt, BigInt, BigInt),
    (Text, Text, Nullable<BigInt>, BigInt, Nullable<BigInt>),
    (BigInt, Text, BigInt),
);
type Parts = (
    (UnitId, RefundId, PaymentId, AccountId, Dong),
    (String, String, Option<CorrectionId>, PersonId, Option<PersonId>),
    (Instant, String, i64),
);

const SELECT: &str = "SELECT t.unit_id, t.id, t.payment_id, t.account_id, t.amount, t.reference_code, t.reason, \
     t.correction_id, t.maker_person_id, t.checker_person_id, t.created_at, t.state, t.revision FROM refund t";

fn refund_of((place, why, now): Parts) -> Result<Refund> {
    Ok(Refund {
        unit: place.0,
        id: place.1,
        payment: place.2,
        account: place.3,
        amount: place.4,
        reference_code: why.0,
        reason: why.1,
        correction: why.2,
        maker: why.3,
        checker: why.4,
        created_at: now.0,
        state: State::stored(&now.1)?,
        revision: now.2,
    })
}

fn by<I: Cell + Copy>(conn: &mut Conn, key: &str, ids: &[(UnitId, I)]) -> Result<Vec<Refund>> {
    let keys = rows::unit_keys(key, ids);
    let found: Vec<Parts> = rows::fetch::<Sql, _>(conn, SELECT, &keys, "", Lock::None)?;
    let mut found: Vec<Refund> = found.into_iter().map(refund_of).collect::<Result<_>>()?;
    found.sort_by_key(|refund| (refund.unit, refund.id));
    Ok(found)
}

pub fn by_ids(conn: &mut Conn, ids: &[(UnitId, RefundId)]) -> Result<Vec<Refund>> {
    by(conn, "id", ids)
}

pub fn of_payments(conn: &mut Conn, ids: &[(UnitId, PaymentId)]) -> Result<Vec<Refund>> {
    by(conn, "payment_id", ids)
}

/// The refunds behind reference codes; other codes are left out.
pub fn by_codes(conn: &mut Conn, codes: &[String]) -> Result<Vec<Refund>> {
    let found = account::by_codes(conn, codes, account::KIND_REFUND)?;
    let ids: Vec<(UnitId, RefundId)> = found.into_iter().map(|(_, unit, id)| (unit, RefundId(id))).collect();
    by_ids(conn, &ids)
}

/// Refunds of a unit, newest first.
pub fn page(
    conn: &mut Conn,
    unit: UnitId,
    state: Option<State>,
    page: impl Into<Page>,
) -> Result<Vec<Refund>> {
    let ids: Vec<RefundId> =
        crate::newest_of!(refund, unit, page, state).select(refund::id).load(conn).classify()?;
    let mut found = by_ids(conn, &ids.into_iter().map(|id| (unit, id)).collect::<Vec<_>>())?;
    found.reverse();
    Ok(found)
}

/// Refunds of several units in one of these states, the newest first, below an id.
pub fn over(
    conn: &mut Conn,
    units: &[UnitId],
    states: &[State],
    below: RefundId,
    limit: i64,
) -> Result<Vec<Refund>> {
    let states: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    let ids: Vec<(UnitId, RefundId)> = refund::table
        .filter(refund::unit_id.eq_any(units.to_vec()))
        .filter(refund::state.eq_any(states))
        .filter(refund::id.lt(below))
        .order(refund::id.desc())
        .limit(limit)
        .select((refund::unit_id, refund::id))
        .load(conn)
        .classify()?;
    let mut found = by_ids(conn, &ids)?;
    found.sort_unstable_by_key(|one| std::cmp::Reverse(one.id));
    Ok(found)
}

/// Refunds of an account that were sent before an instant and that no line shows.
pub fn overdue(conn: &mut Conn, unit: UnitId, account: AccountId, before: Instant) -> Result<Vec<Refund>> {
    let ids: Vec<RefundId> = refund::table
        .inner_join(
            refund_event::table
                .on(refund_event::unit_id.eq(refund::unit_id).and(refund_event::refund_id.eq(refund::id))),
        )
        .filter(refund::unit_id.eq(unit))
        .filter(refund::account_id.eq(account))
        .filter(refund::state.eq("sent"))
        .filter(refund_event::revision.eq(refund::revision))
        .filter(refund_event::at.lt(before))
        .order(refund::id)
        .select(refund::id)
        .load(conn)
        .classify()?;
    by_ids(conn, &ids.into_iter().map(|id| (unit, id)).collect::<Vec<_>>())
}

/// The refunds that a line showed leaving last and that did not come back since.
pub fn debited_by(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<Vec<Refund>> {
    let ids: Vec<RefundId> = refund_event::table
        .filter(refund_event::unit_id.eq(unit))
        .filter(refund_event::line_id.eq(line))
        .filter(refund_event::state.eq("debited"))
        .select(refund_event::refund_id)
        .load(conn)
        .classify()?;
    let mut found = by_ids(conn, &ids.into_iter().map(|id| (unit, id)).collect::<Vec<_>>())?;
    found.retain(|refund| refund.state == State::Debited);
    let mut standing = Vec::with_capacity(found.len());
    for refund in found {
        // What persons took off it, another line may have shown since.
        if debits(conn, unit, refund.id)?.pop().is_some_and(|(last, ..)| last == line) {
            standing.push(refund);
        }
    }
    Ok(standing)
}

/// A line that showed a refund leaving: the kind of its event, and when that was noted.
pub type Debited = (LineId, String, Instant);

/// All of a refund, oldest first.
pub fn debits(conn: &mut Conn, unit: UnitId, id: RefundId) -> Result<Vec<Debited>> {
    let found: Vec<(Option<LineId>, String, Instant)> = refund_event::table
        .filter(refund_event::unit_id.eq(unit))
        .filter(refund_event::refund_id.eq(id))
        .filter(refund_event::state.eq("debited"))
        .order(refund_event::revision)
        .select((refund_event::line_id, refund_event::kind, refund_event::at))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().filter_map(|(line, kind, at)| Some((line?, kind, at))).collect())
}

/// Whether the line that showed a refund leaving last took less than it asked for.
pub fn was_debited_short(conn: &mut Conn, unit: UnitId, id: RefundId) -> Result<bool> {
    Ok(debits(conn, unit, id)?.pop().is_some_and(|(_, kind, _)| kind == "debited_short"))
}

/// Stores a refund's next revision; the row must be the one that was read.
pub fn store(tx: &mut Tx<'_>, changed: &Refund) -> Result<()> {
    rows::advance(
        tx,
        "refund",
        (changed.unit, changed.id),
        changed.revision,
        vec![
            ("state", Column::of([changed.state.as_str()])),
            ("checker_person_id", Column::of([changed.checker])),
        ],
    )
}

/// The newest payee: who named it, and how it is encrypted.
pub fn payee(
    conn: &mut Conn,
    unit: UnitId,
    id: RefundId,
) -> Result<Option<(EventId, KeyId, Vec<u8>, PersonId)>> {
    refund_payee::table
        .filter(refund_payee::unit_id.eq(unit))
        .filter(refund_payee::refund_id.eq(id))
        .order(refund_payee::id.desc())
        .select((refund_payee::id, refund_payee::key_id, refund_payee::cipher, refund_payee::person_id))
        .first(conn)
        .optional()
        .classify()
}

/// The steps of a refund's life.
pub fn events(conn: &mut Conn, unit: UnitId, id: RefundId) -> Result<Vec<PastEvent>> {
    crate::past_events!(conn, refund_event, unit, refund_id = id)
}

/// The unit of a refund within a scope: ids do not tell their unit.
pub fn unit_of(conn: &mut Conn, scope: &crate::actor::Scope, id: RefundId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, refund, id)
}

/// The unit of a payment within a scope.
pub fn unit_of_payment(
    conn: &mut Conn,
    scope: &crate::actor::Scope,
    id: PaymentId,
) -> Result<Option<UnitId>> {
    use crate::store::schema::payment;
    crate::unit_in_scope!(conn, scope, payment, id)
}
