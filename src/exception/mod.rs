//! The queue of everything unexplained: each item has a kind, an owner, an age and a next step.

mod decide;
mod detail;
pub mod kind;
pub mod limit;
pub mod query;
mod reopen;
mod subject;
mod work;
pub mod work_query;

use serde::Serialize;

use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;
pub use decide::{
    Ask, BUDGET_PAID, CASH_WITHDRAWN, COMBINE, Decision, Proposal, UNMATCH, WITHDRAW_PAPER, approve,
    approve_part, decide_alone, proposal, propose, refuse, refuse_part,
};
pub use detail::{Detail, Hint, Suggested};
pub use kind::Kind;
pub use reopen::{
    approve as approve_reopening, ask as ask_to_reopen, asked_by as reopening_asked,
    refuse as refuse_reopening,
};
pub use subject::Subject;
pub use work::{CITY_OWNER, Owner, WORKERS, assign, comment, comment_of, escalate, remind};

/// An exception to be opened. The same (kind, subject) is opened once.
#[derive(Clone, Debug)]
pub struct New {
    pub unit: UnitId,
    pub kind: Kind,
    pub subject: Subject,
    pub account: Option<AccountId>,
    pub amount: Dong,
    pub opened_on: BusinessDay,
    /// A `Detail` as it is stored; empty where the subject says it all.
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Open,
    Proposed,
    Resolved,
}

crate::text_enum! { State { Open = "open", Proposed = "proposed", Resolved = "resolved" } }

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
    /// A role of the unit, or `CITY_OWNER`.
    pub owner: String,
    /// The person who took it or was given it.
    pub assignee: Option<PersonId>,
    pub opened_on: BusinessDay,
    pub due_on: BusinessDay,
    /// A `Detail` as it is stored, or a sentence of an older version.
    pub detail: String,
    pub created_at: Instant,
    pub state: State,
    pub revision: i64,
}

impl Exception {
    /// What it is called in Vietnamese: as its kind, but an order that the Treasury did not refuse is not called so.
    pub fn title_vi(&self) -> &'static str {
        if self.is_report_differing() { REPORT_DIFFERS.0 } else { self.kind.title_vi() }
    }

    /// The same in English.
    pub fn title_en(&self) -> &'static str {
        if self.is_report_differing() { REPORT_DIFFERS.1 } else { self.kind.title_en() }
    }

    /// Whether the Treasury's report says something else than the order, and refuses nothing.
    fn is_report_differing(&self) -> bool {
        self.kind == Kind::TreasuryRejected
            && matches!(Detail::read(&self.detail), Some(Detail::Order { is_rejected: false, .. }))
    }

    pub fn subject_text(&self) -> String {
        Subject::text(&self.subject_kind, self.subject_id)
    }

    /// Whole days since it was opened. Money of an evening after its day was closed is accounted for on the next
    /// day; its item is not older than nothing till then.
    pub fn age_days(&self, today: BusinessDay) -> i64 {
        (today.0 - self.opened_on.0).num_days().max(0)
    }
}

const REPORT_DIFFERS: (&str, &str) =
    ("Báo cáo của Kho bạc không khớp lệnh nộp", "The Treasury's report does not fit the remittance");

/// Items about money that a payment has too much of, all of which is owed back. Others about a payment, as a refund
/// that bounced, are about a sum of their own.
pub const SURPLUS_KINDS: [Kind; 3] = [Kind::Overpaid, Kind::DuplicateTransfer, Kind::LatePayment];

/// Whose resolution a returning cause overrules.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reopen {
    /// Whatever resolved it: something happened again.
    Always,
    /// Only what resolved itself: persons who looked at a lasting state are not asked again.
    UnlessPersonsDecided,
    Never,
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

/// Notes what is allowed and asks nothing of anybody: it stands in the list as settled, once.
pub fn note(tx: &mut Tx<'_>, stamp: &Stamp<'_>, new: &[New]) -> Result<usize> {
    open_or_reopen(tx, stamp, new, Reopen::Never)
}

