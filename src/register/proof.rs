//! The proof that a series is 1..N, number by number in one pass: pure, and constant in memory.
//!
//! Each number gives a leaf of what never changes of it; every 1,024 leaves are one Merkle tree
//! chained to the one before, as the trail is. So the root after any number can be told again
//! later, and an older certificate is held against today's rows.

use std::collections::{BTreeMap, BTreeSet};

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::audit::{merkle, sha256_hex};
use crate::clock::BusinessDay;
use crate::id::{ReceiptId, SeriesId, UnitId};
use crate::receipt::repeated::Repeated;
use crate::receipt::{DocumentKind, profile};
use crate::text;
use crate::unit::Series;
use crate::unit::series::Phase;

const LEAVES_OF_A_TREE: usize = 1_024;
/// More faults of one series are counted, not listed.
const LISTED_LIMIT: usize = 20;

/// A number as the database has it.
#[derive(Clone, Debug)]
pub struct Entry {
    pub number: i64,
    pub receipt: ReceiptId,
    pub state: String,
    /// The state that its newest event says.
    pub told_state: Option<String>,
    /// Whether the corrections that are recorded of it give it this state, or none has to.
    pub is_as_corrected: bool,
    pub document_kind: String,
    pub template: String,
    pub series: String,
    pub issued_on: BusinessDay,
    /// Whole đồng.
    pub amount: i64,
    pub lookup_code: String,
    /// The name of the legal profile it was issued by.
    pub profile: String,
    /// The dossier of its obligation; None where no obligation is there.
    pub dossier_code: Option<String>,
    pub body: Vec<u8>,
    pub body_sha256: String,
    /// The signed bytes with their stored hash.
    pub seal: Option<(Vec<u8>, String)>,
}

/// What is wrong with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// No receipt has this number.
    Missing,
    /// The number is higher than any that was given.
    BeyondNext,
    /// The body is not the one that was hashed when it was numbered, or none of our formats.
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
    /// Another state than its newest event says.
    StateChanged,
    /// Another state than the corrections that are recorded of it give.
    CorrectionChanged,
    /// Another number than its body says.
    NumberChanged,
    /// Another date than its body says (NLap).
    DateChanged,
    /// Its body, its row and its series differ in the form, the series' name or the kind of document.
    SeriesChanged,
    /// Another amount than its body says.
    AmountChanged,
    /// Another look-up code than its body says.
    LookupCodeChanged,
    /// A legal profile that was not in force on its date.
    ProfileChanged,
    /// An obligation of another dossier than its body says.
    ObligationChanged,
    /// The number was given, as a certificate or signed bytes say, and its receipt is gone.
    TakenAway,
    /// A receipt was numbered after this one, as an event or the trail says, and is in no series.
    Untraced,
    /// The series itself, told at the number it gives next, is in another state than its newest event says.
    PhaseChanged,
}

impl Fault {
    pub const ALL: [Fault; 21] = [
        Fault::Missing,
        Fault::BeyondNext,
        Fault::BodyChanged,
        Fault::SealMissing,
        Fault::SealChanged,
        Fault::SealOfAnotherBody,
        Fault::SealTooEarly,
        Fault::DateFell,
        Fault::StateUnknown,
        Fault::StateChanged,
        Fault::CorrectionChanged,
        Fault::NumberChanged,
        Fault::DateChanged,
        Fault::SeriesChanged,
        Fault::AmountChanged,
        Fault::LookupCodeChanged,
        Fault::ProfileChanged,
        Fault::ObligationChanged,
        Fault::TakenAway,
        Fault::Untraced,
        Fault::PhaseChanged,
    ];

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
            Fault::StateChanged => "state_changed",
            Fault::CorrectionChanged => "correction_changed",
            Fault::NumberChanged => "number_changed",
            Fault::DateChanged => "date_changed",
            Fault::SeriesChanged => "series_changed",
            Fault::AmountChanged => "amount_changed",
            Fault::LookupCodeChanged => "lookup_code_changed",
            Fault::ProfileChanged => "profile_changed",
            Fault::ObligationChanged => "obligation_changed",
            Fault::TakenAway => "taken_away",
            Fault::Untraced => "untraced",
            Fault::PhaseChanged => "phase_changed",
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
    /// The root over all numbers; empty where the numbers were proven in parts, which tell none.
    pub root: String,
    /// The first faults, by number.
    pub faults: Vec<(i64, Fault)>,
    pub fault_count: i64,
    /// How many numbers have no receipt, and no signed bytes that say whose they were.
    pub missing: i64,
    /// The roots after the numbers that were asked for.
    pub roots_at: BTreeMap<i64, String>,
}

