//! A change of the tariff: one person proposes it, another approves it, then it is the edition in
//! force. A draft that rests on an edition which is no longer the newest is proposed again, so that
//! nobody's change is lost.

use super::{RowError, edition, load};
use crate::actor::{Actor, Role, Scope};
use crate::audit;
use crate::error::{Error, Result};
use crate::id::{EventId, PersonId};
use crate::proposal::{self, New};
use crate::store::{Conn, Stamp, Tx};
use crate::unit::{self, CITY};

/// The whole tariff as it would be, resting on the edition it changes.
pub use crate::proposal::{Proposal as Draft, State};

const KINDS: [&str; 1] = ["tariff"];

/// Who may look at drafts.
pub const READERS: [Role; 4] = [Role::Administrator, Role::Auditor, Role::Approver, Role::Finance];

/// The tariff is the whole city's.
fn require_city(actor: &Actor) -> Result<PersonId> {
    if actor.scope != Scope::All {
        return Err(Error::forbidden("tariff_is_the_citys", "the tariff holds for every unit"));
    }
    actor.require_person()
}

/// Proposes a tariff. Bad rows come back located, and then nothing is stored. What the same person proposed in the
/// same words and nobody decided yet is not proposed again: the answer is the draft that waits.
///
/// # Errors
/// `role_not_allowed`, `tariff_is_the_citys`, `person_required`, `field_missing`, `tariff_unchanged`.
pub fn propose(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    content: &str,
    reason: &str,
) -> Result<std::result::Result<EventId, Vec<RowError>>> {
    actor.require_role(&[Role::Administrator])?;
    let maker = require_city(actor)?;
    proposal::reason_of(reason)?;
    if let Err(problems) = load(content) {
        return Ok(Err(problems));
    }
    let newest = edition::newest_text(tx)?;
    if newest.as_ref().is_some_and(|(_, text)| text == content) {
        return Err(Error::conflict("tariff_unchanged", "the draft is the tariff in force"));
    }
    let (base, content) = (newest.map(|(id, _)| id), content.to_owned());
    let sha256 = audit::sha256_hex(content.as_bytes());
    let new = New { kind: "tariff", content, base, reason };
    unit::query::lock(tx, CITY)?;
    if let Some(first) = proposal::waiting_already(tx, maker, &new)? {
        return Ok(Ok(first.id));
    }
    let id = proposal::propose(tx, stamp, maker, new)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, CITY, "tariff.proposed", id).with(sha256)])?;
    Ok(Ok(id))
}

/// Another person than the one who proposed it makes the draft the edition in force.
///
/// # Errors
/// `role_not_allowed`, `tariff_is_the_citys`, `tariff_draft_not_found`, `tariff_draft_decided`,
/// `maker_is_checker`, `tariff_moved_on` when another edition came between.
pub fn approve(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, id: EventId) -> Result<()> {
    actor.require_role(&[Role::Administrator, Role::Approver])?;
    let checker = require_city(actor)?;
    let mut draft = undecided(tx, id)?;
    let newest = edition::newest_text(tx)?.map(|(id, _)| id);
    proposal::approve(tx, stamp, &mut draft, checker)?;
    if newest != draft.base {
        return Err(Error::conflict("tariff_moved_on", "another edition came between; propose it again"));
    }
    edition::insert(tx, stamp, actor, &draft.content)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, CITY, "tariff.approved", id)])
}

/// Refuses a draft, or takes one's own back.
///
/// # Errors
/// `role_not_allowed`, `tariff_is_the_citys`, `tariff_draft_not_found`, `tariff_draft_decided`,
/// `field_missing`.
pub fn refuse(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, id: EventId, reason: &str) -> Result<()> {
    actor.require_role(&[Role::Administrator, Role::Approver])?;
    let checker = require_city(actor)?;
    let mut draft = undecided(tx, id)?;
    proposal::refuse(tx, stamp, &mut draft, checker, reason)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, CITY, "tariff.refused", id)])
}

fn undecided(conn: &mut Conn, id: EventId) -> Result<Draft> {
    let decided = || Error::conflict("tariff_draft_decided", "the draft was decided already");
    proposal::undecided(conn, &KINDS, id, (not_found, decided))
}

fn not_found() -> Error {
    Error::not_found("tariff_draft_not_found", "no such draft")
}

/// One draft. Needs a connection that sees the city's unit.
///
/// # Errors
/// `tariff_draft_not_found`.
pub fn find(conn: &mut Conn, id: EventId) -> Result<Draft> {
    proposal::find(conn, &KINDS, id)?.ok_or_else(not_found)
}

/// The newest drafts.
pub fn list(conn: &mut Conn, limit: i64) -> Result<Vec<Draft>> {
    proposal::list(conn, &KINDS, limit, None)
}
