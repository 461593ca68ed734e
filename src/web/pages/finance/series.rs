//! `/finance/series`: the series of a unit with the states of their numbers 1..N, the nightly
//! certificates, and the same proof made now.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::report_page::{unit_choices, unit_named};
use super::{READERS, stored};
use crate::actor::{Actor, Scope};
use crate::error::{Error, Result};
use crate::id::{CertificateId, SeriesId};
use crate::register::chain::Audit;
use crate::register::parts::{self, Course, Part};
use crate::register::proof::{Fault, STATES};
use crate::register::query::Listed;
use crate::register::{certificate, query};
use crate::store::page::Page as Rows;
use crate::store::{Conn, Store};
use crate::unit::series::{self, Series};
use crate::web::Shared;
use crate::web::api;
use crate::web::extract;
use crate::web::pages::fields::Wrong;
use crate::web::pages::frame::Frame;
use crate::web::pages::listing::{Cell, Listing, day};
use crate::web::pages::proving::{PROVEN_FOR, Progress};
use crate::web::pages::session::{Signed, check_origin};
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, called, detail, html};
use crate::web::respond::block;

/// Certificates on one page: a month of nights.
const SHOWN_LIMIT: i64 = 31;
/// Numbers between two looks at the clock.
const STEP: i64 = 128;

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    unit: String,
    /// The last certificate of the page before.
    after: String,
    /// Of the proof: what the parts before found.
    at: String,
}

/// What proving it now found, as told.
struct Audited {
    certificates: usize,
    faults: Vec<String>,
}

#[derive(Template)]
#[template(path = "series.html")]
struct SeriesPage {
    frame: Frame,
    wrong: Wrong,
    units: Vec<(String, String)>,
    unit: String,
    /// Of when the states of the numbers are.
    as_of: String,
    listings: Vec<Listing>,
    next: Option<String>,
    audited: Option<Audited>,
    /// How far a proof came that takes more than one request. Nothing else is shown then.
    progress: Option<Progress>,
}

impl SeriesPage {
    fn next_part(&self) -> Option<String> {
        self.progress.as_ref().and_then(Progress::next_part)
    }
}

/// How many numbers of each series stand in each state.
type States = BTreeMap<String, BTreeMap<String, i64>>;

struct Found {
    unit: String,
    register: Vec<Series>,
    certificates: Vec<Listed>,
    /// Those of the newest certificate, and its day.
    states: States,
    as_of: String,
}

/// `GET /finance/series?unit=&after=`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let asked: Asked = extract::query(&request).unwrap_or_default();
    let (status, page) = compose(&request, &signed, &shared, asked, None).await?;
    Ok(html(status, &page))
}

/// `GET /finance/series/proof?unit=&at=`: proves every number now, one part for each request; `at` is what the parts
/// before found, as this page alone can write it. The page asks for the next part by itself. It changes nothing, so
/// auditors may ask for it; another site may not make them.
pub async fn proof(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    check_origin(&request)?;
    signed.require(&READERS)?;
    let asked: Asked = extract::query(&request).unwrap_or_default();
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), asked.clone());
    let lang = Lang::of(&request);
    let proven = block(move || {
        let (unit, register) = app.read(&actor, |conn| {
            let unit = unit_named(conn, &actor, &typed.unit)?;
            let register = series::of_unit(conn, unit.id)?;
            Ok((unit, register))
        })?;
        let now = app.clock.now();
        let course = match typed.at.as_str() {
            "" => Course::new(unit.id, now),
            at => Course::read(at, unit.id, &app.vault, now)?,
        };
        Ok(match prove(&app.store, &actor.scope, course)? {
            Part::Whole(audit) => Proven::Whole(audit),
            Part::Further(course) => {
                let at = course.text(&app.vault)?;
                let faults = found_so_far(lang, &course, &register);
                Proven::Further(faults, progress(lang, &course, &register, (unit.code, at)))
            }
        })
    });
    let audit = match proven.await {
        Ok(Proven::Whole(audit)) => Some(audit),
        Ok(Proven::Further(faults, progress)) => {
            return Ok(html(StatusCode::OK, &under_way(Frame::of(&signed, &request), faults, progress)));
        }
        // The page itself tells that the unit is not one's own.
        Err(error) if error.code() == "unit_not_found" => None,
        Err(error) => return Err(error.into()),
    };
    let (status, page) = compose(&request, &signed, &shared, asked, audit).await?;
    Ok(html(status, &page))
}

