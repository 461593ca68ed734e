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
use crate::amount::Dong;
use crate::app::App;
use crate::error::{Error, Result};
use crate::exception::{self, Ask, Exception, State};
use crate::id::ExceptionId;
use crate::payment::resolve;
use crate::store::Conn;
use crate::web::Shared;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// How the parts are settled: each goes to the obligation.
const ASSIGN: &str = "assign";

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
    candidates: Vec<Candidate>,
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

/// The chosen items: at least two, open, of one unit, each with money that waits for its place.
fn chosen(conn: &mut Conn, actor: &Actor, fields: &Fields) -> Result<Vec<Exception>> {
    let ids = fields.beginning("x.").filter_map(|(id, _)| id.parse::<ExceptionId>().ok()).take(BULK_LIMIT);
    let mut found = Vec::new();
    for id in ids.collect::<Vec<_>>() {
        let unit = locate(conn, actor, id)?;
        found.push(exception::find(conn, unit, id)?);
    }
    let wrong = |code, why| Error::conflict(code, why);
    if found.len() < 2 {
        return Err(wrong("combine_few", "choose at least two"));
    }
    let unit = found.first().map(|one| one.unit);
    if found.iter().any(|one| Some(one.unit) != unit) {
        return Err(wrong("combine_units", "they are of several units"));
    }
    for item in &found {
        let fits = resolve::check_proposal(conn, item, ASSIGN, Some(item.id.0)).is_ok();
        if item.state != State::Open || !fits {
            return Err(wrong("combine_unfit", "one of them is no money that waits for its place"));
        }
    }
    Ok(found)
}

fn sum_of(parts: &[Exception]) -> Result<Dong> {
    Dong::sum(parts.iter().map(|one| one.amount))
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
            let sum = sum_of(&parts)?;
            let whole = parts.first().map(|first| Exception { amount: sum, ..first.clone() });
            let candidates = match &whole {
                Some(whole) => candidates(conn, &app.vault, lang, whole)?,
                None => Vec::new(),
            };
            let parts: Vec<Part> = parts.iter().map(|one| part(lang, one)).collect();
            Ok((parts, sum.to_string(), candidates))
        })
    });
    let (parts, sum, candidates) = match found.await {
        Ok(found) => found,
        Err(error) => {
            if !wrong.is_some() {
                wrong = Wrong::of(error, lang)?;
            }
            (Vec::new(), String::new(), Vec::new())
        }
    };
    Ok(CombinePage { csrf: signed.csrf.clone(), wrong, parts, sum, candidates, typed, frame })
}

fn part(lang: Lang, one: &Exception) -> Part {
    Part {
        id: one.id,
        title: lang.pick(one.kind.title_vi(), one.kind.title_en()),
        amount: one.amount.to_string(),
        opened_on: one.opened_on.0.format("%d/%m/%Y").to_string(),
    }
}

/// All of them for one obligation, in one transaction.
fn propose(app: &App, actor: &Actor, fields: &Fields) -> Result<()> {
    app.write(actor, |tx, stamp| {
        let parts = chosen(tx, actor, fields)?;
        let named = [fields.trimmed("other"), fields.trimmed("target")];
        let named = named.into_iter().find(|text| !text.is_empty());
        let missing = || Error::invalid("other", "target_missing", "choose what they pay");
        let text = named.ok_or_else(missing)?;
        for item in &parts {
            let target = target_of(tx, item.unit, text)?;
            let ask = Ask::from((ASSIGN, Some(target), fields.get("reason")));
            resolve::propose(tx, stamp, actor, (item.unit, item.id), ask, &[])?;
        }
        Ok(())
    })
}
