//! The queue of everything unexplained: list, read, propose, approve, refuse.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::combinations;
use super::seen::{self, ApproveBody};
use super::step::{ReasonBody, step};
use super::view::{self, ExceptionView};
use super::{paging, unit_asked};
use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::duty::{self, delegation};
use crate::error::{Error, Result};
use crate::exception::work_query::{self, Filter, PastEvent};
use crate::exception::{self, Ask, Decision, Exception, Kind, Owner, Proposal, State, limit, query};
use crate::id::*;
use crate::payment::settler::Numbered;
use crate::payment::split::{self, Part};
use crate::payment::{combine, handover, resolve, told, undo};
use crate::store::{Conn, Stamp, Tx};
use crate::text;
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

/// The queue names amounts and accounts: it is for those who work on it or look over it.
pub(super) const READERS: [Role; 4] = [Role::Finance, Role::Approver, Role::Auditor, Role::Administrator];
const RESOLUTION_LIMIT: usize = 50;
pub(super) const REASON_LIMIT: usize = 1_000;

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    unit: Option<String>,
    account: Option<String>,
    kind: Option<String>,
    state: Option<String>,
    owner: Option<String>,
    assignee: Option<String>,
    amount_from: Option<i64>,
    amount_to: Option<i64>,
    due_before: Option<String>,
    min_age_days: Option<i64>,
    max_age_days: Option<i64>,
    cursor: Option<String>,
    /// The name of `cursor` in older programs.
    after: Option<String>,
    limit: Option<i64>,
}

/// `GET /api/v1/exceptions`: oldest first; of every unit in sight when none is named.
pub async fn list(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: ListQuery = extract::query(&request)?;
    let today = shared.app().clock.now().business_day();
    let mut filter = filter_of(&asked, today)?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            if let Some(code) = &asked.unit {
                let unit = unit_asked(conn, &caller.0, Some(code))?;
                paging::require_unit(conn, unit, ("exception", filter.after))?;
                filter.unit = Some(unit);
            }
            let items = work_query::page(conn, &caller.0.scope, &filter)?;
            let next = paging::next(&items, filter.limit, |item| item.id);
            let items: Vec<ExceptionView> = items.iter().map(|item| view::exception(item, today)).collect();
            Ok(json!({ "exceptions": items, "next": next }))
        })
    });
    respond::ok(&found.await?)
}

/// The oldest an item can be asked for; about a century.
const AGE_LIMIT_DAYS: i64 = 36_500;

fn filter_of(asked: &ListQuery, today: BusinessDay) -> Result<Filter> {
    let state = asked.state.as_deref().filter(|text| *text != UNRESOLVED).map(read_state).transpose()?;
    let ago = |days: Option<i64>, field: &str| match days {
        Some(days) if !(0..=AGE_LIMIT_DAYS).contains(&days) => {
            Err(Error::invalid(field, "number_out_of_range", "days, 0 or above"))
        }
        days => Ok(days.map(|days| today.plus_days(-days))),
    };
    Ok(Filter {
        unit: None,
        account: asked.account.as_deref().map(str::parse).transpose()?,
        kind: asked.kind.as_deref().map(Kind::parse).transpose()?,
        state,
        unresolved: asked.state.as_deref() == Some(UNRESOLVED),
        owner: asked.owner.as_deref().map(Owner::role).transpose()?,
        assignee: asked.assignee.as_deref().map(str::parse).transpose()?,
        amount_from: asked.amount_from.map(Dong),
        amount_to: asked.amount_to.map(Dong),
        due_before: asked.due_before.as_deref().map(read_day).transpose()?,
        opened_until: ago(asked.min_age_days, "min_age_days")?,
        opened_from: ago(asked.max_age_days, "max_age_days")?,
        after: paging::cursor_of(asked.cursor.as_deref().or(asked.after.as_deref()))?,
        limit: paging::limit(asked.limit)?,
    })
}

/// A day that a database of ours can hold.
fn read_day(text: &str) -> Result<BusinessDay> {
    let day: BusinessDay = text.parse()?;
    if (1_900..=2_200).contains(&day.year()) {
        return Ok(day);
    }
    Err(Error::invalid("due_before", "date_unreadable", "expected YYYY-MM-DD"))
}

/// The state that stands for open and proposed.
const UNRESOLVED: &str = "unresolved";

fn read_state(text: &str) -> Result<State> {
    State::ALL
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| Error::invalid("state", "state_unknown", "open, proposed, resolved or unresolved"))
}

