//! Formats: how the content of a document becomes XML. A legal profile names the format of its
//! receipts and of its invoices; an official receipt format, when one is published, is one more
//! mapping here and one more profile, and nothing in the money path knows of it.

use super::content::Numbering;
use super::document::Document;
use super::invoice::xml::Tables;
use super::profile::{self, Profile};
use super::{invoice, xml};
use crate::error::{Error, Result};

/// Writes one document's signed part in canonical form. Content and numbering were validated.
pub type Write = fn(&Document, &Numbering, &Profile, &str) -> Option<Vec<u8>>;

/// A format and what writes it.
#[derive(Clone, Copy, Debug)]
pub struct Mapping {
    pub name: &'static str,
    /// None for content of another kind than the format has.
    pub write: Write,
}

/// The formats this program writes.
pub const MAPPINGS: [Mapping; 3] = [
    Mapping { name: "BL-1.0", write: receipt },
    Mapping { name: "HDon-2.0", write: |d, n, p, id| written_invoice(d, n, p, id, Tables::Of1450) },
    Mapping { name: "HDon-2.1", write: |d, n, p, id| written_invoice(d, n, p, id, Tables::Of1271) },
];

fn receipt(document: &Document, numbering: &Numbering, profile: &Profile, id: &str) -> Option<Vec<u8>> {
    match document {
        Document::Receipt(content) => Some(xml::body(content, numbering, profile, id)),
        Document::Invoice(_) => None,
    }
}

fn written_invoice(
    document: &Document,
    numbering: &Numbering,
    profile: &Profile,
    id: &str,
    tables: Tables,
) -> Option<Vec<u8>> {
    match document {
        Document::Invoice(content) => Some(invoice::xml::body(content, numbering, profile, id, tables)),
        Document::Receipt(_) => None,
    }
}

/// The mapping of this name.
pub fn mapping(name: &str) -> Option<&'static Mapping> {
    MAPPINGS.iter().find(|mapping| mapping.name == name)
}

/// The profiles and the mappings they may name.
#[derive(Clone, Copy, Debug)]
pub struct Rulebook<'a> {
    /// Oldest first.
    pub profiles: &'a [Profile],
    pub mappings: &'a [Mapping],
}

impl Rulebook<'static> {
    /// What ships with this program.
    pub fn shipped() -> Rulebook<'static> {
        Rulebook { profiles: profile::all(), mappings: &MAPPINGS }
    }
}

/// A document with its number, ready to be stored and signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub profile: &'static str,
    pub body: Vec<u8>,
}

impl Rulebook<'_> {
    /// Checks a document and its number by the profile of its day of issue and writes it in that
    /// profile's format.
    ///
    /// # Errors
    /// As `Numbering::validate_as` and `Document::validate`; `document_kind_wrong`,
    /// `receipt_profile_unknown`.
    pub fn write(
        &self,
        kind: super::DocumentKind,
        document: &Document,
        numbering: &Numbering,
        id: &str,
    ) -> Result<Written> {
        let profile = profile::in_force(self.profiles, numbering.issued_on).ok_or_else(|| {
            let detail = format!("no legal profile is in force on {}", numbering.issued_on);
            Error::invalid("issued_on", "receipt_profile_unknown", detail)
        })?;
        if !document.is_of(kind) {
            let detail = format!("the content is not that of a document of kind {kind}");
            return Err(Error::invalid("document_kind", "document_kind_wrong", detail));
        }
        numbering.validate_as(kind, profile)?;
        document.validate(profile)?;
        let name = profile.format_of(kind);
        let mapping = self.mappings.iter().find(|mapping| mapping.name == name);
        let body = mapping.and_then(|mapping| (mapping.write)(document, numbering, profile, id));
        let body = body.ok_or_else(|| {
            let detail = format!("{} writes {kind} in the format {name}, which is not known", profile.name);
            Error::invalid("profile", "receipt_profile_unknown", detail)
        })?;
        Ok(Written { profile: profile.name, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::content::sample;
    use crate::receipt::{DocumentKind, profile};

    /// An official format as it might be published one day: other tags, other order.
    fn fictitious(document: &Document, numbering: &Numbering, _: &Profile, id: &str) -> Option<Vec<u8>> {
        let Document::Receipt(content) = document else { return None };
        let (payer, total) = (content.payer.name.as_deref().unwrap_or_default(), content.totals.payable.0);
        let number = numbering.number;
        Some(
            format!("<DLBLai Id=\"{id}\"><So>{number}</So><Tien>{total}</Tien><Ai>{payer}</Ai></DLBLai>")
                .into_bytes(),
        )
    }

    #[test]
    fn an_official_receipt_format_needs_a_profile_and_a_mapping_and_nothing_else() {
        let (file, text) = profile::SHIPPED[2];
        let text = text
            .replace("name = \"ND254-2.1.1\"\n", "name = \"ND777-3.0.0\"\n")
            .replace("value = '^[A-Z]{2}-\\d{2}E$'", "value = '^R\\d{2}[A-Z]{3}$'")
            .replace("value = '^0[12]BLP0-\\d{3}$'", "value = '^BL-\\d$'");
        // The loader knows the shipped mappings only, so the format is named after loading.
        let mut future = profile::load(&[(file, &text)]).unwrap().remove(0);
        future.format_version.value = "BLai-3.0";
        let mut profiles = profile::all().to_vec();
        future.valid_from = sample::day("2027-07-01");
        profiles.last_mut().unwrap().valid_until = Some(sample::day("2027-06-30"));
        profiles.push(future);
        let mappings = [MAPPINGS[0], Mapping { name: "BLai-3.0", write: fictitious }];
        let book = Rulebook { profiles: &profiles, mappings: &mappings };
        let content = Document::from(sample::content());

        let today = book.write(DocumentKind::Receipt, &content, &sample::numbering(), "BL-1").unwrap();
        assert_eq!(today.profile, "ND254-2.1.1");
        assert!(String::from_utf8(today.body).unwrap().contains("<PBan>BL-1.0</PBan>"));

        let later = Numbering {
            template: "BL-1".to_owned(),
            series: "R27ABC".to_owned(),
            number: 7,
            issued_on: sample::day("2027-07-01"),
        };
        // The year stands elsewhere in the new series, so the pattern alone is its rule.
        let written = book.write(DocumentKind::Receipt, &content, &later, "BL-1").unwrap();
        assert_eq!(written.profile, "ND777-3.0.0");
        let body = String::from_utf8(written.body).unwrap();
        assert!(body.starts_with("<DLBLai Id=\"BL-1\"><So>7</So><Tien>25000</Tien>"), "{body}");
    }

    #[test]
    fn a_profile_whose_format_nobody_writes_issues_nothing() {
        let book = Rulebook { profiles: profile::all(), mappings: &[] };
        let content = Document::from(sample::content());
        let error = book.write(DocumentKind::Receipt, &content, &sample::numbering(), "BL-1").unwrap_err();
        assert_eq!(error.code(), "receipt_profile_unknown");
    }

    #[test]
    fn content_goes_only_into_a_series_of_its_kind() {
        let content = Document::from(sample::content());
        let kind = DocumentKind::parse("invoice_sales").unwrap();
        let numbering = Numbering::placeholder_of(kind, sample::day("2026-09-01"));
        let error = Rulebook::shipped().write(kind, &content, &numbering, "BL-1").unwrap_err();
        assert_eq!(error.code(), "document_kind_wrong");
    }
}