fn open_or_reopen(tx: &mut Tx<'_>, stamp: &Stamp<'_>, new: &[New], reopen: Reopen) -> Result<usize> {
    if new.is_empty() {
        return Ok(0);
    }
    let state = if reopen == Reopen::Never { State::Resolved } else { State::Open };
    let mut items = Vec::with_capacity(new.len());
    for item in new {
        let days = match item.kind {
            Kind::Underpaid => stamp.calendar.partial_patience(),
            kind => kind.due_working_days(),
        };
        let due_on = stamp.calendar.after(item.opened_on, days);
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
            state: state.as_str(),
            revision: 1,
        });
    }
    let inserted = rows::insert_if_absent(tx, &items, &["unit_id", "dedupe"])?;
    let mut events = Vec::new();
    for (item, _) in items.iter().zip(&inserted).filter(|(_, is_new)| **is_new) {
        metrics::counter!("bienlai_exceptions_opened_total", "kind" => item.kind.to_string()).increment(1);
        events.push(query::EventRow::first(stamp.mint()?, stamp.now, item));
    }
    rows::insert(tx, &events)?;
    if reopen == Reopen::Never {
        return Ok(events.len());
    }
    let known: Vec<query::ExceptionRow> =
        items.into_iter().zip(inserted).filter(|(_, is_new)| !is_new).map(|(item, _)| item).collect();
    Ok(events.len() + tell_again(tx, stamp, known, reopen)?)
}

/// What was told of before is told again, newest word last: resolved ones are open again, about what they are about
/// now. Those that wait are, too, where each telling names the whole: what is missing of an obligation, what was
/// charged back of a payment, and what a check finds in every run. A proposal is decided as it was made. Returns how
/// many are open again.
fn tell_again(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    known: Vec<query::ExceptionRow>,
    reopen: Reopen,
) -> Result<usize> {
    let mut told = std::collections::BTreeMap::new();
    for row in known {
        let is_sum = [Kind::Underpaid, Kind::PosChargeback].map(|kind| i32::from(kind.number()));
        let names_whole = reopen == Reopen::UnlessPersonsDecided || is_sum.contains(&row.kind);
        told.insert((row.unit_id, row.dedupe), (row.amount, row.detail, names_whole));
    }
    let keys: Vec<(UnitId, String)> = told.keys().cloned().collect();
    let mut count = 0;
    for (unit, id, key, state, stood) in query::standing_by_dedupe(tx, &keys)? {
        let Some((amount, detail, names_whole)) = told.remove(&(unit, key)) else { continue };
        let moves = |tx: &mut Tx<'_>, state: State, stood: Dong| match state {
            State::Resolved if reopen == Reopen::Always => Ok(true),
            State::Resolved => query::settled_by_itself(tx, unit, id),
            State::Open => Ok(names_whole && stood != amount),
            State::Proposed => Ok(false),
        };
        // Most items stand as they are told: only what would move is locked, and looked at again.
        if !moves(tx, State::stored(&state)?, stood)? {
            continue;
        }
        let mut item = query::lock(tx, unit, id)?;
        if !moves(tx, item.state, item.amount)? {
            continue;
        }
        let is_resolved = item.state == State::Resolved;
        let reason = match is_resolved {
            true => format!("its cause came back: {} đồng", amount.0),
            false => format!("{} đồng, no longer {}", amount.0, item.amount.0),
        };
        (item.amount, item.detail) = (amount, detail);
        let kind = if is_resolved { "reopened" } else { "restated" };
        let act = query::Act { kind, reason, restates: true, ..query::Act::default() };
        advance(tx, stamp, &mut item, State::Open, act)?;
        if is_resolved {
            metrics::counter!("bienlai_exceptions_reopened_total", "kind" => item.kind.to_string())
                .increment(1);
            count += 1;
        }
    }
    Ok(count)
}

/// Says anew what an open item is about; its event keeps the reason. False where somebody proposes an end to it
/// already, or it ended: that is decided as it was made.
pub fn restate(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (unit, id): (UnitId, ExceptionId),
    (amount, detail): (Dong, &str),
    reason: String,
) -> Result<bool> {
    let mut item = query::lock(tx, unit, id)?;
    if item.state != State::Open {
        return Ok(false);
    }
    put_anew(tx, stamp, &mut item, (amount, detail), reason)?;
    Ok(true)
}

/// The same where what happened leaves no end that may be proposed: a proposal that waits is sent back by it, as it
/// could not be approved any more. Nothing where the item ended.
pub fn overrule(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (unit, id): (UnitId, ExceptionId),
    now: (Dong, &str),
    reason: String,
) -> Result<()> {
    let mut item = query::lock(tx, unit, id)?;
    if item.state == State::Resolved {
        return Ok(());
    }
    put_anew(tx, stamp, &mut item, now, reason)
}

