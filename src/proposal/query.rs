//! The SQL of proposals.

use diesel::prelude::*;

use super::{Proposal, State};
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{EventId, PersonId, UnitId};
use crate::store::failure::Classify;
use crate::store::page::Page;
use crate::store::rows::{self, Column, Update};
use crate::store::schema_duty::proposal;
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct ProposalRow in "proposal" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub kind: &'static str,
        pub content: String,
        pub base_id: Option<EventId>,
        pub reason: String,
        pub maker_person_id: PersonId,
        pub created_at: Instant,
        pub state: &'static str,
        pub checker_person_id: Option<PersonId>,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct EventRow in "proposal_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub proposal_id: EventId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub person_id: PersonId,
        pub reason: String,
        pub at: Instant,
    }
}

pub(super) fn insert(tx: &mut Tx<'_>, row: ProposalRow) -> Result<()> {
    rows::insert(tx, &[row])
}

pub(super) fn tell(tx: &mut Tx<'_>, event: EventRow) -> Result<()> {
    rows::insert(tx, &[event])
}

pub(super) fn decide(tx: &mut Tx<'_>, one: &Proposal, state: State, checker: PersonId) -> Result<()> {
    rows::update(
        tx,
        Update {
            table: "proposal",
            keys: vec![("unit_id", Column::of([UnitId::CITY])), ("id", Column::of([one.id]))],
            guard: vec![("revision", Column::of([one.revision]))],
            sets: vec![
                ("state", Column::of([state.as_str()])),
                ("checker_person_id", Column::of([Some(checker)])),
                ("revision", Column::of([one.revision + 1])),
            ],
        },
    )
}

type Columns =
    (EventId, String, String, Option<EventId>, String, PersonId, Instant, String, Option<PersonId>, i64);

macro_rules! columns {
    () => {
        (
            proposal::id,
            proposal::kind,
            proposal::content,
            proposal::base_id,
            proposal::reason,
            proposal::maker_person_id,
            proposal::created_at,
            proposal::state,
            proposal::checker_person_id,
            proposal::revision,
        )
    };
}

fn from_stored(row: Columns) -> Result<Proposal> {
    let (id, kind, content, base, reason, maker, created_at, state, checker, revision) = row;
    let state = State::stored(&state)?;
    Ok(Proposal { id, kind, content, base, reason, maker, created_at, state, checker, revision })
}

/// One of these kinds.
pub fn find(conn: &mut Conn, kinds: &[&str], id: EventId) -> Result<Option<Proposal>> {
    let found: Option<Columns> = proposal::table
        .filter(proposal::unit_id.eq(UnitId::CITY))
        .filter(proposal::id.eq(id))
        .filter(proposal::kind.eq_any(kinds))
        .select(columns!())
        .first(conn)
        .optional()
        .classify()?;
    found.map(from_stored).transpose()
}

/// A page of the newest of these kinds, of one state where one is named.
pub fn list(
    conn: &mut Conn,
    kinds: &[&str],
    page: impl Into<Page>,
    state: Option<State>,
) -> Result<Vec<Proposal>> {
    let found: Vec<Columns> = crate::newest_of!(proposal, UnitId::CITY, page, state)
        .filter(proposal::kind.eq_any(kinds))
        .select(columns!())
        .load(conn)
        .classify()?;
    found.into_iter().map(from_stored).collect()
}

/// Those of a kind in a state, oldest first: a city decides a few in a year.
pub fn of_state(conn: &mut Conn, kind: &str, state: State) -> Result<Vec<Proposal>> {
    let found: Vec<Columns> = proposal::table
        .filter(proposal::unit_id.eq(UnitId::CITY))
        .filter(proposal::kind.eq(kind))
        .filter(proposal::state.eq(state.as_str()))
        .order(proposal::id)
        .select(columns!())
        .load(conn)
        .classify()?;
    found.into_iter().map(from_stored).collect()
}
