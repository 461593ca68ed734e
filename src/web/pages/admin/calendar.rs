//! `/admin/calendar`: the days on which banks differ from their week, as `bienlai calendar` enters them. They hold for
//! the whole city, so who looks after all of it changes them.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::READERS;
use crate::actor::{Actor, Role, Scope};
use crate::app::App;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::unit::holidays::{self, Entered, Kind};
use crate::web::Shared;
use crate::web::pages::acting::{self, Acted, By};
use crate::web::pages::fields::{Fields, Pairs, Wrong, of_field};
use crate::web::pages::frame::Frame;
use crate::web::pages::listing::day;
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

struct Row {
    /// As the form names it.
    date: String,
    day: String,
    kind: &'static str,
    is_worked: bool,
    name: String,
}

#[derive(Template)]
#[template(path = "calendar.html")]
struct CalendarPage {
    frame: Frame,
    csrf: String,
    can_change: bool,
    must_confirm: bool,
    wrong: Wrong,
    typed: Fields,
    rows: Vec<Row>,
    /// What the form just did.
    done: Option<String>,
}

/// `GET /admin/calendar`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared).await?))
}

async fn compose(request: &HttpRequest, signed: &Signed, shared: &web::Data<Shared>) -> Result<CalendarPage> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let (app, actor, lang) = (Arc::clone(shared.app()), signed.actor.clone(), frame.lang);
    let found = block(move || app.read(&actor, holidays::on_record)).await?;
    Ok(CalendarPage {
        csrf: signed.csrf.clone(),
        can_change: signed.actor.role == Role::Administrator && signed.actor.scope == Scope::All,
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        wrong: Wrong::default(),
        typed: Fields::default(),
        rows: found.into_iter().map(|one| row(lang, one)).collect(),
        done: None,
        frame,
    })
}

fn row(lang: Lang, one: Entered) -> Row {
    let is_worked = one.kind == Kind::Worked;
    Row {
        date: one.day.to_string(),
        day: day(one.day),
        kind: lang.t(if is_worked { "calendar_worked" } else { "calendar_holiday" }),
        is_worked,
        name: one.name,
    }
}

/// A day of the form; nothing where it is left empty.
fn typed_day(fields: &Fields, name: &str) -> Result<Option<BusinessDay>> {
    match fields.trimmed(name) {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| Error::invalid(name, "date_unreadable", "a day")),
    }
}

/// `POST /admin/calendar/enter`: a day or several, of a kind.
pub async fn enter(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, |app, actor, fields| {
        let missing = || Error::invalid("day", "field_missing", "a day");
        let first = typed_day(fields, "day")?.ok_or_else(missing)?;
        let span = (first, typed_day(fields, "until")?.unwrap_or(first));
        let kind = if fields.get("kind") == "worked" { Kind::Worked } else { Kind::Holiday };
        let name = fields.get("name");
        let new = app.write(actor, |tx, stamp| holidays::enter(tx, stamp, actor, span, (kind, name)))?;
        Ok(("calendar_entered", new.len().to_string()))
    })
    .await
}

/// `POST /admin/calendar/withdraw`: a day is again as its week says.
pub async fn withdraw(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, |app, actor, fields| {
        let missing = || Error::invalid("which", "field_missing", "a day");
        let which = typed_day(fields, "which")?.ok_or_else(missing)?;
        app.write(actor, |tx, stamp| holidays::withdraw(tx, stamp, actor, which))
            .map_err(|error| of_field(error, "which"))?;
        Ok(("calendar_withdrawn", day(which)))
    })
    .await
}

async fn change(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
    act: impl Fn(&App, &Actor, &Fields) -> Result<(&'static str, String)> + Send + 'static,
) -> Page {
    let by = By::confirmed(&[Role::Administrator]);
    let Acted { signed, fields, done } = acting::act(&request, signed, form, &shared, by, act).await?;
    let mut page = compose(&request, &signed, &shared).await?;
    match done {
        Ok((key, what)) => {
            page.done = Some(page.frame.lang.with(key, what));
            Ok(html(StatusCode::OK, &page))
        }
        Err(error) => {
            page.wrong = Wrong::of(error, page.frame.lang)?;
            page.typed = fields;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}
