//! Who must have signed: `evil` has a certificate of the same trusted authority as everybody, and
//! tries to have its signature taken for the issuer's or the tax authority's.

use super::attacks::Attack;
use super::forge::{body, part, replaced};
use super::vendor::{AUTHORITY, Style};
use super::*;
use crate::receipt::testing::{OTHER_SIGNER_PEM, OTHER_TAX_CODE, document_text};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
pub(super) const CASH_REGISTER_CODE: &str = "<MCCQT>M1-26-A1B2C-00000000001</MCCQT>";

fn evil() -> Style {
    Style { key: OTHER_SIGNER_PEM, ..Style::default() }
}

pub(super) fn of_series(series: &'static str, style: Style) -> Style {
    Style { series: Some(series), ..style }
}

/// An invoice with one signature in a place of one's choice, and a code or none.
fn invoice(style: &Style, place: &str, code: &str) -> String {
    let signature = style.signature("S-1", &["data"]);
    format!("{HEAD}<HDon>{}{code}<DSCKS><{place}>{signature}</{place}></DSCKS></HDon>", style.body())
}

/// The same, signed by the style's own key even in the tax authority's place.
pub(super) fn signed_in(style: &Style, place: &str, code: &str) -> String {
    style
        .sign(invoice(style, "Cho", code))
        .replace("<Cho>", &format!("<{place}>"))
        .replace("</Cho>", &format!("</{place}>"))
}

/// A receipt of the sample unit with the signature of anybody in any place.
fn receipt(style: &Style, place: &str, version: &str) -> String {
    let body = replaced(&body(&document_text()), "BL-1.0", version);
    let signature = style.signature("S-1", &["BL-rcp-42"]);
    let text = format!("<BLai>{body}<DSCKS><Cho>{signature}</Cho></DSCKS></BLai>");
    style.sign(text).replace("<Cho>", &format!("<{place}>")).replace("</Cho>", &format!("</{place}>"))
}

fn in_message(text: &str) -> String {
    format!("{HEAD}<TDiep><TTChung><MLTDiep>203</MLTDiep></TTChung><DLieu>{text}</DLieu></TDiep>")
}

/// Refused, each for its own reason.
pub fn attacks() -> Vec<Attack> {
    let of_receipt = |place: &str| in_message(&receipt(&evil(), place, "BL-1.0"));
    let of_cash_register = of_series("C26MAA", evil());
    let genuine = Style::default().signed();
    let in_block = |with: &str| replaced(&genuine, "</DSCKS>", &format!("{with}</DSCKS>"));
    let added = evil().document().replace("<DVTTe>", &format!("<MST>{OTHER_TAX_CODE}</MST><DVTTe>"));
    let beside = evil().document().replace("<NDHDon>", &format!("<MST>{OTHER_TAX_CODE}</MST><NDHDon>"));
    let another_seller =
        evil().document().replace("<NMua/>", &format!("<TCThu><MST>{OTHER_TAX_CODE}</MST></TCThu><NMua/>"));
    let coded = Style { code: true, ..Style::default() }.signed();
    vec![
        ("receipt-as-authority", of_receipt("CQT"), Problem::IssuerSignatureMissing),
        ("receipt-as-further", of_receipt("CCKSKhac"), Problem::IssuerSignatureMissing),
        ("receipt-as-buyer", of_receipt("NMua"), Problem::IssuerSignatureMissing),
        ("receipt-as-officer", of_receipt("NThu"), Problem::IssuerSignatureMissing),
        ("receipt-as-collector", of_receipt("TCThu"), Problem::SignerNotSeller),
        ("receipt-as-nobody-known", of_receipt("KhachLa"), Problem::SignerNotSeller),
        (
            "receipt-of-another-format",
            format!("{HEAD}{}", receipt(&evil(), "CCKSKhac", "2.1.0")),
            Problem::IssuerSignatureMissing,
        ),
        (
            "cash-register-as-further",
            signed_in(&of_cash_register, "CCKSKhac", CASH_REGISTER_CODE),
            Problem::SellerSignatureMissing,
        ),
        (
            "cash-register-as-authority",
            signed_in(&of_cash_register, "CQT", CASH_REGISTER_CODE),
            Problem::SellerSignatureMissing,
        ),
        ("own-tax-code-added", evil().sign(added), Problem::SignerNotSeller),
        ("own-tax-code-beside", evil().sign(beside), Problem::SignerNotSeller),
        ("second-seller", evil().sign(another_seller), Problem::SignerNotSeller),
        (
            "totals-among-signatures",
            in_block("<TToan><TgTTTBSo>9</TgTTTBSo></TToan>"),
            Problem::UnsignedContent,
        ),
        (
            "document-among-signatures",
            in_block(&format!("<CCKSKhac><BLai>{}</BLai></CCKSKhac>", body(&document_text()))),
            Problem::UnsignedContent,
        ),
        (
            "totals-beside-a-signature",
            replaced(
                &genuine,
                "</Signature></NBan>",
                "</Signature><TToan><TgTTTBSo>9</TgTTTBSo></TToan></NBan>",
            ),
            Problem::UnsignedContent,
        ),
        (
            "totals-in-the-code-for-cameras",
            replaced(
                &genuine,
                "<DLQRCode>0001</DLQRCode>",
                "<DLQRCode><TToan><TgTTTBSo>9</TgTTTBSo></TToan></DLQRCode>",
            ),
            Problem::UnsignedContent,
        ),
        (
            "two-codes",
            replaced(&coded, "<DLQRCode>", "<MCCQT>00AB0000</MCCQT><DLQRCode>"),
            Problem::CodeNotCovered,
        ),
    ]
}

