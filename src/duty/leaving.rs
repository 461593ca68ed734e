//! Somebody leaves: their login ends only when nothing hangs on it any more. What it holds is told, so
//! that it can be handed over: shifts are closed and signed off, exceptions given to somebody else.

use super::leaving_query as query;
use crate::actor::{Actor, Role};
use crate::error::{Error, Result};
use crate::id::*;
use crate::identity::login::{self, Login};
use crate::store::{Conn, Stamp, Tx};

/// What a login's person holds and no other login of theirs could carry on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Shifts that are not closed.
    pub shifts: Vec<(UnitId, ShiftId)>,
    /// Exceptions they took or were given, and that are not settled.
    pub exceptions: Vec<(UnitId, ExceptionId)>,
}

impl Held {
    pub fn is_empty(&self) -> bool {
        self.shifts.is_empty() && self.exceptions.is_empty()
    }

    /// Their ids, for whoever has to hand them over.
    pub fn text(&self) -> String {
        let shifts = self.shifts.iter().map(|(_, id)| id.to_string());
        let exceptions = self.exceptions.iter().map(|(_, id)| id.to_string());
        shifts.chain(exceptions).collect::<Vec<_>>().join(", ")
    }
}

/// What would be left behind when the login ended. The connection must see the login's units.
pub fn held(conn: &mut Conn, login: &Login) -> Result<Held> {
    let others = login::of_person(conn, login.person)?;
    let others: Vec<Login> = others.into_iter().filter(|other| other.id != login.id).collect();
    let is_carried = |unit: UnitId, roles: &[Role]| {
        others
            .iter()
            .any(|other| other.is_active() && roles.contains(&other.role) && other.scope.covers(unit))
    };
    let mut held = Held::default();
    if login.role == Role::Cashier {
        held.shifts = query::open_shifts(conn, login.person)?;
        held.shifts.retain(|(unit, _)| login.scope.covers(*unit) && !is_carried(*unit, &[Role::Cashier]));
    }
    if matches!(login.role, Role::Finance | Role::Approver) {
        let roles = [Role::Finance, Role::Approver];
        held.exceptions = query::exceptions(conn, login.person)?;
        held.exceptions.retain(|(unit, _)| login.scope.covers(*unit) && !is_carried(*unit, &roles));
    }
    Ok(held)
}

/// Ends a login for good, once everything is handed over. The one that its administrator acts by, `own`, is ended by
/// another administrator: it would be gone with the press of a button, and with the last one nobody could make another.
///
/// # Errors
/// `login_end_own`, `login_holds_work` with the ids of what it holds, and those of `login::end`.
pub fn end(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    own: Option<LoginId>,
    id: LoginId,
) -> Result<()> {
    // First whether the actor may at all: nobody else learns what is held.
    let login = login::governed(tx, actor, id)?;
    if own == Some(id) {
        return Err(Error::forbidden("login_end_own", "another administrator ends it"));
    }
    let held = held(tx, &login)?;
    if !held.is_empty() {
        return Err(Error::conflict("login_holds_work", held.text()));
    }
    login::end(tx, stamp, actor, id)
}
