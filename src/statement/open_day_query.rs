//! Where an account's books are open still.

use diesel::prelude::*;

use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{AccountId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::day;

/// The first day from `day` on that is not closed for the account: what is posted late goes there. Days
/// close in their order.
pub fn first_open_day(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    day: BusinessDay,
) -> Result<BusinessDay> {
    let last = last_closed(conn, unit, account)?;
    Ok(last.map_or(day, |last| day.max(last.next())))
}

/// The last closed day of an account.
pub fn last_closed(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Option<BusinessDay>> {
    day::table
        .filter(day::unit_id.eq(unit))
        .filter(day::account_id.eq(account))
        .filter(day::state.eq("closed"))
        .order(day::date.desc())
        .select(day::date)
        .first(conn)
        .optional()
        .classify()
}
