//! The tax authority: usage reports, error notices, the ledger of messages; registrations in a room of
//! their own.

pub(super) mod alarms;
pub mod registrations;
pub use alarms::{accept as accept_report, approve as approve_report, list as alarms};

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::seen::ApproveBody;
use super::step::{ReasonBody, step};
use super::{paging, unit_asked};
use crate::actor::{Actor, Role};
use crate::duty::{self, delegation};
use crate::error::{Error, Result};
use crate::filing::form::notice::Demand;
use crate::filing::period::Quarter;
use crate::filing::transmission::{self, Wanted};
use crate::filing::{self, Filing, Kind, due, invoice, notice, query, report};
use crate::id::{FilingId, ReceiptId, TransmissionId, UnitId};
use crate::store::{Conn, Stamp, Tx};
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

const READERS: [Role; 4] = [Role::Finance, Role::Approver, Role::Auditor, Role::Administrator];

fn filing_json(filing: &Filing) -> Value {
    json!({
        "id": filing.id,
        "kind": filing.kind.as_str(),
        "form": filing.form,
        "period": filing.period,
        "corrects": filing.earlier.filter(|_| filing.kind == Kind::ErrorNotice),
        "supplements": filing.earlier.filter(|_| filing.kind == Kind::UsageReport),
        "profile": filing.profile,
        "state": filing.state.as_str(),
        "revision": filing.revision,
        "maker": filing.maker,
        "checker": filing.checker,
        "created_at": filing.created_at,
        "data": serde_json::from_str::<Value>(&filing.detail).unwrap_or(Value::Null),
        // By which rules it was made, and how sure each is: for who approves it.
        "rules": filing::mark::rules(filing).unwrap_or_default(),
    })
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UnitQuery {
    unit: Option<String>,
    cursor: Option<String>,
    limit: Option<i64>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportQuery {
    unit: Option<String>,
    quarter: Option<String>,
}

/// `GET /api/v1/tax/reports`: what is due; for a quarter its figures, reports and changes.
pub async fn reports(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: ReportQuery = extract::query(&request)?;
    let quarter: Option<Quarter> = asked.quarter.as_deref().map(str::parse).transpose()?;
    let found = block(move || {
        let today = shared.app().clock.now().business_day();
        shared.app().read(&caller.0, |conn| {
            let unit = unit_asked(conn, &caller.0, asked.unit.as_deref())?;
            let open = due::due(conn, unit, today)?;
            let Some(quarter) = quarter else { return Ok(json!({ "due": open })) };
            let filed = query::of_period(conn, unit, Kind::UsageReport, &quarter.to_string())?;
            Ok(json!({
                "due": open,
                "quarter": quarter.to_string(),
                "figures": report::figures(conn, unit, quarter)?,
                "changes": report::changes(conn, unit, quarter)?,
                "reports": filed.iter().map(filing_json).collect::<Vec<_>>(),
            }))
        })
    });
    respond::ok(&found.await?)
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportBody {
    unit: String,
    quarter: String,
    /// The marked report of what changed since the last one.
    #[serde(default)]
    supplement: bool,
}

/// `POST /api/v1/tax/reports`
pub async fn make_report(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    let asked: ReportBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let quarter: Quarter = asked.quarter.parse()?;
    let made = block(move || {
        let (actor, place) = (&caller.0, &shared.app().config.tax.place);
        shared.app().write(actor, |tx, stamp| {
            let unit = unit_asked(tx, actor, Some(&asked.unit))?;
            let act = if asked.supplement { report::supplement } else { report::make };
            let id = act(tx, stamp, actor, unit, quarter, place)?;
            Ok(filing_json(&filing::find(tx, unit, id)?))
        })
    });
    respond::ok(&json!({ "report": made.await? }))
}

/// `GET /api/v1/tax/notices`
pub async fn notices(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&[
        Role::Cashier,
        Role::Finance,
        Role::Approver,
        Role::Auditor,
        Role::Administrator,
    ])?;
    let asked: UnitQuery = extract::query(&request)?;
    let page = paging::asked::<FilingId>(asked.cursor.as_deref(), asked.limit)?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            let unit = unit_asked(conn, &caller.0, asked.unit.as_deref())?;
            paging::require_unit(conn, unit, ("filing", page.cursor))?;
            let forms = query::of_unit(conn, unit, Some(Kind::ErrorNotice), page)?;
            let mut told = Vec::new();
            for form in &forms {
                let mut shown = filing_json(form);
                shown["delegated"] = json!(delegation::acts_on(conn, unit, duty::Kind::Notice, form.id.0)?);
                told.push(shown);
            }
            let next = paging::next(&forms, page.limit, |form| form.id);
            Ok(json!({ "notices": told, "next": next }))
        })
    });
    respond::ok(&found.await?)
}

