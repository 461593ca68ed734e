//! The test key, the test authority and a signed receipt for tests of this room.

use secrecy::SecretString;

use super::content::sample;
use super::key::SigningKey;
use super::profile;
use super::sign::{Signer, SoftwareSigner, sign_batch};
use super::verify::TrustStore;
use super::xml;
use crate::clock::Instant;
use crate::receipt::Content;

pub const AUTHORITY_PEM: &str = include_str!("../../fixtures/receipt/test-only-ca.pem");
pub const AUTHORITY_KEY_PEM: &str = include_str!("../../fixtures/receipt/test-only-ca-key.pem");
pub const SIGNER_PEM: &str = include_str!("../../fixtures/receipt/test-only-signer.pem");
pub const OTHER_SIGNER_PEM: &str = include_str!("../../fixtures/receipt/test-only-other-signer.pem");
pub const TAX_CODE: &str = "9900000009";
pub const OTHER_TAX_CODE: &str = "9900000016";
pub const BODY_ID: &str = "BL-rcp-42";

pub fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

pub fn signing_time() -> Instant {
    at("2026-09-01T09:30:15+07:00")
}

pub fn now() -> Instant {
    at("2026-09-02T08:00:00+07:00")
}

pub fn trust() -> TrustStore {
    TrustStore::from_pem(AUTHORITY_PEM).unwrap()
}

pub fn signing_key(pem: &str, tax_code: &str) -> SigningKey {
    SigningKey::from_pem(&SecretString::from(pem), pem, tax_code).unwrap()
}

pub fn signer() -> SoftwareSigner {
    signing_key(SIGNER_PEM, TAX_CODE).signer().unwrap()
}

pub fn body_of(content: &Content) -> Vec<u8> {
    let numbering = sample::numbering();
    xml::body(content, &numbering, profile::for_day(numbering.issued_on), BODY_ID)
}

pub fn signed_by(signer: &dyn Signer, body: &[u8], signing_time: Instant) -> Vec<u8> {
    sign_batch(&[body], signer, signing_time).unwrap().remove(0)
}

/// The sample receipt, signed.
pub fn document() -> Vec<u8> {
    signed_by(&signer(), &body_of(&sample::content()), signing_time())
}

pub fn document_text() -> String {
    String::from_utf8(document()).unwrap()
}
