//! Why lines were posted as they were, and the rules that classify those which are no fee.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{paging, unit_asked};
use crate::actor::{Role, Scope};
use crate::clock::BusinessDay;
use crate::error::Error;
use crate::id::{AccountId, ClassRuleId, LineId};
use crate::reconciliation::classification::Rule;
use crate::reconciliation::explanation_query;
use crate::reconciliation::rulebook::{self, NewVersion, Question, query};
use crate::reconciliation::{explanation, rulebook::WhatIf};
use crate::statement::{self, StoredLine};
use crate::unit::{CITY, account};
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

const READERS: [Role; 4] = [Role::Finance, Role::Approver, Role::Auditor, Role::Administrator];

/// `GET /api/v1/lines/{id}`
pub async fn explain(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let id: LineId = extract::path(&request, "id")?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            let missing = || Error::not_found("line_not_found", "no such statement line in your scope");
            let unit = explanation_query::unit_of(conn, &caller.0.scope, id)?.ok_or_else(missing)?;
            explanation::explain(conn, unit, id)
        })
    });
    respond::ok(&json!({ "line": found.await? }))
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LinesQuery {
    unit: Option<String>,
    date: Option<BusinessDay>,
    cursor: Option<String>,
    /// The name of `cursor` in older programs.
    after: Option<String>,
    limit: Option<i64>,
}

/// `GET /api/v1/lines?unit=&date=&cursor=&limit=`: the lines booked on one day (today), over all
/// accounts, in the order of their ids.
pub async fn lines(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: LinesQuery = extract::query(&request)?;
    let limit = usize::try_from(paging::limit(asked.limit)?).unwrap_or(1);
    let after = paging::cursor_of::<LineId>(asked.cursor.as_deref().or(asked.after.as_deref()))?;
    let found = block(move || {
        let date = asked.date.unwrap_or_else(|| shared.app().stamp().today());
        shared.app().read(&caller.0, |conn| {
            let unit = unit_asked(conn, &caller.0, asked.unit.as_deref())?;
            paging::require_unit(conn, unit, ("statement_line", after))?;
            let mut found = Vec::new();
            for account in account::of_unit(conn, unit)? {
                found.extend(statement::line_query::lines_of_day(conn, unit, account.id, date)?);
            }
            found.retain(|line| after.is_none_or(|after| line.id > after));
            found.sort_by_key(|line| line.id);
            let next = found.get(limit).and_then(|_| found.get(limit - 1)).map(|line| line.id);
            found.truncate(limit);
            Ok((found.iter().map(line_json).collect::<Vec<Value>>(), next))
        })
    });
    let (lines, next) = found.await?;
    respond::ok(&json!({ "lines": lines, "next": next }))
}

fn line_json(line: &StoredLine) -> Value {
    json!({
        "id": line.id,
        "account": line.account,
        "booking_date": line.booking_date,
        "amount": line.amount,
        "codes": line.codes,
        "class": line.class,
        "matched": line.matched,
        "posted_on": line.posted_on,
    })
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProposeBody {
    #[serde(default)]
    unit: Option<String>,
    /// For every unit.
    #[serde(default)]
    city: bool,
    rule: Rule,
    #[serde(default)]
    rank: Option<i32>,
    #[serde(default)]
    reason: String,
}

/// `POST /api/v1/classification-rules`
pub async fn propose(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    let asked: ProposeBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let made = block(move || {
        let actor = &caller.0;
        shared.app().write(actor, |tx, stamp| {
            let unit = if asked.city { CITY } else { unit_asked(tx, actor, asked.unit.as_deref())? };
            let new =
                NewVersion { unit, rule: asked.rule.clone(), rank: asked.rank, reason: asked.reason.clone() };
            rulebook::propose(tx, stamp, actor, &new)
        })
    });
    respond::json(StatusCode::CREATED, &json!({ "rule": made.await? }))
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RulesQuery {
    unit: Option<String>,
}

/// `GET /api/v1/classification-rules?unit=`: what is in force, and the unit's own versions.
pub async fn list(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: RulesQuery = extract::query(&request)?;
    let found = block(move || {
        let unit = shared.app().read(&caller.0, |conn| unit_asked(conn, &caller.0, asked.unit.as_deref()))?;
        let own = shared.app().read(&caller.0, |conn| query::versions(conn, unit))?;
        let in_force = shared.app().store.read(&Scope::All, |conn| query::in_force(conn, unit))?;
        Ok(json!({ "in_force": rulebook::in_force_of(in_force, None), "versions": own }))
    });
    respond::ok(&found.await?)
}

#[derive(Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecideBody {
    #[serde(default)]
    reason: String,
}

/// `POST /api/v1/classification-rules/{id}/approve`
pub async fn approve(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    decide(request, caller, payload, shared, true).await
}

/// `POST /api/v1/classification-rules/{id}/refuse`
pub async fn refuse(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    decide(request, caller, payload, shared, false).await
}

async fn decide(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
    is_approved: bool,
) -> Answer {
    let id: ClassRuleId = extract::path(&request, "id")?;
    let bytes = extract::body(payload, API_BODY_LIMIT_BYTES).await?;
    let asked: DecideBody = if bytes.is_empty() { DecideBody::default() } else { extract::json(&bytes)? };
    let made = block(move || {
        let actor = &caller.0;
        shared.app().write(actor, |tx, stamp| {
            let unit = query::unit_of(tx, &actor.scope, id)?.ok_or_else(rulebook::not_found)?;
            match is_approved {
                true => rulebook::approve(tx, stamp, actor, unit, id),
                false => rulebook::refuse(tx, stamp, actor, unit, id, &asked.reason),
            }
        })
    });
    respond::ok(&json!({ "rule": made.await? }))
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WhatIfBody {
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    account: Option<AccountId>,
    from: BusinessDay,
    until: BusinessDay,
    rules: Vec<Asked>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    rule: Rule,
    #[serde(default)]
    rank: Option<i32>,
}

/// `POST /api/v1/classification-rules/what-if`: writes nothing.
pub async fn what_if(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    let asked: WhatIfBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let found = block(move || {
        let (app, actor) = (shared.app(), &caller.0);
        let unit = app.read(actor, |conn| unit_asked(conn, actor, asked.unit.as_deref()))?;
        let question = Question {
            unit,
            account: asked.account,
            first: asked.from,
            last: asked.until,
            rules: asked.rules.into_iter().map(|one| (one.rule, one.rank)).collect(),
        };
        rulebook::what_if(&app.store, &app.vault, actor, &question)
    });
    let found: WhatIf = found.await?;
    respond::ok(&json!({ "what_if": found }))
}
