//! Writing a bundle, page by page: what it holds may be larger than memory.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::digest::{Context, SHA256};
use serde::Serialize;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use super::{
    Entrusted, Listed, MANIFEST, Manifest, RegisterHead, RegisterLine, SERIES, SignedPart, SignedParts,
    Steps, TRAIL, Taking, TrailLine, VERSION,
};
use crate::actor::Scope;
use crate::audit::{self, extract};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{AuditId, CertificateId, ReceiptId, UnitId};
use crate::notification::query::signed_between;
use crate::receipt::DocumentKind;
use crate::receipt::evidence::tops::Tops;
use crate::receipt::naming::file_stem;
use crate::reconciliation::day_close::chain_file;
use crate::register;
use crate::store::{Conn, Store};
use crate::text;
use crate::unit::{self, Series, account, entrustment, series};

/// Receipts read at a time.
const PAGE: i64 = 200;
/// Numbers without their documents read at a time.
const NUMBERS: i64 = 2_000;

/// A file being written with its hashes.
struct Bundle<W: Write> {
    zip: ZipWriter<StreamWriter<W>>,
    files: BTreeMap<String, String>,
    open: Option<(String, Context)>,
}

impl<W: Write> Bundle<W> {
    fn begin(&mut self, name: &str) -> Result<()> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        self.zip.start_file(name, options.large_file(true)).map_err(|error| broken(&error))?;
        self.open = Some((name.to_owned(), Context::new(&SHA256)));
        Ok(())
    }

    fn add(&mut self, bytes: &[u8]) -> Result<()> {
        if let Some((_, hash)) = &mut self.open {
            hash.update(bytes);
        }
        self.zip.write_all(bytes).map_err(|error| broken(&error))
    }

    fn line(&mut self, content: &impl Serialize) -> Result<()> {
        let mut bytes = json(content)?;
        bytes.push(b'\n');
        self.add(&bytes)
    }

    fn end(&mut self) {
        if let Some((name, hash)) = self.open.take() {
            self.files.insert(name, text::hex(hash.finish().as_ref()));
        }
    }

    fn put(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.begin(name)?;
        self.add(bytes)?;
        self.end();
        Ok(())
    }
}

fn json(content: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(content).map_err(|error| Error::internal(error.to_string()))
}

fn broken(error: &dyn std::fmt::Display) -> Error {
    Error::conflict("bundle_interrupted", error.to_string())
}

/// Writes the bundle of a unit; whoever asks was admitted before. The trail is settled before anything is
/// read; when all else is written, its hash goes into the trail, which is settled and written last. Returns
/// how many documents.
///
/// # Errors
/// `bundle_interrupted`, and those of the store and of the steps.
pub fn write(out: impl Write, store: &Store, taking: &Taking, steps: &Steps<'_>) -> Result<usize> {
    let (unit, (from, until)) = (&taking.unit, taking.period);
    // What the trail knows before the taking is committed, and so is read below.
    (steps.settle)(taking.entry)?;
    let mut bundle = Bundle { zip: ZipWriter::new_stream(out), files: BTreeMap::new(), open: None };
    let receipts = receipts(&mut bundle, store, unit.id, taking.period)?;
    registers(&mut bundle, store, unit.id, from)?;
    // The accounts of a unit are mostly stamped on the same days.
    let tops = Tops::default();
    // The city's certificates sign for units without one of their own.
    for account in store.read(&Scope::All, |conn| account::of_unit(conn, unit.id))? {
        let chain = chain_file::export(store, &tops, &Scope::All, unit.id, account.id)?;
        bundle.put(&format!("days/{}.json", account.account_no), &json(&chain)?)?;
    }
    let series = store.read(&Scope::All, |conn| certificates(conn, unit.id))?;
    bundle.put(SERIES, &json(&series)?)?;
    let mut manifest = Manifest {
        version: VERSION,
        taking: taking.entry.to_string(),
        unit: unit.id.to_string(),
        unit_code: unit.code.clone(),
        unit_name: unit.name.clone(),
        tax_code: unit.tax_code.clone(),
        from,
        until,
        entrusted: store.read(&Scope::All, |conn| entrusted(conn, unit.id))?,
        files: std::mem::take(&mut bundle.files),
        receipts,
    };
    // All was read before this entry, so whatever shows in the bundle stands before it in the trail.
    let written = (steps.record)(&taking.written(&manifest)?)?;
    (steps.settle)(written)?;
    trail(&mut bundle, store, taking, written)?;
    manifest.files.append(&mut bundle.files);
    bundle.put(MANIFEST, &json(&manifest)?)?;
    bundle.zip.finish().map_err(|error| broken(&error))?;
    Ok(manifest.receipts.len())
}

fn entrusted(conn: &mut Conn, unit: UnitId) -> Result<Vec<Entrusted>> {
    let all = entrustment::of_unit(conn, unit)?;
    let told = all.into_iter().map(|held| Entrusted {
        tax_code: held.issuer.tax_code,
        name: held.issuer.name,
        decision_no: held.decision_no,
        decided_on: held.decided_on,
        valid_from: held.valid_from,
        valid_until: held.valid_until,
        is_end: held.is_end,
    });
    Ok(told.collect())
}

