//! Judges we did not write: libxml2 for canonical form and schema, xmlsec1 for signatures.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use proptest::prelude::*;
use roxmltree::Document;

use super::forge::{changed, replaced};
use super::property::content as any_content;
use crate::receipt::content::sample;
use crate::receipt::profile;
use crate::receipt::sign::DECLARATION;
use crate::receipt::testing::{body_of, document, document_text, now, trust};
use crate::receipt::verify::canonical::canonical;
use crate::receipt::verify::verify;

/// A file of the repository, found from this file.
pub fn repository(path: &str) -> PathBuf {
    let mut root = PathBuf::from(file!());
    for _ in 0..5 {
        root.pop();
    }
    root.join(path)
}

/// Runs a tool on `input`. A missing tool fails the test: a judge that stays away acquits everybody.
pub fn judged_by(tool: &str, package: &str, arguments: &[&str], input: &[u8]) -> Output {
    let child = Command::new(tool)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap_or_else(|error| {
        panic!("{tool} could not be started ({error}): install the Debian package {package}")
    });
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join();
    output
}

fn xmllint(arguments: &[&str], input: &[u8]) -> Output {
    judged_by("xmllint", "libxml2-utils", arguments, input)
}

fn xmlsec1(input: &[u8]) -> Output {
    let authority = repository("fixtures/receipt/test-only-ca.pem");
    let arguments = [
        "--verify",
        "--id-attr:Id",
        "DLBLai",
        "--id-attr:Id",
        "http://www.w3.org/2000/09/xmldsig#:Object",
        "--trusted-pem",
        authority.to_str().unwrap(),
        "--verification-gmt-time",
        "2026-09-01 02:30:15",
        "/dev/stdin",
    ];
    judged_by("xmlsec1", "xmlsec1", &arguments, input)
}

#[test]
fn xmlsec1_accepts_what_we_sign_and_refuses_what_was_tampered_with() {
    let accepted = xmlsec1(&document());
    assert!(accepted.status.success(), "{}", String::from_utf8_lossy(&accepted.stderr));
    assert!(String::from_utf8_lossy(&accepted.stderr).contains("SignedInfo References (ok/all): 2/2"));
    for tampered in [
        changed(">25000<", ">95000<"),
        changed("T09:30:15<", "T09:30:16<"),
        changed("<DigestValue>", "<DigestValue>A"),
    ] {
        assert!(!xmlsec1(tampered.as_bytes()).status.success());
        assert!(!verify(tampered.as_bytes(), &trust(), now()).is_valid());
    }
}

#[test]
fn xmlsec1_agrees_on_unusual_but_legal_text() {
    let mut content = sample::content();
    content.payer.name = Some("\"Đặng\" & 'Nguyễn' <Thử> ]]> 𠀀".to_owned());
    let document = crate::receipt::testing::signed_by(
        &crate::receipt::testing::signer(),
        &body_of(&content),
        crate::receipt::testing::signing_time(),
    );
    assert!(xmlsec1(&document).status.success());
    assert!(verify(&document, &trust(), now()).is_valid());
}

/// The reason for our own verifier: a generic engine sees an intact signature somewhere.
#[test]
fn a_wrapped_document_deceives_xmlsec1_but_not_us() {
    let text = document_text();
    let original = super::forge::body(&text);
    let forged = super::forge::forged_body(&text);
    let wrapped = replaced(&text, &original, &format!("{forged}<Wrap>{original}</Wrap>"));
    assert!(xmlsec1(wrapped.as_bytes()).status.success());
    assert!(!verify(wrapped.as_bytes(), &trust(), now()).is_valid());
}

#[test]
fn libxml2_finds_the_body_canonical() {
    let body = body_of(&sample::content());
    let output = xmllint(&["--c14n", "-"], &body);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), String::from_utf8(body).unwrap());
}

/// One document of many random trees: namespaces declared, re-declared and undeclared, prefixed
/// attributes, every escape, CDATA, instructions and character references.
fn tricky_document() -> String {
    let mut seed = 0x0C14_u64;
    let mut next = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut text = String::from("<root xmlns:p=\"urn:p\" xmlns=\"urn:d\">");
    let mut open: Vec<&str> = Vec::new();
    for step in 0..3_000_u64 {
        match next(10) {
            0..=3 if open.len() < 12 => {
                let name = ["a", "b", "p:c", "p:d"][next(4) as usize];
                text.push_str(&format!("<{name}"));
                for (declared, declaration) in
                    [" xmlns=\"urn:d\"", " xmlns=\"\"", " xmlns:p=\"urn:p2\"", " xmlns:q=\"urn:q\" q:z='1'"]
                        .iter()
                        .enumerate()
                {
                    if next(6) == declared as u64 && !(declared == 1 && text.ends_with('"')) {
                        text.push_str(declaration);
                    }
                }
                text.push_str(
                    ["", " k='&lt;&quot;&#9;&#10; x'", " p:b=\"2\" a=\"1\"", " a='&#xD;\n>'"]
                        [next(4) as usize],
                );
                text.push('>');
                open.push(name);
            }
            4..=6 if !open.is_empty() => text.push_str(&format!("</{}>", open.pop().unwrap())),
            7 => text.push_str(["<e/>", "<p:e  />", "<e xmlns=''/>"][next(3) as usize]),
            8 => text.push_str(
                ["<![CDATA[<&>]]>", "&#13;\r\n", "<?pi a b?>", "<?q?>", "ệ&amp;&gt;"][next(5) as usize],
            ),
            _ => text.push_str(&format!("t{step}")),
        }
    }
    while let Some(name) = open.pop() {
        text.push_str(&format!("</{name}>"));
    }
    text.push_str("</root>");
    text
}

