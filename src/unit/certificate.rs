//! Signing certificates of units and their keys, encrypted at rest.

use diesel::prelude::*;
use secrecy::{ExposeSecret, SecretString};

use super::certificate_stop_query;
use super::registration::{self, Family, Listing};
use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{CertificateId, KeyId, UnitId};
use crate::store::failure::{self, Classify};
use crate::store::schema::{certificate_revocation, signing_certificate};
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp, Tx, rows};

/// A certificate to be stored with its private key.
pub struct NewCertificate<'a> {
    pub unit: UnitId,
    pub subject: String,
    /// As the registration lists it; with the serial it names the certificate.
    pub issuer: String,
    pub serial: String,
    pub certificate_pem: String,
    pub chain_pem: String,
    /// The private key as PEM.
    pub key_pem: &'a SecretString,
    pub not_before: Instant,
    pub not_after: Instant,
    pub is_test: bool,
}

/// Where the private key of a certificate is and how it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignerKind {
    /// In our database, encrypted; the secret is the key as PEM.
    Software,
    /// In a token behind a PKCS#11 module; the secret is its PIN.
    Pkcs11,
    /// With a signing service (CSC API); the secret is its credentials as JSON.
    Remote,
}

impl SignerKind {
    pub fn as_str(self) -> &'static str {
        match self {
            SignerKind::Software => "software",
            SignerKind::Pkcs11 => "pkcs11",
            SignerKind::Remote => "remote",
        }
    }

    fn parse(text: &str) -> Result<SignerKind> {
        [SignerKind::Software, SignerKind::Pkcs11, SignerKind::Remote]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| Error::internal("a stored signer is of a kind this program does not know"))
    }
}

/// How a certificate signs and from when on.
pub struct Custody {
    pub signer: SignerKind,
    /// JSON of what reaches the key; nothing secret.
    pub parameters: String,
    /// The unit's signing passes to this certificate then; None: now, or as soon as it is valid.
    pub active_from: Option<Instant>,
}

impl Custody {
    /// The key lies in the database and signs at once.
    pub fn software() -> Custody {
        Custody { signer: SignerKind::Software, parameters: "{}".to_owned(), active_from: None }
    }
}

/// A stored certificate with its secret in the clear; keep it short-lived.
pub struct StoredCertificate {
    pub unit: UnitId,
    pub id: CertificateId,
    pub chain_pem: String,
    /// What `signer` says: a key as PEM, a PIN, or credentials.
    pub secret: SecretString,
    pub signer: SignerKind,
    pub parameters: String,
    pub not_before: Instant,
    pub not_after: Instant,
}

/// A stored certificate as lists show it.
#[derive(Clone, Debug)]
pub struct Listed {
    pub unit: UnitId,
    pub id: CertificateId,
    pub subject: String,
    /// Empty in rows of versions that did not keep it.
    pub issuer: String,
    pub serial: String,
    pub chain_pem: String,
    pub signer: String,
    pub not_after: Instant,
    /// From then on it signs, unless a later one does.
    pub active_from: Instant,
    pub is_test: bool,
    pub revoked_at: Option<Instant>,
    /// Every accepted registration that speaks of it stopped it (`HThuc` 3), or two persons did.
    pub is_stopped: bool,
    /// The families of documents for which an accepted registration lists it; all before the first acceptance.
    pub listed_for: Vec<Family>,
}

impl Listed {
    pub fn signs_at(&self, at: Instant) -> bool {
        self.active_from <= at && at < self.not_after && self.revoked_at.is_none() && !self.is_stopped
    }

    /// Whether it signs documents of the family: the tax office was told of it for them.
    pub fn signs_documents_at(&self, family: Family, at: Instant) -> bool {
        self.signs_at(at) && self.listed_for.contains(&family)
    }
}

crate::table_row! {
    pub struct CertificateRow in "signing_certificate" {
        pub unit_id: UnitId,
        pub id: CertificateId,
        pub subject: String,
        pub serial: String,
        pub certificate_pem: String,
        pub chain_pem: String,
        pub key_id: KeyId,
        pub key_cipher: Vec<u8>,
        pub not_before: Instant,
        pub not_after: Instant,
        pub is_test: bool,
        pub created_at: Instant,
        pub signer: &'static str,
        pub parameters: String,
        pub active_from: Option<Instant>,
        /// None in rows of versions that did not keep it.
        pub issuer: Option<String>,
    }
}

