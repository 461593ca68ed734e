//! `/finance/lists`: every list of a unit on one page and as a file: what the screen shows and what the
//! file holds is the same question, with the same id.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::account::part_of;
use super::report_page::{day_typed, unit_choices, unit_named};
use super::{READERS, roads, stored};
use crate::actor::{Actor, Role};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::report::Period;
use crate::report::list::{self, Asked, List, SCREEN_LIMIT};
use crate::report::sheet::Cell as Value;
use crate::store::Conn;
use crate::web::Shared;
use crate::web::api;
use crate::web::extract;
use crate::web::pages::fields::Wrong;
use crate::web::pages::frame::Frame;
use crate::web::pages::listing::{Cell, Listing};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, html};
use crate::web::respond::block;

#[derive(Template)]
#[template(path = "listings.html")]
struct IndexPage {
    frame: Frame,
    title: &'static str,
    lead: String,
    way: Option<(String, &'static str)>,
    listings: Vec<Listing>,
}

/// `GET /finance/lists`: which lists there are.
pub async fn index(request: HttpRequest, signed: Signed) -> Page {
    signed.require(&READERS)?;
    let frame = Frame::of(&signed, &request);
    let row = |one: List| {
        vec![Cell::link(part_of(frame.lang, one.title()), format!("/finance/lists/{}", one.name()))]
    };
    let title = frame.t("way_lists");
    let listing = Listing { caption: title, heads: vec![title], rows: List::all().map(row).collect() };
    let page = IndexPage { title, lead: String::new(), way: None, listings: vec![listing], frame };
    Ok(html(StatusCode::OK, &page))
}

/// What a page of a list is asked with, as it came.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Query {
    unit: String,
    from: String,
    until: String,
    state: String,
    /// The last row of the page before.
    after: i64,
    format: String,
}

impl Query {
    /// The question. The first unit and today stand for what is left out.
    fn asked(&self, conn: &mut Conn, actor: &Actor, list: List, today: BusinessDay) -> Result<Asked> {
        let unit = unit_named(conn, actor, &self.unit)?;
        let until = day_typed("until", &self.until, today)?;
        let from = day_typed("from", &self.from, until)?;
        let state = list.state_asked(&self.state)?;
        Ok(Asked { list, unit: unit.id, unit_code: unit.code, period: Period::new(from, until)?, state })
    }
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    frame: Frame,
    wrong: Wrong,
    title: &'static str,
    name: &'static str,
    units: Vec<(String, String)>,
    /// Code and words.
    states: Vec<(&'static str, String)>,
    query: Query,
    query_id: Option<String>,
    listing: Listing,
    next: Option<i64>,
}

struct Found {
    query: Query,
    query_id: String,
    rows: Vec<Vec<Value>>,
    next: Option<i64>,
}

/// `GET /finance/lists/{list}?unit=&from=&until=&state=&after=`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let list = List::parse(extract::path_text(&request, "list"))?;
    let query: Query = extract::query(&request).map_err(|error| error.in_field("form"))?;
    let frame = Frame::of(&signed, &request);
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), query.clone());
    let (choices, found) = block(move || {
        let today = app.stamp().today();
        app.read(&actor, |conn| {
            Ok((unit_choices(conn, &actor)?, rows(conn, &actor, list, typed.clone(), today)))
        })
    })
    .await?;
    let (status, wrong, found) = match found {
        Ok(found) => (StatusCode::OK, Wrong::default(), found),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            let none = Found { query, query_id: String::new(), rows: Vec::new(), next: None };
            (StatusCode::BAD_REQUEST, wrong, none)
        }
    };
    let (title, role) = (part_of(frame.lang, list.title()), signed.actor.role);
    let listing = Listing {
        caption: title,
        heads: list.columns().into_iter().map(|column| part_of(frame.lang, column)).collect(),
        rows: found.rows.iter().map(|row| worded(frame.lang, role, list, row)).collect(),
    };
    let page = ListPage {
        wrong,
        title,
        name: list.name(),
        units: choices,
        states: list.states().iter().map(|state| (*state, stored::words(frame.lang, list, state))).collect(),
        query_id: Some(found.query_id).filter(|id| !id.is_empty()),
        query: found.query,
        listing,
        next: found.next,
        frame,
    };
    Ok(html(status, &page))
}

/// The rows, and the question with what stood for what was left out.
fn rows(conn: &mut Conn, actor: &Actor, list: List, query: Query, today: BusinessDay) -> Result<Found> {
    let asked = query.asked(conn, actor, list, today)?;
    let (rows, next) = list::page(conn, actor, &asked, query.after, SCREEN_LIMIT)?;
    let query = Query {
        unit: asked.unit_code.clone(),
        from: asked.period.from.to_string(),
        until: asked.period.until.to_string(),
        ..query
    };
    Ok(Found { query, query_id: asked.query_id(), rows, next })
}

/// A row with its stored words in the reader's language, and its ids as ways to what they name.
fn worded(lang: Lang, role: Role, list: List, row: &[Value]) -> Vec<Cell> {
    let cells = row.iter().zip(list.coded());
    cells
        .map(|(value, is_coded)| match value {
            Value::Text(text) if is_coded => Cell::text(stored::words(lang, list, text)),
            value => cell(role, value),
        })
        .collect()
}

fn cell(role: Role, value: &Value) -> Cell {
    match value {
        Value::Text(text) => match roads::of_id(role, text) {
            Some(href) => Cell::link(text, href),
            None => Cell::text(text),
        },
        Value::Amount(_) | Value::Count(_) => Cell::figure(value.shown()),
        _ => Cell::text(value.shown()),
    }
}

/// `GET /finance/receipts/file?unit=&from=&until=&pdf=`: the signed documents of the days that the list of
/// documents shows, as one zip file. That it was taken is in the trail.
pub async fn bundle(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let sent = api::receipts_zip_of(&request, signed.actor, shared).await;
    sent.map_err(|failure| failure.0.in_field("form").into())
}

/// `GET /finance/lists/{list}/file?…&format=csv|xlsx`: the same question, all of it.
pub async fn file(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let list = List::parse(extract::path_text(&request, "list"))?;
    let query: Query = extract::query(&request).map_err(|error| error.in_field("form"))?;
    let format = if query.format.is_empty() { "csv" } else { query.format.as_str() };
    let form = api::days::form_asked(Some(format))?;
    let form = form.ok_or_else(|| Error::invalid("form.format", "form_unreadable", "csv or xlsx"))?;
    let today = shared.app().stamp().today();
    let ask = move |conn: &mut Conn, actor: &Actor| query.asked(conn, actor, list, today);
    api::lists::sent(signed.actor, shared, form, ask).await.map_err(|failure| failure.0.into())
}
