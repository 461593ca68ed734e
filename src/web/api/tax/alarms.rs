//! What waits to be done for the tax authority, and the approval that a report made by itself waits for.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{READERS, filing_json, locate};
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::filing::alarm::{self, Alarm};
use crate::filing::{self, Filing, due};
use crate::id::{FilingId, UnitId};
use crate::store::{Stamp, Tx};
use crate::web::Shared;
use crate::web::api::seen::ApproveBody;
use crate::web::api::units_asked;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web::api) struct AlarmQuery {
    unit: Option<String>,
}

/// `GET /api/v1/tax/due`: for one unit, or for every unit of the caller's scope.
pub async fn list(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: AlarmQuery = extract::query(&request)?;
    let found = block(move || {
        let now = shared.app().clock.now();
        shared.app().read(&caller.0, |conn| {
            let units = units_asked(conn, &caller.0, asked.unit.as_deref())?;
            let mut shown = Vec::new();
            for unit in units {
                let alarms = alarm::of_unit(conn, unit.id, now)?;
                shown.extend(alarms.iter().map(|one| view(&unit.code, one)));
            }
            Ok::<_, Error>(json!({ "alarms": shown }))
        })
    });
    respond::ok(&found.await?)
}

fn view(unit: &str, alarm: &Alarm) -> Value {
    let (vi, en) = alarm.kind.words();
    json!({
        "unit": unit, "kind": alarm.kind, "level": alarm.level, "quarter": alarm.quarter,
        "due_on": alarm.due_on, "days_left": alarm.days_left, "filing": alarm.filing,
        "transmission": alarm.transmission, "since": alarm.since, "detail": alarm.detail, "vi": vi, "en": en,
    })
}

/// `POST /api/v1/tax/reports/{id}/approve`
pub async fn approve(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let seen = ApproveBody::read(payload).await?;
    change(&request, caller, shared, move |tx, stamp, actor, (unit, id)| {
        let before = filing::find(tx, unit, id)?.revision;
        let approved = due::approve(tx, stamp, actor, unit, id)?;
        seen.require(before)?;
        Ok(approved)
    })
    .await
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web::api) struct AcceptBody {
    notice_no: String,
}

/// `POST /api/v1/tax/reports/{id}/accept`: the tax office has it, by another way than ours.
pub async fn accept(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let asked: AcceptBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    change(&request, caller, shared, move |tx, stamp, actor, key| {
        due::accept_by_hand(tx, stamp, actor, key, &asked.notice_no)
    })
    .await
}

async fn change(
    request: &HttpRequest,
    caller: Caller,
    shared: web::Data<Shared>,
    act: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, (UnitId, FilingId)) -> Result<Filing> + Send + 'static,
) -> Answer {
    let id: FilingId = extract::path(request, "id")?;
    let changed = block(move || {
        let actor = &caller.0;
        shared.app().write(actor, |tx, stamp| {
            let unit = locate(tx, actor, id)?;
            Ok(filing_json(&act(tx, stamp, actor, (unit, id))?))
        })
    });
    respond::ok(&json!({ "report": changed.await? }))
}
