//! What the city decides by two persons: targets and entrustments.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::json;

use crate::actor::{Role, Scope};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{EventId, UnitId};
use crate::report::proposal::{self, Content, Entrustment, EntrustmentEnd};
use crate::report::target::{Measure, Target};
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

/// Exactly one of the three.
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
}

fn unit_of(conn: &mut Conn, code: &str) -> Result<UnitId> {
    unit::find_by_code(conn, code.trim()).map(|unit| unit.id)
}

fn content(conn: &mut Conn, body: &ProposalBody) -> Result<Content> {
    match (&body.target, &body.entrustment, &body.entrustment_end) {
        (Some(asked), None, None) => Ok(Content::Target(Target {
            measure: Measure::parse(&asked.measure)?,
            kinds: asked.kinds.iter().map(|kind| text::clean(kind)).collect(),
            percent: asked.percent,
            above: asked.above,
            valid_from: asked.valid_from.0,
            valid_until: asked.valid_until.map(|day| day.0),
            source: text::clean(&asked.source),
            certainty: asked.certainty.clone(),
        })),
        (None, Some(asked), None) => Ok(Content::Entrustment(Entrustment {
            unit: unit_of(conn, &asked.unit)?,
            decision_no: asked.decision_no.clone(),
            decided_on: asked.decided_on,
            valid_from: asked.valid_from,
            valid_until: asked.valid_until,
        })),
        (None, None, Some(asked)) => Ok(Content::EntrustmentEnd(EntrustmentEnd {
            unit: unit_of(conn, &asked.unit)?,
            decision_no: asked.decision_no.clone(),
            decided_on: asked.decided_on,
            from: asked.from,
        })),
        _ => {
            let detail = "exactly one of target, entrustment, entrustment_end";
            Err(Error::invalid("target", "field_missing", detail))
        }
    }
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
            let content = content(tx, &body)?;
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