/// Intact, and never called valid: what is open is said.
pub fn doubts() -> Vec<Attack> {
    let coded = Style { code: true, ..Style::default() };
    let stripped = of_series("C26TAA", Style::default());
    let entrusted = evil()
        .document()
        .replace("<DVTTe>", &format!("<MSTDVNUNLHDon>{OTHER_TAX_CODE}</MSTDVNUNLHDon><DVTTe>"));
    let nameless = evil().document().replace("<MST>9900000009</MST>", "");
    let notice = |style: &Style| {
        let signature = style.signature("S-1", &["data"]);
        let text = format!(
            "<TBao><DLTBao Id=\"data\"><PBan>2.1.0</PBan><MST>9900000009</MST></DLTBao><DSCKS><Cho>{signature}\
             </Cho></DSCKS></TBao>"
        );
        in_message(&style.sign(text).replace("Cho>", "TTCQT>"))
    };
    vec![
        ("anybody-as-authority", coded.signed(), Problem::AuthorityUnidentified),
        ("notice-by-anybody-as-authority", notice(&evil()), Problem::AuthorityUnidentified),
        ("code-stripped", stripped.signed(), Problem::CodeMissing),
        (
            "cash-register-code-on-another-series",
            signed_in(&stripped, "NBan", CASH_REGISTER_CODE),
            Problem::CodeUnproven,
        ),
        (
            "cash-register-code-on-a-series-without",
            signed_in(&Style::default(), "NBan", CASH_REGISTER_CODE),
            Problem::CodeUnproven,
        ),
        (
            "code-of-no-form",
            signed_in(&of_series("C26MAA", Style::default()), "NBan", "<MCCQT>M7</MCCQT>"),
            Problem::CodeUnproven,
        ),
        ("entrusted-by-its-own-word", evil().sign(entrusted), Problem::SignerEntrusted),
        ("seller-without-a-tax-code", evil().sign(nameless), Problem::IssuerUnknown),
    ]
}

#[test]
fn what_leaves_open_whose_it_is_is_intact_and_never_valid() {
    for (name, text, problem) in doubts() {
        let report = verify(text.as_bytes(), &trust(), now());
        assert_eq!((report.verdict, report.exit_code()), (Verdict::Intact, 0), "{name}: {report:?}");
        assert!(report.problems().contains(&problem), "{name}: {:?}", report.problems());
        let integrity = report.documents.iter().flat_map(|document| &document.signatures);
        assert!(integrity.into_iter().all(|signature| signature.integrity == Integrity::Ok), "{name}");
    }
}

#[test]
fn an_entrusted_issuer_is_shown_as_that_and_not_as_the_seller() {
    let (_, text, _) = doubts().into_iter().find(|(name, ..)| *name == "entrusted-by-its-own-word").unwrap();
    let report = verify(text.as_bytes(), &trust(), now());
    let summary = report.documents[0].summary.as_ref().unwrap();
    assert_eq!(summary.seller_tax_code.as_deref(), Some("9900000009"));
    assert_eq!(summary.entrusted_tax_code.as_deref(), Some(OTHER_TAX_CODE));
}

