//! `/finance/remittances/{id}`: one order with its documents, what became of it, what comes next, and how it ends
//! when its money is not sent.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::READERS;
use super::remittances::{source, state_words, words_of};
use crate::actor::{Actor, Role};
use crate::error::Result;
use crate::id::RemittanceId;
use crate::identity;
use crate::remittance::report::Status;
use crate::remittance::{self, Kind, Order, State, document, query, rules};
use crate::store::Conn;
use crate::web::Shared;
use crate::web::api;
use crate::web::extract;
use crate::web::pages::acting::as_seen;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see_done};
use crate::web::pages::listing::{Cell, Listing, or_dash, time};
use crate::web::pages::matter::day;
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html, program_reason};
use crate::web::respond::block;

/// Who ends an order that is not sent.
const ENDERS: [Role; 2] = [Role::Finance, Role::Approver];

#[derive(Template)]
#[template(path = "remittance.html")]
struct OrderPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    id: RemittanceId,
    /// What the page shows: its form ends this one and no later one.
    revision: i64,
    title: &'static str,
    number: String,
    amount: String,
    state: &'static str,
    tone: &'static str,
    facts: Vec<(&'static str, String)>,
    lines: Listing,
    past: Listing,
    waits: bool,
    /// What comes next at the bank.
    next: Option<String>,
    can_end: bool,
    /// It may be ended, but not by whoever drew it up.
    ends_elsewhere: bool,
    reason: String,
}

/// `GET /finance/remittances/{id}`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let page = compose(&request, &signed, &shared, (Wrong::default(), Fields::default())).await?;
    Ok(html(StatusCode::OK, &page))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    (wrong, typed): (Wrong, Fields),
) -> Result<OrderPage> {
    signed.require(&READERS)?;
    let id: RemittanceId = extract::path(request, "id")?;
    let frame = Frame::of(signed, request);
    let (app, actor) = (Arc::clone(shared.app()), signed.actor.clone());
    let mut page = block(move || {
        app.read(&actor, |conn| {
            let unit = api::remittances::locate(conn, &actor, id)?;
            let order = remittance::find(conn, unit, id)?;
            drawn(conn, frame, &actor, &order)
        })
    })
    .await?;
    page.csrf = signed.csrf.clone();
    page.reason = typed.trimmed("reason").to_owned();
    page.wrong = wrong;
    Ok(page)
}

/// What the Treasury said of a line.
fn line_state(lang: Lang, status: Option<Status>) -> Cell {
    match status {
        Some(Status::Credited) => Cell::state(lang.t("remittance_credited"), "done"),
        Some(Status::Rejected) => Cell::state(lang.t("remittance_rejected"), "late"),
        None => Cell::text("–"),
    }
}

fn drawn(conn: &mut Conn, frame: Frame, actor: &Actor, order: &Order) -> Result<OrderPage> {
    let lang = frame.lang;
    let (vi, en) = order.kind.title();
    let (state, tone) = words_of(lang, order);
    let ends = rules::next(order, rules::Event::Refused).is_ok() && ENDERS.contains(&actor.role);
    let is_alone = rules::is_by_maker_alone(order, actor.person);
    Ok(OrderPage {
        csrf: String::new(),
        wrong: Wrong::default(),
        id: order.id,
        revision: order.revision,
        title: lang.pick(vi, en),
        number: format!("{}/{}", order.order_no, order.year),
        amount: order.amount.to_string(),
        state,
        tone,
        facts: facts(conn, lang, order)?,
        lines: lines(conn, lang, order)?,
        past: past(conn, lang, order)?,
        waits: order.state == State::Drafted,
        next: next(lang, order),
        can_end: ends && !is_alone,
        ends_elsewhere: ends && is_alone,
        reason: String::new(),
        frame,
    })
}

