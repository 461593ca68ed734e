//! Months of an account: closing them, their certificates.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::books::{AccountQuery, READERS, account_asked};
use super::days::{file, place_asked};
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::id::CertificateId;
use crate::reconciliation::month_close::certificate as document;
use crate::reconciliation::month_close::{self, Certificate, Closing, Month, page};
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseBody {
    #[serde(default)]
    unit: Option<String>,
    /// The account's number.
    #[serde(default)]
    account: Option<String>,
    /// `2026-11`.
    month: String,
}

/// `POST /api/v1/months/close`: 200 with the certificate, or 409 with the days that are open.
pub async fn close(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    let asked: CloseBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let closing = block(move || {
        let app = shared.app();
        let place = app.read(&caller.0, |conn| place_asked(conn, &caller.0, asked.unit, asked.account))?;
        let month: Month = asked.month.parse()?;
        month_close::close(&app.store, &app.keyring, &|| app.stamp(), &caller.0, place, month)
    });
    match closing.await? {
        Closing::Closed(certificate) => respond::ok(&json!({ "certificate": view(&certificate) })),
        Closing::Refused(days) => respond::json(
            StatusCode::CONFLICT,
            &json!({ "error": respond::refusal("month_not_closable"), "open_days": days }),
        ),
    }
}

fn view(certificate: &Certificate) -> Value {
    json!({
        "id": certificate.id,
        "unit": certificate.unit,
        "account": certificate.account,
        "month": Month::of(certificate.date).to_string(),
        "revision": certificate.revision,
        "opening": certificate.opening,
        "closing": certificate.closing,
        "sha256": certificate.document_sha256,
        "previous_sha256": certificate.previous_sha256,
    })
}

/// `GET /api/v1/months?unit=&account=`: the certificates of an account's months, oldest first, and
/// whether their chain holds.
pub async fn list(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: AccountQuery = extract::query(&request)?;
    let found = block(move || {
        let app = shared.app();
        let (unit, account) = app.read(&caller.0, |conn| account_asked(conn, &caller.0, &asked))?;
        let broken = month_close::verify_chain_within(&app.store, &caller.0.scope, unit, account)?;
        app.read(&caller.0, |conn| {
            let certificates = month_close::certificates(conn, unit, account)?;
            let listed: Vec<Value> = certificates.iter().map(view).collect();
            Ok(json!({ "certificates": listed, "chain_holds": broken.is_none(), "broken": broken }))
        })
    });
    respond::ok(&found.await?)
}

/// `GET /api/v1/months/certificates/{id}/pdf`
pub async fn pdf(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    Ok(pdf_of(&request, caller.0, shared).await?)
}

/// `GET /api/v1/months/certificates/{id}/xml`: exactly the signed bytes.
pub async fn xml(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    Ok(xml_of(&request, caller.0, shared).await?)
}

/// The page of the certificate that a path names, for whoever may read it.
pub async fn pdf_of(request: &HttpRequest, actor: Actor, shared: web::Data<Shared>) -> Result<HttpResponse> {
    let (certificate, stands) = certificate(request, actor, shared).await?;
    let name = page::file_stem(&document::read(&certificate.document)?);
    let page = block(move || page::render(&certificate.document, !stands)).await?;
    Ok(file(page, "application/pdf", &format!("{name}.pdf")))
}

/// Its signed bytes.
pub async fn xml_of(request: &HttpRequest, actor: Actor, shared: web::Data<Shared>) -> Result<HttpResponse> {
    let (certificate, _) = certificate(request, actor, shared).await?;
    let name = page::file_stem(&document::read(&certificate.document)?);
    Ok(file(certificate.document, "application/xml", &format!("{name}.xml")))
}

async fn certificate(
    request: &HttpRequest,
    actor: Actor,
    shared: web::Data<Shared>,
) -> Result<(Certificate, bool)> {
    actor.require_role(&READERS)?;
    let id: CertificateId = extract::path(request, "id")?;
    let missing = || Error::not_found("month_certificate_not_found", "no such certificate in your scope");
    block(move || {
        shared.app().read(&actor, |conn| {
            let unit = month_close::unit_of(conn, &actor.scope, id)?.ok_or_else(missing)?;
            month_close::certificate_by_id(conn, unit, id)?.ok_or_else(missing)
        })
    })
    .await
}
