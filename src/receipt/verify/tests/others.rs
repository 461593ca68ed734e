//! Documents of other issuers, against xmlsec1: what it finds intact is intact, and what it does not
//! is not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::mutation::Damage;
use super::oracle::judged_by;
use super::vendor::*;
use super::*;
use crate::receipt::sign::{ENVELOPED, RSA_SHA256};
use crate::receipt::testing::SIGNER_PEM;

/// What xmlsec1 must be told: which attributes of which elements are Ids.
pub fn id_attributes() -> Vec<String> {
    let mut arguments = Vec::new();
    for id in ["Id", "ID", "id"] {
        let names = ["DLHDon", "MCCQT", "DLieu", "HDon", "invoiceData", "Content"].map(str::to_owned);
        let spaces = ["urn:list", "http://kekhaithue.gdt.gov.vn/TKhaiThue"];
        let elsewhere = spaces.map(|space| format!("{space}:DLHDon"));
        let signed = ["Object", "SignatureProperties"].map(|name| format!("{DSIG}:{name}"));
        for name in names.into_iter().chain(elsewhere).chain(signed) {
            arguments.extend([format!("--id-attr:{id}"), name]);
        }
    }
    arguments
}

/// Whether xmlsec1 finds the signature of this ordinal intact, whoever signed it.
pub fn intact_for_xmlsec1(document: &[u8], ordinal: usize) -> bool {
    let xpath = format!("(//*[local-name()='Signature'])[{ordinal}]");
    let mut arguments =
        vec!["--verify".to_owned(), "--insecure".to_owned(), "--node-xpath".to_owned(), xpath];
    arguments.extend(id_attributes());
    arguments.push("/dev/stdin".to_owned());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    judged_by("xmlsec1", "xmlsec1", &arguments, document).status.success()
}

pub fn ours(document: &[u8]) -> Vec<Integrity> {
    let report = verify(document, &TrustStore::empty(), now());
    report.documents.iter().flat_map(|d| &d.signatures).map(|s| s.integrity).collect()
}

/// Compares every signature of a document that both can find.
pub fn compare(document: &str, why: &str) {
    let found = ours(document.as_bytes());
    let count = document.matches(":Signature Id=").count() + document.matches("<Signature Id=").count();
    if found.len() != count {
        // A change made something else of a signature: the others' places no longer agree.
        let report = verify(document.as_bytes(), &TrustStore::empty(), now());
        assert_ne!(report.verdict, Verdict::Valid, "{why}: {report:?}");
        return;
    }
    for ordinal in 1..=count {
        let theirs = intact_for_xmlsec1(document.as_bytes(), ordinal);
        let mine = found.get(ordinal - 1) == Some(&Integrity::Ok);
        let report = verify(document.as_bytes(), &TrustStore::empty(), now());
        assert_eq!(mine, theirs, "{why}, signature {ordinal}: xmlsec1 says {theirs}, {report:?}\n{document}");
    }
}

#[test]
fn every_style_of_issuer_is_judged_as_xmlsec1_judges_it() {
    let mut damage = Damage(0x0123_4567_89AB_CDEF);
    for number in 0..110 {
        let style = Style::any(&mut damage);
        let document = style.signed();
        let found = ours(document.as_bytes());
        assert!(found.iter().all(|integrity| *integrity == Integrity::Ok), "style {number} {style:?}");
        compare(&document, &format!("style {number}"));
    }
}

#[test]
fn a_single_change_is_judged_as_xmlsec1_judges_it() {
    let mut damage = Damage(0x0FED_CBA9_8765_4321);
    let mut compared = 0;
    for number in 0..400 {
        if compared == 120 {
            break;
        }
        let style = Style { gap: "", ..Style::any(&mut damage) };
        let document = style.signed();
        let mutant = with_one_change(&document, 0..document.len(), &mut damage);
        // Certificates are looked at by themselves, below.
        let changed = document.bytes().zip(mutant.bytes()).position(|(before, after)| before != after);
        if certificates(&document).iter().any(|range| changed.is_some_and(|at| range.contains(&at))) {
            continue;
        }
        let report = verify(mutant.as_bytes(), &TrustStore::empty(), now());
        let stricter = report.problems().iter().any(|p| STRICTER.contains(p));
        if stricter || mutant.matches("Signature Id=").count() == 0 {
            continue;
        }
        compare(&mutant, &format!("mutant {number}"));
        compared += 1;
    }
    assert!(compared >= 100, "{compared} compared");
}

