//! The nightly certificate of a unit's series: canonical XML, chained to the one before by its
//! hash, with a detached signature as day certificates have. Schema: `xsd/series_certificate/SC-1.0.xsd`.

use std::collections::BTreeMap;

use super::proof::{Proof, STATES};
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::CertificateId;
use crate::receipt::markup::Markup;
use crate::unit::Unit;

/// The format version in every certificate.
pub const VERSION: &str = "SC-1.0";

/// What a certificate says.
pub struct Content<'a> {
    pub id: CertificateId,
    pub unit: &'a Unit,
    /// The day that ended.
    pub date: BusinessDay,
    pub proofs: &'a [Proof],
    /// Hash of the certificate before; empty on the first.
    pub previous_sha256: &'a str,
    pub issued_at: Instant,
    pub signer_serial: &'a str,
}

/// The canonical bytes.
pub fn document(content: &Content<'_>) -> Vec<u8> {
    let is_whole = content.proofs.iter().all(Proof::is_whole);
    Markup::document("SeriesCertificate", &format!("SC-{}", content.id), |xml| {
        xml.text("Version", VERSION);
        xml.element("Unit", |xml| {
            xml.text("Id", &content.unit.id.to_string());
            xml.text("Code", &content.unit.code);
            xml.text("Name", &content.unit.name);
            xml.text("TaxCode", &content.unit.tax_code);
        });
        xml.text("Date", &content.date.to_string());
        xml.text("Verdict", if is_whole { "whole" } else { "broken" });
        xml.element("Register", |xml| content.proofs.iter().for_each(|proof| series(xml, proof)));
        xml.text("PreviousSha256", content.previous_sha256);
        xml.text("IssuedAt", &content.issued_at.hanoi_text());
        xml.text("SignerSerial", content.signer_serial);
    })
}

fn series(xml: &mut Markup, proof: &Proof) {
    let series = &proof.series;
    xml.element("Series", |xml| {
        xml.text("Id", &series.id.to_string());
        xml.text("DocumentKind", &series.document_kind);
        xml.text("Template", &series.template);
        xml.text("Name", &series.series);
        xml.text("Year", &series.year.to_string());
        xml.text("Phase", series.phase.as_str());
        xml.text("Count", &proof.count.to_string());
        xml.text("LastAllowed", &series.last_allowed_no.to_string());
        if let Some(day) = series.last_issued_on {
            xml.text("LastIssuedOn", &day.to_string());
        }
        xml.element("States", |xml| {
            for state in STATES {
                xml.element("State", |xml| {
                    xml.text("Name", state);
                    xml.text("Count", &proof.by_state.get(state).copied().unwrap_or(0).to_string());
                });
            }
        });
        xml.text("Root", &proof.root);
        xml.text("FaultCount", &proof.fault_count.to_string());
        xml.element("Faults", |xml| {
            for (number, fault) in &proof.faults {
                xml.element("Fault", |xml| {
                    xml.text("Number", &number.to_string());
                    xml.text("Kind", fault.as_str());
                });
            }
        });
    });
}

/// What a stored certificate says of itself, read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    pub unit: String,
    pub unit_code: String,
    pub tax_code: String,
    pub date: String,
    pub verdict: String,
    pub previous_sha256: String,
    /// Local time in Hà Nội.
    pub issued_at: String,
    pub signer_serial: String,
    pub series: Vec<StatedSeries>,
}

/// What it says of one series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedSeries {
    pub id: String,
    pub name: String,
    pub year: i32,
    /// N: the last number that was given.
    pub count: i64,
    /// How many numbers stood in each state.
    pub by_state: BTreeMap<String, i64>,
    pub root: String,
}

/// How many numbers a certificate says that a series had in each state.
fn states(series: roxmltree::Node<'_, '_>) -> Option<BTreeMap<String, i64>> {
    let of = |node: roxmltree::Node<'_, '_>, name: &str| {
        node.children()
            .find(|child| child.has_tag_name(name))
            .and_then(|child| child.text())
            .map(str::to_owned)
    };
    let states = series.children().find(|node| node.has_tag_name("States"))?;
    let states = states.children().filter(|node| node.has_tag_name("State"));
    states.map(|state| Some((of(state, "Name")?, of(state, "Count")?.parse().ok()?))).collect()
}

/// Reads what `document` wrote.
///
/// # Errors
/// `series_certificate_unreadable`.
pub fn read(document: &[u8]) -> Result<Stated> {
    let unreadable = || Error::invalid("document", "series_certificate_unreadable", "no series certificate");
    let text = std::str::from_utf8(document).map_err(|_| unreadable())?;
    let parsed = roxmltree::Document::parse(text).map_err(|_| unreadable())?;
    let root = parsed.root_element();
    if root.tag_name().name() != "SeriesCertificate" {
        return Err(unreadable());
    }
    let only = |parent: roxmltree::Node<'_, '_>, name: &str| {
        let mut found = parent.children().filter(|node| node.has_tag_name(name));
        let only = found.next().filter(|_| found.next().is_none()).ok_or_else(unreadable)?;
        Ok::<String, Error>(only.text().unwrap_or_default().to_owned())
    };
    if only(root, "Version")? != VERSION {
        return Err(unreadable());
    }
    let inside = |name: &str| root.children().find(|node| node.has_tag_name(name)).ok_or_else(unreadable);
    let mut series = Vec::new();
    for node in inside("Register")?.children().filter(|node| node.has_tag_name("Series")) {
        series.push(StatedSeries {
            id: only(node, "Id")?,
            name: only(node, "Name")?,
            year: only(node, "Year")?.parse().map_err(|_| unreadable())?,
            count: only(node, "Count")?.parse().map_err(|_| unreadable())?,
            by_state: states(node).ok_or_else(unreadable)?,
            root: only(node, "Root")?,
        });
    }
    let unit = inside("Unit")?;
    Ok(Stated {
        unit: only(unit, "Id")?,
        unit_code: only(unit, "Code")?,
        tax_code: only(unit, "TaxCode")?,
        date: only(root, "Date")?,
        verdict: only(root, "Verdict")?,
        previous_sha256: only(root, "PreviousSha256")?,
        issued_at: only(root, "IssuedAt")?,
        signer_serial: only(root, "SignerSerial")?,
        series,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_of_series_is_not_read_as_one() {
        for document in [&b""[..], b"\xff", b"no XML", b"<MonthCertificate/>", b"<SeriesCertificate/>"] {
            let refused = read(document).err().map(|error| error.code());
            assert_eq!(refused, Some("series_certificate_unreadable"), "{document:?}");
        }
    }
}
