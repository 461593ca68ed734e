//! Opening closed days again, by two persons.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::books::READERS;
use super::days::place_asked;
use super::step::{ReasonBody, step};
use super::{listing, paging};
use crate::actor::Actor;
use crate::clock::BusinessDay;
use crate::duty::{self, delegation};
use crate::error::Result;
use crate::id::{ReopeningId, UnitId};
use crate::reconciliation::reopening::{self, Reopening};
use crate::store::{Conn, Stamp, Tx};
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestBody {
    #[serde(default)]
    unit: Option<String>,
    /// The account's number.
    #[serde(default)]
    account: Option<String>,
    date: BusinessDay,
    reason: String,
}

/// `POST /api/v1/days/reopenings`
pub async fn request(caller: Caller, payload: web::Payload, shared: web::Data<Shared>) -> Answer {
    let asked: RequestBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let made = block(move || {
        shared.app().write(&caller.0, |tx, stamp| {
            let place = place_asked(tx, &caller.0, asked.unit.clone(), asked.account.clone())?;
            reopening::request(tx, stamp, &caller.0, place, asked.date, &asked.reason)
        })
    });
    respond::ok(&json!({ "reopening": made.await? }))
}

/// `GET /api/v1/days/reopenings?unit=&cursor=&limit=`: newest first.
pub async fn list(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    listing::read_page::<ReopeningId>(
        &request,
        caller,
        shared,
        (&READERS, "day_reopening"),
        |conn, _, unit, page| {
            let mut told = Vec::new();
            let found = reopening::list(conn, unit, page)?;
            let next = paging::next(&found, page.limit, |one| one.id);
            for one in found {
                let acts = delegation::acts_on(conn, unit, duty::Kind::Reopening, one.id.0)?;
                let mut shown = json!(one);
                shown["delegated"] = json!(acts);
                told.push(shown);
            }
            Ok(json!({ "reopenings": told, "next": next }))
        },
    )
    .await
}

/// `POST /api/v1/days/reopenings/{id}/approve`: the day and all later ones are open.
pub async fn approve(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    change(&request, caller, shared, |tx, stamp, actor, unit, id| {
        let opened = reopening::approve(tx, stamp, actor, unit, id)?;
        Ok(json!({ "reopening": opened.reopening, "days": opened.days, "months": opened.months }))
    })
    .await
}

/// `POST /api/v1/days/reopenings/{id}/refuse`
pub async fn refuse(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let reason = ReasonBody::read(payload).await?;
    change(&request, caller, shared, move |tx, stamp, actor, unit, id| {
        let refused: Reopening = reopening::refuse(tx, stamp, actor, unit, id, &reason)?;
        Ok(json!({ "reopening": refused }))
    })
    .await
}

async fn change(
    request: &HttpRequest,
    caller: Caller,
    shared: web::Data<Shared>,
    act: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, UnitId, ReopeningId) -> Result<Value> + Send + 'static,
) -> Answer {
    respond::ok(&step(request, caller, shared, locate, act).await?)
}

fn locate(conn: &mut Conn, actor: &Actor, id: ReopeningId) -> Result<UnitId> {
    reopening::unit_of(conn, &actor.scope, id)?.ok_or_else(reopening::not_found)
}
