//! Decisions of the city that one administrator proposes and another person approves: a target for units, an
//! entrustment of a unit's signing or its end, a merger of units, the end of an account, a unit's new name,
//! the trust in a channel. They stand at the city's unit.

mod content;
mod proposal_query;

use serde::Serialize;

pub use self::content::{AccountEnd, Content, Entrustment, EntrustmentEnd, Merger, Naming, Trust};

use self::proposal_query::{self as query, EventRow, ProposalRow};
use super::target::Targets;
use crate::actor::{Actor, Role, Scope};
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{EventId, PersonId};
use crate::store::{Conn, Stamp, Tx};
use crate::text;
use crate::unit::CITY;

const REASON_LIMIT: usize = 500;

/// Who may look at proposals.
pub const READERS: [Role; 3] = [Role::Administrator, Role::Approver, Role::Auditor];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
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

    fn parse(text: &str) -> State {
        match text {
            "proposed" => State::Proposed,
            "approved" => State::Approved,
            _ => State::Refused,
        }
    }
}

/// A proposal as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proposal {
    pub id: EventId,
    pub content: Content,
    pub reason: String,
    pub maker: PersonId,
    pub created_at: Instant,
    pub state: State,
    pub checker: Option<PersonId>,
    #[serde(skip)]
    pub revision: i64,
}

/// They hold for many units, so that only who looks after all of them decides.
fn require_city(actor: &Actor) -> Result<()> {
    if actor.scope == Scope::All {
        return Ok(());
    }
    Err(Error::forbidden("proposal_is_the_citys", "it is decided for the whole city"))
}

fn reason_of(text: &str) -> Result<String> {
    let reason = text::clean(text);
    if reason.is_empty() {
        return Err(Error::invalid("reason", "field_missing", "why, and by which decision"));
    }
    if reason.chars().count() > REASON_LIMIT {
        return Err(Error::invalid("reason", "field_too_long", format!("at most {REASON_LIMIT} characters")));
    }
    Ok(reason)
}

/// Proposes a decision; nothing holds before another person approves it.
///
/// # Errors
/// `role_not_allowed`, `proposal_is_the_citys`, `person_required`, `field_missing`, `target_wrong`,
/// `entrustment_dates_wrong`, `unit_not_found`, `unit_merged`, `account_ended`.
pub fn propose(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    content: &Content,
    reason: &str,
) -> Result<EventId> {
    actor.require_role(&[Role::Administrator])?;
    require_city(actor)?;
    let maker = actor.require_person()?;
    let reason = reason_of(reason)?;
    content.check(tx, &reason)?;
    let id: EventId = stamp.mint()?;
    let text = serde_json::to_string(content).map_err(|error| Error::internal(error.to_string()))?;
    query::insert(
        tx,
        ProposalRow {
            unit_id: CITY,
            id,
            kind: content.kind(),
            content: text,
            reason: reason.clone(),
            maker_person_id: maker,
            created_at: stamp.now,
            state: State::Proposed.as_str(),
            checker_person_id: None,
            revision: 1,
        },
    )?;
    tell(tx, stamp, (id, 1), State::Proposed, maker, reason)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, CITY, "proposal.proposed", id).with(content.kind())])?;
    Ok(id)
}

fn tell(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (proposal_id, revision): (EventId, i64),
    state: State,
    person_id: PersonId,
    reason: String,
) -> Result<()> {
    let (kind, state) = (state.as_str(), state.as_str());
    let (id, at) = (stamp.mint()?, stamp.now);
    query::tell(tx, EventRow { unit_id: CITY, id, proposal_id, revision, kind, state, person_id, reason, at })
}

/// Another person than the one who proposed it makes it hold.
///
/// # Errors
/// `role_not_allowed`, `proposal_not_found`, `proposal_decided`, `maker_is_checker`,
/// and those of what is decided, such as `city_identity_missing`, `entrustment_missing` or `account_busy`.
pub fn approve(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, id: EventId) -> Result<Proposal> {
    let (mut found, checker) = undecided(tx, actor, id)?;
    if found.maker == checker {
        return Err(Error::forbidden("maker_is_checker", "another person must approve"));
    }
    decide(tx, stamp, &mut found, State::Approved, checker, None)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, CITY, "proposal.approved", id)])?;
    content::carry_out(tx, stamp, actor, &found, checker)?;
    Ok(found)
}

/// Refuses a proposal, or takes one's own back.
///
/// # Errors
/// `role_not_allowed`, `proposal_not_found`, `proposal_decided`, `field_missing`.
pub fn refuse(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    id: EventId,
    reason: &str,
) -> Result<Proposal> {
    let (mut found, checker) = undecided(tx, actor, id)?;
    let reason = reason_of(reason)?;
    decide(tx, stamp, &mut found, State::Refused, checker, Some(reason))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, CITY, "proposal.refused", id)])?;
    Ok(found)
}

fn undecided(conn: &mut Conn, actor: &Actor, id: EventId) -> Result<(Proposal, PersonId)> {
    actor.require_role(&[Role::Administrator])?;
    let not_found = || Error::not_found("proposal_not_found", "no such proposal for you to decide");
    if actor.scope != Scope::All {
        return Err(not_found());
    }
    let found = query::find(conn, id)?.ok_or_else(not_found)?;
    let person = actor.require_person()?;
    if found.state == State::Proposed {
        return Ok((found, person));
    }
    Err(Error::conflict("proposal_decided", "it was decided already"))
}

fn decide(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    found: &mut Proposal,
    state: State,
    checker: PersonId,
    reason: Option<String>,
) -> Result<()> {
    query::decide(tx, found, state, checker)?;
    (found.state, found.checker) = (state, Some(checker));
    found.revision += 1;
    tell(
        tx,
        stamp,
        (found.id, found.revision),
        state,
        checker,
        reason.unwrap_or_else(|| found.reason.clone()),
    )
}

/// The newest proposals that an actor may see: of targets all, of entrustments those of their units. Needs a
/// connection that sees the city's unit.
///
/// # Errors
/// `role_not_allowed`.
pub fn list(conn: &mut Conn, actor: &Actor, limit: i64) -> Result<Vec<Proposal>> {
    actor.require_role(&READERS)?;
    let mut found = query::list(conn, limit)?;
    found.retain(|one| one.content.is_for(actor));
    Ok(found)
}

/// The targets that come with the program and those the city set since. City rules are read whatever the
/// caller's scope: the connection must see the city's unit.
///
/// # Errors
/// `targets_unreadable`.
pub fn targets(conn: &mut Conn) -> Result<Targets> {
    let set = query::approved(conn, "targets")?.into_iter().filter_map(|one| match one.content {
        Content::Target(target) => Some(target),
        _ => None,
    });
    Ok(Targets::shipped()?.with(set))
}
