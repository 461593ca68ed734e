//! A partner's papers, an acquirer's batches and a gateway's settlement reports alike: each is taken on, and asked to
//! be withdrawn.

use std::str::FromStr;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::step::{ReasonBody, step};
use super::view;
use crate::actor::{Actor, Role};
use crate::error::{Error, Result};
use crate::exception::Subject;
use crate::id::UnitId;
use crate::payment::payout::withdrawal;
use crate::store::{Conn, Stamp, Tx};
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

pub(super) const READERS: [Role; 4] = [Role::Finance, Role::Approver, Role::Auditor, Role::Administrator];

/// Takes a paper on, in one transaction, and answers with it under its name.
///
/// # Errors
/// `body_too_large`, `body_interrupted`, `json_unreadable`, and those of `import`.
pub(super) async fn import<B, P>(
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
    name: &'static str,
    import: fn(&mut Tx<'_>, &Stamp<'_>, &Actor, &B) -> Result<P>,
) -> Answer
where
    B: DeserializeOwned + Send + 'static,
    P: Serialize + Send + 'static,
{
    let asked: B = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let paper = block(move || {
        let actor = &caller.0;
        shared.app().write(actor, |tx, stamp| import(tx, stamp, actor, &asked))
    });
    respond::json(StatusCode::CREATED, &json!({ name: paper.await? }))
}

/// Asks for a paper to be withdrawn while it waits for its line; another person approves the exception.
///
/// # Errors
/// Those of `ReasonBody::read`, of `locate` and of `withdrawal::ask`.
pub(super) async fn withdraw<I>(
    request: &HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
    locate: fn(&mut Conn, &Actor, I) -> Result<UnitId>,
    subject: fn(I) -> Subject,
) -> Answer
where
    I: FromStr<Err = Error> + Copy + Send + 'static,
{
    caller.0.require_role(&withdrawal::ASKERS)?;
    let reason = ReasonBody::read(payload).await?;
    let item = step(request, caller, shared, locate, move |tx, stamp, actor, unit, id| {
        let item = withdrawal::ask(tx, stamp, actor, (unit, subject(id)), &reason)?;
        Ok(view::exception(&item, stamp.today()))
    })
    .await?;
    respond::ok(&json!({ "exception": item }))
}
