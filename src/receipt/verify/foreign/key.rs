//! The signer's key and certificate, of whatever kind, and checking a signature value with it.

use ring::signature::{
    self, ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::algorithm::{Hash, Scheme};
use crate::clock::Instant;
use crate::receipt::certificate::{self, KEY_BITS_MIN, distinguished_name, is_test, user_ids};
use crate::receipt::evidence::der::{self, Reader};
use crate::receipt::verify::problem::Problem;
use crate::receipt::verify::report::CertificateReport;
use crate::receipt::verify::trust::may_sign_documents;
use crate::text::hex;

const P256: &str = "1.2.840.10045.3.1.7";
const P384: &str = "1.3.132.0.34";
/// Nothing shorter was ever a signature.
const LEGACY_BITS_MIN: usize = 1024;
const BITS_MAX: usize = 8192;

/// A public key to check a signature value with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
}

/// A certificate as far as judging a signer needs it.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    pub der: Vec<u8>,
    pub key: Key,
    pub subject: String,
    /// What stands behind `MST:` and the like in the subject.
    pub identities: Vec<String>,
    pub valid_from: Instant,
    pub valid_until: Instant,
    pub is_test: bool,
    /// Whether its authority issued it for documents, too.
    pub is_for_documents: bool,
    pub report: CertificateReport,
}

impl Signer {
    pub(super) fn read(der: &[u8]) -> Result<Signer, Problem> {
        let parsed = certificate::parse(der).map_err(|_| Problem::CertificateUnreadable)?;
        let second =
            |time: x509_parser::time::ASN1Time| Instant::from_ms(time.timestamp().saturating_mul(1_000));
        let valid_from = second(parsed.validity().not_before);
        let valid_until = second(parsed.validity().not_after);
        let is_test = is_test(parsed.issuer());
        let report = CertificateReport {
            issuer: distinguished_name(parsed.issuer()),
            serial: hex(parsed.tbs_certificate.raw_serial()),
            fingerprint: hex(ring::digest::digest(&ring::digest::SHA256, der).as_ref()),
            valid_from,
            valid_until,
            test: is_test,
        };
        Ok(Signer {
            key: Key::of(parsed.public_key())?,
            subject: distinguished_name(parsed.subject()),
            identities: user_ids(parsed.subject()),
            der: der.to_vec(),
            valid_from,
            valid_until,
            is_test,
            is_for_documents: may_sign_documents(&parsed),
            report,
        })
    }

    /// The tax code, when the subject has exactly one.
    pub(super) fn tax_code(&self) -> Option<&str> {
        let mut codes = self.identities.iter().filter_map(|id| id.strip_prefix("MST:"));
        codes.next().filter(|_| codes.next().is_none())
    }

