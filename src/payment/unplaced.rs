//! The money of an exception that stands in suspense and that a person can give its place.

use super::held::movement_row;
use super::line_query::{self, MatchPartRow};
use super::movement::{Movement, State};
use super::{Direction, movement_query, settle_cash};
use crate::error::{Error, Result};
use crate::exception::{Exception, Kind, Proposal};
use crate::id::*;
use crate::statement;
use crate::store::{Conn, Stamp, Tx, rows};

const RULE: &str = "by_two_persons";

/// The line, with the movement its money is; none where the line never opened one.
pub(super) type Unplaced = (LineId, Option<MovementId>);

/// The movement whose money an exception has in suspense, with the line that shows it: the exception's
/// own, or the only one of its line that no payment has. None unless all of it, and of an exception
/// about a line nothing else, stands there.
pub(super) fn find(conn: &mut Conn, item: &Exception) -> Result<Option<Unplaced>> {
    let of_line = item.subject_kind == "line";
    if !of_line && item.subject_kind != "movement" {
        return Ok(None);
    }
    let ids: Vec<(UnitId, MovementId)> = if of_line {
        let parts = line_query::standing_parts(conn, item.unit, LineId(item.subject_id))?;
        if parts.is_empty() {
            return bare(conn, item);
        }
        parts.into_iter().map(|(_, movement, _)| (item.unit, movement)).collect()
    } else {
        vec![(item.unit, MovementId(item.subject_id))]
    };
    let mut free = movement_query::movements(conn, &ids)?;
    free.retain(|movement| movement.payment.is_none() && movement.state == State::Proven);
    let [movement] = free.as_slice() else { return Ok(None) };
    let line = match line_query::lines_of_movements(conn, &[(item.unit, movement.id)])?.as_slice() {
        [(_, _, line)] => *line,
        _ => return Ok(None),
    };
    let held = settle_cash::in_suspense(conn, item.unit, line)?;
    let is_all = if of_line { held == item.amount } else { held >= item.amount };
    Ok(Some((line, Some(movement.id))).filter(|_| is_all && movement.amount == item.amount))
}

/// A line that shows nothing: what a slip did not ask for, the one sale of a batch that nobody knew when such lines
/// opened no movement, or the sales of a batch that took more than it paid out.
fn bare(conn: &mut Conn, item: &Exception) -> Result<Option<Unplaced>> {
    let line = LineId(item.subject_id);
    let is_sale = item.kind == Kind::BulkSettlement
        || statement::line_query::line(conn, item.unit, line)?.amount.is_positive();
    let held = settle_cash::in_suspense(conn, item.unit, line)?;
    Ok(Some((line, None)).filter(|_| is_sale && held.is_positive() && held == item.amount))
}

/// The same for carrying it out: a line without a movement opens it now.
pub(super) fn take(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    item: &Exception,
    (proposal, checker): (&Proposal, PersonId),
) -> Result<(LineId, MovementId)> {
    let gone =
        || Error::conflict("line_not_in_suspense", "the money was identified, or taken back, meanwhile");
    match find(tx, item)?.ok_or_else(gone)? {
        (line, Some(movement)) => Ok((line, movement)),
        (line, None) => Ok((line, open(tx, stamp, item, (line, proposal.maker, checker))?)),
    }
}

fn open(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    item: &Exception,
    (line, maker, checker): (LineId, PersonId, PersonId),
) -> Result<MovementId> {
    let shown = statement::line_query::line(tx, item.unit, line)?;
    let id: MovementId = stamp.mint()?;
    let movement = Movement {
        unit: item.unit,
        id,
        account: shown.account,
        direction: Direction::Credit,
        amount: item.amount,
        code: String::new(),
        first_seen_on: shown.booking_date,
        proven: item.amount,
        claimed_by: String::new(),
        payment: None,
        state: State::Proven,
        revision: 1,
    };
    rows::insert(tx, &[movement_row(&movement, stamp)])?;
    let both = (maker != checker).then_some((maker, checker));
    let part = MatchPartRow {
        unit_id: item.unit,
        id: stamp.mint()?,
        line_id: line,
        movement_id: id,
        amount: item.amount,
        rule: RULE,
        evidence: "[]".to_owned(),
        maker_person_id: both.map(|both| both.0),
        checker_person_id: both.map(|both| both.1),
        undoes_id: None,
        created_at: stamp.now,
    };
    rows::insert(tx, &[part])?;
    Ok(id)
}
