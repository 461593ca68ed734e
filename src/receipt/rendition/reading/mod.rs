//! Reads what a page shows from a signed document, whatever order its elements stand in.

mod invoice;
mod receipt;
mod signature;

use roxmltree::{Document, Node, ParsingOptions};

use super::wording::{INVOICE, RECEIPT, padded, reference};
use crate::error::{Error, Result};
use crate::pdf::Moment;
use crate::text;

/// The largest message of the tax formats, and some more.
const BYTES_LIMIT: usize = 4 * 1024 * 1024;
const NODES_LIMIT: u32 = 200_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Receipt,
    Invoice,
    /// Template 8 and 9: an invoice that is a receipt of fees as well.
    Integrated,
}

/// A document as it is printed. Absent data is empty.
#[derive(Debug)]
pub struct Printed {
    pub kind: Kind,
    pub title: String,
    pub template: String,
    pub series: String,
    pub number: String,
    /// `YYYY-MM-DD`, as are all days.
    pub issued_on: String,
    /// Who collects or sells.
    pub issuer: Party,
    /// For whom an entrusted collector collects.
    pub principal: Party,
    /// Who pays or buys.
    pub payer: Party,
    /// (what, value) of the dossier, the payment and the collection.
    pub circumstances: Vec<(&'static str, String)>,
    pub collector: String,
    pub lookup_code: String,
    /// The code the tax authority gave.
    pub authority_code: String,
    /// “Thay thế cho …”.
    pub relation: Option<String>,
    pub lines: Vec<Line>,
    /// (what, amount) between the lines and the total.
    pub sums: Vec<(String, String)>,
    pub total: String,
    pub total_in_words: String,
    pub signatures: Vec<Signature>,
}

#[derive(Debug, Default)]
pub struct Party {
    pub name: String,
    /// The person behind an organisation.
    pub person: String,
    pub tax_code: String,
    pub budget_code: String,
    pub personal_id: String,
    pub passport: String,
    pub address: String,
    pub phone: String,
    pub account: String,
}

#[derive(Debug, Default)]
pub struct Line {
    pub ordinal: String,
    pub name: String,
    /// Below the name: classification, ground of a reduction.
    pub notes: Vec<String>,
    pub unit: String,
    pub quantity: String,
    pub price: String,
    pub reduction: String,
    pub tax_rate: String,
    pub amount: String,
}

#[derive(Debug)]
pub struct Signature {
    /// Who the signer is on this document: `NGƯỜI THU TIỀN`, `CƠ QUAN THUẾ`, …
    pub role: &'static str,
    pub by: String,
    pub at: String,
    /// Made with a certificate for trials.
    pub is_test: bool,
}

pub fn read(document: &[u8]) -> Result<Printed> {
    let unreadable = |why: &str| Error::invalid("document", "rendition_unreadable", why);
    if document.len() > BYTES_LIMIT {
        return Err(unreadable("it is larger than any receipt"));
    }
    let text = std::str::from_utf8(document).map_err(|_| unreadable("it is not UTF-8"))?;
    let options = ParsingOptions { nodes_limit: NODES_LIMIT, ..ParsingOptions::default() };
    let parsed = Document::parse_with_options(text.trim_start_matches('\u{FEFF}'), options)
        .map_err(|_| unreadable("it is not well-formed XML without a document type"))?;
    let root = parsed.descendants().find(|node| matches!(node.tag_name().name(), "BLai" | "HDon"));
    match root {
        Some(root) if root.tag_name().name() == "BLai" => Ok(receipt::read(root)),
        Some(root) => Ok(invoice::read(root)),
        None => Err(unreadable("it holds neither a receipt nor an invoice")),
    }
}

impl Printed {
    pub fn noun(&self) -> &'static str {
        if self.kind == Kind::Receipt { RECEIPT } else { INVOICE }
    }

    /// As it is printed: seven digits on receipts, eight on invoices.
    pub fn padded_number(&self) -> String {
        padded(&self.number, if self.kind == Kind::Receipt { 7 } else { 8 })
    }

    /// `Biên lai thu phí, lệ phí TN-26E số 0000042`.
    pub fn name(&self) -> String {
        format!("{} {} số {}", self.title, self.series, self.padded_number())
    }

    /// `bien-lai-tn26e-0000042`: letters and digits only, whatever the document says.
    pub fn file_name(&self) -> String {
        let plain = |text: &str| text::squash(text).chars().take(24).collect::<String>().to_lowercase();
        let kind = if self.kind == Kind::Receipt { "bien-lai" } else { "hoa-don" };
        format!("{kind}-{}-{}", plain(&self.series), plain(&self.padded_number()))
    }

    /// When the issuer signed; the day of issue for want of a signature.
    pub fn made_at(&self) -> Moment {
        let signed = self.signatures.first().map(|signature| signature.at.as_str());
        moment(signed.filter(|at| !at.is_empty()).unwrap_or(&self.issued_on))
    }
}

/// Falls back to 2000-01-01 when the text is no time.
fn moment(text: &str) -> Moment {
    let field = |from: usize, to: usize, most: u16| -> Option<u16> {
        text.get(from..to)?.parse().ok().filter(|&number| number <= most)
    };
    let small = |from: usize, most: u16, least: u8| -> u8 {
        field(from, from + 2, most).and_then(|n| u8::try_from(n).ok()).unwrap_or_default().max(least)
    };
    Moment {
        year: field(0, 4, 9999).unwrap_or(2000),
        month: small(5, 12, 1),
        day: small(8, 31, 1),
        hour: small(11, 23, 0),
        minute: small(14, 59, 0),
        second: small(17, 59, 0),
    }
}

/// The first child of this name, in no namespace or any.
fn child<'a, 'input>(node: Node<'a, 'input>, tag: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|inner| inner.is_element() && inner.tag_name().name() == tag)
}

fn children<'a, 'input>(node: Node<'a, 'input>, tag: &'static str) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |inner| inner.is_element() && inner.tag_name().name() == tag)
}

/// The text below a path, cleaned; empty when there is none.
fn value(node: Node<'_, '_>, path: &[&str]) -> String {
    let found = path.iter().try_fold(node, |node, tag| child(node, tag));
    found.map_or_else(String::new, |node| {
        text::clean(
            &node.descendants().filter(|inner| inner.is_text()).filter_map(|t| t.text()).collect::<String>(),
        )
    })
}

/// A field of `TTKhac`, by its name.
fn extra(node: Node<'_, '_>, field: &str) -> String {
    child(node, "TTKhac")
        .and_then(|others| children(others, "TTin").find(|entry| value(*entry, &["TTruong"]) == field))
        .map_or_else(String::new, |entry| value(entry, &["DLieu"]))
}

/// What a document does to an earlier one, given as template, series, number as printed and day of issue. Said once
/// where the note says it as ours do: it begins with the same words and names the same series and number. A note
/// that names another document hides nothing of the one that is signed for.
fn related(verb: &str, earlier: [&str; 4], note: String) -> String {
    let [template, series, number, issued_on] = earlier;
    let names = |what: &str| note.split([' ', ',', ';', '.']).any(|word| word == what);
    if note.starts_with(verb) && names(series) && names(number) {
        return note.trim_end_matches('.').to_owned();
    }
    let earlier = reference(template, series, number, issued_on);
    joined(&[("", format!("{verb} {earlier}")), ("", note)], ". ")
}

/// The parts that are there, joined.
fn joined(parts: &[(&str, String)], separator: &str) -> String {
    let there = parts.iter().filter(|(_, value)| !value.is_empty());
    there.map(|(label, value)| format!("{label}{value}")).collect::<Vec<_>>().join(separator)
}
