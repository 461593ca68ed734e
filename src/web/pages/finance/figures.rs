//! `/finance/figures` and `/finance/cut-off`: what fees came to in a month or a year, what is to be handed
//! in and by when; what stood open at the end of a year.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use serde::Deserialize;

use super::report_page::{
    Ask, Chart, Hand, ReportPage, call, listing, names, part, unit_choices, unit_named,
};
use super::{READERS, units};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::report::fees::calendar::Urgency;
use crate::report::fees::{self, FILERS, Span};
use crate::report::{cut_off, table::Table};
use crate::store::{Conn, Stamp};
use crate::tariff::Tariff;
use crate::web::Shared;
use crate::web::api;
use crate::web::extract;
use crate::web::pages::called;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::listing::{Cell, Listing, day};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    unit: String,
    period: String,
    year: String,
}

/// A report with the question it answers, what was left out filled in.
struct Found {
    unit: String,
    /// Month, year, or the year of a cut-off.
    period: String,
    table: Table,
    /// Fee items by their names.
    names: Vec<(String, String)>,
    chart: Option<Chart>,
}

/// `GET /finance/figures?unit=&period=`: `2026-11` or `2026`; the month before when left out.
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let asked: Asked = extract::query(&request).unwrap_or_default();
    compose(&request, &signed, &shared, asked, Wrong::default()).await
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    asked: Asked,
    mut wrong: Wrong,
) -> Page {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let (app, actor, lang, typed) =
        (Arc::clone(shared.app()), signed.actor.clone(), frame.lang, asked.clone());
    let (choices, due, found) = block(move || {
        let stamp = app.stamp();
        app.read(&actor, |conn| {
            let due = due(conn, &stamp, &actor, lang)?;
            let tariff = app.tariff_on(conn).ok();
            let found = figures(conn, &stamp, &actor, (&typed, lang, tariff.as_deref()));
            Ok((unit_choices(conn, &actor)?, due, found))
        })
    })
    .await?;
    let found = match found {
        Ok(found) => Some(found),
        Err(error) => {
            wrong.0.extend(Wrong::of(error, lang)?.0);
            None
        }
    };
    let (unit, period) = found.as_ref().map_or_else(
        || (asked.unit.clone(), asked.period.clone()),
        |found| (found.unit.clone(), found.period.clone()),
    );
    let status = if wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let may_file = FILERS.contains(&signed.actor.role) && found.is_some();
    let hand = Hand { csrf: signed.csrf.clone(), unit: unit.clone(), period: period.clone() };
    let mut page = ReportPage {
        wrong,
        title: frame.t("way_figures"),
        lead: frame.t("figures_lead"),
        action: "/finance/figures",
        asks: vec![
            Ask::one_of("unit", frame.t("unit"), &unit, choices),
            Ask::text("period", frame.t("figures_period"), &period),
        ],
        notes: Vec::new(),
        file: None,
        chart: None,
        listings: Vec::new(),
        hand: may_file.then_some(hand),
        beside: beside(&frame),
        frame,
    };
    show(&mut page, found, "/finance/figures/file", "period");
    let heads = ["unit", "figures_period", "figures_due_on", "state", "figures_source"];
    page.listings.push(Listing {
        caption: page.frame.t("figures_due"),
        heads: heads.iter().map(|key| page.frame.t(key)).collect(),
        rows: due,
    });
    Ok(html(status, &page))
}

fn beside(frame: &Frame) -> Vec<(&'static str, &'static str)> {
    vec![
        ("/finance/books", frame.t("way_books")),
        ("/finance/figures", frame.t("way_figures")),
        ("/finance/cut-off", frame.t("way_cut_off")),
        ("/finance/reports", frame.t("way_reports")),
    ]
}

fn show(page: &mut ReportPage, found: Option<Found>, file: &str, name: &str) {
    let Some(found) = found else { return };
    let lang = page.frame.lang;
    page.notes = found.table.title.iter().map(|line| part(lang, line).to_owned()).collect();
    page.file = Some(format!("{file}?unit={}&{name}={}", found.unit, found.period));
    let mut shown = listing(lang, page.title, &found.table);
    call(&found.names, &mut shown);
    page.listings.push(shown);
    page.chart = found.chart;
}

fn figures(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (asked, lang, tariff): (&Asked, Lang, Option<&Tariff>),
) -> Result<Found> {
    let unit = unit_named(conn, actor, &asked.unit)?;
    let span = match asked.period.trim() {
        "" => Span::month_before(stamp.today()),
        text => Span::parse(text)?,
    };
    let figures = fees::figures(conn, actor, unit.id, span)?;
    let sums: Vec<(String, Dong)> =
        figures.items.iter().map(|one| (called::item(lang, &one.code, tariff), one.collected)).collect();
    let chart = Chart::of(lang, ("chart_items", "chart_items_words", "city_item"), &sums);
    Ok(Found {
        period: span.to_string(),
        table: fees::table(&unit, span, &figures, stamp.today()),
        names: names(conn, lang, tariff, &unit)?,
        chart,
        unit: unit.code,
    })
}

