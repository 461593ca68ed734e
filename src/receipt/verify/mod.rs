//! Verifies documents. Our own receipts by a strict profile: one shape, one set of algorithms, one
//! parser. Those of others (`foreign`) in whatever shape issuers give them, by the same parser and
//! canonical form.
//!
//! The business data is read only from the canonical bytes that were digested (`Fields::read`), so
//! that what is shown is what was signed. Integrity and trust are judged apart.

pub mod canonical;
mod foreign;
pub mod lenient;
pub mod limits;
pub mod problem;
pub mod reading;
pub mod report;
mod shape;
mod signature;
#[cfg(test)]
mod tests;
pub mod trust;

use ring::digest::{SHA256, digest};
use roxmltree::{Document, Node, ParsingOptions};

use self::canonical::canonical;
pub use self::foreign::gate::BYTES_LIMIT;
pub use self::lenient::Lenient;
pub use self::problem::Problem;
pub use self::reading::Fields;
pub use self::report::{
    CertificateReport, DocumentReport, Integrity, Report, SignatureReport, Summary, Verdict,
};
use self::shape::Parts;
use self::signature::SignatureParts;
pub use self::trust::{Trust, TrustStore};
use super::certificate::SigningCertificate;
use super::sign::DSIG;
use crate::clock::Instant;
use crate::error::{Error, Result};

/// Clocks of signer and verifier may differ by this much.
const CLOCK_SKEW_S: i64 = 300;

/// Judges one file, ours or of others. Never fails: what is wrong stands in the report.
///
/// Without certificates in `trust` the signature is judged by the certificate inside the document;
/// that shows who claims to have signed, not who did, and the report says `not_checked`.
pub fn verify(bytes: &[u8], trust: &TrustStore, now: Instant) -> Report {
    verify_leniently(bytes, trust, now, &[])
}

/// The same with lenient rules for documents of others; the report shows the use of each.
pub fn verify_leniently(bytes: &[u8], trust: &TrustStore, now: Instant, lenient: &[Lenient]) -> Report {
    if bytes.len() > foreign::gate::BYTES_LIMIT {
        return Report::refused(Problem::DocumentTooLarge);
    }
    let text = match foreign::encoding::text_of(bytes) {
        Ok(text) => text,
        Err(problem) => return Report::refused(problem),
    };
    if is_ours(&text) {
        return examine(bytes, trust, now).report;
    }
    foreign::examine(&text, &foreign::Terms { trust, now, lenient })
}

/// A bare receipt that claims our format, or has no data by which it could claim another: it must
/// have the one shape. Claiming another format gains a forger nothing, for its version is signed.
fn is_ours(text: &str) -> bool {
    let root = text.trim_start_matches('\u{feff}');
    let root = match root.strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>").map_or("", |(_, content)| content).trim_start(),
        None => root.trim_start(),
    };
    let is_receipt =
        root.strip_prefix("<BLai").is_some_and(|rest| rest.starts_with(['>', ' ', '\t', '\r', '\n', '/']));
    is_receipt && (text.contains("<PBan>BL-") || !text.contains("<PBan>"))
}

/// A receipt whose signature was found good, with its data as it was signed.
#[derive(Clone, Debug)]
pub struct Verified {
    pub report: Report,
    pub fields: Fields,
}

/// Judges one document and gives its data for display.
///
/// # Errors
/// `receipt_not_valid` with the code of the first problem as detail.
pub fn verified_content(bytes: &[u8], trust: &TrustStore, now: Instant) -> Result<Verified> {
    let examined = examine(bytes, trust, now);
    match (examined.report.is_valid(), examined.fields) {
        (true, Some(fields)) => Ok(Verified { report: examined.report, fields }),
        _ => {
            let problems = examined.report.problems();
            let first = problems.iter().find(|problem| !problem.is_remark());
            let code = first.map_or("content_unreadable", |problem| problem.code());
            Err(Error::invalid("document", "receipt_not_valid", code))
        }
    }
}

struct Examined {
    report: Report,
    fields: Option<Fields>,
}

fn examine(bytes: &[u8], trust: &TrustStore, now: Instant) -> Examined {
    let refused = |problem| Examined { report: Report::refused(problem), fields: None };
    let text = match limits::gate(bytes) {
        Ok(text) => text,
        Err(problem) => return refused(problem),
    };
    let nodes_limit = 2 * limits::ELEMENTS_LIMIT as u32 + 1;
    let options = ParsingOptions { allow_dtd: false, nodes_limit, ..ParsingOptions::default() };
    let Ok(document) = Document::parse_with_options(text, options) else { return refused(Problem::NotXml) };
    match shape::parts(&document) {
        Ok(parts) => judge(&parts, trust, now),
        Err(problem) => refused(problem),
    }
}

