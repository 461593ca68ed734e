//! The SQL of the archive of events.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::archived::{COUNTED, Event, Health, Made};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{ClaimId, KeyId, MovementId, RawEventId, UnitId, first_minted_at};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::{raw_event, unit};

/// How far back a channel's last event is looked for.
const LAST_DAYS: i64 = 30;
const DAY_S: i64 = 86_400;

#[derive(QueryableByName)]
struct Listed {
    #[diesel(sql_type = BigInt)]
    unit_id: UnitId,
    #[diesel(sql_type = BigInt)]
    id: RawEventId,
    #[diesel(sql_type = Text)]
    channel: String,
    #[diesel(sql_type = Text)]
    sha256: String,
    #[diesel(sql_type = BigInt)]
    received_at: Instant,
}

/// The units that a list is limited to; None for all.
fn limited(scope: &Scope) -> Option<Vec<i64>> {
    match scope {
        Scope::All => None,
        Scope::Units(units) => Some(units.iter().map(|unit| unit.0).collect()),
    }
}

/// `AND e.unit_id IN (…)`, of numbers and therefore safe; nothing for all units.
fn in_scope(scope: &Scope) -> String {
    match limited(scope) {
        None => String::new(),
        Some(units) => {
            let units: Vec<String> = units.iter().map(i64::to_string).collect();
            format!(
                "AND e.unit_id IN ({})",
                if units.is_empty() { "-1".to_owned() } else { units.join(", ") }
            )
        }
    }
}

pub fn list(
    conn: &mut Conn,
    scope: &Scope,
    (day, before): (BusinessDay, Option<RawEventId>),
    channel: Option<&str>,
    limit: i64,
) -> Result<Vec<Event>> {
    let text = format!(
        "SELECT e.unit_id, e.id, e.channel, e.sha256, e.received_at FROM raw_event e CROSS JOIN unit u \
         WHERE u.unit_id = e.unit_id AND e.id >= $1 AND e.id < $2 AND ($3 = '' OR e.channel = $3) {} \
         ORDER BY e.id DESC LIMIT $4",
        in_scope(scope)
    );
    let end = first_minted_at(day.next().start());
    let found: Vec<Listed> = diesel::sql_query(text)
        .bind::<BigInt, _>(first_minted_at(day.start()))
        .bind::<BigInt, _>(before.map_or(end, |before| before.0.min(end)))
        .bind::<Text, _>(channel.unwrap_or_default())
        .bind::<BigInt, _>(limit)
        .load(conn)
        .classify()?;
    let ids: Vec<RawEventId> = found.iter().map(|event| event.id).collect();
    let claims = claims(conn, &found)?;
    let parked = parked(conn, &ids)?;
    let event = |one: Listed| Event {
        unit: one.unit_id,
        claim: claims.get(&one.id).copied(),
        parked: parked.get(&one.id).cloned(),
        id: one.id,
        channel: one.channel,
        sha256: one.sha256,
        received_at: one.received_at,
    };
    Ok(found.into_iter().map(event).collect())
}

/// One event with its claims.
pub fn one(conn: &mut Conn, scope: &Scope, id: RawEventId) -> Result<Option<(Event, Vec<Made>)>> {
    // Over the units, so that each look is by the whole key.
    let text = format!(
        "SELECT e.unit_id, e.id, e.channel, e.sha256, e.received_at FROM raw_event e CROSS JOIN unit u \
         WHERE u.unit_id = e.unit_id AND e.id = $1 {}",
        in_scope(scope)
    );
    let found: Vec<Listed> = diesel::sql_query(text).bind::<BigInt, _>(id).load(conn).classify()?;
    let Some(listed) = found.into_iter().next() else { return Ok(None) };
    let made = made(conn, &listed)?;
    let event = Event {
        unit: listed.unit_id,
        claim: made.first().map(|one| one.id),
        parked: parked(conn, &[listed.id])?.remove(&listed.id),
        id: listed.id,
        channel: listed.channel,
        sha256: listed.sha256,
        received_at: listed.received_at,
    };
    Ok(Some((event, made)))
}