    /// Whether the subject names this tax code or personal number. A dependent unit may sign with
    /// the certificate of the organisation it belongs to.
    pub(super) fn is(&self, code: &str) -> bool {
        let code = digits(code);
        let has = |identity: &str| {
            let own = digits(identity.split_once(':').map_or(identity, |(_, value)| value));
            !own.is_empty() && (own == code || own.len() == 10 && code.len() == 13 && code.starts_with(&own))
        };
        self.identities.iter().any(|identity| has(identity))
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

impl Key {
    fn of(info: &SubjectPublicKeyInfo<'_>) -> Result<Key, Problem> {
        match info.parsed() {
            Ok(PublicKey::RSA(key)) => {
                Ok(Key::Rsa { modulus: stripped(key.modulus), exponent: stripped(key.exponent) })
            }
            Ok(PublicKey::EC(point)) => {
                let curve = info.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
                match curve.map(|oid| oid.to_id_string()).as_deref() {
                    Some(P256) => Ok(Key::P256(point.data().to_vec())),
                    Some(P384) => Ok(Key::P384(point.data().to_vec())),
                    _ => Err(Problem::CertificateKeyUnsupported),
                }
            }
            Ok(_) => Err(Problem::CertificateKeyUnsupported),
            Err(_) => Err(Problem::CertificateUnreadable),
        }
    }

    /// Of a certificate with a fault beside the key, such as a date or a name written wrongly: the
    /// key still shows whether anything was changed, though not who signed.
    pub(super) fn of_faulty(der: &[u8]) -> Option<Key> {
        let mut signed = Reader::new(der).inside(der::SEQUENCE)?.inside(der::SEQUENCE)?;
        let _version = signed.one(der::context(0));
        let _serial = signed.one(der::INTEGER)?;
        for _algorithm_issuer_validity_subject in 0..4 {
            signed.one(der::SEQUENCE)?;
        }
        let (_, info) = SubjectPublicKeyInfo::from_der(signed.one(der::SEQUENCE)?.whole).ok()?;
        Key::of(&info).ok()
    }

    /// Of `RSAKeyValue`.
    pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Key {
        Key::Rsa { modulus: stripped(modulus), exponent: stripped(exponent) }
    }

    fn bits(&self) -> usize {
        match self {
            Key::Rsa { modulus, .. } => {
                modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize)
            }
            Key::P256(_) => 256,
            Key::P384(_) => 384,
        }
    }

    /// An RSA key that is too short for today.
    pub(super) fn is_legacy(&self) -> bool {
        matches!(self, Key::Rsa { .. }) && self.bits() < KEY_BITS_MIN
    }

    /// Whether `value` is this key's signature over the message.
    ///
    /// # Errors
    /// The problem that keeps from judging, or `signature_wrong`.
    pub(super) fn check(&self, scheme: Scheme, message: &[u8], value: &[u8]) -> Result<(), Problem> {
        let good = match (self, scheme) {
            (Key::Rsa { modulus, exponent }, Scheme::Rsa(hash) | Scheme::RsaPss(hash)) => {
                match self.bits() {
                    ..LEGACY_BITS_MIN => return Err(Problem::CertificateKeyTooShort),
                    LEGACY_BITS_MIN..=BITS_MAX => {}
                    _ => return Err(Problem::CertificateKeyUnsupported),
                }
                let pss = matches!(scheme, Scheme::RsaPss(_));
                match rsa_parameters(hash, self.is_legacy(), pss) {
                    Some(parameters) => {
                        let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                        key.verify(parameters, message, value).is_ok()
                    }
                    None if scheme == Scheme::Rsa(Hash::Sha384) => {
                        fits_short_sha384(modulus, exponent, message, value)
                    }
                    None => return Err(Problem::AlgorithmUnsupported),
                }
            }
            (Key::P256(point), Scheme::Ecdsa(Hash::Sha256)) => {
                ecdsa(&ECDSA_P256_SHA256_ASN1, 32, point, message, value)
            }
            (Key::P256(point), Scheme::Ecdsa(Hash::Sha384)) => {
                ecdsa(&ECDSA_P256_SHA384_ASN1, 32, point, message, value)
            }
            (Key::P384(point), Scheme::Ecdsa(Hash::Sha256)) => {
                ecdsa(&ECDSA_P384_SHA256_ASN1, 48, point, message, value)
            }
            (Key::P384(point), Scheme::Ecdsa(Hash::Sha384)) => {
                ecdsa(&ECDSA_P384_SHA384_ASN1, 48, point, message, value)
            }
            (_, Scheme::Ecdsa(_)) if !matches!(self, Key::Rsa { .. }) => {
                return Err(Problem::AlgorithmUnsupported);
            }
            _ => return Err(Problem::AlgorithmKeyMismatch),
        };
        if good { Ok(()) } else { Err(Problem::SignatureWrong) }
    }
}

/// None for what the library that computes does not have, such as short keys with SHA-384 or with PSS.
fn rsa_parameters(hash: Hash, legacy: bool, pss: bool) -> Option<&'static RsaParameters> {
    Some(match (hash, legacy, pss) {
        (Hash::Sha256, false, false) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (Hash::Sha384, false, false) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (Hash::Sha512, false, false) => &signature::RSA_PKCS1_2048_8192_SHA512,
        (Hash::Sha1, false, false) => &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (Hash::Sha1, true, false) => &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (Hash::Sha256, true, false) => &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (Hash::Sha512, true, false) => &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        (Hash::Sha256, false, true) => &signature::RSA_PSS_2048_8192_SHA256,
        (Hash::Sha384, false, true) => &signature::RSA_PSS_2048_8192_SHA384,
        (Hash::Sha512, false, true) => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

/// The signature of a short key over SHA-384, computed by another library.
fn fits_short_sha384(modulus: &[u8], exponent: &[u8], message: &[u8], value: &[u8]) -> bool {
    let number = rsa::BigUint::from_bytes_be;
    let Ok(key) = rsa::RsaPublicKey::new(number(modulus), number(exponent)) else { return false };
    // DigestInfo of SHA-384 (RFC 8017, section 9.2).
    let scheme = rsa::Pkcs1v15Sign {
        hash_len: Some(48),
        prefix: [0x30, 0x41, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2, 5, 0, 4, 0x30].into(),
    };
    let digest = ring::digest::digest(&ring::digest::SHA384, message);
    key.verify(scheme, digest.as_ref(), value).is_ok()
}

/// XML-DSig writes r and s side by side; the computing wants them in DER.
fn ecdsa(
    algorithm: &'static dyn VerificationAlgorithm,
    width: usize,
    point: &[u8],
    message: &[u8],
    value: &[u8],
) -> bool {
    if value.len() != 2 * width {
        return false;
    }
    let (r, s) = value.split_at(width);
    let numbers = [der_integer(r), der_integer(s)].concat();
    let mut der = vec![0x30, numbers.len() as u8];
    der.extend(numbers);
    UnparsedPublicKey::new(algorithm, point).verify(message, &der).is_ok()
}

/// At most 48 bytes long, so that lengths take one byte.
fn der_integer(bytes: &[u8]) -> Vec<u8> {
    let mut number = stripped(bytes);
    if number.first().is_none_or(|first| *first >= 0x80) {
        number.insert(0, 0);
    }
    let mut der = vec![0x02, number.len() as u8];
    der.extend(number);
    der
}

/// Without leading zeros.
fn stripped(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().skip_while(|byte| *byte == 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SubjectPublicKeyInfo of an algorithm without parameters.
    fn info(oid: &[u8], key: &[u8]) -> Vec<u8> {
        let bits = [&[0_u8][..], key].concat();
        der::sequence(&[&der::sequence(&[&der::tlv(der::OID, oid)]), &der::tlv(0x03, &bits)])
    }

    #[test]
    fn a_key_of_a_kind_that_signs_no_documents_is_told_by_name() {
        for (name, oid) in [("Ed25519", &[0x2b, 0x65, 0x70][..]), ("Ed448", &[0x2b, 0x65, 0x71])] {
            let info = info(oid, &[7; 32]);
            let (_, info) = SubjectPublicKeyInfo::from_der(&info).unwrap();
            assert_eq!(Key::of(&info), Err(Problem::CertificateKeyUnsupported), "{name}");
        }
    }
}
