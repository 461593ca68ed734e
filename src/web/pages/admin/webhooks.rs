//! `/admin/webhooks`: the secrets of channels, by mark; a second one is added, the old one retired.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use secrecy::{ExposeSecret, SecretString};

use super::READERS;
use crate::actor::{Actor, Role, Scope};
use crate::app::{App, Running};
use crate::error::{Error, Result};
use crate::payment::channel::Channel;
use crate::payment::webhook::{self, Held};
use crate::store::Lane;
use crate::web::Shared;
use crate::web::pages::acting::{self, Acted, By};
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::Frame;
use crate::web::pages::listing::{Cell, Listing, time};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

#[derive(Template)]
#[template(path = "webhooks.html")]
struct WebhooksPage {
    frame: Frame,
    csrf: String,
    can_change: bool,
    must_confirm: bool,
    wrong: Wrong,
    typed: Fields,
    listing: Listing,
    /// Channels whose secrets may be changed here.
    channels: Vec<String>,
    /// Secrets that are taken: channel and mark, for the form and in words.
    active: Vec<(String, String)>,
    /// A secret that was just made: its channel and itself.
    fresh: Option<(String, String)>,
}

/// `GET /admin/webhooks`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared).await?))
}

async fn compose(request: &HttpRequest, signed: &Signed, shared: &web::Data<Shared>) -> Result<WebhooksPage> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let running = Arc::clone(&shared.running);
    // Secrets of channels stand at the city's unit; nothing of them is shown but their marks.
    let found = block(move || {
        let app = &running.app;
        app.store.read(&Scope::All, |conn| {
            let held = |channel: &Arc<dyn Channel>| {
                let held = webhook::held(conn, &app.vault, channel.as_ref())?;
                Ok((channel.name().to_owned(), held))
            };
            running.channels.iter().map(held).collect::<Result<Vec<_>>>()
        })
    })
    .await?;
    let lang = frame.lang;
    let mut page = WebhooksPage {
        csrf: signed.csrf.clone(),
        can_change: signed.actor.role == Role::Administrator && signed.actor.scope == Scope::All,
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        wrong: Wrong::default(),
        typed: Fields::default(),
        listing: Listing {
            caption: frame.t("way_webhooks"),
            heads: ["webhooks_channel", "webhooks_mark", "webhooks_since", "webhooks_used", "state"]
                .map(|key| frame.t(key))
                .to_vec(),
            rows: Vec::new(),
        },
        channels: Vec::new(),
        active: Vec::new(),
        fresh: None,
        frame,
    };
    for (channel, held) in found {
        page.show(lang, channel, held);
    }
    Ok(page)
}

impl WebhooksPage {
    fn show(&mut self, lang: Lang, channel: String, held: Option<Vec<Held>>) {
        let dash = || Cell::text("–".to_owned());
        let Some(held) = held else {
            let row = vec![Cell::mono(channel), dash(), dash(), dash(), Cell::text(lang.t("webhooks_alone"))];
            return self.listing.rows.push(row);
        };
        for one in held {
            let since = match one.since {
                _ if one.is_configured => lang.t("webhooks_of_file").to_owned(),
                Some(at) => time(at),
                None => "–".to_owned(),
            };
            let state = match one.retired_at {
                Some(at) => Cell::state(format!("{} {}", lang.t("webhooks_retired"), time(at)), "gone"),
                None => Cell::state(lang.t("webhooks_active"), "done"),
            };
            if one.retired_at.is_none() {
                let words = format!("{channel} · {}", one.mark);
                self.active.push((format!("{channel}/{}", one.mark), words));
            }
            self.listing.rows.push(vec![
                Cell::mono(channel.clone()),
                Cell::mono(one.mark),
                Cell::text(since),
                one.used_at.map_or_else(dash, |at| Cell::text(time(at))),
                state,
            ]);
        }
        self.channels.push(channel);
    }
}

/// `POST /admin/webhooks/add`
pub async fn add(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, |running, actor, fields| {
        let channel = named(running, fields.get("channel"))?;
        let given = Some(fields.trimmed("secret")).filter(|text| !text.is_empty());
        let given = given.map(SecretString::from);
        let secret = running.app.store.write(&Scope::All, Lane::Live, |tx| {
            webhook::add(tx, &running.app.stamp(), actor, channel, given.clone())
        })?;
        // What the partner gave need not be shown.
        let shown = given.is_none().then(|| secret.expose_secret().to_owned());
        Ok(shown.map(|secret| (channel.name().to_owned(), secret)))
    })
    .await
}

/// `POST /admin/webhooks/retire`: `which` is a channel and a mark.
pub async fn retire(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, |running, actor, fields| {
        let (channel, mark) = fields.get("which").split_once('/').unwrap_or_default();
        let channel = named(running, channel)?;
        running.app.store.write(&Scope::All, Lane::Live, |tx| {
            webhook::retire(tx, &running.app.stamp(), actor, channel, mark)
        })?;
        Ok(None)
    })
    .await
}

fn named<'a>(running: &'a Running, name: &str) -> Result<&'a dyn Channel> {
    let found = running.channels.iter().find(|channel| channel.name() == name);
    let missing = || Error::invalid("channel", "channel_not_found", "no channel has this name");
    found.map(AsRef::as_ref).ok_or_else(missing)
}

async fn change(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
    act: impl Fn(&Running, &Actor, &Fields) -> Result<Option<(String, String)>> + Send + 'static,
) -> Page {
    let running = Arc::clone(&shared.running);
    let changing = move |_: &App, actor: &Actor, fields: &Fields| -> Result<Option<(String, String)>> {
        let fresh = act(&running, actor, fields)?;
        // This process takes what is on record at once; the others within seconds.
        running.app.store.read(&Scope::All, |conn| {
            let all = running.channels.iter();
            all.map(AsRef::as_ref).try_for_each(|channel| webhook::apply(conn, &running.app.vault, channel))
        })?;
        Ok(fresh)
    };
    let by = By::confirmed(&[Role::Administrator]);
    let Acted { signed, fields, done } = acting::act(&request, signed, form, &shared, by, changing).await?;
    let mut page = compose(&request, &signed, &shared).await?;
    match done {
        Ok(fresh) => {
            page.fresh = fresh;
            Ok(html(StatusCode::OK, &page))
        }
        Err(error) => {
            page.wrong = Wrong::of(error, page.frame.lang)?;
            page.typed = fields;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}
