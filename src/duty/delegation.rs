//! Delegations: offered by an approver, accepted by the person they name, used act by act.

use serde::Serialize;

use super::decision::{self, Matter};
use super::{Kind, Seat, Waiting, delegation_query as query, rules, seat, waiting};
use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::*;
use crate::identity::{self, person, person::Person};
use crate::store::{Conn, Stamp, Tx, failure};
use crate::text;
use crate::unit;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Offered,
    Accepted,
    Declined,
    /// Taken back, by the giver or the delegate.
    Ended,
}

crate::text_enum! {
    State {
        Offered = "offered",
        Accepted = "accepted",
        Declined = "declined",
        Ended = "ended",
    }
}

/// A delegation as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delegation {
    pub unit: UnitId,
    pub id: DelegationId,
    pub giver: PersonId,
    pub delegate: PersonId,
    pub acts: Vec<Kind>,
    pub limit: Dong,
    pub valid_from: BusinessDay,
    pub valid_until: BusinessDay,
    pub decision_no: String,
    pub decision_on: BusinessDay,
    pub created_at: Instant,
    pub state: State,
    #[serde(skip)]
    pub revision: i64,
}

/// A delegation to be offered.
#[derive(Clone, Debug)]
pub struct Offer {
    pub unit: UnitId,
    pub delegate: PersonId,
    pub acts: Vec<Kind>,
    pub limit: Dong,
    pub valid_from: BusinessDay,
    pub valid_until: BusinessDay,
    pub decision_no: String,
    pub decision_on: BusinessDay,
}

/// What was decided under a delegation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Act {
    pub delegation: DelegationId,
    pub kind: Kind,
    pub subject: String,
    pub amount: Dong,
    pub delegate: PersonId,
    pub giver: PersonId,
    pub decision_no: String,
    pub at: Instant,
}

const DECISION_LIMIT: usize = 100;
/// Roles in which a person takes a delegation on and uses it; auditors change nothing.
pub const DELEGATES: [Role; 4] = [Role::Cashier, Role::Finance, Role::Approver, Role::Administrator];

/// Whom an actor may offer a delegation: the others they may choose who come in in a role that takes one on.
pub fn choices(conn: &mut Conn, actor: &Actor) -> Result<Vec<Person>> {
    let acting = person::acting(conn, &DELEGATES)?;
    let mut found = person::choices(conn, actor)?;
    found.retain(|one| actor.person != Some(one.id) && acting.contains(&one.id));
    Ok(found)
}

/// Offers a delegation; it lends nothing until the delegate accepts it. The same offer once more, while nobody
/// has answered the first one, is the first one: a form that is sent twice offers once.
///
/// # Errors
/// `role_not_allowed`, `unit_not_found`, `delegation_to_oneself`, `delegation_giver_no_approver`
/// when the giver approves in the unit by no login or client of their own, `acts_missing`,
/// `delegation_amount_wrong`, `delegation_days_wrong`, `decision_missing`, `person_not_found`.
pub fn offer(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, offer: &Offer) -> Result<Delegation> {
    actor.require_role(&[Role::Approver])?;
    actor.scope.require(offer.unit)?;
    let giver = actor.require_person()?;
    check(offer, giver, stamp.today())?;
    identity::person_name(tx, offer.delegate).map_err(|error| error.in_field("delegate"))?;
    check_giver(tx, giver, offer.unit)?;
    let mut acts = offer.acts.clone();
    acts.sort_unstable();
    acts.dedup();
    let delegation = Delegation {
        unit: offer.unit,
        id: stamp.mint()?,
        giver,
        delegate: offer.delegate,
        acts,
        limit: offer.limit,
        valid_from: offer.valid_from,
        valid_until: offer.valid_until,
        decision_no: text::clean(&offer.decision_no),
        decision_on: offer.decision_on,
        created_at: stamp.now,
        state: State::Offered,
        revision: 1,
    };
    // Offers of a unit follow each other, so that the second of two equal ones sees the first.
    unit::query::lock(tx, offer.unit)?;
    let is_same = |found: &Delegation| {
        *found == Delegation { id: found.id, created_at: found.created_at, ..delegation.clone() }
    };
    if let Some(first) = query::between(tx, &delegation)?.into_iter().find(is_same) {
        return Ok(first);
    }
    query::insert(tx, &delegation)?;
    note(tx, stamp, actor, &delegation, ("offered", giver, None))?;
    Ok(delegation)
}

