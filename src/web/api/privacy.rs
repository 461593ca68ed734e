//! People's rights over their own data: requests, their files, views, incidents, the register.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{listing, paging, unit_asked};
use crate::actor::{Actor, Role};
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{DataRequestId, EventId, IncidentId, UnitId};
use crate::party::contact::Contact;
use crate::privacy::act;
use crate::privacy::incident::{self, Incident, Step};
use crate::privacy::request::{self, Ask};
use crate::privacy::{READERS, RECEIVERS, file as files, register as registers};
use crate::store::{Stamp, Tx};
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReceiveBody {
    #[serde(default)]
    unit: Option<String>,
    kind: String,
    by: String,
    value: String,
    identity_shown: String,
}

/// `POST /api/v1/privacy/requests`
pub async fn receive(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&RECEIVERS)?;
    let asked: ReceiveBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let made = block(move || {
        shared.app().write(&caller.0, |tx, stamp| {
            let unit = unit_asked(tx, &caller.0, asked.unit.as_deref())?;
            let ask = Ask {
                unit,
                kind: &asked.kind,
                subject: (&asked.by, &asked.value),
                identity_shown: &asked.identity_shown,
            };
            request::receive(tx, stamp, &caller.0, &ask)
        })
    });
    respond::ok(&json!({ "request": made.await? }))
}

/// `GET /api/v1/privacy/requests?unit=&cursor=&limit=`
pub async fn requests(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    listing::read_page::<DataRequestId>(
        &request,
        caller,
        shared,
        (&READERS, "data_request"),
        |conn, actor, unit, page| {
            let found = request::list(conn, actor, unit, page)?;
            let next = paging::next(&found, page.limit, |one| one.id);
            Ok(json!({ "requests": found, "next": next }))
        },
    )
    .await
}

/// `GET /api/v1/privacy/views?unit=&cursor=&limit=`
pub async fn views(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    listing::read_page::<EventId>(
        &request,
        caller,
        shared,
        (&READERS, "data_view"),
        |conn, actor, unit, page| {
            let found = files::views(conn, actor, unit, page)?;
            let next = paging::next(&found, page.limit, |one| one.id);
            Ok(json!({ "views": found, "next": next }))
        },
    )
    .await
}

/// `GET /api/v1/privacy/incidents?unit=&cursor=&limit=`
pub async fn incidents(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    let now = shared.app().clock.now();
    listing::read_page::<IncidentId>(
        &request,
        caller,
        shared,
        (&READERS, "data_incident"),
        move |conn, actor, unit, page| {
            let found = incident::list(conn, actor, unit, page)?;
            let next = paging::next(&found, page.limit, |one| one.id);
            let told = |one: &Incident| json!({ "incident": one, "hours_left": one.hours_left(now) });
            Ok(json!({ "incidents": found.iter().map(told).collect::<Vec<_>>(), "next": next }))
        },
    )
    .await
}

