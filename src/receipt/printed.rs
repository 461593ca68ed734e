//! What a numbered document says, read back from its own canonical body: the body is what was
//! signed, whatever the obligation became later.

use roxmltree::{Document, Node};

use super::content::Payer;
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

/// Reads a body that this program wrote.
pub fn read(body: &[u8]) -> Result<Printed> {
    let unreadable = || Error::internal("a stored receipt body is unreadable");
    let text = std::str::from_utf8(body).map_err(|_| unreadable())?;
    let document = Document::parse(text).map_err(|_| unreadable())?;
    let root = document.root_element();
    let payer = find(root, "NNop").map(payer).unwrap_or_default();
    let mut lines = Vec::new();
    for line in root.descendants().filter(|node| node.has_tag_name("KThu")) {
        let amount = child(line, "ThTien").and_then(|text| text.parse().ok()).ok_or_else(unreadable)?;
        lines.push((child(line, "TKThu").unwrap_or_default(), Dong(amount)));
    }
    Ok(Printed {
        payer,
        lines,
        amount_in_words: find(root, "TgTTTBChu").and_then(|node| node.text()).unwrap_or_default().to_owned(),
        payment_method: find(root, "HTTToan").and_then(|node| node.text()).unwrap_or_default().to_owned(),
        collected_by: extra(root, "NguoiThu").unwrap_or_default(),
    })
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
    fn what_is_no_body_is_an_internal_error() {
        assert!(read(b"bytes").unwrap_err().is_internal());
    }
}