fn made(conn: &mut Conn, event: &Listed) -> Result<Vec<Made>> {
    use crate::store::schema::claim;
    let found: Vec<(ClaimId, MovementId, String, String, Dong)> = claim::table
        .filter(claim::unit_id.eq(event.unit_id))
        .filter(claim::id.gt(ClaimId(event.id.0)).and(claim::id.le(ClaimId(event.id.0 + near()))))
        .filter(claim::raw_event_id.eq(event.id))
        .order(claim::id)
        .select((claim::id, claim::movement_id, claim::external_id, claim::code, claim::amount))
        .load(conn)
        .classify()?;
    let made = |(id, movement, external_id, code, amount)| Made { id, movement, external_id, code, amount };
    Ok(found.into_iter().map(made).collect())
}

/// A claim's id is minted right behind its event's, by the same generator: it lies this near.
const NEAR_S: i64 = 10;

/// The same as a distance of ids.
fn near() -> i64 {
    let any = Instant::from_ms(i64::from(u32::MAX) * 1_000);
    first_minted_at(any.plus_seconds(NEAR_S)) - first_minted_at(any)
}

/// The claim of each event. Each look goes forward from the event and stops at its claim, which is among the next
/// few: how many claims a busy minute has does not matter.
fn claims(conn: &mut Conn, events: &[Listed]) -> Result<BTreeMap<RawEventId, ClaimId>> {
    let found: Vec<(RawEventId, Option<ClaimId>)> = rows::fetch::<(BigInt, Nullable<BigInt>), _>(
        conn,
        &format!(
            "SELECT t.id, (SELECT c.id FROM claim c WHERE +c.unit_id = t.unit_id AND c.id > t.id \
             AND c.id <= t.id + {} AND c.raw_event_id = t.id ORDER BY c.id LIMIT 1) FROM raw_event t",
            near()
        ),
        &[
            ("unit_id", Column::of(events.iter().map(|event| event.unit_id))),
            ("id", Column::of(events.iter().map(|event| event.id))),
        ],
        "",
        Lock::None,
    )?;
    Ok(found.into_iter().filter_map(|(event, claim)| Some((event, claim?))).collect())
}

fn parked(conn: &mut Conn, ids: &[RawEventId]) -> Result<BTreeMap<RawEventId, String>> {
    use crate::store::schema::parked_claim;
    let found: Vec<(RawEventId, String)> = parked_claim::table
        .filter(parked_claim::unit_id.eq(UnitId::CITY))
        .filter(parked_claim::state.eq("parked"))
        .filter(parked_claim::raw_event_id.eq_any(ids))
        .select((parked_claim::raw_event_id, parked_claim::code))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().collect())
}

/// An event with its encrypted body.
pub struct Stored {
    pub unit: UnitId,
    pub channel: String,
    pub key: KeyId,
    pub cipher: Vec<u8>,
    pub received_at: Instant,
}

pub fn find(conn: &mut Conn, scope: &Scope, id: RawEventId) -> Result<Option<Stored>> {
    // Over the units, so that each look is by the whole key.
    let mut asked = unit::table
        .inner_join(raw_event::table.on(raw_event::unit_id.eq(unit::unit_id)))
        .filter(raw_event::id.eq(id))
        .select((
            raw_event::unit_id,
            raw_event::channel,
            raw_event::key_id,
            raw_event::cipher,
            raw_event::received_at,
        ))
        .into_boxed();
    if let Some(units) = limited(scope) {
        asked = asked.filter(raw_event::unit_id.eq_any(units));
    }
    type Columns = (UnitId, String, KeyId, Vec<u8>, Instant);
    let found: Option<Columns> = asked.first(conn).optional().classify()?;
    Ok(found.map(|(unit, channel, key, cipher, received_at)| Stored {
        unit,
        channel,
        key,
        cipher,
        received_at,
    }))
}

#[derive(QueryableByName)]
struct Last {
    #[diesel(sql_type = Text)]
    channel: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    last_at: Option<Instant>,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    channel: String,
}

/// The channels that told of something since an instant.
fn told(conn: &mut Conn, scope: &Scope, since: Instant) -> Result<Vec<String>> {
    if *scope != Scope::All {
        // A few units' own: the events of these days, by their keys.
        let found: Vec<Named> = diesel::sql_query(format!(
            "SELECT DISTINCT e.channel FROM raw_event e WHERE e.id >= $1 {}",
            in_scope(scope)
        ))
        .bind::<BigInt, _>(first_minted_at(since))
        .load(conn)
        .classify()?;
        return Ok(found.into_iter().map(|one| one.channel).collect());
    }
    let mut lately = Vec::new();
    let mut last = String::new();
    // From one name to the next, not over all events.
    while let Some(next) = channel_after(conn, &last)? {
        if last_at(conn, scope, &next, since)?.is_some() {
            lately.push(next.clone());
        }
        last = next;
    }
    Ok(lately)
}

