//! The queue of everything unexplained: each item has a kind, an owner, an age and a next step.

pub mod kind;
pub mod query;

use serde::Serialize;

use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;
pub use kind::Kind;

/// What an exception is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Movement(MovementId),
    Line(LineId),
    Obligation(ObligationId),
    Payment(PaymentId),
    Claim(ClaimId),
    Statement(StatementId),
    Series(SeriesId),
    Batch(BatchId),
    Shift(ShiftId),
    Slip(SlipId),
    Remittance(RemittanceId),
}

impl Subject {
    pub fn kind(self) -> &'static str {
        match self {
            Subject::Movement(_) => "movement",
            Subject::Line(_) => "line",
            Subject::Obligation(_) => "obligation",
            Subject::Payment(_) => "payment",
            Subject::Claim(_) => "claim",
            Subject::Statement(_) => "statement",
            Subject::Series(_) => "series",
            Subject::Batch(_) => "batch",
            Subject::Shift(_) => "shift",
            Subject::Slip(_) => "slip",
            Subject::Remittance(_) => "remittance",
        }
    }

    pub fn id(self) -> i64 {
        match self {
            Subject::Movement(id) => id.0,
            Subject::Line(id) => id.0,
            Subject::Obligation(id) => id.0,
            Subject::Payment(id) => id.0,
            Subject::Claim(id) => id.0,
            Subject::Statement(id) => id.0,
            Subject::Series(id) => id.0,
            Subject::Batch(id) => id.0,
            Subject::Shift(id) => id.0,
            Subject::Slip(id) => id.0,
            Subject::Remittance(id) => id.0,
        }
    }

    fn text(kind: &str, id: i64) -> String {
        match kind {
            "movement" => MovementId(id).to_string(),
            "line" => LineId(id).to_string(),
            "obligation" => ObligationId(id).to_string(),
            "payment" => PaymentId(id).to_string(),
            "claim" => ClaimId(id).to_string(),
            "series" => SeriesId(id).to_string(),
            "batch" => BatchId(id).to_string(),
            "shift" => ShiftId(id).to_string(),
            "slip" => SlipId(id).to_string(),
            "remittance" => RemittanceId(id).to_string(),
            _ => StatementId(id).to_string(),
        }
    }
}

/// An exception to be opened. The same (kind, subject) is opened once.
#[derive(Clone, Debug)]
pub struct New {
    pub unit: UnitId,
    pub kind: Kind,
    pub subject: Subject,
    pub account: Option<AccountId>,
    pub amount: Dong,
    pub opened_on: BusinessDay,
    /// Ids, codes and amounts that help; no personal data.
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Open,
    Proposed,
    Resolved,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Proposed => "proposed",
            State::Resolved => "resolved",
        }
    }

    fn parse(text: &str) -> State {
        match text {
            "proposed" => State::Proposed,
            "resolved" => State::Resolved,
            _ => State::Open,
        }
    }
}

/// How a person wants an exception settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// `assign`, `acknowledge`, `disprove`, … : what `payment::resolve` knows to do.
    pub resolution: String,
    /// What it points at: the obligation to assign to, for one.
    pub target: Option<i64>,
    pub reason: String,
    pub maker: PersonId,
}

/// An exception as it stands.
#[derive(Clone, Debug)]
pub struct Exception {
    pub unit: UnitId,
    pub id: ExceptionId,
    pub kind: Kind,
    pub subject_kind: String,
    pub subject_id: i64,
    pub account: Option<AccountId>,
    pub amount: Dong,
    pub owner: String,
    pub opened_on: BusinessDay,
    pub due_on: BusinessDay,
    pub detail: String,
    pub created_at: Instant,
    pub state: State,
    pub revision: i64,
}

impl Exception {
    pub fn subject_text(&self) -> String {
        Subject::text(&self.subject_kind, self.subject_id)
    }

    /// Whole days since it was opened.
    pub fn age_days(&self, today: BusinessDay) -> i64 {
        (today.0 - self.opened_on.0).num_days()
    }
}

/// Whose resolution a returning cause overrules.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reopen {
    /// Whatever resolved it: something happened again.
    Always,
    /// Only what resolved itself: persons who looked at a lasting state are not asked again.
    UnlessPersonsDecided,
}

