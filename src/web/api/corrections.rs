//! Correcting receipts: ask, read, approve, refuse.

use std::sync::{Arc, Mutex, PoisonError};

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::raise::{self, AskedLine};
use super::seen::ApproveBody;
use super::step::{ReasonBody, step};
use super::{listing, receipts, repeatable, view};
use crate::actor::Actor;
use crate::app::App;
use crate::clock::BusinessDay;
use crate::correction::{self, ASKERS, Agreement, Ask, Correction, Kind, READERS, State, Told, ground};
use crate::duty::{self, delegation};
use crate::error::{Error, Result};
use crate::exception;
use crate::id::{CorrectionId, ReceiptId, UnitId};
use crate::obligation::{self, IntakeMode, Line};
use crate::party::Payer;
use crate::receipt::{DocumentKind, profile, relation};
use crate::store::{Conn, Tx};
use crate::text;
use crate::unit;
use crate::web::Shared;
use crate::web::extract::{self, Caller};
use crate::web::respond::{self, Answer, block};
use crate::working_days::WorkingDays;

const REQUEST: &str = "POST /api/v1/receipts/{id}/corrections";

#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    kind: String,
    reason: String,
    // Read as one that may be missing, so that its absence is refused by its own code.
    #[schemars(required)]
    agreement: Option<Agreement>,
    #[serde(default)]
    lines: Vec<AskedLine>,
    /// What is wrong of the payer; what is not named stays as it is printed, and `""` takes it away.
    #[serde(default)]
    payer: Option<Payer>,
}

/// `POST /api/v1/receipts/{id}/corrections`
pub async fn request(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    caller.0.require_role(&ASKERS)?;
    let id: ReceiptId = extract::path(&request, "id")?;
    let app = Arc::clone(shared.app());
    repeatable::create(request, caller, payload, shared, REQUEST, move |tx, stamp, actor, asked: &Body| {
        let kind = Kind::parse(&asked.kind)?;
        let receipt = receipts::load(tx, actor, id)?;
        let payer = match asked.payer.clone() {
            Some(named) => Some(named.over(correction::payer_shown(tx, receipt.unit, id)?)),
            None => None,
        };
        let ask = Ask {
            unit: receipt.unit,
            receipt: id,
            kind,
            reason: asked.reason.clone(),
            agreement: asked.agreement.clone().ok_or_else(ground::missing)?,
            lines: lines(&app, tx, receipt.unit, id, &asked.lines)?,
            payer,
        };
        let made = correction::request(tx, stamp, actor, ask)?;
        asked_view(tx, &made)
    })
    .await
}

/// An item of the document with its right amount, or any item at the tariff's price.
pub fn lines(
    app: &App,
    tx: &mut Tx<'_>,
    unit: UnitId,
    receipt: ReceiptId,
    asked: &[AskedLine],
) -> Result<Vec<Line>> {
    let in_force = correction::lines_in_force(tx, unit, receipt)?;
    let mut lines = Vec::with_capacity(asked.len());
    let mut to_price = Vec::new();
    let mut used = vec![false; in_force.len()];
    for line in asked {
        let item = text::clean(&line.item);
        // Two lines may be of one item: each is meant once, in their order.
        let mut of_item = in_force.iter().enumerate().filter(|(_, known)| known.item_code == item);
        let next = of_item.clone().find(|(place, _)| used.get(*place) == Some(&false));
        let known = next.or_else(|| of_item.next()).map(|(place, known)| {
            used.iter_mut().skip(place).take(1).for_each(|taken| *taken = true);
            known
        });
        let counts = line.pages.is_some() || line.copies.is_some() || line.quantity.is_some();
        match (known, line.amount) {
            (Some(known), Some(amount)) if !counts && line.base_value.is_none() => {
                lines.push(correction::at_amount(known, amount));
            }
            _ => to_price.push(line.clone()),
        }
    }
    if !to_price.is_empty() {
        let owed = crate::receipt::query::by_id(tx, unit, receipt)?.map(|item| item.obligation);
        let owed = obligation::find(tx, unit, owed.ok_or_else(obligation::not_found)?)?;
        let collecting = unit::find(tx, unit)?;
        let channel = IntakeMode::parse(&owed.intake_mode)?;
        let on = owed.submitted_at.business_day();
        let tariff = app.tariff_on(tx)?;
        lines.extend(raise::priced(&tariff, &collecting, channel, on, (&to_price, &[]))?);
    }
    Ok(lines)
}

