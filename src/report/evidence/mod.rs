//! The evidence of a unit and period as one file, for auditors: signed receipts, the register of their
//! series with its nightly certificates, the chains of day certificates, and the sealed trail from before
//! the period to the taking of the file. `judge` proves it without a database, a network or this
//! installation.
//!
//! What binds the pieces is the trail: its last root is signed, and it names the hash of every document
//! sealed, of every day closed, of every night's certificate, that this file was taken, and the hash of all
//! that was written into it. So whoever carries the file can change nothing in it.

pub mod judge;
mod writing;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::actor::{Actor, Role};
use crate::audit::{self, extract};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{AuditId, ReceiptId, SeriesId, UnitId};
use crate::store::{Stamp, Tx};
use crate::unit::{self, Unit};

pub use writing::write;

/// Of this file's form.
pub const VERSION: u32 = 3;
/// The longest period of one bundle, in days.
const PERIOD_LIMIT_DAYS: i64 = 366;
/// What the trail says when a file is taken; its subject is the period.
const TAKEN: &str = "evidence.bundled";
/// What it says when all but the trail is written; its subject is the taking, its detail `Manifest::bound`.
const WRITTEN: &str = "evidence.written";

const MANIFEST: &str = "manifest.json";
const SERIES: &str = "series.json";
const TRAIL: &str = "trail.ndjson";

/// What the bundle says about itself; the last entry of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub version: u32,
    /// The entry of the trail that admits this bundle.
    pub taking: String,
    pub unit: String,
    pub unit_code: String,
    pub unit_name: String,
    pub tax_code: String,
    pub from: BusinessDay,
    pub until: BusinessDay,
    /// Who is said to collect or sign in the unit's place; nobody is believed for standing here.
    pub entrusted: Vec<Entrusted>,
    /// SHA-256 of every other entry by its name.
    pub files: BTreeMap<String, String>,
    pub receipts: Vec<Listed>,
}

impl Manifest {
    /// What the trail signs: SHA-256 over everything the bundle says of itself and every file but the trail.
    fn bound(&self) -> Result<String> {
        let mut all = self.clone();
        all.files.remove(TRAIL);
        let bytes = serde_json::to_vec(&all).map_err(|error| Error::internal(error.to_string()))?;
        Ok(audit::sha256_hex(&bytes))
    }
}

/// An entrustment, or the end of one, as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entrusted {
    pub tax_code: String,
    pub name: String,
    pub decision_no: String,
    pub decided_on: BusinessDay,
    pub valid_from: BusinessDay,
    pub valid_until: BusinessDay,
    pub is_end: bool,
}

/// A document of the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    pub file: String,
    pub receipt: String,
    pub kind: String,
    pub series: String,
    pub number: i64,
    pub issued_on: BusinessDay,
    pub state: String,
}

/// The first line of a series' register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterHead {
    pub series: SeriesId,
    pub document_kind: String,
    pub name: String,
    pub year: i32,
}

/// A number of the register, whatever its day: so that 1..N can be counted and certificates proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterLine {
    pub number: i64,
    pub receipt: ReceiptId,
    pub issued_on: BusinessDay,
    /// Whole đồng.
    pub amount: i64,
    pub body_sha256: String,
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
    pub document: String,
    pub signature: String,
    pub signer: String,
}

/// A line of the trail; the first is its head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrailLine {
    Head(extract::Head),
    Entry(extract::Entry),
    /// Over the entries since the root before.
    Root(extract::Root),
    /// A certificate, before the first signature under it.
    Signer {
        name: String,
        pem: String,
    },
    /// Over the root before.
    Signature {
        /// As `Instant`; the signature does not bind it.
        at: i64,
        signer: String,
        signature: String,
    },
}

/// Who may take a bundle: it holds the names and numbers that receipts hold.
pub const TAKERS: [Role; 3] = [Role::Auditor, Role::Administrator, Role::System];

/// A bundle that may be taken.
#[derive(Clone, Debug)]
pub struct Taking {
    pub unit: Unit,
    pub period: (BusinessDay, BusinessDay),
    /// The entry of the trail that says so: everything before it is in the bundle.
    pub entry: AuditId,
    /// Who takes it, as the trail names them.
    pub actor: String,
}

impl Taking {
    /// The entry that binds what was written.
    fn written(&self, manifest: &Manifest) -> Result<audit::Entry> {
        Ok(audit::Entry {
            unit: self.unit.id,
            actor: self.actor.clone(),
            action: WRITTEN,
            subject: self.entry.to_string(),
            detail: manifest.bound()?,
        })
    }
}

/// How the writing of a bundle reaches the trail.
pub struct Steps<'a> {
    /// Gives an entry, and all that is committed, its place and has the newest root signed.
    pub settle: &'a dyn Fn(AuditId) -> Result<()>,
    /// Commits an entry.
    pub record: &'a dyn Fn(&audit::Entry) -> Result<AuditId>,
}

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
) -> Result<Taking> {
    actor.require_role(&TAKERS)?;
    actor.scope.require(unit)?;
    let days = (until.0 - from.0).num_days();
    if !(0..PERIOD_LIMIT_DAYS).contains(&days) || from > stamp.today() {
        let detail = format!("begun, from not after until, and at most {PERIOD_LIMIT_DAYS} days");
        return Err(Error::invalid("until", "period_unreadable", detail));
    }
    let entry = audit::Entry::by(actor, unit, TAKEN, taken(from, until));
    let entry = audit::recorded(tx, stamp, &[entry])?.pop();
    let entry = entry.ok_or_else(|| Error::internal("an entry has no id"))?;
    Ok(Taking { unit: unit::find(tx, unit)?, period: (from, until), entry, actor: audit::actor_text(actor) })
}

/// The period as the trail names it.
fn taken(from: BusinessDay, until: BusinessDay) -> String {
    format!("{from}/{until}")
}
