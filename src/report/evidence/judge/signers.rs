//! Who signed the pieces of a bundle.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::{Judgement, Terms};
use crate::clock::Instant;
use crate::receipt::certificate::SigningCertificate;
use crate::receipt::key::certificates_in;
use crate::receipt::verify::trust::Trust;

/// A signature with when it was made.
pub(super) struct Signature<'s> {
    pub message: &'s [u8],
    /// Base64.
    pub value: &'s str,
    pub signer: &'s str,
    pub at: Instant,
}

/// A certificate with those that lead from it to an authority.
type Read = (SigningCertificate, Vec<Vec<u8>>);

/// The certificates of a piece, read once.
#[derive(Default)]
pub(super) struct Signers {
    read: BTreeMap<String, Option<Read>>,
}

impl Signers {
    pub(super) fn of(pems: &BTreeMap<String, String>) -> Signers {
        let mut signers = Signers::default();
        pems.iter().for_each(|(name, pem)| signers.add(name, pem));
        signers
    }

    /// The first certificate under a name counts: a later one could not have signed what went before.
    pub(super) fn add(&mut self, name: &str, pem: &str) {
        self.read.entry(name.to_owned()).or_insert_with(|| read(pem));
    }

    /// The serial number of a signer's certificate.
    pub(super) fn serial(&self, name: &str) -> Option<&str> {
        self.read.get(name)?.as_ref().map(|(certificate, _)| certificate.serial())
    }

    /// Judges a signature at the time it was made; what is wrong with it.
    pub(super) fn fault(
        &self,
        signature: &Signature<'_>,
        terms: &Terms<'_>,
        found: &mut Judgement,
    ) -> Option<String> {
        let Some(Some((certificate, chain))) = self.read.get(signature.signer) else {
            return Some("the signing certificate is not there".to_owned());
        };
        let Ok(value) = BASE64.decode(signature.value) else {
            return Some("the signature does not decode".to_owned());
        };
        if !certificate.verifies(signature.message, &value) {
            return Some("the signature does not verify".to_owned());
        }
        if !certificate.is_valid_at(signature.at) {
            return Some("the certificate was not valid when it signed".to_owned());
        }
        if let Some(stranger) = stranger(certificate, terms) {
            return Some(stranger);
        }
        let trust = terms.trust.trust_of(certificate.der(), chain, signature.at);
        if !matches!(trust, Trust::Ok | Trust::Test | Trust::NotChecked) {
            found.distrust(signature.signer);
        }
        None
    }

    /// Signers that have nothing to do with the unit, for pieces that judge their signatures themselves.
    pub(super) fn strangers(&self, terms: &Terms<'_>) -> Vec<String> {
        self.read.values().flatten().filter_map(|(certificate, _)| stranger(certificate, terms)).collect()
    }
}

fn read(pem: &str) -> Option<Read> {
    let mut chain = certificates_in(pem).ok()?;
    let own = if chain.is_empty() { return None } else { chain.remove(0) };
    Some((SigningCertificate::from_der(&own).ok()?, chain))
}

/// An authority vouches for many; that it vouches for somebody makes nobody the unit.
fn stranger(certificate: &SigningCertificate, terms: &Terms<'_>) -> Option<String> {
    match certificate.tax_code() {
        Some(tax_code) if terms.may_act(tax_code) => None,
        Some(tax_code) => Some(format!(
            "is signed by tax code {tax_code}, which is neither the unit's nor named as entrusted"
        )),
        None => Some("is signed by a certificate without a tax code".to_owned()),
    }
}
