//! Work on the queue: comments, owners, re-opening, and the same for many items at once.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::exceptions::{Asked, ProposeBody, change, locate};
use super::seen::ApproveBody;
use super::step::ReasonBody;
use super::view;
use crate::actor::{Actor, Role, Scope};
use crate::app::App;
use crate::error::{Error, Result};
use crate::exception::{self, Exception, Owner};
use crate::id::*;
use crate::payment::{reopen, undo, unmatch};
use crate::reconciliation::explanation_query;
use crate::store::{Stamp, Tx};
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};
use crate::web::{Shared, message};

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CommentBody {
    comment: String,
}

/// `POST /api/v1/exceptions/{id}/comments`
pub async fn comment(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let asked: CommentBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        exception::comment(tx, stamp, actor, unit, id, &asked.comment)
    })
    .await
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AssignBody {
    owner: String,
    #[serde(default)]
    person: Option<PersonId>,
    reason: String,
}

/// `POST /api/v1/exceptions/{id}/assign`
pub async fn assign(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let asked: AssignBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    caller.0.require_role(&exception::WORKERS)?;
    let (held, reason) = (shared.clone(), asked.reason);
    let owner = block(move || owner_named(held.app(), &asked.owner, asked.person)).await?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        exception::assign(tx, stamp, actor, unit, id, (&owner, &reason))
    })
    .await
}

/// The owner of an item, perhaps a person who is registered at another unit than the item's.
fn owner_named(app: &App, role: &str, person: Option<PersonId>) -> Result<Owner> {
    app.store.read(&Scope::All, |conn| Owner::named(conn, role, person))
}

/// `POST /api/v1/exceptions/{id}/reopening`: asks for a settled item to be opened again.
pub async fn ask_to_reopen(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let reason = ReasonBody::read(payload).await?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        reopen::ask(tx, stamp, actor, unit, id, &reason)
    })
    .await
}

/// `POST /api/v1/lines/{id}/unmatch`: asks for a wrongly matched line to be taken apart; the exception
/// it opens is approved by another person.
pub async fn unmatch(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    caller.0.require_role(&[Role::Finance, Role::Approver])?;
    let line: LineId = extract::path(&request, "id")?;
    let reason = ReasonBody::read(payload).await?;
    let found = block(move || {
        let (app, actor) = (shared.app(), &caller.0);
        let today = app.clock.now().business_day();
        app.write(actor, |tx, stamp| {
            let missing = || Error::not_found("line_not_found", "no such statement line in your scope");
            let unit = explanation_query::unit_of(tx, &actor.scope, line)?.ok_or_else(missing)?;
            let item = unmatch::ask(tx, stamp, actor, (unit, line), &reason)?;
            let foreseen = undo::foreseen(tx, &item)?;
            Ok(json!({ "exception": view::exception(&item, today), "undo": foreseen }))
        })
    });
    respond::ok(&found.await?)
}

/// `POST /api/v1/exceptions/{id}/reopening/approve`: another person than the one who asked.
pub async fn approve_reopening(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let seen = ApproveBody::read(payload).await?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        let before = exception::find(tx, unit, id)?.revision;
        let opened = reopen::approve(tx, stamp, actor, unit, id)?;
        seen.require(before)?;
        Ok(opened)
    })
    .await
}

/// `POST /api/v1/exceptions/{id}/reopening/refuse`
pub async fn refuse_reopening(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let reason = ReasonBody::read(payload).await?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        exception::refuse_reopening(tx, stamp, actor, unit, id, &reason)
    })
    .await
}

/// The most items of one call.
const BULK_LIMIT: usize = 200;

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BulkBody {
    exceptions: Vec<String>,
    action: String,
    #[serde(default)]
    comment: Option<String>,
    #[serde(default)]
    owner: Option<String>,
    #[serde(default)]
    person: Option<PersonId>,
    #[serde(default)]
    resolution: Option<String>,
    #[serde(default)]
    target: Option<String>,
    #[serde(default)]
    reason: Option<String>,
}

