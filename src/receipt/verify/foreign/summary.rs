//! A few fields for people, read from canonical text that was digested and from nothing else.

use roxmltree::{Document, Node};
use rust_decimal::Decimal;

use super::read::{elements, leaf, local_name, only};
use crate::receipt::LookupCode;
use crate::receipt::verify::report::Summary;

/// The fields of a signed body, and the tax codes of its issuer.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub summary: Summary,
    pub issuers: Vec<String>,
    /// A look-up code of the form that we give.
    pub lookup_code: Option<LookupCode>,
}

/// Kinds that name who makes them beside the data rather than as a seller.
const OF_TAXPAYERS: [&str; 4] = ["notice", "declaration", "summary", "usage_report"];

/// None when a field is there twice: two readers might show two values.
pub(super) fn read(canonical: &str, kind: &str) -> Option<Content> {
    let document = Document::parse(canonical).ok()?;
    of_body(document.root_element(), kind)
}

/// The same of an element of a file, which no digest speaks for.
pub(super) fn of_body(body: Node<'_, '_>, kind: &str) -> Option<Content> {
    if let Some((_, names)) = BEFORE_DECREE_123.iter().find(|(name, _)| *name == local_name(body)) {
        return read_before_decree_123(body, names);
    }
    let general = single(body, "TTChung")?;
    let data = only_of(Some(body), &["NDHDon", "NDBLai", "NDCTu", "NDTKhai"])?;
    let sellers: &[&str] = if kind == "invoice" { &["NBan"] } else { &["NBan", "TCThu", "TCTTNhap"] };
    let seller = only_of(data, sellers)?;
    let buyer = inside(data, &["NMua", "NNop", "NNT"])?;
    let sums = inside(data, &["TToan"])?;
    let mut issuers = vec![text(seller, &["MST", "MDVQHNSach"])?];
    // In an invoice such a field says nothing of the seller, and anybody could add it.
    if OF_TAXPAYERS.contains(&kind) {
        issuers.extend([text(general, &["MST"])?, text(Some(body), &["MST"])?]);
    }
    // Notices of the authority have no general part.
    let beside = general.is_none().then_some(body);
    let summary = Summary {
        version: text(general, &["PBan"])?.or(text(Some(body), &["PBan"])?),
        template: text(general, &["KHMSHDon", "KHMSBLai", "KHMSCTu", "MSCTu", "MSo"])?
            .or(text(beside, &["MSo"])?),
        series: text(general, &["KHHDon", "KHBLai", "KHCTu"])?,
        number: text(general, &["SHDon", "SBLai", "SCTu"])?.or(text(beside, &["So"])?),
        issued_on: text(general, &["NLap", "TDLap"])?.or(text(beside, &["NTBao", "NLap"])?),
        currency: text(general, &["DVTTe"])?,
        seller_tax_code: issuers.iter().flatten().next().cloned(),
        entrusted_tax_code: text(general, &["MSTDVNUNLHDon", "MSTDVUNLHDon"])?,
        principal_tax_code: text(inside(seller, &["UNThu"])?, &["MST"])?,
        buyer_tax_code: text(buyer, &["MST"])?,
        total: text(sums, &["TgTTTBSo"])?.map(|text| plain(&text)),
    };
    let lookup_code = text(general, &["MTCuu"])?.or_else(|| further_field(general?, "MTCuu"));
    let lookup_code = lookup_code.and_then(|code| code.parse().ok());
    Some(Content { summary, issuers: issuers.into_iter().flatten().collect(), lookup_code })
}

/// `TTKhac/TTin/DLieu` beside the `TTruong` of this name.
fn further_field(general: Node<'_, '_>, name: &str) -> Option<String> {
    let entries = elements(only(general, "TTKhac")?);
    let mut named = entries.filter(|entry| only(*entry, "TTruong").and_then(leaf).as_deref() == Some(name));
    leaf(only(named.next()?, "DLieu")?)
}

/// The names that fields had before Decree 123, in flat data.
struct Names {
    template: &'static str,
    series: &'static str,
    number: &'static str,
    issued_on: &'static str,
    currency: &'static str,
    seller: &'static str,
    buyer: &'static str,
    total: &'static str,
}

/// By the element with the data: of the authority's format, and of issuers' own.
const BEFORE_DECREE_123: [(&str, Names); 2] = [
    (
        "invoiceData",
        Names {
            template: "templateCode",
            series: "invoiceSeries",
            number: "invoiceNumber",
            issued_on: "invoiceIssuedDate",
            currency: "currencyCode",
            seller: "sellerTaxCode",
            buyer: "buyerTaxCode",
            total: "totalAmountWithVAT",
        },
    ),
    (
        "Content",
        Names {
            template: "InvoicePattern",
            series: "SerialNo",
            number: "InvoiceNo",
            issued_on: "ArisingDate",
            currency: "CurrencyUnit",
            seller: "ComTaxCode",
            buyer: "CusTaxCode",
            total: "Amount",
        },
    ),
];

