//! Signing keys: read from PKCS#12 or PEM, checked against their certificate, handed to a signer.

pub mod alarm;
mod install;
mod query;
mod test_authority;
#[cfg(test)]
mod tests;
pub mod watch;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use p12_keystore::Pkcs12Archive;
use ring::rsa;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use x509_parser::pem::Pem;

pub use self::install::installed;
pub use self::test_authority::{
    KeySource, TestAuthority, TestDelegate, issue_for_key, issue_test_certificate, issue_with_list, new_key,
    test_authority,
};
use super::certificate::SigningCertificate;
use super::sign::SoftwareSigner;
use crate::error::{Error, Result};

const CERTIFICATE_LABEL: &str = "CERTIFICATE";
/// A bundle of all authorities of a country stays far below this.
const BLOCKS_LIMIT: usize = 256;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Pkcs8,
    Pkcs1,
}

impl Encoding {
    fn of_label(label: &str) -> Option<Encoding> {
        match label {
            "PRIVATE KEY" => Some(Encoding::Pkcs8),
            "RSA PRIVATE KEY" => Some(Encoding::Pkcs1),
            _ => None,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Encoding::Pkcs8 => "PRIVATE KEY",
            Encoding::Pkcs1 => "RSA PRIVATE KEY",
        }
    }
}

/// A private key with the certificate that belongs to it.
pub struct SigningKey {
    der: SecretSlice<u8>,
    encoding: Encoding,
    certificate: SigningCertificate,
    /// DER of the other certificates that came along, as they came.
    chain: Vec<Vec<u8>>,
}

impl SigningKey {
    /// Reads the one key of a PKCS#12 file (`.p12`, `.pfx`) as certification authorities issue it.
    ///
    /// # Errors
    /// `key_file_unreadable` (also for a wrong password), `key_ambiguous`, and those of `from_pem`.
    pub fn from_pkcs12(bytes: &[u8], password: &SecretString, expected_tax_code: &str) -> Result<SigningKey> {
        let archive = Pkcs12Archive::from_pkcs12(bytes, password.expose_secret())
            .map_err(|_| unreadable("not a PKCS#12 file, or the password is wrong"))?;
        let [only] = archive.keys.as_slice() else { return Err(ambiguous()) };
        let der = SecretSlice::from(only.key.as_der().to_vec());
        let certificates = archive.certs.iter().map(|bag| bag.cert.as_der().to_vec()).collect();
        SigningKey::checked(der, Encoding::Pkcs8, certificates, expected_tax_code)
    }

    /// Reads an unencrypted PKCS#8 or PKCS#1 RSA key and its certificate from PEM texts, which may
    /// be one and the same.
    ///
    /// # Errors
    /// `key_file_unreadable`, `key_ambiguous`, `key_encrypted`, `key_not_rsa`, `key_too_short`,
    /// `key_certificate_mismatch` when no certificate belongs to the key,
    /// `certificate_tax_code_mismatch` when its subject names another tax code, and those of
    /// `SigningCertificate::from_der`.
    pub fn from_pem(key_pem: &SecretString, chain_pem: &str, expected_tax_code: &str) -> Result<SigningKey> {
        let mut keys = Vec::new();
        for block in blocks(key_pem.expose_secret())? {
            if block.label == "ENCRYPTED PRIVATE KEY" {
                return Err(Error::invalid("key", "key_encrypted", "decrypt the key first, or use PKCS#12"));
            }
            if let Some(encoding) = Encoding::of_label(&block.label) {
                keys.push((SecretSlice::from(block.contents), encoding));
            }
        }
        let certificates = certificates_in(chain_pem)?;
        match (keys.pop(), keys.is_empty()) {
            (Some((der, encoding)), true) => {
                SigningKey::checked(der, encoding, certificates, expected_tax_code)
            }
            _ => Err(ambiguous()),
        }
    }

    fn checked(
        der: SecretSlice<u8>,
        encoding: Encoding,
        certificates: Vec<Vec<u8>>,
        expected_tax_code: &str,
    ) -> Result<SigningKey> {
        let pair = key_pair(&der, encoding)?;
        let public_key = pair.public().as_ref();
        let (mut own, chain): (Vec<_>, Vec<_>) =
            certificates.into_iter().partition(|certificate| has_key(certificate, public_key));
        let Some(certificate) = own.pop() else {
            let detail = "no certificate belongs to the key";
            return Err(Error::invalid("certificate", "key_certificate_mismatch", detail));
        };
        let certificate = super::signer::accept(&certificate, expected_tax_code)?;
        Ok(SigningKey { der, encoding, certificate, chain })
    }

    pub fn certificate(&self) -> &SigningCertificate {
        &self.certificate
    }

    /// A signer with its own copy of the key.
    pub fn signer(&self) -> Result<SoftwareSigner> {
        SoftwareSigner::new(key_pair(&self.der, self.encoding)?, self.certificate.clone())
    }

    /// Key, certificate and chain as one PEM text that `from_pem` reads back.
    pub fn to_pem(&self) -> SecretString {
        let mut text = pem_block(self.encoding.label(), self.der.expose_secret());
        text.push_str(&self.chain_pem());
        SecretString::from(text)
    }

    /// The certificate and its chain, without the key.
    pub fn chain_pem(&self) -> String {
        let mut text = pem_block(CERTIFICATE_LABEL, self.certificate.der());
        for certificate in &self.chain {
            text.push_str(&pem_block(CERTIFICATE_LABEL, certificate));
        }
        text
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?})", self.certificate)
    }
}

fn key_pair(der: &SecretSlice<u8>, encoding: Encoding) -> Result<rsa::KeyPair> {
    let read = match encoding {
        Encoding::Pkcs8 => rsa::KeyPair::from_pkcs8(der.expose_secret()),
        Encoding::Pkcs1 => rsa::KeyPair::from_der(der.expose_secret()),
    };
    read.map_err(|rejected| match rejected.to_string().as_str() {
        "TooSmall" => Error::invalid("key", "key_too_short", "RSA keys shorter than 2048 bits are refused"),
        "WrongAlgorithm" => Error::invalid("key", "key_not_rsa", "expected an RSA key"),
        reason => unreadable(&format!("the key was rejected: {reason}")),
    })
}

fn has_key(certificate: &[u8], public_key: &[u8]) -> bool {
    super::certificate::parse(certificate)
        .is_ok_and(|certificate| certificate.public_key().subject_public_key.data.as_ref() == public_key)
}

/// DER of every certificate in a PEM text; other blocks are skipped.
pub fn certificates_in(pem: &str) -> Result<Vec<Vec<u8>>> {
    let certificates = blocks(pem)?.into_iter().filter(|block| block.label == CERTIFICATE_LABEL);
    Ok(certificates.map(|block| block.contents).collect())
}

fn blocks(pem: &str) -> Result<Vec<Pem>> {
    let blocks: Result<Vec<Pem>, _> = Pem::iter_from_buffer(pem.as_bytes()).take(BLOCKS_LIMIT).collect();
    blocks.map_err(|_| unreadable("not PEM text"))
}

/// Certificates as one PEM text, in their order.
pub fn pem_text(certificates: &[Vec<u8>]) -> String {
    certificates.iter().map(|der| pem_block(CERTIFICATE_LABEL, der)).collect()
}

pub(super) fn pem_block(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    let base64 = BASE64.encode(der);
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

#[track_caller]
fn unreadable(detail: &str) -> Error {
    Error::invalid("key", "key_file_unreadable", detail)
}

#[track_caller]
fn ambiguous() -> Error {
    Error::invalid("key", "key_ambiguous", "expected exactly one private key")
}
