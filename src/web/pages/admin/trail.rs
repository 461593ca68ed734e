//! `/admin/trail`: the audit trail of a unit, searched and proven.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::{READERS, unit_coded};
use crate::actor::{Actor, Scope};
use crate::audit::{self, Search};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{AuditId, PersonId, UnitId};
use crate::identity::{person, person_name};
use crate::store::Conn;
use crate::unit::{self, CITY};
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::fields::{Wrong, of_field};
use crate::web::pages::frame::Frame;
use crate::web::pages::listing::{Cell, Listing, time};
use crate::web::pages::session::{Signed, check_origin};
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, html};
use crate::web::respond::block;

/// Entries on one page.
const SHOWN_LIMIT: i64 = 100;
/// Days that are searched when none are named.
const DAYS: i64 = 7;

#[derive(Template)]
#[template(path = "trail.html")]
struct TrailPage {
    frame: Frame,
    wrong: Wrong,
    units: Vec<(String, String)>,
    asked: Asked,
    from: String,
    until: String,
    listing: Listing,
    /// Persons with logins, by id: a name stands in no address.
    people: Vec<(String, String)>,
    /// The entry before which the next page begins.
    older: Option<AuditId>,
    /// Whether the trail is whole, and if not what is wrong.
    proof: Option<(bool, String)>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asked {
    unit: String,
    from: String,
    until: String,
    text: String,
    person: String,
    before: String,
}

/// `GET /admin/trail?unit=&from=&until=&text=&person=&before=`: `text` is the beginning of an action, or a subject
/// or actor in full.
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let composed = match extract::query(&request) {
        Ok(asked) => compose(&request, &signed, &shared, asked).await,
        Err(error) => Err(of_field(error, "from")),
    };
    match composed {
        Ok(page) => Ok(html(StatusCode::OK, &page)),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            let page = compose(&request, &signed, &shared, Asked::default()).await?;
            Ok(html(StatusCode::BAD_REQUEST, &TrailPage { wrong, ..page }))
        }
    }
}

/// The trails asked for, each with the unit's name: one unit's, the city's own, or all that the reader sees.
fn places(conn: &mut Conn, (lang, actor): (Lang, &Actor), code: &str) -> Result<Vec<(UnitId, String)>> {
    let of_city = || (CITY, lang.t("trail_city").to_owned());
    match (code, &actor.scope) {
        ("city", Scope::All) => Ok(vec![of_city()]),
        ("" | "all", _) => {
            let own = unit::all(conn)?.into_iter().filter(|unit| actor.scope.covers(unit.id));
            let mut found: Vec<(UnitId, String)> = own.map(|unit| (unit.id, unit.name)).collect();
            if actor.scope == Scope::All && found.iter().all(|(id, _)| *id != CITY) {
                found.insert(0, of_city());
            }
            Ok(found)
        }
        (code, _) => unit_coded(conn, actor, code).map(|unit| vec![(unit.id, unit.name)]),
    }
}

