//! A page of a list that is read by its ids: from where, and how many rows.

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

impl From<i64> for Page {
    fn from(limit: i64) -> Page {
        Page { cursor: None, limit }
    }
}
