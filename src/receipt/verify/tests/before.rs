//! Invoices of the formats before Decree 123/2020/NĐ-CP: flat data, and the signature beside it.

use super::others::{compare, ours};
use super::vendor::*;
use super::*;
use crate::receipt::sign::RSA_SHA256;

#[test]
fn an_invoice_of_the_authoritys_format_is_verified_and_its_fields_are_shown() {
    let style = Style::default();
    let signature = style.signature("seller", &["data"]);
    let text = format!(
        "<inv:invoice xmlns:inv=\"http://laphoadon.gdt.gov.vn/2014/09/invoicexml/v1\"><inv:invoiceData id=\"data\">\
         <inv:templateCode>01GTKT0/001</inv:templateCode><inv:invoiceSeries>AB/20E</inv:invoiceSeries>\
         <inv:invoiceNumber>0000007</inv:invoiceNumber><inv:currencyCode>VND</inv:currencyCode>\
         <inv:sellerTaxCode>9900000009</inv:sellerTaxCode><inv:totalAmountWithVAT>3750000.00</inv:totalAmountWithVAT>\
         </inv:invoiceData><inv:controlData><inv:systemCode>X</inv:systemCode></inv:controlData>{signature}</inv:invoice>"
    );
    let report = verify(style.sign(text).as_bytes(), &trust(), now());
    assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
    let summary = report.documents[0].summary.as_ref().unwrap();
    assert_eq!((summary.number.as_deref(), summary.total.as_deref()), (Some("0000007"), Some("3750000")));
    assert_eq!(summary.seller_tax_code.as_deref(), Some("9900000009"));
}

/// As issuers wrote them who had a format of their own.
fn of_an_issuers_format(content: &str, beside: &str) -> String {
    let style = Style { id: "id", ..Style::default() };
    let signature = style.signature("seller", &["SigningData"]);
    style.sign(format!(
        "<Invoice><Content id=\"SigningData\"><Key>K1</Key><ArisingDate>04/07/2020</ArisingDate><ComName>A</ComName>\
         <ComTaxCode>9900000009</ComTaxCode><InvoicePattern>01GTKT0/001</InvoicePattern><SerialNo>CD/18E</SerialNo>\
         <InvoiceNo>328</InvoiceNo><CusTaxCode></CusTaxCode><Total>2500000</Total><VATAmount>0</VATAmount>\
         <Amount>2500000</Amount><Products><Product><Amount>2500000</Amount></Product></Products>\
         <CurrencyUnit>VND</CurrencyUnit>{content}</Content>{beside}{signature}</Invoice>"
    ))
}

const BESIDE: &str = "<RowPerPage>10</RowPerPage><qrCodeData>K1|328</qrCodeData>";

#[test]
fn an_invoice_of_an_issuers_own_format_is_verified_and_its_fields_are_shown() {
    let document = of_an_issuers_format("", BESIDE);
    let report = verify(document.as_bytes(), &trust(), now());
    assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
    assert_eq!((report.documents[0].kind, report.documents[0].problems.len()), ("invoice", 0));
    let summary = report.documents[0].summary.as_ref().unwrap();
    let told = [&summary.template, &summary.series, &summary.number, &summary.issued_on, &summary.total];
    let told = told.map(|field| field.as_deref().unwrap());
    assert_eq!(told, ["01GTKT0/001", "CD/18E", "328", "04/07/2020", "2500000"]);
    assert_eq!(summary.seller_tax_code.as_deref(), Some("9900000009"));
    compare(&document, "an issuer's own format");
}

#[test]
fn an_invoice_of_an_issuers_own_format_is_attacked_in_vain() {
    let genuine = of_an_issuers_format("", BESIDE);
    let changed = genuine.replace("<Amount>2500000</Amount><Products>", "<Amount>9500000</Amount><Products>");
    compare(&changed, "a changed sum");
    let content = &genuine[genuine.find("<Content").unwrap()..genuine.find("<RowPerPage>").unwrap()];
    let forged = content.replace("SigningData", "Other").replace("2500000", "9500000");
    let attacks = [
        (changed.clone(), Problem::BodyDigestMismatch),
        (genuine.replace(content, &format!("{forged}{content}")), Problem::BodyRepeated),
        (genuine.replace(content, &format!("{forged}<Old>{content}</Old>")), Problem::BodyMisplaced),
        (of_an_issuers_format("<InvoiceNo>329</InvoiceNo>", ""), Problem::ContentUnreadable),
        (of_an_issuers_format("", "<Note><Amount>1</Amount></Note>"), Problem::UnsignedContent),
        (genuine.replace("9900000009", "9900000016"), Problem::BodyDigestMismatch),
    ];
    for (document, expected) in attacks {
        let report = verify(document.as_bytes(), &trust(), now());
        assert!(report.problems().contains(&expected), "{expected:?}: {report:?}\n{document}");
        assert_eq!(report.verdict, Verdict::Invalid, "{expected:?}");
    }
    let ubl =
        "<Invoice xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\"><ID>1</ID></Invoice>";
    assert_eq!(verify(ubl.as_bytes(), &trust(), now()).problems(), [Problem::DocumentUnknown]);
}

/// What keeps a signature from being judged does not keep its words from people.
#[test]
fn a_signature_that_cannot_be_judged_still_tells_who_how_and_what() {
    let genuine = Style::default().signed();
    let value = "<SignatureValue>";
    for (from, to, algorithm, expected) in [
        (
            RSA_SHA256,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224",
            "rsa-sha224",
            Problem::AlgorithmUnsupported,
        ),
        (value, "<SignatureValue>!", "rsa-sha256", Problem::SignatureValueMalformed),
        ("<DSCKS>", "<DSCKS><X>", "rsa-sha256", Problem::SignatureMisplaced),
    ] {
        let mut document = genuine.replacen(from, to, 1);
        if to.ends_with("<X>") {
            document = genuine.replace("<DSCKS>", "<X>").replace("</DSCKS>", "</X>");
        }
        let report = verify(document.as_bytes(), &trust(), now());
        let [signature] = report.documents[0].signatures.as_slice() else { panic!("{report:?}") };
        assert!(signature.problems.contains(&expected), "{report:?}");
        assert_eq!((signature.integrity, signature.trust), (Integrity::Failed, Trust::NotChecked));
        assert_eq!(signature.algorithm.as_deref(), Some(algorithm), "{expected:?}");
        assert!(signature.by.as_deref().is_some_and(|by| by.contains("9900000009")), "{expected:?}");
        assert!(signature.signing_time.is_some(), "{expected:?}");
        let covered = signature.covers.iter().any(|name| name == "DLHDon");
        assert_eq!(covered, expected != Problem::SignatureMisplaced, "{expected:?}: {:?}", signature.covers);
        assert_eq!(ours(document.as_bytes()), [Integrity::Failed]);
    }
}
