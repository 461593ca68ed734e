//! Renditions kept in the store, so that a page opened again is not drawn again.
//!
//! The rows are neither facts nor projections: each can be made again from the signed bytes, byte
//! for byte. So they may be deleted at any time, are never changed in place, and are deleted when
//! the receipt's revision or the renderer moves on, or after `KEPT_DAYS`.

use ring::digest::{SHA256, digest};

use super::query::{self, RenditionRow};
use super::{Layout, Links, Standing, render};
use crate::actor::Scope;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{ReceiptId, UnitId};
use crate::receipt::profile;
use crate::store::{Conn, Lane, Store};
use crate::text;

const KEPT_DAYS: i64 = 30;

/// What there is of a rendition.
pub enum Found {
    Ready(Vec<u8>),
    /// To be made, at the cost of some milliseconds of a processor.
    ToMake(Order),
}

/// A rendition to be made.
pub struct Order {
    unit: UnitId,
    id: ReceiptId,
    revision: i64,
    document: Vec<u8>,
    standing: Standing,
    links: Links,
}

/// The rendition of a receipt as it stands, or what is needed to make it.
///
/// # Errors
/// `receipt_not_found`; `receipt_not_signed` while the signature is being made; `receipt_not_valid`
/// for a number that was cancelled before.
pub fn find(conn: &mut Conn, unit: UnitId, id: ReceiptId, links: &Links) -> Result<Found> {
    let (state, revision) = query::state(conn, unit, id)?;
    let standing = query::standing(conn, unit, id, &state)?;
    if let Some(ready) = query::cached(conn, unit, id, revision, &renderer(links, &standing))? {
        return Ok(Found::Ready(ready));
    }
    let document = crate::receipt::query::document(conn, unit, id)?.ok_or_else(|| unsigned(&state))?;
    Ok(Found::ToMake(Order { unit, id, revision, document, standing, links: links.clone() }))
}

/// A number that was cancelled before its signature never gets one.
fn unsigned(state: &str) -> Error {
    match state {
        "numbered" => Error::conflict("receipt_not_signed", "its signature follows in a moment"),
        _ => Error::conflict("receipt_not_valid", "it was cancelled before it was signed"),
    }
}

/// Makes a rendition and keeps it. A store that cannot keep it now loses nothing.
pub fn make(store: &Store, order: &Order, now: Instant) -> Result<Vec<u8>> {
    let document = render(&order.document, &order.standing, &order.links)?;
    let row = RenditionRow {
        unit_id: order.unit,
        receipt_id: order.id,
        revision: order.revision,
        renderer: renderer(&order.links, &order.standing),
        document,
        created_at: now,
    };
    if let Err(error) = store.write(&Scope::All, Lane::Bulk, |tx| query::replace(tx, &row)) {
        tracing::warn!(%error, receipt = %row.receipt_id, "a rendition could not be kept");
    }
    Ok(row.document)
}

/// The rendition of a receipt as it stands: from the store, or made now.
///
/// # Errors
/// As `find`.
pub fn obtain(store: &Store, unit: UnitId, id: ReceiptId, links: &Links, now: Instant) -> Result<Vec<u8>> {
    match store.read(&Scope::All, |conn| find(conn, unit, id, links))? {
        Found::Ready(document) => Ok(document),
        Found::ToMake(order) => make(store, &order, now),
    }
}

/// The same without keeping what is made: for many at once, which would fill the store.
///
/// # Errors
/// As `find`.
pub fn draw(store: &Store, unit: UnitId, id: ReceiptId, links: &Links) -> Result<Vec<u8>> {
    match store.read(&Scope::All, |conn| find(conn, unit, id, links))? {
        Found::Ready(document) => Ok(document),
        Found::ToMake(order) => render(&order.document, &order.standing, &order.links),
    }
}

/// Deletes renditions that were made long ago.
pub fn purge(store: &Store, now: Instant) -> Result<usize> {
    let oldest = now.minus_seconds(KEPT_DAYS * 86_400);
    store.write(&Scope::All, Lane::Bulk, |tx| query::delete_before(tx, oldest))
}

/// Pages drawn by other layouts or with other links are other pages. Which layout a document has follows from
/// its day, so that those of all profiles stand for each. A notice about a receipt is no change of the receipt, so
/// that its revision does not tell it.
fn renderer(links: &Links, standing: &Standing) -> String {
    let versions: Vec<&str> = profile::all()
        .iter()
        .filter_map(|profile| Layout::of(profile.page_layout.value))
        .map(Layout::version)
        .collect();
    let versions = versions.join(".");
    let shown = match standing {
        Standing::Noticed(notice) => format!("{links:?}|{notice:?}"),
        _ => format!("{links:?}"),
    };
    let shown = digest(&SHA256, shown.as_bytes());
    format!("{versions}-{}", text::hex(shown.as_ref().get(..8).unwrap_or_default()))
}
