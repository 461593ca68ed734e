//! `/finance/refund-start`: staff ask for a payment's surplus to go back. Whom it goes to may be named
//! later; another person approves.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::{Deserialize, Serialize};

use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::error::{Error, Result};
use crate::id::{PaymentId, RefundId};
use crate::payment::payment_query;
use crate::payment::refund::sender::{self, Sender};
use crate::payment::refund::{self, Ask, Payee, Refund, query, rules};
use crate::store::{Conn, Stamp, Tx};
use crate::web::Shared;
use crate::web::extract;
use crate::web::idempotency::{Repeatable, once};
use crate::web::pages::fields::{Fields, Pairs, Wrong, fresh_key, key_of};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::{block, to_bytes};
use crate::{obligation, receipt, text};

const ROUTE: &str = "POST /finance/refund-start";

/// Why the sender is seen, as the trail has it.
const PURPOSE: &str = "refund";

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    payment: String,
    amount: String,
}

#[derive(Template)]
#[template(path = "refund_start.html")]
struct StartPage {
    frame: Frame,
    csrf: String,
    /// Names this form, so that sending it twice asks once.
    key: String,
    wrong: Wrong,
    typed: Fields,
    /// What the payment was for, in words; empty while none is named.
    about: Vec<(&'static str, String)>,
}

/// `GET /finance/refund-start?payment=&amount=`: with the account that the money came from, where its line
/// names one. That it was shown stands in the trail.
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&[Role::Finance])?;
    let asked: Asked = extract::query(&request).unwrap_or_default();
    let mut pairs = vec![("payment".to_owned(), asked.payment.clone()), ("amount".to_owned(), asked.amount)];
    if let Ok(payment) = asked.payment.trim().parse::<PaymentId>() {
        let (app, actor) = (Arc::clone(shared.app()), signed.actor.clone());
        let sender = block(move || app.write(&actor, |tx, stamp| sender_of(tx, stamp, &actor, payment)));
        if let Some(sender) = sender.await? {
            for (name, value) in
                [("account_no", sender.account_no), ("holder", sender.name.unwrap_or_default())]
            {
                pairs.push((name.to_owned(), value.clone()));
                pairs.push((format!("sent_{name}"), value));
            }
        }
    }
    let key = fresh_key()?;
    let page = drawn(&request, &signed, &shared, (Wrong::default(), Fields::of(pairs), key)).await?;
    Ok(html(StatusCode::OK, &page))
}

fn sender_of(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    payment: PaymentId,
) -> Result<Option<Sender>> {
    let Some(unit) = query::unit_of_payment(tx, &actor.scope, payment)? else { return Ok(None) };
    let found = sender::of_payment(tx, stamp.vault, unit, payment)?;
    if let Some(found) = &found {
        let entry = audit::Entry::by(actor, unit, "line.texts_seen", found.line).with(PURPOSE);
        audit::record(tx, stamp, &[entry])?;
    }
    Ok(found)
}

async fn drawn(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    (wrong, typed, key): (Wrong, Fields, String),
) -> Result<StartPage> {
    let frame = Frame::of(signed, request);
    let mut about = Vec::new();
    if let Ok(payment) = typed.trimmed("payment").parse::<PaymentId>() {
        let (app, actor, lang) = (Arc::clone(shared.app()), signed.actor.clone(), frame.lang);
        about = block(move || app.read(&actor, |conn| about_payment(conn, lang, &actor, payment))).await?;
    }
    Ok(StartPage { frame, csrf: signed.csrf.clone(), key, wrong, typed, about })
}

/// The sum, what of it may still be asked back, its dossier and its documents: people know these, not the payment's
/// code.
fn about_payment(
    conn: &mut Conn,
    lang: Lang,
    actor: &Actor,
    payment: PaymentId,
) -> Result<Vec<(&'static str, String)>> {
    let Some(unit) = query::unit_of_payment(conn, &actor.scope, payment)? else { return Ok(Vec::new()) };
    let Some(found) = payment_query::payments(conn, &[(unit, payment)])?.pop() else { return Ok(Vec::new()) };
    let free = rules::free(&found, &query::of_payments(conn, &[(unit, payment)])?)?;
    let mut about =
        vec![(lang.t("refund_paid"), found.amount.to_string()), (lang.t("refund_free"), free.to_string())];
    if let Some(obligation) = found.obligation {
        about.push((lang.t("dossier"), obligation::find(conn, unit, obligation)?.dossier_code));
        for document in receipt::query::of_obligation(conn, unit, obligation)? {
            about.push((lang.t("document"), document.name()));
        }
    }
    Ok(about)
}

