//! What verifying found, for people and programs.

use serde::Serialize;

use super::problem::Problem;
use super::trust::Trust;
use crate::clock::Instant;
use crate::receipt::certificate::SigningCertificate;

/// The findings on one or more documents.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub documents: Vec<DocumentReport>,
    pub verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Intact, and signed by a certificate of a trusted authority (or trust was not asked for:
    /// see `trust` of the signatures).
    Valid,
    Invalid,
    /// Not a receipt that could be judged.
    Unreadable,
}

#[derive(Clone, Debug, Serialize)]
pub struct DocumentReport {
    /// `receipt`, `invoice` or `unknown`.
    pub kind: &'static str,
    pub signatures: Vec<SignatureReport>,
    /// Problems of the document as a whole.
    pub problems: Vec<Problem>,
}

#[derive(Clone, Debug, Serialize)]
pub struct SignatureReport {
    /// The subject of the certificate; None when it could not be read.
    pub by: Option<String>,
    pub tax_code: Option<String>,
    pub certificate: Option<CertificateReport>,
    /// The element the signature stands in: `TCThu`, the collecting unit, or `NBan`, the seller.
    pub role: &'static str,
    pub integrity: Integrity,
    pub trust: Trust,
    /// The elements whose digests fit: `DLBLai` or `DLHDon` the data, `Object` the signing time.
    pub covers: Vec<&'static str>,
    pub algorithm: &'static str,
    /// As the signer says; nobody else attests it.
    pub signing_time: Instant,
    pub problems: Vec<Problem>,
}

#[derive(Clone, Debug, Serialize)]
pub struct CertificateReport {
    pub issuer: String,
    pub serial: String,
    /// SHA-256 in hexadecimal.
    pub fingerprint: String,
    pub valid_from: Instant,
    pub valid_until: Instant,
    /// Made for trials: no legal value.
    pub test: bool,
}

impl CertificateReport {
    pub(super) fn of(certificate: &SigningCertificate) -> CertificateReport {
        CertificateReport {
            issuer: certificate.issuer().to_owned(),
            serial: certificate.serial().to_owned(),
            fingerprint: certificate.fingerprint(),
            valid_from: certificate.valid_from(),
            valid_until: certificate.valid_until(),
            test: certificate.is_test(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Integrity {
    Ok,
    Failed,
}

impl DocumentReport {
    fn verdict(&self) -> Verdict {
        let problems = self.signatures.iter().flat_map(|signature| &signature.problems).chain(&self.problems);
        let mut fatal = problems.filter(|problem| !problem.is_remark()).peekable();
        if fatal.peek().is_none() && !self.signatures.is_empty() {
            return Verdict::Valid;
        }
        if fatal.any(|problem| problem.is_unreadable()) { Verdict::Unreadable } else { Verdict::Invalid }
    }
}

impl Report {
    pub(super) fn of(document: DocumentReport) -> Report {
        Report { verdict: document.verdict(), documents: vec![document] }
    }

    /// A document that failed before its signature could be judged.
    pub(super) fn refused(problem: Problem) -> Report {
        let kind = if problem.is_unreadable() { "unknown" } else { "receipt" };
        Report::of(DocumentReport { kind, signatures: Vec::new(), problems: vec![problem] })
    }

    /// The findings on several files as one; the verdict is the worst of them.
    pub fn combined(reports: impl IntoIterator<Item = Report>) -> Report {
        let documents: Vec<DocumentReport> =
            reports.into_iter().flat_map(|report| report.documents).collect();
        let verdicts: Vec<Verdict> = documents.iter().map(DocumentReport::verdict).collect();
        let verdict = if verdicts.is_empty() || verdicts.contains(&Verdict::Unreadable) {
            Verdict::Unreadable
        } else if verdicts.contains(&Verdict::Invalid) {
            Verdict::Invalid
        } else {
            Verdict::Valid
        };
        Report { documents, verdict }
    }

    pub fn is_valid(&self) -> bool {
        self.verdict == Verdict::Valid
    }

    /// Everything found, of the documents and their signatures.
    pub fn problems(&self) -> Vec<Problem> {
        let documents = self.documents.iter();
        documents
            .flat_map(|document| {
                document
                    .problems
                    .iter()
                    .chain(document.signatures.iter().flat_map(|signature| &signature.problems))
            })
            .copied()
            .collect()
    }

    /// For the command line: 0 valid, 1 invalid, 2 unreadable.
    pub fn exit_code(&self) -> u8 {
        match self.verdict {
            Verdict::Valid => 0,
            Verdict::Invalid => 1,
            Verdict::Unreadable => 2,
        }
    }
}
