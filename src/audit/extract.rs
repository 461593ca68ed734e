//! A part of a unit's trail as a file, and what it proves to somebody who has no database: every entry
//! stands in its place, and every root follows from the entries and the root before.

use serde::{Deserialize, Serialize};

use super::merkle;
use super::query;
use super::seal::{UnsignedRoot, leaf_hash};
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{AuditId, CertificateId, UnitId};
use crate::store::Conn;

/// Roots of a period with the entries under them. Ids, codes and amounts only, as in the trail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extract {
    /// The unit's number, which every hash binds.
    pub unit: i64,
    /// The last place before the first root, and the root there; empty at the beginning of a trail.
    pub before_seq: i64,
    pub before_root: String,
    pub roots: Vec<Root>,
    pub entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    pub last_seq: i64,
    pub root_sha256: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub seq: i64,
    pub id: i64,
    pub at: i64,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub detail: String,
}

/// A signature over a root of the extract.
pub struct Signed {
    pub last_seq: i64,
    pub certificate: CertificateId,
    pub signature: Vec<u8>,
}

/// The roots made in the period, with their entries and signatures.
pub fn extract(
    conn: &mut Conn,
    unit: UnitId,
    (from, until): (BusinessDay, BusinessDay),
) -> Result<(Extract, Vec<Signed>)> {
    let (start, end) = (from.start(), until.next().start());
    let mut found = Extract { unit: unit.0, ..Extract::default() };
    for (last_seq, root_sha256, made_at) in query::roots_made(conn, unit, end)? {
        if made_at < start {
            (found.before_seq, found.before_root) = (last_seq, root_sha256);
        } else {
            found.roots.push(Root { last_seq, root_sha256 });
        }
    }
    let last_seq = found.roots.last().map_or(found.before_seq, |root| root.last_seq);
    let leaves = query::leaves(conn, unit, found.before_seq, last_seq)?;
    let ids: Vec<(UnitId, AuditId)> = leaves.iter().map(|(_, id, _)| (unit, *id)).collect();
    let mut entries: std::collections::HashMap<AuditId, query::StoredEntry> =
        query::entries(conn, &ids)?.into_iter().map(|(_, entry)| (entry.0, entry)).collect();
    for (seq, id, _) in leaves {
        // An entry that is gone leaves its place empty, and the judge says so.
        let Some((id, actor, action, subject, detail, at)) = entries.remove(&id) else { continue };
        found.entries.push(Entry { seq, id: id.0, at: at.0, actor, action, subject, detail });
    }
    let signed = query::signatures(conn, unit, found.before_seq, last_seq)?
        .into_iter()
        .map(|(last_seq, certificate, signature)| Signed { last_seq, certificate, signature })
        .collect();
    Ok((found, signed))
}

impl Extract {
    /// The bytes that a signature over the root at `last_seq` signs.
    pub fn message(&self, last_seq: i64) -> Option<Vec<u8>> {
        let root = self.roots.iter().find(|root| root.last_seq == last_seq)?;
        let unsigned =
            UnsignedRoot { unit: UnitId(self.unit), last_seq, root_sha256: root.root_sha256.clone() };
        Some(unsigned.message())
    }

    /// What does not hold; empty when everything does.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut entries = self.entries.iter();
        let (mut previous, mut seq) = (self.before_root.clone(), self.before_seq);
        for root in &self.roots {
            let mut leaves = Vec::new();
            while seq < root.last_seq {
                seq += 1;
                let Some(entry) = entries.next().filter(|entry| entry.seq == seq) else {
                    faults.push(format!("entry {seq} is missing"));
                    return faults;
                };
                let stored: query::StoredEntry = (
                    AuditId(entry.id),
                    entry.actor.clone(),
                    entry.action.clone(),
                    entry.subject.clone(),
                    entry.detail.clone(),
                    Instant(entry.at),
                );
                leaves.push(leaf_hash(UnitId(self.unit), seq, &stored));
            }
            if leaves.is_empty() || merkle::root(&previous, &leaves) != root.root_sha256 {
                faults.push(format!("the root at {} does not follow from its entries", root.last_seq));
            }
            previous.clone_from(&root.root_sha256);
        }
        if entries.next().is_some() {
            faults.push("entries stand under no root".to_owned());
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: i64, detail: &str) -> Entry {
        Entry {
            seq,
            id: 100 + seq,
            at: 5,
            actor: "system".into(),
            action: "a.b".into(),
            subject: "s".into(),
            detail: detail.into(),
        }
    }

    fn good() -> Extract {
        let entries = vec![entry(8, "one"), entry(9, "two"), entry(10, "three")];
        let leaf = |one: &Entry| {
            let stored = (
                AuditId(one.id),
                one.actor.clone(),
                one.action.clone(),
                one.subject.clone(),
                one.detail.clone(),
                Instant(one.at),
            );
            leaf_hash(UnitId(2), one.seq, &stored)
        };
        let first = merkle::root("before", &[leaf(&entries[0]), leaf(&entries[1])]);
        let second = merkle::root(&first, &[leaf(&entries[2])]);
        Extract {
            unit: 2,
            before_seq: 7,
            before_root: "before".into(),
            roots: vec![Root { last_seq: 9, root_sha256: first }, Root { last_seq: 10, root_sha256: second }],
            entries,
        }
    }

    #[test]
    fn what_is_changed_taken_out_or_put_in_is_found() {
        assert_eq!(good().faults(), Vec::<String>::new());
        let mut changed = good();
        changed.entries[1].detail = "tw0".into();
        assert!(changed.faults()[0].contains("the root at 9"));
        let mut out = good();
        out.entries.remove(1);
        assert_eq!(out.faults(), ["entry 9 is missing"]);
        let mut more = good();
        more.entries.push(entry(11, "more"));
        assert_eq!(more.faults(), ["entries stand under no root"]);
        let mut other = good();
        other.before_root = "another".into();
        assert!(!other.faults().is_empty());
        let mut moved = good();
        moved.unit = 3;
        assert!(!moved.faults().is_empty(), "a trail is a unit's");
    }
}
