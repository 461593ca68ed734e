mod attacks;
mod before;
mod bombs;
mod chains;
mod constant_ids;
mod covered;
mod downgrades;
mod forge;
mod fuzzed;
mod issuers;
mod matrix;
mod mutation;
mod oracle;
mod others;
mod others_attacks;
mod own;
pub(in crate::receipt) mod property;
mod readers;
mod signers;
mod times;
mod unsupported;
mod vendor;

use super::*;
use crate::receipt::content::sample;
use crate::receipt::sign::DECLARATION;
use crate::receipt::testing::{TAX_CODE, document, now, signing_time, trust};

#[test]
fn a_receipt_of_ours_is_valid_and_says_who_signed_it_when_and_what_it_covers() {
    let report = verify(&document(), &trust(), now());
    assert!(report.is_valid(), "{report:?}");
    assert_eq!(report.exit_code(), 0);
    let [signature] = report.documents[0].signatures.as_slice() else { panic!("one signature") };
    assert!(signature.by.as_deref().is_some_and(|by| by.contains("CN=Ủy ban nhân dân phường Thử Nghiệm")));
    assert_eq!(signature.tax_code.as_deref(), Some(TAX_CODE));
    assert_eq!(signature.integrity, Integrity::Ok);
    assert_eq!(signature.trust, Trust::Test, "the authority is one for trials, and that is said");
    assert_eq!(signature.covers, ["DLBLai", "Object"]);
    assert_eq!(signature.signing_time, Some(signing_time()));
    assert_eq!(signature.problems, [Problem::TestCertificate]);
}

#[test]
fn the_data_shown_is_the_data_signed() {
    let verified = verified_content(&document(), &trust(), now()).unwrap();
    assert_eq!(verified.fields.content, sample::content());
    assert_eq!(verified.fields.numbering, sample::numbering());
    assert_eq!(verified.fields.amount_in_words, "Hai mươi lăm nghìn đồng");
}

#[test]
fn without_a_trust_store_integrity_is_judged_and_trust_is_not() {
    let report = verify(&document(), &TrustStore::empty(), now());
    assert_eq!((report.verdict, report.exit_code()), (Verdict::Intact, 0), "anybody could have signed it");
    let signature = &report.documents[0].signatures[0];
    assert_eq!((signature.integrity, signature.trust), (Integrity::Ok, Trust::NotChecked));
    assert!(signature.problems.contains(&Problem::TrustNotChecked));
}

#[test]
fn a_document_whose_certificate_is_over_is_intact_and_valid_only_with_proof_of_when_it_was_signed() {
    let later = "2040-01-01T00:00:00+07:00".parse().unwrap();
    for document in [document(), vendor::Style::default().signed().into_bytes()] {
        assert!(verify(&document, &trust(), now()).is_valid());
        let mut report = verify(&document, &trust(), later);
        // Whoever kept the key of a certificate that is over may write any signing time.
        assert_eq!((report.verdict, report.exit_code()), (Verdict::Intact, 0), "{report:?}");
        let problems = report.problems();
        for told in [Problem::CertificateExpiredSince, Problem::SigningTimeUnproven] {
            assert!(problems.contains(&told), "{problems:?}");
        }
        assert!(report.documents[0].is_open_in_time_only() && report.is_over_since());
        assert!(!verify(&document, &TrustStore::empty(), later).documents[0].is_open_in_time_only());
        report.settle_time(1);
        assert_eq!(report.verdict, Verdict::Intact, "there is no second document");
        report.settle_time(0);
        assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
        assert!(report.is_over_since(), "that it is over since is still told");
    }
}

