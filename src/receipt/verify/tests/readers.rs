//! What two programs could read in two ways: another way into the signature, another spelling of the data, another
//! idea of what XML is. None needs a key.

use super::attacks::Attack;
use super::forge::{part, replaced};
use super::others::{intact_for_xmlsec1, ours};
use super::vendor::Style;
use super::*;
use crate::receipt::sign::{ENVELOPED, INCLUSIVE_C14N, RSA_SHA256, SHA256_DIGEST};

/// Parameters, orders and addresses that an engine for every kind of XML might follow.
pub fn signatures(text: &str) -> Vec<Attack> {
    let change = |from: &str, to: &str| replaced(text, from, to);
    let filled = |element: &str, algorithm: &str, inside: &str| {
        let open = format!("<{element} Algorithm=\"{algorithm}\"");
        change(&format!("{open}/>"), &format!("{open}>{inside}</{element}>"))
    };
    let transform = |name: &str| format!("<Transform Algorithm=\"{name}\"/>");
    let enveloped = transform(ENVELOPED);
    let prefixes =
        "<InclusiveNamespaces xmlns=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"x\"/>";
    let signature = part(text, "<Signature ", "</Signature>");
    let key_info = part(text, "<KeyInfo>", "</KeyInfo>");
    let certificate = part(text, "<X509Certificate>", "</X509Certificate>");
    let target = |uri: &str| change("URI=\"#data\"", &format!("URI=\"{uri}\""));
    vec![
        (
            "hmac-length",
            filled("SignatureMethod", RSA_SHA256, "<HMACOutputLength>0</HMACOutputLength>"),
            Problem::AlgorithmForbidden,
        ),
        (
            "digest-with-a-parameter",
            filled("DigestMethod", SHA256_DIGEST, "<Length>8</Length>"),
            Problem::AlgorithmForbidden,
        ),
        (
            "form-with-a-parameter",
            filled("CanonicalizationMethod", INCLUSIVE_C14N, prefixes),
            Problem::CanonicalizationForbidden,
        ),
        (
            "enveloped-behind-a-form",
            change(&enveloped, &format!("{}{enveloped}", transform(INCLUSIVE_C14N))),
            Problem::TransformForbidden,
        ),
        ("five-transforms", change(&enveloped, &enveloped.repeat(5)), Problem::TransformForbidden),
        ("nine-certificates", change(&certificate, &certificate.repeat(9)), Problem::CertificateRepeated),
        ("key-info-twice", change(&key_info, &key_info.repeat(2)), Problem::SignatureShape),
        ("object-of-another", change("<Object Id", "<Object xmlns=\"urn:x\" Id"), Problem::SignatureShape),
        (
            "signature-in-a-signature",
            change("<SignatureProperties ", &format!("{signature}<SignatureProperties ")),
            Problem::SignatureMisplaced,
        ),
        ("element-pointer", target("#element(/1/1)"), Problem::ReferenceXpointer),
        ("target-in-other-letters", target("#d%61ta"), Problem::ReferenceTargetUnknown),
    ]
}

/// The signed data, spelled so that its canonical form is another.
pub fn data(text: &str) -> Vec<Attack> {
    let change = |from: &str, to: &str| replaced(text, from, to);
    let prefixed = change("<DLHDon ", "<x:DLHDon xmlns:x=\"urn:x\" ");
    vec![
        ("data-under-a-prefix", replaced(&prefixed, "</DLHDon>", "</x:DLHDon>"), Problem::BodyDigestMismatch),
        ("data-in-a-namespace", change("<DLHDon ", "<DLHDon xmlns=\"urn:x\" "), Problem::BodyDigestMismatch),
        ("language-above-the-data", change("<HDon>", "<HDon xml:lang=\"vi\">"), Problem::BodyDigestMismatch),
        (
            "space-in-the-data",
            change("</TTChung><NDHDon>", "</TTChung> <NDHDon>"),
            Problem::BodyDigestMismatch,
        ),
        ("relative-namespace", change("<NDHDon>", "<NDHDon xmlns:q=\"q\">"), Problem::NamespaceRelative),
    ]
}

