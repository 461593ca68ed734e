//! What a bundle proves by itself.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;

use super::{Listed, Manifest, SignedParts, Trail};
use crate::audit::sha256_hex;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::receipt::certificate::SigningCertificate;
use crate::receipt::key::certificates_in;
use crate::receipt::verify::trust::{Trust, TrustStore};
use crate::receipt::verify::{self, Verdict};
use crate::reconciliation::day_close::chain_file::{self, ChainFile};
use crate::register;

/// A bundle and each of its entries are at most so large.
const BYTES_LIMIT: u64 = 1 << 30;
const ENTRIES_LIMIT: usize = 2_000_000;
/// Faults that are told; more say nothing more.
const FAULTS_LIMIT: usize = 200;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Judgement {
    pub unit_code: String,
    pub from: String,
    pub until: String,
    pub receipts: usize,
    /// Of those, by a certificate of an authority that is believed.
    pub receipts_trusted: usize,
    pub day_certificates: usize,
    pub series_certificates: usize,
    pub trail_entries: usize,
    pub trail_roots: usize,
    pub signed_roots: usize,
    /// Signers whose authority nobody vouches for; empty where no authorities were given.
    pub untrusted: Vec<String>,
    /// What is wrong, each with its file.
    pub faults: Vec<String>,
}

impl Judgement {
    pub fn holds(&self) -> bool {
        self.faults.is_empty() && self.untrusted.is_empty()
    }

    fn fault(&mut self, file: &str, what: impl std::fmt::Display) {
        if self.faults.len() < FAULTS_LIMIT {
            self.faults.push(format!("{file}: {what}"));
        }
    }

    fn distrust(&mut self, signer: &str) {
        if !self.untrusted.iter().any(|known| known == signer) {
            self.untrusted.push(signer.to_owned());
        }
    }
}

type Archive<'b> = zip::ZipArchive<Cursor<&'b [u8]>>;

/// Judges a bundle. `trust` says which authorities are believed; an empty one judges none.
///
/// # Errors
/// `bundle_unreadable` when it is no bundle at all.
pub fn judge(bytes: &[u8], trust: &TrustStore, now: Instant) -> Result<Judgement> {
    let unreadable = || Error::invalid("file", "bundle_unreadable", "not a bundle of evidence");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| unreadable())?;
    if archive.len() > ENTRIES_LIMIT {
        return Err(unreadable());
    }
    let manifest = entry(&mut archive, "manifest.json").ok_or_else(unreadable)?;
    let manifest: Manifest = serde_json::from_slice(&manifest).map_err(|_| unreadable())?;
    if manifest.version != 1 {
        return Err(unreadable());
    }
    let mut found = Judgement {
        unit_code: manifest.unit_code.clone(),
        from: manifest.from.clone(),
        until: manifest.until.clone(),
        ..Judgement::default()
    };
    let names: Vec<String> = archive.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
    if names.len() != archive.len() {
        found.fault("manifest.json", "an entry stands there twice");
    }
    for name in names.iter().filter(|name| *name != "manifest.json") {
        if !manifest.files.contains_key(name) {
            found.fault(name, "is not in the manifest");
        }
    }
    let listed: BTreeMap<&str, &Listed> =
        manifest.receipts.iter().map(|one| (one.file.as_str(), one)).collect();
    for (name, sha256) in &manifest.files {
        let Some(bytes) = entry(&mut archive, name) else {
            found.fault(name, "is missing or too large");
            continue;
        };
        if sha256_hex(&bytes) != *sha256 {
            found.fault(name, "is not what the manifest says");
        }
        match name.as_str() {
            "series.json" => series(&bytes, trust, &mut found),
            "trail.json" => trail(&bytes, trust, &mut found),
            name if name.starts_with("days/") => days(name, &bytes, trust, &mut found),
            name => match listed.get(name) {
                Some(listed) => receipt(&bytes, &manifest, listed, (trust, now), &mut found),
                None => found.fault(name, "is nothing that belongs here"),
            },
        }
    }
    if !manifest.files.contains_key("trail.json") {
        found.fault("trail.json", "is missing");
    }
    if found.signed_roots == 0 {
        found.fault("trail.json", "no root of it is signed");
    }
    // A number is proven by its document, and each by one of its own.
    for one in manifest.receipts.iter().filter(|one| !manifest.files.contains_key(&one.file)) {
        found.fault(&one.file, "is listed and not there");
    }
    if listed.len() < manifest.receipts.len() {
        found.fault("manifest.json", "two numbers name one document");
    }
    gapless(&manifest, &mut found);
    Ok(found)
}

fn entry(archive: &mut Archive<'_>, name: &str) -> Option<Vec<u8>> {
    let file = archive.by_name(name).ok()?;
    let mut bytes = Vec::new();
    // What it says of its size is not believed.
    file.take(BYTES_LIMIT + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= BYTES_LIMIT).then_some(bytes)
}

