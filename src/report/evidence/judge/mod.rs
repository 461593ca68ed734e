//! What a bundle proves by itself.
//!
//! Nothing the bundle says of itself is believed. Every piece is signed by a certificate of the unit's tax
//! code, or of one that whoever judges names as entrusted; and every piece is held against the signed trail,
//! which tells what was sealed, closed and certified until the bundle was taken.

mod days;
mod receipts;
mod register;
mod signers;
mod trail;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Cursor, Read};

use ring::digest::{Context, SHA256};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Entrusted, Listed, MANIFEST, Manifest, SERIES, TRAIL, VERSION};
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::receipt::verify::trust::TrustStore;
use crate::reconciliation::day_close::chain_file::Stamped;
use crate::text;

/// An entry that is read as a whole is at most so large, and one that is read line by line.
const BYTES_LIMIT: u64 = 1 << 28;
const STREAM_LIMIT: u64 = 1 << 36;
const LINE_LIMIT: u64 = 1 << 20;
const ENTRIES_LIMIT: usize = 2_000_000;
/// Faults that are told; more say nothing more.
const FAULTS_LIMIT: usize = 200;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// The unit's id, which every signature of its trail binds.
    pub unit: String,
    pub unit_code: String,
    pub unit_name: String,
    pub tax_code: String,
    pub from: String,
    pub until: String,
    /// When the bundle was taken, as the signed trail says: what it shows is the state of that moment.
    pub taken_at: Option<Instant>,
    pub receipts: usize,
    /// Of those, by a certificate of an authority that is believed.
    pub receipts_trusted: usize,
    /// Numbers of the period that have no signed document: not signed yet, or cancelled before.
    pub unsigned_numbers: usize,
    pub day_certificates: usize,
    /// What time stamps prove of the days of each account.
    pub stamped: Vec<StampedDays>,
    pub series_certificates: usize,
    /// Numbers of all registers, and those under a nightly certificate.
    pub register_numbers: i64,
    pub certified_numbers: i64,
    pub trail_entries: usize,
    pub trail_roots: usize,
    pub signed_roots: usize,
    /// Who the bundle says collects or signs in the unit's place; nobody is believed for standing here.
    pub entrusted: Vec<Entrusted>,
    /// What of the period the unit has not closed or certified: no fault of the bundle.
    pub open: Vec<String>,
    /// Signers whose authority nobody vouches for; empty where no authorities were given.
    pub untrusted: Vec<String>,
    /// What is wrong, each with its file.
    pub faults: Vec<String>,
}

/// Until which day the certificates of an account existed when, by the word of an outside authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StampedDays {
    pub file: String,
    #[serde(flatten)]
    pub stamped: Stamped,
}

impl Judgement {
    pub fn holds(&self) -> bool {
        self.faults.is_empty() && self.untrusted.is_empty()
    }

    fn of(manifest: &Manifest) -> Judgement {
        Judgement {
            unit: manifest.unit.clone(),
            unit_code: manifest.unit_code.clone(),
            unit_name: manifest.unit_name.clone(),
            tax_code: manifest.tax_code.clone(),
            from: manifest.from.to_string(),
            until: manifest.until.to_string(),
            entrusted: manifest.entrusted.clone(),
            ..Judgement::default()
        }
    }

    fn fault(&mut self, file: &str, what: impl std::fmt::Display) {
        if self.faults.len() < FAULTS_LIMIT {
            self.faults.push(format!("{file}: {what}"));
        }
    }

    /// Takes out of every text what would write over a reader's screen: it comes from the file.
    fn clean(&mut self) {
        let own = [&mut self.unit, &mut self.unit_code, &mut self.unit_name, &mut self.tax_code];
        let held = self
            .entrusted
            .iter_mut()
            .flat_map(|one| [&mut one.tax_code, &mut one.name, &mut one.decision_no]);
        let told = [&mut self.open, &mut self.untrusted, &mut self.faults].into_iter().flatten();
        let files = self.stamped.iter_mut().map(|one| &mut one.file);
        for one in own.into_iter().chain(held).chain(told).chain(files) {
            *one = text::clean(one);
        }
    }

    fn distrust(&mut self, signer: &str) {
        if !self.untrusted.iter().any(|known| known == signer) {
            self.untrusted.push(signer.to_owned());
        }
    }
}

