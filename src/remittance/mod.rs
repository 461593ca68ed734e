//! Remittance: what closed days made owed to the budget is handed to the Treasury (Kho bạc).
//!
//! One person draws an order up, another approves it; the bank's debit shows that the money left,
//! the Treasury's report that it came: three legs. Two siblings use the same way: the withdrawal of
//! the kept share, and the claim for what was remitted and is no longer owed. The sum ordered never
//! exceeds what closed days made due: `remittable` holds both under a CHECK.

pub mod alarm;
mod alarm_query;
pub mod document;
mod form;
pub mod query;
pub mod report;
mod report_form;
mod report_query;
mod report_table;
pub mod rules;
#[cfg(test)]
mod sample;
pub mod undebit;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::exception::{self, Kind as ExceptionKind, Subject};
use crate::id::*;
use crate::obligation::code;
use crate::statement;
use crate::store::{Conn, Stamp, Tx, failure, rows};
use crate::text;
use crate::unit::account::{self, KIND_REMITTANCE};
use crate::unit::imprint;
pub use report::Status;
pub use rules::{Event, Leg};

/// What an order does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The budget's part to the Treasury, by chapter and sub-item.
    Treasury,
    /// The kept share to the unit's own disposal, by fee item.
    Kept,
    /// Back from the Treasury: remitted and no longer owed.
    Claim,
}

impl Kind {
    pub const ALL: [Kind; 3] = [Kind::Treasury, Kind::Kept, Kind::Claim];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Treasury => "treasury",
            Kind::Kept => "kept",
            Kind::Claim => "claim",
        }
    }

    /// `remittance_kind_unknown`.
    pub fn parse(text: &str) -> Result<Kind> {
        let known = Kind::ALL.into_iter().find(|kind| kind.as_str() == text);
        known.ok_or_else(|| Error::invalid("kind", "remittance_kind_unknown", "treasury, kept or claim"))
    }

    /// How the ledger accounts that it takes from begin.
    pub fn source(self) -> &'static str {
        match self {
            Kind::Treasury => "budget_due/",
            Kind::Kept => "share_kept/",
            Kind::Claim => "budget_refund_due/",
        }
    }
}

/// Where an order stands; the arrows are in `docs/states.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Drafted,
    Approved,
    /// The bank shows that the money left.
    Debited,
    /// The Treasury reported it before the bank showed it.
    Credited,
    /// All legs agree.
    Settled,
    Rejected,
    /// Rejected, and the money is in the account again.
    Returned,
    Refused,
}

crate::text_enum! {
    State {
        Drafted = "drafted",
        Approved = "approved",
        Debited = "debited",
        Credited = "credited",
        Settled = "settled",
        Rejected = "rejected",
        Returned = "returned",
        Refused = "refused",
    }
}

/// An order as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub unit: UnitId,
    pub id: RemittanceId,
    pub account: AccountId,
    pub kind: Kind,
    pub year: i32,
    /// Its number in the unit and year.
    pub order_no: i64,
    /// The last closed day it takes from.
    pub covered_until: BusinessDay,
    pub amount: Dong,
    /// Belongs into the transfer's text, so that its lines are recognised.
    pub reference_code: String,
    pub treasury_account: Option<String>,
    pub treasury_code: Option<String>,
    pub maker: PersonId,
    pub checker: Option<PersonId>,
    pub created_at: Instant,
    pub state: State,
    pub revision: i64,
    /// The bank has shown the money leaving.
    pub was_debited: bool,
    /// What of it the Treasury's report credited; nothing before it came.
    pub credited: Dong,
    /// What the bank has shown coming back.
    pub returned: Dong,
}

impl Order {
    /// What of its money is still to come back when the Treasury rejected it, or some of its lines.
    pub fn returning(&self) -> Dong {
        Dong(self.amount.0.saturating_sub(self.credited.0).saturating_sub(self.returned.0))
    }

    /// Some of its lines were credited and the others rejected.
    pub fn is_in_part(&self) -> bool {
        self.credited.is_positive() && self.credited < self.amount
    }
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The ledger account it takes from: `budget_due/805-2771`.
    pub source: String,
    pub chapter: Option<String>,
    /// Sub-item (tiểu mục); of a kept share the fee item.
    pub sub_item: Option<String>,
    pub amount: Dong,
    /// What the Treasury's report said of it; None before it came, and for orders that were reported before reports
    /// were kept by line.
    pub status: Option<Status>,
    /// Why it was rejected.
    pub reason: Option<String>,
}

