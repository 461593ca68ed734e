//! The SQL of invoices on their way.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};

use super::invoice::slot;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{FilingId, ReceiptId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::{filing, receipt};

/// An invoice as it was issued.
pub struct Issued {
    pub unit: UnitId,
    pub id: ReceiptId,
    pub document_kind: String,
    pub template: String,
    pub series: String,
    pub number: i64,
    pub issued_on: BusinessDay,
    pub profile: String,
}

pub fn issued(conn: &mut Conn, keys: &[(UnitId, ReceiptId)]) -> Result<Vec<Issued>> {
    type Sql = ((BigInt, BigInt, Text, Text), (Text, BigInt, Date, Text));
    type Columns = ((UnitId, ReceiptId, String, String), (String, i64, BusinessDay, String));
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut found: Vec<Columns> = rows::fetch::<Sql, _>(
        conn,
        "SELECT t.unit_id, t.id, t.document_kind, t.template, t.series, t.number, t.issued_on, t.profile \
         FROM receipt t",
        &[
            ("unit_id", Column::of(keys.iter().map(|(unit, _)| *unit))),
            ("id", Column::of(keys.iter().map(|(_, id)| *id))),
        ],
        "",
        Lock::None,
    )?;
    // The authority gets them in the order of their numbers.
    found.sort_by_key(|((unit, id, _, _), _)| (*unit, *id));
    Ok(found
        .into_iter()
        .map(|((unit, id, document_kind, template), (series, number, issued_on, profile))| Issued {
            unit,
            id,
            document_kind,
            template,
            series,
            number,
            issued_on,
            profile,
        })
        .collect())
}

/// The sendings of an invoice with their states, oldest first.
pub fn sendings(conn: &mut Conn, unit: UnitId, receipt: ReceiptId) -> Result<Vec<(FilingId, String)>> {
    let first = slot(receipt);
    filing::table
        .filter(filing::unit_id.eq(unit))
        .filter(filing::slot.eq(&first).or(filing::slot.like(format!("{first}/%"))))
        .order(filing::id)
        .select((filing::id, filing::state))
        .load(conn)
        .classify()
}

/// Invoices of these units that were cancelled, oldest first. Few: the money of each was disproven.
pub fn cancelled(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<(UnitId, ReceiptId)>> {
    // Written out, so that both databases see that the index of struck receipts holds all that is asked for.
    let is_struck = diesel::dsl::sql::<diesel::sql_types::Bool>("receipt.state IN ('cancelled', 'replaced')");
    receipt::table
        .filter(receipt::unit_id.eq_any(units))
        .filter(is_struck)
        .filter(receipt::state.eq("cancelled"))
        .filter(receipt::document_kind.like("invoice%"))
        .order(receipt::id)
        .select((receipt::unit_id, receipt::id))
        .load(conn)
        .classify()
}

/// Sealed invoices of a unit whose sending was never drafted, oldest first.
pub fn never_drafted(conn: &mut Conn, unit: UnitId, limit: i64) -> Result<Vec<ReceiptId>> {
    let all: Vec<ReceiptId> = receipt::table
        .filter(receipt::unit_id.eq(unit))
        .filter(receipt::document_kind.like("invoice%"))
        .filter(receipt::state.ne_all(["numbered"]))
        .order(receipt::id)
        .select(receipt::id)
        .load(conn)
        .classify()?;
    let drafted: Vec<Option<String>> = filing::table
        .filter(filing::unit_id.eq(unit))
        .filter(filing::kind.eq("invoice"))
        .select(filing::slot)
        .load(conn)
        .classify()?;
    let drafted: std::collections::BTreeSet<String> = drafted.into_iter().flatten().collect();
    let missing = all.into_iter().filter(|receipt| !drafted.contains(&slot(*receipt)));
    Ok(missing.take(usize::try_from(limit).unwrap_or_default()).collect())
}
