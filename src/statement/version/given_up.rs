//! A version whose statement is given up, and whose file is sent again.

use super::{Comparison, Decision, Event, Version, advance, again, open_exception, query};
use crate::actor::Actor;
use crate::audit;
use crate::error::{Error, Result};
use crate::id::PersonId;
use crate::statement::query::{self as statements, StoredStatement};
use crate::store::{Conn, Stamp, Tx};

/// A version that moved no money is dismissed with its statement, so that nothing loads it by itself; what it adds
/// goes in when its file is sent again. One that two persons accepted took lines out, which only its statement can
/// say again.
///
/// # Errors
/// `statement_corrects`.
pub fn give_up(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    stored: &StoredStatement,
    (person, reason): (PersonId, &str),
) -> Result<()> {
    let (unit, account) = (stored.unit, stored.account);
    let Some(version) = query::by_position(tx, unit, account, &stored.file_sha256, stored.place())? else {
        return Ok(());
    };
    if version.state != "applied" {
        let detail = "two persons accepted what it takes out; it can only be loaded to its end";
        return Err(Error::conflict("statement_corrects", detail));
    }
    let event = Event {
        kind: "dismissed",
        state: "dismissed",
        decision: Some(Decision::Dismiss),
        maker: Some(person),
        checker: None,
        reason,
    };
    advance(tx, stamp, &version, &event).map(|_| ())
}

/// Whether a version was dismissed with its statement. What two persons dismissed stays decided.
pub fn is_given_up(conn: &mut Conn, version: &Version) -> Result<bool> {
    Ok(version.state == "dismissed" && query::is_dismissed_by_one(conn, version.unit, version.id)?)
}

/// Takes a version up again that was given up with its statement and whose file is sent again, by what it changes of
/// the lines as they stand now: it may go in, or is held where it moves money by now.
pub fn take_up(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    version: &Version,
    found: Option<&Comparison>,
) -> Result<Version> {
    statements::lock_account(tx, version.unit, version.account)?;
    let dismissed = query::find(tx, version.unit, version.id)?;
    if !is_given_up(tx, &dismissed)? {
        return Ok(dismissed); // Another process took it up.
    }
    let differences = found.map(|found| found.differences.as_slice()).unwrap_or_default();
    if query::differences(tx, dismissed.unit, dismissed.id)? != differences {
        again::list_anew(tx, &dismissed, differences)?;
    }
    let moving = found.filter(|found| found.moves_money());
    let state = if moving.is_some() { "held" } else { "applied" };
    let reason = "its file was sent again";
    let event = Event { kind: state, state, decision: None, maker: actor.person, checker: None, reason };
    let taken_up = advance(tx, stamp, &dismissed, &event)?;
    if let Some(comparison) = moving {
        open_exception(tx, stamp, &taken_up, comparison)?;
    }
    let entry = audit::Entry::by(actor, taken_up.unit, "statement.version", taken_up.id).with(state);
    audit::record(tx, stamp, &[entry])?;
    Ok(taken_up)
}
