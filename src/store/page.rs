//! A page of a list that is read by its ids: from where, and how many rows.

use diesel::sql_types::BigInt;

use crate::error::Result;
use crate::id::UnitId;
use crate::store::Conn;
use crate::store::rows::{self, Column, Lock};

/// `Page::from(limit)` is the first page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The last id of the page before.
    pub cursor: Option<i64>,
    pub limit: i64,
}

impl Page {
    /// Of a list that is read newest first: only ids below this.
    pub fn below(self) -> i64 {
        self.cursor.unwrap_or(i64::MAX)
    }

    /// Of a list that is read oldest first: only ids above this.
    pub fn above(self) -> i64 {
        self.cursor.unwrap_or(i64::MIN)
    }
}

/// Whether the row that a cursor names is of this unit. Ids say nothing of units, so that a cursor of another one would
/// lead to a page of nothing, or of half.
pub fn is_of_unit(conn: &mut Conn, table: &'static str, (unit, id): (UnitId, i64)) -> Result<bool> {
    let keys = [("unit_id", Column::of([unit])), ("id", Column::of([id]))];
    let found: Vec<(i64,)> =
        rows::fetch::<(BigInt,), _>(conn, &format!("SELECT t.id FROM {table} t"), &keys, "", Lock::None)?;
    Ok(!found.is_empty())
}

impl From<i64> for Page {
    fn from(limit: i64) -> Page {
        Page { cursor: None, limit }
    }
}

/// The rows of a unit on a page of a list that is read newest first, of one state where the fourth argument names
/// one; columns and further filters are the caller's. The page is whatever a `Page` is made from.
#[macro_export]
macro_rules! newest_of {
    ($table:ident, $unit:expr, $page:expr) => {{
        let page: $crate::store::page::Page = $page.into();
        $table::table
            .filter($table::unit_id.eq($unit))
            .filter($table::id.lt(page.below()))
            .order($table::id.desc())
            .limit(page.limit)
    }};
    ($table:ident, $unit:expr, $page:expr, $state:expr) => {{
        let found = $crate::newest_of!($table, $unit, $page).into_boxed();
        match $state {
            Some(state) => found.filter($table::state.eq(state.as_str())),
            None => found,
        }
    }};
}
