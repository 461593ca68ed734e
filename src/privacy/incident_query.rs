//! The SQL of incidents.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::incident::{Event, Incident};
use crate::actor::Scope;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::*;
use crate::store::failure::Classify;
use crate::store::page::Page;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema_privacy::{data_incident, data_incident_event as event};
use crate::store::{Conn, Stamp, Tx};

crate::table_row! {
    pub struct IncidentRow in "data_incident" {
        pub unit_id: UnitId,
        pub id: IncidentId,
        pub found_at: Instant,
        pub due_at: Instant,
        pub nature: String,
        pub affected: i64,
        pub maker_person_id: PersonId,
        pub created_at: Instant,
        pub state: String,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct EventRow in "data_incident_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub incident_id: IncidentId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: String,
        pub detail: String,
        pub person_id: PersonId,
        pub at: Instant,
    }
}

pub fn insert(tx: &mut Tx<'_>, stamp: &Stamp<'_>, one: &Incident) -> Result<()> {
    rows::insert(
        tx,
        &[IncidentRow {
            unit_id: one.unit,
            id: one.id,
            found_at: one.found_at,
            due_at: one.due_at,
            nature: one.nature.clone(),
            affected: one.affected,
            maker_person_id: one.maker,
            created_at: stamp.now,
            state: one.state.clone(),
            revision: one.revision,
        }],
    )
}

pub fn note(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    one: &Incident,
    (kind, detail, person): (&'static str, &str, PersonId),
) -> Result<()> {
    let id: EventId = stamp.mint()?;
    rows::insert(
        tx,
        &[EventRow {
            unit_id: one.unit,
            id,
            incident_id: one.id,
            revision: one.revision,
            kind,
            state: one.state.clone(),
            detail: detail.to_owned(),
            person_id: person,
            at: stamp.now,
        }],
    )
}

/// The projection, guarded by the revision before.
pub fn store(tx: &mut Tx<'_>, one: &Incident) -> Result<()> {
    rows::advance(
        tx,
        "data_incident",
        (one.unit, one.id),
        one.revision,
        vec![("state", Column::of([one.state.clone()]))],
    )
}

/// An incident in the words of the database.
#[derive(Queryable)]
pub struct Stored {
    unit: UnitId,
    id: IncidentId,
    found_at: Instant,
    due_at: Instant,
    nature: String,
    affected: i64,
    maker: PersonId,
    state: String,
    revision: i64,
}

type Sql = (BigInt, BigInt, BigInt, BigInt, Text, BigInt, BigInt, Text, BigInt);

const SELECT: &str = "SELECT t.unit_id, t.id, t.found_at, t.due_at, t.nature, t.affected, t.maker_person_id, \
     t.state, t.revision FROM data_incident t";

fn read(row: Stored) -> Incident {
    Incident {
        unit: row.unit,
        id: row.id,
        found_at: row.found_at,
        due_at: row.due_at,
        nature: row.nature,
        affected: row.affected,
        maker: row.maker,
        state: row.state,
        events: Vec::new(),
        revision: row.revision,
    }
}

pub fn lock(tx: &mut Tx<'_>, unit: UnitId, id: IncidentId) -> Result<Option<Incident>> {
    let keys = [("unit_id", Column::of([unit])), ("id", Column::of([id]))];
    let mut found: Vec<Stored> = rows::fetch::<Sql, _>(tx, SELECT, &keys, "", Lock::Update)?;
    Ok(found.pop().map(read))
}

/// The unit of an incident within a scope.
pub fn unit_of(conn: &mut Conn, scope: &Scope, id: IncidentId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, data_incident, id)
}

/// Incidents of a unit with what was done, newest first.
pub fn page(conn: &mut Conn, unit: UnitId, page: impl Into<Page>) -> Result<Vec<Incident>> {
    let found: Vec<Stored> = crate::newest_of!(data_incident, unit, page)
        .select((
            data_incident::unit_id,
            data_incident::id,
            data_incident::found_at,
            data_incident::due_at,
            data_incident::nature,
            data_incident::affected,
            data_incident::maker_person_id,
            data_incident::state,
            data_incident::revision,
        ))
        .load(conn)
        .classify()?;
    let mut incidents: Vec<Incident> = found.into_iter().map(read).collect();
    for one in &mut incidents {
        let events: Vec<(String, String, PersonId, Instant)> = event::table
            .filter(event::unit_id.eq(unit))
            .filter(event::incident_id.eq(one.id))
            .order(event::revision)
            .select((event::kind, event::detail, event::person_id, event::at))
            .load(conn)
            .classify()?;
        let told = |(kind, detail, person, at)| Event { kind, detail, person, at };
        one.events = events.into_iter().map(told).collect();
    }
    Ok(incidents)
}