/// `GET /api/v1/corrections`
pub async fn list(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    listing::of_states(
        &request,
        caller,
        shared,
        &READERS,
        ("corrections", "correction", read_state),
        |conn, unit, state, page| correction::list(conn, unit, None, state, page),
        (|one: &Correction| one.id, |_, one| Ok(summary(one))),
    )
    .await
}

fn read_state(text: &str) -> Result<State> {
    let words = State::ALL.map(State::as_str).join(", ");
    State::parse(text).ok_or_else(|| Error::invalid("state", "state_unknown", words))
}

/// `GET /api/v1/receipts/{id}/corrections`
pub async fn of_receipt(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let id: ReceiptId = extract::path(&request, "id")?;
    let found = block(move || {
        let (found, links) = shared.app().read(&caller.0, |conn| {
            let item = receipts::load(conn, &caller.0, id)?;
            let links = relation::chain(conn, &item)?;
            let mut found = Vec::new();
            for link in &links {
                found.extend(correction::list(conn, item.unit, Some(link.document.id), None, 100)?);
            }
            found.sort_by_key(|correction| std::cmp::Reverse(correction.id));
            Ok((found, links))
        })?;
        let corrections: Vec<Value> = found.iter().map(summary).collect();
        Ok(json!({ "corrections": corrections, "chain": view::chain(&shared, &links) }))
    });
    respond::ok(&found.await?)
}

/// `GET /api/v1/corrections/{id}`
pub async fn find(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let id: CorrectionId = extract::path(&request, "id")?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            let unit = correction::locate(conn, &caller.0.scope, id)?;
            let found = correction::find(conn, unit, id)?;
            let app = shared.app();
            let today = app.clock.now().business_day();
            let mut told = whole(&correction::told(conn, found.clone())?, app.calendar.newest(), today);
            told["removed_lines"] = removed(conn, &found)?;
            told["delegated"] = json!(delegation::acts_on(conn, unit, duty::Kind::Correction, id.0)?);
            Ok(told)
        })
    });
    respond::ok(&found.await?)
}

/// `POST /api/v1/corrections/{id}/approve`: another person than the one who asked.
pub async fn approve(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let seen = ApproveBody::read(payload).await?;
    let id: CorrectionId = extract::path(&request, "id")?;
    let numbered = Arc::new(Mutex::new(None));
    let made = Arc::clone(&numbered);
    let app = Arc::clone(shared.app());
    let answer = block(move || {
        let actor = &caller.0;
        shared.app().write(actor, |tx, stamp| {
            let unit = correction::locate(tx, &actor.scope, id)?;
            let before = correction::find(tx, unit, id)?.revision;
            let (changed, amended) = correction::approve(tx, stamp, actor, unit, id)?;
            seen.require(before)?;
            *made.lock().unwrap_or_else(PoisonError::into_inner) = amended.receipt.map(|id| (unit, id));
            Ok(json!({
                "correction": summary(&changed),
                "receipt": amended.receipt,
                "refunds": amended.refunds,
                "awaited": amended.awaited,
            }))
        })
    })
    .await?;
    // Signed soon; after a crash it would be found by its state.
    if let Some(receipt) = *numbered.lock().unwrap_or_else(PoisonError::into_inner) {
        use crate::payment::settler::Numbered;
        app.sealing.numbered(&[receipt]);
    }
    respond::ok(&answer)
}

