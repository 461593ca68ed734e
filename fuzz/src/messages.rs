//! What browsers, mail servers, operators, the tax authority and sign-in providers send.

use bienlai::filing::reply::{self, Verdict};
use bienlai::identity::sso::jws;
use bienlai::notification::bounce;
use bienlai::notification::sms;
use bienlai::pdf::embedded::{self, Embedded};
use bienlai::receipt::profile;
use bienlai::simulator;
use bienlai::web::multipart;

/// A form with files: every part lies inside the body, and there are few.
pub fn multipart_form(body: &[u8]) {
    if let Ok(parts) = multipart::parts(body, "B") {
        let inside = body.as_ptr_range();
        assert!(parts.len() <= multipart::PARTS_LIMIT);
        assert!(
            parts
                .iter()
                .map(|part| part.content.as_ptr_range())
                .all(|part| { part.is_empty() || (inside.start <= part.start && part.end <= inside.end) })
        );
    }
}

/// An answer of the tax authority: an acceptance gives no reasons against.
pub fn tax_answer(bytes: &[u8]) {
    if let Ok(reply) = reply::read(bytes, profile::newest()) {
        assert!(!reply.answers.is_empty(), "{reply:?}");
        assert!(reply.verdict != Verdict::Accepted || reply.faults.is_empty(), "{reply:?}");
    }
}

/// A delivery report by mail: its status is one of the standard, or empty.
pub fn bounce_mail(bytes: &[u8]) {
    if let Ok(report) = bounce::parse(bytes) {
        assert!(report.status.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'), "{report:?}");
    }
}

/// A delivery report of an operator that was signed: its code is short and can be shown.
pub fn sms_report(body: &[u8]) {
    const SECRET: &str = "a-secret-of-the-fuzzer-with-32-bytes";
    let now = "2026-11-22T09:30:15+07:00".parse().expect("a good time");
    let (timestamp, signature) = simulator::sms::signed(SECRET, body, now);
    match sms::report::read(&SECRET.into(), &timestamp, &signature, body, now) {
        Ok(report) => assert!(report.code.len() <= 40 && report.code.bytes().all(|c| c.is_ascii_graphic())),
        Err(error) => assert_eq!(error.code(), "sms_report_unreadable"),
    }
}

/// A token of a sign-in provider, the first line, and the provider's keys behind it: nothing that nobody
/// signed is a token, and one of the corpus was signed by a key that nobody has any more.
pub fn sign_in_token(bytes: &[u8]) {
    let mut halves = bytes.splitn(2, |byte| *byte == b'\n');
    let token = String::from_utf8_lossy(halves.next().unwrap_or_default());
    if let Some(keys) = jws::keys(halves.next().unwrap_or_default())
        && let Ok(payload) = jws::verified(&token, &keys)
    {
        assert_eq!(payload, b"{\"iss\":\"https://id.example.vn\"}");
    }
}

/// The file inside a PDF: XML of a bounded size, or nothing.
pub fn pdf_attachment(bytes: &[u8]) {
    if let Embedded::Xml(xml) = embedded::xml(bytes) {
        assert!(xml.len() <= embedded::LIMIT_BYTES);
    }
}
