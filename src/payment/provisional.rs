//! The countersignature of a provisional slip takes its money into the books: into the drawer of the
//! cashier who collected it, with the time it was collected, and the receipt follows.

use super::book::Method;
use super::counter::{Taken, Taking, take_at};
use crate::actor::{Actor, Role, Scope};
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::shift::provisional::{self, Slip};
use crate::shift::{self, provisional_query};
use crate::store::{Stamp, Tx};

/// Countersigns a slip that its cashier, `collector` by name, entered. The name is read before: a cashier
/// may be registered at another unit, which this transaction does not see.
///
/// Errors: `maker_is_checker`, `slip_state_wrong`, `shift_not_open` when the cashier has no shift in
/// use, `obligation_closed` when it was paid another way meanwhile: the entry is sent back then and the
/// money returned.
pub fn countersign(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, number): (UnitId, i64),
    collector: &str,
) -> Result<(Slip, Taken)> {
    actor.require_role(&[Role::Finance, Role::Approver])?;
    actor.scope.require(unit)?;
    // The shift comes before the slip, as when a slip is entered.
    if let Some(known) = provisional_query::find(tx, unit, number)? {
        shift::taking(tx, unit, known.person)?;
    }
    let (slip, entry) = provisional::countersignable(tx, actor, unit, number)?;
    let cashier =
        Actor { person: Some(entry.person), client: None, role: Role::Cashier, scope: Scope::unit(unit) };
    let taking = Taking {
        unit,
        obligation: entry.obligation,
        amount: entry.amount,
        method: Method::Cash,
        collector: collector.to_owned(),
    };
    let taken = take_at(tx, stamp, &cashier, &[taking], entry.collected_at)?.pop();
    let taken = taken.ok_or_else(|| Error::internal("what was taken is gone"))?;
    let slip = provisional::settle(tx, stamp, actor, slip, (&entry, taken.payment))?;
    Ok((slip, taken))
}
