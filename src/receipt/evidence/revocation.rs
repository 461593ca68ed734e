//! What an authority says about a certificate: revocation lists (RFC 5280) and answers to single
//! questions (RFC 6960). Pure: reads and judges bytes.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::{CertificateRevocationList, RevokedCertificate};
use x509_parser::x509::ReasonCode;

use super::der::{self, Reader};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::receipt::certificate::parse;

const BASIC_RESPONSE_OID: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];
const OCSP_ACCESS: &str = "1.3.6.1.5.5.7.48.1";
const ID_SHA256_RSA: &str = "1.2.840.113549.1.1.11";
const ID_SHA384_RSA: &str = "1.2.840.113549.1.1.12";
const ID_SHA512_RSA: &str = "1.2.840.113549.1.1.13";
const ID_ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
const ID_ECDSA_SHA384: &str = "1.2.840.10045.4.3.3";
/// Extensions of lists: of one that names changes only, and of which certificates one is.
const LIST_OF_CHANGES: &str = "2.5.29.27";
const PART_OF_LIST: &str = "2.5.29.28";
/// Extensions of their entries: why, and since when the key was not to be trusted.
const REASON: &str = "2.5.29.21";
const INVALID_SINCE: &str = "2.5.29.24";
/// `onlyContainsUserCerts` of a list: of certificates that are no authority's.
const ONLY_PEOPLE: u8 = 0x81;
/// Clocks of others may be ahead by so much.
pub const SKEW_S: i64 = 300;
/// So long is an answer believed that names no time of the next.
pub const UNANNOUNCED_S: i64 = 86_400;

/// What a document of the authority says about one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub this_update: Instant,
    pub next_update: Option<Instant>,
    pub revoked_at: Option<Instant>,
}

impl Standing {
    /// Whether the authority still stands by its word at `now`: it has not announced a newer one
    /// for before. Where it announces none (RFC 6960, 4.2.2.1) it is believed for a day.
    pub fn is_fresh(&self, now: Instant) -> bool {
        let until = self.next_update.unwrap_or_else(|| self.this_update.plus_seconds(UNANNOUNCED_S));
        now <= until.plus_seconds(SKEW_S)
    }
}

/// Reads a CRL of the issuer and looks the certificate up.
///
/// # Errors
/// `revocation_unreadable`, `revocation_untrusted` when the issuer did not sign it,
/// `revocation_from_the_future`; `revocation_partial` when it need not name the certificate, were it revoked.
pub fn by_list(list: &[u8], certificate: &[u8], issuer: &[u8], now: Instant) -> Result<Standing> {
    let (own_lists, _) = addresses(certificate)?;
    let (certificate, issuer) = (parse(certificate)?, parse(issuer)?);
    let Ok(([], crl)) = CertificateRevocationList::from_der(list) else { return Err(unreadable()) };
    let is_issuers = crl.issuer().as_raw() == issuer.subject().as_raw()
        && is_issued_by(&certificate, &issuer)
        && may_sign_lists(&issuer);
    let oid = crl.signature_algorithm.algorithm.to_id_string();
    if !is_issuers || !signed_by(&issuer, &oid, crl.tbs_cert_list.as_ref(), &crl.signature_value.data) {
        return Err(untrusted());
    }
    let revoked = crl.iter_revoked_certificates().find(|revoked| {
        let is_taken_back = revoked.reason_code().is_some_and(|(_, code)| code == ReasonCode::RemoveFromCRL);
        revoked.raw_serial() == certificate.tbs_certificate.raw_serial() && !is_taken_back
    });
    // What a part of a list names is revoked; what it does not name may stand in another part.
    if is_of_others(&crl) || (revoked.is_none() && !names_all(&crl, &own_lists)) {
        return Err(partial());
    }
    let revoked_at = revoked.map(|revoked| Instant::from_ms(revoked.revocation_date.timestamp() * 1_000));
    not_ahead(
        Standing {
            this_update: Instant::from_ms(crl.last_update().timestamp() * 1_000),
            next_update: crl.next_update().map(|at| Instant::from_ms(at.timestamp() * 1_000)),
            revoked_at,
        },
        now,
    )
}

