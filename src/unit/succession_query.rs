//! The SQL of mergers.

use diesel::prelude::*;

use super::succession::Succession;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::UnitId;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::unit_succession;

pub fn of_unit(conn: &mut Conn, unit: UnitId) -> Result<Vec<Succession>> {
    type Columns = (UnitId, UnitId, BusinessDay, String);
    let found: Vec<Columns> = unit_succession::table
        .filter(unit_succession::unit_id.eq(unit).or(unit_succession::successor_id.eq(unit)))
        .order((unit_succession::effective_on, unit_succession::unit_id))
        .select((
            unit_succession::unit_id,
            unit_succession::successor_id,
            unit_succession::effective_on,
            unit_succession::decision,
        ))
        .load(conn)
        .classify()?;
    let of =
        |(unit, successor, effective_on, decision)| Succession { unit, successor, effective_on, decision };
    Ok(found.into_iter().map(of).collect())
}
