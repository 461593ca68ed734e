//! Documents made to exhaust the reader. All are refused before anything is expanded.

use std::time::{Duration, Instant as Stopwatch};

use super::forge::changed;
use crate::receipt::sign::DECLARATION;
use crate::receipt::testing::{document, now, trust};
use crate::receipt::verify::{Problem, limits, verify};

fn first_problem(bytes: &[u8]) -> Problem {
    let report = verify(bytes, &trust(), now());
    assert_eq!(report.exit_code(), 2, "unreadable");
    report.problems()[0]
}

fn with(doctype: &str) -> Vec<u8> {
    changed(DECLARATION, &format!("{DECLARATION}{doctype}")).into_bytes()
}

fn bombs() -> Vec<(&'static str, Vec<u8>, Problem)> {
    let entities: String =
        (1..10).map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10))).collect();
    let laughs = format!("<!DOCTYPE x [<!ENTITY l0 \"ha\">{entities}]>");
    let quadratic = format!("<!DOCTYPE x [<!ENTITY a \"{}\">]>", "a".repeat(100_000));
    let external = "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>";
    let parameter = "<!DOCTYPE x [<!ENTITY % p SYSTEM \"http://example.invalid/p.dtd\"> %p;]>";
    let deep = format!("{DECLARATION}{}", "<a>".repeat(300_000));
    let wide = format!("{DECLARATION}<BLai>{}</BLai>", "<a></a>".repeat(100_000));
    let attributes: String = (0..100_000).map(|n| format!(" a{n}=\"\"")).collect();
    let hidden_depth = format!("{DECLARATION}{}", "<a b=\"/>\">".repeat(90_000));
    let utf16: Vec<u8> =
        String::from_utf8(document()).unwrap().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [b"\xFF\xFE".as_slice(), &utf16].concat();
    let other_encoding = changed("encoding=\"UTF-8\"", "encoding=\"UTF-16\"");
    let mut broken_utf8 = document();
    let at = broken_utf8.len() / 3;
    broken_utf8.insert(at, 0xFF);
    vec![
        ("billion laughs", with(&laughs), Problem::DoctypeForbidden),
        ("one long entity", with(&quadratic), Problem::DoctypeForbidden),
        ("an external entity", with(external), Problem::DoctypeForbidden),
        ("a parameter entity", with(parameter), Problem::DoctypeForbidden),
        ("a bare document type", with("<!DOCTYPE BLai>"), Problem::DoctypeForbidden),
        ("an undeclared entity", changed(">25000<", ">&xxe;<").into_bytes(), Problem::NotXml),
        ("deep nesting", deep.into_bytes(), Problem::DepthExceeded),
        ("deep nesting behind attribute values", hidden_depth.into_bytes(), Problem::DepthExceeded),
        ("many elements", wide.into_bytes(), Problem::ElementsExceeded),
        (
            "many attributes",
            changed("<BLai>", &format!("<BLai{attributes}>")).into_bytes(),
            Problem::TagTooLong,
        ),
        ("a long text", vec![b'1'; 100_000_000], Problem::DocumentTooLarge),
        ("UTF-16", utf16, Problem::EncodingNotUtf8),
        ("UTF-16 with its mark", marked, Problem::ByteOrderMark),
        (
            "a mark before UTF-8",
            changed(DECLARATION, &format!("\u{FEFF}{DECLARATION}")).into_bytes(),
            Problem::ByteOrderMark,
        ),
        ("another declared encoding", other_encoding.into_bytes(), Problem::EncodingNotUtf8),
        ("broken UTF-8", broken_utf8, Problem::EncodingNotUtf8),
        ("no XML", b"%PDF-1.7".to_vec(), Problem::NotXml),
        ("nothing", Vec::new(), Problem::NotXml),
        ("half a document", document()[..2_000].to_vec(), Problem::NotXml),
        ("an unended tag", changed("</BLai>", "</BLai").into_bytes(), Problem::NotXml),
        (
            "another kind of document",
            format!("{DECLARATION}<Invoice></Invoice>").into_bytes(),
            Problem::DocumentUnknown,
        ),
    ]
}

#[test]
fn every_bomb_is_refused_quickly() {
    for (name, bytes, expected) in bombs() {
        let started = Stopwatch::now();
        let found = first_problem(&bytes);
        let took = started.elapsed();
        assert_eq!(found, expected, "{name}");
        assert!(took < Duration::from_millis(100), "{name} took {took:?}");
    }
}

/// The limits must let the largest receipt of the format through.
#[test]
fn the_largest_receipt_is_within_the_limits() {
    use crate::receipt::content::{LINES_LIMIT, LineKind, Reduction, Totals, sample};
    use crate::receipt::testing::{body_of, signed_by, signer, signing_time};
    let long = |characters: usize| "&".repeat(characters);
    let mut content = sample::content();
    let mut line = sample::line(LineKind::Fee, &long(500), 2, 10_000_000);
    line.item_code = Some(long(50));
    line.unit = Some(long(50));
    let percent = rust_decimal::Decimal::from(50);
    line.reduction = Some(Reduction {
        percent: Some(percent),
        amount: crate::amount::Dong(10_000_000),
        ground: long(255),
    });
    line.amount = crate::amount::Dong(10_000_000);
    content.lines = vec![line; LINES_LIMIT];
    content.totals = Totals::of(&content.lines).unwrap();
    content.unit.name = long(400);
    content.unit.address = long(400);
    content.payer.name = Some(long(400));
    content.payer.address = Some(long(400));
    content.validate(crate::receipt::profile::for_day(sample::numbering().issued_on)).unwrap();
    let document = signed_by(&signer(), &body_of(&content), signing_time());
    assert!(document.len() < limits::DOCUMENT_BYTES_LIMIT, "{} bytes", document.len());
    let report = verify(&document, &trust(), now());
    assert!(report.is_valid(), "{:?}", report.problems());
}
