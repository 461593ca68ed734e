//! Pages of lists. Every list takes `cursor`, which is `next` of the page before, and `limit`; it answers
//! `next` while there may be more.

use std::str::FromStr;

use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::store::Conn;
use crate::store::page::{self, Page};

/// The most rows of one page.
pub const PAGE_LIMIT: i64 = 200;
const PAGE_DEFAULT: i64 = 50;

/// How many rows somebody wants.
///
/// # Errors
/// `limit_out_of_range`.
pub fn limit(asked: Option<i64>) -> Result<i64> {
    let limit = asked.unwrap_or(PAGE_DEFAULT);
    if (1..=PAGE_LIMIT).contains(&limit) {
        return Ok(limit);
    }
    Err(Error::invalid("limit", "limit_out_of_range", format!("1 to {PAGE_LIMIT}")))
}

/// The page somebody asks for of a list whose rows have ids of this kind.
///
/// # Errors
/// `limit_out_of_range`, `cursor_unreadable`.
pub fn asked<I: FromStr<Err = Error> + Into<i64>>(cursor: Option<&str>, asked: Option<i64>) -> Result<Page> {
    Ok(Page { cursor: cursor_of::<I>(cursor)?.map(Into::into), limit: limit(asked)? })
}

/// The last row of the page before.
///
/// # Errors
/// `cursor_unreadable`.
pub fn cursor_of<I: FromStr<Err = Error>>(cursor: Option<&str>) -> Result<Option<I>> {
    cursor.map(|text| text.parse().map_err(|_| unreadable())).transpose()
}

/// That the cursor of a list is of the unit whose rows, in this table, are asked for.
///
/// # Errors
/// `cursor_unreadable`.
pub fn require_unit<I: Into<i64>>(
    conn: &mut Conn,
    unit: UnitId,
    (table, cursor): (&'static str, Option<I>),
) -> Result<()> {
    let Some(cursor) = cursor.map(Into::into) else { return Ok(()) };
    if page::is_of_unit(conn, table, (unit, cursor))? { Ok(()) } else { Err(unreadable()) }
}

#[track_caller]
pub fn unreadable() -> Error {
    Error::invalid("cursor", "cursor_unreadable", "expected next of an earlier page")
}

/// What the next page is asked for with; None when this one is the last. A full page may be.
pub fn next<T, I>(rows: &[T], limit: i64, id: impl Fn(&T) -> I) -> Option<I> {
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count >= limit);
    rows.last().filter(|_| is_full).map(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::RefundId;

    #[test]
    fn a_page_is_asked_for_by_the_next_of_the_one_before() {
        let page = asked::<RefundId>(None, None).unwrap();
        assert_eq!((page.below(), page.above(), page.limit), (i64::MAX, i64::MIN, PAGE_DEFAULT));
        let cursor = RefundId(7).to_string();
        let page = asked::<RefundId>(Some(&cursor), Some(2)).unwrap();
        assert_eq!((page.below(), page.above(), page.limit), (7, 7, 2));
        let code = |cursor, limit| asked::<RefundId>(cursor, limit).unwrap_err().code();
        assert_eq!(code(Some("rmt_0000000000001"), None), "cursor_unreadable", "another list's");
        assert_eq!(code(Some(""), None), "cursor_unreadable");
        assert_eq!(code(None, Some(0)), "limit_out_of_range");
        assert_eq!(code(None, Some(PAGE_LIMIT + 1)), "limit_out_of_range");
    }

    #[test]
    fn only_a_full_page_has_a_next() {
        assert_eq!(next(&[3, 2], 2, |id| *id), Some(2));
        assert_eq!(next(&[3, 2], 3, |id| *id), None);
        assert_eq!(next(&[], 3, |id: &i32| *id), None);
    }
}
