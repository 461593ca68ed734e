//! The payments' SQL.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};

use super::movement::{Movement, State};
use super::{Direction, book::Payment, split_query};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
pub use crate::shift::query::first_open_day;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock, Update};
use crate::store::schema::{claim, day, movement, parked_claim};
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct RawEventRow in "raw_event" {
        pub unit_id: UnitId,
        pub id: RawEventId,
        pub channel: String,
        pub key_id: KeyId,
        pub cipher: Vec<u8>,
        pub sha256: String,
        pub received_at: Instant,
    }
}

crate::table_row! {
    pub struct MovementRow in "movement" {
        pub unit_id: UnitId,
        pub id: MovementId,
        pub account_id: AccountId,
        pub direction: &'static str,
        pub amount: Dong,
        pub code: String,
        pub first_seen_on: BusinessDay,
        pub created_at: Instant,
        pub proven: Dong,
        pub claimed_by: String,
        pub payment_id: Option<PaymentId>,
        pub state: &'static str,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct MovementKeyRow in "movement_key" {
        pub unit_id: UnitId,
        pub key: String,
        pub movement_id: MovementId,
    }
}

crate::table_row! {
    pub struct ProviderKeyRow in "provider_key" {
        pub channel: String,
        pub external_id: String,
        pub unit_id: UnitId,
        pub claim_id: ClaimId,
        pub movement_id: MovementId,
    }
}

crate::table_row! {
    pub struct ClaimRow in "claim" {
        pub unit_id: UnitId,
        pub id: ClaimId,
        pub movement_id: MovementId,
        pub channel: String,
        pub external_id: String,
        pub raw_event_id: RawEventId,
        pub account_id: AccountId,
        pub direction: &'static str,
        pub amount: Dong,
        pub code: String,
        pub bank_reference: Option<String>,
        pub trust: &'static str,
        pub possible_duplicate: bool,
        pub occurred_at: Option<Instant>,
        pub created_at: Instant,
    }
}

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

