//! `/counter/obligations/{id}/confirmation`: “Xác nhận đã thu tiền”, printed when the document's
//! signature takes its time. It is no receipt and says so; its code leads to the receipt. Who took the
//! money is read off the document, whoever prints this.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::take::locate;
use crate::actor::Role;
use crate::id::ObligationId;
use crate::obligation::{self, State};
use crate::receipt::{self, printed};
use crate::unit;
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::session::Signed;
use crate::web::pages::{Page, html};
use crate::web::respond::block;

#[derive(Template)]
#[template(path = "confirmation.html")]
struct ConfirmationPage {
    frame: Frame,
    id: ObligationId,
    unit: String,
    dossier: String,
    collector: String,
    amount: String,
    at: String,
    /// The QR code of the page where the receipt will be.
    svg: String,
    link: String,
}

/// Nothing was taken yet: back to the desk.
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&[Role::Cashier])?;
    let id: ObligationId = extract::path(&request, "id")?;
    let frame = Frame::of(&signed, &request);
    let (app, held) = (Arc::clone(shared.app()), shared.clone());
    let page = block(move || {
        app.read(&signed.actor, |conn| {
            let unit = locate(conn, &signed.actor, id)?;
            let item = obligation::find(conn, unit, id)?;
            let made = receipt::query::of_obligation(conn, unit, id)?;
            let Some(taken) = made.first().filter(|_| item.state == State::Paid) else { return Ok(None) };
            let link = held.url(&format!("/p/{}", item.reference_code));
            Ok(Some(ConfirmationPage {
                frame,
                id,
                unit: unit::find(conn, unit)?.name,
                dossier: item.dossier_code.clone(),
                collector: printed::read(&receipt::query::body(conn, unit, taken.id)?)?.collected_by,
                amount: item.total.to_string(),
                at: taken.collected_at.in_hanoi().format("%H:%M %d/%m/%Y").to_string(),
                svg: obligation::vietqr::svg(&link)?,
                link,
            }))
        })
    });
    match page.await? {
        Some(page) => Ok(html(StatusCode::OK, &page)),
        None => Ok(see(format!("/counter/obligations/{id}"))),
    }
}