/// `GET /api/v1/privacy/register?unit=`
pub async fn register(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    listing::read_page::<EventId>(&request, caller, shared, (&READERS, "data_view"), |_, _, _, _| {
        Ok(json!({ "activities": registers::activities()? }))
    })
    .await
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PurposeBody {
    purpose: String,
}

/// `POST /api/v1/privacy/requests/{id}/file`
pub async fn file(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    changed_by(&request, caller, payload, shared, |tx, stamp, actor, key, asked: &PurposeBody| {
        Ok(json!({ "file": files::see(tx, stamp, actor, key, &asked.purpose)? }))
    })
    .await
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerBody {
    reason: String,
}

/// `POST /api/v1/privacy/requests/{id}/answer`
pub async fn answer(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    changed_by(&request, caller, payload, shared, |tx, stamp, actor, key, asked: &AnswerBody| {
        Ok(json!({ "request": request::answer(tx, stamp, actor, key, &asked.reason)? }))
    })
    .await
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefuseBody {
    ground: String,
    reason: String,
}

/// `POST /api/v1/privacy/requests/{id}/refuse`
pub async fn refuse(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    changed_by(&request, caller, payload, shared, |tx, stamp, actor, key, asked: &RefuseBody| {
        let why = (asked.ground.as_str(), asked.reason.as_str());
        Ok(json!({ "request": request::refuse(tx, stamp, actor, key, why)? }))
    })
    .await
}

/// How a person is reached from now on; only for a correction.
#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ContactBody {
    #[serde(default)]
    phone: Option<String>,
    #[serde(default)]
    email: Option<String>,
}

/// `POST /api/v1/privacy/requests/{id}/propose`: what is to be done, for another person to decide.
pub async fn propose(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    changed_by(&request, caller, payload, shared, |tx, stamp, actor, key, asked: &ContactBody| {
        let contact = Contact { phone: asked.phone.clone(), email: asked.email.clone() };
        let act = act::propose(tx, stamp, actor, key, &contact)?;
        Ok(json!({ "proposed": key.1, "act": act }))
    })
    .await
}

/// `POST /api/v1/privacy/requests/{id}/act`: what is proposed, for whoever may approve it.
pub async fn proposed(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&[Role::Administrator])?;
    changed(&request, caller, shared, |tx, stamp, actor, key| {
        Ok(json!({ "act": act::look(tx, stamp, actor, key)?.ok_or_else(act::not_proposed)? }))
    })
    .await
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApproveBody {
    /// The id of what was proposed, as it was seen.
    act: EventId,
}

/// `POST /api/v1/privacy/requests/{id}/approve`: another person carries it out.
pub async fn approve(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    changed_by(&request, caller, payload, shared, |tx, stamp, actor, key, asked: &ApproveBody| {
        Ok(json!({ "done": act::approve(tx, stamp, actor, key, asked.act)? }))
    })
    .await
}

type RequestKey = (UnitId, DataRequestId);

/// What an administrator sends.
async fn sent<T: DeserializeOwned>(caller: &Caller, payload: web::Payload) -> Result<T> {
    caller.0.require_role(&[Role::Administrator])?;
    extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)
}

/// Changes a request by what an administrator sends.
async fn changed_by<T: DeserializeOwned + Send + 'static>(
    request: &HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
    work: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, RequestKey, &T) -> Result<Value> + Send + 'static,
) -> Answer {
    let asked: T = sent(&caller, payload).await?;
    changed(request, caller, shared, move |tx, stamp, actor, key| work(tx, stamp, actor, key, &asked)).await
}

async fn changed(
    request: &HttpRequest,
    caller: Caller,
    shared: web::Data<Shared>,
    work: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, RequestKey) -> Result<Value> + Send + 'static,
) -> Answer {
    let id: DataRequestId = extract::path(request, "id")?;
    let done = block(move || {
        let actor = &caller.0;
        shared.app().write(actor, |tx, stamp| {
            let unit = request::locate(tx, actor, id)?;
            work(tx, stamp, actor, (unit, id))
        })
    });
    respond::ok(&done.await?)
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenBody {
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    found_at: Option<Instant>,
    nature: String,
    affected: i64,
}

/// `POST /api/v1/privacy/incidents`
pub async fn open(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    let asked: OpenBody = sent(&caller, payload).await?;
    let made = block(move || {
        shared.app().write(&caller.0, |tx, stamp| {
            let unit = unit_asked(tx, &caller.0, asked.unit.as_deref())?;
            let found_at = asked.found_at.unwrap_or(stamp.now);
            let what = (found_at, asked.affected, asked.nature.as_str());
            let incident = incident::open(tx, stamp, &caller.0, unit, what)?;
            Ok(json!({ "incident": incident, "hours_left": incident.hours_left(stamp.now) }))
        })
    });
    respond::ok(&made.await?)
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DetailBody {
    detail: String,
}

/// `POST /api/v1/privacy/incidents/{id}/note`
pub async fn note(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    stepped(request, caller, payload, shared, Step::Noted).await
}

/// `POST /api/v1/privacy/incidents/{id}/notified`
pub async fn notified(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    stepped(request, caller, payload, shared, Step::Notified).await
}

/// `POST /api/v1/privacy/incidents/{id}/closed`
pub async fn closed(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    stepped(request, caller, payload, shared, Step::Closed).await
}

async fn stepped(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
    step: Step,
) -> Answer {
    let asked: DetailBody = sent(&caller, payload).await?;
    let id: IncidentId = extract::path(&request, "id")?;
    let done = block(move || {
        let actor = &caller.0;
        shared.app().write(actor, |tx, stamp| {
            let unit = incident::locate(tx, actor, id)?;
            let incident = incident::step(tx, stamp, actor, (unit, id), step, &asked.detail)?;
            Ok(json!({ "incident": incident, "hours_left": incident.hours_left(stamp.now) }))
        })
    });
    respond::ok(&done.await?)
}
