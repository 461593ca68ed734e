//! The archive of what channels sent, as it was received: listed, and read again.
//!
//! Reading an event again is safe: a claim that was settled is known by the partner's id and changes
//! nothing, and one that never was is settled now, once.

use super::archived_query;
use super::channel::{Channel, Notice};
use super::claim::Claim;
use super::settle::{Arrival, raw_context};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{ClaimId, MovementId, RawEventId, UnitId};
use crate::store::{Conn, Stamp, Tx};

/// An archived event; its content stays encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub unit: UnitId,
    pub id: RawEventId,
    pub channel: String,
    pub sha256: String,
    pub received_at: Instant,
    /// What it was settled as; none for what named no movement, and for what waits.
    pub claim: Option<ClaimId>,
    /// Why it waits to be settled.
    pub parked: Option<String>,
}

/// Events of a channel's day are counted up to here, which is more than the city has; what is more is told as more.
pub const COUNTED: i64 = 100_000;

/// How a channel has been lately.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    pub channel: String,
    /// Its last event of the last 30 days.
    pub last_at: Option<Instant>,
    /// Events of the last 24 hours; one more than `COUNTED` stands for any number beyond it.
    pub day_count: i64,
    /// Of the whole city, for those who look after it; nobody knows whose a refused event is.
    pub refused_day_count: Option<i64>,
    pub parked_count: Option<i64>,
}

/// Who may look into the archive.
pub const READERS: [Role; 2] = [Role::Administrator, Role::Auditor];

/// Events of a day of the actor's units, the newest first, of one channel or of all, before an event.
///
/// # Errors
/// `role_not_allowed`.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    place: (BusinessDay, Option<RawEventId>),
    channel: Option<&str>,
    limit: i64,
) -> Result<Vec<Event>> {
    actor.require_role(&READERS)?;
    archived_query::list(conn, &actor.scope, place, channel, limit)
}

/// The configured channels and those that sent something, by name.
///
/// # Errors
/// `role_not_allowed`.
pub fn health(conn: &mut Conn, actor: &Actor, names: &[&str], now: Instant) -> Result<Vec<Health>> {
    actor.require_role(&READERS)?;
    archived_query::health(conn, &actor.scope, names, now)
}

/// A claim that an event made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub id: ClaimId,
    pub movement: MovementId,
    /// The partner's own id.
    pub external_id: String,
    pub code: String,
    pub amount: Dong,
}

/// One event of the actor's units with the claims it made; its content stays encrypted.
///
/// # Errors
/// `role_not_allowed`, `event_not_found`.
pub fn one(conn: &mut Conn, actor: &Actor, id: RawEventId) -> Result<(Event, Vec<Made>)> {
    actor.require_role(&READERS)?;
    archived_query::one(conn, &actor.scope, id)?.ok_or_else(not_found)
}

/// What came, as it came, with the unit it is kept at. Who asks writes down why (`privacy::file::looked`).
///
/// # Errors
/// `role_not_allowed`, `event_not_found`, `erased` when its year was erased.
pub fn opened(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    id: RawEventId,
) -> Result<(UnitId, Vec<u8>)> {
    actor.require_role(&[Role::Administrator])?;
    let stored = archived_query::find(tx, &actor.scope, id)?.ok_or_else(not_found)?;
    let plain = stamp.vault.open(tx, stored.unit, stored.key, &raw_context(id), &stored.cipher)?;
    // A parked one is archived with its claim; see `settler`.
    let parked: std::result::Result<(Claim, Vec<u8>, Instant), _> = serde_json::from_slice(&plain);
    Ok((stored.unit, parked.map_or(plain, |(_, raw, _)| raw)))
}

fn not_found() -> Error {
    Error::not_found("event_not_found", "no such event in your scope")
}

/// Reads an event again, to be given to the settler. The reading is recorded.
///
/// # Errors
/// `role_not_allowed`, `event_not_found`, `event_names_no_movement`, `channel_unknown` when the
/// channel is not configured any more.
pub fn reread(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    channels: &[std::sync::Arc<dyn Channel>],
    id: RawEventId,
) -> Result<Arrival> {
    actor.require_role(&[Role::Administrator])?;
    let stored = archived_query::find(tx, &actor.scope, id)?.ok_or_else(not_found)?;
    let plain = stamp.vault.open(tx, stored.unit, stored.key, &raw_context(id), &stored.cipher)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, stored.unit, "event.replayed", id)])?;
    // A parked one is archived with its claim; see `settler`.
    if let Ok((claim, raw, received_at)) = serde_json::from_slice(&plain) {
        return Ok(Arrival { claim, raw, received_at });
    }
    let channel = channels.iter().find(|channel| channel.name() == stored.channel);
    let channel = channel
        .ok_or_else(|| Error::conflict("channel_unknown", "the channel is not configured any more"))?;
    match channel.read_archived(&plain) {
        Ok(Notice::Claim(claim)) => Ok(Arrival { claim, raw: plain, received_at: stored.received_at }),
        _ => Err(Error::conflict("event_names_no_movement", "there is nothing to settle in it")),
    }
}