fn read_before_decree_123(body: Node<'_, '_>, names: &Names) -> Option<Content> {
    let field = |name: &str| text(Some(body), &[name]);
    let seller = field(names.seller)?;
    let summary = Summary {
        version: None,
        template: field(names.template)?,
        series: field(names.series)?,
        number: field(names.number)?,
        issued_on: field(names.issued_on)?,
        currency: field(names.currency)?,
        seller_tax_code: seller.clone(),
        entrusted_tax_code: None,
        principal_tax_code: None,
        buyer_tax_code: field(names.buyer)?,
        total: field(names.total)?.map(|text| plain(&text)),
    };
    Some(Content { summary, issuers: seller.into_iter().collect(), lookup_code: None })
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

/// The child of one of these names; the outer None says that there are two.
#[allow(clippy::option_option)]
fn only_of<'a, 'i>(parent: Option<Node<'a, 'i>>, names: &[&str]) -> Option<Option<Node<'a, 'i>>> {
    let Some(parent) = parent else { return Some(None) };
    let mut found = elements(parent).filter(|child| names.contains(&local_name(*child)));
    let first = found.next();
    found.next().is_none().then_some(first)
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
        let content = read(body, "invoice").unwrap();
        assert_eq!(content.summary.total.as_deref(), Some("3750000"));
        assert_eq!(content.summary.number.as_deref(), Some("7"));
        assert_eq!(content.issuers, ["9900000009"]);
    }

    #[test]
    fn a_field_that_is_there_twice_is_not_guessed() {
        for twice in [
            "<DLHDon><TTChung><SHDon>7</SHDon><SHDon>8</SHDon></TTChung></DLHDon>",
            "<DLHDon><TTChung><SHDon>7</SHDon></TTChung><TTChung><SHDon>8</SHDon></TTChung></DLHDon>",
            "<DLHDon><TTChung/><NDHDon/><NDHDon/></DLHDon>",
            "<DLBLai><TTChung/><NDBLai><TCThu/><NBan/></NDBLai></DLBLai>",
            "<DLHDon><NDHDon><TToan><TgTTTBSo>1</TgTTTBSo><TgTTTBSo>2</TgTTTBSo></TToan></NDHDon></DLHDon>",
        ] {
            let kind = if twice.starts_with("<DLBLai") { "receipt" } else { "invoice" };
            assert!(read(twice, kind).is_none(), "{twice}");
        }
    }

    #[test]
    fn only_the_seller_is_the_issuer_of_an_invoice_whatever_else_names_a_tax_code() {
        let body = "<DLHDon><TTChung><MST>9900000016</MST><MSTDVNUNLHDon>9900000023</MSTDVNUNLHDon></TTChung>\
                    <MST>9900000016</MST><NDHDon><NBan><MST>9900000009</MST></NBan></NDHDon></DLHDon>";
        let content = read(body, "invoice").unwrap();
        assert_eq!(content.issuers, ["9900000009"]);
        assert_eq!(content.summary.seller_tax_code.as_deref(), Some("9900000009"));
        assert_eq!(content.summary.entrusted_tax_code.as_deref(), Some("9900000023"));
        let notice = "<DLTBao><MSo>01/TB-ĐKĐT</MSo><So>12/TB</So><NTBao>2026-09-01</NTBao><MST>9900000009</MST></DLTBao>";
        let notice = read(notice, "notice").unwrap();
        assert_eq!(notice.issuers, ["9900000009"]);
        let summary = notice.summary;
        let told = [summary.template, summary.number, summary.issued_on].map(Option::unwrap);
        assert_eq!(told, ["01/TB-ĐKĐT", "12/TB", "2026-09-01"]);
    }

    #[test]
    fn a_look_up_code_of_ours_is_found_where_receipts_and_invoices_have_it() {
        let code = |body: &str| {
            read(body, "invoice").and_then(|content| content.lookup_code).map(|code| code.to_string())
        };
        let further = "<TTKhac><TTin><TTruong>Fkey</TTruong><DLieu>x</DLieu></TTin><TTin><TTruong>MTCuu</TTruong>\
                       <KDLieu>string</KDLieu><DLieu>7K2M0Q419VAB</DLieu></TTin></TTKhac>";
        for field in ["<MTCuu>7K2M0Q419VAB</MTCuu>", further] {
            let body = format!("<DLHDon><TTChung>{field}</TTChung></DLHDon>");
            assert_eq!(code(&body).as_deref(), Some("7K2M0Q419VAB"));
        }
        assert_eq!(code("<DLHDon><TTChung><MTCuu>of another kind</MTCuu></TTChung></DLHDon>"), None);
    }
}
