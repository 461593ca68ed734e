//! The SQL of what somebody holds, in all units in sight.

use diesel::prelude::*;

use crate::error::Result;
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::{exception, shift};

pub fn open_shifts(conn: &mut Conn, person: PersonId) -> Result<Vec<(UnitId, ShiftId)>> {
    shift::table
        .filter(shift::person_id.eq(person))
        .filter(shift::state.ne("closed"))
        .order(shift::id)
        .select((shift::unit_id, shift::id))
        .load(conn)
        .classify()
}

pub fn exceptions(conn: &mut Conn, person: PersonId) -> Result<Vec<(UnitId, ExceptionId)>> {
    exception::table
        .filter(exception::assignee_person_id.eq(person))
        .filter(exception::state.ne("resolved"))
        .order(exception::id)
        .select((exception::unit_id, exception::id))
        .load(conn)
        .classify()
}