fn channel_after(conn: &mut Conn, name: &str) -> Result<Option<String>> {
    let found: Vec<Named> = diesel::sql_query(
        "SELECT e.channel FROM raw_event e WHERE e.channel > $1 ORDER BY e.channel LIMIT 1",
    )
    .bind::<Text, _>(name)
    .load(conn)
    .classify()?;
    Ok(found.into_iter().next().map(|one| one.channel))
}

/// Events that are looked at for the one that came last: one that was read again is archived anew, with the time at
/// which it came, and is not the channel's last word.
const LAST_LOOKED_AT: i64 = 50;

/// The newest event of a channel, if it came since an instant.
fn last_at(conn: &mut Conn, scope: &Scope, channel: &str, since: Instant) -> Result<Option<Instant>> {
    let found: Vec<Last> = diesel::sql_query(format!(
        "SELECT s.channel, MAX(s.received_at) AS last_at, CAST(0 AS BIGINT) AS n FROM \
         (SELECT e.channel, e.received_at FROM raw_event e WHERE e.channel = $1 AND e.id >= $2 {} \
         ORDER BY e.id DESC LIMIT $3) AS s GROUP BY s.channel",
        in_scope(scope)
    ))
    .bind::<Text, _>(channel)
    .bind::<BigInt, _>(first_minted_at(since))
    .bind::<BigInt, _>(LAST_LOOKED_AT)
    .load(conn)
    .classify()?;
    Ok(found.into_iter().next().and_then(|last| last.last_at))
}

/// How many events a channel told of since an instant, counted no further than one beyond `COUNTED`.
fn counted_since(conn: &mut Conn, scope: &Scope, channel: &str, since: Instant) -> Result<i64> {
    let counted: Count = diesel::sql_query(format!(
        "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT e.id FROM raw_event e \
         WHERE e.channel = $1 AND e.id >= $2 {} LIMIT $3) AS told",
        in_scope(scope)
    ))
    .bind::<Text, _>(channel)
    .bind::<BigInt, _>(first_minted_at(since))
    .bind::<BigInt, _>(COUNTED + 1)
    .get_result(conn)
    .classify()?;
    Ok(counted.n)
}

pub fn health(conn: &mut Conn, scope: &Scope, names: &[&str], now: Instant) -> Result<Vec<Health>> {
    let mut found: BTreeMap<String, Health> = BTreeMap::new();
    for name in names {
        found.insert((*name).to_owned(), Health { channel: (*name).to_owned(), ..Health::default() });
    }
    let day_ago = now.minus_seconds(DAY_S);
    for name in told(conn, scope, day_ago)? {
        found.insert(name.clone(), Health { channel: name, ..Health::default() });
    }
    for health in found.values_mut() {
        health.last_at = last_at(conn, scope, &health.channel, now.minus_seconds(LAST_DAYS * DAY_S))?;
        if health.last_at.is_some_and(|at| at >= day_ago) {
            health.day_count = counted_since(conn, scope, &health.channel, day_ago)?;
        }
    }
    // What was refused or waits names no unit yet, so that it is the city's: others are told nothing of it.
    if *scope != Scope::All {
        return Ok(found.into_values().collect());
    }
    let refused = ("refused_event WHERE received_at >= $1", day_ago);
    let parked = ("parked_claim WHERE state = 'parked' AND created_at >= $1", Instant(0));
    for health in found.values_mut() {
        (health.refused_day_count, health.parked_count) = (Some(0), Some(0));
    }
    for (index, (table, since)) in [refused, parked].into_iter().enumerate() {
        let counted: Vec<Last> = diesel::sql_query(format!(
            "SELECT channel, CAST(NULL AS BIGINT) AS last_at, CAST(COUNT(*) AS BIGINT) AS n FROM {table} GROUP BY channel"
        ))
        .bind::<BigInt, _>(since)
        .load(conn)
        .classify()?;
        for one in counted {
            let health = found.entry(one.channel.clone()).or_default();
            health.channel = one.channel;
            *(if index == 0 { &mut health.refused_day_count } else { &mut health.parked_count }) =
                Some(one.n);
        }
    }
    Ok(found.into_values().collect())
}
