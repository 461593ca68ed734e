//! The evidence of a unit and period as one file, for auditors: signed receipts, the chains of day
//! certificates, the nightly certificates of series, the sealed trail with its signatures. `judge`
//! proves it without a database, a network or this installation.

pub mod judge;

use std::collections::{BTreeMap, HashMap};
use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use crate::actor::{Actor, Role};
use crate::audit::{self, extract};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{CertificateId, ReceiptId, UnitId};
use crate::notification::query::signed_between;
use crate::receipt::DocumentKind;
use crate::receipt::naming::file_stem;
use crate::reconciliation::day_close::chain_file;
use crate::register;
use crate::store::{Conn, Stamp, Store, Tx};
use crate::unit::{self, Unit, account};

/// Receipts read at a time.
const PAGE: i64 = 200;
/// The longest period of one bundle, in days.
const PERIOD_LIMIT_DAYS: i64 = 366;

/// What the bundle says about itself; the last entry of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Of this file's form: 1.
    pub version: u32,
    pub unit_code: String,
    pub unit_name: String,
    pub tax_code: String,
    pub from: String,
    pub until: String,
    /// SHA-256 of every other entry by its name.
    pub files: BTreeMap<String, String>,
    pub receipts: Vec<Listed>,
}

/// A receipt of the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    pub file: String,
    pub kind: String,
    pub series: String,
    pub number: i64,
    pub issued_on: String,
    pub state: String,
}

/// Signed documents with the certificates that signed them. Binary parts are Base64.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedParts {
    pub signers: BTreeMap<String, String>,
    pub parts: Vec<SignedPart>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedPart {
    /// A document, or the place of a root in the trail.
    pub document: String,
    pub signature: String,
    pub signer: String,
}

/// The trail with the signatures over its roots.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trail {
    pub extract: extract::Extract,
    pub signatures: SignedParts,
}

/// Who may take a bundle: it holds the names and numbers that receipts hold.
pub const TAKERS: [Role; 3] = [Role::Auditor, Role::Administrator, Role::System];

/// Admits the taking of a bundle and records it.
///
/// # Errors
/// `role_not_allowed`, `unit_not_found`, `period_unreadable`.
pub fn admit(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    (from, until): (BusinessDay, BusinessDay),
) -> Result<Unit> {
    actor.require_role(&TAKERS)?;
    actor.scope.require(unit)?;
    let days = (until.0 - from.0).num_days();
    if !(0..PERIOD_LIMIT_DAYS).contains(&days) {
        let detail = format!("from must not lie after until; at most {PERIOD_LIMIT_DAYS} days");
        return Err(Error::invalid("until", "period_unreadable", detail));
    }
    let entry = audit::Entry::by(actor, unit, "evidence.bundled", format!("{from}/{until}"));
    audit::record(tx, stamp, &[entry])?;
    unit::find(tx, unit)
}

/// A file being written with its hashes.
struct Bundle<W: Write> {
    zip: ZipWriter<StreamWriter<W>>,
    manifest: Manifest,
}

impl<W: Write> Bundle<W> {
    fn put(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        self.zip.start_file(name, options).map_err(|error| broken(&error))?;
        self.zip.write_all(bytes).map_err(|error| broken(&error))?;
        self.manifest.files.insert(name.to_owned(), audit::sha256_hex(bytes));
        Ok(())
    }

    fn put_json(&mut self, name: &str, content: &impl Serialize) -> Result<()> {
        let bytes = serde_json::to_vec(content).map_err(|error| Error::internal(error.to_string()))?;
        self.put(name, &bytes)
    }
}

fn broken(error: &dyn std::fmt::Display) -> Error {
    Error::conflict("bundle_interrupted", error.to_string())
}

/// Writes the bundle of a unit; whoever asks was admitted before. Returns how many receipts.
///
/// # Errors
/// `bundle_interrupted`, and those of the store.
pub fn write(
    out: impl Write,
    store: &Store,
    unit: &Unit,
    (from, until): (BusinessDay, BusinessDay),
) -> Result<usize> {
    let scope = crate::actor::Scope::unit(unit.id);
    let manifest = Manifest {
        version: 1,
        unit_code: unit.code.clone(),
        unit_name: unit.name.clone(),
        tax_code: unit.tax_code.clone(),
        from: from.to_string(),
        until: until.to_string(),
        ..Manifest::default()
    };
    let mut bundle = Bundle { zip: ZipWriter::new_stream(out), manifest };
    receipts(&mut bundle, store, unit.id, (from, until))?;
    // The city's certificates sign for units without one of their own.
    let city = crate::actor::Scope::All;
    for account in store.read(&scope, |conn| account::of_unit(conn, unit.id))? {
        let chain = store.read(&city, |conn| chain_file::export(conn, unit.id, account.id))?;
        if !chain.certificates.is_empty() {
            bundle.put_json(&format!("days/{}.json", account.account_no), &chain)?;
        }
    }
    let series = store.read(&city, |conn| series(conn, unit.id))?;
    if !series.parts.is_empty() {
        bundle.put_json("series.json", &series)?;
    }
    let trail = store.read(&city, |conn| trail(conn, unit.id, (from, until)))?;
    bundle.put_json("trail.json", &trail)?;
    let count = bundle.manifest.receipts.len();
    let manifest = bundle.manifest.clone();
    bundle.put_json("manifest.json", &manifest)?;
    bundle.zip.finish().map_err(|error| broken(&error))?;
    Ok(count)
}

fn receipts<W: Write>(
    bundle: &mut Bundle<W>,
    store: &Store,
    unit: UnitId,
    period: (BusinessDay, BusinessDay),
) -> Result<()> {
    let scope = crate::actor::Scope::unit(unit);
    let mut after = ReceiptId(0);
    loop {
        let page = store.read(&scope, |conn| signed_between(conn, unit, period, after, PAGE))?;
        let Some((last, ..)) = page.last() else { return Ok(()) };
        after = *last;
        for (_, kind, series, number, issued_on, _, state, document) in page {
            let noun = DocumentKind::parse(&kind).unwrap_or(DocumentKind::Receipt);
            let file = format!("receipts/{}.xml", file_stem(noun, &series, number));
            bundle.put(&file, &document)?;
            let issued_on = issued_on.to_string();
            bundle.manifest.receipts.push(Listed { file, kind, series, number, issued_on, state });
        }
    }
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
    let pem = unit::certificate::pem(conn, &[unit, unit::CITY], id)?.unwrap_or_default();
    signers.insert(name.clone(), pem);
    known.insert(id, name.clone());
    Ok(name)
}

fn series(conn: &mut Conn, unit: UnitId) -> Result<SignedParts> {
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

fn trail(conn: &mut Conn, unit: UnitId, period: (BusinessDay, BusinessDay)) -> Result<Trail> {
    let (extract, signed) = extract::extract(conn, unit, period)?;
    let mut signatures = SignedParts::default();
    let mut known = HashMap::new();
    for one in signed {
        let signer = signer(conn, unit, &mut signatures.signers, &mut known, one.certificate)?;
        signatures.parts.push(SignedPart {
            document: one.last_seq.to_string(),
            signature: BASE64.encode(&one.signature),
            signer,
        });
    }
    Ok(Trail { extract, signatures })
}
