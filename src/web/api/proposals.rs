//! What the city decides by two persons: targets, entrustments, mergers, ends of accounts, names; and handing a
//! merged unit over.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::json;

use crate::actor::{Role, Scope};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{EventId, UnitId};
use crate::report::proposal::{
    self, AccountEnd, Content, Entrustment, EntrustmentEnd, Limit, Merger, Naming, Trust,
};
use crate::report::target::{Measure, Target};
use crate::report::winding_up;
use crate::store::{Conn, Lane};
use crate::text;
use crate::unit::{self, CITY, entrustment};
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

/// Proposals in one answer.
const LIMIT: i64 = 500;

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TargetBody {
    /// `online`, `full_process` or `electronic`.
    measure: String,
    kinds: Vec<String>,
    percent: i64,
    #[serde(default)]
    above: bool,
    valid_from: BusinessDay,
    #[serde(default)]
    valid_until: Option<BusinessDay>,
    source: String,
    /// `V`, `V2`, `M` or `P`, as in the legal profiles.
    certainty: String,
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EntrustmentBody {
    /// By its code.
    unit: String,
    decision_no: String,
    decided_on: BusinessDay,
    valid_from: BusinessDay,
    valid_until: BusinessDay,
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EntrustmentEndBody {
    /// By its code.
    unit: String,
    decision_no: String,
    decided_on: BusinessDay,
    from: BusinessDay,
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MergerBody {
    /// The unit that ends, by its code.
    unit: String,
    /// The unit that goes on for it, by its code.
    successor: String,
    effective_on: BusinessDay,
    decision_no: String,
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountEndBody {
    /// By its code.
    unit: String,
    /// The account number.
    account: String,
    last_day: BusinessDay,
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NamingBody {
    /// By its code.
    unit: String,
    name: String,
    address: String,
    valid_from: BusinessDay,
    decision_no: String,
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TrustBody {
    /// By its code.
    unit: String,
    /// The account number.
    account: String,
    /// The configured name.
    channel: String,
    valid_from: BusinessDay,
    valid_until: BusinessDay,
    agreement_no: String,
    claim_limit: Dong,
    unproven_limit: Dong,
    age_limit_days: i32,
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitBody {
    /// By its code.
    unit: String,
    /// Up to which one person settles an exception alone; 0 ends it.
    amount: Dong,
    decision_no: String,
}

/// Exactly one of them.
#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProposalBody {
    reason: String,
    #[serde(default)]
    target: Option<TargetBody>,
    #[serde(default)]
    entrustment: Option<EntrustmentBody>,
    #[serde(default)]
    entrustment_end: Option<EntrustmentEndBody>,
    #[serde(default)]
    merger: Option<MergerBody>,
    #[serde(default)]
    account_end: Option<AccountEndBody>,
    #[serde(default)]
    naming: Option<NamingBody>,
    #[serde(default)]
    trust: Option<TrustBody>,
    #[serde(default)]
    limit: Option<LimitBody>,
}

fn unit_of(conn: &mut Conn, code: &str) -> Result<UnitId> {
    unit::find_by_code(conn, code.trim()).map(|unit| unit.id)
}

fn content(conn: &mut Conn, channels: &[&str], body: &ProposalBody) -> Result<Content> {
    let mut found = Vec::new();
    found.extend(body.target.as_ref().map(target).transpose()?);
    if let Some(asked) = &body.entrustment {
        found.push(Content::Entrustment(Entrustment {
            unit: unit_of(conn, &asked.unit)?,
            decision_no: asked.decision_no.clone(),
            decided_on: asked.decided_on,
            valid_from: asked.valid_from,
            valid_until: asked.valid_until,
        }));
    }
    if let Some(asked) = &body.entrustment_end {
        found.push(Content::EntrustmentEnd(EntrustmentEnd {
            unit: unit_of(conn, &asked.unit)?,
            decision_no: asked.decision_no.clone(),
            decided_on: asked.decided_on,
            from: asked.from,
        }));
    }
    if let Some(asked) = &body.merger {
        found.push(Content::Merger(Merger {
            unit: unit_of(conn, &asked.unit)?,
            successor: unit_of(conn, &asked.successor)?,
            effective_on: asked.effective_on,
            decision_no: asked.decision_no.clone(),
        }));
    }
    if let Some(asked) = &body.account_end {
        let unit = unit_of(conn, &asked.unit)?;
        let account = unit::account::of_number(conn, unit, &asked.account)?.id;
        found.push(Content::AccountEnd(AccountEnd { unit, account, last_day: asked.last_day }));
    }
    if let Some(asked) = &body.naming {
        found.push(Content::Naming(Naming {
            unit: unit_of(conn, &asked.unit)?,
            name: asked.name.clone(),
            address: asked.address.clone(),
            valid_from: asked.valid_from,
            decision_no: asked.decision_no.clone(),
            tax_code: None,
            budget_code: None,
        }));
    }
    if let Some(asked) = &body.trust {
        let unit = unit_of(conn, &asked.unit)?;
        let account = unit::account::of_number(conn, unit, &asked.account)?.id;
        if !channels.contains(&asked.channel.as_str()) {
            let detail = format!("the configuration has these channels: {}", channels.join(", "));
            return Err(Error::invalid("channel", "channel_unknown", detail));
        }
        found.push(Content::Trust(Trust {
            unit,
            account,
            channel: asked.channel.clone(),
            valid_from: asked.valid_from,
            valid_until: asked.valid_until,
            agreement_no: asked.agreement_no.clone(),
            claim_limit: asked.claim_limit,
            unproven_limit: asked.unproven_limit,
            age_limit_days: asked.age_limit_days,
        }));
    }
    if let Some(asked) = &body.limit {
        let (unit, decision_no) = (unit_of(conn, &asked.unit)?, asked.decision_no.clone());
        found.push(Content::Limit(Limit { unit, amount: asked.amount, decision_no }));
    }
    match found.pop() {
        Some(content) if found.is_empty() => Ok(content),
        _ => {
            let detail = "exactly one of target, entrustment, entrustment_end, merger, account_end, naming, trust, limit";
            Err(Error::invalid("target", "field_missing", detail))
        }
    }
}

fn target(asked: &TargetBody) -> Result<Content> {
    Ok(Content::Target(Target {
        measure: Measure::parse(&asked.measure)?,
        kinds: asked.kinds.iter().map(|kind| text::clean(kind)).collect(),
        percent: asked.percent,
        above: asked.above,
        valid_from: asked.valid_from.0,
        valid_until: asked.valid_until.map(|day| day.0),
        source: text::clean(&asked.source),
        certainty: asked.certainty.clone(),
    }))
}

/// `GET /api/v1/proposals`
pub async fn list(caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&proposal::READERS)?;
    let found =
        block(move || shared.app().store.read(&Scope::All, |conn| proposal::list(conn, &caller.0, LIMIT)));
    respond::ok(&json!({ "proposals": found.await? }))
}

/// `POST /api/v1/proposals`
pub async fn propose(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&[Role::Administrator])?;
    let body: ProposalBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let made = block(move || {
        let app = shared.app();
        app.store.write(&Scope::All, Lane::Live, |tx| {
            let content = content(tx, &app.config.channels.names(), &body)?;
            proposal::propose(tx, &app.stamp(), &caller.0, &content, &body.reason)
        })
    });
    respond::ok(&json!({ "id": made.await? }))
}

/// `POST /api/v1/proposals/{id}/approve`
pub async fn approve(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&[Role::Administrator])?;
    let id: EventId = extract::path(&request, "id")?;
    let decided = block(move || {
        let app = shared.app();
        app.store.write(&Scope::All, Lane::Live, |tx| proposal::approve(tx, &app.stamp(), &caller.0, id))
    });
    respond::ok(&json!({ "proposal": decided.await? }))
}

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefusalBody {
    reason: String,
}

/// `POST /api/v1/proposals/{id}/refuse`
pub async fn refuse(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    caller.0.require_role(&[Role::Administrator])?;
    let id: EventId = extract::path(&request, "id")?;
    let body: RefusalBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let decided = block(move || {
        let app = shared.app();
        app.store.write(&Scope::All, Lane::Live, |tx| {
            proposal::refuse(tx, &app.stamp(), &caller.0, id, &body.reason)
        })
    });
    respond::ok(&json!({ "proposal": decided.await? }))
}

/// `GET /api/v1/entrustments`: of the units in scope, oldest first.
pub async fn entrustments(caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&proposal::READERS)?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            let mut rows = Vec::new();
            for unit in unit::all(conn)? {
                if unit.id == CITY || !caller.0.scope.covers(unit.id) {
                    continue;
                }
                for held in entrustment::of_unit(conn, unit.id)? {
                    rows.push(json!({
                        "unit": unit.code, "is_end": held.is_end, "decision_no": held.decision_no,
                        "decided_on": held.decided_on, "valid_from": held.valid_from,
                        "valid_until": held.valid_until, "issuer_name": held.issuer.name,
                        "issuer_tax_code": held.issuer.tax_code,
                    }));
                }
            }
            Ok(rows)
        })
    });
    respond::ok(&json!({ "entrustments": found.await? }))
}

