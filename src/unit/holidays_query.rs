//! The SQL of the days on which banks differ from their week.

use diesel::prelude::*;

use crate::clock::BusinessDay;
use crate::error::Result;
use crate::store::failure::Classify;
use crate::store::schema::holiday;
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct HolidayRow in "holiday" {
        pub day: BusinessDay,
        pub name: String,
    }
}

pub fn on_record(conn: &mut Conn) -> Result<Vec<(BusinessDay, String)>> {
    holiday::table.order(holiday::day).select((holiday::day, holiday::name)).load(conn).classify()
}

/// Whether the day was there.
pub fn withdraw(tx: &mut Tx<'_>, day: BusinessDay) -> Result<bool> {
    let count = diesel::delete(holiday::table.filter(holiday::day.eq(day))).execute(tx.conn()).classify()?;
    Ok(count > 0)
}
