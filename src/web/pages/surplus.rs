//! `POST /p/{code}/refund`: what came too much, and the payer's wish to have it back.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};

use super::fields::{Fields, Pairs, Wrong};
use super::pay::{Forms, shown};
use super::session::check_origin;
use super::wording::Lang;
use super::{Page, Posted, html, on_paper, read};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Kind, Result};
use crate::obligation::{self, Obligation};
use crate::payment::refund::payer::{self, Asked as Outcome, PayerRequest};
use crate::payment::refund::{self, Payee, Refund, State, rules};
use crate::store::{Conn, Lane};
use crate::web::Shared;
use crate::web::respond::block;

/// The fields of the form as they were typed.
#[derive(Default)]
pub(super) struct Asked {
    pub wrong: Wrong,
    pub bank: String,
    pub account_no: String,
    pub holder: String,
    /// Where a code went, masked: the form asks for it.
    pub code_at: Option<String>,
}

/// What the page says about money that came too much.
pub(super) struct Surplus {
    pub amount: String,
    /// Whether there is something that nobody asked for.
    pub can_ask: bool,
    /// What became of it, in the order it was asked.
    pub steps: Vec<String>,
    /// Whether another step of it is to come.
    pub is_open: bool,
}

/// What came too much with an obligation's payments, and what became of it.
pub(super) fn of(conn: &mut Conn, item: &Obligation, lang: Lang) -> Result<Option<Surplus>> {
    let payments = crate::payment::payment_query::payments_for(conn, item.unit, item.id)?;
    let keys: Vec<_> = payments.into_iter().map(|payment| (item.unit, payment)).collect();
    let found = crate::payment::payment_query::payments(conn, &keys)?;
    let total = Dong::sum(found.iter().map(|payment| payment.surplus))?;
    let requests = payer::of_obligation(conn, item)?;
    let mut steps: Vec<String> = requests.iter().filter_map(|one| request_words(lang, one)).collect();
    let mut refunds = refund::query::of_payments(conn, &keys)?;
    refunds.sort_by_key(|one| one.id);
    steps.extend(refunds.iter().map(|one| refund_words(lang, one, promised(&requests, one))));
    if total.is_zero() && steps.is_empty() {
        return Ok(None);
    }
    let can_ask = total.is_positive() && !payer::askable(conn, item)?.is_empty();
    let is_over = |one: &Refund| matches!(one.state, State::Debited | State::Refused);
    let is_open = requests.iter().any(|one| one.answer.is_none()) || !refunds.iter().all(is_over);
    Ok(Some(Surplus { amount: total.to_string(), can_ask, steps, is_open }))
}

/// A request that became a refund speaks through it.
fn request_words(lang: Lang, one: &PayerRequest) -> Option<String> {
    match &one.answer {
        None => {
            let words = lang.with("surplus_asked", one.amount);
            Some(words.replacen("{}", &day(one.promised_on), 1))
        }
        Some(answer) if answer.is_taken_up => None,
        Some(answer) => {
            let words = lang.with("surplus_declined", one.amount);
            Some(words.replacen("{}", answer.reason.as_deref().unwrap_or_default(), 1))
        }
    }
}

/// The day that the payer was promised for what became this refund; it stands until the money is back.
fn promised(requests: &[PayerRequest], refund: &Refund) -> Option<BusinessDay> {
    let is_meant = |one: &&PayerRequest| {
        one.payment == refund.payment && one.answer.as_ref().is_some_and(|answer| answer.is_taken_up)
    };
    let is_on_its_way = matches!(refund.state, State::Requested | State::Approved | State::Sent);
    requests.iter().rfind(is_meant).filter(|_| is_on_its_way).map(|one| one.promised_on)
}

fn refund_words(lang: Lang, one: &Refund, promised: Option<BusinessDay>) -> String {
    let key = match one.state {
        State::Requested => "surplus_requested",
        State::Approved => "surplus_approved",
        State::Sent => "surplus_sent",
        State::Debited => "surplus_paid",
        State::Bounced => "surplus_bounced",
        State::Refused => "surplus_refused",
    };
    let words = lang.with(key, one.amount);
    match promised {
        Some(on) => format!("{words} {}", lang.with("surplus_until", day(on))),
        None => words,
    }
}

fn day(on: BusinessDay) -> String {
    on.0.format("%d/%m/%Y").to_string()
}

/// `POST /p/{code}/refund`: the link is the right to ask for the account that the money came from; for another
/// one the payer shows a code. Two persons look before anything is paid.
pub async fn ask(request: HttpRequest, form: Posted<Pairs>, shared: web::Data<Shared>) -> Page {
    check_origin(&request)?;
    shared.lookups.check(shared.source(&request))?;
    let fields = Fields::of(read(form)?);
    let code = on_paper::code_of(&request)?;
    let running = Arc::clone(&shared.running);
    let payee = Payee {
        bank: fields.bank(),
        account_no: fields.trimmed("account_no").to_owned(),
        holder: fields.trimmed("holder").to_owned(),
    };
    let faults = rules::payee_faults(&payee);
    let shown_code = fields.trimmed("code").to_owned();
    let asked = block(move || {
        let app = &running.app;
        app.store.write(&Scope::All, Lane::Live, |tx| {
            let item = obligation::find_by_code(tx, code.as_str())?;
            payer::ask(tx, &app.stamp(), &item, (&payee, &shown_code), &running.courier)
        })
    })
    .await;
    let lang = Lang::of(&request);
    let mut surplus = Asked {
        wrong: Wrong::default(),
        bank: fields.bank(),
        account_no: fields.trimmed("account_no").to_owned(),
        holder: fields.trimmed("holder").to_owned(),
        code_at: None,
    };
    let at_code = |key| Wrong(vec![("code".to_owned(), lang.of_code(key).to_owned())]);
    let status = match asked {
        // Of what was asked for already, or went back, the page itself tells.
        Ok(Outcome::Noted(_)) => return again(&request, &shared, StatusCode::OK, Asked::default()).await,
        Err(error) if *error.kind() == Kind::Conflict => {
            return again(&request, &shared, StatusCode::OK, Asked::default()).await;
        }
        Ok(Outcome::CodeSent(to)) => {
            surplus.code_at = Some(to);
            StatusCode::OK
        }
        Ok(Outcome::CodeWrong(to)) => {
            surplus.wrong = at_code("refund_code_wrong");
            surplus.code_at = Some(to);
            StatusCode::BAD_REQUEST
        }
        Ok(Outcome::Locked(to)) => {
            surplus.wrong = at_code("refund_code_locked");
            surplus.code_at = Some(to);
            StatusCode::TOO_MANY_REQUESTS
        }
        Err(error) => {
            surplus.wrong = Wrong::all(faults, error, lang)?;
            StatusCode::BAD_REQUEST
        }
    };
    again(&request, &shared, status, surplus).await
}

/// The pay page with the form as it was typed.
async fn again(
    request: &HttpRequest,
    shared: &web::Data<Shared>,
    status: StatusCode,
    surplus: Asked,
) -> Page {
    let forms = Forms { surplus, ..Forms::default() };
    Ok(html(status, &shown(request, shared, forms).await?))
}
