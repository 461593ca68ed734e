//! The trail's SQL.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::clock::Instant;
use crate::error::Result;
use crate::id::{AuditId, CertificateId, UnitId, first_minted_at};
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::{audit_entry, audit_leaf, audit_root, audit_signature, feed, unsealed};
use crate::store::{Conn, Tx};

pub const AUDIT: &str = "audit";
pub const OBLIGATION: &str = "obligation";

crate::table_row! {
    pub struct AuditEntryRow in "audit_entry" {
        pub unit_id: UnitId,
        pub id: AuditId,
        pub actor: String,
        pub action: &'static str,
        pub subject: String,
        pub detail: String,
        pub at: Instant,
    }
}

crate::table_row! {
    /// A committed event that has no number yet: the audit trail's or the feed's.
    pub struct UnsealedRow in "unsealed" {
        pub unit_id: UnitId,
        pub id: i64,
        pub kind: &'static str,
        pub subject_id: i64,
    }
}

crate::table_row! {
    pub struct LeafRow in "audit_leaf" {
        pub unit_id: UnitId,
        pub seq: i64,
        pub entry_id: AuditId,
        pub leaf_sha256: String,
    }
}

crate::table_row! {
    pub struct RootRow in "audit_root" {
        pub unit_id: UnitId,
        pub last_seq: i64,
        pub root_sha256: String,
        pub previous_sha256: String,
        pub created_at: Instant,
    }
}

crate::table_row! {
    pub struct FeedRow in "feed" {
        pub feed_no: i64,
        pub unit_id: UnitId,
        pub obligation_id: i64,
        pub event_id: i64,
        pub sealed_at: Instant,
    }
}

/// (unit, id, subject) of one kind, oldest first.
pub fn pending(conn: &mut Conn, kind: &str, limit: i64) -> Result<Vec<(UnitId, i64, i64)>> {
    unsealed::table
        .filter(unsealed::kind.eq(kind))
        .order((unsealed::id, unsealed::unit_id))
        .limit(limit)
        .select((unsealed::unit_id, unsealed::id, unsealed::subject_id))
        .load(conn)
        .classify()
}

pub fn forget_pending(tx: &mut Tx<'_>, done: &[(UnitId, i64, i64)]) -> Result<()> {
    let keys = vec![
        ("unit_id", Column::of(done.iter().map(|(unit, _, _)| *unit))),
        ("id", Column::of(done.iter().map(|(_, id, _)| *id))),
    ];
    rows::delete(tx, "unsealed", keys).map(|_| ())
}

/// (id, actor, action, subject, detail, at)
pub type StoredEntry = (AuditId, String, String, String, String, Instant);

/// Entries by (unit, id), in no particular order.
pub fn entries(conn: &mut Conn, ids: &[(UnitId, AuditId)]) -> Result<Vec<(UnitId, StoredEntry)>> {
    type Columns = (UnitId, AuditId, String, String, String, String, Instant);
    let found: Vec<Columns> = rows::fetch::<(BigInt, BigInt, Text, Text, Text, Text, BigInt), _>(
        conn,
        "SELECT t.unit_id, t.id, t.actor, t.action, t.subject, t.detail, t.at FROM audit_entry t",
        &rows::unit_keys("id", ids),
        "",
        Lock::None,
    )?;
    Ok(found
        .into_iter()
        .map(|(unit, id, actor, action, subject, detail, at)| {
            (unit, (id, actor, action, subject, detail, at))
        })
        .collect())
}

pub fn last_seq(conn: &mut Conn, unit: UnitId) -> Result<i64> {
    audit_leaf::table
        .filter(audit_leaf::unit_id.eq(unit))
        .select(diesel::dsl::max(audit_leaf::seq))
        .first::<Option<i64>>(conn)
        .classify()
        .map(|seq| seq.unwrap_or(0))
}

/// (last_seq, root) of the newest root of the unit.
pub fn last_root(conn: &mut Conn, unit: UnitId) -> Result<Option<(i64, String)>> {
    audit_root::table
        .filter(audit_root::unit_id.eq(unit))
        .order(audit_root::last_seq.desc())
        .select((audit_root::last_seq, audit_root::root_sha256))
        .first(conn)
        .optional()
        .classify()
}

