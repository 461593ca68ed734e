//! The sealed trail: who did what, by id and never by value.

pub mod extract;
pub mod merkle;
pub mod proof;
mod query;
mod seal;

pub use merkle::sha256_hex;
pub use proof::verify;
pub use seal::{Sealed, UnsignedRoot, seal_pending, store_signature, unsigned_roots};

use crate::actor::{Actor, Role};
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{AuditId, UnitId};
use crate::store::rows::{self, Insertion};
use crate::store::{Conn, Stamp, Tx};

/// One act to be recorded. `subject` is an id in text form; `detail` holds ids, codes and
/// amounts, never names or numbers of persons.
#[derive(Clone, Debug)]
pub struct Entry {
    pub unit: UnitId,
    pub actor: String,
    pub action: &'static str,
    pub subject: String,
    pub detail: String,
}

impl Entry {
    pub fn by(actor: &Actor, unit: UnitId, action: &'static str, subject: impl ToString) -> Self {
        Entry { unit, actor: actor_text(actor), action, subject: subject.to_string(), detail: String::new() }
    }

    pub fn with(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

/// How an actor is written into events and the trail: the person if there is one, else the
/// client, else `system`.
pub fn actor_text(actor: &Actor) -> String {
    match (actor.person, actor.client) {
        (Some(person), _) => person.to_string(),
        (None, Some(client)) => client.to_string(),
        (None, None) => actor.role.as_str().to_owned(),
    }
}

/// Records acts. They are chained later, by one leased sealer, so that recording never waits.
pub fn record(tx: &mut Tx<'_>, stamp: &Stamp<'_>, entries: &[Entry]) -> Result<()> {
    recorded(tx, stamp, entries).map(|_| ())
}

/// The same, with the ids of the entries.
pub fn recorded(tx: &mut Tx<'_>, stamp: &Stamp<'_>, entries: &[Entry]) -> Result<Vec<AuditId>> {
    let mut acts = Vec::with_capacity(entries.len());
    let mut unsealed = Vec::with_capacity(entries.len());
    for entry in entries {
        let id: AuditId = stamp.mint()?;
        acts.push(query::AuditEntryRow {
            unit_id: entry.unit,
            id,
            actor: entry.actor.clone(),
            action: entry.action,
            subject: entry.subject.clone(),
            detail: entry.detail.clone(),
            at: stamp.now,
        });
        unsealed.push(query::UnsealedRow {
            unit_id: entry.unit,
            id: id.0,
            kind: query::AUDIT,
            subject_id: 0,
        });
    }
    rows::insert_together(tx, vec![Insertion::of(&acts), Insertion::of(&unsealed)])?;
    Ok(acts.into_iter().map(|act| act.id).collect())
}

/// The newest committed entry of a unit that the sealer has given no place yet.
pub fn newest_pending(conn: &mut Conn, unit: UnitId) -> Result<Option<i64>> {
    query::newest_pending(conn, unit)
}

/// Whether an entry up to `until` still waits for its place.
pub fn is_pending(conn: &mut Conn, unit: UnitId, until: i64) -> Result<bool> {
    query::is_pending(conn, unit, until)
}

/// The place of an entry in its unit's trail; none until the sealer has given it one.
pub fn place_of(conn: &mut Conn, unit: UnitId, entry: AuditId) -> Result<Option<i64>> {
    query::seq_of(conn, unit, entry)
}

/// Announces obligation events to the feed, to be written with them: (unit, event, obligation).
pub fn announcement(events: &[(UnitId, crate::id::EventId, crate::id::ObligationId)]) -> Insertion {
    let unsealed: Vec<query::UnsealedRow> = events
        .iter()
        .map(|(unit, event, obligation)| query::UnsealedRow {
            unit_id: *unit,
            id: event.0,
            kind: query::OBLIGATION,
            subject_id: obligation.0,
        })
        .collect();
    Insertion::of(&unsealed)
}

/// What to look for in a unit's trail.
#[derive(Clone, Debug)]
pub struct Search {
    pub unit: UnitId,
    pub from: BusinessDay,
    pub until: BusinessDay,
    /// The beginning of an action, or a subject or actor in full; empty for everything.
    pub text: String,
    /// Only what this person or program did, as entries name it.
    pub by: Option<String>,
    /// Only entries before this one.
    pub before: Option<AuditId>,
    pub limit: i64,
}

/// An entry as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub id: AuditId,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub detail: String,
    pub at: Instant,
}

/// The newest entries that fit, sealed or not.
///
/// # Errors
/// `role_not_allowed`, `unit_not_found`.
pub fn search(conn: &mut Conn, actor: &Actor, search: &Search) -> Result<Vec<Found>> {
    actor.require_role(&[Role::Administrator, Role::Auditor, Role::System])?;
    actor.scope.require(search.unit)?;
    query::search(conn, search)
}

/// The newest root of a unit's sealed trail: the last sequence number under it, and its hash.
pub fn last_root(conn: &mut Conn, unit: UnitId) -> Result<Option<(i64, String)>> {
    query::last_root(conn, unit)
}
