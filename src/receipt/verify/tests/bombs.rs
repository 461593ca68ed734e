//! Documents made to exhaust the reader. All are refused before anything is expanded.

use std::time::{Duration, Instant as Stopwatch};

use super::forge::changed;
use super::vendor::Style;
use crate::receipt::sign::DECLARATION;
use crate::receipt::testing::{document, now, trust};
use crate::receipt::verify::{Problem, Verdict, limits, verify};

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

const EMPTY_SIGNATURE: &str = "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"/>";

/// A signature of everybody's own making over some element, in the exclusive form that costs most.
fn signature_over(id: &str, times: usize) -> String {
    let reference = format!(
        "<Reference URI=\"{id}\"><Transforms><Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>\
         </Transforms><DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><DigestValue>AAAA\
         </DigestValue></Reference>"
    );
    format!(
        "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><SignedInfo><CanonicalizationMethod \
         Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/><SignatureMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"/>{}</SignedInfo>\
         <SignatureValue>AAAA</SignatureValue></Signature>",
        reference.repeat(times)
    )
}

/// Documents in the shapes of others, of the size that the public page takes. Some are judged to the
/// end, so the time is what counts.
fn bombs_of_others() -> Vec<(&'static str, String, Problem)> {
    let message = |data: &str, block: &str| format!("<TDiep><DLieu>{data}</DLieu>{block}</TDiep>");
    let block = format!("<CKSNNT>{}</CKSNNT>", EMPTY_SIGNATURE.repeat(60));
    let names: String = (0..23).map(|n| format!(" xmlns:n{n}=\"urn:x:{n}\"")).collect();
    let invoice = |root: &str, data: &str, signatures: &str| {
        format!("<HDon{root}><DLHDon Id=\"d\">{data}</DLHDon><DSCKS>{signatures}</DSCKS></HDon>")
    };
    let many = "<HDon><DLHDon/></HDon>".repeat(4_999);
    vec![
        ("documents and signatures over all", message(&"<HDon><DLHDon/></HDon>".repeat(60_000), &block), {
            Problem::DocumentsExceeded
        }),
        ("as many documents as are read", message(&many, &block), Problem::SignatureRepeated),
        (
            "empty comments",
            invoice("", &format!("<A>{}</A>", "<!---->".repeat(60_000)), EMPTY_SIGNATURE),
            Problem::SignatureMissing,
        ),
        (
            "instructions before the root",
            format!("{}{}", "<?a?>".repeat(60_000), invoice("", "", &signature_over("", 16))),
            Problem::ReferenceDigestMismatch,
        ),
        ("empty signatures", invoice("", "", &EMPTY_SIGNATURE.repeat(60_000)), Problem::SignatureMissing),
        (
            "elements without text under many namespaces",
            invoice(&names, &"<a/>".repeat(100_000), &signature_over("#d", 16).repeat(30)),
            Problem::WorkExceeded,
        ),
        (
            "a namespace on every element",
            invoice(&names, &"<a xmlns:m=\"urn:m\"/>".repeat(50_000), &signature_over("#d", 16)),
            Problem::BodyDigestMismatch,
        ),
        (
            "one message in another many times",
            format!("{}{}{}", "<TDiep>".repeat(60), "<DLieu/>".repeat(100_000), "</TDiep>".repeat(60)),
            Problem::DocumentUnknown,
        ),
    ]
}

#[test]
fn no_document_of_others_takes_long_or_grows_large() {
    // A build for production takes a twentieth.
    let patience = Duration::from_millis(if cfg!(debug_assertions) { 4_000 } else { 200 });
    for (name, text, expected) in bombs_of_others() {
        let started = Stopwatch::now();
        let report = verify(text.as_bytes(), &trust(), now());
        let took = started.elapsed();
        println!("{name}: {} bytes, {took:?}", text.len());
        assert!(report.problems().contains(&expected), "{name}: {:?}", report.problems().first());
        assert!(matches!(report.verdict, Verdict::Invalid | Verdict::Unreadable), "{name}");
        let signatures: usize = report.documents.iter().map(|document| document.signatures.len()).sum();
        assert!(signatures <= 20_000, "{name}: {signatures} signatures reported");
        assert!(took < patience, "{name} took {took:?}");
    }
}

/// A batch as large as the tax authority takes: its one signature is computed once.
#[test]
fn a_full_batch_of_cash_register_invoices_is_valid() {
    let style = Style { series: Some("C26MAA"), ..Style::default() };
    let filler = format!("<GChu>{}</GChu></NDHDon>", "x".repeat(4_600));
    let invoices: String = (1..=300)
        .map(|number| {
            let body = style.body().replace("\"data\"", &format!("\"d{number}\""));
            let body = body.replace("</NDHDon>", &filler);
            format!("<HDon>{body}<MCCQT>M1-26-A1B2C-{number:011}</MCCQT></HDon>")
        })
        .collect();
    let batch = format!(
        "<TDiep><DLieu Id=\"batch\">{invoices}</DLieu><CKSNNT>{}</CKSNNT></TDiep>",
        style.signature("NNT-1", &["batch"])
    );
    let signed = style.sign(batch);
    let report = verify(signed.as_bytes(), &trust(), now());
    assert!(signed.len() > 1_500_000, "{}", signed.len());
    assert_eq!((report.verdict, report.documents.len()), (Verdict::Valid, 300), "{:?}", report.problems());
    let changed = signed.replacen("<SHDon>7<", "<SHDon>8<", 1);
    assert_eq!(verify(changed.as_bytes(), &trust(), now()).verdict, Verdict::Invalid);
}