/// (unit, last_seq, root) of the newest root of each unit; units without a root are left out.
pub fn last_roots(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<(UnitId, i64, String)>> {
    // Over the units, not over the roots: each newest number is then one look into the key.
    let newest: Vec<(UnitId, Option<i64>)> = rows::fetch::<(BigInt, Nullable<BigInt>), _>(
        conn,
        "SELECT t.unit_id, (SELECT MAX(r.last_seq) FROM audit_root r WHERE r.unit_id = t.unit_id) FROM unit t",
        &[("unit_id", Column::of(units.iter().copied()))],
        "",
        Lock::None,
    )?;
    let keys: Vec<(UnitId, i64)> =
        newest.into_iter().filter_map(|(unit, last_seq)| Some((unit, last_seq?))).collect();
    rows::fetch::<(BigInt, BigInt, Text), _>(
        conn,
        "SELECT t.unit_id, t.last_seq, t.root_sha256 FROM audit_root t",
        &[
            ("unit_id", Column::of(keys.iter().map(|(unit, _)| *unit))),
            ("last_seq", Column::of(keys.iter().map(|(_, last_seq)| *last_seq))),
        ],
        "",
        Lock::None,
    )
}

/// The root at a place of the sequence.
pub fn root_at(conn: &mut Conn, unit: UnitId, last_seq: i64) -> Result<Option<String>> {
    audit_root::table
        .filter(audit_root::unit_id.eq(unit))
        .filter(audit_root::last_seq.eq(last_seq))
        .select(audit_root::root_sha256)
        .first(conn)
        .optional()
        .classify()
}

/// (last_seq, root, previous root) after a place, oldest first.
pub fn roots_from(
    conn: &mut Conn,
    unit: UnitId,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, String, String)>> {
    audit_root::table
        .filter(audit_root::unit_id.eq(unit))
        .filter(audit_root::last_seq.gt(after))
        .order(audit_root::last_seq)
        .limit(limit)
        .select((audit_root::last_seq, audit_root::root_sha256, audit_root::previous_sha256))
        .load(conn)
        .classify()
}

/// (last_seq, root) of the newest roots made before an instant, the newest first.
pub fn roots_before(
    conn: &mut Conn,
    unit: UnitId,
    before: Instant,
    limit: i64,
) -> Result<Vec<(i64, String)>> {
    audit_root::table
        .filter(audit_root::unit_id.eq(unit))
        .filter(audit_root::created_at.lt(before))
        .order(audit_root::last_seq.desc())
        .limit(limit)
        .select((audit_root::last_seq, audit_root::root_sha256))
        .load(conn)
        .classify()
}

/// (last_seq, root) of roots after `after` up to and including `until`, oldest first.
pub fn roots_after(
    conn: &mut Conn,
    unit: UnitId,
    (after, until): (i64, i64),
    limit: i64,
) -> Result<Vec<(i64, String)>> {
    audit_root::table
        .filter(audit_root::unit_id.eq(unit))
        .filter(audit_root::last_seq.gt(after).and(audit_root::last_seq.le(until)))
        .order(audit_root::last_seq)
        .limit(limit)
        .select((audit_root::last_seq, audit_root::root_sha256))
        .load(conn)
        .classify()
}

/// The newest committed entry of a unit that has no place yet.
pub fn newest_pending(conn: &mut Conn, unit: UnitId) -> Result<Option<i64>> {
    unsealed::table
        .filter(unsealed::unit_id.eq(unit))
        .filter(unsealed::kind.eq(AUDIT))
        .select(diesel::dsl::max(unsealed::id))
        .first(conn)
        .classify()
}

/// Whether an entry up to `until` has no place yet.
pub fn is_pending(conn: &mut Conn, unit: UnitId, until: i64) -> Result<bool> {
    let first: Option<i64> = unsealed::table
        .filter(unsealed::unit_id.eq(unit))
        .filter(unsealed::kind.eq(AUDIT))
        .filter(unsealed::id.le(until))
        .select(unsealed::id)
        .first(conn)
        .optional()
        .classify()?;
    Ok(first.is_some())
}

/// The place of an entry in its unit's trail; none while it has none.
pub fn seq_of(conn: &mut Conn, unit: UnitId, entry: AuditId) -> Result<Option<i64>> {
    audit_leaf::table
        .filter(audit_leaf::unit_id.eq(unit))
        .filter(audit_leaf::entry_id.eq(entry))
        .select(audit_leaf::seq)
        .first(conn)
        .optional()
        .classify()
}

/// The last place under a signed root.
pub fn last_signed(conn: &mut Conn, unit: UnitId) -> Result<Option<i64>> {
    audit_signature::table
        .filter(audit_signature::unit_id.eq(unit))
        .select(diesel::dsl::max(audit_signature::last_seq))
        .first(conn)
        .classify()
}

/// (last_seq, certificate, signature, signed at).
pub type StoredSignature = (i64, CertificateId, Vec<u8>, Instant);

/// The signatures over roots after `after` up to and including `until`.
pub fn signatures(conn: &mut Conn, unit: UnitId, after: i64, until: i64) -> Result<Vec<StoredSignature>> {
    audit_signature::table
        .filter(audit_signature::unit_id.eq(unit))
        .filter(audit_signature::last_seq.gt(after).and(audit_signature::last_seq.le(until)))
        .order(audit_signature::last_seq)
        .select((
            audit_signature::last_seq,
            audit_signature::certificate_id,
            audit_signature::signature,
            audit_signature::signed_at,
        ))
        .load(conn)
        .classify()
}

/// The newest entries of a unit and days that fit a search. Ids follow time, so the days are a range of
/// keys.
pub fn search(conn: &mut Conn, search: &super::Search) -> Result<Vec<super::Found>> {
    let text = search.text.trim();
    let beginning = format!("{}%", text.replace(['%', '_', '\\'], ""));
    type Columns = (AuditId, String, String, String, String, Instant);
    let mut asked = audit_entry::table
        .filter(audit_entry::unit_id.eq(search.unit))
        .filter(audit_entry::id.ge(AuditId(first_minted_at(search.from.start()))))
        .filter(audit_entry::id.lt(AuditId(first_minted_at(search.until.next().start()))))
        .order(audit_entry::id.desc())
        .limit(search.limit)
        .select((
            audit_entry::id,
            audit_entry::actor,
            audit_entry::action,
            audit_entry::subject,
            audit_entry::detail,
            audit_entry::at,
        ))
        .into_boxed();
    if !text.is_empty() {
        asked = asked.filter(
            audit_entry::action
                .like(beginning)
                .or(audit_entry::subject.eq(text.to_owned()))
                .or(audit_entry::actor.eq(text.to_owned())),
        );
    }
    if let Some(by) = &search.by {
        asked = asked.filter(audit_entry::actor.eq(by.clone()));
    }
    if let Some(before) = search.before {
        asked = asked.filter(audit_entry::id.lt(before));
    }
    let found: Vec<Columns> = asked.load(conn).classify()?;
    let of =
        |(id, actor, action, subject, detail, at)| super::Found { id, actor, action, subject, detail, at };
    Ok(found.into_iter().map(of).collect())
}

/// (seq, entry, leaf hash) after `after` up to and including `until`.
pub fn leaves(conn: &mut Conn, unit: UnitId, after: i64, until: i64) -> Result<Vec<(i64, AuditId, String)>> {
    audit_leaf::table
        .filter(audit_leaf::unit_id.eq(unit))
        .filter(audit_leaf::seq.gt(after).and(audit_leaf::seq.le(until)))
        .order(audit_leaf::seq)
        .select((audit_leaf::seq, audit_leaf::entry_id, audit_leaf::leaf_sha256))
        .load(conn)
        .classify()
}

pub fn last_feed_no(conn: &mut Conn) -> Result<i64> {
    feed::table
        .select(diesel::dsl::max(feed::feed_no))
        .first::<Option<i64>>(conn)
        .classify()
        .map(|no| no.unwrap_or(0))
}

/// A unit's entries after one of them, by id.
pub fn entries_after(conn: &mut Conn, unit: UnitId, after: i64, limit: i64) -> Result<Vec<i64>> {
    audit_entry::table
        .filter(audit_entry::unit_id.eq(unit))
        .filter(audit_entry::id.gt(after))
        .order(audit_entry::id)
        .limit(limit)
        .select(audit_entry::id)
        .load(conn)
        .classify()
}

/// How many of these entries carry no leaf and do not wait for one: rows taken out of the trail's sight by hand.
/// Those that wait are looked for first, so that one that gets its leaf meanwhile is missed by neither look.
pub fn unaccounted(conn: &mut Conn, unit: UnitId, ids: &[i64]) -> Result<usize> {
    let mut known: std::collections::BTreeSet<i64> = unsealed::table
        .filter(unsealed::unit_id.eq(unit))
        .filter(unsealed::id.eq_any(ids.to_vec()))
        .select(unsealed::id)
        .load::<i64>(conn)
        .classify()?
        .into_iter()
        .collect();
    let sealed: Vec<i64> = audit_leaf::table
        .filter(audit_leaf::unit_id.eq(unit))
        .filter(audit_leaf::entry_id.eq_any(ids.to_vec()))
        .select(audit_leaf::entry_id)
        .load(conn)
        .classify()?;
    known.extend(sealed);
    Ok(ids.iter().filter(|id| !known.contains(*id)).count())
}

crate::table_row! {
    pub struct SignatureRow in "audit_signature" {
        pub unit_id: UnitId,
        pub last_seq: i64,
        pub root_sha256: String,
        pub certificate_id: CertificateId,
        pub signature: Vec<u8>,
        pub signed_at: Instant,
    }
}

#[derive(QueryableByName)]
struct Root {
    #[diesel(sql_type = BigInt)]
    unit_id: i64,
    #[diesel(sql_type = BigInt)]
    last_seq: i64,
    #[diesel(sql_type = Text)]
    root_sha256: String,
}

/// The newest root of each unit that has no signature.
pub fn unsigned_roots(conn: &mut Conn) -> Result<Vec<super::UnsignedRoot>> {
    let found: Vec<Root> = diesel::sql_query(
        "SELECT r.unit_id, r.last_seq, r.root_sha256 FROM audit_root r \
         JOIN (SELECT unit_id, MAX(last_seq) AS last_seq FROM audit_root GROUP BY unit_id) newest \
         ON newest.unit_id = r.unit_id AND newest.last_seq = r.last_seq \
         WHERE NOT EXISTS (SELECT 1 FROM audit_signature s WHERE s.unit_id = r.unit_id AND s.last_seq = r.last_seq) \
         ORDER BY r.unit_id",
    )
    .load(conn)
    .classify()?;
    Ok(found
        .into_iter()
        .map(|root| super::UnsignedRoot {
            unit: UnitId(root.unit_id),
            last_seq: root.last_seq,
            root_sha256: root.root_sha256,
        })
        .collect())
}
