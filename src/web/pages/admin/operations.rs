//! `/admin/operations`: channels with their last event, what waits, and the archive of events, which
//! can be read again: what was settled stays as it is, what was not is settled now.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::{READERS, event};
use crate::actor::{Actor, Role};
use crate::app::App;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::RawEventId;
use crate::payment::archived::{self, Event, Health};
use crate::payment::settler::Answer;
use crate::report::operations::{self, Queue};
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::acting::{self, Acted, By};
use crate::web::pages::fields::{Fields, Pairs, Wrong, of_field};
use crate::web::pages::frame::Frame;
use crate::web::pages::listing::{Cell, Listing, time};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// Events on one page.
const EVENTS_SHOWN: i64 = 50;
/// A channel that was silent for so long is shown as late.
const SILENT_S: i64 = 24 * 3_600;
/// A queue whose oldest entry waits longer is shown as late.
const LATE_S: i64 = 3_600;

struct EventRow {
    id: RawEventId,
    channel: String,
    at: String,
    sha256: String,
    state: String,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "operations.html")]
struct OperationsPage {
    frame: Frame,
    wrong: Wrong,
    /// What reading an event again came to.
    replayed: Option<String>,
    listings: Vec<Listing>,
    events: Vec<EventRow>,
    day: String,
    older: Option<RawEventId>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    day: Option<BusinessDay>,
    before: Option<RawEventId>,
}

/// `GET /admin/operations?day=&before=`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    match extract::query(&request) {
        Ok(asked) => Ok(html(StatusCode::OK, &compose(&request, &signed, &shared, asked).await?)),
        Err(error) => {
            let wrong = Wrong::of(of_field(error, "day"), Lang::of(&request))?;
            let page = compose(&request, &signed, &shared, Asked::default()).await?;
            Ok(html(StatusCode::BAD_REQUEST, &OperationsPage { wrong, ..page }))
        }
    }
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    asked: Asked,
) -> Result<OperationsPage> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let (app, actor, lang) = (Arc::clone(shared.app()), signed.actor.clone(), frame.lang);
    let now = app.clock.now();
    let day = asked.day.unwrap_or_else(|| now.business_day());
    let (listings, events) = block(move || {
        app.read(&actor, |conn| {
            let health = archived::health(conn, &actor, &app.config.channels.names(), now)?;
            let queues = operations::queues(conn, &actor)?;
            let events = archived::list(conn, &actor, (day, asked.before), None, EVENTS_SHOWN)?;
            Ok((vec![channels(lang, &health, now), waiting(lang, &queues, now)], events))
        })
    })
    .await?;
    let full = i64::try_from(events.len()).unwrap_or(0) == EVENTS_SHOWN;
    Ok(OperationsPage {
        wrong: Wrong::default(),
        replayed: None,
        listings,
        older: events.last().map(|event| event.id).filter(|_| full),
        events: events.into_iter().map(|event| row(lang, event)).collect(),
        day: day.to_string(),
        frame,
    })
}

/// What became of an event, in words, and its tone.
pub(super) fn state_of(lang: Lang, event: &Event) -> (String, &'static str) {
    match (&event.claim, &event.parked) {
        (_, Some(code)) => (format!("{} {code}", lang.t("event_parked")), "late"),
        (Some(_), None) => (lang.t("raw_event_settled").to_owned(), "done"),
        (None, None) => (lang.t("event_nothing").to_owned(), "gone"),
    }
}

fn row(lang: Lang, event: Event) -> EventRow {
    let (state, tone) = state_of(lang, &event);
    EventRow {
        id: event.id,
        channel: event.channel,
        at: time(event.received_at),
        sha256: event.sha256.chars().take(12).collect(),
        state,
        tone,
    }
}

/// What is the city's to know stays open for others.
fn or_none(count: Option<i64>) -> String {
    count.map_or_else(|| "–".to_owned(), |count| count.to_string())
}

