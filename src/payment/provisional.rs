//! The countersignature of a provisional slip takes its money into the books: into the drawer of the
//! cashier who collected it, with the time it was collected, and the receipt follows.

use super::book::Method;
use super::counter::{self, Taken, Taking, take_on_paper};
use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{ObligationId, UnitId};
use crate::obligation;
use crate::shift::provisional::{self, Slip, Written};
use crate::shift::{self, provisional_query};
use crate::store::{Stamp, Tx};

/// What a cashier reads off a slip.
#[derive(Clone, Copy, Debug)]
pub struct Paper {
    pub obligation: ObligationId,
    pub amount: Dong,
    pub collected_at: Instant,
    /// The paper has another amount than what is owed, and is entered as it is.
    pub differs: bool,
}

/// Enters a slip of the actor's; see `shift::provisional::enter`. What came another way meanwhile, or was
/// cancelled, keeps no slip out of the books: its cash is in the drawer.
pub fn enter(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, number): (UnitId, i64),
    paper: &Paper,
) -> Result<Slip> {
    let item = obligation::find(tx, unit, paper.obligation)?;
    let written = Written {
        obligation: paper.obligation,
        amount: paper.amount,
        collected_at: paper.collected_at,
        owed: counter::owed(tx, &item)?,
        differs: paper.differs,
    };
    provisional::enter(tx, stamp, actor, (unit, number), &written)
}

/// Countersigns a slip that its cashier, `collector` by name, entered. The name is read before: a cashier
/// may be registered at another unit, which this transaction does not see.
///
/// # Errors
/// `maker_is_checker`, `slip_state_wrong`, `shift_not_open` when the cashier has no shift in
/// use, `slip_amount_differs` when another sum is owed by now and `differs` does not say that this was
/// seen: either it is taken as what it is, a part or a surplus, or the entry is sent back and the money
/// returned.
pub fn countersign(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, number): (UnitId, i64),
    (collector, differs): (&str, bool),
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
    let taken = take_on_paper(tx, stamp, &cashier, &taking, (entry.collected_at, differs))?;
    let slip = provisional::settle(tx, stamp, actor, slip, (&entry, taken.payment))?;
    Ok((slip, taken))
}