/// What stands in the certificate is no part of what is signed, and engines differ in how much
/// damage there they read over. Whatever is left of it, nobody vouches for it.
#[test]
fn a_damaged_certificate_is_never_more_than_intact() {
    let document = Style::default().signed();
    let mut damage = Damage(0x00CE_4711_F1CA_7E01);
    for number in 0..150 {
        let mutant = with_one_change(&document, certificates(&document).remove(0), &mut damage);
        let report = verify(mutant.as_bytes(), &trust(), now());
        assert_ne!(report.verdict, Verdict::Valid, "certificate {number}: {report:?}");
    }
}

/// Where the texts of all X509Certificate elements stand.
fn certificates(document: &str) -> Vec<std::ops::Range<usize>> {
    let tag = "X509Certificate>";
    let mut ranges = Vec::new();
    let mut from = 0;
    while let Some(found) = document[from..].find(tag) {
        let start = from + found + tag.len();
        let Some(length) = document[start..].find("</") else { break };
        ranges.push(start..start + length);
        from = start + length + 2 + document[start + length..].find('>').unwrap_or(0);
    }
    ranges
}

/// Another letter or digit in place of one in the range.
fn with_one_change(document: &str, range: std::ops::Range<usize>, damage: &mut Damage) -> String {
    let letters: Vec<usize> = document
        .char_indices()
        .filter(|(at, c)| range.contains(at) && c.is_ascii_alphanumeric())
        .map(|(at, _)| at)
        .collect();
    let at = letters[damage.next(letters.len())];
    let other = if document.as_bytes()[at] == b'7' { "8" } else { "7" };
    let mut mutant = document.to_owned();
    mutant.replace_range(at..=at, other);
    mutant
}

/// Where we refuse on purpose what a generic engine passes: the data is not where it must be.
const STRICTER: [Problem; 6] = [
    Problem::BodyMissing,
    Problem::BodyNotCovered,
    Problem::SignatureMisplaced,
    Problem::DocumentUnknown,
    Problem::DocumentMisplaced,
    Problem::SignatureMissing,
];

fn one(style: &Style) -> SignatureReport {
    let report = verify(style.signed().as_bytes(), &trust(), now());
    report.documents[0].signatures[0].clone()
}

#[test]
fn an_invoice_of_another_issuer_is_valid_under_its_authority_and_intact_without() {
    let document = Style { message: Some(""), ..Style::default() }.signed();
    let report = verify(document.as_bytes(), &trust(), now());
    assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
    assert_eq!(report.documents[0].kind, "invoice");
    let summary = report.documents[0].summary.as_ref().unwrap();
    assert_eq!(summary.total.as_deref(), Some("3750000"));
    assert_eq!(summary.number.as_deref(), Some("7"));
    let signature = &report.documents[0].signatures[0];
    assert_eq!((signature.role.as_str(), signature.covers.len()), ("NBan", 2));
    let without = verify(document.as_bytes(), &TrustStore::empty(), now());
    assert_eq!((without.verdict, without.exit_code()), (Verdict::Intact, 0));
}

#[test]
fn old_algorithms_are_verified_and_never_trusted() {
    for style in [
        Style { method: RSA_SHA1, ..Style::default() },
        Style { digest: SHA1, ..Style::default() },
        Style { method: RSA_SHA1, digest: SHA1, key: RSA_1024_PEM, ..Style::default() },
        Style { method: RSA_SHA384, key: RSA_1024_PEM, ..Style::default() },
    ] {
        let signature = one(&style);
        assert_eq!(signature.integrity, Integrity::Ok, "{signature:?}");
        assert!(matches!(signature.trust, Trust::Legacy | Trust::Untrusted));
        assert!(signature.problems.contains(&Problem::LegacyAlgorithm));
        assert!(intact_for_xmlsec1(style.signed().as_bytes(), 1));
    }
}

#[test]
fn elliptic_curves_are_verified() {
    let style = Style { method: ECDSA_SHA256, key: EC_PEM, ..Style::default() };
    let signature = one(&style);
    assert_eq!((signature.integrity, signature.algorithm.as_deref()), (Integrity::Ok, Some("ecdsa-sha256")));
    assert!(intact_for_xmlsec1(style.signed().as_bytes(), 1));
}

