//! Several credits for one obligation: proposed at once, approved at once by another person.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::exceptions::{REASON_LIMIT, bounded, carry_out, change, locate};
use super::step::ReasonBody;
use crate::actor::Role;
use crate::error::{Error, Result};
use crate::exception::{self, Exception};
use crate::id::{ExceptionId, ObligationId};
use crate::payment::combine;
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CombineBody {
    /// The credits, two or more of one unit.
    exceptions: Vec<ExceptionId>,
    /// The obligation that owes exactly their sum.
    target: ObligationId,
    reason: String,
}

/// `POST /api/v1/exceptions/combine`: all of them for one obligation, or none.
pub async fn propose(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&[Role::Finance, Role::Approver])?;
    let asked: CombineBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let reason = bounded("reason", &asked.reason, REASON_LIMIT)?;
    if asked.exceptions.len() > combine::LIMIT {
        return Err(
            Error::invalid("exceptions", "bulk_too_many", format!("at most {}", combine::LIMIT)).into()
        );
    }
    let found = block(move || {
        let actor = &caller.0;
        shared.app().write(actor, |tx, stamp| {
            let ids: BTreeSet<ExceptionId> = asked.exceptions.iter().copied().collect();
            let mut parts = Vec::with_capacity(ids.len());
            for id in ids {
                let unit = locate(tx, actor, id)?;
                parts.push(exception::find(tx, unit, id)?);
            }
            let proposed = combine::propose(tx, stamp, actor, &parts, (asked.target, &reason))?;
            Ok(json!({ "combination": parts_json(&proposed), "sum": combine::sum(&proposed)? }))
        })
    });
    respond::ok(&found.await?)
}

/// Each with its revision, which an approval may name.
pub(super) fn parts_json(parts: &[Exception]) -> Vec<Value> {
    let part = |one: &Exception| json!({ "id": one.id, "amount": one.amount, "revision": one.revision });
    parts.iter().map(part).collect()
}

#[derive(Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApproveBody {
    /// The `revision` of each part as it was read, by its id; nothing is compared without.
    #[serde(default)]
    expected_revisions: BTreeMap<String, i64>,
}

impl ApproveBody {
    fn require(&self, parts: &[Exception]) -> Result<()> {
        let now: BTreeMap<String, i64> =
            parts.iter().map(|part| (part.id.to_string(), part.revision)).collect();
        if self.expected_revisions.is_empty() || self.expected_revisions == now {
            return Ok(());
        }
        Err(Error::conflict("act_changed", "the combination changed since it was read"))
    }
}

/// `POST /api/v1/exceptions/{id}/combination/approve`: another person, all of it at once; `{id}` is any part.
pub async fn approve(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let bytes = extract::body(payload, API_BODY_LIMIT_BYTES).await?;
    let seen = match bytes.is_empty() {
        true => ApproveBody::default(),
        false => extract::json::<Option<ApproveBody>>(&bytes)?.unwrap_or_default(),
    };
    carry_out(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        let (parts, receipts) = combine::approve(tx, stamp, actor, (unit, id))?;
        seen.require(&parts)?;
        Ok((exception::find(tx, unit, id)?, receipts))
    })
    .await
}

/// `POST /api/v1/exceptions/{id}/combination/refuse`: all of it is open again; `{id}` is any part.
pub async fn refuse(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let reason = bounded("reason", &ReasonBody::read(payload).await?, REASON_LIMIT)?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        combine::refuse(tx, stamp, actor, (unit, id), &reason)?;
        exception::find(tx, unit, id)
    })
    .await
}
