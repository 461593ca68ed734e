//! The SQL of forms.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

use super::registration::ACCEPTANCE_HELD;
use super::{Filing, Kind, State};
use crate::actor::Scope;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::*;
use crate::store::failure::Classify;
use crate::store::page::Page;
use crate::store::schema::{filing, filing_event};
use crate::store::scoped::listed;
use crate::store::{Conn, Stamp, Tx, rows};

crate::table_row! {
    pub struct FilingRow in "filing" {
        pub unit_id: UnitId,
        pub id: FilingId,
        pub kind: &'static str,
        pub form: String,
        pub period: Option<String>,
        pub slot: Option<String>,
        pub earlier_id: Option<FilingId>,
        pub profile: String,
        pub detail: String,
        pub body: Vec<u8>,
        pub body_sha256: String,
        pub maker_person_id: Option<PersonId>,
        pub created_at: Instant,
        pub state: &'static str,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct EventRow in "filing_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub filing_id: FilingId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub actor: String,
        pub reason: Option<String>,
        pub at: Instant,
    }
}

pub fn tell(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    unit: UnitId,
    filing: FilingId,
    (revision, kind, state): (i64, &'static str, State),
    actor: &str,
    reason: Option<&str>,
) -> Result<()> {
    let event = EventRow {
        unit_id: unit,
        id: stamp.mint()?,
        filing_id: filing,
        revision,
        kind,
        state: state.as_str(),
        actor: actor.to_owned(),
        reason: reason.map(str::to_owned),
        at: stamp.now,
    };
    rows::insert(tx, &[event])
}

type Columns = (
    (UnitId, FilingId, String, String, Option<String>, Option<i64>),
    (String, String, Vec<u8>, Option<i64>, Option<i64>),
    (Instant, String, i64),
);

macro_rules! columns {
    () => {
        (
            (filing::unit_id, filing::id, filing::kind, filing::form, filing::period, filing::earlier_id),
            (
                filing::profile,
                filing::detail,
                filing::body,
                filing::maker_person_id,
                filing::checker_person_id,
            ),
            (filing::created_at, filing::state, filing::revision),
        )
    };
}

fn from_columns((name, content, life): Columns) -> Result<Filing> {
    Ok(Filing {
        unit: name.0,
        id: name.1,
        kind: Kind::parse(&name.2)?,
        form: name.3,
        period: name.4,
        earlier: name.5.map(FilingId),
        profile: content.0,
        detail: content.1,
        body: content.2,
        maker: content.3.map(PersonId),
        checker: content.4.map(PersonId),
        created_at: life.0,
        state: State::parse(&life.1)?,
        revision: life.2,
    })
}

pub fn by_id(conn: &mut Conn, unit: UnitId, id: FilingId) -> Result<Option<Filing>> {
    let found: Option<Columns> =
        filing::table.find((unit, id)).select(columns!()).first(conn).optional().classify()?;
    found.map(from_columns).transpose()
}

/// The newest first.
pub fn of_unit(
    conn: &mut Conn,
    unit: UnitId,
    kind: Option<Kind>,
    page: impl Into<Page>,
) -> Result<Vec<Filing>> {
    let mut asked = crate::newest_of!(filing, unit, page).select(columns!()).into_boxed();
    if let Some(kind) = kind {
        asked = asked.filter(filing::kind.eq(kind.as_str()));
    }
    let found: Vec<Columns> = asked.load(conn).classify()?;
    found.into_iter().map(from_columns).collect()
}

/// Every form of the kind for the period, oldest first.
pub fn of_period(conn: &mut Conn, unit: UnitId, kind: Kind, period: &str) -> Result<Vec<Filing>> {
    let found: Vec<Columns> = filing::table
        .filter(filing::unit_id.eq(unit))
        .filter(filing::kind.eq(kind.as_str()))
        .filter(filing::period.eq(period))
        .order(filing::id)
        .select(columns!())
        .load(conn)
        .classify()?;
    found.into_iter().map(from_columns).collect()
}

/// Forms that wait for their signature, oldest first, after one of them.
pub fn drafted(conn: &mut Conn, after: Option<FilingId>, limit: i64) -> Result<Vec<Filing>> {
    let found: Vec<Columns> = filing::table
        .filter(filing::state.eq(State::Drafted.as_str()))
        .filter(filing::id.gt(after.map_or(0, |last| last.0)))
        .order(filing::id)
        .limit(limit)
        .select(columns!())
        .load(conn)
        .classify()?;
    found.into_iter().map(from_columns).collect()
}

/// A usage report as far as it came, without what it says.
#[derive(Clone, Debug)]
pub struct Filed {
    pub unit: UnitId,
    pub id: FilingId,
    pub period: String,
    pub state: State,
}

/// Every usage report of these units, oldest first.
pub fn reports(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<Filed>> {
    let found: Vec<(UnitId, FilingId, Option<String>, String)> = filing::table
        .filter(filing::unit_id.eq_any(units))
        .filter(filing::kind.eq(Kind::UsageReport.as_str()))
        .order(filing::id)
        .select((filing::unit_id, filing::id, filing::period, filing::state))
        .load(conn)
        .classify()?;
    let filed = |(unit, id, period, state): (UnitId, FilingId, Option<String>, String)| {
        Ok(Filed { unit, id, period: period.unwrap_or_default(), state: State::parse(&state)? })
    };
    found.into_iter().map(filed).collect()
}

/// Forms by their keys, oldest first.
pub fn by_keys(conn: &mut Conn, keys: &[(UnitId, FilingId)]) -> Result<Vec<Filing>> {
    let units: BTreeSet<UnitId> = keys.iter().map(|(unit, _)| *unit).collect();
    let mut ids: Vec<FilingId> = keys.iter().map(|(_, id)| *id).collect();
    ids.sort_unstable();
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(rows::KEYS_AT_ONCE) {
        let read: Vec<Columns> = filing::table
            .filter(filing::unit_id.eq_any(&units))
            .filter(filing::id.eq_any(some))
            .order(filing::id)
            .select(columns!())
            .load(conn)
            .classify()?;
        found.extend(read);
    }
    found.into_iter().map(from_columns).collect()
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = BigInt)]
    unit_id: UnitId,
    #[diesel(sql_type = BigInt)]
    id: FilingId,
}

