//! Certificates for trials, from an authority that nobody can mistake for a real one.

use std::time::Duration;

use rcgen::string::PrintableString;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
    CustomExtension, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RevokedCertParams, SerialNumber,
    date_time_ymd,
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
const EXTENDED_KEY_USAGE: &[u64] = &[2, 5, 29, 37];
/// DER of a list with id-kp-timeStamping alone.
const STAMPING_ONLY: [u8; 12] = [0x30, 0x0a, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 8];

/// A moment as `rcgen` wants it.
macro_rules! moment {
    ($at:expr) => {
        date_time_ymd(1970, 1, 1) + Duration::from_secs($at.seconds().max(0).unsigned_abs())
    };
}

/// Where the keys of certificates come from, as PKCS#8 in DER.
pub type KeySource = fn() -> Result<SecretSlice<u8>>;

/// A certification authority for trials: its name says that it has no legal value.
pub struct TestAuthority {
    key: KeyPair,
    certificate_pem: String,
    keys: KeySource,
}

impl TestAuthority {
    /// The same authority, whose certificates are for RSA keys that somebody made beforehand: a key takes a second
    /// to make, and trials issue certificates by the hundred.
    pub fn with_keys(self, keys: KeySource) -> TestAuthority {
        TestAuthority { keys, ..self }
    }

    /// The certificate that goes into a trust store.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The authority's key as PEM, to issue more certificates later.
    pub fn key_pem(&self) -> SecretString {
        SecretString::from(self.key.serialize_pem())
    }

    /// DER of the certificate.
    ///
    /// # Errors
    /// `key_file_unreadable`.
    pub fn certificate_der(&self) -> Result<Vec<u8>> {
        let first = certificates_in(&self.certificate_pem)?.into_iter().next();
        first.ok_or_else(|| super::unreadable("no certificate of a test authority"))
    }

    /// A revocation list of a day with these serial numbers, as DER.
    ///
    /// # Errors
    /// `Internal`.
    pub fn revocation_list(&self, revoked: &[(Vec<u8>, Instant)], now: Instant) -> Result<Vec<u8>> {
        let list = CertificateRevocationListParams {
            this_update: moment!(now),
            next_update: moment!(now.plus_seconds(DAY_S)),
            crl_number: SerialNumber::from(now.seconds().unsigned_abs()),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .iter()
                .map(|(serial, at)| RevokedCertParams {
                    serial_number: SerialNumber::from_slice(serial),
                    revocation_time: moment!(*at),
                    reason_code: None,
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let mut params = CertificateParams::default();
        params.distinguished_name = authority_name()?;
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = Issuer::from_params(&params, &self.key);
        Ok(list.signed_by(&issuer).map_err(issuing_failed)?.der().to_vec())
    }

    /// With SHA-256, as it signs its lists.
    ///
    /// # Errors
    /// `Internal`.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        rcgen::SigningKey::sign(&self.key, message).map_err(issuing_failed)
    }

    /// A time stamping authority's key and certificate (RFC 3161, 2.3: that purpose alone, critical).
    ///
    /// # Errors
    /// `Internal`.
    pub fn stamping(&self, now: Instant, validity_days: u32) -> Result<TestDelegate> {
        let key = pair(&(self.keys)()?)?;
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CountryName, country()?);
        subject.push(DnType::CommonName, "bienlai TEST TSA");
        let mut params = params(subject, now, validity_days);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let mut usage = CustomExtension::from_oid_content(EXTENDED_KEY_USAGE, STAMPING_ONLY.to_vec());
        usage.set_criticality(true);
        params.custom_extensions = vec![usage];
        self.delegate(key, &params)
    }

    /// A key and certificate for answers about certificates (RFC 6960, 4.2.2.2), as authorities have them made
    /// anew every few weeks.
    ///
    /// # Errors
    /// `Internal`.
    pub fn responding(&self, now: Instant, validity_days: u32) -> Result<TestDelegate> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(issuing_failed)?;
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CountryName, country()?);
        subject.push(DnType::CommonName, "bienlai TEST OCSP");
        let mut params = params(subject, now, validity_days);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
        self.delegate(key, &params)
    }

    fn delegate(&self, key: KeyPair, params: &CertificateParams) -> Result<TestDelegate> {
        let mut issuer_params = CertificateParams::default();
        issuer_params.distinguished_name = authority_name()?;
        let issuer = Issuer::from_params(&issuer_params, &self.key);
        let certificate = params.signed_by(&key, &issuer).map_err(issuing_failed)?.der().to_vec();
        Ok(TestDelegate { key, certificate })
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
        Ok(TestAuthority { key, certificate_pem: certificate_pem.to_owned(), keys: new_key })
    }
}

