//! The SQL of claims, their keys and the raw events they came in; accounts and closed days.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
pub use crate::shift::query::first_open_day;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::{day, shift};
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
    pub struct ExposureRow in "channel_exposure" {
        pub unit_id: UnitId,
        pub account_id: AccountId,
        pub channel: String,
        pub unproven: Dong,
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
        &rows::unit_keys("id", ids),
        "",
        Lock::None,
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

/// The person at a shift's drawer.
pub fn cashier(conn: &mut Conn, unit: UnitId, id: ShiftId) -> Result<PersonId> {
    shift::table.find((unit, id)).select(shift::person_id).first(conn).classify()
}
