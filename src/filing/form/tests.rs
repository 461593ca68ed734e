//! The forms before judges we did not write: xmllint by the schema, xmlsec1 by the signature.

mod versions;

use std::io::Write;
use std::process::{Command, Output, Stdio};

use super::notice::{Demand, Item, Notice, Subject};
use super::registration::{Action, Entrustment, Registration};
use super::usage::{Line, Supplement, UsageReport};
use super::*;
use crate::amount::Dong;
use crate::clock::Instant;
use crate::filing::envelope::{AUTHORITY, Envelope, new_message_code};
use crate::filing::period::Quarter;
use crate::filing::schema;
use crate::receipt::profile::{self, Profile, ReceiptTypes};
use crate::receipt::schema::tests::{Xmllint, change, mutants};
use crate::receipt::testing::{at, signed_by, signer, signing_time};
use crate::unit::registration::{CertificateAction, ListedCertificate};

const SENDER: &str = "K9900000009";

fn taxpayer() -> Taxpayer {
    Taxpayer {
        name: "Ủy ban nhân dân phường <Mẫu> & Thử".into(),
        tax_code: "9900000009".into(),
        budget_code: Some("1234567".into()),
        office_code: "10100".into(),
        office_name: "Thuế thành phố Thử".into(),
        place: "Hà Nội".into(),
    }
}

fn certificate(action: CertificateAction) -> ListedCertificate {
    ListedCertificate {
        issuer: "CN=CA thử".into(),
        serial: "540A".into(),
        valid_from: at("2026-01-01T00:00:00+07:00"),
        valid_until: at("2028-01-01T00:00:00+07:00"),
        action,
    }
}

fn registration() -> Registration {
    Registration {
        action: Action::Change,
        taxpayer: taxpayer(),
        contact_name: "Người Liên Hệ Mẫu".into(),
        contact_address: "Số 1 phố Thử".into(),
        contact_email: "lienhe@example.vn".into(),
        contact_phone: "02400000000".into(),
        made_on: "2026-11-27".parse().unwrap(),
        receipts_without_value: true,
        receipts_with_value: false,
        through_transmitter: false,
        certificates: vec![certificate(CertificateAction::Add), certificate(CertificateAction::Stop)],
        entrustments: vec![Entrustment {
            kind: 2,
            document_name: "Biên lai".into(),
            template: "01BLP0-001".into(),
            series: "BL-26E".into(),
            tax_code: "9900000016".into(),
            organisation: "Đơn vị Ủy Nhiệm Mẫu".into(),
            purpose: "Thu hộ".into(),
            valid_from: "2026-01-01".parse().unwrap(),
            valid_until: "2026-12-31".parse().unwrap(),
            payment_method: "Chuyển khoản".into(),
        }],
    }
}

fn report() -> UsageReport {
    UsageReport {
        taxpayer: taxpayer(),
        quarter: "2026-Q3".parse().unwrap(),
        made_on: "2026-10-05".parse().unwrap(),
        supplement: Some(Supplement { ordinal: 1, first: "fil-1".into() }),
        lines: vec![Line {
            template: "01BLP0-001".into(),
            series: "BL-26E".into(),
            opening: 100,
            from_no: Some(1),
            to_no: Some(3),
            used: 3,
            cancelled: vec![2],
            replaced: vec![],
            amount: Dong(50_000),
            closing: 97,
        }],
    }
}

fn notice(subject: Subject) -> Notice {
    let is_receipt = subject == Subject::Receipts;
    Notice {
        subject,
        taxpayer: taxpayer(),
        made_on: "2026-11-27".parse().unwrap(),
        demand: Some(Demand { number: "12/TB".into(), noticed_on: "2026-11-20".parse().unwrap() }),
        items: vec![Item {
            template: if is_receipt { "01BLP0-001" } else { "1" }.into(),
            series: if is_receipt { "BL-26E" } else { "K26TAA" }.into(),
            number: 7,
            issued_on: "2026-11-02".parse().unwrap(),
            authority_code: (!is_receipt).then(|| "0".repeat(34)),
            reason: "Sai tên người nộp".into(),
            is_withdrawn: false,
        }],
    }
}

