//! Signing certificates of units and their keys, encrypted at rest.

use diesel::prelude::*;
use secrecy::{ExposeSecret, SecretString};

use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{CertificateId, KeyId, UnitId};
use crate::store::failure::{self, Classify};
use crate::store::schema::signing_certificate;
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp, Tx, rows};

/// A certificate to be stored with its private key.
pub struct NewCertificate<'a> {
    pub unit: UnitId,
    pub subject: String,
    pub serial: String,
    pub certificate_pem: String,
    pub chain_pem: String,
    /// The private key as PEM.
    pub key_pem: &'a SecretString,
    pub not_before: Instant,
    pub not_after: Instant,
    pub is_test: bool,
}

/// A stored certificate with its key in the clear; keep it short-lived.
pub struct StoredCertificate {
    pub unit: UnitId,
    pub id: CertificateId,
    pub chain_pem: String,
    pub key_pem: SecretString,
    pub not_before: Instant,
    pub not_after: Instant,
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
    }
}

fn context(id: CertificateId) -> String {
    format!("signing_certificate/{}", id.0)
}

pub fn store(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    new: NewCertificate<'_>,
) -> Result<CertificateId> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    super::registration::require_listed(tx, new.unit, &new.serial)?;
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
        }],
    )
    .map_err(|error| match error.code() {
        failure::UNIQUE => Error::conflict("certificate_exists", "this certificate is stored already"),
        _ => error,
    })?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, new.unit, "certificate.stored", id)])?;
    Ok(id)
}

/// The newest certificate of the unit that is valid at `now`.
pub fn current(
    conn: &mut Conn,
    vault: &Vault,
    unit: UnitId,
    now: Instant,
) -> Result<Option<StoredCertificate>> {
    let row: Option<(CertificateId, String, KeyId, Vec<u8>, Instant, Instant)> = signing_certificate::table
        .filter(signing_certificate::unit_id.eq(unit))
        .filter(signing_certificate::not_before.le(now))
        .filter(signing_certificate::not_after.gt(now))
        .order(signing_certificate::id.desc())
        .select((
            signing_certificate::id,
            signing_certificate::chain_pem,
            signing_certificate::key_id,
            signing_certificate::key_cipher,
            signing_certificate::not_before,
            signing_certificate::not_after,
        ))
        .first(conn)
        .optional()
        .classify()?;
    let Some((id, chain_pem, key_id, cipher, not_before, not_after)) = row else { return Ok(None) };
    let key_pem = String::from_utf8(vault.open(conn, unit, key_id, &context(id), &cipher)?)
        .map_err(|_| Error::internal("a stored key is no PEM text"))?;
    Ok(Some(StoredCertificate {
        unit,
        id,
        chain_pem,
        key_pem: SecretString::from(key_pem),
        not_before,
        not_after,
    }))
}

/// The PEM of a signing certificate of one of the units.
pub fn pem(conn: &mut Conn, units: &[UnitId], id: CertificateId) -> Result<Option<String>> {
    let units: Vec<i64> = units.iter().map(|unit| unit.0).collect();
    signing_certificate::table
        .filter(signing_certificate::unit_id.eq_any(units))
        .filter(signing_certificate::id.eq(id))
        .select(signing_certificate::certificate_pem)
        .first(conn)
        .optional()
        .classify()
}