/// Opens exceptions for what happened, and reopens those whose cause happens again after they were
/// resolved. Returns how many are new or open again.
pub fn open(tx: &mut Tx<'_>, stamp: &Stamp<'_>, new: &[New]) -> Result<usize> {
    open_or_reopen(tx, stamp, new, Reopen::Always)
}

/// The same for what a check finds again in every run while it lasts: what persons resolved stays
/// resolved, what had settled itself and is back is reopened.
pub fn open_lasting(tx: &mut Tx<'_>, stamp: &Stamp<'_>, new: &[New]) -> Result<usize> {
    open_or_reopen(tx, stamp, new, Reopen::UnlessPersonsDecided)
}

fn open_or_reopen(tx: &mut Tx<'_>, stamp: &Stamp<'_>, new: &[New], reopen: Reopen) -> Result<usize> {
    if new.is_empty() {
        return Ok(0);
    }
    let mut items = Vec::with_capacity(new.len());
    for item in new {
        let due_on = stamp.calendar.after(item.opened_on, item.kind.due_working_days());
        items.push(query::ExceptionRow {
            unit_id: item.unit,
            id: stamp.mint()?,
            kind: i32::from(item.kind.number()),
            dedupe: dedupe(item.kind, item.subject),
            subject_kind: item.subject.kind(),
            subject_id: item.subject.id(),
            account_id: item.account,
            amount: item.amount,
            owner: item.kind.default_owner().to_owned(),
            opened_on: item.opened_on,
            due_on,
            detail: item.detail.clone(),
            created_at: stamp.now,
            state: State::Open.as_str(),
            revision: 1,
        });
    }
    let inserted = rows::insert_if_absent(tx, &items, &["unit_id", "dedupe"])?;
    let mut events = Vec::new();
    for (item, _) in items.iter().zip(&inserted).filter(|(_, is_new)| **is_new) {
        metrics::counter!("bienlai_exceptions_opened_total", "kind" => item.kind.to_string()).increment(1);
        events.push(query::EventRow::opened(stamp.mint()?, stamp.now, item));
    }
    rows::insert(tx, &events)?;
    let known: Vec<(UnitId, String, Dong)> = items
        .iter()
        .zip(&inserted)
        .filter(|(_, is_new)| !**is_new)
        .map(|(item, _)| (item.unit_id, item.dedupe.clone(), item.amount))
        .collect();
    Ok(events.len() + reopen_resolved(tx, stamp, &known, reopen)?)
}

/// Resolved ones among the known are open again, with an event that names the new amount.
fn reopen_resolved(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    known: &[(UnitId, String, Dong)],
    reopen: Reopen,
) -> Result<usize> {
    let amounts: std::collections::BTreeMap<(UnitId, String), Dong> =
        known.iter().map(|(unit, key, amount)| ((*unit, key.clone()), *amount)).collect();
    let keys: Vec<(UnitId, String)> = amounts.keys().cloned().collect();
    let mut count = 0;
    for (unit, id, key) in query::resolved_by_dedupe(tx, &keys)? {
        let mut item = query::lock(tx, unit, id)?;
        let overrules = reopen == Reopen::Always || query::settled_by_itself(tx, unit, id, item.revision)?;
        if !overrules {
            continue;
        }
        let amount = amounts.get(&(unit, key)).copied().unwrap_or(item.amount);
        metrics::counter!("bienlai_exceptions_reopened_total", "kind" => item.kind.to_string()).increment(1);
        let act = query::Act {
            kind: "reopened",
            resolution: None,
            target: None,
            maker: None,
            checker: None,
            reason: format!("its cause came back: {} đồng", amount.0),
        };
        advance(tx, stamp, &mut item, State::Open, act)?;
        count += 1;
    }
    Ok(count)
}

/// Records how a person wants it settled; another person approves.
pub fn propose(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ExceptionId,
    proposal: (&str, Option<i64>, &str),
) -> Result<Exception> {
    actor.require_role(&[Role::Finance, Role::Approver])?;
    actor.scope.require(unit)?;
    let maker = actor.require_person()?;
    let (resolution, target, reason) = proposal;
    let reason = text::clean(reason);
    if reason.is_empty() {
        return Err(Error::invalid("reason", "reason_missing", "say why"));
    }
    let mut item = query::lock(tx, unit, id)?;
    if item.state != State::Open {
        return Err(Error::conflict("exception_not_open", "it is proposed or resolved already"));
    }
    advance(
        tx,
        stamp,
        &mut item,
        State::Proposed,
        query::Act {
            kind: "proposed",
            resolution: Some(resolution.to_owned()),
            target,
            maker: Some(maker),
            checker: None,
            reason,
        },
    )?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "exception.proposed", id).with(resolution)])?;
    Ok(item)
}

