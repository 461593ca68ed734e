//! A change of the tariff: one person proposes it, another approves it, then it is the edition in
//! force. A draft that rests on an edition which is no longer the newest is proposed again, so that
//! nobody's change is lost.

use super::draft_query::{self as query, DraftRow, EventRow};
use super::{RowError, edition, load};
use crate::actor::{Actor, Role, Scope};
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{EventId, PersonId};
use crate::store::{Conn, Stamp, Tx};
use crate::text;
use crate::unit::CITY;

const REASON_LIMIT: usize = 500;

/// Where a draft stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Proposed,
    Approved,
    Refused,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            State::Proposed => "proposed",
            State::Approved => "approved",
            State::Refused => "refused",
        }
    }

    pub(super) fn parse(text: &str) -> State {
        match text {
            "proposed" => State::Proposed,
            "approved" => State::Approved,
            _ => State::Refused,
        }
    }
}

/// A proposed change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub id: EventId,
    /// The whole tariff as it would be.
    pub content: String,
    pub reason: String,
    /// The edition it rests on.
    pub base: Option<EventId>,
    pub maker: PersonId,
    pub created_at: Instant,
    pub state: State,
    pub checker: Option<PersonId>,
    pub revision: i64,
}

/// Who may look at drafts.
pub const READERS: [Role; 4] = [Role::Administrator, Role::Auditor, Role::Approver, Role::Finance];

/// The tariff is the whole city's.
fn require_city(actor: &Actor) -> Result<PersonId> {
    if actor.scope != Scope::All {
        return Err(Error::forbidden("tariff_is_the_citys", "the tariff holds for every unit"));
    }
    actor.require_person()
}

fn reason_of(text: &str) -> Result<String> {
    let reason = text::clean(text);
    if reason.is_empty() {
        return Err(Error::invalid("reason", "field_missing", "why, and by which resolution"));
    }
    if reason.chars().count() > REASON_LIMIT {
        return Err(Error::invalid("reason", "field_too_long", format!("at most {REASON_LIMIT} characters")));
    }
    Ok(reason)
}

/// Proposes a tariff. Bad rows come back located, and then nothing is stored.
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
    let reason = reason_of(reason)?;
    if let Err(problems) = load(content) {
        return Ok(Err(problems));
    }
    let newest = edition::newest_text(tx)?;
    if newest.as_ref().is_some_and(|(_, text)| text == content) {
        return Err(Error::conflict("tariff_unchanged", "the draft is the tariff in force"));
    }
    let id: EventId = stamp.mint()?;
    let sha256 = audit::sha256_hex(content.as_bytes());
    query::insert(
        tx,
        DraftRow {
            unit_id: CITY,
            id,
            content: content.to_owned(),
            sha256: sha256.clone(),
            reason: reason.clone(),
            base_edition_id: newest.map(|(id, _)| id),
            maker_person_id: maker,
            created_at: stamp.now,
            state: State::Proposed.as_str(),
            checker_person_id: None,
            revision: 1,
        },
    )?;
    tell(tx, stamp, id, 1, State::Proposed, maker, reason)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, CITY, "tariff.proposed", id).with(sha256)])?;
    Ok(Ok(id))
}

fn tell(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    draft: EventId,
    revision: i64,
    state: State,
    person: PersonId,
    reason: String,
) -> Result<()> {
    query::tell(
        tx,
        EventRow {
            unit_id: CITY,
            id: stamp.mint()?,
            draft_id: draft,
            revision,
            kind: state.as_str(),
            state: state.as_str(),
            person_id: person,
            reason,
            at: stamp.now,
        },
    )
}

/// Another person than the one who proposed it makes the draft the edition in force.
///
/// # Errors
/// `role_not_allowed`, `tariff_is_the_citys`, `tariff_draft_not_found`, `tariff_draft_decided`,
/// `maker_is_checker`, `tariff_moved_on` when another edition came between.
pub fn approve(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, id: EventId) -> Result<()> {
    actor.require_role(&[Role::Administrator, Role::Approver])?;
    let checker = require_city(actor)?;
    let draft = undecided(tx, id)?;
    if draft.maker == checker {
        return Err(Error::forbidden("maker_is_checker", "another person must approve"));
    }
    if edition::newest_text(tx)?.map(|(id, _)| id) != draft.base {
        return Err(Error::conflict("tariff_moved_on", "another edition came between; propose it again"));
    }
    edition::insert(tx, stamp, actor, &draft.content)?;
    query::decide(tx, &draft, State::Approved, checker)?;
    tell(tx, stamp, id, draft.revision + 1, State::Approved, checker, draft.reason.clone())?;
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
    let reason = reason_of(reason)?;
    let draft = undecided(tx, id)?;
    query::decide(tx, &draft, State::Refused, checker)?;
    tell(tx, stamp, id, draft.revision + 1, State::Refused, checker, reason)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, CITY, "tariff.refused", id)])
}

fn undecided(conn: &mut Conn, id: EventId) -> Result<Draft> {
    let draft = find(conn, id)?;
    if draft.state == State::Proposed {
        return Ok(draft);
    }
    Err(Error::conflict("tariff_draft_decided", "the draft was decided already"))
}

/// One draft. Needs a connection that sees the city's unit.
///
/// # Errors
/// `tariff_draft_not_found`.
pub fn find(conn: &mut Conn, id: EventId) -> Result<Draft> {
    query::find(conn, id)?.ok_or_else(|| Error::not_found("tariff_draft_not_found", "no such draft"))
}

/// The newest drafts.
pub fn list(conn: &mut Conn, limit: i64) -> Result<Vec<Draft>> {
    query::list(conn, limit)
}
