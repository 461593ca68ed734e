//! `/verify`: anybody gives a signed file and reads what its signatures are worth, and of a document
//! of ours how it stands today; with the evidence kept at sealing, whether it was valid when it was signed.
//! Nothing of the files is kept.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::called;
use super::frame::Frame;
use super::receipt::{current, standing};
use super::wording::Lang;
use super::{Page, html};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::app::App;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Kind, Result};
use crate::pdf::embedded::{self, Embedded};
use crate::receipt::evidence::bundle::{Bundle, Finding, Judgement};
use crate::receipt::evidence::kept;
use crate::receipt::key::certificates_in;
use crate::receipt::recorded::{self, Recorded};
use crate::receipt::verify::{
    DocumentReport, Integrity, Lenient, Problem, Report, SignatureReport, Trust, Verdict, verify_leniently,
};
use crate::store::Conn;
use crate::text::capitalised;
use crate::web::extract::{body, query};
use crate::web::multipart::{boundary, parts};
use crate::web::respond::block;
use crate::web::{Shared, message};

/// Twice the largest message that the tax authority takes, and the form around it.
const FILE_LIMIT_BYTES: usize = 4 * 1024 * 1024;
/// The same, and evidence with a revocation list.
const BODY_LIMIT_BYTES: usize = 12 * 1024 * 1024;
/// A page is for people: of a batch the first documents are shown.
const SHOWN_LIMIT: usize = 50;
/// Where the form brings the signed file, and where its evidence.
const FILE_FIELD: &str = "form.file";
const EVIDENCE_FIELD: &str = "form.evidence";

#[derive(Template)]
#[template(path = "verify.html")]
struct VerifyPage {
    frame: Frame,
    outcome: Option<Outcome>,
    /// The field of what was not looked at, and why.
    refused: Option<(&'static str, &'static message::Words)>,
    /// The lenient rules that may be asked for.
    rules: [&'static str; Lenient::ALL.len()],
}

impl VerifyPage {
    fn with(frame: Frame, outcome: Option<Outcome>) -> VerifyPage {
        VerifyPage { frame, outcome, refused: None, rules: Lenient::ALL.map(Lenient::name) }
    }
}

#[derive(Deserialize)]
pub struct Asked {
    lenient: Option<String>,
}

/// Vietnamese and English.
type Both = (&'static str, &'static str);

struct Outcome {
    words: String,
    words_en: String,
    tone: &'static str,
    documents: Vec<DocumentWords>,
    left_out: usize,
    /// Nothing in it could be judged: whoever brought it is told what to bring.
    is_unreadable: bool,
    /// The signed file was inside a PDF, whose pages say whatever they say.
    is_from_pdf: bool,
    evidence: Option<EvidenceWords>,
}

impl Outcome {
    /// That a certificate was revoked after a signature that is proven stands at the head of what is valid, as it
    /// does when a certificate is over. Of several documents each says its own.
    fn with_revocation(self, judgement: Option<&Judgement>) -> Outcome {
        let judgement = judgement.filter(|_| self.tone == "done" && self.documents.len() == 1);
        let Some((words, words_en)) = judgement.map(Judgement::words) else { return self };
        Outcome { words: capitalised(&words), words_en: capitalised(&words_en), ..self }
    }
}

/// What the evidence proves.
struct EvidenceWords {
    words: String,
    words_en: String,
    tone: &'static str,
    facts: Vec<(Both, String)>,
    remarks: Vec<&'static message::Words>,
}

struct DocumentWords {
    kind: Both,
    /// How it stands in our register, if it is there.
    entry: Option<Entry>,
    /// What the evidence that is kept here proves of it, where its certificate is over.
    kept: Option<EvidenceWords>,
    facts: Vec<(Both, String)>,
    /// Whether these facts are no more than what the file says.
    is_unconfirmed: bool,
    remarks: Vec<&'static message::Words>,
    signatures: Vec<SignatureWords>,
}

#[derive(Clone)]
struct Entry {
    words: String,
    words_en: String,
    tone: &'static str,
    /// Name and look-up code of the other documents in force.
    current: Vec<(String, String)>,
}

impl Entry {
    /// What stands in force in the register is not called valid under a verdict that says otherwise.
    fn contradicted(self) -> Entry {
        if self.tone != "done" {
            return self;
        }
        Entry {
            words: "Có trong sổ của hệ thống này, nhưng bằng chứng kèm theo trái ngược".to_owned(),
            words_en: "In the register of this system, but the evidence contradicts it".to_owned(),
            tone: "late",
            ..self
        }
    }
}

struct SignatureWords {
    /// The element of the place that it signs, and what that is to people.
    role: String,
    whose: Both,
    by: String,
    signed_at: String,
    covers: String,
    algorithm: String,
    intact: bool,
    trust: Both,
    remarks: Vec<&'static message::Words>,
}

/// `GET /verify`
pub async fn form(request: HttpRequest) -> HttpResponse {
    html(StatusCode::OK, &VerifyPage::with(Frame::public(&request), None))
}

/// `POST /verify`: the form, or the bare bytes of a file; `?lenient=` names a lenient rule.
pub async fn judge(request: HttpRequest, shared: web::Data<Shared>, payload: web::Payload) -> Page {
    super::session::check_origin(&request)?;
    shared.lookups.check(shared.source(&request))?;
    let asked = query::<Asked>(&request)?.lenient;
    let rules: Vec<Lenient> = asked.iter().map(|name| rule(name)).collect::<Result<_>>()?;
    let done = match body(payload, BODY_LIMIT_BYTES).await {
        Ok(bytes) => judged(&request, &shared, rules, bytes).await,
        Err(error) => Err(error),
    };
    let frame = Frame::public(&request);
    let error = match done {
        Ok(outcome) => return Ok(html(StatusCode::OK, &VerifyPage::with(frame, Some(outcome)))),
        Err(error) => error,
    };
    // Another file may be chosen at once.
    let (status, field) = match error.kind() {
        Kind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "file"),
        Kind::Conflict => (StatusCode::CONFLICT, "file"),
        Kind::Invalid { field } if field == FILE_FIELD => (StatusCode::BAD_REQUEST, "file"),
        Kind::Invalid { field } if field == EVIDENCE_FIELD => (StatusCode::BAD_REQUEST, "evidence"),
        _ => return Err(error.into()),
    };
    let page = VerifyPage::with(frame, None);
    Ok(html(status, &VerifyPage { refused: Some((field, message::words(error.code()))), ..page }))
}