const VERSIONS: [(&str, &str); 3] =
    [("2.0.0", "message/2.0.0"), ("2.1.0", "message/2.1.0"), ("2.1.1", "message/2.1.1")];

/// Every form in every shape of every version: schema, name of the signed part, signed bytes.
fn documents() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let signed = |body: Vec<u8>| signed_by(&signer(), &body, signing_time());
    let registered = |version: &str| signed(registration().body(super::registration::FORM, version, "fil-1"));
    let reported = |version: &str| signed(report().body(super::usage::FORM, version, "fil-2"));
    let noticed = |subject: Subject, law: &Profile| signed(notice(subject).body(law, "fil-3"));
    let [first, second, third] = profile::all() else { panic!("a profile without documents here") };
    vec![
        ("registration/2.1.0", "DLTKhai", registered("2.1.0")),
        ("registration/2.1.1", "DLTKhai", registered("2.1.1")),
        ("usage_report/2.0.0", "DLBCTHSDBLai", reported("2.0.0")),
        ("usage_report/2.1.0", "DLBCTHSDBLai", reported("2.1.0")),
        ("usage_report/2.1.1", "DLBCTHSDBLai", reported("2.1.1")),
        ("receipt_notice/2.1.0", "DLTBao", noticed(Subject::Receipts, second)),
        ("receipt_notice/2.1.1", "DLTBao", noticed(Subject::Receipts, third)),
        ("invoice_notice/2.0.0", "DLTBao", noticed(Subject::Invoices, first)),
        ("invoice_notice/2.1.0", "DLTBao", noticed(Subject::Invoices, second)),
        ("invoice_notice/2.1.1", "DLTBao", noticed(Subject::Invoices, third)),
    ]
}

/// The document of a schema as text.
fn document(schema: &str) -> String {
    let found = documents().into_iter().find(|(name, _, _)| *name == schema);
    String::from_utf8(found.unwrap_or_else(|| panic!("no document for {schema}")).2).unwrap()
}

/// A missing tool fails the test: a judge that stays away acquits everybody.
fn judged_by(tool: &str, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(tool)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{tool} could not be started: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join();
    output
}

/// xmllint's word. What checks before sending must say the same.
fn is_valid(schema: &str, document: &[u8]) -> (bool, String) {
    let (valid, why) = is_valid_by_xmllint(schema, document);
    let ours = checked(schema, document);
    assert_eq!(ours.is_ok(), valid, "{schema}: {ours:?}, xmllint: {why}");
    (valid, why)
}

/// What checks before sending, by the schema's place in `xsd/`.
fn checked(schema: &str, document: &[u8]) -> crate::error::Result<()> {
    let (name, version) = schema.split_once('/').unwrap();
    let form = match name {
        "registration" => super::registration::FORM,
        "usage_report" => super::usage::FORM,
        "receipt_notice" => super::notice::RECEIPT_FORM,
        "invoice_notice" => super::notice::INVOICE_FORM,
        _ => return schema::check_message(version, document),
    };
    schema::check_document(form, version, document)
}

