//! `/city`: what was collected, how units stand against their targets, who needs help early; the
//! monthly report at one click, and the dossier system's totals as a file.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::called;
use super::chart::{self, Bar, Columns};
use super::fields::{Wrong, of_field};
use super::frame::{Frame, see_done};
use super::listing::time;
use super::session::{Signed, check_origin};
use super::wording::Lang;
use super::{Page, html, upload};
use crate::actor::{Actor, Role, Scope};
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::report::city::{Figures, Measured, Standing, Warning, query_line, way_words};
use crate::report::collection::{READERS, percent};
use crate::report::proposal;
use crate::report::target::total;
use crate::report::target::{Measure, Targets};
use crate::web::Shared;
use crate::web::api::city::{figures_asked, report_file};
use crate::web::api::days::file;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES};
use crate::web::multipart::{Part, boundary, parts};
use crate::web::respond::block;

/// Warnings on the page; the report has all of them.
const WARNINGS_SHOWN: usize = 60;
/// Bad rows of a file that are told one by one; of those behind them the number.
const SHOWN_FAULTS: usize = 100;
/// Items on the page, the largest.
const ITEMS_SHOWN: usize = 30;

/// A cell with a share against its target.
struct Share {
    shown: String,
    target: Option<String>,
    /// `done`, `late`, or `gone` where nothing can be said.
    tone: &'static str,
}

struct UnitRow {
    code: String,
    name: String,
    amount: String,
    width: u32,
    count: i64,
    free: i64,
    by_amount: String,
    shares: Vec<Share>,
    old_until: Option<String>,
}

struct WarningRow {
    unit: String,
    field: String,
    measure: &'static str,
    share: String,
    target: String,
    is_grave: bool,
    old_until: Option<String>,
}

struct TargetRow {
    measure: &'static str,
    kinds: String,
    asked: String,
    from: String,
    until: Option<String>,
    source: String,
    certainty: String,
}

#[derive(Template)]
#[template(path = "city.html")]
struct CityPage {
    frame: Frame,
    csrf: String,
    can_import: bool,
    wrong: Wrong,
    month: String,
    query: String,
    until: String,
    counted_at: String,
    total: String,
    count: i64,
    free: i64,
    by_count: String,
    by_amount: String,
    due: String,
    due_source: String,
    without_totals: usize,
    warnings: Vec<WarningRow>,
    left_out: usize,
    units: Vec<UnitRow>,
    items: Vec<Bar>,
    channels: Vec<Bar>,
    days: Columns,
    targets: Vec<TargetRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    month: Option<String>,
    format: Option<String>,
    /// What `see_done` adds; the frame reads it.
    #[serde(rename = "done")]
    _done: Option<String>,
}

/// `GET /city?month=`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let composed = match extract::query::<Asked>(&request) {
        Ok(asked) => compose(&request, &signed, &shared, asked.month).await,
        Err(error) => Err(of_field(error, "month")),
    };
    match composed {
        Ok(page) => Ok(html(StatusCode::OK, &page)),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            let page = CityPage { wrong, ..compose(&request, &signed, &shared, None).await? };
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    month: Option<String>,
) -> Result<CityPage> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let (app, actor) = (Arc::clone(shared.app()), signed.actor.clone());
    let (found, asked) = block(move || {
        let found =
            figures_asked(&app, &actor, None, month.as_deref()).map_err(|error| of_field(error, "month"))?;
        Ok((found, app.store.read(&Scope::All, proposal::targets)?))
    })
    .await?;
    let lang = frame.lang;
    let most = found.units.iter().map(|one| one.amount.0).max().unwrap_or_default();
    Ok(CityPage {
        csrf: signed.csrf.clone(),
        can_import: signed.actor.role == Role::Administrator,
        wrong: Wrong::default(),
        query: lang.part(&query_line(&found)).to_owned(),
        until: shown(found.until),
        counted_at: time(found.counted_at),
        total: found.total.to_string(),
        count: found.paid.count,
        free: found.paid.free_count,
        by_count: or_none(lang, found.paid.share_by_count()),
        by_amount: or_none(lang, found.paid.share_by_amount()),
        due: shown(found.report_due_on),
        due_source: format!("{} ({})", found.report_source, found.report_certainty),
        without_totals: found.without_totals,
        warnings: found.warnings.iter().take(WARNINGS_SHOWN).map(|one| warning(lang, one)).collect(),
        left_out: found.warnings.len().saturating_sub(WARNINGS_SHOWN),
        units: found.units.iter().map(|one| unit(lang, one, most)).collect(),
        items: chart::bars(found.by_item.iter().take(ITEMS_SHOWN).map(|sum| (sum.name.clone(), sum.amount))),
        channels: chart::bars(channels(lang, &found)),
        days: chart::columns(&found.by_day),
        targets: targets(lang, &asked),
        month: found.month,
        frame,
    })
}

