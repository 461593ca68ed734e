//! `/admin/operations/events/{id}`: one event of the archive with what became of it; its content, which is personal
//! data, under a purpose that is written down.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::READERS;
use super::operations::state_of;
use crate::actor::{Actor, Role};
use crate::app::App;
use crate::error::{Error, Result};
use crate::id::RawEventId;
use crate::payment::archived::{self, Event};
use crate::privacy::file;
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::acting::{self, Acted, By};
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::Frame;
use crate::web::pages::listing::{Cell, Listing, time};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

#[derive(Template)]
#[template(path = "event.html")]
struct EventPage {
    frame: Frame,
    csrf: String,
    can_open: bool,
    must_confirm: bool,
    wrong: Wrong,
    id: RawEventId,
    /// What is known of it, and what was made of it.
    listings: Vec<Listing>,
    /// What came, as it came.
    body: Option<String>,
}

/// `GET /admin/operations/events/{id}`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let id: RawEventId = extract::path(&request, "id")?;
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared, id).await?))
}

/// The page again, with what is wrong with one of its forms.
pub(super) async fn refused(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    (id, error): (RawEventId, Error),
) -> Page {
    let mut page = compose(request, signed, shared, id).await?;
    page.wrong = Wrong::of(error, page.frame.lang)?;
    Ok(html(StatusCode::BAD_REQUEST, &page))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    id: RawEventId,
) -> Result<EventPage> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let (app, actor) = (Arc::clone(shared.app()), signed.actor.clone());
    let found = block(move || app.read(&actor, |conn| archived::one(conn, &actor, id)));
    let (event, claims) = found.await?;
    Ok(EventPage {
        csrf: signed.csrf.clone(),
        can_open: signed.actor.role == Role::Administrator,
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        wrong: Wrong::default(),
        id,
        listings: vec![facts(frame.lang, &event), listed(frame.lang, claims)],
        body: None,
        frame,
    })
}

fn facts(lang: Lang, event: &Event) -> Listing {
    let fact = |key: &str, value: Cell| vec![Cell::text(lang.t(key)), value];
    let (state, tone) = state_of(lang, event);
    Listing {
        caption: lang.t("event_facts"),
        heads: vec![lang.t("unit_fact"), lang.t("unit_value")],
        rows: vec![
            fact("channel", Cell::mono(event.channel.clone())),
            fact("event_at", Cell::text(time(event.received_at))),
            vec![Cell::text("SHA-256"), Cell::mono(event.sha256.clone())],
            fact("state", Cell::state(state, tone)),
        ],
    }
}

fn listed(lang: Lang, claims: Vec<archived::Made>) -> Listing {
    let row = |one: archived::Made| {
        vec![
            Cell::mono(one.id.to_string()),
            Cell::mono(one.movement.to_string()),
            Cell::mono(one.external_id),
            Cell::mono(one.code),
            Cell::figure(one.amount),
        ]
    };
    let heads = ["event_claim", "event_movement", "event_partner_id", "event_code", "amount"];
    Listing {
        caption: lang.t("event_claims"),
        heads: heads.map(|key| lang.t(key)).to_vec(),
        rows: claims.into_iter().map(row).collect(),
    }
}

/// `POST /admin/operations/events/{id}`: shows the content; the purpose is written down.
pub async fn open(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let id: RawEventId = extract::path(&request, "id")?;
    let by = By::confirmed(&[Role::Administrator]);
    let opening =
        move |app: &App, actor: &Actor, fields: &Fields| body(app, actor, id, fields.get("purpose"));
    let Acted { signed, done: shown, .. } = acting::act(&request, signed, form, &shared, by, opening).await?;
    match shown {
        Ok(body) => {
            let page = compose(&request, &signed, &shared, id).await?;
            Ok(html(StatusCode::OK, &EventPage { body: Some(body), ..page }))
        }
        Err(error) => refused(&request, &signed, &shared, (id, error)).await,
    }
}

fn body(app: &App, actor: &Actor, id: RawEventId, purpose: &str) -> Result<String> {
    app.write(actor, |tx, stamp| {
        let (unit, plain) = archived::opened(tx, stamp, actor, id)?;
        file::looked(tx, stamp, actor, (unit, &id.to_string()), purpose)?;
        Ok(String::from_utf8_lossy(&plain).into_owned())
    })
}
