//! The trail of a bundle: goes along it once and keeps what other pieces are held against.

use std::collections::HashMap;
use std::io::BufRead;

use super::super::{MANIFEST, TAKEN, TRAIL, TrailLine, WRITTEN, taken};
use super::signers::{Signature, Signers};
use super::{Judgement, Terms, next};
use crate::audit::extract::{Entry, Head, Root, Walk};
use crate::clock::{BusinessDay, Instant};
use crate::id::{AuditId, ReceiptId, UnitId};

/// Clocks of several processes may differ by this much.
const SKEW_S: i64 = 300;

/// What a trail tells.
pub(super) struct Trail {
    unit: String,
    /// When the bundle was taken: place and time of the entry that says so.
    pub taken: Option<(i64, Instant)>,
    /// Place of the entry that says what was written, and the hash it binds.
    written: Option<(i64, String)>,
    sealed: HashMap<ReceiptId, Sealed>,
    /// What became of documents that were sealed or cancelled: place and state, in order.
    states: HashMap<ReceiptId, Vec<(i64, &'static str)>>,
    pub days: Vec<Told>,
    pub nights: Vec<Told>,
}

/// A document that was sealed.
pub(super) struct Sealed {
    pub seq: i64,
    pub on: BusinessDay,
    pub sha256: String,
}

/// A certificate that was made: of the day of an account, or of a night.
pub(super) struct Told {
    pub seq: i64,
    pub account: String,
    pub date: String,
    pub sha256: String,
}

/// Goes along the lines.
struct Along<'a> {
    terms: &'a Terms<'a>,
    trail: Trail,
    walk: Walk,
    signers: Signers,
    root: Option<Root>,
    last_at: Instant,
    is_first: bool,
    signed_until: i64,
}

/// Reads the trail; none when it does not begin as one.
pub(super) fn read(lines: &mut dyn BufRead, terms: &Terms<'_>, found: &mut Judgement) -> Option<Trail> {
    let first = next::<TrailLine>(lines).and_then(std::result::Result::ok).filter(is_countable);
    let Some(TrailLine::Head(head)) = first else {
        found.fault(TRAIL, "does not begin with its head");
        return None;
    };
    let mut along = Along::from(&head, terms);
    while let Some(line) = next(lines) {
        let Some(line) = line.ok().filter(is_countable) else {
            found.fault(TRAIL, format!("does not read after entry {}", found.trail_entries));
            break;
        };
        if let Err(fault) = along.take(line, &head, found) {
            found.fault(TRAIL, fault);
        }
    }
    Some(along.end(found))
}

/// Whether places and times can be counted with, whoever wrote them.
fn is_countable(line: &TrailLine) -> bool {
    let is_place = |place: i64| (0..1 << 53).contains(&place);
    // Microseconds until some day of the year 2200.
    let is_time = |at: i64| (0..7_258_000_000_000_000).contains(&at);
    match line {
        TrailLine::Head(head) => is_place(head.before_seq),
        TrailLine::Entry(entry) => is_place(entry.seq) && is_time(entry.at),
        TrailLine::Root(root) => is_place(root.last_seq),
        TrailLine::Signer { .. } => true,
        TrailLine::Signature { at, .. } => is_time(*at),
    }
}

