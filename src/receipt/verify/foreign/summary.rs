//! A few fields for people, read from canonical text that was digested and from nothing else.

use roxmltree::{Document, Node};
use rust_decimal::Decimal;

use super::read::{elements, leaf, local_name, only};
use crate::receipt::verify::report::Summary;

/// The fields of a signed body, and the tax codes of those who may sign for its issuer.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub summary: Summary,
    pub issuers: Vec<String>,
}

/// None when a field is there twice: two readers might show two values.
pub(super) fn read(canonical: &str) -> Option<Content> {
    let document = Document::parse(canonical).ok()?;
    let body = document.root_element();
    if local_name(body) == "invoiceData" {
        return read_before_decree_123(body);
    }
    let general = single(body, "TTChung")?;
    let data = ["NDHDon", "NDBLai", "NDCTu", "NDTKhai"].iter().find_map(|name| only(body, name));
    let seller = inside(data, &["NBan", "TCThu", "TCTTNhap"])?;
    let buyer = inside(data, &["NMua", "NNop", "NNT"])?;
    let sums = inside(data, &["TToan"])?;
    let issuers = [
        text(seller, &["MST"])?,
        text(general, &["MSTDVNUNLHDon", "MSTDVUNLHDon", "MST"])?,
        text(Some(body), &["MST"])?,
    ];
    let summary = Summary {
        version: text(general, &["PBan"])?.or(text(Some(body), &["PBan"])?),
        template: text(general, &["KHMSHDon", "KHMSBLai", "KHMSCTu", "MSCTu", "MSo"])?,
        series: text(general, &["KHHDon", "KHBLai", "KHCTu"])?,
        number: text(general, &["SHDon", "SBLai", "SCTu"])?,
        issued_on: text(general, &["NLap"])?,
        currency: text(general, &["DVTTe"])?,
        seller_tax_code: issuers.iter().flatten().next().cloned(),
        buyer_tax_code: text(buyer, &["MST"])?,
        total: text(sums, &["TgTTTBSo"])?.map(|text| plain(&text)),
    };
    Some(Content { summary, issuers: issuers.into_iter().flatten().collect() })
}

/// Of the format that came before: flat, with English names.
fn read_before_decree_123(body: Node<'_, '_>) -> Option<Content> {
    let field = |name: &str| text(Some(body), &[name]);
    let seller = field("sellerTaxCode")?;
    let summary = Summary {
        version: None,
        template: field("templateCode")?,
        series: field("invoiceSeries")?,
        number: field("invoiceNumber")?,
        issued_on: field("invoiceIssuedDate")?,
        currency: field("currencyCode")?,
        seller_tax_code: seller.clone(),
        buyer_tax_code: field("buyerTaxCode")?,
        total: field("totalAmountWithVAT")?.map(|text| plain(&text)),
    };
    Some(Content { summary, issuers: seller.into_iter().collect() })
}

/// The outer None says that it is there twice.
#[allow(clippy::option_option)]
fn single<'a, 'i>(parent: Node<'a, 'i>, name: &str) -> Option<Option<Node<'a, 'i>>> {
    let mut found = elements(parent).filter(|child| local_name(*child) == name);
    let first = found.next();
    found.next().is_none().then_some(first)
}

#[allow(clippy::option_option)]
fn inside<'a, 'i>(parent: Option<Node<'a, 'i>>, names: &[&str]) -> Option<Option<Node<'a, 'i>>> {
    let Some(parent) = parent else { return Some(None) };
    for name in names {
        if let found @ Some(_) = single(parent, name)? {
            return Some(found);
        }
    }
    Some(None)
}

/// The first of these fields that is there and not empty.
#[allow(clippy::option_option)]
fn text(parent: Option<Node<'_, '_>>, names: &[&str]) -> Option<Option<String>> {
    let Some(parent) = parent else { return Some(None) };
    for name in names {
        if let Some(field) = single(parent, name)? {
            let value = leaf(field)?;
            if !value.trim().is_empty() {
                return Some(Some(value.trim().to_owned()));
            }
        }
    }
    Some(None)
}

/// `3750000.000000` is 3750000.
fn plain(text: &str) -> String {
    Decimal::from_str_exact(text).map_or_else(|_| text.to_owned(), |number| number.normalize().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padded_amounts_are_plain_and_order_does_not_matter() {
        let body = "<DLHDon><NDHDon><TToan><TgTTTBSo>3750000.000000</TgTTTBSo></TToan><NBan><Ten>A</Ten>\
                    <MST>9900000009</MST></NBan></NDHDon><TTChung><SHDon>7</SHDon><KHHDon>C26TAA</KHHDon>\
                    </TTChung></DLHDon>";
        let content = read(body).unwrap();
        assert_eq!(content.summary.total.as_deref(), Some("3750000"));
        assert_eq!(content.summary.number.as_deref(), Some("7"));
        assert_eq!(content.issuers, ["9900000009"]);
    }

    #[test]
    fn a_field_that_is_there_twice_is_not_guessed() {
        for twice in [
            "<DLHDon><TTChung><SHDon>7</SHDon><SHDon>8</SHDon></TTChung></DLHDon>",
            "<DLHDon><TTChung><SHDon>7</SHDon></TTChung><TTChung><SHDon>8</SHDon></TTChung></DLHDon>",
            "<DLHDon><NDHDon><TToan><TgTTTBSo>1</TgTTTBSo><TgTTTBSo>2</TgTTTBSo></TToan></NDHDon></DLHDon>",
        ] {
            assert!(read(twice).is_none(), "{twice}");
        }
    }
}
