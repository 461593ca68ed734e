//! The one leased sealer: dense numbers, leaf hashes and Merkle roots for committed events.

use std::collections::{BTreeMap, HashMap};

use super::merkle::{self, sha256_hex};
use super::query;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{AuditId, CertificateId, UnitId};
use crate::store::{Conn, Stamp, Tx, lease, rows};

/// What one run of the sealer did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    pub audit_count: usize,
    pub feed_count: usize,
}

const LEASE: &str = "sealer";
const LEASE_TERM_MS: i64 = 10_000;

/// Gives up to `limit` committed audit entries their sequence and as many obligation events their
/// feed number. Does nothing when another process holds the lease.
pub fn seal_pending(tx: &mut Tx<'_>, stamp: &Stamp<'_>, holder: &str, limit: i64) -> Result<Sealed> {
    if !lease::hold_work(tx, LEASE, holder, stamp.now.ms(), LEASE_TERM_MS)? {
        return Ok(Sealed::default());
    }
    Ok(Sealed { audit_count: seal_audit(tx, stamp, limit)?, feed_count: seal_feed(tx, stamp, limit)? })
}

fn seal_feed(tx: &mut Tx<'_>, stamp: &Stamp<'_>, limit: i64) -> Result<usize> {
    let events = query::pending(tx, query::OBLIGATION, limit)?;
    if events.is_empty() {
        return Ok(0);
    }
    let first = query::last_feed_no(tx)? + 1;
    let numbered: Vec<query::FeedRow> = events
        .iter()
        .zip(first..)
        .map(|((unit, event, obligation), feed_no)| query::FeedRow {
            feed_no,
            unit_id: *unit,
            obligation_id: *obligation,
            event_id: *event,
            sealed_at: stamp.now,
        })
        .collect();
    rows::insert(tx, &numbered)?;
    query::forget_pending(tx, &events)?;
    Ok(events.len())
}

fn seal_audit(tx: &mut Tx<'_>, stamp: &Stamp<'_>, limit: i64) -> Result<usize> {
    let waiting = query::pending(tx, query::AUDIT, limit)?;
    let mut by_unit: BTreeMap<UnitId, Vec<AuditId>> = BTreeMap::new();
    for (unit, id, _) in &waiting {
        by_unit.entry(*unit).or_default().push(AuditId(*id));
    }
    let units: Vec<UnitId> = by_unit.keys().copied().collect();
    let ids: Vec<(UnitId, AuditId)> = waiting.iter().map(|(unit, id, _)| (*unit, AuditId(*id))).collect();
    let entries = entries_by_id(tx, &ids)?;
    // A root is written with the leaves it covers, so the newest one names the last sequence too.
    let mut newest: HashMap<UnitId, (i64, String)> = query::last_roots(tx, &units)?
        .into_iter()
        .map(|(unit, last_seq, root)| (unit, (last_seq, root)))
        .collect();
    let (mut leaves, mut roots) = (Vec::with_capacity(ids.len()), Vec::with_capacity(units.len()));
    for (unit, ids) in by_unit {
        let (last_seq, previous) = newest.remove(&unit).unwrap_or_default();
        let fresh: Vec<query::LeafRow> = ids
            .into_iter()
            .zip(last_seq + 1..)
            .map(|(entry_id, seq)| {
                let leaf_sha256 = entries.get(&(unit, entry_id)).map(|entry| leaf_hash(unit, seq, entry));
                query::LeafRow { unit_id: unit, seq, entry_id, leaf_sha256: leaf_sha256.unwrap_or_default() }
            })
            .collect();
        roots.extend(root_over(stamp.now, unit, previous, &fresh));
        leaves.extend(fresh);
    }
    rows::insert(tx, &leaves)?;
    rows::insert(tx, &roots)?;
    query::forget_pending(tx, &waiting)?;
    Ok(waiting.len())
}

fn root_over(
    now: Instant,
    unit: UnitId,
    previous_sha256: String,
    leaves: &[query::LeafRow],
) -> Option<query::RootRow> {
    let last = leaves.last()?;
    let hashes: Vec<String> = leaves.iter().map(|leaf| leaf.leaf_sha256.clone()).collect();
    Some(query::RootRow {
        unit_id: unit,
        last_seq: last.seq,
        root_sha256: merkle::root(&previous_sha256, &hashes),
        previous_sha256,
        created_at: now,
    })
}

pub(super) fn entries_by_id(
    conn: &mut Conn,
    ids: &[(UnitId, AuditId)],
) -> Result<HashMap<(UnitId, AuditId), query::StoredEntry>> {
    let found = query::entries(conn, ids)?;
    Ok(found.into_iter().map(|(unit, entry)| ((unit, entry.0), entry)).collect())
}

/// The hash of one entry as it stands in the database, bound to its place in the sequence.
pub(super) fn leaf_hash(unit: UnitId, seq: i64, entry: &query::StoredEntry) -> String {
    let (id, actor, action, subject, detail, at) = entry;
    let mut text = format!("leaf\u{1f}{}\u{1f}{seq}\u{1f}{}\u{1f}{}", unit.0, id.0, at.0);
    for part in [actor, action, subject, detail] {
        text.push('\u{1f}');
        text.push_str(part);
    }
    sha256_hex(text.as_bytes())
}

/// The newest root of a unit, not signed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsignedRoot {
    pub unit: UnitId,
    pub last_seq: i64,
    pub root_sha256: String,
}

impl UnsignedRoot {
    /// The bytes to sign.
    pub fn message(&self) -> Vec<u8> {
        format!("audit root\u{1f}{}\u{1f}{}\u{1f}{}", self.unit.0, self.last_seq, self.root_sha256)
            .into_bytes()
    }
}

/// Each unit's newest root, where it is unsigned. One signature covers all roots before it,
/// because they chain.
pub fn unsigned_roots(conn: &mut Conn) -> Result<Vec<UnsignedRoot>> {
    query::unsigned_roots(conn)
}

/// Stores a signature that was made outside the transaction.
pub fn store_signature(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    root: &UnsignedRoot,
    certificate: CertificateId,
    signature: Vec<u8>,
) -> Result<()> {
    let row = query::SignatureRow {
        unit_id: root.unit,
        last_seq: root.last_seq,
        root_sha256: root.root_sha256.clone(),
        certificate_id: certificate,
        signature,
        signed_at: stamp.now,
    };
    rows::insert_if_absent(tx, &[row], &["unit_id", "last_seq"]).map(|_| ())
}
