//! The proof that a series is 1..N, number by number in one pass: pure, and constant in memory.
//!
//! Each number gives a leaf of what never changes of it; every 1,024 leaves are one Merkle tree
//! chained to the one before, as the trail is. So the root after any number can be told again
//! later, and an older certificate is held against today's rows.

use std::collections::BTreeMap;

use ring::digest::{SHA256, digest};
use serde::Serialize;

use crate::audit::{merkle, sha256_hex};
use crate::clock::BusinessDay;
use crate::id::{ReceiptId, SeriesId, UnitId};
use crate::text;
use crate::unit::Series;

const LEAVES_OF_A_TREE: usize = 1_024;
/// More faults of one series are counted, not listed.
const LISTED_LIMIT: usize = 20;

/// A number as the database has it.
#[derive(Clone, Debug)]
pub struct Entry {
    pub number: i64,
    pub receipt: ReceiptId,
    pub state: String,
    pub issued_on: BusinessDay,
    /// Whole đồng.
    pub amount: i64,
    pub body: Vec<u8>,
    pub body_sha256: String,
    /// The signed bytes with their stored hash.
    pub seal: Option<(Vec<u8>, String)>,
}

/// What is wrong with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// No receipt has this number.
    Missing,
    /// The number is higher than any that was given.
    BeyondNext,
    /// The body is not the one that was hashed when it was numbered.
    BodyChanged,
    /// Signed, but the signed bytes are gone.
    SealMissing,
    /// The signed bytes are not the ones that were hashed when they were stored.
    SealChanged,
    /// The signed bytes are of another body.
    SealOfAnotherBody,
    /// Signed bytes although the receipt only is numbered.
    SealTooEarly,
    /// Its date (NLap) lies before that of the number before.
    DateFell,
    /// A state that receipts do not have.
    StateUnknown,
}

impl Fault {
    pub fn as_str(self) -> &'static str {
        match self {
            Fault::Missing => "missing",
            Fault::BeyondNext => "beyond_next",
            Fault::BodyChanged => "body_changed",
            Fault::SealMissing => "seal_missing",
            Fault::SealChanged => "seal_changed",
            Fault::SealOfAnotherBody => "seal_of_another_body",
            Fault::SealTooEarly => "seal_too_early",
            Fault::DateFell => "date_fell",
            Fault::StateUnknown => "state_unknown",
        }
    }
}

/// The states a number can have.
pub const STATES: [&str; 5] = ["numbered", "signed", "replaced", "adjusted", "cancelled"];

/// What was found about one series.
#[derive(Clone, Debug)]
pub struct Proof {
    pub series: Series,
    /// N: the last number that was given.
    pub count: i64,
    /// How many numbers stand in each state.
    pub by_state: BTreeMap<&'static str, i64>,
    /// The root over all numbers.
    pub root: String,
    /// The first faults, by number.
    pub faults: Vec<(i64, Fault)>,
    pub fault_count: i64,
    /// The roots after the numbers that were asked for.
    pub roots_at: BTreeMap<i64, String>,
}

impl Proof {
    pub fn is_whole(&self) -> bool {
        self.fault_count == 0
    }
}

/// What never changes of a number; the leaf of it is what certificates are made of.
#[derive(Clone, Copy, Debug)]
pub struct Leaf<'a> {
    pub number: i64,
    pub receipt: ReceiptId,
    pub issued_on: BusinessDay,
    /// Whole đồng.
    pub amount: i64,
    pub body_sha256: &'a str,
}

impl Leaf<'_> {
    fn sha256(&self, unit: UnitId, series: SeriesId) -> String {
        let text = format!(
            "number\u{1f}{}\u{1f}{}\u{1f}{}\u{1f}{}\u{1f}{}\u{1f}{}\u{1f}{}",
            unit.0, series.0, self.number, self.receipt.0, self.issued_on, self.amount, self.body_sha256
        );
        sha256_hex(text.as_bytes())
    }
}

/// The roots over the numbers of one series, which are given in their order.
#[derive(Debug)]
pub struct Roots {
    of: (UnitId, SeriesId),
    root: String,
    leaves: Vec<String>,
    /// Numbers after which the root is wanted, the largest first.
    asked: Vec<i64>,
    at: BTreeMap<i64, String>,
}

impl Roots {
    pub fn new(of: (UnitId, SeriesId), mut asked: Vec<i64>) -> Roots {
        asked.sort_unstable();
        asked.dedup();
        asked.reverse();
        Roots { of, root: String::new(), leaves: Vec::new(), asked, at: BTreeMap::new() }
    }

    /// Notes the roots that are wanted after numbers below `next`.
    pub fn tell_before(&mut self, next: i64) {
        while let Some(number) = self.asked.pop_if(|number| *number < next) {
            let root = self.now();
            self.at.insert(number, root);
        }
    }