fn receipt(
    bytes: &[u8],
    manifest: &Manifest,
    listed: &Listed,
    (trust, now): (&TrustStore, Instant),
    found: &mut Judgement,
) {
    found.receipts += 1;
    let report = verify::verify(bytes, trust, now);
    match report.verdict {
        Verdict::Valid => found.receipts_trusted += 1,
        Verdict::Intact if trust.is_empty() => {}
        Verdict::Intact => found.fault(&listed.file, "is intact, but its signer is not trusted"),
        Verdict::Invalid | Verdict::Unreadable => found.fault(&listed.file, "its signature does not hold"),
    }
    let summary = report.documents.first().and_then(|document| document.summary.as_ref());
    let number = summary.and_then(|summary| summary.number.as_deref()).and_then(|text| text.parse().ok());
    let series = summary.and_then(|summary| summary.series.as_deref());
    let seller = summary.and_then(|summary| summary.seller_tax_code.as_deref());
    if number != Some(listed.number) || series != Some(listed.series.as_str()) {
        found.fault(&listed.file, "is another number than the manifest says");
    }
    if seller.is_some_and(|seller| seller != manifest.tax_code) {
        found.fault(&listed.file, "is of another unit");
    }
}

/// Between the first and the last number of a series in the bundle none is missing.
fn gapless(manifest: &Manifest, found: &mut Judgement) {
    let mut series: BTreeMap<(&str, &str), Vec<i64>> = BTreeMap::new();
    for one in &manifest.receipts {
        series.entry((&one.kind, &one.series)).or_default().push(one.number);
    }
    for ((_, name), mut numbers) in series {
        numbers.sort_unstable();
        for pair in numbers.windows(2) {
            let (one, next) = (pair[0], pair[1]);
            if next == one {
                found.fault(name, format!("number {one} stands there twice"));
            } else if next != one + 1 {
                found.fault(name, format!("numbers {} to {} are missing", one + 1, next - 1));
            }
        }
    }
}

fn days(name: &str, bytes: &[u8], trust: &TrustStore, found: &mut Judgement) {
    let Ok(file) = ChainFile::read(bytes) else {
        return found.fault(name, "does not read");
    };
    let judged = chain_file::judge(&file, trust);
    found.day_certificates += judged.certificates;
    for signer in &judged.untrusted {
        found.distrust(signer);
    }
    for fault in &judged.faults {
        found.fault(name, fault);
    }
}

/// The certificates of a part, read once.
struct Signers<'a> {
    pems: &'a BTreeMap<String, String>,
    read: BTreeMap<String, Option<(SigningCertificate, Vec<Vec<u8>>)>>,
}

impl Signers<'_> {
    fn of(pems: &BTreeMap<String, String>) -> Signers<'_> {
        Signers { pems, read: BTreeMap::new() }
    }

    /// What is wrong with a signature; trust is judged at the certificate's own time.
    fn fault(
        &mut self,
        name: &str,
        (message, signature): (&[u8], &str),
        trust: &TrustStore,
        found: &mut Judgement,
    ) -> Option<&'static str> {
        let pem = self.pems.get(name);
        let (certificate, chain) = match self
            .read
            .entry(name.to_owned())
            .or_insert_with(|| {
                let all = certificates_in(pem?).ok()?;
                let (own, rest) = all.split_first()?;
                Some((SigningCertificate::from_der(own).ok()?, rest.to_vec()))
            })
            .as_ref()
        {
            Some(found) => found,
            None => return Some("the signing certificate is not there"),
        };
        let Ok(signature) = BASE64.decode(signature) else { return Some("the signature does not decode") };
        if !certificate.verifies(message, &signature) {
            return Some("the signature does not verify");
        }
        let is_believed = matches!(
            trust.trust_of(certificate.der(), chain, certificate.valid_from()),
            Trust::Ok | Trust::Test | Trust::NotChecked
        );
        if !is_believed {
            found.distrust(name);
        }
        None
    }
}

fn series(bytes: &[u8], trust: &TrustStore, found: &mut Judgement) {
    let name = "series.json";
    let Ok(file) = serde_json::from_slice::<SignedParts>(bytes) else {
        return found.fault(name, "does not read");
    };
    let mut signers = Signers::of(&file.signers);
    let mut previous = String::new();
    for (at, part) in file.parts.iter().enumerate() {
        found.series_certificates += 1;
        let place = format!("{name} {}", at + 1);
        let Ok(document) = BASE64.decode(&part.document) else {
            found.fault(&place, "does not decode");
            continue;
        };
        let Ok(stated) = register::certificate::read(&document) else {
            found.fault(&place, "does not read");
            continue;
        };
        if stated.previous_sha256 != previous {
            found.fault(&place, "does not follow the one before");
        }
        if stated.verdict != "whole" {
            found.fault(&place, format!("says that a series was broken on {}", stated.date));
        }
        if let Some(fault) = signers.fault(&part.signer, (&document, &part.signature), trust, found) {
            found.fault(&place, fault);
        }
        previous = sha256_hex(&document);
    }
}

fn trail(bytes: &[u8], trust: &TrustStore, found: &mut Judgement) {
    let name = "trail.json";
    let Ok(file) = serde_json::from_slice::<Trail>(bytes) else {
        return found.fault(name, "does not read");
    };
    (found.trail_entries, found.trail_roots) = (file.extract.entries.len(), file.extract.roots.len());
    for fault in file.extract.faults() {
        found.fault(name, fault);
    }
    let mut signers = Signers::of(&file.signatures.signers);
    for part in &file.signatures.parts {
        let message = part.document.parse().ok().and_then(|last_seq| file.extract.message(last_seq));
        let Some(message) = message else {
            found.fault(name, "a signature is of no root that is there");
            continue;
        };
        match signers.fault(&part.signer, (&message, &part.signature), trust, found) {
            Some(fault) => found.fault(name, format!("root {}: {fault}", part.document)),
            None => found.signed_roots += 1,
        }
    }
}
