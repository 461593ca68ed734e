//! Every list, of one unit or of all, on the screen and as a file.

use std::sync::Arc;

use actix_web::{HttpRequest, web};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::days::form_asked;
use super::unit_asked;
use crate::actor::{Actor, Scope};
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::report::Period;
use crate::report::list::{self, Asked, Filter, List, READERS, SCREEN_LIMIT};
use crate::report::sheet::{Cell, Form};
use crate::report::table;
use crate::store::Conn;
use crate::unit::{self, CITY};
use crate::web::extract::{self, Caller};
use crate::web::respond::{self, Answer, block};
use crate::web::{Shared, bundle};

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    unit: Option<String>,
    from: Option<BusinessDay>,
    until: Option<BusinessDay>,
    state: Option<String>,
    /// Of lists with accounts, kinds of exceptions or owners.
    account: Option<String>,
    kind: Option<String>,
    owner: Option<String>,
    format: Option<String>,
    /// On the screen only: `next` of the page before, and how many rows.
    cursor: Option<String>,
    limit: Option<i64>,
}

/// `GET /api/v1/lists/{list}?unit=&from=&until=&state=&account=&kind=&owner=&format=json|csv|xlsx`: a page on the
/// screen, the whole as a file that is written as it is read. Without dates today is told; without a unit, or by
/// `*`, every unit of the scope.
pub async fn show(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let which = List::parse(extract::path_text(&request, "list"))?;
    let query: Query = extract::query(&request)?;
    let form = form_asked(query.format.as_deref())?;
    match form {
        None => screen(caller.0, shared, which, query).await,
        Some(form) => file(caller.0, shared, which, query, form).await,
    }
}

fn asked(conn: &mut Conn, actor: &Actor, list: List, query: &Query, today: BusinessDay) -> Result<Asked> {
    let is_one = matches!(&actor.scope, Scope::Units(units) if units.len() == 1);
    let (units, is_of_all) = match query.unit.as_deref() {
        Some(ALL_UNITS) => (all_units(conn, actor)?, true),
        None if !is_one => (all_units(conn, actor)?, true),
        named => {
            let unit = unit_asked(conn, actor, named)?;
            (vec![(unit, unit::find(conn, unit)?.code)], false)
        }
    };
    let until = query.until.unwrap_or(today);
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    let narrowed = (said(&query.account), said(&query.kind), said(&query.owner));
    Ok(Asked {
        list,
        units,
        is_of_all,
        period: Period::new(query.from.unwrap_or(until), until)?,
        state: list.state_asked(query.state.as_deref().unwrap_or_default())?,
        filter: Filter::parse(list, (&narrowed.0, &narrowed.1, &narrowed.2))?,
    })
}

/// What a query calls every unit of somebody's scope.
pub const ALL_UNITS: &str = "*";

/// Every unit of an actor with its code, without the reserved one.
pub fn all_units(conn: &mut Conn, actor: &Actor) -> Result<Vec<(UnitId, String)>> {
    let all = unit::all(conn)?.into_iter();
    let own = all.filter(|unit| unit.id != CITY && actor.scope.covers(unit.id));
    Ok(own.map(|unit| (unit.id, unit.code)).collect())
}

async fn screen(actor: Actor, shared: web::Data<Shared>, list: List, query: Query) -> Answer {
    let limit = query.limit.unwrap_or(SCREEN_LIMIT);
    if !(1..=SCREEN_LIMIT).contains(&limit) {
        let detail = format!("1 to {SCREEN_LIMIT}");
        return Err(Error::invalid("limit", "limit_out_of_range", detail).into());
    }
    let found = block(move || {
        let app = shared.app();
        let today = app.stamp().today();
        app.read(&actor, |conn| {
            let asked = asked(conn, &actor, list, &query, today)?;
            let place = query.cursor.as_deref().unwrap_or_default().parse()?;
            let (rows, next) = list::page(conn, &actor, &asked, place, limit)?;
            Ok((asked.query_id(), asked.columns(), rows, next.map(|place| place.to_string())))
        })
    });
    let (query_id, columns, rows, next) = found.await?;
    let rows = rows.iter().map(|row| object(&columns, row)).collect();
    respond::ok(&Page { list: list.name(), query_id, rows, next })
}

/// A page of a list. Every list has its own columns: a row names its values by their English headings.
#[derive(Serialize, schemars::JsonSchema)]
pub(super) struct Page {
    list: &'static str,
    query_id: String,
    rows: Vec<Map<String, Value>>,
    next: Option<String>,
}

/// A row by its English headings.
fn object(columns: &[&str], row: &[Cell]) -> Map<String, Value> {
    let name = |title: &str| title.split(" / ").last().unwrap_or(title).to_lowercase().replace(' ', "_");
    let pairs = columns.iter().zip(row).map(|(title, cell)| (name(title), value(cell)));
    pairs.collect()
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Text(text) => json!(text),
        Cell::Date(day) => json!(day),
        Cell::Time(at) => json!(at),
        Cell::Amount(amount) => json!(amount),
        Cell::Count(count) => json!(count),
    }
}

async fn file(actor: Actor, shared: web::Data<Shared>, list: List, query: Query, form: Form) -> Answer {
    let today = shared.app().stamp().today();
    sent(actor, shared, form, move |conn, actor| asked(conn, actor, list, &query, today)).await
}

/// A list as a file that is written as it is read; taking it leaves a trace.
pub async fn sent(
    actor: Actor,
    shared: web::Data<Shared>,
    form: Form,
    ask: impl Fn(&mut Conn, &Actor) -> Result<Asked> + Send + 'static,
) -> Answer {
    actor.require_role(&READERS)?;
    let person = actor.person.map(|id| id.to_string());
    let client = actor.client.map(|id| id.to_string()).or(person);
    let slot = shared.staff_bundles.take(client.unwrap_or_else(|| actor.role.as_str().to_owned()))?;
    let app = Arc::clone(shared.app());
    let asked = block(move || {
        app.write(&actor, |tx, stamp| {
            let asked = ask(tx, &actor)?;
            let list = asked.list;
            let detail = format!("{} {} {}", list.name(), asked.query_id(), form.suffix());
            let entry = |unit| audit::Entry::by(&actor, unit, "list.exported", detail.clone());
            // Of one that looks after the whole city the trail is the city's.
            let is_citys = asked.is_of_all && actor.scope == Scope::All;
            let entries: Vec<audit::Entry> = match is_citys {
                true => vec![entry(CITY)],
                false => asked.units.iter().map(|(unit, _)| entry(*unit)).collect(),
            };
            audit::record(tx, stamp, &entries)?;
            Ok(asked)
        })
    })
    .await?;
    let app = Arc::clone(shared.app());
    let (from, until) = (asked.period.from, asked.period.until);
    let name = format!("{}-{}-{from}-{until}.{}", asked.list.name(), asked.of_units(), form.suffix());
    bundle::stream(slot, (&name, form.media_type()), move |out| {
        let scope = Scope::Units(asked.units.iter().map(|(unit, _)| *unit).collect());
        table::write_as(form, out, |sheet| list::write(&app.store, &scope, &asked, sheet))
    })
}
