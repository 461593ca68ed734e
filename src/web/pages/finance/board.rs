//! `GET /finance`: how every account stands this morning.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::{READERS, accounts, units};
use crate::actor::Actor;
use crate::clock::BusinessDay;
use crate::duty::waiting;
use crate::error::Result;
use crate::exception::{self, State};
use crate::filing::alarm;
use crate::reconciliation::{day_close, query};
use crate::report::verify::Standing;
use crate::store::{Conn, Stamp};
use crate::web::Shared;
use crate::web::pages::frame::Frame;
use crate::web::pages::session::Signed;
use crate::web::pages::{Page, html};
use crate::web::respond::block;

/// Open items counted of one unit; the queue itself shows the rest.
const OPEN_LIMIT: i64 = 1_000;

struct AccountRow {
    unit: String,
    account_no: String,
    statement_until: Option<String>,
    closed_until: Option<String>,
    /// Working days between the last closed day and today.
    behind: i64,
    tone: &'static str,
    state: &'static str,
}

struct QueueRow {
    unit: String,
    open: usize,
    overdue: usize,
    /// Age in days and title of the oldest.
    oldest: Option<(i64, String)>,
}

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage {
    frame: Frame,
    today: String,
    accounts: Vec<AccountRow>,
    queue: Vec<QueueRow>,
    alarms: Vec<(String, String)>,
    /// Decisions that wait for a second person, and how many of them the city is asked for.
    waiting: usize,
    for_city: usize,
}

pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let frame = Frame::of(&signed, &request);
    let app = Arc::clone(shared.app());
    let page = block(move || {
        let stamp = app.stamp();
        app.read(&signed.actor, |conn| compose(conn, (&stamp, &app.books), &signed.actor, frame))
    });
    Ok(html(StatusCode::OK, &page.await?))
}

fn compose(
    conn: &mut Conn,
    (stamp, books): (&Stamp<'_>, &Standing),
    actor: &Actor,
    frame: Frame,
) -> Result<BoardPage> {
    let today = stamp.today();
    let mut rows = Vec::new();
    for (unit, account) in accounts(conn, actor)? {
        let until = query::covered_until(conn, unit.id, account.id)?;
        let closed = day_close::last_closed(conn, unit.id, account.id)?;
        let behind = behind(stamp, closed.unwrap_or(account.opened_on.plus_days(-1)), today);
        let (state, tone) = match behind {
            0 | 1 => ("board_even", "done"),
            2 | 3 => ("board_behind", "wait"),
            _ => ("board_late", "late"),
        };
        rows.push(AccountRow {
            unit: unit.name.clone(),
            account_no: account.account_no.clone(),
            statement_until: until.map(day),
            closed_until: closed.map(day),
            behind,
            tone,
            state: frame.lang.t(state),
        });
    }
    let (mut queue, mut alarms) = (Vec::new(), Vec::new());
    for unit in units(conn, actor)? {
        let mut open = exception::list(conn, unit.id, Some(State::Open), None, OPEN_LIMIT)?;
        open.sort_by_key(|item| item.opened_on);
        let title = |item: &exception::Exception| {
            frame.lang.pick(item.kind.title_vi(), item.kind.title_en()).to_owned()
        };
        queue.push(QueueRow {
            unit: unit.name.clone(),
            open: open.len(),
            overdue: open.iter().filter(|item| item.due_on < today).count(),
            oldest: open.first().map(|item| (item.age_days(today), title(item))),
        });
        for fault in books.of_unit(unit.id) {
            let words = frame.lang.with("books_broken", frame.lang.pick(fault.vi, fault.en));
            alarms.push((unit.name.clone(), words));
        }
        for one in alarm::of_unit(conn, unit.id, stamp.now)? {
            let (vi, en) = one.kind.words();
            alarms.push((unit.name.clone(), frame.lang.pick(vi, en).to_owned()));
        }
    }
    let waits = waiting::list(conn, stamp, actor, None)?;
    let for_city = waits.iter().filter(|one| one.escalated.is_some()).count();
    let waiting = waits.len();
    Ok(BoardPage { frame, today: day(today), accounts: rows, queue, alarms, waiting, for_city })
}

fn day(day: BusinessDay) -> String {
    day.0.format("%d/%m/%Y").to_string()
}

/// Working days after `closed` up to yesterday and today: today itself counts, because its statement
/// comes tomorrow, so one behind is even.
fn behind(stamp: &Stamp<'_>, closed: BusinessDay, today: BusinessDay) -> i64 {
    let mut count = 0;
    let mut day = closed;
    while day < today && count < 100 {
        day = stamp.calendar.after(day, 1);
        if day <= today {
            count += 1;
        }
    }
    count
}
