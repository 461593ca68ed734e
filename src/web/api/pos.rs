//! Card payments: approval codes, the acquirer's batches.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::papers::READERS;
use super::{listing, paging, papers, unit_asked};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::Subject;
use crate::id::{AccountId, BatchId, PaymentId, UnitId};
use crate::payment::pos::{self, Item, NewBatch, query};
use crate::payment::refund;
use crate::store::Conn;
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SlipBody {
    approval_code: String,
    #[serde(default)]
    terminal: String,
}

/// `POST /api/v1/payments/{id}/card-slip`
pub async fn card_slip(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let asked: SlipBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let id: PaymentId = extract::path(&request, "id")?;
    block(move || {
        let actor = &caller.0;
        shared.app().write(actor, |tx, stamp| {
            let unit = refund::query::unit_of_payment(tx, &actor.scope, id)?
                .ok_or_else(|| Error::not_found("payment_not_found", "no such payment in your scope"))?;
            pos::record_slip(tx, stamp, actor, unit, id, (&asked.approval_code, &asked.terminal))
        })
    })
    .await?;
    respond::ok(&json!({ "payment": id }))
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BatchBody {
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    account: Option<AccountId>,
    reference: String,
    settled_on: BusinessDay,
    #[serde(default)]
    fee: Dong,
    items: Vec<Item>,
}

/// `POST /api/v1/pos/batches`
pub async fn import(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    papers::import(caller, payload, shared, "batch", |tx, stamp, actor, asked: &BatchBody| {
        let new = NewBatch {
            unit: unit_asked(tx, actor, asked.unit.as_deref())?,
            account: asked.account,
            reference: asked.reference.clone(),
            settled_on: asked.settled_on,
            fee: asked.fee,
            items: asked.items.clone(),
        };
        pos::import(tx, stamp, actor, &new)
    })
    .await
}

/// `GET /api/v1/pos/batches`: newest first.
pub async fn list(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    listing::read_page::<BatchId>(&request, caller, shared, (&READERS, "pos_batch"), |conn, _, unit, page| {
        let batches = query::page(conn, unit, page)?;
        let next = paging::next(&batches, page.limit, |batch| batch.id);
        Ok(json!({ "batches": batches, "next": next }))
    })
    .await
}

/// `GET /api/v1/pos/batches/{id}`
pub async fn find(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let id: BatchId = extract::path(&request, "id")?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            let unit = locate(conn, &caller.0, id)?;
            let batch = pos::find(conn, unit, id)?;
            let matches = query::matches(conn, unit, id)?;
            let items: Vec<Value> = (1..)
                .zip(query::items(conn, unit, id)?)
                .map(|(number, item): (i32, Item)| {
                    let payment = matches.iter().find(|(of, _)| *of == number).map(|(_, payment)| payment);
                    json!({ "item": item, "payment": payment })
                })
                .collect();
            Ok(json!({ "batch": batch, "items": items }))
        })
    });
    respond::ok(&found.await?)
}

/// `POST /api/v1/pos/batches/{id}/withdrawal`: asks for it to be withdrawn while it waits for its line; another person
/// approves the exception.
pub async fn withdraw(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    papers::withdraw(&request, caller, payload, shared, locate, Subject::Batch).await
}

fn locate(conn: &mut Conn, actor: &Actor, id: BatchId) -> Result<UnitId> {
    query::unit_of(conn, &actor.scope, id)?.ok_or_else(pos::not_found)
}
