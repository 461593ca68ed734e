//! Deposit slips: cash from drawers to the bank.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::step::{ReasonBody, step};
use super::{listing, repeatable, unit_asked};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::error::Result;
use crate::id::{AccountId, ShiftId, SlipId, UnitId};
use crate::shift::deposit::{self, Slip};
use crate::shift::deposit_query as query;
use crate::store::Conn;
use crate::web::Shared;
use crate::web::extract::{self, Caller};
use crate::web::respond::{self, Answer, block};

const HAND_OVER: &str = "POST /api/v1/deposits";
const READERS: [Role; 5] = [Role::Cashier, Role::Finance, Role::Approver, Role::Auditor, Role::Administrator];

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    shift: ShiftId,
    amount: Dong,
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    account: Option<AccountId>,
    parts: Vec<Part>,
}

/// `POST /api/v1/deposits`
pub async fn hand_over(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    repeatable::create(request, caller, payload, shared, HAND_OVER, |tx, stamp, actor, asked: &Body| {
        let unit = unit_asked(tx, actor, asked.unit.as_deref())?;
        let parts: Vec<(ShiftId, Dong)> = asked.parts.iter().map(|part| (part.shift, part.amount)).collect();
        let slip = deposit::hand_over(tx, stamp, actor, unit, asked.account, &parts)?;
        Ok(json!({ "deposit": summary(&slip) }))
    })
    .await
}

/// `GET /api/v1/deposits`: newest first.
pub async fn list(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    listing::of_states(
        &request,
        caller,
        shared,
        &READERS,
        ("deposits", "deposit_slip", deposit::State::named),
        query::page,
        (|one| one.id, |_, one| Ok(summary(one))),
    )
    .await
}

/// `GET /api/v1/deposits/{id}`
pub async fn find(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let id: SlipId = extract::path(&request, "id")?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            let unit = locate(conn, &caller.0, id)?;
            let slip = deposit::find(conn, unit, id)?;
            let parts = query::parts(conn, unit, &[id])?;
            let parts: Vec<Value> =
                parts.iter().map(|(_, shift, amount)| json!({ "shift": shift, "amount": amount })).collect();
            let events: Vec<Value> = query::events(conn, unit, id)?
                .into_iter()
                .map(|event| {
                    json!({
                        "kind": event.kind, "state": event.state, "amount": event.amount, "on": event.on,
                        "person": event.person, "line": event.line, "reason": event.reason, "at": event.at,
                    })
                })
                .collect();
            Ok(json!({ "deposit": summary(&slip), "parts": parts, "events": events }))
        })
    });
    respond::ok(&found.await?)
}

fn locate(conn: &mut Conn, actor: &Actor, id: SlipId) -> Result<UnitId> {
    query::unit_of(conn, &actor.scope, id)?.ok_or_else(deposit::not_found)
}

/// `POST /api/v1/deposits/{id}/withdraw`: the money never left; another person says so.
pub async fn withdraw(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let reason = ReasonBody::read(payload).await?;
    let changed = step(&request, caller, shared, locate, move |tx, stamp, actor, unit, id| {
        deposit::withdraw(tx, stamp, actor, unit, id, &reason)
    })
    .await?;
    respond::ok(&json!({ "deposit": summary(&changed) }))
}

pub fn summary(slip: &Slip) -> Value {
    json!({
        "id": slip.id,
        "account": slip.account,
        "amount": slip.amount,
        "credited": slip.credited,
        "open": slip.open(),
        "reference_code": slip.reference_code,
        "transfer_text": format!("{} NOP TIEN MAT", slip.reference_code),
        "maker": slip.maker,
        "handed_on": slip.handed_on,
        "state": slip.state,
    })
}
