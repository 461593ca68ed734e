//! `/admin/screens`: the links that open the screens of waiting rooms. A link is shown once, when it is made.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use secrecy::ExposeSecret;

use super::{READERS, unit_coded};
use crate::actor::{Actor, Role};
use crate::app::App;
use crate::error::{Error, Result};
use crate::id::{EventId, UnitId};
use crate::identity::screen::{self, Link};
use crate::unit::{self, CITY, Unit};
use crate::web::Shared;
use crate::web::pages::acting::{self, Acted, By};
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::Frame;
use crate::web::pages::listing::time;
use crate::web::pages::session::Signed;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

struct Row {
    /// Unit and link, as the form names it.
    which: String,
    place: String,
    unit: String,
    made_at: String,
    ended_at: Option<String>,
}

#[derive(Template)]
#[template(path = "screens.html")]
struct ScreensPage {
    frame: Frame,
    csrf: String,
    can_change: bool,
    must_confirm: bool,
    wrong: Wrong,
    rows: Vec<Row>,
    /// The place of a new screen and its link.
    link: Option<(String, String)>,
}

impl ScreensPage {
    fn has_open(&self) -> bool {
        self.rows.iter().any(|row| row.ended_at.is_none())
    }
}

/// `GET /admin/screens`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared).await?))
}

async fn compose(request: &HttpRequest, signed: &Signed, shared: &web::Data<Shared>) -> Result<ScreensPage> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let (app, actor) = (Arc::clone(shared.app()), signed.actor.clone());
    let rows = block(move || {
        app.read(&actor, |conn| {
            let mut units = unit::all(conn)?;
            units.retain(|unit| unit.id != CITY);
            let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
            let links = screen::of_units(conn, &actor, &ids)?;
            let mut rows = Vec::new();
            for unit in &units {
                rows.extend(links.iter().filter(|link| link.unit == unit.id).map(|link| row(unit, link)));
            }
            Ok(rows)
        })
    })
    .await?;
    Ok(ScreensPage {
        csrf: signed.csrf.clone(),
        can_change: signed.actor.role == Role::Administrator,
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        wrong: Wrong::default(),
        rows,
        link: None,
        frame,
    })
}

fn row(unit: &Unit, link: &Link) -> Row {
    Row {
        which: format!("{}.{}", unit.code, link.id),
        place: link.place.clone(),
        unit: unit.name.clone(),
        made_at: time(link.made_at),
        ended_at: link.ended_at.map(time),
    }
}

/// `POST /admin/screens/open`: makes a link and shows it this once.
pub async fn open(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, |app, actor, fields| {
        let place = fields.trimmed("place").to_owned();
        let (code, secret) = app.write(actor, |tx, stamp| {
            let unit = unit_coded(tx, actor, fields.get("unit"))
                .map_err(|_| Error::invalid("unit", "unit_not_found", "no such unit in your scope"))?;
            let (_, secret) = screen::open(tx, stamp, actor, unit.id, &place)?;
            Ok((unit.code, secret))
        })?;
        let link = format!("{}/screen/{code}.{}", app.config.web.public_url, secret.expose_secret());
        Ok(Some((place, link)))
    })
    .await
}

/// `POST /admin/screens/end`: ends a link for good.
pub async fn end(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, |app, actor, fields| {
        let missing = || Error::invalid("which", "screen_not_found", "no such link in your scope");
        let (code, link) = fields.get("which").split_once('.').ok_or_else(missing)?;
        let link: EventId = link.parse().map_err(|_| missing())?;
        app.write(actor, |tx, stamp| {
            let unit = unit_coded(tx, actor, code).map_err(|_| missing())?.id;
            screen::end(tx, stamp, actor, unit, link).map_err(|error| match error.code() {
                "screen_not_found" => missing(),
                _ => error,
            })
        })?;
        Ok(None)
    })
    .await
}

async fn change(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
    act: impl Fn(&App, &Actor, &Fields) -> Result<Option<(String, String)>> + Send + 'static,
) -> Page {
    let by = By::confirmed(&[Role::Administrator]);
    let Acted { signed, done, .. } = acting::act(&request, signed, form, &shared, by, act).await?;
    let mut page = compose(&request, &signed, &shared).await?;
    match done {
        Ok(link) => {
            page.link = link;
            Ok(html(StatusCode::OK, &page))
        }
        Err(error) => {
            page.wrong = Wrong::of(error, page.frame.lang)?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}