/// `GET /api/v1/tax/invoices`: how far each invoice is on its way, newest first.
pub async fn invoices(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: UnitQuery = extract::query(&request)?;
    let page = paging::asked::<FilingId>(asked.cursor.as_deref(), asked.limit)?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            let unit = unit_asked(conn, &caller.0, asked.unit.as_deref())?;
            paging::require_unit(conn, unit, ("filing", page.cursor))?;
            let filings = query::of_unit(conn, unit, Some(Kind::Invoice), page)?;
            let next = paging::next(&filings, page.limit, |filing| filing.id);
            let shown: Vec<Value> = filings.iter().map(filing_json).collect();
            Ok(json!({ "invoices": shown, "next": next }))
        })
    });
    respond::ok(&found.await?)
}

/// `POST /api/v1/tax/invoices/{id}/again`: a person sends the refused invoice of this form once more, in a form
/// of its own.
pub async fn send_invoice_again(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    let id: FilingId = extract::path(&request, "id")?;
    let made = block(move || {
        let actor = &caller.0;
        shared.app().write(actor, |tx, stamp| {
            let missing = || Error::not_found("filing_not_found", "no such form in your scope");
            let unit = query::unit_of(tx, &actor.scope, id)?.ok_or_else(missing)?;
            let refused = filing::find(tx, unit, id)?;
            if refused.kind != Kind::Invoice {
                return Err(missing());
            }
            let sent: invoice::Sent = refused.data()?;
            let again = invoice::again(tx, stamp, actor, unit, sent.receipt)?;
            Ok(filing_json(&filing::find(tx, unit, again)?))
        })
    });
    respond::ok(&json!({ "invoice": made.await? }))
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoticeBody {
    unit: String,
    documents: Vec<NoticeDocument>,
    /// The tax office's notice this one answers.
    #[serde(default)]
    demand: Option<Demand>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoticeDocument {
    receipt: ReceiptId,
    reason: String,
}

/// `POST /api/v1/tax/notices`: requests a notice; another person approves it.
pub async fn request_notice(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    let asked: NoticeBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let made = block(move || {
        let actor = &caller.0;
        shared.app().write(actor, |tx, stamp| {
            let unit = unit_asked(tx, actor, Some(&asked.unit))?;
            let request = notice::Request {
                unit,
                documents: asked.documents.iter().map(|line| (line.receipt, line.reason.clone())).collect(),
                demand: asked.demand.clone(),
                place: shared.app().config.tax.place.clone(),
            };
            let id = notice::request(tx, stamp, actor, request)?;
            Ok(filing_json(&filing::find(tx, unit, id)?))
        })
    });
    respond::ok(&json!({ "notice": made.await? }))
}

/// `POST /api/v1/tax/notices/{id}/approve`
pub async fn approve_notice(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let seen = ApproveBody::read(payload).await?;
    decide(&request, caller, shared, "notice", move |tx, stamp, actor, unit, id| {
        let before = filing::find(tx, unit, id)?.revision;
        let approved = notice::approve(tx, stamp, actor, unit, id)?;
        seen.require(before)?;
        Ok(approved)
    })
    .await
}

/// `POST /api/v1/tax/notices/{id}/withdraw`
pub async fn withdraw_notice(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let reason = ReasonBody::read(payload).await?;
    decide(&request, caller, shared, "notice", move |tx, stamp, actor, unit, id| {
        notice::withdraw(tx, stamp, actor, unit, id, &reason)
    })
    .await
}

/// Decides on a form; `name` is the field of the answer.
async fn decide(
    request: &HttpRequest,
    caller: Caller,
    shared: web::Data<Shared>,
    name: &'static str,
    act: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, UnitId, FilingId) -> Result<Filing> + Send + 'static,
) -> Answer {
    let decided = step(request, caller, shared, locate, act).await?;
    respond::ok(&json!({ name: filing_json(&decided) }))
}

fn locate(conn: &mut Conn, actor: &Actor, id: FilingId) -> Result<UnitId> {
    query::unit_of(conn, &actor.scope, id)?
        .ok_or_else(|| Error::not_found("filing_not_found", "no such form in your scope"))
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LedgerQuery {
    unit: Option<String>,
    #[serde(default)]
    open: bool,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// `GET /api/v1/tax/transmissions`: the ledger, newest first.
pub async fn transmissions(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: LedgerQuery = extract::query(&request)?;
    let page = paging::asked::<TransmissionId>(asked.cursor.as_deref(), asked.limit)?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            let unit = unit_asked(conn, &caller.0, asked.unit.as_deref())?;
            paging::require_unit(conn, unit, ("transmission", page.cursor))?;
            let found = transmission::of_unit(conn, Some(unit), Wanted::open_if(asked.open), page)?;
            let next = paging::next(&found, page.limit, |message| message.id);
            let shown: Vec<Value> = found.iter().map(message_json).collect();
            Ok(json!({ "transmissions": shown, "next": next }))
        })
    });
    respond::ok(&found.await?)
}