/// What is to be handed in, of every unit one keeps.
fn due(conn: &mut Conn, stamp: &Stamp<'_>, actor: &Actor, lang: Lang) -> Result<Vec<Vec<Cell>>> {
    let mut rows = Vec::new();
    let units = units(conn, actor)?;
    let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
    let mut due = fees::due_of_units(conn, stamp.calendar, stamp.today(), &ids)?;
    for unit in units {
        for one in due.remove(&unit.id).unwrap_or_default() {
            let tone = match one.urgency {
                Urgency::Open => "gone",
                Urgency::Soon => "wait",
                Urgency::Overdue => "late",
            };
            let (vi, en) = one.urgency.words();
            let href = format!("/finance/figures?unit={}&period={}", unit.code, one.period);
            rows.push(vec![
                Cell::text(unit.name.clone()),
                Cell::link(one.period.clone(), href),
                Cell::text(day(one.due_on)),
                Cell::state(lang.pick(vi, en), tone),
                Cell::text(one.source.clone()),
            ]);
        }
    }
    Ok(rows)
}

/// `POST /finance/figures`: the figures of a period were handed in.
pub async fn filed(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&FILERS)?;
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
    let recorded = block(move || app.write(&actor, |tx, stamp| record(tx, stamp, &actor, &typed))).await;
    let (unit, period) = (fields.trimmed("unit").to_owned(), fields.trimmed("period").to_owned());
    match recorded {
        Ok((unit, span)) => Ok(see(format!("/finance/figures?unit={unit}&period={span}"))),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            compose(&request, &signed, &shared, Asked { unit, period, ..Asked::default() }, wrong).await
        }
    }
}

fn record(
    tx: &mut crate::store::Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    fields: &Fields,
) -> Result<(String, Span)> {
    let unit = unit_named(tx, actor, fields.get("unit"))?;
    let span = Span::parse(fields.trimmed("period"))?;
    fees::record_filing(tx, stamp, actor, unit.id, span, fields.get("reference_no"))?;
    Ok((unit.code, span))
}

/// `GET /finance/figures/file?unit=&period=&format=csv|xlsx`
pub async fn file(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    api::figures::fees_of(&request, signed.actor, shared, "csv").await.map_err(|failure| failure.0.into())
}

/// `GET /finance/cut-off?unit=&year=`: the year before this one when left out.
pub async fn at_year_end(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let asked: Asked = extract::query(&request).unwrap_or_default();
    let frame = Frame::of(&signed, &request);
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), asked.clone());
    let lang = frame.lang;
    let (choices, found) = block(move || {
        let today = app.stamp().today();
        app.read(&actor, |conn| {
            let tariff = app.tariff_on(conn).ok();
            let found = cut_off_asked(conn, &actor, (&typed, lang, tariff.as_deref()), today);
            Ok((unit_choices(conn, &actor)?, found))
        })
    })
    .await?;
    let (status, wrong, found) = match found {
        Ok(found) => (StatusCode::OK, Wrong::default(), Some(found)),
        Err(error) => (StatusCode::BAD_REQUEST, Wrong::of(error, frame.lang)?, None),
    };
    let (unit, year) = found
        .as_ref()
        .map_or_else(|| (asked.unit, asked.year), |found| (found.unit.clone(), found.period.clone()));
    let mut page = ReportPage {
        wrong,
        title: frame.t("way_cut_off"),
        lead: frame.t("cut_off_lead"),
        action: "/finance/cut-off",
        asks: vec![
            Ask::one_of("unit", frame.t("unit"), &unit, choices),
            Ask::text("year", frame.t("cut_off_year"), &year),
        ],
        notes: Vec::new(),
        file: None,
        chart: None,
        listings: Vec::new(),
        hand: None,
        beside: beside(&frame),
        frame,
    };
    show(&mut page, found, "/finance/cut-off/file", "year");
    Ok(html(status, &page))
}

fn cut_off_asked(
    conn: &mut Conn,
    actor: &Actor,
    (asked, lang, tariff): (&Asked, Lang, Option<&Tariff>),
    today: BusinessDay,
) -> Result<Found> {
    let unit = unit_named(conn, actor, &asked.unit)?;
    let wrong = |_| Error::invalid("year", "fee_period_unreadable", "expected YYYY");
    let year = match asked.year.trim() {
        "" => today.year() - 1,
        text => text.parse().map_err(wrong)?,
    };
    let report = cut_off::cut_off(conn, actor, unit.id, year)?;
    let chart =
        Chart::of(lang, ("chart_cut_off", "chart_cut_off_words", "chart_section"), &sections(lang, &report));
    Ok(Found {
        period: year.to_string(),
        table: cut_off::table(&unit, &report, today),
        names: names(conn, lang, tariff, &unit)?,
        chart,
        unit: unit.code,
    })
}

/// What stands open of each section, in the order of the report: how much it is, on whichever side.
fn sections(lang: Lang, report: &cut_off::CutOff) -> Vec<(String, Dong)> {
    let mut sums: Vec<(String, Dong)> = Vec::new();
    for one in &report.positions {
        let (vi, en) = one.section.words();
        let name = lang.pick(vi, en);
        match sums.iter_mut().find(|(known, _)| known == name) {
            Some((_, sum)) => sum.0 = sum.0.saturating_add(one.balance.0),
            None => sums.push((name.to_owned(), one.balance)),
        }
    }
    sums.into_iter().map(|(name, sum)| (name, Dong(sum.0.saturating_abs()))).collect()
}

/// `GET /finance/cut-off/file?unit=&year=&format=csv|xlsx`
pub async fn cut_off_file(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    api::figures::cut_off_of(&request, signed.actor, shared, "csv").await.map_err(|failure| failure.0.into())
}
