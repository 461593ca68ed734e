//! The certificate of a closed month: canonical XML over its days' certificates, chained to the
//! month before. Written and signed as those of days are; the schema is
//! `xsd/month_certificate/MC-1.0.xsd`.

use roxmltree::Document;
use serde::Serialize;

use super::summary::Summary;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::CertificateId;
use crate::receipt::markup::Markup;
use crate::reconciliation::bridge::{Bridge, Pier};
use crate::reconciliation::day_close::certificate::write_in_transit;
use crate::reconciliation::day_close::reading::{self, Carried, Cash, OnItsWay, Share};
use crate::statement::import::masked;
use crate::unit::{BankAccount, Unit};

/// The format version in every certificate.
pub const VERSION: &str = "MC-1.0";

/// What a certificate says.
pub struct Content<'a> {
    pub id: CertificateId,
    pub revision: i64,
    pub replaces_sha256: Option<&'a str>,
    pub unit: &'a Unit,
    pub account: &'a BankAccount,
    pub first: BusinessDay,
    pub last: BusinessDay,
    pub summary: &'a Summary,
    /// What closing its days posted, by where it came from and goes to.
    pub shares: &'a [Share],
    pub bridge: &'a Bridge,
    /// Each day with the hash of its certificate.
    pub days: &'a [(BusinessDay, String)],
    pub previous_sha256: &'a str,
    pub issued_at: Instant,
    pub signer_serial: &'a str,
}

/// The canonical bytes.
pub fn document(content: &Content<'_>) -> Vec<u8> {
    let sum = content.summary;
    Markup::document("MonthCertificate", &format!("MC-{}", content.id), |xml| {
        xml.text("Version", VERSION);
        xml.element("Unit", |xml| {
            xml.text("Id", &content.unit.id.to_string());
            xml.text("Code", &content.unit.code);
            xml.text("Name", &content.unit.name);
            xml.text("TaxCode", &content.unit.tax_code);
        });
        xml.element("Account", |xml| {
            xml.text("Id", &content.account.id.to_string());
            xml.text("BankBin", &content.account.bank_bin);
            xml.text("Number", &masked(&content.account.account_no));
            xml.text("Currency", &content.account.currency);
        });
        xml.text("From", &content.first.to_string());
        xml.text("Until", &content.last.to_string());
        xml.text("Revision", &content.revision.to_string());
        if let Some(sha256) = content.replaces_sha256 {
            xml.text("ReplacesSha256", sha256);
        }
        xml.text("NilDays", &sum.nil_days.to_string());
        xml.amount("Opening", sum.opening);
        xml.amount("Credits", sum.credits);
        xml.amount("Debits", sum.debits);
        xml.amount("Closing", sum.closing);
        xml.text("LineCount", &sum.line_count.to_string());
        sums(xml, content);
        open(xml, sum);
        xml.element("Days", |xml| {
            for (date, sha256) in content.days {
                xml.element("Day", |xml| {
                    xml.text("Date", &date.to_string());
                    xml.text("Sha256", sha256);
                });
            }
        });
        xml.text("PreviousSha256", content.previous_sha256);
        xml.text("IssuedAt", &content.issued_at.hanoi_text());
        xml.text("SignerSerial", content.signer_serial);
    })
}

fn sums(xml: &mut Markup, content: &Content<'_>) {
    xml.element("Classes", |xml| {
        for (name, sum) in &content.summary.classes {
            xml.element("Class", |xml| {
                xml.text("Name", name);
                xml.amount("Sum", *sum);
            });
        }
    });
    xml.element("Bridge", |xml| {
        xml.amount("Receipts", content.bridge.of(Pier::Receipts));
        xml.amount("CreditedNotReceipted", content.bridge.of(Pier::CreditedNotReceipted));
        xml.amount("ReceiptedNotCredited", content.bridge.of(Pier::ReceiptedNotCredited));
        xml.amount("Reversals", content.bridge.of(Pier::Reversals));
        xml.amount("Own", content.bridge.of(Pier::Own));
        xml.amount("Bank", content.bridge.bank);
    });
    xml.element("Shares", |xml| {
        for share in content.shares {
            xml.element("Share", |xml| {
                xml.text("From", &share.from);
                xml.text("To", &share.to);
                xml.amount("Amount", share.amount);
            });
        }
    });
}

fn open(xml: &mut Markup, sum: &Summary) {
    xml.element("CarriedItems", |xml| {
        for one in &sum.carried {
            xml.element("Carried", |xml| {
                xml.text("Kind", &one.kind);
                xml.text("Id", &one.id);
                xml.amount("Amount", one.amount);
                xml.text("FirstSeen", &one.first_seen.to_string());
                xml.text("Exception", &one.exception);
                xml.text("ExceptionKind", &one.exception_kind);
            });
        }
    });
    write_in_transit(xml, (sum.in_transit_count, sum.in_transit), sum.in_transit_unnamed, &sum.claims);
    xml.element("CashInTransit", |xml| {
        for one in &sum.cash {
            xml.element("Cash", |xml| {
                xml.text("Kind", &one.kind);
                xml.text("Id", &one.id);
                xml.amount("Amount", one.amount);
                xml.text("Since", &one.since.to_string());
            });
        }
    });
}

