//! What happened to a noun with a life, as its event table has it.

use diesel::prelude::*;
use serde::Serialize;

use crate::clock::Instant;
use crate::id::{LineId, PersonId};

/// One step: a person took it, or a line of a statement showed it.
#[derive(Clone, Debug, Queryable, Serialize)]
pub struct PastEvent {
    pub kind: String,
    /// The state it led to.
    pub state: String,
    pub person: Option<PersonId>,
    pub line: Option<LineId>,
    pub reason: Option<String>,
    pub at: Instant,
}

/// The steps of the noun with this id, in their order; `noun` is the column that names it in the event table.
#[macro_export]
macro_rules! past_events {
    ($conn:expr, $table:ident, $unit:expr, $noun:ident = $id:expr) => {
        $table::table
            .filter($table::unit_id.eq($unit))
            .filter($table::$noun.eq($id))
            .order($table::revision)
            .select((
                $table::kind,
                $table::state,
                $table::person_id,
                $table::line_id,
                $table::reason,
                $table::at,
            ))
            .load::<$crate::store::past::PastEvent>($conn)
            .classify()
    };
}