/// `GET /api/v1/exceptions/{id}`
pub async fn find(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let id: ExceptionId = extract::path(&request, "id")?;
    let found = block(move || {
        let today = shared.app().clock.now().business_day();
        let find = |conn: &mut Conn| {
            let unit = locate(conn, &caller.0, id)?;
            exception::find(conn, unit, id)
        };
        let seen = shared.app().read(&caller.0, find)?;
        // The account to pay is another unit's.
        let transfer = shared.app().store.read(&Scope::All, |conn| handover::transfer(conn, &seen))?;
        shared.app().read(&caller.0, |conn| {
            let unit = locate(conn, &caller.0, id)?;
            let item = exception::find(conn, unit, id)?;
            let proposal = work_query::last_proposal(conn, unit, id)?.filter(|_| item.state != State::Open);
            let events = work_query::events(conn, unit, id)?;
            let parts = match proposal.as_ref().is_some_and(|one| one.resolution == split::SPLIT) {
                true => split::proposed(conn, &item)?,
                false => Vec::new(),
            };
            Ok(json!({
                "exception": view::exception(&item, today),
                "proposal": proposal.map(|one| proposal_json(one, &parts)),
                "one_person_limit": limit::in_force(conn, unit)?,
                "undo": undo::foreseen(conn, &item)?,
                "transfer": transfer,
                "payer_reads": told::is_word(&item),
                "combination": combinations::parts_json(&combine::of(conn, &item)?),
                "events": events.iter().map(|event| event_view(&item, event)).collect::<Vec<_>>(),
                "delegated": delegation::acts_on(conn, unit, duty::Kind::Exception, id.0)?,
            }))
        })
    });
    respond::ok(&found.await?)
}

fn proposal_json(proposal: Proposal, parts: &[Part]) -> Value {
    let part = |part: &Part| json!({ "obligation": part.obligation, "amount": part.amount });
    json!({
        "parts": parts.iter().map(part).collect::<Vec<_>>(),
        "resolution": proposal.resolution,
        "reason": proposal.reason,
        "maker": proposal.maker,
        "decision": proposal.decision.as_ref().map(decision_json),
    })
}

fn decision_json(decision: &Decision) -> Value {
    json!({ "number": decision.number, "on": decision.on })
}

/// One event, its target as the id it is.
pub fn event_view(item: &Exception, event: &PastEvent) -> Value {
    let person = event.target.filter(|_| event.kind == "assigned").map(|id| PersonId(id).to_string());
    let target = match event.resolution.as_deref() {
        Some(resolution) => event.target.map(|id| resolve::target_text(item, resolution, id)),
        None if event.kind == "settled_by_itself" => event.target.map(|id| ExceptionId(id).to_string()),
        None => person,
    };
    json!({
        "kind": event.kind, "state": event.state, "resolution": event.resolution, "target": target,
        "owner": event.owner, "maker": event.maker, "checker": event.checker, "reason": event.reason,
        "decision": event.decision.as_ref().map(decision_json), "at": event.at,
    })
}

pub(super) fn locate(conn: &mut Conn, actor: &Actor, id: ExceptionId) -> Result<UnitId> {
    query::unit_of(conn, &actor.scope, id)?
        .ok_or_else(|| Error::not_found("exception_not_found", "no such exception in your scope"))
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionBody {
    number: String,
    on: BusinessDay,
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProposeBody {
    pub resolution: String,
    /// The id of what the resolution points at: the obligation to assign the money to, for one.
    #[serde(default)]
    pub target: Option<String>,
    pub reason: String,
    /// Of the authority, where money without an owner goes to the budget.
    #[serde(default)]
    pub decision: Option<DecisionBody>,
    /// Of `split`: how much is for which obligation; what is left stays in suspense.
    #[serde(default)]
    pub parts: Vec<PartBody>,
    /// The `revision` of the exception that was read.
    #[serde(default)]
    pub expected_revision: Option<i64>,
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PartBody {
    obligation: ObligationId,
    amount: Dong,
}

/// A proposal as it was read.
#[derive(Clone)]
pub(super) struct Asked {
    resolution: String,
    target: Option<i64>,
    reason: String,
    decision: Option<Decision>,
    parts: Vec<Part>,
    expected_revision: Option<i64>,
}

impl Asked {
    pub fn read(body: &ProposeBody) -> Result<Asked> {
        Ok(Asked {
            resolution: bounded("resolution", &body.resolution, RESOLUTION_LIMIT)?,
            reason: bounded("reason", &body.reason, REASON_LIMIT)?,
            target: body.target.as_deref().map(|text| read_target_of(&body.resolution, text)).transpose()?,
            decision: body
                .decision
                .as_ref()
                .map(|given| Decision { number: given.number.clone(), on: given.on }),
            parts: body
                .parts
                .iter()
                .map(|part| Part { obligation: part.obligation, amount: part.amount })
                .collect(),
            expected_revision: body.expected_revision,
        })
    }

    pub fn ask(&self) -> Ask<'_> {
        Ask {
            resolution: &self.resolution,
            target: self.target,
            reason: &self.reason,
            decision: self.decision.clone(),
        }
    }

    /// Who may ask comes first; a proposal that does not fit goes with the transaction.
    pub fn propose(
        &self,
        tx: &mut Tx<'_>,
        stamp: &Stamp<'_>,
        actor: &Actor,
        unit: UnitId,
        id: ExceptionId,
    ) -> Result<Exception> {
        let before = exception::find(tx, unit, id)?.revision;
        let proposed = resolve::propose(tx, stamp, actor, (unit, id), self.ask(), &self.parts)?;
        seen::require(self.expected_revision, before)?;
        Ok(proposed)
    }
}

/// `POST /api/v1/exceptions/{id}/propose`
pub async fn propose(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let asked: ProposeBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let asked = Asked::read(&asked)?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        asked.propose(tx, stamp, actor, unit, id)
    })
    .await
}

