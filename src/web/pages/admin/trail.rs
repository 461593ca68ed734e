//! `/admin/trail`: the audit trail of a unit, searched and proven.

use std::sync::Arc;
use std::time::Instant;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::{READERS, unit_coded};
use crate::actor::{Actor, Scope};
use crate::audit::proof::{Part, Place};
use crate::audit::{self, Search};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{AuditId, PersonId, UnitId};
use crate::identity::{person, person_name};
use crate::store::Conn;
use crate::unit::{self, CITY};
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::fields::{Fields, Pairs, Wrong, of_field};
use crate::web::pages::frame::Frame;
use crate::web::pages::listing::{Cell, Listing, time};
use crate::web::pages::proving::{PROVEN_FOR, Progress};
use crate::web::pages::session::{Signed, check_origin};
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// Entries on one page.
const SHOWN_LIMIT: i64 = 100;
/// Days that are searched when none are named.
const DAYS: i64 = 7;

#[derive(Template)]
#[template(path = "trail.html")]
struct TrailPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    units: Vec<(String, String)>,
    asked: Asked,
    from: String,
    until: String,
    listing: Listing,
    /// Codes of acts with their words, to choose from.
    acts: Vec<(&'static str, &'static str)>,
    /// Persons with logins, by id: a name stands in no address.
    people: Vec<(String, String)>,
    /// The entry before which the next page begins.
    older: Option<AuditId>,
    /// Whether the trail is whole, and if not what is wrong.
    proof: Option<(bool, String)>,
    /// How far a proof came that takes more than one request.
    progress: Option<Progress>,
    /// Whether the page asks for the next part by itself, and shows nothing else until the last one.
    is_going_on: bool,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asked {
    unit: String,
    from: String,
    until: String,
    /// Never in an address.
    #[serde(skip)]
    text: String,
    person: String,
    before: String,
    /// Of the proof: where it goes on, and how many trails did not hold until there.
    at: String,
    broken: String,
}

impl Asked {
    fn of(fields: &Fields) -> Asked {
        let field = |name: &str| fields.trimmed(name).to_owned();
        Asked {
            unit: field("unit"),
            from: field("from"),
            until: field("until"),
            text: field("text"),
            person: field("person"),
            before: field("before"),
            ..Asked::default()
        }
    }
}

/// `GET /admin/trail?unit=&from=&until=&person=&before=`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let asked = extract::query(&request).map_err(|error| of_field(error, "from"));
    shown(&request, &signed, &shared, asked).await
}

/// `POST /admin/trail`: the same with `text`, the beginning of an action, or a subject or actor in full. It is
/// posted, with its further pages, because what somebody types may be personal data and addresses are logged.
pub async fn search(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    shown(&request, &signed, &shared, Ok(Asked::of(&fields))).await
}

