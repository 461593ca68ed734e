//! `/counter/screen` and, on a screen in the hall, `/screen/{token}`: payments as they are received, by the
//! visitor's ticket where there is one, else by the last four of the dossier, and never by a name.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::own_unit;
use crate::actor::{Role, Scope};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{ObligationId, UnitId};
use crate::obligation::{counter_query, ticket};
use crate::store::Conn;
use crate::web::Shared;
use crate::web::extract::path_text;
use crate::web::pages::frame::Frame;
use crate::web::pages::session::Signed;
use crate::web::pages::{Page, html};
use crate::web::respond::block;
use crate::{identity, unit};

/// Payments on the screen.
const SHOWN: i64 = 12;
/// What of a dossier's code is shown.
const LAST: usize = 4;

#[derive(Template)]
#[template(path = "screen.html")]
struct ScreenPage {
    frame: Frame,
    unit: String,
    rows: Vec<Row>,
    /// Whether amounts are shown: to the cashier, not to the hall.
    has_amounts: bool,
}

struct Row {
    /// Ticket or last four of the dossier.
    called: String,
    amount: String,
    at: String,
}

/// `GET /counter/screen`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&[Role::Cashier])?;
    let frame = Frame::of(&signed, &request);
    let app = Arc::clone(shared.app());
    let (unit, rows) = block(move || {
        let today = app.clock.now().business_day();
        app.read(&signed.actor, |conn| {
            let unit = unit::find(conn, own_unit(&signed.actor)?)?;
            Ok((unit.name, received(conn, unit.id, today)?))
        })
    })
    .await?;
    Ok(html(StatusCode::OK, &ScreenPage { frame, unit, rows, has_amounts: true }))
}

/// `GET /screen/{token}`: the same for everybody in the hall, without amounts, opened by a link of its own. The
/// token is the unit's code and the link's secret.
pub async fn hall(request: HttpRequest, shared: web::Data<Shared>) -> Page {
    let token = path_text(&request, "token").to_owned();
    let app = Arc::clone(shared.app());
    let (unit, rows) = block(move || {
        let missing = || Error::not_found("screen_not_found", "no such link");
        let today = app.clock.now().business_day();
        let (code, secret) = token.split_once('.').ok_or_else(missing)?;
        let unit = app.store.read(&Scope::All, |conn| {
            let unit = unit::find_by_code(conn, code).map_err(|_| missing())?;
            if identity::screen::opens(conn, unit.id, secret)? { Ok(unit) } else { Err(missing()) }
        })?;
        let rows = app.store.read(&Scope::unit(unit.id), |conn| received(conn, unit.id, today))?;
        Ok((unit.name, rows))
    })
    .await?;
    Ok(html(StatusCode::OK, &ScreenPage { frame: Frame::public(&request), unit, rows, has_amounts: false }))
}

/// What a unit received today, the newest first.
fn received(conn: &mut Conn, unit: UnitId, today: BusinessDay) -> Result<Vec<Row>> {
    let paid = counter_query::paid_since(conn, unit, today.start(), SHOWN)?;
    let ids: Vec<ObligationId> = paid.iter().map(|one| one.obligation).collect();
    let mut tickets = ticket::of_day(conn, unit, &ids, today)?;
    let row = |one: counter_query::Paid| Row {
        called: tickets.remove(&one.obligation).unwrap_or_else(|| last_four(&one.dossier)),
        amount: one.amount.to_string(),
        at: one.at.in_hanoi().format("%H:%M").to_string(),
    };
    Ok(paid.into_iter().map(row).collect())
}

/// `…0001` of `H26.1-261123-0001`.
fn last_four(dossier: &str) -> String {
    let plain: Vec<char> = dossier.chars().filter(|c| c.is_alphanumeric()).collect();
    let rest = plain.get(plain.len().saturating_sub(LAST)..).unwrap_or_default();
    format!("…{}", rest.iter().collect::<String>().to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_shows_four_signs_of_a_dossier_and_no_more() {
        assert_eq!(last_four("H26.1-261123-0001"), "…0001");
        assert_eq!(last_four("QUAY-261127-x7k2m0a"), "…2M0A");
        assert_eq!(last_four("7"), "…7");
    }
}
