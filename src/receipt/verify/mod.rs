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
mod tag;
#[cfg(test)]
pub(in crate::receipt) mod tests;
pub mod trust;
mod vouched;

use std::borrow::Cow;

use ring::digest::{SHA256, digest};
use roxmltree::{Document, Node, ParsingOptions};
use x509_parser::certificate::X509Certificate;

use self::canonical::{Form, canonical_as};
pub use self::foreign::gate::BYTES_LIMIT;
pub use self::lenient::Lenient;
pub use self::problem::Problem;
pub use self::reading::Fields;
pub use self::report::{
    CertificateReport, DocumentReport, Integrity, Registered, Report, SignatureReport, Summary, Unconfirmed,
    Verdict,
};
use self::shape::Parts;
use self::signature::SignatureParts;
pub use self::trust::{Trust, TrustStore};
use super::LookupCode;
use super::certificate::{SigningCertificate, parse};
use super::frame::{self, Frame};
use super::invoice::reading as invoice;
use super::sign::{DSIG, OBJECT_ID_PREFIX};
use crate::clock::Instant;
use crate::error::{Error, Result};

/// What XML takes for blank, and nothing else.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// Clocks of signer and verifier may differ by this much.
const CLOCK_SKEW_S: i64 = 300;

/// Judges one file, ours or of others. Never fails: what is wrong stands in the report.
///
/// Without certificates in `trust` the signature is judged by the certificate inside the document;
/// that shows who claims to have signed, not who did: the report says `not_checked`, and the verdict
/// is never better than `intact`.
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
    let strict = || match &text {
        Cow::Borrowed(text) => examine_gated(limits::gate_text(text), trust, now).report,
        // Our own documents are never written in UTF-16; the gate says so.
        Cow::Owned(_) => examine(bytes, trust, now).report,
    };
    let report = judged(&text, strict, &foreign::Terms { trust, now, lenient });
    if report.documents.iter().all(|document| document.summary.is_some()) {
        return report;
    }
    // An official must know which document it is that they cannot rely on.
    report.with_unconfirmed(foreign::said(&text))
}

fn judged(text: &str, strict: impl Fn() -> Report, terms: &foreign::Terms<'_>) -> Report {
    match claimed(text) {
        Some(frame::RECEIPT) => strict(),
        Some(_) => {
            let strict = strict();
            let others = || foreign::examine(text, terms);
            // Signed sums that do not add up are told, whoever signed them.
            let is_told = strict.is_valid() || strict.problems().contains(&Problem::ContentInconsistent);
            if is_told { strict } else { others() }
        }
        None => foreign::examine(text, terms),
    }
}

/// The frame of ours that a bare document claims. A receipt must then have the one shape: claiming
/// to be another's gains a forger nothing, for what the claim is read from is signed. An invoice of
/// another shape is judged as everybody's, for anybody may name an Object as we do.
///
/// A receipt claims it by its format's version, or by having no data that could name another. An
/// invoice has the version of everybody's; its Object is named after its data, as `sign` does it.
fn claimed(text: &str) -> Option<Frame> {
    let declaration = text.strip_prefix("<?xml").filter(|rest| rest.starts_with(BLANKS));
    let root = match declaration {
        Some(rest) => rest.split_once("?>").map_or("", |(_, content)| content).trim_start(),
        None => text.trim_start(),
    };
    let is_root = |frame: Frame| {
        let rest = root.strip_prefix('<').and_then(|rest| rest.strip_prefix(frame.root));
        rest.is_some_and(|rest| rest.starts_with(['>', ' ', '\t', '\r', '\n', '/']))
    };
    if is_root(frame::RECEIPT) {
        let is_ours = text.contains("<PBan>BL-") || !text.contains("<PBan>");
        return is_ours.then_some(frame::RECEIPT);
    }
    (is_root(frame::INVOICE) && has_our_ids(text)).then_some(frame::INVOICE)
}

/// Whether the Object has the Id that our signature gives it beside this body.
fn has_our_ids(text: &str) -> bool {
    let opening = format!("<{} Id=\"", frame::INVOICE.body);
    let body = text.split_once(&opening).and_then(|(_, rest)| rest.split_once('"'));
    body.is_some_and(|(id, _)| text.contains(&format!("<Object Id=\"{OBJECT_ID_PREFIX}{id}\"")))
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
        _ => Err(not_valid(&examined.report)),
    }
}

