//! What a reference to the whole leaves out: the enveloped-signature transform cuts the signature out with its
//! Object, which then needs a reference of its own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::digest::{SHA256, digest};

use super::attacks::Attack;
use super::forge::{part, replaced};
use super::others::{compare, intact_for_xmlsec1, ours};
use super::vendor::Style;
use super::*;
use crate::receipt::sign::{ENVELOPED, INCLUSIVE_C14N};

const TIME: &str = "2026-09-01T09:30:15<";
const TOTAL: &str = "<Object><DLKhac xmlns=\"\"><TgTTTBSo>999000000</TgTTTBSo></DLKhac></Object></Signature>";

/// An invoice of which the file, the `HDon` or the `DLieu` is signed, and nothing besides.
fn whole(of: &str) -> String {
    let style = Style::default();
    let signature = style.signature("S", &[of]);
    let own = part(&signature, "<Reference URI=\"#Obj-S\"", "</Reference>");
    let signature = replaced(&signature, &own, "");
    style.sign(format!(
        "{}<TDiep><DLieu Id=\"all\"><HDon Id=\"one\">{}<DSCKS><NBan>{signature}</NBan></DSCKS></HDon></DLieu></TDiep>",
        style.head,
        style.body()
    ))
}

/// Intact, and what no reference covers is said.
pub fn remarks() -> Vec<Attack> {
    let [file, invoice, data] = ["", "one", "all"].map(whole);
    let later = |text: &str| replaced(text, TIME, "2026-08-01T00:00:00<");
    let more = |text: &str| replaced(text, "</Signature>", TOTAL);
    vec![
        ("time-changed-in-a-whole-file", later(&file), Problem::SigningTimeUnsigned),
        ("time-changed-in-a-whole-invoice", later(&invoice), Problem::SigningTimeUnsigned),
        ("time-changed-in-whole-data", later(&data), Problem::SigningTimeUnsigned),
        ("total-added-to-a-whole-file", more(&file), Problem::UnsignedNote),
        ("total-added-to-a-whole-invoice", more(&invoice), Problem::UnsignedNote),
        ("total-added-to-whole-data", more(&data), Problem::UnsignedNote),
    ]
}

#[test]
fn what_the_transform_cuts_out_with_the_signature_is_not_signed() {
    for (name, text, problem) in remarks() {
        let report = verify(text.as_bytes(), &trust(), now());
        let signature = &report.documents[0].signatures[0];
        assert_eq!(signature.integrity, Integrity::Ok, "{name}: {report:?}");
        assert!(signature.problems.contains(&problem), "{name}: {:?}", signature.problems);
        assert!(signature.signing_time.is_some(), "{name}: it is shown");
        assert_eq!(signature.signed_at(), None, "{name}: and nothing rests on it");
        compare(&text, name);
    }
}

#[test]
fn a_time_that_is_cut_out_decides_nothing() {
    for of in ["", "one", "all"] {
        let text = replaced(&whole(of), TIME, "2039-01-01T00:00:00<");
        let report = verify(text.as_bytes(), &trust(), now());
        assert_eq!(report.verdict, Verdict::Valid, "#{of}: {report:?}");
        assert!(report.problems().contains(&Problem::SigningTimeUnsigned), "#{of}");
        let changed = text.replace("3750000", "9750000");
        assert_eq!(ours(changed.as_bytes()), [Integrity::Failed], "#{of}: the data is signed");
    }
}

#[test]
fn an_object_beside_the_whole_is_signed_by_a_reference_of_its_own() {
    let style = Style::default();
    let text = format!("<HDon>{}<DSCKS>{}</DSCKS></HDon>", style.body(), style.signature("S", &[""]));
    let document = style.sign(text);
    let report = verify(document.as_bytes(), &trust(), now());
    assert!(!report.problems().contains(&Problem::SigningTimeUnsigned), "{report:?}");
    let words = replaced(&document, "</Signature>", "<Object>TỔNG TIỀN 9</Object></Signature>");
    let report = verify(words.as_bytes(), &trust(), now());
    assert!(report.problems().contains(&Problem::UnsignedNote), "{report:?}");
}

