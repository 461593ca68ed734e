//! Whether a certificate is issued by an authority we were told to trust.

use std::ops::RangeInclusive;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ParsedExtension, X509Extension};

use super::problem::Problem;
use super::vouched::Vouched;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::receipt::certificate::{is_test, parse};
use crate::receipt::key::certificates_in;

/// Signature algorithms of authorities, as DER has them: RSA PKCS#1 v1.5 (1.2.840.113549.1.1.11 to 13) and ECDSA
/// (1.2.840.10045.4.3.2 and 3) with SHA-256 or better.
const AUTHORITY_ALGORITHMS: [&[u8]; 5] = [
    b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0B",
    b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0C",
    b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0D",
    b"\x2A\x86\x48\xCE\x3D\x04\x03\x02",
    b"\x2A\x86\x48\xCE\x3D\x04\x03\x03",
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
    vouched: Vouched,
}

/// An authority, read once for every certificate it is asked about.
#[derive(Clone, Debug)]
struct Anchor {
    /// DER of the subject, which certificates it issued carry as their issuer.
    subject: Vec<u8>,
    /// DER of the key with its algorithm.
    key: Vec<u8>,
    /// In seconds.
    valid: RangeInclusive<i64>,
    /// `pathLenConstraint`: how many authorities may stand between this one and a signer.
    path_length: Option<u32>,
    is_test: bool,
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
        let anchors = certificates.iter().map(|der| Anchor::of(&parse(der)?)).collect::<Result<_>>()?;
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
    pub(super) fn judge(&self, leaf: X509Certificate<'_>, at: Instant) -> (Trust, Option<Problem>) {
        if self.is_empty() {
            return (Trust::NotChecked, Some(Problem::TrustNotChecked));
        }
        self.judge_leaf(leaf, &[], at)
    }

    /// The same for a certificate in DER, with certificates that came along and may lead from it to
    /// an authority of the store; they are believed only as far as one of those vouches for them.
    pub(super) fn judge_der<'d>(
        &self,
        der: &'d [u8],
        chain: &'d [Vec<u8>],
        at: Instant,
    ) -> (Trust, Option<Problem>) {
        if self.is_empty() {
            return (Trust::NotChecked, Some(Problem::TrustNotChecked));
        }
        match parse(der) {
            Ok(leaf) => self.judge_leaf(leaf, chain, at),
            Err(_) => (Trust::Untrusted, Some(Problem::CertificateUnreadable)),
        }
    }

    fn judge_leaf<'d>(
        &self,
        leaf: X509Certificate<'d>,
        chain: &'d [Vec<u8>],
        at: Instant,
    ) -> (Trust, Option<Problem>) {
        if !may_sign_documents(&leaf) {
            return (Trust::Untrusted, Some(Problem::CertificatePurposeWrong));
        }
        match self.vouched(leaf, chain, at) {
            Some(true) => (Trust::Test, None),
            Some(false) => (Trust::Ok, None),
            None => (Trust::Untrusted, Some(Problem::CertificateUntrusted)),
        }
    }
}

impl TrustStore {
    /// Some(is a test authority) when an authority vouches for the certificate, directly or through
    /// intermediate ones. Each of those is tried once, by the shortest way that leads to it.
    fn vouched<'d>(&self, leaf: X509Certificate<'d>, chain: &'d [Vec<u8>], at: Instant) -> Option<bool> {
        let mut untried: Vec<&'d [u8]> = chain.iter().map(Vec::as_slice).collect();
        let mut below = vec![leaf];
        for between in 0..=CHAIN_LIMIT {
            let mut above = Vec::new();
            for certificate in &below {
                let vouches = |anchor: &Anchor| anchor.vouches_for(certificate, at, between, &self.vouched);
                if let Some(found) = self.anchors.iter().find_map(vouches) {
                    return Some(found);
                }
                untried.retain(|&der| match intermediate(der, vouches) {
                    Some(next) => {
                        above.push(next);
                        false
                    }
                    None => true,
                });
            }
            below = above;
        }
        None
    }
}

