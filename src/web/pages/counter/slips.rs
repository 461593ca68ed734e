//! `/counter/slips`: pads of provisional slips for when network or power fail: printed beforehand,
//! entered afterwards by slip number, or marked spoiled.

use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::own_unit;
use super::take::locate;
use crate::actor::Role;
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{ObligationId, PadId};
use crate::payment::provisional::{self as money, Paper};
use crate::shift::provisional::{self, State};
use crate::shift::{provisional_query as query, slip_form};
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;
use crate::{text, unit};

/// Pads on the page.
const PADS_SHOWN: i64 = 20;

struct PadRow {
    id: PadId,
    numbers: String,
    printed_at: String,
    /// Numbers by what became of them.
    waiting: usize,
    settled: usize,
    spoiled: usize,
    left: usize,
}

#[derive(Template)]
#[template(path = "slips.html")]
struct SlipsPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    pads: Vec<PadRow>,
    /// The slip that keeps the shift open.
    open: Option<i64>,
    count: String,
    number: String,
    reason: String,
}

/// `GET /counter/slips`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let page = compose(&request, &signed, &shared, Wrong::default(), &Fields::default()).await?;
    Ok(html(StatusCode::OK, &page))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    wrong: Wrong,
    typed: &Fields,
) -> Result<SlipsPage> {
    signed.require(&[Role::Cashier])?;
    let (app, actor) = (Arc::clone(shared.app()), signed.actor.clone());
    let (pads, open) = block(move || {
        app.read(&actor, |conn| {
            let unit = own_unit(&actor)?;
            let person = actor.require_person()?;
            let slips = query::of_person(conn, unit, person)?;
            let row = |pad: provisional::Pad| {
                let count =
                    |state: State| slips.iter().filter(|one| one.pad == pad.id && one.state == state).count();
                PadRow {
                    id: pad.id,
                    numbers: format!("{}–{}", pad.first, pad.last),
                    printed_at: pad.created_at.in_hanoi().format("%d/%m/%Y").to_string(),
                    waiting: count(State::Entered),
                    settled: count(State::Settled),
                    spoiled: count(State::Spoiled),
                    left: count(State::Printed),
                }
            };
            let pads = query::pads(conn, unit, Some(person), PADS_SHOWN)?.into_iter().map(row).collect();
            Ok((pads, provisional::open_among(&slips)))
        })
    })
    .await?;
    Ok(SlipsPage {
        frame: Frame::of(signed, request),
        csrf: signed.csrf.clone(),
        wrong,
        pads,
        open,
        count: typed.trimmed("count").to_owned(),
        number: typed.trimmed("number").to_owned(),
        reason: typed.trimmed("reason").to_owned(),
    })
}

/// `POST /counter/slips`: `do` is `print` or `spoil`.
pub async fn change(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Cashier])?;
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
    let done = block(move || {
        app.write(&actor, |tx, stamp| {
            let unit = own_unit(&actor)?;
            match typed.get("do") {
                "print" => {
                    let count = typed.trimmed("count").parse().unwrap_or(0);
                    provisional::print_pad(tx, stamp, &actor, unit, count).map(|_| ())
                }
                _ => {
                    let slip = (unit, number(&typed)?);
                    provisional::spoil(tx, stamp, &actor, slip, typed.get("reason")).map(|_| ())
                }
            }
        })
    })
    .await;
    match done {
        Ok(()) => Ok(see("/counter/slips")),
        Err(error) => {
            let wrong = Wrong::all(faults_of_change(&fields), error, Lang::of(&request))?;
            let page = compose(&request, &signed, &shared, wrong, &fields).await?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

/// What cannot be read of a slip that is marked spoiled, in the order of the form.
fn faults_of_change(fields: &Fields) -> Vec<Error> {
    match fields.get("do") {
        "print" => Vec::new(),
        _ => [number(fields).err(), text::reason(fields.get("reason")).err()].into_iter().flatten().collect(),
    }
}

fn number(fields: &Fields) -> Result<i64> {
    filled(fields, "number")?.parse().map_err(|_| provisional::not_found())
}

/// What was typed off the paper into a field that every slip has.
fn filled<'f>(fields: &'f Fields, field: &'static str) -> Result<&'f str> {
    let typed = Some(fields.trimmed(field)).filter(|typed| !typed.is_empty());
    typed.ok_or_else(|| Error::invalid(field, "field_missing", "must be filled in"))
}

/// `GET /counter/slips/{id}/pdf`: the sheets of a pad.
pub async fn pdf(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&[Role::Cashier])?;
    let id: PadId = extract::path(&request, "id")?;
    let (app, held) = (Arc::clone(shared.app()), shared.clone());
    let (name, bytes) = block(move || {
        let missing = || Error::not_found("slip_pad_not_found", "no such pad in your scope");
        let (pad, slips, unit) = app.read(&signed.actor, |conn| {
            let unit = query::unit_of_pad(conn, &signed.actor.scope, id)?.ok_or_else(missing)?;
            let person = signed.actor.require_person()?;
            let pad = query::pad(conn, unit, id)?.filter(|pad| pad.person == person).ok_or_else(missing)?;
            Ok((pad, query::of_pad(conn, unit, id)?, unit::find(conn, unit)?.name))
        })?;
        let address = held.url("/s/");
        let words = slip_form::Words { unit: &unit, cashier: &signed.name, address: &address };
        let name = format!("phieu-thu-tam-{}-{}.pdf", pad.first, pad.last);
        Ok((name, slip_form::pdf(&pad, &slips, &words)?))
    })
    .await?;
    Ok(HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}\"")))
        .body(bytes))
}

/// `POST /counter/obligations/{id}/slip`: what was collected on a slip for this obligation.
pub async fn enter(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Cashier])?;
    let id: ObligationId = extract::path(&request, "id")?;
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
    let done = block(move || {
        let number = number(&typed)?;
        let paper = Paper {
            obligation: id,
            amount: amount(&typed)?,
            collected_at: moment(&typed)?,
            differs: typed.get("differs") == "1",
        };
        app.write(&actor, |tx, stamp| {
            let unit = locate(tx, &actor, id)?;
            money::enter(tx, stamp, &actor, (unit, number), &paper).map(|_| ())
        })
    })
    .await;
    match done {
        Ok(()) => Ok(see("/counter/slips")),
        Err(error) => {
            let faults = [number(&fields).err(), amount(&fields).err(), moment(&fields).err()];
            let faults = faults.into_iter().flatten().collect();
            let wrong = Wrong::all(faults, error, Lang::of(&request))?;
            let mut page = super::take::fresh(&request, &signed, &shared).await?;
            page.wrong = wrong;
            page.paper = super::take::Paper::typed(&fields);
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

fn amount(fields: &Fields) -> Result<Dong> {
    filled(fields, "amount")?;
    Ok(Dong(fields.dong("amount")?.unwrap_or_default()))
}

/// The time of a `datetime-local` field, as people in Hà Nội mean it.
fn moment(fields: &Fields) -> Result<Instant> {
    let wrong = |_| Error::invalid("collected_at", "slip_time_wrong", "a day and a time");
    format!("{}:00+07:00", filled(fields, "collected_at")?).parse().map_err(wrong)
}
