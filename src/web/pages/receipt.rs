//! `/r/{look-up code}`: a receipt's page, and the exact signed bytes under `.xml`.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{Page, html, mask};
use crate::actor::Scope;
use crate::error::{Error, Result};
use crate::obligation;
use crate::receipt::LookupCode;
use crate::receipt::query::{self, Stored};
use crate::store::Conn;
use crate::web::Shared;
use crate::web::api::signed_document;
use crate::web::extract::path_text;
use crate::web::respond::block;
use crate::{party, text, unit};

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptPage {
    lookup_code: String,
    link: String,
    is_signed: bool,
    standing: &'static str,
    standing_en: &'static str,
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
}

pub async fn page(request: HttpRequest, shared: web::Data<Shared>) -> Page {
    let code = asked(&request, &shared, "lookup")?;
    let page = block(move || {
        let app = shared.app();
        // The code is the right to see this one receipt, whatever its unit.
        app.store.read(&Scope::All, |conn| {
            let item = find(conn, &code)?;
            compose(conn, &app.vault, &code, &item)
        })
    });
    Ok(html(StatusCode::OK, &page.await?))
}

/// `GET /r/{lookup}.xml`
pub async fn xml(request: HttpRequest, shared: web::Data<Shared>) -> Page {
    let code = asked(&request, &shared, "lookup")?;
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

/// A signed receipt as a file.
pub fn download(item: &Stored, document: Vec<u8>) -> HttpResponse {
    let name = format!("attachment; filename=\"{}.xml\"", file_name(item));
    HttpResponse::Ok()
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("application/xml")
        .body(document)
}

/// `bien-lai-tn26e-0000042`.
pub fn file_name(item: &Stored) -> String {
    format!("bien-lai-{}-{:07}", text::squash(&item.series).to_lowercase(), item.number)
}

pub(super) fn asked(request: &HttpRequest, shared: &Shared, name: &str) -> Result<LookupCode> {
    shared.lookups.check(shared.source(request))?;
    path_text(request, name).parse().map_err(|_| not_found())
}

fn not_found() -> Error {
    Error::not_found("receipt_not_found", "no receipt has this look-up code")
}

pub(super) fn find(conn: &mut Conn, code: &LookupCode) -> Result<Stored> {
    let (unit, id) = query::by_lookup_code(conn, code.as_str())?.ok_or_else(not_found)?;
    query::by_id(conn, unit, id)?.ok_or_else(not_found)
}

fn compose(
    conn: &mut Conn,
    vault: &crate::store::vault::Vault,
    code: &LookupCode,
    item: &Stored,
) -> Result<ReceiptPage> {
    let owed = obligation::find(conn, item.unit, item.obligation)?;
    let key = (owed.unit, owed.party);
    let payer = party::load(conn, vault, &[key])?.remove(&key);
    let unit = unit::find(conn, item.unit)?;
    let (standing, standing_en, tone) = match item.state.as_str() {
        "signed" => ("Biên lai hợp lệ, đã ký số", "Valid, digitally signed", "done"),
        "numbered" => ("Đã thu, biên lai đang ký", "Paid; the receipt is being signed", "wait"),
        "replaced" => ("Đã bị thay thế", "Replaced by another receipt", "gone"),
        "adjusted" => ("Đã được điều chỉnh", "Adjusted by another receipt", "wait"),
        _ => ("Đã hủy", "Cancelled", "gone"),
    };
    Ok(ReceiptPage {
        lookup_code: code.grouped(),
        link: code.as_str().to_owned(),
        is_signed: query::document(conn, item.unit, item.id)?.is_some(),
        standing,
        standing_en,
        tone,
        unit: unit.name,
        tax_code: unit.tax_code,
        template: item.template.clone(),
        series: item.series.clone(),
        number: format!("{:07}", item.number),
        issued_on: item.issued_on.0.format("%d/%m/%Y").to_string(),
        collected_at: item.collected_at.in_hanoi().format("%H:%M %d/%m/%Y").to_string(),
        amount: item.amount.to_string(),
        amount_in_words: text::words::amount_in_words(item.amount, &text::words::Wording::STANDARD),
        dossier_code: owed.dossier_code,
        payer: payer.and_then(|payer| payer.name).map(|name| mask::name(&name)),
        lines: printed(conn, item)?,
    })
}

/// The lines that stand on this receipt.
fn printed(conn: &mut Conn, item: &Stored) -> Result<Vec<(String, String)>> {
    let lines = obligation::lines(conn, item.unit, item.obligation)?;
    let is_printed =
        |line: &&obligation::Line| line.document_kind == item.document_kind && line.kind != "pass_through";
    Ok(lines
        .iter()
        .filter(is_printed)
        .map(|line| (line.item_name.clone(), line.amount.to_string()))
        .collect())
}