/// Who speaks for an authority for trials: stamps, or answers about certificates.
pub struct TestDelegate {
    key: KeyPair,
    certificate: Vec<u8>,
}

impl TestDelegate {
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }

    /// With SHA-256: RSA PKCS#1 v1.5 who stamps, ECDSA who answers.
    ///
    /// # Errors
    /// `Internal`.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        rcgen::SigningKey::sign(&self.key, message).map_err(issuing_failed)
    }
}

/// Makes an authority for trials, valid for ten years from `now`.
///
/// # Errors
/// `Internal` when no key can be made.
pub fn test_authority(now: Instant) -> Result<TestAuthority> {
    let key = pair(&new_key()?)?;
    let mut params = params(authority_name()?, now, AUTHORITY_VALID_DAYS);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = params.self_signed(&key).map_err(issuing_failed)?;
    Ok(TestAuthority { key, certificate_pem: certificate.pem(), keys: new_key })
}

/// Issues a certificate for `subject_name` with `tax_code` in its UID, and an RSA-2048 key: a new one unless the
/// authority has its keys from elsewhere.
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
    issue_with_list(authority, subject_name, tax_code, now, validity_days, None)
}

/// The same, with the address of the authority's revocation list in it.
///
/// # Errors
/// As `issue_test_certificate`.
pub fn issue_with_list(
    authority: &TestAuthority,
    subject_name: &str,
    tax_code: &str,
    now: Instant,
    validity_days: u32,
    list_url: Option<&str>,
) -> Result<SigningKey> {
    let (key, term) = ((authority.keys)()?, (now, validity_days));
    issue(authority, &key, (subject_name, tax_code), term, list_url)
}

/// The same for an RSA key that is there already, as PKCS#8 in DER: a key takes a second to make, a certificate of it
/// none.
///
/// # Errors
/// As `issue_test_certificate`.
pub fn issue_for_key(
    authority: &TestAuthority,
    key: &SecretSlice<u8>,
    subject_name: &str,
    tax_code: &str,
    now: Instant,
    validity_days: u32,
) -> Result<SigningKey> {
    issue(authority, key, (subject_name, tax_code), (now, validity_days), None)
}

fn issue(
    authority: &TestAuthority,
    key: &SecretSlice<u8>,
    (subject_name, tax_code): (&str, &str),
    (now, validity_days): (Instant, u32),
    list_url: Option<&str>,
) -> Result<SigningKey> {
    let key = pair(key)?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CountryName, country()?);
    subject.push(DnType::OrganizationalUnitName, TEST_MARK);
    subject.push(DnType::CommonName, subject_name);
    subject.push(DnType::CustomDnType(USER_ID.to_vec()), format!("MST:{tax_code}"));
    let mut params = params(subject, now, validity_days);
    params.is_ca = IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    let points = list_url.map(|url| CrlDistributionPoint { uris: vec![url.to_owned()] });
    params.crl_distribution_points = points.into_iter().collect();

    let mut issuer_params = CertificateParams::default();
    issuer_params.distinguished_name = authority_name()?;
    let issuer = Issuer::from_params(&issuer_params, &authority.key);
    let certificate = params.signed_by(&key, &issuer).map_err(issuing_failed)?;
    let mut chain = vec![certificate.der().to_vec()];
    chain.extend(certificates_in(&authority.certificate_pem)?);
    SigningKey::checked(SecretSlice::from(key.serialize_der()), Encoding::Pkcs8, chain, tax_code)
}

fn params(subject: DistinguishedName, now: Instant, validity_days: u32) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = subject;
    params.not_before = moment!(now);
    params.not_after = moment!(now.plus_seconds(i64::from(validity_days) * DAY_S));
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

/// A new RSA key.
///
/// # Errors
/// `Internal`.
pub fn new_key() -> Result<SecretSlice<u8>> {
    let key = RsaPrivateKey::new(&mut OsRng, KEY_BITS_MIN)
        .map_err(|_| Error::internal("no RSA key could be made"))?;
    let der = key.to_pkcs8_der().map_err(|_| Error::internal("the new RSA key could not be encoded"))?;
    Ok(SecretSlice::from(der.as_bytes().to_vec()))
}

fn pair(der: &SecretSlice<u8>) -> Result<KeyPair> {
    KeyPair::from_pkcs8_der_and_sign_algo(&der.expose_secret().into(), &PKCS_RSA_SHA256)
        .map_err(issuing_failed)
}

#[track_caller]
fn issuing_failed(error: rcgen::Error) -> Error {
    Error::internal(format!("the test certificate could not be issued: {error}"))
}
