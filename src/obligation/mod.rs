//! What a payer owes a unit for a dossier: raised, paid, reopened, cancelled.

pub mod bank_bin;
pub mod code;
pub mod counter_query;
pub mod edition;
mod edition_query;
pub mod feed_query;
pub mod line_query;
pub mod moved;
mod moved_query;
pub mod query;
pub mod reference;
pub mod rules;
pub mod ticket;
pub mod vietqr;
pub mod virtual_account;
mod virtual_query;
pub mod walk_in;
pub mod watch_query;

use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{AccountId, ClientId, EventId, ObligationId, PartyId, PaymentId, ReceiptId, UnitId};
use crate::party::{self, Payer};
use crate::store::rows::{self, Insertion};
use crate::store::{Conn, Stamp, Tx};
pub use crate::tariff::IntakeMode;
use crate::unit;
use reference::ReferenceCode;

/// Where an obligation stands; the arrows are in `docs/states.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Raised,
    PartlyPaid,
    Paid,
    Reopened,
    Cancelled,
    Waived,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            State::Raised => "raised",
            State::PartlyPaid => "partly_paid",
            State::Paid => "paid",
            State::Reopened => "reopened",
            State::Cancelled => "cancelled",
            State::Waived => "waived",
        }
    }
}

impl FromStr for State {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [State::Raised, State::PartlyPaid, State::Paid, State::Reopened, State::Cancelled, State::Waived]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| Error::invalid("state", "state_unknown", "no such obligation state"))
    }
}

/// One amount owed, with why it is this amount.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    pub item_code: String,
    pub item_name: String,
    /// `phi`, `le_phi`, `dich_vu` or `pass_through`.
    pub kind: String,
    /// `receipt`, `none` or a kind of invoice; see `receipt::kind`.
    pub document_kind: String,
    /// `TSuat` of what is sold on an invoice that shows the tax; the amounts include it.
    pub vat_rate: Option<String>,
    pub measure_unit: String,
    pub quantity: Decimal,
    pub unit_price: Decimal,
    pub gross: Dong,
    pub reduction: Dong,
    pub reduction_percent: Option<Decimal>,
    pub reduction_ground: Option<String>,
    pub amount: Dong,
    pub chapter: Option<String>,
    pub sub_item: Option<String>,
    pub kept_share_bp: i32,
    pub legal_ground: String,
    /// The steps of the assessment in words.
    pub explanation: String,
}

/// A request to raise an obligation, already assessed.
#[derive(Clone, Debug)]
pub struct NewObligation {
    /// The collecting unit.
    pub unit: UnitId,
    pub dossier_code: String,
    pub procedure_code: String,
    pub procedure_field: String,
    pub intake_mode: IntakeMode,
    pub receiving_unit: UnitId,
    pub competent_unit: UnitId,
    pub submitted_at: Instant,
    pub result_due_on: Option<BusinessDay>,
    pub due_on: BusinessDay,
    pub electronic_required: bool,
    pub payer: Payer,
    pub lines: Vec<Line>,
    /// Why nothing is owed, when the lines sum to zero.
    pub waived_ground: Option<String>,
}

/// An obligation as it stands now.
#[derive(Clone, Debug, PartialEq)]
pub struct Obligation {
    pub unit: UnitId,
    pub id: ObligationId,
    pub reference_code: String,
    pub dossier_code: String,
    pub procedure_code: String,
    pub procedure_field: String,
    pub intake_mode: String,
    pub receiving_unit: UnitId,
    pub competent_unit: UnitId,
    pub submitted_at: Instant,
    pub result_due_on: Option<BusinessDay>,
    pub due_on: BusinessDay,
    pub electronic_required: bool,
    pub party: PartyId,
    pub account: AccountId,
    /// The sum of the lines in force, corrections included.
    pub total: Dong,
    pub waived_ground: Option<String>,
    pub client: Option<ClientId>,
    pub created_at: Instant,
    pub state: State,
    pub revision: i64,
    /// The money that stands on it now.
    pub allocated: Dong,
    /// 0 as raised; each correction of its receipt makes the next.
    pub line_edition: i32,
}

impl Obligation {
    pub fn outstanding(&self) -> Dong {
        match self.state {
            State::Raised | State::PartlyPaid | State::Reopened => Dong(self.total.0 - self.allocated.0),
            State::Paid | State::Cancelled | State::Waived => Dong::ZERO,
        }
    }
}

/// One change of an obligation.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub unit: UnitId,
    pub obligation: ObligationId,
    pub revision: i64,
    pub kind: &'static str,
    pub state: State,
    pub allocated: Dong,
    pub payment: Option<PaymentId>,
    pub receipt: Option<ReceiptId>,
    pub actor: String,
    pub reason: Option<String>,
}

/// Raises an obligation with its reference code. One of 0 đồng is closed as `waived` at once.
pub fn raise(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, new: NewObligation) -> Result<Obligation> {
    raise_under(tx, stamp, actor, new, None)
}

/// The same under a code that payers know already: one taken over from elsewhere, or a simulated
/// one.
///
/// # Errors
/// `reference_code_taken`.
pub fn raise_as(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    new: NewObligation,
    code: &ReferenceCode,
) -> Result<Obligation> {
    actor.require_role(&[Role::System])?;
    raise_under(tx, stamp, actor, new, Some(code))
}