fn check(offer: &Offer, giver: PersonId, today: BusinessDay) -> Result<()> {
    if offer.delegate == giver {
        return Err(Error::invalid("delegate", "delegation_to_oneself", "another person"));
    }
    if offer.acts.is_empty() {
        return Err(Error::invalid("acts", "acts_missing", "name at least one act"));
    }
    if offer.acts.iter().any(|kind| !Kind::DELEGABLE.contains(kind)) {
        return Err(Error::invalid("acts", "act_unknown", "exception, refund, correction, …"));
    }
    if offer.limit <= Dong::ZERO {
        return Err(Error::invalid("limit", "delegation_amount_wrong", "above zero"));
    }
    let is_in_order = offer.valid_from <= offer.valid_until && today <= offer.valid_until;
    if !is_in_order || offer.valid_until > offer.valid_from.plus_days(rules::LONGEST_DAYS) {
        let detail = format!("from a day until a later one, {} days at most", rules::LONGEST_DAYS);
        return Err(Error::invalid("valid_until", "delegation_days_wrong", detail));
    }
    let number = text::clean(&offer.decision_no);
    let is_number = !number.is_empty() && number.chars().count() <= DECISION_LIMIT;
    if !is_number || offer.decision_on > today {
        return Err(Error::invalid("decision_no", "decision_missing", "number and day, not after today"));
    }
    Ok(())
}

/// The giver approves in the unit by a login or client of their own, today.
fn check_giver(conn: &mut Conn, giver: PersonId, unit: UnitId) -> Result<()> {
    if person::holds(conn, giver, &[Role::Approver], unit)? {
        return Ok(());
    }
    Err(Error::forbidden("delegation_giver_no_approver", "nobody lends what they do not have"))
}

fn note(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    delegation: &Delegation,
    (kind, person, seat): (&'static str, PersonId, Option<Seat>),
) -> Result<()> {
    query::note(tx, stamp, delegation, kind, (person, seat.map(|seat| seat.to_string())))?;
    let action = match kind {
        "offered" => "delegation.offered",
        "accepted" => "delegation.accepted",
        "declined" => "delegation.declined",
        _ => "delegation.ended",
    };
    let entry = audit::Entry::by(actor, delegation.unit, action, delegation.id);
    audit::record(tx, stamp, &[entry.with(&delegation.decision_no)])
}

/// What the person named in it does with an offer, or giver or delegate with one that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Accept,
    Decline,
    End,
}

/// Accepts, declines or ends. `unit` is the delegation's; the delegate's own scope may be another.
///
/// # Errors
/// `role_not_allowed`, `delegation_not_found` for everybody but giver, delegate and, to end it,
/// an administrator of the unit; `delegation_state_wrong`.
pub fn answer(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, DelegationId),
    (answer, seat): (Answer, Seat),
) -> Result<Delegation> {
    actor.require_role(&DELEGATES)?;
    let person = actor.require_person()?;
    let mut delegation = query::lock(tx, unit, id)?.ok_or_else(not_found)?;
    let governs = actor.role == Role::Administrator && actor.scope.covers(unit);
    let may = match answer {
        Answer::Accept | Answer::Decline => person == delegation.delegate,
        Answer::End => person == delegation.delegate || person == delegation.giver || governs,
    };
    if !may {
        return Err(not_found());
    }
    let (from, to): (&[State], State) = match answer {
        Answer::Accept => (&[State::Offered], State::Accepted),
        Answer::Decline => (&[State::Offered], State::Declined),
        Answer::End => (&[State::Offered, State::Accepted], State::Ended),
    };
    if !from.contains(&delegation.state) {
        let detail = format!("it is {}", delegation.state.as_str());
        return Err(Error::conflict("delegation_state_wrong", detail));
    }
    delegation.state = to;
    delegation.revision += 1;
    query::store(tx, &delegation)?;
    note(tx, stamp, actor, &delegation, (to.as_str(), person, Some(seat)))?;
    Ok(delegation)
}

