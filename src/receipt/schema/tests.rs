use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use roxmltree::{Document as Tree, Node};
use rust_decimal::Decimal;

use super::*;
use crate::amount::Dong;
use crate::receipt::content::{CorrectionAction, Payer, Principal, sample};
use crate::receipt::invoice::{Discount, Invoice, Relation, Totals, sample as invoices};
use crate::receipt::kind::InvoiceKind;
use crate::receipt::testing::{body_of, document, signed_by, signer, signing_time};
use crate::receipt::verify::tests::property::content as any_content;
use crate::receipt::{Document, DocumentKind, Numbering, format::Rulebook, profile};

#[test]
fn a_receipt_of_ours_fits_its_schema_signed_or_not() {
    let schema = schema("BLai", "BL-1.0").unwrap();
    schema.check(&document()).unwrap();
    check_body(&body_of(&sample::content())).unwrap();
}

#[test]
fn a_document_type_is_refused_before_anything_is_read() {
    let text = String::from_utf8(document()).unwrap();
    let with_type = text.replacen("<BLai>", "<!DOCTYPE BLai [<!ENTITY a \"b\">]><BLai>", 1);
    let error = schema("BLai", "BL-1.0").unwrap().check(with_type.as_bytes()).unwrap_err();
    assert_eq!(error.code(), "document_off_schema");
    assert_eq!(error.detail(), "a document type declaration");
}

#[test]
fn a_fault_names_constraint_and_place_but_no_value_of_the_document() {
    let text = String::from_utf8(document()).unwrap().replace(">VND<", ">Nguyễn Thị Thử<");
    let error = schema("BLai", "BL-1.0").unwrap().check(text.as_bytes()).unwrap_err();
    assert!(error.detail().contains("DVTTe") && !error.detail().contains("Nguyễn"), "{}", error.detail());
}

#[test]
fn a_version_without_schema_is_told() {
    assert_eq!(schema("HDon", "9.9").err().unwrap().code(), "document_schema_unknown");
    assert!(schema("BLai", "2.1.0").is_err(), "a receipt never carries the tax authority's version");
    for profile in profile::all() {
        assert!(schema("BLai", profile.format_version.value).is_ok());
        assert!(schema("HDon", profile.invoice_version.value).is_ok(), "{}", profile.name);
    }
}

fn written(kind: DocumentKind, document: impl Into<Document>, numbering: &Numbering) -> Vec<u8> {
    Rulebook::shipped().write(kind, &document.into(), numbering, "HD-1").unwrap().body
}

/// Every kind, with everything an invoice can carry, under each version that knows the kind.
fn good_invoices() -> Vec<(&'static str, Vec<u8>)> {
    let days = [
        ("2.0.0", "2025-02-01", "K25TTN"),
        ("2.1.0", "2025-09-01", "K25TTN"),
        ("2.1.1", "2026-09-01", "K26TTN"),
    ];
    let mut made = Vec::new();
    for (version, day, series) in days {
        for kind in InvoiceKind::ALL {
            if version == "2.0.0" && kind.is_integrated() {
                continue;
            }
            for content in variants(invoices::invoice(kind)) {
                let mut numbering = invoices::numbering(kind);
                (numbering.issued_on, numbering.series) = (day.parse().unwrap(), series.to_owned());
                let body = written(DocumentKind::Invoice(kind), content, &numbering);
                made.push((version, signed_by(&signer(), &body, signing_time())));
            }
        }
    }
    made
}

fn variants(plain: Invoice) -> Vec<Invoice> {
    let mut unknown = plain.clone();
    unknown.buyer = Payer::default();
    unknown.dossier_code = None;
    let mut longest = plain.clone();
    longest.seller.name = "ệ".repeat(400);
    longest.lines[0].name = "Đ".repeat(500);
    longest.buyer.passport = Some("C1234567".to_owned());
    longest.buyer.email = Some("a".repeat(50));
    let mut related = plain.clone();
    related.relation = Some(Relation {
        action: CorrectionAction::Replaces,
        kind: 1,
        template: plain.kind.code().to_string(),
        series: "K26TTN".to_owned(),
        number: 99_999_999,
        issued_on: sample::day("2025-01-31"),
        note: Some("Sai tên hàng & số lượng".to_owned()),
    });
    let mut reduced = plain.clone();
    let off = Dong(10_000);
    reduced.lines[1].discount = Some(Discount { percent: Some(Decimal::new(500_000, 4)), amount: off });
    reduced.lines[1].amount = Dong(reduced.lines[1].amount.0 - off.0);
    reduced.totals = Totals::of(&reduced.lines, &reduced.fees).unwrap();
    vec![plain, unknown, longest, related, reduced]
}