fn channels(lang: Lang, found: &Figures) -> impl Iterator<Item = (String, crate::amount::Dong)> {
    found.by_channel.iter().map(move |sum| {
        let (vi, en) = way_words(&sum.code);
        (lang.pick(vi, en).to_owned(), sum.amount)
    })
}

fn shown(day: crate::clock::BusinessDay) -> String {
    day.0.format("%d/%m/%Y").to_string()
}

fn or_none(lang: Lang, share: Option<i64>) -> String {
    share.map_or_else(|| lang.t("city_no_figures").to_owned(), percent)
}

fn share(lang: Lang, measured: &Measured) -> Share {
    let tone = match measured.is_met() {
        Some(true) => "done",
        Some(false) => "late",
        None => "gone",
    };
    Share {
        shown: or_none(lang, measured.share),
        target: measured.target.as_ref().map(crate::report::target::Target::shown),
        tone,
    }
}

fn unit(lang: Lang, one: &Standing, most: i64) -> UnitRow {
    UnitRow {
        code: one.unit_code.clone(),
        name: one.unit_name.clone(),
        amount: one.amount.to_string(),
        width: chart::width(one.amount.0, most),
        count: one.paid.count,
        free: one.paid.free_count,
        by_amount: or_none(lang, one.paid.share_by_amount()),
        shares: one.measured.iter().map(|measured| share(lang, measured)).collect(),
        old_until: one.dossiers_old_until.map(shown),
    }
}

fn warning(lang: Lang, one: &Warning) -> WarningRow {
    let (vi, en) = one.measured.measure.words();
    WarningRow {
        unit: one.unit_name.clone(),
        field: one.field.clone(),
        measure: lang.pick(vi, en),
        share: or_none(lang, one.measured.share),
        target: one.measured.target.as_ref().map(crate::report::target::Target::shown).unwrap_or_default(),
        is_grave: one.is_grave,
        old_until: one.old_until.map(shown),
    }
}

fn targets(lang: Lang, all: &Targets) -> Vec<TargetRow> {
    let row = |target: &crate::report::target::Target| {
        let (vi, en) = Measure::words(target.measure);
        TargetRow {
            measure: lang.pick(vi, en),
            kinds: called::kinds(lang, &target.kinds),
            asked: target.shown(),
            from: target.valid_from.format("%d/%m/%Y").to_string(),
            until: target.valid_until.map(|day| day.format("%d/%m/%Y").to_string()),
            source: target.source.clone(),
            certainty: target.certainty.clone(),
        }
    };
    all.all().iter().map(row).collect()
}

/// `GET /city/report?month=&format=xlsx|csv|pdf`
pub async fn report(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let asked: Asked = extract::query(&request).map_err(|error| error.in_field("form"))?;
    let app = Arc::clone(shared.app());
    let made = block(move || {
        let found = figures_asked(&app, &signed.actor, None, asked.month.as_deref())?;
        report_file(&app, &signed.actor, &found, asked.format.as_deref().unwrap_or("xlsx"))
    });
    let (bytes, media_type, name) = made.await.map_err(|error| error.in_field("form"))?;
    Ok(file(bytes, media_type, &name))
}

