//! What a numbered document says, read back from its own canonical body: the body is what was
//! signed, whatever the obligation became later.

use roxmltree::{Document, Node};

use super::content::Payer;
use super::profile;
use crate::amount::Dong;
use crate::error::{Error, Result};

/// The printed part that people ask for again.
#[derive(Debug, PartialEq)]
pub struct Printed {
    pub payer: Payer,
    /// Names and amounts of its lines.
    pub lines: Vec<(String, Dong)>,
    pub amount_in_words: String,
    pub payment_method: String,
    /// Who took the money, as printed.
    pub collected_by: String,
}

/// Reads a body that this program wrote: a receipt's or an invoice's.
pub fn read(body: &[u8]) -> Result<Printed> {
    let text = std::str::from_utf8(body).map_err(|_| unreadable())?;
    let document = Document::parse(text).map_err(|_| unreadable())?;
    let root = document.root_element();
    let is_invoice = root.has_tag_name("DLHDon");
    let payer = find(root, if is_invoice { "NMua" } else { "NNop" }).map(payer).unwrap_or_default();
    Ok(Printed {
        payer: if is_nobody(&payer) { Payer::default() } else { payer },
        lines: if is_invoice { sold(root)? } else { lines(root, "KThu", "TKThu", "ThTien")? },
        amount_in_words: find(root, "TgTTTBChu").and_then(|node| node.text()).unwrap_or_default().to_owned(),
        payment_method: find(root, "HTTToan").and_then(|node| node.text()).unwrap_or_default().to_owned(),
        collected_by: extra(root, "NguoiThu").unwrap_or_default(),
    })
}

fn unreadable() -> Error {
    Error::internal("a stored document's body is unreadable")
}

/// The words that stand for a buyer nobody knows.
fn is_nobody(payer: &Payer) -> bool {
    let words = payer.name.as_deref().unwrap_or_default();
    let alone = Payer { name: payer.name.clone(), ..Payer::default() };
    *payer == alone && profile::all().iter().any(|profile| profile.unknown_buyer.value == words)
}

/// What was sold, then its tax, then the fees on an integrated invoice: together what was paid.
fn sold(root: Node<'_, '_>) -> Result<Vec<(String, Dong)>> {
    let mut all = lines(root, "HHDVu", "THHDVu", "ThTien")?;
    if let Some(tax) = find(root, "TgTThue") {
        let tax: i64 = tax.text().and_then(|text| text.parse().ok()).ok_or_else(unreadable)?;
        if tax != 0 {
            all.push(("Thuế giá trị gia tăng".to_owned(), Dong(tax)));
        }
    }
    all.extend(lines(root, "LPhi", "TLPhi", "TPhi")?);
    Ok(all)
}

fn lines(root: Node<'_, '_>, entry: &str, name: &str, amount: &str) -> Result<Vec<(String, Dong)>> {
    let mut found = Vec::new();
    for line in root.descendants().filter(|node| node.has_tag_name(entry)) {
        let amount = child(line, amount).and_then(|text| text.parse().ok()).ok_or_else(unreadable)?;
        found.push((child(line, name).unwrap_or_default(), Dong(amount)));
    }
    Ok(found)
}

fn find<'a>(root: Node<'a, 'a>, tag: &str) -> Option<Node<'a, 'a>> {
    root.descendants().find(|node| node.has_tag_name(tag))
}

fn child(node: Node<'_, '_>, tag: &str) -> Option<String> {
    let found = node.children().find(|inner| inner.has_tag_name(tag))?;
    found.text().map(str::to_owned)
}

fn extra(root: Node<'_, '_>, field: &str) -> Option<String> {
    let is_it =
        |node: &Node<'_, '_>| node.has_tag_name("TTin") && child(*node, "TTruong").as_deref() == Some(field);
    root.descendants().find(is_it).and_then(|node| child(node, "DLieu"))
}

fn payer(node: Node<'_, '_>) -> Payer {
    Payer {
        name: child(node, "Ten"),
        tax_code: child(node, "MST"),
        personal_id: child(node, "CCCDan"),
        passport: child(node, "SHChieu"),
        address: child(node, "DChi"),
        phone: child(node, "SDThoai"),
        email: child(node, "DCTDTu"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::content::sample;
    use crate::receipt::{profile, xml};

    #[test]
    fn a_body_reads_back_as_what_was_printed() {
        let (content, numbering) = (sample::content(), sample::numbering());
        let profile = profile::for_day(numbering.issued_on);
        let printed = read(&xml::body(&content, &numbering, profile, "BL-1")).unwrap();
        assert_eq!(printed.payer, content.payer);
        assert_eq!(printed.payment_method, content.payment_method);
        assert_eq!(printed.collected_by, content.collected_by.text());
        let lines: Vec<(String, Dong)> =
            content.lines.iter().map(|line| (line.name.clone(), line.amount)).collect();
        assert_eq!(printed.lines, lines);
        assert!(printed.amount_in_words.ends_with("đồng"));
    }

    #[test]
    fn an_invoice_reads_back_with_its_tax_as_a_line_so_that_the_lines_are_what_was_paid() {
        use crate::receipt::content::Numbering;
        use crate::receipt::invoice::{sample as invoices, xml::Tables, xml::body};
        use crate::receipt::{DocumentKind, kind::InvoiceKind};
        for kind in InvoiceKind::ALL {
            let invoice = invoices::invoice(kind);
            let on: crate::clock::BusinessDay = "2026-09-01".parse().unwrap();
            let numbering = Numbering::placeholder_of(DocumentKind::Invoice(kind), on);
            let written = body(&invoice, &numbering, profile::for_day(on), "HD-1", Tables::Of1271);
            let printed = read(&written).unwrap();
            assert_eq!(printed.payer, invoice.buyer);
            let sum: i64 = printed.lines.iter().map(|(_, amount)| amount.0).sum();
            assert_eq!(sum, invoice.totals.payable.0, "{kind:?}");
            assert_eq!(printed.collected_by, invoice.collected_by.text());
            let mut unknown = invoice;
            unknown.buyer = Payer::default();
            let written = body(&unknown, &numbering, profile::for_day(on), "HD-1", Tables::Of1271);
            assert_eq!(read(&written).unwrap().payer, Payer::default(), "words for nobody are no name");
        }
    }

    #[test]
    fn what_is_no_body_is_an_internal_error() {
        assert!(read(b"bytes").unwrap_err().is_internal());
    }
}
