//! `/finance/imports/{id}`: an import that runs by itself, how far it is and what came of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::READERS;
use super::statements::which;
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::id::{AccountId, JobId, StatementId, UnitId};
use crate::statement::inbox;
use crate::statement::job::{self, Job};
use crate::store::Conn;
use crate::unit::{self, Unit, account};
use crate::web::pages::called;
use crate::web::pages::frame::Frame;
use crate::web::pages::listing;
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, html};
use crate::web::respond::block;
use crate::web::{Shared, extract};

/// Findings shown; the rest says nothing new.
const SHOWN_FINDINGS: usize = 50;

/// Imports that the statements page lists.
const RECENT: i64 = 5;

#[derive(Template)]
#[template(path = "importing.html")]
struct ImportingPage {
    frame: Frame,
    /// Whether it waits or runs: the page renews itself.
    is_live: bool,
    state: String,
    lines_done: i64,
    lines_total: i64,
    /// Why nothing was stored.
    failed: Option<String>,
    /// New lines and known ones, once it is done.
    lines: Option<(u64, u64)>,
    /// Statements that were left out: which, place in the file, why.
    left_out: Vec<(String, String, String)>,
    errors: Vec<(String, String)>,
    warnings: Vec<(String, String)>,
    /// What somebody has to look at, and the accounts: words and where.
    notes: Vec<(String, String)>,
    accounts: Vec<(String, String)>,
}

/// What the import said, as it was stored.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    statements: Vec<ToldStatement>,
    held: Vec<ToldVersion>,
    refused: Vec<ToldRefusal>,
    errors: Vec<ToldFinding>,
    warnings: Vec<ToldFinding>,
}

#[derive(Deserialize)]
struct ToldStatement {
    unit: UnitId,
    id: StatementId,
    account: AccountId,
    lines_new: u64,
    lines_known: u64,
    quarantined: u64,
}

#[derive(Deserialize)]
struct ToldVersion {
    id: String,
    number: Option<String>,
}

#[derive(Deserialize)]
struct ToldRefusal {
    ordinal: i32,
    account_no: Option<String>,
    at: String,
    message: String,
    unit: UnitId,
}

#[derive(Deserialize)]
struct ToldFinding {
    at: String,
    message: String,
}

/// `GET /finance/imports/{id}`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let id: JobId = extract::path(&request, "id")?;
    let (app, actor) = (Arc::clone(shared.app()), signed.actor.clone());
    let frame = Frame::of(&signed, &request);
    let lang = frame.lang;
    let page = block(move || {
        app.read(&actor, |conn| {
            let unit = job::query::unit_of(conn, &actor.scope, id)?.ok_or_else(job::query::not_found)?;
            let job = job::find(conn, unit, id)?;
            told(conn, &actor, lang, &job)
        })
    })
    .await?;
    Ok(html(StatusCode::OK, &ImportingPage { frame, ..page }))
}

fn told(conn: &mut Conn, actor: &Actor, lang: Lang, job: &Job) -> Result<ImportingPage> {
    let told: Option<Told> =
        job.outcome.as_deref().map(serde_json::from_str).transpose().map_err(|error| {
            Error::internal(format!("the stored outcome of an import does not read: {error}"))
        })?;
    let is_done = job.state == "done";
    let told = told.unwrap_or_default();
    let sum = |of: fn(&ToldStatement) -> u64| told.statements.iter().map(of).sum();
    let mut notes = Vec::new();
    for held in &told.held {
        let number = held.number.clone().unwrap_or_else(|| "–".to_owned());
        notes.push((lang.with("statement_held", number), format!("/finance/versions/{}", held.id)));
    }
    for one in told.statements.iter().filter(|one| one.quarantined > 0) {
        let words = lang.with("statement_set_aside", one.quarantined);
        notes.push((words, format!("/finance/quarantine/{}", one.id)));
    }
    let own_refused = told.refused.into_iter().filter(|one| actor.scope.covers(one.unit));
    let left_out = own_refused.take(SHOWN_FINDINGS).map(|one| {
        let account = one.account_no.as_deref().unwrap_or("–");
        (which(lang, one.ordinal, account), called::place_in_file(lang, &one.at), one.message)
    });
    let left_out: Vec<(String, String, String)> = left_out.collect();
    let mut accounts = Vec::new();
    let own: BTreeSet<(UnitId, AccountId)> =
        told.statements.iter().map(|one| (one.unit, one.account)).collect();
    for (unit, id) in own.into_iter().filter(|(unit, _)| actor.scope.covers(*unit)) {
        let account = account::find(conn, unit, id)?;
        accounts.push((account.account_no, format!("/finance/days/{id}")));
    }
    Ok(ImportingPage {
        frame: Frame::default(),
        is_live: matches!(job.state.as_str(), "queued" | "running"),
        state: job.state.clone(),
        lines_done: job.lines_done,
        lines_total: job.lines_total,
        failed: job.error_code.as_deref().map(|code| lang.of_code(code).to_owned()),
        lines: is_done.then(|| (sum(|one| one.lines_new), sum(|one| one.lines_known))),
        left_out,
        errors: places(lang, told.errors),
        warnings: places(lang, told.warnings),
        notes,
        accounts,
    })
}