/// Judges one invoice of ours and gives its data.
///
/// # Errors
/// `receipt_not_valid` with the code of the first problem as detail.
pub fn verified_invoice(bytes: &[u8], trust: &TrustStore, now: Instant) -> Result<invoice::Fields> {
    let examined = examine(bytes, trust, now);
    match (examined.report.is_valid(), examined.invoice) {
        (true, Some(fields)) => Ok(fields),
        _ => Err(not_valid(&examined.report)),
    }
}

fn not_valid(report: &Report) -> Error {
    let problems = report.problems();
    let first = problems.iter().find(|problem| !problem.is_remark());
    let code = first.map_or("content_unreadable", |problem| problem.code());
    Error::invalid("document", "receipt_not_valid", code)
}

struct Examined {
    report: Report,
    fields: Option<Fields>,
    invoice: Option<invoice::Fields>,
}

fn examine(bytes: &[u8], trust: &TrustStore, now: Instant) -> Examined {
    examine_gated(limits::gate(bytes), trust, now)
}

fn examine_gated(text: std::result::Result<&str, Problem>, trust: &TrustStore, now: Instant) -> Examined {
    let refused = |problem| Examined { report: Report::refused(problem), fields: None, invoice: None };
    let text = match text {
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
    let canonical = |node| canonical_as(node, &Form::default());
    let body = canonical(parts.body);
    if fits(&body, &signature.body_digest) {
        covers.push(parts.frame.body.to_owned());
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

    let content = if integrity == Integrity::Ok { Signed::read(parts.frame, &body) } else { None };
    let document_problems = content_problems(integrity, content.as_ref());
    let (certificate, trust) = match certificate {
        Some((certificate, parsed)) => {
            judge_signer(&certificate, trust, signature.signing_time, content.as_ref(), now, &mut problems);
            let (trust, problem) = trust.judge(parsed, signature.signing_time);
            problems.extend(problem);
            (Some(certificate), trust)
        }
        None => (None, Trust::NotChecked),
    };
    let signature = SignatureReport {
        by: certificate.as_ref().map(|certificate| certificate.subject().to_owned()),
        tax_code: certificate.as_ref().and_then(|certificate| certificate.tax_code().map(str::to_owned)),
        certificate: certificate.as_ref().map(CertificateReport::of),
        role: parts.frame.holder.to_owned(),
        integrity,
        trust,
        covers,
        algorithm: Some("rsa-sha256".to_owned()),
        signing_time: Some(signature.signing_time),
        lenient: Vec::new(),
        problems,
    };
    let document = DocumentReport {
        kind: parts.frame.kind,
        summary: content.as_ref().map(Signed::summary),
        unconfirmed: None,
        signatures: vec![signature],
        problems: document_problems,
        registered: content.as_ref().map(|content| Registered {
            lookup_code: content.lookup_code().clone(),
            body_digest: parts.signature.body_digest.clone(),
        }),
    };
    let (fields, invoice) = match content {
        Some(Signed::Receipt(fields)) => (Some(*fields), None),
        Some(Signed::Invoice(fields)) => (None, Some(*fields)),
        None => (None, None),
    };
    Examined { report: Report::of(document), fields, invoice }
}

/// The data of a signed body, read from its canonical bytes.
enum Signed {
    Receipt(Box<Fields>),
    Invoice(Box<invoice::Fields>),
}

impl Signed {
    fn read(frame: Frame, body: &str) -> Option<Signed> {
        if frame == frame::INVOICE {
            invoice::Fields::read(body).map(|fields| Signed::Invoice(Box::new(fields)))
        } else {
            Fields::read(body).map(|fields| Signed::Receipt(Box::new(fields)))
        }
    }

    fn tax_code(&self) -> &str {
        match self {
            Signed::Receipt(fields) => &fields.content.unit.tax_code,
            Signed::Invoice(fields) => &fields.invoice.seller.tax_code,
        }
    }

    /// Who was entrusted with issuing it in the seller's place.
    fn entrusted(&self) -> Option<&str> {
        match self {
            Signed::Receipt(_) => None,
            Signed::Invoice(fields) => {
                fields.invoice.entrusted.as_ref().map(|entrusted| entrusted.tax_code.as_str())
            }
        }
    }

    /// On whose behalf the collector collects and signs.
    fn principal(&self) -> Option<&str> {
        match self {
            Signed::Receipt(fields) => {
                fields.content.unit.principal.as_ref().map(|principal| principal.tax_code.as_str())
            }
            Signed::Invoice(_) => None,
        }
    }

    fn lookup_code(&self) -> &LookupCode {
        match self {
            Signed::Receipt(fields) => &fields.content.lookup_code,
            Signed::Invoice(fields) => &fields.invoice.lookup_code,
        }
    }

    fn summary(&self) -> Summary {
        let (version, numbering, payer, total) = match self {
            Signed::Receipt(fields) => {
                let content = &fields.content;
                (&fields.format_version, &fields.numbering, &content.payer, content.totals.payable)
            }
            Signed::Invoice(fields) => {
                let invoice = &fields.invoice;
                (&fields.version, &fields.numbering, &invoice.buyer, invoice.totals.payable)
            }
        };
        Summary {
            version: Some(version.clone()),
            template: Some(numbering.template.clone()),
            series: Some(numbering.series.clone()),
            number: Some(numbering.number.to_string()),
            issued_on: Some(numbering.issued_on.to_string()),
            currency: Some("VND".to_owned()),
            seller_tax_code: Some(self.tax_code().to_owned()),
            entrusted_tax_code: self.entrusted().map(str::to_owned),
            principal_tax_code: self.principal().map(str::to_owned),
            buyer_tax_code: payer.tax_code.clone(),
            total: Some(total.0.to_string()),
        }
    }

    fn is_consistent(&self) -> bool {
        match self {
            Signed::Receipt(fields) => fields.is_consistent(),
            Signed::Invoice(fields) => fields.is_consistent(),
        }
    }
}

fn fits(canonical: &str, expected: &[u8]) -> bool {
    digest(&SHA256, canonical.as_bytes()).as_ref() == expected
}

/// Receipts are issued in canonical form, so the bytes in the document must be the canonical bytes,
/// less the namespace that an element inherits. Any other spelling is somebody else's work.
fn spelled_as_issued(node: Node<'_, '_>, canonical: &str) -> bool {
    let source = node.document().input_text().get(node.range()).unwrap_or_default();
    let inherited = format!(" xmlns=\"{DSIG}\"");
    match canonical.split_once(&inherited).filter(|_| node.tag_name().namespace() == Some(DSIG)) {
        Some((before, behind)) => source.strip_prefix(before) == Some(behind),
        None => canonical == source,
    }
}

/// Reads the certificate, once for all that is asked about it, and checks the signature value with its key.
fn certificate<'s>(
    signature: &'s SignatureParts<'_, '_>,
    signed_info: &str,
    problems: &mut Vec<Problem>,
) -> Option<(SigningCertificate, X509Certificate<'s>)> {
    let read = parse(&signature.certificate_der);
    let read = read.and_then(|parsed| Ok((SigningCertificate::of(&parsed)?, parsed)));
    let (certificate, parsed) = match read {
        Ok(read) => read,
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
    if !certificate.verifies(signed_info.as_bytes(), &signature.value) {
        problems.push(Problem::SignatureWrong);
    }
    Some((certificate, parsed))
}

/// The signer is who the document names as collector or seller, or as entrusted, and could sign at that time.
fn judge_signer(
    certificate: &SigningCertificate,
    trust: &TrustStore,
    signing_time: Instant,
    content: Option<&Signed>,
    now: Instant,
    problems: &mut Vec<Problem>,
) {
    if let Some(content) = content {
        match certificate.tax_code() {
            None => problems.push(Problem::SignerTaxCodeMissing),
            Some(code) if code == content.tax_code() => {}
            // That the seller entrusted it is known to the tax authority, and to who was told so.
            Some(code) if content.entrusted() == Some(code) => {
                problems.extend((!trust.is_entrusted(code)).then_some(Problem::SignerEntrusted));
            }
            Some(_) => problems.push(Problem::SignerNotCollector),
        }
    }
    if signing_time > now.plus_seconds(CLOCK_SKEW_S) {
        problems.push(Problem::SigningTimeInFuture);
    }
    if !certificate.is_valid_at(signing_time) {
        problems.push(Problem::CertificateNotValidAtSigning);
    } else if certificate.valid_until() < now {
        problems.extend([Problem::CertificateExpiredSince, Problem::SigningTimeUnproven]);
    }
    if certificate.is_test() {
        problems.push(Problem::TestCertificate);
    }
}

fn content_problems(integrity: Integrity, fields: Option<&Signed>) -> Vec<Problem> {
    match (integrity, fields) {
        (Integrity::Failed, _) => Vec::new(),
        (Integrity::Ok, None) => vec![Problem::ContentUnreadable],
        (Integrity::Ok, Some(fields)) if !fields.is_consistent() => vec![Problem::ContentInconsistent],
        (Integrity::Ok, Some(_)) => Vec::new(),
    }
}
