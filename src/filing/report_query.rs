//! What the receipts table says about a quarter.
//!
//! A quarter is a range of each series' numbers; nothing beside it is read.

use diesel::prelude::*;

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{SeriesId, UnitId};
use crate::receipt::DocumentKind;
use crate::receipt::numbers_query::first_since;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::receipt;

/// (number, state, amount) of what a series issued from `first` to `last`.
pub fn issued(
    conn: &mut Conn,
    (unit, series): (UnitId, SeriesId),
    first: BusinessDay,
    last: BusinessDay,
) -> Result<Vec<(i64, String, Dong)>> {
    let from = first_since(conn, (unit, series), first)?;
    let end = first_since(conn, (unit, series), last.next())?;
    receipt::table
        .filter(receipt::unit_id.eq(unit))
        .filter(receipt::series_id.eq(series))
        .filter(receipt::number.ge(from))
        .filter(receipt::number.lt(end))
        .order(receipt::number)
        .select((receipt::number, receipt::state, receipt::amount))
        .load(conn)
        .classify()
}

/// The days of issue of these units' receipts that were cancelled or replaced, from a day on, and how many of each;
/// receipts of fees and of charges apart are receipts too.
pub fn struck(
    conn: &mut Conn,
    units: &[UnitId],
    since: BusinessDay,
) -> Result<Vec<(UnitId, BusinessDay, i64)>> {
    // Written out, so that both databases see that the index of these receipts holds all that is asked for.
    let is_struck = diesel::dsl::sql::<diesel::sql_types::Bool>("receipt.state IN ('cancelled', 'replaced')");
    receipt::table
        .filter(receipt::unit_id.eq_any(units))
        .filter(receipt::issued_on.ge(since))
        .filter(is_struck)
        .filter(receipt::document_kind.eq_any(DocumentKind::RECEIPTS.map(DocumentKind::as_str)))
        .group_by((receipt::unit_id, receipt::issued_on))
        .select((receipt::unit_id, receipt::issued_on, diesel::dsl::count_star()))
        .load(conn)
        .classify()
}

/// The last number of a series that was issued before a day.
pub fn last_before(
    conn: &mut Conn,
    (unit, series): (UnitId, SeriesId),
    day: BusinessDay,
) -> Result<Option<i64>> {
    let end = first_since(conn, (unit, series), day)?;
    receipt::table
        .filter(receipt::unit_id.eq(unit))
        .filter(receipt::series_id.eq(series))
        .filter(receipt::number.lt(end))
        .select(diesel::dsl::max(receipt::number))
        .first(conn)
        .classify()
}
