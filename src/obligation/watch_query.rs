//! What pages that wait for money look at: whether anything changed.

use diesel::sql_types::{BigInt, Text};

use crate::error::Result;
use crate::id::{ObligationId, UnitId};
use crate::store::Conn;
use crate::store::rows::{self, Lock};

/// An obligation's revision and state, as little of it as says that a page is out of date.
pub type Glance = (UnitId, ObligationId, i64, String);

pub fn glance(conn: &mut Conn, ids: &[(UnitId, ObligationId)]) -> Result<Vec<Glance>> {
    rows::fetch::<(BigInt, BigInt, BigInt, Text), _>(
        conn,
        "SELECT t.unit_id, t.id, t.revision, t.state FROM obligation t",
        &rows::unit_keys("id", ids),
        "",
        Lock::None,
    )
}