/// Everything that is computed: digests, signature, certificate, trust, and the content last.
fn judge(parts: &Parts<'_, '_>, trust: &TrustStore, now: Instant) -> Examined {
    let signature = &parts.signature;
    let mut problems = Vec::new();
    let mut covers = Vec::new();
    let body = canonical(parts.body);
    if fits(&body, &signature.body_digest) {
        covers.push("DLBLai".to_owned());
    } else {
        problems.push(Problem::BodyDigestMismatch);
    }
    let object = canonical(signature.object);
    if fits(&object, &signature.object_digest) {
        covers.push("Object".to_owned());
    } else {
        problems.push(Problem::ObjectDigestMismatch);
    }
    let signed_info = canonical(signature.signed_info);
    let as_issued = spelled_as_issued(parts.body, &body)
        && spelled_as_issued(signature.object, &object)
        && spelled_as_issued(signature.signed_info, &signed_info);
    if problems.is_empty() && !as_issued {
        problems.push(Problem::NotCanonical);
    }
    let certificate = certificate(signature, &signed_info, &mut problems);
    let integrity = if problems.is_empty() { Integrity::Ok } else { Integrity::Failed };

    let fields = if integrity == Integrity::Ok { Fields::read(&body) } else { None };
    let document_problems = content_problems(integrity, fields.as_ref());
    let trust = match &certificate {
        Some(certificate) => {
            judge_signer(certificate, signature.signing_time, fields.as_ref(), now, &mut problems);
            let (trust, problem) = trust.judge(certificate, signature.signing_time);
            problems.extend(problem);
            trust
        }
        None => Trust::NotChecked,
    };
    let signature = SignatureReport {
        by: certificate.as_ref().map(|certificate| certificate.subject().to_owned()),
        tax_code: certificate.as_ref().and_then(|certificate| certificate.tax_code().map(str::to_owned)),
        certificate: certificate.as_ref().map(CertificateReport::of),
        role: "TCThu".to_owned(),
        integrity,
        trust,
        covers,
        algorithm: Some("rsa-sha256".to_owned()),
        signing_time: Some(signature.signing_time),
        lenient: Vec::new(),
        problems,
    };
    let document = DocumentReport {
        kind: "receipt",
        summary: None,
        signatures: vec![signature],
        problems: document_problems,
        own: true,
    };
    Examined { report: Report::of(document), fields }
}

fn fits(canonical: &[u8], expected: &[u8]) -> bool {
    digest(&SHA256, canonical).as_ref() == expected
}

/// Receipts are issued in canonical form, so the bytes in the document must be the canonical bytes,
/// less the namespace that an element inherits. Any other spelling is somebody else's work.
fn spelled_as_issued(node: Node<'_, '_>, canonical: &[u8]) -> bool {
    let source = node.document().input_text().get(node.range()).unwrap_or_default();
    let Ok(canonical) = std::str::from_utf8(canonical) else { return false };
    if node.tag_name().namespace() == Some(DSIG) {
        canonical.replacen(&format!(" xmlns=\"{DSIG}\""), "", 1) == source
    } else {
        canonical == source
    }
}

/// Reads the certificate and checks the signature value with its key.
fn certificate(
    signature: &SignatureParts<'_, '_>,
    signed_info: &[u8],
    problems: &mut Vec<Problem>,
) -> Option<SigningCertificate> {
    let certificate = match SigningCertificate::from_der(&signature.certificate_der) {
        Ok(certificate) => certificate,
        Err(error) => {
            problems.push(match error.code() {
                "certificate_key_not_rsa" => Problem::CertificateKeyNotRsa,
                "certificate_key_too_short" => Problem::CertificateKeyTooShort,
                _ => Problem::CertificateUnreadable,
            });
            return None;
        }
    };
    if certificate.subject() != signature.subject_name {
        problems.push(Problem::SubjectNameMismatch);
    }
    if !certificate.verifies(signed_info, &signature.value) {
        problems.push(Problem::SignatureWrong);
    }
    Some(certificate)
}

/// The signer is the unit that the receipt names, and could sign at that time.
fn judge_signer(
    certificate: &SigningCertificate,
    signing_time: Instant,
    fields: Option<&Fields>,
    now: Instant,
    problems: &mut Vec<Problem>,
) {
    if let Some(fields) = fields {
        match certificate.tax_code() {
            None => problems.push(Problem::SignerTaxCodeMissing),
            Some(code) if code != fields.content.unit.tax_code => problems.push(Problem::SignerNotCollector),
            Some(_) => {}
        }
    }
    if signing_time > now.plus_seconds(CLOCK_SKEW_S) {
        problems.push(Problem::SigningTimeInFuture);
    }
    if !certificate.is_valid_at(signing_time) {
        problems.push(Problem::CertificateNotValidAtSigning);
    } else if certificate.valid_until() < now {
        problems.push(Problem::CertificateExpiredSince);
    }
    if certificate.is_test() {
        problems.push(Problem::TestCertificate);
    }
}

fn content_problems(integrity: Integrity, fields: Option<&Fields>) -> Vec<Problem> {
    match (integrity, fields) {
        (Integrity::Failed, _) => Vec::new(),
        (Integrity::Ok, None) => vec![Problem::ContentUnreadable],
        (Integrity::Ok, Some(fields)) if !fields.is_consistent() => vec![Problem::ContentInconsistent],
        (Integrity::Ok, Some(_)) => Vec::new(),
    }
}
