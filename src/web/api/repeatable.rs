//! Requests that make something and may be repeated under their `Idempotency-Key`.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::actor::Actor;
use crate::error::Result;
use crate::store::{Stamp, Tx};
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::idempotency::{Repeatable, once};
use crate::web::respond::{self, Answer, block};

/// Makes what the body asks for, once for each key; a repeat gets the first answer, byte for byte.
/// `route` is the pattern that the key belongs to.
///
/// # Errors
/// Those of the key and the body, `idempotency_in_flight`, `idempotency_key_reused`, and those of `make`.
pub(super) async fn create<B: DeserializeOwned + Send + 'static>(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
    route: &'static str,
    make: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, &B) -> Result<Value> + Send + 'static,
) -> Answer {
    let actor = caller.0;
    let key = extract::idempotency_key(&request)?;
    let body = extract::body(payload, API_BODY_LIMIT_BYTES).await?;
    let asked: B = extract::json(&body)?;
    let repeatable = Repeatable::new(&actor, route, key, request.path(), &body)?;
    let given = block(move || {
        let app = Arc::clone(shared.app());
        once(&app, &shared.in_flight, &actor, &repeatable, StatusCode::CREATED, |tx, stamp| {
            respond::to_bytes(&make(tx, stamp, &actor, &asked)?)
        })
    });
    let given = given.await?;
    Ok(respond::json_bytes(given.status, given.body))
}