/// Whether the authority's certificate lets its key sign lists (RFC 5280, 6.3.3 (f)).
fn may_sign_lists(issuer: &X509Certificate<'_>) -> bool {
    match issuer.key_usage() {
        Ok(Some(usage)) => usage.value.crl_sign(),
        Ok(None) => true,
        Err(_) => false,
    }
}

/// Whether a list names every revoked certificate that names one of these addresses: it is no list of changes, of
/// some reasons or of authorities, and says nothing that must not be passed over and is not applied here
/// (RFC 5280, 5.2 and 6.3.3).
fn names_all(crl: &CertificateRevocationList<'_>, own_lists: &[String]) -> bool {
    crl.extensions().iter().all(|extension| match extension.parsed_extension() {
        ParsedExtension::IssuingDistributionPoint(point) => {
            let is_own = match &point.distribution_point {
                Some(DistributionPointName::FullName(names)) => {
                    names.iter().filter_map(url).any(|url| own_lists.contains(&url))
                }
                _ => false,
            };
            // As it stands there, so that a field which the parser passes over is none.
            let fields = Reader::new(extension.value).inside(der::SEQUENCE);
            fields.is_some_and(|mut fields| {
                fields.all(|field| field.tag == ONLY_PEOPLE || (field.tag == der::context(0) && is_own))
            })
        }
        // A list of changes, or one of a part that is not known, is partial whether or not it says so as critical.
        _ => !extension.critical && !is_one_of(extension, &[LIST_OF_CHANGES, PART_OF_LIST]),
    })
}

/// Whether a list has certificates of other authorities in it, or entries that say what must not be passed over.
fn is_of_others(crl: &CertificateRevocationList<'_>) -> bool {
    let is_indirect = |extension: &X509Extension<'_>| match extension.parsed_extension() {
        ParsedExtension::IssuingDistributionPoint(point) => point.indirect_crl,
        _ => is_one_of(extension, &[PART_OF_LIST]),
    };
    // Why and since when it is revoked changes nothing of whose entry it is.
    let is_foreign = |one: &X509Extension<'_>| one.critical && !is_one_of(one, &[REASON, INVALID_SINCE]);
    let is_critical = |entry: &RevokedCertificate<'_>| entry.extensions().iter().any(is_foreign);
    crl.extensions().iter().any(is_indirect) || crl.iter_revoked_certificates().any(is_critical)
}

fn is_one_of(extension: &X509Extension<'_>, oids: &[&str]) -> bool {
    oids.contains(&extension.oid.to_id_string().as_str())
}

/// The question to a responder about one certificate.
pub fn question(certificate: &[u8], issuer: &[u8]) -> Result<Vec<u8>> {
    let id = certificate_id(&parse(certificate)?, &parse(issuer)?);
    Ok(der::sequence(&[&der::sequence(&[&der::sequence(&[&der::sequence(&[&id])])])]))
}

