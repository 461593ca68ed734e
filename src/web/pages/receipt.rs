//! `/r/{look-up code}`: a receipt's page, and the exact signed bytes under `.xml`.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{Page, html, mask};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::obligation;
use crate::receipt::LookupCode;
use crate::receipt::printed;
use crate::receipt::query::{self, Stored};
use crate::receipt::relation::{self, Action, Link};
use crate::store::Conn;
use crate::web::Shared;
use crate::web::api::signed_document;
use crate::web::extract::path_text;
use crate::web::respond::block;
use crate::{text, unit};

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
    /// Every document of its chain, when there are several.
    chain: Vec<ChainRow>,
    /// Where the documents in force are, when this one is not all of them.
    current: Vec<(String, String)>,
    net: String,
}

struct ChainRow {
    name: String,
    issued_on: String,
    what: &'static str,
    what_en: &'static str,
    amount: String,
    standing: &'static str,
    standing_en: &'static str,
    /// None for the document that is shown.
    link: Option<String>,
}

pub async fn page(request: HttpRequest, shared: web::Data<Shared>) -> Page {
    let code = asked(&request, &shared, "lookup")?;
    let page = block(move || {
        let app = shared.app();
        // The code is the right to see this one receipt, whatever its unit.
        app.store.read(&Scope::All, |conn| {
            let item = find(conn, &code)?;
            compose(conn, &code, &item)
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
    let series = text::squash(&item.series).to_lowercase();
    let name = format!("attachment; filename=\"bien-lai-{series}-{:07}.xml\"", item.number);
    HttpResponse::Ok()
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("application/xml")
        .body(document)
}

fn asked(request: &HttpRequest, shared: &Shared, name: &str) -> Result<LookupCode> {
    shared.lookups.check(shared.source(request))?;
    path_text(request, name).parse().map_err(|_| not_found())
}

fn not_found() -> Error {
    Error::not_found("receipt_not_found", "no receipt has this look-up code")
}

fn find(conn: &mut Conn, code: &LookupCode) -> Result<Stored> {
    let (unit, id) = query::by_lookup_code(conn, code.as_str())?.ok_or_else(not_found)?;
    query::by_id(conn, unit, id)?.ok_or_else(not_found)
}

fn compose(conn: &mut Conn, code: &LookupCode, item: &Stored) -> Result<ReceiptPage> {
    let owed = obligation::find(conn, item.unit, item.obligation)?;
    let unit = unit::find(conn, item.unit)?;
    let (standing, standing_en, tone) = standing(&item.state);
    // What it says is read from its own bytes: the obligation may have been corrected since.
    let printed = printed::read(&query::body(conn, item.unit, item.id)?)?;
    let links = relation::chain(conn, item)?;
    let valid = links.iter().filter(|link| link.is_valid()).map(|link| link.document.amount);
    let net = Dong::sum(valid)?;
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
        amount_in_words: printed.amount_in_words,
        dossier_code: owed.dossier_code,
        payer: printed.payer.name.map(|name| mask::name(&name)),
        lines: printed.lines.into_iter().map(|(name, amount)| (name, amount.to_string())).collect(),
        current: current(item, &links),
        chain: history(item, &links),
        net: net.to_string(),
    })
}

fn standing(state: &str) -> (&'static str, &'static str, &'static str) {
    match state {
        "signed" => ("Biên lai hợp lệ, đã ký số", "Valid, digitally signed", "done"),
        "numbered" => ("Đã thu, biên lai đang ký", "Paid; the receipt is being signed", "wait"),
        "replaced" => ("Đã bị thay thế", "Replaced by another receipt", "gone"),
        "adjusted" => ("Đã được điều chỉnh", "Adjusted by another receipt", "wait"),
        _ => ("Đã hủy", "Cancelled", "gone"),
    }
}

fn name(document: &Stored) -> String {
    format!("{} số {:07}", document.series, document.number)
}

/// The other documents in force, by name and look-up code.
fn current(item: &Stored, links: &[Link]) -> Vec<(String, String)> {
    let others = links.iter().filter(|link| link.is_valid() && link.document.id != item.id);
    others.map(|link| (name(&link.document), link.document.lookup_code.clone())).collect()
}

fn history(item: &Stored, links: &[Link]) -> Vec<ChainRow> {
    if links.len() < 2 {
        return Vec::new();
    }
    let row = |link: &Link| {
        let (what, what_en) = match link.corrects.map(|(action, _)| action) {
            Some(Action::Replace) => ("Biên lai thay thế", "Replacement"),
            Some(Action::Adjust) => ("Biên lai điều chỉnh", "Adjustment"),
            _ => ("Biên lai gốc", "Original"),
        };
        let (standing, standing_en, _) = standing(&link.document.state);
        ChainRow {
            name: name(&link.document),
            issued_on: link.document.issued_on.0.format("%d/%m/%Y").to_string(),
            what,
            what_en,
            amount: link.document.amount.to_string(),
            standing,
            standing_en,
            link: (link.document.id != item.id).then(|| link.document.lookup_code.clone()),
        }
    };
    links.iter().map(row).collect()
}
