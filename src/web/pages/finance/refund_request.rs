//! `/finance/refund-requests/{id}`: what a payer asked to have back; staff take it up or decline it.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::refunds::READERS;
use crate::actor::{Actor, Role};
use crate::audit;
use crate::error::{Error, Result};
use crate::id::{RefundRequestId, UnitId};
use crate::payment::refund::{Payee, payer, payer_query};
use crate::store::Conn;
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::fields::{Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;
use crate::{obligation, payment};

/// Why the account is seen, as the trail has it.
const PURPOSE: &str = "refund";

#[derive(Template)]
#[template(path = "refund_request.html")]
struct RequestPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    id: RefundRequestId,
    dossier: String,
    amount: String,
    promised_on: String,
    payee: Option<Payee>,
    /// None while no statement names the sender.
    is_sender: Option<bool>,
    confirmed_by: &'static str,
    is_open: bool,
    can_take_up: bool,
    can_decline: bool,
    reason: String,
}

pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared, Wrong::default(), "").await?))
}

fn locate(conn: &mut Conn, actor: &Actor, id: RefundRequestId) -> Result<UnitId> {
    let missing = || Error::not_found("refund_request_not_found", "no such request in your scope");
    payer_query::unit_of(conn, &actor.scope, id)?.ok_or_else(missing)
}

/// Who pays and who approves see the account; seeing it leaves a trace.
async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    wrong: Wrong,
    reason: &str,
) -> Result<RequestPage> {
    signed.require(&READERS)?;
    let id: RefundRequestId = extract::path(request, "id")?;
    let frame = Frame::of(signed, request);
    let app = Arc::clone(shared.app());
    let (actor, csrf, reason) = (signed.actor.clone(), signed.csrf.clone(), reason.to_owned());
    let sees_payee = actor.role != Role::Auditor;
    let (found, item, payee, is_sender) = block(move || {
        app.write(&actor, |tx, stamp| {
            let unit = locate(tx, &actor, id)?;
            let found = payer::find(tx, unit, id)?;
            let item = obligation::find(tx, unit, found.obligation)?;
            if !sees_payee {
                return Ok((found, item, None, None));
            }
            let payee = match payer::payee(tx, stamp.vault, &found) {
                Err(error) if error.code() == "erased" => return Ok((found, item, None, None)),
                payee => payee?,
            };
            let is_sender = payment::refund::sender::sent_from(tx, stamp.vault, unit, found.payment, &payee)?;
            let entry = audit::Entry::by(&actor, unit, "refund.payee_seen", id).with(PURPOSE);
            audit::record(tx, stamp, &[entry])?;
            Ok((found, item, Some(payee), is_sender))
        })
    })
    .await?;
    let confirmed_by = frame.t(match found.confirmed_by.as_deref() {
        Some("sender") => "refund_confirmed_sender",
        Some("sms") => "refund_confirmed_sms",
        Some("email") => "refund_confirmed_email",
        _ => "refund_confirmed_none",
    });
    Ok(RequestPage {
        confirmed_by,
        frame,
        csrf,
        wrong,
        id,
        dossier: item.dossier_code,
        amount: found.amount.to_string(),
        promised_on: found.promised_on.0.format("%d/%m/%Y").to_string(),
        payee,
        is_sender,
        is_open: found.answer.is_none(),
        can_take_up: signed.actor.role == Role::Finance,
        can_decline: matches!(signed.actor.role, Role::Finance | Role::Approver),
        reason,
    })
}

/// `POST /finance/refund-requests/{id}/answer`: `do` is `take_up` or `decline`.
pub async fn answer(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Finance, Role::Approver])?;
    let id: RefundRequestId = extract::path(&request, "id")?;
    let app = Arc::clone(shared.app());
    let actor = signed.actor.clone();
    let (is_taken, reason) = (fields.get("do") == "take_up", fields.trimmed("reason").to_owned());
    let why = reason.clone();
    let done = block(move || {
        app.write(&actor, |tx, stamp| {
            let unit = locate(tx, &actor, id)?;
            if is_taken {
                return payer::take_up(tx, stamp, &actor, unit, id).map(|_| ());
            }
            payer::decline(tx, stamp, &actor, unit, id, &why)
        })
    })
    .await;
    match done {
        Ok(()) => Ok(see("/finance/refunds")),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            let page = compose(&request, &signed, &shared, wrong, &reason).await?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}