/// `POST /city/totals?month=`: a file of the dossier system's totals; all of it or nothing. The month is the one
/// that the page shows, before and after.
pub async fn totals(
    request: HttpRequest,
    signed: Signed,
    shared: web::Data<Shared>,
    payload: web::Payload,
) -> Page {
    check_origin(&request)?;
    signed.require(&[Role::Administrator])?;
    let unreadable = || Error::invalid("form.file", "form_unreadable", "expected multipart/form-data");
    let boundary = boundary(&request).ok_or_else(unreadable)?;
    let limit = upload::Limit::of_staff(API_BODY_LIMIT_BYTES);
    let (bytes, is_cut) = upload::received(payload, &boundary, limit).await?;
    let asked: Asked = extract::query(&request).map_err(|error| error.in_field("form"))?;
    let mut page = compose(&request, &signed, &shared, asked.month.clone()).await?;
    if is_cut {
        let typed = upload::fields(&request, bytes, boundary, "file").await?;
        signed.check_token(typed.get("csrf"))?;
        page.wrong = Wrong::of(upload::too_large("file"), page.frame.lang)?;
        return Ok(html(StatusCode::PAYLOAD_TOO_LARGE, &page));
    }
    let app = Arc::clone(shared.app());
    let outcome = block(move || {
        let found = parts(&bytes, &boundary)?;
        let field =
            |name: &str| found.iter().find(|part: &&Part<'_>| part.name == name).map(|part| part.content);
        signed.check_token(&String::from_utf8_lossy(field("csrf").unwrap_or_default()))?;
        let file = field("file").filter(|file| !file.is_empty());
        let file = file.ok_or_else(|| Error::invalid("file", "field_missing", "choose a file"))?;
        Ok(take_totals(&app, &signed.actor, file))
    });
    let faults = match outcome.await {
        Ok(Ok(())) if asked.month.is_some() => {
            return Ok(see_done(format!("/city?month={}", page.month)));
        }
        Ok(Ok(())) => return Ok(see_done("/city")),
        Ok(Err(faults)) => faults,
        Err(error) => vec![error],
    };
    page.wrong = told_of_rows(faults, page.frame.lang)?;
    Ok(html(StatusCode::BAD_REQUEST, &page))
}

/// Takes a file of totals on, all of it, or says everything that is wrong with it.
fn take_totals(app: &App, actor: &Actor, file: &[u8]) -> std::result::Result<(), Vec<Error>> {
    let rows = total::read(file)?;
    let Err(refused) = app.write(actor, |tx, stamp| total::record(tx, stamp, actor, &rows)) else {
        return Ok(());
    };
    let faults = app.read(actor, |conn| total::faults(conn, &app.stamp(), actor, &rows));
    Err(faults.ok().filter(|faults| !faults.is_empty()).unwrap_or_else(|| vec![refused]))
}

/// Whatever is wrong, it is the file's; its line is told with it.
fn told_of_rows(faults: Vec<Error>, lang: Lang) -> Result<Wrong> {
    let mut told = Vec::new();
    let more = faults.len().saturating_sub(SHOWN_FAULTS);
    for error in faults.into_iter().take(SHOWN_FAULTS) {
        let line = line_of(&error).map(|line| format!(" {}", lang.with("city_line", line)));
        // A unit that is not there is a fault of the file, too.
        let error = match error.code() {
            "unit_not_found" => Error::invalid("file", "unit_not_found", error.detail()),
            _ => error,
        };
        let reasons = Wrong::of(error, lang)?.0.into_iter();
        told.extend(reasons.map(|(_, reason)| reason + line.as_deref().unwrap_or_default()));
    }
    told.extend((more > 0).then(|| lang.with("import_more", more)));
    Ok(Wrong(told.into_iter().map(|reason| ("file".to_owned(), reason)).collect()))
}

/// The line of the file that an error is about; the head is line 1.
fn line_of(error: &Error) -> Option<usize> {
    if let Kind::Invalid { field } = error.kind()
        && let Some(rest) = field.strip_prefix("rows[")
    {
        return rest.split(']').next()?.parse::<usize>().ok().map(|row| row + 2);
    }
    error.detail().strip_prefix("line ")?.split(':').next()?.parse().ok()
}
