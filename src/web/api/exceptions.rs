//! The queue of everything unexplained: list, read, propose, approve, refuse.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::json;

use super::view::{self, ExceptionView};
use super::{page_limit, unit_asked};
use crate::actor::{Actor, Role};
use crate::error::{Error, Result};
use crate::exception::{self, Exception, Proposal, State, query};
use crate::id::*;
use crate::payment::resolve;
use crate::payment::settler::Numbered;
use crate::store::{Conn, Stamp, Tx};
use crate::text;
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

/// The queue names amounts and accounts: it is for those who work on it or look over it.
const READERS: [Role; 4] = [Role::Finance, Role::Approver, Role::Auditor, Role::Administrator];
const RESOLUTION_LIMIT: usize = 50;
const REASON_LIMIT: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    unit: Option<String>,
    state: Option<String>,
    limit: Option<i64>,
}

/// `GET /api/v1/exceptions`: oldest first.
pub async fn list(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: ListQuery = extract::query(&request)?;
    let limit = page_limit(asked.limit)?;
    let state = asked.state.as_deref().map(read_state).transpose()?;
    let found = block(move || {
        let today = shared.app().clock.now().business_day();
        shared.app().read(&caller.0, |conn| {
            let unit = unit_asked(conn, &caller.0, asked.unit.as_deref())?;
            let items = exception::list(conn, unit, state, None, limit)?;
            Ok(items.iter().map(|item| view::exception(item, today)).collect::<Vec<_>>())
        })
    });
    respond::ok(&json!({ "exceptions": found.await? }))
}

fn read_state(text: &str) -> Result<State> {
    [State::Open, State::Proposed, State::Resolved]
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| Error::invalid("state", "state_unknown", "open, proposed or resolved"))
}

/// `GET /api/v1/exceptions/{id}`
pub async fn find(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let id: ExceptionId = extract::path(&request, "id")?;
    let found = block(move || {
        let today = shared.app().clock.now().business_day();
        shared.app().read(&caller.0, |conn| {
            let unit = locate(conn, &caller.0, id)?;
            let item = exception::find(conn, unit, id)?;
            let proposal = query::last_proposal(conn, unit, id)?.filter(|_| item.state != State::Open);
            Ok(json!({ "exception": view::exception(&item, today), "proposal": proposal.map(proposal_json) }))
        })
    });
    respond::ok(&found.await?)
}

fn proposal_json(proposal: Proposal) -> serde_json::Value {
    json!({ "resolution": proposal.resolution, "reason": proposal.reason, "maker": proposal.maker })
}

fn locate(conn: &mut Conn, actor: &Actor, id: ExceptionId) -> Result<UnitId> {
    query::unit_of(conn, &actor.scope, id)?
        .ok_or_else(|| Error::not_found("exception_not_found", "no such exception in your scope"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProposeBody {
    resolution: String,
    /// The id of what the resolution points at: the obligation to assign the money to, for one.
    #[serde(default)]
    target: Option<String>,
    reason: String,
}

/// `POST /api/v1/exceptions/{id}/propose`
pub async fn propose(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let asked: ProposeBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let resolution = bounded("resolution", &asked.resolution, RESOLUTION_LIMIT)?;
    let reason = bounded("reason", &asked.reason, REASON_LIMIT)?;
    let target = asked.target.as_deref().map(read_target).transpose()?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        // Who may ask comes first; a proposal that does not fit goes with the transaction.
        let item = exception::propose(tx, stamp, actor, unit, id, (&resolution, target, &reason))?;
        resolve::check_proposal(tx, &item, &resolution, target)?;
        Ok(item)
    })
    .await
}

/// `POST /api/v1/exceptions/{id}/approve`: another person than the one who proposed.
pub async fn approve(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    let sealing = std::sync::Arc::clone(&shared.app().sealing);
    let numbered = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let made = std::sync::Arc::clone(&numbered);
    let answer = change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        let (item, receipts) = resolve::approve(tx, stamp, actor, unit, id)?;
        *made.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = receipts;
        Ok(item)
    })
    .await;
    if answer.is_ok() {
        sealing.numbered(&numbered.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
    }
    answer
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefuseBody {
    reason: String,
}

/// `POST /api/v1/exceptions/{id}/refuse`: the exception is open again.
pub async fn refuse(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let asked: RefuseBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let reason = bounded("reason", &asked.reason, REASON_LIMIT)?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        exception::refuse(tx, stamp, actor, unit, id, &reason)
    })
    .await
}

async fn change(
    request: &HttpRequest,
    caller: Caller,
    shared: web::Data<Shared>,
    act: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, UnitId, ExceptionId) -> Result<Exception> + Send + 'static,
) -> Answer {
    let id: ExceptionId = extract::path(request, "id")?;
    let changed: ExceptionView = block(move || {
        let actor = &caller.0;
        shared.app().write(actor, |tx, stamp| {
            let unit = locate(tx, actor, id)?;
            let item = act(tx, stamp, actor, unit, id)?;
            Ok(view::exception(&item, stamp.today()))
        })
    })
    .await?;
    respond::ok(&json!({ "exception": changed }))
}

fn bounded(field: &str, value: &str, limit: usize) -> Result<String> {
    let value = text::clean(value);
    if value.is_empty() {
        return Err(Error::invalid(field, "field_missing", "must not be empty"));
    }
    if value.chars().count() > limit {
        return Err(Error::invalid(field, "field_too_long", format!("at most {limit} characters")));
    }
    Ok(value)
}

/// An id of any kind a resolution may point at.
fn read_target(text: &str) -> Result<i64> {
    let read = match text.split_once('_').map(|(prefix, _)| prefix) {
        Some("obl") => text.parse().map(|id: ObligationId| id.0),
        Some("pay") => text.parse().map(|id: PaymentId| id.0),
        Some("mov") => text.parse().map(|id: MovementId| id.0),
        Some("lin") => text.parse().map(|id: LineId| id.0),
        Some("rfd") => text.parse().map(|id: RefundId| id.0),
        Some("rcp") => text.parse().map(|id: ReceiptId| id.0),
        Some("unt") => text.parse().map(|id: UnitId| id.0),
        Some("per") => text.parse().map(|id: PersonId| id.0),
        Some("slp") => text.parse().map(|id: SlipId| id.0),
        Some("rmt") => text.parse().map(|id: RemittanceId| id.0),
        _ => Err(Error::invalid("target", "id_unreadable", "expected an id")),
    };
    read.map_err(|_| {
        Error::invalid("target", "id_unreadable", "expected the id of an obligation, payment, …")
    })
}
