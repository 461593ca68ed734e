//! The SQL of dossier totals.

use diesel::dsl::max;
use diesel::prelude::*;

use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{EventId, UnitId};
use crate::store::failure::Classify;
use crate::store::schema_figures::dossier_total;
use crate::store::{Conn, Tx, rows};

crate::table_row! {
    pub struct TotalRow in "dossier_total" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub month: BusinessDay,
        pub field: String,
        pub until: BusinessDay,
        pub total: i64,
        pub online: i64,
        pub full_process: i64,
        pub actor: String,
        pub created_at: Instant,
    }
}

pub fn insert(tx: &mut Tx<'_>, found: &[TotalRow]) -> Result<()> {
    rows::insert(tx, found)
}

/// Unit, field, last day, total, online, full process.
type Columns = (UnitId, String, BusinessDay, i64, i64, i64);

/// The newest told of a month about each field of these units.
pub fn of_month(conn: &mut Conn, units: &[UnitId], month: BusinessDay) -> Result<Vec<Columns>> {
    let newest: Vec<Option<EventId>> = dossier_total::table
        .filter(dossier_total::unit_id.eq_any(units))
        .filter(dossier_total::month.eq(month))
        .group_by((dossier_total::unit_id, dossier_total::field))
        .select(max(dossier_total::id))
        .load(conn)
        .classify()?;
    let newest: Vec<EventId> = newest.into_iter().flatten().collect();
    dossier_total::table
        .filter(dossier_total::unit_id.eq_any(units))
        .filter(dossier_total::id.eq_any(newest))
        .order(dossier_total::id)
        .select((
            dossier_total::unit_id,
            dossier_total::field,
            dossier_total::until,
            dossier_total::total,
            dossier_total::online,
            dossier_total::full_process,
        ))
        .load(conn)
        .classify()
}
