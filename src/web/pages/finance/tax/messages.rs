//! `/tax/messages`: the ledger of messages to the tax authority, newest first, of one unit.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::words;
use crate::actor::Actor;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::filing::rules::State;
use crate::filing::transmission::{self, Message, Wanted};
use crate::store::Conn;
use crate::store::page::Page as Rows;
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::fields::Wrong;
use crate::web::pages::finance::READERS;
use crate::web::pages::finance::report_page::{unit_choices, unit_named};
use crate::web::pages::frame::Frame;
use crate::web::pages::listing::{Cell, Listing, time};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, html};
use crate::web::respond::block;

/// Messages on one page.
const SHOWN_LIMIT: i64 = 50;

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    unit: String,
    state: String,
    /// The last message of the page before.
    after: String,
}

impl Asked {
    fn wanted(&self) -> Result<Wanted> {
        match self.state.as_str() {
            "" => Ok(Wanted::All),
            "open" => Ok(Wanted::Open),
            text => {
                let found = State::ALL.into_iter().find(|state| state.as_str() == text);
                found.map(Wanted::In).ok_or_else(|| {
                    Error::invalid("form.state", "form_unreadable", "no such state of a message")
                })
            }
        }
    }

    fn rows(&self) -> Result<Rows> {
        if self.after.is_empty() {
            return Ok(Rows::from(SHOWN_LIMIT));
        }
        let last: crate::id::TransmissionId = self.after.parse().map_err(|_| transmission::not_found())?;
        Ok(Rows { cursor: Some(last.0), limit: SHOWN_LIMIT })
    }
}

#[derive(Template)]
#[template(path = "tax_messages.html")]
struct MessagesPage {
    frame: Frame,
    wrong: Wrong,
    units: Vec<(String, String)>,
    /// Code and words.
    states: Vec<(&'static str, &'static str)>,
    unit: String,
    state: String,
    waiting: String,
    listing: Listing,
    next: Option<String>,
}

struct Found {
    unit: String,
    messages: Vec<Message>,
    /// Since when the oldest message that is not with the authority waits.
    oldest: Option<Instant>,
}

/// `GET /tax/messages?unit=&state=&after=`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let asked: Asked = extract::query(&request).unwrap_or_default();
    let (wanted, rows) = (asked.wanted()?, asked.rows()?);
    let frame = Frame::of(&signed, &request);
    let (app, actor, code) = (Arc::clone(shared.app()), signed.actor.clone(), asked.unit.clone());
    let (units, found) = block(move || {
        app.read(&actor, |conn| Ok((unit_choices(conn, &actor)?, found(conn, &actor, &code, wanted, rows))))
    })
    .await?;
    let (status, wrong, found) = match found {
        Ok(found) => (StatusCode::OK, Wrong::default(), found),
        Err(error) => {
            let none = Found { unit: asked.unit, messages: Vec::new(), oldest: None };
            (StatusCode::BAD_REQUEST, Wrong::of(error, frame.lang)?, none)
        }
    };
    let is_full = i64::try_from(found.messages.len()) == Ok(SHOWN_LIMIT);
    let page = MessagesPage {
        wrong,
        units,
        states: states(frame.lang),
        state: asked.state,
        waiting: found.oldest.map(time).unwrap_or_default(),
        next: found.messages.last().filter(|_| is_full).map(|last| last.id.to_string()),
        listing: listing(&frame, &found.messages),
        unit: found.unit,
        frame,
    };
    Ok(html(status, &page))
}

fn found(conn: &mut Conn, actor: &Actor, code: &str, wanted: Wanted, rows: Rows) -> Result<Found> {
    let unit = unit_named(conn, actor, code)?;
    Ok(Found {
        messages: transmission::of_unit(conn, Some(unit.id), wanted, rows)?,
        oldest: transmission::oldest_waiting_of(conn, unit.id)?,
        unit: unit.code,
    })
}

fn states(lang: Lang) -> Vec<(&'static str, &'static str)> {
    let each = State::ALL.into_iter().map(|state| (state.as_str(), words::message_state(lang, state).0));
    [("", lang.t("filter_all")), ("open", lang.t("messages_open"))].into_iter().chain(each).collect()
}

fn listing(frame: &Frame, messages: &[Message]) -> Listing {
    let row = |message: &Message| {
        let (state, tone) = words::message_state(frame.lang, message.state);
        vec![
            Cell::text(time(message.created_at)),
            Cell::link(words::kind(frame.lang, message.kind), format!("/tax/messages/{}", message.id)),
            Cell::mono(message.message_code.clone()),
            Cell::figure(message.attempts),
            Cell::state(state, tone),
        ]
    };
    Listing {
        caption: frame.t("way_tax_messages"),
        heads: ["messages_made", "messages_kind", "messages_code", "messages_attempts", "state"]
            .iter()
            .map(|key| frame.t(key))
            .collect(),
        rows: messages.iter().map(row).collect(),
    }
}
