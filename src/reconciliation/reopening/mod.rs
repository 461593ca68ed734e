//! Opening a closed day again: one person asks and says why, another approves.
//!
//! With the day every later one of the account opens too, because each certificate rests on the one
//! before; months that hold any of them are no longer closed either. Nothing is taken back: the
//! certificates stay, superseded, and closing again makes successors that name them. The database
//! itself refuses to open a day without an approved request. Lines that came after their day was closed are posted
//! on it now.

mod late;
mod query;

use serde::Serialize;

use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{AccountId, PersonId, ReopeningId, UnitId};
use crate::statement;
use crate::store::{Conn, Stamp, Tx, failure};
use crate::text;
use crate::unit::account;
pub use query::{list, unit_of};

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Requested,
    /// The days are open.
    Approved,
    Refused,
    /// The day it was about has a successor.
    ClosedAgain,
}

crate::text_enum! {
    State {
        Requested = "requested",
        Approved = "approved",
        Refused = "refused",
        ClosedAgain = "closed_again",
    }
}

/// A request to open a day again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reopening {
    pub unit: UnitId,
    pub id: ReopeningId,
    pub account: AccountId,
    /// The first day that opens.
    pub date: BusinessDay,
    pub reason: String,
    pub maker: PersonId,
    pub checker: Option<PersonId>,
    pub created_at: Instant,
    pub state: State,
    pub revision: i64,
}

/// What an approval opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Opened {
    pub reopening: Reopening,
    /// The days that are open now, oldest first.
    pub days: Vec<BusinessDay>,
    /// The first days of the months that are no longer closed.
    pub months: Vec<BusinessDay>,
}

/// Asks for a closed day to be opened again.
///
/// # Errors
/// `reason_missing`, `field_too_long`, `day_not_closed`, `reopening_pending`, `account_not_found`.
pub fn request(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, account): (UnitId, AccountId),
    date: BusinessDay,
    reason: &str,
) -> Result<Reopening> {
    actor.require_role(&[Role::Finance, Role::Approver])?;
    actor.scope.require(unit)?;
    let maker = actor.require_person()?;
    let reason = text::reason(reason)?;
    let account = account::find(tx, unit, account)?.id;
    statement::query::lock_account(tx, unit, account)?;
    if !query::is_closed(tx, unit, account, date)? {
        return Err(Error::conflict("day_not_closed", format!("{date} is not closed")));
    }
    let reopening = Reopening {
        unit,
        id: stamp.mint()?,
        account,
        date,
        reason,
        maker,
        checker: None,
        created_at: stamp.now,
        state: State::Requested,
        revision: 1,
    };
    query::insert(tx, &reopening).map_err(|error| match error.code() {
        failure::UNIQUE => Error::conflict("reopening_pending", "another request for this account waits"),
        _ => error,
    })?;
    query::note(tx, stamp, &reopening, "requested", Some(maker), Some(reopening.reason.clone()))?;
    record(tx, stamp, actor, &reopening, "day.reopening_requested")?;
    Ok(reopening)
}

/// Approves a request: the day and all later ones are open.
///
/// # Errors
/// `maker_is_checker`, `reopening_state_wrong`, `reopening_not_found`, `day_not_closed` when it was
/// opened otherwise meanwhile.
pub fn approve(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ReopeningId,
) -> Result<Opened> {
    let (mut reopening, checker) = decided(tx, actor, unit, id)?;
    if checker == reopening.maker {
        return Err(Error::forbidden("maker_is_checker", "another person must approve"));
    }
    if !query::is_closed(tx, unit, reopening.account, reopening.date)? {
        return Err(Error::conflict("day_not_closed", format!("{} is not closed", reopening.date)));
    }
    reopening.checker = Some(checker);
    step(tx, stamp, &mut reopening, State::Approved, "approved", Some(checker), None)?;
    let days = query::supersede_days(tx, stamp, &reopening, checker)?;
    let months = query::supersede_months(tx, stamp, &reopening, checker)?;
    late::bring_home(tx, stamp, &reopening)?;
    record(tx, stamp, actor, &reopening, "day.reopened")?;
    Ok(Opened { reopening, days, months })
}

/// Refuses a request, or takes one's own back.
///
/// # Errors
/// `reason_missing`, `reopening_state_wrong`, `reopening_not_found`.
pub fn refuse(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ReopeningId,
    reason: &str,
) -> Result<Reopening> {
    let reason = text::reason(reason)?;
    let (mut reopening, person) = decided(tx, actor, unit, id)?;
    step(tx, stamp, &mut reopening, State::Refused, "refused", Some(person), Some(reason))?;
    record(tx, stamp, actor, &reopening, "day.reopening_refused")?;
    Ok(reopening)
}

/// The day of an approved request has a successor: the request is done.
pub fn closed_again(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (unit, account): (UnitId, AccountId),
    date: BusinessDay,
) -> Result<()> {
    for mut reopening in query::approved_of(tx, unit, account, date)? {
        step(tx, stamp, &mut reopening, State::ClosedAgain, "closed_again", None, None)?;
    }
    Ok(())
}

/// # Errors
/// `reopening_not_found`.
pub fn find(conn: &mut Conn, unit: UnitId, id: ReopeningId) -> Result<Reopening> {
    query::find(conn, unit, id)?.ok_or_else(not_found)
}

pub fn not_found() -> Error {
    Error::not_found("reopening_not_found", "no such request in your scope")
}

/// A waiting request under the account's lock, and the person who decides on it.
fn decided(tx: &mut Tx<'_>, actor: &Actor, unit: UnitId, id: ReopeningId) -> Result<(Reopening, PersonId)> {
    actor.require_role(&[Role::Finance, Role::Approver])?;
    actor.scope.require(unit)?;
    let person = actor.require_person()?;
    let account = find(tx, unit, id)?.account;
    statement::query::lock_account(tx, unit, account)?;
    let reopening = find(tx, unit, id)?;
    if reopening.state != State::Requested {
        let detail = format!("the request is {} already", reopening.state.as_str());
        return Err(Error::conflict("reopening_state_wrong", detail));
    }
    Ok((reopening, person))
}

fn step(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    reopening: &mut Reopening,
    state: State,
    kind: &'static str,
    person: Option<PersonId>,
    reason: Option<String>,
) -> Result<()> {
    reopening.state = state;
    reopening.revision += 1;
    query::store(tx, reopening)?;
    query::note(tx, stamp, reopening, kind, person, reason)
}

fn record(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    reopening: &Reopening,
    action: &'static str,
) -> Result<()> {
    let entry = audit::Entry::by(actor, reopening.unit, action, reopening.id)
        .with(format!("{} {}", reopening.account, reopening.date));
    audit::record(tx, stamp, &[entry])
}