async fn shown(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    asked: Result<Asked>,
) -> Page {
    let composed = match asked {
        Ok(asked) => compose(request, signed, shared, asked, false).await,
        Err(error) => Err(error),
    };
    match composed {
        Ok(page) => Ok(html(StatusCode::OK, &page)),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(request))?;
            let page = compose(request, signed, shared, Asked::default(), false).await?;
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
    is_going_on: bool,
) -> Result<TrailPage> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let (app, actor) = (Arc::clone(shared.app()), signed.actor.clone());
    let today = app.clock.now().business_day();
    let until = day_asked("until", &asked.until, today)?;
    let from = day_asked("from", &asked.from, until.plus_days(1 - DAYS))?;
    if until < from {
        return Err(Error::invalid("until", "book_period_reversed", "the last day comes before the first"));
    }
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
            let searched = match is_going_on {
                true => Vec::new(),
                false => places(conn, (lang, &actor), &typed.unit)?,
            };
            for (unit, name) in searched {
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
            let rows = found.iter().map(|(unit, one)| row(conn, lang, unit, one));
            let rows = rows.collect::<Result<Vec<_>>>()?;
            let known = if is_going_on { Vec::new() } else { person::choices(conn, &actor)? };
            let people = known.into_iter().map(|one| {
                // Who left has no login any more.
                let logins = one.logins.join(", ");
                let words = if logins.is_empty() { one.name } else { format!("{} ({logins})", one.name) };
                (one.id.to_string(), words)
            });
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
        csrf: signed.csrf.clone(),
        wrong: Wrong::default(),
        units: places,
        acts: if is_going_on { Vec::new() } else { frame.lang.acts() },
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
        progress: None,
        is_going_on,
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

fn row(conn: &mut Conn, lang: Lang, unit: &str, one: &audit::Found) -> Result<Vec<Cell>> {
    let person: Option<PersonId> = one.actor.parse().ok();
    let who = match (person, one.actor.as_str()) {
        (Some(person), code) => format!("{} ({code})", person_name(conn, person).unwrap_or_default()),
        (None, "system") => format!("{} (system)", lang.t("trail_system")),
        (None, "unknown") => lang.t("trail_unknown").to_owned(),
        (None, code) => code.to_owned(),
    };
    let act = match lang.of_act(&one.action) {
        Some(words) => format!("{words} – {}", one.action),
        None => one.action.clone(),
    };
    Ok(vec![
        Cell::text(time(one.at)),
        Cell::text(unit.to_owned()),
        Cell::text(who),
        Cell::text(act),
        Cell::mono(one.subject.clone()),
        Cell::broken(one.detail.clone()),
    ])
}

/// Entries between two looks at the clock.
const STEP: i64 = 300;

/// How far a proof of one or all trails came.
struct Far {
    /// How many trails are behind it, of how many, and the name of the one it is in.
    done: usize,
    of: usize,
    name: String,
    /// Where it goes on.
    at: String,
}

impl TrailPage {
    fn next_part(&self) -> Option<String> {
        self.progress.as_ref().and_then(Progress::next_part)
    }
}

/// `GET /admin/trail/proof?unit=&at=&broken=`: proves the trails that are asked for from their first entries on,
/// one part for each request; `at` is where the part before came to and `broken` how many trails did not hold
/// until there. The page asks for the next part by itself, unless one of this part did not hold: that is to be read.
/// It changes nothing, so auditors may ask for it; another site may not make them.
pub async fn proof(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    check_origin(&request)?;
    signed.require(&READERS)?;
    let asked: Asked = extract::query(&request).map_err(|error| error.in_field("form"))?;
    let (app, lang) = (Arc::clone(shared.app()), Lang::of(&request));
    let (actor, typed) = (signed.actor.clone(), asked.clone());
    let Proven { count, faults, far } = block(move || {
        app.read(&actor, |conn| {
            let places = places(conn, (lang, &actor), &typed.unit)?;
            let began = Instant::now();
            prove(conn, &places, &typed.at, || began.elapsed() < PROVEN_FOR)
        })
    })
    .await?;
    let is_going_on = far.is_some() && faults.is_empty();
    let mut page = compose(&request, &signed, &shared, asked, is_going_on).await?;
    let before: usize = page.asked.broken.parse().unwrap_or(0);
    page.asked.broken = (before + faults.len()).to_string();
    page.proof = match (&far, faults.is_empty(), before) {
        (_, false, _) => Some((false, faults.join("; "))),
        (Some(_), true, _) => None,
        (None, true, 0) => Some((true, lang.with("trail_proven", count))),
        (None, true, before) => Some((false, lang.with("trail_broken_before", before))),
    };
    let Asked { unit, broken, .. } = &page.asked;
    // The unit was found by what is in it, so that it can stand in an address.
    page.progress = far.map(|far| Progress {
        action: "/admin/trail/proof",
        carried: vec![("unit", unit.clone()), ("at", far.at), ("broken", broken.clone())],
        done: far.done,
        of: far.of,
        name: far.name,
        title: "trail_proving",
        hint: "trail_proving_hint",
        is_going_on,
    });
    Ok(html(StatusCode::OK, &page))
}

struct Proven {
    count: usize,
    faults: Vec<String>,
    /// None at the end.
    far: Option<Far>,
}

/// Goes on with the proof at a place, empty for the beginning, until there is no more time; a step at least.
///
/// # Errors
/// `cursor_unreadable` for a place of none of these trails.
fn prove(
    conn: &mut Conn,
    places: &[(UnitId, String)],
    at: &str,
    has_time: impl Fn() -> bool,
) -> Result<Proven> {
    let (mut index, mut place) = begin(places, at)?;
    let (mut faults, mut is_begun) = (Vec::new(), false);
    while let Some((unit, name)) = places.get(index) {
        if is_begun && !has_time() {
            let at = format!("{unit}.{}", place.text());
            let far = Far { done: index, of: places.len(), name: name.clone(), at };
            return Ok(Proven { count: index, faults, far: Some(far) });
        }
        is_begun = true;
        (index, place) = match audit::proof::prove(conn, *unit, place, STEP)?.0 {
            Part::Further(next) => (index, next),
            Part::Whole => (index + 1, Place::START),
            Part::Broken(fault) => {
                faults.push(format!("{name}: {fault}"));
                (index + 1, Place::START)
            }
        };
    }
    Ok(Proven { count: places.len(), faults, far: None })
}

/// Where a proof begins: which trail, and which place in it.
fn begin(places: &[(UnitId, String)], at: &str) -> Result<(usize, Place)> {
    if at.is_empty() {
        return Ok((0, Place::START));
    }
    let unreadable =
        || Error::invalid("form.at", "cursor_unreadable", "expected the place of an earlier part");
    let (unit, place) = at.rsplit_once('.').ok_or_else(unreadable)?;
    let unit: UnitId = unit.parse().map_err(|_| unreadable())?;
    let index = places.iter().position(|(id, _)| *id == unit).ok_or_else(unreadable)?;
    Ok((index, Place::parse(place).ok_or_else(unreadable)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_goes_on_at_a_trail_that_is_asked_for_and_nowhere_else() {
        let places = [(CITY, "Thành phố".to_owned()), (UnitId(7), "Ba Đình".to_owned())];
        assert_eq!(begin(&places, "").unwrap(), (0, Place::START));
        let at = format!("{}.{}", UnitId(7), Place::Root(40).text());
        assert_eq!(begin(&places, &at).unwrap(), (1, Place::Root(40)));
        let elsewhere = format!("{}.r40", UnitId(8));
        for wrong in ["r40", "unt_.r40", &elsewhere, &format!("{}.x", UnitId(7))] {
            assert_eq!(begin(&places, wrong).unwrap_err().code(), "cursor_unreadable", "{wrong}");
        }
    }
}
