//! `/r/{look-up code}`: a receipt's page, and the exact signed bytes under `.xml`.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use ring::digest::{SHA256, digest};

use super::frame::Frame;
use super::wording::Lang;
use super::{Page, html, mask, pay};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::filing::notice;
use crate::obligation;
use crate::receipt::evidence::bundle;
use crate::receipt::query::{self, Stored};
use crate::receipt::relation::{self, Action, Link};
use crate::receipt::verify::{self, Integrity, Registered, SignatureReport, TrustStore};
use crate::receipt::{DocumentKind, LookupCode, printed, relation_query, rendition};
use crate::store::Conn;
use crate::text::capitalised;
use crate::unit;
use crate::web::Shared;
use crate::web::api::signed_document;
use crate::web::extract::path_text;
use crate::web::respond::block;

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptPage {
    frame: Frame,
    title: &'static str,
    title_en: &'static str,
    lookup_code: String,
    link: String,
    is_signed: bool,
    /// The signed file is not what was signed, or another document's: nothing here is green.
    is_broken: bool,
    /// Signed with a certificate for trials.
    is_test: bool,
    /// The day it was cancelled.
    cancelled_on: Option<String>,
    standing: String,
    standing_en: String,
    tone: &'static str,
    unit: String,
    tax_code: String,
    template: String,
    series: String,
    number: String,
    issued_on: String,
    collected_at: String,
    amount: String,
    amount_in_words: String,
    dossier_code: String,
    payer: Option<String>,
    lines: Vec<(String, String)>,
    /// Every document of its chain, when there are several.
    chain: Vec<ChainRow>,
    /// Where the documents in force are, when this one is not all of them.
    current: Vec<(String, String)>,
    net: String,
    /// Words, form and day of the notices about its text or its end.
    notices: Vec<(&'static str, String, String)>,
    /// Leads from paper to this page.
    qr: Option<String>,
    /// Look-up code and label of the other documents of the same payment.
    siblings: Vec<(String, String)>,
}

struct ChainRow {
    name: String,
    issued_on: String,
    what: String,
    what_en: &'static str,
    amount: String,
    standing: String,
    standing_en: String,
    /// None for the document that is shown.
    link: Option<String>,
}

pub async fn page(request: HttpRequest, shared: web::Data<Shared>) -> Page {
    let code = asked(&request, "lookup")?;
    let frame = Frame::public(&request);
    let page = block(move || {
        let app = shared.app();
        // The code is the right to see this one receipt, whatever its unit.
        app.store.read(&Scope::All, |conn| {
            let item = find(conn, &code)?;
            let link = format!("{}/r/{}", app.config.web.public_url, code.as_str());
            let qr = obligation::vietqr::svg(&link).ok();
            let page = compose(conn, frame.lang, (&code, &item), app.clock.now())?;
            Ok(ReceiptPage { frame, qr, ..page })
        })
    });
    Ok(html(StatusCode::OK, &page.await?))
}

/// `GET /r/{lookup}.xml`
pub async fn xml(request: HttpRequest, shared: web::Data<Shared>) -> Page {
    let code = asked(&request, "lookup")?;
    let (item, document) = block(move || {
        shared.app().store.read(&Scope::All, |conn| {
            let item = find(conn, &code)?;
            let document = signed_document(conn, &item)?;
            Ok((item, document))
        })
    })
    .await?;
    Ok(download(&item, document))
}

/// `GET /r/{lookup}/evidence.json`: what proves the document when its certificate is long over.
pub async fn evidence(request: HttpRequest, shared: web::Data<Shared>) -> Page {
    let code = asked(&request, "lookup")?;
    let (name, bytes) = block(move || {
        shared.app().store.read(&Scope::All, |conn| {
            let item = find(conn, &code)?;
            let bundle = bundle::export(conn, &shared.tops, item.unit, item.id)?;
            let bytes = serde_json::to_vec(&bundle).map_err(|error| Error::internal(error.to_string()))?;
            Ok((item.file_stem(), bytes))
        })
    })
    .await?;
    Ok(HttpResponse::Ok()
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}.evidence.json\""),
        ))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("application/json")
        .body(bytes))
}

/// A signed receipt as a file.
pub fn download(item: &Stored, document: Vec<u8>) -> HttpResponse {
    let name = format!("attachment; filename=\"{}.xml\"", item.file_stem());
    HttpResponse::Ok()
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("application/xml")
        .body(document)
}

pub(super) fn asked(request: &HttpRequest, name: &str) -> Result<LookupCode> {
    path_text(request, name).parse().map_err(|_| not_found())
}

