//! The ledger's SQL.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

use crate::actor::Scope;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::filing::rules::{RESEND_REJECTED, State, TELLING};
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::page::Page;
use crate::store::rows::{self, Column, KEYS_AT_ONCE, Lock};
use crate::store::schema::{transmission, transmission_event, transmission_reply};
use crate::store::scoped::listed;

crate::table_row! {
    pub struct TransmissionRow in "transmission" {
        pub unit_id: UnitId,
        pub id: TransmissionId,
        pub filing_id: FilingId,
        pub message_code: String,
        pub kind: i32,
        pub payload: Vec<u8>,
        pub payload_sha256: String,
        pub created_at: Instant,
        pub state: &'static str,
        pub attempts: i32,
        pub run_at: Instant,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct EventRow in "transmission_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub transmission_id: TransmissionId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub detail: String,
        pub at: Instant,
    }
}

crate::table_row! {
    pub struct ReplyRow in "transmission_reply" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub transmission_id: TransmissionId,
        pub message_code: String,
        pub kind: i32,
        pub verdict: &'static str,
        pub faults: String,
        pub raw: Vec<u8>,
        pub raw_sha256: String,
        pub received_at: Instant,
    }
}

/// A message without its bytes.
#[derive(Clone, Debug)]
pub struct Message {
    pub unit: UnitId,
    pub id: TransmissionId,
    pub filing: FilingId,
    pub message_code: String,
    pub kind: i32,
    pub created_at: Instant,
    pub state: State,
    pub attempts: i32,
    pub run_at: Instant,
    pub revision: i64,
}

type Columns = (UnitId, TransmissionId, FilingId, String, i32, Instant, String, i32, Instant, i64);

fn from_columns(row: Columns) -> Result<Message> {
    let (unit, id, filing, message_code, kind, created_at, state, attempts, run_at, revision) = row;
    let state = State::ALL
        .into_iter()
        .find(|known| known.as_str() == state)
        .ok_or_else(|| Error::internal(format!("a transmission in state {state}")))?;
    Ok(Message { unit, id, filing, message_code, kind, created_at, state, attempts, run_at, revision })
}

macro_rules! columns {
    () => {
        (
            transmission::unit_id,
            transmission::id,
            transmission::filing_id,
            transmission::message_code,
            transmission::kind,
            transmission::created_at,
            transmission::state,
            transmission::attempts,
            transmission::run_at,
            transmission::revision,
        )
    };
}

/// Each unit's oldest message that is not with the authority yet: the only one of the unit that may
/// be sent now.
pub fn heads(conn: &mut Conn) -> Result<Vec<Message>> {
    let waiting = [State::Queued, State::Sending, State::Unknown].map(State::as_str).to_vec();
    let first: Vec<(UnitId, Option<i64>)> = transmission::table
        .filter(transmission::state.eq_any(waiting))
        .group_by(transmission::unit_id)
        .select((transmission::unit_id, diesel::dsl::min(transmission::id)))
        .load(conn)
        .classify()?;
    let first: Vec<(UnitId, i64)> = first.into_iter().filter_map(|(unit, id)| Some((unit, id?))).collect();
    type Sql = (BigInt, BigInt, BigInt, Text, Integer, BigInt, Text, Integer, BigInt, BigInt);
    let mut found: Vec<Columns> = rows::fetch::<Sql, _>(
        conn,
        "SELECT t.unit_id, t.id, t.filing_id, t.message_code, t.kind, t.created_at, t.state, t.attempts, \
         t.run_at, t.revision FROM transmission t",
        &[
            ("unit_id", Column::of(first.iter().map(|(unit, _)| *unit))),
            ("id", Column::of(first.iter().map(|(_, id)| *id))),
        ],
        "",
        Lock::None,
    )?;
    found.sort_unstable_by_key(|row| row.1);
    found.into_iter().map(from_columns).collect()
}

/// Delivered messages whose answers are to be asked for now, the longest waiting first.
pub fn delivered_due(conn: &mut Conn, now: Instant, limit: i64) -> Result<Vec<Message>> {
    let found: Vec<Columns> = transmission::table
        .filter(transmission::state.eq(State::Delivered.as_str()))
        .filter(transmission::run_at.le(now))
        .order(transmission::run_at)
        .limit(limit)
        .select(columns!())
        .load(conn)
        .classify()?;
    found.into_iter().map(from_columns).collect()
}

