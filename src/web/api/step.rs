//! One step of something that has an id: refused, sent back, approved, closed.

use std::str::FromStr;

use actix_web::{HttpRequest, web};
use serde::Deserialize;

use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::store::{Conn, Stamp, Tx};
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::block;

/// Why: all that many a step asks for.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonBody {
    reason: String,
}

impl ReasonBody {
    /// # Errors
    /// `body_too_large`, `body_interrupted`, `json_unreadable`.
    pub async fn read(payload: web::Payload) -> Result<String> {
        let asked: ReasonBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
        Ok(asked.reason)
    }
}

/// Takes a step with what the address names by `{id}`: in one transaction, in the unit that has it.
/// `locate` finds that unit in the caller's scope.
pub(super) async fn step<I, T>(
    request: &HttpRequest,
    caller: Caller,
    shared: web::Data<Shared>,
    locate: fn(&mut Conn, &Actor, I) -> Result<UnitId>,
    act: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, UnitId, I) -> Result<T> + Send + 'static,
) -> Result<T>
where
    I: FromStr<Err = Error> + Copy + Send + 'static,
    T: Send + 'static,
{
    let id: I = extract::path(request, "id")?;
    block(move || {
        let actor = &caller.0;
        shared.app().write(actor, |tx, stamp| {
            let unit = locate(tx, actor, id)?;
            act(tx, stamp, actor, unit, id)
        })
    })
    .await
}