/// What everything is judged by.
struct Terms<'a> {
    manifest: &'a Manifest,
    /// The hash that the trail must bind.
    bound: String,
    trust: &'a TrustStore,
    /// DER of the authorities whose time stamps are believed.
    authorities: &'a [Vec<u8>],
    now: Instant,
}

impl Terms<'_> {
    fn is_in(&self, day: BusinessDay) -> bool {
        self.manifest.from <= day && day <= self.manifest.until
    }

    /// Whether who signs or collects may do so for the unit.
    fn may_act(&self, tax_code: &str) -> bool {
        tax_code == self.manifest.tax_code || self.trust.is_entrusted(tax_code)
    }
}

type Archive<'b> = zip::ZipArchive<Cursor<&'b [u8]>>;

/// Judges a bundle. `trust` says which authorities are believed, where an empty one judges none, and who is
/// known to be entrusted by the unit.
///
/// # Errors
/// `bundle_unreadable` when it is no bundle at all, or of another version.
pub fn judge(bytes: &[u8], trust: &TrustStore, now: Instant) -> Result<Judgement> {
    judge_stamped(bytes, trust, &[], now)
}

/// The same, with DER of the authorities whose time stamps are believed.
///
/// # Errors
/// Those of `judge`.
pub fn judge_stamped(
    bytes: &[u8],
    trust: &TrustStore,
    authorities: &[Vec<u8>],
    now: Instant,
) -> Result<Judgement> {
    let unreadable = || Error::invalid("file", "bundle_unreadable", "not a bundle of evidence");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| unreadable())?;
    if archive.len() > ENTRIES_LIMIT {
        return Err(unreadable());
    }
    let manifest = whole(&mut archive, MANIFEST).ok_or_else(unreadable)?;
    let manifest: Manifest = serde_json::from_slice(&manifest).map_err(|_| unreadable())?;
    let is_period =
        manifest.from <= manifest.until && is_plausible(manifest.from) && is_plausible(manifest.until);
    if manifest.version != VERSION || !is_period {
        return Err(unreadable());
    }
    let mut found = Judgement::of(&manifest);
    let terms = Terms { manifest: &manifest, bound: manifest.bound()?, trust, authorities, now };
    entries(&archive, &terms, &mut found);
    pieces(&mut archive, &terms, &mut found);
    found.clean();
    Ok(found)
}

/// Years in which fees were collected: others are no days to count with.
fn is_plausible(day: BusinessDay) -> bool {
    (2000..=2200).contains(&day.year())
}

/// Whether exactly the files are there that the manifest names.
fn entries(archive: &Archive<'_>, terms: &Terms<'_>, found: &mut Judgement) {
    let names: Vec<String> = archive.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
    // Each tool shows another of the two.
    if archive.has_duplicate_names() {
        found.fault(MANIFEST, "an entry stands there twice");
    }
    if names.len() != archive.len() {
        found.fault(MANIFEST, "an entry has a name that does not read");
    }
    let files = &terms.manifest.files;
    for name in names.iter().filter(|name| *name != MANIFEST && !files.contains_key(*name)) {
        found.fault(name, "is not in the manifest");
    }
    for name in [SERIES, TRAIL].into_iter().filter(|name| !files.contains_key(*name)) {
        found.fault(name, "is missing");
    }
}