/// Who acts when a delegate uses a delegation: the same person, as an approver of its unit only. Give it
/// to `Store::write` with `exercise`, which checks everything else under its locks.
///
/// # Errors
/// `role_not_allowed`, `delegation_not_found` for everybody but the delegate,
/// `delegation_other_login` by another login or client than the one it was accepted by.
pub fn standing_in(
    conn: &mut Conn,
    actor: &Actor,
    seat: Seat,
    id: DelegationId,
) -> Result<(Actor, Delegation)> {
    actor.require_role(&DELEGATES)?;
    let person = actor.require_person()?;
    let delegation = query::by_id(conn, id)?.filter(|found| found.delegate == person);
    let delegation = delegation.ok_or_else(not_found)?;
    // Whoever took it on by a login with a second factor uses it by no weaker one.
    let accepted = query::accepted_by(conn, &delegation)?.filter(|accepted| seat::is_exact(accepted));
    if accepted.is_some_and(|accepted| accepted != seat.to_string()) {
        return Err(Error::forbidden("delegation_other_login", "it was accepted by another login or client"));
    }
    let scope = Scope::unit(delegation.unit);
    Ok((Actor { role: Role::Approver, scope, ..actor.clone() }, delegation))
}

/// Approves one thing under a delegation; receipts that were numbered by it are to be sealed.
///
/// # Errors
/// Those of `rules::check_act`, `delegation_giver_no_approver` when the giver approves there no
/// more, `approval_not_waiting`, and those of the approval itself.
pub fn exercise(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    id: DelegationId,
    (kind, subject): (Kind, i64),
) -> Result<Vec<(UnitId, ReceiptId)>> {
    let person = actor.require_person()?;
    let unit = query::by_id(tx, id)?.map(|found| found.unit).ok_or_else(not_found)?;
    actor.scope.require(unit)?;
    let delegation = query::lock(tx, unit, id)?.ok_or_else(not_found)?;
    let waits = waiting::find(tx, unit, kind, subject)?;
    rules::check_act(&delegation, person, kind, &waits, stamp.today())?;
    check_giver(tx, delegation.giver, unit)?;
    // The act's row comes first: the database refuses it where the rules do.
    query::act(tx, stamp, &delegation, &waits)?;
    let entry = audit::Entry::by(actor, unit, "delegation.used", delegation.id);
    let told = format!("{} {}", kind.subject_text(subject), delegation.decision_no);
    audit::record(tx, stamp, &[entry.with(told)])?;
    Kind::delegable(kind.as_str())?;
    let numbered = decision::approve(tx, stamp, actor, unit, (Matter::Kind(kind), subject), "")?;
    // Approving took the subject's locks: if somebody had a hand in it between our look and them, all of it
    // is done again, and judged by who they are.
    if waiting::makers(tx, unit, kind, subject)? != waits.makers {
        return Err(Error::busy(failure::RETRY, 1, "somebody had a hand in it meanwhile"));
    }
    Ok(numbered)
}

/// Whether a delegation lets its delegate decide on this today.
pub(super) fn lets_decide(
    conn: &mut Conn,
    one: &Delegation,
    waits: &Waiting,
    today: BusinessDay,
) -> Result<bool> {
    Ok(rules::check_act(one, one.delegate, waits.kind, waits, today).is_ok()
        && person::holds(conn, one.giver, &[Role::Approver], one.unit)?
        && person::acts(conn, one.delegate, &DELEGATES)?)
}

/// Delegations somebody may see: those they gave or were given, and those of their units for roles that
/// look after these; newest first. The connection must see the units they are of.
pub fn list(conn: &mut Conn, actor: &Actor) -> Result<Vec<Delegation>> {
    let looks_after = actor
        .require_role(&[Role::Finance, Role::Approver, Role::Administrator, Role::Auditor, Role::System])
        .is_ok();
    let is_own = |one: &Delegation| actor.person.is_some_and(|me| one.giver == me || one.delegate == me);
    let all = query::all(conn)?;
    Ok(all.into_iter().filter(|one| is_own(one) || looks_after && actor.scope.covers(one.unit)).collect())
}

/// One of them with what was decided under it.
pub fn told(conn: &mut Conn, actor: &Actor, id: DelegationId) -> Result<(Delegation, Vec<Act>)> {
    let found = list(conn, actor)?.into_iter().find(|one| one.id == id).ok_or_else(not_found)?;
    let acts = query::acts(conn, &found)?;
    Ok((found, acts))
}

/// What was decided about one thing under delegations, oldest first: it is shown with the thing.
pub fn acts_on(conn: &mut Conn, unit: UnitId, kind: Kind, subject: i64) -> Result<Vec<Act>> {
    query::acts_on(conn, unit, kind, subject)
}

/// The unit of a delegation, whoever asks: what they may do with it is decided after.
pub fn unit_of(conn: &mut Conn, id: DelegationId) -> Result<UnitId> {
    query::by_id(conn, id)?.map(|found| found.unit).ok_or_else(not_found)
}

pub fn not_found() -> Error {
    Error::not_found("delegation_not_found", "no such delegation in your sight")
}
