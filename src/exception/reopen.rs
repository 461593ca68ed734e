//! A person opens a settled exception again: with a reason, and with a second person. What its
//! resolution did to money is `payment::reopen`.

use super::{Exception, State, TEXT_LIMIT, advance, query, worded, work_query};
use crate::actor::{Actor, Role};
use crate::audit;
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::{Conn, Stamp, Tx};

const DECIDERS: [Role; 2] = [Role::Finance, Role::Approver];

/// Asks for it to be opened again.
///
/// # Errors
/// `exception_not_resolved`, `reopening_asked` when somebody asked already.
pub fn ask(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ExceptionId,
    reason: &str,
) -> Result<Exception> {
    actor.require_role(&DECIDERS)?;
    actor.scope.require(unit)?;
    let maker = actor.require_person()?;
    let reason = worded("reason", reason, "reason_missing", TEXT_LIMIT)?;
    let mut item = query::lock(tx, unit, id)?;
    if item.state != State::Resolved {
        return Err(Error::conflict("exception_not_resolved", "it is open"));
    }
    if asked_by(tx, unit, id)?.is_some() {
        return Err(Error::conflict("reopening_asked", "somebody asked for it already"));
    }
    let act = query::Act { kind: "reopen_proposed", maker: Some(maker), reason, ..query::Act::default() };
    advance(tx, stamp, &mut item, State::Resolved, act)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "exception.reopening_asked", id)])?;
    Ok(item)
}

/// Who asked, and why, while nobody has answered.
pub fn asked_by(conn: &mut Conn, unit: UnitId, id: ExceptionId) -> Result<Option<(PersonId, String)>> {
    let kinds = ["reopen_proposed", "reopen_refused", "reopened"];
    let last = work_query::last_of(conn, unit, id, &kinds)?;
    Ok(last
        .filter(|event| event.kind == "reopen_proposed")
        .and_then(|event| Some((event.maker?, event.reason))))
}

fn pending(
    tx: &mut Tx<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ExceptionId,
) -> Result<(Exception, PersonId, PersonId, String)> {
    actor.require_role(&DECIDERS)?;
    actor.scope.require(unit)?;
    let checker = actor.require_person()?;
    let item = query::lock(tx, unit, id)?;
    let asked = asked_by(tx, unit, id)?.filter(|_| item.state == State::Resolved);
    let (maker, reason) =
        asked.ok_or_else(|| Error::conflict("reopening_not_asked", "nobody asked for it to be opened"))?;
    if maker == checker {
        return Err(Error::forbidden("maker_is_checker", "another person must approve"));
    }
    Ok((item, maker, checker, reason))
}

/// Opens it again; another person than the one who asked.
///
/// # Errors
/// `reopening_not_asked`, `maker_is_checker`.
pub fn approve(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ExceptionId,
) -> Result<Exception> {
    let (mut item, maker, checker, reason) = pending(tx, actor, unit, id)?;
    let (maker, checker) = (Some(maker), Some(checker));
    let act = query::Act { kind: "reopened", maker, checker, reason, ..query::Act::default() };
    advance(tx, stamp, &mut item, State::Open, act)?;
    metrics::counter!("bienlai_exceptions_reopened_total", "kind" => item.kind.to_string()).increment(1);
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "exception.reopened", id)])?;
    Ok(item)
}

/// It stays settled.
pub fn refuse(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ExceptionId,
    reason: &str,
) -> Result<Exception> {
    let (mut item, _, checker, _) = pending(tx, actor, unit, id)?;
    let reason = worded("reason", reason, "reason_missing", TEXT_LIMIT)?;
    let act = query::Act { kind: "reopen_refused", checker: Some(checker), reason, ..query::Act::default() };
    advance(tx, stamp, &mut item, State::Resolved, act)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "exception.reopening_refused", id)])?;
    Ok(item)
}
