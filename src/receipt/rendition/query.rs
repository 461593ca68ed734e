//! What the cache reads and writes.

use diesel::prelude::*;

use super::{Reference, Standing};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{ReceiptId, UnitId};
use crate::receipt::relation::{self, Action};
use crate::store::failure::Classify;
use crate::store::rows;
use crate::store::schema::{receipt, rendition};
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct RenditionRow in "rendition" {
        pub unit_id: UnitId,
        pub receipt_id: ReceiptId,
        /// The receipt's revision that is shown.
        pub revision: i64,
        /// What drew it: version of the pages and of the links on them.
        pub renderer: String,
        pub document: Vec<u8>,
        pub created_at: Instant,
    }
}

/// A receipt's state and revision.
pub fn state(conn: &mut Conn, unit: UnitId, id: ReceiptId) -> Result<(String, i64)> {
    receipt::table
        .find((unit, id))
        .select((receipt::state, receipt::revision))
        .first(conn)
        .optional()
        .classify()?
        .ok_or_else(|| Error::not_found("receipt_not_found", "no such receipt in your scope"))
}

/// How a receipt in this state stands, with the documents that replaced or adjusted it, oldest
/// first.
pub fn standing(conn: &mut Conn, unit: UnitId, id: ReceiptId, state: &str) -> Result<Standing> {
    Ok(match state {
        "replaced" => Standing::Replaced(correcting(conn, unit, id, Action::Replace)?),
        "adjusted" => Standing::Adjusted(correcting(conn, unit, id, Action::Adjust)?),
        "cancelled" => Standing::Cancelled,
        _ => Standing::Valid,
    })
}

fn correcting(conn: &mut Conn, unit: UnitId, id: ReceiptId, action: Action) -> Result<Vec<Reference>> {
    let mut named = Vec::new();
    for by in relation::correcting(conn, unit, id, action)? {
        if let Some(item) = crate::receipt::query::by_id(conn, unit, by)? {
            named.push(Reference {
                template: item.template,
                series: item.series,
                number: item.number,
                issued_on: item.issued_on,
            });
        }
    }
    Ok(named)
}

pub fn cached(
    conn: &mut Conn,
    unit: UnitId,
    id: ReceiptId,
    revision: i64,
    renderer: &str,
) -> Result<Option<Vec<u8>>> {
    rendition::table
        .find((unit, id, revision, renderer))
        .select(rendition::document)
        .first(conn)
        .optional()
        .classify()
}

/// Stores a rendition in place of the receipt's others, which are out of date.
pub fn replace(tx: &mut Tx<'_>, row: &RenditionRow) -> Result<()> {
    let others = rendition::table
        .filter(rendition::unit_id.eq(row.unit_id))
        .filter(rendition::receipt_id.eq(row.receipt_id))
        .filter(rendition::revision.lt(row.revision).or(rendition::renderer.ne(&row.renderer)));
    diesel::delete(others).execute(tx.conn()).classify()?;
    let key = ["unit_id", "receipt_id", "revision", "renderer"];
    rows::insert_if_absent(tx, std::slice::from_ref(row), &key)?;
    Ok(())
}

pub fn delete_before(tx: &mut Tx<'_>, oldest: Instant) -> Result<usize> {
    diesel::delete(rendition::table.filter(rendition::created_at.lt(oldest))).execute(tx.conn()).classify()
}
