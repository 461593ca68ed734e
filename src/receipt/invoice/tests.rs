use super::sample::{invoice, line, numbering};
use super::*;
use crate::receipt::testing::{now, signed_by, signer, signing_time, trust};
use crate::receipt::verify::{verified_invoice, verify};
use crate::receipt::{Document, DocumentKind, format::Rulebook, profile};

fn body(content: &Invoice) -> Vec<u8> {
    let kind = DocumentKind::Invoice(content.kind);
    let document = Document::from(content.clone());
    Rulebook::shipped().write(kind, &document, &numbering(content.kind), "HD-1").unwrap().body
}

fn text(content: &Invoice) -> String {
    String::from_utf8(body(content)).unwrap()
}

fn refused(content: &Invoice) -> &'static str {
    content.validate(profile::for_day(numbering(content.kind).issued_on)).unwrap_err().code()
}

#[test]
fn a_vat_invoice_shows_the_tax_by_rate_and_in_all() {
    let xml = text(&invoice(InvoiceKind::Vat));
    assert!(xml.starts_with(
        "<DLHDon Id=\"HD-1\"><TTChung><PBan>2.1.1</PBan><THDon>Hóa đơn giá trị gia tăng</THDon>"
    ));
    for part in [
        "<KHMSHDon>1</KHMSHDon><KHHDon>K26TTN</KHHDon><SHDon>42</SHDon><NLap>2026-09-01</NLap>\
         <HDCTTChinh>0</HDCTTChinh><DVTTe>VND</DVTTe><HTTToan>Chuyển khoản</HTTToan><MSTTCGP>9900000009</MSTTCGP>",
        "<SLuong>2</SLuong><DGia>50000</DGia><ThTien>100000</ThTien><TSuat>10%</TSuat></HHDVu>",
        "<THTTLTSuat><LTSuat><TSuat>10%</TSuat><ThTien>100000</ThTien><TThue>10000</TThue></LTSuat>\
         <LTSuat><TSuat>KCT</TSuat><ThTien>20000</ThTien><TThue>0</TThue></LTSuat></THTTLTSuat>",
        "<TgTCThue>120000</TgTCThue><TgTThue>10000</TgTThue><TgTTTBSo>130000</TgTTTBSo>\
         <TgTTTBChu>Một trăm ba mươi nghìn đồng</TgTTTBChu></TToan>",
    ] {
        assert!(xml.contains(part), "{part}\n{xml}");
    }
    assert!(!xml.contains("/>") && !xml.contains('\n') && !xml.contains("HDDCKPTQuan"));
}

#[test]
fn a_sales_invoice_shows_no_tax() {
    let xml = text(&invoice(InvoiceKind::Sales));
    assert!(xml.contains("<NLap>2026-09-01</NLap><HDDCKPTQuan>0</HDDCKPTQuan><DVTTe>"), "{xml}");
    for tag in ["TSuat", "THTTLTSuat", "TgTCThue", "TgTThue", "DSLPhi", "HDCTTChinh"] {
        assert!(!xml.contains(tag), "{tag}");
    }
}

#[test]
fn an_integrated_invoice_carries_the_fees_beside_what_is_sold() {
    for kind in [InvoiceKind::VatWithReceipt, InvoiceKind::SalesWithReceipt] {
        let xml = text(&invoice(kind));
        let fees = "<DSLPhi><LPhi><TLPhi>Phí khai thác tài liệu đất đai</TLPhi><TPhi>30000</TPhi></LPhi></DSLPhi>\
                    <TgTTTBSo>160000</TgTTTBSo>";
        assert!(xml.contains(fees), "{xml}");
    }
}

#[test]
fn our_verifier_accepts_every_kind_and_reads_back_what_was_signed() {
    for kind in InvoiceKind::ALL {
        let content = invoice(kind);
        let document = signed_by(&signer(), &body(&content), signing_time());
        let report = verify(&document, &trust(), now());
        assert!(report.is_valid(), "{kind:?} {report:?}");
        let [signature] = report.documents[0].signatures.as_slice() else { panic!("one signature") };
        assert_eq!((report.documents[0].kind, signature.role.as_str()), ("invoice", "NBan"));
        assert_eq!(signature.covers, ["DLHDon", "Object"]);
        let fields = verified_invoice(&document, &trust(), now()).unwrap();
        let mut expected = content;
        // An invoice has no place for the budget code and the Treasury's own code.
        expected.seller.budget_code = None;
        expected.seller.treasury_code = None;
        assert_eq!(fields.invoice, expected);
        assert_eq!(fields.numbering, numbering(kind));
    }
}

#[test]
fn a_changed_invoice_is_not_accepted() {
    let document = signed_by(&signer(), &body(&invoice(InvoiceKind::Vat)), signing_time());
    let text = String::from_utf8(document).unwrap();
    for (from, to) in [("<TgTTTBSo>130000<", "<TgTTTBSo>190000<"), ("<DSCKS><NBan>", "<DSCKS><TCThu>")] {
        let forged = text.replacen(from, to, 1);
        assert!(!verify(forged.as_bytes(), &trust(), now()).is_valid(), "{to}");
    }
}

#[test]
fn what_stands_beside_a_signed_invoice_is_no_part_of_ours() {
    let document = signed_by(&signer(), &body(&invoice(InvoiceKind::Vat)), signing_time());
    let text = String::from_utf8(document).unwrap();
    let beside = text.replacen("<HDon>", "<HDon><DLQRCode>x</DLQRCode>", 1);
    // The regulation leaves the code unsigned, so that an issuer's document may carry it; none of
    // ours does, and its data is not read from such a file.
    let report = verify(beside.as_bytes(), &trust(), now());
    assert!(report.documents[0].signatures[0].covers.iter().all(|part| part != "DLQRCode"), "{report:?}");
    assert!(verified_invoice(beside.as_bytes(), &trust(), now()).is_err());
}

