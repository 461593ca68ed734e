//! `/counter/obligations/{id}/guide`: the screen turned to a payer who pays by phone, with the steps
//! in words that the cashier reads along.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::take::locate;
use crate::actor::Role;
use crate::id::ObligationId;
use crate::obligation;
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::session::Signed;
use crate::web::pages::{Page, html, live, vietqr};
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
}

/// Paid meanwhile: back to the desk, which shows the documents.
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&[Role::Cashier])?;
    let id: ObligationId = extract::path(&request, "id")?;
    let frame = Frame::of(&signed, &request);
    let app = Arc::clone(shared.app());
    let page = block(move || {
        app.read(&signed.actor, |conn| {
            let unit = locate(conn, &signed.actor, id)?;
            let item = obligation::find(conn, unit, id)?;
            if !item.outstanding().is_positive() {
                return Ok(None);
            }
            let drawn = vietqr::payload(conn, &item, app.clock.now().business_day())?;
            Ok(Some(GuidePage {
                frame,
                id,
                code: item.reference_code.clone(),
                stamp: live::stamp_of(conn, &item)?,
                svg: obligation::vietqr::svg(&drawn.text)?,
                drawn,
            }))
        })
    });
    match page.await? {
        Some(page) => Ok(html(StatusCode::OK, &page)),
        None => Ok(see(format!("/counter/obligations/{id}"))),
    }
}
