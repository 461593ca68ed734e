//! The certificate of a closed day: canonical XML, chained to the day before by its hash.
//!
//! Written as receipts are: no declaration, no white space, no self-closing tags, the five escapes
//! of Canonical XML. The signature is detached: RSA PKCS#1 v1.5 with SHA-256 over exactly these
//! bytes. The schema is `xsd/day_certificate/DC-1.0.xsd`.

use super::bridge_part;
use super::reading::OnItsWay;
use super::share::Share;
use super::transit::Claim;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{CertificateId, StatementId};
use crate::receipt::markup::Markup;
use crate::receipt::relation::Relation;
use crate::reconciliation::proof::{Item, Proof};
use crate::unit::{BankAccount, Unit};

/// The format version in every certificate.
pub const VERSION: &str = "DC-1.0";

/// Which certificate of its day, or month, one is, as people count them: each opening again is a revision too.
pub fn ordinal(revision: i64) -> i64 {
    (revision + 1) / 2
}

/// What a certificate says beyond the proof.
#[derive(Clone, Debug)]
pub struct Content<'a> {
    pub id: CertificateId,
    pub revision: i64,
    /// Hash of the certificate that it takes the place of, when the day was opened again.
    pub replaces_sha256: Option<&'a str>,
    pub unit: &'a Unit,
    pub account: &'a BankAccount,
    pub proof: &'a Proof,
    pub shares: &'a [Share],
    /// Corrections of receipts posted on this day, whatever day the receipts are of.
    pub corrections: &'a [Relation],
    /// Taken on a channel's word or by card, on no statement by the end of the day and not overdue.
    pub in_transit: &'a [Claim],
    /// What the books had on its way beyond them.
    pub in_transit_unnamed: Dong,
    /// From the receipts to the bank.
    pub bridge: &'a bridge_part::Part,
    /// Takings in drawers, and slips on their way to the account, at the end of the day.
    pub cash: &'a [Cash],
    /// The statements that show the day, with the hashes of their files.
    pub statements: &'a [(StatementId, String)],
    /// The unit's sealed trail: last sequence number and root.
    pub audit_root: Option<&'a (i64, String)>,
    /// Hash of the certificate of the day before; empty on the account's first day.
    pub previous_sha256: &'a str,
    pub issued_at: Instant,
    /// Serial number of the signing certificate.
    pub signer_serial: &'a str,
}

/// Cash that receipts exist for and that is not in the bank yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cash {
    pub item: Item,
    pub amount: Dong,
    pub since: BusinessDay,
}

/// The canonical bytes.
pub fn document(content: &Content<'_>) -> Vec<u8> {
    let proof = content.proof;
    Markup::document("DayCertificate", &format!("DC-{}", content.id), |xml| {
        xml.text("Version", VERSION);
        parties(xml, content);
        xml.text("Date", &proof.day.to_string());
        xml.text("Revision", &content.revision.to_string());
        if let Some(sha256) = content.replaces_sha256 {
            xml.text("ReplacesSha256", sha256);
        }
        xml.text("IsNil", if proof.is_nil { "true" } else { "false" });
        xml.text("BalanceBasis", if proof.is_derived { "derived" } else { "given" });
        xml.text("SequenceChecked", if proof.is_sequence_checked { "true" } else { "false" });
        xml.amount("Opening", proof.opening);
        xml.amount("Credits", proof.credits);
        xml.amount("Debits", proof.debits);
        xml.amount("Closing", proof.closing);
        xml.text("LineCount", &proof.line_count.to_string());
        sums(xml, content);
        evidence(xml, content);
        xml.text("PreviousSha256", content.previous_sha256);
        xml.text("IssuedAt", &content.issued_at.hanoi_text());
        xml.text("SignerSerial", content.signer_serial);
    })
}

fn parties(xml: &mut Markup, content: &Content<'_>) {
    xml.element("Unit", |xml| {
        xml.text("Id", &content.unit.id.to_string());
        xml.text("Code", &content.unit.code);
        xml.text("Name", &content.unit.name);
        xml.text("TaxCode", &content.unit.tax_code);
    });
    xml.element("Account", |xml| {
        xml.text("Id", &content.account.id.to_string());
        xml.text("BankBin", &content.account.bank_bin);
        xml.text("Number", &crate::statement::import::masked(&content.account.account_no));
        xml.text("Currency", &content.account.currency);
    });
}

fn sums(xml: &mut Markup, content: &Content<'_>) {
    xml.element("Classes", |xml| {
        for (class, sum) in &content.proof.by_class {
            xml.element("Class", |xml| {
                xml.text("Name", class.as_str());
                xml.amount("Sum", *sum);
            });
        }
    });
    xml.element("CarriedItems", |xml| {
        for carried in &content.proof.carried {
            xml.element("Carried", |xml| {
                let (kind, id) = named(carried.item);
                xml.text("Kind", kind);
                xml.text("Id", &id);
                xml.amount("Amount", carried.amount);
                xml.text("FirstSeen", &carried.first_seen.to_string());
                xml.text("Exception", &carried.exception.to_string());
                xml.text("ExceptionKind", carried.kind.as_str());
            });
        }
    });
    in_transit(xml, content.in_transit, content.in_transit_unnamed);
    xml.element("Shares", |xml| {
        for share in content.shares {
            xml.element("Share", |xml| {
                xml.text("From", &share.from.to_string());
                xml.text("To", &share.to.to_string());
                xml.amount("Amount", share.amount);
            });
        }
    });
    corrections(xml, content.corrections);
    cash(xml, content.cash);
    bridge_part::write(xml, content.bridge);
}

