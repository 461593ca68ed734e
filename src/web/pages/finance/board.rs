//! `GET /finance`: how every account stands this morning. The standing is the overview's, as the API and
//! the metrics tell it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::alarms::{self, Alarm};
use super::{READERS, units};
use crate::actor::Actor;
use crate::clock::BusinessDay;
use crate::duty::agenda;
use crate::error::Result;
use crate::exception::Kind;
use crate::id::{AccountId, UnitId};
use crate::queue::query::{self, Unsettled};
use crate::reconciliation::overview::{self, Standing};
use crate::report::verify;
use crate::store::{Conn, Stamp};
use crate::unit::Unit;
use crate::web::Shared;
use crate::web::pages::frame::Frame;
use crate::web::pages::matter::day;
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, html};
use crate::web::respond::block;

struct AccountRow {
    id: AccountId,
    unit: String,
    account_no: String,
    statement_until: Option<String>,
    closed_until: Option<String>,
    /// Days that are over and not closed.
    open_days: i64,
    /// Money nobody has explained, and how many days the oldest of it waits.
    unexplained: Option<(String, i64)>,
    tone: &'static str,
    state: &'static str,
}

struct QueueRow {
    unit: String,
    unit_code: String,
    open: i64,
    overdue: i64,
    /// Age in days and title of the oldest.
    oldest: Option<(i64, String)>,
}

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage {
    frame: Frame,
    today: String,
    accounts: Vec<AccountRow>,
    unexplained: String,
    queue: Vec<QueueRow>,
    alarms: Vec<Alarm>,
    /// Whether those of each unit were read a moment ago and not now.
    are_kept: bool,
    /// Decisions that wait for a second person, and how many of them the city is asked for.
    waiting: usize,
    for_city: usize,
}

pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let frame = Frame::of(&signed, &request);
    let page = block(move || {
        let app = shared.app();
        let stamp = app.stamp();
        let by = (&stamp, &app.books, &shared.alarms);
        app.read(&signed.actor, |conn| compose(conn, by, &signed.actor, frame))
    });
    Ok(html(StatusCode::OK, &page.await?))
}

fn compose(
    conn: &mut Conn,
    (stamp, books, kept): (&Stamp<'_>, &verify::Standing, &alarms::Kept),
    actor: &Actor,
    frame: Frame,
) -> Result<BoardPage> {
    let (today, lang) = (stamp.today(), frame.lang);
    let overview = overview::overview(conn, stamp, actor, None)?;
    let units = units(conn, actor)?;
    let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
    let unsettled = query::unsettled(conn, &ids, today)?;
    let are_kept = alarms::MANY_UNITS <= units.len();
    let row = |unit: Unit| {
        let own = unsettled.iter().find(|one| one.unit_id == unit.id);
        queue_row(lang, unit, own, today)
    };
    let queue: Result<Vec<QueueRow>> = units.into_iter().map(row).collect();
    let waits = agenda::counts(conn, actor, None)?;
    Ok(BoardPage {
        today: day(today),
        unexplained: overview.unexplained.to_string(),
        accounts: overview.rows.into_iter().map(|row| account_row(lang, row)).collect(),
        queue: queue?,
        are_kept,
        alarms: alarms::standing(conn, (stamp, books, kept), actor, lang)?,
        waiting: waits.waiting(),
        for_city: waits.for_city(),
        frame,
    })
}

fn account_row(lang: Lang, row: overview::Row) -> AccountRow {
    let (vi, en) = row.standing.words();
    AccountRow {
        id: row.account,
        unit: row.unit_name,
        account_no: row.account_no,
        statement_until: row.statement_until.map(day),
        closed_until: row.closed_until.map(day),
        open_days: row.open_days,
        unexplained: row.oldest_days.map(|days| (row.unexplained.to_string(), days)),
        tone: match row.standing {
            Standing::UpToDate => "done",
            Standing::Open => "wait",
            Standing::NoStatement | Standing::Late => "late",
        },
        state: lang.pick(vi, en),
    }
}

fn queue_row(lang: Lang, unit: Unit, own: Option<&Unsettled>, today: BusinessDay) -> Result<QueueRow> {
    let oldest = |one: &Unsettled| -> Result<(i64, String)> {
        let kind = Kind::from_number(u8::try_from(one.oldest_kind).unwrap_or_default())?;
        let days = (today.0 - one.oldest_on.0).num_days();
        Ok((days, lang.pick(kind.title_vi(), kind.title_en()).to_owned()))
    };
    Ok(QueueRow {
        open: own.map_or(0, |one| one.open),
        overdue: own.map_or(0, |one| one.overdue),
        oldest: own.map(oldest).transpose()?,
        unit: unit.name,
        unit_code: unit.code,
    })
}
