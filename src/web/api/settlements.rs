//! Settlement reports of payment gateways, and what was agreed with them.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::papers::READERS;
use super::{listing, paging, papers, unit_asked};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::exception::Subject;
use crate::id::{AccountId, SettlementId, UnitId};
use crate::payment::gateway::{self, Item, NewSettlement, Terms, query};
use crate::store::Conn;
use crate::unit::account;
use crate::web::Shared;
use crate::web::extract::{self, Caller};
use crate::web::respond::{self, Answer, block};

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportBody {
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    account: Option<AccountId>,
    channel: String,
    reference: String,
    settled_on: BusinessDay,
    #[serde(default)]
    charge: Dong,
    items: Vec<Item>,
}

/// `POST /api/v1/settlements`
pub async fn import(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    papers::import(caller, payload, shared, "settlement", |tx, stamp, actor, asked: &ReportBody| {
        let new = NewSettlement {
            unit: unit_asked(tx, actor, asked.unit.as_deref())?,
            account: asked.account,
            channel: asked.channel.clone(),
            reference: asked.reference.clone(),
            settled_on: asked.settled_on,
            charge: asked.charge,
            items: asked.items.clone(),
        };
        gateway::import(tx, stamp, actor, &new)
    })
    .await
}

/// `GET /api/v1/settlements`: newest first, with the terms in force.
pub async fn list(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    listing::read_page::<SettlementId>(
        &request,
        caller,
        shared,
        (&READERS, "settlement"),
        |conn, _, unit, page| {
            let mut terms = Vec::new();
            for account in account::of_unit(conn, unit)? {
                terms.extend(query::terms(conn, unit, account.id)?.iter().map(terms_json));
            }
            let settlements = query::page(conn, unit, page)?;
            let next = paging::next(&settlements, page.limit, |one| one.id);
            Ok(json!({ "settlements": settlements, "terms": terms, "next": next }))
        },
    )
    .await
}

fn terms_json(terms: &Terms) -> Value {
    json!({
        "account": terms.account,
        "channel": terms.channel,
        "marker": terms.marker,
        "fee_bp": terms.fee_bp,
        "fee_fixed": terms.fee_fixed,
        "window_days": terms.window_days,
        "valid_from": terms.valid_from,
        "valid_until": terms.valid_until,
        "agreement_no": terms.agreement_no,
    })
}

/// `GET /api/v1/settlements/{id}`
pub async fn find(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let id: SettlementId = extract::path(&request, "id")?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            let unit = locate(conn, &caller.0, id)?;
            let settlement = gateway::find(conn, unit, id)?;
            let items = query::items(conn, unit, id)?;
            let standings = query::standings(conn, &settlement, &items)?;
            let items: Vec<Value> = items
                .iter()
                .zip(standings)
                .map(|(item, (standing, movement))| {
                    json!({ "item": item, "standing": standing, "movement": movement })
                })
                .collect();
            Ok(json!({ "settlement": settlement, "items": items }))
        })
    });
    respond::ok(&found.await?)
}

/// `POST /api/v1/settlements/{id}/withdrawal`: asks for it to be withdrawn while it waits for its line; another person
/// approves the exception.
pub async fn withdraw(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    papers::withdraw(&request, caller, payload, shared, locate, Subject::Settlement).await
}

fn locate(conn: &mut Conn, actor: &Actor, id: SettlementId) -> Result<UnitId> {
    query::unit_of(conn, &actor.scope, id)?.ok_or_else(gateway::not_found)
}
