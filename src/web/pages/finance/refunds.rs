//! `GET /finance/refunds`: what payers asked to have back, and the refunds on their way.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::units;
use crate::actor::Role;
use crate::clock::BusinessDay;
use crate::id::{RefundId, RefundRequestId};
use crate::payment::refund::payer::PayerRequest;
use crate::payment::refund::{Refund, State, payer_query, query};
use crate::web::Shared;
use crate::web::pages::frame::Frame;
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, html};
use crate::web::respond::block;

pub(super) const READERS: [Role; 3] = [Role::Finance, Role::Approver, Role::Auditor];
/// Rows of a unit on one page.
const SHOWN_LIMIT: i64 = 100;

struct Wanted {
    id: RefundRequestId,
    unit: String,
    amount: String,
    promised_on: String,
    is_late: bool,
}

struct Row {
    id: RefundId,
    unit: String,
    code: String,
    amount: String,
    state: &'static str,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "refunds.html")]
struct RefundsPage {
    frame: Frame,
    can_start: bool,
    wanted: Vec<Wanted>,
    rows: Vec<Row>,
}

pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let frame = Frame::of(&signed, &request);
    let (app, lang) = (Arc::clone(shared.app()), frame.lang);
    let can_start = signed.actor.role == Role::Finance;
    let (wanted, rows) = block(move || {
        let today = app.clock.now().business_day();
        app.read(&signed.actor, |conn| {
            let (mut wanted, mut rows) = (Vec::new(), Vec::new());
            for unit in units(conn, &signed.actor)? {
                let asked = payer_query::waiting(conn, unit.id, SHOWN_LIMIT)?;
                wanted.extend(asked.iter().map(|one| wish(one, &unit.name, today)));
                let refunds = query::page(conn, unit.id, None, SHOWN_LIMIT)?;
                rows.extend(refunds.iter().map(|one| row(lang, one, &unit.name)));
            }
            Ok((wanted, rows))
        })
    })
    .await?;
    Ok(html(StatusCode::OK, &RefundsPage { frame, can_start, wanted, rows }))
}

fn wish(one: &PayerRequest, unit: &str, today: BusinessDay) -> Wanted {
    Wanted {
        id: one.id,
        unit: unit.to_owned(),
        amount: one.amount.to_string(),
        promised_on: one.promised_on.0.format("%d/%m/%Y").to_string(),
        is_late: today > one.promised_on,
    }
}

fn row(lang: Lang, one: &Refund, unit: &str) -> Row {
    let (state, tone) = state_words(lang, one.state);
    Row {
        id: one.id,
        unit: unit.to_owned(),
        code: one.reference_code.clone(),
        amount: one.amount.to_string(),
        state,
        tone,
    }
}

/// A refund's state as staff read it, and its tone.
pub(super) fn state_words(lang: Lang, state: State) -> (&'static str, &'static str) {
    let (key, tone) = match state {
        State::Requested => ("refund_requested", "wait"),
        State::Approved => ("refund_approved", "wait"),
        State::Sent => ("refund_sent", "wait"),
        State::Debited => ("refund_debited", "done"),
        State::Bounced => ("refund_bounced", "late"),
        State::Refused => ("refund_refused", "gone"),
    };
    (lang.t(key), tone)
}
