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
use crate::id::{PersonId, UnitId};
use crate::identity::person_name;
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
    is_cut: bool,
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
}

/// `GET /admin/trail?unit=&from=&until=&text=`: `text` is the beginning of an action, or a subject or
/// actor in full.
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

/// The unit asked for: the city's own trail for who governs all, else the first unit.
fn place(conn: &mut Conn, actor: &Actor, code: &str) -> Result<UnitId> {
    match (code, &actor.scope) {
        ("", Scope::All) | ("city", Scope::All) => Ok(CITY),
        ("", Scope::Units(units)) => {
            units.first().copied().ok_or_else(|| Error::not_found("unit_not_found", "no unit in your scope"))
        }
        (code, _) => unit_coded(conn, actor, code).map(|unit| unit.id),
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
    let (text, code) = (asked.text.clone(), asked.unit.clone());
    let (units, found) = block(move || {
        let (units, found) = app.read(&actor, |conn| {
            let units: Vec<(String, String)> = unit::all(conn)?
                .into_iter()
                .filter(|unit| actor.scope.covers(unit.id))
                .map(|unit| (unit.code, unit.name))
                .collect();
            let unit = place(conn, &actor, &code)?;
            let search = Search { unit, from, until, text, limit: SHOWN_LIMIT };
            Ok((units, audit::search(conn, &actor, &search)?))
        })?;
        // Persons may be registered at another unit than the one they work for.
        let rows = app.store.read(&Scope::All, |conn| found.iter().map(|one| row(conn, one)).collect())?;
        let rows: Vec<Vec<Cell>> = rows;
        Ok((units, rows))
    })
    .await?;
    let heads = ["event_at", "trail_actor", "trail_action", "trail_subject", "trail_detail"];
    let mut places = units;
    if signed.actor.scope == Scope::All {
        places.insert(0, ("city".to_owned(), frame.t("users_all_units").to_owned()));
    }
    Ok(TrailPage {
        wrong: Wrong::default(),
        units: places,
        from: from.to_string(),
        until: until.to_string(),
        is_cut: i64::try_from(found.len()).unwrap_or(0) == SHOWN_LIMIT,
        listing: Listing {
            caption: frame.t("trail_entries"),
            heads: heads.map(|key| frame.t(key)).to_vec(),
            rows: found,
        },
        proof: None,
        asked,
        frame,
    })
}

fn row(conn: &mut Conn, one: &audit::Found) -> Result<Vec<Cell>> {
    let person: Option<PersonId> = one.actor.parse().ok();
    let who = match person {
        Some(person) => format!("{} ({})", person_name(conn, person).unwrap_or_default(), one.actor),
        None => one.actor.clone(),
    };
    Ok(vec![
        Cell::text(time(one.at)),
        Cell::text(who),
        Cell::mono(one.action.clone()),
        Cell::mono(one.subject.clone()),
        Cell::text(one.detail.clone()),
    ])
}

/// `GET /admin/trail/proof?unit=`: proves the trail of a unit from its first entry on. It changes nothing,
/// so auditors may ask for it; another site may not make them.
pub async fn proof(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    check_origin(&request)?;
    signed.require(&READERS)?;
    let asked: Asked = extract::query(&request).map_err(|error| error.in_field("form"))?;
    let mut page = compose(&request, &signed, &shared, asked.clone()).await?;
    let app = Arc::clone(shared.app());
    let fault = block(move || {
        app.read(&signed.actor, |conn| {
            let unit = place(conn, &signed.actor, &asked.unit)?;
            audit::verify(conn, unit)
        })
    })
    .await?;
    page.proof = Some(match fault {
        None => (true, String::new()),
        Some(fault) => (false, fault),
    });
    Ok(html(StatusCode::OK, &page))
}
