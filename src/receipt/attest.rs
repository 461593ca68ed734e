//! Detached signatures over certificates of ours: RSA PKCS#1 v1.5 with SHA-256 over exactly the
//! stored bytes.

use std::collections::HashMap;

use super::certificate::SigningCertificate;
use super::key::certificates_in;
use super::seal::Held;
use super::sign::Signer;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{CertificateId, UnitId};
use crate::store::Conn;
use crate::unit;

/// Signs a document and checks the signature before anything is stored.
///
/// # Errors
/// `certificate_not_valid` outside the certificate's validity; those of the signer.
pub fn attest(held: &Held, document: &[u8], at: Instant) -> Result<Vec<u8>> {
    let certificate = held.signer.certificate();
    if !certificate.is_valid_at(at) {
        return Err(Error::conflict(
            "certificate_not_valid",
            "the signing certificate is not valid at this time",
        ));
    }
    let signature = held
        .signer
        .sign(&[document])?
        .pop()
        .ok_or_else(|| Error::internal("the signer returned no signature"))?;
    if !certificate.verifies(document, &signature) {
        return Err(Error::internal("the signer returned a signature that does not verify"));
    }
    Ok(signature)
}

/// The certificates that signed, read once each.
#[derive(Default)]
pub struct Attesters {
    known: HashMap<CertificateId, Option<SigningCertificate>>,
}

impl Attesters {
    /// What is wrong with a signature of the unit's, or of the city's, certificate.
    pub fn fault(
        &mut self,
        conn: &mut Conn,
        unit: UnitId,
        signed_by: CertificateId,
        at: Instant,
        document: &[u8],
        signature: &[u8],
    ) -> Result<Option<&'static str>> {
        if let std::collections::hash_map::Entry::Vacant(free) = self.known.entry(signed_by) {
            let pem = unit::certificate::pem(conn, &[unit, unit::CITY], signed_by)?;
            let der = pem.and_then(|pem| certificates_in(&pem).ok()).and_then(|all| all.into_iter().next());
            free.insert(der.and_then(|der| SigningCertificate::from_der(&der).ok()));
        }
        let Some(Some(signer)) = self.known.get(&signed_by) else {
            return Ok(Some("the signing certificate is not there"));
        };
        let is_signed = signer.is_valid_at(at) && signer.verifies(document, signature);
        Ok((!is_signed).then_some("the signature does not verify"))
    }
}