/// As some issuers sign: the enveloped transform also on the Object in the signature itself.
pub fn quirk() -> String {
    let style = Style::default();
    let quirk = style.document().replacen(
        "<Reference URI=\"#Obj-NBan-1\">",
        &format!(
            "<Reference URI=\"#Obj-NBan-1\"><Transforms><Transform Algorithm=\"{ENVELOPED}\"/></Transforms>"
        ),
        1,
    );
    style.sign(quirk)
}

#[test]
fn the_quirk_of_an_enveloped_own_object_passes_only_by_the_rule_of_its_name() {
    let document = quirk();
    let strict = verify(document.as_bytes(), &trust(), now());
    assert!(strict.problems().contains(&Problem::EnvelopedOnOwnObject));
    assert!(!intact_for_xmlsec1(document.as_bytes(), 1));
    let lenient = verify_leniently(document.as_bytes(), &trust(), now(), &[Lenient::EnvelopedOnOwnObject]);
    let signature = &lenient.documents[0].signatures[0];
    assert_eq!(signature.integrity, Integrity::Ok);
    assert_eq!(signature.lenient, ["enveloped-on-own-object"], "and its use is shown");
    assert!(signature.problems.contains(&Problem::LenientRuleUsed), "{:?}", signature.problems);
    assert!("everything".parse::<Lenient>().is_err());
}

#[test]
fn every_encoding_that_xml_knows_by_its_mark_is_read() {
    let text = Style { head: "", ..Style::default() }.signed();
    let marked = format!("\u{feff}{text}");
    let little: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = marked.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [marked.clone().into_bytes(), little, big] {
        assert_eq!(ours(&bytes), [Integrity::Ok]);
        assert!(intact_for_xmlsec1(&bytes, 1));
    }
    let unmarked = |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    assert_eq!(ours(&unmarked(u16::to_le_bytes)), [Integrity::Ok]);
    assert_eq!(ours(&unmarked(u16::to_be_bytes)), [Integrity::Ok]);
    let twice = format!("\u{feff}{marked}").into_bytes();
    assert!(!intact_for_xmlsec1(&twice, 1), "a second mark is a character before the root");
    assert_eq!(verify(&twice, &TrustStore::empty(), now()).problems(), [Problem::NotXml]);
    let windows = format!("<?xml version=\"1.0\" encoding=\"windows-1252\"?>{text}");
    let report = verify(windows.as_bytes(), &TrustStore::empty(), now());
    assert_eq!((report.problems(), report.exit_code()), (vec![Problem::EncodingNotUtf8], 2));
}

#[test]
fn each_document_of_a_message_is_judged_and_a_batch_is_covered_as_a_whole() {
    let style = Style::default();
    let second = style
        .signed()
        .replace(style.head, "")
        .replace("\"data\"", "\"data2\"")
        .replace("#data\"", "#data2\"")
        .replace("-1\"", "-2\"");
    let two = format!("<TDiep><DLieu>{}{second}</DLieu></TDiep>", style.signed().replace(style.head, ""));
    let report = verify(two.as_bytes(), &trust(), now());
    let found: Vec<Integrity> = report.documents.iter().map(|d| d.signatures[0].integrity).collect();
    assert_eq!(found, [Integrity::Ok, Integrity::Failed], "the second says other Ids than were signed");

    let of_cash_register = Style { series: Some("C26MAA"), ..Style::default() };
    let bare = |id: &str| {
        let body = of_cash_register.body().replace("\"data\"", &format!("\"{id}\""));
        format!("<HDon>{body}<MCCQT>M1-26-A1B2C-00000000001</MCCQT></HDon>")
    };
    let batch = format!(
        "<TDiep><DLieu Id=\"batch\">{}{}</DLieu><CKSNNT>{}</CKSNNT></TDiep>",
        bare("a"),
        bare("b"),
        style.signature("NNT-1", &["batch"])
    );
    let report = verify(style.sign(batch).as_bytes(), &trust(), now());
    assert_eq!((report.verdict, report.documents.len()), (Verdict::Valid, 2), "{report:?}");
    assert_eq!(report.documents[1].signatures[0].role, "CKSNNT");
}

#[test]
fn a_signature_over_the_whole_document_covers_its_data() {
    let style = Style { head: "<?xml version=\"1.0\"?><?pi x?>\n<!-- c -->\n", ..Style::default() };
    let text = format!(
        "{}<HDon>{}<DSCKS><NBan>{}</NBan></DSCKS></HDon><?end?>",
        style.head,
        style.body(),
        style.signature("S", &[""])
    );
    let document = style.sign(text);
    assert_eq!(ours(document.as_bytes()), [Integrity::Ok]);
    compare(&document, "whole document");
}

