//! Certificates for trials, from an authority that nobody can mistake for a real one.

use std::time::Duration;

use rcgen::string::PrintableString;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256, date_time_ymd,
};
use rsa::RsaPrivateKey;
use rsa::pkcs8::EncodePrivateKey;
use rsa::rand_core::OsRng;
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use super::{Encoding, SigningKey, certificates_in};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::receipt::certificate::{KEY_BITS_MIN, TEST_MARK};

const AUTHORITY_NAME: &str = "bienlai TEST CA";
/// UID, in which Vietnamese authorities put `MST:<tax code>`.
const USER_ID: &[u64] = &[0, 9, 2342, 19_200_300, 100, 1, 1];
const AUTHORITY_VALID_DAYS: u32 = 3_650;
const DAY_S: i64 = 86_400;

/// A certification authority for trials: its name says that it has no legal value.
pub struct TestAuthority {
    key: KeyPair,
    certificate_pem: String,
}

impl TestAuthority {
    /// The certificate that goes into a trust store.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The authority's key as PEM, to issue more certificates later.
    pub fn key_pem(&self) -> SecretString {
        SecretString::from(self.key.serialize_pem())
    }

    /// Reads back what `key_pem` and `certificate_pem` gave.
    ///
    /// # Errors
    /// `key_file_unreadable`, `key_certificate_mismatch`.
    pub fn from_pem(key_pem: &SecretString, certificate_pem: &str) -> Result<TestAuthority> {
        let key = KeyPair::from_pkcs8_pem_and_sign_algo(key_pem.expose_secret(), &PKCS_RSA_SHA256)
            .map_err(|_| super::unreadable("not the key of a test authority"))?;
        let certificates = certificates_in(certificate_pem)?;
        let [only] = certificates.as_slice() else {
            return Err(super::unreadable("expected exactly one certificate of a test authority"));
        };
        if !super::has_key(only, key.public_key_raw()) {
            let detail = "the certificate belongs to another key";
            return Err(Error::invalid("certificate", "key_certificate_mismatch", detail));
        }
        Ok(TestAuthority { key, certificate_pem: certificate_pem.to_owned() })
    }
}

/// Makes an authority for trials, valid for ten years from `now`.
///
/// # Errors
/// `Internal` when no key can be made.
pub fn test_authority(now: Instant) -> Result<TestAuthority> {
    let key = new_key()?;
    let mut params = params(authority_name()?, now, AUTHORITY_VALID_DAYS);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = params.self_signed(&key).map_err(issuing_failed)?;
    Ok(TestAuthority { key, certificate_pem: certificate.pem() })
}

/// Issues a certificate with a new RSA-2048 key for `subject_name` with `tax_code` in its UID.
///
/// # Errors
/// `Internal` when no key or certificate can be made.
pub fn issue_test_certificate(
    authority: &TestAuthority,
    subject_name: &str,
    tax_code: &str,
    now: Instant,
    validity_days: u32,
) -> Result<SigningKey> {
    let key = new_key()?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CountryName, country()?);
    subject.push(DnType::OrganizationalUnitName, TEST_MARK);
    subject.push(DnType::CommonName, subject_name);
    subject.push(DnType::CustomDnType(USER_ID.to_vec()), format!("MST:{tax_code}"));
    let mut params = params(subject, now, validity_days);
    params.is_ca = IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];

    let mut issuer_params = CertificateParams::default();
    issuer_params.distinguished_name = authority_name()?;
    let issuer = Issuer::from_params(&issuer_params, &authority.key);
    let certificate = params.signed_by(&key, &issuer).map_err(issuing_failed)?;
    let mut chain = vec![certificate.der().to_vec()];
    chain.extend(certificates_in(&authority.certificate_pem)?);
    SigningKey::checked(SecretSlice::from(key.serialize_der()), Encoding::Pkcs8, chain, tax_code)
}

fn params(subject: DistinguishedName, now: Instant, validity_days: u32) -> CertificateParams {
    let epoch = date_time_ymd(1970, 1, 1);
    let from_s = now.seconds().max(0);
    let until_s = from_s.saturating_add(i64::from(validity_days) * DAY_S);
    let mut params = CertificateParams::default();
    params.distinguished_name = subject;
    params.not_before = epoch + Duration::from_secs(from_s.unsigned_abs());
    params.not_after = epoch + Duration::from_secs(until_s.unsigned_abs());
    params
}

fn authority_name() -> Result<DistinguishedName> {
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, country()?);
    name.push(DnType::OrganizationName, TEST_MARK);
    name.push(DnType::CommonName, AUTHORITY_NAME);
    Ok(name)
}

fn country() -> Result<DnValue> {
    PrintableString::try_from("VN").map(DnValue::PrintableString).map_err(issuing_failed)
}

fn new_key() -> Result<KeyPair> {
    let key = RsaPrivateKey::new(&mut OsRng, KEY_BITS_MIN)
        .map_err(|_| Error::internal("no RSA key could be made"))?;
    let der = key.to_pkcs8_der().map_err(|_| Error::internal("the new RSA key could not be encoded"))?;
    KeyPair::from_pkcs8_der_and_sign_algo(&der.as_bytes().into(), &PKCS_RSA_SHA256).map_err(issuing_failed)
}

#[track_caller]
fn issuing_failed(error: rcgen::Error) -> Error {
    Error::internal(format!("the test certificate could not be issued: {error}"))
}
