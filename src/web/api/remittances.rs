//! Remittance to the Treasury: what may be ordered, orders, their documents, the Treasury's report.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::seen::ApproveBody;
use super::step::{ReasonBody, step};
use super::{listing, repeatable, unit_asked, units_asked};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::duty::{self, delegation};
use crate::error::Result;
use crate::id::{AccountId, RemittanceId, UnitId};
use crate::remittance::alarm;
use crate::remittance::document::{self, Content};
use crate::remittance::{self, Draft, Kind, Order, State, query, report};
use crate::statement::{partner, saved};
use crate::store::{Conn, Stamp, Tx};
use crate::unit::account;
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

const DRAFT: &str = "POST /api/v1/remittances";
const READERS: [Role; 4] = [Role::Finance, Role::Approver, Role::Auditor, Role::Administrator];

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DueQuery {
    unit: Option<String>,
    account: Option<String>,
    kind: Option<String>,
}

/// `GET /api/v1/remittable`: what closed days made due, what orders took, what is free.
pub async fn due(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: DueQuery = extract::query(&request)?;
    let kind = asked.kind.as_deref().map_or(Ok(Kind::Treasury), Kind::parse)?;
    let named: Option<AccountId> = asked.account.as_deref().map(str::parse).transpose()?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            let unit = unit_asked(conn, &caller.0, asked.unit.as_deref())?;
            let account = account::named_or_receiving(conn, unit, named)?.id;
            let closed = query::last_closed(conn, unit, account)?;
            let sources = remittance::remittable(conn, unit, account, kind)?;
            Ok(json!({ "account": account, "covered_until": closed, "sources": sources }))
        })
    });
    respond::ok(&found.await?)
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LineBody {
    source: String,
    amount: Dong,
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DraftBody {
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    account: Option<AccountId>,
    kind: Kind,
    /// Left out: everything that is free.
    #[serde(default)]
    lines: Vec<LineBody>,
}

/// `POST /api/v1/remittances`
pub async fn draft(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    repeatable::create(request, caller, payload, shared, DRAFT, |tx, stamp, actor, asked: &DraftBody| {
        let new = Draft {
            unit: unit_asked(tx, actor, asked.unit.as_deref())?,
            account: asked.account,
            kind: asked.kind,
            lines: asked.lines.iter().map(|line| (line.source.clone(), line.amount)).collect(),
        };
        Ok(json!({ "remittance": summary(&remittance::draft(tx, stamp, actor, &new)?) }))
    })
    .await
}

/// `GET /api/v1/remittances`: newest first.
pub async fn list(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    listing::of_states(
        &request,
        caller,
        shared,
        &READERS,
        ("remittances", "remittance", State::named),
        query::page,
        (|one| one.id, |_, one| Ok(summary(one))),
    )
    .await
}

/// `GET /api/v1/remittances/{id}`
pub async fn find(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let id: RemittanceId = extract::path(&request, "id")?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            let unit = locate(conn, &caller.0, id)?;
            let order = remittance::find(conn, unit, id)?;
            let lines = query::lines(conn, unit, id)?;
            let events = query::events(conn, unit, id)?;
            let delegated = delegation::acts_on(conn, unit, duty::Kind::Remittance, id.0)?;
            let order = summary(&order);
            Ok(json!({ "remittance": order, "lines": lines, "events": events, "delegated": delegated }))
        })
    });
    respond::ok(&found.await?)
}

/// `GET /api/v1/remittances/{id}/pdf`: the order to be signed and handed over.
pub async fn pdf(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    Ok(pdf_of(&request, caller.0, shared).await?)
}

/// `GET /api/v1/remittances/{id}/xml`
pub async fn xml(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    Ok(xml_of(&request, caller.0, shared).await?)
}

/// The document of the order that a path names, for whoever may read it.
pub async fn pdf_of(request: &HttpRequest, actor: Actor, shared: web::Data<Shared>) -> Result<HttpResponse> {
    send(request, actor, shared, ("application/pdf", "pdf"), document::pdf).await
}

/// The same for machines.
pub async fn xml_of(request: &HttpRequest, actor: Actor, shared: web::Data<Shared>) -> Result<HttpResponse> {
    send(request, actor, shared, ("application/xml", "xml"), |content| Ok(document::xml(content))).await
}

