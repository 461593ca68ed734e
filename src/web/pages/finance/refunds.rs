//! `GET /finance/refunds`: what payers asked to have back, and the refunds on their way, the newest first, a page at
//! a time.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::units;
use crate::actor::{Actor, Role};
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{ObligationId, PaymentId, RefundId, RefundRequestId, UnitId};
use crate::payment::payment_query;
use crate::payment::refund::payer::PayerRequest;
use crate::payment::refund::{Refund, State, payer_query, query};
use crate::store::Conn;
use crate::store::vault::Vault;
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::frame::Frame;
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, html};
use crate::web::respond::block;
use crate::{obligation, party};

pub(super) const READERS: [Role; 3] = [Role::Finance, Role::Approver, Role::Auditor];
/// Wishes of a unit on the page; they are answered within days.
const WANTED_LIMIT: i64 = 100;
/// Refunds on one page.
const PAGE: i64 = 50;
/// What somebody has to do something about.
const OPEN: [State; 4] = [State::Requested, State::Approved, State::Sent, State::Bounced];
/// The state that stands for all of these.
const OPEN_WORD: &str = "open";
const ALL_WORD: &str = "all";

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
    dossier: String,
    payer: String,
    amount: String,
    state: &'static str,
    tone: &'static str,
}

/// What the address asks for, as it came.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// A state, `all`, or `open` for what is not over.
    state: String,
    /// The last refund of the page before.
    before: String,
}

impl Asked {
    fn state(&self) -> &'static str {
        let known = State::ALL.iter().map(|state| state.as_str()).chain([ALL_WORD]);
        known.into_iter().find(|word| *word == self.state).unwrap_or(OPEN_WORD)
    }

    fn states(&self) -> Vec<State> {
        match self.state() {
            OPEN_WORD => OPEN.to_vec(),
            ALL_WORD => State::ALL.to_vec(),
            word => State::ALL.into_iter().filter(|state| state.as_str() == word).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "refunds.html")]
struct RefundsPage {
    frame: Frame,
    can_start: bool,
    wanted: Vec<Wanted>,
    rows: Vec<Row>,
    state: &'static str,
    /// Word and what it is called.
    states: Vec<(&'static str, &'static str)>,
    /// The last refund of a full page: where the next one begins.
    next: Option<RefundId>,
}

/// `GET /finance/refunds?state=&before=`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let asked: Asked = extract::query(&request).unwrap_or_default();
    let frame = Frame::of(&signed, &request);
    let (app, lang, wish_of) = (Arc::clone(shared.app()), frame.lang, asked.clone());
    let can_start = signed.actor.role == Role::Finance;
    let (wanted, rows) = block(move || {
        let today = app.clock.now().business_day();
        app.read(&signed.actor, |conn| {
            let units = units(conn, &signed.actor)?;
            let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
            let limit = WANTED_LIMIT.saturating_mul(i64::try_from(ids.len()).unwrap_or(i64::MAX));
            let asked = payer_query::waiting(conn, &ids, limit)?;
            let mut wanted = Vec::with_capacity(asked.len());
            for unit in &units {
                let own = asked.iter().filter(|one| one.unit == unit.id);
                wanted.extend(own.map(|one| wish(one, &unit.name, today)));
            }
            Ok((wanted, rows(conn, &app.vault, lang, &signed.actor, &wish_of)?))
        })
    })
    .await?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == PAGE);
    let named = State::ALL.map(|state| (state.as_str(), state_words(lang, state).0));
    let states = [(OPEN_WORD, frame.t("refund_open")), (ALL_WORD, frame.t("filter_all"))];
    let page = RefundsPage {
        can_start,
        wanted,
        next: rows.last().filter(|_| is_full).map(|row: &Row| row.id),
        rows,
        state: asked.state(),
        states: states.into_iter().chain(named).collect(),
        frame,
    };
    Ok(html(StatusCode::OK, &page))
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

fn rows(conn: &mut Conn, vault: &Vault, lang: Lang, actor: &Actor, asked: &Asked) -> Result<Vec<Row>> {
    let held = units(conn, actor)?;
    let ids: Vec<UnitId> = held.iter().map(|unit| unit.id).collect();
    let below = asked.before.parse().unwrap_or(RefundId(i64::MAX));
    let found = query::over(conn, &ids, &asked.states(), below, PAGE)?;
    let whose = whose(conn, vault, actor, &found)?;
    let row = |one: &Refund| {
        let (state, tone) = state_words(lang, one.state);
        let (dossier, payer) = whose.get(&(one.unit, one.payment)).cloned().unwrap_or_default();
        let unit = held.iter().find(|unit| unit.id == one.unit);
        Row {
            id: one.id,
            unit: unit.map(|unit| unit.name.clone()).unwrap_or_default(),
            code: one.reference_code.clone(),
            dossier,
            payer,
            amount: one.amount.to_string(),
            state,
            tone,
        }
    };
    Ok(found.iter().map(row).collect())
}

/// Dossier and payer of each payment. Auditors see dossiers and no names.
fn whose(
    conn: &mut Conn,
    vault: &Vault,
    actor: &Actor,
    refunds: &[Refund],
) -> Result<HashMap<(UnitId, PaymentId), (String, String)>> {
    let keys: BTreeSet<(UnitId, PaymentId)> = refunds.iter().map(|one| (one.unit, one.payment)).collect();
    let payments = payment_query::payments(conn, &keys.into_iter().collect::<Vec<_>>())?;
    let owed: BTreeSet<(UnitId, ObligationId)> =
        payments.iter().filter_map(|one| Some((one.unit, one.obligation?))).collect();
    let owed = obligation::query::by_ids(conn, &owed.into_iter().collect::<Vec<_>>())?;
    let parties: BTreeSet<_> = owed.iter().map(|one| (one.unit, one.party)).collect();
    let payers = match actor.role {
        Role::Auditor => HashMap::new(),
        _ => party::load(conn, vault, &parties.into_iter().collect::<Vec<_>>())?.into_iter().collect(),
    };
    let mut found = HashMap::new();
    for payment in payments {
        let Some(of) = owed.iter().find(|one| one.unit == payment.unit && Some(one.id) == payment.obligation)
        else {
            continue;
        };
        let name = payers.get(&(of.unit, of.party)).and_then(|payer| payer.name.clone());
        found.insert((payment.unit, payment.id), (of.dossier_code.clone(), name.unwrap_or_default()));
    }
    Ok(found)
}

/// A refund's state as staff read it, and its tone.
pub(in crate::web::pages) fn state_words(lang: Lang, state: State) -> (&'static str, &'static str) {
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