fn is_valid_by_xmllint(schema: &str, document: &[u8]) -> (bool, String) {
    let path = format!("{}/xsd/{schema}.xsd", env!("CARGO_MANIFEST_DIR"));
    let output = judged_by("xmllint", &["--noout", "--schema", &path, "-"], document);
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn xmlsec1(body: &str, document: &[u8]) -> Output {
    let authority = format!("{}/fixtures/receipt/test-only-ca.pem", env!("CARGO_MANIFEST_DIR"));
    let arguments = [
        "--verify",
        "--id-attr:Id",
        body,
        "--id-attr:Id",
        "http://www.w3.org/2000/09/xmldsig#:Object",
        "--trusted-pem",
        &authority,
        "--verification-gmt-time",
        "2026-09-01 02:30:15",
        "/dev/stdin",
    ];
    judged_by("xmlsec1", &arguments, document)
}

#[test]
fn every_form_is_valid_by_its_schema() {
    for (schema, _, document) in documents() {
        let (valid, why) = is_valid(schema, &document);
        assert!(valid, "{schema}: {why}");
    }
}

#[test]
fn a_quarter_in_which_more_was_given_back_than_collected_is_reported_below_zero() {
    let mut below = report();
    below.lines[0].amount = Dong(-50_000);
    let body = below.body("BC26/BLĐT", "2.1.1", "fil-2");
    assert!(String::from_utf8(body.clone()).unwrap().contains("<TgTien>-50000</TgTien>"));
    crate::filing::schema::check_body("BC26/BLĐT", "2.1.1", &body).expect("the program's schema takes it");
    let document = document("usage_report/2.1.1");
    for (amount, fits) in [("-50000", true), ("-0", false), ("-050000", false), ("--1", false)] {
        let changed = document.replace("<TgTien>50000<", &format!("<TgTien>{amount}<"));
        assert_ne!(changed, document);
        assert_eq!(is_valid("usage_report/2.1.1", changed.as_bytes()).0, fits, "{amount}");
    }
}

#[test]
fn whether_receipts_have_a_printed_value_is_told_by_the_law_of_their_quarter() {
    let of = |template: &str| Line { template: template.into(), ..report().lines.remove(0) };
    let mut other = profile::all().to_vec();
    other.last_mut().unwrap().receipt_types.value = ReceiptTypes(vec![("03", 3), ("04", 4)]);
    let told = |laws: &[Profile], quarter: &str, template: &str| {
        of(template).kind(laws, quarter.parse::<Quarter>().unwrap().last_day())
    };
    for (template, shipped, of_other) in [("03BLP0-001", 1, 1), ("04BLP0-001", 1, 2)] {
        assert_eq!(told(profile::all(), "2026-Q3", template), shipped, "{template}");
        assert_eq!(told(&other, "2026-Q3", template), of_other, "{template}");
        assert_eq!(told(&other, "2026-Q2", template), shipped, "not the law yet: {template}");
    }
    assert_eq!(told(&other, "2026-Q3", "02BLP0-001"), 2, "a template from before the law changed");
    let printed = UsageReport { lines: vec![of("02BLP0-001")], ..report() };
    let body = String::from_utf8(printed.body(super::usage::FORM, "2.1.1", "fil-2")).unwrap();
    assert!(body.contains("<TLoai>2</TLoai>"), "{body}");
}

/// One change each; every one must be refused.
#[test]
fn a_form_with_one_change_is_refused_by_its_schema() {
    let changes: [(&str, &str, &str); 28] = [
        ("registration/2.1.0", "<HThuc>2</HThuc><TNNT>", "<HThuc>3</HThuc><TNNT>"),
        ("registration/2.1.0", "<MSo>01/ĐKTĐ-CTĐT</MSo>", "<MSo>01/ĐK-BL</MSo>"),
        ("registration/2.1.0", "<BLTPLPKIn>1</BLTPLPKIn>", ""),
        ("registration/2.1.0", "<BLTPLPKIn>1</BLTPLPKIn>", "<BLTPLPKIn>2</BLTPLPKIn>"),
        ("registration/2.1.0", "<STT>1</STT><TTChuc>", "<STT>0</STT><TTChuc>"),
        ("registration/2.1.0", "<Seri>540A</Seri>", "<Seri></Seri>"),
        ("registration/2.1.0", "T00:00:00</TNgay>", "</TNgay>"),
        ("registration/2.1.0", "<MCQTQLy>10100</MCQTQLy>", "<MCQTQLy>101000</MCQTQLy>"),
        ("registration/2.1.0", "<NDTKhai>", "<NDTKhai><XYZ></XYZ>"),
        ("usage_report/2.1.0", "<KDLieu>3/2026</KDLieu>", "<KDLieu>5/2026</KDLieu>"),
        ("usage_report/2.1.0", "<TLoai>1</TLoai>", "<TLoai>3</TLoai>"),
        ("usage_report/2.1.0", "<SLuong>3</SLuong>", "<SLuong>-3</SLuong>"),
        ("usage_report/2.1.0", "<TgTien>50000</TgTien>", "<TgTien>50.000,0</TgTien>"),
        ("usage_report/2.1.0", "<KHCTu>BL-26E</KHCTu>", "<KHCTu>BL-26E-TOO-LONG</KHCTu>"),
        ("usage_report/2.1.0", "<MST>9900000009</MST>", "<MST>990000000</MST>"),
        ("receipt_notice/2.1.0", "<LCTDT>3</LCTDT>", "<LCTDT>9</LCTDT>"),
        ("receipt_notice/2.1.0", "<SCTu>7</SCTu>", "<SCTu>0000007</SCTu>"),
        ("receipt_notice/2.1.0", "<LDo>Sai tên người nộp</LDo>", "<LDo></LDo>"),
        ("receipt_notice/2.1.0", "<NTBao>2026-11-27</NTBao>", "<NTBao>27/11/2026</NTBao>"),
        // Digits of another script, and zones, are none of the format's.
        ("usage_report/2.1.0", "<MST>9900000009</MST>", "<MST>٩٩٠٠٠٠٠٠٠٩</MST>"),
        ("usage_report/2.1.0", "<NLap>2026-10-05</NLap>", "<NLap>2026-10-05Z</NLap>"),
        ("registration/2.1.0", "T00:00:00</TNgay>", "T00:00:00+07:00</TNgay>"),
        ("receipt_notice/2.1.0", "<NTBao>2026-11-27</NTBao>", "<NTBao>2026-11-27+07:00</NTBao>"),
        ("invoice_notice/2.0.0", "<TCTBao>4</TCTBao>", ""),
        ("invoice_notice/2.0.0", "MCQTCap>", "MCCQT>"),
        ("invoice_notice/2.1.0", "<LADHDDT>1</LADHDDT>", "<LADHDDT>1</LADHDDT><TCTBao>4</TCTBao>"),
        ("invoice_notice/2.1.0", "<PBan>2.1.0</PBan>", "<PBan>2.0.0</PBan>"),
        ("invoice_notice/2.1.0", "<DSCKS><NNT>", "<DSCKS><NBan></NBan><NNT>"),
    ];
    let documents = documents();
    for (schema, from, to) in changes {
        let (_, _, document) = documents.iter().find(|(name, _, _)| *name == schema).unwrap();
        let text = String::from_utf8(document.clone()).unwrap();
        let changed = text.replace(from, to);
        assert_ne!(changed, text, "{schema}: {from} is not there");
        assert!(!is_valid(schema, changed.as_bytes()).0, "{schema}: {from} → {to} passes");
    }
}

fn message(version: &str) -> String {
    let code = new_message_code(SENDER, &ring::rand::SystemRandom::new()).unwrap();
    let envelope = Envelope {
        version,
        sender: SENDER,
        recipient: AUTHORITY,
        kind: 212,
        message_code: &code,
        answers: Some(&code),
        tax_code: "9900000009",
    };
    let carried = document(&format!("usage_report/{version}"));
    String::from_utf8(envelope.write(&[carried.as_bytes()]).unwrap()).unwrap()
}

/// Every form and a message of every version: schema and text.
fn whatever_is_sent() -> impl Iterator<Item = (&'static str, String)> {
    let forms = documents().into_iter().map(|(schema, _, form)| (schema, String::from_utf8(form).unwrap()));
    forms.chain(VERSIONS.map(|(version, schema)| (schema, message(version))))
}

/// Each element left out, doubled, moved, and given values that fit or do not.
#[test]
fn every_single_change_of_a_form_gets_the_same_verdict_from_both_judges() {
    let judge = Xmllint::new("forms");
    let (mut refused, mut total) = (0, 0);
    let mut disagreed = Vec::new();
    for (schema, base) in whatever_is_sent() {
        let made = mutants(&base);
        for (text, theirs) in made.iter().zip(judge.verdicts(schema, &made)) {
            if checked(schema, text.as_bytes()).is_ok() != theirs {
                disagreed.push(format!("{schema}, xmllint says {theirs}: …{}…", change(text, &base)));
            }
            refused += usize::from(!theirs);
            total += 1;
        }
    }
    assert!(disagreed.is_empty(), "{} of {total}:\n{}", disagreed.len(), disagreed.join("\n"));
    assert!(total > 3_000 && refused > 2_000, "{refused} of {total}");
}

#[test]
fn a_message_with_one_change_is_refused_by_its_schema() {
    for (version, schema) in VERSIONS {
        let message = message(version);
        assert!(is_valid(schema, message.as_bytes()).0, "{schema}");
        for (from, to) in [
            ("<MLTDiep>212</MLTDiep>", "<MLTDiep>21</MLTDiep>"),
            ("<MNNhan>TCT</MNNhan>", "<MNNhan>TCTX</MNNhan>"),
            ("<MST>9900000009</MST><SLuong>", "<MST>990000000X</MST><SLuong>"),
            ("<SLuong>1</SLuong>", "<SLuong>0</SLuong>"),
            ("<SLuong>1</SLuong>", ""),
            ("<DLieu><BCTHSDBLai>", "<DLieu></DLieu><BCTHSDBLai>"),
            // One kind, of those that are sent; no signature of its own.
            ("<DLieu><BCTHSDBLai>", "<DLieu><TBao><DLTBao></DLTBao></TBao><BCTHSDBLai>"),
            ("BCTHSDBLai", "BTHDLieu"),
            ("</DLieu></TDiep>", "</DLieu><CKSNNT></CKSNNT></TDiep>"),
        ] {
            let changed = message.replace(from, to);
            assert_ne!(changed, message, "{from} is not there");
            assert!(!is_valid(schema, changed.as_bytes()).0, "{schema}: {from} → {to} passes");
        }
    }
}

#[test]
fn a_form_is_judged_before_its_signature_and_a_fault_names_the_place_and_no_value() {
    let mut form = registration();
    schema::check_body(
        super::registration::FORM,
        "2.1.1",
        &form.body(super::registration::FORM, "2.1.1", "fil-1"),
    )
    .unwrap();
    form.taxpayer.name = "Ủy ban nhân dân ".repeat(40);
    let body = form.body(super::registration::FORM, "2.1.1", "fil-1");
    let error = schema::check_body(super::registration::FORM, "2.1.1", &body).unwrap_err();
    assert_eq!(error.code(), "form_off_schema");
    assert!(error.detail().contains("TNNT") && !error.detail().contains("Ủy ban"), "{}", error.detail());
    let unknown = schema::check_body(super::registration::FORM, "2.0.0", &body).unwrap_err();
    assert_eq!(unknown.code(), "form_schema_unknown");
}

#[test]
fn the_signature_of_every_form_holds_alone_and_in_its_envelope() {
    for (schema, body, document) in documents() {
        let (name, version) = schema.split_once('/').unwrap();
        let kind = match name {
            "registration" => 109,
            "usage_report" => 212,
            "receipt_notice" => 304,
            _ => 300,
        };
        let code = new_message_code(SENDER, &ring::rand::SystemRandom::new()).unwrap();
        let message = Envelope {
            version,
            sender: SENDER,
            recipient: AUTHORITY,
            kind,
            message_code: &code,
            answers: None,
            tax_code: "9900000009",
        }
        .write(&[&document])
        .unwrap();
        let (valid, why) = is_valid(&format!("message/{version}"), &message);
        assert!(valid, "{schema}: {why}");
        for held in [&document, &message] {
            let output = xmlsec1(body, held);
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success() && told.contains("(ok/all): 2/2"), "{schema}: {told}");
        }
        let tampered = String::from_utf8(document).unwrap().replace("9900000009", "9900000016");
        assert!(!xmlsec1(body, tampered.as_bytes()).status.success(), "{schema}");
    }
}

