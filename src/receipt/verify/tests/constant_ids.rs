//! Several invoices of one issuer in a message, each with the same Ids.

use super::attacks::Attack;
use super::forge::{part, replaced};
use super::vendor::Style;
use super::*;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

fn invoice(number: &str) -> String {
    let style = Style::default();
    style.sign(replaced(&style.invoice(), "<SHDon>7<", &format!("<SHDon>{number}<")))
}

fn message(documents: &[&str]) -> String {
    let documents = documents.concat();
    format!("{HEAD}<TDiep><TTChung><MLTDiep>203</MLTDiep></TTChung><DLieu>{documents}</DLieu></TDiep>")
}

fn body(invoice: &str) -> String {
    part(invoice, "<DLHDon ", "</DLHDon>")
}

/// The second invoice forged, or made to share what the first has.
pub fn attacks() -> Vec<Attack> {
    let (first, second) = (invoice("7"), invoice("8"));
    let both = message(&[&first, &second]);
    let forged = replaced(&second, "3750000", "9750000");
    let renamed = replaced(&forged, "Id=\"data\"", "Id=\"evil\"");
    let signature_of_the_first = replaced(&first, "3750000", "9750000");
    let spelled_otherwise = replaced(&first, "<DLHDon Id", "<DLHDon  Id");
    let marked = replaced(&second, "<DLQRCode>", "<DLQRCode Id=\"data\">");
    let disguised = replaced(&second, "<DLHDon Id", "<DLHDon xmlns:x=\"urn:x\" x:Id");
    let aside = format!("<HDon>{}</HDon>", body(&second));
    vec![
        ("second-forged", message(&[&first, &forged]), Problem::BodyDigestMismatch),
        ("first-forged", message(&[&forged, &first]), Problem::BodyDigestMismatch),
        ("data-of-the-first-only", message(&[&first, &renamed]), Problem::ReferenceTargetWrong),
        ("data-moved-to-a-third", message(&[&first, &renamed, &aside]), Problem::DuplicateId),
        (
            "data-of-the-first-in-the-second",
            message(&[&first, &replaced(&second, &body(&second), &body(&first))]),
            Problem::BodyDigestMismatch,
        ),
        ("signature-of-the-first", message(&[&first, &signature_of_the_first]), Problem::DuplicateId),
        ("copy-spelled-otherwise", message(&[&first, &spelled_otherwise]), Problem::DuplicateId),
        ("id-twice-in-the-second", message(&[&first, &marked]), Problem::DuplicateId),
        ("id-disguised-in-the-second", message(&[&first, &disguised]), Problem::IdDisguised),
        ("id-in-the-header", replaced(&both, "<TTChung>", "<TTChung Id=\"data\">"), Problem::DuplicateId),
        ("id-around-both", replaced(&both, "<DLieu>", "<DLieu Id=\"data\">"), Problem::DuplicateId),
        (
            "id-beside-the-documents",
            replaced(&both, "</DLieu>", "<Khac Id=\"data\"/></DLieu>"),
            Problem::DuplicateId,
        ),
    ]
}

#[test]
fn invoices_with_the_same_ids_are_valid_beside_each_other_as_they_are_alone() {
    let [first, second, third] = ["7", "8", "9"].map(invoice);
    let report = verify(message(&[&first, &second, &third]).as_bytes(), &trust(), now());
    assert_eq!((report.verdict, report.documents.len()), (Verdict::Valid, 3), "{report:?}");
    let numbers: Vec<&str> = report
        .documents
        .iter()
        .filter_map(|document| document.summary.as_ref().and_then(|summary| summary.number.as_deref()))
        .collect();
    assert_eq!(numbers, ["7", "8", "9"]);
}

#[test]
fn a_forged_invoice_takes_nothing_from_the_one_beside_it_with_the_same_ids() {
    let (first, second) = (invoice("7"), invoice("8"));
    let forged = replaced(&second, "3750000", "9750000");
    let report = verify(message(&[&first, &forged]).as_bytes(), &trust(), now());
    let found: Vec<Verdict> = report.documents.iter().map(DocumentReport::verdict).collect();
    assert_eq!(found, [Verdict::Valid, Verdict::Invalid], "{report:?}");
}

#[test]
fn whoever_sells_and_buys_may_sign_the_same_data_in_one_invoice_of_several() {
    let of = |number: &str| {
        let style = Style { buyer: true, ..Style::default() };
        let mut text = replaced(&style.invoice(), "<SHDon>7<", &format!("<SHDon>{number}<"));
        for id in ["NBan-1", "NMua-1"] {
            let own = part(&text, &format!("<Reference URI=\"#Obj-{id}\""), "</Reference>");
            text = replaced(&text, &own, "");
        }
        style.sign(text)
    };
    let report = verify(message(&[&of("7"), &of("8")]).as_bytes(), &trust(), now());
    assert!(!report.problems().contains(&Problem::DuplicateId), "{report:?}");
    assert_eq!((report.verdict, report.documents.len()), (Verdict::Valid, 2), "{report:?}");
}
