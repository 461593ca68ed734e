//! Rows of the evidence: revocation lists, answers about certificates, what each seal refers to.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

use super::Leaf;
use super::revocation::{SKEW_S, UNANNOUNCED_S};
use crate::audit::merkle::Tree;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{AccountId, CertificateId, EvidenceId, ReceiptId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::rows::{self, Lock};
use crate::store::schema::{
    certificate_revocation, daily_timestamp, day_certificate, receipt_seal, seal_evidence, timestamp_leaf,
    validation_evidence,
};
use crate::unit::CITY;

crate::table_row! {
    pub struct EvidenceRow in "validation_evidence" {
        pub unit_id: UnitId,
        pub id: EvidenceId,
        pub certificate_id: CertificateId,
        pub kind: &'static str,
        pub sha256: String,
        pub document: Vec<u8>,
        pub this_update: Instant,
        pub next_update: Option<Instant>,
        pub fetched_at: Instant,
    }
}

crate::table_row! {
    pub struct RevocationRow in "certificate_revocation" {
        pub unit_id: UnitId,
        pub certificate_id: CertificateId,
        pub evidence_id: EvidenceId,
        pub revoked_at: Instant,
        pub seen_at: Instant,
    }
}

crate::table_row! {
    pub struct SealEvidenceRow in "seal_evidence" {
        pub unit_id: UnitId,
        pub receipt_id: ReceiptId,
        pub evidence_unit_id: UnitId,
        pub crl_id: Option<EvidenceId>,
        pub ocsp_id: Option<EvidenceId>,
    }
}

/// The newest document of a kind about a certificate that its authority stands by at `at`.
pub fn newest(
    conn: &mut Conn,
    unit: UnitId,
    certificate: CertificateId,
    kind: &str,
    at: Instant,
) -> Result<Option<EvidenceId>> {
    let announced = at.minus_seconds(SKEW_S);
    let unannounced = at.minus_seconds(UNANNOUNCED_S + SKEW_S);
    validation_evidence::table
        .filter(validation_evidence::unit_id.eq(unit))
        .filter(validation_evidence::certificate_id.eq(certificate))
        .filter(validation_evidence::kind.eq(kind))
        .filter(validation_evidence::next_update.ge(announced).or(
            validation_evidence::next_update.is_null().and(validation_evidence::this_update.ge(unannounced)),
        ))
        .order((validation_evidence::this_update.desc(), validation_evidence::id.desc()))
        .select(validation_evidence::id)
        .first(conn)
        .optional()
        .classify()
}

/// A certificate, the list and the answer about it that [`newest`] says: (owner, certificate, CRL, OCSP answer).
pub type Newest = (UnitId, CertificateId, Option<EvidenceId>, Option<EvidenceId>);

/// What [`newest`] says of many certificates (owner, certificate) at once.
pub fn newest_of_each(
    conn: &mut Conn,
    certificates: &[(UnitId, CertificateId)],
    at: Instant,
) -> Result<Vec<Newest>> {
    let last = |kind: &str| {
        format!(
            "(SELECT e.id FROM validation_evidence e WHERE e.unit_id = t.unit_id AND e.certificate_id = t.id \
             AND e.kind = '{kind}' ORDER BY e.this_update DESC, e.id DESC LIMIT 1)"
        )
    };
    let mut found: Vec<Newest> = rows::fetch::<(BigInt, BigInt, Nullable<BigInt>, Nullable<BigInt>), _>(
        conn,
        &format!(
            "SELECT t.unit_id, t.id, {} AS crl, {} AS ocsp FROM signing_certificate t",
            last("crl"),
            last("ocsp")
        ),
        &rows::unit_keys("id", certificates),
        "",
        Lock::None,
    )?;
    let last: Vec<(UnitId, EvidenceId)> = found
        .iter()
        .flat_map(|(unit, _, crl, ocsp)| [crl, ocsp].into_iter().flatten().map(|id| (*unit, *id)))
        .collect();
    let standing = still_standing(conn, &last, at)?;
    for (unit, certificate, crl, ocsp) in &mut found {
        for (said, kind) in [(crl, "crl"), (ocsp, "ocsp")] {
            // One before the last may be good for longer.
            if said.is_some_and(|id| !standing.contains(&(*unit, id))) {
                *said = newest(conn, *unit, *certificate, kind, at)?;
            }
        }
    }
    Ok(found)
}

/// Those of these documents that their authorities stand by at `at`.
fn still_standing(
    conn: &mut Conn,
    documents: &[(UnitId, EvidenceId)],
    at: Instant,
) -> Result<BTreeSet<(UnitId, EvidenceId)>> {
    let found: Vec<(UnitId, EvidenceId, Instant, Option<Instant>)> =
        rows::fetch::<(BigInt, BigInt, BigInt, Nullable<BigInt>), _>(
            conn,
            "SELECT t.unit_id, t.id, t.this_update, t.next_update FROM validation_evidence t",
            &rows::unit_keys("id", documents),
            "",
            Lock::None,
        )?;
    let is_good = |this_update: Instant, next_update: Option<Instant>| {
        next_update.unwrap_or_else(|| this_update.plus_seconds(UNANNOUNCED_S)) >= at.minus_seconds(SKEW_S)
    };
    let good =
        found.into_iter().filter(|(_, _, this_update, next_update)| is_good(*this_update, *next_update));
    Ok(good.map(|(unit, id, ..)| (unit, id)).collect())
}

pub fn by_hash(
    conn: &mut Conn,
    unit: UnitId,
    certificate: CertificateId,
    sha256: &str,
) -> Result<Option<EvidenceId>> {
    validation_evidence::table
        .filter(validation_evidence::unit_id.eq(unit))
        .filter(validation_evidence::certificate_id.eq(certificate))
        .filter(validation_evidence::sha256.eq(sha256))
        .select(validation_evidence::id)
        .first(conn)
        .optional()
        .classify()
}

pub fn document(conn: &mut Conn, unit: UnitId, id: EvidenceId) -> Result<Option<Vec<u8>>> {
    validation_evidence::table
        .find((unit, id))
        .select(validation_evidence::document)
        .first(conn)
        .optional()
        .classify()
}

/// What a seal refers to: (unit of the evidence, CRL, OCSP answer).
pub fn of_seal(
    conn: &mut Conn,
    unit: UnitId,
    receipt: ReceiptId,
) -> Result<Option<(UnitId, Option<EvidenceId>, Option<EvidenceId>)>> {
    seal_evidence::table
        .find((unit, receipt))
        .select((seal_evidence::evidence_unit_id, seal_evidence::crl_id, seal_evidence::ocsp_id))
        .first(conn)
        .optional()
        .classify()
}

/// The document that tells of a certificate's revocation, and its kind.
pub fn revocation_of(
    conn: &mut Conn,
    unit: UnitId,
    certificate: CertificateId,
) -> Result<Option<(EvidenceId, String)>> {
    let told: Option<EvidenceId> = certificate_revocation::table
        .find((unit, certificate))
        .select(certificate_revocation::evidence_id)
        .first(conn)
        .optional()
        .classify()?;
    let Some(id) = told else { return Ok(None) };
    validation_evidence::table
        .find((unit, id))
        .select((validation_evidence::id, validation_evidence::kind))
        .first(conn)
        .optional()
        .classify()
}

crate::table_row! {
    pub struct LeafRow in "timestamp_leaf" {
        pub unit_id: UnitId,
        pub kind: &'static str,
        pub subject_id: i64,
        pub date: BusinessDay,
        pub position: i64,
        pub sha256: String,
    }
}

crate::table_row! {
    pub struct StampRow in "daily_timestamp" {
        pub unit_id: UnitId,
        pub date: BusinessDay,
        pub leaf_count: i64,
        pub previous_sha256: String,
        pub root_sha256: String,
        pub token: Vec<u8>,
        pub stamped_at: Instant,
        pub created_at: Instant,
    }
}

/// Something to be stamped: (unit, kind, id, SHA-256 of its document).
pub type Unstamped = (UnitId, &'static str, i64, String);

/// Seals made before `until` that stand in no tree yet, oldest first.
pub fn unstamped_seals(conn: &mut Conn, until: Instant, limit: i64) -> Result<Vec<Unstamped>> {
    let found: Vec<(UnitId, i64, String)> = receipt_seal::table
        .left_join(
            timestamp_leaf::table.on(timestamp_leaf::unit_id
                .eq(receipt_seal::unit_id)
                .and(timestamp_leaf::kind.eq(Leaf::Seal.as_str()))
                .and(timestamp_leaf::subject_id.eq(receipt_seal::receipt_id))),
        )
        .filter(timestamp_leaf::position.nullable().is_null())
        .filter(receipt_seal::signed_at.lt(until))
        .order((receipt_seal::signed_at, receipt_seal::unit_id, receipt_seal::receipt_id))
        .limit(limit)
        .select((receipt_seal::unit_id, receipt_seal::receipt_id, receipt_seal::document_sha256))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(|(unit, id, sha256)| (unit, Leaf::Seal.as_str(), id, sha256)).collect())
}

/// The same for the certificates of closed days.
pub fn unstamped_days(conn: &mut Conn, until: Instant, limit: i64) -> Result<Vec<Unstamped>> {
    let found: Vec<(UnitId, i64, String)> = day_certificate::table
        .left_join(
            timestamp_leaf::table.on(timestamp_leaf::unit_id
                .eq(day_certificate::unit_id)
                .and(timestamp_leaf::kind.eq(Leaf::Day.as_str()))
                .and(timestamp_leaf::subject_id.eq(day_certificate::id))),
        )
        .filter(timestamp_leaf::position.nullable().is_null())
        .filter(day_certificate::created_at.lt(until))
        .order((day_certificate::unit_id, day_certificate::id))
        .limit(limit)
        .select((day_certificate::unit_id, day_certificate::id, day_certificate::document_sha256))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(|(unit, id, sha256)| (unit, Leaf::Day.as_str(), id, sha256)).collect())
}