#[test]
fn a_bare_key_shows_integrity_and_no_signer() {
    let certificate =
        crate::receipt::certificate::SigningCertificate::from_der(&pem_block(SIGNER_PEM, "CERTIFICATE"))
            .unwrap();
    // SEQUENCE, INTEGER of 257 bytes: the modulus of 2048 bits behind its sign.
    let modulus = BASE64.encode(&certificate.public_key()[9..9 + 256]);
    let key_info: &'static str = Box::leak(
        format!(
            "<P:KeyValue><P:RSAKeyValue><P:Modulus>{}</P:Modulus><P:Exponent>AQAB</P:Exponent></P:RSAKeyValue></P:KeyValue>",
            modulus
        )
        .into_boxed_str(),
    );
    let style = Style { key_info, ..Style::default() };
    let signature = one(&style);
    assert_eq!((signature.integrity, signature.trust), (Integrity::Ok, Trust::Untrusted));
    assert!(signature.problems.contains(&Problem::CertificateMissing));
    assert!(!verify(style.signed().as_bytes(), &trust(), now()).is_valid());
    let none = one(&Style { key_info: "", ..Style::default() });
    assert_eq!(none.integrity, Integrity::Failed);
}

#[test]
fn a_large_message_is_judged_quickly_and_a_heavy_one_is_refused() {
    let style = Style::default();
    let one = style.signed().replace(style.head, "");
    let many: String = std::iter::repeat_n(one.as_str(), 600).collect();
    let started = std::time::Instant::now();
    let report =
        verify(format!("<TDiep><DLieu>{many}</DLieu></TDiep>").as_bytes(), &TrustStore::empty(), now());
    assert_eq!(report.documents.len(), 600);
    assert!(report.problems().contains(&Problem::DuplicateId));
    assert!(started.elapsed().as_secs() < 10);
}

/// Made by `xmlsec1 --sign`, so that not only our own tools have signed what we accept.
#[test]
fn an_invoice_that_xmlsec1_signed_is_valid() {
    let document = include_bytes!("../../../../fixtures/receipt/valid/invoice.xml");
    let report = verify(document, &trust(), now());
    assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
    assert!(intact_for_xmlsec1(document, 1));
}

#[test]
fn an_invoice_that_names_its_object_as_we_do_is_judged_as_everybodys() {
    let style = Style::default();
    let text = style.document().replace("Obj-NBan-1", "TGKy-data");
    let document = style.sign(text);
    let report = verify(document.as_bytes(), &trust(), now());
    assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
    assert_eq!(report.documents[0].signatures[0].role, "NBan");
    compare(&document, "our Ids");
    let changed = document.replace("3750000", "9750000");
    assert_eq!(verify(changed.as_bytes(), &trust(), now()).problems()[0], Problem::BodyDigestMismatch);
}

#[test]
fn signatures_with_pss_padding_are_verified() {
    for method in [RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512] {
        let style = Style { method, ..Style::default() };
        let signature = one(&style);
        assert_eq!(signature.integrity, Integrity::Ok, "{signature:?}");
        assert!(signature.algorithm.as_deref().is_some_and(|name| name.starts_with("rsa-pss-sha")));
        let changed = style.signed().replace("3750000", "9750000");
        assert_eq!(ours(changed.as_bytes()), [Integrity::Failed]);
        let other_padding = style.signed().replace(method, RSA_SHA256);
        assert_eq!(ours(other_padding.as_bytes()), [Integrity::Failed]);
    }
}

/// Where names and dates of a certificate are written wrongly, its key still stands in it.
#[test]
fn a_certificate_with_a_fault_beside_its_key_shows_integrity_and_no_signer() {
    let style = Style::default();
    let document = style.signed();
    let range = certificates(&document).remove(0);
    let mut der = BASE64.decode(&document[range.clone()]).unwrap();
    // The first UTCTime, 17 0d: its month becomes 92.
    let date = der.windows(2).position(|pair| pair == [0x17, 0x0d]).unwrap();
    der[date + 4] = b'9';
    let mut faulty = document.clone();
    faulty.replace_range(range, &BASE64.encode(&der));
    let report = verify(faulty.as_bytes(), &trust(), now());
    let signature = &report.documents[0].signatures[0];
    assert_eq!((signature.integrity, signature.trust), (Integrity::Ok, Trust::Untrusted), "{report:?}");
    assert!(signature.by.is_none() && signature.problems.contains(&Problem::CertificateUnreadable));
    assert_eq!(report.verdict, Verdict::Invalid, "nobody can say who signed");
    let changed = faulty.replace("3750000", "9750000");
    assert_eq!(ours(changed.as_bytes()), [Integrity::Failed]);
}

