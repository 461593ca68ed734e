//! The SQL of claims set aside until they can be settled.

use diesel::prelude::*;

use super::Arrival;
use super::settle::raw_context;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Update};
use crate::store::schema::{parked_claim, raw_event};
use crate::store::vault::Vault;
use crate::store::{Conn, Tx};
use crate::unit::CITY;

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
    vault: &Vault,
    unit: UnitId,
    raw_event: RawEventId,
) -> Result<Arrival> {
    let (key_id, cipher): (KeyId, Vec<u8>) = raw_event::table
        .find((unit, raw_event))
        .select((raw_event::key_id, raw_event::cipher))
        .first(conn)
        .classify()?;
    let plain = vault.open(conn, unit, key_id, &raw_context(raw_event), &cipher)?;
    let (claim, raw, received_at) =
        serde_json::from_slice(&plain).map_err(|error| Error::internal(error.to_string()))?;
    Ok(Arrival { claim, raw, received_at })
}

/// The claim parked under a provider's key.
pub fn parked_by_key(conn: &mut Conn, channel: &str, external_id: &str) -> Result<ClaimId> {
    parked_claim::table
        .filter(parked_claim::unit_id.eq(CITY))
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