crate::table_row! {
    pub struct ExposureRow in "channel_exposure" {
        pub unit_id: UnitId,
        pub account_id: AccountId,
        pub channel: String,
        pub unproven: Dong,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct ParkedRow in "parked_claim" {
        pub unit_id: UnitId,
        pub id: ClaimId,
        pub channel: String,
        pub external_id: String,
        pub raw_event_id: RawEventId,
        pub code: String,
        pub created_at: Instant,
        pub state: &'static str,
        pub revision: i64,
    }
}

/// Locks the bank accounts in key order: the first lock of every money transaction.
pub fn lock_accounts(tx: &mut Tx<'_>, accounts: &[(UnitId, AccountId)]) -> Result<()> {
    let keys = [
        ("unit_id", Column::of(accounts.iter().map(|(unit, _)| *unit))),
        ("id", Column::of(accounts.iter().map(|(_, id)| *id))),
    ];
    if matches!(**tx, Conn::Sqlite(_)) {
        return Ok(()); // One writer: there is nobody to wait for.
    }
    let _: Vec<i64> =
        rows::fetch::<BigInt, _>(tx, "SELECT t.id FROM bank_account t", &keys, "", Lock::Update)?;
    Ok(())
}

/// Accounts by directory code: (code, unit, account).
pub fn accounts_by_code(conn: &mut Conn, codes: &[String]) -> Result<Vec<(String, UnitId, AccountId)>> {
    rows::fetch::<(Text, BigInt, BigInt), _>(
        conn,
        "SELECT t.code, t.unit_id, t.target_id FROM public_code t",
        &[("code", Column::of(codes.iter().cloned()))],
        "",
        Lock::None,
    )
}

/// What is known of a provider's key: the claim that used it first, and its movement.
pub type KnownKey = (String, String, UnitId, ClaimId, MovementId);

pub fn provider_keys(conn: &mut Conn, keys: &[(String, String)]) -> Result<Vec<KnownKey>> {
    rows::fetch::<(Text, Text, BigInt, BigInt, BigInt), _>(
        conn,
        "SELECT t.channel, t.external_id, t.unit_id, t.claim_id, t.movement_id FROM provider_key t",
        &[
            ("channel", Column::of(keys.iter().map(|(channel, _)| channel.clone()))),
            ("external_id", Column::of(keys.iter().map(|(_, id)| id.clone()))),
        ],
        "",
        Lock::None,
    )
}

/// (unit, claim, account, direction, amount, code) of claims, to compare a repeat with.
pub type StoredClaim = (UnitId, ClaimId, AccountId, String, Dong, String);

pub fn claims(conn: &mut Conn, ids: &[(UnitId, ClaimId)]) -> Result<Vec<StoredClaim>> {
    rows::fetch::<(BigInt, BigInt, BigInt, Text, BigInt, Text), _>(
        conn,
        "SELECT t.unit_id, t.id, t.account_id, t.direction, t.amount, t.code FROM claim t",
        &[
            ("unit_id", Column::of(ids.iter().map(|(unit, _)| *unit))),
            ("id", Column::of(ids.iter().map(|(_, id)| *id))),
        ],
        "",
        Lock::None,
    )
}

pub fn movement_keys(
    conn: &mut Conn,
    keys: &[(UnitId, String)],
) -> Result<Vec<(UnitId, String, MovementId)>> {
    rows::fetch::<(BigInt, Text, BigInt), _>(
        conn,
        "SELECT t.unit_id, t.key, t.movement_id FROM movement_key t",
        &[
            ("unit_id", Column::of(keys.iter().map(|(unit, _)| *unit))),
            ("key", Column::of(keys.iter().map(|(_, key)| key.clone()))),
        ],
        "",
        Lock::None,
    )
}

type MovementSql =
    (BigInt, BigInt, BigInt, Text, BigInt, Text, Date, BigInt, Text, Nullable<BigInt>, Text, BigInt);
type MovementStored = (
    UnitId,
    MovementId,
    AccountId,
    String,
    Dong,
    String,
    BusinessDay,
    Dong,
    String,
    Option<PaymentId>,
    String,
    i64,
);

const MOVEMENT: &str = "SELECT t.unit_id, t.id, t.account_id, t.direction, t.amount, t.code, t.first_seen_on, t.proven, \
     t.claimed_by, t.payment_id, t.state, t.revision FROM movement t";

fn movement_from(row: MovementStored) -> Movement {
    Movement {
        unit: row.0,
        id: row.1,
        account: row.2,
        direction: if row.3 == "debit" { Direction::Debit } else { Direction::Credit },
        amount: row.4,
        code: row.5,
        first_seen_on: row.6,
        proven: row.7,
        claimed_by: row.8,
        payment: row.9,
        state: State::parse(&row.10),
        revision: row.11,
    }
}

pub fn movements(conn: &mut Conn, ids: &[(UnitId, MovementId)]) -> Result<Vec<Movement>> {
    let found: Vec<MovementStored> = rows::fetch::<MovementSql, _>(
        conn,
        MOVEMENT,
        &[
            ("unit_id", Column::of(ids.iter().map(|(unit, _)| *unit))),
            ("id", Column::of(ids.iter().map(|(_, id)| *id))),
        ],
        "",
        Lock::None,
    )?;
    Ok(found.into_iter().map(movement_from).collect())
}

/// What two reports of one movement have in common when they share no key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Likeness {
    pub unit: UnitId,
    pub account: AccountId,
    pub direction: &'static str,
    pub code: String,
    pub amount: Dong,
}

/// Movements that could be the same money, first seen since `since`. One that was split is still what
/// its channel tells of.
pub fn alike(conn: &mut Conn, looks: &[Likeness], since: BusinessDay) -> Result<Vec<Movement>> {
    let found: Vec<MovementStored> = rows::fetch::<MovementSql, _>(
        conn,
        MOVEMENT,
        &[
            ("unit_id", Column::of(looks.iter().map(|look| look.unit))),
            ("account_id", Column::of(looks.iter().map(|look| look.account))),
            ("direction", Column::of(looks.iter().map(|look| look.direction))),
            ("code", Column::of(looks.iter().map(|look| look.code.clone()))),
            ("amount", Column::of(looks.iter().map(|look| look.amount))),
        ],
        &format!("AND t.first_seen_on >= '{since}'"),
        Lock::None,
    )?;
    // The states are looked at here: in SQL they would tempt SQLite to another, far worse index.
    let mut found: Vec<Movement> = found.into_iter().map(movement_from).collect();
    let cut = found.iter().filter(|one| one.is_cut()).map(|one| (one.unit, one.id)).collect::<Vec<_>>();
    let split = split_query::wholes(conn, &cut)?;
    found.retain(|one| one.is_live() || split.contains(&(one.unit, one.id)));
    Ok(found)
}