pub fn by_id(conn: &mut Conn, unit: UnitId, id: TransmissionId) -> Result<Option<Message>> {
    let found: Option<Columns> =
        transmission::table.find((unit, id)).select(columns!()).first(conn).optional().classify()?;
    found.map(from_columns).transpose()
}

pub fn payload(conn: &mut Conn, unit: UnitId, id: TransmissionId) -> Result<Vec<u8>> {
    transmission::table.find((unit, id)).select(transmission::payload).first(conn).classify()
}

/// Which messages a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    All,
    /// Those that are not settled yet.
    Open,
    In(State),
}

impl Wanted {
    pub fn open_if(open: bool) -> Wanted {
        if open { Wanted::Open } else { Wanted::All }
    }
}

/// The newest first.
pub fn of_unit(
    conn: &mut Conn,
    unit: Option<UnitId>,
    wanted: Wanted,
    page: impl Into<Page>,
) -> Result<Vec<Message>> {
    let page = page.into();
    let mut asked = transmission::table.filter(transmission::id.lt(page.below())).into_boxed();
    if let Some(unit) = unit {
        asked = asked.filter(transmission::unit_id.eq(unit));
    }
    match wanted {
        Wanted::All => {}
        Wanted::Open => {
            let settled = vec![State::Answered.as_str(), State::Refused.as_str()];
            asked = asked.filter(transmission::state.ne_all(settled));
        }
        Wanted::In(state) => asked = asked.filter(transmission::state.eq(state.as_str())),
    }
    let found: Vec<Columns> =
        asked.order(transmission::id.desc()).limit(page.limit).select(columns!()).load(conn).classify()?;
    found.into_iter().map(from_columns).collect()
}

pub fn of_filing(conn: &mut Conn, unit: UnitId, filing: FilingId) -> Result<Vec<Message>> {
    let found: Vec<Columns> = transmission::table
        .filter(transmission::unit_id.eq(unit))
        .filter(transmission::filing_id.eq(filing))
        .order(transmission::id)
        .select(columns!())
        .load(conn)
        .classify()?;
    found.into_iter().map(from_columns).collect()
}

/// One step of a message's way.
#[derive(Clone, Debug, Queryable)]
pub struct Event {
    pub revision: i64,
    pub kind: String,
    pub state: String,
    pub detail: String,
    pub at: Instant,
}

pub fn events(conn: &mut Conn, unit: UnitId, id: TransmissionId) -> Result<Vec<Event>> {
    transmission_event::table
        .filter(transmission_event::unit_id.eq(unit))
        .filter(transmission_event::transmission_id.eq(id))
        .order(transmission_event::revision)
        .select((
            transmission_event::revision,
            transmission_event::kind,
            transmission_event::state,
            transmission_event::detail,
            transmission_event::at,
        ))
        .load(conn)
        .classify()
}

/// An answer as it was stored.
#[derive(Clone, Debug, Queryable)]
pub struct ReplyRecord {
    pub message_code: String,
    pub kind: i32,
    pub verdict: String,
    /// JSON: a list of code and text.
    pub faults: String,
    pub raw: Vec<u8>,
    pub received_at: Instant,
}

pub fn replies(conn: &mut Conn, unit: UnitId, id: TransmissionId) -> Result<Vec<ReplyRecord>> {
    transmission_reply::table
        .filter(transmission_reply::unit_id.eq(unit))
        .filter(transmission_reply::transmission_id.eq(id))
        .order(transmission_reply::id)
        .select((
            transmission_reply::message_code,
            transmission_reply::kind,
            transmission_reply::verdict,
            transmission_reply::faults,
            transmission_reply::raw,
            transmission_reply::received_at,
        ))
        .load(conn)
        .classify()
}

pub fn unit_of(conn: &mut Conn, scope: &Scope, id: TransmissionId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, transmission, id)
}

pub fn oldest_waiting(conn: &mut Conn) -> Result<Option<Instant>> {
    let waiting = vec![State::Queued.as_str(), State::Sending.as_str(), State::Unknown.as_str()];
    transmission::table
        .filter(transmission::state.eq_any(waiting))
        .order(transmission::created_at)
        .select(transmission::created_at)
        .first(conn)
        .optional()
        .classify()
}

