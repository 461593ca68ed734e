//! `/finance/statements`: a bank's file is looked at before it is imported; faults are told with
//! their place in the file.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use rust_decimal::Decimal;

use super::broken_off::{self, BrokenOff};
use super::columns::{self, Columns, Told};
use super::{READERS, account_named, importing, units};
use crate::actor::{Actor, Role};
use crate::app::App;
use crate::error::{Error, Result};
use crate::id::{AccountId, JobId, StatementId, UnitId};
use crate::payment::settler::Numbered;
use crate::reconciliation::office;
use crate::statement::foreseen::{Foreseen, foresee};
use crate::statement::given_up;
use crate::statement::import::Imported;
use crate::statement::job;
use crate::statement::layout::Layout;
use crate::statement::{self, Finding, Options, Parsed, RefusedStatement, saved};
use crate::store::Conn;
use crate::text;
use crate::unit::{self, Unit};
use crate::web::Shared;
use crate::web::extract::{self, STATEMENT_BODY_LIMIT_BYTES};
use crate::web::multipart::{Part, boundary, parts};
use crate::web::pages::acting::{self, Acted, By};
use crate::web::pages::called;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::matter::day;
use crate::web::pages::session::{Signed, check_origin};
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html, upload};
use crate::web::respond::block;

/// Lines of a preview; the file may have a hundred thousand.
const SHOWN_LINES: usize = 20;
const SHOWN_FINDINGS: usize = 50;

/// A statement of the file.
struct Sheet {
    account: String,
    number: String,
    opening: String,
    closing: String,
    count: usize,
    /// Day, amount, memo.
    lines: Vec<(String, String, String)>,
}

/// What importing came to.
#[derive(Default)]
struct Done {
    is_known: bool,
    lines_new: usize,
    lines_known: usize,
    posted: usize,
    receipts: usize,
    /// What somebody has to look at: words, and where.
    notes: Vec<(String, Option<String>)>,
    /// Where it goes on: the accounts' days, what is left open.
    ways: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "statements.html")]
struct StatementsPage {
    frame: Frame,
    csrf: String,
    can_import: bool,
    wrong: Wrong,
    preview: Option<Vec<Sheet>>,
    /// What the columns of a table are, to be told where it is not understood.
    columns: Option<Columns>,
    done: Option<Done>,
    /// Statements that are left out: which, place in the file, why.
    left_out: Vec<(String, String, String)>,
    /// Place in the file and what is wrong there.
    errors: Vec<(String, String)>,
    /// The same of lines that an import would set aside.
    set_aside: Vec<(String, String)>,
    warnings: Vec<(String, String)>,
    /// Versions and lines that wait for somebody: words and where.
    waiting: Vec<(String, String)>,
    /// Imports that run or ran by themselves: words and where.
    recent: Vec<(String, String)>,
    /// What lay in the inbox and what became of it.
    dropped: Vec<importing::Dropped>,
    /// Statements that are loaded in part, and what was given up.
    broken_off: BrokenOff,
    must_confirm: bool,
    has_second_factor: bool,
}

impl StatementsPage {
    fn empty(frame: Frame, signed: &Signed) -> StatementsPage {
        StatementsPage {
            frame,
            csrf: signed.csrf.clone(),
            can_import: signed.actor.role == Role::Finance,
            wrong: Wrong::default(),
            preview: None,
            columns: None,
            done: None,
            left_out: Vec::new(),
            errors: Vec::new(),
            set_aside: Vec::new(),
            warnings: Vec::new(),
            waiting: Vec::new(),
            recent: Vec::new(),
            dropped: Vec::new(),
            broken_off: BrokenOff::default(),
            must_confirm: true,
            has_second_factor: signed.session.login.has_second_factor(),
        }
    }

