//! `/tax/messages/{id}`: one message to the tax authority: what it carries, every step of its way, every
//! answer as it came, and both as files.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::words;
use crate::actor::Actor;
use crate::app::App;
use crate::error::{Error, Result};
use crate::filing::invoice::RELEASERS;
use crate::filing::rules::State;
use crate::filing::transmission::{self, Event, Message, ReplyRecord};
use crate::filing::{self, Filing, Kind, invoice, notice, reply};
use crate::id::{ReceiptId, TransmissionId, UnitId};
use crate::receipt;
use crate::store::Conn;
use crate::unit;
use crate::web::Shared;
use crate::web::api::days;
use crate::web::extract;
use crate::web::pages::acting::{self, Acted, By};
use crate::web::pages::counter::notice::ASKERS;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::finance::READERS;
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::listing::{Cell, Listing, or_dash, time};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// An answer of the authority.
struct Answer {
    kind: String,
    words: &'static str,
    tone: &'static str,
    at: String,
    code: String,
    faults: Vec<String>,
    href: String,
}

#[derive(Template)]
#[template(path = "tax_message.html")]
struct MessagePage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    id: TransmissionId,
    kind: String,
    unit: String,
    code: String,
    words: &'static str,
    tone: &'static str,
    /// When it goes on by itself; empty where it does not.
    next_at: String,
    form: String,
    form_words: &'static str,
    form_tone: &'static str,
    /// What it carries: where it is shown, and its name.
    carried: Vec<(String, String)>,
    events: Listing,
    answers: Vec<Answer>,
    can_release: bool,
    /// It was refused as a double of what may be its own earlier sending.
    can_ask_again: bool,
    /// It carries an invoice that the authority refused and that was not sent again.
    can_send_again: bool,
    /// Where the refused notice in it is asked for anew.
    asked_again_at: Option<String>,
    must_confirm: bool,
    has_second_factor: bool,
}

struct Found {
    message: Message,
    unit: unit::Unit,
    form: Filing,
    carried: Vec<(String, String)>,
    events: Vec<Event>,
    answers: Vec<ReplyRecord>,
    is_refused_invoice: bool,
    is_refused_in_doubt: bool,
    asked_again_at: Option<String>,
}

/// `GET /tax/messages/{id}`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared).await?))
}

async fn compose(request: &HttpRequest, signed: &Signed, shared: &web::Data<Shared>) -> Result<MessagePage> {
    signed.require(&READERS)?;
    let id: TransmissionId = extract::path(request, "id")?;
    let frame = Frame::of(signed, request);
    let (app, actor, lang) = (Arc::clone(shared.app()), signed.actor.clone(), frame.lang);
    let found = block(move || {
        app.read(&actor, |conn| {
            let message = transmission::find(conn, &actor.scope, id)?;
            let form = filing::find(conn, message.unit, message.filing)?;
            let is_refused_invoice = invoice::is_refused(conn, &form)?;
            Ok(Found {
                is_refused_invoice,
                is_refused_in_doubt: transmission::is_refused_in_doubt(conn, &message)?,
                asked_again_at: asked_again_at(conn, &form)?,
                unit: unit::find(conn, message.unit)?,
                carried: carried(conn, lang, &form)?,
                events: transmission::events(conn, message.unit, id)?,
                answers: transmission::replies(conn, message.unit, id)?,
                form,
                message,
            })
        })
    })
    .await?;
    let message = &found.message;
    let (words, tone) = words::message_state(lang, message.state);
    let (form_words, form_tone) = words::form_state(lang, found.form.state);
    let is_at_rest = matches!(message.state, State::Answered | State::Refused | State::Halted);
    Ok(MessagePage {
        csrf: signed.csrf.clone(),
        wrong: Wrong::default(),
        id,
        kind: words::kind(lang, message.kind),
        unit: found.unit.name,
        code: message.message_code.clone(),
        words,
        tone,
        next_at: if is_at_rest { String::new() } else { time(message.run_at) },
        form: format!("{} {}", found.form.form, found.form.period.unwrap_or_default()),
        form_words,
        form_tone,
        carried: found.carried,
        events: steps(&frame, &found.events),
        answers: (1..).zip(&found.answers).map(|(n, one)| answer(lang, id, n, one)).collect(),
        asked_again_at: found.asked_again_at.filter(|_| ASKERS.contains(&signed.actor.role)),
        can_send_again: found.is_refused_invoice && RELEASERS.contains(&signed.actor.role),
        can_release: transmission::is_releasable(message, &found.events)
            && RELEASERS.contains(&signed.actor.role),
        can_ask_again: found.is_refused_in_doubt && RELEASERS.contains(&signed.actor.role),
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        has_second_factor: signed.session.login.has_second_factor(),
        frame,
    })
}

