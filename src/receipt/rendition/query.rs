//! What the cache reads and writes.

use diesel::prelude::*;

use super::{Notice, Reference, Standing};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{FilingId, ReceiptId, UnitId};
use crate::receipt::relation::{self, Action};
use crate::store::failure::Classify;
use crate::store::rows;
use crate::store::schema::{filing, notice_receipt, receipt, rendition};
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct RenditionRow in "rendition" {
        pub unit_id: UnitId,
        pub receipt_id: ReceiptId,
        /// The receipt's revision that is shown.
        pub revision: i64,
        /// What drew it: version of the pages, of the links and of a notice on them.
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
/// first, or with the notice that it is explained by.
pub fn standing(conn: &mut Conn, unit: UnitId, id: ReceiptId, state: &str) -> Result<Standing> {
    Ok(match state {
        "replaced" => Standing::Replaced(correcting(conn, unit, id, Action::Replace)?),
        "adjusted" => Standing::Adjusted(correcting(conn, unit, id, Action::Adjust)?),
        "cancelled" => Standing::Cancelled,
        _ => noticed(conn, unit, id)?.map_or(Standing::Valid, Standing::Noticed),
    })
}

/// The newest notice about a document that was sent to the tax authority and not refused. It is read here,
/// because forms to the authority are filed by a room above this one.
fn noticed(conn: &mut Conn, unit: UnitId, id: ReceiptId) -> Result<Option<Notice>> {
    let linked: Vec<FilingId> = notice_receipt::table
        .filter(notice_receipt::unit_id.eq(unit))
        .filter(notice_receipt::receipt_id.eq(id))
        .order(notice_receipt::filing_id.desc())
        .select(notice_receipt::filing_id)
        .load(conn)
        .classify()?;
    for notice in linked {
        let sent: Option<(String, Instant)> = filing::table
            .find((unit, notice))
            .filter(filing::state.eq_any(["sent", "received", "accepted"]))
            .select((filing::form, filing::created_at))
            .first(conn)
            .optional()
            .classify()?;
        if let Some((form, made_at)) = sent {
            return Ok(Some(Notice { form, made_on: made_at.business_day() }));
        }
    }
    Ok(None)
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
