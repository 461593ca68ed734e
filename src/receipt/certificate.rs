//! Signing certificates: what a receipt's verifier and signer need to know of an X.509 certificate.

use std::fmt;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::digest::{SHA256, digest};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use x509_parser::asn1_rs::{Tag, ToDer};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use super::xml::push_text;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::text::hex;

/// The organisation name in the issuer of every certificate made for trials. A certificate that
/// carries it is reported as a test certificate wherever it is shown.
pub const TEST_MARK: &str = "bienlai TEST CA - KHÔNG CÓ GIÁ TRỊ PHÁP LÝ";

/// Shorter RSA keys are refused for signing and for verifying.
pub const KEY_BITS_MIN: usize = 2048;
/// Longer ones are beyond what `ring` computes with.
const KEY_BITS_MAX: usize = 8192;
/// A certificate is 1 to 3 kB; more is not one.
const DER_BYTES_LIMIT: usize = 16 * 1024;

// Names of attributes and algorithms as DER has them: comparing them costs no text.
/// 1.2.840.113549.1.1.1
const RSA_ENCRYPTION: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01";
/// 2.5.4.10
const ORGANISATION: &[u8] = b"\x55\x04\x0A";
/// UID (0.9.2342.19200300.100.1.1), in which Vietnamese authorities put `MST:<tax code>` (also `CCCD:` and
/// `MNS:`).
const USER_ID: &[u8] = b"\x09\x92\x26\x89\x93\xF2\x2C\x64\x01\x01";

/// A certificate with an RSA key of at least 2048 bits, read once and kept with everything that is
/// constant for every document it signs.
#[derive(Clone)]
pub struct SigningCertificate {
    der: Vec<u8>,
    public_key: Vec<u8>,
    subject: String,
    issuer: String,
    serial: String,
    tax_code: Option<String>,
    valid_from: Instant,
    valid_until: Instant,
    is_test: bool,
    /// Written for the first signature; who only verifies never needs it.
    key_info_xml: OnceLock<String>,
}

impl SigningCertificate {
    /// Reads a DER certificate.
    ///
    /// # Errors
    /// `certificate_unreadable`, `certificate_key_not_rsa`, `certificate_key_too_short`.
    pub fn from_der(der: &[u8]) -> Result<SigningCertificate> {
        SigningCertificate::of(&parse(der)?)
    }

    /// The same of a certificate that is parsed already.
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Result<SigningCertificate> {
        Ok(SigningCertificate {
            public_key: rsa_public_key(certificate)?,
            issuer: distinguished_name(certificate.issuer()),
            serial: hex(certificate.tbs_certificate.raw_serial()),
            tax_code: tax_code(certificate.subject()),
            valid_from: Instant::from_ms(certificate.validity().not_before.timestamp() * 1_000),
            valid_until: Instant::from_ms(certificate.validity().not_after.timestamp() * 1_000),
            is_test: is_test(certificate.issuer()),
            der: certificate.as_raw().to_vec(),
            subject: distinguished_name(certificate.subject()),
            key_info_xml: OnceLock::new(),
        })
    }

    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The subject as RFC 4514 writes it: `CN=…,O=…,UID=MST:…,C=VN`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The serial number in hexadecimal.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// The tax code after `MST:` in the subject; None when there is none or more than one.
    pub fn tax_code(&self) -> Option<&str> {
        self.tax_code.as_deref()
    }

    pub fn valid_from(&self) -> Instant {
        self.valid_from
    }

    pub fn valid_until(&self) -> Instant {
        self.valid_until
    }

    pub fn is_valid_at(&self, at: Instant) -> bool {
        (self.valid_from..=self.valid_until).contains(&at)
    }

    /// Made for trials, by the mark in its issuer.
    pub fn is_test(&self) -> bool {
        self.is_test
    }

    /// SHA-256 of the certificate in hexadecimal.
    pub fn fingerprint(&self) -> String {
        hex(digest(&SHA256, &self.der).as_ref())
    }

    /// PKCS#1 `RSAPublicKey` in DER.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// `<KeyInfo>…</KeyInfo>` of every signature made with this certificate.
    pub(super) fn key_info_xml(&self) -> &str {
        self.key_info_xml.get_or_init(|| {
            let mut xml = String::with_capacity(self.der.len() * 4 / 3 + 256);
            xml.push_str("<KeyInfo><X509Data><X509SubjectName>");
            push_text(&mut xml, &self.subject);
            xml.push_str("</X509SubjectName><X509Certificate>");
            BASE64.encode_string(&self.der, &mut xml);
            xml.push_str("</X509Certificate></X509Data></KeyInfo>");
            xml
        })
    }

    /// Whether `signature` is RSA PKCS#1 v1.5 with SHA-256 over `message` by this key.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.public_key)
            .verify(message, signature)
            .is_ok()
    }
}

/// Everything else is read from the DER.
impl PartialEq for SigningCertificate {
    fn eq(&self, other: &SigningCertificate) -> bool {
        self.der == other.der
    }
}

impl Eq for SigningCertificate {}

impl fmt::Debug for SigningCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningCertificate({} by {})", self.serial, self.issuer)
    }
}