pub fn last_position(conn: &mut Conn, day: BusinessDay) -> Result<i64> {
    let last: Option<i64> = timestamp_leaf::table
        .filter(timestamp_leaf::date.eq(day))
        .select(diesel::dsl::max(timestamp_leaf::position))
        .first(conn)
        .classify()?;
    Ok(last.unwrap_or(0))
}

/// The leaves of a day's tree behind a position, in their order.
fn leaves(conn: &mut Conn, day: BusinessDay, behind: i64) -> Result<Vec<(i64, String)>> {
    timestamp_leaf::table
        .filter(timestamp_leaf::date.eq(day))
        .filter(timestamp_leaf::position.gt(behind))
        .order(timestamp_leaf::position)
        .limit(LEAVES_PAGE)
        .select((timestamp_leaf::position, timestamp_leaf::sha256))
        .load(conn)
        .classify()
}

/// The leaves of a day's tree in a range, counted from 0.
pub fn leaves_at(conn: &mut Conn, day: BusinessDay, range: std::ops::Range<usize>) -> Result<Vec<String>> {
    let place = |at: usize| i64::try_from(at).unwrap_or(i64::MAX);
    timestamp_leaf::table
        .filter(timestamp_leaf::date.eq(day))
        .filter(timestamp_leaf::position.gt(place(range.start)))
        .filter(timestamp_leaf::position.le(place(range.end)))
        .order(timestamp_leaf::position)
        .select(timestamp_leaf::sha256)
        .load(conn)
        .classify()
}

