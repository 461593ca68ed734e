//! Editions of an obligation's lines: what was raised is edition 0; each correction of its receipt
//! writes the lines anew under the next number, so that old documents keep their meaning.

use super::{Line, Obligation, edition_query, event_of, not_found, query, record_events};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::id::{ObligationId, UnitId};
use crate::store::{Conn, Stamp, Tx};

/// Puts new lines in force, with one event. State and money are the caller's next step, in the
/// same transaction.
pub fn begin(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ObligationId,
    lines: &[Line],
    reason: &str,
) -> Result<Obligation> {
    let mut obligation = query::lock(tx, &[(unit, id)])?.pop().ok_or_else(not_found)?;
    let total = Dong::sum(lines.iter().map(|line| line.amount))?;
    let difference = total.checked_sub(obligation.total)?;
    obligation.line_edition += 1;
    obligation.revision += 1;
    obligation.total = total;
    edition_query::insert(tx, &obligation, lines)?;
    edition_query::store(tx, &obligation, difference)?;
    record_events(tx, stamp, &[event_of(&obligation, "amended", actor, Some(reason.to_owned()))])?;
    Ok(obligation)
}

/// The lines of one edition.
pub fn lines(conn: &mut Conn, unit: UnitId, id: ObligationId, edition: i32) -> Result<Vec<Line>> {
    let found = query::every_line(conn, &[(unit, id)])?;
    Ok(found.into_iter().filter(|(_, of, _)| *of == edition).map(|(_, _, line)| line).collect())
}

/// The lines in force and those before them.
pub fn newest_two(conn: &mut Conn, obligation: &Obligation) -> Result<(Vec<Line>, Vec<Line>)> {
    let edition = obligation.line_edition;
    if edition == 0 {
        return Err(Error::internal("an obligation that was never amended has no earlier lines"));
    }
    let before = lines(conn, obligation.unit, obligation.id, edition - 1)?;
    let now = lines(conn, obligation.unit, obligation.id, edition)?;
    Ok((before, now))
}