#[test]
fn with_a_relative_namespace_a_document_has_no_form_that_could_be_digested() {
    for (style, from, to) in [
        (Style { root: " xmlns:b=\"abc\"", ..Style::default() }, "", ""),
        (Style { properties: " xmlns=\"SigningTime\"", ..Style::default() }, "", ""),
        (Style { name: "x<z xmlns:q=\"q\"/>", ..Style::default() }, "", ""),
        (Style::default(), "<DLQRCode>", "<DLQRCode xmlns:q=\"q\">"),
    ] {
        let document = style.sign(style.document().replacen(from, to, 1));
        let report = verify(document.as_bytes(), &trust(), now());
        assert!(report.problems().contains(&Problem::NamespaceRelative), "{report:?}");
        compare(&document, "relative namespace");
    }
}

#[test]
fn parts_of_a_signature_in_another_order_are_no_signature() {
    let document = Style::default().signed();
    let start = document.find("<KeyInfo>").unwrap();
    let end = document.find("</KeyInfo>").unwrap() + "</KeyInfo>".len();
    let key_info = document[start..end].to_owned();
    let moved =
        document.replace(&key_info, "").replace("<SignatureValue>", &format!("{key_info}<SignatureValue>"));
    assert!(verify(moved.as_bytes(), &trust(), now()).problems().contains(&Problem::SignatureShape));
    compare(&moved, "order");
}

#[test]
fn a_signature_out_of_its_place_is_listed_and_does_not_count() {
    let document = Style::default().signed();
    let moved = document.replace("<DSCKS>", "<Khac>").replace("</DSCKS>", "</Khac>");
    let report = verify(moved.as_bytes(), &trust(), now());
    let [signature] = report.documents[0].signatures.as_slice() else { panic!("{report:?}") };
    assert_eq!(
        (signature.integrity, signature.problems[0]),
        (Integrity::Failed, Problem::SignatureMisplaced)
    );
    assert_eq!(report.verdict, Verdict::Invalid);
}

#[test]
fn an_unsigned_invoice_is_said_to_be_unsigned() {
    for place in ["", "<DSCKS/>", "<DSCKS><NBan/><NMua/><CCKSKhac/></DSCKS>"] {
        let text = format!("<HDon>{}{place}</HDon>", Style::default().body());
        let report = verify(text.as_bytes(), &trust(), now());
        assert_eq!(report.problems(), [Problem::SignatureMissing]);
        assert_eq!((report.verdict, report.exit_code()), (Verdict::Invalid, 1));
        assert!(report.documents[0].summary.is_none(), "what nobody signed is not shown as if somebody had");
    }
}

#[test]
fn a_certificate_without_a_tax_code_leaves_open_whose_signature_it_is() {
    let style = Style { key: UNNAMED.get_or_init(unnamed), ..Style::default() };
    let document = style.signed();
    let report = verify(document.as_bytes(), &unnamed_trust(), now());
    let signature = &report.documents[0].signatures[0];
    assert_eq!((signature.integrity, signature.trust), (Integrity::Ok, Trust::Ok), "{report:?}");
    assert!(signature.problems.contains(&Problem::SignerUnidentified));
    assert_eq!((report.verdict, report.exit_code()), (Verdict::Intact, 0), "never more than intact");
}

#[test]
fn names_that_a_certificate_spells_in_two_bytes_are_read() {
    let pem = spelled_in_two_bytes();
    let document = Style { key: Box::leak(pem.into_boxed_str()), ..Style::default() }.signed();
    let report = verify(document.as_bytes(), &unnamed_trust(), now());
    let signature = &report.documents[0].signatures[0];
    assert_eq!(signature.tax_code.as_deref(), Some("9900000009"), "{report:?}");
    assert_eq!(signature.by.as_deref(), Some("UID=MST:9900000009,CN=Công ty Thử Nghiệm"));
    assert_eq!(report.verdict, Verdict::Valid);
}

