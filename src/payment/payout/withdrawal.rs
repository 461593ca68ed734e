//! A batch or a settlement report that was entered wrongly is withdrawn while it waits for its line: one person asks,
//! another approves. No money moved by it; the right paper may come under the same reference.

use super::paper::{self, Paper, Step};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::error::{Error, Result};
use crate::exception::{self, Exception, Kind, Subject, WITHDRAW_PAPER};
use crate::id::*;
use crate::store::{Conn, Stamp, Tx};

const WHY: &str = "the paper is withdrawn";

/// Who asks for a paper to be withdrawn.
pub const ASKERS: [Role; 2] = [Role::Finance, Role::Approver];

/// Asks for a paper to be withdrawn: an item about it with the proposal.
///
/// # Errors
/// `pos_batch_not_found`, `settlement_not_found`, `paper_credited`, `paper_withdrawn`, `exception_not_open`
/// when somebody asked already, `reason_missing`.
pub fn ask(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, subject): (UnitId, Subject),
    reason: &str,
) -> Result<Exception> {
    actor.require_role(&ASKERS)?;
    actor.scope.require(unit)?;
    let paper = paper::find(tx, unit, subject)?;
    require_waiting(&paper)?;
    let new = exception::New {
        unit,
        kind: Kind::MatchDoubted,
        subject,
        account: Some(paper.account()),
        amount: Dong(paper.net().0.abs()),
        opened_on: stamp.today(),
        detail: String::new(),
    };
    exception::open(tx, stamp, &[new])?;
    let id = exception::query::by_subject(tx, unit, Kind::MatchDoubted, subject)?;
    exception::propose(tx, stamp, actor, unit, id, (WITHDRAW_PAPER, None, reason))
}

/// Whether the item asks for a paper to be withdrawn that waits still.
///
/// # Errors
/// `resolution_unfit`, `paper_credited`, `paper_withdrawn`.
pub fn check(conn: &mut Conn, item: &Exception) -> Result<()> {
    waiting(conn, item).map(|_| ())
}

fn waiting(conn: &mut Conn, item: &Exception) -> Result<Paper> {
    let unfit = || Error::conflict("resolution_unfit", "ask for the paper to be withdrawn");
    let paper = Paper::of_item(conn, item)?.filter(|_| item.kind == Kind::MatchDoubted).ok_or_else(unfit)?;
    require_waiting(&paper)?;
    Ok(paper)
}

fn require_waiting(paper: &Paper) -> Result<()> {
    if paper.waits() {
        return Ok(());
    }
    if paper.is_withdrawn() {
        return Err(Error::conflict("paper_withdrawn", "two persons withdrew it already"));
    }
    Err(Error::conflict("paper_credited", "a line shows it: take the line apart first"))
}

/// Carries it out. The paper's account is locked.
pub(in crate::payment) fn carry_out(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    item: &Exception,
) -> Result<()> {
    let mut paper = waiting(tx, item)?;
    let person = actor.require_person()?;
    let step = Step { kind: "withdrawn", state: "withdrawn", on: stamp.today(), person, line: None };
    paper.step(tx, stamp, &step)?;
    // What it named and nobody knew is nobody's question any more.
    let ended = (item.unit, Kind::BulkSettlement, paper.subject(), WHY);
    exception::settle_with(tx, stamp, item.id, &[ended])?;
    let entry = match &paper {
        Paper::Batch(batch) => audit::Entry::by(actor, item.unit, "pos_batch.withdrawn", batch.id),
        Paper::Settlement(report) => audit::Entry::by(actor, item.unit, "settlement.withdrawn", report.id),
    };
    audit::record(tx, stamp, &[entry])
}
