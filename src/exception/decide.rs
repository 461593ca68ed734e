//! How an exception is settled by people: proposed by one, approved or sent back by another, or,
//! within the unit's limit, settled by one alone. The database holds the second person too.

use super::work_query::last_proposal;
use super::{Exception, State, TEXT_LIMIT, advance, limit, query, worded};
use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::{Conn, Stamp, Tx};

/// The decision of an authority that a resolution stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// `123/QĐ-UBND`.
    pub number: String,
    pub on: BusinessDay,
}

/// What a person asks for.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// `assign`, `acknowledge`, `disprove`, … : what `payment::resolve` knows to do.
    pub resolution: &'a str,
    /// What it points at: the obligation to assign to, for one.
    pub target: Option<i64>,
    pub reason: &'a str,
    /// Money without an owner goes to the budget by a decision only.
    pub decision: Option<Decision>,
}

impl<'a> From<(&'a str, Option<i64>, &'a str)> for Ask<'a> {
    fn from((resolution, target, reason): (&'a str, Option<i64>, &'a str)) -> Self {
        Ask { resolution, target, reason, decision: None }
    }
}

/// How a person wants an exception settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    pub resolution: String,
    pub target: Option<i64>,
    pub reason: String,
    pub maker: PersonId,
    pub decision: Option<Decision>,
}

const DECISION_LIMIT: usize = 100;

/// The resolution that hands money without an owner to the budget.
const TO_BUDGET: &str = "to_budget";
/// The resolution that says that a person took cash out of the account, by a decision.
pub const CASH_WITHDRAWN: &str = "cash_withdrawn";
/// The resolution that says that money went to the Treasury without an order of ours.
pub const BUDGET_PAID: &str = "budget_paid";
/// The resolution that says that a person paid back what they answer for.
const SHORTAGE_REPAID: &str = "shortage_repaid";
/// The resolution that takes a wrongly matched line apart.
pub const UNMATCH: &str = "unmatch";
/// The resolution that withdraws a batch or a settlement report which waits for its line.
pub const WITHDRAW_PAPER: &str = "withdraw_paper";
/// The resolution of a part of what is settled all at once: several credits that pay one obligation together.
pub const COMBINE: &str = "combine";
/// What is owed is lowered by a decision only.
const REDUCE: &str = "reduce";

/// Records how a person wants it settled; another person approves.
///
/// # Errors
/// `exception_not_open`, `reason_missing`, `decision_missing`, `debtor_decides`.
pub fn propose<'a>(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ExceptionId,
    ask: impl Into<Ask<'a>>,
) -> Result<Exception> {
    actor.require_role(&[Role::Finance, Role::Approver])?;
    actor.scope.require(unit)?;
    let maker = actor.require_person()?;
    let ask = ask.into();
    let proposal = checked(&ask, maker, stamp.today())?;
    check_debtor(&proposal, maker)?;
    let mut item = query::lock(tx, unit, id)?;
    if item.state != State::Open {
        return Err(Error::conflict("exception_not_open", "it is proposed or resolved already"));
    }
    advance(tx, stamp, &mut item, State::Proposed, act("proposed", &proposal, None))?;
    let entry = audit::Entry::by(actor, unit, "exception.proposed", id).with(ask.resolution);
    audit::record(tx, stamp, &[entry])?;
    Ok(item)
}

/// Whoever answers for cash neither says nor approves that it was taken out or paid back.
fn check_debtor(proposal: &Proposal, person: PersonId) -> Result<()> {
    let is_of_debtor = matches!(proposal.resolution.as_str(), SHORTAGE_REPAID | CASH_WITHDRAWN);
    if is_of_debtor && proposal.target == Some(person.0) {
        return Err(Error::forbidden("debtor_decides", "others decide about cash that one answers for"));
    }
    Ok(())
}

fn checked(ask: &Ask<'_>, maker: PersonId, today: BusinessDay) -> Result<Proposal> {
    let reason = worded("reason", ask.reason, "reason_missing", TEXT_LIMIT)?;
    let decision = match &ask.decision {
        Some(given) => {
            let number = worded("decision.number", &given.number, "decision_missing", DECISION_LIMIT)?;
            if given.on > today || given.on.year() < 1_945 {
                return Err(Error::invalid("decision.on", "decision_missing", "a day, not after today"));
            }
            Some(Decision { number, on: given.on })
        }
        None => None,
    };
    if matches!(ask.resolution, TO_BUDGET | CASH_WITHDRAWN | BUDGET_PAID | REDUCE) && decision.is_none() {
        let detail = "number and date of the decision";
        return Err(Error::invalid("decision", "decision_missing", detail));
    }
    Ok(Proposal { resolution: ask.resolution.to_owned(), target: ask.target, reason, maker, decision })
}

fn act(kind: &'static str, proposal: &Proposal, checker: Option<PersonId>) -> query::Act {
    query::Act {
        kind,
        resolution: Some(proposal.resolution.clone()),
        target: proposal.target,
        maker: Some(proposal.maker),
        checker,
        reason: proposal.reason.clone(),
        decision: proposal.decision.clone(),
        owner: None,
        restates: false,
    }
}