/// The tree of a day; only a page of the leaves is in memory at a time, however many there are.
pub fn tree(conn: &mut Conn, day: BusinessDay) -> Result<Tree> {
    let mut tree = Tree::default();
    let mut behind = 0;
    loop {
        let page = leaves(conn, day, behind)?;
        let Some((last, _)) = page.last() else { return Ok(tree) };
        behind = *last;
        page.into_iter().for_each(|(_, leaf)| tree.push(leaf));
    }
}

/// Leaves of a tree that are read at a time.
const LEAVES_PAGE: i64 = 2_000;

/// The day whose tree holds a leaf, and its place there, counted from 1.
pub fn leaf_of(
    conn: &mut Conn,
    unit: UnitId,
    kind: Leaf,
    subject: i64,
) -> Result<Option<(BusinessDay, i64)>> {
    timestamp_leaf::table
        .find((unit, kind.as_str(), subject))
        .select((timestamp_leaf::date, timestamp_leaf::position))
        .first(conn)
        .optional()
        .classify()
}

/// The certificate of an account's days that was stamped last: (id, SHA-256 of its document). One of a later day
/// may have been stamped before and be superseded since.
pub fn newest_stamped(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Option<(i64, String)>> {
    day_certificate::table
        .inner_join(
            timestamp_leaf::table.on(timestamp_leaf::unit_id
                .eq(day_certificate::unit_id)
                .and(timestamp_leaf::kind.eq(Leaf::Day.as_str()))
                .and(timestamp_leaf::subject_id.eq(day_certificate::id))),
        )
        .inner_join(
            daily_timestamp::table
                .on(daily_timestamp::unit_id.eq(CITY).and(daily_timestamp::date.eq(timestamp_leaf::date))),
        )
        .filter(day_certificate::unit_id.eq(unit))
        .filter(day_certificate::account_id.eq(account))
        .order((timestamp_leaf::date.desc(), day_certificate::date.desc(), day_certificate::revision.desc()))
        .select((day_certificate::id, day_certificate::document_sha256))
        .first(conn)
        .optional()
        .classify()
}

/// A day's stamp: (root before, root, token, the time it says).
pub fn stamp_of(conn: &mut Conn, day: BusinessDay) -> Result<Option<(String, String, Vec<u8>, Instant)>> {
    daily_timestamp::table
        .find((CITY, day))
        .select((
            daily_timestamp::previous_sha256,
            daily_timestamp::root_sha256,
            daily_timestamp::token,
            daily_timestamp::stamped_at,
        ))
        .first(conn)
        .optional()
        .classify()
}

#[derive(QueryableByName)]
struct Gathered {
    #[diesel(sql_type = diesel::sql_types::Date)]
    day: BusinessDay,
}

/// Days before `until` that have leaves and no stamp, oldest first. The days are found one by one along the index,
/// however many leaves each of them has.
pub fn waiting_days(conn: &mut Conn, until: BusinessDay) -> Result<Vec<BusinessDay>> {
    let sql = "WITH RECURSIVE gathered (day) AS (SELECT MIN(date) FROM timestamp_leaf UNION ALL \
               SELECT (SELECT MIN(l.date) FROM timestamp_leaf l WHERE l.date > g.day) \
               FROM gathered g WHERE g.day < $1) \
               SELECT g.day AS day FROM gathered g WHERE g.day < $1 AND NOT EXISTS \
               (SELECT 1 FROM daily_timestamp t WHERE t.unit_id = $2 AND t.date = g.day) ORDER BY g.day";
    let found: Vec<Gathered> = diesel::sql_query(sql)
        .bind::<diesel::sql_types::Date, _>(until)
        .bind::<diesel::sql_types::BigInt, _>(CITY)
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(|row| row.day).collect())
}

/// The newest root before a day.
pub fn last_root(conn: &mut Conn, day: BusinessDay) -> Result<Option<String>> {
    daily_timestamp::table
        .filter(daily_timestamp::unit_id.eq(CITY))
        .filter(daily_timestamp::date.lt(day))
        .order(daily_timestamp::date.desc())
        .select(daily_timestamp::root_sha256)
        .first(conn)
        .optional()
        .classify()
}

/// A seal: (the certificate it was made under, when, SHA-256 of the document).
pub fn seal(
    conn: &mut Conn,
    unit: UnitId,
    receipt: ReceiptId,
) -> Result<Option<(CertificateId, Instant, String)>> {
    receipt_seal::table
        .find((unit, receipt))
        .select((receipt_seal::certificate_id, receipt_seal::signed_at, receipt_seal::document_sha256))
        .first(conn)
        .optional()
        .classify()
}

/// The bytes of a hash in hexadecimal.
pub fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    if !hex.is_ascii() || hex.len() != 64 {
        return None;
    }
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok()).collect()
}
