//! The register's SQL: the numbers of a series page by page, and the nightly certificates.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date};

use super::proof::Entry;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{CertificateId, ReceiptId, SeriesId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::page::Page;
use crate::store::schema::{receipt, receipt_seal, series_audit};

crate::table_row! {
    #[derive(PartialEq, Eq)]
    pub struct AuditRow in "series_audit" {
        pub unit_id: UnitId,
        pub id: CertificateId,
        pub date: BusinessDay,
        pub series_count: i64,
        pub number_count: i64,
        pub fault_count: i64,
        /// The exact signed bytes.
        pub document: Vec<u8>,
        pub document_sha256: String,
        pub previous_sha256: String,
        /// RSA PKCS#1 v1.5 with SHA-256 over `document`.
        pub signature: Vec<u8>,
        /// The signing certificate, of the unit or of the city.
        pub certificate_id: CertificateId,
        pub created_at: Instant,
    }
}

/// The numbers of a series above `after`, in their order, at most `limit`.
pub fn page(conn: &mut Conn, unit: UnitId, series: SeriesId, after: i64, limit: i64) -> Result<Vec<Entry>> {
    type Stored =
        ((i64, ReceiptId, String, BusinessDay, i64), (Vec<u8>, String, Option<Vec<u8>>, Option<String>));
    let found: Vec<Stored> = receipt::table
        .left_join(
            receipt_seal::table
                .on(receipt_seal::unit_id.eq(receipt::unit_id).and(receipt_seal::receipt_id.eq(receipt::id))),
        )
        .filter(receipt::unit_id.eq(unit))
        .filter(receipt::series_id.eq(series))
        .filter(receipt::number.gt(after))
        .order(receipt::number)
        .limit(limit)
        .select((
            (receipt::number, receipt::id, receipt::state, receipt::issued_on, receipt::amount),
            (
                receipt::body,
                receipt::body_sha256,
                receipt_seal::document.nullable(),
                receipt_seal::document_sha256.nullable(),
            ),
        ))
        .load(conn)
        .classify()?;
    Ok(found
        .into_iter()
        .map(|((number, receipt, state, issued_on, amount), (body, body_sha256, document, sha256))| Entry {
            number,
            receipt,
            state,
            issued_on,
            amount,
            body,
            body_sha256,
            seal: document.zip(sha256),
        })
        .collect())
}

/// A number without its document: number, receipt, state, day of issue, whole đồng, hash of the body.
pub type Numbered = (i64, ReceiptId, String, BusinessDay, i64, String);

/// The same numbers without bodies and documents.
pub fn numbered(
    conn: &mut Conn,
    unit: UnitId,
    series: SeriesId,
    after: i64,
    limit: i64,
) -> Result<Vec<Numbered>> {
    receipt::table
        .filter(receipt::unit_id.eq(unit))
        .filter(receipt::series_id.eq(series))
        .filter(receipt::number.gt(after))
        .order(receipt::number)
        .limit(limit)
        .select((
            receipt::number,
            receipt::id,
            receipt::state,
            receipt::issued_on,
            receipt::amount,
            receipt::body_sha256,
        ))
        .load(conn)
        .classify()
}

/// The highest number a series has. Read it before the series itself: numbers given in between
/// are then below the series' next one.
pub fn highest(conn: &mut Conn, unit: UnitId, series: SeriesId) -> Result<i64> {
    let highest: Option<i64> = receipt::table
        .filter(receipt::unit_id.eq(unit))
        .filter(receipt::series_id.eq(series))
        .select(diesel::dsl::max(receipt::number))
        .first(conn)
        .classify()?;
    Ok(highest.unwrap_or(0))
}

macro_rules! columns {
    () => {
        (
            (
                series_audit::unit_id,
                series_audit::id,
                series_audit::date,
                series_audit::series_count,
                series_audit::number_count,
                series_audit::fault_count,
            ),
            (
                series_audit::document,
                series_audit::document_sha256,
                series_audit::previous_sha256,
                series_audit::signature,
                series_audit::certificate_id,
                series_audit::created_at,
            ),
        )
    };
}

type Stored = (
    (UnitId, CertificateId, BusinessDay, i64, i64, i64),
    (Vec<u8>, String, String, Vec<u8>, CertificateId, Instant),
);

fn from_stored((what, proof): Stored) -> AuditRow {
    AuditRow {
        unit_id: what.0,
        id: what.1,
        date: what.2,
        series_count: what.3,
        number_count: what.4,
        fault_count: what.5,
        document: proof.0,
        document_sha256: proof.1,
        previous_sha256: proof.2,
        signature: proof.3,
        certificate_id: proof.4,
        created_at: proof.5,
    }
}

/// What lists say of a certificate: everything but its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub id: CertificateId,
    pub unit: UnitId,
    pub date: BusinessDay,
    pub series_count: i64,
    pub number_count: i64,
    pub fault_count: i64,
    pub document_sha256: String,
    pub previous_sha256: String,
    pub signature: Vec<u8>,
    pub certificate: CertificateId,
}