#[test]
fn libxml2_and_our_canonical_form_are_the_same_bytes() {
    let text = tricky_document();
    let ours = canonical(Document::parse(&text).unwrap().root_element());
    let theirs = xmllint(&["--c14n", "-"], text.as_bytes());
    assert!(theirs.status.success(), "{}", String::from_utf8_lossy(&theirs.stderr));
    assert_eq!(String::from_utf8(ours).unwrap(), String::from_utf8(theirs.stdout).unwrap());
}

fn schema_accepts(text: &str) -> bool {
    let schema = repository("xsd/receipt/BL-1.0.xsd");
    let output = xmllint(&["--noout", "--nonet", "--schema", schema.to_str().unwrap(), "-"], text.as_bytes());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 3)), "the schema itself is at fault: {said}");
    output.status.success()
}

#[test]
fn our_receipts_fit_the_schema() {
    assert!(schema_accepts(&document_text()));
    let mut full = sample::content();
    full.relation = Some(crate::receipt::content::Relation {
        action: crate::receipt::content::CorrectionAction::Replaces,
        kind: full.kind,
        template: "01BLP0-001".to_owned(),
        series: "TN-26E".to_owned(),
        number: 41,
        issued_on: sample::day("2026-08-31"),
        note: Some("Sai tên người nộp".to_owned()),
    });
    full.unit.principal = Some(crate::receipt::content::Principal {
        name: "Sở Thử Nghiệm".to_owned(),
        tax_code: "9900000016".to_owned(),
    });
    full.payer = crate::receipt::content::Payer::default();
    let original = super::forge::body(&document_text());
    let text = changed(&original, &String::from_utf8(body_of(&full)).unwrap());
    assert!(schema_accepts(&text), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_validates_fits_the_schema_and_libxml2_finds_it_canonical(content in any_content()) {
        prop_assume!(content.validate(profile::for_day(sample::numbering().issued_on)).is_ok());
        let body = body_of(&content);
        let text = changed(&super::forge::body(&document_text()), std::str::from_utf8(&body).unwrap());
        prop_assert!(schema_accepts(&text), "{}", text);
        prop_assert_eq!(xmllint(&["--c14n", "-"], &body).stdout, body);
    }
}

#[test]
fn the_schema_refuses_what_the_format_forbids() {
    let long = "ệ".repeat(401);
    let mutants = [
        ("a number of eight digits", changed("<SBLai>42<", "<SBLai>12345678<")),
        ("number zero", changed("<SBLai>42<", "<SBLai>0<")),
        ("a padded number", changed("<SBLai>42<", "<SBLai>042<")),
        ("a paper template", changed("01BLP0-001", "01BLP2-001")),
        ("a paper series", changed("TN-26E", "TN-26T")),
        ("an official format version", changed("<PBan>BL-1.0<", "<PBan>2.1.0<")),
        ("a day that does not exist", changed("<NLap>2026-09-01<", "<NLap>2026-02-30<")),
        ("another currency", changed("<DVTTe>VND<", "<DVTTe>USD<")),
        ("a fraction of a đồng", changed("<TgTTTBSo>25000<", "<TgTTTBSo>25000.5<")),
        ("a malformed tax code", changed("<MST>9900000009<", "<MST>990000000<")),
        (
            "a name that is too long",
            changed("Ủy ban nhân dân phường Thử Nghiệm</Ten>", &format!("{long}</Ten>")),
        ),
        ("an empty tag", changed("<MHSo>H26.1-260901-0001</MHSo>", "<MHSo></MHSo>")),
        ("a line number twice", changed("<STT>2<", "<STT>1<")),
        ("an unknown tag", changed("<NDBLai>", "<X></X><NDBLai>")),
        (
            "another order",
            changed(
                "<DVTTe>VND</DVTTe><HTTToan>Chuyển khoản</HTTToan>",
                "<HTTToan>Chuyển khoản</HTTToan><DVTTe>VND</DVTTe>",
            ),
        ),
        ("no signature", changed(&super::forge::signature(&document_text()), "")),
        ("no Id", changed("<DLBLai Id=\"BL-rcp-42\">", "<DLBLai>")),
    ];
    for (name, text) in mutants {
        assert!(!schema_accepts(&text), "accepted: {name}");
    }
    let name_at_the_limit =
        changed("Ủy ban nhân dân phường Thử Nghiệm</Ten>", &format!("{}</Ten>", "ệ".repeat(400)));
    assert!(schema_accepts(&name_at_the_limit), "lengths count characters");
    assert!(document_text().starts_with(DECLARATION));
}