/// What may be ordered of one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remittable {
    pub source: String,
    /// What closed days made owed, in all.
    pub due: Dong,
    /// What orders took, refused and returned ones left out.
    pub ordered: Dong,
    pub free: Dong,
}

/// What may be ordered from an account, by source; sources without anything free stand in it too.
pub fn remittable(conn: &mut Conn, unit: UnitId, account: AccountId, kind: Kind) -> Result<Vec<Remittable>> {
    let ordered = query::ordered(conn, unit, account)?;
    // What two persons undid on a day that is open still is not claimed.
    let posted: BTreeMap<String, Dong> = match kind {
        Kind::Claim => query::posted(conn, unit, account)?.into_iter().collect(),
        _ => BTreeMap::new(),
    };
    let mut found = Vec::new();
    for (source, sum) in query::due(conn, unit, account)? {
        if !source.starts_with(kind.source()) {
            continue;
        }
        let due = match posted.get(&source) {
            Some(all) => Dong::ZERO.checked_sub(sum.max(*all))?,
            None => sum,
        };
        let ordered = ordered.get(&source).map_or(Dong::ZERO, |row| row.ordered);
        found.push(Remittable { free: due.checked_sub(ordered)?, source, due, ordered });
    }
    Ok(found)
}

/// What of each budget account no order has taken: a day close may take back so much of it. What
/// is below zero for want of anything due counts as nothing.
pub fn free(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<BTreeMap<String, Dong>> {
    let found = remittable(conn, unit, account, Kind::Treasury)?;
    Ok(found.into_iter().map(|one| (one.source, Dong(one.free.0.max(0)))).collect())
}

/// What was posted of a source, on closed days or open ones, and no order took: so much of it can be
/// taken back; the rest the Treasury has.
pub fn unordered(conn: &mut Conn, unit: UnitId, account: AccountId, source: &str) -> Result<Dong> {
    let posted = query::posted(conn, unit, account)?.into_iter().find(|(one, _)| one == source);
    let ordered = query::ordered(conn, unit, account)?.remove(source).map_or(Dong::ZERO, |row| row.ordered);
    Ok(Dong(posted.map_or(Dong::ZERO, |(_, sum)| sum).checked_sub(ordered)?.0.max(0)))
}

/// What the Treasury owes back of a source, on closed days or open ones, and no claim asks for.
pub fn unclaimed(conn: &mut Conn, unit: UnitId, account: AccountId, source: &str) -> Result<Dong> {
    let posted = query::posted(conn, unit, account)?.into_iter().find(|(one, _)| one == source);
    let claimed = query::ordered(conn, unit, account)?.remove(source).map_or(Dong::ZERO, |row| row.ordered);
    let owed = Dong::ZERO.checked_sub(posted.map_or(Dong::ZERO, |(_, sum)| sum))?;
    Ok(Dong(owed.checked_sub(claimed)?.0.max(0)))
}

/// A figure that changes with every order of the account.
pub fn fingerprint(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<i64> {
    let rows = query::ordered(conn, unit, account)?;
    Ok(rows.values().fold(0_i64, |sum, row| sum.saturating_add(row.revision)))
}

/// An order to be drawn up.
#[derive(Clone, Debug)]
pub struct Draft {
    pub unit: UnitId,
    /// None: the receiving account.
    pub account: Option<AccountId>,
    pub kind: Kind,
    /// (source, amount); empty: everything that is free.
    pub lines: Vec<(String, Dong)>,
}

/// Draws an order up from closed days.
///
/// # Errors
/// `remittance_nothing_due`, `remittance_beyond_due`, `remittance_lines_wrong`,
/// `remittance_no_closed_day`.
pub fn draft(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, new: &Draft) -> Result<Order> {
    actor.require_role(&[Role::Finance])?;
    let unit = new.unit;
    actor.scope.require(unit)?;
    let maker = actor.require_person()?;
    let account = account::named_or_receiving(tx, unit, new.account)?.id;
    statement::query::lock_account(tx, unit, account)?;
    let covered_until = query::last_closed(tx, unit, account)?.ok_or_else(|| {
        Error::conflict(
            "remittance_no_closed_day",
            "close the account's days first: only they can be remitted",
        )
    })?;
    let available = remittable(tx, unit, account, new.kind)?;
    let lines = rules::lines(&available, &new.lines)?;
    let amount = Dong::sum(lines.iter().map(|line| line.amount))?;
    query::take(tx, unit, account, &available, &lines)?;
    let id: RemittanceId = stamp.mint()?;
    let imprint = imprint::in_force(tx, &[unit], stamp.today())?.pop().map(|(_, imprint)| imprint);
    let imprint = imprint.unwrap_or_default();
    let order = Order {
        unit,
        id,
        account,
        kind: new.kind,
        year: stamp.today().year(),
        order_no: query::next_no(tx, unit, stamp.today().year())?,
        covered_until,
        amount,
        reference_code: code::reserve(tx, unit, KIND_REMITTANCE, id.0)?.as_str().to_owned(),
        treasury_account: imprint.treasury_account,
        treasury_code: imprint.treasury_code,
        maker,
        checker: None,
        created_at: stamp.now,
        state: State::Drafted,
        revision: 1,
        was_debited: false,
        returned: Dong::ZERO,
        credited: Dong::ZERO,
    };
    query::insert(tx, &order, &lines).map_err(|error| match error.code() {
        // Another account of the unit took the number at the same moment.
        failure::UNIQUE => Error::busy(failure::RETRY, 1, "the order's number was taken meanwhile"),
        _ => error,
    })?;
    note(tx, stamp, &order, What { kind: "drafted", person: Some(maker), ..What::default() })?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "remittance.drafted", id)])?;
    Ok(order)
}

