//! Cash shifts: open, close with a count, sign a difference off, read the report.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::step::{ReasonBody, step};
use super::{listing, unit_asked};
use crate::actor::{Actor, Role};
use crate::error::Result;
use crate::id::{ShiftId, UnitId};
use crate::shift::{self, Count, Shift, query, report};
use crate::store::{Conn, Stamp, Tx};
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

const READERS: [Role; 5] = [Role::Cashier, Role::Finance, Role::Approver, Role::Auditor, Role::Administrator];

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenBody {
    #[serde(default)]
    unit: Option<String>,
    /// Pieces by denomination; an empty object is an empty drawer.
    float: Count,
}

/// `POST /api/v1/shifts`: the cashier's shift of today.
pub async fn open(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    let asked: OpenBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let opened = block(move || {
        let actor = &caller.0;
        shared.app().write(actor, |tx, stamp| {
            let unit = unit_asked(tx, actor, asked.unit.as_deref())?;
            Ok(summary(&shift::open(tx, stamp, actor, unit, &asked.float)?))
        })
    });
    respond::json(StatusCode::CREATED, &json!({ "shift": opened.await? }))
}

/// `GET /api/v1/shifts`: newest first.
pub async fn list(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    listing::of_states(
        &request,
        caller,
        shared,
        &READERS,
        ("shifts", "shift", shift::State::named),
        query::page,
        (|one| one.id, with_balance),
    )
    .await
}

fn with_balance(conn: &mut Conn, shift: &Shift) -> Result<Value> {
    let mut shown = summary(shift);
    shown["held"] = json!(shift::balance(conn, shift.unit, shift.id)?);
    shown["turns"] = json!(shift::turn::of_shift(conn, shift.unit, shift.id)?);
    Ok(shown)
}

/// `GET /api/v1/shifts/{id}`: the report.
pub async fn find(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let id: ShiftId = extract::path(&request, "id")?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            let unit = locate(conn, &caller.0, id)?;
            let shift = shift::find(conn, unit, id)?;
            report::report(conn, &shift)
        })
    });
    respond::ok(&json!({ "shift": found.await? }))
}

fn locate(conn: &mut Conn, actor: &Actor, id: ShiftId) -> Result<UnitId> {
    query::unit_of(conn, &actor.scope, id)?.ok_or_else(shift::not_found)
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseBody {
    /// Pieces by denomination, the float among them.
    count: Count,
    /// The first provisional slip of the cashier's pad that was not used, while slips of theirs are on paper.
    #[serde(default)]
    next_slip: Option<i64>,
    /// The same of a cashier with several pads in hand: one number for each pad that has slips left.
    #[serde(default)]
    next_slips: Vec<i64>,
}

/// `POST /api/v1/shifts/{id}/close`
pub async fn close(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let asked: CloseBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        let next: Vec<i64> = asked.next_slip.iter().chain(&asked.next_slips).copied().collect();
        let (shift, counted) = shift::close(tx, stamp, actor, (unit, id), &asked.count, &next)?;
        Ok(json!({ "shift": summary(&shift), "counted": counted }))
    })
    .await
}

/// `POST /api/v1/shifts/{id}/sign-off`: another person takes a difference as it is.
pub async fn sign_off(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let reason = ReasonBody::read(payload).await?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        Ok(json!({ "shift": summary(&shift::sign_off(tx, stamp, actor, unit, id, &reason)?) }))
    })
    .await
}

/// `POST /api/v1/shifts/{id}/send-back`: the drawer is counted again.
pub async fn send_back(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let reason = ReasonBody::read(payload).await?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        Ok(json!({ "shift": summary(&shift::send_back(tx, stamp, actor, unit, id, &reason)?) }))
    })
    .await
}

async fn change(
    request: &HttpRequest,
    caller: Caller,
    shared: web::Data<Shared>,
    act: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, UnitId, ShiftId) -> Result<Value> + Send + 'static,
) -> Answer {
    respond::ok(&step(request, caller, shared, locate, act).await?)
}

pub fn summary(shift: &Shift) -> Value {
    json!({
        "id": shift.id,
        "person": shift.person,
        "opened_on": shift.opened_on,
        "opened_at": shift.opened_at,
        "state": shift.state,
    })
}