    /// With what waits in the units of whoever looks.
    async fn of(
        request: &HttpRequest,
        signed: &Signed,
        shared: &web::Data<Shared>,
    ) -> Result<StatementsPage> {
        let mut page = StatementsPage::empty(Frame::of(signed, request), signed);
        let (app, actor, lang) = (Arc::clone(shared.app()), signed.actor.clone(), page.frame.lang);
        let found = block(move || {
            app.read(&actor, |conn| {
                let units = units(conn, &actor)?;
                let recent = importing::recent(conn, lang, &units)?;
                let dropped = importing::dropped(conn, &actor, lang)?;
                let broken_off = broken_off::of_units(conn, (lang, app.clock.now()), &actor, &units)?;
                Ok((waiting(conn, lang, &units)?, recent, dropped, broken_off))
            })
        });
        (page.waiting, page.recent, page.dropped, page.broken_off) = found.await?;
        page.must_confirm = !signed.session.is_confirmed(shared.app().clock.now());
        Ok(page)
    }
}

/// Versions shown for each unit that is looked at.
const WAITING_LIMIT: usize = 50;

/// What waits in these units, unit by unit, asked for at once.
fn waiting(conn: &mut Conn, lang: Lang, units: &[Unit]) -> Result<Vec<(String, String)>> {
    let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
    let limit = i64::try_from(WAITING_LIMIT.saturating_mul(ids.len())).unwrap_or(i64::MAX);
    let versions = statement::version::waiting_of(conn, &ids, limit)?;
    let lines = statement::quarantine::open_by_statement(conn, &ids)?;
    let mut found = Vec::new();
    for unit in units {
        for one in versions.iter().filter(|one| one.unit == unit.id) {
            let number = one.number.clone().unwrap_or_else(|| day(one.closing_on));
            let words = format!("{}: {}", unit.name, lang.with("statement_held", number));
            found.push((words, format!("/finance/versions/{}", one.id)));
        }
        for (_, id, count) in lines.iter().filter(|(of, ..)| *of == unit.id) {
            let words = format!("{}: {}", unit.name, lang.with("statement_set_aside", count));
            found.push((words, format!("/finance/quarantine/{id}")));
        }
    }
    Ok(found)
}

/// `GET /finance/statements`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    Ok(html(StatusCode::OK, &StatementsPage::of(&request, &signed, &shared).await?))
}

