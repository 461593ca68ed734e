//! Decisions of the city that one administrator proposes and another person approves: a target for units, an
//! entrustment of a unit's signing or its end, a merger of units, the end of an account, a unit's new name,
//! the trust in a channel, the limit up to which one person settles alone. They stand at the city's unit.

mod content;

use serde::Serialize;

pub use self::content::{
    AccountEnd, Content, Entrustment, EntrustmentEnd, Limit, Merger, Naming, Trust, code_faults,
};
pub use crate::proposal::State;

use super::target::Targets;
use crate::actor::{Actor, Role, Scope};
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{EventId, PersonId};
use crate::proposal::{self, New};
use crate::store::page::Page;
use crate::store::{Conn, Stamp, Tx};
use crate::unit::{self, CITY};

const KINDS: [&str; 7] = ["targets", "entrustment", "merger", "account", "naming", "trust", "limit"];

/// Who may look at proposals.
pub const READERS: [Role; 3] = [Role::Administrator, Role::Approver, Role::Auditor];

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

/// Proposes a decision; nothing holds before another person approves it. What the same person proposed in the same
/// words and nobody decided yet is not proposed again: the answer is the one that waits, unless something else was
/// decided since and it can no longer be approved.
///
/// # Errors
/// `role_not_allowed`, `proposal_is_the_citys`, `person_required`, `field_missing`, `target_wrong`,
/// `entrustment_dates_wrong`, `unit_not_found`, `unit_merged`, `account_ended`, `date_in_the_past`, `tax_code_taken`.
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
    content.check(tx, stamp.today(), &proposal::reason_of(reason)?)?;
    let kind = content.kind();
    let text = serde_json::to_string(content).map_err(|error| Error::internal(error.to_string()))?;
    let new = New { kind, content: text, base: None, reason };
    unit::query::lock(tx, CITY)?;
    if let Some(first) = proposal::waiting_already(tx, maker, &new)?
        && !content.is_overtaken_since(tx, first.created_at)?
    {
        return Ok(first.id);
    }
    let id = proposal::propose(tx, stamp, maker, new)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, CITY, "proposal.proposed", id).with(kind)])?;
    Ok(id)
}

/// Another person than the one who proposed it makes it hold.
///
/// # Errors
/// `role_not_allowed`, `proposal_not_found`, `proposal_decided`, `maker_is_checker`,
/// and those of what is decided, such as `city_identity_missing`, `entrustment_missing`, `account_busy` or
/// `trust_decided_since`.
pub fn approve(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, id: EventId) -> Result<Proposal> {
    let (mut stored, checker) = undecided(tx, actor, id)?;
    proposal::approve(tx, stamp, &mut stored, checker)?;
    let found = Proposal::of(&stored)?;
    // It was right when it was proposed; units, accounts and limits may have changed since.
    found.content.check(tx, stamp.today(), &found.reason)?;
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
    Ok(page(conn, actor, limit, None)?.0)
}

/// A page of the proposals that an actor may see, of one state where one is named, and the last of the page where
/// older ones may follow. Whose a proposal is stands in its content, which no database compares: for a reader of some
/// units it reads on behind those of others until the page is full, so that they see their own however many the city
/// decided since. Needs a connection that sees the city's unit.
///
/// # Errors
/// `role_not_allowed`.
pub fn page(
    conn: &mut Conn,
    actor: &Actor,
    page: impl Into<Page>,
    state: Option<State>,
) -> Result<(Vec<Proposal>, Option<EventId>)> {
    actor.require_role(&READERS)?;
    let mut rest: Page = page.into();
    let wanted = usize::try_from(rest.limit).unwrap_or_default();
    let mut found = Vec::new();
    loop {
        let stored = proposal::list(conn, &KINDS, rest, state)?;
        for one in &stored {
            let one = Proposal::of(one)?;
            let id = one.id;
            if one.content.is_for(actor) {
                found.push(one);
            }
            if found.len() == wanted {
                return Ok((found, Some(id)));
            }
        }
        // What is not full is the last there is.
        let Some(last) = stored.last().filter(|_| stored.len() == wanted) else { return Ok((found, None)) };
        rest.cursor = Some(last.id.into());
    }
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
