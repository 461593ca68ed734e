//! `/s/{code}`: where the code of a provisional slip leads: to the receipt as soon as there is one.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::frame::{Frame, see};
use super::{Page, html};
use crate::actor::Scope;
use crate::error::Error;
use crate::obligation;
use crate::obligation::reference::ReferenceCode;
use crate::shift::provisional::State;
use crate::shift::provisional_query as query;
use crate::unit;
use crate::web::Shared;
use crate::web::extract::path_text;
use crate::web::respond::block;

#[derive(Template)]
#[template(path = "slip.html")]
struct SlipPage {
    frame: Frame,
    number: i64,
    unit: String,
    words: &'static str,
}

pub async fn page(request: HttpRequest, shared: web::Data<Shared>) -> Page {
    let missing = || Error::not_found("slip_not_found", "no such slip");
    let code: ReferenceCode = path_text(&request, "code").parse().map_err(|_| missing())?;
    let app = Arc::clone(shared.app());
    let (slip, unit, pay_code) = block(move || {
        app.store.read(&Scope::All, |conn| {
            let slip = query::by_code(conn, code.as_str())?.ok_or_else(missing)?;
            let unit = unit::find(conn, slip.unit)?.name;
            let entry = match slip.state {
                State::Settled => query::entry(conn, slip.unit, slip.number)?,
                _ => None,
            };
            let pay_code = match entry {
                Some(entry) => Some(obligation::find(conn, slip.unit, entry.obligation)?.reference_code),
                None => None,
            };
            Ok((slip, unit, pay_code))
        })
    })
    .await?;
    if let Some(code) = pay_code {
        return Ok(see(format!("/p/{code}")));
    }
    let frame = Frame::public(&request);
    let words = frame.t(match slip.state {
        State::Printed => "slip_printed",
        State::Entered | State::Settled => "slip_entered",
        State::Spoiled => "slip_spoiled",
    });
    Ok(html(StatusCode::OK, &SlipPage { frame, number: slip.number, unit, words }))
}
