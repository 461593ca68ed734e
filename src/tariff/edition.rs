//! The tariff in force: the newest edition that was loaded, kept as the text it came in.

use diesel::prelude::*;
use ring::digest::{SHA256, digest};

use super::{RowError, Tariff, load};
use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{EventId, PersonId};
use crate::store::failure::Classify;
use crate::store::schema::tariff_edition;
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;
use crate::unit;

crate::table_row! {
    pub struct EditionRow in "tariff_edition" {
        pub id: EventId,
        pub sha256: String,
        pub content: String,
        pub person_id: Option<PersonId>,
        pub loaded_at: Instant,
    }
}

/// Stores the first tariff of an empty installation; it is in force from now on. Bad rows come back located,
/// and then nothing is stored. Every later one is a draft of two persons (`draft`).
///
/// # Errors
/// `role_not_allowed`, `tariff_needs_two_persons` when a tariff is in force.
pub fn store_first(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    content: &str,
) -> Result<std::result::Result<Tariff, Vec<RowError>>> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    if newest_text(tx)?.is_some() {
        let detail = "a tariff is in force: one person proposes the next one, another approves it";
        return Err(Error::conflict("tariff_needs_two_persons", detail));
    }
    let tariff = match load(content) {
        Ok(tariff) => tariff,
        Err(problems) => return Ok(Err(problems)),
    };
    insert(tx, stamp, actor, content)?;
    Ok(Ok(tariff))
}

/// Stores a text that was checked. Who may is the caller's to know.
pub(super) fn insert(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, content: &str) -> Result<()> {
    let id: EventId = stamp.mint()?;
    let sha256 = text::hex(digest(&SHA256, content.as_bytes()).as_ref());
    rows::insert(
        tx,
        &[EditionRow {
            id,
            sha256: sha256.clone(),
            content: content.to_owned(),
            person_id: actor.person,
            loaded_at: stamp.now,
        }],
    )?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit::CITY, "tariff.loaded", id).with(sha256)])
}

/// An edition as it was written.
pub fn text_of(conn: &mut Conn, id: EventId) -> Result<Option<String>> {
    tariff_edition::table
        .filter(tariff_edition::id.eq(id))
        .select(tariff_edition::content)
        .first(conn)
        .optional()
        .classify()
}

/// The newest edition as it was written.
pub fn newest_text(conn: &mut Conn) -> Result<Option<(EventId, String)>> {
    tariff_edition::table
        .order(tariff_edition::id.desc())
        .select((tariff_edition::id, tariff_edition::content))
        .first(conn)
        .optional()
        .classify()
}

/// Which edition was in force at a moment; None before the first one.
pub fn id_at(conn: &mut Conn, at: Instant) -> Result<Option<EventId>> {
    tariff_edition::table
        .filter(tariff_edition::loaded_at.le(at))
        .order(tariff_edition::id.desc())
        .select(tariff_edition::id)
        .first(conn)
        .optional()
        .classify()
}

/// Which edition is in force.
///
/// # Errors
/// `tariff_missing`.
pub fn newest_id(conn: &mut Conn) -> Result<EventId> {
    let id: Option<EventId> = tariff_edition::table
        .order(tariff_edition::id.desc())
        .select(tariff_edition::id)
        .first(conn)
        .optional()
        .classify()?;
    id.ok_or_else(missing)
}

#[track_caller]
fn missing() -> Error {
    Error::conflict("tariff_missing", "no tariff is loaded; use `bienlai tariff load`")
}

/// The tariff in force.
///
/// # Errors
/// `tariff_missing`.
pub fn newest(conn: &mut Conn) -> Result<Tariff> {
    let id = newest_id(conn)?;
    of(conn, id)
}

/// The tariff of an edition.
///
/// # Errors
/// `tariff_missing`.
pub fn of(conn: &mut Conn, id: EventId) -> Result<Tariff> {
    let content = text_of(conn, id)?.ok_or_else(missing)?;
    load(&content)
        .map_err(|problems| Error::internal(format!("the stored tariff has {} bad rows", problems.len())))
}