/// A page of a unit's certificates without their documents, newest first.
pub fn newest(conn: &mut Conn, unit: UnitId, page: Page) -> Result<Vec<Listed>> {
    type Stored = ((CertificateId, BusinessDay, i64, i64, i64), (String, String, Vec<u8>, CertificateId));
    let found: Vec<Stored> = crate::newest_of!(series_audit, unit, page)
        .select((
            (
                series_audit::id,
                series_audit::date,
                series_audit::series_count,
                series_audit::number_count,
                series_audit::fault_count,
            ),
            (
                series_audit::document_sha256,
                series_audit::previous_sha256,
                series_audit::signature,
                series_audit::certificate_id,
            ),
        ))
        .load(conn)
        .classify()?;
    let listed = |(what, proof): Stored| Listed {
        id: what.0,
        unit,
        date: what.1,
        series_count: what.2,
        number_count: what.3,
        fault_count: what.4,
        document_sha256: proof.0,
        previous_sha256: proof.1,
        signature: proof.2,
        certificate: proof.3,
    };
    Ok(found.into_iter().map(listed).collect())
}

/// Every certificate of a unit with its bytes, oldest first: for who holds the whole chain against
/// the rows.
pub fn audits(conn: &mut Conn, unit: UnitId) -> Result<Vec<AuditRow>> {
    let found: Vec<Stored> = series_audit::table
        .filter(series_audit::unit_id.eq(unit))
        .order((series_audit::date, series_audit::id))
        .select(columns!())
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(from_stored).collect())
}

/// The newest certificate of a unit.
pub fn last_audit(conn: &mut Conn, unit: UnitId) -> Result<Option<AuditRow>> {
    let found: Option<Stored> = series_audit::table
        .filter(series_audit::unit_id.eq(unit))
        .order((series_audit::date.desc(), series_audit::id.desc()))
        .select(columns!())
        .first(conn)
        .optional()
        .classify()?;
    Ok(found.map(from_stored))
}

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = BigInt)]
    unit_id: i64,
}

/// Units whose series had a number by the end of `date` and have no certificate of it or later.
pub fn due(conn: &mut Conn, date: BusinessDay) -> Result<Vec<UnitId>> {
    let found: Vec<Due> = diesel::sql_query(
        "SELECT DISTINCT s.unit_id FROM receipt_series s WHERE NOT EXISTS (SELECT 1 FROM series_audit a \
         WHERE a.unit_id = s.unit_id AND a.date >= $1) AND (EXISTS (SELECT 1 FROM series_audit b \
         WHERE b.unit_id = s.unit_id) OR EXISTS (SELECT 1 FROM receipt r WHERE r.unit_id = s.unit_id \
         AND r.series_id = s.id AND r.issued_on <= $1)) ORDER BY s.unit_id",
    )
    .bind::<Date, _>(date)
    .load(conn)
    .classify()?;
    Ok(found.into_iter().map(|row| UnitId(row.unit_id)).collect())
}

/// The exact bytes of a certificate within a scope: ids do not tell their unit.
pub fn document(conn: &mut Conn, scope: &crate::actor::Scope, id: CertificateId) -> Result<Option<Vec<u8>>> {
    let found =
        series_audit::table.filter(series_audit::id.eq(id)).select(series_audit::document).into_boxed();
    let found = crate::in_scope!(found, scope, series_audit);
    found.first(conn).optional().classify()
}