/// `GET /api/v1/units/{code}/handover`: what stands in the way of handing a merged unit over.
pub async fn obstacles(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&[Role::Administrator, Role::Auditor])?;
    let code = extract::path_text(&request, "code").to_owned();
    let found = block(move || {
        shared.app().store.read(&Scope::All, |conn| {
            let unit = unit::find_by_code(conn, &code)?;
            caller.0.scope.require(unit.id)?;
            let merger = unit::succession::ending(conn, unit.id)?
                .ok_or_else(|| Error::conflict("merger_missing", "no merger ends this unit"))?;
            let successor = unit::find(conn, merger.successor)?.code;
            let done = winding_up::unit::handed_over(conn, unit.id)?;
            let obstacles = match done {
                Some(_) => Vec::new(),
                None => winding_up::unit::obstacles(conn, &merger)?,
            };
            Ok(json!({
                "successor": successor, "effective_on": merger.effective_on, "decision_no": merger.decision,
                "handed_over_at": done.map(|(at, _)| at), "obligations": done.map(|(_, count)| count),
                "obstacles": obstacles,
            }))
        })
    });
    respond::ok(&found.await?)
}

/// `POST /api/v1/units/{code}/handover`
pub async fn hand_over(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&[Role::Administrator])?;
    let code = extract::path_text(&request, "code").to_owned();
    let done = block(move || {
        let app = shared.app();
        let unit = app.store.read(&Scope::All, |conn| unit::find_by_code(conn, &code))?.id;
        winding_up::unit::hand_over(&app.store, &|| app.stamp(), &caller.0, unit)
    });
    respond::ok(&json!({ "handover": done.await? }))
}
