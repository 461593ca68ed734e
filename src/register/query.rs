//! The register's SQL: the numbers of a series page by page, and the nightly certificates.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};

use super::proof::Entry;
use super::rules;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{CertificateId, ReceiptId, SeriesId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::page::Page;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::{obligation, receipt, receipt_seal, receipt_series_event, series_audit};

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
    type Stored = (
        (i64, ReceiptId, String, BusinessDay, i64),
        (String, String, String),
        (String, String, Option<String>),
        (Vec<u8>, String, Option<Vec<u8>>, Option<String>),
    );
    let found: Vec<Stored> = receipt::table
        .left_join(
            receipt_seal::table
                .on(receipt_seal::unit_id.eq(receipt::unit_id).and(receipt_seal::receipt_id.eq(receipt::id))),
        )
        .left_join(
            obligation::table
                .on(obligation::unit_id.eq(receipt::unit_id).and(obligation::id.eq(receipt::obligation_id))),
        )
        .filter(receipt::unit_id.eq(unit))
        .filter(receipt::series_id.eq(series))
        .filter(receipt::number.gt(after))
        .order(receipt::number)
        .limit(limit)
        .select((
            (receipt::number, receipt::id, receipt::state, receipt::issued_on, receipt::amount),
            (receipt::document_kind, receipt::template, receipt::series),
            (receipt::lookup_code, receipt::profile, obligation::dossier_code.nullable()),
            (
                receipt::body,
                receipt::body_sha256,
                receipt_seal::document.nullable(),
                receipt_seal::document_sha256.nullable(),
            ),
        ))
        .load(conn)
        .classify()?;
    let receipts: Vec<ReceiptId> = found.iter().map(|((_, receipt, ..), ..)| *receipt).collect();
    let mut told = told(conn, unit, &receipts)?;
    let corrected = corrected(conn, unit, &receipts)?;
    let entry = |(place, name, beside, bytes): Stored| {
        let (number, receipt, state, issued_on, amount) = place;
        let (document_kind, template, series) = name;
        let (lookup_code, profile, dossier_code) = beside;
        let (body, body_sha256, document, sha256) = bytes;
        let is_of = |action: &str| corrected.contains(&(receipt, action.to_owned()));
        Entry {
            number,
            receipt,
            is_as_corrected: rules::is_as_corrected(&state, ["replace", "adjust", "cancel"].map(is_of)),
            state,
            told_state: told.remove(&receipt).map(|(_, state)| state),
            document_kind,
            template,
            series,
            issued_on,
            amount,
            lookup_code,
            profile,
            dossier_code,
            body,
            body_sha256,
            seal: document.zip(sha256),
        }
    };
    Ok(found.into_iter().map(entry).collect())
}

/// The newest event of each of these receipts: its revision and the state it says.
fn told(conn: &mut Conn, unit: UnitId, receipts: &[ReceiptId]) -> Result<BTreeMap<ReceiptId, (i64, String)>> {
    let events: Vec<(ReceiptId, i64, String)> = rows::fetch::<(BigInt, BigInt, Text), _>(
        conn,
        "SELECT t.receipt_id, t.revision, t.state FROM receipt_event t",
        &[
            ("unit_id", Column::of(receipts.iter().map(|_| unit))),
            ("receipt_id", Column::of(receipts.iter().copied())),
        ],
        "",
        Lock::None,
    )?;
    let mut newest: BTreeMap<ReceiptId, (i64, String)> = BTreeMap::new();
    for (receipt, revision, state) in events {
        if newest.get(&receipt).is_none_or(|(known, _)| *known < revision) {
            newest.insert(receipt, (revision, state));
        }
    }
    Ok(newest)
}

/// What was done to which of these receipts by corrections of them.
fn corrected(conn: &mut Conn, unit: UnitId, receipts: &[ReceiptId]) -> Result<BTreeSet<(ReceiptId, String)>> {
    let found: Vec<(ReceiptId, String)> = rows::fetch::<(BigInt, Text), _>(
        conn,
        "SELECT t.original_id, t.action FROM receipt_relation t",
        &[
            ("unit_id", Column::of(receipts.iter().map(|_| unit))),
            ("original_id", Column::of(receipts.iter().copied())),
        ],
        "",
        Lock::None,
    )?;
    Ok(found.into_iter().collect())
}

/// The state that the newest event of a series says.
pub fn told_phase(conn: &mut Conn, unit: UnitId, series: SeriesId) -> Result<Option<String>> {
    receipt_series_event::table
        .filter(receipt_series_event::unit_id.eq(unit))
        .filter(receipt_series_event::series_id.eq(series))
        .order(receipt_series_event::revision.desc())
        .select(receipt_series_event::state)
        .first(conn)
        .optional()
        .classify()
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

/// Certificates of a unit with their bytes behind those of a day, oldest first, at most `limit`.
pub fn audits_after(
    conn: &mut Conn,
    unit: UnitId,
    after: Option<BusinessDay>,
    limit: i64,
) -> Result<Vec<AuditRow>> {
    let mut asked = series_audit::table
        .filter(series_audit::unit_id.eq(unit))
        .order(series_audit::date)
        .limit(limit)
        .select(columns!())
        .into_boxed();
    if let Some(day) = after {
        asked = asked.filter(series_audit::date.gt(day));
    }
    let found: Vec<Stored> = asked.load(conn).classify()?;
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
