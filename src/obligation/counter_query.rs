//! What a cashier searches by.

use diesel::prelude::*;

use super::Obligation;
use super::query::by_ids;
use crate::error::Result;
use crate::id::{ObligationId, PartyId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::obligation;

/// What these payers still owe a unit, newest first.
pub fn owed_by(conn: &mut Conn, unit: UnitId, payers: &[PartyId], limit: i64) -> Result<Vec<Obligation>> {
    let payers: Vec<i64> = payers.iter().map(|payer| payer.0).collect();
    let ids: Vec<ObligationId> = obligation::table
        .filter(obligation::unit_id.eq(unit))
        .filter(obligation::state.eq_any(["raised", "partly_paid", "reopened"]))
        .filter(obligation::party_id.eq_any(payers))
        .order(obligation::id.desc())
        .limit(limit)
        .select(obligation::id)
        .load(conn)
        .classify()?;
    let mut found = by_ids(conn, &ids.into_iter().map(|id| (unit, id)).collect::<Vec<_>>())?;
    found.sort_by_key(|item| std::cmp::Reverse(item.id));
    Ok(found)
}
