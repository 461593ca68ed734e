//! Proof that payers got their receipts: messages with their attempts and answers.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::json;

use super::obligations::locate;
use super::{paging, unit_asked};
use crate::actor::Role;
use crate::clock::BusinessDay;
use crate::error::Error;
use crate::id::{MessageId, ObligationId, ReceiptId};
use crate::notification::{self, State, consent, query, view};
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};
use crate::{obligation, receipt, unit};

const READERS: [Role; 5] = [Role::Cashier, Role::Finance, Role::Approver, Role::Auditor, Role::Administrator];

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    unit: Option<String>,
    state: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    limit: Option<i64>,
}

/// `GET /api/v1/notifications`: newest first.
pub async fn list(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: ListQuery = extract::query(&request)?;
    let limit = paging::limit(asked.limit)?;
    let state = asked.state.as_deref().map(str::parse::<State>).transpose()?;
    let before = paging::cursor_of::<MessageId>(asked.cursor.as_deref())?;
    let found = block(move || {
        let url = shared.url("");
        shared.app().read(&caller.0, |conn| {
            let unit = unit_asked(conn, &caller.0, asked.unit.as_deref())?;
            let code = unit::find(conn, unit)?.code;
            paging::require_unit(conn, unit, ("message", before))?;
            let items = query::page(conn, unit, state.as_slice(), before, limit)?;
            let next = paging::next(&items, limit, |item| item.id);
            let shown = view::of_each(conn, &url, &code, &items, false)?;
            Ok(json!({ "notifications": shown, "next": next }))
        })
    });
    respond::ok(&found.await?)
}

/// `GET /api/v1/receipts/{id}/notifications`: with every attempt and answer.
pub async fn of_receipt(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let id: ReceiptId = extract::path(&request, "id")?;
    let found = block(move || {
        let url = shared.url("");
        shared.app().read(&caller.0, |conn| {
            let unit = receipt::query::unit_of(conn, &caller.0.scope, id)?
                .ok_or_else(|| Error::not_found("receipt_not_found", "no such receipt in your scope"))?;
            let code = unit::find(conn, unit)?.code;
            let items = query::of_subject(conn, unit, "receipt", id.0)?;
            let shown = view::of_each(conn, &url, &code, &items, true)?;
            Ok(json!({ "receipt": id, "notifications": shown }))
        })
    });
    respond::ok(&found.await?)
}

/// `POST /api/v1/notifications/{id}/retry`: sends again what ended without arriving.
pub async fn retry(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    let id: MessageId = extract::path(&request, "id")?;
    let actor = caller.0;
    block(move || {
        shared.app().write(&actor, |tx, stamp| {
            let unit = query::unit_of(tx, &actor.scope, id)?.ok_or_else(notification::not_found)?;
            notification::retry(tx, stamp, &actor, unit, id)
        })
    })
    .await?;
    respond::ok(&json!({ "id": id, "state": State::Waiting.as_str() }))
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsentBody {
    given: bool,
    source: String,
    #[serde(default)]
    on: Option<BusinessDay>,
}

/// `POST /api/v1/obligations/{id}/consent`: the payer's word about messages beyond the receipt.
pub async fn consent(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let actor = caller.0;
    let id: ObligationId = extract::path(&request, "id")?;
    let asked: ConsentBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let is_given = asked.given;
    block(move || {
        shared.app().write(&actor, |tx, stamp| {
            let unit = locate(tx, &actor, id)?;
            let word = consent::Word {
                unit,
                party: obligation::find(tx, unit, id)?.party,
                is_given: asked.given,
                source: asked.source.clone(),
                given_on: asked.on.unwrap_or_else(|| stamp.today()),
            };
            consent::record(tx, stamp, &actor, word)
        })
    })
    .await?;
    respond::ok(&json!({ "obligation": id, "given": is_given }))
}
