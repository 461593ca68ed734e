//! The registers of series in a bundle, with their nightly certificates.

use std::collections::{BTreeMap, HashSet};
use std::io::BufRead;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::super::{RegisterHead, RegisterLine, SERIES, SignedParts};
use super::receipts::Documents;
use super::signers::{Signature, Signers};
use super::trail::Trail;
use super::{Judgement, Terms, is_plausible, next};
use crate::audit::sha256_hex;
use crate::clock::BusinessDay;
use crate::id::{ReceiptId, UnitId};
use crate::reconciliation::day_close::chain_file::stated_instant;
use crate::register::certificate::{self, Stated};
use crate::register::proof::{Leaf, Roots};

/// A number has eight digits at most on receipts and invoices.
const NUMBER_LIMIT: i64 = 99_999_999;

/// What the nightly certificates say.
#[derive(Default)]
pub(super) struct Certified {
    by_series: BTreeMap<String, Vec<Night>>,
    hashes: HashSet<String>,
    /// Hash and place of those since the period began.
    of_period: Vec<(String, String)>,
    last: Option<BusinessDay>,
}

/// What one certificate says of a series.
struct Night {
    name: String,
    year: i32,
    date: BusinessDay,
    count: i64,
    root: String,
}

/// Reads the certificates, each by itself and behind the one before.
pub(super) fn certificates(bytes: &[u8], terms: &Terms<'_>, found: &mut Judgement) -> Certified {
    let mut certified = Certified::default();
    let Ok(file) = serde_json::from_slice::<SignedParts>(bytes) else {
        found.fault(SERIES, "does not read");
        return certified;
    };
    let signers = Signers::of(&file.signers);
    let mut previous = String::new();
    for (at, part) in file.parts.iter().enumerate() {
        found.series_certificates += 1;
        let place = format!("{SERIES} {}", at + 1);
        let Ok(document) = BASE64.decode(&part.document) else {
            found.fault(&place, "does not decode");
            continue;
        };
        let read = certificate::read(&document).ok().and_then(|stated| {
            let date = stated.date.parse::<BusinessDay>().ok().filter(|date| is_plausible(*date))?;
            let at = stated_instant(&stated.issued_at)?;
            Some((stated, date, at))
        });
        let Some((stated, date, issued_at)) = read else {
            found.fault(&place, "does not read");
            continue;
        };
        let place = format!("{SERIES} {date}");
        if stated.previous_sha256 != previous {
            found.fault(&place, "does not follow the one before");
        }
        said(&stated, &place, terms, found);
        if signers.serial(&part.signer).is_some_and(|serial| serial != stated.signer_serial) {
            found.fault(&place, "names another signing certificate");
        }
        let (value, signer) = (part.signature.as_str(), part.signer.as_str());
        let signature = Signature { message: &document, value, signer, at: issued_at };
        if let Some(fault) = signers.fault(&signature, terms, found) {
            found.fault(&place, fault);
        }
        previous = sha256_hex(&document);
        certified.take(stated, date, (&previous, place), terms);
    }
    certified
}

/// What is wrong with what a certificate says of itself.
fn said(stated: &Stated, place: &str, terms: &Terms<'_>, found: &mut Judgement) {
    let unit = (stated.unit.as_str(), stated.unit_code.as_str());
    if unit != (terms.manifest.unit.as_str(), terms.manifest.unit_code.as_str()) {
        found.fault(place, format!("is of another unit, {}", stated.unit_code));
    }
    if stated.verdict != "whole" {
        found.fault(place, "says that a series was broken");
    }
}

impl Certified {
    fn take(
        &mut self,
        stated: Stated,
        date: BusinessDay,
        (sha256, place): (&str, String),
        terms: &Terms<'_>,
    ) {
        for one in stated.series {
            let night = Night { name: one.name, year: one.year, date, count: one.count, root: one.root };
            self.by_series.entry(one.id).or_default().push(night);
        }
        self.hashes.insert(sha256.to_owned());
        if terms.manifest.from <= date {
            self.of_period.push((sha256.to_owned(), place));
        }
        self.last = self.last.max(Some(date));
    }

    /// Every certificate the trail tells of is here, and every one of the period was told of; nights without
    /// one are named.
    pub(super) fn held_against(&self, trail: &Trail, terms: &Terms<'_>, found: &mut Judgement) {
        let told: HashSet<&str> = trail.nights.iter().map(|told| told.sha256.as_str()).collect();
        for one in trail.nights.iter().filter(|one| trail.is_due(one.seq)) {
            if !self.hashes.contains(&one.sha256) {
                found.fault(SERIES, format!("the certificate of {} is missing", one.date));
            }
        }
        for (sha256, place) in &self.of_period {
            if !told.contains(sha256.as_str()) {
                found.fault(place, "the trail knows nothing of it");
            }
        }
        // The night after the day on which the bundle was taken is still to come.
        let last = trail.taken_on().map_or(terms.manifest.until, |day| day.plus_days(-1));
        let last = last.min(terms.manifest.until);
        match self.last {
            Some(certified) if last <= certified => {}
            Some(certified) => found.open.push(format!("{SERIES}: {} – {last}", certified.next())),
            None if terms.manifest.from <= last => {
                found.open.push(format!("{SERIES}: {} – {last}", terms.manifest.from));
            }
            None => {}
        }
    }
}

/// Goes along the registers, with the documents that belong to them.
pub(super) struct Book<'a> {
    certified: &'a Certified,
    trail: Option<&'a Trail>,
    documents: Documents,
    terms: &'a Terms<'a>,
    /// Sealed before the bundle was taken, and not met in a register yet.
    unmet: HashSet<ReceiptId>,
    read: HashSet<String>,
}

