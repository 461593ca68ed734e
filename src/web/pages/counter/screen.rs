//! `/counter/screen`: what the waiting room sees: payments as they are received, by the visitor's ticket
//! where there is one, else by the last four of the dossier, and never by a name.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::own_unit;
use crate::actor::Role;
use crate::id::ObligationId;
use crate::obligation::{counter_query, ticket};
use crate::unit;
use crate::web::Shared;
use crate::web::pages::frame::Frame;
use crate::web::pages::session::Signed;
use crate::web::pages::{Page, html};
use crate::web::respond::block;

/// Payments on the screen.
const SHOWN: i64 = 12;
/// What of a dossier's code is shown.
const LAST: usize = 4;

#[derive(Template)]
#[template(path = "screen.html")]
struct ScreenPage {
    frame: Frame,
    unit: String,
    /// Ticket or last four of the dossier, amount, time.
    rows: Vec<(String, String, String)>,
}

pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&[Role::Cashier])?;
    let frame = Frame::of(&signed, &request);
    let app = Arc::clone(shared.app());
    let (unit, rows) = block(move || {
        let today = app.clock.now().business_day();
        app.read(&signed.actor, |conn| {
            let unit = unit::find(conn, own_unit(&signed.actor)?)?;
            let paid = counter_query::paid_since(conn, unit.id, today.start(), SHOWN)?;
            let ids: Vec<ObligationId> = paid.iter().map(|one| one.obligation).collect();
            let mut tickets = ticket::of_day(conn, unit.id, &ids, today)?;
            let mut row = |one: counter_query::Paid| {
                let at = one.at.in_hanoi().format("%H:%M").to_string();
                let called = tickets.remove(&one.obligation).unwrap_or_else(|| last_four(&one.dossier));
                (called, one.amount.to_string(), at)
            };
            let rows = paid.into_iter().map(&mut row).collect();
            Ok((unit.name, rows))
        })
    })
    .await?;
    Ok(html(StatusCode::OK, &ScreenPage { frame, unit, rows }))
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