/// What one request came to.
enum Proven {
    Whole(Audit),
    /// The faults until here, and how far it came.
    Further(Vec<String>, Progress),
}

/// Goes on with an audit until there is no more time; a step at least.
fn prove(store: &Store, scope: &Scope, mut course: Course) -> Result<Part> {
    let began = Instant::now();
    loop {
        match parts::prove(store, scope, course, STEP)? {
            Part::Further(next) if began.elapsed() < PROVEN_FOR => course = *next,
            part => return Ok(part),
        }
    }
}

/// Each fault that the parts until here found, in words.
fn found_so_far(lang: Lang, course: &Course, register: &[Series]) -> Vec<String> {
    let (broken, faults) = course.faults();
    let of_numbers = faults.into_iter().filter_map(|(id, number, fault)| {
        let series = register.iter().find(|one| one.id == id)?;
        Some(fault_of(lang, series, number, fault))
    });
    broken.map(|broken| detail::broken(lang, broken)).into_iter().chain(of_numbers).collect()
}

/// How many of a unit's numbers are proven, and where the proof goes on.
fn progress(lang: Lang, course: &Course, register: &[Series], (unit, at): (String, String)) -> Progress {
    let of = register.iter().map(|one| one.next_no - 1).sum::<i64>().max(1);
    let proven = register.iter().find(|one| Some(one.id) == course.series());
    Progress {
        action: "/finance/series/proof",
        carried: vec![("unit", unit), ("at", at)],
        done: usize::try_from(course.done().min(of)).unwrap_or(0),
        of: usize::try_from(of).unwrap_or(1),
        name: match proven {
            Some(series) => format!("{} {}", series.template, series.series),
            None => lang.t("series_proving_certificates").to_owned(),
        },
        title: "series_proving",
        hint: "series_proving_hint",
        is_going_on: true,
    }
}

/// The page between two parts.
fn under_way(frame: Frame, faults: Vec<String>, progress: Progress) -> SeriesPage {
    SeriesPage {
        wrong: Wrong::default(),
        units: Vec::new(),
        unit: String::new(),
        as_of: String::new(),
        listings: Vec::new(),
        next: None,
        audited: Some(Audited { certificates: 0, faults }).filter(|one| !one.faults.is_empty()),
        progress: Some(progress),
        frame,
    }
}

/// `GET /finance/series/certificates/{id}/xml`
pub async fn certificate_xml(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(api::series::xml_of(&request, signed.actor, shared).await?)
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    asked: Asked,
    audit: Option<Audit>,
) -> Result<(StatusCode, SeriesPage)> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let lang = frame.lang;
    let (app, actor) = (Arc::clone(shared.app()), signed.actor.clone());
    let (units, found) = block(move || {
        app.read(&actor, |conn| Ok((unit_choices(conn, &actor)?, found(conn, &actor, lang, &asked))))
    })
    .await?;
    let (status, wrong, found) = match found {
        Ok(found) => (StatusCode::OK, Wrong::default(), Some(found)),
        Err(error) => (StatusCode::BAD_REQUEST, Wrong::of(error, lang)?, None),
    };
    let mut page = SeriesPage {
        wrong,
        units,
        unit: String::new(),
        as_of: String::new(),
        listings: Vec::new(),
        next: None,
        audited: audit.as_ref().map(|audit| told(lang, audit)),
        progress: None,
        frame,
    };
    if let Some(found) = found {
        let proven = audit.map(|audit| states_of(&audit));
        page.as_of = match proven {
            Some(_) => lang.t("series_proven_now").to_owned(),
            None => found.as_of,
        };
        let states = proven.unwrap_or(found.states);
        page.listings = vec![register(lang, &found.register, &states), nights(lang, &found.certificates)];
        page.next = api::paging::next(&found.certificates, SHOWN_LIMIT, |last| last.id.to_string());
        page.unit = found.unit;
    }
    Ok((status, page))
}