fn receipts<W: Write>(
    bundle: &mut Bundle<W>,
    store: &Store,
    unit: UnitId,
    period: (BusinessDay, BusinessDay),
) -> Result<Vec<Listed>> {
    let scope = Scope::unit(unit);
    let (mut after, mut listed) = (ReceiptId(0), Vec::new());
    loop {
        let page = store.read(&scope, |conn| signed_between(conn, unit, period, after, PAGE))?;
        let Some((last, ..)) = page.last() else { return Ok(listed) };
        after = *last;
        for (receipt, kind, series, number, issued_on, _, state, document) in page {
            let noun = DocumentKind::parse(&kind).unwrap_or(DocumentKind::Receipt);
            let file = format!("receipts/{}.xml", file_stem(noun, &series, number));
            bundle.put(&file, &document)?;
            let receipt = receipt.to_string();
            listed.push(Listed { file, receipt, kind, series, number, issued_on, state });
        }
    }
}

/// The registers of the series that may have numbered or signed something since the period began: what is
/// numbered at the end of a year may be signed in the next.
fn registers<W: Write>(bundle: &mut Bundle<W>, store: &Store, unit: UnitId, from: BusinessDay) -> Result<()> {
    let all = store.read(&Scope::unit(unit), |conn| series::of_unit(conn, unit))?;
    for one in all.iter().filter(|one| from.year() - 1 <= one.year) {
        register(bundle, store, one)?;
    }
    Ok(())
}

fn register<W: Write>(bundle: &mut Bundle<W>, store: &Store, series: &Series) -> Result<()> {
    let scope = Scope::unit(series.unit);
    bundle.begin(&format!("register/{}.ndjson", series.id))?;
    bundle.line(&RegisterHead {
        series: series.id,
        document_kind: series.document_kind.clone(),
        name: series.series.clone(),
        year: series.year,
    })?;
    let mut after = 0;
    loop {
        let page = store
            .read(&scope, |conn| register::query::numbered(conn, series.unit, series.id, after, NUMBERS))?;
        let Some((last, ..)) = page.last() else { break };
        after = *last;
        for (number, receipt, state, issued_on, amount, body_sha256) in page {
            bundle.line(&RegisterLine { number, receipt, issued_on, amount, body_sha256, state })?;
        }
    }
    bundle.end();
    Ok(())
}

/// The certificates by which parts are signed, each once.
fn signer(
    conn: &mut Conn,
    unit: UnitId,
    signers: &mut BTreeMap<String, String>,
    known: &mut HashMap<CertificateId, String>,
    id: CertificateId,
) -> Result<String> {
    if let Some(name) = known.get(&id) {
        return Ok(name.clone());
    }
    let name = id.to_string();
    signers.insert(name.clone(), pem(conn, unit, id)?);
    known.insert(id, name.clone());
    Ok(name)
}

fn pem(conn: &mut Conn, unit: UnitId, id: CertificateId) -> Result<String> {
    Ok(unit::certificate::pem(conn, &[unit, unit::CITY], id)?.unwrap_or_default())
}

fn certificates(conn: &mut Conn, unit: UnitId) -> Result<SignedParts> {
    let mut found = SignedParts::default();
    let mut known = HashMap::new();
    for row in register::query::audits(conn, unit)? {
        let signer = signer(conn, unit, &mut found.signers, &mut known, row.certificate_id)?;
        found.parts.push(SignedPart {
            document: BASE64.encode(&row.document),
            signature: BASE64.encode(&row.signature),
            signer,
        });
    }
    Ok(found)
}

fn trail<W: Write>(bundle: &mut Bundle<W>, store: &Store, taking: &Taking, written: AuditId) -> Result<()> {
    let (unit, scope) = (taking.unit.id, Scope::All);
    let (head, end) = store.read(&scope, |conn| {
        let place = audit::place_of(conn, unit, written)?.unwrap_or(i64::MAX);
        let head = extract::head(conn, unit, taking.period.0.start())?;
        Ok((head, extract::end(conn, unit, place)?))
    })?;
    let (mut after, mut known) = (head.before_seq, HashSet::new());
    bundle.begin(TRAIL)?;
    bundle.line(&TrailLine::Head(head))?;
    loop {
        let page = store.read(&scope, |conn| extract::page(conn, unit, after, end))?;
        let Some(last) = page.last() else { break };
        after = last.root.last_seq;
        for batch in page {
            for entry in batch.entries {
                bundle.line(&TrailLine::Entry(entry))?;
            }
            bundle.line(&TrailLine::Root(batch.root))?;
            let Some(signed) = batch.signed else { continue };
            let name = signed.certificate.to_string();
            if known.insert(signed.certificate) {
                let pem = store.read(&scope, |conn| pem(conn, unit, signed.certificate))?;
                bundle.line(&TrailLine::Signer { name: name.clone(), pem })?;
            }
            let signature = BASE64.encode(&signed.signature);
            bundle.line(&TrailLine::Signature { at: signed.at.0, signer: name, signature })?;
        }
    }
    bundle.end();
    Ok(())
}