/// CertID, with SHA-1 as RFC 5019 asks: it names, it does not prove.
pub fn certificate_id(certificate: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> Vec<u8> {
    let hash = |bytes: &[u8]| der::tlv(der::OCTET_STRING, digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref());
    der::sequence(&[
        &der::algorithm(der::SHA1_OID),
        &hash(issuer.subject().as_raw()),
        &hash(&issuer.public_key().subject_public_key.data),
        &der::tlv(der::INTEGER, certificate.tbs_certificate.raw_serial()),
    ])
}

/// Reads a responder's answer about the certificate. It must be signed by the issuer, or by a
/// responder whose certificate the issuer signed for this purpose and which came along.
///
/// # Errors
/// `revocation_unreadable`, `revocation_untrusted`, `revocation_from_the_future`.
pub fn by_answer(answer: &[u8], certificate: &[u8], issuer: &[u8], now: Instant) -> Result<Standing> {
    answered(answer, (certificate, issuer), now, |_| now)
}

/// The same of an answer that was kept: certificates of responders last for weeks, so that one which is over by
/// now was valid when it spoke. What it says may be older than the answer: it is what the authority's last list
/// said (RFC 6960, 2.4).
///
/// # Errors
/// As `by_answer`.
pub fn by_kept_answer(answer: &[u8], certificate: &[u8], issuer: &[u8], now: Instant) -> Result<Standing> {
    answered(answer, (certificate, issuer), now, |produced_at| produced_at)
}

/// `valid_at`: when the responder's certificate must be valid, by when the answer was signed.
fn answered(
    answer: &[u8],
    (certificate, issuer): (&[u8], &[u8]),
    now: Instant,
    valid_at: impl Fn(Instant) -> Instant,
) -> Result<Standing> {
    let (certificate, issuer) = (parse(certificate)?, parse(issuer)?);
    let basic = basic_response(answer).ok_or_else(unreadable)?;
    let (standing, produced_at) =
        standing_in(basic.data, &certificate_id(&certificate, &issuer)).ok_or_else(unreadable)?;
    if !is_issued_by(&certificate, &issuer) || !is_answered_by(&basic, &issuer, valid_at(produced_at)) {
        return Err(untrusted());
    }
    not_ahead(standing, now)
}

struct Basic<'a> {
    data: &'a [u8],
    whole: &'a [u8],
    algorithm: String,
    signature: &'a [u8],
    certificates: Vec<&'a [u8]>,
}

fn basic_response(answer: &[u8]) -> Option<Basic<'_>> {
    let mut outer = Reader::new(answer).inside(der::SEQUENCE)?;
    if outer.one(der::ENUMERATED)?.content != [0] {
        return None;
    }
    let mut bytes = outer.inside(der::context(0))?.inside(der::SEQUENCE)?;
    if bytes.one(der::OID)?.content != BASIC_RESPONSE_OID {
        return None;
    }
    let mut basic = Reader::new(bytes.one(der::OCTET_STRING)?.content).inside(der::SEQUENCE)?;
    let data = basic.one(der::SEQUENCE)?;
    let algorithm = oid_text(basic.inside(der::SEQUENCE)?.one(der::OID)?.content)?;
    let signature = basic.one(der::BIT_STRING)?.content.get(1..)?;
    let certificates = match basic.inside(der::context(0)) {
        Some(mut all) => all.inside(der::SEQUENCE)?.map(|element| element.whole).collect(),
        None => Vec::new(),
    };
    Some(Basic { data: data.content, whole: data.whole, algorithm, signature, certificates })
}

fn is_answered_by(basic: &Basic<'_>, issuer: &X509Certificate<'_>, at: Instant) -> bool {
    if signed_by(issuer, &basic.algorithm, basic.whole, basic.signature) {
        return true;
    }
    basic.certificates.iter().filter_map(|bytes| parse(bytes).ok()).any(|responder| {
        let is_for_this = responder
            .extended_key_usage()
            .is_ok_and(|usage| usage.is_some_and(|usage| usage.value.ocsp_signing));
        let validity = responder.validity();
        let is_valid =
            (validity.not_before.timestamp()..=validity.not_after.timestamp()).contains(&at.seconds());
        is_for_this
            && is_valid
            && is_issued_by(&responder, issuer)
            && signed_by(&responder, &basic.algorithm, basic.whole, basic.signature)
    })
}

