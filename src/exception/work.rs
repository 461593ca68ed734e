//! Work on an exception that settles nothing: who has it, what is said about it, who looks after
//! it when nobody did.

use super::{Exception, State, TEXT_LIMIT, advance, query, worded};
use crate::actor::{Actor, Role};
use crate::audit;
use crate::error::{Error, Result};
use crate::id::*;
use crate::identity;
use crate::store::{Conn, Stamp, Tx};

/// The owner of what was escalated.
pub const CITY_OWNER: &str = "city";

/// Who may work on the queue.
pub const WORKERS: [Role; 3] = [Role::Finance, Role::Approver, Role::Administrator];

/// To whom an exception is given: a role of the unit or the city, and perhaps one person, who is somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    role: String,
    person: Option<PersonId>,
}

impl Owner {
    /// The one that is named. Persons may be registered at another unit than the item's, so the connection must see
    /// all units.
    ///
    /// # Errors
    /// `exception_owner_unknown`, `person_not_found`.
    pub fn named(conn: &mut Conn, role: &str, person: Option<PersonId>) -> Result<Owner> {
        let role = Owner::role(role)?;
        if let Some(person) = person {
            identity::person_name(conn, person)?;
        }
        Ok(Owner { role, person })
    }

    /// `finance`, `cashier`, `approver`, `administrator` or `city`.
    pub fn role(text: &str) -> Result<String> {
        let roles = [Role::Finance, Role::Cashier, Role::Approver, Role::Administrator];
        if text == CITY_OWNER || roles.iter().any(|role| role.as_str() == text) {
            return Ok(text.to_owned());
        }
        let detail = "finance, cashier, approver, administrator or city";
        Err(Error::invalid("owner", "exception_owner_unknown", detail))
    }
}

/// A comment as it is kept.
///
/// # Errors
/// `comment_missing`, `field_too_long`.
pub fn comment_of(words: &str) -> Result<String> {
    worded("comment", words, "comment_missing", TEXT_LIMIT)
}

/// Says something about it: an event, cleaned, at most 1,000 characters. Names of citizens do not
/// belong there.
///
/// # Errors
/// `comment_missing`, `field_too_long`, `exception_not_found`.
pub fn comment(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ExceptionId,
    words: &str,
) -> Result<Exception> {
    actor.require_role(&WORKERS)?;
    actor.scope.require(unit)?;
    let maker = actor.require_person()?;
    let reason = comment_of(words)?;
    let mut item = query::lock(tx, unit, id)?;
    let act = query::Act { kind: "commented", maker: Some(maker), reason, ..query::Act::default() };
    let state = item.state;
    advance(tx, stamp, &mut item, state, act)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "exception.commented", id)])?;
    Ok(item)
}

/// Notes that its payer was asked once more for what it says is missing.
///
/// # Errors
/// `exception_not_open`.
pub fn remind(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, ExceptionId),
    missing: &str,
) -> Result<Exception> {
    let maker = actor.require_person()?;
    let mut item = query::lock(tx, unit, id)?;
    if item.state != State::Open {
        return Err(Error::conflict("exception_not_open", "it is proposed or resolved already"));
    }
    let reason = missing.to_owned();
    let act = query::Act { kind: "reminded", maker: Some(maker), reason, ..query::Act::default() };
    advance(tx, stamp, &mut item, State::Open, act)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "exception.reminded", id)])?;
    Ok(item)
}

/// Gives it to somebody else.
///
/// # Errors
/// `exception_not_open` when it is settled.
pub fn assign(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ExceptionId,
    (owner, reason): (&Owner, &str),
) -> Result<Exception> {
    actor.require_role(&WORKERS)?;
    actor.scope.require(unit)?;
    let maker = actor.require_person()?;
    let reason = worded("reason", reason, "reason_missing", TEXT_LIMIT)?;
    let mut item = query::lock(tx, unit, id)?;
    if item.state == State::Resolved {
        return Err(Error::conflict("exception_not_open", "it is resolved already"));
    }
    item.owner.clone_from(&owner.role);
    item.assignee = owner.person;
    let act = query::Act {
        kind: "assigned",
        target: owner.person.map(|person| person.0),
        maker: Some(maker),
        reason,
        owner: Some(owner.role.clone()),
        ..query::Act::default()
    };
    let state = item.state;
    advance(tx, stamp, &mut item, state, act)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "exception.assigned", id)])?;
    Ok(item)
}

/// The city looks after it from now on. Returns whether it was not the city's before.
pub fn escalate(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    unit: UnitId,
    id: ExceptionId,
    reason: String,
) -> Result<bool> {
    let mut item = query::lock(tx, unit, id)?;
    if item.state == State::Resolved || item.owner == CITY_OWNER {
        return Ok(false);
    }
    item.owner = CITY_OWNER.to_owned();
    item.assignee = None;
    let owner = Some(CITY_OWNER.to_owned());
    let act = query::Act { kind: "escalated", reason, owner, ..query::Act::default() };
    let state = item.state;
    advance(tx, stamp, &mut item, state, act)?;
    let entry = audit::Entry::by(&Actor::system(), unit, "exception.escalated", id);
    audit::record(tx, stamp, &[entry])?;
    metrics::counter!("bienlai_exceptions_escalated_total", "kind" => item.kind.to_string()).increment(1);
    Ok(true)
}