/// The same of one unit.
pub fn oldest_waiting_of(conn: &mut Conn, unit: UnitId) -> Result<Option<Instant>> {
    let waiting = vec![State::Queued.as_str(), State::Sending.as_str(), State::Unknown.as_str()];
    transmission::table
        .filter(transmission::unit_id.eq(unit))
        .filter(transmission::state.eq_any(waiting))
        .order(transmission::id)
        .select(transmission::created_at)
        .first(conn)
        .optional()
        .classify()
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = BigInt)]
    unit_id: UnitId,
    #[diesel(sql_type = BigInt)]
    id: TransmissionId,
}

/// Messages that are told of a unit; more say nothing new.
const SHOWN_OF_UNIT: i64 = 100;

/// Messages of these units that were made before `waiting` and are not with the authority, that have been there since
/// before `delivered` without the last answer, or that a person must look at, as one that was rejected when it came
/// again and is not known to be there; oldest first, and of each unit so many at most.
pub fn troubled(
    conn: &mut Conn,
    units: &[UnitId],
    waiting: Instant,
    delivered: Instant,
) -> Result<Vec<Message>> {
    let telling = TELLING.map(|event| format!("'{event}'")).join(", ");
    // All that is open stands in the text as the index of it has it.
    let places: Vec<Place> = diesel::sql_query(format!(
        "SELECT p.unit_id AS unit_id, p.id AS id FROM (SELECT t.unit_id, t.id, \
         ROW_NUMBER() OVER (PARTITION BY t.unit_id ORDER BY t.id) AS place FROM transmission t \
         WHERE t.unit_id IN ({}) AND t.state IN ('queued', 'sending', 'unknown', 'delivered', 'halted') \
         AND (t.state IN ('queued', 'sending', 'unknown') AND t.created_at < $1 \
         OR t.state = 'delivered' AND (t.created_at < $2 OR (SELECT e.kind FROM transmission_event e \
         WHERE e.unit_id = t.unit_id AND e.transmission_id = t.id AND e.kind IN ({telling}) \
         ORDER BY e.revision DESC LIMIT 1) = '{RESEND_REJECTED}') OR t.state = 'halted')) AS p \
         WHERE p.place <= {SHOWN_OF_UNIT}",
        listed(units)
    ))
    .bind::<BigInt, _>(waiting)
    .bind::<BigInt, _>(delivered)
    .load(conn)
    .classify()?;
    let mut ids: Vec<TransmissionId> = places.iter().map(|one| one.id).collect();
    ids.sort_unstable();
    let own: BTreeSet<UnitId> = places.into_iter().map(|one| one.unit_id).collect();
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(KEYS_AT_ONCE) {
        let read: Vec<Columns> = transmission::table
            .filter(transmission::unit_id.eq_any(&own))
            .filter(transmission::id.eq_any(some))
            .order(transmission::id)
            .select(columns!())
            .load(conn)
            .classify()?;
        found.extend(read);
    }
    found.into_iter().map(from_columns).collect()
}

/// What happened last to a message.
#[derive(Clone, Debug, Default)]
pub struct Last {
    pub kind: String,
    /// What was said of it.
    pub detail: String,
    /// It was rejected when it came again, and the authority has not said since that it has it.
    pub is_rejected_again: bool,
}

/// What happened last to each of these messages.
pub fn last_events(
    conn: &mut Conn,
    messages: &[Message],
) -> Result<BTreeMap<(UnitId, TransmissionId), Last>> {
    let units: BTreeSet<UnitId> = messages.iter().map(|message| message.unit).collect();
    let ids: Vec<TransmissionId> = messages.iter().map(|message| message.id).collect();
    let mut last: BTreeMap<(UnitId, TransmissionId), Last> = BTreeMap::new();
    for some in ids.chunks(KEYS_AT_ONCE) {
        let found: Vec<(UnitId, TransmissionId, String, String)> = transmission_event::table
            .filter(transmission_event::unit_id.eq_any(&units))
            .filter(transmission_event::transmission_id.eq_any(some))
            .order(transmission_event::revision)
            .select((
                transmission_event::unit_id,
                transmission_event::transmission_id,
                transmission_event::kind,
                transmission_event::detail,
            ))
            .load(conn)
            .classify()?;
        // Who comes later takes the place.
        for (unit, id, kind, detail) in found {
            let told = last.entry((unit, id)).or_default();
            if TELLING.contains(&kind.as_str()) {
                told.is_rejected_again = kind == RESEND_REJECTED;
            }
            (told.kind, told.detail) = (kind, detail);
        }
    }
    Ok(last)
}