/// The open proposal of an exception.
pub fn proposal(conn: &mut Conn, unit: UnitId, id: ExceptionId) -> Result<Proposal> {
    last_proposal(conn, unit, id)?
        .ok_or_else(|| Error::conflict("exception_not_proposed", "nothing is proposed for it"))
}

/// Marks the proposal approved and the exception resolved. What the resolution does to money is
/// `payment::resolve`, in the same transaction.
///
/// # Errors
/// `exception_not_proposed`, `maker_is_checker`, `combine_whole`.
pub fn approve(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ExceptionId,
) -> Result<(Exception, Proposal)> {
    let approved = approve_part(tx, stamp, actor, unit, id)?;
    require_alone(&approved.1)?;
    Ok(approved)
}

/// What was proposed together is decided together: a part that were settled alone would pay a part of what is owed.
fn require_alone(proposal: &Proposal) -> Result<()> {
    if proposal.resolution == COMBINE {
        let detail = "it is part of a combination: approve or refuse the combination";
        return Err(Error::conflict("combine_whole", detail));
    }
    Ok(())
}

/// The same of a part of a combination, for whoever approves all of it in this transaction.
///
/// # Errors
/// `exception_not_proposed`, `maker_is_checker`.
pub fn approve_part(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ExceptionId,
) -> Result<(Exception, Proposal)> {
    actor.require_role(&[Role::Finance, Role::Approver])?;
    actor.scope.require(unit)?;
    let checker = actor.require_person()?;
    let mut item = query::lock(tx, unit, id)?;
    if item.state != State::Proposed {
        return Err(Error::conflict("exception_not_proposed", "nothing is proposed for it"));
    }
    let proposal = proposal(tx, unit, id)?;
    if proposal.maker == checker {
        return Err(Error::forbidden("maker_is_checker", "another person must approve"));
    }
    check_debtor(&proposal, checker)?;
    advance(tx, stamp, &mut item, State::Resolved, act("approved", &proposal, Some(checker)))?;
    let entry = audit::Entry::by(actor, unit, "exception.approved", id).with(&proposal.resolution);
    audit::record(tx, stamp, &[entry])?;
    Ok((item, proposal))
}

/// One person settles it alone: an item that asks for nothing, or one within the unit's limit.
///
/// # Errors
/// `second_person_needed`, `exception_not_open`, `reason_missing`.
pub fn decide_alone(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ExceptionId,
    ask: &Ask<'_>,
) -> Result<(Exception, Proposal)> {
    actor.require_role(&[Role::Finance, Role::Approver])?;
    actor.scope.require(unit)?;
    let maker = actor.require_person()?;
    let proposal = checked(ask, maker, stamp.today())?;
    check_debtor(&proposal, maker)?;
    let mut item = query::lock(tx, unit, id)?;
    if item.state != State::Open {
        return Err(Error::conflict("exception_not_open", "it is proposed or resolved already"));
    }
    let limit = limit::in_force(tx, unit)?;
    if !limit::one_person_may(&item, ask.resolution, limit) {
        let detail = match limit {
            Some(limit) => format!("up to {limit} one person may assign, link or acknowledge"),
            None => "no limit for one person is set".to_owned(),
        };
        return Err(Error::forbidden("second_person_needed", detail));
    }
    advance(tx, stamp, &mut item, State::Resolved, act("approved_alone", &proposal, None))?;
    let entry = audit::Entry::by(actor, unit, "exception.settled_alone", id).with(&proposal.resolution);
    audit::record(tx, stamp, &[entry])?;
    Ok((item, proposal))
}

/// Sends a proposal back; the exception is open again.
///
/// # Errors
/// `exception_not_proposed`, `reason_missing`, `combine_whole`.
pub fn refuse(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ExceptionId,
    reason: &str,
) -> Result<Exception> {
    let refused = refuse_part(tx, stamp, actor, unit, id, reason)?;
    require_alone(&proposal(tx, unit, id)?)?;
    Ok(refused)
}

/// The same of a part of a combination, for whoever sends all of it back in this transaction.
///
/// # Errors
/// `exception_not_proposed`, `reason_missing`.
pub fn refuse_part(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ExceptionId,
    reason: &str,
) -> Result<Exception> {
    actor.require_role(&[Role::Finance, Role::Approver])?;
    actor.scope.require(unit)?;
    let checker = actor.require_person()?;
    let reason = worded("reason", reason, "reason_missing", TEXT_LIMIT)?;
    let mut item = query::lock(tx, unit, id)?;
    if item.state != State::Proposed {
        return Err(Error::conflict("exception_not_proposed", "nothing is proposed for it"));
    }
    let act = query::Act { kind: "refused", checker: Some(checker), reason, ..query::Act::default() };
    advance(tx, stamp, &mut item, State::Open, act)?;
    if matches!(proposal(tx, unit, id)?.resolution.as_str(), UNMATCH | WITHDRAW_PAPER) {
        // Nothing is open but the doubt, and that was answered.
        let reason = "it stands as it is".to_owned();
        let act = query::Act { kind: "settled_by_itself", reason, ..query::Act::default() };
        advance(tx, stamp, &mut item, State::Resolved, act)?;
    }
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "exception.refused", id)])?;
    Ok(item)
}
