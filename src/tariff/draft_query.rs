//! The SQL of drafts of the tariff.

use diesel::prelude::*;

use super::draft::{Draft, State};
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{EventId, PersonId, UnitId};
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Update};
use crate::store::schema_figures::tariff_draft;
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct DraftRow in "tariff_draft" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub content: String,
        pub sha256: String,
        pub reason: String,
        pub base_edition_id: Option<EventId>,
        pub maker_person_id: PersonId,
        pub created_at: Instant,
        pub state: &'static str,
        pub checker_person_id: Option<PersonId>,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct EventRow in "tariff_draft_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub draft_id: EventId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub person_id: PersonId,
        pub reason: String,
        pub at: Instant,
    }
}

pub fn insert(tx: &mut Tx<'_>, draft: DraftRow) -> Result<()> {
    rows::insert(tx, &[draft])
}

pub fn tell(tx: &mut Tx<'_>, event: EventRow) -> Result<()> {
    rows::insert(tx, &[event])
}

pub fn decide(tx: &mut Tx<'_>, draft: &Draft, state: State, checker: PersonId) -> Result<()> {
    rows::update(
        tx,
        Update {
            table: "tariff_draft",
            keys: vec![("unit_id", Column::of([UnitId::CITY])), ("id", Column::of([draft.id]))],
            guard: vec![("revision", Column::of([draft.revision]))],
            sets: vec![
                ("state", Column::of([state.as_str()])),
                ("checker_person_id", Column::of([Some(checker)])),
                ("revision", Column::of([draft.revision + 1])),
            ],
        },
    )
}

type Columns = (EventId, String, String, Option<EventId>, PersonId, Instant, String, Option<PersonId>, i64);

macro_rules! columns {
    () => {
        (
            tariff_draft::id,
            tariff_draft::content,
            tariff_draft::reason,
            tariff_draft::base_edition_id,
            tariff_draft::maker_person_id,
            tariff_draft::created_at,
            tariff_draft::state,
            tariff_draft::checker_person_id,
            tariff_draft::revision,
        )
    };
}

fn from_stored(row: Columns) -> Draft {
    let (id, content, reason, base, maker, created_at, state, checker, revision) = row;
    let state = State::parse(&state);
    Draft { id, content, reason, base, maker, created_at, state, checker, revision }
}

pub fn find(conn: &mut Conn, id: EventId) -> Result<Option<Draft>> {
    let found: Option<Columns> = tariff_draft::table
        .filter(tariff_draft::unit_id.eq(UnitId::CITY))
        .filter(tariff_draft::id.eq(id))
        .select(columns!())
        .first(conn)
        .optional()
        .classify()?;
    Ok(found.map(from_stored))
}

pub fn list(conn: &mut Conn, limit: i64) -> Result<Vec<Draft>> {
    let found: Vec<Columns> = tariff_draft::table
        .filter(tariff_draft::unit_id.eq(UnitId::CITY))
        .order(tariff_draft::id.desc())
        .limit(limit)
        .select(columns!())
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(from_stored).collect())
}
