//! `/counter`: a cashier's desk. Search, walk-ins, take cash or card, one or several at once, print one or many,
//! today's list with corrections, the shift, the screen of the waiting room.

pub mod confirmation;
pub mod correct;
pub mod deposit;
pub mod favourites;
pub mod guide;
pub mod notice;
pub mod print;
pub mod screen;
pub mod shift;
pub mod slips;
pub mod take;
pub mod together;
mod waiting;
pub mod walk_in;
mod walk_in_form;

use std::collections::BTreeSet;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::fields::{Fields, Pairs, Wrong};
use super::frame::{Frame, see};
use super::session::Signed;
use super::wording::Lang;
use super::{Page, Posted, html_that_prints, on_paper};
use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::app::App;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{ObligationId, PartyId, PaymentId, UnitId};
use crate::obligation::{Obligation, counter_query, ticket};
use crate::payment::{counter, pos};
use crate::shift::report::{self, Report};
use crate::shift::turn::Turn;
use crate::shift::{self as shifts, Shift, State};
use crate::store::Conn;
use crate::store::vault::Vault;
use crate::web::Shared;
use crate::web::respond::block;
use crate::{obligation, party, receipt, text, unit};
use waiting::Waiting;

/// Rows of a search; who finds more types more.
const FOUND_LIMIT: i64 = 30;
/// What was raised within these days is found by its payer when it is paid, too.
const PAID_DAYS: i64 = 60;
/// The longest text worth searching for: what a scanner reads from a VietQR code, whose memo comes last.
const ASKED_LIMIT: usize = 512;

/// One obligation in a list.
pub struct Row {
    id: ObligationId,
    dossier: String,
    payer: String,
    code: String,
    owed: String,
    standing: String,
    is_open: bool,
}

/// One taking of the shift.
pub struct TakenRow {
    amount: String,
    method: &'static str,
    receipt: String,
    /// Whether there is a page to print.
    is_signed: bool,
    obligation: Option<ObligationId>,
}

/// The takings from a counted float to the count that closed it.
struct TurnTaken {
    /// When it was opened, where a day has several.
    since: Option<String>,
    cash: String,
    card: String,
    rows: Vec<TakenRow>,
}

#[derive(Template)]
#[template(path = "counter.html")]
struct CounterPage {
    frame: Frame,
    csrf: String,
    unit: String,
    /// Whether the cashier may take money.
    has_shift: bool,
    /// Today's count differs and waits for another person: no shift is opened before that.
    is_count_waiting: bool,
    asked: String,
    found: Option<Vec<Row>>,
    /// Another unit, whose code was asked for: who pays there is not said.
    elsewhere: Option<String>,
    /// What was taken each time the drawer was open, the newest first.
    turns: Vec<TurnTaken>,
    /// Card payments of the shift whose approval code is not noted: id, document and sum.
    cards: Vec<(PaymentId, String)>,
    wrong: Wrong,
    typed: Fields,
}

impl CounterPage {
    /// Whether the search may have stopped before the one who is looked for.
    fn is_cut(&self) -> bool {
        let shown = self.found.as_ref().map_or(0, Vec::len);
        i64::try_from(shown).is_ok_and(|shown| shown >= FOUND_LIMIT)
    }
}

/// `GET /counter`
pub async fn desk(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html_that_prints(StatusCode::OK, &compose(&request, &signed, &shared, None).await?))
}

/// `POST /counter/card-slip`: the approval code of a card payment that was taken before.
pub async fn card_slip(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Cashier])?;
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
    let noted = block(move || {
        let unknown = || Error::invalid("payment", "payment_not_found", "no such payment");
        let payment: PaymentId = typed.get("payment").parse().map_err(|_| unknown())?;
        let slip = (typed.trimmed("approval_code"), typed.trimmed("terminal"));
        app.write(&actor, |tx, stamp| pos::record_slip(tx, stamp, &actor, own_unit(&actor)?, payment, slip))
    })
    .await;
    match noted {
        Ok(()) => Ok(see("/counter")),
        Err(error) => {
            let mut page = compose(&request, &signed, &shared, None).await?;
            page.wrong = Wrong::of(error, page.frame.lang)?;
            page.typed = fields;
            Ok(html_that_prints(StatusCode::BAD_REQUEST, &page))
        }
    }
}