/// `POST /api/v1/exceptions/{id}/approve`: another person than the one who proposed.
pub async fn approve(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let seen = ApproveBody::read(payload).await?;
    carry_out(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        let before = exception::find(tx, unit, id)?.revision;
        let approved = resolve::approve(tx, stamp, actor, unit, id)?;
        seen.require(before)?;
        Ok(approved)
    })
    .await
}

/// `POST /api/v1/exceptions/{id}/resolve`: one person alone, where the unit's limit allows that.
pub async fn alone(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let asked: ProposeBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let asked = Asked::read(&asked)?;
    carry_out(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        let before = exception::find(tx, unit, id)?.revision;
        let settled = resolve::alone(tx, stamp, actor, unit, id, &asked.ask())?;
        seen::require(asked.expected_revision, before)?;
        Ok(settled)
    })
    .await
}

pub(super) type CarriedOut = (Exception, Vec<(UnitId, ReceiptId)>);

/// Carries a resolution out; the documents it numbered go to the signing threads.
pub(super) async fn carry_out(
    request: &HttpRequest,
    caller: Caller,
    shared: web::Data<Shared>,
    act: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, UnitId, ExceptionId) -> Result<CarriedOut> + Send + 'static,
) -> Answer {
    let sealing = std::sync::Arc::clone(&shared.app().sealing);
    let numbered = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let made = std::sync::Arc::clone(&numbered);
    let answer = change(request, caller, shared, move |tx, stamp, actor, unit, id| {
        let (item, receipts) = act(tx, stamp, actor, unit, id)?;
        *made.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = receipts;
        Ok(item)
    })
    .await;
    if answer.is_ok() {
        sealing.numbered(&numbered.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
    }
    answer
}

/// `POST /api/v1/exceptions/{id}/refuse`: the exception is open again.
pub async fn refuse(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let reason = bounded("reason", &ReasonBody::read(payload).await?, REASON_LIMIT)?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        exception::refuse(tx, stamp, actor, unit, id, &reason)
    })
    .await
}

pub(super) async fn change(
    request: &HttpRequest,
    caller: Caller,
    shared: web::Data<Shared>,
    act: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, UnitId, ExceptionId) -> Result<Exception> + Send + 'static,
) -> Answer {
    let changed: ExceptionView = step(request, caller, shared, locate, move |tx, stamp, actor, unit, id| {
        Ok(view::exception(&act(tx, stamp, actor, unit, id)?, stamp.today()))
    })
    .await?;
    respond::ok(&json!({ "exception": changed }))
}

pub(super) fn bounded(field: &str, value: &str, limit: usize) -> Result<String> {
    let value = text::clean(value);
    if value.is_empty() {
        return Err(Error::invalid(field, "field_missing", "must not be empty"));
    }
    if value.chars().count() > limit {
        return Err(Error::invalid(field, "field_too_long", format!("at most {limit} characters")));
    }
    Ok(value)
}

/// What a resolution points at: the line that is lowered by its number, everything else by its id.
pub fn read_target_of(resolution: &str, text: &str) -> Result<i64> {
    if resolution != crate::payment::reduce::REDUCE {
        return read_target(text);
    }
    let wrong = |_| Error::invalid("target", "id_unreadable", "expected the number of a line");
    text.trim().parse().map_err(wrong)
}

/// An id of any kind a resolution may point at.
pub fn read_target(text: &str) -> Result<i64> {
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
        Some("bat") => text.parse().map(|id: BatchId| id.0),
        Some("set") => text.parse().map(|id: SettlementId| id.0),
        Some("rmt") => text.parse().map(|id: RemittanceId| id.0),
        _ => Err(Error::invalid("target", "id_unreadable", "expected an id")),
    };
    read.map_err(|_| {
        Error::invalid("target", "id_unreadable", "expected the id of an obligation, payment, …")
    })
}
