//! `/verify`: anybody gives a signed file and reads what its signatures are worth. Nothing of the
//! file is kept.

use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::frame::Frame;
use super::{Page, html};
use crate::error::{Error, Result};
use crate::receipt::verify::{
    DocumentReport, Integrity, Problem, Report, SignatureReport, Trust, Verdict, verify,
};
use crate::web::extract::body;
use crate::web::respond::block;
use crate::web::{Shared, message};

/// Twice the largest message that the tax authority takes, and the form around it.
const BODY_LIMIT_BYTES: usize = 4 * 1024 * 1024;
/// A page is for people: of a batch the first documents are shown.
const SHOWN_LIMIT: usize = 50;

#[derive(Template)]
#[template(path = "verify.html")]
struct VerifyPage {
    frame: Frame,
    outcome: Option<Outcome>,
}

struct Outcome {
    words: &'static str,
    words_en: &'static str,
    tone: &'static str,
    documents: Vec<DocumentWords>,
    left_out: usize,
}

struct DocumentWords {
    kind: &'static str,
    facts: Vec<(&'static str, String)>,
    remarks: Vec<&'static message::Words>,
    signatures: Vec<SignatureWords>,
}

struct SignatureWords {
    role: String,
    by: String,
    signed_at: String,
    covers: String,
    algorithm: String,
    intact: bool,
    trust: &'static str,
    remarks: Vec<&'static message::Words>,
}

/// `GET /verify`
pub async fn form(request: HttpRequest) -> HttpResponse {
    html(StatusCode::OK, &VerifyPage { frame: Frame::public(&request), outcome: None })
}

/// `POST /verify`: the form, or the bare bytes of a file.
pub async fn judge(request: HttpRequest, shared: web::Data<Shared>, payload: web::Payload) -> Page {
    super::session::check_origin(&request)?;
    shared.lookups.check(shared.source(&request))?;
    let bytes = body(payload, BODY_LIMIT_BYTES).await?;
    let boundary = boundary(&request);
    let app = Arc::clone(shared.app());
    let now = app.clock.now();
    let report = block(move || {
        let file = match &boundary {
            Some(boundary) => uploaded(&bytes, boundary)?,
            None => bytes.as_slice(),
        };
        if file.is_empty() {
            return Err(Error::conflict("verify_file_missing", "no file in the form"));
        }
        Ok(verify(file, &app.trust, now))
    })
    .await?;
    let frame = Frame::public(&request);
    Ok(html(StatusCode::OK, &VerifyPage { frame, outcome: Some(outcome(&report)) }))
}

/// The boundary of a form, if the body is one.
fn boundary(request: &HttpRequest) -> Option<String> {
    let kind = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    let (kind, parameters) = kind.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let value = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("boundary="))?;
    let value = value.trim_matches('"');
    (1..=70).contains(&value.len()).then(|| value.to_owned())
}

/// The content of the first part of a form (RFC 7578); this form has no other.
fn uploaded<'b>(form: &'b [u8], boundary: &str) -> Result<&'b [u8]> {
    let unreadable = || Error::conflict("verify_form_unreadable", "expected one file in multipart/form-data");
    let opening = format!("--{boundary}\r\n");
    let closing = format!("\r\n--{boundary}");
    let start = find(form, opening.as_bytes()).ok_or_else(unreadable)? + opening.len();
    let part = form.get(start..).unwrap_or_default();
    let content = find(part, b"\r\n\r\n").ok_or_else(unreadable)? + 4;
    let content = part.get(content..).unwrap_or_default();
    let end = find(content, closing.as_bytes()).ok_or_else(unreadable)?;
    Ok(content.get(..end).unwrap_or_default())
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn outcome(report: &Report) -> Outcome {
    let confirmed = report
        .documents
        .iter()
        .flat_map(|document| &document.signatures)
        .all(|signature| matches!(signature.trust, Trust::Ok | Trust::Test));
    let (words, words_en, tone) = match report.verdict {
        Verdict::Valid if confirmed => ("Hợp lệ", "Valid", "done"),
        Verdict::Valid | Verdict::Intact => (
            "Toàn vẹn: không bị sửa sau khi ký. Người ký chưa được xác nhận",
            "Intact: nothing was changed since it was signed. The signer is not confirmed",
            "wait",
        ),
        Verdict::Invalid => ("Không hợp lệ", "Not valid", "gone"),
        Verdict::Unreadable => ("Không đọc được", "Not readable", "gone"),
    };
    let documents = report.documents.iter().take(SHOWN_LIMIT).map(document_words).collect();
    let left_out = report.documents.len().saturating_sub(SHOWN_LIMIT);
    Outcome { words, words_en, tone, documents, left_out }
}