#[test]
fn what_a_registration_may_not_say_is_refused_with_its_field() {
    let now: Instant = at("2026-11-27T08:00:00+07:00");
    assert!(registration().check(now).is_ok());
    let refused = |change: &dyn Fn(&mut Registration)| {
        let mut form = registration();
        change(&mut form);
        form.check(now).unwrap_err().code()
    };
    assert_eq!(refused(&|form| form.taxpayer.tax_code = "9900000008".into()), "tax_code_wrong");
    assert_eq!(refused(&|form| form.taxpayer.office_code = "HN".into()), "tax_office_wrong");
    assert_eq!(refused(&|form| form.contact_name = String::new()), "field_missing");
    assert_eq!(refused(&|form| form.contact_phone = "0".repeat(21)), "field_too_long");
    for email in ["ab", "a@b", "a b@example.vn"] {
        assert_eq!(refused(&|form| form.contact_email = email.into()), "email_wrong", "{email}");
    }
    for phone in ["12", "không có"] {
        assert_eq!(refused(&|form| form.contact_phone = phone.into()), "phone_unreadable", "{phone}");
    }
    assert_eq!(refused(&|form| form.contact_address = " ".into()), "field_missing");
    assert_eq!(refused(&|form| form.receipts_without_value = false), "registration_without_documents");
    assert_eq!(refused(&|form| form.certificates.clear()), "registration_certificates_wrong");
    assert_eq!(refused(&|form| form.certificates[0].valid_until = now), "registration_certificates_wrong");
}

