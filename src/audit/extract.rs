//! A part of a unit's trail, page by page, and what it proves to somebody who has no database: every
//! entry stands in its place, and every root follows from the entries and the root before.

use serde::{Deserialize, Serialize};

use super::merkle::Tree;
use super::query;
use super::seal::{UnsignedRoot, leaf_hash};
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{AuditId, CertificateId, UnitId};
use crate::store::Conn;

/// Roots read at a time; a page ends early when it has many entries.
const ROOTS: i64 = 64;
const ENTRIES: i64 = 4_000;

/// Where an extract begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The unit's number, which every hash binds.
    pub unit: i64,
    /// The last place before the first root, and the root there; zero and empty at the beginning of a trail.
    pub before_seq: i64,
    pub before_root: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    pub last_seq: i64,
    pub root_sha256: String,
}

/// An entry: ids, codes and amounts only, as in the trail.
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

/// A signature over a root.
pub struct Signed {
    pub certificate: CertificateId,
    pub signature: Vec<u8>,
    pub at: Instant,
}

/// A root with the entries under it and behind the root before.
pub struct Batch {
    pub entries: Vec<Entry>,
    pub root: Root,
    pub signed: Option<Signed>,
}

/// Where an extract begins that shows everything since an instant: one root earlier, so that its first
/// entries, made before the instant, prove that none is left out at the beginning.
pub fn head(conn: &mut Conn, unit: UnitId, since: Instant) -> Result<Head> {
    let before = query::roots_before(conn, unit, since, 2)?.into_iter().nth(1);
    let (before_seq, before_root) = before.unwrap_or_default();
    Ok(Head { unit: unit.0, before_seq, before_root })
}

/// Where an extract ends that shows the entry at `place`: at the newest signed root, or at the newest one
/// where no signature reaches that far.
pub fn end(conn: &mut Conn, unit: UnitId, place: i64) -> Result<i64> {
    if let Some(signed) = query::last_signed(conn, unit)?.filter(|signed| place <= *signed) {
        return Ok(signed);
    }
    Ok(query::last_root(conn, unit)?.map_or(0, |(last_seq, _)| last_seq))
}

/// The next roots after the place `after`, up to and including `until`; none when there are no more.
pub fn page(conn: &mut Conn, unit: UnitId, after: i64, until: i64) -> Result<Vec<Batch>> {
    let mut roots = query::roots_after(conn, unit, (after, until), ROOTS)?;
    let enough = roots.iter().position(|(last_seq, _)| ENTRIES <= last_seq - after);
    roots.truncate(enough.map_or(roots.len(), |at| at + 1));
    let Some((last_seq, _)) = roots.last() else { return Ok(Vec::new()) };
    let leaves = query::leaves(conn, unit, after, *last_seq)?;
    let ids: Vec<(UnitId, AuditId)> = leaves.iter().map(|(_, id, _)| (unit, *id)).collect();
    let mut stored: std::collections::HashMap<AuditId, query::StoredEntry> =
        query::entries(conn, &ids)?.into_iter().map(|(_, entry)| (entry.0, entry)).collect();
    let signatures = query::signatures(conn, unit, after, *last_seq)?;
    let mut leaves = leaves.into_iter().peekable();
    let mut signatures = signatures.into_iter().peekable();
    let mut batches = Vec::with_capacity(roots.len());
    for (last_seq, root_sha256) in roots {
        let mut entries = Vec::new();
        while let Some((seq, id, _)) = leaves.next_if(|(seq, ..)| *seq <= last_seq) {
            // An entry that is gone leaves its place empty, and the judge says so.
            let Some((id, actor, action, subject, detail, at)) = stored.remove(&id) else { continue };
            entries.push(Entry { seq, id: id.0, at: at.0, actor, action, subject, detail });
        }
        let signed = signatures
            .next_if(|(seq, ..)| *seq == last_seq)
            .map(|(_, certificate, signature, at)| Signed { certificate, signature, at });
        batches.push(Batch { entries, root: Root { last_seq, root_sha256 }, signed });
    }
    Ok(batches)
}

/// Goes along an extract, in memory of one root.
#[derive(Debug)]
pub struct Walk {
    unit: UnitId,
    seq: i64,
    previous: String,
    leaves: Tree,
    /// An entry of the root that is being read is missing; the root is not judged too.
    is_torn: bool,
}

impl Walk {
    pub fn from(head: &Head) -> Walk {
        Walk {
            unit: UnitId(head.unit),
            seq: head.before_seq,
            previous: head.before_root.clone(),
            leaves: Tree::default(),
            is_torn: false,
        }
    }

