//! What follows a request for a correction: attaching the agreement, withdrawing what nobody pays.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::corrections::{locate, summary};
use super::seen::ApproveBody;
use super::step::{ReasonBody, step};
use crate::actor::Actor;
use crate::correction::{self, READERS, agreement, withdrawal};
use crate::error::Result;
use crate::id::{CorrectionId, UnitId};
use crate::store::{Stamp, Tx};
use crate::web::Shared;
use crate::web::extract::{self, Caller};
use crate::web::respond::{self, Answer, block};

async fn change(
    request: &HttpRequest,
    caller: Caller,
    shared: web::Data<Shared>,
    act: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, UnitId, CorrectionId) -> Result<Value> + Send + 'static,
) -> Answer {
    respond::ok(&step(request, caller, shared, locate, act).await?)
}

/// `POST /api/v1/corrections/{id}/withdrawal`
pub async fn ask(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let reason = ReasonBody::read(payload).await?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        let asked = withdrawal::ask(tx, stamp, actor, unit, id, &reason)?;
        Ok(json!({ "correction": summary(&asked) }))
    })
    .await
}

/// `POST /api/v1/corrections/{id}/withdrawal/approve`: another person than the one who asked.
pub async fn approve(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let seen = ApproveBody::read(payload).await?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        let before = correction::find(tx, unit, id)?.revision;
        let (changed, withdrawn) = withdrawal::approve(tx, stamp, actor, unit, id)?;
        seen.require(before)?;
        Ok(json!({ "correction": summary(&changed), "refunds": withdrawn.refunds }))
    })
    .await
}

/// `POST /api/v1/corrections/{id}/withdrawal/refuse`
pub async fn refuse(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let reason = ReasonBody::read(payload).await?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        let changed = withdrawal::refuse(tx, stamp, actor, unit, id, &reason)?;
        Ok(json!({ "correction": summary(&changed) }))
    })
    .await
}

/// `POST /api/v1/corrections/{id}/agreement`: the file itself as the body.
pub async fn attach(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let bytes = extract::body(payload, agreement::BYTES_LIMIT).await?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        let changed = agreement::attach(tx, stamp, actor, unit, id, &bytes)?;
        Ok(json!({ "correction": summary(&changed) }))
    })
    .await
}

/// `GET /api/v1/corrections/{id}/agreement`: the file as it was attached.
pub async fn read(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let id: CorrectionId = extract::path(&request, "id")?;
    let document = block(move || {
        let actor = &caller.0;
        // Looking leaves a trace, so it is written.
        shared.app().write(actor, |tx, stamp| {
            let unit = correction::locate(tx, &actor.scope, id)?;
            agreement::read(tx, stamp, actor, unit, id)
        })
    })
    .await?;
    let name = format!("attachment; filename=\"van-ban-{id}.{}\"", document.extension);
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type(document.media_type)
        .body(document.bytes))
}