/// `POST /counter/search`: posted, because a name is personal data and addresses are logged.
pub async fn search(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    let asked: String = text::clean(fields.get("q")).chars().take(ASKED_LIMIT).collect();
    Ok(html_that_prints(StatusCode::OK, &compose(&request, &signed, &shared, Some(asked)).await?))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    asked: Option<String>,
) -> Result<CounterPage> {
    signed.require(&[Role::Cashier])?;
    let frame = Frame::of(signed, request);
    let (app, actor, csrf) = (Arc::clone(shared.app()), signed.actor.clone(), signed.csrf.clone());
    let lang = frame.lang;
    block(move || {
        let actor = &actor;
        let mut page = app.read(actor, |conn| {
            let unit = own_unit(actor)?;
            let found = match asked.as_deref().filter(|asked| !asked.is_empty()) {
                Some(asked) => {
                    let items = look(conn, &app.vault, actor, (unit, app.clock.now()), asked)?;
                    let waiting = Waiting::of(conn, unit, &items)?;
                    Some(rows(conn, &app.vault, lang, &items, &waiting)?)
                }
                None => None,
            };
            let (mut cards, mut turns) = (Vec::new(), Vec::new());
            let (mut has_shift, mut is_count_waiting) = (false, false);
            if let Some(shift) = in_use_or_of_today(conn, actor, unit, app.clock.now().business_day())? {
                let report = report::report(conn, &shift)?;
                has_shift = shift.state == State::InUse;
                is_count_waiting = shift.state == State::Counted;
                if has_shift {
                    cards = without_slip(conn, unit, &report.takings)?;
                }
                turns = turns_taken(lang, &report);
            }
            Ok(CounterPage {
                frame,
                csrf,
                unit: unit::find(conn, unit)?.name,
                has_shift,
                is_count_waiting,
                asked: asked.clone().unwrap_or_default(),
                found,
                elsewhere: None,
                turns,
                cards,
                wrong: Wrong::default(),
                typed: Fields::default(),
            })
        })?;
        if page.found.as_ref().is_some_and(Vec::is_empty) {
            page.elsewhere = elsewhere(&app, actor, &page.asked)?;
        }
        Ok(page)
    })
    .await
}

/// Card payments whose approval code nobody noted: the acquirer's batch cannot name them yet.
fn without_slip(
    conn: &mut Conn,
    unit: UnitId,
    takings: &[report::Taking],
) -> Result<Vec<(PaymentId, String)>> {
    let cards: Vec<&report::Taking> = takings.iter().filter(|one| one.method == "card").collect();
    let ids: Vec<PaymentId> = cards.iter().map(|one| one.payment).collect();
    let noted = pos::query::with_slip(conn, unit, &ids)?;
    let open = cards.into_iter().filter(|one| !noted.contains(&one.payment));
    let name = |one: &report::Taking| match &one.receipt {
        Some(receipt) => format!("{receipt} – {}", one.amount),
        None => one.amount.to_string(),
    };
    Ok(open.map(|one| (one.payment, name(one))).collect())
}

/// What was taken, turn by turn, the newest first.
fn turns_taken(lang: Lang, report: &Report) -> Vec<TurnTaken> {
    let has_several = report.turns.len() > 1;
    let of = |turn: &Turn| TurnTaken {
        since: has_several.then(|| turn.opened_at.in_hanoi().format("%H:%M").to_string()),
        cash: turn.cash_taken.to_string(),
        card: turn.card_taken.to_string(),
        rows: (report.takings.iter().rev().filter(|one| turn.holds(one.payment)))
            .map(|one| taken_row(lang, one.clone()))
            .collect(),
    };
    report.turns.iter().rev().map(of).collect()
}

fn taken_row(lang: Lang, taking: report::Taking) -> TakenRow {
    TakenRow {
        amount: taking.amount.to_string(),
        method: lang.t(if taking.method == "cash" { "method_cash" } else { "method_card" }),
        is_signed: taking.receipt_state.is_some_and(|state| state != "numbered"),
        receipt: taking.receipt.unwrap_or_default(),
        obligation: taking.obligation,
    }
}

/// The one unit a cashier's login is for.
fn own_unit(actor: &Actor) -> Result<UnitId> {
    match &actor.scope {
        Scope::Units(units) if units.len() == 1 => Ok(units.first().copied().unwrap_or(unit::CITY)),
        _ => Err(Error::forbidden("login_without_counter", "a cashier's login is for one unit")),
    }
}

/// The drawer the cashier has in use.
fn in_use(conn: &mut Conn, actor: &Actor, unit: UnitId) -> Result<Option<Shift>> {
    let person = actor.require_person()?;
    let open = shifts::query::page(conn, unit, Some(State::InUse), 200)?;
    Ok(open.into_iter().find(|shift| shift.person == person))
}

/// The drawer the cashier has in use, or else the one of today that they closed.
fn in_use_or_of_today(
    conn: &mut Conn,
    actor: &Actor,
    unit: UnitId,
    today: BusinessDay,
) -> Result<Option<Shift>> {
    if let Some(shift) = in_use(conn, actor, unit)? {
        return Ok(Some(shift));
    }
    let last = shifts::query::of_person(conn, unit, actor.require_person()?, 1)?.pop();
    Ok(last.filter(|shift| shift.opened_on == today))
}

/// Whether the count of today's drawer differs and waits for another person: no shift is opened before that.
fn is_count_waiting(conn: &mut Conn, actor: &Actor, unit: UnitId, today: BusinessDay) -> Result<bool> {
    let shift = in_use_or_of_today(conn, actor, unit, today)?;
    Ok(shift.is_some_and(|shift| shift.state == State::Counted))
}