    pub fn push(&mut self, leaf: &Leaf<'_>) {
        self.leaves.push(leaf.sha256(self.of.0, self.of.1));
        if self.leaves.len() == LEAVES_OF_A_TREE {
            self.root = merkle::root(&self.root, &self.leaves);
            self.leaves.clear();
        }
    }

    fn now(&self) -> String {
        if self.leaves.is_empty() { self.root.clone() } else { merkle::root(&self.root, &self.leaves) }
    }

    /// The root over all numbers, and those that were asked for.
    pub fn finish(mut self) -> (String, BTreeMap<i64, String>) {
        self.tell_before(i64::MAX);
        (self.now(), self.at)
    }
}

/// Takes the numbers of one series in their order.
pub struct Prover {
    proof: Proof,
    expected: i64,
    last_issued_on: Option<BusinessDay>,
    roots: Roots,
}

impl Prover {
    /// `asked` are the numbers after which the root is wanted.
    pub fn new(series: Series, asked: Vec<i64>) -> Prover {
        let roots = Roots::new((series.unit, series.id), asked);
        Prover {
            proof: Proof {
                count: series.next_no - 1,
                series,
                by_state: STATES.iter().map(|state| (*state, 0)).collect(),
                root: String::new(),
                faults: Vec::new(),
                fault_count: 0,
                roots_at: BTreeMap::new(),
            },
            expected: 1,
            last_issued_on: None,
            roots,
        }
    }

    pub fn take(&mut self, entry: &Entry) {
        self.note_missing(entry.number);
        self.roots.tell_before(entry.number);
        self.expected = entry.number + 1;
        if entry.number > self.proof.count {
            return self.fault(entry.number, Fault::BeyondNext);
        }
        match STATES.iter().find(|state| **state == entry.state) {
            Some(state) => *self.proof.by_state.entry(state).or_default() += 1,
            None => self.fault(entry.number, Fault::StateUnknown),
        }
        if self.last_issued_on.is_some_and(|last| entry.issued_on < last) {
            self.fault(entry.number, Fault::DateFell);
        }
        self.last_issued_on = Some(entry.issued_on);
        if hash(&entry.body) != entry.body_sha256 {
            self.fault(entry.number, Fault::BodyChanged);
        }
        if let Some(fault) = seal_fault(entry) {
            self.fault(entry.number, fault);
        }
        self.roots.push(&Leaf {
            number: entry.number,
            receipt: entry.receipt,
            issued_on: entry.issued_on,
            amount: entry.amount,
            body_sha256: &entry.body_sha256,
        });
    }

    pub fn finish(mut self) -> Proof {
        self.note_missing(self.proof.count + 1);
        (self.proof.root, self.proof.roots_at) = self.roots.finish();
        self.proof
    }

    /// Every number up to the one before `next` was given, so a receipt has it.
    fn note_missing(&mut self, next: i64) {
        for number in self.expected..next.min(self.proof.count + 1) {
            self.fault(number, Fault::Missing);
        }
        self.expected = self.expected.max(next);
    }

    fn fault(&mut self, number: i64, fault: Fault) {
        self.proof.fault_count += 1;
        if self.proof.faults.len() < LISTED_LIMIT {
            self.proof.faults.push((number, fault));
        }
    }
}

fn seal_fault(entry: &Entry) -> Option<Fault> {
    let Some((document, sha256)) = &entry.seal else {
        // A number may be cancelled before it was signed.
        let needs_none = matches!(entry.state.as_str(), "numbered" | "cancelled");
        return (!needs_none).then_some(Fault::SealMissing);
    };
    if entry.state == "numbered" {
        return Some(Fault::SealTooEarly);
    }
    if hash(document) != *sha256 {
        return Some(Fault::SealChanged);
    }
    let is_of_body = std::str::from_utf8(document)
        .ok()
        .zip(std::str::from_utf8(&entry.body).ok())
        .is_some_and(|(document, body)| !body.is_empty() && document.contains(body));
    (!is_of_body).then_some(Fault::SealOfAnotherBody)
}

