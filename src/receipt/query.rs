//! The receipts' SQL.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

pub use super::many_query::{by_ids, of_obligations};
pub use super::waiting_query::{Unsigned, units_waiting, unsigned, unsigned_count, waiting};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::receipt::DocumentKind;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock, Update};
use crate::store::schema::{public_code, receipt, receipt_due, receipt_seal};
use crate::store::{Conn, Tx};
use crate::unit::account::KIND_RECEIPT;

crate::table_row! {
    pub struct ReceiptRow in "receipt" {
        pub unit_id: UnitId,
        pub id: ReceiptId,
        pub obligation_id: ObligationId,
        pub series_id: SeriesId,
        pub number: i64,
        pub document_kind: &'static str,
        pub template: String,
        pub series: String,
        pub amount: Dong,
        pub issued_on: BusinessDay,
        pub collected_at: Instant,
        pub lookup_code: String,
        pub profile: &'static str,
        pub body: Vec<u8>,
        pub body_sha256: String,
        pub created_at: Instant,
        pub state: &'static str,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct EventRow in "receipt_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub receipt_id: ReceiptId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub actor: String,
        pub reason: Option<String>,
        pub at: Instant,
    }
}

crate::table_row! {
    pub struct SealRow in "receipt_seal" {
        pub unit_id: UnitId,
        pub receipt_id: ReceiptId,
        pub certificate_id: CertificateId,
        pub document: Vec<u8>,
        pub document_sha256: String,
        pub signed_at: Instant,
    }
}

crate::table_row! {
    /// A document that could not be numbered when its money was settled.
    pub struct DueRow in "receipt_due" {
        pub unit_id: UnitId,
        pub obligation_id: ObligationId,
        pub document_kind: String,
        pub code: String,
        pub created_at: Instant,
        pub state: &'static str,
        pub revision: i64,
    }
}

/// Stores seals that are not there yet and marks their receipts signed.
pub fn seal(tx: &mut Tx<'_>, seals: &[SealRow], revisions: &[i64]) -> Result<Vec<bool>> {
    let is_new = rows::insert_if_absent(tx, seals, &["unit_id", "receipt_id"])?;
    let new: Vec<(&SealRow, i64)> = seals
        .iter()
        .zip(revisions)
        .zip(&is_new)
        .filter(|(_, is_new)| **is_new)
        .map(|((seal, revision), _)| (seal, *revision))
        .collect();
    rows::update(
        tx,
        Update {
            table: "receipt",
            keys: vec![
                ("unit_id", Column::of(new.iter().map(|(seal, _)| seal.unit_id))),
                ("id", Column::of(new.iter().map(|(seal, _)| seal.receipt_id))),
            ],
            guard: vec![("revision", Column::of(new.iter().map(|(_, revision)| *revision)))],
            sets: vec![
                ("state", Column::of(new.iter().map(|_| "signed"))),
                ("revision", Column::of(new.iter().map(|(_, revision)| revision + 1))),
            ],
        },
    )?;
    Ok(is_new)
}

/// A receipt as it is looked up.
#[derive(Clone, Debug)]
pub struct Stored {
    pub unit: UnitId,
    pub id: ReceiptId,
    pub obligation: ObligationId,
    pub document_kind: String,
    pub template: String,
    pub series: String,
    pub number: i64,
    pub amount: Dong,
    pub issued_on: BusinessDay,
    pub collected_at: Instant,
    pub lookup_code: String,
    pub state: String,
}

impl Stored {
    /// None for a kind that a newer version wrote.
    pub fn kind(&self) -> Option<DocumentKind> {
        DocumentKind::parse(&self.document_kind)
    }
}

pub(super) type StoredColumns = (
    (UnitId, ReceiptId, ObligationId),
    (String, String, String, i64),
    (Dong, BusinessDay, Instant, String, String),
);

pub(super) fn from_columns((place, name, rest): StoredColumns) -> Stored {
    Stored {
        unit: place.0,
        id: place.1,
        obligation: place.2,
        document_kind: name.0,
        template: name.1,
        series: name.2,
        number: name.3,
        amount: rest.0,
        issued_on: rest.1,
        collected_at: rest.2,
        lookup_code: rest.3,
        state: rest.4,
    }
}

macro_rules! columns {
    () => {
        (
            (receipt::unit_id, receipt::id, receipt::obligation_id),
            (receipt::document_kind, receipt::template, receipt::series, receipt::number),
            (
                receipt::amount,
                receipt::issued_on,
                receipt::collected_at,
                receipt::lookup_code,
                receipt::state,
            ),
        )
    };
}

pub fn by_id(conn: &mut Conn, unit: UnitId, id: ReceiptId) -> Result<Option<Stored>> {
    receipt::table
        .find((unit, id))
        .select(columns!())
        .first::<StoredColumns>(conn)
        .optional()
        .classify()
        .map(|found| found.map(from_columns))
}

