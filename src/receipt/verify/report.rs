//! What verifying found, for people and programs.

use serde::Serialize;

use super::problem::Problem;
use super::trust::Trust;
use crate::clock::Instant;
use crate::receipt::LookupCode;
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
    /// Intact, with the signatures it needs, each by a certificate of a trusted authority.
    Valid,
    /// Every signature is intact, but not all is confirmed: no trust store was given, the algorithms
    /// are of yesterday, or a remark leaves open whose the document is, or when it was signed
    /// (`Problem::leaves_open`).
    Intact,
    Invalid,
    /// Not a document that could be judged.
    Unreadable,
}

#[derive(Clone, Debug, Serialize)]
pub struct DocumentReport {
    /// `receipt`, `invoice`, `certificate`, `notice`, `declaration`, `summary`, `usage_report`, or
    /// `unknown`.
    pub kind: &'static str,
    /// What the signed data says; None unless it is intact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// What a refused document says of itself, for people who have to act on it: no signature confirms it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unconfirmed: Option<Unconfirmed>,
    pub signatures: Vec<SignatureReport>,
    /// Problems of the document as a whole.
    pub problems: Vec<Problem>,
    /// Under what a register would know it; only of an intact document.
    #[serde(skip)]
    pub registered: Option<Registered>,
}

/// Read from the file as it is, altered or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unconfirmed {
    pub kind: &'static str,
    #[serde(flatten)]
    pub summary: Summary,
}

/// What identifies a document in the register of its issuer.
#[derive(Clone, Debug)]
pub struct Registered {
    pub lookup_code: LookupCode,
    /// SHA-256 of the canonical data that was signed.
    pub body_digest: Vec<u8>,
}