fn full_receipt() -> Vec<u8> {
    let mut full = sample::content();
    full.unit.principal =
        Some(Principal { name: "Sở Thử Nghiệm".to_owned(), tax_code: "9900000016".to_owned() });
    full.unit.email = Some("a@vidu.vn".to_owned());
    full.relation = Some(crate::receipt::content::Relation {
        action: CorrectionAction::Replaces,
        kind: full.kind,
        template: "01BLP0-001".to_owned(),
        series: "TN-26E".to_owned(),
        number: 41,
        issued_on: sample::day("2026-08-31"),
        note: Some("Sai tên người nộp".to_owned()),
    });
    signed_by(&signer(), &body_of(&full), signing_time())
}

fn good_receipts() -> Vec<Vec<u8>> {
    let mut runner = TestRunner::deterministic();
    let profile = profile::for_day(sample::numbering().issued_on);
    let generated = std::iter::repeat_with(|| any_content().new_tree(&mut runner).unwrap().current())
        .filter(|content| content.validate(profile).is_ok())
        .take(20)
        .map(|content| signed_by(&signer(), &body_of(&content), signing_time()));
    let mut all: Vec<Vec<u8>> = generated.collect();
    all.push(full_receipt());
    all
}

/// What xmllint says of many documents at once, in their order.
pub(crate) struct Xmllint {
    folder: PathBuf,
}

impl Xmllint {
    pub(crate) fn new(name: &str) -> Xmllint {
        let folder = std::env::temp_dir().join(format!("bienlai-schema-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Xmllint { folder }
    }

    /// By a schema of `xsd/`, named as in `receipt/BL-1.0`.
    pub(crate) fn verdicts(&self, schema: &str, documents: &[String]) -> Vec<bool> {
        let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("xsd/{schema}.xsd"));
        let mut verdicts = Vec::new();
        for part in documents.chunks(200) {
            let files: Vec<PathBuf> =
                (0..part.len()).map(|at| self.folder.join(format!("{at}.xml"))).collect();
            for (file, text) in files.iter().zip(part) {
                std::fs::write(file, text).unwrap();
            }
            let output = Command::new("xmllint")
                .args(["--noout", "--nonet", "--schema"])
                .arg(&schema)
                .args(&files)
                .output()
                .unwrap_or_else(|error| {
                    panic!("xmllint ({error}): install the Debian package libxml2-utils")
                });
            let said = String::from_utf8_lossy(&output.stderr);
            let good: Vec<&str> = said.lines().filter_map(|line| line.strip_suffix(" validates")).collect();
            verdicts.extend(files.iter().map(|file| good.contains(&file.to_str().unwrap())));
        }
        verdicts
    }
}

impl Drop for Xmllint {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn place(root: &str, version: &str) -> String {
    let room = if root == "BLai" { "receipt" } else { "invoice" };
    format!("{room}/{version}")
}

fn ours(root: &str, version: &str, text: &str) -> bool {
    schema(root, version).unwrap().check(text.as_bytes()).is_ok()
}

#[test]
fn good_documents_are_good_to_both_judges() {
    let judge = Xmllint::new("good");
    let mut by_version: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for receipt in good_receipts() {
        by_version.entry(("BLai", "BL-1.0")).or_default().push(String::from_utf8(receipt).unwrap());
    }
    for (version, invoice) in good_invoices() {
        by_version.entry(("HDon", version)).or_default().push(String::from_utf8(invoice).unwrap());
    }
    let mut count = 0;
    for ((root, version), texts) in by_version {
        for (text, theirs) in texts.iter().zip(judge.verdicts(&place(root, version), &texts)) {
            assert!(theirs, "xmllint refuses {root} {version}: {text}");
            assert!(ours(root, version, text), "we refuse {root} {version}: {text}");
            count += 1;
        }
    }
    assert!(count >= 60, "{count}");
}

fn outer<'t>(text: &'t str, node: Node<'_, '_>) -> &'t str {
    &text[node.range()]
}

/// The text with the bytes of a node replaced.
fn instead(text: &str, node: Node<'_, '_>, new: &str) -> String {
    let range = node.range();
    format!("{}{new}{}", &text[..range.start], &text[range.end..])
}

