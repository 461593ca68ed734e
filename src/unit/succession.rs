//! Mergers: which unit goes on for which, from when, by which decision.

use super::succession_query;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::UnitId;
use crate::store::Conn;

/// One unit that another goes on for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Succession {
    pub unit: UnitId,
    pub successor: UnitId,
    pub effective_on: BusinessDay,
    /// Number of the decision.
    pub decision: String,
}

/// The mergers a unit has a part in, the oldest first.
pub fn of_unit(conn: &mut Conn, unit: UnitId) -> Result<Vec<Succession>> {
    succession_query::of_unit(conn, unit)
}
