//! `/finance/notifications`: what was written to the payers of a unit, how far each message came and why one did not
//! arrive; one message with the proof of its delivery, and the button that sends it again.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::report_page::{unit_choices, unit_named};
use crate::actor::{Actor, Role};
use crate::app::App;
use crate::error::{Error, Result};
use crate::id::{MessageId, ReceiptId, UnitId};
use crate::notification::view::{self, EventView, MessageView};
use crate::notification::{self, Channel, Message, SENDERS, State, address, query};
use crate::receipt;
use crate::store::Conn;
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::fields::{Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::listing::{Cell, Listing, or_dash, time};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

const READERS: [Role; 5] = [Role::Cashier, Role::Finance, Role::Approver, Role::Auditor, Role::Administrator];
/// Messages on one page.
const SHOWN_LIMIT: i64 = 50;
/// What ended without arriving.
const UNDELIVERED: [State; 3] = [State::Bounced, State::Failed, State::GivenUp];

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    unit: String,
    /// A state, or `undelivered`.
    state: String,
    /// Only the messages about this receipt.
    receipt: String,
    /// The last message of the page before.
    after: String,
}

impl Asked {
    fn states(&self) -> Result<Vec<State>> {
        match self.state.as_str() {
            "" => Ok(Vec::new()),
            "undelivered" => Ok(UNDELIVERED.to_vec()),
            text => Ok(vec![text.parse()?]),
        }
    }
}

#[derive(Template)]
#[template(path = "notifications.html")]
struct NotificationsPage {
    frame: Frame,
    wrong: Wrong,
    units: Vec<(String, String)>,
    /// Code and words.
    states: Vec<(&'static str, &'static str)>,
    unit: String,
    state: String,
    /// The document whose messages are shown alone: its name.
    about: String,
    listing: Listing,
    next: Option<MessageId>,
}

/// A message with where it goes, masked; None where there is no address, or it was erased.
struct Shown {
    view: MessageView,
    to: Option<String>,
}

struct Found {
    unit: String,
    about: String,
    shown: Vec<Shown>,
    next: Option<MessageId>,
}

/// `GET /finance/notifications?unit=&state=&receipt=&after=`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let asked: Asked = extract::query(&request).unwrap_or_default();
    let frame = Frame::of(&signed, &request);
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), asked.clone());
    let (units, found) = block(move || {
        app.read(&actor, |conn| Ok((unit_choices(conn, &actor)?, found(conn, &app, &actor, &typed))))
    })
    .await?;
    let (status, wrong, found) = match found {
        Ok(found) => (StatusCode::OK, Wrong::default(), found),
        Err(error) => {
            let none = Found { unit: asked.unit, about: String::new(), shown: Vec::new(), next: None };
            (StatusCode::BAD_REQUEST, Wrong::of(error, frame.lang)?, none)
        }
    };
    let page = NotificationsPage {
        wrong,
        units,
        states: states(frame.lang),
        unit: found.unit,
        state: asked.state,
        about: found.about,
        listing: listing(&frame, &found.shown),
        next: found.next,
        frame,
    };
    Ok(html(status, &page))
}

fn found(conn: &mut Conn, app: &App, actor: &Actor, asked: &Asked) -> Result<Found> {
    if !asked.receipt.is_empty() {
        return of_receipt(conn, app, actor, &asked.receipt);
    }
    let states = asked.states()?;
    let unit = unit_named(conn, actor, &asked.unit)?;
    let before: Option<MessageId> = match asked.after.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| notification::not_found())?),
    };
    let messages = query::page(conn, unit.id, &states, before, SHOWN_LIMIT)?;
    let is_full = i64::try_from(messages.len()) == Ok(SHOWN_LIMIT);
    Ok(Found {
        next: messages.last().filter(|_| is_full).map(|last| last.id),
        shown: shown(conn, app, &unit.code, &messages, false)?,
        unit: unit.code,
        about: String::new(),
    })
}