/// Where a notice that the authority refused is asked for anew.
fn asked_again_at(conn: &mut Conn, form: &Filing) -> Result<Option<String>> {
    if form.kind != Kind::ErrorNotice || form.state != filing::State::Refused {
        return Ok(None);
    }
    let Some(receipt) = notice::receipts(conn, form.unit, form.id)?.into_iter().next() else {
        return Ok(None);
    };
    let is_last = notice::to_be_corrected(conn, form.unit, receipt)? == Some(form.id);
    let document = receipt::query::by_id(conn, form.unit, receipt)?.filter(|_| is_last);
    Ok(document.map(|document| format!("/counter/obligations/{}/notice", document.obligation)))
}

/// What a message is about, with the pages that show it.
fn carried(conn: &mut Conn, lang: Lang, form: &Filing) -> Result<Vec<(String, String)>> {
    let code = unit::find(conn, form.unit)?.code;
    match form.kind {
        Kind::UsageReport => {
            let quarter = form.period.clone().unwrap_or_default();
            let words = format!("{} {quarter}", lang.t("reports_report"));
            Ok(vec![(format!("/finance/reports?unit={code}&quarter={quarter}"), words)])
        }
        Kind::Registration => {
            Ok(vec![(format!("/tax/registration?unit={code}"), lang.t("way_tax_registration").to_owned())])
        }
        Kind::Invoice => documents(conn, form.unit, &[form.data::<invoice::Sent>()?.receipt]),
        Kind::ErrorNotice => {
            let receipts = notice::receipts(conn, form.unit, form.id)?;
            let mut found = documents(conn, form.unit, &receipts)?;
            if let Some(earlier) = form.earlier {
                let messages = transmission::of_filing(conn, form.unit, earlier)?;
                let words = lang.t("messages_corrects");
                found.extend(
                    messages.iter().map(|one| (format!("/tax/messages/{}", one.id), words.to_owned())),
                );
            }
            Ok(found)
        }
    }
}

fn documents(conn: &mut Conn, unit: UnitId, ids: &[ReceiptId]) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for id in ids {
        if let Some(document) = receipt::query::by_id(conn, unit, *id)? {
            found.push((format!("/r/{}", document.lookup_code), document.name()));
        }
    }
    Ok(found)
}

fn steps(frame: &Frame, events: &[Event]) -> Listing {
    let row = |event: &Event| {
        let state = State::ALL.into_iter().find(|state| state.as_str() == event.state);
        let state = state.map_or(("–", "gone"), |state| words::message_state(frame.lang, state));
        vec![
            Cell::text(time(event.at)),
            Cell::text(words::event(frame.lang, &event.kind)),
            Cell::state(state.0, state.1),
            Cell::text(or_dash(Some(event.detail.clone()).filter(|text| !text.is_empty()))),
        ]
    };
    Listing {
        caption: frame.t("messages_steps"),
        heads: ["messages_at", "messages_happened", "messages_then", "messages_detail"]
            .iter()
            .map(|key| frame.t(key))
            .collect(),
        rows: events.iter().map(row).collect(),
    }
}

