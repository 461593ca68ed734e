//! `/counter/shift`: a cashier opens the drawer with a counted float and closes it with a count.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::{in_use, own_unit};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::id::ShiftId;
use crate::shift::count::{Count, DENOMINATIONS};
use crate::shift::report::{self, Report};
use crate::shift::{self, Shift, provisional, query};
use crate::store::Conn;
use crate::web::Shared;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// A note with the pieces that were typed.
struct Note {
    value: i64,
    words: String,
    pieces: String,
}

/// The figures of a drawer.
struct Drawer {
    id: ShiftId,
    opened_at: String,
    float: String,
    cash: String,
    card: String,
    /// On its way to the bank; None for nothing.
    handed_over: Option<String>,
    expected: String,
}

/// A count that is not what the drawer should hold: seen before the shift is closed with it.
struct Differs {
    counted: i64,
    sums: String,
    difference: String,
}

/// How the last closing of today came out.
struct Closed {
    variance: String,
    is_even: bool,
    is_signed_off: bool,
}

#[derive(Template)]
#[template(path = "shift.html")]
struct ShiftPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    drawer: Option<Drawer>,
    closed: Option<Closed>,
    differs: Option<Differs>,
    notes: Vec<Note>,
    /// The sum of the pieces that were typed.
    counted: String,
}

impl ShiftPage {
    /// A difference of today waits for another person, who closes the drawer or sends it back.
    fn waits(&self) -> bool {
        self.closed.as_ref().is_some_and(|closed| !closed.is_signed_off)
    }
}

/// `GET /counter/shift`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let page = compose(&request, &signed, &shared, &Fields::default(), Wrong::default()).await?;
    Ok(html(StatusCode::OK, &page))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    typed: &Fields,
    wrong: Wrong,
) -> Result<ShiftPage> {
    signed.require(&[Role::Cashier])?;
    let frame = Frame::of(signed, request);
    let app = Arc::clone(shared.app());
    let (actor, csrf) = (signed.actor.clone(), signed.csrf.clone());
    let note = |value: i64| Note {
        value,
        words: Dong(value).to_string(),
        pieces: typed.trimmed(&format!("n{value}")).to_owned(),
    };
    let notes = DENOMINATIONS.into_iter().map(note).collect();
    let counted = count_of(typed).and_then(|count| count.total()).unwrap_or(Dong::ZERO).to_string();
    let (drawer, closed) = block(move || {
        let today = app.clock.now().business_day();
        app.read(&actor, |conn| {
            let unit = own_unit(&actor)?;
            if let Some(shift) = in_use(conn, &actor, unit)? {
                return Ok((Some(drawer(conn, &shift)?), None));
            }
            let person = actor.require_person()?;
            let of_today = query::page(conn, unit, None, 200)?
                .into_iter()
                .find(|shift| shift.person == person && shift.opened_on == today);
            Ok((None, of_today.map(|shift| closed(conn, &shift)).transpose()?.flatten()))
        })
    })
    .await?;
    Ok(ShiftPage { frame, csrf, wrong, drawer, closed, differs: None, notes, counted })
}

fn drawer(conn: &mut Conn, shift: &Shift) -> Result<Drawer> {
    let report = report::report(conn, shift)?;
    Ok(Drawer {
        id: shift.id,
        opened_at: shift.opened_at.in_hanoi().format("%H:%M %d/%m/%Y").to_string(),
        float: report.float.to_string(),
        cash: report.cash_taken.to_string(),
        card: report.card_taken.to_string(),
        handed_over: report.handed_over.is_positive().then(|| report.handed_over.to_string()),
        expected: expected(&report)?.to_string(),
    })
}

/// What the drawer should hold.
fn expected(report: &Report) -> Result<Dong> {
    report.float.checked_add(report.held)
}

