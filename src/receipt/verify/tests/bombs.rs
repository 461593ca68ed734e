//! Documents of others made to exhaust the verifier: what judging may cost is counted, and they exceed it.
//! Those that are refused before anything is read are in `tests/it/bombs.rs`.

use super::vendor::Style;
use crate::receipt::testing::{now, trust};
use crate::receipt::verify::{Problem, Verdict, limits, verify};

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

/// Documents in the shapes of others, of the size that the public page takes. Some are judged to the end.
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

/// What judging costs is counted in bytes and nodes (`WORK_LIMIT`), so no clock is needed to bound it.
#[test]
fn no_document_of_others_costs_more_than_is_counted_for_it() {
    for (name, text, expected) in bombs_of_others() {
        let report = verify(text.as_bytes(), &trust(), now());
        assert!(report.problems().contains(&expected), "{name}: {:?}", report.problems().first());
        assert!(matches!(report.verdict, Verdict::Invalid | Verdict::Unreadable), "{name}");
        let signatures: usize = report.documents.iter().map(|document| document.signatures.len()).sum();
        assert!(signatures <= 20_000, "{name}: {signatures} signatures reported");
    }
}

#[test]
fn what_is_beyond_every_document_of_the_formats_is_refused_under_the_name_of_its_limit() {
    let many = |count: usize, one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<String>();
    let root = |inside: &str| format!("<HDon{inside}/>");
    for (text, expected) in [
        (root(&many(65, &|n| format!(" a{n}=\"x\""))), Problem::AttributesExceeded),
        (format!("<HDon>{}</HDon>", root(&many(64, &|n| format!(" a{n}=\"\""))).repeat(3_126)), {
            Problem::AttributesExceeded
        }),
        (root(&many(25, &|n| format!(" xmlns:n{n}=\"urn:{n}\""))), Problem::NamespacesExceeded),
        (root(&format!(" a=\"{}\"", "x".repeat(17_000))), Problem::TagTooLong),
        (format!("<HDon>{}", "<a>".repeat(70)), Problem::DepthExceeded),
        (format!("<HDon>{}</HDon>", "<a/>".repeat(250_001)), Problem::ElementsExceeded),
    ] {
        let report = verify(text.as_bytes(), &trust(), now());
        assert_eq!((report.verdict, report.problems()), (Verdict::Unreadable, vec![expected]));
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
