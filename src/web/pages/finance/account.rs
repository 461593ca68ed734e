//! `/finance/days/{id}`: one account from its first day: certificates of days and months with their
//! files, the bridge of a day, closing a month, asking for a closed day to be opened again.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::days::OpenRow;
use super::report_page::names;
use super::{READERS, account_named, bridge_page, confirm};
use crate::actor::{Actor, Role};
use crate::app::App;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{AccountId, CertificateId, UnitId};
use crate::identity;
use crate::payment::settler::Numbered as _;
use crate::reconciliation::day_close;
use crate::reconciliation::day_close::certificate::ordinal;
use crate::reconciliation::month_close::{self, Month};
use crate::reconciliation::{bridge, office, open_days, reopening};
use crate::report;
use crate::store::{Conn, Stamp};
use crate::unit;
use crate::web::Shared;
use crate::web::api;
use crate::web::extract;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see_done};
use crate::web::pages::listing::{Cell, Listing};
use crate::web::pages::matter::day;
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// Days shown at once, the newest first; all of them are in the file of the chain.
const SHOWN_DAYS: usize = 62;
const SHOWN_REQUESTS: i64 = 20;
/// Claims on their way that the bridge names; all of them are in its file.
const SHOWN_CLAIMS: usize = 100;

/// A certificate with where its files are.
struct Proof {
    id: CertificateId,
    /// The day as people read it and as an address has it; of a month its name twice.
    shown: String,
    named: String,
    /// Which certificate of its day or month it is, as people count them.
    time: i64,
    opening: String,
    closing: String,
    stands: bool,
}

#[derive(Template)]
#[template(path = "account_days.html")]
struct AccountPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    typed: Fields,
    id: AccountId,
    unit: String,
    unit_code: String,
    account_no: String,
    /// The days that are over and not closed, and how many there are beyond those.
    open: Vec<OpenRow>,
    more: usize,
    days: Vec<Proof>,
    months: Vec<Proof>,
    bridge: Vec<Listing>,
    bridge_title: Vec<String>,
    bridge_day: String,
    /// Claims on their way that the bridge does not name.
    claims_left_off: usize,
    requests: Listing,
    /// The month that could be closed next.
    next_month: Option<String>,
    can_close: bool,
    can_ask: bool,
    must_confirm: bool,
    has_second_factor: bool,
}

#[derive(Default, Deserialize)]
struct Asked {
    date: Option<String>,
    format: Option<String>,
}

impl Asked {
    fn day(&self) -> Result<Option<BusinessDay>> {
        let text = self.date.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let wrong = |_| Error::invalid("date", "date_unreadable", "a day");
        text.map(|text| text.parse().map_err(wrong)).transpose()
    }
}

/// `GET /finance/days/{id}?date=`: the bridge is of that day, else of the first open one.
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let asked: Asked = extract::query(&request).unwrap_or_default();
    let none = (Wrong::default(), Fields::default());
    match asked.day() {
        Ok(day) => Ok(html(StatusCode::OK, &compose(&request, &signed, &shared, day, none).await?)),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            let page = compose(&request, &signed, &shared, None, (wrong, Fields::default())).await?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    asked: Option<BusinessDay>,
    (wrong, typed): (Wrong, Fields),
) -> Result<AccountPage> {
    signed.require(&READERS)?;
    let id = extract::path_text(request, "id").to_owned();
    let frame = Frame::of(signed, request);
    let (app, actor, csrf) = (Arc::clone(shared.app()), signed.actor.clone(), signed.csrf.clone());
    let must_confirm = !signed.session.is_confirmed(app.clock.now());
    let has_second_factor = signed.session.login.has_second_factor();
    block(move || {
        let stamp = app.stamp();
        let tariff = app.tariff().ok();
        app.read(&actor, |conn| {
            let (unit, account) = place(conn, &actor, &id)?;
            let held = unit::account::find(conn, unit, account)?;
            let date = bridge_day(conn, &stamp, (unit, account), asked)?;
            let told = bridge::in_short(conn, &stamp, &actor, (unit, account), date, SHOWN_CLAIMS)?;
            let report = report::bridge::table(&told);
            let months = months(conn, unit, account)?;
            let first = Month::of(held.opened_on);
            let last = months.iter().rev().find(|month| month.stands);
            let last = last.map(|month| month.named.parse::<Month>()).transpose()?;
            let next = last.map_or(first, Month::next);
            let unit_named = unit::find(conn, unit)?;
            let names = names(conn, frame.lang, tariff.as_deref(), &unit_named)?;
            let in_its_way = (told.date, told.obstacles.as_slice());
            let all = ((None, None), SHOWN_DAYS);
            let open = open_days::with_told(conn, &stamp, &actor, &held, all, in_its_way)?;
            Ok(AccountPage {
                more: open.count.saturating_sub(open.days.len()),
                open: open.days.iter().map(|day| OpenRow::of(day, frame.lang)).collect(),
                csrf,
                wrong,
                typed,
                id: account,
                unit: unit_named.name,
                unit_code: unit_named.code,
                account_no: held.account_no,
                days: days(conn, unit, account)?,
                next_month: (next.last() < stamp.today()).then(|| next.to_string()),
                months,
                bridge: bridge_page::listings(&frame, &report, &names),
                bridge_title: report.title,
                bridge_day: told.date.to_string(),
                claims_left_off: told.claims_left_off,
                requests: requests(conn, &frame, unit, account)?,
                can_close: actor.role == Role::Finance,
                can_ask: matches!(actor.role, Role::Finance | Role::Approver),
                must_confirm,
                has_second_factor,
                frame,
            })
        })
    })
    .await
}

