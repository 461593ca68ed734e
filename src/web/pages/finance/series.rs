//! `/finance/series`: the series of a unit with the states of their numbers 1..N, the nightly
//! certificates, and the same proof made now.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::report_page::{unit_choices, unit_named};
use super::{READERS, stored};
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::id::{CertificateId, SeriesId};
use crate::register::chain::{self, Audit};
use crate::register::proof::STATES;
use crate::register::query::Listed;
use crate::register::{certificate, query};
use crate::store::Conn;
use crate::store::page::Page as Rows;
use crate::unit::series::{self, Series};
use crate::web::Shared;
use crate::web::api;
use crate::web::extract;
use crate::web::pages::fields::Wrong;
use crate::web::pages::frame::Frame;
use crate::web::pages::listing::{Cell, Listing, day};
use crate::web::pages::session::{Signed, check_origin};
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, called, detail, html};
use crate::web::respond::block;

/// Certificates on one page: a month of nights.
const SHOWN_LIMIT: i64 = 31;

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    unit: String,
    /// The last certificate of the page before.
    after: String,
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

/// `GET /finance/series/proof?unit=`: proves every number now. It changes nothing, so auditors may ask
/// for it; another site may not make them.
pub async fn proof(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    check_origin(&request)?;
    signed.require(&READERS)?;
    let asked: Asked = extract::query(&request).unwrap_or_default();
    // It reads a unit's every number and signature: one at a time for each person, like a bundle.
    let person = signed.actor.person.map(|id| id.to_string()).unwrap_or_default();
    let slot = shared.staff_bundles.take(person)?;
    let (app, actor, code) = (Arc::clone(shared.app()), signed.actor.clone(), asked.unit.clone());
    let audit = block(move || {
        let _held = slot;
        let unit = app.read(&actor, |conn| unit_named(conn, &actor, &code));
        unit.and_then(|unit| chain::audit(&app.store, &actor.scope, unit.id))
    });
    let audit = match audit.await {
        Ok(audit) => Some(audit),
        // The page itself tells that the unit is not one's own.
        Err(error) if error.code() == "unit_not_found" => None,
        Err(error) => return Err(error.into()),
    };
    let (status, page) = compose(&request, &signed, &shared, asked, audit).await?;
    Ok(html(status, &page))
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
    let mut faults: Vec<String> = audit.broken.iter().cloned().collect();
    for proof in &audit.proofs {
        faults.extend(proof.faults.iter().map(|(number, fault)| {
            let (template, series) = (&proof.series.template, &proof.series.series);
            format!("{template} {series} {number}: {}", lang.t(detail::fault_key(fault.as_str())))
        }));
    }
    Audited { certificates: audit.certificate_count, faults }
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
