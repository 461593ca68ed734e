//! `/counter/obligations/{id}/guide`: the screen turned to a payer who pays by phone, with the steps
//! in words that the cashier reads along.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::take::locate;
use super::waiting::Waiting;
use crate::actor::Role;
use crate::id::ObligationId;
use crate::obligation::{self, ticket};
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::fields::{Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html, live, vietqr};
use crate::web::respond::block;

#[derive(Template)]
#[template(path = "guide.html")]
struct GuidePage {
    frame: Frame,
    id: ObligationId,
    code: String,
    stamp: String,
    svg: String,
    drawn: vietqr::Drawn,
    csrf: String,
    wrong: Wrong,
    /// The visitor's ticket, as it was noted today.
    ticket: Option<String>,
    /// The transfer that the bank told of already: nobody is to pay again.
    advised: Option<String>,
    /// Whether the ticket is typed, or was refused: the page does not turn by itself then.
    is_typed: bool,
}

/// What the address asks for.
#[derive(Default, Deserialize)]
struct Asked {
    /// The field for the ticket, on a page that does not turn under it.
    #[serde(default)]
    ticket: Option<u8>,
}

/// `GET /counter/obligations/{id}/guide`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    shown(&request, &signed, &shared, Wrong::default()).await
}

/// Paid meanwhile, or collected on a slip: back to the desk, which shows the documents or says so.
async fn shown(request: &HttpRequest, signed: &Signed, shared: &web::Data<Shared>, wrong: Wrong) -> Page {
    signed.require(&[Role::Cashier])?;
    let id: ObligationId = extract::path(request, "id")?;
    let frame = Frame::of(signed, request);
    let status = if wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let asked = extract::query::<Asked>(request).unwrap_or_default();
    let (app, actor, csrf) = (Arc::clone(shared.app()), signed.actor.clone(), signed.csrf.clone());
    let page = block(move || {
        let today = app.clock.now().business_day();
        app.read(&actor, |conn| {
            let unit = locate(conn, &actor, id)?;
            let item = obligation::find(conn, unit, id)?;
            let waiting = Waiting::of(conn, unit, std::slice::from_ref(&item))?;
            if !item.outstanding().is_positive() || waiting.slip(id).is_some() {
                return Ok(None);
            }
            let drawn = vietqr::payload(conn, &item, today)?;
            Ok(Some(GuidePage {
                advised: waiting.told(frame.lang, "guide_told", id),
                is_typed: wrong.is_some() || asked.ticket.is_some(),
                frame,
                id,
                code: item.reference_code.clone(),
                stamp: live::stamp_of(conn, &item)?,
                svg: obligation::vietqr::svg(&drawn.text)?,
                drawn,
                csrf,
                wrong,
                ticket: ticket::of_day(conn, unit, &[id], today)?.remove(&id),
            }))
        })
    });
    match page.await? {
        Some(page) => Ok(html(status, &page)),
        None => Ok(see(format!("/counter/obligations/{id}"))),
    }
}

/// `POST /counter/obligations/{id}/ticket`: the ticket of the visitor who is helped.
pub async fn note_ticket(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Cashier])?;
    let id: ObligationId = extract::path(&request, "id")?;
    let (app, actor) = (Arc::clone(shared.app()), signed.actor.clone());
    let noted = block(move || {
        app.write(&actor, |tx, stamp| {
            let unit = locate(tx, &actor, id)?;
            ticket::note(tx, stamp, &actor, (unit, id), fields.trimmed("ticket"))
        })
    });
    match noted.await {
        Ok(()) => Ok(see(format!("/counter/obligations/{id}/guide"))),
        Err(error) => shown(&request, &signed, &shared, Wrong::of(error, Lang::of(&request))?).await,
    }
}
