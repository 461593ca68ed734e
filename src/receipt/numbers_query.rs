//! Which numbers of a series are of which days. Days never go back while numbers go on (`receipt::issue`), so that the
//! first number of a day is found by halves, without an index of days.

use diesel::prelude::*;

use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{SeriesId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::receipt;

/// The first number that was issued on a day or later; one behind the last where none was.
pub fn first_since(conn: &mut Conn, (unit, series): (UnitId, SeriesId), day: BusinessDay) -> Result<i64> {
    let of_series = || receipt::table.filter(receipt::unit_id.eq(unit)).filter(receipt::series_id.eq(series));
    let last: Option<i64> = of_series().select(diesel::dsl::max(receipt::number)).first(conn).classify()?;
    let (mut low, mut high) = (0, last.unwrap_or(0) + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        // A number that is missing is judged by the next one there is.
        let next: Option<(i64, BusinessDay)> = of_series()
            .filter(receipt::number.ge(middle))
            .order(receipt::number)
            .select((receipt::number, receipt::issued_on))
            .first(conn)
            .optional()
            .classify()?;
        match next {
            Some((number, issued_on)) if issued_on < day => low = number + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}
