//! Days of an account as reports and certificates: the bridge, the pages, the chain.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::books::{AccountQuery, READERS, account_asked, obstacle_json};
use crate::actor::Actor;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{AccountId, CertificateId, UnitId};
use crate::reconciliation::bridge;
use crate::reconciliation::day_close::{self, Certificate, chain_file, page, reading};
use crate::report;
use crate::report::sheet::Form;
use crate::report::table::Table;
use crate::store::Conn;
use crate::web::Shared;
use crate::web::extract::{self, Caller};
use crate::web::respond::{self, Answer, block};

/// Claims on their way that an answer names; a file names them all.
const CLAIMS_LIMIT: usize = 1_000;

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BridgeQuery {
    unit: Option<String>,
    account: Option<String>,
    date: Option<BusinessDay>,
    format: Option<String>,
}

/// A day's bridge is written as it is.
#[derive(Serialize)]
struct Bridge<'a> {
    bridge: &'a bridge::Report,
    obstacles: Vec<Value>,
}

/// `GET /api/v1/days/bridge?unit=&account=&date=&format=json|csv|xlsx`: from the receipts of a day
/// to the bank. Without a date the account's first open day is told.
pub async fn bridge(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: BridgeQuery = extract::query(&request)?;
    let form = form_asked(asked.format.as_deref())?;
    let is_file = form.is_some();
    let report = block(move || {
        let app = shared.app();
        let stamp = app.stamp();
        app.read(&caller.0, |conn| {
            let place = place_asked(conn, &caller.0, asked.unit, asked.account)?;
            let date = match asked.date {
                Some(date) => date,
                None => day_close::first_open_day(conn, place.0, place.1)?.min(stamp.today()),
            };
            if is_file {
                bridge::of_day(conn, &stamp, &caller.0, place, date)
            } else {
                bridge::in_short(conn, &stamp, &caller.0, place, date, CLAIMS_LIMIT)
            }
        })
    })
    .await?;
    let Some(form) = form else {
        let obstacles = report.obstacles.iter().map(obstacle_json).collect();
        return respond::ok(&Bridge { bridge: &report, obstacles });
    };
    let name = format!("cau-noi-{}-{}", report.unit_code, report.date);
    table_file(&report::bridge::table(&report), form, &name)
}

/// `GET /api/v1/days/certificates/{id}/pdf`: the page, with the signed bytes attached.
pub async fn pdf(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    Ok(pdf_of(&request, caller.0, shared).await?)
}

/// `GET /api/v1/days/certificates/{id}/xml`: exactly the signed bytes.
pub async fn xml(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    Ok(xml_of(&request, caller.0, shared).await?)
}

/// The page of the certificate that a path names, for whoever may read it.
pub async fn pdf_of(request: &HttpRequest, actor: Actor, shared: web::Data<Shared>) -> Result<HttpResponse> {
    let (certificate, stands) = certificate(request, actor, shared).await?;
    let name = page::file_stem(&reading::read(&certificate.document)?);
    let page = block(move || page::render(&certificate.document, !stands)).await?;
    Ok(file(page, "application/pdf", &format!("{name}.pdf")))
}

/// Its signed bytes.
pub async fn xml_of(request: &HttpRequest, actor: Actor, shared: web::Data<Shared>) -> Result<HttpResponse> {
    let (certificate, _) = certificate(request, actor, shared).await?;
    let name = page::file_stem(&reading::read(&certificate.document)?);
    Ok(file(certificate.document, "application/xml", &format!("{name}.xml")))
}

async fn certificate(
    request: &HttpRequest,
    actor: Actor,
    shared: web::Data<Shared>,
) -> Result<(Certificate, bool)> {
    actor.require_role(&READERS)?;
    let id: CertificateId = extract::path(request, "id")?;
    block(move || {
        shared.app().read(&actor, |conn| {
            let unit = day_close::unit_of(conn, &actor.scope, id)?.ok_or_else(not_found)?;
            day_close::certificate_by_id(conn, unit, id)?.ok_or_else(not_found)
        })
    })
    .await
}

fn not_found() -> Error {
    Error::not_found("day_certificate_not_found", "no such certificate in your scope")
}

/// `GET /api/v1/days/chain?unit=&account=`: every certificate with its signature, as a file that
/// `bienlai day verify` judges without a database.
pub async fn chain(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: AccountQuery = extract::query(&request)?;
    let file_of_chain = block(move || {
        let app = shared.app();
        let (unit, account) = app.read(&caller.0, |conn| account_asked(conn, &caller.0, &asked))?;
        chain_file::export(&app.store, &shared.tops, &caller.0.scope, unit, account)
    });
    let bytes = respond::to_bytes(&file_of_chain.await?)?;
    Ok(file(bytes, "application/json", "chuoi-chung-nhan-ngay.json"))
}

/// The unit and account that a query names.
pub(super) fn place_asked(
    conn: &mut Conn,
    actor: &Actor,
    unit: Option<String>,
    account: Option<String>,
) -> Result<(UnitId, AccountId)> {
    account_asked(conn, actor, &AccountQuery { unit, account })
}

/// `json` (or nothing) is shown, the others are files.
pub(in crate::web) fn form_asked(format: Option<&str>) -> Result<Option<Form>> {
    match format {
        None | Some("json") => Ok(None),
        Some(other) => Form::parse(other).map(Some),
    }
}

/// A report that is held in memory, as a file.
pub(in crate::web) fn table_file(table: &Table, form: Form, name: &str) -> Answer {
    let mut bytes = Vec::new();
    table.write_as(form, &mut bytes)?;
    Ok(file(bytes, form.media_type(), &format!("{name}.{}", form.suffix())))
}

/// Bytes to be saved under a name.
pub(in crate::web) fn file(bytes: Vec<u8>, media_type: &'static str, name: &str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .body(bytes)
}