fn context(id: CertificateId) -> String {
    format!("signing_certificate/{}", id.0)
}

/// Stores a certificate whose key lies in the database and signs as soon as it is valid.
pub fn store(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    new: NewCertificate<'_>,
) -> Result<CertificateId> {
    store_as(tx, stamp, actor, new, Custody::software())
}

/// Stores a certificate with the way its key is reached. `key_pem` is the secret of that way.
///
/// # Errors
/// `certificate_exists`; `certificate_expired` when it is over already; `active_from_unusable`
/// when it would begin to sign outside its dates.
pub fn store_as(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    new: NewCertificate<'_>,
    custody: Custody,
) -> Result<CertificateId> {
    if new.not_after <= stamp.now {
        return Err(Error::invalid("certificate", "certificate_expired", "the certificate is over already"));
    }
    if custody.active_from.is_some_and(|at| !(new.not_before..new.not_after).contains(&at)) {
        let detail = "it must begin to sign within the certificate's dates";
        return Err(Error::invalid("active_from", "active_from_unusable", detail));
    }
    actor.require_role(&[Role::Administrator, Role::System])?;
    registration::require_listed(tx, new.unit, &new.issuer, &new.serial)?;
    let id: CertificateId = stamp.mint()?;
    let key = stamp.lasting_key(tx, new.unit)?;
    rows::insert(
        tx,
        &[CertificateRow {
            unit_id: new.unit,
            id,
            subject: new.subject,
            serial: new.serial,
            certificate_pem: new.certificate_pem,
            chain_pem: new.chain_pem,
            key_id: key.id,
            key_cipher: stamp.vault.seal(&key, &context(id), new.key_pem.expose_secret().as_bytes())?,
            not_before: new.not_before,
            not_after: new.not_after,
            is_test: new.is_test,
            created_at: stamp.now,
            signer: custody.signer.as_str(),
            parameters: custody.parameters,
            active_from: Some(custody.active_from.unwrap_or(stamp.now.max(new.not_before))),
            issuer: Some(new.issuer),
        }],
    )
    .map_err(|error| match error.code() {
        failure::UNIQUE => Error::conflict("certificate_exists", "this certificate is stored already"),
        _ => error,
    })?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, new.unit, "certificate.stored", id)])?;
    Ok(id)
}

/// The certificate that signs for the unit at `now`: of those that are valid and not revoked, the
/// one whose turn came last.
pub fn current(
    conn: &mut Conn,
    vault: &Vault,
    unit: UnitId,
    now: Instant,
) -> Result<Option<StoredCertificate>> {
    let all = of_unit(conn, unit)?;
    let Some(chosen) = chosen(&all, now) else { return Ok(None) };
    load(conn, vault, unit, chosen.id).map(Some)
}

/// Of a unit's certificates the one that signs its forms and its certificates of days at `now`.
pub fn chosen(all: &[Listed], now: Instant) -> Option<&Listed> {
    last_turn(all.iter().filter(|certificate| certificate.signs_at(now)))
}

/// Of a unit's certificates the one that signs documents of the family at `now`.
pub fn chosen_for(all: &[Listed], family: Family, now: Instant) -> Option<&Listed> {
    last_turn(all.iter().filter(|certificate| certificate.signs_documents_at(family, now)))
}

fn last_turn<'a>(usable: impl Iterator<Item = &'a Listed>) -> Option<&'a Listed> {
    usable.max_by_key(|certificate| (certificate.active_from, certificate.id))
}

/// Whether one of a unit's certificates is the one that signs at `now`, whatever it is that it signs.
pub fn is_chosen(all: &[Listed], id: CertificateId, now: Instant) -> bool {
    let for_documents = Family::ALL.into_iter().filter_map(|family| chosen_for(all, family, now));
    for_documents.chain(chosen(all, now)).any(|one| one.id == id)
}

/// A unit's certificates out of all.
pub fn of_unit_in(all: &[Listed], unit: UnitId) -> Vec<Listed> {
    all.iter().filter(|certificate| certificate.unit == unit).cloned().collect()
}

/// When the choice among a unit's certificates changes next after `now`, as far as is known today.
pub fn next_change(all: &[Listed], now: Instant) -> Option<Instant> {
    all.iter()
        .flat_map(|certificate| [certificate.active_from, certificate.not_after])
        .filter(|at| *at > now)
        .min()
}

