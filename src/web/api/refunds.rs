//! Refunds: ask, name the payee, approve, send, refuse.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::seen::ApproveBody;
use super::step::{ReasonBody, step};
use super::{listing, repeatable};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::duty::Kind;
use crate::duty::delegation;
use crate::error::{Error, Result};
use crate::id::{PaymentId, RefundId, UnitId};
use crate::payment::refund::{self, Ask, Payee, Refund, State, query};
use crate::store::{Conn, Stamp, Tx};
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

const REQUEST: &str = "POST /api/v1/payments/{id}/refunds";
const READERS: [Role; 4] = [Role::Finance, Role::Cashier, Role::Approver, Role::Auditor];
/// Who pays and who approves must see whom.
const PAYERS: [Role; 2] = [Role::Finance, Role::Approver];

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    amount: Dong,
    reason: String,
    #[serde(default)]
    payee: Option<Payee>,
}

/// `POST /api/v1/payments/{id}/refunds`
pub async fn request(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let payment: PaymentId = extract::path(&request, "id")?;
    repeatable::create(request, caller, payload, shared, REQUEST, move |tx, stamp, actor, asked: &Body| {
        let unit = query::unit_of_payment(tx, &actor.scope, payment)?
            .ok_or_else(|| Error::not_found("payment_not_found", "no such payment in your scope"))?;
        let ask = Ask {
            unit,
            payment,
            amount: asked.amount,
            reason: asked.reason.clone(),
            payee: asked.payee.clone(),
        };
        Ok(summary(&refund::request(tx, stamp, actor, &ask)?))
    })
    .await
}

/// `GET /api/v1/refunds`
pub async fn list(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    listing::of_states(
        &request,
        caller,
        shared,
        &READERS,
        ("refunds", "refund", State::named),
        query::page,
        (|one| one.id, |_, one| Ok(summary(one))),
    )
    .await
}

/// `GET /api/v1/refunds/{id}`: seeing the payee in clear leaves a trace.
pub async fn find(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let id: RefundId = extract::path(&request, "id")?;
    let found = block(move || {
        let actor = &caller.0;
        let sees_payee = actor.require_role(&PAYERS).is_ok();
        shared.app().write(actor, |tx, stamp| {
            let unit = locate(tx, actor, id)?;
            let item = refund::find(tx, unit, id)?;
            let payee = if sees_payee { refund::payee(tx, stamp.vault, unit, id)? } else { None };
            let is_sender = match &payee {
                Some(payee) => refund::sender::is_sender(tx, stamp.vault, &item, payee)?,
                None => None,
            };
            if payee.is_some() {
                let entry = audit::Entry::by(actor, unit, "refund.payee_seen", id).with("refund");
                audit::record(tx, stamp, &[entry])?;
            }
            let events = query::events(tx, unit, id)?;
            Ok(json!({
                "refund": summary(&item),
                "payee": payee,
                "payee_is_sender": is_sender,
                "events": events,
                "delegated": delegation::acts_on(tx, unit, Kind::Refund, id.0)?,
            }))
        })
    });
    respond::ok(&found.await?)
}

fn locate(conn: &mut Conn, actor: &Actor, id: RefundId) -> Result<UnitId> {
    query::unit_of(conn, &actor.scope, id)?.ok_or_else(refund::not_found)
}

/// `POST /api/v1/refunds/{id}/payee`
pub async fn payee(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let payee: Payee = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        refund::name_payee(tx, stamp, actor, unit, id, &payee)
    })
    .await
}

/// `POST /api/v1/refunds/{id}/approve`
pub async fn approve(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let seen = ApproveBody::read(payload).await?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        let before = refund::find(tx, unit, id)?.revision;
        let approved = refund::approve(tx, stamp, actor, unit, id)?;
        seen.require(before)?;
        Ok(approved)
    })
    .await
}

/// `POST /api/v1/refunds/{id}/send`
pub async fn send(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    change(&request, caller, shared, refund::send).await
}

/// `POST /api/v1/refunds/{id}/refuse`
pub async fn refuse(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let reason = ReasonBody::read(payload).await?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        refund::refuse(tx, stamp, actor, unit, id, &reason)
    })
    .await
}

async fn change(
    request: &HttpRequest,
    caller: Caller,
    shared: web::Data<Shared>,
    act: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, UnitId, RefundId) -> Result<Refund> + Send + 'static,
) -> Answer {
    let refund = step(request, caller, shared, locate, act).await?;
    respond::ok(&json!({ "refund": summary(&refund) }))
}

/// A refund without its payee.
pub fn summary(item: &Refund) -> Value {
    json!({
        "id": item.id,
        "payment": item.payment,
        "amount": item.amount,
        "reference_code": item.reference_code,
        "reason": item.reason,
        "correction": item.correction,
        "state": item.state,
        "revision": item.revision,
        "maker": item.maker,
        "checker": item.checker,
        "created_at": item.created_at,
    })
}