fn message_json(message: &transmission::Message) -> Value {
    json!({
        "id": message.id, "filing": message.filing, "message_code": message.message_code,
        "kind": message.kind, "state": message.state.as_str(), "attempts": message.attempts,
        "created_at": message.created_at, "next_at": message.run_at,
    })
}

/// `GET /api/v1/tax/transmissions/{id}`: every attempt and answer.
pub async fn transmission(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let id: TransmissionId = extract::path(&request, "id")?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            let message = transmission::find(conn, &caller.0.scope, id)?;
            let events: Vec<Value> = transmission::events(conn, message.unit, id)?
                .into_iter()
                .map(|event| {
                    json!({ "kind": event.kind, "state": event.state, "detail": event.detail, "at": event.at })
                })
                .collect();
            let replies: Vec<Value> = transmission::replies(conn, message.unit, id)?
                .into_iter()
                .map(|reply| {
                    json!({
                        "message_code": reply.message_code, "kind": reply.kind, "verdict": reply.verdict,
                        "faults": serde_json::from_str::<Value>(&reply.faults).unwrap_or(Value::Null),
                        "received_at": reply.received_at, "xml": String::from_utf8_lossy(&reply.raw),
                    })
                })
                .collect();
            Ok(json!({ "transmission": message_json(&message), "events": events, "replies": replies }))
        })
    });
    respond::ok(&found.await?)
}

/// `POST /api/v1/tax/transmissions/{id}/release`
pub async fn release(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    let id: TransmissionId = extract::path(&request, "id")?;
    let released = block(move || {
        let actor = &caller.0;
        shared.app().write(actor, |tx, stamp| {
            let message = transmission::find(tx, &actor.scope, id)?;
            transmission::release(tx, stamp, actor, message.unit, id)?;
            transmission::find(tx, &actor.scope, id).map(|message| message_json(&message))
        })
    });
    respond::ok(&json!({ "transmission": released.await? }))
}
