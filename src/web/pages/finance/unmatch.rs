//! `/finance/unmatch`: a wrongly matched statement line is looked up, what taking it apart would do is
//! shown, and one person asks for it; another approves on the workbench.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::{READERS, proposing, undoing, units};
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::id::{LineId, MovementId, ObligationId, UnitId};
use crate::payment::payment_query;
use crate::payment::undo::Foreseen;
use crate::payment::{line_query, unmatch};
use crate::reconciliation::explanation_query;
use crate::statement;
use crate::store::Conn;
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::fields::{Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// A line with what taking it apart would do.
struct Found {
    id: LineId,
    booked_on: String,
    amount: String,
    does: Vec<String>,
    can_ask: bool,
}

#[derive(Template)]
#[template(path = "unmatch.html")]
struct UnmatchPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    what: String,
    reason: String,
    is_asked: bool,
    lines: Vec<Found>,
}

#[derive(Clone, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    what: String,
}

/// `GET /finance/unmatch?what=`: by the line's id, a reference code or a dossier.
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let asked = extract::query::<Asked>(&request).unwrap_or_default();
    let page = compose(&request, &signed, &shared, (asked.what, String::new())).await?;
    Ok(html(StatusCode::OK, &page))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    (what, reason): (String, String),
) -> Result<UnmatchPage> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let (app, actor, lang) = (Arc::clone(shared.app()), signed.actor.clone(), frame.lang);
    let may_ask = unmatch::ASKERS.contains(&actor.role);
    let looked_for = what.trim().to_owned();
    let lines = block(move || {
        if looked_for.is_empty() {
            return Ok(Vec::new());
        }
        app.read(&actor, |conn| {
            let mut found = Vec::new();
            for (unit, line) in lines_of(conn, &actor, &looked_for)? {
                found.push(shown(conn, lang, may_ask, (unit, line))?);
            }
            Ok(found)
        })
    })
    .await?;
    Ok(UnmatchPage {
        frame,
        csrf: signed.csrf.clone(),
        wrong: Wrong::default(),
        is_asked: !what.trim().is_empty(),
        what,
        reason,
        lines,
    })
}

/// The lines that somebody means, in the actor's units.
fn lines_of(conn: &mut Conn, actor: &Actor, what: &str) -> Result<Vec<(UnitId, LineId)>> {
    if let Ok(line) = what.parse::<LineId>() {
        let unit = explanation_query::unit_of(conn, &actor.scope, line)?;
        return Ok(unit.map(|unit| (unit, line)).into_iter().collect());
    }
    let mut found = Vec::new();
    for unit in units(conn, actor)? {
        let Ok(obligation) = proposing::target_of(conn, unit.id, what) else { continue };
        let payments = payment_query::payments_on(conn, unit.id, ObligationId(obligation))?;
        let payments: Vec<_> = payments.into_iter().map(|payment| (unit.id, payment)).collect();
        let movements: Vec<(UnitId, MovementId)> = payment_query::payments(conn, &payments)?
            .into_iter()
            .filter_map(|payment| Some((unit.id, payment.movement?)))
            .collect();
        let lines = line_query::lines_of_movements(conn, &movements)?;
        found.extend(lines.into_iter().map(|(unit, _, line)| (unit, line)));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn shown(conn: &mut Conn, lang: Lang, may_ask: bool, (unit, id): (UnitId, LineId)) -> Result<Found> {
    let line = statement::line_query::line(conn, unit, id)?;
    let foreseen = Foreseen::of(unmatch::plan(conn, unit, id).map(|plan| plan.effect))?;
    Ok(Found {
        id,
        booked_on: line.booking_date.0.format("%d/%m/%Y").to_string(),
        amount: line.amount.to_string(),
        can_ask: may_ask && matches!(foreseen, Foreseen::Does(_)),
        does: undoing::words(conn, lang, unit, &foreseen)?,
    })
}

/// `POST /finance/unmatch`: leads to the item that the second person approves.
pub async fn ask(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&unmatch::ASKERS)?;
    let app = Arc::clone(shared.app());
    let (actor, typed) = (signed.actor.clone(), fields.clone());
    let done = block(move || {
        Ok(app.write(&actor, |tx, stamp| {
            let missing = || Error::invalid("what", "line_not_found", "no such statement line");
            let line: LineId = typed.trimmed("line").parse().map_err(|_| missing())?;
            let unit = explanation_query::unit_of(tx, &actor.scope, line)?.ok_or_else(missing)?;
            unmatch::ask(tx, stamp, &actor, (unit, line), typed.get("reason"))
        }))
    })
    .await?;
    match done {
        Ok(item) => Ok(see(format!("/finance/exceptions/{}", item.id))),
        Err(error) => {
            let what = [fields.trimmed("what"), fields.trimmed("line")];
            let what = what.into_iter().find(|text| !text.is_empty()).unwrap_or_default().to_owned();
            let kept = (what, fields.trimmed("reason").to_owned());
            let wrong = Wrong::of(error, Lang::of(&request))?;
            let mut page = compose(&request, &signed, &shared, kept).await?;
            page.wrong = wrong;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}