/// The open proposal of an exception.
pub fn proposal(conn: &mut Conn, unit: UnitId, id: ExceptionId) -> Result<Proposal> {
    query::last_proposal(conn, unit, id)?
        .ok_or_else(|| Error::conflict("exception_not_proposed", "nothing is proposed for it"))
}

/// Marks the proposal approved and the exception resolved. What the resolution does to money is
/// `payment::resolve`, in the same transaction, before this.
pub fn approve(
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
    advance(
        tx,
        stamp,
        &mut item,
        State::Resolved,
        query::Act {
            kind: "approved",
            resolution: Some(proposal.resolution.clone()),
            target: proposal.target,
            maker: Some(proposal.maker),
            checker: Some(checker),
            reason: proposal.reason.clone(),
        },
    )?;
    let entry = audit::Entry::by(actor, unit, "exception.approved", id).with(&proposal.resolution);
    audit::record(tx, stamp, &[entry])?;
    Ok((item, proposal))
}

/// Sends a proposal back; the exception is open again.
pub fn refuse(
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
    let mut item = query::lock(tx, unit, id)?;
    if item.state != State::Proposed {
        return Err(Error::conflict("exception_not_proposed", "nothing is proposed for it"));
    }
    advance(
        tx,
        stamp,
        &mut item,
        State::Open,
        query::Act {
            kind: "refused",
            resolution: None,
            target: None,
            maker: None,
            checker: Some(checker),
            reason: text::clean(reason),
        },
    )?;
    Ok(item)
}

/// Closes exceptions because their cause is gone: the missing part was paid, the claim proven.
/// Those that were never opened, or are resolved already, are left out. Returns how many closed.
pub fn settle_by_themselves(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    causes: &[(UnitId, Kind, Subject, &'static str)],
) -> Result<usize> {
    let mut reasons = std::collections::BTreeMap::new();
    for (unit, kind, subject, reason) in causes {
        reasons.insert((*unit, dedupe(*kind, *subject)), *reason);
    }
    let keys: Vec<(UnitId, String)> = reasons.keys().cloned().collect();
    let unresolved = query::unresolved_by_dedupe(tx, &keys)?;
    for (unit, id, key) in &unresolved {
        let mut item = query::lock(tx, *unit, *id)?;
        let reason = reasons.get(&(*unit, key.clone())).copied().unwrap_or_default();
        advance(
            tx,
            stamp,
            &mut item,
            State::Resolved,
            query::Act {
                kind: "settled_by_itself",
                resolution: None,
                target: None,
                maker: None,
                checker: None,
                reason: reason.to_owned(),
            },
        )?;
    }
    Ok(unresolved.len())
}

/// The same (kind, subject) is one exception.
fn dedupe(kind: Kind, subject: Subject) -> String {
    format!("{}:{}:{}", kind.number(), subject.kind(), subject.id())
}

fn advance(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    item: &mut Exception,
    state: State,
    act: query::Act,
) -> Result<()> {
    item.state = state;
    item.revision += 1;
    query::store(tx, item)?;
    rows::insert(tx, &[query::EventRow::new(stamp.mint()?, stamp.now, item, act)])
}

/// Exceptions of a unit, oldest first.
pub fn list(
    conn: &mut Conn,
    unit: UnitId,
    state: Option<State>,
    account: Option<AccountId>,
    limit: i64,
) -> Result<Vec<Exception>> {
    query::list(conn, unit, state, account, limit)
}

pub fn find(conn: &mut Conn, unit: UnitId, id: ExceptionId) -> Result<Exception> {
    query::find(conn, unit, id)
}

/// The exception of a cause while it is not resolved.
pub fn find_open(conn: &mut Conn, unit: UnitId, kind: Kind, subject: Subject) -> Result<Option<Exception>> {
    let open = query::unresolved_by_dedupe(conn, &[(unit, dedupe(kind, subject))])?;
    open.first().map(|(unit, id, _)| query::find(conn, *unit, *id)).transpose()
}