fn hash(bytes: &[u8]) -> String {
    text::hex(digest(&SHA256, bytes).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::series::Phase;

    fn series(next_no: i64) -> Series {
        Series {
            unit: UnitId(2),
            id: SeriesId(1),
            document_kind: "receipt".into(),
            template: "01BLP0-001".into(),
            series: "BD-26E".into(),
            year: 2026,
            next_no,
            last_allowed_no: 99_999,
            last_issued_on: None,
            is_open: true,
            phase: Phase::Open,
            registration: "TB-01".into(),
            revision: 1,
        }
    }

    fn entry(number: i64) -> Entry {
        let body = format!("<DLBLai Id=\"r{number}\">{number}</DLBLai>").into_bytes();
        let document = [b"<BLai>".as_slice(), &body, b"<DSCKS></DSCKS></BLai>"].concat();
        Entry {
            number,
            receipt: ReceiptId(number + 100),
            state: "signed".into(),
            issued_on: "2026-11-23".parse().unwrap(),
            amount: 25_000,
            body_sha256: hash(&body),
            body,
            seal: Some((document.clone(), hash(&document))),
        }
    }

    fn proved(next_no: i64, entries: &[Entry], asked: &[i64]) -> Proof {
        let mut prover = Prover::new(series(next_no), asked.to_vec());
        entries.iter().for_each(|entry| prover.take(entry));
        prover.finish()
    }

    fn faults(next_no: i64, entries: &[Entry]) -> Vec<(i64, Fault)> {
        proved(next_no, entries, &[]).faults
    }

    #[test]
    fn a_whole_series_has_no_fault_and_a_root_over_every_number() {
        let all: Vec<Entry> = (1..=5).map(entry).collect();
        let proof = proved(6, &all, &[]);
        assert!(proof.is_whole());
        assert_eq!((proof.count, proof.by_state["signed"]), (5, 5));
        assert_eq!(proof.root.len(), 64);
        assert!(proved(1, &[], &[]).is_whole(), "a series without any number is whole");
    }

    #[test]
    fn a_missing_number_is_named_wherever_it_is() {
        let of = |numbers: &[i64]| numbers.iter().map(|number| entry(*number)).collect::<Vec<_>>();
        assert_eq!(faults(4, &of(&[2, 3])), [(1, Fault::Missing)]);
        assert_eq!(faults(6, &of(&[1, 5])), [(2, Fault::Missing), (3, Fault::Missing), (4, Fault::Missing)]);
        assert_eq!(faults(4, &of(&[1, 2])), [(3, Fault::Missing)], "the last");
        assert_eq!(faults(3, &[]).len(), 2, "all of them");
        assert_eq!(faults(2, &of(&[1, 2])), [(2, Fault::BeyondNext)]);
        assert_eq!(proved(1_000_001, &[], &[]).fault_count, 1_000_000, "counted, not listed");
    }

    #[test]
    fn each_thing_that_can_be_wrong_with_a_number_has_its_name() {
        let with = |change: fn(&mut Entry)| {
            let mut all: Vec<Entry> = (1..=3).map(entry).collect();
            change(&mut all[1]);
            faults(4, &all)
        };
        assert_eq!(with(|one| one.state = "lost".into())[0], (2, Fault::StateUnknown));
        assert_eq!(with(|one| one.body.push(b' '))[0], (2, Fault::BodyChanged));
        assert_eq!(with(|one| one.seal = None), [(2, Fault::SealMissing)]);
        assert_eq!(with(|one| one.seal.as_mut().unwrap().0.push(b' ')), [(2, Fault::SealChanged)]);
        assert_eq!(with(|one| one.seal = entry(3).seal), [(2, Fault::SealOfAnotherBody)]);
        assert_eq!(with(|one| one.state = "numbered".into()), [(2, Fault::SealTooEarly)]);
        let later = |one: &mut Entry| one.issued_on = "2026-11-24".parse().unwrap();
        assert_eq!(with(later), [(3, Fault::DateFell)]);
        assert!(with(|one| (one.state, one.seal) = ("cancelled".into(), None)).is_empty());
        assert!(with(|one| (one.state, one.seal) = ("numbered".into(), None)).is_empty());
        assert!(with(|one| one.state = "replaced".into()).is_empty());
    }

    #[test]
    fn the_root_after_a_number_is_the_same_however_many_came_later() {
        let all: Vec<Entry> = (1..=2_600).map(entry).collect();
        let later = proved(2_601, &all, &[0, 1, 1_023, 1_024, 1_025, 2_048, 2_600]);
        for count in [0, 1, 1_023, 1_024, 1_025, 2_048, 2_600] {
            let then = proved(count + 1, &all[..usize::try_from(count).unwrap()], &[]);
            assert_eq!(later.roots_at[&count], then.root, "{count}");
        }
        assert_eq!(later.root, later.roots_at[&2_600]);
    }

    #[test]
    fn whatever_is_changed_of_a_number_changes_the_root_and_its_state_does_not() {
        let root = |change: fn(&mut Entry)| {
            let mut all: Vec<Entry> = (1..=3).map(entry).collect();
            change(&mut all[1]);
            proved(4, &all, &[]).root
        };
        let honest = root(|_| {});
        assert_ne!(root(|one| one.amount += 1), honest);
        assert_ne!(root(|one| one.body_sha256 = "00".into()), honest);
        assert_ne!(root(|one| one.receipt = ReceiptId(9)), honest);
        assert_ne!(root(|one| one.issued_on = one.issued_on.next()), honest);
        assert_eq!(root(|one| (one.state, one.seal) = ("cancelled".into(), None)), honest);
    }
}
