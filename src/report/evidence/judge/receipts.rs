//! The signed documents of a bundle.

use std::collections::HashMap;

use super::super::{Listed, RegisterLine};
use super::trail::Trail;
use super::{Judgement, Terms};
use crate::id::ReceiptId;
use crate::receipt::verify::{self, DocumentReport, Summary, Verdict};
use crate::text;

/// The documents by the receipt they are said to be of.
#[derive(Default)]
pub(super) struct Documents {
    by_receipt: HashMap<ReceiptId, Document>,
}

/// A document as it was signed, beside what the list says of it.
pub(super) struct Document {
    pub listed: Listed,
    sha256: String,
    body_sha256: Option<String>,
    issued_on: Option<String>,
}

impl Documents {
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        sha256: String,
        listed: &Listed,
        terms: &Terms<'_>,
        found: &mut Judgement,
    ) {
        found.receipts += 1;
        let file = listed.file.as_str();
        let report = verify::verify(bytes, terms.trust, terms.now);
        match report.verdict {
            Verdict::Valid => found.receipts_trusted += 1,
            Verdict::Intact if terms.trust.is_empty() => {}
            // When it was sealed, the register and the trail beside it say.
            Verdict::Intact if report.documents.iter().all(DocumentReport::is_open_in_time_only) => {
                found.receipts_trusted += 1;
            }
            Verdict::Intact => found.fault(file, "is intact, but its signer is not trusted"),
            Verdict::Invalid | Verdict::Unreadable => found.fault(file, "its signature does not hold"),
        }
        let document = report.documents.into_iter().next();
        let summary = document.as_ref().and_then(|document| document.summary.clone()).unwrap_or_default();
        let number = summary.number.as_deref().and_then(|text| text.parse().ok());
        if number != Some(listed.number) || summary.series.as_deref() != Some(listed.series.as_str()) {
            found.fault(file, "is another number than the list says");
        }
        if summary.issued_on.as_deref() != Some(listed.issued_on.to_string().as_str()) {
            found.fault(file, "is of another day than the list says");
        }
        if !terms.is_in(listed.issued_on) {
            found.fault(file, "is of no day of the period");
        }
        if let Some(fault) = stranger(&summary, terms) {
            found.fault(file, fault);
        }
        let Ok(receipt) = listed.receipt.parse::<ReceiptId>() else {
            return found.fault(file, "is listed without a receipt");
        };
        let held = Document {
            listed: listed.clone(),
            sha256,
            body_sha256: document.as_ref().and_then(body_sha256),
            issued_on: summary.issued_on,
        };
        if self.by_receipt.insert(receipt, held).is_some() {
            found.fault(file, "is listed twice");
        }
    }

    pub(super) fn take(&mut self, receipt: ReceiptId) -> Option<Document> {
        self.by_receipt.remove(&receipt)
    }

    /// Those that no register asked for.
    pub(super) fn rest(self) -> impl Iterator<Item = Document> {
        self.by_receipt.into_values()
    }
}

fn body_sha256(document: &DocumentReport) -> Option<String> {
    document.registered.as_ref().map(|registered| text::hex(&registered.body_digest))
}

/// Who collects must be the unit, or act for it and be known to.
fn stranger(summary: &Summary, terms: &Terms<'_>) -> Option<String> {
    let collector = summary.seller_tax_code.as_deref().unwrap_or_default();
    if collector == terms.manifest.tax_code {
        return None;
    }
    if summary.principal_tax_code.as_deref() != Some(terms.manifest.tax_code.as_str()) {
        return Some("is of another unit".to_owned());
    }
    let is_known = terms.trust.is_entrusted(collector);
    (!is_known).then(|| {
        format!("is collected for the unit by tax code {collector}, which nobody named as entrusted")
    })
}

impl Document {
    /// Holds it against its number in the register and its sealing in the trail.
    pub(super) fn held_against(
        &self,
        (name, line): (&str, &RegisterLine),
        trail: Option<&Trail>,
        found: &mut Judgement,
    ) {
        let file = self.listed.file.as_str();
        let listed = &self.listed;
        if (listed.series.as_str(), listed.number) != (name, line.number) {
            found.fault(file, "is another number than the register says");
        }
        if self.issued_on.as_deref() != Some(line.issued_on.to_string().as_str()) {
            found.fault(file, "is of another day than the register says");
        }
        if self.body_sha256.as_deref() != Some(line.body_sha256.as_str()) {
            found.fault(file, "is not the document that was numbered");
        }
        let may_differ = trail.is_some_and(|trail| {
            trail.may_be_both(line.receipt, [listed.state.as_str(), line.state.as_str()])
        });
        if listed.state != line.state && !may_differ {
            found.fault(file, format!("is listed as {}, and {} in the register", listed.state, line.state));
        }
        let Some(trail) = trail else { return };
        match trail.sealed(line.receipt) {
            None => found.fault(file, "the trail knows no sealing of it"),
            Some(sealed) if sealed.sha256 != self.sha256 => {
                found.fault(file, "is not the document that was sealed");
            }
            Some(_) => {}
        }
    }
}
