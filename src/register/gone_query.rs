//! Who knows of documents whose rows are gone: the events of numbering and the trail of sealing, page by page.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::error::Result;
use crate::id::{AuditId, EventId, ReceiptId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::{audit_entry, receipt_event};

/// The place in what was read, and the document that is named there.
pub type Named = (i64, Option<ReceiptId>);

/// Documents as their first events name them, those behind `after`, at most `limit`.
pub fn numbered(conn: &mut Conn, unit: UnitId, after: i64, limit: i64) -> Result<Vec<Named>> {
    let found: Vec<(EventId, ReceiptId)> = receipt_event::table
        .filter(receipt_event::unit_id.eq(unit))
        .filter(receipt_event::id.gt(EventId(after)))
        .filter(receipt_event::revision.eq(1_i64))
        .order(receipt_event::id)
        .limit(limit)
        .select((receipt_event::id, receipt_event::receipt_id))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(|(at, receipt)| (at.0, Some(receipt))).collect())
}

/// The same as the trail names them when they are sealed.
pub fn sealed(conn: &mut Conn, unit: UnitId, after: i64, limit: i64) -> Result<Vec<Named>> {
    let found: Vec<(AuditId, String)> = audit_entry::table
        .filter(audit_entry::unit_id.eq(unit))
        .filter(audit_entry::id.gt(AuditId(after)))
        .filter(audit_entry::action.eq("receipt.sealed"))
        .order(audit_entry::id)
        .limit(limit)
        .select((audit_entry::id, audit_entry::subject))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(|(at, subject)| (at.0, subject.parse().ok())).collect())
}

/// Those of these documents that no row is of.
pub fn without_row(
    conn: &mut Conn,
    unit: UnitId,
    mut asked: BTreeSet<ReceiptId>,
) -> Result<BTreeSet<ReceiptId>> {
    let there: Vec<(UnitId, ReceiptId)> = rows::fetch::<(BigInt, BigInt), _>(
        conn,
        "SELECT t.unit_id, t.id FROM receipt t",
        &[("unit_id", Column::of(asked.iter().map(|_| unit))), ("id", Column::of(asked.iter().copied()))],
        "",
        Lock::None,
    )?;
    for (_, receipt) in there {
        asked.remove(&receipt);
    }
    Ok(asked)
}
