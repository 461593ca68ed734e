//! The SQL of the archive of events.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::archived::{Event, Health, Made};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{ClaimId, KeyId, MovementId, RawEventId, UnitId, first_minted_at};
use crate::store::Conn;
use crate::store::failure::Classify;
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
    let around =
        |seconds: i64| ClaimId(first_minted_at(crate::id::minted_at(event.id.0).plus_seconds(seconds)));
    let found: Vec<(ClaimId, MovementId, String, String, Dong)> = claim::table
        .filter(claim::unit_id.eq(event.unit_id))
        .filter(claim::id.ge(around(-NEAR_S)).and(claim::id.le(around(NEAR_S))))
        .filter(claim::raw_event_id.eq(event.id))
        .order(claim::id)
        .select((claim::id, claim::movement_id, claim::external_id, claim::code, claim::amount))
        .load(conn)
        .classify()?;
    let made = |(id, movement, external_id, code, amount)| Made { id, movement, external_id, code, amount };
    Ok(found.into_iter().map(made).collect())
}

/// Claims are made in the transaction of their event, by the same generator: their ids lie near.
const NEAR_S: i64 = 60;

fn claims(conn: &mut Conn, events: &[Listed]) -> Result<BTreeMap<RawEventId, ClaimId>> {
    use crate::store::schema::claim;
    let (Some(first), Some(last)) =
        (events.iter().map(|event| event.id).min(), events.iter().map(|event| event.id).max())
    else {
        return Ok(BTreeMap::new());
    };
    let around = |id: RawEventId, seconds: i64| {
        ClaimId(first_minted_at(crate::id::minted_at(id.0).plus_seconds(seconds)))
    };
    let units: Vec<UnitId> = events.iter().map(|event| event.unit_id).collect();
    let ids: Vec<RawEventId> = events.iter().map(|event| event.id).collect();
    let found: Vec<(RawEventId, ClaimId)> = claim::table
        .filter(claim::unit_id.eq_any(units))
        .filter(claim::id.ge(around(first, -NEAR_S)).and(claim::id.le(around(last, NEAR_S))))
        .filter(claim::raw_event_id.eq_any(ids))
        .select((claim::raw_event_id, claim::id))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().collect())
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

pub fn health(conn: &mut Conn, scope: &Scope, names: &[&str], now: Instant) -> Result<Vec<Health>> {
    let mut found: BTreeMap<String, Health> = BTreeMap::new();
    for name in names {
        found.insert((*name).to_owned(), Health { channel: (*name).to_owned(), ..Health::default() });
    }
    let day_ago = now.minus_seconds(DAY_S);
    let counted: Vec<Last> = diesel::sql_query(format!(
        "SELECT e.channel, MAX(e.received_at) AS last_at, CAST(COUNT(*) AS BIGINT) AS n FROM raw_event e \
         CROSS JOIN unit u WHERE u.unit_id = e.unit_id AND e.id >= $1 {} GROUP BY e.channel",
        in_scope(scope)
    ))
    .bind::<BigInt, _>(first_minted_at(day_ago))
    .load(conn)
    .classify()?;
    for one in counted {
        let health = found.entry(one.channel.clone()).or_default();
        (health.channel, health.last_at, health.day_count) = (one.channel, one.last_at, one.n);
    }
    // Only of those that were silent for a day is the last event looked for.
    for health in found.values_mut().filter(|health| health.last_at.is_none()) {
        let last: Vec<Last> = diesel::sql_query(format!(
            "SELECT e.channel, e.received_at AS last_at, CAST(0 AS BIGINT) AS n FROM raw_event e CROSS JOIN unit u \
             WHERE u.unit_id = e.unit_id AND e.id >= $1 AND e.channel = $2 {} ORDER BY e.id DESC LIMIT 1",
            in_scope(scope)
        ))
        .bind::<BigInt, _>(first_minted_at(now.minus_seconds(LAST_DAYS * DAY_S)))
        .bind::<Text, _>(&health.channel)
        .load(conn)
        .classify()?;
        health.last_at = last.into_iter().next().and_then(|last| last.last_at);
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