impl<'a> Book<'a> {
    pub(super) fn new(
        certified: &'a Certified,
        trail: Option<&'a Trail>,
        documents: Documents,
        terms: &'a Terms<'a>,
    ) -> Book<'a> {
        let unmet = trail.map(|trail| trail.all_sealed().collect()).unwrap_or_default();
        Book { certified, trail, documents, terms, unmet, read: HashSet::new() }
    }

    /// Reads the register of one series.
    pub(super) fn read(&mut self, file: &str, lines: &mut dyn BufRead, found: &mut Judgement) {
        let (Some(Ok(head)), Ok(unit)) =
            (next::<RegisterHead>(lines), self.terms.manifest.unit.parse::<UnitId>())
        else {
            return found.fault(file, "does not begin with its series");
        };
        let id = head.series.to_string();
        let nights = self.certified.by_series.get(&id).map_or(&[][..], Vec::as_slice);
        let mut roots = Roots::new((unit, head.series), nights.iter().map(|night| night.count).collect());
        let known = nights.last().map_or(0, |night| night.count);
        if nights.iter().any(|night| night.name != head.name) {
            found.fault(file, "has another name than its certificates say");
        }
        if !self.read.insert(id) {
            found.fault(file, "is the register of a series that has one");
        }
        let (mut last, mut day) = (0, None);
        while let Some(line) = next::<RegisterLine>(lines) {
            let Ok(line) = line else {
                found.fault(file, format!("does not read after number {last}"));
                break;
            };
            if !is_plausible(line.issued_on) || !(1..=NUMBER_LIMIT).contains(&line.number) {
                found.fault(file, format!("holds no number of a day after number {last}"));
                break;
            }
            order(file, (last, day), &line, found);
            if known < line.number && self.certified.last.is_some_and(|night| line.issued_on < night) {
                let number = line.number;
                found.fault(file, format!("number {number} is dated before a night that did not know it"));
            }
            (last, day) = (line.number, Some(line.issued_on));
            roots.tell_before(line.number);
            roots.push(&Leaf {
                number: line.number,
                receipt: line.receipt,
                issued_on: line.issued_on,
                amount: line.amount,
                body_sha256: &line.body_sha256,
            });
            self.number(file, &head, &line, found);
        }
        found.register_numbers += last;
        found.certified_numbers += known.min(last);
        let (_, told) = roots.finish();
        for night in nights {
            if last < night.count {
                let (first, count) = (last + 1, night.count);
                found.fault(
                    file,
                    format!("numbers {first} to {count} are certified on {} and missing", night.date),
                );
                break;
            }
            if told.get(&night.count) != Some(&night.root) {
                let count = night.count;
                found.fault(file, format!("numbers 1 to {count} are not those certified on {}", night.date));
                break;
            }
        }
    }

    /// Holds one number against its document and the trail.
    fn number(&mut self, file: &str, head: &RegisterHead, line: &RegisterLine, found: &mut Judgement) {
        self.unmet.remove(&line.receipt);
        let document = self.documents.take(line.receipt);
        let sealed = self.trail.and_then(|trail| trail.sealed(line.receipt));
        if let Some(sealed) = sealed.filter(|sealed| sealed.on < line.issued_on.plus_days(-1)) {
            let number = line.number;
            found.fault(file, format!("number {number} is dated after its sealing on {}", sealed.on));
        }
        if let Some(document) = &document {
            document.held_against((&head.name, line), self.trail, found);
        }
        if !self.terms.is_in(line.issued_on) {
            return;
        }
        if document.is_none() {
            let is_due =
                sealed.is_some_and(|sealed| self.trail.is_some_and(|trail| trail.is_due(sealed.seq)));
            // What was sealed while the bundle was written may be missing.
            let has_none = sealed.is_some() || matches!(line.state.as_str(), "numbered" | "cancelled");
            if is_due || !has_none {
                found.fault(file, format!("the document of number {} is missing", line.number));
            } else {
                found.unsigned_numbers += 1;
            }
        }
        if let Some(trail) = self.trail {
            let states = trail.states(line.receipt);
            if !states.contains(&line.state.as_str()) {
                let (number, state, told) = (line.number, &line.state, states.join(", "));
                found.fault(file, format!("number {number} is said to be {state}; the trail says {told}"));
            }
        }
    }

    /// What belongs to no register, and registers that are certified and not there.
    pub(super) fn close(self, found: &mut Judgement) {
        for document in self.documents.rest() {
            found.fault(&document.listed.file, "stands in no register");
        }
        let mut unmet: Vec<ReceiptId> = self.unmet.into_iter().collect();
        unmet.sort_unstable();
        for receipt in unmet {
            found.fault("register", format!("{receipt} was sealed and stands in no register"));
        }
        for (id, nights) in &self.certified.by_series {
            let Some(night) = nights.last() else { continue };
            let is_asked = self.terms.manifest.from.year() - 1 <= night.year && 0 < night.count;
            if is_asked && !self.read.contains(id) {
                found.fault("register", format!("the register of {} ({id}) is missing", night.name));
            }
        }
    }
}

/// Numbers follow each other, and their days never fall.
fn order(file: &str, (last, day): (i64, Option<BusinessDay>), line: &RegisterLine, found: &mut Judgement) {
    match line.number - last {
        1 => {}
        more if 1 < more => {
            found.fault(file, format!("numbers {} to {} are missing", last + 1, line.number - 1));
        }
        _ => found.fault(file, format!("number {} stands there again", line.number)),
    }
    if day.is_some_and(|day| line.issued_on < day) {
        found.fault(file, format!("number {} is dated before the one before it", line.number));
    }
}