fn day_asked(field: &str, text: &str, other: BusinessDay) -> Result<BusinessDay> {
    if text.is_empty() {
        return Ok(other);
    }
    text.parse().map_err(|_| Error::invalid(field, "date_unreadable", "a day"))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    asked: Asked,
) -> Result<TrailPage> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let (app, actor) = (Arc::clone(shared.app()), signed.actor.clone());
    let today = app.clock.now().business_day();
    let until = day_asked("until", &asked.until, today)?;
    let from = day_asked("from", &asked.from, until.plus_days(1 - DAYS))?;
    let before = Some(asked.before.trim()).filter(|text| !text.is_empty());
    let before = before.map(str::parse::<AuditId>).transpose().map_err(|error| error.in_field("form"))?;
    let (typed, lang) = (asked.clone(), frame.lang);
    let read = block(move || {
        let (units, found) = app.read(&actor, |conn| {
            let units: Vec<(String, String)> = unit::all(conn)?
                .into_iter()
                .filter(|unit| unit.id != CITY && actor.scope.covers(unit.id))
                .map(|unit| (unit.code, unit.name))
                .collect();
            let mut found = Vec::new();
            for (unit, name) in places(conn, (lang, &actor), &typed.unit)? {
                let search = Search {
                    unit,
                    from,
                    until,
                    text: typed.text.clone(),
                    by: Some(typed.person.clone()).filter(|person| !person.is_empty()),
                    before,
                    limit: SHOWN_LIMIT,
                };
                found
                    .extend(audit::search(conn, &actor, &search)?.into_iter().map(|one| (name.clone(), one)));
            }
            found.sort_by_key(|(_, one)| std::cmp::Reverse(one.id));
            found.truncate(usize::try_from(SHOWN_LIMIT).unwrap_or(0));
            Ok((units, found))
        })?;
        // Persons may be registered at another unit than the one they work for.
        app.store.read(&Scope::All, |conn| {
            let rows = found.iter().map(|(unit, one)| row(conn, unit, one)).collect::<Result<Vec<_>>>()?;
            let people = person::choices(conn, &actor)?
                .into_iter()
                .map(|one| (one.id.to_string(), format!("{} ({})", one.name, one.logins.join(", "))));
            Ok(Read { units, people: people.collect(), last: found.last().map(|(_, one)| one.id), rows })
        })
    })
    .await?;
    let heads = ["event_at", "unit", "trail_actor", "trail_action", "trail_subject", "trail_detail"];
    let mut places = read.units;
    if signed.actor.scope == Scope::All {
        places.insert(0, ("city".to_owned(), frame.t("trail_city").to_owned()));
    }
    places.insert(0, ("all".to_owned(), frame.t("trail_all").to_owned()));
    let is_cut = i64::try_from(read.rows.len()).unwrap_or(0) == SHOWN_LIMIT;
    Ok(TrailPage {
        wrong: Wrong::default(),
        units: places,
        people: read.people,
        from: from.to_string(),
        until: until.to_string(),
        older: read.last.filter(|_| is_cut),
        listing: Listing {
            caption: frame.t("trail_entries"),
            heads: heads.map(|key| frame.t(key)).to_vec(),
            rows: read.rows,
        },
        proof: None,
        asked,
        frame,
    })
}

/// What the page shows of the trail.
struct Read {
    units: Vec<(String, String)>,
    people: Vec<(String, String)>,
    last: Option<AuditId>,
    rows: Vec<Vec<Cell>>,
}

fn row(conn: &mut Conn, unit: &str, one: &audit::Found) -> Result<Vec<Cell>> {
    let person: Option<PersonId> = one.actor.parse().ok();
    let who = match person {
        Some(person) => format!("{} ({})", person_name(conn, person).unwrap_or_default(), one.actor),
        None => one.actor.clone(),
    };
    Ok(vec![
        Cell::text(time(one.at)),
        Cell::text(unit.to_owned()),
        Cell::text(who),
        Cell::mono(one.action.clone()),
        Cell::mono(one.subject.clone()),
        Cell::text(one.detail.clone()),
    ])
}

/// `GET /admin/trail/proof?unit=`: proves each trail that is asked for from its first entry on. It changes
/// nothing, so auditors may ask for it; another site may not make them.
pub async fn proof(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    check_origin(&request)?;
    signed.require(&READERS)?;
    let asked: Asked = extract::query(&request).map_err(|error| error.in_field("form"))?;
    let mut page = compose(&request, &signed, &shared, asked.clone()).await?;
    let (app, lang) = (Arc::clone(shared.app()), page.frame.lang);
    let (count, faults) = block(move || {
        app.read(&signed.actor, |conn| {
            let places = places(conn, (lang, &signed.actor), &asked.unit)?;
            let mut faults = Vec::new();
            for (unit, name) in &places {
                faults.extend(audit::verify(conn, *unit)?.map(|fault| format!("{name}: {fault}")));
            }
            Ok((places.len(), faults))
        })
    })
    .await?;
    page.proof = Some(match faults.is_empty() {
        true => (true, page.frame.lang.with("trail_proven", count)),
        false => (false, faults.join("; ")),
    });
    Ok(html(StatusCode::OK, &page))
}