async fn send(
    request: &HttpRequest,
    actor: Actor,
    shared: web::Data<Shared>,
    (kind, ending): (&'static str, &'static str),
    write: impl Fn(&Content) -> Result<Vec<u8>> + Send + 'static,
) -> Result<HttpResponse> {
    actor.require_role(&READERS)?;
    let id: RemittanceId = extract::path(request, "id")?;
    let (name, bytes) = block(move || {
        let content = shared.app().read(&actor, |conn| {
            let unit = locate(conn, &actor, id)?;
            let order = remittance::find(conn, unit, id)?;
            Content::read(conn, &order)
        })?;
        Ok((document::file_stem(&content.order), write(&content)?))
    })
    .await?;
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.{ending}\"")))
        .body(bytes))
}

pub fn locate(conn: &mut Conn, actor: &Actor, id: RemittanceId) -> Result<UnitId> {
    query::unit_of(conn, &actor.scope, id)?.ok_or_else(remittance::not_found)
}

/// `POST /api/v1/remittances/{id}/approve`
pub async fn approve(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let seen = ApproveBody::read(payload).await?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        let before = remittance::find(tx, unit, id)?.revision;
        let approved = remittance::approve(tx, stamp, actor, unit, id)?;
        seen.require(before)?;
        Ok(approved)
    })
    .await
}

/// `POST /api/v1/remittances/{id}/refuse`
pub async fn refuse(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let reason = ReasonBody::read(payload).await?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        remittance::refuse(tx, stamp, actor, unit, id, &reason)
    })
    .await
}

async fn change(
    request: &HttpRequest,
    caller: Caller,
    shared: web::Data<Shared>,
    act: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, UnitId, RemittanceId) -> Result<Order> + Send + 'static,
) -> Answer {
    let order = step(request, caller, shared, locate, act).await?;
    respond::ok(&json!({ "remittance": summary(&order) }))
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportQuery {
    unit: Option<String>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AlarmQuery {
    unit: Option<String>,
}

/// `GET /api/v1/treasury/due?unit=`: what waits too long, of one unit or of every unit of the scope.
pub async fn alarms(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: AlarmQuery = extract::query(&request)?;
    let found = block(move || {
        let stamp = shared.app().stamp();
        shared.app().read(&caller.0, |conn| {
            let units = units_asked(conn, &caller.0, asked.unit.as_deref())?;
            let mut shown: Vec<Value> = Vec::new();
            for unit in units {
                let alarms = alarm::of_unit(conn, stamp.calendar, stamp.today(), unit.id)?;
                shown.extend(alarms.iter().map(|one| {
                    let (vi, en) = one.kind.words();
                    json!({ "unit": unit.code, "alarm": one, "vi": vi, "en": en })
                }));
            }
            Ok(shown)
        })
    });
    respond::ok(&json!({ "alarms": found.await? }))
}

/// `POST /api/v1/treasury/reports?unit=`: the body is the Treasury's file as it came.
pub async fn import(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let asked: ReportQuery = extract::query(&request)?;
    let bytes = extract::body(payload, API_BODY_LIMIT_BYTES).await?;
    let imported = block(move || {
        let (app, actor) = (shared.app(), &caller.0);
        let (unit, named) = app.read(actor, |conn| {
            let unit = unit_asked(conn, actor, asked.unit.as_deref())?;
            actor.require_role(&[Role::Finance])?;
            Ok((unit, saved::named(conn, unit, partner::Kind::Treasury)?))
        })?;
        let told = report::Told::of(&bytes, named)?;
        app.write(actor, |tx, stamp| report::take(tx, stamp, actor, unit, &told))
    });
    respond::ok(&json!({ "report": imported.await? }))
}

pub fn summary(order: &Order) -> Value {
    json!({
        "id": order.id,
        "kind": order.kind,
        "number": format!("{}/{}", order.order_no, order.year),
        "account": order.account,
        "covered_until": order.covered_until,
        "amount": order.amount,
        "reference_code": order.reference_code,
        "state": order.state,
        "revision": order.revision,
        "was_debited": order.was_debited,
        "credited": order.credited,
        "returned": order.returned,
        "maker": order.maker,
        "checker": order.checker,
        "created_at": order.created_at,
    })
}
