//! The SQL of documents that wait for their money.

use diesel::prelude::*;

use crate::clock::Instant;
use crate::error::Result;
use crate::id::{CorrectionId, ObligationId, PartyId, ReceiptId, UnitId};
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Update};
use crate::store::schema::awaited_document;
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct AwaitedRow in "awaited_document" {
        pub unit_id: UnitId,
        pub correction_id: CorrectionId,
        pub obligation_id: ObligationId,
        pub original_id: ReceiptId,
        pub action: &'static str,
        pub party_id: Option<PartyId>,
        pub note: String,
        pub created_at: Instant,
        pub state: &'static str,
        pub revision: i64,
    }
}

/// What is read back of a row.
pub type Waiting = (CorrectionId, ReceiptId, String, Option<PartyId>, String, i64);

/// The document an obligation's missing money will make; there is one at most.
pub fn waiting(conn: &mut Conn, unit: UnitId, obligation: ObligationId) -> Result<Option<Waiting>> {
    awaited_document::table
        .filter(awaited_document::unit_id.eq(unit))
        .filter(awaited_document::obligation_id.eq(obligation))
        .filter(awaited_document::state.eq("waiting"))
        .select((
            awaited_document::correction_id,
            awaited_document::original_id,
            awaited_document::action,
            awaited_document::party_id,
            awaited_document::note,
            awaited_document::revision,
        ))
        .first(conn)
        .optional()
        .classify()
}

/// The obligation of a correction that waits, and since when it does.
pub fn of_correction(
    conn: &mut Conn,
    unit: UnitId,
    correction: CorrectionId,
) -> Result<Option<(ObligationId, Instant)>> {
    awaited_document::table
        .find((unit, correction))
        .filter(awaited_document::state.eq("waiting"))
        .select((awaited_document::obligation_id, awaited_document::created_at))
        .first(conn)
        .optional()
        .classify()
}

/// Its document was numbered.
pub fn issued(tx: &mut Tx<'_>, unit: UnitId, correction: CorrectionId, revision: i64) -> Result<()> {
    end(tx, unit, correction, revision, "issued")
}

/// It was withdrawn: no document is made.
pub fn withdrawn(tx: &mut Tx<'_>, unit: UnitId, correction: CorrectionId, revision: i64) -> Result<()> {
    end(tx, unit, correction, revision, "withdrawn")
}

fn end(
    tx: &mut Tx<'_>,
    unit: UnitId,
    correction: CorrectionId,
    revision: i64,
    state: &'static str,
) -> Result<()> {
    rows::update(
        tx,
        Update {
            table: "awaited_document",
            keys: vec![("unit_id", Column::of([unit])), ("correction_id", Column::of([correction]))],
            guard: vec![("revision", Column::of([revision]))],
            sets: vec![("state", Column::of([state])), ("revision", Column::of([revision + 1]))],
        },
    )
}
