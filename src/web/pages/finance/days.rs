//! `/finance/days`: the days of each account that are to be closed, with what they wait for, and closing the next one.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::report_page::part;
use super::{READERS, account_named, accounts, confirm};
use crate::actor::Role;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::AccountId;
use crate::reconciliation::day_close::{self, Closing};
use crate::reconciliation::open_days::{self, OpenDay, OpenDays};
use crate::reconciliation::overview;
use crate::reconciliation::proof::Obstacle;
use crate::report;
use crate::web::Shared;
use crate::web::api;
use crate::web::extract;
use crate::web::pages::fields::{Fields, Pairs, Wrong, of_field};
use crate::web::pages::frame::Frame;
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// Open days shown of each account, the oldest first; the address of one account's days has all of them.
const SHOWN_DAYS: usize = 7;

/// The days that are looked at.
#[derive(Default, Deserialize)]
struct Asked {
    from: Option<String>,
    until: Option<String>,
}

impl Asked {
    /// # Errors
    /// `date_unreadable`, `book_period_reversed`.
    fn span(&self) -> Result<open_days::Span> {
        let day = |field: &'static str, text: Option<&str>| {
            let text = text.map(str::trim).filter(|text| !text.is_empty());
            let wrong = |_| Error::invalid(field, "date_unreadable", "a day");
            text.map(|text| text.parse().map_err(wrong)).transpose()
        };
        let span = (day("from", self.from.as_deref())?, day("until", self.until.as_deref())?);
        if let (Some(from), Some(until)) = span {
            report::Period::new(from, until)?;
        }
        Ok(span)
    }
}

/// A day that is over and not closed.
pub(super) struct OpenRow {
    pub day: String,
    pub is_late: bool,
    /// Nothing where it can be closed.
    pub waits_for: Vec<String>,
}

impl OpenRow {
    pub fn of(day: &OpenDay, lang: Lang) -> OpenRow {
        let words = |one: &Obstacle| lang.pick(&one.vi(), &one.en()).to_owned();
        OpenRow {
            day: shown(day.date),
            is_late: day.is_late,
            waits_for: day.waits_for.iter().map(words).collect(),
        }
    }
}

struct AccountRow {
    id: AccountId,
    unit: String,
    account_no: String,
    closed_until: Option<String>,
    /// The next day to close, as a form wants it.
    next: String,
    next_shown: String,
    is_due: bool,
    open: Vec<OpenRow>,
    /// Open days beyond those that are shown.
    more: usize,
}

#[derive(Template)]
#[template(path = "days.html")]
struct DaysPage {
    frame: Frame,
    csrf: String,
    can_close: bool,
    must_confirm: bool,
    has_second_factor: bool,
    wrong: Wrong,
    rows: Vec<AccountRow>,
    /// Day and closing balance of a day that was closed now.
    closed: Option<(String, String)>,
    obstacles: Vec<String>,
    /// What the roll-up of all accounts was asked, as its file names it.
    query: String,
    from: String,
    until: String,
}

/// `GET /finance/days`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let asked: Result<Asked> = extract::query(&request).map_err(|error| of_field(error, "from"));
    match asked.and_then(|asked| Ok((asked.span()?, asked))) {
        Ok(asked) => Ok(html(StatusCode::OK, &compose(&request, &signed, &shared, asked).await?)),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            let every = Default::default();
            let page = DaysPage { wrong, ..compose(&request, &signed, &shared, every).await? };
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    (span, asked): (open_days::Span, Asked),
) -> Result<DaysPage> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let app = Arc::clone(shared.app());
    let actor = signed.actor.clone();
    let lang = frame.lang;
    let (rows, query) = block(move || {
        let stamp = app.stamp();
        let today = stamp.today();
        app.read(&actor, |conn| {
            let found = overview::overview(conn, &stamp, &actor, None)?;
            let query = part(lang, &report::overview::query_line(&found)).to_owned();
            let mut rows = Vec::new();
            for (unit, account) in accounts(conn, &actor)? {
                let closed = day_close::last_closed(conn, unit.id, account.id)?;
                let next = closed.map_or(account.opened_on, BusinessDay::next);
                let OpenDays { days, count } =
                    open_days::between(conn, &stamp, &actor, &account, (span, SHOWN_DAYS))?;
                rows.push(AccountRow {
                    id: account.id,
                    unit: unit.name.clone(),
                    account_no: account.account_no.clone(),
                    closed_until: closed.map(shown),
                    next: next.to_string(),
                    next_shown: shown(next),
                    is_due: next <= today,
                    more: count.saturating_sub(days.len()),
                    open: days.iter().map(|day| OpenRow::of(day, lang)).collect(),
                });
            }
            Ok((rows, query))
        })
    })
    .await?;
    Ok(DaysPage {
        query,
        from: asked.from.unwrap_or_default(),
        until: asked.until.unwrap_or_default(),
        frame,
        csrf: signed.csrf.clone(),
        can_close: signed.actor.role == Role::Finance,
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        has_second_factor: signed.session.login.has_second_factor(),
        wrong: Wrong::default(),
        rows,
        closed: None,
        obstacles: Vec::new(),
    })
}

fn shown(day: BusinessDay) -> String {
    day.0.format("%d/%m/%Y").to_string()
}

/// `GET /finance/overview/file?format=csv|xlsx`: how every account of one's units stands, as a file.
pub async fn overview_file(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    api::overview::of(&request, signed.actor, shared, "csv").await.map_err(|failure| failure.0.into())
}

/// `POST /finance/days/close`: closes a day, or says everything that is in its way.
pub async fn close(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Finance])?;
    let app = Arc::clone(shared.app());
    let mut page = compose(&request, &signed, &shared, Default::default()).await?;
    let closing = block(move || closing(&app, &signed, &fields)).await;
    let mut status = StatusCode::OK;
    match closing {
        Ok(Closing::Closed(certificate)) => {
            page.closed = Some((shown(certificate.date), certificate.closing.to_string()));
            page.rows.clear();
        }
        Ok(Closing::Refused(obstacles)) => {
            let lang = page.frame.lang;
            page.obstacles = obstacles.iter().map(|one| lang.pick(&one.vi(), &one.en()).to_owned()).collect();
            status = StatusCode::CONFLICT;
        }
        Err(error) => {
            page.wrong = Wrong::of(error, page.frame.lang)?;
            status = StatusCode::BAD_REQUEST;
        }
    }
    Ok(html(status, &page))
}

fn closing(app: &crate::app::App, signed: &Signed, fields: &Fields) -> Result<Closing> {
    let actor = &signed.actor;
    confirm(app, signed, fields.get("confirm"))?;
    let (unit, account) = app.read(actor, |conn| account_named(conn, actor, fields.get("account")))?;
    let date: BusinessDay =
        fields.trimmed("date").parse().map_err(|_| Error::invalid("date", "date_unreadable", "a day"))?;
    day_close::close(&app.store, &app.keyring, &|| app.stamp(), actor, unit, account, date)
}