/// Movements of an account in one state, oldest first.
pub fn movements_in_state(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    state: State,
    limit: i64,
) -> Result<Vec<Movement>> {
    let ids: Vec<MovementId> = movement::table
        .filter(movement::unit_id.eq(unit))
        .filter(movement::account_id.eq(account))
        .filter(movement::state.eq(state.as_str()))
        .order((movement::first_seen_on, movement::id))
        .limit(limit)
        .select(movement::id)
        .load(conn)
        .classify()?;
    movements(conn, &ids.into_iter().map(|id| (unit, id)).collect::<Vec<_>>())
}

/// The channel and reference of each claim on a movement.
pub fn claims_of_movements(
    conn: &mut Conn,
    unit: UnitId,
    ids: &[MovementId],
) -> Result<Vec<(MovementId, String, String, Option<String>)>> {
    claim::table
        .filter(claim::unit_id.eq(unit))
        .filter(claim::movement_id.eq_any(ids.iter().map(|id| id.0).collect::<Vec<_>>()))
        .order(claim::id)
        .select((claim::movement_id, claim::channel, claim::external_id, claim::bank_reference))
        .load(conn)
        .classify()
}

/// Stores movements, each with the revision it was read at.
pub fn store_movements(tx: &mut Tx<'_>, changed: &[(&Movement, i64)]) -> Result<()> {
    rows::update(
        tx,
        Update {
            table: "movement",
            keys: vec![
                ("unit_id", Column::of(changed.iter().map(|(m, _)| m.unit))),
                ("id", Column::of(changed.iter().map(|(m, _)| m.id))),
            ],
            guard: vec![("revision", Column::of(changed.iter().map(|(_, read)| *read)))],
            sets: vec![
                ("proven", Column::of(changed.iter().map(|(m, _)| m.proven))),
                ("claimed_by", Column::of(changed.iter().map(|(m, _)| m.claimed_by.clone()))),
                ("payment_id", Column::of(changed.iter().map(|(m, _)| m.payment))),
                ("state", Column::of(changed.iter().map(|(m, _)| m.state.as_str()))),
                ("revision", Column::of(changed.iter().map(|(m, _)| m.revision))),
            ],
        },
    )
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
        method: super::book::Method::parse(&place.4),
        channel: place.5,
        amount: what.0,
        obligation: what.1,
        shift: what.2,
        debit_account: what.3,
        accounting_date: what.4,
        state: super::book::PaymentState::parse(&what.5),
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

fn fetch_payments(conn: &mut Conn, key: &str, ids: &[(UnitId, i64)], lock: Lock) -> Result<Vec<Payment>> {
    let keys = [
        ("unit_id", Column::of(ids.iter().map(|(unit, _)| *unit))),
        (key, Column::of(ids.iter().map(|(_, id)| *id))),
    ];
    let found: Vec<PaymentStored> = rows::fetch::<PaymentSql, _>(conn, PAYMENT, &keys, "", lock)?;
    Ok(found.into_iter().map(payment_from).collect())
}

pub fn payments(conn: &mut Conn, ids: &[(UnitId, PaymentId)]) -> Result<Vec<Payment>> {
    fetch_payments(conn, "id", &ids.iter().map(|(unit, id)| (*unit, id.0)).collect::<Vec<_>>(), Lock::None)
}

pub fn lock_payments(tx: &mut Tx<'_>, ids: &[(UnitId, PaymentId)]) -> Result<Vec<Payment>> {
    fetch_payments(tx, "id", &ids.iter().map(|(unit, id)| (*unit, id.0)).collect::<Vec<_>>(), Lock::Update)
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

/// (unproven, revision) by account and channel.
pub fn exposures(
    conn: &mut Conn,
    pairs: &[(UnitId, AccountId, String)],
) -> Result<HashMap<(UnitId, AccountId, String), (Dong, i64)>> {
    let found: Vec<(UnitId, AccountId, String, Dong, i64)> =
        rows::fetch::<(BigInt, BigInt, Text, BigInt, BigInt), _>(
            conn,
            "SELECT t.unit_id, t.account_id, t.channel, t.unproven, t.revision FROM channel_exposure t",
            &[
                ("unit_id", Column::of(pairs.iter().map(|(unit, _, _)| *unit))),
                ("account_id", Column::of(pairs.iter().map(|(_, account, _)| *account))),
                ("channel", Column::of(pairs.iter().map(|(_, _, channel)| channel.clone()))),
            ],
            "",
            Lock::None,
        )?;
    Ok(found
        .into_iter()
        .map(|(unit, account, channel, unproven, revision)| ((unit, account, channel), (unproven, revision)))
        .collect())
}

/// Closed days of the accounts on or after `from`.
pub fn closed_days(
    conn: &mut Conn,
    accounts: &[(UnitId, AccountId)],
    from: BusinessDay,
) -> Result<Vec<(UnitId, AccountId, BusinessDay)>> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let units: Vec<i64> = accounts.iter().map(|(unit, _)| unit.0).collect();
    day::table
        .filter(day::unit_id.eq_any(units))
        .filter(day::date.ge(from))
        .filter(day::state.eq("closed"))
        .select((day::unit_id, day::account_id, day::date))
        .load(conn)
        .classify()
}

/// Claims set aside that nobody has settled yet: (unit, claim, channel, raw event, revision).
pub fn parked(conn: &mut Conn, limit: i64) -> Result<Vec<(UnitId, ClaimId, String, RawEventId, i64)>> {
    parked_claim::table
        .filter(parked_claim::state.eq("parked"))
        .order(parked_claim::id)
        .limit(limit)
        .select((
            parked_claim::unit_id,
            parked_claim::id,
            parked_claim::channel,
            parked_claim::raw_event_id,
            parked_claim::revision,
        ))
        .load(conn)
        .classify()
}

/// The archived arrival of a parked claim.
pub fn parked_arrival(
    conn: &mut Conn,
    vault: &crate::store::vault::Vault,
    unit: UnitId,
    raw_event: RawEventId,
) -> Result<super::Arrival> {
    use crate::error::Error;
    use crate::store::schema::raw_event as archive;
    let (key_id, cipher): (KeyId, Vec<u8>) = archive::table
        .find((unit, raw_event))
        .select((archive::key_id, archive::cipher))
        .first(conn)
        .classify()?;
    let plain = vault.open(conn, unit, key_id, &super::settle::raw_context(raw_event), &cipher)?;
    let (claim, raw, received_at) =
        serde_json::from_slice(&plain).map_err(|error| Error::internal(error.to_string()))?;
    Ok(super::Arrival { claim, raw, received_at })
}

/// The claim parked under a provider's key.
pub fn parked_by_key(conn: &mut Conn, channel: &str, external_id: &str) -> Result<ClaimId> {
    parked_claim::table
        .filter(parked_claim::unit_id.eq(crate::unit::CITY))
        .filter(parked_claim::channel.eq(channel))
        .filter(parked_claim::external_id.eq(external_id))
        .select(parked_claim::id)
        .first(conn)
        .classify()
}

pub fn close_parked(tx: &mut Tx<'_>, unit: UnitId, claim: ClaimId, revision: i64) -> Result<()> {
    rows::update(
        tx,
        Update {
            table: "parked_claim",
            keys: vec![("unit_id", Column::of([unit])), ("id", Column::of([claim]))],
            guard: vec![("revision", Column::of([revision]))],
            sets: vec![("state", Column::of(["settled"])), ("revision", Column::of([revision + 1]))],
        },
    )
}

/// How much of a payment stands on each obligation now.
pub fn allocated_to(conn: &mut Conn, unit: UnitId, payment: PaymentId) -> Result<Vec<(ObligationId, Dong)>> {
    use crate::store::schema::allocation;
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
    let mut shares: std::collections::BTreeMap<ObligationId, i64> = std::collections::BTreeMap::new();
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

/// The oldest movement that is claimed and not yet proven, in all units: ids are minted in the
/// order of time.
pub fn oldest_expected(conn: &mut Conn) -> Result<Option<MovementId>> {
    movement::table
        .filter(movement::state.eq(State::Expected.as_str()))
        .order(movement::id)
        .select(movement::id)
        .first(conn)
        .optional()
        .classify()
}

/// Payments that ever had money on the obligation.
pub fn payments_on(conn: &mut Conn, unit: UnitId, obligation: ObligationId) -> Result<Vec<PaymentId>> {
    use crate::store::schema::allocation;
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
    use crate::store::schema::payment;
    let mut found = payments_on(conn, unit, obligation)?;
    let made: Vec<PaymentId> = payment::table
        .filter(payment::unit_id.eq(unit))
        .filter(payment::obligation_id.eq(obligation))
        // A literal, not a bind: SQLite uses the partial index only when the query repeats its condition.
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("payment.to_obligations = 0"))
        .select(payment::id)
        .load(conn)
        .classify()?;
    found.extend(made);
    found.sort();
    found.dedup();
    Ok(found)
}

/// The person at a shift's drawer.
pub fn cashier(conn: &mut Conn, unit: UnitId, id: ShiftId) -> Result<PersonId> {
    use crate::store::schema::shift;
    shift::table.find((unit, id)).select(shift::person_id).first(conn).classify()
}
