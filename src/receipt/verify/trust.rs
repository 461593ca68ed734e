//! Whether a certificate is issued by an authority we were told to trust.

use x509_parser::certificate::X509Certificate;

use super::problem::Problem;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::receipt::certificate::{SigningCertificate, is_test, parse};
use crate::receipt::key::certificates_in;

/// Signature algorithms of authorities: RSA PKCS#1 v1.5 and ECDSA with SHA-256 or better.
const AUTHORITY_ALGORITHMS: [&str; 5] = [
    "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.12",
    "1.2.840.113549.1.1.13",
    "1.2.840.10045.4.3.2",
    "1.2.840.10045.4.3.3",
];

/// Intermediate authorities between a signer and one of the store.
const CHAIN_LIMIT: u8 = 3;

/// How far the signer's certificate is trusted. Integrity is judged apart from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Issued by an authority of the trust store.
    Ok,
    /// Issued by an authority of the trust store that is marked as one for trials.
    Test,
    /// Issued by such an authority, or not judged, but by algorithms or a key too weak to rest on today.
    Legacy,
    Untrusted,
    /// No trust store was given.
    NotChecked,
}

/// Certificates of the authorities that may issue signing certificates. Each one is an anchor:
/// an intermediate authority is trusted by being listed.
#[derive(Clone, Debug, Default)]
pub struct TrustStore {
    anchors: Vec<Anchor>,
    /// The tax authority's own certificates, as `with_tax_authority` takes them.
    tax_authority: Vec<String>,
    /// Tax codes of those known to issue in others' places.
    entrusted: Vec<String>,
}

#[derive(Clone, Debug)]
struct Anchor {
    der: Vec<u8>,
    /// DER of the subject, which certificates it issued carry as their issuer.
    subject: Vec<u8>,
}

impl TrustStore {
    /// Trusts nobody and judges nobody.
    pub fn empty() -> TrustStore {
        TrustStore::default()
    }

    /// Reads certificates of authorities from PEM.
    ///
    /// # Errors
    /// `key_file_unreadable` when it is no PEM, `trust_store_empty`, `certificate_unreadable`,
    /// `trust_anchor_not_authority` for a certificate that may not issue others.
    pub fn from_pem(pem: &str) -> Result<TrustStore> {
        let certificates = certificates_in(pem)?;
        if certificates.is_empty() {
            return Err(Error::invalid("trust_store", "trust_store_empty", "the file holds no certificate"));
        }
        let anchors = certificates.into_iter().map(Anchor::from_der).collect::<Result<_>>()?;
        Ok(TrustStore { anchors, ..TrustStore::default() })
    }

    /// The authorities of both.
    #[must_use]
    pub fn with(mut self, more: TrustStore) -> TrustStore {
        self.anchors.extend(more.anchors);
        self.tax_authority.extend(more.tax_authority);
        self.entrusted.extend(more.entrusted);
        self
    }

    /// Names the tax authority, without which nobody can say whether who signed in its place is it:
    /// the tax code in its certificate, the SHA-256 fingerprint of one, or its whole subject as a
    /// report shows it (`by`).
    #[must_use]
    pub fn with_tax_authority(mut self, identities: impl IntoIterator<Item = String>) -> TrustStore {
        self.tax_authority.extend(identities);
        self
    }

    /// Names organisations, by tax code, that are known to be entrusted by those in whose place they issue.
    #[must_use]
    pub fn with_entrusted(mut self, tax_codes: impl IntoIterator<Item = String>) -> TrustStore {
        self.entrusted.extend(tax_codes);
        self
    }

    /// Whether an organisation was named as one that issues in others' places.
    pub fn is_entrusted(&self, tax_code: &str) -> bool {
        self.entrusted.iter().any(|known| known == tax_code)
    }

    /// Whether `is` holds for an identity of the tax authority; None when nobody named it.
    pub(super) fn is_tax_authority(&self, is: impl Fn(&str) -> bool) -> Option<bool> {
        (!self.tax_authority.is_empty()).then(|| self.tax_authority.iter().any(|identity| is(identity)))
    }

    pub fn is_empty(&self) -> bool {
        self.anchors.is_empty()
    }

    /// How far a signer is trusted who signs other things than receipts, such as certificates of days.
    pub fn trust_of(&self, leaf: &[u8], chain: &[Vec<u8>], at: Instant) -> Trust {
        self.judge_der(leaf, chain, at).0
    }