impl Proof {
    pub fn is_whole(&self) -> bool {
        self.fault_count == 0
    }

    /// Notes a fault; the first ones are listed.
    pub fn note(&mut self, number: i64, fault: Fault) {
        self.fault_count += 1;
        if self.faults.len() < LISTED_LIMIT {
            self.faults.push((number, fault));
        }
    }
}

/// What is known of a series' numbers beside the rows that have them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Known {
    /// The highest number that a nightly certificate counted; 0 without one.
    pub certified: i64,
    /// The numbers of receipts whose rows are gone.
    pub gone: BTreeSet<i64>,
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

    /// Goes on behind a full tree, whose root this is.
    pub fn behind(of: (UnitId, SeriesId), root: String) -> Roots {
        Roots { root, ..Roots::new(of, Vec::new()) }
    }

    /// The root of the last tree, if every number so far is under it.
    pub fn full(&self) -> Option<&str> {
        self.leaves.is_empty().then_some(self.root.as_str())
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

    /// The root over the numbers so far.
    pub fn now(&self) -> String {
        if self.leaves.is_empty() { self.root.clone() } else { merkle::root(&self.root, &self.leaves) }
    }

    /// The root over all numbers, and those that were asked for.
    pub fn finish(mut self) -> (String, BTreeMap<i64, String>) {
        self.tell_before(i64::MAX);
        (self.now(), self.at)
    }
}

/// A proof that is interrupted between two numbers, as one part carries it to the next.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Paused {
    count: i64,
    by_state: BTreeMap<String, i64>,
    /// The first faults, by number.
    pub faults: Vec<(i64, Fault)>,
    fault_count: i64,
    missing: i64,
    expected: i64,
    last_issued_on: Option<BusinessDay>,
    known: Known,
}

/// Takes the numbers of one series in their order.
pub struct Prover {
    proof: Proof,
    expected: i64,
    last_issued_on: Option<BusinessDay>,
    known: Known,
    /// None where the roots are told elsewhere.
    roots: Option<Roots>,
}

impl Prover {
    /// `asked` are the numbers after which the root is wanted.
    pub fn new(series: Series, asked: Vec<i64>, known: Known) -> Prover {
        let roots = Roots::new((series.unit, series.id), asked);
        Prover { roots: Some(roots), ..Prover::of_numbers(series, known) }
    }

    /// The same without roots, so that it can be interrupted.
    pub fn of_numbers(series: Series, known: Known) -> Prover {
        Prover {
            proof: Proof {
                count: series.next_no - 1,
                series,
                by_state: STATES.iter().map(|state| (*state, 0)).collect(),
                root: String::new(),
                faults: Vec::new(),
                fault_count: 0,
                missing: 0,
                roots_at: BTreeMap::new(),
            },
            expected: 1,
            last_issued_on: None,
            known,
            roots: None,
        }
    }

    /// Goes on where a proof was interrupted. Numbers that the series gave since then are none of it.
    pub fn resume(series: Series, paused: Paused) -> Prover {
        let Paused { count, by_state, faults, fault_count, missing, .. } = paused;
        let Paused { expected, last_issued_on, known, .. } = paused;
        let Prover { proof, .. } = Prover::of_numbers(series, Known::default());
        let stood = |state: &'static str| (state, by_state.get(state).copied().unwrap_or(0));
        let by_state = STATES.into_iter().map(stood).collect();
        let proof = Proof { count, by_state, faults, fault_count, missing, ..proof };
        Prover { proof, expected, last_issued_on, known, roots: None }
    }

    /// Interrupts it; `resume` goes on.
    pub fn pause(self) -> Paused {
        let Proof { count, by_state, faults, fault_count, missing, .. } = self.proof;
        Paused {
            count,
            by_state: by_state.into_iter().map(|(state, numbers)| (state.to_owned(), numbers)).collect(),
            faults,
            fault_count,
            missing,
            expected: self.expected,
            last_issued_on: self.last_issued_on,
            known: self.known,
        }
    }

    /// The unit and series it is of.
    pub fn of(&self) -> (UnitId, SeriesId) {
        (self.proof.series.unit, self.proof.series.id)
    }

    /// Holds the series' own state against what its newest event says.
    pub fn hold_phase(&mut self, told: Option<&str>) {
        let series = &self.proof.series;
        // A series that is older than its events has none, and was open or closed when they began.
        let is_told = told.map_or(matches!(series.phase, Phase::Open | Phase::Closed), |told| {
            told == series.phase.as_str()
        });
        let holds = is_told && series.is_open == (series.phase == Phase::Open);
        if !holds {
            self.fault(self.proof.count + 1, Fault::PhaseChanged);
        }
    }