pub(super) fn not_found() -> Error {
    Error::not_found("receipt_not_found", "no receipt has this look-up code")
}

pub(super) fn find(conn: &mut Conn, code: &LookupCode) -> Result<Stored> {
    let (unit, id) = query::by_lookup_code(conn, code.as_str())?.ok_or_else(not_found)?;
    query::by_id(conn, unit, id)?.ok_or_else(not_found)
}

/// A statement tells the day of its money and no hour.
fn collected(at: Instant) -> String {
    let is_day = at == at.business_day().start();
    at.in_hanoi().format(if is_day { "%d/%m/%Y" } else { "%H:%M %d/%m/%Y" }).to_string()
}

fn compose(
    conn: &mut Conn,
    lang: Lang,
    (code, item): (&LookupCode, &Stored),
    now: Instant,
) -> Result<ReceiptPage> {
    let owed = obligation::find(conn, item.unit, item.obligation)?;
    let unit = unit::find(conn, item.unit)?;
    let (standing, standing_en, tone) = standing(item);
    let (title, title_en) = item.kind().map_or(("Chứng từ", "Document"), DocumentKind::words);
    // Read from its own bytes, because its obligation may have been corrected since.
    let body = query::body(conn, item.unit, item.id)?;
    let said = printed::read(&body).ok();
    let links = relation::chain(conn, item)?;
    let valid = links.iter().filter(|link| link.is_valid()).map(|link| link.document.amount);
    let net = Dong::sum(valid)?;
    let signed = query::document(conn, item.unit, item.id)?;
    let is_broken = said.is_none() || signed.as_deref().is_some_and(|signed| !is_intact(signed, &body, now));
    let is_test = signed.as_deref().is_some_and(rendition::is_for_trial);
    Ok(ReceiptPage {
        frame: Frame::default(),
        title,
        title_en,
        siblings: siblings(conn, lang, item)?,
        lookup_code: code.grouped(),
        link: code.as_str().to_owned(),
        qr: None,
        is_signed: signed.is_some(),
        is_broken,
        is_test,
        cancelled_on: cancelled_on(conn, item)?,
        standing,
        standing_en,
        tone,
        unit: unit.name,
        tax_code: unit.tax_code,
        template: item.template.clone(),
        series: item.series.clone(),
        number: item.printed_number(),
        issued_on: item.issued_on.0.format("%d/%m/%Y").to_string(),
        collected_at: collected(item.collected_at),
        amount: item.amount.to_string(),
        amount_in_words: said.as_ref().map(|said| said.amount_in_words.clone()).unwrap_or_default(),
        dossier_code: owed.dossier_code,
        payer: said.as_ref().and_then(|said| said.payer.name.as_deref()).map(mask::name),
        lines: (said.into_iter().flat_map(|said| said.lines))
            .map(|(name, amount)| (name, amount.to_string()))
            .collect(),
        notices: notices(conn, item)?,
        current: current(lang, item, &links),
        chain: history(lang, item, &links),
        net: net.to_string(),
    })
}

/// Whether a signed file is what was signed, and says what the register has. Who may sign is judged where the
/// trusted authorities are asked (`/verify`).
fn is_intact(signed: &[u8], body: &[u8], now: Instant) -> bool {
    let report = verify::verify(signed, &TrustStore::empty(), now);
    report.documents.iter().all(|document| {
        let is_whole = |one: &SignatureReport| one.integrity == Integrity::Ok;
        let is_registered = |one: &Registered| one.body_digest == digest(&SHA256, body).as_ref();
        !document.signatures.is_empty()
            && document.signatures.iter().all(is_whole)
            && document.registered.as_ref().is_none_or(is_registered)
    })
}

/// The day on which a cancelled document was cancelled.
fn cancelled_on(conn: &mut Conn, item: &Stored) -> Result<Option<String>> {
    if item.state != "cancelled" {
        return Ok(None);
    }
    let at = relation_query::moved_at(conn, item)?;
    Ok(at.map(|at| at.in_hanoi().format("%d/%m/%Y").to_string()))
}