/// Every document of an obligation, the receipts first, each kind in the order of making.
pub fn of_obligation(conn: &mut Conn, unit: UnitId, obligation: ObligationId) -> Result<Vec<Stored>> {
    receipt::table
        .filter(receipt::unit_id.eq(unit))
        .filter(receipt::obligation_id.eq(obligation))
        .order(receipt::id)
        .select(columns!())
        .load::<StoredColumns>(conn)
        .classify()
        .map(|found| {
            let mut documents: Vec<Stored> = found.into_iter().map(from_columns).collect();
            documents.sort_by_key(place_among_siblings);
            documents
        })
}

/// Receipts first, each kind in the order of making.
pub(super) fn place_among_siblings(one: &Stored) -> (bool, Option<DocumentKind>, ReceiptId) {
    (one.kind().is_none(), one.kind(), one.id)
}

pub fn of_series(conn: &mut Conn, unit: UnitId, series: SeriesId) -> Result<Vec<Stored>> {
    receipt::table
        .filter(receipt::unit_id.eq(unit))
        .filter(receipt::series_id.eq(series))
        .order(receipt::number)
        .select(columns!())
        .load::<StoredColumns>(conn)
        .classify()
        .map(|found| found.into_iter().map(from_columns).collect())
}

pub fn by_number(conn: &mut Conn, unit: UnitId, series: SeriesId, number: i64) -> Result<Option<Stored>> {
    let found = receipt::table
        .filter(receipt::unit_id.eq(unit))
        .filter(receipt::series_id.eq(series))
        .filter(receipt::number.eq(number))
        .select(columns!())
        .first::<StoredColumns>(conn);
    Ok(found.optional().classify()?.map(from_columns))
}

pub fn by_lookup_code(conn: &mut Conn, code: &str) -> Result<Option<(UnitId, ReceiptId)>> {
    public_code::table
        .find(code)
        .filter(public_code::kind.eq(KIND_RECEIPT))
        .select((public_code::unit_id, public_code::target_id))
        .first(conn)
        .optional()
        .classify()
        .map(|found: Option<(UnitId, i64)>| found.map(|(unit, id)| (unit, ReceiptId(id))))
}

/// The canonical body, as it was numbered.
pub fn body(conn: &mut Conn, unit: UnitId, id: ReceiptId) -> Result<Vec<u8>> {
    receipt::table.find((unit, id)).select(receipt::body).first(conn).classify()
}

/// The exact signed bytes.
pub fn document(conn: &mut Conn, unit: UnitId, id: ReceiptId) -> Result<Option<Vec<u8>>> {
    receipt_seal::table.find((unit, id)).select(receipt_seal::document).first(conn).optional().classify()
}

/// A document that is due.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Due {
    pub created_at: Instant,
    pub unit: UnitId,
    pub obligation: ObligationId,
    pub document_kind: String,
    pub revision: i64,
}

/// A page of open `receipt_due` rows, oldest first, behind the last of the page before.
pub fn due(conn: &mut Conn, after: Option<&Due>, limit: i64) -> Result<Vec<Due>> {
    let mut found = receipt_due::table
        .filter(receipt_due::state.eq("open"))
        .order((
            receipt_due::created_at,
            receipt_due::unit_id,
            receipt_due::obligation_id,
            receipt_due::document_kind,
        ))
        .limit(limit)
        .select((
            receipt_due::created_at,
            receipt_due::unit_id,
            receipt_due::obligation_id,
            receipt_due::document_kind,
            receipt_due::revision,
        ))
        .into_boxed();
    if let Some(last) = after {
        let same_unit = receipt_due::unit_id.eq(last.unit);
        let later_kind = receipt_due::obligation_id
            .eq(last.obligation)
            .and(receipt_due::document_kind.gt(last.document_kind.clone()));
        let later_here = receipt_due::obligation_id.gt(last.obligation).or(later_kind);
        let at_once = receipt_due::unit_id.gt(last.unit).or(same_unit.and(later_here));
        let later = receipt_due::created_at.eq(last.created_at).and(at_once);
        found = found.filter(receipt_due::created_at.gt(last.created_at).or(later));
    }
    found.load(conn).classify()
}

