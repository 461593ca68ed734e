//! `/counter/deposit`: a cashier takes money out of their drawers and to the bank: the slip has the code
//! that belongs into the deposit's text, so that the statement's credit is recognised.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::own_unit;
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::ShiftId;
use crate::shift::deposit::{self, State as SlipState};
use crate::shift::{self, State, deposit_query, query, rules};
use crate::store::Conn;
use crate::unit;
use crate::web::Shared;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::matter::day;
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// Drawers and slips of the cashier looked at, the newest first.
const SHOWN: i64 = 100;
/// Days that a slip which arrived is still shown.
const SLIP_DAYS: i64 = 7;

/// A drawer with money in it.
struct Drawer {
    id: ShiftId,
    opened_on: String,
    balance: Dong,
    held: String,
    /// What the form proposes or what was typed.
    amount: String,
}

/// A slip on its way.
struct Slip {
    code: String,
    amount: String,
    handed_on: String,
    account_no: String,
    is_open: bool,
}

#[derive(Template)]
#[template(path = "deposit.html")]
struct DepositPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    drawers: Vec<Drawer>,
    /// Drawers whose difference waits for another person: day and what they hold.
    waiting: Vec<(String, String)>,
    slips: Vec<Slip>,
}

/// `GET /counter/deposit`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let none = (Wrong::default(), Fields::default());
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared, none).await?))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    (wrong, typed): (Wrong, Fields),
) -> Result<DepositPage> {
    signed.require(&[Role::Cashier])?;
    let frame = Frame::of(signed, request);
    let (app, actor, csrf) = (Arc::clone(shared.app()), signed.actor.clone(), signed.csrf.clone());
    let ((drawers, waiting), slips) = block(move || {
        let since = app.clock.now().business_day().plus_days(-SLIP_DAYS);
        app.read(&actor, |conn| Ok((drawers(conn, &actor, &typed)?, slips(conn, &actor, since)?)))
    })
    .await?;
    Ok(DepositPage { frame, csrf, wrong, drawers, waiting, slips })
}

/// Those with money to hand over, and those whose difference is signed off first.
fn drawers(conn: &mut Conn, actor: &Actor, typed: &Fields) -> Result<(Vec<Drawer>, Vec<(String, String)>)> {
    let (unit, person) = (own_unit(actor)?, actor.require_person()?);
    let (mut found, mut waiting) = (Vec::new(), Vec::new());
    for one in query::of_person(conn, unit, person, SHOWN)? {
        let held = shift::balance(conn, unit, one.id)?;
        if one.state == State::Counted {
            waiting.push((day(one.opened_on), held.to_string()));
            continue;
        }
        if held.is_positive() {
            let name = format!("d.{}", one.id);
            let amount =
                if typed.get("csrf").is_empty() { held.0.to_string() } else { typed.get(&name).to_owned() };
            let (opened_on, balance, held) = (day(one.opened_on), held, held.to_string());
            found.push(Drawer { id: one.id, opened_on, balance, held, amount });
        }
    }
    Ok((found, waiting))
}

/// Those on their way, and the last ones that arrived.
fn slips(conn: &mut Conn, actor: &Actor, since: BusinessDay) -> Result<Vec<Slip>> {
    let (unit, person) = (own_unit(actor)?, actor.require_person()?);
    let mut found = Vec::new();
    let is_shown = |one: &deposit::Slip| one.state == SlipState::InTransit || one.handed_on >= since;
    for one in deposit_query::of_maker(conn, unit, person, SHOWN)?.into_iter().filter(is_shown) {
        found.push(Slip {
            code: one.reference_code.clone(),
            amount: one.amount.to_string(),
            handed_on: day(one.handed_on),
            account_no: unit::account::find(conn, unit, one.account)?.account_no,
            is_open: one.state == SlipState::InTransit,
        });
    }
    Ok(found)
}

/// `POST /counter/deposit`
pub async fn hand_over(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Cashier])?;
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
    let done = block(move || {
        let parts = parts(&typed)?;
        app.write(&actor, |tx, stamp| {
            deposit::hand_over(tx, stamp, &actor, own_unit(&actor)?, None, &parts).map(|_| ())
        })
    })
    .await;
    match done {
        Ok(()) => Ok(see("/counter/deposit")),
        Err(error) => {
            let mut page = compose(&request, &signed, &shared, (Wrong::default(), fields.clone())).await?;
            page.wrong = wrong_with(&page.drawers, &fields, error, Lang::of(&request))?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

/// Everything that is wrong with what is taken out, each beside its drawer and under its name, and what ended the
/// attempt unless a drawer says it.
fn wrong_with(drawers: &[Drawer], fields: &Fields, ended: Error, lang: Lang) -> Result<Wrong> {
    let (mut wrong, mut told) = (Wrong::default(), Vec::new());
    for one in drawers {
        let field = format!("d.{}", one.id);
        let amount = fields.dong(&field).map(Option::unwrap_or_default);
        if let Err(error) = amount.and_then(|amount| rules::check_handed_over(Dong(amount), one.balance)) {
            let drawer = format!("{} – {}", one.opened_on, one.held);
            wrong.add(Wrong::of_row(&error, (&field, &drawer), lang));
            told.push(error.code());
        }
    }
    if !told.contains(&ended.code()) {
        wrong.add(Wrong::of(ended, lang)?);
    }
    Ok(wrong)
}

/// The drawers with what is taken out of each; an empty field takes nothing.
fn parts(fields: &Fields) -> Result<Vec<(ShiftId, Dong)>> {
    let mut found = Vec::new();
    for (id, _) in fields.beginning("d.") {
        let id: ShiftId = id.parse()?;
        let amount = fields
            .dong(&format!("d.{id}"))
            .map_err(|error| Error::invalid("parts", error.code(), "an amount"))?;
        found.extend(amount.map(|amount| (id, Dong(amount))));
    }
    Ok(found)
}
