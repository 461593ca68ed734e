//! `POST /finance/exceptions/combine`: several credits that pay one obligation together. Their sum is held against
//! what is owed, and all of them are proposed for it at once, or none.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::candidates::{Candidate, candidates};
use super::exceptions::{BULK_LIMIT, again, locate};
use super::proposing::target_of;
use crate::actor::{Actor, Role};
use crate::app::App;
use crate::error::{Error, Result};
use crate::exception::{self, Exception};
use crate::id::{ExceptionId, ObligationId, UnitId};
use crate::payment::combine::{self, Fit};
use crate::store::Conn;
use crate::web::Shared;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// Somebody who may owe it.
struct Owing {
    candidate: Candidate,
    fits: bool,
    words: String,
}

struct Part {
    id: ExceptionId,
    title: &'static str,
    amount: String,
    opened_on: String,
}

#[derive(Template)]
#[template(path = "combine.html")]
struct CombinePage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    parts: Vec<Part>,
    sum: String,
    candidates: Vec<Owing>,
    /// How the sum stands to what was typed.
    of_typed: Option<String>,
    typed: Fields,
}

/// `POST /finance/exceptions/combine`: with `do=propose` and a target the parts are proposed; without, the page shows
/// what they add up to and who owes that.
pub async fn combine(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Finance, Role::Approver])?;
    let is_proposal = fields.get("do") == "propose";
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
    if !is_proposal {
        // What cannot be combined is told on the queue, where it was chosen.
        let looked = block(move || app.read(&actor, |conn| chosen(conn, &actor, &typed).map(|_| ()))).await;
        return match looked {
            Ok(()) => Ok(html(
                StatusCode::OK,
                &compose(&request, &signed, &shared, (Wrong::default(), fields)).await?,
            )),
            Err(error) => again(&request, &signed, &shared, (fields, vec![error])).await,
        };
    }
    match block(move || propose(&app, &actor, &typed)).await {
        Ok(()) => Ok(see("/finance/exceptions?state=proposed")),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            let page = compose(&request, &signed, &shared, (wrong, fields)).await?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

/// The chosen items, which can be combined.
fn chosen(conn: &mut Conn, actor: &Actor, fields: &Fields) -> Result<Vec<Exception>> {
    let ids = fields.beginning("x.").filter_map(|(id, _)| id.parse::<ExceptionId>().ok()).take(BULK_LIMIT);
    let mut found = Vec::new();
    for id in ids.collect::<Vec<_>>() {
        let unit = locate(conn, actor, id)?;
        found.push(exception::find(conn, unit, id)?);
    }
    combine::check(conn, &found)?;
    Ok(found)
}

/// The obligation that the form names: what was typed counts before what was chosen.
fn named(conn: &mut Conn, unit: UnitId, fields: &Fields) -> Result<Option<ObligationId>> {
    let named = [fields.trimmed("other"), fields.trimmed("target")];
    let Some(text) = named.into_iter().find(|text| !text.is_empty()) else { return Ok(None) };
    Ok(Some(ObligationId(target_of(conn, unit, text)?)))
}

/// How a sum stands to what is owed, and what would happen to the rest.
fn words(lang: Lang, fit: Fit) -> String {
    match fit {
        Fit::Exact => lang.t("combine_exact").to_owned(),
        Fit::Less(rest) => lang.with("combine_short", rest),
        Fit::More(rest) => lang.with("combine_over", rest),
    }
}

/// Who may owe it, each with how the sum stands to that.
fn owing(conn: &mut Conn, app: &App, lang: Lang, whole: &Exception) -> Result<Vec<Owing>> {
    let mut owing = Vec::new();
    for candidate in candidates(conn, &app.vault, lang, whole)? {
        let Ok(id) = candidate.id.parse::<ObligationId>() else { continue };
        let fit = combine::fit(conn, (whole.unit, id), whole.amount)?;
        owing.push(Owing { candidate, fits: fit == Fit::Exact, words: words(lang, fit) });
    }
    Ok(owing)
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    (mut wrong, typed): (Wrong, Fields),
) -> Result<CombinePage> {
    let frame = Frame::of(signed, request);
    let (app, actor, fields, lang) =
        (Arc::clone(shared.app()), signed.actor.clone(), typed.clone(), frame.lang);
    let found = block(move || {
        app.read(&actor, |conn| {
            let parts = chosen(conn, &actor, &fields)?;
            let sum = combine::sum(&parts)?;
            let whole = parts.first().map(|first| Exception { amount: sum, ..first.clone() });
            let Some(whole) = whole else { return Ok((Vec::new(), String::new(), Vec::new(), None)) };
            // What was typed and does not fit says by how much; what names nothing has its own reason.
            let typed = named(conn, whole.unit, &fields).ok().flatten();
            let of_typed = match typed {
                Some(id) => combine::fit(conn, (whole.unit, id), sum).ok().map(|fit| words(lang, fit)),
                None => None,
            };
            let candidates = owing(conn, &app, lang, &whole)?;
            let parts: Vec<Part> = parts.iter().map(|one| part(lang, one)).collect();
            Ok((parts, sum.to_string(), candidates, of_typed))
        })
    });
    let (parts, sum, candidates, of_typed) = match found.await {
        Ok(found) => found,
        Err(error) => {
            if !wrong.is_some() {
                wrong = Wrong::of(error, lang)?;
            }
            (Vec::new(), String::new(), Vec::new(), None)
        }
    };
    Ok(CombinePage { csrf: signed.csrf.clone(), wrong, parts, sum, candidates, of_typed, typed, frame })
}

fn part(lang: Lang, one: &Exception) -> Part {
    Part {
        id: one.id,
        title: lang.pick(one.title_vi(), one.title_en()),
        amount: one.amount.to_string(),
        opened_on: one.opened_on.0.format("%d/%m/%Y").to_string(),
    }
}

/// All of them for one obligation, in one transaction.
fn propose(app: &App, actor: &Actor, fields: &Fields) -> Result<()> {
    app.write(actor, |tx, stamp| {
        let parts = chosen(tx, actor, fields)?;
        let missing = || Error::invalid("other", "target_missing", "choose what they pay");
        let unit = parts.first().map(|one| one.unit).ok_or_else(missing)?;
        let target = named(tx, unit, fields)?.ok_or_else(missing)?;
        combine::propose(tx, stamp, actor, &parts, (target, fields.get("reason"))).map(|_| ())
    })
}
