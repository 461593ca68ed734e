//! The SQL of how the money of an exception is to be split.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::split::{self, Part};
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::rows::{self, Lock};
use crate::store::schema_money::split_part;

crate::table_row! {
    pub struct PartRow in "split_part" {
        pub unit_id: UnitId,
        pub exception_id: ExceptionId,
        /// Of the exception, when it was proposed.
        pub revision: i64,
        pub part_no: i32,
        pub obligation_id: ObligationId,
        pub amount: Dong,
        pub created_at: Instant,
    }
}

/// The parts that were proposed last, in their order.
pub fn newest(conn: &mut Conn, unit: UnitId, id: ExceptionId) -> Result<Vec<Part>> {
    let found: Vec<(i64, ObligationId, Dong)> = split_part::table
        .filter(split_part::unit_id.eq(unit))
        .filter(split_part::exception_id.eq(id))
        .order((split_part::revision.desc(), split_part::part_no))
        .select((split_part::revision, split_part::obligation_id, split_part::amount))
        .load(conn)
        .classify()?;
    let last = found.first().map(|one| one.0);
    let newest = found.into_iter().filter(|one| Some(one.0) == last);
    Ok(newest.map(|(_, obligation, amount)| Part { obligation, amount }).collect())
}

/// Those of the movements that a person split: their parts stand under the line in their place.
pub fn wholes(conn: &mut Conn, ids: &[(UnitId, MovementId)]) -> Result<BTreeSet<(UnitId, MovementId)>> {
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let found = rows::fetch::<(BigInt, BigInt), (UnitId, MovementId)>(
        conn,
        "SELECT t.unit_id, t.movement_id FROM match_part t",
        &rows::unit_keys("movement_id", ids),
        &format!("AND +t.undoes_id IS NOT NULL AND t.rule = '{}'", split::RULE),
        Lock::None,
    )?;
    Ok(found.into_iter().collect())
}