fn document_words(document: &DocumentReport) -> DocumentWords {
    let mut facts = Vec::new();
    if let Some(summary) = &document.summary {
        let named = [
            ("Mẫu số", &summary.template),
            ("Ký hiệu", &summary.series),
            ("Số", &summary.number),
            ("Ngày lập", &summary.issued_on),
            ("Mã số thuế bên lập", &summary.seller_tax_code),
            ("Tổng tiền", &summary.total),
        ];
        facts.extend(named.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
    }
    DocumentWords {
        kind: match document.kind {
            "invoice" => "Hóa đơn",
            "receipt" => "Biên lai",
            "certificate" => "Chứng từ",
            "notice" => "Thông báo",
            "declaration" => "Tờ khai",
            "summary" => "Bảng tổng hợp",
            "usage_report" => "Báo cáo sử dụng biên lai",
            _ => "Tệp",
        },
        facts,
        remarks: remarks(&document.problems),
        signatures: document.signatures.iter().map(signature_words).collect(),
    }
}

fn signature_words(signature: &SignatureReport) -> SignatureWords {
    let dash = || "–".to_owned();
    SignatureWords {
        role: signature.role.clone(),
        by: signature.by.clone().unwrap_or_else(dash),
        signed_at: signature
            .signing_time
            .map_or_else(dash, |at| at.in_hanoi().format("%H:%M:%S %d/%m/%Y").to_string()),
        covers: signature.covers.join(", "),
        algorithm: signature.algorithm.clone().unwrap_or_else(dash),
        intact: signature.integrity == Integrity::Ok,
        trust: match signature.trust {
            Trust::Ok => "được xác nhận / confirmed",
            Trust::Test => "chứng thư thử nghiệm / test certificate",
            Trust::Legacy => "thuật toán cũ / legacy algorithm",
            Trust::Untrusted => "không tin cậy / untrusted",
            Trust::NotChecked => "chưa xác nhận / not confirmed",
        },
        remarks: remarks(&signature.problems),
    }
}

fn remarks(problems: &[Problem]) -> Vec<&'static message::Words> {
    problems.iter().map(|problem| message::words(problem.code())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::verify::TrustStore;

    #[test]
    fn the_file_is_the_content_of_the_first_part() {
        let form = b"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.xml\"\r\n\
                     Content-Type: text/xml\r\n\r\n<a>\r\n--x</a>\r\n--B--\r\n";
        assert_eq!(uploaded(form, "B").unwrap(), b"<a>\r\n--x</a>");
        for broken in [b"".as_slice(), b"--B\r\n", b"--B\r\nx: y\r\n\r\nno end"] {
            assert_eq!(uploaded(broken, "B").unwrap_err().code(), "verify_form_unreadable");
        }
    }

    #[test]
    fn a_receipt_that_anybody_could_have_signed_is_not_called_valid() {
        let report = verify(
            &crate::receipt::testing::document(),
            &TrustStore::empty(),
            crate::receipt::testing::now(),
        );
        let page = VerifyPage { frame: Frame::default(), outcome: Some(outcome(&report)) }.render().unwrap();
        assert!(page.contains("Người ký chưa được xác nhận") && page.contains("TCThu"), "{page}");
    }
}