/// The notices to the tax authority that its name or address is wrong, and no number was taken for it; and that
/// it was cancelled, which only a notice of after that day can say.
fn notices(conn: &mut Conn, item: &Stored) -> Result<Vec<(&'static str, String, String)>> {
    let ended_at = match item.state.as_str() {
        "cancelled" => relation_query::moved_at(conn, item)?,
        _ => None,
    };
    let words = |made_at: Instant| match ended_at {
        Some(ended_at) if made_at >= ended_at => "receipt_end_noticed",
        _ => "receipt_noticed",
    };
    let told = notice::of_receipt(conn, item.unit, item.id)?;
    let sent = told.into_iter().filter(|one| matches!(one.state.as_str(), "sent" | "received" | "accepted"));
    let day = |at: Instant| at.in_hanoi().format("%d/%m/%Y").to_string();
    Ok(sent.map(|one| (words(one.made_at), one.form, day(one.made_at))).collect())
}

/// How it stands, in Vietnamese and English, and the tone of the page.
pub(super) fn standing(item: &Stored) -> (String, String, &'static str) {
    let (noun, noun_en) = item.noun();
    let both = |vi: String, en: String, tone| (vi, en, tone);
    match item.state.as_str() {
        "signed" => {
            both(format!("{} hợp lệ, đã ký số", capitalised(noun)), "Valid, digitally signed".into(), "done")
        }
        "numbered" => {
            both(format!("Đã thu, {noun} đang ký"), format!("Paid; the {noun_en} is being signed"), "wait")
        }
        "replaced" => both("Đã bị thay thế".into(), format!("Replaced by another {noun_en}"), "gone"),
        "adjusted" => both("Đã được điều chỉnh".into(), format!("Adjusted by another {noun_en}"), "wait"),
        _ => both("Đã hủy".into(), "Cancelled".into(), "gone"),
    }
}

/// `BL-26E số 0000042`, `BL-26E no. 0000042`.
pub(super) fn name(lang: Lang, item: &Stored) -> String {
    format!("{} {} {}", item.series, lang.t("receipt_no"), item.printed_number())
}

/// The other documents in force, by name and look-up code.
pub(super) fn current(lang: Lang, item: &Stored, links: &[Link]) -> Vec<(String, String)> {
    let others = links.iter().filter(|link| link.is_valid() && link.document.id != item.id);
    others.map(|link| (name(lang, &link.document), link.document.lookup_code.clone())).collect()
}

fn history(lang: Lang, item: &Stored, links: &[Link]) -> Vec<ChainRow> {
    if links.len() < 2 {
        return Vec::new();
    }
    let row = |link: &Link| {
        let noun = capitalised(link.document.noun().0);
        let (what, what_en) = match link.corrects {
            Some((Action::Replace, _)) => ("thay thế", "Replacement"),
            Some((Action::Adjust, _)) => ("điều chỉnh", "Adjustment"),
            _ => ("gốc", "Original"),
        };
        let (standing, standing_en, _) = standing(&link.document);
        ChainRow {
            name: name(lang, &link.document),
            issued_on: link.document.issued_on.0.format("%d/%m/%Y").to_string(),
            what: format!("{noun} {what}"),
            what_en,
            amount: link.document.amount.to_string(),
            standing,
            standing_en,
            link: (link.document.id != item.id).then(|| link.document.lookup_code.clone()),
        }
    };
    links.iter().map(row).collect()
}

/// The other documents of the same payment; who holds one code may see them all.
fn siblings(conn: &mut Conn, lang: Lang, item: &Stored) -> Result<Vec<(String, String)>> {
    let all = query::of_obligation(conn, item.unit, item.obligation)?;
    let others = all.into_iter().filter(|one| one.id != item.id && one.document_kind != item.document_kind);
    Ok(others
        .map(|one| {
            let label = pay::label(lang, &one);
            (one.lookup_code, label)
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_file_that_was_altered_or_is_of_another_document_is_not_intact() {
        let (file, now) = (crate::receipt::testing::document(), crate::receipt::testing::now());
        let text = String::from_utf8(file.clone()).unwrap();
        let (from, to) = (text.find("<DLBLai").unwrap(), text.find("</DLBLai>").unwrap() + "</DLBLai>".len());
        let body = &text.as_bytes()[from..to];
        assert!(is_intact(&file, body, now), "signed by whomever, it is what was signed");
        assert!(!is_intact(text.replacen("25000", "26000", 1).as_bytes(), body, now));
        assert!(!is_intact(&file, b"<DLBLai/>", now), "the register has another body");
        assert!(!is_intact(b"", body, now));
    }

    #[test]
    fn money_that_a_statement_alone_tells_of_has_a_day_and_no_hour() {
        assert_eq!(collected("2026-11-28T00:00:00+07:00".parse().unwrap()), "28/11/2026");
        assert_eq!(collected("2026-11-28T08:15:00+07:00".parse().unwrap()), "08:15 28/11/2026");
    }
}