/// What a count differs by, unless it was seen for just this count before.
fn differs(conn: &mut Conn, lang: Lang, actor: &Actor, fields: &Fields) -> Result<Option<Differs>> {
    let Some(shift) = in_use(conn, actor, own_unit(actor)?)? else { return Ok(None) };
    let expected = expected(&report::report(conn, &shift)?)?;
    let counted = count_of(fields)?.total()?;
    // A slip that is in no book keeps the shift open, whatever was counted.
    if provisional::check_closing(conn, shift.unit, shift.person).is_err() {
        return Ok(None);
    }
    if counted == expected || fields.get("differs") == counted.0.to_string() {
        return Ok(None);
    }
    Ok(Some(Differs {
        counted: counted.0,
        sums: lang.with("shift_differs", counted).replacen("{}", &expected.to_string(), 1),
        difference: counted.checked_sub(expected)?.to_string(),
    }))
}

fn closed(conn: &mut Conn, shift: &Shift) -> Result<Option<Closed>> {
    let report = report::report(conn, shift)?;
    Ok(report.variance.map(|variance| Closed {
        variance: variance.to_string(),
        is_even: variance.is_zero(),
        is_signed_off: shift.state == shift::State::Closed,
    }))
}

/// Pieces by note as they were typed; an empty field is none of that note.
fn count_of(fields: &Fields) -> Result<Count> {
    let wrong = || Error::invalid("count", "cash_count_wrong", "whole numbers of pieces");
    let mut pieces = Vec::new();
    for (note, typed) in fields.beginning("n") {
        let Ok(note) = note.parse::<i64>() else { continue };
        let typed = typed.trim();
        if !typed.is_empty() {
            pieces.push((note, typed.parse::<i64>().map_err(|_| wrong())?));
        }
    }
    let count = Count::of(&pieces);
    count.total()?;
    Ok(count)
}

/// `POST /counter/shift/open`
pub async fn open(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    change(&request, &signed, &shared, &fields, |app, actor, count, _| {
        app.write(actor, |tx, stamp| shift::open(tx, stamp, actor, own_unit(actor)?, count).map(|_| ()))
    })
    .await
}

/// `POST /counter/shift/close`: with a difference only when it was seen: it closes for good.
pub async fn close(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Cashier])?;
    let (app, actor, typed, lang) =
        (Arc::clone(shared.app()), signed.actor.clone(), fields.clone(), Lang::of(&request));
    // A count that cannot be read is told of by closing.
    let found =
        block(move || Ok(app.read(&actor, |conn| differs(conn, lang, &actor, &typed)).ok().flatten()));
    if let Some(found) = found.await? {
        let mut page = compose(&request, &signed, &shared, &fields, Wrong::default()).await?;
        page.differs = Some(found);
        return Ok(html(StatusCode::OK, &page));
    }
    change(&request, &signed, &shared, &fields, |app, actor, count, fields| {
        let id: ShiftId = fields.get("shift").parse()?;
        app.write(actor, |tx, stamp| shift::close(tx, stamp, actor, own_unit(actor)?, id, count).map(|_| ()))
    })
    .await
}

async fn change(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    fields: &Fields,
    act: impl Fn(&crate::app::App, &Actor, &Count, &Fields) -> Result<()> + Send + 'static,
) -> Page {
    signed.require(&[Role::Cashier])?;
    let app = Arc::clone(shared.app());
    let (actor, typed) = (signed.actor.clone(), fields.clone());
    let done = block(move || act(&app, &actor, &count_of(&typed)?, &typed)).await;
    match done {
        Ok(()) => Ok(see("/counter/shift")),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(request))?;
            let page = compose(request, signed, shared, fields, wrong).await?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(pairs: &[(&str, &str)]) -> Result<i64, &'static str> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let total = count_of(&Fields::of(pairs)).and_then(|count| count.total());
        total.map(|total| total.0).map_err(|error| error.code())
    }

    #[test]
    fn a_drawer_is_counted_note_by_note() {
        assert_eq!(count(&[("n500000", "2"), ("n1000", ""), ("n200", " 3 "), ("csrf", "x")]), Ok(1_000_600));
        assert_eq!(count(&[("n30000", "1")]), Err("cash_count_wrong"), "there is no such note");
        assert_eq!(count(&[("n1000", "-1")]), Err("cash_count_wrong"));
        assert_eq!(count(&[("n1000", "1,5")]), Err("cash_count_wrong"));
    }
}