/// `POST /finance/statements/{id}/give-up`: a statement whose loading broke off is not taken; the account's other
/// files go on. Its lines are let go, so that it wants code or password.
pub async fn give_up(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let id: StatementId = extract::path(&request, "id")?;
    let work = move |app: &App, actor: &Actor, fields: &Fields| {
        app.write(actor, |tx, stamp| {
            let unit = statement::query::unit_of(tx, &actor.scope, id)?
                .ok_or_else(|| Error::not_found("statement_not_found", "no such statement in your scope"))?;
            given_up::give_up(tx, stamp, actor, (unit, id), fields.get("reason")).map(|_| ())
        })
    };
    let by = By::confirmed(&given_up::DECIDERS);
    let Acted { signed, done, .. } = acting::act(&request, signed, form, &shared, by, work).await?;
    match done {
        Ok(()) => Ok(see("/finance/statements")),
        Err(error) => {
            let mut page = StatementsPage::of(&request, &signed, &shared).await?;
            page.wrong = Wrong::of(error, page.frame.lang)?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

/// Files of more bytes are taken in beside the page, which tells how far it is.
const QUEUED_BYTES: usize = 1024 * 1024;

/// `POST /finance/statements`: looks at a file, or imports it and matches what is new.
pub async fn take(
    request: HttpRequest,
    signed: Signed,
    shared: web::Data<Shared>,
    payload: web::Payload,
) -> Page {
    check_origin(&request)?;
    signed.require(&[Role::Finance])?;
    let unreadable = || Error::invalid("form.file", "form_unreadable", "expected multipart/form-data");
    let boundary = boundary(&request).ok_or_else(unreadable)?;
    let mut page = StatementsPage::empty(Frame::of(&signed, &request), &signed);
    let limit = upload::Limit::of_staff(STATEMENT_BODY_LIMIT_BYTES);
    let (bytes, is_cut) = upload::received(payload, &boundary, limit).await?;
    if is_cut {
        let typed = upload::fields(&request, bytes, boundary, "file").await?;
        signed.check_token(typed.get("csrf"))?;
        page.wrong = Wrong::of(upload::too_large("file"), page.frame.lang)?;
        return Ok(html(StatusCode::PAYLOAD_TOO_LARGE, &page));
    }
    let (app, lang) = (Arc::clone(shared.app()), page.frame.lang);
    let outcome = block(move || {
        let found = parts(&bytes, &boundary)?;
        let field =
            |name: &str| found.iter().find(|part: &&Part<'_>| part.name == name).map(|part| part.content);
        let text = |name: &str| String::from_utf8_lossy(field(name).unwrap_or_default()).into_owned();
        signed.check_token(&text("csrf"))?;
        let file = field("file").filter(|file| !file.is_empty());
        let file = file.ok_or_else(|| Error::invalid("file", "field_missing", "choose a file"))?;
        let layout = columns::choice(file, &text)?;
        let reading = Reading::of(&app, &signed.actor, (file, layout.as_ref()), &text("account"))?;
        let looked = || look(&app, lang, &signed.actor, (file, &reading), &text);
        if text("do") != "import" {
            let (foreseen, columns) = looked()?;
            return Ok(Outcome::Read(foreseen, columns));
        }
        match import(&app, &signed.actor, lang, (file, &reading))? {
            // Why nothing went in is told, whatever becomes of the form for its columns.
            Outcome::Imported(done, imported, _) if !imported.errors.is_empty() => {
                let columns = looked().ok().and_then(|(_, columns)| columns);
                Ok(Outcome::Imported(done, imported, columns))
            }
            outcome => Ok(outcome),
        }
    })
    .await;
    let mut status = StatusCode::OK;
    match outcome {
        Ok(Outcome::Read(Foreseen { parsed, refused, goes_in, .. }, columns)) => {
            page.left_out = left_out(lang, &refused);
            let faults = places(lang, &parsed.errors);
            if goes_in {
                page.set_aside = faults;
            } else {
                page.errors = faults;
            }
            page.warnings = places(lang, &parsed.warnings);
            page.preview = Some(sheets(&parsed));
            page.columns = columns;
        }
        Ok(Outcome::Imported(done, imported, columns)) => {
            page.columns = columns;
            page.left_out = left_out(lang, &imported.refused);
            page.errors = places(lang, &imported.errors);
            page.warnings = places(lang, &imported.warnings);
            page.done = imported.errors.is_empty().then_some(done);
        }
        Ok(Outcome::Queued(job)) => return Ok(see(format!("/finance/imports/{job}"))),
        Err(error) => {
            page.wrong = Wrong::of(error, page.frame.lang)?;
            status = StatusCode::BAD_REQUEST;
        }
    }
    if !page.errors.is_empty() {
        status = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(html(status, &page))
}

enum Outcome {
    Read(Foreseen, Option<Columns>),
    /// With the columns of a table that nothing was taken of.
    Imported(Done, Imported, Option<Columns>),
    /// It is taken in by itself.
    Queued(JobId),
}

/// How a file is read, to be looked at as to be imported: by the columns that were said, for the account that was
/// chosen.
struct Reading<'l> {
    layout: Option<&'l Layout>,
    holder: Option<(UnitId, AccountId, String)>,
}

impl<'l> Reading<'l> {
    /// # Errors
    /// `account_not_found`, `statement_account_unknown`.
    fn of(
        app: &App,
        actor: &Actor,
        (file, layout): (&[u8], Option<&'l Layout>),
        account: &str,
    ) -> Result<Reading<'l>> {
        let holder =
            (!account.is_empty()).then(|| holder_of(app, actor, account, (file, layout))).transpose()?;
        Ok(Reading { layout, holder })
    }

    fn options(&self) -> Options<'_> {
        let account_no = self.holder.as_ref().map(|(_, _, number)| number.as_str());
        Options { layout: self.layout, account_no, progress: None }
    }
}

/// A file as an import would take it in, and what the columns of a table are.
fn look(
    app: &App,
    lang: Lang,
    actor: &Actor,
    (file, reading): (&[u8], &Reading<'_>),
    told: Told<'_>,
) -> Result<(Foreseen, Option<Columns>)> {
    let foreseen = foresee(&app.store, app.stamp().today(), actor, file, reading.options())?;
    let columns = app.read(actor, |conn| {
        let read = (file, &foreseen.parsed, foreseen.mapping.as_ref());
        columns::columns(conn, lang, actor, read, told)
    })?;
    Ok((foreseen, columns))
}

/// Imports and matches: whoever brings a statement wants to see what it explains. What was said of the
/// columns is kept for the account first. An account that cannot be matched is told and keeps nobody
/// else's money waiting.
fn import(app: &App, actor: &Actor, lang: Lang, (file, reading): (&[u8], &Reading<'_>)) -> Result<Outcome> {
    let stamp = || app.stamp();
    let options = reading.options();
    let outcome = if file.len() > QUEUED_BYTES {
        job::queue(&app.store, &stamp, actor, file, options)?
    } else {
        Err(Box::new(office::import_with(&app.store, &stamp, actor, file, options)?))
    };
    let is_taken = outcome.as_ref().err().is_none_or(|imported| imported.errors.is_empty());
    if let (Some((unit, id, _)), Some(layout), true) = (&reading.holder, reading.layout, is_taken) {
        // The account's next files are read by the columns that brought this one in.
        app.write(actor, |tx, stamp| saved::save(tx, stamp, actor, *unit, *id, layout))?;
    }
    let imported = match outcome {
        Ok(job) => return Ok(Outcome::Queued(job.id)),
        Err(imported) => *imported,
    };
    let mut done = Done {
        is_known: imported.already_imported,
        lines_new: imported.statements.iter().map(|one| one.lines_new).sum(),
        lines_known: imported.statements.iter().map(|one| one.lines_known).sum(),
        posted: 0,
        receipts: 0,
        notes: notes(lang, &imported),
        ways: app.read(actor, |conn| ways(conn, lang, &imported))?,
    };
    if imported.errors.is_empty() && !imported.already_imported {
        for visited in office::reconcile_imported(&app.store, &stamp, actor, &imported) {
            match visited.outcome {
                Ok(report) => {
                    done.posted += report.lines_posted;
                    done.receipts += report.receipts.len();
                    app.sealing.numbered(&report.receipts);
                }
                Err(error) => {
                    let words = lang.with("statement_unmatched", lang.of_code(error.code()));
                    done.notes.push((words, Some(format!("/finance/days/{}", visited.account))));
                }
            }
        }
    }
    Ok(Outcome::Imported(done, imported, None))
}

/// The account that a file is of which names none, and that its columns are kept for: a table whose columns were said
/// and that names an account is of that one.
fn holder_of(
    app: &App,
    actor: &Actor,
    account: &str,
    (file, layout): (&[u8], Option<&Layout>),
) -> Result<(UnitId, AccountId, String)> {
    let (unit, id, number) = chosen(app, actor, account)?;
    let Some(layout) = layout else { return Ok((unit, id, number)) };
    let read = statement::parse_with(file, Some(layout));
    let mut told = read.statements.iter().filter_map(statement::Statement::account_number);
    match told.find(|told| *told != text::squash(&number)) {
        Some(_) => Err(Error::invalid("account", "statement_account_unknown", "the table names another one")),
        None => Ok((unit, id, number)),
    }
}

/// The account that was chosen, and its number.
fn chosen(app: &App, actor: &Actor, account: &str) -> Result<(UnitId, AccountId, String)> {
    app.read(actor, |conn| {
        let (unit, id) = account_named(conn, actor, account)?;
        Ok((unit, id, unit::account::find(conn, unit, id)?.account_no))
    })
}

fn ways(conn: &mut Conn, lang: Lang, imported: &Imported) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for (unit, id) in &imported.accounts {
        let number = unit::account::find(conn, *unit, *id)?.account_no;
        found.push((lang.with("statement_to_days", number), format!("/finance/days/{id}")));
    }
    found.push((lang.t("way_exceptions").to_owned(), "/finance/exceptions".to_owned()));
    Ok(found)
}

/// What an import leaves for somebody to decide or to ask the bank for.
fn notes(lang: Lang, imported: &Imported) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    for held in &imported.held {
        let number = held.number.clone().unwrap_or_else(|| day(held.closing_on));
        let href = format!("/finance/versions/{}", held.id);
        found.push((lang.with("statement_held", number), Some(href)));
    }
    for one in &imported.statements {
        if one.quarantined > 0 {
            let href = format!("/finance/quarantine/{}", one.id);
            found.push((lang.with("statement_set_aside", one.quarantined), Some(href)));
        }
        for odd in &one.oddities {
            let href = format!("/finance/days/{}", one.account);
            found.push((lang.pick(&odd.vi(), &odd.en()).to_owned(), Some(href)));
        }
    }
    found
}

/// Statements that are left out: which, where, why.
fn left_out(lang: Lang, refused: &[RefusedStatement]) -> Vec<(String, String, String)> {
    let told = |one: &RefusedStatement| {
        let (vi, en) = one.finding.words();
        let account = one.account_no.as_deref().unwrap_or("–");
        let place = called::place_in_file(lang, &one.finding.at);
        (which(lang, one.ordinal, account), place, lang.pick(vi, en).to_owned())
    };
    refused.iter().take(SHOWN_FINDINGS).map(told).collect()
}

/// What a statement of a file is called by its place and account.
pub(super) fn which(lang: Lang, ordinal: i32, account: &str) -> String {
    lang.with("statement_ordinal", ordinal).replacen("{}", account, 1)
}

fn places(lang: Lang, findings: &[Finding]) -> Vec<(String, String)> {
    let told = |one: &Finding| {
        let (vi, en) = one.words();
        (called::place_in_file(lang, &one.at), lang.pick(vi, en).to_owned())
    };
    findings.iter().take(SHOWN_FINDINGS).map(told).collect()
}

/// An amount of a file as people read it: `15.000 đ`, `12,5 EUR`.
fn sum(amount: Decimal, currency: &str) -> String {
    let unit = if currency == "VND" { "đ" } else { currency };
    format!("{} {unit}", text::grouped(&amount.to_string())).trim_end().to_owned()
}

fn sheets(parsed: &Parsed) -> Vec<Sheet> {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    let sheet = |one: &statement::Statement| {
        let shown = |amount| sum(amount, one.currency.as_deref().unwrap_or_default());
        Sheet {
            account: or_dash(&one.account),
            number: or_dash(&one.number),
            opening: one.opening.as_ref().map_or_else(|| "–".to_owned(), |balance| shown(balance.amount)),
            closing: one.closing.as_ref().map_or_else(|| "–".to_owned(), |balance| shown(balance.amount)),
            count: one.lines.len(),
            lines: one
                .lines
                .iter()
                .take(SHOWN_LINES)
                .map(|line| {
                    let day =
                        line.day().map_or_else(|| "–".to_owned(), |on| on.format("%d/%m/%Y").to_string());
                    (day, shown(line.amount), or_dash(&line.memo))
                })
                .collect(),
        }
    };
    parsed.statements.iter().map(sheet).collect()
}