/// Reads every piece once, in the order in which they prove each other.
fn pieces(archive: &mut Archive<'_>, terms: &Terms<'_>, found: &mut Judgement) {
    let mut certified = register::Certified::default();
    if let Some((bytes, _)) = checked(archive, SERIES, terms, found) {
        certified = register::certificates(&bytes, terms, found);
    }
    let mut trail = None;
    streamed(archive, TRAIL, terms, found, &mut |lines, found| trail = trail::read(lines, terms, found));
    let mut documents = receipts::Documents::default();
    let by_file: BTreeMap<&str, &Listed> =
        terms.manifest.receipts.iter().map(|one| (one.file.as_str(), one)).collect();
    if by_file.len() < terms.manifest.receipts.len() {
        found.fault(MANIFEST, "two numbers name one document");
    }
    for one in by_file.values() {
        if !terms.manifest.files.contains_key(&one.file) {
            found.fault(&one.file, "is listed and not there");
        } else if let Some((bytes, sha256)) = checked(archive, &one.file, terms, found) {
            documents.read(&bytes, sha256, one, terms, found);
        }
    }
    let mut book = register::Book::new(&certified, trail.as_ref(), documents, terms);
    let mut chains = days::Chains::default();
    for name in terms.manifest.files.keys() {
        if name.starts_with("register/") {
            streamed(archive, name, terms, found, &mut |lines, found| book.read(name, lines, found));
        } else if name.starts_with("days/") {
            if let Some((bytes, _)) = checked(archive, name, terms, found) {
                chains.read(name, &bytes, terms, found);
            }
        } else if ![SERIES, TRAIL].contains(&name.as_str()) && !by_file.contains_key(name.as_str()) {
            found.fault(name, "is nothing that belongs here");
        }
    }
    book.close(found);
    let Some(trail) = trail else { return };
    if let Some(day) = trail.taken_on().filter(|day| *day <= terms.manifest.until) {
        let until = terms.manifest.until;
        found.open.push(format!("{day} – {until}: not over when the bundle was taken"));
    }
    certified.held_against(&trail, terms, found);
    chains.held_against(&trail, terms, found);
}

/// An entry as a whole with its hash, which must be the one of the manifest.
fn checked(
    archive: &mut Archive<'_>,
    name: &str,
    terms: &Terms<'_>,
    found: &mut Judgement,
) -> Option<(Vec<u8>, String)> {
    let expected = terms.manifest.files.get(name)?;
    let Some(bytes) = whole(archive, name) else {
        found.fault(name, "is missing or too large");
        return None;
    };
    let sha256 = crate::audit::sha256_hex(&bytes);
    if sha256 != *expected {
        found.fault(name, "is not what the manifest says");
    }
    Some((bytes, sha256))
}

fn whole(archive: &mut Archive<'_>, name: &str) -> Option<Vec<u8>> {
    let file = archive.by_name(name).ok()?;
    let mut bytes = Vec::new();
    // What it says of its size is not believed.
    file.take(BYTES_LIMIT + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= BYTES_LIMIT).then_some(bytes)
}

/// What takes the lines of an entry.
type Reading<'r> = &'r mut dyn FnMut(&mut dyn BufRead, &mut Judgement);

/// An entry line by line; its hash is compared when it was read.
fn streamed(
    archive: &mut Archive<'_>,
    name: &str,
    terms: &Terms<'_>,
    found: &mut Judgement,
    read: Reading<'_>,
) {
    let Some(expected) = terms.manifest.files.get(name) else { return };
    let Ok(file) = archive.by_name(name) else {
        return found.fault(name, "is missing");
    };
    let hashed = Hashed { inner: file.take(STREAM_LIMIT), hash: Context::new(&SHA256) };
    let mut lines = BufReader::with_capacity(1 << 16, hashed);
    read(&mut lines, found);
    // What a reader left is hashed as well.
    let rest = std::io::copy(&mut lines, &mut std::io::sink());
    let hash = lines.into_inner().hash.finish();
    if rest.is_err() || text::hex(hash.as_ref()) != *expected {
        found.fault(name, "is not what the manifest says");
    }
}

struct Hashed<R> {
    inner: R,
    hash: Context,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hash.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// The next line, or that it does not read; none at the end.
fn next<T: DeserializeOwned>(lines: &mut dyn BufRead) -> Option<std::result::Result<T, ()>> {
    let mut line = Vec::new();
    match lines.take(LINE_LIMIT).read_until(b'\n', &mut line) {
        Ok(0) => None,
        Ok(_) => Some(serde_json::from_slice(&line).map_err(|_| ())),
        Err(_) => Some(Err(())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_bundle_is_refused_before_anything_of_it_is_judged() {
        let archive = |name: &str, content: &[u8]| {
            let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            std::io::Write::write_all(&mut zip, content).unwrap();
            zip.finish().unwrap().into_inner()
        };
        for bytes in [
            Vec::new(),
            b"no archive".to_vec(),
            archive("another.txt", b"{}"),
            archive(MANIFEST, b"no JSON"),
            archive(MANIFEST, b"{}"),
        ] {
            let refused = judge(&bytes, &TrustStore::empty(), Instant(0)).err();
            assert_eq!(refused.map(|error| error.code()), Some("bundle_unreadable"));
        }
    }
}
