//! The one leased sealer: dense numbers, leaf hashes and Merkle roots for committed events.

use std::collections::BTreeMap;

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
    for (unit, ids) in by_unit {
        let first = query::last_seq(tx, unit)? + 1;
        let mut leaves = Vec::with_capacity(ids.len());
        for (id, seq) in ids.into_iter().zip(first..) {
            let leaf_sha256 = leaf_hash(tx, unit, seq, id)?.unwrap_or_default();
            leaves.push(query::LeafRow { unit_id: unit, seq, entry_id: id, leaf_sha256 });
        }
        rows::insert(tx, &leaves)?;
        add_root(tx, stamp.now, unit, &leaves)?;
    }
    query::forget_pending(tx, &waiting)?;
    Ok(waiting.len())
}

fn add_root(tx: &mut Tx<'_>, now: Instant, unit: UnitId, leaves: &[query::LeafRow]) -> Result<()> {
    let Some(last) = leaves.last() else { return Ok(()) };
    let previous_sha256 = query::last_root(tx, unit)?.map(|(_, root)| root).unwrap_or_default();
    let hashes: Vec<String> = leaves.iter().map(|leaf| leaf.leaf_sha256.clone()).collect();
    let root = query::RootRow {
        unit_id: unit,
        last_seq: last.seq,
        root_sha256: merkle::root(&previous_sha256, &hashes),
        previous_sha256,
        created_at: now,
    };
    rows::insert(tx, &[root])
}

/// The hash of one entry as it stands in the database, bound to its place in the sequence.
fn leaf_hash(conn: &mut Conn, unit: UnitId, seq: i64, id: AuditId) -> Result<Option<String>> {
    let Some((id, actor, action, subject, detail, at)) = query::entry(conn, unit, id)? else {
        return Ok(None);
    };
    let mut text = format!("leaf\u{1f}{}\u{1f}{seq}\u{1f}{}\u{1f}{}", unit.0, id.0, at.0);
    for part in [&actor, &action, &subject, &detail] {
        text.push('\u{1f}');
        text.push_str(part);
    }
    Ok(Some(sha256_hex(text.as_bytes())))
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

/// Proves a unit's trail: every leaf still fits its entry, every root its leaves, the roots chain
/// and no entry stands outside. `Some` names the first thing that does not hold.
pub fn verify(conn: &mut Conn, unit: UnitId) -> Result<Option<String>> {
    let mut previous_root = String::new();
    let mut previous_seq = 0;
    for (last_seq, root, previous) in query::roots(conn, unit)? {
        if previous != previous_root {
            return Ok(Some(format!("the root at {last_seq} does not follow the one before")));
        }
        let leaves = query::leaves(conn, unit, previous_seq, last_seq)?;
        for (expected_seq, (seq, entry, stored)) in (previous_seq + 1..).zip(&leaves) {
            if *seq != expected_seq {
                return Ok(Some(format!("entry {expected_seq} is missing")));
            }
            if leaf_hash(conn, unit, *seq, *entry)?.as_deref() != Some(stored) {
                return Ok(Some(format!("entry {seq} ({entry}) was changed or deleted")));
            }
        }
        if leaves.len() as i64 != last_seq - previous_seq {
            return Ok(Some(format!("entries before {last_seq} are missing")));
        }
        let hashes: Vec<String> = leaves.into_iter().map(|(_, _, hash)| hash).collect();
        if merkle::root(&previous_root, &hashes) != root {
            return Ok(Some(format!("the root at {last_seq} does not fit its entries")));
        }
        (previous_root, previous_seq) = (root, last_seq);
    }
    if query::last_seq(conn, unit)? != previous_seq {
        return Ok(Some(format!("entries after {previous_seq} stand under no root")));
    }
    match query::unaccounted_entries(conn, unit)? {
        0 => Ok(None),
        count => Ok(Some(format!("{count} entries stand outside the trail"))),
    }
}