    /// Judges a signing certificate at the time of signing.
    pub(super) fn judge(&self, certificate: &SigningCertificate, at: Instant) -> (Trust, Option<Problem>) {
        self.judge_der(certificate.der(), &[], at)
    }

    /// The same for a certificate in DER, with certificates that came along and may lead from it to
    /// an authority of the store; they are believed only as far as one of those vouches for them.
    pub(super) fn judge_der(&self, der: &[u8], chain: &[Vec<u8>], at: Instant) -> (Trust, Option<Problem>) {
        if self.is_empty() {
            return (Trust::NotChecked, Some(Problem::TrustNotChecked));
        }
        let Ok(leaf) = parse(der) else {
            return (Trust::Untrusted, Some(Problem::CertificateUnreadable));
        };
        if !may_sign_documents(&leaf) {
            return (Trust::Untrusted, Some(Problem::CertificatePurposeWrong));
        }
        match self.vouched(der, chain, at) {
            Some(true) => (Trust::Test, None),
            Some(false) => (Trust::Ok, None),
            None => (Trust::Untrusted, Some(Problem::CertificateUntrusted)),
        }
    }
}

impl TrustStore {
    /// Some(is a test authority) when an authority vouches for the certificate, directly or through
    /// intermediate ones. Each of those is tried once, by the shortest way that leads to it.
    fn vouched(&self, leaf: &[u8], chain: &[Vec<u8>], at: Instant) -> Option<bool> {
        let mut untried: Vec<&Vec<u8>> = chain.iter().collect();
        let mut below = vec![leaf];
        for between in 0..=CHAIN_LIMIT {
            let mut above = Vec::new();
            for der in below {
                let Ok(certificate) = parse(der) else { continue };
                let vouches = |anchor: &Anchor| anchor.vouches_for(&certificate, at, between);
                if let Some(found) = self.anchors.iter().find_map(vouches) {
                    return Some(found);
                }
                untried.retain(|der| {
                    let next = Anchor::from_der((*der).clone()).ok();
                    let leads_on = next.and_then(|next| vouches(&next)).is_some();
                    if leads_on {
                        above.push(der.as_slice());
                    }
                    !leads_on
                });
            }
            below = above;
        }
        None
    }
}

impl Anchor {
    fn from_der(der: Vec<u8>) -> Result<Anchor> {
        let certificate = parse(&der)?;
        if !is_authority(&certificate) {
            let detail = "a certificate in the trust store is not an authority's";
            return Err(Error::invalid("trust_store", "trust_anchor_not_authority", detail));
        }
        let subject = certificate.subject().as_raw().to_vec();
        Ok(Anchor { der, subject })
    }

    /// Some(is a test authority) when this authority issued the certificate, was valid then, and may
    /// have as many authorities `between` itself and the signer (RFC 5280, section 4.2.1.9).
    fn vouches_for(&self, leaf: &X509Certificate<'_>, at: Instant, between: u8) -> Option<bool> {
        if leaf.issuer().as_raw() != self.subject {
            return None;
        }
        let authority = parse(&self.der).ok()?;
        if path_length(&authority).is_some_and(|most| u32::from(between) > most) {
            return None;
        }
        let validity = authority.validity();
        let valid =
            (validity.not_before.timestamp()..=validity.not_after.timestamp()).contains(&at.seconds());
        let algorithm = leaf.signature_algorithm.algorithm.to_id_string();
        let strong = AUTHORITY_ALGORITHMS.contains(&algorithm.as_str());
        let issued = valid && strong && leaf.verify_signature(Some(authority.public_key())).is_ok();
        issued.then(|| is_test(authority.subject()))
    }
}

/// `pathLenConstraint`: how many authorities may stand between this one and a signer.
fn path_length(authority: &X509Certificate<'_>) -> Option<u32> {
    authority.basic_constraints().ok()??.value.path_len_constraint
}

fn is_authority(certificate: &X509Certificate<'_>) -> bool {
    let may_issue = match certificate.key_usage() {
        Ok(Some(usage)) => usage.value.key_cert_sign(),
        Ok(None) => true,
        Err(_) => false,
    };
    certificate.is_ca() && may_issue
}

/// Neither an authority's certificate nor one for another use (such as a web server's).
fn may_sign_documents(certificate: &X509Certificate<'_>) -> bool {
    let usage_fits = match certificate.key_usage() {
        Ok(Some(usage)) => usage.value.digital_signature() || usage.value.non_repudiation(),
        Ok(None) => true,
        Err(_) => false,
    };
    usage_fits && !certificate.is_ca()
}
