//! Beside the queue: hints across the city, alarms by age, complaints.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::json;

use super::exceptions::READERS;
use super::{unit_asked, view};
use crate::actor::Scope;
use crate::id::ExceptionId;
use crate::queue::complaint::{self, Complaint};
use crate::queue::{alarm, hint};
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

/// `GET /api/v1/exceptions/{id}/hints`: units that wait for exactly this sum, once.
pub async fn hints(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&hint::READERS)?;
    let id: ExceptionId = extract::path(&request, "id")?;
    // The whole city is looked at; what comes back names units and nothing else.
    let found = block(move || shared.app().store.read(&Scope::All, |conn| hint::of(conn, &caller.0, id)));
    respond::ok(&json!({ "hint": found.await? }))
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AlarmQuery {
    unit: Option<String>,
}

/// `GET /api/v1/exceptions/alarms`: money that has lain too long.
pub async fn alarms(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: AlarmQuery = extract::query(&request)?;
    let found = block(move || {
        let app = shared.app();
        let now = app.clock.now();
        let standing = app.read(&caller.0, |conn| {
            let unit = match &asked.unit {
                Some(code) => Some(unit_asked(conn, &caller.0, Some(code))?),
                None => None,
            };
            alarm::standing(conn, &caller.0, unit, now)
        })?;
        shared.unit_codes.beside(app, standing, |one| one.unit)
    });
    respond::ok(&json!({ "alarms": found.await? }))
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ComplaintBody {
    subject: String,
    way: String,
    words: String,
}

/// `POST /api/v1/complaints`
pub async fn complain(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    let asked: ComplaintBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let new = Complaint { subject: asked.subject, way: asked.way, words: asked.words };
    let taken = block(move || {
        let actor = &caller.0;
        shared.app().write(actor, |tx, stamp| {
            let item = complaint::record(tx, stamp, actor, &new)?;
            Ok(view::exception(&item, stamp.today()))
        })
    });
    respond::json(StatusCode::CREATED, &json!({ "exception": taken.await? }))
}