#[test]
fn a_receipt_of_ours_is_the_same_however_its_first_line_is_spelled() {
    let text = String::from_utf8(document()).unwrap();
    let spelled = |declaration: &str| forge::replaced(&text, DECLARATION, declaration).into_bytes();
    let good = [
        "",
        "\n",
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n",
        "<?xml version='1.0' encoding='UTF-8'?>",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\r\n",
        "<?xml version=\"1.0\"?>",
    ];
    for declaration in good {
        let report = verify(&spelled(declaration), &trust(), now());
        assert_eq!(report.verdict, Verdict::Valid, "{declaration:?}: {report:?}");
    }
    let long = format!("<?xml version=\"1.0\" {}?>", " ".repeat(100));
    let bad = [
        ("<?xml version=\"1.0\" encoding=\"UTF-16\"?>", Problem::EncodingNotUtf8),
        ("<?xml version=\"1.0\" encoding=\"windows-1258\"?>", Problem::EncodingNotUtf8),
        ("<?xml version=\"1.0\" for=\"nobody\"?>", Problem::NotXml),
        ("<?xml encoding=\"UTF-8\" version=\"1.0\"?>", Problem::NotXml),
        ("<?xml version=\"1.0\"encoding=\"UTF-8\"?>", Problem::NotXml),
        ("<?xml\u{a0}version=\"1.0\"?>", Problem::NotXml),
        ("<?xml version=\"1.0\" standalone=\"perhaps\"?>", Problem::NotXml),
        ("<?xml version=\"1.1\" encoding=\"UTF-8\"?>", Problem::XmlVersionUnsupported),
        ("<?xml version='1.10'?>", Problem::XmlVersionUnsupported),
        ("<?xml version=\"1.\"?>", Problem::NotXml),
        (&long, Problem::DeclarationUnexpected),
    ];
    for (declaration, problem) in bad {
        let report = verify(&spelled(declaration), &trust(), now());
        assert_eq!(report.problems(), [problem], "{declaration:?}");
    }
}

#[test]
fn a_receipt_of_ours_is_summed_up_and_has_what_a_register_knows_it_by() {
    let report = verify(&document(), &trust(), now());
    let summary = report.documents[0].summary.as_ref().unwrap();
    assert_eq!((summary.number.as_deref(), summary.total.as_deref()), (Some("42"), Some("25000")));
    assert_eq!(summary.seller_tax_code.as_deref(), Some(TAX_CODE));
    let registered = report.documents[0].registered.as_ref().unwrap();
    assert_eq!(registered.lookup_code, sample::content().lookup_code);
    let wrapped = format!(
        "<TDiep><DLieu>{}</DLieu></TDiep>",
        forge::replaced(&String::from_utf8(document()).unwrap(), crate::receipt::sign::DECLARATION, "")
    );
    let in_message = verify(wrapped.as_bytes(), &trust(), now());
    assert_eq!(in_message.verdict, Verdict::Valid, "{in_message:?}");
    let again = in_message.documents[0].registered.as_ref().unwrap();
    assert_eq!(
        (&again.lookup_code, &again.body_digest),
        (&registered.lookup_code, &registered.body_digest),
        "in a message it is the same document"
    );
    assert!(!serde_json::to_string(&report).unwrap().contains(registered.lookup_code.as_str()));
}

#[test]
fn the_report_is_json_with_stable_words() {
    let json = serde_json::to_value(verify(&document(), &trust(), now())).unwrap();
    assert_eq!(json["verdict"], "valid");
    let signature = &json["documents"][0]["signatures"][0];
    assert_eq!(json["documents"][0]["kind"], "receipt");
    assert_eq!(signature["integrity"], "ok");
    assert_eq!(signature["trust"], "test");
    assert_eq!(signature["algorithm"], "rsa-sha256");
    assert_eq!(signature["role"], "TCThu");
    assert_eq!(signature["covers"], serde_json::json!(["DLBLai", "Object"]));
    assert_eq!(signature["problems"], serde_json::json!(["test_certificate"]));
    assert_eq!(signature["signing_time"], "2026-09-01T09:30:15.000000+07:00");
}

#[test]
fn the_worst_of_several_documents_decides() {
    let good = || verify(&document(), &trust(), now());
    let unreadable = || verify(b"%PDF-1.7", &trust(), now());
    let tampered = forge::changed(">25000<", ">95000<");
    let bad = || verify(tampered.as_bytes(), &trust(), now());
    assert_eq!(Report::combined([good(), good()]).exit_code(), 0);
    assert_eq!(Report::combined([good(), bad()]).exit_code(), 1);
    assert_eq!(Report::combined([bad(), good(), unreadable()]).exit_code(), 2);
    assert_eq!(Report::combined([]).exit_code(), 2, "nothing was shown to be valid");
}

#[test]
fn the_content_of_an_invalid_receipt_is_not_given() {
    let tampered = String::from_utf8(document()).unwrap().replacen("25000", "95000", 1);
    let error = verified_content(tampered.as_bytes(), &trust(), now()).unwrap_err();
    assert_eq!((error.code(), error.detail()), ("receipt_not_valid", "body_digest_mismatch"));
}