    pub fn take(&mut self, entry: &Entry) {
        self.note_missing(entry.number);
        if let Some(roots) = &mut self.roots {
            roots.tell_before(entry.number);
        }
        self.expected = entry.number + 1;
        if entry.number > self.proof.count {
            return self.fault(entry.number, Fault::BeyondNext);
        }
        match STATES.iter().find(|state| **state == entry.state) {
            Some(state) => *self.proof.by_state.entry(state).or_default() += 1,
            None => self.fault(entry.number, Fault::StateUnknown),
        }
        if entry.told_state.as_ref() != Some(&entry.state) {
            self.fault(entry.number, Fault::StateChanged);
        }
        if !entry.is_as_corrected {
            self.fault(entry.number, Fault::CorrectionChanged);
        }
        if self.last_issued_on.is_some_and(|last| entry.issued_on < last) {
            self.fault(entry.number, Fault::DateFell);
        }
        self.last_issued_on = Some(entry.issued_on);
        for fault in body_faults(&self.proof.series, entry) {
            self.fault(entry.number, fault);
        }
        if let Some(fault) = seal_fault(entry) {
            self.fault(entry.number, fault);
        }
        if let Some(roots) = &mut self.roots {
            roots.push(&Leaf {
                number: entry.number,
                receipt: entry.receipt,
                issued_on: entry.issued_on,
                amount: entry.amount,
                body_sha256: &entry.body_sha256,
            });
        }
    }

    pub fn finish(mut self) -> Proof {
        self.note_missing(self.proof.count + 1);
        let above = self.expected..=self.known.certified;
        let gone = std::mem::take(&mut self.known.gone);
        let others = gone.into_iter().filter(|number| !above.contains(number));
        for number in above.clone().chain(others) {
            self.fault(number, Fault::TakenAway);
        }
        if let Some(roots) = self.roots {
            (self.proof.root, self.proof.roots_at) = roots.finish();
        }
        self.proof
    }

    /// Every number up to the one before `next` was given, so a receipt has it.
    fn note_missing(&mut self, next: i64) {
        for number in self.expected..next.min(self.proof.count + 1) {
            self.proof.missing += i64::from(!self.known.gone.remove(&number));
            self.fault(number, Fault::Missing);
        }
        self.expected = self.expected.max(next);
    }

    fn fault(&mut self, number: i64, fault: Fault) {
        self.proof.note(number, fault);
    }
}

/// What is wrong with the body, or with what the row says beside it.
fn body_faults(series: &Series, entry: &Entry) -> Vec<Fault> {
    let said = Repeated::read(&entry.body).filter(|_| hash(&entry.body) == entry.body_sha256);
    let Some(said) = said else { return vec![Fault::BodyChanged] };
    let is_of_dossier = entry.dossier_code.as_ref().is_some_and(|code| said.may_be_of_dossier(code));
    let held = [
        (said.number == entry.number, Fault::NumberChanged),
        (said.issued_on == entry.issued_on.to_string(), Fault::DateChanged),
        (is_of_series(series, entry, &said), Fault::SeriesChanged),
        (said.payable.0 == entry.amount, Fault::AmountChanged),
        (said.lookup_code == entry.lookup_code, Fault::LookupCodeChanged),
        (profile::for_day(entry.issued_on).name == entry.profile, Fault::ProfileChanged),
        (is_of_dossier, Fault::ObligationChanged),
    ];
    held.into_iter().filter(|(holds, _)| !holds).map(|(_, fault)| fault).collect()
}

