//! What a canonical body says that its row repeats, found by its tags and not parsed: no value holds a `<` there
//! (`writer`), so that a tag is one wherever it stands. It is for who goes over every body of a series and has
//! held it against its hash; documents from outside are read by `verify`.

use super::writer::push_text;
use crate::amount::Dong;

/// The fields of a body that stand in its row too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeated<'a> {
    pub template: &'a str,
    pub series: &'a str,
    pub number: i64,
    /// `NLap`, as it is written: year, month and day.
    pub issued_on: &'a str,
    pub is_receipt: bool,
    /// `TgTTTBSo`, whole đồng; nothing where an invoice names no amount.
    pub payable: Dong,
    pub lookup_code: &'a str,
    /// As it is escaped.
    dossier_code: Option<&'a str>,
}

/// What a body begins with, and behind which tags its values stand.
struct Tags {
    root: &'static str,
    template: &'static str,
    series: &'static str,
    number: &'static str,
    lookup_code: &'static str,
    dossier_code: &'static str,
}

const RECEIPT: Tags = Tags {
    root: "<DLBLai ",
    template: "<KHMSBLai>",
    series: "<KHBLai>",
    number: "<SBLai>",
    lookup_code: "<MTCuu>",
    dossier_code: "<MHSo>",
};

const INVOICE: Tags = Tags {
    root: "<DLHDon ",
    template: "<KHMSHDon>",
    series: "<KHHDon>",
    number: "<SHDon>",
    lookup_code: "<TTruong>MTCuu</TTruong><KDLieu>string</KDLieu><DLieu>",
    dossier_code: "<TTruong>MaHoSo</TTruong><KDLieu>string</KDLieu><DLieu>",
};

impl<'a> Repeated<'a> {
    /// Reads a body, or a signed document with one inside; None when it has none of our formats.
    pub fn read(bytes: &'a [u8]) -> Option<Repeated<'a>> {
        let text = std::str::from_utf8(bytes).ok()?;
        let of = |tags: &'static Tags| Some((text.get(text.find(tags.root)?..)?, tags));
        let (text, tags) = of(&RECEIPT).or_else(|| of(&INVOICE))?;
        let payable = match value(text, "<TgTTTBSo>") {
            Some(figures) => Dong(figures.parse().ok()?),
            None => Dong::ZERO,
        };
        Some(Repeated {
            template: value(text, tags.template)?,
            series: value(text, tags.series)?,
            number: value(text, tags.number)?.parse().ok()?,
            issued_on: value(text, "<NLap>")?,
            is_receipt: tags.root == RECEIPT.root,
            payable,
            lookup_code: value(text, tags.lookup_code)?,
            dossier_code: value(text, tags.dossier_code),
        })
    }

    /// Whether it names this dossier, or none.
    pub fn may_be_of_dossier(&self, code: &str) -> bool {
        self.dossier_code.is_none_or(|stated| {
            let mut escaped = String::with_capacity(code.len());
            push_text(&mut escaped, code);
            escaped == stated
        })
    }
}

fn value<'a>(text: &'a str, tag: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(tag)?;
    rest.split_once('<').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::content::{Numbering, sample};
    use crate::receipt::invoice::{sample as invoices, xml::Tables};
    use crate::receipt::kind::InvoiceKind;
    use crate::receipt::{DocumentKind, invoice, profile, xml};

    #[test]
    fn a_receipt_says_what_its_row_repeats_bare_and_inside_its_signed_document() {
        let (mut content, numbering) = (sample::content(), sample::numbering());
        content.dossier_code = Some("H26 & <1>".to_owned());
        let body = xml::body(&content, &numbering, profile::for_day(numbering.issued_on), "BL-1");
        let document =
            [b"<?xml version=\"1.0\"?><BLai>".as_slice(), &body, b"<DSCKS></DSCKS></BLai>"].concat();
        for bytes in [body, document] {
            let read = Repeated::read(&bytes).expect("it is ours");
            assert_eq!(
                (read.template, read.series),
                (numbering.template.as_str(), numbering.series.as_str())
            );
            assert_eq!((read.number, read.payable), (i64::from(numbering.number), content.totals.payable));
            assert_eq!((read.issued_on, read.is_receipt), (numbering.issued_on.to_string().as_str(), true));
            assert_eq!(read.lookup_code, content.lookup_code.as_str());
            assert!(read.may_be_of_dossier("H26 & <1>") && !read.may_be_of_dossier("H26"));
        }
        content.dossier_code = None;
        let body = xml::body(&content, &numbering, profile::for_day(numbering.issued_on), "BL-1");
        assert!(Repeated::read(&body).is_some_and(|read| read.may_be_of_dossier("H26")), "it names none");
    }

    #[test]
    fn an_invoice_of_each_kind_says_the_same() {
        for kind in InvoiceKind::ALL {
            let mut content = invoices::invoice(kind);
            content.dossier_code = Some("H26".to_owned());
            let on: crate::clock::BusinessDay = "2026-09-01".parse().unwrap();
            let numbering = Numbering::placeholder_of(DocumentKind::Invoice(kind), on);
            let law = profile::for_day(on);
            let body = invoice::xml::body(&content, &numbering, law, "HD-1", Tables::Of1271);
            let read = Repeated::read(&body).expect("it is ours");
            assert_eq!(
                (read.template, read.series),
                (numbering.template.as_str(), numbering.series.as_str())
            );
            assert_eq!((read.number, read.payable), (1, content.totals.payable), "{kind:?}");
            assert_eq!((read.issued_on, read.is_receipt), ("2026-09-01", false));
            assert_eq!(read.lookup_code, content.lookup_code.as_str());
            assert!(read.may_be_of_dossier("H26") && !read.may_be_of_dossier("H27"));
        }
    }

    #[test]
    fn what_is_no_body_says_nothing() {
        for bytes in [&b""[..], b"\xff", b"<DLBLai Id=\"1\"></DLBLai>", b"<HDon></HDon>"] {
            assert_eq!(Repeated::read(bytes), None);
        }
    }
}