fn of_receipt(conn: &mut Conn, app: &App, actor: &Actor, id: &str) -> Result<Found> {
    let missing = || Error::not_found("receipt_not_found", "no such receipt in your scope");
    let id: ReceiptId = id.parse().map_err(|_| missing())?;
    let unit = receipt::query::unit_of(conn, &actor.scope, id)?.ok_or_else(missing)?;
    let code = crate::unit::find(conn, unit)?.code;
    let messages = query::of_subject(conn, unit, "receipt", id.0)?;
    let about = receipt::query::by_id(conn, unit, id)?.map(|one| one.name()).unwrap_or_default();
    Ok(Found { shown: shown(conn, app, &code, &messages, false)?, unit: code, about, next: None })
}

fn shown(
    conn: &mut Conn,
    app: &App,
    code: &str,
    messages: &[Message],
    with_events: bool,
) -> Result<Vec<Shown>> {
    let views = view::of_each(conn, "", code, messages, with_events)?;
    let mut shown = Vec::with_capacity(messages.len());
    for (message, view) in messages.iter().zip(views) {
        let to = notification::address_of(conn, &app.vault, message)?;
        shown.push(Shown { to: to.map(|to| address::masked(&to)), view });
    }
    Ok(shown)
}

fn states(lang: Lang) -> Vec<(&'static str, &'static str)> {
    let each = State::ALL.into_iter().map(|state| {
        let (vi, en) = state.words();
        (state.as_str(), lang.pick(vi, en))
    });
    let first = [("", lang.t("filter_all")), ("undelivered", lang.t("told_undelivered"))];
    first.into_iter().chain(each).collect()
}

fn tone(state: &str) -> &'static str {
    match state {
        "delivered" | "sent" => "done",
        "waiting" | "sending" => "wait",
        "no_address" => "gone",
        _ => "late",
    }
}

fn way(lang: Lang, channel: &str) -> &'static str {
    lang.t(match channel {
        c if c == Channel::Email.as_str() => "told_by_email",
        c if c == Channel::Sms.as_str() => "told_by_sms",
        _ => "told_by_lookup",
    })
}

fn about(lang: Lang, kind: &str) -> &'static str {
    lang.t(match kind {
        notification::KIND_RECEIPT => "told_receipt",
        notification::KIND_CANCELLED => "told_cancelled",
        notification::KIND_NOTICED => "told_noticed",
        notification::KIND_PARTIAL => "told_partial",
        notification::KIND_SURPLUS => "told_surplus",
        _ => "told_staff",
    })
}

/// Why it did not arrive, or was put off: our own words in words, a server's code as it is.
fn why(lang: Lang, code: &str) -> String {
    let key = match code {
        "expired" => "told_expired",
        "erased" => "told_erased",
        "corrected" => "told_corrected",
        other => return other.to_owned(),
    };
    lang.t(key).to_owned()
}

fn listing(frame: &Frame, shown: &[Shown]) -> Listing {
    let row = |one: &Shown| {
        let view = &one.view;
        let document = match (&view.receipt_number, &view.link) {
            (Some(number), Some(link)) => Cell::link(number.clone(), link.clone()),
            _ => Cell::text("–"),
        };
        vec![
            Cell::link(time(view.created_at), format!("/finance/notifications/{}", view.id)),
            Cell::text(about(frame.lang, &view.kind)),
            document,
            Cell::text(way(frame.lang, view.channel)),
            Cell::text(or_dash(one.to.clone())),
            Cell::state(frame.lang.pick(view.state_vi, view.state_en), tone(view.state)),
            Cell::figure(view.attempts),
            Cell::text(or_dash(view.code.as_deref().map(|code| why(frame.lang, code)))),
        ]
    };
    Listing {
        caption: frame.t("way_notifications"),
        heads: [
            "messages_made",
            "told_about",
            "document",
            "told_way",
            "told_to",
            "state",
            "told_attempts",
            "told_why",
        ]
        .iter()
        .map(|key| frame.t(key))
        .collect(),
        rows: shown.iter().map(row).collect(),
    }
}

#[derive(Template)]
#[template(path = "notification.html")]
struct NotificationPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    id: MessageId,
    unit: String,
    about: &'static str,
    way: &'static str,
    to: String,
    state: &'static str,
    tone: &'static str,
    next_at: Option<String>,
    /// Name and link.
    document: Option<(String, String)>,
    events: Listing,
    can_send: bool,
}