async fn judged(
    request: &HttpRequest,
    shared: &web::Data<Shared>,
    rules: Vec<Lenient>,
    bytes: Vec<u8>,
) -> Result<Outcome> {
    let (boundary, lang) = (boundary(request), Lang::of(request));
    let shared = web::Data::clone(shared);
    block(move || {
        let app = shared.app();
        let brought = Brought::of(&bytes, boundary.as_deref())?;
        let carried = carried(brought.file)?;
        let file = carried.as_deref().unwrap_or(brought.file);
        let now = app.clock.now();
        let mut report = verify_leniently(file, &app.trust, now, &rules);
        let entries = app.store.read(&Scope::All, |conn| entries(conn, lang, &report))?;
        let judged = brought.evidence.map(|evidence| proven(app, evidence, file, &report, now)).transpose();
        let judged = judged.map_err(|error| error.in_field("form"))?;
        judged.iter().for_each(|judgement| judgement.weigh(&mut report));
        let evidence = judged.as_ref().map(evidence_words);
        let kept = proven_here(&shared, &mut report, now)?;
        let revoked = judged.iter().chain(kept.iter().flatten()).find(|one| one.revoked_since().is_some());
        let mut outcome = outcome(&report, &entries).with_revocation(revoked);
        for (document, judgement) in outcome.documents.iter_mut().zip(&kept) {
            document.kept = judgement.as_ref().map(evidence_words);
        }
        Ok(Outcome { is_from_pdf: carried.is_some(), evidence, ..outcome })
    })
    .await
}

/// What somebody brings.
#[derive(Debug)]
struct Brought<'b> {
    file: &'b [u8],
    evidence: Option<&'b [u8]>,
}