fn found(conn: &mut Conn, actor: &Actor, lang: Lang, asked: &Asked) -> Result<Found> {
    let unit = unit_named(conn, actor, &asked.unit)?;
    let cursor = match asked.after.as_str() {
        "" => None,
        text => Some(text.parse::<CertificateId>().map_err(|_| unknown())?.0),
    };
    let certificates = query::newest(conn, unit.id, Rows { cursor, limit: SHOWN_LIMIT })?;
    let (mut states, mut as_of) = (States::new(), String::new());
    if let Some(last) = query::last_audit(conn, unit.id)? {
        as_of = lang.with("series_certified_on", day(last.date));
        let stated = certificate::read(&last.document)?;
        states = stated.series.into_iter().map(|one| (one.id, one.by_state)).collect();
    }
    Ok(Found { register: series::of_unit(conn, unit.id)?, unit: unit.code, certificates, states, as_of })
}

fn unknown() -> Error {
    Error::not_found("series_audit_not_found", "no such certificate in your scope")
}

fn states_of(audit: &Audit) -> States {
    let of = |counts: &BTreeMap<&'static str, i64>| {
        counts.iter().map(|(state, count)| ((*state).to_owned(), *count)).collect()
    };
    audit.proofs.iter().map(|proof| (proof.series.id.to_string(), of(&proof.by_state))).collect()
}

/// Each fault in words; no more than the proofs list.
fn told(lang: Lang, audit: &Audit) -> Audited {
    let mut faults: Vec<String> = audit.broken.iter().map(|broken| detail::broken(lang, broken)).collect();
    for proof in &audit.proofs {
        let listed = proof.faults.iter();
        faults.extend(listed.map(|(number, fault)| fault_of(lang, &proof.series, *number, *fault)));
    }
    Audited { certificates: audit.certificate_count, faults }
}

fn fault_of(lang: Lang, series: &Series, number: i64, fault: Fault) -> String {
    format!("{} {} {number}: {}", series.template, series.series, lang.t(detail::fault_key(fault.as_str())))
}

fn register(lang: Lang, register: &[Series], states: &States) -> Listing {
    let row = |one: &Series| {
        vec![
            Cell::whole(format!("{} {}", one.template, one.series)),
            Cell::text(called::document(lang, &one.document_kind)),
            Cell::figure(one.year),
            Cell::text(match one.next_no {
                1 => "–".to_owned(),
                next => format!("1 – {}", next - 1),
            }),
            Cell::text(by_state(lang, one.id, states)),
            Cell::count(one.remaining()),
            Cell::state(called::phase(lang, one.phase), if one.is_open { "done" } else { "gone" }),
        ]
    };
    let heads =
        ["unit_series", "unit_document", "unit_year", "unit_used", "series_states", "unit_left", "state"];
    Listing {
        caption: lang.t("series_register"),
        heads: heads.map(|key| lang.t(key)).to_vec(),
        rows: register.iter().map(row).collect(),
    }
}

/// “đã ký 12, đã hủy 1”; a dash where no number of the series was looked at yet.
fn by_state(lang: Lang, id: SeriesId, states: &States) -> String {
    let Some(counts) = states.get(&id.to_string()) else { return "–".to_owned() };
    let told: Vec<String> = STATES
        .iter()
        .filter_map(|state| {
            let count = counts.get(*state).copied().filter(|count| *count > 0)?;
            Some(format!("{} {count}", stored::value(lang, state)))
        })
        .collect();
    if told.is_empty() { "–".to_owned() } else { told.join(", ") }
}

fn nights(lang: Lang, certificates: &[Listed]) -> Listing {
    let row = |one: &Listed| {
        let verdict = match one.fault_count {
            0 => Cell::state(lang.t("series_whole"), "done"),
            count => Cell::state(lang.with("series_faulty", count), "late"),
        };
        let href = format!("/finance/series/certificates/{}/xml", one.id);
        vec![
            Cell::text(day(one.date)),
            verdict,
            Cell::figure(one.number_count),
            Cell::mono(one.document_sha256.clone()),
            Cell::link(format!("XML {}", day(one.date)), href),
        ]
    };
    let heads = [
        "series_certificate_date",
        "state",
        "series_certificate_numbers",
        "series_certificate_hash",
        "series_certificate_file",
    ];
    Listing {
        caption: lang.t("series_certificates"),
        heads: heads.map(|key| lang.t(key)).to_vec(),
        rows: certificates.iter().map(row).collect(),
    }
}