/// Values that fit some types and not others: lengths at their limits, days, decimals, codes.
fn values() -> Vec<String> {
    let mut values: Vec<String> = [1, 10, 20, 21, 50, 51, 100, 101, 255, 256, 400, 401, 500, 501]
        .map(|length| "ệ".repeat(length))
        .into();
    values.extend(
        [
            "",
            " ",
            "0",
            "1",
            "-1",
            "007",
            "12345678",
            "123456789",
            "1.5",
            "1.123456",
            "1.1234567",
            "1e3",
            "+5",
            "1,000",
            ".5",
            "5.",
            "123456789012345678901",
            "1234567890123456789012",
            "2026-02-28",
            "2026-02-30",
            "2026-2-3",
            "02/03/2026",
            "2026-09-01Z",
            "2026-09-01T00:00:00",
            "2026-09-01T00:00:00Z",
            "2026-09-01T00:00:00.5",
            "٩٩٠٠٠٠٠٠٠٩",
            "٣",
            "VND",
            "vnd",
            "9900000009",
            "9900000009-001",
            "001199000000",
            "7%",
            "10%",
            "KHAC:03.50%",
            "K26TAA",
            "BL-26E",
            "01BLP0-001",
            "string",
        ]
        .map(str::to_owned),
    );
    values
}

/// Every single change of a document: each element of the signed part left out, doubled, moved,
/// renamed, given another value or something unknown inside.
pub(crate) fn mutants(text: &str) -> Vec<String> {
    let tree = Tree::parse(text).unwrap();
    let body = tree.root_element().first_element_child().unwrap();
    let mut made = Vec::new();
    let values = values();
    for (index, node) in body.descendants().filter(Node::is_element).enumerate() {
        let own = outer(text, node);
        let name = node.tag_name().name();
        made.push(instead(text, node, ""));
        made.push(instead(text, node, &format!("{own}{own}")));
        made.push(instead(text, node, &format!("{own}<La>1</La>")));
        made.push(instead(text, node, &format!("{own}x")));
        if let Some(next) = node.next_sibling_element() {
            let range = node.range().start..next.range().end;
            let swapped = format!("{}{}", outer(text, next), own);
            made.push(format!("{}{swapped}{}", &text[..range.start], &text[range.end..]));
        }
        if node.children().all(|child| child.is_text()) {
            made.push(instead(text, node, &format!("<{name} La=\"1\">1</{name}>")));
            made.push(instead(text, node, &format!("<{name}><La>1</La></{name}>")));
            // Each element gets some of the values, so that together they get all.
            for value in values.iter().skip(index % 3).step_by(3) {
                made.push(instead(text, node, &format!("<{name}>{value}</{name}>")));
            }
        }
    }
    made
}

/// Where a text begins to differ from the one it was made of.
pub(crate) fn change(text: &str, base: &str) -> String {
    let at = text.bytes().zip(base.bytes()).take_while(|(a, b)| a == b).count();
    text.get(at.saturating_sub(60)..).unwrap_or(text).chars().take(140).collect()
}

#[test]
fn every_single_change_gets_the_same_verdict_from_both_judges() {
    let judge = Xmllint::new("mutants");
    let mut bases: Vec<(&str, &str, String)> =
        vec![("BLai", "BL-1.0", String::from_utf8(full_receipt()).unwrap())];
    let mut seen = std::collections::BTreeSet::new();
    for (version, invoice) in good_invoices() {
        let text = String::from_utf8(invoice).unwrap();
        let kind = text.split_once("<KHMSHDon>").map(|(_, rest)| rest[..1].to_owned());
        let is_related = text.contains("TTHDLQuan");
        if is_related && seen.insert((version, kind)) {
            bases.push(("HDon", version, text));
        }
    }
    let (mut refused, mut total) = (0, 0);
    let mut disagreed = Vec::new();
    for (root, version, base) in bases {
        let made = mutants(&base);
        for (text, theirs) in made.iter().zip(judge.verdicts(&place(root, version), &made)) {
            if ours(root, version, text) != theirs {
                let change = change(text, &base);
                disagreed.push(format!("{root} {version}, xmllint says {theirs}: …{change}…"));
            }
            refused += usize::from(!theirs);
            total += 1;
        }
    }
    assert!(disagreed.is_empty(), "{} of {total}:\n{}", disagreed.len(), disagreed.join("\n"));
    assert!(total > 5_000 && refused > 3_000, "{refused} of {total}");
}
