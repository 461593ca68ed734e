//! A statement whose loading broke off, and that no import finishes, keeps its account's other files waiting. People
//! are told of it, and one of them may give it up: its lines are not taken, and the other files go on. Sent again, it
//! goes in beside the one that was given up.

use super::query::{self, GivenUpRow, StoredStatement};
use super::{quarantine, version};
use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;

pub use super::query::{GivenUp, given_up};

/// Who may give a statement up.
pub const DECIDERS: [Role; 2] = [Role::Finance, Role::Approver];
/// A large file takes minutes; what is being loaded for longer broke off.
const LOADING_S: i64 = 10 * 60;

/// The statements whose loading broke off, of all units in sight, the oldest first.
///
/// # Errors
/// Those of the store.
pub fn broken_off(conn: &mut Conn, now: Instant) -> Result<Vec<StoredStatement>> {
    query::loading_before(conn, now.minus_seconds(LOADING_S))
}

/// Gives a statement up whose loading broke off.
///
/// # Errors
/// `role_not_allowed`, `reason_missing`, `field_too_long`, `statement_not_found`, `statement_not_broken_off`,
/// `statement_corrects`.
pub fn give_up(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, StatementId),
    reason: &str,
) -> Result<StoredStatement> {
    actor.require_role(&DECIDERS)?;
    actor.scope.require(unit)?;
    let person = actor.require_person()?;
    let reason = text::reason(reason)?;
    let account = query::statement(tx, unit, id)?.account;
    query::lock_account(tx, unit, account)?;
    let stored = query::statement(tx, unit, id)?;
    if stored.state != "loading" || stamp.now.seconds_since(stored.created_at) < LOADING_S {
        let detail = "it is loaded, given up, or has been loading for less than ten minutes";
        return Err(Error::conflict("statement_not_broken_off", detail));
    }
    version::given_up::give_up(tx, stamp, &stored, (person, &reason))?;
    // Whoever still adds lines to it ends first, and adds no more.
    query::set_state(tx, &stored, "abandoned")?;
    let at = stamp.now;
    rows::insert(
        tx,
        &[GivenUpRow { unit_id: unit, statement_id: id, person_id: person, reason: reason.clone(), at }],
    )?;
    quarantine::give_up(tx, stamp, &stored, (person, &reason))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "statement.given_up", id)])?;
    query::statement(tx, unit, id)
}