#[test]
fn a_coded_invoice_is_valid_once_somebody_says_who_the_tax_authority_is() {
    let coded = Style { code: true, ..Style::default() }.signed();
    let judged =
        |identity: &str| verify(coded.as_bytes(), &trust().with_tax_authority([identity.to_owned()]), now());
    let unnamed = verify(coded.as_bytes(), &trust(), now());
    let authority = &unnamed.documents[0].signatures[1];
    assert_eq!((authority.role.as_str(), authority.trust), ("CQT", Trust::Test));
    let subject = authority.by.clone().unwrap();
    let fingerprint = authority.certificate.as_ref().unwrap().fingerprint.to_uppercase();
    for identity in [OTHER_TAX_CODE, &subject, &fingerprint] {
        assert_eq!(judged(identity).verdict, Verdict::Valid, "{identity}");
    }
    for other in [TAX_CODE, "CN=x", &fingerprint[..10]] {
        let report = judged(other);
        assert_eq!(report.verdict, Verdict::Invalid, "{other}");
        assert!(report.problems().contains(&Problem::SignerNotAuthority), "{other}");
    }
}

#[test]
fn an_invoice_of_a_cash_register_needs_its_seller_or_the_known_tax_authority() {
    let of_ward = of_series("C26MAA", Style::default());
    let by_seller = signed_in(&of_ward, "NBan", CASH_REGISTER_CODE);
    assert_eq!(verify(by_seller.as_bytes(), &trust(), now()).verdict, Verdict::Valid);
    let by_authority = signed_in(&Style { key: AUTHORITY, ..of_ward.clone() }, "CQT", CASH_REGISTER_CODE);
    let named = trust().with_tax_authority([OTHER_TAX_CODE.to_owned()]);
    assert_eq!(verify(by_authority.as_bytes(), &named, now()).verdict, Verdict::Valid);
}

#[test]
fn the_officer_who_collects_may_sign_beside_the_unit() {
    let text = in_message(&replaced(&document_text(), HEAD, ""));
    assert_eq!(verify(text.as_bytes(), &trust(), now()).verdict, Verdict::Valid);
    let of_officer = in_message(&receipt(&evil(), "NThu", "BL-1.0"));
    let signature = part(&of_officer, "<NThu><Sig", "</NThu>");
    let both = replaced(&text, "</TCThu></DSCKS>", &format!("</TCThu>{signature}</DSCKS>"));
    let report = verify(both.as_bytes(), &trust(), now());
    assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
    let signatures = &report.documents[0].signatures;
    assert_eq!(
        (signatures[1].role.as_str(), signatures[1].tax_code.as_deref()),
        ("NThu", Some(OTHER_TAX_CODE))
    );
}

#[test]
fn loose_words_beside_what_is_signed_are_said() {
    let genuine = Style::default().signed();
    for (tag, with) in [
        ("<DSCKS>", "TỔNG TIỀN 9<DSCKS>"),
        ("<DSCKS>", "<DSCKS>TỔNG TIỀN 9"),
        ("</DSCKS>", "<TgTTTBSo>9</TgTTTBSo></DSCKS>"),
        ("</Signature></NBan>", "</Signature>TỔNG TIỀN 9</NBan>"),
        ("</Signature>", "<Object><Ghi xmlns=\"\">TỔNG TIỀN 9</Ghi></Object></Signature>"),
    ] {
        let report = verify(replaced(&genuine, tag, with).as_bytes(), &trust(), now());
        assert!(report.problems().contains(&Problem::UnsignedNote), "{with}: {report:?}");
    }
    let empty = replaced(&genuine, "</DSCKS>", "<CCKSKhac><KSo/></CCKSKhac></DSCKS>");
    assert!(!verify(empty.as_bytes(), &trust(), now()).problems().contains(&Problem::UnsignedNote));
}

#[test]
fn a_certificate_made_at_home_never_makes_a_receipt_of_ours_valid() {
    let own = forge::signed_again(&document_text(), &crate::receipt::testing::signer());
    assert_eq!(verify(own.as_bytes(), &TrustStore::empty(), now()).verdict, Verdict::Intact);
    assert_eq!(verify(own.as_bytes(), &trust(), now()).verdict, Verdict::Valid);
}