/// What is no XML, or not in the encoding it names, though some programs read it.
pub fn documents(text: &str) -> Vec<Attack> {
    let change = |from: &str, to: &str| replaced(text, from, to);
    let name = |with: &str| change("Hóa đơn GTGT", &format!("Hóa đơn{with}GTGT"));
    let dsig = "xmlns=\"http://www.w3.org/2000/09/xmldsig#\"";
    let subset = "?><!DOCTYPE HDon SYSTEM \"http://example.invalid/a.dtd\"><";
    let twice = "<NDHDon xmlns:p=\"urn:x\" xmlns:q=\"urn:x\" p:a=\"1\" q:a=\"2\">";
    vec![
        ("second-root", format!("{text}<HDon/>"), Problem::NotXml),
        ("declaration-later", change("<DSCKS>", "<?xml\tversion=\"1.0\"?><DSCKS>"), Problem::NotXml),
        ("instruction-named-xml", change("<DSCKS>", "<?XML?><DSCKS>"), Problem::NotXml),
        ("text-before", format!("x{text}"), Problem::NotXml),
        ("two-marks", format!("\u{feff}\u{feff}{text}"), Problem::NotXml),
        ("nul", name("\0"), Problem::NotXml),
        ("half-a-character", name("&#xD800;"), Problem::NotXml),
        ("unknown-entity", name("&evil;"), Problem::NotXml),
        ("attribute-twice", change("Id=\"data\"", "Id=\"data\" Id=\"data\""), Problem::NotXml),
        ("attribute-twice-by-its-namespace", change("<NDHDon>", twice), Problem::NotXml),
        ("default-namespace-twice", change(dsig, &format!("{dsig} {dsig}")), Problem::NotXml),
        ("default-namespace-by-a-prefix", change(dsig, &format!("x:{dsig}")), Problem::NotXml),
        ("default-namespace-by-a-colon", change(dsig, &format!(":{dsig}")), Problem::NotXml),
        ("prefix-for-no-namespace", change("<DLHDon ", "<DLHDon xmlns:q=\"\" "), Problem::NotXml),
        ("prefix-of-nothing", change("<NMua/>", "<x:NMua/>"), Problem::NotXml),
        ("version-claimed", change("version=\"1.0\"", "version=\"2.0\""), Problem::NotXml),
        ("version-one-one", change("version=\"1.0\"", "version=\"1.1\""), Problem::XmlVersionUnsupported),
        ("encoding-claimed", change("\"UTF-8\"", "\"UTF-16\""), Problem::EncodingNotUtf8),
        ("external-subset", change("?><", subset), Problem::DoctypeForbidden),
    ]
}

#[test]
fn a_reference_to_no_character_is_not_read_as_the_character_that_replaces_one() {
    let signed = Style { name: "Công ty \u{fffd}", ..Style::default() }.signed();
    assert_eq!(ours(signed.as_bytes()), [Integrity::Ok]);
    assert_eq!(
        ours(signed.replace('\u{fffd}', "&#xFFFD;").as_bytes()),
        [Integrity::Ok],
        "the same character"
    );
    for none in ["&#xD800;", "&#57343;", "&#x110000;"] {
        let changed = signed.replace('\u{fffd}', none);
        assert!(!intact_for_xmlsec1(changed.as_bytes(), 1), "{none}");
        let report = verify(changed.as_bytes(), &TrustStore::empty(), now());
        assert_eq!(report.problems(), [Problem::NotXml], "{none}");
        let in_attribute = signed.replace("a=\"x", &format!("a=\"x{none}"));
        assert_eq!(verify(in_attribute.as_bytes(), &trust(), now()).problems(), [Problem::NotXml], "{none}");
    }
    let plain = signed.replace("<DLQRCode>0001", "<DLQRCode><![CDATA[&#xD800;]]>");
    assert_eq!(ours(plain.as_bytes()), [Integrity::Ok], "in CDATA it is text");
}

#[test]
fn a_line_end_before_a_reference_is_not_read_as_a_carriage_return_that_was_signed() {
    let returned = Style { name: "x&#13;&amp;y", ..Style::default() }.signed();
    let broken = Style { name: "x\n&amp;y", ..Style::default() }.signed();
    let is_intact = |text: &str| {
        let found = ours(text.as_bytes()) == [Integrity::Ok];
        assert_eq!(found, intact_for_xmlsec1(text.as_bytes(), 1), "{text:?}");
        found
    };
    assert!(is_intact(&returned) && is_intact(&broken));
    for line_end in ["\r", "\r\n", "\n"] {
        assert!(!is_intact(&returned.replace("x&#13;", &format!("x{line_end}"))), "{line_end:?}");
        assert!(is_intact(&broken.replace("x\n", &format!("x{line_end}"))), "{line_end:?}");
    }
}

#[test]
fn a_declaration_with_another_blank_is_none_of_what_is_signed() {
    let style = Style::default();
    let whole = format!("<HDon>{}<DSCKS>{}</DSCKS></HDon>", style.body(), style.signature("S", &[""]));
    let signed = style.sign(whole);
    for blank in [" ", "\t", "\n", "\r\n"] {
        let declared = format!("<?xml{blank}version=\"1.0\"?>{signed}");
        assert_eq!(ours(declared.as_bytes()), [Integrity::Ok], "{blank:?}");
        assert!(intact_for_xmlsec1(declared.as_bytes(), 1), "{blank:?}");
    }
}