fn raise_under(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    new: NewObligation,
    known: Option<&ReferenceCode>,
) -> Result<Obligation> {
    actor.require_role(&[Role::DossierSystem, Role::Cashier, Role::System])?;
    actor.scope.require(new.unit)?;
    rules::check_new(&new)?;
    unit::succession::require_standing(tx, new.unit, stamp.today())?;
    let total = Dong::sum(new.lines.iter().map(|line| line.amount))?;
    let state = if total.is_zero() { State::Waived } else { State::Raised };
    let account = unit::account::receiving(tx, new.unit)?;
    unit::account::keep_open(tx, new.unit, account.id)?;
    let party = party::record(tx, stamp, new.unit, &new.payer)?;
    let id: ObligationId = stamp.mint()?;
    let kind = unit::account::KIND_OBLIGATION;
    let code = match known {
        Some(code) => {
            code::take(tx, new.unit, kind, id.0, code)?;
            code.clone()
        }
        None => code::reserve(tx, new.unit, kind, id.0)?,
    };
    let obligation = Obligation {
        unit: new.unit,
        id,
        reference_code: code.as_str().to_owned(),
        dossier_code: new.dossier_code,
        procedure_code: new.procedure_code,
        procedure_field: new.procedure_field,
        intake_mode: new.intake_mode.as_str().to_owned(),
        receiving_unit: new.receiving_unit,
        competent_unit: new.competent_unit,
        submitted_at: new.submitted_at,
        result_due_on: new.result_due_on,
        due_on: new.due_on,
        electronic_required: new.electronic_required,
        party,
        account: account.id,
        total,
        waived_ground: new.waived_ground,
        client: actor.client,
        created_at: stamp.now,
        state,
        revision: 1,
        allocated: Dong::ZERO,
        line_edition: 0,
    };
    query::insert(tx, &obligation, &new.lines)?;
    let kind = if state == State::Waived { "waived" } else { "raised" };
    record_events(tx, stamp, &[event_of(&obligation, kind, actor, None)])?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, new.unit, "obligation.raised", id)])?;
    Ok(obligation)
}

/// Cancels an obligation on which no money stands.
///
/// One with money needs that money moved first: `obligation_has_money`.
pub fn cancel(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ObligationId,
    reason: &str,
) -> Result<Obligation> {
    actor.require_role(&[Role::DossierSystem, Role::Finance, Role::System])?;
    end_unpaid(tx, stamp, actor, (unit, id), reason)
}

fn end_unpaid(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, ObligationId),
    reason: &str,
) -> Result<Obligation> {
    actor.scope.require(unit)?;
    let reason = crate::text::reason(reason)?;
    let mut obligation = query::lock(tx, &[(unit, id)])?.pop().ok_or_else(not_found)?;
    if obligation.state == State::Cancelled {
        return Ok(obligation);
    }
    rules::check_cancel(&obligation)?;
    obligation.state = State::Cancelled;
    obligation.revision += 1;
    query::store(tx, &[(&obligation, obligation.revision - 1)])?;
    record_events(tx, stamp, &[event_of(&obligation, "cancelled", actor, Some(reason))])?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "obligation.cancelled", id)])?;
    Ok(obligation)
}

/// The event of an obligation's newest revision.
pub fn event_of(obligation: &Obligation, kind: &'static str, actor: &Actor, reason: Option<String>) -> Event {
    Event {
        unit: obligation.unit,
        obligation: obligation.id,
        revision: obligation.revision,
        kind,
        state: obligation.state,
        allocated: obligation.allocated,
        payment: None,
        receipt: None,
        actor: audit::actor_text(actor),
        reason,
    }
}

/// Writes events and announces them to the feed.
pub fn record_events(tx: &mut Tx<'_>, stamp: &Stamp<'_>, events: &[Event]) -> Result<()> {
    let mut announced = Vec::with_capacity(events.len());
    let mut stored = Vec::with_capacity(events.len());
    for event in events {
        let id: EventId = stamp.mint()?;
        announced.push((event.unit, id, event.obligation));
        stored.push(query::EventRow::new(id, stamp.now, event));
    }
    rows::insert_together(tx, vec![Insertion::of(&stored), audit::announcement(&announced)])
}

pub fn not_found() -> Error {
    Error::not_found("obligation_not_found", "no such obligation in your scope")
}

pub fn find(conn: &mut Conn, unit: UnitId, id: ObligationId) -> Result<Obligation> {
    query::by_ids(conn, &[(unit, id)])?.pop().ok_or_else(not_found)
}

pub fn lines(conn: &mut Conn, unit: UnitId, id: ObligationId) -> Result<Vec<Line>> {
    Ok(query::lines(conn, &[(unit, id)])?.remove(&(unit, id)).unwrap_or_default())
}

/// The unit and obligation behind a reference code.
pub fn find_by_code(conn: &mut Conn, code: &str) -> Result<Obligation> {
    let found = query::resolve_codes(conn, &[code.to_owned()])?;
    match found.get(code) {
        Some(&(unit, id)) => find(conn, unit, id),
        None => Err(not_found()),
    }
}
