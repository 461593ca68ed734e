//! A person's file: everything of theirs that a unit keeps, for an answer to them. Opening it names a
//! purpose and leaves a row that the file itself shows the next time.

use serde::{Serialize, Serializer};

use super::{KEEPERS, READERS, query, request, worded};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::party::{self, Payer};
use crate::store::page::Page;
use crate::store::{Conn, Stamp, Tx};

/// One dossier of the person: who they said they are, what was owed, and the documents.
#[derive(Debug, Serialize)]
pub struct Entry {
    pub payer: Option<Payer>,
    pub dossier_code: String,
    pub reference_code: String,
    pub total: Dong,
    pub state: String,
    pub raised_at: Instant,
    pub documents: Vec<Document>,
}

#[derive(Debug, Serialize)]
pub struct Document {
    pub series: String,
    pub number: i64,
    pub kind: String,
    pub amount: Dong,
    pub issued_on: BusinessDay,
    pub state: String,
}

/// Who saw it before, and for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct View {
    pub id: EventId,
    /// Null where nobody was found, or whose data it was is not known.
    #[serde(serialize_with = "somebody")]
    pub party: PartyId,
    pub request: Option<DataRequestId>,
    pub person: PersonId,
    pub purpose: String,
    pub at: Instant,
}

fn somebody<S: Serializer>(party: &PartyId, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    (*party != PartyId(0)).then_some(party).serialize(serializer)
}

#[derive(Debug, Serialize)]
pub struct File {
    pub entries: Vec<Entry>,
    pub views: Vec<View>,
}

/// Opens the file behind a request, and writes down who did and why.
///
/// # Errors
/// `data_request_not_found`, `field_missing` without a purpose.
pub fn see(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, DataRequestId),
    purpose: &str,
) -> Result<File> {
    actor.require_role(&KEEPERS)?;
    actor.scope.require(unit)?;
    let person = actor.require_person()?;
    let purpose = worded("purpose", purpose)?;
    let request = query::lock(tx, unit, id)?.ok_or_else(request::not_found)?;
    let parties = request::parties(tx, &request)?;
    let views = query::views_of(tx, unit, &parties)?;
    // Somebody nothing is kept of was looked for all the same.
    let seen: Vec<PartyId> = if parties.is_empty() { vec![PartyId(0)] } else { parties.clone() };
    query::record_views(tx, stamp, unit, &seen, (id, person, &purpose))?;
    let entry = audit::Entry::by(actor, unit, "privacy.file_seen", id).with(parties.len().to_string());
    audit::record(tx, stamp, &[entry])?;
    let keys: Vec<(UnitId, PartyId)> = parties.iter().map(|party| (unit, *party)).collect();
    let mut payers = party::load(tx, stamp.vault, &keys)?;
    let mut entries = query::entries(tx, unit, &parties)?;
    for (party, entry) in &mut entries {
        entry.payer = payers.remove(&(unit, *party));
    }
    Ok(File { entries: entries.into_iter().map(|(_, entry)| entry).collect(), views })
}

/// Writes down that somebody opened something with personal data in it that is no person's file: what, for what.
///
/// # Errors
/// `role_not_allowed`, `person_required`, `field_missing` without a purpose.
pub fn looked(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, what): (UnitId, &str),
    purpose: &str,
) -> Result<()> {
    actor.require_role(&KEEPERS)?;
    actor.scope.require(unit)?;
    let person = actor.require_person()?;
    let purpose = worded("purpose", purpose)?;
    // Whose data it is nobody knows before it is opened.
    query::record_view_of(tx, stamp, unit, (person, &format!("{what}: {purpose}")))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "privacy.content_seen", what)])
}

/// The log of views of a unit, newest first.
pub fn views(conn: &mut Conn, actor: &Actor, unit: UnitId, page: impl Into<Page>) -> Result<Vec<View>> {
    actor.require_role(&READERS)?;
    actor.scope.require(unit)?;
    query::views(conn, unit, page)
}
