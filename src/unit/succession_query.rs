//! The SQL of mergers.

use diesel::prelude::*;

use super::succession::Succession;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::UnitId;
use crate::store::failure::Classify;
use crate::store::schema::{unit, unit_succession};
use crate::store::schema_succession::unit_handover;
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct SuccessionRow in "unit_succession" {
        pub unit_id: UnitId,
        pub successor_id: UnitId,
        pub effective_on: BusinessDay,
        pub decision: String,
        pub created_at: Instant,
    }
}

type Columns = (UnitId, UnitId, BusinessDay, String);

fn from_stored((unit, successor, effective_on, decision): Columns) -> Succession {
    Succession { unit, successor, effective_on, decision }
}

/// The merger that ends a unit.
pub fn ending(conn: &mut Conn, unit: UnitId) -> Result<Option<Succession>> {
    let found: Option<Columns> = unit_succession::table
        .filter(unit_succession::unit_id.eq(unit))
        .select((
            unit_succession::unit_id,
            unit_succession::successor_id,
            unit_succession::effective_on,
            unit_succession::decision,
        ))
        .first(conn)
        .optional()
        .classify()?;
    Ok(found.map(from_stored))
}

pub fn of_unit(conn: &mut Conn, unit: UnitId) -> Result<Vec<Succession>> {
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
    Ok(found.into_iter().map(from_stored).collect())
}

/// The units that these go on for on a day.
pub fn before(conn: &mut Conn, successors: &[UnitId], day: BusinessDay) -> Result<Vec<UnitId>> {
    unit_succession::table
        .filter(unit_succession::successor_id.eq_any(successors))
        .filter(unit_succession::effective_on.le(day))
        .select(unit_succession::unit_id)
        .load(conn)
        .classify()
}

pub fn handed_over(conn: &mut Conn, unit: UnitId) -> Result<Option<(Instant, i64)>> {
    unit_handover::table
        .filter(unit_handover::unit_id.eq(unit))
        .select((unit_handover::created_at, unit_handover::obligations))
        .first(conn)
        .optional()
        .classify()
}

pub fn end_unit(tx: &mut Tx<'_>, id: UnitId, last_day: BusinessDay) -> Result<()> {
    diesel::update(unit::table.filter(unit::unit_id.eq(id)))
        .set(unit::valid_until.eq(Some(last_day)))
        .execute(tx.conn())
        .classify()?;
    Ok(())
}