fn places(lang: Lang, findings: Vec<ToldFinding>) -> Vec<(String, String)> {
    let told = |one: ToldFinding| (called::place_in_file(lang, &one.at), one.message);
    findings.into_iter().take(SHOWN_FINDINGS).map(told).collect()
}

/// The newest imports of the units that ran by themselves: words and where.
pub(super) fn recent(conn: &mut Conn, lang: Lang, units: &[Unit]) -> Result<Vec<(String, String)>> {
    let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
    let shown = job::query::newest(conn, &ids, RECENT)?.into_iter().map(|job| {
        let state = lang.t(match job.state.as_str() {
            "done" => "statement_done",
            "failed" => "importing_failed",
            "running" => "importing_title",
            _ => "importing_queued",
        });
        let words = format!("{}: {state}", listing::time(job.created_at));
        (words, format!("/finance/imports/{}", job.id))
    });
    Ok(shown.collect())
}

/// A file of the inbox as the statements page tells it.
pub(super) struct Dropped {
    /// Whose it is, its name, when.
    pub words: String,
    pub state: &'static str,
    pub tone: &'static str,
    /// Why nothing of it was stored.
    pub reason: Option<String>,
    pub places: Vec<(String, String)>,
}

/// Places of a refused file that the page names.
const SHOWN_PLACES: usize = 5;
/// Files of the inbox that the page names.
const DROPPED: i64 = 10;

/// The newest files of the inbox in the actor's units, and those that are nobody's for who sees the city.
pub(super) fn dropped(conn: &mut Conn, actor: &Actor, lang: Lang) -> Result<Vec<Dropped>> {
    let units = unit::of_scope(conn, &actor.scope)?;
    let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
    let name = |id: UnitId| units.iter().find(|unit| unit.id == id).map_or("", |unit| unit.name.as_str());
    let found = inbox::newest(conn, &ids, DROPPED)?.into_iter();
    Ok(found.map(|one| dropped_words(lang, name(one.unit), one)).collect())
}

fn dropped_words(lang: Lang, unit: &str, one: inbox::Taken) -> Dropped {
    let is_partly = one.places.iter().any(|place| place.is_left_out);
    let (state, tone) = match one.outcome.as_str() {
        "failed" => ("inbox_failed", "late"),
        _ if is_partly => ("inbox_partly", "late"),
        "known" => ("inbox_known", "gone"),
        _ => ("inbox_done", "done"),
    };
    let is_failed = one.outcome == "failed";
    let reason = one.error_code.as_deref().filter(|_| one.places.is_empty());
    let is_shown = |place: &inbox::Place| is_failed || place.is_left_out;
    let place = |place: inbox::Place| {
        (called::place_in_file(lang, &place.at), lang.pick(&place.vi, &place.en).to_owned())
    };
    Dropped {
        words: format!("{}: {} – {unit}", listing::time(one.received_at), one.name),
        state: lang.t(state),
        tone,
        reason: reason.map(|code| lang.of_code(code).to_owned()),
        places: one.places.into_iter().filter(is_shown).take(SHOWN_PLACES).map(place).collect(),
    }
}