fn answer(lang: Lang, id: TransmissionId, n: usize, reply: &ReplyRecord) -> Answer {
    let (words, tone) = words::verdict(lang, &reply.verdict);
    let faults: Vec<reply::Fault> = serde_json::from_str(&reply.faults).unwrap_or_default();
    Answer {
        kind: words::kind(lang, reply.kind),
        words,
        tone,
        at: time(reply.received_at),
        code: reply.message_code.clone(),
        faults: faults
            .into_iter()
            .map(|fault| format!("{} {}", fault.code, fault.text).trim().to_owned())
            .collect(),
        href: format!("/tax/messages/{id}/answers/{n}/xml"),
    }
}

/// `POST /tax/messages/{id}`: lets a halted message go again; the authority is asked first. With `step`
/// `again` the refused invoice in it is sent once more, in a message of its own, which the unit's key signs; with
/// `ask` the authority is asked again for one that it called a double, and nothing is sent.
pub async fn release(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    let id: TransmissionId = extract::path(&request, "id")?;
    let going = move |app: &App, signed: &Signed, fields: &Fields| go(app, &signed.actor, id, fields);
    let by = By::confirmed(&RELEASERS);
    let Acted { signed, done, .. } = acting::act_on(signed, fields, &shared, by, going).await?;
    match done {
        Ok(()) => Ok(see(format!("/tax/messages/{id}"))),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            let page = compose(&request, &signed, &shared).await?;
            Ok(html(StatusCode::BAD_REQUEST, &MessagePage { wrong, ..page }))
        }
    }
}

fn go(app: &App, actor: &Actor, id: TransmissionId, fields: &Fields) -> Result<()> {
    app.write(actor, |tx, stamp| {
        let message = transmission::find(tx, &actor.scope, id)?;
        match fields.get("step") {
            "again" => {}
            "ask" => return transmission::ask_again(tx, stamp, actor, message.unit, id),
            _ => return transmission::release(tx, stamp, actor, message.unit, id),
        }
        let form = filing::find(tx, message.unit, message.filing)?;
        if form.kind != Kind::Invoice {
            return Err(Error::not_found("filing_not_found", "the message carries no invoice"));
        }
        let sent: invoice::Sent = form.data()?;
        invoice::again(tx, stamp, actor, message.unit, sent.receipt).map(|_| ())
    })
}

/// `GET /tax/messages/{id}/xml`: the message as it goes to the authority.
pub async fn xml(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let id: TransmissionId = extract::path(&request, "id")?;
    let (app, actor) = (Arc::clone(shared.app()), signed.actor);
    let (name, bytes) = block(move || {
        app.read(&actor, |conn| {
            let message = transmission::find(conn, &actor.scope, id)?;
            let bytes = transmission::payload(conn, message.unit, id)?;
            Ok((format!("{}-{}.xml", message.kind, message.message_code), bytes))
        })
    })
    .await?;
    Ok(days::file(bytes, "application/xml", &name))
}

/// `GET /tax/messages/{id}/answers/{n}/xml`: the n-th answer, from 1, as it came.
pub async fn answer_xml(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let id: TransmissionId = extract::path(&request, "id")?;
    let n: usize = extract::path_text(&request, "n").parse().unwrap_or(0);
    let (app, actor) = (Arc::clone(shared.app()), signed.actor);
    let (kind, bytes) = block(move || {
        app.read(&actor, |conn| {
            let message = transmission::find(conn, &actor.scope, id)?;
            let answers = transmission::replies(conn, message.unit, id)?;
            let found = n.checked_sub(1).and_then(|at| answers.into_iter().nth(at));
            let missing = || Error::not_found("transmission_not_found", "no such answer of the message");
            found.map(|one| (one.kind, one.raw)).ok_or_else(missing)
        })
    })
    .await?;
    Ok(days::file(bytes, "application/xml", &format!("{kind}-{id}-{n}.xml")))
}