/// `POST /api/v1/corrections/{id}/refuse`
pub async fn refuse(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let reason = ReasonBody::read(payload).await?;
    let changed = step(&request, caller, shared, locate, move |tx, stamp, actor, unit, id| {
        correction::refuse(tx, stamp, actor, unit, id, &reason)
    })
    .await?;
    respond::ok(&json!({ "correction": summary(&changed) }))
}

pub(super) fn locate(conn: &mut Conn, actor: &Actor, id: CorrectionId) -> Result<UnitId> {
    correction::locate(conn, &actor.scope, id)
}

/// A correction with the rule it stands on, so that an approver sees how sure that is.
pub fn summary(item: &Correction) -> Value {
    json!({
        "id": item.id,
        "receipt": item.receipt,
        "obligation": item.obligation,
        "document_kind": item.document_kind,
        "kind": item.kind,
        "state": item.state,
        "revision": item.revision,
        "reason": item.reason,
        "agreement": item.agreement,
        "agreement_sha256": item.agreement_sha256,
        "corrects_payer": item.party.is_some(),
        "old_amount": item.old_amount,
        "new_amount": item.new_amount,
        "difference": item.new_amount.0 - item.old_amount.0,
        "rule": rule(item),
        "maker": item.maker,
        "checker": item.checker,
        "withdrawal_maker": item.withdrawal_maker,
        "withdrawal_checker": item.withdrawal_checker,
        "created_at": item.created_at,
    })
}

/// The answer to a request: with what it takes off the document, before anybody approves it.
pub fn asked_view(conn: &mut Conn, asked: &Correction) -> Result<Value> {
    let mut view = summary(asked);
    view["removed_lines"] = removed(conn, asked)?;
    Ok(view)
}

fn removed(conn: &mut Conn, asked: &Correction) -> Result<Value> {
    Ok(correction::removed(conn, asked)?.iter().map(named).collect())
}

fn named(line: &Line) -> Value {
    json!({ "item": line.item_code, "name": line.item_name, "amount": line.amount })
}

/// The legal profile's rule with its certainty, in words for people.
pub fn rule(item: &Correction) -> Value {
    let kind = DocumentKind::parse(&item.document_kind);
    let rules =
        profile::by_name(&item.profile).ok().zip(kind).map(|(law, kind)| law.rules_of_correcting(kind));
    // Kept with the request is the mark alone; the two rules of an invoice have marks of their own.
    let law = rules.and_then(|rules| rules.into_iter().find(|one| one.certainty.mark() == item.certainty));
    let words = law.map(|law| law.certainty.words());
    json!({
        "profile": item.profile,
        "mark": item.certainty,
        "words": words.map(|(vi, _)| vi),
        "words_en": words.map(|(_, en)| en),
        "source": law.map(|law| law.source),
    })
}

/// What a correction waits for, and whether it should have come by now.
pub fn awaited(told: &Told, calendar: &WorkingDays, today: BusinessDay) -> Value {
    let Some(awaited) = told.awaited else { return Value::Null };
    let due_on = calendar.after(awaited.since.business_day(), exception::Kind::Underpaid.due_working_days());
    json!({
        "outstanding": awaited.outstanding,
        "since": awaited.since,
        "due_on": due_on,
        "is_overdue": awaited.outstanding.is_positive() && today > due_on,
    })
}

fn whole(told: &Told, calendar: &WorkingDays, today: BusinessDay) -> Value {
    let lines: Vec<Value> = told.lines.iter().map(named).collect();
    let events: Vec<Value> = told
        .events
        .iter()
        .map(|(kind, state, person, reason, at)| {
            json!({ "kind": kind, "state": state, "person": person, "reason": reason, "at": at })
        })
        .collect();
    let made = told.made.as_ref().map(
        |made| json!({ "receipt": made.receipt, "posted_on": made.posted_on, "difference": made.difference }),
    );
    json!({
        "correction": summary(&told.correction),
        "lines": lines,
        "made": made,
        "awaited": awaited(told, calendar, today),
        "events": events,
    })
}
