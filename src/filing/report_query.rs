//! What the receipts table says about a quarter.

use diesel::prelude::*;

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{SeriesId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::receipt;

/// (series, number, state, amount) of what was issued from `first` to `last`.
pub fn issued(
    conn: &mut Conn,
    unit: UnitId,
    first: BusinessDay,
    last: BusinessDay,
) -> Result<Vec<(SeriesId, i64, String, Dong)>> {
    receipt::table
        .filter(receipt::unit_id.eq(unit))
        .filter(receipt::issued_on.ge(first))
        .filter(receipt::issued_on.le(last))
        .order((receipt::series_id, receipt::number))
        .select((receipt::series_id, receipt::number, receipt::state, receipt::amount))
        .load(conn)
        .classify()
}

/// The last number of each series that was issued before a day.
pub fn last_before(conn: &mut Conn, unit: UnitId, day: BusinessDay) -> Result<Vec<(SeriesId, Option<i64>)>> {
    receipt::table
        .filter(receipt::unit_id.eq(unit))
        .filter(receipt::issued_on.lt(day))
        .group_by(receipt::series_id)
        .select((receipt::series_id, diesel::dsl::max(receipt::number)))
        .load(conn)
        .classify()
}