fn in_transit(xml: &mut Markup, claims: &[Claim], unnamed: Dong) {
    let named = claims.iter().fold(0_i64, |sum, claim| sum.saturating_add(claim.amount.0));
    let claims: Vec<OnItsWay> = claims
        .iter()
        .map(|claim| OnItsWay {
            payment: claim.payment.to_string(),
            movement: claim.movement.map(|id| id.to_string()),
            code: claim.code.clone(),
            amount: claim.amount,
            first_seen: claim.first_seen,
        })
        .collect();
    let count = i64::try_from(claims.len()).unwrap_or(i64::MAX);
    write_in_transit(xml, (count, Dong(named.saturating_add(unnamed.0).max(0))), unnamed, &claims);
}

/// The same in the certificates of days and of months. The list is absent where nothing is on its way, as it is in
/// certificates that were made before they named claims.
pub fn write_in_transit(xml: &mut Markup, (count, amount): (i64, Dong), unnamed: Dong, claims: &[OnItsWay]) {
    xml.element("InTransit", |xml| {
        xml.text("Count", &count.to_string());
        xml.amount("Amount", amount);
        if !unnamed.is_zero() {
            xml.amount("Unnamed", unnamed);
        }
        if claims.is_empty() {
            return;
        }
        xml.element("Claims", |xml| {
            for claim in claims {
                xml.element("Claim", |xml| {
                    xml.text("Payment", &claim.payment);
                    if let Some(movement) = &claim.movement {
                        xml.text("Movement", movement);
                    }
                    xml.text("Code", &claim.code);
                    xml.amount("Amount", claim.amount);
                    xml.text("FirstSeen", &claim.first_seen.to_string());
                });
            }
        });
    });
}

pub fn named(item: Item) -> (&'static str, String) {
    match item {
        Item::Line(id) => ("line", id.to_string()),
        Item::Movement(id) => ("movement", id.to_string()),
        Item::Payment(id) => ("payment", id.to_string()),
        Item::Batch(id) => ("batch", id.to_string()),
        Item::Shift(id) => ("shift", id.to_string()),
        Item::Slip(id) => ("slip", id.to_string()),
        Item::Remittance(id) => ("remittance", id.to_string()),
        Item::Settlement(id) => ("settlement", id.to_string()),
        Item::Obligation(id) => ("obligation", id.to_string()),
    }
}

/// Absent on a day without cash, as corrections are.
fn cash(xml: &mut Markup, cash: &[Cash]) {
    if cash.is_empty() {
        return;
    }
    xml.element("CashInTransit", |xml| {
        for one in cash {
            let (kind, id) = named(one.item);
            xml.element("Cash", |xml| {
                xml.text("Kind", kind);
                xml.text("Id", &id);
                xml.amount("Amount", one.amount);
                xml.text("Since", &one.since.to_string());
            });
        }
    });
}

/// Absent on a day without corrections, so that the certificates of such days stay what they were.
fn corrections(xml: &mut Markup, corrections: &[Relation]) {
    if corrections.is_empty() {
        return;
    }
    xml.element("Corrections", |xml| {
        for one in corrections {
            xml.element("Correction", |xml| {
                xml.text("Id", &one.correction.to_string());
                xml.text("Action", one.action.as_str());
                xml.text("Original", &one.original.to_string());
                xml.text("Receipt", &one.receipt.to_string());
                xml.amount("Difference", one.difference);
            });
        }
    });
}

fn evidence(xml: &mut Markup, content: &Content<'_>) {
    xml.element("Statements", |xml| {
        for (id, sha256) in content.statements {
            xml.element("Statement", |xml| {
                xml.text("Id", &id.to_string());
                xml.text("FileSha256", sha256);
            });
        }
    });
    if let Some((last_entry, root)) = content.audit_root {
        xml.element("AuditRoot", |xml| {
            xml.text("LastEntry", &last_entry.to_string());
            xml.text("Sha256", root);
        });
    }
}

/// What a stored certificate says of itself, read back to compare it with its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    pub account: String,
    pub date: String,
    pub revision: String,
    pub opening: String,
    pub closing: String,
    pub previous_sha256: String,
}

/// Reads what `document` wrote.
///
/// # Errors
/// `day_certificate_unreadable`.
pub fn read(document: &[u8]) -> Result<Stated> {
    let unreadable = || Error::invalid("document", "day_certificate_unreadable", "not a day certificate");
    let text = std::str::from_utf8(document).map_err(|_| unreadable())?;
    let parsed = roxmltree::Document::parse(text).map_err(|_| unreadable())?;
    let root = parsed.root_element();
    if root.tag_name().name() != "DayCertificate" {
        return Err(unreadable());
    }
    let child = |parent: roxmltree::Node<'_, '_>, name: &str| {
        let mut found = parent.children().filter(|node| node.has_tag_name(name));
        let only = found.next().filter(|_| found.next().is_none())?;
        Some(only.text().unwrap_or_default().to_owned())
    };
    let field = |name: &str| child(root, name).ok_or_else(unreadable);
    if field("Version")? != VERSION {
        return Err(unreadable());
    }
    let account = root.children().find(|node| node.has_tag_name("Account")).ok_or_else(unreadable)?;
    Ok(Stated {
        account: child(account, "Id").ok_or_else(unreadable)?,
        date: field("Date")?,
        revision: field("Revision")?,
        opening: field("Opening")?,
        closing: field("Closing")?,
        previous_sha256: field("PreviousSha256")?,
    })
}

#[cfg(test)]
mod tests {
    use super::ordinal;

    #[test]
    fn the_certificate_after_an_opening_again_is_the_second_of_its_day() {
        assert_eq!([1, 3, 5].map(ordinal), [1, 2, 3]);
    }
}
