//! `/finance/statements`: a bank's file is looked at before it is imported; faults are told with
//! their place in the file.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::READERS;
use crate::actor::Role;
use crate::app::App;
use crate::error::{Error, Result};
use crate::payment::settler::Numbered;
use crate::reconciliation;
use crate::statement::{self, Finding, Parsed};
use crate::web::Shared;
use crate::web::extract::{STATEMENT_BODY_LIMIT_BYTES, body};
use crate::web::pages::fields::Wrong;
use crate::web::pages::frame::Frame;
use crate::web::pages::session::{Signed, check_origin};
use crate::web::pages::upload::{Part, boundary, parts};
use crate::web::pages::{Page, html};
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
struct Done {
    is_known: bool,
    lines_new: usize,
    lines_known: usize,
    posted: usize,
    receipts: usize,
}

#[derive(Template)]
#[template(path = "statements.html")]
struct StatementsPage {
    frame: Frame,
    csrf: String,
    can_import: bool,
    wrong: Wrong,
    preview: Option<Vec<Sheet>>,
    done: Option<Done>,
    /// Place in the file and what is wrong there.
    errors: Vec<(String, String)>,
    warnings: Vec<(String, String)>,
}

impl StatementsPage {
    fn empty(frame: Frame, signed: &Signed) -> StatementsPage {
        StatementsPage {
            frame,
            csrf: signed.csrf.clone(),
            can_import: signed.actor.role == Role::Finance,
            wrong: Wrong::default(),
            preview: None,
            done: None,
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

/// `GET /finance/statements`
pub async fn page(request: HttpRequest, signed: Signed) -> Page {
    signed.require(&READERS)?;
    let frame = Frame::of(&signed, &request);
    Ok(html(StatusCode::OK, &StatementsPage::empty(frame, &signed)))
}

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
    let bytes = body(payload, STATEMENT_BODY_LIMIT_BYTES).await?;
    let mut page = StatementsPage::empty(Frame::of(&signed, &request), &signed);
    let app = Arc::clone(shared.app());
    let outcome = block(move || {
        let found = parts(&bytes, &boundary)?;
        let field =
            |name: &str| found.iter().find(|part: &&Part<'_>| part.name == name).map(|part| part.content);
        let text = |name: &str| String::from_utf8_lossy(field(name).unwrap_or_default()).into_owned();
        signed.check_token(&text("csrf"))?;
        let file = field("file").filter(|file| !file.is_empty());
        let file = file.ok_or_else(|| Error::invalid("file", "field_missing", "choose a file"))?;
        if text("do") == "import" {
            return import(&app, &signed, file).map(Outcome::Imported);
        }
        Ok(Outcome::Read(statement::parse(file)))
    })
    .await;
    let mut status = StatusCode::OK;
    match outcome {
        Ok(Outcome::Read(parsed)) => {
            page.errors = places(&parsed.errors);
            page.warnings = places(&parsed.warnings);
            page.preview = Some(sheets(&parsed));
        }
        Ok(Outcome::Imported((done, errors, warnings))) => {
            page.errors = places(&errors);
            page.warnings = places(&warnings);
            page.done = errors.is_empty().then_some(done);
        }
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
    Read(Parsed),
    Imported((Done, Vec<Finding>, Vec<Finding>)),
}

/// Imports and matches: whoever brings a statement wants to see what it explains.
fn import(app: &App, signed: &Signed, file: &[u8]) -> Result<(Done, Vec<Finding>, Vec<Finding>)> {
    let actor = &signed.actor;
    let imported = reconciliation::import(&app.store, &|| app.stamp(), actor, file)?;
    let mut done = Done {
        is_known: imported.already_imported,
        lines_new: imported.statements.iter().map(|one| one.lines_new).sum(),
        lines_known: imported.statements.iter().map(|one| one.lines_known).sum(),
        posted: 0,
        receipts: 0,
    };
    if imported.errors.is_empty() && !imported.already_imported {
        for visited in reconciliation::reconcile_accounts(&app.store, &|| app.stamp(), actor, None)? {
            let report = visited.outcome?;
            done.posted += report.lines_posted;
            done.receipts += report.receipts.len();
            app.sealing.numbered(&report.receipts);
        }
    }
    Ok((done, imported.errors, imported.warnings))
}

fn places(findings: &[Finding]) -> Vec<(String, String)> {
    findings.iter().take(SHOWN_FINDINGS).map(|one| (one.at.clone(), one.message.clone())).collect()
}

fn sheets(parsed: &Parsed) -> Vec<Sheet> {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    let sheet = |one: &statement::Statement| Sheet {
        account: or_dash(&one.account),
        number: or_dash(&one.number),
        opening: one.opening.as_ref().map_or_else(|| "–".to_owned(), |balance| balance.amount.to_string()),
        closing: one.closing.as_ref().map_or_else(|| "–".to_owned(), |balance| balance.amount.to_string()),
        count: one.lines.len(),
        lines: one
            .lines
            .iter()
            .take(SHOWN_LINES)
            .map(|line| {
                let day = line.day().map_or_else(|| "–".to_owned(), |day| day.to_string());
                (day, line.amount.to_string(), or_dash(&line.memo))
            })
            .collect(),
    };
    parsed.statements.iter().map(sheet).collect()
}