fn put_anew(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    item: &mut Exception,
    (amount, detail): (Dong, &str),
    reason: String,
) -> Result<()> {
    (item.amount, item.detail) = (amount, detail.to_owned());
    let act = query::Act { kind: "restated", reason, restates: true, ..query::Act::default() };
    advance(tx, stamp, item, State::Open, act)
}

/// Closes exceptions because their cause is gone: the missing part was paid, the claim proven.
/// Those that were never opened, or are resolved already, are left out. Returns how many closed.
pub fn settle_by_themselves(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    causes: &[(UnitId, Kind, Subject, &'static str)],
) -> Result<usize> {
    settle_causes(tx, stamp, causes, None)
}

/// The same because of what was decided about another item, which their events name.
pub fn settle_with(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    by: ExceptionId,
    causes: &[(UnitId, Kind, Subject, &'static str)],
) -> Result<usize> {
    settle_causes(tx, stamp, causes, Some(by))
}

/// The settled items of a kind that ended last because of what was decided about another one.
pub fn settled_with(conn: &mut Conn, unit: UnitId, kind: Kind, by: ExceptionId) -> Result<Vec<Exception>> {
    query::settled_with(conn, unit, kind, by)
}

/// The settled items of a kind that ended last in this moment, and whose events name no other item: with a line that
/// was posted then, or with a decision of which an older binary named none.
pub fn settled_at(conn: &mut Conn, unit: UnitId, kind: Kind, at: Instant) -> Result<Vec<Exception>> {
    query::settled_at(conn, unit, kind, at)
}

/// Whether two persons opened it again at some time.
pub fn was_reopened_by_persons(conn: &mut Conn, unit: UnitId, id: ExceptionId) -> Result<bool> {
    Ok(work_query::events(conn, unit, id)?
        .iter()
        .any(|event| event.kind == "reopened" && event.checker.is_some()))
}

fn settle_causes(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    causes: &[(UnitId, Kind, Subject, &'static str)],
    by: Option<ExceptionId>,
) -> Result<usize> {
    let mut reasons = std::collections::BTreeMap::new();
    for (unit, kind, subject, reason) in query::may_be_open(tx, causes)? {
        reasons.insert((*unit, dedupe(*kind, *subject)), *reason);
    }
    let keys: Vec<(UnitId, String)> = reasons.keys().cloned().collect();
    let mut unresolved = query::unresolved_by_dedupe(tx, &keys)?;
    unresolved.sort_unstable();
    for (unit, id, key) in &unresolved {
        let mut item = query::lock(tx, *unit, *id)?;
        let reason = reasons.get(&(*unit, key.clone())).copied().unwrap_or_default();
        let act = query::Act {
            kind: "settled_by_itself",
            target: by.map(|by| by.0),
            reason: reason.to_owned(),
            ..query::Act::default()
        };
        advance(tx, stamp, &mut item, State::Resolved, act)?;
    }
    Ok(unresolved.len())
}

/// The same (kind, subject) is one exception.
fn dedupe(kind: Kind, subject: Subject) -> String {
    format!("{}:{}:{}", kind.number(), subject.kind(), subject.id())
}

/// The next revision. Its event comes first: the database lets no state or owner move without one.
fn advance(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    item: &mut Exception,
    state: State,
    act: query::Act,
) -> Result<()> {
    item.state = state;
    item.revision += 1;
    rows::insert(tx, &[query::EventRow::new(stamp.mint()?, stamp.now, item, act)])?;
    query::store(tx, item)
}

/// What people write, cleaned and bounded.
fn worded(field: &str, value: &str, missing: &'static str, limit: usize) -> Result<String> {
    text::required(field, value, missing, limit)
}

/// The most characters of a reason or a comment.
const TEXT_LIMIT: usize = 1_000;

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

/// The exception of a cause, settled or not.
pub fn find_any(conn: &mut Conn, unit: UnitId, kind: Kind, subject: Subject) -> Result<Option<Exception>> {
    let known = query::known_by_dedupe(conn, &[(unit, dedupe(kind, subject))])?;
    known.first().map(|(unit, id, _)| query::find(conn, *unit, *id)).transpose()
}

/// The exception of a cause while it is not resolved.
pub fn find_open(conn: &mut Conn, unit: UnitId, kind: Kind, subject: Subject) -> Result<Option<Exception>> {
    let open = query::unresolved_by_dedupe(conn, &[(unit, dedupe(kind, subject))])?;
    open.first().map(|(unit, id, _)| query::find(conn, *unit, *id)).transpose()
}
