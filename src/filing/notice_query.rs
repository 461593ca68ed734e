//! The SQL of error notices.

use diesel::prelude::*;

use crate::clock::Instant;
use crate::error::Result;
use crate::id::{FilingId, ReceiptId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::{filing, notice_receipt};

crate::table_row! {
    pub struct NoticeRow in "notice_receipt" {
        pub unit_id: UnitId,
        pub filing_id: FilingId,
        pub ordinal: i32,
        pub receipt_id: ReceiptId,
        pub reason: String,
    }
}

type Found = (FilingId, String, String, String, (Instant, Option<FilingId>));

/// (form's id, its name, state, reason, when and what it corrects) of the notices about a receipt, oldest first.
pub fn of_receipt(conn: &mut Conn, unit: UnitId, receipt: ReceiptId) -> Result<Vec<Found>> {
    let linked: Vec<(FilingId, String)> = notice_receipt::table
        .filter(notice_receipt::unit_id.eq(unit))
        .filter(notice_receipt::receipt_id.eq(receipt))
        .order(notice_receipt::filing_id)
        .select((notice_receipt::filing_id, notice_receipt::reason))
        .load(conn)
        .classify()?;
    let mut found = Vec::with_capacity(linked.len());
    for (id, reason) in linked {
        let (form, state, at, earlier): (String, String, Instant, Option<i64>) = filing::table
            .find((unit, id))
            .select((filing::form, filing::state, filing::created_at, filing::earlier_id))
            .first(conn)
            .classify()?;
        found.push((id, form, state, reason, (at, earlier.map(FilingId))));
    }
    Ok(found)
}

/// The documents that a notice is about, in its order.
pub fn receipts(conn: &mut Conn, unit: UnitId, filing: FilingId) -> Result<Vec<ReceiptId>> {
    notice_receipt::table
        .filter(notice_receipt::unit_id.eq(unit))
        .filter(notice_receipt::filing_id.eq(filing))
        .order(notice_receipt::ordinal)
        .select(notice_receipt::receipt_id)
        .load(conn)
        .classify()
}