#[test]
fn a_signed_sum_that_does_not_add_up_is_told() {
    let xml = text(&invoice(InvoiceKind::Sales)).replace("<TgTTTBSo>130000<", "<TgTTTBSo>130001<");
    let document = signed_by(&signer(), xml.as_bytes(), signing_time());
    assert!(!verify(&document, &trust(), now()).is_valid());
}

#[test]
fn a_buyer_nobody_knows_is_named_as_the_profile_says() {
    let mut content = invoice(InvoiceKind::Sales);
    content.buyer = Payer::default();
    assert!(text(&content).contains("<NMua><Ten>Bán cho người tiêu dùng</Ten></NMua>"));
    let mut older = numbering(InvoiceKind::Sales);
    (older.series, older.issued_on) = ("K25TTN".to_owned(), "2025-07-01".parse().unwrap());
    let kind = DocumentKind::Invoice(InvoiceKind::Sales);
    let written = Rulebook::shipped().write(kind, &content.into(), &older, "HD-1").unwrap();
    assert!(String::from_utf8(written.body).unwrap().contains("<NMua></NMua>"));
}

#[test]
fn the_oldest_tables_have_neither_personal_ids_nor_integrated_kinds() {
    let mut older = numbering(InvoiceKind::Vat);
    (older.series, older.issued_on) = ("K25TTN".to_owned(), "2025-02-01".parse().unwrap());
    let kind = DocumentKind::Invoice(InvoiceKind::Vat);
    let write = |kind, content: Invoice, older: &crate::receipt::Numbering| {
        Rulebook::shipped().write(kind, &content.into(), older, "HD-1")
    };
    let body = write(kind, invoice(InvoiceKind::Vat), &older).unwrap().body;
    let xml = String::from_utf8(body).unwrap();
    assert!(xml.contains("<PBan>2.0.0</PBan>") && !xml.contains("CCCDan") && !xml.contains("HDCTTChinh"));
    older.template = "8".to_owned();
    let kind = DocumentKind::Invoice(InvoiceKind::VatWithReceipt);
    let error = write(kind, invoice(InvoiceKind::VatWithReceipt), &older).unwrap_err();
    assert_eq!(error.code(), "invoice_kind_unknown");
}

#[test]
fn what_does_not_fit_is_refused_with_the_field() {
    let change = |kind, change: fn(&mut Invoice)| {
        let mut content = invoice(kind);
        change(&mut content);
        refused(&content)
    };
    let vat = InvoiceKind::Vat;
    assert_eq!(change(vat, |c| c.lines.clear()), "invoice_without_lines");
    let entrusted = change(vat, |c| {
        let (name, tax_code) = ("Sở Thử".to_owned(), "9900000016".to_owned());
        c.seller.principal = Some(crate::receipt::content::Principal { name, tax_code });
    });
    assert_eq!(entrusted, "invoice_entrusted");
    assert_eq!(change(vat, |c| c.lines[0].vat = None), "invoice_vat_misplaced");
    assert_eq!(
        change(InvoiceKind::Sales, |c| c.lines[0] = line("x", 1, 1, Some("10%"))),
        "invoice_vat_misplaced"
    );
    assert_eq!(change(InvoiceKind::VatWithReceipt, |c| c.fees.clear()), "invoice_fees_misplaced");
    assert_eq!(
        change(vat, |c| c.fees.push(Fee { name: "x".into(), amount: Dong(1) })),
        "invoice_fees_misplaced"
    );
    assert_eq!(change(vat, |c| c.totals.payable.0 += 1), "receipt_total_wrong");
    assert_eq!(change(vat, |c| c.lines[0].amount.0 += 2), "receipt_line_sum_wrong");
    assert_eq!(change(vat, |c| c.lines[0].vat.as_mut().unwrap().tax.0 += 2), "invoice_tax_wrong");
    assert_eq!(
        change(vat, |c| c.lines[0].vat.as_mut().unwrap().rate = super::vat::VatRate::Percent(7)),
        "vat_rate_unknown"
    );
    assert_eq!(change(vat, |c| c.seller.tax_code = "9900000008".into()), "tax_code_wrong");
    assert_eq!(change(vat, |c| c.buyer.personal_id = Some("1".into())), "personal_id_wrong");
    assert_eq!(change(vat, |c| c.lines[0].name = "ệ".repeat(501)), "receipt_text_too_long");
}

#[test]
fn a_series_is_of_its_kind_and_year() {
    let profile = profile::for_day("2026-09-01".parse().unwrap());
    let with = |template: &str, series: &str| {
        let mut numbering = numbering(InvoiceKind::Vat);
        (numbering.template, numbering.series) = (template.to_owned(), series.to_owned());
        numbering.validate_as(DocumentKind::Invoice(InvoiceKind::Vat), profile).map_err(|error| error.code())
    };
    assert_eq!(with("1", "K26TAA"), Ok(()));
    assert_eq!(with("1", "K26FAA"), Ok(()), "F is new in 2026");
    assert_eq!(with("2", "K26TAA"), Err("invoice_template_malformed"));
    assert_eq!(with("1", "K26TAI"), Err("invoice_series_malformed"));
    assert_eq!(with("1", "K26ZAA"), Err("invoice_series_malformed"));
    assert_eq!(with("1", "C26TAA"), Err("invoice_series_coded"));
    assert_eq!(with("1", "K25TAA"), Err("receipt_series_year_wrong"));
    let before = profile::for_day("2026-06-30".parse().unwrap());
    assert!(before.accepts(DocumentKind::Invoice(InvoiceKind::Vat), "1", "K26FAA").is_err());
}
