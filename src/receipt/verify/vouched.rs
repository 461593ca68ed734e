//! Which certificates an authority's key was seen to have signed.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use ring::digest::{Context, SHA256};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

/// Certificates remembered at once; a country has some thousands that sign receipts.
const CERTIFICATES_LIMIT: usize = 8_192;

/// Signatures of authorities on certificates that held, so that the next document of the same signer costs one RSA
/// signature and not two.
///
/// A fact of mathematics alone is kept: that this key signed these bytes. Days, purposes and names are judged for
/// each document. Stores that were cloned share what they know.
#[derive(Clone, Debug, Default)]
pub(super) struct Vouched(Arc<Mutex<HashSet<[u8; 32]>>>);

impl Vouched {
    /// Whether the key (DER of `SubjectPublicKeyInfo`) signed the certificate.
    pub(super) fn holds(&self, key: &[u8], certificate: &X509Certificate<'_>) -> bool {
        let name = name(key, certificate.as_raw());
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&name) {
            return true;
        }
        let Ok((_, key)) = SubjectPublicKeyInfo::from_der(key) else { return false };
        let holds = certificate.verify_signature(Some(&key)).is_ok();
        if holds {
            self.remember(name);
        }
        holds
    }

    /// Whoever sends authorities of his own making fills the set only with what is true, and starts it anew.
    fn remember(&self, name: [u8; 32]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CERTIFICATES_LIMIT {
            known.clear();
        }
        known.insert(name);
    }
}

/// SHA-256 of both; DER says its own length, so that no other pair reads the same.
fn name(key: &[u8], certificate: &[u8]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(key);
    context.update(certificate);
    let mut name = [0; 32];
    name.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::certificate::parse;
    use crate::receipt::key::certificates_in;
    use crate::receipt::sign::Signer as _;
    use crate::receipt::testing::{AUTHORITY_PEM, signer};

    fn count(vouched: &Vouched) -> usize {
        vouched.0.lock().unwrap().len()
    }

    #[test]
    fn what_a_key_signed_is_remembered_and_what_it_did_not_sign_never() {
        let authorities = certificates_in(AUTHORITY_PEM).unwrap();
        let authority = parse(&authorities[0]).unwrap();
        let der = signer().certificate().der().to_vec();
        let leaf = parse(&der).unwrap();
        let vouched = Vouched::default();
        for _ in 0..2 {
            assert!(vouched.holds(authority.public_key().raw, &leaf));
            assert!(!vouched.holds(leaf.public_key().raw, &leaf), "another key");
        }
        assert_eq!(count(&vouched), 1);
        let mut forged = der.clone();
        *forged.last_mut().unwrap() ^= 1;
        let forged = parse(&forged).unwrap();
        assert!(
            !vouched.holds(authority.public_key().raw, &forged),
            "another signature under the same content"
        );
        assert_eq!(count(&vouched.clone()), 1);
    }

    #[test]
    fn a_flood_of_certificates_starts_the_memory_anew() {
        let vouched = Vouched::default();
        for number in 0..=CERTIFICATES_LIMIT {
            let mut name = [0; 32];
            name[..8].copy_from_slice(&number.to_le_bytes());
            vouched.remember(name);
        }
        assert_eq!(count(&vouched), 1);
    }
}
