//! Claims of one payout that came after its line. The line was posted as money that nobody knows and stands in
//! suspense; it goes from there to what the claims told of. Which claims those are is found by the rules that know them
//! when they come first (`reconciliation/late_groups.rs`).

use std::collections::BTreeSet;

use super::prove::{LineWork, Posted};
use super::{late_payout, line_query, movement_query, overtaken, query};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::error::Result;
use crate::id::{MovementId, UnitId};
use crate::store::{Conn, Stamp, Tx};

pub(super) const WHY: &str = "its claims came";

/// Posts what a run found: a posted line with the claims that make it up, as a lump sum without a report. `seen` are
/// the expected movements that the run knew. None where the line's money does not stand in suspense whole any more,
/// where a channel told of it as one sum, or where two persons took the line apart.
///
/// # Errors
/// Contended where another claim came meanwhile, which may make the choice one of two, or one of these was proven: the
/// caller matches again.
pub fn settle_group(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    work: &LineWork,
    seen: &BTreeSet<MovementId>,
) -> Result<Option<Posted>> {
    actor.require_role(&[Role::Finance, Role::System])?;
    actor.scope.require(work.unit)?;
    query::lock_accounts(tx, &[(work.unit, work.account)])?;
    overtaken::refuse_unseen(tx, &[work], seen)?;
    if !is_nobodys(tx, work)? {
        return Ok(None);
    }
    late_payout::settle(tx, stamp, actor, work, None)
}

/// Whether the line shows only the movement that it opened itself: nobody told of it, and nobody has divided it.
fn is_nobodys(conn: &mut Conn, work: &LineWork) -> Result<bool> {
    let shown = line_query::standing_parts(conn, work.unit, work.line)?;
    let ids: Vec<(UnitId, MovementId)> = shown.iter().map(|(_, id, _)| (work.unit, *id)).collect();
    let movements = movement_query::movements(conn, &ids)?;
    let is_free = movements.iter().all(|one| one.payment.is_none() && one.claimed_by.is_empty());
    Ok(is_free && Dong::sum(shown.iter().map(|(.., amount)| *amount))? == work.amount)
}
