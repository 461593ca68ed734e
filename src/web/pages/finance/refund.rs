//! `/finance/refunds/{id}`: one refund, whom it goes to, and its next step by the right person.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::confirm;
use super::refunds::{READERS, state_words};
use crate::actor::{Actor, Role, Scope};
use crate::app::App;
use crate::audit;
use crate::duty;
use crate::error::{Error, Result};
use crate::id::{ObligationId, RefundId, UnitId};
use crate::identity::person_name;
use crate::obligation;
use crate::party;
use crate::payment::book::Method;
use crate::payment::payment_query;
use crate::payment::refund::{self, Payee, PayeeNamed, State, query, rules, sender};
use crate::receipt;
use crate::store::past::PastEvent;
use crate::store::{Conn, Stamp};
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::acting::as_seen;
use crate::web::pages::delegations;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see_done};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html, program_reason};
use crate::web::respond::block;

/// Why the account is seen, as the trail has it.
const PURPOSE: &str = "refund";

/// One step: when, by whom, what it became, why.
struct Past {
    at: String,
    who: String,
    words: &'static str,
    why: String,
}

#[derive(Template)]
#[template(path = "refund.html")]
struct RefundPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    id: RefundId,
    revision: i64,
    code: String,
    amount: String,
    why: String,
    state: &'static str,
    tone: &'static str,
    payee: Option<Payee>,
    /// An account was named, and erased since: what that means for the next step.
    erased: Option<&'static str>,
    /// None while no statement names the sender.
    is_sender: Option<bool>,
    /// Paid by card and no account is named: it goes back to the card, which needs none.
    to_card: bool,
    /// What stands in the way of an approval while no statement shows the money, or the bank took it back.
    unproven: Option<&'static str>,
    /// Whose money it was; documents made of it: look-up code and name.
    payer: String,
    receipts: Vec<(String, String)>,
    can_name: bool,
    can_approve: bool,
    can_send: bool,
    can_refuse: bool,
    must_confirm: bool,
    has_second_factor: bool,
    typed: Payee,
    reason: String,
    events: Vec<Past>,
    /// Who decided for whom.
    delegated: Vec<String>,
}

pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let page = compose(&request, &signed, &shared, Wrong::default(), &Fields::default()).await?;
    Ok(html(StatusCode::OK, &page))
}

fn locate(conn: &mut Conn, actor: &Actor, id: RefundId) -> Result<UnitId> {
    query::unit_of(conn, &actor.scope, id)?.ok_or_else(refund::not_found)
}

/// What is read of a refund in one transaction.
struct Looked {
    item: refund::Refund,
    payee: Option<Payee>,
    is_erased: bool,
    is_sender: Option<bool>,
    to_card: bool,
    /// Why its money is not there, as an error's code.
    unproven: Option<&'static str>,
    payer: String,
    receipts: Vec<(String, String)>,
    events: Vec<PastEvent>,
}

/// Who pays and who approves see the account; seeing it leaves a trace.
fn look(app: &App, actor: &Actor, id: RefundId) -> Result<Looked> {
    app.write(actor, |tx, stamp| {
        let unit = locate(tx, actor, id)?;
        let item = refund::find(tx, unit, id)?;
        let events = query::events(tx, unit, id)?;
        let named = match actor.role {
            Role::Auditor => PayeeNamed::Nobody,
            _ => refund::payee_named(tx, stamp.vault, unit, id)?,
        };
        let is_erased = matches!(named, PayeeNamed::Erased);
        let payee = named.known();
        let is_sender = match &payee {
            Some(payee) => sender::is_sender(tx, stamp.vault, &item, payee)?,
            None => None,
        };
        if payee.is_some() {
            let entry = audit::Entry::by(actor, unit, "refund.payee_seen", id).with(PURPOSE);
            audit::record(tx, stamp, &[entry])?;
        }
        let payment = payment_query::payments(tx, &[(unit, item.payment)])?.pop();
        let to_card = payment.as_ref().is_some_and(|payment| payment.method == Method::Card)
            && query::payee(tx, unit, id)?.is_none();
        let unproven = payment.as_ref().map_or(Some("refund_money_unproven"), rules::unproven);
        let (payer, receipts) = paid_for(tx, stamp, actor, (unit, payment.and_then(|one| one.obligation)))?;
        Ok(Looked { item, payee, is_erased, is_sender, to_card, unproven, payer, receipts, events })
    })
}

