//! `/finance/lists`: every list, of a unit or of all, on one page and as a file: what the screen shows and what the
//! file holds is the same question, with the same id.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::account::part_of;
use super::exceptions::OWNERS;
use super::list_names as called;
use super::report_page::{Ask, day_typed, unit_choices, unit_named};
use super::{READERS, accounts, roads, stored};
use crate::actor::{Actor, Role, Scope};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::Kind;
use crate::report::Period;
use crate::report::list::{self, Asked, Filter, List, Narrow, SCREEN_LIMIT};
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
    account: String,
    kind: String,
    owner: String,
    /// The place of the page before.
    after: String,
    format: String,
}

impl Query {
    /// The question. The first unit and today stand for what is left out.
    fn asked(&self, conn: &mut Conn, actor: &Actor, list: List, today: BusinessDay) -> Result<Asked> {
        let is_of_all = self.unit == api::lists::ALL_UNITS;
        let units = match is_of_all {
            true => api::lists::all_units(conn, actor)?,
            false => unit_named(conn, actor, &self.unit).map(|unit| vec![(unit.id, unit.code)])?,
        };
        let until = day_typed("until", &self.until, today)?;
        let from = day_typed("from", &self.from, until)?;
        let state = list.state_asked(&self.state)?;
        let filter = Filter::parse(list, (&self.account, &self.kind, &self.owner))?;
        Ok(Asked { list, units, is_of_all, period: Period::new(from, until)?, state, filter })
    }

    /// The unit as the form has it.
    fn unit(asked: &Asked) -> String {
        match asked.is_of_all {
            true => api::lists::ALL_UNITS.to_owned(),
            false => asked.of_units(),
        }
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
    /// Accounts, kinds of exceptions and owners, where the list can be narrowed by them.
    narrows: Vec<Ask>,
    query_id: Option<String>,
    listing: Listing,
    next: Option<String>,
}

#[derive(Default)]
struct Found {
    query: Query,
    query_id: String,
    columns: Vec<&'static str>,
    coded: Vec<bool>,
    rows: Vec<Vec<Value>>,
    next: Option<String>,
    /// What ids of the rows are called.
    names: HashMap<String, String>,
}

/// `GET /finance/lists/{list}?unit=&from=&until=&state=&account=&kind=&owner=&after=`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let list = List::parse(extract::path_text(&request, "list"))?;
    let query: Query = extract::query(&request).map_err(|error| error.in_field("form"))?;
    let frame = Frame::of(&signed, &request);
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), query.clone());
    let lang = frame.lang;
    let (choices, narrows, found) = block(move || {
        let today = app.stamp().today();
        let (choices, narrows, mut found) = app.read(&actor, |conn| {
            let mut choices = unit_choices(conn, &actor)?;
            if choices.len() > 1 {
                choices.push((api::lists::ALL_UNITS.to_owned(), lang.t("list_all_units").to_owned()));
            }
            let narrows = narrows(conn, lang, &actor, list, &typed)?;
            Ok((choices, narrows, rows(conn, &actor, list, typed.clone(), today)))
        })?;
        if let Ok(found) = &mut found {
            // Persons stand at the city, whatever unit they work for.
            let rows = &found.rows;
            let people = app.store.read(&Scope::All, |conn| called::people(conn, ids_of(rows)))?;
            found.names.extend(people);
        }
        Ok((choices, narrows, found))
    })
    .await?;
    let (status, wrong, found) = match found {
        Ok(found) => (StatusCode::OK, Wrong::default(), found),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            (StatusCode::BAD_REQUEST, wrong, Found { query, ..Found::default() })
        }
    };
    let (title, role) = (part_of(frame.lang, list.title()), signed.actor.role);
    let listing = Listing {
        caption: title,
        heads: found.columns.iter().map(|column| part_of(frame.lang, column)).collect(),
        rows: found.rows.iter().map(|row| worded(frame.lang, role, list, row, &found)).collect(),
    };
    let page = ListPage {
        wrong,
        title,
        name: list.name(),
        units: choices,
        states: list.askable().map(|state| (state, stored::words(frame.lang, list, state))).collect(),
        narrows,
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
    let (rows, next) = list::page(conn, actor, &asked, query.after.parse()?, SCREEN_LIMIT)?;
    let query = Query {
        unit: Query::unit(&asked),
        from: asked.period.from.to_string(),
        until: asked.period.until.to_string(),
        ..query
    };
    let names = called::things(conn, &asked, ids_of(&rows))?;
    let (columns, coded) = (asked.columns(), asked.coded());
    let next = next.map(|place| place.to_string());
    Ok(Found { query, query_id: asked.query_id(), columns, coded, rows, next, names })
}

fn ids_of(rows: &[Vec<Value>]) -> impl Iterator<Item = &str> {
    rows.iter().flatten().filter_map(|cell| match cell {
        Value::Text(text) => Some(text.as_str()),
        _ => None,
    })
}

/// Fields that narrow the list, where it can be narrowed.
fn narrows(conn: &mut Conn, lang: Lang, actor: &Actor, list: List, query: &Query) -> Result<Vec<Ask>> {
    let all = || (String::new(), lang.t("filter_all").to_owned());
    let mut asks = Vec::new();
    for one in list.filters() {
        let (label, value, mut choices) = match one {
            Narrow::Account => {
                let held = accounts(conn, actor)?.into_iter();
                let held = held
                    .map(|(unit, one)| (one.id.to_string(), format!("{} – {}", unit.name, one.account_no)));
                ("account", &query.account, held.collect::<Vec<_>>())
            }
            Narrow::Kind => {
                let title = |kind: Kind| lang.pick(kind.title_vi(), kind.title_en()).to_owned();
                let kinds = Kind::all().map(|kind| (kind.as_str().to_owned(), title(kind)));
                ("exceptions_what", &query.kind, kinds.collect())
            }
            Narrow::Owner => {
                let owners = OWNERS.iter().map(|(role, key)| ((*role).to_owned(), lang.t(key).to_owned()));
                ("filter_owner", &query.owner, owners.collect())
            }
        };
        choices.insert(0, all());
        asks.push(Ask::one_of(one.as_str(), lang.t(label), value, choices));
    }
    Ok(asks)
}

/// A row with its stored words in the reader's language, and its ids as ways to what they name.
fn worded(lang: Lang, role: Role, list: List, row: &[Value], found: &Found) -> Vec<Cell> {
    let cells = row.iter().zip(&found.coded);
    cells
        .map(|(value, is_coded)| match value {
            Value::Text(text) if *is_coded => Cell::text(stored::words(lang, list, text)),
            Value::Text(text) if lang == Lang::En => match stored::in_english(text) {
                Some(words) => Cell::text(words),
                None => cell(role, value, &found.names),
            },
            value => cell(role, value, &found.names),
        })
        .collect()
}

/// Ids stand by what people call them, or by their last letters; the file has them whole, but accounts by their
/// numbers.
fn cell(role: Role, value: &Value, names: &HashMap<String, String>) -> Cell {
    match value {
        Value::Text(text) => {
            let shown = names.get(text).cloned().unwrap_or_else(|| called::short(text));
            match roads::of_id(role, text) {
                Some(href) => Cell::link(shown, href),
                None => Cell::text(shown),
            }
        }
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
