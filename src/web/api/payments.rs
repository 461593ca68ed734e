//! Money at the counter.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::json;

use super::obligations::locate;
use super::view;
use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::id::{ObligationId, ReceiptId, UnitId};
use crate::identity;
use crate::payment::advised;
use crate::payment::book::Method;
use crate::payment::counter::{self, Taking};
use crate::payment::settler::Numbered;
use crate::store::{Stamp, Tx};
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::idempotency::{Repeatable, once};
use crate::web::respond::{self, Answer, block};
use crate::{obligation, receipt};

const CREATE: &str = "POST /api/v1/obligations/{id}/payments";

/// Documents that were numbered and wait for their signatures.
type Numbers = Vec<(UnitId, ReceiptId)>;

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    method: String,
    amount: Dong,
    /// Whether it is taken although the bank told of a transfer that no statement has proven yet.
    #[serde(default)]
    despite: bool,
}

/// `POST /api/v1/obligations/{id}/payments`: a cashier confirms cash or a card payment.
pub async fn create(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let actor = caller.0;
    actor.require_role(&[Role::Cashier])?;
    let id: ObligationId = extract::path(&request, "id")?;
    let key = extract::idempotency_key(&request)?;
    let body = extract::body(payload, API_BODY_LIMIT_BYTES).await?;
    let asked: Asked = extract::json(&body)?;
    let method = method(&asked.method)?;
    let repeatable = Repeatable::new(&actor, CREATE, key, request.path(), &body)?;
    let given = block(move || {
        let app = Arc::clone(shared.app());
        let person = actor.require_person()?;
        let collector = app.store.read(&Scope::All, |conn| identity::person_name(conn, person))?;
        let mut numbered = Numbers::new();
        let given = once(&app, &shared.in_flight, &actor, &repeatable, StatusCode::CREATED, |tx, stamp| {
            let unit = locate(tx, &actor, id)?;
            let taking =
                Taking { unit, obligation: id, amount: asked.amount, method, collector: collector.clone() };
            let (body, receipts) = take(&shared, tx, stamp, &actor, &taking)?;
            advised::refuse_unseen(tx, unit, &[id], asked.despite)?;
            numbered = receipts;
            Ok(body)
        })?;
        // Signed soon; after a crash it would be found by its state.
        if !given.is_repeated && !numbered.is_empty() {
            app.sealing.numbered(&numbered);
        }
        Ok(given)
    });
    let given = given.await?;
    Ok(respond::json_bytes(given.status, given.body))
}

fn method(text: &str) -> Result<Method> {
    match text {
        "cash" => Ok(Method::Cash),
        "card" => Ok(Method::Card),
        _ => Err(Error::invalid("method", "counter_method", "cash or card")),
    }
}

fn take(
    shared: &Shared,
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    taking: &Taking,
) -> Result<(Vec<u8>, Numbers)> {
    let taken = counter::take(tx, stamp, actor, taking)?;
    let item = obligation::find(tx, taking.unit, taking.obligation)?;
    let documents = receipt::query::of_obligation(tx, taking.unit, taking.obligation)?;
    let made: Vec<view::ReceiptView> = documents
        .iter()
        .filter(|document| taken.receipts.contains(&document.id))
        .map(|document| view::receipt(shared, document))
        .collect();
    let answer = json!({
        "payment": taken.payment,
        "obligation": taking.obligation,
        "method": taking.method.as_str(),
        "amount": taking.amount,
        "state": item.state.as_str(),
        "receipt": made.first(),
        "receipts": made,
        "receipts_awaited": view::awaited(tx, &item)?,
    });
    Ok((respond::to_bytes(&answer)?, taken.receipts.iter().map(|id| (taking.unit, *id)).collect()))
}