/// What is done to each item.
enum Action {
    Comment(String),
    Assign(Owner, String),
    Propose(Asked),
}

impl Action {
    fn read(app: &App, body: BulkBody) -> Result<Action> {
        let missing = |field: &str| Error::invalid(field, "field_missing", "must not be empty");
        match body.action.as_str() {
            "comment" => Ok(Action::Comment(body.comment.ok_or_else(|| missing("comment"))?)),
            "assign" => {
                let role = body.owner.ok_or_else(|| missing("owner"))?;
                let reason = body.reason.ok_or_else(|| missing("reason"))?;
                Ok(Action::Assign(owner_named(app, &role, body.person)?, reason))
            }
            "propose" => Ok(Action::Propose(Asked::read(&ProposeBody {
                parts: Vec::new(),
                resolution: body.resolution.ok_or_else(|| missing("resolution"))?,
                target: body.target,
                reason: body.reason.ok_or_else(|| missing("reason"))?,
                decision: None,
                expected_revision: None,
            })?)),
            _ => Err(Error::invalid("action", "bulk_action_unknown", "comment, assign or propose")),
        }
    }

    fn act(
        &self,
        tx: &mut Tx<'_>,
        stamp: &Stamp<'_>,
        actor: &Actor,
        unit: UnitId,
        id: ExceptionId,
    ) -> Result<Exception> {
        match self {
            Action::Comment(words) => exception::comment(tx, stamp, actor, unit, id, words),
            Action::Assign(owner, reason) => exception::assign(tx, stamp, actor, unit, id, (owner, reason)),
            Action::Propose(asked) => asked.propose(tx, stamp, actor, unit, id),
        }
    }
}

/// `POST /api/v1/exceptions/bulk`: each item in a transaction of its own, with an answer of its own.
pub async fn bulk(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&exception::WORKERS)?;
    caller.0.require_person()?;
    let asked: BulkBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    if asked.exceptions.is_empty() || asked.exceptions.len() > BULK_LIMIT {
        return Err(Error::invalid("exceptions", "bulk_too_many", format!("1 to {BULK_LIMIT}")).into());
    }
    let named = asked.exceptions.clone();
    let held = shared.clone();
    let action = block(move || Action::read(held.app(), asked)).await?;
    let results = block(move || {
        let actor = &caller.0;
        let today = shared.app().clock.now().business_day();
        let mut results = Vec::with_capacity(named.len());
        let mut is_any_in_sight = false;
        for text in &named {
            let done = text.parse::<ExceptionId>().and_then(|id| {
                shared.app().write(actor, |tx, stamp| {
                    let unit = locate(tx, actor, id)?;
                    action.act(tx, stamp, actor, unit, id)
                })
            });
            is_any_in_sight |= done.as_ref().err().is_none_or(|error| !is_out_of_sight(error));
            results.push(match done {
                Ok(item) => json!({ "id": text, "ok": true, "exception": view::exception(&item, today) }),
                Err(error) => told(text, &error),
            });
        }
        if !is_any_in_sight {
            return Err(Error::not_found("exception_not_found", "no such exception in your scope"));
        }
        Ok(results)
    });
    respond::ok(&json!({ "results": results.await? }))
}

fn is_out_of_sight(error: &Error) -> bool {
    matches!(error.code(), "exception_not_found" | "id_unreadable")
}

/// One item's refusal. What it named is said back only where it is an id.
fn told(text: &str, error: &Error) -> Value {
    respond::note(error);
    let words = message::words(error.code());
    let id = text.parse::<ExceptionId>().map(|id| id.to_string()).unwrap_or_default();
    let error = json!({ "code": error.code(), "message": words.vi, "message_en": words.en });
    json!({ "id": id, "ok": false, "error": error })
}