/// `GET /finance/notifications/{id}`
pub async fn one(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared).await?))
}

fn find(conn: &mut Conn, actor: &Actor, id: MessageId) -> Result<(UnitId, Message)> {
    let unit = query::unit_of(conn, &actor.scope, id)?.ok_or_else(notification::not_found)?;
    let message = query::find(conn, unit, id)?.ok_or_else(notification::not_found)?;
    // A code opens what it was sent for; it is nobody's to look at.
    if message.kind == notification::KIND_CODE {
        return Err(notification::not_found());
    }
    Ok((unit, message))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
) -> Result<NotificationPage> {
    signed.require(&READERS)?;
    let id: MessageId = extract::path(request, "id")?;
    let frame = Frame::of(signed, request);
    let (app, actor, lang) = (Arc::clone(shared.app()), signed.actor.clone(), frame.lang);
    let (unit, state, one) = block(move || {
        app.read(&actor, |conn| {
            let (unit, message) = find(conn, &actor, id)?;
            let unit = crate::unit::find(conn, unit)?;
            let found = shown(conn, &app, &unit.code, std::slice::from_ref(&message), true)?.pop();
            Ok((unit.name, message.state, found.ok_or_else(notification::not_found)?))
        })
    })
    .await?;
    let view = one.view;
    Ok(NotificationPage {
        csrf: signed.csrf.clone(),
        wrong: Wrong::default(),
        id,
        unit,
        about: about(lang, &view.kind),
        way: way(lang, view.channel),
        to: or_dash(one.to),
        state: lang.pick(view.state_vi, view.state_en),
        tone: tone(view.state),
        next_at: view.next_attempt_at.map(time),
        document: view.receipt_number.zip(view.link),
        events: steps(&frame, &view.events),
        can_send: UNDELIVERED.contains(&state) && SENDERS.contains(&signed.actor.role),
        frame,
    })
}

fn steps(frame: &Frame, events: &[EventView]) -> Listing {
    let row = |event: &EventView| {
        vec![
            // Steps of one attempt are seconds apart.
            Cell::text(event.at.in_hanoi().format("%d/%m/%Y %H:%M:%S").to_string()),
            step(frame.lang, event),
            Cell::text(or_dash(event.via.clone())),
            Cell::text(or_dash(event.code.as_deref().map(|code| why(frame.lang, code)))),
            Cell::mono(or_dash(event.reference.clone())),
        ]
    };
    Listing {
        caption: frame.t("messages_steps"),
        heads: ["messages_at", "state", "told_via", "told_why", "told_reference"]
            .iter()
            .map(|key| frame.t(key))
            .collect(),
        rows: events.iter().map(row).collect(),
    }
}

/// Where a step left the message. While it is being sent, its state does not tell who has it.
fn step(lang: Lang, event: &EventView) -> Cell {
    let operator = event.via.as_deref().unwrap_or_default();
    match (event.state.parse::<State>(), event.kind.as_str()) {
        (Ok(State::Sending), "given") => Cell::state(lang.with("told_given", operator), tone(&event.state)),
        (Ok(State::Sending), "not_taken") => {
            Cell::state(lang.with("told_not_taken", operator), tone(&event.state))
        }
        (Ok(state), _) => {
            let (vi, en) = state.words();
            Cell::state(lang.pick(vi, en), tone(&event.state))
        }
        (Err(_), _) => Cell::text(event.state.clone()),
    }
}

/// `POST /finance/notifications/{id}`: sends again what ended without arriving.
pub async fn again(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    signed.fields(&request, form)?;
    signed.require(&SENDERS)?;
    let id: MessageId = extract::path(&request, "id")?;
    let (app, actor) = (Arc::clone(shared.app()), signed.actor.clone());
    let sent = block(move || {
        app.write(&actor, |tx, stamp| {
            let (unit, _) = find(tx, &actor, id)?;
            notification::retry(tx, stamp, &actor, unit, id)
        })
    })
    .await;
    match sent {
        Ok(()) => Ok(see(format!("/finance/notifications/{id}"))),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            let page = compose(&request, &signed, &shared).await?;
            Ok(html(StatusCode::BAD_REQUEST, &NotificationPage { wrong, ..page }))
        }
    }
}