/// Forms of these units in a state that were made between two instants, oldest first, and of each unit so many at most.
pub fn in_state(
    conn: &mut Conn,
    units: &[UnitId],
    state: State,
    (since, before): (Instant, Instant),
) -> Result<Vec<Filing>> {
    // The states stand in the text, so that the index of exactly these is taken; no others are asked for.
    let found: Vec<Place> = diesel::sql_query(format!(
        "SELECT p.unit_id AS unit_id, p.id AS id FROM (SELECT f.unit_id, f.id, \
         ROW_NUMBER() OVER (PARTITION BY f.unit_id ORDER BY f.id) AS place FROM filing f WHERE f.unit_id IN ({}) \
         AND f.state IN ('drafted', 'refused') AND f.state = '{}' AND f.created_at >= $1 AND f.created_at < $2) AS p \
         WHERE p.place <= {SHOWN_OF_UNIT}",
        listed(units),
        state.as_str()
    ))
    .bind::<BigInt, _>(since)
    .bind::<BigInt, _>(before)
    .load(conn)
    .classify()?;
    by_keys(conn, &found.into_iter().map(|one| (one.unit_id, one.id)).collect::<Vec<_>>())
}

/// Forms in one state that are told of a unit; more say nothing new.
const SHOWN_OF_UNIT: i64 = 100;

/// Refused sendings of invoices of these units, oldest first.
pub fn refused_invoices(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<Filing>> {
    let is_refused =
        diesel::dsl::sql::<Bool>("filing.state IN ('drafted', 'refused') AND filing.state = 'refused'");
    let found: Vec<Columns> = filing::table
        .filter(filing::unit_id.eq_any(units))
        .filter(is_refused)
        .filter(filing::kind.eq(Kind::Invoice.as_str()))
        .order(filing::id)
        .select(columns!())
        .load(conn)
        .classify()?;
    found.into_iter().map(from_columns).collect()
}

/// Registrations of these units which the authority accepted and which could not come into force, each with the code
/// of what stood in the way; oldest first.
pub fn held(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<(Filing, String)>> {
    let is_newest = filing_event::unit_id
        .eq(filing::unit_id)
        .and(filing_event::filing_id.eq(filing::id))
        .and(filing_event::revision.eq(filing::revision));
    let found: Vec<(Columns, Option<String>)> = filing::table
        .inner_join(filing_event::table.on(is_newest))
        .filter(filing::unit_id.eq_any(units))
        .filter(filing::kind.eq(Kind::Registration.as_str()))
        .filter(filing::state.eq(State::Received.as_str()))
        .filter(filing_event::kind.eq(ACCEPTANCE_HELD))
        .order(filing::id)
        .select((columns!(), filing_event::reason))
        .load(conn)
        .classify()?;
    found.into_iter().map(|(form, why)| Ok((from_columns(form)?, why.unwrap_or_default()))).collect()
}

/// The unit of a form within a scope: ids do not tell their unit.
pub fn unit_of(conn: &mut Conn, scope: &Scope, id: FilingId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, filing, id)
}

/// What happened to a form: (event, state, actor, reason, when).
pub fn history(
    conn: &mut Conn,
    unit: UnitId,
    id: FilingId,
) -> Result<Vec<(String, String, String, Option<String>, Instant)>> {
    filing_event::table
        .filter(filing_event::unit_id.eq(unit))
        .filter(filing_event::filing_id.eq(id))
        .order(filing_event::revision)
        .select((
            filing_event::kind,
            filing_event::state,
            filing_event::actor,
            filing_event::reason,
            filing_event::at,
        ))
        .load(conn)
        .classify()
}