    /// Takes the next entry; what is wrong with its place.
    pub fn entry(&mut self, entry: &Entry) -> std::result::Result<(), String> {
        let expected = self.seq + 1;
        self.seq = entry.seq.max(expected);
        let stored: query::StoredEntry = (
            AuditId(entry.id),
            entry.actor.clone(),
            entry.action.clone(),
            entry.subject.clone(),
            entry.detail.clone(),
            Instant(entry.at),
        );
        self.leaves.push(leaf_hash(self.unit, entry.seq, &stored));
        if entry.seq == expected {
            return Ok(());
        }
        self.is_torn = true;
        Err(missing(expected, entry.seq))
    }

    /// Takes the root over the entries since the one before; what is wrong with it.
    pub fn root(&mut self, root: &Root) -> std::result::Result<(), String> {
        let leaves = std::mem::take(&mut self.leaves);
        let is_empty = leaves.count() == 0;
        let found = leaves.finish(&self.previous);
        let was_torn = std::mem::take(&mut self.is_torn);
        self.previous.clone_from(&root.root_sha256);
        if self.seq < root.last_seq {
            let first = self.seq + 1;
            self.seq = root.last_seq;
            return Err(missing(first, root.last_seq + 1));
        }
        if !was_torn && (is_empty || self.seq != root.last_seq || found != root.root_sha256) {
            return Err(format!("the root at {} does not follow from its entries", root.last_seq));
        }
        Ok(())
    }

    /// Whether nothing stands behind the last root.
    pub fn is_at_root(&self) -> bool {
        self.leaves.count() == 0
    }

    /// The bytes that a signature over a root signs.
    pub fn message(&self, root: &Root) -> Vec<u8> {
        let (unit, last_seq, root_sha256) = (self.unit, root.last_seq, root.root_sha256.clone());
        UnsignedRoot { unit, last_seq, root_sha256 }.message()
    }
}

fn missing(first: i64, next: i64) -> String {
    match next - 1 {
        last if last <= first => format!("entry {first} is missing"),
        last => format!("entries {first} to {last} are missing"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::merkle;

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

    #[derive(Clone)]
    enum Line {
        Entry(Entry),
        Root(Root),
    }

    fn head() -> Head {
        Head { unit: 2, before_seq: 7, before_root: "before".into() }
    }

    fn good() -> Vec<Line> {
        let entries = [entry(8, "one"), entry(9, "two"), entry(10, "three")];
        let leaf = |one: &Entry| {
            let (actor, action, subject) = (one.actor.clone(), one.action.clone(), one.subject.clone());
            let stored = (AuditId(one.id), actor, action, subject, one.detail.clone(), Instant(one.at));
            leaf_hash(UnitId(2), one.seq, &stored)
        };
        let first = merkle::root("before", &[leaf(&entries[0]), leaf(&entries[1])]);
        let second = merkle::root(&first, &[leaf(&entries[2])]);
        let [one, two, three] = entries.map(Line::Entry);
        let root = |last_seq, root_sha256| Line::Root(Root { last_seq, root_sha256 });
        vec![one, two, root(9, first), three, root(10, second)]
    }

    fn faults(head: &Head, lines: &[Line]) -> Vec<String> {
        let mut walk = Walk::from(head);
        let mut faults = Vec::new();
        for line in lines {
            let step = match line {
                Line::Entry(entry) => walk.entry(entry),
                Line::Root(root) => walk.root(root),
            };
            faults.extend(step.err());
        }
        if !walk.is_at_root() {
            faults.push("behind the last root".into());
        }
        faults
    }

    #[test]
    fn what_is_changed_taken_out_or_put_in_is_found_and_told_once() {
        assert_eq!(faults(&head(), &good()), Vec::<String>::new());
        let mut changed = good();
        changed[1] = Line::Entry(entry(9, "tw0"));
        assert_eq!(faults(&head(), &changed), ["the root at 9 does not follow from its entries"]);
        for (out, fault) in [(0, "entry 8 is missing"), (1, "entry 9 is missing"), (3, "entry 10 is missing")]
        {
            let mut lines = good();
            lines.remove(out);
            assert_eq!(faults(&head(), &lines), [fault]);
        }
        let mut more = good();
        more.push(Line::Entry(entry(11, "more")));
        assert_eq!(faults(&head(), &more), ["behind the last root"]);
        let mut without_root = good();
        without_root.remove(2);
        assert_eq!(faults(&head(), &without_root).len(), 1);
        let other = Head { before_root: "another".into(), ..head() };
        assert!(!faults(&other, &good()).is_empty());
        let moved = Head { unit: 3, ..head() };
        assert!(!faults(&moved, &good()).is_empty(), "a trail is a unit's");
        let later = Head { before_seq: 8, ..head() };
        assert!(!faults(&later, &good()[1..]).is_empty(), "the root binds its first entry");
    }
}