impl<'b> Brought<'b> {
    /// The parts of a form, or the bare bytes of a file.
    fn of(bytes: &'b [u8], boundary: Option<&str>) -> Result<Brought<'b>> {
        let brought = match boundary {
            Some(boundary) => Brought::in_form(bytes, boundary)?,
            None => Brought { file: bytes, evidence: None },
        };
        if brought.file.is_empty() {
            return Err(Error::invalid(FILE_FIELD, "verify_file_missing", "no file in the form"));
        }
        if brought.file.len() > FILE_LIMIT_BYTES {
            return Err(Error::too_large("body_too_large", format!("at most {FILE_LIMIT_BYTES} bytes")));
        }
        Ok(brought)
    }

    fn in_form(bytes: &'b [u8], boundary: &str) -> Result<Brought<'b>> {
        let detail = "expected one file in multipart/form-data";
        let unreadable = |_| Error::invalid(FILE_FIELD, "verify_form_unreadable", detail);
        let parts = parts(bytes, boundary).map_err(unreadable)?;
        let content = |name: &str| parts.iter().find(|part| part.name == name).map(|part| part.content);
        let evidence = content("evidence").filter(|evidence| !evidence.is_empty());
        if parts.iter().any(|part| part.name == "file" && part.is_chosen && part.content.is_empty()) {
            return Err(Error::invalid(FILE_FIELD, "verify_file_empty", "the file has no bytes"));
        }
        Ok(Brought { file: content("file").unwrap_or_default(), evidence })
    }
}

/// Judges the file by its evidence. Time stamps are believed of the authorities that the installation has
/// its own made by.
fn proven(app: &App, evidence: &[u8], file: &[u8], report: &Report, now: Instant) -> Result<Judgement> {
    let bundle = Bundle::read(evidence)?;
    let authorities = certificates_in(&app.config.evidence.timestamp_trust()?)?;
    bundle.judge_reported(file, report, &authorities, now)
}

/// Of documents of ours whose certificate is over nobody has to bring the evidence that is kept here: what it
/// proves is open no more in the report, and stands for each document that is shown. Where it cannot be judged it
/// proves nothing of that document, and the others are shown with theirs.
fn proven_here(shared: &Shared, report: &mut Report, now: Instant) -> Result<Vec<Option<Judgement>>> {
    let is_open = report.documents.iter().any(DocumentReport::is_open_in_time_only);
    // Of evidence that speaks against a document nothing takes the word back.
    if report.is_contradicted() || !is_open {
        return Ok(Vec::new());
    }
    let app = shared.app();
    let authorities = certificates_in(&app.config.evidence.timestamp_trust()?)?;
    let terms = kept::Terms { trust: &app.trust, authorities: &authorities, now };
    let judged: Vec<Option<Judgement>> = app.store.read(&Scope::All, |conn| {
        let shown = report.documents.iter().take(SHOWN_LIMIT);
        shown.map(|document| proven_of(document, kept::judge(conn, &shared.tops, document, &terms))).collect()
    })?;
    let proven = judged.iter().enumerate().filter(|(_, judgement)| judgement.is_some());
    proven.for_each(|(document, _)| report.settle_time(document));
    Ok(judged)
}

/// What is known of one document. That the database is busy is said of the whole page, which is asked for again.
fn proven_of(document: &DocumentReport, judged: Result<Option<Judgement>>) -> Result<Option<Judgement>> {
    match judged {
        Err(error) if !error.is_busy() => {
            let summary = document.summary.as_ref();
            let series = summary.and_then(|one| one.series.as_deref());
            let number = summary.and_then(|one| one.number.as_deref());
            tracing::error!(series, number, %error, "the evidence kept for a document could not be judged");
            Ok(None)
        }
        judged => judged,
    }
}

fn evidence_words(judgement: &Judgement) -> EvidenceWords {
    let (words, words_en) = judgement.words();
    let moments = [
        (("Tồn tại lúc", "Existed at"), judgement.existed_at),
        (("Trạng thái chứng thư lúc", "Certificate status as of"), judgement.status_at),
        (("Thu hồi", "Revoked"), judgement.revoked_at),
        (("Hết hạn", "Expired"), judgement.certificate_expired_at),
    ];
    EvidenceWords {
        words: capitalised(&words),
        words_en: capitalised(&words_en),
        tone: match judgement.finding {
            Finding::ValidWhenSigned | Finding::ValidWhenSignedExpiredSince => "done",
            Finding::NotProven => "wait",
            Finding::Contradicted => "gone",
        },
        facts: moments.into_iter().filter_map(|(name, at)| Some((name, moment(at?)))).collect(),
        remarks: judgement.problems.iter().map(|code| message::words(code)).collect(),
    }
}

fn moment(at: Instant) -> String {
    at.in_hanoi().format("%H:%M:%S %d/%m/%Y").to_string()
}

/// The signed file that a PDF carries; `None` when the file is no PDF.
fn carried(file: &[u8]) -> Result<Option<Vec<u8>>> {
    if !embedded::is_pdf(file) {
        return Ok(None);
    }
    match embedded::xml(file) {
        Embedded::Xml(bytes) => Ok(Some(bytes)),
        Embedded::Nothing => Err(Error::conflict("verify_pdf_without_xml", "no XML file is in the PDF")),
        Embedded::TooLarge => Err(Error::conflict("verify_pdf_too_large", "the XML file in it is too large")),
        Embedded::Several => Err(Error::conflict("verify_pdf_several", "it carries XML files that differ")),
        Embedded::Unread => Err(Error::conflict("verify_pdf_unread", "a file in it cannot be read here")),
    }
}

/// A rule that the form names.
fn rule(name: &str) -> Result<Lenient> {
    name.parse().map_err(|error: Error| Error::invalid("form.lenient", error.code(), "no such rule"))
}

/// How the documents that are shown stand in our register.
fn entries(conn: &mut Conn, lang: Lang, report: &Report) -> Result<Vec<Option<Entry>>> {
    report.documents.iter().take(SHOWN_LIMIT).map(|document| entry(conn, lang, document)).collect()
}

/// Only of a document that is intact: what is said elsewhere under its code is no stranger's business.
fn entry(conn: &mut Conn, lang: Lang, document: &DocumentReport) -> Result<Option<Entry>> {
    let is_good = matches!(document.verdict(), Verdict::Valid | Verdict::Intact);
    let Some(registered) = document.registered.as_ref().filter(|_| is_good) else { return Ok(None) };
    Ok(match recorded::find(conn, registered)? {
        Recorded::This(item, links) => {
            let (words, words_en, tone) = standing(&item);
            Some(Entry { words, words_en, tone, current: current(lang, &item, &links) })
        }
        Recorded::Another => Some(Entry {
            words: "Không phải chứng từ đã lập: mã tra cứu này là của chứng từ khác".to_owned(),
            words_en: "Never issued here: this look-up code is another document's".to_owned(),
            tone: "gone",
            current: Vec::new(),
        }),
        Recorded::Nothing if is_of_our_format(document) => Some(Entry {
            words: "Không có trong sổ của hệ thống này".to_owned(),
            words_en: "Not in the register of this system".to_owned(),
            tone: "wait",
            current: Vec::new(),
        }),
        Recorded::Nothing => None,
    })
}

/// A receipt in the format that nobody else issues.
fn is_of_our_format(document: &DocumentReport) -> bool {
    let version = document.summary.as_ref().and_then(|summary| summary.version.as_deref());
    document.kind == "receipt" && version.is_some_and(|version| version.starts_with("BL-"))
}

fn outcome(report: &Report, entries: &[Option<Entry>]) -> Outcome {
    let left_out = report.documents.len().saturating_sub(SHOWN_LIMIT);
    let (words, words_en, tone) = match report.verdict {
        Verdict::Valid | Verdict::Intact if has(entries, "gone") => (
            "Chữ ký đúng, nhưng chứng từ không còn hiệu lực (xem bên dưới)",
            "The signatures are good, but the document is not in force (see below)",
            "gone",
        ),
        // The register was not asked about those that are left out: one of them may be cancelled.
        Verdict::Valid if has(entries, "wait") || left_out > 0 => (
            "Chữ ký hợp lệ; xem tình trạng chứng từ bên dưới",
            "The signatures are valid; see below how the document stands",
            "wait",
        ),
        Verdict::Valid if report.is_over_since() => (
            "Hợp lệ khi ký; chứng thư đã hết hạn sau đó",
            "Valid when signed; certificate since expired",
            "done",
        ),
        Verdict::Valid => ("Hợp lệ", "Valid", "done"),
        Verdict::Intact if are_signers_known(report) => (
            "Toàn vẹn: không bị sửa sau khi ký. Còn điểm chưa xác nhận được (xem lưu ý)",
            "Intact: nothing was changed since it was signed. Something is left open (see the notes)",
            "wait",
        ),
        Verdict::Intact => (
            "Toàn vẹn: không bị sửa sau khi ký. Người ký chưa được xác nhận",
            "Intact: nothing was changed since it was signed. The signer is not confirmed",
            "wait",
        ),
        Verdict::Invalid if report.is_contradicted() => (
            "Không hợp lệ: bằng chứng trái ngược với chứng từ (xem bên dưới)",
            "Not valid: the evidence contradicts the document (see below)",
            "late",
        ),
        Verdict::Invalid => ("Không hợp lệ", "Not valid", "late"),
        Verdict::Unreadable => ("Không đọc được", "Not readable", "late"),
    };
    let is_contradicted = report.is_contradicted();
    let follows = |entry: Entry| if is_contradicted { entry.contradicted() } else { entry };
    let shown = report.documents.iter().zip(entries);
    let documents =
        shown.map(|(document, entry)| document_words(document, entry.clone().map(follows))).collect();
    let is_unreadable =
        report.documents.iter().all(|one| one.signatures.is_empty()) && report.verdict == Verdict::Unreadable;
    let (words, words_en) = (words.to_owned(), words_en.to_owned());
    Outcome { words, words_en, tone, documents, left_out, is_unreadable, is_from_pdf: false, evidence: None }
}

fn are_signers_known(report: &Report) -> bool {
    let mut signatures = report.documents.iter().flat_map(|document| &document.signatures);
    signatures.all(|signature| matches!(signature.trust, Trust::Ok | Trust::Test))
}

fn has(entries: &[Option<Entry>], tone: &str) -> bool {
    entries.iter().flatten().any(|entry| entry.tone == tone)
}

fn document_words(document: &DocumentReport, entry: Option<Entry>) -> DocumentWords {
    let mut facts = Vec::new();
    let said = document.unconfirmed.as_ref();
    let kind = said.map_or(document.kind, |said| said.kind);
    if let Some(summary) = document.summary.as_ref().or(said.map(|said| &said.summary)) {
        let named = [
            (("Mẫu số", "Template"), &summary.template),
            (("Ký hiệu", "Series"), &summary.series),
            (("Số", "Number"), &summary.number),
            (("Ngày lập", "Issued"), &summary.issued_on),
            (("Mã số thuế bên lập", "Tax code of the issuer"), &summary.seller_tax_code),
            (("Mã số thuế bên được ủy nhiệm", "Tax code of who is entrusted"), &summary.entrusted_tax_code),
            (("Thu theo ủy nhiệm của mã số thuế", "Collected for the tax code"), &summary.principal_tax_code),
            (("Tổng tiền", "Total"), &summary.total),
        ];
        // A receipt is of đồng always, an invoice may be of another currency.
        let is_of_dong = kind == "receipt" || summary.currency.as_deref() == Some("VND");
        facts.extend(
            named
                .into_iter()
                .filter_map(|(name, value)| Some((name, shown(is_of_dong, name.1, value.clone()?)))),
        );
    }
    DocumentWords {
        kind: called::in_file(kind),
        entry,
        kept: None,
        is_unconfirmed: !facts.is_empty() && !document.is_confirmed(),
        facts,
        remarks: remarks(&document.problems),
        signatures: document.signatures.iter().map(signature_words).collect(),
    }
}

/// As people here write days and sums; what is neither stays as the document has it.
fn shown(is_of_dong: bool, name_en: &str, value: String) -> String {
    let written = match name_en {
        "Issued" => value.parse().ok().map(|day: BusinessDay| day.0.format("%d/%m/%Y").to_string()),
        "Total" if is_of_dong => value.parse().ok().map(|amount| Dong(amount).to_string()),
        _ => None,
    };
    written.unwrap_or(value)
}

fn signature_words(signature: &SignatureReport) -> SignatureWords {
    let dash = || "–".to_owned();
    SignatureWords {
        role: signature.role.clone(),
        whose: called::signature(&signature.role),
        by: signature.by.clone().unwrap_or_else(dash),
        signed_at: signature.signing_time.map_or_else(dash, moment),
        covers: signature.covers.join(", "),
        algorithm: signature.algorithm.clone().unwrap_or_else(dash),
        intact: signature.integrity == Integrity::Ok,
        trust: match signature.trust {
            Trust::Ok => ("được xác nhận", "confirmed"),
            Trust::Test => ("chứng thư thử nghiệm", "test certificate"),
            Trust::Legacy => ("thuật toán cũ", "legacy algorithm"),
            Trust::Untrusted => ("không tin cậy", "untrusted"),
            Trust::NotChecked => ("chưa xác nhận", "not confirmed"),
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
    use crate::receipt::verify::{TrustStore, verify};

    #[test]
    fn a_form_brings_a_file_and_perhaps_its_evidence() {
        let part = |name: &str, content: &str| {
            format!(
                "--B\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a\"\r\n\r\n{content}\r\n"
            )
        };
        let both = format!("{}{}--B--\r\n", part("file", "<a>\r\n--x</a>"), part("evidence", "{}"));
        let brought = Brought::of(both.as_bytes(), Some("B")).unwrap();
        assert_eq!((brought.file, brought.evidence), (b"<a>\r\n--x</a>".as_slice(), Some(b"{}".as_slice())));
        let alone = format!("{}{}--B--\r\n", part("file", "<a/>"), part("evidence", ""));
        assert_eq!(Brought::of(alone.as_bytes(), Some("B")).unwrap().evidence, None, "none was chosen");
        for broken in ["", "--B\r\n", "--B\r\nx: y\r\n\r\nno end"] {
            let refused = Brought::of(broken.as_bytes(), Some("B")).unwrap_err();
            assert_eq!(refused.code(), "verify_form_unreadable");
        }
        let none = format!("{}--B--\r\n", part("evidence", "{}"));
        assert_eq!(Brought::of(none.as_bytes(), Some("B")).unwrap_err().code(), "verify_file_missing");
        let empty = format!("{}--B--\r\n", part("file", ""));
        assert_eq!(Brought::of(empty.as_bytes(), Some("B")).unwrap_err().code(), "verify_file_empty");
        let large = vec![b' '; FILE_LIMIT_BYTES + 1];
        assert_eq!(Brought::of(&large, None).unwrap_err().code(), "body_too_large");
    }

    #[test]
    fn what_a_refused_document_says_is_shown_and_marked_as_not_confirmed() {
        let trust = crate::receipt::testing::trust();
        let page = |file: &[u8]| {
            let report = verify(file, &trust, crate::receipt::testing::now());
            VerifyPage::with(Frame::default(), Some(outcome(&report, &[None]))).render().unwrap()
        };
        let text = String::from_utf8(crate::receipt::testing::document()).unwrap();
        let numbering = crate::receipt::content::sample::numbering();
        let altered = text.replacen("25000", "26000", 1);
        let commented = text.replacen("<TTChung>", "<!-- x --><TTChung>", 1);
        let unsigned = text.replace("<DSCKS", "<XSCKS").replace("</DSCKS", "</XSCKS");
        for (file, what) in [(altered, "altered"), (commented, "commented"), (unsigned, "unsigned")] {
            let report = verify(file.as_bytes(), &trust, crate::receipt::testing::now());
            let page = page(file.as_bytes());
            let result = page.split("id=\"result\"").nth(1).and_then(|rest| rest.split("</section>").next());
            let result = result.unwrap_or_default();
            let signatures = report.documents.iter().flat_map(|document| &document.signatures);
            let of_documents = report.documents.iter().flat_map(|document| &document.problems);
            for problem in of_documents.chain(signatures.flat_map(|signature| &signature.problems)) {
                let words = message::words(problem.code());
                assert!(result.contains(&words.vi), "{what}: {} stands with the verdict: {page}", words.vi);
            }
            for said in ["Không hợp lệ", "Chưa được xác nhận", &numbering.series, "<h2>Biên lai</h2>"]
            {
                let is_refused = said == "Không hợp lệ" && page.contains("Không đọc được");
                assert!(page.contains(said) || is_refused, "{what}, {said}: {page}");
            }
            assert!(!page.contains("state done"), "{what} is never green: {page}");
        }
        assert!(!page(text.as_bytes()).contains("Chưa được xác nhận"), "what is signed is confirmed");
    }

    #[test]
    fn evidence_that_cannot_be_judged_proves_nothing_of_its_document_and_keeps_no_page_away() {
        let document = crate::receipt::testing::document();
        let report = verify(&document, &TrustStore::empty(), crate::receipt::testing::now());
        let of = |error: Error| proven_of(&report.documents[0], Err(error)).map_err(|error| error.code());
        let damaged = Error::invalid("evidence", "evidence_unreadable", "no certificate");
        assert!(matches!(of(damaged), Ok(None)));
        assert!(matches!(of(Error::internal("a leaf is out of its tree")), Ok(None)));
        assert!(matches!(of(Error::busy("rendition_busy", 1, "later")), Err("rendition_busy")));
    }

    #[test]
    fn documents_that_the_register_was_not_asked_about_are_not_called_valid_with_the_rest() {
        let document = crate::receipt::testing::document();
        let trust = crate::receipt::testing::trust();
        let mut report = verify(&document, &trust, crate::receipt::testing::now());
        for (count, tone) in [(SHOWN_LIMIT, "done"), (SHOWN_LIMIT + 1, "wait")] {
            report.documents = vec![report.documents[0].clone(); count];
            assert_eq!(outcome(&report, &[const { None }; SHOWN_LIMIT]).tone, tone, "{count}");
        }
    }

    /// How a receipt of ours stands that is in force.
    fn in_force() -> Entry {
        let words = "Biên lai hợp lệ, đã ký số".to_owned();
        Entry { words, words_en: String::new(), tone: "done", current: Vec::new() }
    }

    #[test]
    fn a_receipt_of_ours_is_not_called_valid_below_a_verdict_by_evidence_against_it() {
        let document = crate::receipt::testing::document();
        let trust = crate::receipt::testing::trust();
        let mut report = verify(&document, &trust, crate::receipt::testing::now());
        let page = |report: &Report| {
            let outcome = outcome(report, &[Some(in_force())]);
            VerifyPage::with(Frame::default(), Some(outcome)).render().unwrap()
        };
        assert!(page(&report).contains("Biên lai hợp lệ, đã ký số"));
        report.verdict = Verdict::Invalid;
        let page = page(&report);
        assert!(!page.contains("Biên lai hợp lệ") && !page.contains("state done"), "{page}");
        assert!(page.contains("Có trong sổ của hệ thống này, nhưng bằng chứng"), "{page}");
    }

    #[test]
    fn a_certificate_that_was_revoked_after_a_proven_signature_is_told_at_the_head_with_its_day() {
        let document = crate::receipt::testing::document();
        let trust = crate::receipt::testing::trust();
        let report = verify(&document, &trust, crate::receipt::testing::now());
        let judgement = Judgement {
            finding: Finding::ValidWhenSigned,
            existed_at: None,
            timestamp_trusted: true,
            status_at: None,
            revoked_at: Some("2026-11-12T08:00:00+07:00".parse().unwrap()),
            certificate_expired_at: None,
            problems: Vec::new(),
        };
        let head = |entries: &[Option<Entry>]| {
            let outcome = outcome(&report, entries).with_revocation(Some(&judgement));
            (outcome.words, outcome.tone)
        };
        let told = "Hợp lệ khi ký; chứng thư đã bị thu hồi sau đó, ngày 12/11/2026";
        assert_eq!(head(&[None]), (told.to_owned(), "done"));
        let gone = Entry { tone: "gone", ..in_force() };
        assert!(
            head(&[Some(gone)]).0.contains("không còn hiệu lực"),
            "what is cancelled is not called valid"
        );
        let mut batch = report.clone();
        batch.documents.push(report.documents[0].clone());
        let several = outcome(&batch, &[None, None]).with_revocation(Some(&judgement));
        assert_eq!(several.words, "Hợp lệ", "what befell one certificate is not said of a whole batch");
    }

    #[test]
    fn a_receipt_that_anybody_could_have_signed_is_not_called_valid() {
        let report = verify(
            &crate::receipt::testing::document(),
            &TrustStore::empty(),
            crate::receipt::testing::now(),
        );
        let page = VerifyPage::with(Frame::default(), Some(outcome(&report, &[None]))).render().unwrap();
        assert!(page.contains("Người ký chưa được xác nhận") && page.contains("TCThu"), "{page}");
    }
}