/// A month's certificate, read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MonthReading {
    pub id: String,
    pub unit_code: String,
    pub unit_name: String,
    pub tax_code: String,
    pub account_id: String,
    pub bank_bin: String,
    pub account_no: String,
    pub from: BusinessDay,
    pub until: BusinessDay,
    pub revision: i64,
    pub replaces_sha256: Option<String>,
    pub nil_days: i64,
    pub opening: Dong,
    pub credits: Dong,
    pub debits: Dong,
    pub closing: Dong,
    pub line_count: i64,
    pub classes: Vec<(String, Dong)>,
    /// Receipts, credited and not receipted, receipted and not credited, reversals, own, bank.
    pub bridge: [Dong; 6],
    pub shares: Vec<Share>,
    pub carried: Vec<Carried>,
    pub in_transit_count: i64,
    pub in_transit: Dong,
    /// What of it no claim names.
    pub in_transit_unnamed: Dong,
    /// On its way at the end of the last day; empty in certificates that were made before they named claims.
    pub claims: Vec<OnItsWay>,
    pub cash: Vec<Cash>,
    pub days: Vec<(BusinessDay, String)>,
    pub previous_sha256: String,
    pub issued_at: String,
    pub signer_serial: String,
}

/// Reads what `document` wrote.
///
/// # Errors
/// `month_certificate_unreadable`.
pub fn read(document: &[u8]) -> Result<MonthReading> {
    try_read(document)
        .map_err(|_| Error::invalid("document", "month_certificate_unreadable", "not a month's certificate"))
}

fn try_read(document: &[u8]) -> Result<MonthReading> {
    use reading::{amount, day, each, field, number, part};
    let text = std::str::from_utf8(document).map_err(|_| reading::unreadable())?;
    let parsed = Document::parse(text).map_err(|_| reading::unreadable())?;
    let root = parsed.root_element();
    if root.tag_name().name() != "MonthCertificate" || field(root, "Version")? != VERSION {
        return Err(reading::unreadable());
    }
    let (unit, account, bridge) = (part(root, "Unit")?, part(root, "Account")?, part(root, "Bridge")?);
    let transit = part(root, "InTransit")?;
    let id = root.attribute("Id").and_then(|id| id.strip_prefix("MC-")).ok_or_else(reading::unreadable)?;
    Ok(MonthReading {
        id: id.to_owned(),
        unit_code: field(unit, "Code")?,
        unit_name: field(unit, "Name")?,
        tax_code: field(unit, "TaxCode")?,
        account_id: field(account, "Id")?,
        bank_bin: field(account, "BankBin")?,
        account_no: field(account, "Number")?,
        from: day(root, "From")?,
        until: day(root, "Until")?,
        revision: number(root, "Revision")?,
        replaces_sha256: field(root, "ReplacesSha256").ok(),
        nil_days: number(root, "NilDays")?,
        opening: amount(root, "Opening")?,
        credits: amount(root, "Credits")?,
        debits: amount(root, "Debits")?,
        closing: amount(root, "Closing")?,
        line_count: number(root, "LineCount")?,
        classes: each(root, "Classes", |one| Ok((field(one, "Name")?, amount(one, "Sum")?)))?,
        bridge: [
            amount(bridge, "Receipts")?,
            amount(bridge, "CreditedNotReceipted")?,
            amount(bridge, "ReceiptedNotCredited")?,
            amount(bridge, "Reversals")?,
            amount(bridge, "Own")?,
            amount(bridge, "Bank")?,
        ],
        shares: each(root, "Shares", reading::share)?,
        carried: each(root, "CarriedItems", reading::carried)?,
        in_transit_count: number(transit, "Count")?,
        in_transit: amount(transit, "Amount")?,
        in_transit_unnamed: reading::unnamed(transit)?,
        claims: each(transit, "Claims", reading::on_its_way)?,
        cash: each(root, "CashInTransit", reading::cash)?,
        days: each(root, "Days", |one| Ok((day(one, "Date")?, field(one, "Sha256")?)))?,
        previous_sha256: field(root, "PreviousSha256")?,
        issued_at: field(root, "IssuedAt")?,
        signer_serial: field(root, "SignerSerial")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_of_a_month_is_not_read_as_one() {
        for document in [&b""[..], b"\xff", b"no XML", b"<DayCertificate/>", b"<MonthCertificate/>"] {
            let refused = read(document).err().map(|error| error.code());
            assert_eq!(refused, Some("month_certificate_unreadable"), "{document:?}");
        }
    }
}