/// Reads DER with nothing behind it.
pub(super) fn parse(der: &[u8]) -> Result<X509Certificate<'_>> {
    let unreadable =
        || Error::invalid("certificate", "certificate_unreadable", "not an X.509 certificate in DER");
    if der.len() > DER_BYTES_LIMIT {
        return Err(unreadable());
    }
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        _ => Err(unreadable()),
    }
}

fn rsa_public_key(certificate: &X509Certificate<'_>) -> Result<Vec<u8>> {
    let not_rsa = || Error::invalid("certificate", "certificate_key_not_rsa", "expected an RSA key");
    let info = certificate.public_key();
    if info.algorithm.algorithm.as_bytes() != RSA_ENCRYPTION {
        return Err(not_rsa());
    }
    let Ok(PublicKey::RSA(key)) = info.parsed() else { return Err(not_rsa()) };
    if !(KEY_BITS_MIN..=KEY_BITS_MAX).contains(&key.key_size()) {
        let detail = format!("expected an RSA key of {KEY_BITS_MIN} to {KEY_BITS_MAX} bits");
        return Err(Error::invalid("certificate", "certificate_key_too_short", detail));
    }
    Ok(info.subject_public_key.data.to_vec())
}

/// Two tax codes in one subject would leave open for whom it signs.
fn tax_code(subject: &X509Name<'_>) -> Option<String> {
    let mut codes =
        values(subject, USER_ID).filter_map(|value| value.strip_prefix("MST:").map(str::to_owned));
    codes.next().filter(|_| codes.next().is_none())
}

/// Every value that the subject has as UID: `MST:…`, `CCCD:…`, `MNS:…`.
pub(super) fn user_ids(subject: &X509Name<'_>) -> Vec<String> {
    values(subject, USER_ID).collect()
}

/// Whether the name carries the mark of trials.
pub(super) fn is_test(name: &X509Name<'_>) -> bool {
    values(name, ORGANISATION).any(|value| value == TEST_MARK)
}

fn values(name: &X509Name<'_>, oid: &'static [u8]) -> impl Iterator<Item = String> {
    name.iter_attributes()
        .filter(move |attribute| attribute.attr_type().as_bytes() == oid)
        .filter_map(value_text)
}

/// The value as text. Older authorities still write BMPString, UniversalString and T61String.
fn value_text(attribute: &AttributeTypeAndValue<'_>) -> Option<String> {
    if let Ok(text) = attribute.as_str() {
        return Some(text.to_owned());
    }
    let value = attribute.attr_value();
    match value.tag() {
        Tag::BmpString => {
            let pairs = value.data.chunks_exact(2);
            let is_whole = pairs.remainder().is_empty();
            let units: Vec<u16> = pairs.map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            String::from_utf16(&units).ok().filter(|_| is_whole)
        }
        Tag::UniversalString => {
            let fours = value.data.chunks_exact(4);
            let is_whole = fours.remainder().is_empty();
            let text =
                fours.map(|four| char::from_u32(u32::from_be_bytes([four[0], four[1], four[2], four[3]])));
            text.collect::<Option<String>>().filter(|_| is_whole)
        }
        // What is in use of it is Latin-1.
        Tag::T61String => Some(value.data.iter().copied().map(char::from).collect()),
        _ => None,
    }
}

/// A name as RFC 4514 writes it: last part first, reserved characters escaped.
pub(super) fn distinguished_name(name: &X509Name<'_>) -> String {
    let mut parts: Vec<String> =
        name.iter_rdn().map(|part| part.iter().map(attribute_text).collect::<Vec<_>>().join("+")).collect();
    parts.reverse();
    parts.join(",")
}

fn attribute_text(attribute: &AttributeTypeAndValue<'_>) -> String {
    let oid = attribute.attr_type();
    match (short_name(oid.as_bytes()), value_text(attribute)) {
        (Some(name), Some(value)) => format!("{name}={}", escaped(&value)),
        (name, _) => {
            let name = name.map_or_else(|| oid.to_id_string(), str::to_owned);
            let value = attribute.attr_value().to_der_vec().unwrap_or_default();
            format!("{name}=#{}", hex(&value))
        }
    }
}

/// The short names of RFC 4514, section 3, and the one that every program has for an e-mail address.
fn short_name(oid: &[u8]) -> Option<&'static str> {
    Some(match oid {
        b"\x55\x04\x03" => "CN",
        b"\x55\x04\x07" => "L",
        b"\x55\x04\x08" => "ST",
        ORGANISATION => "O",
        b"\x55\x04\x0B" => "OU",
        b"\x55\x04\x06" => "C",
        b"\x55\x04\x09" => "STREET",
        b"\x09\x92\x26\x89\x93\xF2\x2C\x64\x01\x19" => "DC",
        USER_ID => "UID",
        b"\x2A\x86\x48\x86\xF7\x0D\x01\x09\x01" => "E",
        _ => return None,
    })
}

fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 8);
    for (at, c) in value.char_indices() {
        let first = at == 0;
        let last = at + c.len_utf8() == value.len();
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', c]),
            '#' if first => text.push_str("\\#"),
            ' ' if first || last => text.push_str("\\ "),
            c if c.is_control() => text.push_str(&format!("\\{:02x}", u32::from(c))),
            c => text.push(c),
        }
    }
    text
}
