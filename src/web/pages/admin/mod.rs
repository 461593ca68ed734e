//! `/admin`: units with their accounts, series and certificates; API clients; channels and their
//! archive; queues; the audit trail. Auditors see the same and change nothing.

pub mod calendar;
pub mod clients;
pub mod event;
pub mod evidence;
pub mod operations;
pub mod proposal_city;
pub mod proposal_units;
pub mod proposals;
pub mod screens;
pub mod trail;
pub mod unit_ends;
pub mod unit_forms;
pub mod units;
pub mod webhooks;

use crate::actor::{Actor, Role};
use crate::error::{Error, Result};
use crate::store::Conn;
use crate::unit::{self, Unit};

/// Who may look.
pub(super) const READERS: [Role; 2] = [Role::Administrator, Role::Auditor];

/// A unit of the actor's scope that a form or path names by its code.
pub(super) fn unit_coded(conn: &mut Conn, actor: &Actor, code: &str) -> Result<Unit> {
    let missing = || Error::not_found("unit_not_found", "no such unit in your scope");
    let found = unit::find_by_code(conn, code.trim()).map_err(|_| missing())?;
    actor.scope.covers(found.id).then_some(found).ok_or_else(missing)
}