/// Approves an order: it may go to the bank.
///
/// # Errors
/// `maker_is_checker`, `remittance_state_wrong`.
pub fn approve(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: RemittanceId,
) -> Result<Order> {
    actor.require_role(&[Role::Finance, Role::Approver])?;
    actor.scope.require(unit)?;
    let checker = actor.require_person()?;
    let mut order = locked(tx, unit, id)?;
    if checker == order.maker {
        return Err(Error::forbidden("maker_is_checker", "another person must approve"));
    }
    let state = rules::next(&order, Event::Approved)?;
    order.checker = Some(checker);
    step(tx, stamp, &mut order, state, What { kind: "approved", person: Some(checker), ..What::default() })?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "remittance.approved", id)])?;
    Ok(order)
}

/// Refuses an order whose money has not left: what it took is free again. Also ends one that the
/// Treasury rejected before the bank paid it.
///
/// # Errors
/// `remittance_state_wrong`, `reason_missing`.
pub fn refuse(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: RemittanceId,
    reason: &str,
) -> Result<Order> {
    actor.require_role(&[Role::Finance, Role::Approver])?;
    actor.scope.require(unit)?;
    let person = actor.require_person()?;
    let reason = text::reason(reason)?;
    let mut order = locked(tx, unit, id)?;
    if rules::is_by_maker_alone(&order, Some(person)) {
        return Err(Error::forbidden("maker_is_checker", "another person must refuse an approved order"));
    }
    let state = rules::next(&order, Event::Refused)?;
    let what = What { kind: "refused", person: Some(person), reason: Some(reason), ..What::default() };
    release(tx, &order)?;
    step(tx, stamp, &mut order, state, what)?;
    settle_rejection(tx, stamp, &order, "the order was refused")?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "remittance.refused", id)])?;
    Ok(order)
}

/// A line of the statement showed money of the order: it left, came back, or (a claim) came. The
/// postings are the caller's, with the line as their source; `rules::leg` says which.
pub fn store_line(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    order: &mut Order,
    leg: Leg,
    line: LineId,
) -> Result<()> {
    let state = rules::after(order, leg)?;
    let ends = match leg {
        Leg::Back => Some("the money is in the account again"),
        Leg::Accepted => Some("what was rejected never left the account"),
        _ => None,
    };
    if ends.is_some() {
        release(tx, order)?;
    }
    let kind = leg.event().as_str();
    let amount = match leg {
        Leg::BackInPart(amount) => Some(amount),
        Leg::Back => Some(order.returning()),
        _ => None,
    };
    step(tx, stamp, order, state, What { kind, line: Some(line), amount, ..What::default() })?;
    if let Some(why) = ends {
        settle_rejection(tx, stamp, order, why)?;
    }
    if let Leg::BackInPart(amount) = leg {
        order.returned = order.returned.checked_add(amount)?;
        report::ask_anew(tx, stamp, order, "a part came back")?;
    }
    Ok(())
}

