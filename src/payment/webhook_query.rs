//! The SQL of channels' secrets. They stand at the city's unit.

use diesel::prelude::*;

use crate::clock::Instant;
use crate::error::Result;
use crate::id::{ChannelSecretId, KeyId, UnitId};
use crate::store::failure::Classify;
use crate::store::schema_desk::channel_secret as secret;
use crate::store::{Conn, Tx, rows};

crate::table_row! {
    pub struct SecretRow in "channel_secret" {
        pub unit_id: UnitId,
        pub id: ChannelSecretId,
        pub channel: String,
        pub fingerprint: String,
        pub key_id: Option<KeyId>,
        pub cipher: Option<Vec<u8>>,
        pub made_by: String,
        pub created_at: Instant,
    }
}

/// A secret as it is stored.
#[derive(Clone, Queryable)]
pub struct Stored {
    pub fingerprint: String,
    pub key: Option<KeyId>,
    pub cipher: Option<Vec<u8>>,
    pub created_at: Instant,
    pub used_at: Option<Instant>,
    pub revoked_at: Option<Instant>,
}

/// Everything on record of a channel, newest first.
pub fn of_channel(conn: &mut Conn, channel: &str) -> Result<Vec<Stored>> {
    secret::table
        .filter(secret::unit_id.eq(UnitId::CITY))
        .filter(secret::channel.eq(channel))
        .order(secret::id.desc())
        .select((
            secret::fingerprint,
            secret::key_id,
            secret::cipher,
            secret::created_at,
            secret::used_at,
            secret::revoked_at,
        ))
        .load(conn)
        .classify()
}

/// Whether the row is new: one of the same secret stays as it is.
pub fn insert(tx: &mut Tx<'_>, row: SecretRow) -> Result<bool> {
    Ok(rows::insert_if_absent(tx, &[row], &["unit_id", "channel", "fingerprint"])? == [true])
}

/// Whether it was not retired before.
pub fn retire(tx: &mut Tx<'_>, now: Instant, channel: &str, fingerprint: &str) -> Result<bool> {
    let one = secret::table
        .filter(secret::unit_id.eq(UnitId::CITY))
        .filter(secret::channel.eq(channel))
        .filter(secret::fingerprint.eq(fingerprint))
        .filter(secret::revoked_at.is_null());
    diesel::update(one).set(secret::revoked_at.eq(now)).execute(tx.conn()).classify().map(|count| count == 1)
}

pub fn used(tx: &mut Tx<'_>, now: Instant, channel: &str, fingerprint: &str) -> Result<()> {
    let one = secret::table
        .filter(secret::unit_id.eq(UnitId::CITY))
        .filter(secret::channel.eq(channel))
        .filter(secret::fingerprint.eq(fingerprint));
    diesel::update(one).set(secret::used_at.eq(now)).execute(tx.conn()).classify().map(|_| ())
}
