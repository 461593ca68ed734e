//! Where money in suspense may belong: units of the whole city that wait for exactly this sum, once.
//! It names units and nothing else, and it can be asked for one's own suspense items only.

use serde::Serialize;

use super::{alarm, query};
use crate::actor::{Actor, Role};
use crate::error::{Error, Result};
use crate::exception::{self, State};
use crate::id::*;
use crate::store::Conn;

/// A unit with one open obligation of the sum.
#[derive(Clone, Debug, Serialize)]
pub struct Candidate {
    pub code: String,
    pub name: String,
    /// Always one: where several are open, nobody could tell which.
    pub count: u32,
}

/// What the city knows of a sum.
#[derive(Clone, Debug, Serialize)]
pub struct Hint {
    pub units: Vec<Candidate>,
    /// Other units that wait for this sum more than once.
    pub units_with_several: usize,
}

/// The most units that are named: a usual fee is owed everywhere and says nothing.
const NAMED_LIMIT: usize = 20;

/// Who asks for hints.
pub const READERS: [Role; 3] = [Role::Finance, Role::Approver, Role::Auditor];

/// Asks for a suspense item of the caller's own. `conn` must see every unit.
///
/// # Errors
/// `exception_not_found`, `hint_unfit` when the item is no open money in suspense.
pub fn of(conn: &mut Conn, actor: &Actor, id: ExceptionId) -> Result<Hint> {
    actor.require_role(&READERS)?;
    let not_found = || Error::not_found("exception_not_found", "no such exception in your scope");
    let unit = exception::query::unit_of(conn, &actor.scope, id)?.ok_or_else(not_found)?;
    let item = exception::find(conn, unit, id)?;
    let is_open = item.state != State::Resolved && alarm::is_unknown_money(&item);
    if !is_open || !alarm::is_held(conn, &item)? {
        return Err(Error::conflict("hint_unfit", "only for open items with money in suspense"));
    }
    let owing = query::owing(conn, item.amount, unit)?;
    let mut units = Vec::new();
    for unit in owing.one.iter().take(NAMED_LIMIT) {
        let (code, name) = query::unit_label(conn, *unit)?;
        units.push(Candidate { code, name, count: 1 });
    }
    Ok(Hint { units, units_with_several: owing.several })
}
