//! Where signatures come from: the key in this process, a PKCS#11 token, or a signing service.
//!
//! Every signature that comes back from outside is checked against the certificate before anybody
//! gets to see it.

mod circuit;
mod http;
mod pkcs11;
mod remote;

use std::sync::Arc;

use secrecy::SecretString;

pub use self::circuit::Lane;
pub use self::http::{Http, Reply, host_of};
pub use self::pkcs11::{Pkcs11Key, Pkcs11Signer};
pub use self::remote::{RemoteKey, RemoteSecret, RemoteSigner};
use super::certificate::{SigningCertificate, parse};
use super::key::{SigningKey, certificates_in};
use super::sign::Signer;
use super::verify::trust::may_sign_documents;
use crate::error::{Error, Result};
use crate::unit::certificate::{SignerKind, StoredCertificate};

/// Signature algorithms of certificates that no longer prove anything: MD5 and SHA-1.
const WEAK_ALGORITHMS: [&str; 4] =
    ["1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1", "1.3.14.3.2.29"];

/// The signer of a stored certificate.
///
/// # Errors
/// Those of reading the key; nothing is asked over the network yet.
pub fn of_stored(stored: &StoredCertificate, tax_code: &str) -> Result<Arc<dyn Signer>> {
    Ok(match stored.signer {
        SignerKind::Software => {
            Arc::new(SigningKey::from_pem(&stored.secret, &stored.chain_pem, tax_code)?.signer()?)
        }
        SignerKind::Pkcs11 => {
            let key: Pkcs11Key = parameters(&stored.parameters)?;
            Arc::new(Pkcs11Signer::new(key, stored.secret.clone(), own_certificate(&stored.chain_pem)?))
        }
        SignerKind::Remote => {
            let key: RemoteKey = parameters(&stored.parameters)?;
            let certificate = own_certificate(&stored.chain_pem)?;
            Arc::new(RemoteSigner::new(key, RemoteSecret::read(&stored.secret)?, certificate)?)
        }
    })
}

fn parameters<T: serde::de::DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|_| Error::internal("the stored parameters of a signer do not read"))
}

/// The certificate itself, which stands before its chain.
fn own_certificate(chain_pem: &str) -> Result<SigningCertificate> {
    let all = certificates_in(chain_pem)?;
    let own = all.first().ok_or_else(|| Error::internal("a stored certificate is empty"))?;
    SigningCertificate::from_der(own)
}

/// Whether a certificate may begin to sign for the holder of a tax code.
///
/// # Errors
/// `certificate_tax_code_mismatch`, `certificate_signature_weak`, `certificate_purpose_wrong`, and those of
/// `SigningCertificate::from_der` (a key that is not RSA or shorter than 2048 bits).
pub fn accept(der: &[u8], tax_code: &str) -> Result<SigningCertificate> {
    let certificate = SigningCertificate::from_der(der)?;
    if certificate.tax_code() != Some(tax_code) {
        let detail = "the certificate's subject names another tax code, or none";
        return Err(Error::invalid("certificate", "certificate_tax_code_mismatch", detail));
    }
    refuse_weak(der)?;
    // Whoever verifies what it signs would refuse it.
    if !may_sign_documents(&parse(der)?) {
        let detail = "its authority issued it for another use than signing documents";
        return Err(Error::invalid("certificate", "certificate_purpose_wrong", detail));
    }
    Ok(certificate)
}

/// # Errors
/// `certificate_signature_weak` when its authority signed it with MD5 or SHA-1.
pub fn refuse_weak(der: &[u8]) -> Result<()> {
    let algorithm = parse(der)?.signature_algorithm.algorithm.to_id_string();
    if WEAK_ALGORITHMS.contains(&algorithm.as_str()) {
        let detail = "the authority signed this certificate with MD5 or SHA-1";
        return Err(Error::invalid("certificate", "certificate_signature_weak", detail));
    }
    Ok(())
}

/// Makes one signature, so that a key that is out of reach or does not fit its certificate is
/// refused before it is stored.
///
/// # Errors
/// `key_certificate_mismatch`, and what the signer says.
pub fn try_out(signer: &dyn Signer) -> Result<()> {
    let message: &[u8] = b"bienlai trial signature";
    let misfit = || {
        Error::invalid("certificate", "key_certificate_mismatch", "the certificate belongs to another key")
    };
    match signer.sign(&[message]) {
        Ok(signatures) => {
            let first = signatures.first();
            let fits = first.is_some_and(|signature| signer.certificate().verifies(message, signature));
            if fits { Ok(()) } else { Err(misfit()) }
        }
        Err(error) if error.code() == "signer_wrong_signature" => Err(misfit()),
        Err(error) => Err(error),
    }
}

/// What came back from outside must be the certificate's signatures over these messages.
fn checked(
    certificate: &SigningCertificate,
    messages: &[&[u8]],
    signatures: Vec<Vec<u8>>,
) -> Result<Vec<Vec<u8>>> {
    let fit = signatures.len() == messages.len()
        && messages
            .iter()
            .zip(&signatures)
            .all(|(message, signature)| certificate.verifies(message, signature));
    if fit { Ok(signatures) } else { Err(wrong_signature()) }
}

#[track_caller]
fn wrong_signature() -> Error {
    Error::conflict("signer_wrong_signature", "the signer returned what is not this certificate's signature")
}

/// The first line of a file: a PIN or a token.
pub fn first_line(text: &str) -> SecretString {
    SecretString::from(text.lines().next().unwrap_or_default().trim_end())
}