/// Whether the body, the row and the series say the same form, name and kind of document.
fn is_of_series(series: &Series, entry: &Entry, said: &Repeated<'_>) -> bool {
    let name = (said.template, said.series);
    let is_of_kind = DocumentKind::parse(&entry.document_kind).is_some_and(|kind| {
        kind.is_receipt() == said.is_receipt && kind.series_kind() == series.document_kind
    });
    is_of_kind
        && name == (entry.template.as_str(), entry.series.as_str())
        && name == (series.template.as_str(), series.series.as_str())
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
        let body = format!(
            "<DLBLai Id=\"r{number}\"><KHMSBLai>01BLP0-001</KHMSBLai><KHBLai>BD-26E</KHBLai>\
             <SBLai>{number}</SBLai><NLap>2026-11-23</NLap><MHSo>H26</MHSo><MTCuu>C{number}</MTCuu>\
             <TgTTTBSo>25000</TgTTTBSo></DLBLai>"
        )
        .into_bytes();
        let document = [b"<BLai>".as_slice(), &body, b"<DSCKS></DSCKS></BLai>"].concat();
        Entry {
            number,
            receipt: ReceiptId(number + 100),
            state: "signed".into(),
            told_state: Some("signed".into()),
            is_as_corrected: true,
            document_kind: "receipt".into(),
            template: "01BLP0-001".into(),
            series: "BD-26E".into(),
            issued_on: "2026-11-23".parse().unwrap(),
            amount: 25_000,
            lookup_code: format!("C{number}"),
            profile: "ND254-2.1.1".into(),
            dossier_code: Some("H26".into()),
            body_sha256: hash(&body),
            body,
            seal: Some((document.clone(), hash(&document))),
        }
    }

    fn proved(next_no: i64, entries: &[Entry], asked: &[i64]) -> Proof {
        proved_beside(next_no, entries, asked, Known::default())
    }

    fn proved_beside(next_no: i64, entries: &[Entry], asked: &[i64], known: Known) -> Proof {
        let mut prover = Prover::new(series(next_no), asked.to_vec(), known);
        entries.iter().for_each(|entry| prover.take(entry));
        prover.finish()
    }

    fn moved(entry: &mut Entry, state: &str) {
        (entry.state, entry.told_state) = (state.to_owned(), Some(state.to_owned()));
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
        assert_eq!(with(|one| moved(one, "lost"))[0], (2, Fault::StateUnknown));
        assert_eq!(with(|one| one.body.push(b' '))[0], (2, Fault::BodyChanged));
        assert_eq!(with(|one| one.seal = None), [(2, Fault::SealMissing)]);
        assert_eq!(with(|one| one.seal.as_mut().unwrap().0.push(b' ')), [(2, Fault::SealChanged)]);
        assert_eq!(with(|one| one.seal = entry(3).seal), [(2, Fault::SealOfAnotherBody)]);
        assert_eq!(with(|one| moved(one, "numbered")), [(2, Fault::SealTooEarly)]);
        let later = |one: &mut Entry| one.issued_on = "2026-11-24".parse().unwrap();
        assert_eq!(with(later), [(2, Fault::DateChanged), (3, Fault::DateFell)]);
        assert_eq!(with(|one| one.is_as_corrected = false), [(2, Fault::CorrectionChanged)]);
        assert_eq!(with(|one| one.template = "01BLP0-002".into()), [(2, Fault::SeriesChanged)]);
        assert_eq!(with(|one| one.series = "BX-26E".into()), [(2, Fault::SeriesChanged)]);
        for kind in ["invoice_vat", "paper"] {
            let mut all: Vec<Entry> = (1..=3).map(entry).collect();
            all[1].document_kind = kind.into();
            assert_eq!(faults(4, &all), [(2, Fault::SeriesChanged)], "{kind}");
        }
        assert!(with(|one| one.document_kind = "receipt_phi".into()).is_empty(), "of the same series");
        for state in ["cancelled", "numbered"] {
            let mut all: Vec<Entry> = (1..=3).map(entry).collect();
            moved(&mut all[1], state);
            all[1].seal = None;
            assert!(faults(4, &all).is_empty(), "{state}");
        }
        assert!(with(|one| moved(one, "replaced")).is_empty());
        assert_eq!(with(|one| one.state = "adjusted".into()), [(2, Fault::StateChanged)]);
        assert_eq!(with(|one| one.told_state = None), [(2, Fault::StateChanged)]);
        assert_eq!(with(|one| one.amount += 1), [(2, Fault::AmountChanged)]);
        assert_eq!(with(|one| one.lookup_code = "C3".into()), [(2, Fault::LookupCodeChanged)]);
        for profile in ["ND70-2.1.0", "ND999"] {
            let mut all: Vec<Entry> = (1..=3).map(entry).collect();
            all[1].profile = profile.into();
            assert_eq!(faults(4, &all), [(2, Fault::ProfileChanged)]);
        }
        assert_eq!(with(|one| one.dossier_code = Some("H27".into())), [(2, Fault::ObligationChanged)]);
        assert_eq!(with(|one| one.dossier_code = None), [(2, Fault::ObligationChanged)]);
        let no_body = |one: &mut Entry| (one.body, one.body_sha256) = (b"x".to_vec(), hash(b"x"));
        assert_eq!(with(no_body)[0], (2, Fault::BodyChanged));
    }

    #[test]
    fn two_receipts_that_exchange_their_numbers_are_both_named() {
        let mut all: Vec<Entry> = (1..=3).map(entry).collect();
        (all[0].number, all[1].number) = (2, 1);
        all.swap(0, 1);
        assert_eq!(faults(4, &all), [(1, Fault::NumberChanged), (2, Fault::NumberChanged)]);
    }

    #[test]
    fn a_series_whose_state_or_name_was_changed_is_told_from_its_events_and_its_bodies() {
        let all: Vec<Entry> = (1..=2).map(entry).collect();
        let faults = |change: fn(&mut Series), told: Option<&str>| {
            let mut changed = series(3);
            change(&mut changed);
            let mut prover = Prover::new(changed, Vec::new(), Known::default());
            prover.hold_phase(told);
            all.iter().for_each(|entry| prover.take(entry));
            prover.finish().faults
        };
        assert!(faults(|_| (), Some("open")).is_empty());
        assert_eq!(faults(|_| (), Some("stopped")), [(3, Fault::PhaseChanged)]);
        assert!(faults(|_| (), None).is_empty(), "it is older than its events");
        let closed = |one: &mut Series| (one.phase, one.is_open) = (Phase::Closed, false);
        assert!(faults(closed, None).is_empty(), "it was closed before there were any");
        let stopped = |one: &mut Series| (one.phase, one.is_open) = (Phase::Stopped, false);
        assert_eq!(faults(stopped, None), [(3, Fault::PhaseChanged)], "whoever stops one leaves an event");
        let exhausted = |one: &mut Series| (one.phase, one.is_open) = (Phase::Exhausted, false);
        assert_eq!(faults(exhausted, None), [(3, Fault::PhaseChanged)]);
        assert_eq!(faults(|one| one.is_open = false, Some("open")), [(3, Fault::PhaseChanged)]);
        let both = [(1, Fault::SeriesChanged), (2, Fault::SeriesChanged)];
        assert_eq!(faults(|one| one.series = "BX-26E".into(), Some("open")), both);
        assert_eq!(faults(|one| one.template = "01BLP0-002".into(), Some("open")), both);
        assert_eq!(faults(|one| one.document_kind = "invoice_vat".into(), Some("open")), both);
    }

    #[test]
    fn a_last_number_that_was_taken_away_is_known_from_a_certificate_or_from_what_is_left_of_it() {
        let all: Vec<Entry> = (1..=2).map(entry).collect();
        let faults = |entries: &[Entry], certified: i64, gone: &[i64]| {
            let known = Known { certified, gone: gone.iter().copied().collect() };
            let proof = proved_beside(3, entries, &[], known);
            (proof.faults, proof.missing)
        };
        assert_eq!(faults(&all, 2, &[]), (vec![], 0));
        assert_eq!(faults(&all, 4, &[]), (vec![(3, Fault::TakenAway), (4, Fault::TakenAway)], 0));
        assert_eq!(faults(&all, 0, &[3]), (vec![(3, Fault::TakenAway)], 0));
        assert_eq!(faults(&all, 3, &[3]), (vec![(3, Fault::TakenAway)], 0), "told once");
        assert_eq!(faults(&all, 2, &[2]), (vec![(2, Fault::TakenAway)], 0), "another has its number now");
        assert_eq!(faults(&all[1..], 2, &[1]), (vec![(1, Fault::Missing)], 0), "its gap tells of it");
        assert_eq!(faults(&all[1..], 2, &[]), (vec![(1, Fault::Missing)], 1), "nobody knows whose it was");
    }

    #[test]
    fn a_proof_that_is_interrupted_after_every_number_finds_what_one_without_a_break_finds() {
        let mut all: Vec<Entry> = [1, 2, 4, 6, 7].map(entry).to_vec();
        all[1].amount += 1;
        all[3].issued_on = "2026-11-22".parse().unwrap();
        moved(&mut all[4], "replaced");
        let known = Known { certified: 9, gone: [2, 3, 8].into() };
        let whole = proved_beside(8, &all, &[], known.clone());
        let mut paused = Prover::of_numbers(series(8), known).pause();
        for one in &all {
            let carried = serde_json::to_string(&paused).unwrap();
            let mut prover = Prover::resume(series(12), serde_json::from_str(&carried).unwrap());
            prover.take(one);
            paused = prover.pause();
        }
        let parts = Prover::resume(series(12), paused).finish();
        assert_eq!(parts.faults, whole.faults);
        assert_eq!((parts.count, parts.fault_count, parts.missing), (7, whole.fault_count, whole.missing));
        assert_eq!((parts.by_state, parts.root), (whole.by_state, String::new()));
        let found = [Fault::AmountChanged, Fault::Missing, Fault::DateFell, Fault::TakenAway];
        let is_found = |fault: &Fault| whole.faults.iter().any(|(_, one)| one == fault);
        assert!(found.iter().all(is_found), "{:?}", whole.faults);
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