impl<'a> Along<'a> {
    fn from(head: &Head, terms: &'a Terms<'a>) -> Along<'a> {
        let trail = Trail {
            unit: UnitId(head.unit).to_string(),
            taken: None,
            written: None,
            sealed: HashMap::new(),
            states: HashMap::new(),
            days: Vec::new(),
            nights: Vec::new(),
        };
        Along {
            terms,
            trail,
            walk: Walk::from(head),
            signers: Signers::default(),
            root: None,
            last_at: Instant(0),
            is_first: true,
            signed_until: 0,
        }
    }

    fn take(
        &mut self,
        line: TrailLine,
        head: &Head,
        found: &mut Judgement,
    ) -> std::result::Result<(), String> {
        match line {
            TrailLine::Head(_) => Err("has two heads".to_owned()),
            TrailLine::Entry(entry) => {
                found.trail_entries += 1;
                let begins = self.begins(&entry, head);
                self.last_at = self.last_at.max(Instant(entry.at));
                let stands = self.walk.entry(&entry);
                self.keep(entry);
                begins.and(stands)
            }
            TrailLine::Root(root) => {
                found.trail_roots += 1;
                let follows = self.walk.root(&root);
                self.root = Some(root);
                follows
            }
            TrailLine::Signer { name, pem } => {
                self.signers.add(&name, &pem);
                Ok(())
            }
            TrailLine::Signature { at, signer, signature } => {
                self.signature(Instant(at), &signer, &signature, found)
            }
        }
    }

    /// A trail from its beginning leaves nothing out; another shows something from before the period.
    fn begins(&mut self, entry: &Entry, head: &Head) -> std::result::Result<(), String> {
        let is_first = std::mem::replace(&mut self.is_first, false);
        let is_whole = head.before_seq == 0 && head.before_root.is_empty();
        if !is_first || is_whole || Instant(entry.at) < self.terms.manifest.from.start() {
            return Ok(());
        }
        Err(format!("begins at entry {}, after the period does", entry.seq))
    }

    fn signature(
        &mut self,
        at: Instant,
        signer: &str,
        value: &str,
        found: &mut Judgement,
    ) -> std::result::Result<(), String> {
        let Some(root) = self.root.as_ref().filter(|_| self.walk.is_at_root()) else {
            return Err("a signature is of no root that is there".to_owned());
        };
        if at.plus_seconds(SKEW_S) < self.last_at {
            return Err(format!("the root at {} is said to be signed before its entries", root.last_seq));
        }
        let message = self.walk.message(root);
        let signature = Signature { message: &message, value, signer, at };
        if let Some(fault) = self.signers.fault(&signature, self.terms, found) {
            return Err(format!("root {}: {fault}", root.last_seq));
        }
        found.signed_roots += 1;
        self.signed_until = root.last_seq;
        Ok(())
    }

    /// Keeps what other pieces are held against.
    fn keep(&mut self, entry: Entry) {
        let (seq, at) = (entry.seq, Instant(entry.at));
        let trail = &mut self.trail;
        match entry.action.as_str() {
            "receipt.sealed" => {
                let Ok(receipt) = entry.subject.parse() else { return };
                let sealed = Sealed { seq, on: at.business_day(), sha256: entry.detail };
                trail.sealed.entry(receipt).or_insert(sealed);
                trail.states.entry(receipt).or_default().push((seq, "signed"));
            }
            "receipt.replaced" | "receipt.adjusted" | "receipt.cancelled" => {
                let Ok(receipt) = entry.subject.parse() else { return };
                let state = match entry.action.as_str() {
                    "receipt.replaced" => "replaced",
                    "receipt.adjusted" => "adjusted",
                    _ => "cancelled",
                };
                trail.states.entry(receipt).or_default().push((seq, state));
            }
            "day.closed" => trail.days.extend(told(seq, &entry.detail)),
            // Date, faults, hash.
            "series.audited" => trail
                .nights
                .extend(told(seq, &entry.detail).map(|told| Told { date: told.account.clone(), ..told })),
            // Somebody else may take the same period meanwhile.
            TAKEN => {
                let manifest = self.terms.manifest;
                let is_it = AuditId(entry.id).to_string() == manifest.taking;
                if is_it && entry.subject == taken(manifest.from, manifest.until) {
                    trail.taken = Some((seq, at));
                }
            }
            WRITTEN if entry.subject == self.terms.manifest.taking => {
                trail.written.get_or_insert((seq, entry.detail));
            }
            _ => {}
        }
    }

    fn end(self, found: &mut Judgement) -> Trail {
        let trail = self.trail;
        if !self.walk.is_at_root() {
            found.fault(TRAIL, "entries stand under no root");
        }
        if trail.unit != self.terms.manifest.unit {
            found.fault(TRAIL, format!("is of another unit, {}", trail.unit));
        }
        found.taken_at = trail.taken.map(|(_, at)| at);
        if trail.taken.is_none() {
            found.fault(TRAIL, "is cut off: it does not say that this bundle was taken");
        }
        match &trail.written {
            None => found.fault(TRAIL, "is cut off: it does not say what was written into this bundle"),
            Some((seq, _)) if self.signed_until < *seq => {
                let signed = self.signed_until;
                found.fault(TRAIL, format!("no signature reaches its end: {signed} of {seq} are signed"));
            }
            // Neither the list, nor a name, nor a file may be another: whoever carries a bundle signs nothing.
            Some((_, bound)) if *bound != self.terms.bound => {
                found.fault(MANIFEST, "is not what was written: something was changed, added or taken out");
            }
            Some(_) => {}
        }
        trail
    }
}

/// `account date hash` of a day; `date count hash` of a night.
fn told(seq: i64, detail: &str) -> Option<Told> {
    let mut words = detail.split(' ').map(str::to_owned);
    Some(Told { seq, account: words.next()?, date: words.next()?, sha256: words.next()? })
}

impl Trail {
    /// Whether something happened before the bundle was taken: then the bundle must show it.
    pub(super) fn is_due(&self, seq: i64) -> bool {
        self.taken.is_some_and(|(taken, _)| seq < taken)
    }

    pub(super) fn sealed(&self, receipt: ReceiptId) -> Option<&Sealed> {
        self.sealed.get(&receipt)
    }

    /// Every document that was sealed before the bundle was taken.
    pub(super) fn all_sealed(&self) -> impl Iterator<Item = ReceiptId> + '_ {
        self.sealed.iter().filter(|(_, sealed)| self.is_due(sealed.seq)).map(|(receipt, _)| *receipt)
    }

    /// The states a document of the period may have in the bundle: the one it had when the bundle was taken,
    /// and those it took while it was written.
    pub(super) fn states(&self, receipt: ReceiptId) -> Vec<&'static str> {
        let events = self.states.get(&receipt).map_or(&[][..], Vec::as_slice);
        let before =
            events.iter().rfind(|(seq, _)| self.is_due(*seq)).map_or("numbered", |(_, state)| *state);
        let later = events.iter().filter(|(seq, _)| !self.is_due(*seq)).map(|(_, state)| *state);
        std::iter::once(before).chain(later).collect()
    }

    /// The day on which the bundle was taken.
    pub(super) fn taken_on(&self) -> Option<BusinessDay> {
        self.taken.map(|(_, at)| at.business_day())
    }

    /// Whether two states of one document may stand in the bundle: what happens while it is written shows in
    /// what is read later.
    pub(super) fn may_be_both(&self, receipt: ReceiptId, states: [&str; 2]) -> bool {
        let told = self.states(receipt);
        states.iter().all(|state| told.contains(state))
    }
}
