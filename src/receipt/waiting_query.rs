//! The SQL of documents that are numbered and wait for their signature.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};

use crate::error::Result;
use crate::id::{ReceiptId, UnitId};
use crate::receipt::DocumentKind;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::receipt;
use crate::unit::registration::Family;

/// A document that waits for its signature.
pub struct Unsigned {
    pub unit: UnitId,
    pub id: ReceiptId,
    /// Only a certificate that is listed for it signs the document.
    pub family: Family,
    pub body: Vec<u8>,
    pub revision: i64,
}

/// Receipts by id that still wait for their signature; those of a kind that a newer version wrote are left to it.
pub fn unsigned(conn: &mut Conn, ids: &[(UnitId, ReceiptId)]) -> Result<Vec<Unsigned>> {
    let found: Vec<(UnitId, ReceiptId, String, Vec<u8>, i64)> =
        rows::fetch::<(BigInt, BigInt, Text, Binary, BigInt), _>(
            conn,
            "SELECT t.unit_id, t.id, t.document_kind, t.body, t.revision FROM receipt t",
            &[
                ("unit_id", Column::of(ids.iter().map(|(unit, _)| *unit))),
                ("id", Column::of(ids.iter().map(|(_, id)| *id))),
                ("state", Column::of(ids.iter().map(|_| "numbered"))),
            ],
            "",
            Lock::None,
        )?;
    Ok(found
        .into_iter()
        .filter_map(|(unit, id, kind, body, revision)| {
            let family = DocumentKind::parse(&kind)?.family();
            Some(Unsigned { unit, id, family, body, revision })
        })
        .collect())
}

/// A literal, not a bind: SQLite uses the partial index only when the query repeats its condition verbatim.
fn numbered() -> diesel::expression::SqlLiteral<diesel::sql_types::Bool> {
    diesel::dsl::sql("receipt.state = 'numbered'")
}

/// Receipts waiting for their signature, oldest first; those that are `held_back` are passed over,
/// so that a unit whose signer is out of reach keeps nobody else waiting, and so are those of a kind that a newer
/// version wrote.
pub fn waiting(
    conn: &mut Conn,
    limit: i64,
    held_back: &[(UnitId, Family)],
) -> Result<Vec<(UnitId, ReceiptId)>> {
    let units = |family: Family| -> Vec<i64> {
        held_back.iter().filter(|(_, of)| *of == family).map(|(unit, _)| unit.0).collect()
    };
    let kinds = |family: Family| -> Vec<&'static str> {
        let all = DocumentKind::ALL.into_iter().filter(|kind| kind.family() == family);
        all.map(DocumentKind::as_str).collect()
    };
    let not_held = |family: Family| {
        receipt::unit_id.ne_all(units(family)).or(receipt::document_kind.ne_all(kinds(family)))
    };
    receipt::table
        .filter(numbered())
        .filter(receipt::document_kind.eq_any(DocumentKind::ALL.map(DocumentKind::as_str)))
        .filter(not_held(Family::Receipt))
        .filter(not_held(Family::Invoice))
        .order(receipt::id)
        .limit(limit)
        .select((receipt::unit_id, receipt::id))
        .load(conn)
        .classify()
}

/// Receipts that are numbered and wait for their signature, in all units.
pub fn unsigned_count(conn: &mut Conn) -> Result<i64> {
    receipt::table.filter(numbered()).count().get_result(conn).classify()
}

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = BigInt)]
    unit_id: UnitId,
    #[diesel(sql_type = Text)]
    document_kind: String,
}

/// Units with documents that wait for their signature, and of which families those are.
pub fn units_waiting(conn: &mut Conn) -> Result<BTreeSet<(UnitId, Family)>> {
    // The sign keeps SQLite from walking another index for the order of units.
    let known = DocumentKind::ALL.map(|kind| format!("'{}'", kind.as_str())).join(", ");
    let sql = format!(
        "SELECT DISTINCT +unit_id AS unit_id, document_kind FROM receipt WHERE state = 'numbered' \
         AND document_kind IN ({known})"
    );
    let found: Vec<Waiting> = diesel::sql_query(sql).load(conn).classify()?;
    let family = |row: Waiting| Some((row.unit_id, DocumentKind::parse(&row.document_kind)?.family()));
    Ok(found.into_iter().filter_map(family).collect())
}