/// Who paid, and the documents of what was paid for. Auditors see documents and no names.
fn paid_for(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, obligation): (UnitId, Option<ObligationId>),
) -> Result<(String, Vec<(String, String)>)> {
    let Some(obligation) = obligation else { return Ok(Default::default()) };
    let owed = obligation::find(conn, unit, obligation)?;
    let documents = receipt::query::of_obligation(conn, unit, obligation)?;
    let documents = documents.into_iter().map(|one| (one.lookup_code.clone(), one.name())).collect();
    let key = (owed.unit, owed.party);
    let payer = match actor.role {
        Role::Auditor => None,
        _ => party::load(conn, stamp.vault, &[key])?.remove(&key).and_then(|payer| payer.name),
    };
    Ok((payer.unwrap_or_default(), documents))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    wrong: Wrong,
    fields: &Fields,
) -> Result<RefundPage> {
    signed.require(&READERS)?;
    let id: RefundId = extract::path(request, "id")?;
    let frame = Frame::of(signed, request);
    let (app, actor, lang) = (Arc::clone(shared.app()), signed.actor.clone(), frame.lang);
    let (looked, events, delegated) = block(move || {
        let mut looked = look(&app, &actor, id)?;
        // Persons stand at the city, whatever unit they work for.
        let events =
            app.store.read(&Scope::All, |conn| Ok(past(conn, lang, std::mem::take(&mut looked.events))))?;
        let subject = (looked.item.unit, duty::Kind::Refund, id.0);
        let delegated = app.store.read(&Scope::All, |conn| delegations::delegated(conn, lang, subject))?;
        Ok((looked, events, delegated))
    })
    .await?;
    let Looked { item, payee, is_erased, is_sender, to_card, unproven, payer, receipts, .. } = looked;
    let (state, tone) = state_words(frame.lang, item.state);
    let role = signed.actor.role;
    Ok(RefundPage {
        csrf: signed.csrf.clone(),
        wrong,
        id,
        revision: item.revision,
        delegated,
        code: item.reference_code.clone(),
        amount: item.amount.to_string(),
        why: item.reason.clone(),
        state,
        tone,
        can_name: role == Role::Finance && item.state == State::Requested,
        can_approve: role == Role::Approver
            && item.state == State::Requested
            && unproven.is_none()
            && (payee.is_some() || to_card),
        can_send: role == Role::Finance
            && matches!(item.state, State::Approved | State::Bounced)
            && !is_erased,
        can_refuse: matches!(role, Role::Finance | Role::Approver)
            && matches!(item.state, State::Requested | State::Approved | State::Bounced),
        payee,
        erased: is_erased.then(|| frame.t(erased_key(item.state))),
        is_sender,
        to_card,
        unproven: unproven.filter(|_| item.state == State::Requested).map(|code| frame.lang.of_code(code)),
        payer,
        receipts,
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        has_second_factor: signed.session.login.has_second_factor(),
        typed: payee_typed(fields),
        reason: fields.trimmed("reason").to_owned(),
        events,
        frame,
    })
}

/// An account is named again before the approval alone; after it the refund is refused and asked for anew.
fn erased_key(state: State) -> &'static str {
    match state {
        State::Requested => "refund_account_erased",
        State::Approved | State::Bounced => "refund_account_erased_unsent",
        State::Sent | State::Debited | State::Refused => "refund_account_erased_since",
    }
}

fn past(conn: &mut Conn, lang: Lang, events: Vec<PastEvent>) -> Vec<Past> {
    let past = |event: PastEvent| {
        let state = State::ALL.into_iter().find(|state| state.as_str() == event.state);
        let who = event.person.map(|person| person_name(conn, person).unwrap_or_default());
        Past {
            at: event.at.in_hanoi().format("%H:%M %d/%m/%Y").to_string(),
            who: who.unwrap_or_default(),
            words: state.map_or("", |state| state_words(lang, state).0),
            why: program_reason::words(lang, &event.reason.unwrap_or_default()),
        }
    };
    events.into_iter().map(past).collect()
}

fn payee_typed(fields: &Fields) -> Payee {
    Payee {
        bank: fields.bank(),
        account_no: fields.trimmed("account_no").to_owned(),
        holder: fields.trimmed("holder").to_owned(),
    }
}

/// `POST /finance/refunds/{id}/step`: `do` is `name`, `approve`, `send` or `refuse`. Approving is by
/// another person than those who asked and named the account, with their code.
pub async fn step(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Finance, Role::Approver])?;
    let id: RefundId = extract::path(&request, "id")?;
    let (app, typed) = (Arc::clone(shared.app()), fields.clone());
    let (signed, done) = block(move || {
        let done = act(&app, &signed, id, &typed);
        Ok((signed, done))
    })
    .await?;
    match done {
        Ok(()) => Ok(see_done(format!("/finance/refunds/{id}"))),
        Err(error) => {
            let names = fields.get("do") == "name";
            let faults = if names { rules::payee_faults(&payee_typed(&fields)) } else { Vec::new() };
            let wrong = Wrong::all(faults, error, Lang::of(&request))?;
            let page = compose(&request, &signed, &shared, wrong, &fields).await?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

fn act(app: &App, signed: &Signed, id: RefundId, fields: &Fields) -> Result<()> {
    let actor = &signed.actor;
    let step = fields.get("do");
    if step == "approve" {
        confirm(app, signed, fields.get("confirm"))?;
    }
    app.write(actor, |tx, stamp| {
        let unit = locate(tx, actor, id)?;
        match step {
            "name" => refund::name_payee(tx, stamp, actor, unit, id, &payee_typed(fields)),
            "approve" => {
                let approved = refund::approve(tx, stamp, actor, unit, id)?;
                as_seen(fields.get("seen"), approved.revision)?;
                Ok(approved)
            }
            "send" => refund::send(tx, stamp, actor, unit, id),
            "refuse" => refund::refuse(tx, stamp, actor, unit, id, fields.trimmed("reason")),
            _ => Err(Error::invalid("form.do", "form_unreadable", "no such step")),
        }
    })
    .map(|_| ())
}
