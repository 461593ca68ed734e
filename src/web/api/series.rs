//! The register of series and its nightly certificates.

use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};

use super::days::file;
use super::{paging, unit_asked};
use crate::actor::{Actor, Role};
use crate::error::{Error, Result};
use crate::id::{CertificateId, SeriesId};
use crate::register::query::{self, Listed};
use crate::unit::series::{self, Series, life};
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

const READERS: [Role; 4] = [Role::Finance, Role::Approver, Role::Auditor, Role::Administrator];

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UnitQuery {
    unit: Option<String>,
}

/// `GET /api/v1/series?unit=`
pub async fn list(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: UnitQuery = extract::query(&request)?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            let unit = unit_asked(conn, &caller.0, asked.unit.as_deref())?;
            series::of_unit(conn, unit)
        })
    });
    respond::ok(&json!({ "series": found.await?.iter().map(series_json).collect::<Vec<_>>() }))
}

fn series_json(series: &Series) -> Value {
    json!({
        "id": series.id,
        "unit": series.unit,
        "document_kind": series.document_kind,
        "template": series.template,
        "series": series.series,
        "year": series.year,
        "state": series.phase,
        "issued": series.next_no - 1,
        "remaining": series.remaining(),
        "last_issued_on": series.last_issued_on,
        "registration": series.registration,
    })
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StopBody {
    reason: String,
}

/// `POST /api/v1/series/{id}/stop`: for good, by an administrator who is a person.
pub async fn stop(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let id: SeriesId = extract::path(&request, "id")?;
    let asked: StopBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let stopped = block(move || {
        let actor = &caller.0;
        shared.app().write(actor, |tx, stamp| {
            let unit = series::unit_of(tx, &actor.scope, id)?
                .ok_or_else(|| Error::not_found("series_not_found", "no such series in your scope"))?;
            life::stop(tx, stamp, actor, unit, id, &asked.reason)
        })
    });
    respond::ok(&json!({ "series": series_json(&stopped.await?) }))
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditsQuery {
    unit: Option<String>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// `GET /api/v1/series/audits?unit=&cursor=&limit=`: the certificates of a unit, newest first.
pub async fn audits(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: AuditsQuery = extract::query(&request)?;
    let page = paging::asked::<CertificateId>(asked.cursor.as_deref(), asked.limit)?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            let unit = unit_asked(conn, &caller.0, asked.unit.as_deref())?;
            paging::require_unit(conn, unit, ("series_audit", page.cursor))?;
            query::newest(conn, unit, page)
        })
    })
    .await?;
    let next = paging::next(&found, page.limit, |audit| audit.id);
    respond::ok(&json!({ "audits": found.iter().map(audit_json).collect::<Vec<_>>(), "next": next }))
}

fn audit_json(audit: &Listed) -> Value {
    json!({
        "id": audit.id,
        "unit": audit.unit,
        "date": audit.date,
        "whole": audit.fault_count == 0,
        "series": audit.series_count,
        "numbers": audit.number_count,
        "faults": audit.fault_count,
        "sha256": audit.document_sha256,
        "previous_sha256": audit.previous_sha256,
        "signature": BASE64.encode(&audit.signature),
        "signed_by": audit.certificate,
        "links": { "xml": format!("/api/v1/series/audits/{}/xml", audit.id) },
    })
}

/// `GET /api/v1/series/audits/{id}/xml`: the exact signed bytes.
pub async fn audit_xml(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    Ok(xml_of(&request, caller.0, shared).await?)
}

/// The signed bytes of the certificate that a path names, for whoever may read it.
pub async fn xml_of(request: &HttpRequest, actor: Actor, shared: web::Data<Shared>) -> Result<HttpResponse> {
    actor.require_role(&READERS)?;
    let id: CertificateId = extract::path(request, "id")?;
    let found = block(move || {
        shared.app().read(&actor, |conn| {
            query::document(conn, &actor.scope, id)?.ok_or_else(|| {
                Error::not_found("series_audit_not_found", "no such certificate in your scope")
            })
        })
    });
    Ok(file(found.await?, "application/xml", &format!("{id}.xml")))
}