/// The open ones among these: (unit, obligation, kind, revision).
pub fn open_due(
    conn: &mut Conn,
    keys: &[(UnitId, ObligationId, &'static str)],
) -> Result<Vec<(UnitId, ObligationId, String, i64)>> {
    rows::fetch::<(BigInt, BigInt, Text, BigInt), _>(
        conn,
        "SELECT t.unit_id, t.obligation_id, t.document_kind, t.revision FROM receipt_due t",
        &[
            ("unit_id", Column::of(keys.iter().map(|key| key.0))),
            ("obligation_id", Column::of(keys.iter().map(|key| key.1))),
            ("document_kind", Column::of(keys.iter().map(|key| key.2))),
        ],
        "AND t.state = 'open'",
        Lock::None,
    )
}

/// A receipt that was made late once is due again.
pub fn reopen_due(tx: &mut Tx<'_>, row: &DueRow) -> Result<()> {
    diesel::update(
        receipt_due::table
            .find((row.unit_id, row.obligation_id, &row.document_kind))
            .filter(receipt_due::state.ne("open")),
    )
    .set((receipt_due::state.eq("open"), receipt_due::revision.eq(receipt_due::revision + 1)))
    .execute(tx.conn())
    .classify()
    .map(|_| ())
}

/// The document was made.
pub fn close_due(
    tx: &mut Tx<'_>,
    unit: UnitId,
    obligation: ObligationId,
    document_kind: &str,
    revision: i64,
) -> Result<()> {
    end_due(tx, (unit, obligation, document_kind), revision, "made")
}

/// The obligation was cancelled: nothing is due any more.
pub fn drop_due(
    tx: &mut Tx<'_>,
    unit: UnitId,
    obligation: ObligationId,
    document_kind: &str,
    revision: i64,
) -> Result<()> {
    end_due(tx, (unit, obligation, document_kind), revision, "void")
}

fn end_due(
    tx: &mut Tx<'_>,
    (unit, obligation, document_kind): (UnitId, ObligationId, &str),
    revision: i64,
    state: &'static str,
) -> Result<()> {
    rows::update(
        tx,
        Update {
            table: "receipt_due",
            keys: vec![
                ("unit_id", Column::of([unit])),
                ("obligation_id", Column::of([obligation])),
                ("document_kind", Column::of([document_kind])),
            ],
            guard: vec![("revision", Column::of([revision]))],
            sets: vec![("state", Column::of([state])), ("revision", Column::of([revision + 1]))],
        },
    )
}

/// The numbers of a series in text form, for the gap check: (number, state).
pub fn numbers(conn: &mut Conn, unit: UnitId, series: SeriesId) -> Result<Vec<(i64, String)>> {
    receipt::table
        .filter(receipt::unit_id.eq(unit))
        .filter(receipt::series_id.eq(series))
        .order(receipt::number)
        .select((receipt::number, receipt::state))
        .load(conn)
        .classify()
}

/// A document that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Current {
    pub unit: UnitId,
    pub obligation: ObligationId,
    pub receipt: ReceiptId,
    /// None for a kind that a newer version wrote.
    pub kind: Option<DocumentKind>,
}

/// The valid documents of obligations, by obligation and the receipt first.
pub fn current_of_obligations(
    conn: &mut Conn,
    obligations: &[(UnitId, ObligationId)],
) -> Result<Vec<Current>> {
    type Found = (UnitId, ObligationId, ReceiptId, String);
    let found: Vec<Found> = rows::fetch::<(BigInt, BigInt, BigInt, Text), _>(
        conn,
        "SELECT t.unit_id, t.obligation_id, t.id, t.document_kind FROM receipt t",
        &[
            ("unit_id", Column::of(obligations.iter().map(|(unit, _)| *unit))),
            ("obligation_id", Column::of(obligations.iter().map(|(_, id)| *id))),
        ],
        // What brings a cancelled invoice to nothing at the authority is no document of the obligation's money.
        // Asked of each document by itself, never of all relations at once.
        "AND t.state IN ('numbered', 'signed', 'adjusted') AND COALESCE((SELECT o.state FROM receipt_relation x \
         JOIN receipt o ON o.unit_id = x.unit_id AND o.id = x.original_id WHERE x.unit_id = t.unit_id \
         AND x.receipt_id = t.id AND x.action = 'adjust' LIMIT 1), '') <> 'cancelled'",
        Lock::None,
    )?;
    let mut current: Vec<Current> = found
        .into_iter()
        .map(|(unit, obligation, receipt, kind)| Current {
            unit,
            obligation,
            receipt,
            kind: DocumentKind::parse(&kind),
        })
        .collect();
    current.sort_unstable_by_key(|one| (one.unit, one.obligation, one.kind.is_none(), one.kind, one.receipt));
    Ok(current)
}

/// Whether any document of the obligation is still due.
pub fn is_due(conn: &mut Conn, unit: UnitId, obligation: ObligationId) -> Result<bool> {
    let open = receipt_due::table
        .filter(receipt_due::unit_id.eq(unit))
        .filter(receipt_due::obligation_id.eq(obligation))
        .filter(receipt_due::state.eq("open"));
    diesel::select(diesel::dsl::exists(open)).get_result(conn).classify()
}

/// Kind and cause of an obligation's documents that are still due, by kind.
pub fn due_of(conn: &mut Conn, unit: UnitId, obligation: ObligationId) -> Result<Vec<(String, String)>> {
    receipt_due::table
        .filter(receipt_due::unit_id.eq(unit))
        .filter(receipt_due::obligation_id.eq(obligation))
        .filter(receipt_due::state.eq("open"))
        .order(receipt_due::document_kind)
        .select((receipt_due::document_kind, receipt_due::code))
        .load(conn)
        .classify()
}

/// The unit of a receipt within a scope: ids do not tell their unit.
pub fn unit_of(conn: &mut Conn, scope: &crate::actor::Scope, id: ReceiptId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, receipt, id)
}