/// The certificate of an authority that vouches for the one below it.
fn intermediate<'d>(der: &'d [u8], vouches: impl Fn(&Anchor) -> Option<bool>) -> Option<X509Certificate<'d>> {
    let certificate = parse(der).ok()?;
    if certificate.extensions().iter().any(is_unheeded) || !is_for_people(&certificate) {
        return None;
    }
    vouches(&Anchor::of(&certificate).ok()?)?;
    Some(certificate)
}

impl Anchor {
    fn of(certificate: &X509Certificate<'_>) -> Result<Anchor> {
        if !is_authority(certificate) {
            let detail = "a certificate in the trust store is not an authority's";
            return Err(Error::invalid("trust_store", "trust_anchor_not_authority", detail));
        }
        let validity = certificate.validity();
        Ok(Anchor {
            subject: certificate.subject().as_raw().to_vec(),
            key: certificate.public_key().raw.to_vec(),
            valid: validity.not_before.timestamp()..=validity.not_after.timestamp(),
            path_length: path_length(certificate),
            is_test: is_test(certificate.subject()),
        })
    }

    /// Some(is a test authority) when this authority issued the certificate, was valid then, and may
    /// have as many authorities `between` itself and the signer (RFC 5280, section 4.2.1.9).
    fn vouches_for(
        &self,
        leaf: &X509Certificate<'_>,
        at: Instant,
        between: u8,
        vouched: &Vouched,
    ) -> Option<bool> {
        let is_near = self.path_length.is_none_or(|most| u32::from(between) <= most);
        let is_strong = AUTHORITY_ALGORITHMS.contains(&leaf.signature_algorithm.algorithm.as_bytes());
        let may_have = leaf.issuer().as_raw() == self.subject && self.valid.contains(&at.seconds());
        (may_have && is_near && is_strong && vouched.holds(&self.key, leaf)).then_some(self.is_test)
    }
}

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

/// Neither an authority's certificate nor one for another use (such as a web server's), nor one that says something
/// which must not be passed over and which nobody here knows.
pub(in crate::receipt) fn may_sign_documents(certificate: &X509Certificate<'_>) -> bool {
    let usage_fits = match certificate.key_usage() {
        Ok(Some(usage)) => usage.value.digital_signature() || usage.value.non_repudiation(),
        Ok(None) => true,
        Err(_) => false,
    };
    let is_unheeded = certificate.extensions().iter().any(is_unheeded);
    usage_fits && is_for_people(certificate) && !certificate.is_ca() && !is_unheeded
}

/// Authorities name the purpose of documents in many ways; those of machines have one name each. On an authority's
/// certificate the purposes are those for which it may issue.
fn is_for_people(certificate: &X509Certificate<'_>) -> bool {
    match certificate.extended_key_usage() {
        Ok(Some(usage)) => {
            let usage = usage.value;
            usage.any || usage.client_auth || usage.email_protection || !usage.other.is_empty()
        }
        Ok(None) => true,
        Err(_) => false,
    }
}

/// A critical extension that is not applied here, known or not: its certificate is not to be relied on (RFC 5280,
/// section 4.2). So is an authority for certain names (`NameConstraints`): its names would have to be compared by
/// rules of their own, and whoever trusts it lists it. Policies are as good as applied, since nobody asks for one
/// (section 6.1.1 (c)); who must have one, or no other, is refused.
fn is_unheeded(extension: &X509Extension<'_>) -> bool {
    let is_applied = matches!(
        extension.parsed_extension(),
        ParsedExtension::BasicConstraints(_)
            | ParsedExtension::KeyUsage(_)
            | ParsedExtension::ExtendedKeyUsage(_)
            | ParsedExtension::CertificatePolicies(_)
            | ParsedExtension::PolicyMappings(_)
            | ParsedExtension::SubjectAlternativeName(_)
            | ParsedExtension::IssuerAlternativeName(_)
            | ParsedExtension::SubjectKeyIdentifier(_)
            | ParsedExtension::AuthorityKeyIdentifier(_)
    );
    extension.critical && !is_applied
}