/// A certificate with its secret in the clear.
pub fn load(conn: &mut Conn, vault: &Vault, unit: UnitId, id: CertificateId) -> Result<StoredCertificate> {
    type Columns = (String, KeyId, Vec<u8>, Instant, Instant, String, String);
    let row: Option<Columns> = signing_certificate::table
        .find((unit, id))
        .select((
            signing_certificate::chain_pem,
            signing_certificate::key_id,
            signing_certificate::key_cipher,
            signing_certificate::not_before,
            signing_certificate::not_after,
            signing_certificate::signer,
            signing_certificate::parameters,
        ))
        .first(conn)
        .optional()
        .classify()?;
    let Some((chain_pem, key_id, cipher, not_before, not_after, signer, parameters)) = row else {
        return Err(Error::not_found("certificate_not_found", "no such certificate"));
    };
    let secret = String::from_utf8(vault.open(conn, unit, key_id, &context(id), &cipher)?)
        .map_err(|_| Error::internal("a stored key is no text"))?;
    Ok(StoredCertificate {
        unit,
        id,
        chain_pem,
        secret: SecretString::from(secret),
        signer: SignerKind::parse(&signer)?,
        parameters,
        not_before,
        not_after,
    })
}

/// The certificates of a unit, old ones too: they verify what they signed.
pub fn of_unit(conn: &mut Conn, unit: UnitId) -> Result<Vec<Listed>> {
    list(conn, Some(unit))
}

/// The certificates of all units in scope.
pub fn all(conn: &mut Conn) -> Result<Vec<Listed>> {
    list(conn, None)
}

type ListedColumns = (
    (UnitId, CertificateId, String, String, String),
    (String, Instant, Instant, Option<Instant>, bool),
    (Option<Instant>, Option<String>),
);

fn list(conn: &mut Conn, unit: Option<UnitId>) -> Result<Vec<Listed>> {
    let mut found = signing_certificate::table
        .left_join(
            certificate_revocation::table.on(certificate_revocation::unit_id
                .eq(signing_certificate::unit_id)
                .and(certificate_revocation::certificate_id.eq(signing_certificate::id))),
        )
        .order((signing_certificate::unit_id, signing_certificate::id))
        .select((
            (
                signing_certificate::unit_id,
                signing_certificate::id,
                signing_certificate::subject,
                signing_certificate::serial,
                signing_certificate::chain_pem,
            ),
            (
                signing_certificate::signer,
                signing_certificate::not_before,
                signing_certificate::not_after,
                signing_certificate::active_from,
                signing_certificate::is_test,
            ),
            (certificate_revocation::revoked_at.nullable(), signing_certificate::issuer),
        ))
        .into_boxed();
    if let Some(unit) = unit {
        found = found.filter(signing_certificate::unit_id.eq(unit));
    }
    let rows: Vec<ListedColumns> = found.load(conn).classify()?;
    let listings = registration::listings(conn, unit)?;
    let none = Listing::default();
    let by_two = certificate_stop_query::stopped(conn, unit)?;
    Ok(rows
        .into_iter()
        .map(|(name, way, (revoked_at, issuer))| {
            let listing = listings.get(&name.0).unwrap_or(&none);
            Listed {
                is_stopped: by_two.contains(&(name.0, name.1)) || listing.stops(issuer.as_deref(), &name.3),
                listed_for: listing.families(issuer.as_deref(), &name.3),
                unit: name.0,
                id: name.1,
                subject: name.2,
                serial: name.3,
                issuer: issuer.unwrap_or_default(),
                chain_pem: name.4,
                signer: way.0,
                not_after: way.2,
                active_from: way.3.unwrap_or(way.1).max(way.1),
                is_test: way.4,
                revoked_at,
            }
        })
        .collect())
}

/// The PEM of a signing certificate of one of the units, with the authorities that lead from it to one that others
/// trust.
pub fn pem(conn: &mut Conn, units: &[UnitId], id: CertificateId) -> Result<Option<String>> {
    let units: Vec<i64> = units.iter().map(|unit| unit.0).collect();
    signing_certificate::table
        .filter(signing_certificate::unit_id.eq_any(units))
        .filter(signing_certificate::id.eq(id))
        .select(signing_certificate::chain_pem)
        .first(conn)
        .optional()
        .classify()
}