/// By reference code, the document's look-up code or number, dossier, today's ticket, the payer's name, phone or
/// personal number: whatever was typed or scanned. A scanned VietQR holds the reference code among its fields.
/// What is owed comes first, then what was paid lately.
fn look(
    conn: &mut Conn,
    vault: &Vault,
    actor: &Actor,
    (unit, now): (UnitId, Instant),
    asked: &str,
) -> Result<Vec<Obligation>> {
    let by_document = on_paper::of_document(conn, actor, asked)?;
    if !by_document.is_empty() || on_paper::code_in(asked).is_some() {
        return Ok(by_document);
    }
    let by_dossier = obligation::walk_in::of_dossier(conn, unit, asked, FOUND_LIMIT)?;
    if !by_dossier.is_empty() {
        return Ok(by_dossier);
    }
    let by_ticket = ticket::named(conn, unit, asked, now.business_day())?;
    if !by_ticket.is_empty() {
        return Ok(by_ticket);
    }
    let kinds = ["name", "phone", "personal_id", "tax_code", "passport"];
    let terms: [party::Term; 5] = kinds.map(|kind| (kind, party::term_hash(vault, unit, kind, asked)));
    let mut found = counter_query::owed_by(conn, unit, &terms, FOUND_LIMIT)?;
    found.extend(counter::owed_again_by(conn, unit, &terms)?);
    let shown: BTreeSet<ObligationId> = found.iter().map(|item| item.id).collect();
    let paid =
        counter_query::paid_by(conn, unit, &terms, now.minus_seconds(PAID_DAYS * 86_400), FOUND_LIMIT)?;
    found.extend(paid.into_iter().filter(|item| !shown.contains(&item.id)));
    found.truncate(usize::try_from(FOUND_LIMIT).unwrap_or(0));
    Ok(found)
}

/// The name of another unit, to which the code of a paper belongs: the payer is sent there.
fn elsewhere(app: &App, actor: &Actor, asked: &str) -> Result<Option<String>> {
    let everywhere = Actor { scope: Scope::All, ..actor.clone() };
    app.store.read(&Scope::All, |conn| {
        let found = on_paper::of_document(conn, &everywhere, asked)?;
        let other = found.iter().find(|item| !actor.scope.covers(item.unit));
        other.map(|item| unit::find(conn, item.unit).map(|one| one.name)).transpose()
    })
}

fn rows(
    conn: &mut Conn,
    vault: &Vault,
    lang: Lang,
    items: &[Obligation],
    waiting: &Waiting,
) -> Result<Vec<Row>> {
    let keys: Vec<(UnitId, PartyId)> = items.iter().map(|item| (item.unit, item.party)).collect();
    let payers = party::load(conn, vault, &keys)?;
    let keys: Vec<_> = items.iter().map(|item| (item.unit, item.id)).collect();
    let documents = receipt::query::of_obligations(conn, &keys)?;
    let has_none = |item: &Obligation| {
        let documents = documents.get(&(item.unit, item.id)).map(Vec::as_slice).unwrap_or_default();
        receipt::cancel::none_stands(documents.iter().map(|one| (one.state.as_str(), one.amount)))
    };
    let mut owed = Vec::with_capacity(items.len());
    for item in items {
        owed.push(counter::owed(conn, item)?);
    }
    let beside = |item: &Obligation, owed: Dong| match waiting.slip(item.id) {
        Some(_) => Some(lang.t("standing_slip").to_owned()),
        None if owed.is_positive() => waiting.told(lang, "standing_told", item.id),
        None => None,
    };
    let in_books = |item: &Obligation, owed: Dong| match owed > item.outstanding() {
        true => lang.t("standing_again"),
        false => standing(lang, item, has_none(item)),
    };
    let row = |(item, owed): (&Obligation, Dong)| Row {
        id: item.id,
        dossier: item.dossier_code.clone(),
        payer: payers
            .get(&(item.unit, item.party))
            .and_then(|payer| payer.name.clone())
            .unwrap_or_else(|| "–".to_owned()),
        code: item.reference_code.clone(),
        owed: owed.to_string(),
        standing: beside(item, owed).unwrap_or_else(|| in_books(item, owed).to_owned()),
        is_open: owed.is_positive() && waiting.slip(item.id).is_none(),
    };
    Ok(items.iter().zip(owed).map(row).collect())
}

/// In words; `has_none` where documents were made and none of them stands any more.
pub(super) fn standing(lang: Lang, item: &Obligation, has_none: bool) -> &'static str {
    use obligation::State::*;
    lang.t(match item.state {
        Reopened if has_none => "standing_receipt_cancelled",
        // A correction asks for more than was paid.
        Reopened if item.allocated.is_positive() => "standing_partial",
        Raised | Reopened => "standing_unpaid",
        PartlyPaid => "standing_partial",
        Paid => "standing_paid",
        Cancelled => "standing_cancelled",
        Waived => "standing_waived",
    })
}