/// A day's count, which ends at a limit.
fn of_day(count: i64) -> String {
    if count > archived::COUNTED { format!("> {}", archived::COUNTED) } else { count.to_string() }
}

fn channels(lang: Lang, found: &[Health], now: Instant) -> Listing {
    let row = |one: &Health| {
        let last = one.last_at.map_or_else(
            || Cell::state(lang.t("channel_silent"), "late"),
            |at| Cell::state(time(at), if now.seconds_since(at) > SILENT_S { "wait" } else { "done" }),
        );
        vec![
            Cell::mono(one.channel.clone()),
            last,
            Cell::figure(of_day(one.day_count)),
            Cell::figure(or_none(one.refused_day_count)),
            Cell::figure(or_none(one.parked_count)),
        ]
    };
    let heads = ["channel", "channel_last", "channel_day", "channel_refused", "channel_parked"];
    Listing {
        caption: lang.t("channels"),
        heads: heads.map(|key| lang.t(key)).to_vec(),
        rows: found.iter().map(row).collect(),
    }
}

fn queue_words(lang: Lang, name: &str) -> &'static str {
    match name {
        "claims" => lang.t("queue_claims"),
        "signatures" => lang.t("queue_signatures"),
        "documents" => lang.t("queue_documents"),
        "imports" => lang.t("queue_imports"),
        "messages" => lang.t("queue_messages"),
        _ => lang.t("queue_transmissions"),
    }
}

fn waiting(lang: Lang, found: &[Queue], now: Instant) -> Listing {
    let row = |one: &Queue| {
        vec![
            Cell::text(queue_words(lang, one.name)),
            Cell::figure(one.waiting),
            Cell::figure(one.failing),
            one.oldest.map_or_else(
                || Cell::text("–"),
                |at| Cell::state(time(at), if now.seconds_since(at) > LATE_S { "late" } else { "done" }),
            ),
        ]
    };
    let heads = ["queue", "queue_waiting", "queue_failing", "queue_oldest"];
    Listing {
        caption: lang.t("queues"),
        heads: heads.map(|key| lang.t(key)).to_vec(),
        rows: found.iter().map(row).collect(),
    }
}

/// `POST /admin/operations/replay`: reads an event again and gives it to the settler.
pub async fn replay(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let running = Arc::clone(&shared.running);
    let reading = move |app: &App, actor: &Actor, fields: &Fields| {
        let id: RawEventId = fields.trimmed("event").parse().map_err(|error| of_field(error, "event"))?;
        app.write(actor, |tx, stamp| archived::reread(tx, stamp, actor, &running.channels, id))
    };
    let by = By::confirmed(&[Role::Administrator]);
    let Acted { signed, fields, done } = acting::act(&request, signed, form, &shared, by, reading).await?;
    let outcome = match done {
        Ok(arrival) => shared.running.settler.settle(arrival).await,
        Err(error) => Err(error),
    };
    // The form stands on the event's page.
    let outcome = match (outcome, fields.trimmed("event").parse::<RawEventId>()) {
        (Err(error), Ok(id)) => return event::refused(&request, &signed, &shared, (id, error)).await,
        (outcome, _) => outcome,
    };
    let mut page = compose(&request, &signed, &shared, Asked::default()).await?;
    match outcome {
        Ok(answer) => {
            let lang = page.frame.lang;
            page.replayed = Some(match answer {
                Answer::Settled(settled) if settled.is_repeated => lang.with("replay_known", settled.claim),
                Answer::Settled(settled) => lang.with("replay_settled", settled.claim),
                Answer::Parked(claim) => lang.with("replay_parked", claim),
            });
            Ok(html(StatusCode::OK, &page))
        }
        Err(error) => {
            page.wrong = Wrong::of(error, page.frame.lang)?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_ended_at_its_limit_says_so() {
        assert_eq!(of_day(0), "0");
        assert_eq!(of_day(archived::COUNTED), "100000");
        assert_eq!(of_day(archived::COUNTED + 1), "> 100000");
    }
}