#[test]
fn what_a_notice_may_not_say_is_refused() {
    let refused = |change: &dyn Fn(&mut Notice)| {
        let mut form = notice(Subject::Receipts);
        change(&mut form);
        form.check().unwrap_err().code()
    };
    assert!(notice(Subject::Receipts).check().is_ok());
    assert_eq!(refused(&|form| form.items.clear()), "notice_items_wrong");
    assert_eq!(refused(&|form| form.items[0].number = 10_000_000), "notice_items_wrong");
    assert_eq!(refused(&|form| form.items[0].reason = " ".into()), "field_missing");
    assert_eq!(refused(&|form| form.items[0].reason = "x".repeat(256)), "field_too_long");
}

#[test]
fn what_cannot_stand_in_xml_is_refused_before_it_is_signed() {
    let mut form = registration();
    for hostile in ["a\u{0}b", "a\u{1}b", "a\u{FFFF}b", "a\nb"] {
        form.contact_name = hostile.into();
        assert_eq!(form.check(signing_time()).unwrap_err().code(), "text_not_allowed", "{hostile:?}");
    }
}

#[test]
fn a_cancelled_invoice_is_told_as_cancelled_where_the_format_has_a_word_for_it() {
    let body = |profile: &Profile, is_withdrawn: bool| {
        let mut notice = notice(Subject::Invoices);
        notice.items.iter_mut().for_each(|item| item.is_withdrawn = is_withdrawn);
        String::from_utf8(notice.body(profile, "fil-9")).unwrap()
    };
    let (first, later) = (&profile::all()[0], &profile::all()[1]);
    assert!(body(first, true).contains("<TCTBao>1</TCTBao>"));
    assert!(body(first, false).contains("<TCTBao>4</TCTBao>"));
    assert!(!body(later, true).contains("TCTBao"));
}
