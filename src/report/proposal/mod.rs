//! Decisions of the city that one administrator proposes and another person approves: a target for units, an
//! entrustment of a unit's signing, the end of one. They stand at the city's unit.

use serde::{Deserialize, Serialize};

use super::target::{Target, Targets};
use crate::actor::{Actor, Role, Scope};
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{EventId, PersonId, UnitId};
use crate::proposal::{self, New};
use crate::store::{Conn, Stamp, Tx};
use crate::unit::entrustment::{self, Decision};
use crate::unit::{self, CITY};

const KINDS: [&str; 2] = ["targets", "entrustment"];

pub use crate::proposal::State;

/// Who may look at proposals.
pub const READERS: [Role; 3] = [Role::Administrator, Role::Approver, Role::Auditor];

/// What is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", content = "of", rename_all = "snake_case")]
pub enum Content {
    /// A target beside those there are; of one kind of unit and measure the newest holds.
    Target(Target),
    Entrustment(Entrustment),
    EntrustmentEnd(EntrustmentEnd),
}

/// The city's certificate signs for a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entrustment {
    pub unit: UnitId,
    pub decision_no: String,
    pub decided_on: BusinessDay,
    pub valid_from: BusinessDay,
    /// The last day.
    pub valid_until: BusinessDay,
}

/// It does so no more, from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntrustmentEnd {
    pub unit: UnitId,
    pub decision_no: String,
    pub decided_on: BusinessDay,
    pub from: BusinessDay,
}

impl Content {
    /// The kind of its row.
    fn kind(&self) -> &'static str {
        match self {
            Content::Target(_) => "targets",
            Content::Entrustment(_) | Content::EntrustmentEnd(_) => "entrustment",
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
}

impl Proposal {
    fn of(stored: &proposal::Proposal) -> Result<Proposal> {
        Ok(Proposal {
            id: stored.id,
            content: serde_json::from_str(&stored.content)
                .map_err(|error| Error::internal(error.to_string()))?,
            reason: stored.reason.clone(),
            maker: stored.maker,
            created_at: stored.created_at,
            state: stored.state,
            checker: stored.checker,
        })
    }
}

/// They hold for many units, so that only who looks after all of them decides.
fn require_city(actor: &Actor) -> Result<()> {
    if actor.scope == Scope::All {
        return Ok(());
    }
    Err(Error::forbidden("proposal_is_the_citys", "it is decided for the whole city"))
}

/// Proposes a decision; nothing holds before another person approves it.
///
/// # Errors
/// `role_not_allowed`, `proposal_is_the_citys`, `person_required`, `field_missing`, `target_wrong`,
/// `entrustment_dates_wrong`, `unit_not_found`.
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
    proposal::reason_of(reason)?;
    check(tx, content)?;
    let kind = content.kind();
    let content = serde_json::to_string(content).map_err(|error| Error::internal(error.to_string()))?;
    let id = proposal::propose(tx, stamp, maker, New { kind, content, base: None, reason })?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, CITY, "proposal.proposed", id).with(kind)])?;
    Ok(id)
}

fn check(conn: &mut Conn, content: &Content) -> Result<()> {
    match content {
        Content::Target(target) => target.check(),
        Content::Entrustment(asked) => {
            unit::find(conn, asked.unit)?;
            entrustment::check(&decision(asked))
        }
        Content::EntrustmentEnd(asked) => {
            unit::find(conn, asked.unit)?;
            let (valid_from, valid_until) = (asked.from, asked.from);
            let (number, decided_on) = (asked.decision_no.clone(), asked.decided_on);
            entrustment::check(&Decision { number, decided_on, valid_from, valid_until })
        }
    }
}

fn decision(asked: &Entrustment) -> Decision {
    Decision {
        number: asked.decision_no.clone(),
        decided_on: asked.decided_on,
        valid_from: asked.valid_from,
        valid_until: asked.valid_until,
    }
}

/// Another person than the one who proposed it makes it hold.
///
/// # Errors
/// `role_not_allowed`, `proposal_not_found`, `proposal_decided`, `maker_is_checker`,
/// and those of what is decided, such as `city_identity_missing` or `entrustment_missing`.
pub fn approve(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, id: EventId) -> Result<Proposal> {
    let (mut stored, checker) = undecided(tx, actor, id)?;
    proposal::approve(tx, stamp, &mut stored, checker)?;
    let found = Proposal::of(&stored)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, CITY, "proposal.approved", id)])?;
    match &found.content {
        Content::Target(_) => {}
        Content::Entrustment(asked) => {
            entrustment::entrust(tx, stamp, actor, asked.unit, &decision(asked))?;
        }
        Content::EntrustmentEnd(asked) => {
            let decided = (asked.decision_no.as_str(), asked.decided_on);
            entrustment::end(tx, stamp, actor, asked.unit, decided, asked.from)?;
        }
    }
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
    let (mut stored, checker) = undecided(tx, actor, id)?;
    proposal::refuse(tx, stamp, &mut stored, checker, reason)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, CITY, "proposal.refused", id)])?;
    Proposal::of(&stored)
}

fn undecided(conn: &mut Conn, actor: &Actor, id: EventId) -> Result<(proposal::Proposal, PersonId)> {
    actor.require_role(&[Role::Administrator])?;
    let not_found = || Error::not_found("proposal_not_found", "no such proposal for you to decide");
    if actor.scope != Scope::All {
        return Err(not_found());
    }
    let decided = || Error::conflict("proposal_decided", "it was decided already");
    let person = actor.require_person()?;
    Ok((proposal::undecided(conn, &KINDS, id, (not_found, decided))?, person))
}

/// The newest proposals that an actor may see: of targets all, of entrustments those of their units. Needs a
/// connection that sees the city's unit.
///
/// # Errors
/// `role_not_allowed`.
pub fn list(conn: &mut Conn, actor: &Actor, limit: i64) -> Result<Vec<Proposal>> {
    actor.require_role(&READERS)?;
    let stored = proposal::list(conn, &KINDS, limit)?;
    let mut found = stored.iter().map(Proposal::of).collect::<Result<Vec<_>>>()?;
    found.retain(|one| match &one.content {
        Content::Target(_) => true,
        Content::Entrustment(asked) => actor.scope.covers(asked.unit),
        Content::EntrustmentEnd(asked) => actor.scope.covers(asked.unit),
    });
    Ok(found)
}

/// The targets that come with the program and those the city set since. City rules are read whatever the
/// caller's scope: the connection must see the city's unit.
///
/// # Errors
/// `targets_unreadable`.
pub fn targets(conn: &mut Conn) -> Result<Targets> {
    let stored = proposal::of_state(conn, "targets", State::Approved)?;
    let set = stored.iter().map(Proposal::of).collect::<Result<Vec<_>>>()?;
    let set = set.into_iter().filter_map(|one| match one.content {
        Content::Target(target) => Some(target),
        _ => None,
    });
    Ok(Targets::shipped()?.with(set))
}