/// What somebody has to do, or to wait for, at the bank.
fn next(lang: Lang, order: &Order) -> Option<String> {
    match order.state {
        State::Approved if order.kind != Kind::Claim => {
            Some(lang.with("remittance_send_hint", &order.reference_code))
        }
        State::Rejected if order.was_debited => Some(lang.with("remittance_back_hint", order.returning())),
        _ => None,
    }
}

fn facts(conn: &mut Conn, lang: Lang, order: &Order) -> Result<Vec<(&'static str, String)>> {
    let mut facts = vec![
        (lang.t("own_code"), order.reference_code.clone()),
        (lang.t("matter_covered"), day(order.covered_until)),
    ];
    // A kept share goes to the unit itself.
    if order.kind != Kind::Kept {
        facts.push((lang.t("matter_treasury"), or_dash(order.treasury_account.clone())));
    }
    facts.push((lang.t("matter_makers"), identity::called(conn, order.maker)?));
    Ok(facts)
}

fn lines(conn: &mut Conn, lang: Lang, order: &Order) -> Result<Listing> {
    let tariff = document::tariff_of(conn, order)?;
    let rows = query::lines(conn, order.unit, order.id)?
        .into_iter()
        .map(|line| {
            vec![
                Cell::text(source(lang, &line.source, tariff.as_ref())),
                Cell::text(or_dash(line.chapter)),
                Cell::text(or_dash(line.sub_item)),
                Cell::figure(line.amount),
                line_state(lang, line.status),
                Cell::text(line.reason.unwrap_or_default()),
            ]
        })
        .collect();
    let heads = ["matter_line", "remittance_chapter", "remittance_item", "amount", "state", "reason"]
        .map(|key| lang.t(key));
    Ok(Listing { caption: lang.t("remittance_lines"), heads: heads.to_vec(), rows })
}

fn past(conn: &mut Conn, lang: Lang, order: &Order) -> Result<Listing> {
    let mut rows = Vec::new();
    for event in query::events(conn, order.unit, order.id)? {
        let who = event.person.map(|person| identity::called(conn, person)).transpose()?;
        let known = State::ALL.into_iter().find(|state| state.as_str() == event.state);
        rows.push(vec![
            Cell::text(time(event.at)),
            Cell::text(known.map_or("–", |state| state_words(lang, state).0)),
            Cell::text(or_dash(who)),
            Cell::text(program_reason::words(lang, &event.reason.unwrap_or_default())),
        ]);
    }
    let heads = ["day", "state", "remittance_who", "reason"].map(|key| lang.t(key));
    Ok(Listing { caption: lang.t("workbench_past"), heads: heads.to_vec(), rows })
}

/// `POST /finance/remittances/{id}`: ends an order whose money is not sent; its sums may be ordered again. One that
/// went on after the page was drawn, as by its approval, is looked at again first.
pub async fn end(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&ENDERS)?;
    let id: RemittanceId = extract::path(&request, "id")?;
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
    let ended = block(move || {
        app.write(&actor, |tx, stamp| {
            let unit = api::remittances::locate(tx, &actor, id)?;
            let ended = remittance::refuse(tx, stamp, &actor, unit, id, typed.trimmed("reason"))?;
            as_seen(typed.get("seen"), ended.revision)?;
            Ok(ended)
        })
    })
    .await;
    match ended {
        Ok(order) => Ok(see_done(format!("/finance/remittances/{}", order.id))),
        Err(error) => {
            let is_overtaken = error.code() == "act_changed";
            let status = if is_overtaken { StatusCode::CONFLICT } else { StatusCode::BAD_REQUEST };
            let wrong = Wrong::of(error, Lang::of(&request))?;
            let page = compose(&request, &signed, &shared, (wrong, fields)).await?;
            Ok(html(status, &page))
        }
    }
}

/// `GET /finance/remittances/{id}/pdf`: the order to be signed and handed over.
pub async fn pdf(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(api::remittances::pdf_of(&request, signed.actor, shared).await?)
}

/// `GET /finance/remittances/{id}/xml`
pub async fn xml(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(api::remittances::xml_of(&request, signed.actor, shared).await?)
}