/// What the response data say about the certificate with this id, and when they were signed.
fn standing_in(data: &[u8], id: &[u8]) -> Option<(Standing, Instant)> {
    let mut data = Reader::new(data);
    let _version = data.one(der::context(0));
    let _responder = data.any()?;
    let produced_at = der::read_time(data.one(der::GENERALIZED_TIME)?.content)?;
    for response in data.inside(der::SEQUENCE)? {
        let mut single = Reader::new(response.content);
        if single.one(der::SEQUENCE)?.whole != id {
            continue;
        }
        let status = single.any()?;
        let revoked_at = match status.tag {
            // good [0], revoked [1]; unknown [2] says nothing that could be kept.
            0x80 => None,
            0xa1 => Some(der::read_time(Reader::new(status.content).one(der::GENERALIZED_TIME)?.content)?),
            _ => return None,
        };
        let this_update = der::read_time(single.one(der::GENERALIZED_TIME)?.content)?;
        let next_update = match single.inside(der::context(0)) {
            Some(mut next) => Some(der::read_time(next.one(der::GENERALIZED_TIME)?.content)?),
            None => None,
        };
        return Some((Standing { this_update, next_update, revoked_at }, produced_at));
    }
    None
}

/// Whether an authority issued a certificate.
pub fn is_issued_by(certificate: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> bool {
    let oid = certificate.signature_algorithm.algorithm.to_id_string();
    certificate.issuer().as_raw() == issuer.subject().as_raw()
        && signed_by(issuer, &oid, certificate.tbs_certificate.as_ref(), &certificate.signature_value.data)
}

/// Whether the holder of a certificate signed a message; SHA-1 and MD5 prove nothing.
pub fn signed_by(signer: &X509Certificate<'_>, oid: &str, message: &[u8], signature: &[u8]) -> bool {
    let algorithm: &'static dyn VerificationAlgorithm = match oid {
        ID_SHA256_RSA => &RSA_PKCS1_2048_8192_SHA256,
        ID_SHA384_RSA => &RSA_PKCS1_2048_8192_SHA384,
        ID_SHA512_RSA => &RSA_PKCS1_2048_8192_SHA512,
        ID_ECDSA_SHA256 => &ECDSA_P256_SHA256_ASN1,
        ID_ECDSA_SHA384 => &ECDSA_P384_SHA384_ASN1,
        _ => return false,
    };
    let key = &signer.public_key().subject_public_key.data;
    UnparsedPublicKey::new(algorithm, &key[..]).verify(message, signature).is_ok()
}

/// Where a certificate says that its list and its responder are: (CRL, OCSP).
pub fn addresses(certificate: &[u8]) -> Result<(Vec<String>, Vec<String>)> {
    let certificate = parse(certificate)?;
    let (mut lists, mut responders) = (Vec::new(), Vec::new());
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::CRLDistributionPoints(points) => {
                for point in points.iter() {
                    if let Some(DistributionPointName::FullName(names)) = &point.distribution_point {
                        lists.extend(names.iter().filter_map(url));
                    }
                }
            }
            ParsedExtension::AuthorityInfoAccess(access) => {
                let is_responder = |oid: &str| oid == OCSP_ACCESS;
                let found = access.accessdescs.iter();
                responders.extend(
                    found
                        .filter(|one| is_responder(&one.access_method.to_id_string()))
                        .filter_map(|one| url(&one.access_location)),
                );
            }
            _ => {}
        }
    }
    Ok((lists, responders))
}

fn url(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::URI(url) => Some((*url).to_owned()),
        _ => None,
    }
}

/// An OID in dotted form.
pub fn oid_text(content: &[u8]) -> Option<String> {
    x509_parser::der_parser::oid::Oid::new(content.into()).to_id_string().into()
}

fn not_ahead(standing: Standing, now: Instant) -> Result<Standing> {
    if standing.this_update > now.plus_seconds(SKEW_S) {
        let detail = "the authority's document is dated in the future";
        return Err(Error::conflict("revocation_from_the_future", detail));
    }
    Ok(standing)
}

#[track_caller]
fn unreadable() -> Error {
    Error::conflict("revocation_unreadable", "neither a revocation list nor an answer about this certificate")
}

#[track_caller]
fn partial() -> Error {
    Error::conflict("revocation_partial", "a list of changes, of some reasons or of other certificates")
}

#[track_caller]
fn untrusted() -> Error {
    Error::conflict("revocation_untrusted", "the certificate's authority did not sign this document")
}