/// The answer that is kept for a form that is sent again.
#[derive(Deserialize, Serialize)]
struct Made {
    refund: RefundId,
}

/// `POST /finance/refund-start`: once, however often the form is sent.
pub async fn ask(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Finance])?;
    let (key, lang) = (key_of(&fields)?, Lang::of(&request));
    let repeatable = Repeatable::of_form(
        signed.session.login.as_sender(),
        ROUTE,
        key.clone(),
        request.path(),
        &content(&fields),
    );
    let (held, actor, typed) = (shared.clone(), signed.actor.clone(), fields.clone());
    let made = block(move || asked_once(&held, &actor, &typed, &repeatable)).await;
    let (wrong, key) = match made {
        Ok(refund) => return Ok(see(format!("/finance/refunds/{refund}"))),
        // As behind the back button: what was asked for stands, and another press asks for more.
        Err(error) if error.code() == "idempotency_key_reused" => {
            let told = (String::new(), lang.t("refund_before").to_owned());
            (Wrong(vec![told]), fresh_key()?)
        }
        Err(error) => (Wrong::all(faults(&fields), error, lang)?, key),
    };
    let page = drawn(&request, &signed, &shared, (wrong, fields, key)).await?;
    Ok(html(StatusCode::BAD_REQUEST, &page))
}

/// What must be the same for a form that is sent again to be the same.
fn content(fields: &Fields) -> String {
    ["payment", "amount", "reason", "bank", "account_no", "holder"]
        .map(|name| fields.trimmed(name))
        .join("\n")
}

fn asked_once(shared: &Shared, actor: &Actor, fields: &Fields, repeatable: &Repeatable) -> Result<RefundId> {
    let given =
        once(shared.app(), &shared.in_flight, actor, repeatable, StatusCode::CREATED, |tx, stamp| {
            let refund = requested(tx, stamp, actor, fields)?.id;
            to_bytes(&Made { refund })
        })?;
    let made: Made =
        serde_json::from_slice(&given.body).map_err(|error| Error::internal(error.to_string()))?;
    Ok(made.refund)
}

fn requested(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, fields: &Fields) -> Result<Refund> {
    let payment = payment(fields)?;
    let unit = query::unit_of_payment(tx, &actor.scope, payment)?.ok_or_else(unknown)?;
    let ask = Ask {
        unit,
        payment,
        amount: amount(fields)?,
        reason: fields.get("reason").to_owned(),
        payee: payee(fields),
    };
    refund::request(tx, stamp, actor, &ask)
}

/// What cannot be read of the form, in the order of its fields.
fn faults(fields: &Fields) -> Vec<Error> {
    let before = [payment(fields).err(), amount(fields).err(), text::reason(fields.get("reason")).err()];
    let of_payee = payee(fields).map(|payee| rules::payee_faults(&payee)).unwrap_or_default();
    before.into_iter().flatten().chain(of_payee).collect()
}

fn unknown() -> Error {
    Error::invalid("payment", "payment_not_found", "no such payment in your scope")
}

fn payment(fields: &Fields) -> Result<PaymentId> {
    fields.trimmed("payment").parse().map_err(|_| unknown())
}

fn amount(fields: &Fields) -> Result<Dong> {
    let missing = || Error::invalid("amount", "refund_amount_wrong", "above zero");
    fields.dong("amount")?.map(Dong).filter(|amount| amount.is_positive()).ok_or_else(missing)
}

/// None while nothing of it is typed: what the page filled in from the bank's line names no bank, and is asked for
/// before the refund is approved.
fn payee(fields: &Fields) -> Option<Payee> {
    let of = |name: &str| fields.trimmed(name).to_owned();
    let payee = Payee { bank: fields.bank(), account_no: of("account_no"), holder: of("holder") };
    let is_as_filled = payee.account_no == of("sent_account_no") && payee.holder == of("sent_holder");
    let is_empty = payee.bank.is_empty() && is_as_filled;
    (!is_empty).then_some(payee)
}