/// The account of the path, in the actor's scope.
fn place(conn: &mut Conn, actor: &Actor, id: &str) -> Result<(UnitId, AccountId)> {
    let missing = |_| Error::not_found("account_not_found", "no such account in your scope");
    account_named(conn, actor, id).map_err(missing)
}

/// The day whose bridge is told: the one that is asked for, or else the first open one.
fn bridge_day(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    place: (UnitId, AccountId),
    asked: Option<BusinessDay>,
) -> Result<BusinessDay> {
    match asked {
        Some(date) => Ok(date),
        None => Ok(day_close::first_open_day(conn, place.0, place.1)?.min(stamp.today())),
    }
}

/// The part in one's own language of a heading that has both.
pub(super) fn part_of(lang: Lang, title: &'static str) -> &'static str {
    title.split_once(" / ").map_or(title, |(vi, en)| lang.pick(vi, en))
}

/// The certificates of the last days, newest first.
fn days(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<Proof>> {
    let standing = day_close::standing(conn, unit, account)?;
    let newest = day_close::newest(conn, unit, account, SHOWN_DAYS)?;
    let proof = |one: &day_close::Listed| Proof {
        id: one.id,
        shown: day(one.date),
        named: one.date.to_string(),
        time: ordinal(one.revision),
        opening: one.opening.to_string(),
        closing: one.closing.to_string(),
        stands: standing.contains(&(one.date, one.revision)),
    };
    Ok(newest.iter().map(proof).collect())
}

/// The certificates of the months, oldest first.
fn months(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<Proof>> {
    let proof = |(one, stands): (day_close::Listed, bool)| {
        let named = Month::of(one.date).to_string();
        Proof {
            id: one.id,
            shown: named.clone(),
            named,
            time: ordinal(one.revision),
            opening: one.opening.to_string(),
            closing: one.closing.to_string(),
            stands,
        }
    };
    Ok(month_close::listed(conn, unit, account)?.into_iter().map(proof).collect())
}

fn requests(conn: &mut Conn, frame: &Frame, unit: UnitId, account: AccountId) -> Result<Listing> {
    let mut rows = Vec::new();
    for one in reopening::list(conn, unit, SHOWN_REQUESTS)?.into_iter().filter(|one| one.account == account) {
        let (key, tone) = match one.state {
            reopening::State::Requested => ("correct_requested", "wait"),
            reopening::State::Approved => ("days_reopened", "late"),
            reopening::State::Refused => ("correct_refused", "gone"),
            reopening::State::ClosedAgain => ("days_closed_again", "done"),
        };
        rows.push(vec![
            Cell::text(day(one.date)),
            Cell::text(one.reason),
            Cell::text(identity::called(conn, one.maker)?),
            Cell::state(frame.t(key), tone),
        ]);
    }
    Ok(Listing {
        caption: frame.t("days_requests"),
        heads: vec![frame.t("day"), frame.t("reason"), frame.t("matter_makers"), frame.t("state")],
        rows,
    })
}

/// `GET /finance/days/{id}/file?date=&format=csv|xlsx`: the bridge as a file.
pub async fn bridge_file(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let asked: Asked = extract::query(&request)?;
    let day = asked.day()?;
    let form = api::days::form_asked(Some(asked.format.as_deref().unwrap_or("csv")))?;
    let form = form.ok_or_else(|| Error::invalid("form.format", "form_unreadable", "csv or xlsx"))?;
    let id = extract::path_text(&request, "id").to_owned();
    let (app, actor) = (Arc::clone(shared.app()), signed.actor);
    let (name, table) = block(move || {
        let stamp = app.stamp();
        app.read(&actor, |conn| {
            let place = place(conn, &actor, &id)?;
            let date = bridge_day(conn, &stamp, place, day)?;
            let told = bridge::of_day(conn, &stamp, &actor, place, date)?;
            Ok((format!("cau-noi-{}-{}", told.unit_code, told.date), report::bridge::table(&told)))
        })
    })
    .await?;
    api::days::table_file(&table, form, &name).map_err(|failure| failure.0.into())
}

/// `GET /finance/days/certificates/{id}/pdf`
pub async fn day_pdf(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(api::days::pdf_of(&request, signed.actor, shared).await?)
}

/// `GET /finance/days/certificates/{id}/xml`
pub async fn day_xml(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(api::days::xml_of(&request, signed.actor, shared).await?)
}

/// `GET /finance/months/certificates/{id}/pdf`
pub async fn month_pdf(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(api::months::pdf_of(&request, signed.actor, shared).await?)
}

/// `GET /finance/months/certificates/{id}/xml`
pub async fn month_xml(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(api::months::xml_of(&request, signed.actor, shared).await?)
}

/// `POST /finance/days/{id}/month`: closes a month, with code or password.
pub async fn close_month(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, &[Role::Finance], |app, signed, id, fields| {
        confirm(app, signed, fields.get("confirm"))?;
        let place = app.read(&signed.actor, |conn| place(conn, &signed.actor, id))?;
        let month: Month = fields.trimmed("month").parse()?;
        match month_close::close(&app.store, &app.keyring, &|| app.stamp(), &signed.actor, place, month)? {
            month_close::Closing::Closed(_) => Ok(()),
            month_close::Closing::Refused(open) => {
                let open: Vec<String> = open.into_iter().map(|day| day.to_string()).collect();
                Err(Error::invalid("month", "month_not_closable", open.join(", ")))
            }
        }
    })
    .await
}

/// `POST /finance/days/{id}/reopen`: asks for a closed day to be opened again; another person decides.
pub async fn reopen(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, &[Role::Finance, Role::Approver], |app, signed, id, fields| {
        let wrong = |_| Error::invalid("date", "date_unreadable", "a day");
        let date: BusinessDay = fields.trimmed("date").parse().map_err(wrong)?;
        app.write(&signed.actor, |tx, stamp| {
            let place = place(tx, &signed.actor, id)?;
            reopening::request(tx, stamp, &signed.actor, place, date, fields.get("reason")).map(|_| ())
        })
    })
    .await
}

/// `POST /finance/days/{id}/match`: matches what is open; nothing new is found where nothing is new.
pub async fn match_lines(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, &[Role::Finance], |app, signed, id, _| {
        let (unit, account) = app.read(&signed.actor, |conn| place(conn, &signed.actor, id))?;
        let visited = office::match_account(&app.store, &app.stamp(), &signed.actor, unit, account);
        app.sealing.numbered(&visited.outcome?.receipts);
        Ok(())
    })
    .await
}

async fn change(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
    roles: &[Role],
    work: impl Fn(&App, &Signed, &str, &Fields) -> Result<()> + Send + 'static,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(roles)?;
    let id = extract::path_text(&request, "id").to_owned();
    let (app, typed, named) = (Arc::clone(shared.app()), fields.clone(), id.clone());
    let (signed, done) = block(move || {
        let done = work(&app, &signed, &named, &typed);
        Ok((signed, done))
    })
    .await?;
    match done {
        Ok(()) => Ok(see_done(format!("/finance/days/{id}"))),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            let page = compose(&request, &signed, &shared, None, (wrong, fields)).await?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}