/// A few fields of a document, read from the bytes that were digested.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub version: Option<String>,
    pub template: Option<String>,
    pub series: Option<String>,
    pub number: Option<String>,
    pub issued_on: Option<String>,
    pub currency: Option<String>,
    pub seller_tax_code: Option<String>,
    /// Who issues in the seller's place, as the document says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrusted_tax_code: Option<String>,
    /// On whose behalf the collector collects and signs (`UNThu`), as the document says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal_tax_code: Option<String>,
    pub buyer_tax_code: Option<String>,
    /// As a plain decimal, without padding.
    pub total: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct SignatureReport {
    /// The subject of the certificate; None when it could not be read.
    pub by: Option<String>,
    pub tax_code: Option<String>,
    pub certificate: Option<CertificateReport>,
    /// The element the signature stands in: `TCThu` the collecting unit, `NBan` the seller, `NMua`
    /// the buyer, `CQT` the tax authority, …
    pub role: String,
    pub integrity: Integrity,
    pub trust: Trust,
    /// The elements whose digests fit: `DLBLai` or `DLHDon` the data, `Object` the signing time.
    pub covers: Vec<String>,
    /// `rsa-sha256`; None when the signature does not name one that is known.
    pub algorithm: Option<String>,
    /// As the signer says; nobody else attests it. See `signed_at`.
    pub signing_time: Option<Instant>,
    /// The lenient rules without which it would have failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lenient: Vec<&'static str>,
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

impl SignatureReport {
    /// The signing time, if the signature covers it: anybody may have written another.
    pub fn signed_at(&self) -> Option<Instant> {
        self.signing_time.filter(|_| !self.problems.contains(&Problem::SigningTimeUnsigned))
    }
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
    /// A document of which nothing is known yet.
    pub(super) fn of(kind: &'static str) -> DocumentReport {
        DocumentReport {
            kind,
            summary: None,
            unconfirmed: None,
            signatures: Vec::new(),
            problems: Vec::new(),
            registered: None,
        }
    }

    pub(super) fn refused(kind: &'static str, problem: Problem) -> DocumentReport {
        DocumentReport { problems: vec![problem], ..DocumentReport::of(kind) }
    }

    /// Its own, then those of its signatures.
    fn all_problems(&self) -> impl Iterator<Item = Problem> + '_ {
        let of_signatures = self.signatures.iter().flat_map(|signature| &signature.problems);
        self.problems.iter().chain(of_signatures).copied()
    }

    /// Whether nothing in it was changed and nobody signed it who may not: what it says may be relied on as far as
    /// its signers may.
    pub fn is_confirmed(&self) -> bool {
        matches!(self.verdict(), Verdict::Valid | Verdict::Intact)
    }

    pub fn verdict(&self) -> Verdict {
        self.judged(Problem::leaves_open)
    }

    /// Whether nothing is open but when it was signed: a certificate is over, and its signer is known.
    pub fn is_open_in_time_only(&self) -> bool {
        let is_open = |problem: Problem| problem.leaves_open() && problem != Problem::SigningTimeUnproven;
        self.verdict() == Verdict::Intact && self.judged(is_open) == Verdict::Valid
    }

    fn judged(&self, is_open: impl Fn(Problem) -> bool) -> Verdict {
        let mut fatal = self.all_problems().filter(|problem| !problem.is_remark()).peekable();
        if fatal.peek().is_none() && !self.signatures.is_empty() {
            let trusted =
                self.signatures.iter().all(|signature| matches!(signature.trust, Trust::Ok | Trust::Test));
            let confirmed = trusted && !self.all_problems().any(is_open);
            return if confirmed { Verdict::Valid } else { Verdict::Intact };
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
        Report::of(DocumentReport::refused(kind, problem))
    }

    /// Gives each document of which nothing is confirmed what the file says, in the order in which both stand there.
    pub(super) fn with_unconfirmed(mut self, said: Vec<Option<Unconfirmed>>) -> Report {
        if said.len() == self.documents.len() {
            for (document, said) in self.documents.iter_mut().zip(said) {
                document.unconfirmed = said.filter(|_| document.summary.is_none());
            }
        }
        self
    }

    /// The findings on several files as one; the verdict is the worst of them.
    pub fn combined(reports: impl IntoIterator<Item = Report>) -> Report {
        Report::combined_of(reports.into_iter().flat_map(|report| report.documents).collect())
    }

    pub(super) fn combined_of(documents: Vec<DocumentReport>) -> Report {
        Report { verdict: Report::worst(&documents), documents }
    }

    fn worst(documents: &[DocumentReport]) -> Verdict {
        let verdicts: Vec<Verdict> = documents.iter().map(DocumentReport::verdict).collect();
        if verdicts.is_empty() || verdicts.contains(&Verdict::Unreadable) {
            Verdict::Unreadable
        } else if verdicts.contains(&Verdict::Invalid) {
            Verdict::Invalid
        } else if verdicts.contains(&Verdict::Intact) {
            Verdict::Intact
        } else {
            Verdict::Valid
        }
    }

    /// Somebody proved that the first signature of this document, counted from 0, was made while its certificate
    /// stood: that is open no more.
    pub fn settle_time(&mut self, document: usize) {
        let signature = self.documents.get_mut(document).and_then(|document| document.signatures.first_mut());
        let Some(signature) = signature else { return };
        let told = signature.problems.len();
        signature.problems.retain(|problem| *problem != Problem::SigningTimeUnproven);
        if signature.problems.len() < told {
            self.verdict = Report::worst(&self.documents);
        }
    }

    /// Whether nothing is wrong with its documents themselves: the evidence that came with them speaks against them.
    pub fn is_contradicted(&self) -> bool {
        self.verdict == Verdict::Invalid && self.documents.iter().all(DocumentReport::is_confirmed)
    }

    /// Whether a certificate is over since, so that a valid document is one that was valid when it was signed.
    pub fn is_over_since(&self) -> bool {
        self.documents.iter().any(|document| {
            document.all_problems().any(|problem| problem == Problem::CertificateExpiredSince)
        })
    }

    pub fn is_valid(&self) -> bool {
        self.verdict == Verdict::Valid
    }

    /// Everything found, of the documents and their signatures.
    pub fn problems(&self) -> Vec<Problem> {
        self.documents.iter().flat_map(DocumentReport::all_problems).collect()
    }

    /// For the command line: 0 valid or intact, 1 invalid, 2 unreadable.
    pub fn exit_code(&self) -> u8 {
        match self.verdict {
            Verdict::Valid | Verdict::Intact => 0,
            Verdict::Invalid => 1,
            Verdict::Unreadable => 2,
        }
    }
}
