//! Letters to the bank about exceptions: write, print, record the reply.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::exceptions::{READERS, locate as locate_exception};
use super::{listing, paging};
use crate::actor::Actor;
use crate::audit;
use crate::error::Result;
use crate::id::{ExceptionId, LetterId, UnitId};
use crate::queue::letter::{self, Content, Letter, PRINTERS, Reply};
use crate::queue::letter_query;
use crate::store::{Conn, Stamp};
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::respond::{self, Answer, block};

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteBody {
    question: String,
}

/// `POST /api/v1/exceptions/{id}/letters`
pub async fn write(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let id: ExceptionId = extract::path(&request, "id")?;
    let asked: WriteBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let written = block(move || {
        let actor = &caller.0;
        shared.app().write(actor, |tx, stamp| {
            let unit = locate_exception(tx, actor, id)?;
            letter::write(tx, stamp, actor, unit, id, &asked.question)
        })
    });
    respond::json(StatusCode::CREATED, &json!({ "letter": summary(&written.await?) }))
}

/// `GET /api/v1/letters`: newest first.
pub async fn list(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    listing::read_page::<LetterId>(
        &request,
        caller,
        shared,
        (&READERS, "trace_letter"),
        |conn, _, unit, page| {
            let found = letter_query::page(conn, unit, page)?;
            let next = paging::next(&found, page.limit, |one| one.id);
            Ok(json!({ "letters": found.iter().map(summary).collect::<Vec<_>>(), "next": next }))
        },
    )
    .await
}

/// `GET /api/v1/letters/{id}`: the bank's words in clear leave a trace.
pub async fn find(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let id: LetterId = extract::path(&request, "id")?;
    let found = block(move || {
        let actor = &caller.0;
        let sees_words = actor.require_role(&PRINTERS).is_ok();
        shared.app().write(actor, |tx, stamp| {
            let unit = locate(tx, actor, id)?;
            let letter = letter_query::find(tx, unit, id)?;
            let replies = replies(tx, stamp, unit, id, sees_words)?;
            if sees_words && !replies.is_empty() {
                audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "letter.reply_seen", id)])?;
            }
            Ok(json!({ "letter": summary(&letter), "replies": replies }))
        })
    });
    respond::ok(&found.await?)
}

fn replies(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    unit: UnitId,
    id: LetterId,
    sees_words: bool,
) -> Result<Vec<Value>> {
    let mut shown = Vec::new();
    for stored in letter_query::replies(conn, unit, id)? {
        let words = match sees_words {
            true => Some(letter::reply(conn, stamp.vault, unit, &stored)?.words),
            false => None,
        };
        shown.push(json!({
            "outcome": stored.outcome, "on": stored.on, "number": stored.number, "words": words,
            "recorded_by": stored.person, "at": stored.at,
        }));
    }
    Ok(shown)
}

/// `GET /api/v1/letters/{id}/pdf`: the letter to be signed; printing it leaves a trace.
pub async fn pdf(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&PRINTERS)?;
    let id: LetterId = extract::path(&request, "id")?;
    let (name, bytes) = block(move || {
        let actor = &caller.0;
        let content = shared.app().write(actor, |tx, stamp| {
            let unit = locate(tx, actor, id)?;
            let letter = letter_query::find(tx, unit, id)?;
            audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "letter.printed", id)])?;
            Content::read(tx, stamp.vault, &letter)
        })?;
        Ok((content.file_stem(), letter::pdf(&content)?))
    })
    .await?;
    Ok(HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.pdf\"")))
        .body(bytes))
}

/// `POST /api/v1/letters/{id}/reply`
pub async fn reply(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let id: LetterId = extract::path(&request, "id")?;
    let told: Reply = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let answered = block(move || {
        let actor = &caller.0;
        shared.app().write(actor, |tx, stamp| {
            let unit = locate(tx, actor, id)?;
            letter::record_reply(tx, stamp, actor, unit, id, &told)
        })
    });
    respond::ok(&json!({ "letter": summary(&answered.await?) }))
}

fn locate(conn: &mut Conn, actor: &Actor, id: LetterId) -> Result<UnitId> {
    letter_query::unit_of(conn, &actor.scope, id)?.ok_or_else(letter_query::not_found)
}

pub fn summary(letter: &Letter) -> Value {
    json!({
        "id": letter.id,
        "number": letter.numbered(),
        "exception": letter.exception,
        "account": letter.account,
        "line": letter.line,
        "movement": letter.movement,
        "amount": letter.amount,
        "question": letter.question,
        "maker": letter.maker,
        "created_at": letter.created_at,
    })
}