/// As SmartSign and VINA sign: the Id is the property's, and the transform is on that, too.
#[test]
fn the_quirk_on_a_property_of_its_own_passes_by_the_rule_of_its_name() {
    let style = Style::default();
    let own = "<Reference URI=\"#Obj-NBan-1\">";
    let transforms = format!("{own}<Transforms><Transform Algorithm=\"{ENVELOPED}\"/></Transforms>");
    let text = replaced(&style.document(), own, &transforms);
    let text = replaced(&text, "<Object Id=\"Obj-NBan-1\">", "<Object>");
    let text = replaced(&text, "<SignatureProperty ", "<SignatureProperty Id=\"Obj-NBan-1\" ");
    let document = style.sign(text);
    let strict = verify(document.as_bytes(), &trust(), now());
    assert!(strict.problems().contains(&Problem::EnvelopedOnOwnObject), "{strict:?}");
    let leniently =
        |text: &str| verify_leniently(text.as_bytes(), &trust(), now(), &[Lenient::EnvelopedOnOwnObject]);
    let lenient = leniently(&document);
    let signature = &lenient.documents[0].signatures[0];
    assert_eq!(lenient.verdict, Verdict::Valid, "{lenient:?}");
    assert_eq!(signature.covers, ["DLHDon", "SignatureProperty"]);
    assert_eq!(signature.signing_time, Some("2026-09-01T09:30:15+07:00".parse().unwrap()));
    assert!(!signature.problems.contains(&Problem::SigningTimeUnsigned), "{:?}", signature.problems);
    let later = leniently(&replaced(&document, TIME, "2026-08-01T00:00:00<"));
    assert!(later.problems().contains(&Problem::ObjectDigestMismatch), "{later:?}");
}

/// An invoice whose signature has these transforms on its own Object, with the digest of the nothing they leave of it.
fn cut_out_of_itself(transforms: &[&str]) -> String {
    let text = Style::default().document();
    let own = part(&text, "<Reference URI=\"#Obj-NBan-1\"", "</Reference>");
    let steps: String = transforms.iter().map(|name| format!("<Transform Algorithm=\"{name}\"/>")).collect();
    let nothing = BASE64.encode(digest(&SHA256, b""));
    let emptied =
        replaced(&replaced(&own, "@D@", &nothing), "><", &format!("><Transforms>{steps}</Transforms><"));
    replaced(&text, &own, &emptied)
}

/// As xmlsec1 signs where it is told to put the transform on the signature's own Object.
#[test]
fn an_object_cut_out_of_itself_is_rightly_referred_to_and_not_signed() {
    let style = Style::default();
    let forms: [&[&str]; 2] = [&[ENVELOPED], &[ENVELOPED, INCLUSIVE_C14N]];
    let asked: [&[Lenient]; 2] = [&[], &[Lenient::EnvelopedOnOwnObject]];
    for transforms in forms {
        let document = style.sign(cut_out_of_itself(transforms));
        compare(&document, "cut out of itself");
        assert!(intact_for_xmlsec1(document.as_bytes(), 1));
        for rules in asked {
            let report = verify_leniently(document.as_bytes(), &trust(), now(), rules);
            let signature = &report.documents[0].signatures[0];
            assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
            assert_eq!(signature.covers, ["DLHDon"], "the data and nothing else");
            assert!(signature.lenient.is_empty(), "it needs no rule");
            assert!(signature.problems.contains(&Problem::SigningTimeUnsigned), "{:?}", signature.problems);
            assert_eq!(signature.signed_at(), None);
        }
        let later = replaced(&document, TIME, "2039-01-01T00:00:00<");
        let report = verify(later.as_bytes(), &trust(), now());
        assert_eq!(report.verdict, Verdict::Valid, "a time that nobody signed decides nothing: {report:?}");
        let words =
            replaced(&document, "</SignatureProperties></Object>", "</SignatureProperties>đã hủy</Object>");
        let report = verify(words.as_bytes(), &trust(), now());
        assert!(report.problems().contains(&Problem::UnsignedNote), "{report:?}");
        let changed = replaced(&document, "3750000", "9750000");
        assert_eq!(verify(changed.as_bytes(), &trust(), now()).problems()[0], Problem::BodyDigestMismatch);
    }
}

#[test]
fn a_digest_of_nothing_is_right_for_nothing_but_what_is_cut_out_and_covers_no_data() {
    let style = Style::default();
    let text = cut_out_of_itself(&[ENVELOPED]);
    let of_data = part(&text, "<Reference URI=\"#data\"", "</Reference>");
    let alone = style.sign(replaced(&text, &of_data, ""));
    let nothing = BASE64.encode(digest(&SHA256, b""));
    let data_of_nothing = style.sign(replaced(&text, &of_data, &replaced(&of_data, "@D@", &nothing)));
    let own = part(&text, "<Reference URI=\"#Obj-NBan-1\"", "</Reference>");
    let transforms = part(&own, "<Transforms>", "</Transforms>");
    let not_cut_out = style.sign(replaced(&text, &own, &replaced(&own, &transforms, "")));
    let read_again = style.sign(cut_out_of_itself(&[ENVELOPED, INCLUSIVE_C14N, INCLUSIVE_C14N]));
    for (document, problem) in [
        (alone, Problem::BodyNotCovered),
        (data_of_nothing, Problem::BodyDigestMismatch),
        (not_cut_out, Problem::ObjectDigestMismatch),
        (read_again, Problem::EnvelopedOnOwnObject),
    ] {
        let report = verify(document.as_bytes(), &trust(), now());
        assert_eq!(report.verdict, Verdict::Invalid, "{report:?}");
        assert!(report.problems().contains(&problem), "{}: {report:?}", problem.code());
        assert!(report.documents[0].summary.is_none(), "{report:?}");
    }
}
