//! The SQL of units' names.

use diesel::prelude::*;

use super::naming::{Dated, Naming};
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{EventId, UnitId};
use crate::store::failure::Classify;
use crate::store::schema::unit;
use crate::store::schema_succession::unit_naming;
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct NamingRow in "unit_naming" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub name: String,
        pub address: String,
        pub valid_from: BusinessDay,
        pub decision_no: String,
        pub created_at: Instant,
    }
}

type Columns = (UnitId, String, String, BusinessDay, String, Instant);

fn load(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<(UnitId, Dated)>> {
    let found: Vec<Columns> = unit_naming::table
        .filter(unit_naming::unit_id.eq_any(units))
        .order((unit_naming::unit_id, unit_naming::valid_from, unit_naming::id))
        .select((
            unit_naming::unit_id,
            unit_naming::name,
            unit_naming::address,
            unit_naming::valid_from,
            unit_naming::decision_no,
            unit_naming::created_at,
        ))
        .load(conn)
        .classify()?;
    let dated = |(unit, name, address, valid_from, decision_no, recorded_at)| {
        (unit, Dated { naming: Naming { name, address }, valid_from, decision_no, recorded_at })
    };
    Ok(found.into_iter().map(dated).collect())
}

/// The namings in force on a day, of those units that have one.
pub fn in_force(conn: &mut Conn, units: &[UnitId], day: BusinessDay) -> Result<Vec<(UnitId, Naming)>> {
    let mut found = load(conn, units)?;
    found.retain(|(_, dated)| dated.valid_from <= day);
    // The newest day counts, and of one day what was recorded last.
    found.reverse();
    found.dedup_by_key(|(unit, _)| *unit);
    Ok(found.into_iter().map(|(unit, dated)| (unit, dated.naming)).collect())
}

/// Every naming of a unit, by the day from which it holds.
pub fn of_unit(conn: &mut Conn, unit: UnitId) -> Result<Vec<Dated>> {
    Ok(load(conn, &[unit])?.into_iter().map(|(_, dated)| dated).collect())
}

/// Units that are shown under another name than the one of a day.
pub fn newly_in_force(conn: &mut Conn, day: BusinessDay) -> Result<Vec<(UnitId, Naming)>> {
    let units: Vec<UnitId> =
        unit_naming::table.select(unit_naming::unit_id).distinct().load(conn).classify()?;
    let mut changed = in_force(conn, &units, day)?;
    let shown: Vec<(UnitId, String, String)> = unit::table
        .filter(unit::unit_id.eq_any(&units))
        .select((unit::unit_id, unit::name, unit::address))
        .load(conn)
        .classify()?;
    changed.retain(|(unit, naming)| {
        shown
            .iter()
            .any(|(id, name, address)| id == unit && (name, address) != (&naming.name, &naming.address))
    });
    Ok(changed)
}

pub fn show(tx: &mut Tx<'_>, id: UnitId, naming: &Naming) -> Result<()> {
    diesel::update(unit::table.filter(unit::unit_id.eq(id)))
        .set((unit::name.eq(&naming.name), unit::address.eq(&naming.address)))
        .execute(tx.conn())
        .classify()?;
    Ok(())
}