#[test]
fn a_place_kept_for_a_signature_that_nobody_gave_is_no_signature() {
    let document = Style::default().signed();
    let kept = format!("<NMua><Signature xmlns=\"{DSIG}\"> </Signature></NMua></DSCKS>");
    let document = document.replace("</DSCKS>", &kept);
    let report = verify(document.as_bytes(), &trust(), now());
    assert_eq!((report.verdict, report.documents[0].signatures.len()), (Verdict::Valid, 1), "{report:?}");
    assert!(intact_for_xmlsec1(document.as_bytes(), 1));
}

#[test]
fn what_somebody_else_signed_in_the_buyers_place_takes_nothing_from_the_sellers_word() {
    let style = Style { buyer: true, ..Style::default() };
    let named = style.document().replacen("<NMua/>", "<NMua><MST>0100109106</MST></NMua>", 1);
    let report = verify(style.sign(named).as_bytes(), &trust(), now());
    let problems = &report.documents[0].signatures[1].problems;
    assert!(problems.contains(&Problem::SignerNotBuyer), "{report:?}");
    assert_eq!((report.verdict, report.exit_code()), (Verdict::Intact, 0), "whose it is stays open");
    assert_eq!(verify(style.signed().as_bytes(), &trust(), now()).verdict, Verdict::Valid, "no buyer named");
}

#[test]
fn a_technical_acknowledgement_beside_a_document_is_none() {
    let told = "<TDiep><TTChung><MLTDiep>999</MLTDiep></TTChung><DLieu><TBao><MTDiep>K1</MTDiep></TBao></DLieu></TDiep>";
    let document = Style { head: "", message: Some(""), ..Style::default() }.signed();
    let report = verify(format!("<KetQua>{told}{document}</KetQua>").as_bytes(), &trust(), now());
    assert_eq!((report.verdict, report.documents.len()), (Verdict::Valid, 1), "{report:?}");
    assert_ne!(verify(told.as_bytes(), &trust(), now()).exit_code(), 0, "alone it proves nothing");
    let data = told.replace("<MTDiep>K1</MTDiep>", "<DLTBao><So>1</So></DLTBao>");
    let report = verify(format!("<KetQua>{data}{document}</KetQua>").as_bytes(), &trust(), now());
    assert_eq!(report.verdict, Verdict::Invalid, "data that nobody signed is never passed over");
}

#[test]
fn who_does_not_say_when_he_signed_may_have_done_so_before_the_certificate_expired() {
    let document = Style { time: "", ..Style::default() }.signed();
    let report =
        verify(document.as_bytes(), &TrustStore::empty(), "2040-01-01T00:00:00+07:00".parse().unwrap());
    assert_eq!((report.verdict, report.exit_code()), (Verdict::Intact, 0), "{report:?}");
    let problems = report.problems();
    assert!(problems.contains(&Problem::CertificateExpiredSince), "{problems:?}");
    assert!(!problems.contains(&Problem::CertificateNotValidAtSigning), "{problems:?}");
    let late = Style { time: "2039-01-01T00:00:00", ..Style::default() }.signed();
    let late = verify(late.as_bytes(), &TrustStore::empty(), "2040-01-01T00:00:00+07:00".parse().unwrap());
    assert!(late.problems().contains(&Problem::CertificateNotValidAtSigning), "{late:?}");
}

#[test]
fn a_signing_time_that_is_missing_said_twice_or_not_signed_is_remarked_upon() {
    let style = Style::default();
    let whole = style.document();
    let own = "<Reference URI=\"#Obj-NBan-1\">";
    let (before, behind) = whole.split_once(own).unwrap();
    let (_, behind) = behind.split_once("</Reference>").unwrap();
    let second = "</SigningTime><SigningTime>2026-09-01T09:30:15</SigningTime>";
    for (document, at, expected) in [
        (format!("{before}{behind}"), Some("2026-09-01T09:30:15+07:00"), Problem::SigningTimeUnsigned),
        (whole.replace("</SigningTime>", second), None, Problem::SigningTimeUnclear),
        (Style { time: "hôm qua", ..Style::default() }.document(), None, Problem::SigningTimeUnclear),
        (Style { time: "", ..Style::default() }.document(), None, Problem::SigningTimeMissing),
    ] {
        let report = verify(style.sign(document).as_bytes(), &trust(), now());
        let signature = &report.documents[0].signatures[0];
        assert_eq!(signature.integrity, Integrity::Ok, "{expected:?}: {report:?}");
        assert_eq!(signature.signing_time, at.map(|at| at.parse().unwrap()), "{expected:?}");
        assert!(signature.problems.contains(&expected), "{:?}", signature.problems);
    }
}
