//! Authentic messages that name no movement are kept like every other: encrypted, as received.

use ring::digest::{SHA256, digest};

use super::query::RawEventRow;
use super::settle::raw_context;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::RawEventId;
use crate::store::{Stamp, Tx, rows};
use crate::text;
use crate::unit;

/// Stores the body of a message under the city, because it names no account of a unit.
pub fn archive(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    channel: &str,
    body: &[u8],
    received_at: Instant,
) -> Result<RawEventId> {
    let id: RawEventId = stamp.mint()?;
    let key = stamp.sealing_key(tx, unit::CITY)?;
    rows::insert(
        tx,
        &[RawEventRow {
            unit_id: unit::CITY,
            id,
            channel: channel.to_owned(),
            key_id: key.id,
            cipher: stamp.vault.seal(&key, &raw_context(id), body)?,
            sha256: text::hex(digest(&SHA256, body).as_ref()),
            received_at,
        }],
    )?;
    Ok(id)
}