/// Two persons found that the bank paid an order which was refused. Its sums are taken again where
/// they are free, and it goes on as debited: true. Where they are not it stays refused: false.
///
/// # Errors
/// `maker_is_checker`, when nobody had approved it and its maker is the second person now.
pub fn debited_though_refused(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    order: &mut Order,
    (checker, line): (PersonId, LineId),
) -> Result<bool> {
    if order.checker.is_none() && order.maker == checker {
        return Err(Error::forbidden(
            "maker_is_checker",
            "another person than the order's maker must approve",
        ));
    }
    let lines = query::lines(tx, order.unit, order.id)?;
    let available = remittable(tx, order.unit, order.account, order.kind)?;
    let is_free =
        |line: &Line| available.iter().any(|one| one.source == line.source && one.free >= line.amount);
    let stands = lines.iter().all(is_free);
    let state = match (stands, order.kind) {
        (false, _) => State::Refused,
        (true, Kind::Treasury) => State::Debited,
        (true, _) => State::Settled,
    };
    if stands {
        query::take(tx, order.unit, order.account, &available, &lines)?;
        order.checker = order.checker.or(Some(checker));
    }
    let kind = if stands { Event::Debited.as_str() } else { "debited_though_refused" };
    let reason = Some("it had been refused and was debited all the same".to_owned());
    let what = What { kind, person: Some(checker), line: Some(line), reason, ..What::default() };
    step(tx, stamp, order, state, what)?;
    Ok(stands)
}

fn locked(tx: &mut Tx<'_>, unit: UnitId, id: RemittanceId) -> Result<Order> {
    let account = find(tx, unit, id)?.account;
    statement::query::lock_account(tx, unit, account)?;
    find(tx, unit, id)
}

/// What the order took may be ordered again; of one that was credited in part what was rejected.
fn release(tx: &mut Tx<'_>, order: &Order) -> Result<()> {
    let mut lines = query::lines(tx, order.unit, order.id)?;
    lines.retain(|line| !order.is_in_part() || line.status == Some(Status::Rejected));
    query::give_back(tx, order.unit, order.account, &lines)
}

fn settle_rejection(tx: &mut Tx<'_>, stamp: &Stamp<'_>, order: &Order, why: &'static str) -> Result<()> {
    let cause = (order.unit, ExceptionKind::TreasuryRejected, Subject::Remittance(order.id), why);
    exception::settle_by_themselves(tx, stamp, &[cause]).map(|_| ())
}

/// What an event says.
#[derive(Default)]
struct What {
    kind: &'static str,
    person: Option<PersonId>,
    line: Option<LineId>,
    /// Of what comes back; its line may bring other money too.
    amount: Option<Dong>,
    reason: Option<String>,
}

/// The next revision with its event.
fn step(tx: &mut Tx<'_>, stamp: &Stamp<'_>, order: &mut Order, state: State, what: What) -> Result<()> {
    order.state = state;
    order.revision += 1;
    order.was_debited |= what.kind == Event::Debited.as_str();
    query::store(tx, order)?;
    note(tx, stamp, order, what)
}

fn note(tx: &mut Tx<'_>, stamp: &Stamp<'_>, order: &Order, what: What) -> Result<()> {
    let row = query::EventRow {
        unit_id: order.unit,
        id: stamp.mint()?,
        remittance_id: order.id,
        revision: order.revision,
        kind: what.kind,
        state: order.state.as_str(),
        person_id: what.person,
        line_id: what.line,
        amount: what.amount,
        reason: what.reason,
        at: stamp.now,
    };
    rows::insert(tx, &[row])
}

pub fn find(conn: &mut Conn, unit: UnitId, id: RemittanceId) -> Result<Order> {
    query::by_ids(conn, &[(unit, id)])?.pop().ok_or_else(not_found)
}

pub fn not_found() -> Error {
    Error::not_found("remittance_not_found", "no such order in your scope")
}
