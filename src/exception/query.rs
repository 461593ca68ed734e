//! The exceptions' SQL.

use std::collections::{BTreeSet, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::{Decision, Exception, Kind, State, Subject};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{AccountId, EventId, ExceptionId, PersonId, UnitId};
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::{exception, exception_event};
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct ExceptionRow in "exception" {
        pub unit_id: UnitId,
        pub id: ExceptionId,
        pub kind: i32,
        pub dedupe: String,
        pub subject_kind: &'static str,
        pub subject_id: i64,
        pub account_id: Option<AccountId>,
        pub amount: Dong,
        pub owner: String,
        pub opened_on: BusinessDay,
        pub due_on: BusinessDay,
        pub detail: String,
        pub created_at: Instant,
        pub state: &'static str,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct EventRow in "exception_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub exception_id: ExceptionId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub resolution: Option<String>,
        pub target_id: Option<i64>,
        pub maker_person_id: Option<PersonId>,
        pub checker_person_id: Option<PersonId>,
        pub reason: String,
        pub at: Instant,
        pub owner: Option<String>,
        pub decision_no: Option<String>,
        pub decision_on: Option<BusinessDay>,
        pub amount: Option<Dong>,
        pub detail: Option<String>,
    }
}

/// What happened to an exception, for its event.
#[derive(Default)]
pub struct Act {
    pub kind: &'static str,
    pub resolution: Option<String>,
    pub target: Option<i64>,
    pub maker: Option<PersonId>,
    pub checker: Option<PersonId>,
    pub reason: String,
    /// The new owner, where it changes.
    pub owner: Option<String>,
    pub decision: Option<Decision>,
    /// Whether it tells what the item is about from now on.
    pub restates: bool,
}

impl EventRow {
    /// Of an item that was opened, or noted as settled.
    pub fn first(id: EventId, at: Instant, row: &ExceptionRow) -> Self {
        EventRow {
            unit_id: row.unit_id,
            id,
            exception_id: row.id,
            revision: 1,
            kind: if row.state == State::Open.as_str() { "opened" } else { "noted" },
            state: row.state,
            resolution: None,
            target_id: None,
            maker_person_id: None,
            checker_person_id: None,
            reason: String::new(),
            at,
            owner: None,
            decision_no: None,
            decision_on: None,
            amount: None,
            detail: None,
        }
    }

    pub fn new(id: EventId, at: Instant, item: &Exception, act: Act) -> Self {
        EventRow {
            unit_id: item.unit,
            id,
            exception_id: item.id,
            revision: item.revision,
            kind: act.kind,
            state: item.state.as_str(),
            resolution: act.resolution,
            target_id: act.target,
            maker_person_id: act.maker,
            checker_person_id: act.checker,
            reason: act.reason,
            at,
            owner: act.owner,
            decision_on: act.decision.as_ref().map(|decision| decision.on),
            decision_no: act.decision.map(|decision| decision.number),
            amount: act.restates.then_some(item.amount),
            detail: act.restates.then(|| item.detail.clone()),
        }
    }
}

/// (unit, exception, dedupe key, state, amount).
pub type Standing = (UnitId, ExceptionId, String, String, Dong);

pub(super) type Stored = (
    (UnitId, ExceptionId, i32, String, i64),
    (Option<AccountId>, Dong, String, BusinessDay, BusinessDay, String, Instant),
    (String, i64, Option<PersonId>),
);

pub(super) fn from_stored((what, about, (state, revision, assignee)): Stored) -> Result<Exception> {
    Ok(Exception {
        unit: what.0,
        id: what.1,
        kind: Kind::from_number(u8::try_from(what.2).unwrap_or_default())?,
        subject_kind: what.3,
        subject_id: what.4,
        account: about.0,
        amount: about.1,
        owner: about.2,
        assignee,
        opened_on: about.3,
        due_on: about.4,
        detail: about.5,
        created_at: about.6,
        state: State::stored(&state)?,
        revision,
    })
}

macro_rules! columns {
    () => {
        (
            (
                exception::unit_id,
                exception::id,
                exception::kind,
                exception::subject_kind,
                exception::subject_id,
            ),
            (
                exception::account_id,
                exception::amount,
                exception::owner,
                exception::opened_on,
                exception::due_on,
                exception::detail,
                exception::created_at,
            ),
            (exception::state, exception::revision, exception::assignee_person_id),
        )
    };
}
pub(super) use columns;

pub fn list(
    conn: &mut Conn,
    unit: UnitId,
    state: Option<State>,
    account: Option<AccountId>,
    limit: i64,
) -> Result<Vec<Exception>> {
    let mut found = exception::table
        .filter(exception::unit_id.eq(unit))
        .order(exception::id)
        .limit(limit)
        .select(columns!())
        .into_boxed();
    if let Some(state) = state {
        found = found.filter(exception::state.eq(state.as_str()));
    }
    if let Some(account) = account {
        found = found.filter(exception::account_id.eq(account));
    }
    found.load::<Stored>(conn).classify()?.into_iter().map(from_stored).collect()
}

pub fn find(conn: &mut Conn, unit: UnitId, id: ExceptionId) -> Result<Exception> {
    exception::table
        .find((unit, id))
        .select(columns!())
        .first::<Stored>(conn)
        .optional()
        .classify()?
        .map(from_stored)
        .transpose()?
        .ok_or_else(|| Error::not_found("exception_not_found", "no such exception in your scope"))
}

/// Reads it for a change, under its row's lock: its next event comes before its next state.
pub fn lock(tx: &mut Tx<'_>, unit: UnitId, id: ExceptionId) -> Result<Exception> {
    let keys = [("unit_id", Column::of([unit])), ("id", Column::of([id]))];
    let held = "SELECT t.unit_id, t.id FROM exception t";
    rows::fetch::<(BigInt, BigInt), (UnitId, ExceptionId)>(tx, held, &keys, "", Lock::Update)?;
    find(tx, unit, id)
}

pub fn store(tx: &mut Tx<'_>, item: &Exception) -> Result<()> {
    rows::advance(
        tx,
        "exception",
        (item.unit, item.id),
        item.revision,
        vec![
            ("state", Column::of([item.state.as_str()])),
            ("owner", Column::of([item.owner.clone()])),
            ("assignee_person_id", Column::of([item.assignee])),
            ("amount", Column::of([item.amount])),
            ("detail", Column::of([item.detail.clone()])),
        ],
    )
}

/// (unit, exception, dedupe key) of the keys whose exception is open or proposed.
pub fn unresolved_by_dedupe(
    conn: &mut Conn,
    keys: &[(UnitId, String)],
) -> Result<Vec<(UnitId, ExceptionId, String)>> {
    by_dedupe(conn, keys, "AND t.state <> 'resolved'")
}

/// The unresolved items of a kind about one sort of subjects, in all units: (unit, item, subject, detail).
///
/// # Errors
/// Those of the store.
pub fn unresolved_about(
    conn: &mut Conn,
    kind: Kind,
    subject_kind: &str,
) -> Result<Vec<(UnitId, ExceptionId, i64, String)>> {
    exception::table
        // A literal, not a bind: the partial index is used only when the query repeats its condition.
        .filter(diesel::dsl::sql::<Bool>("exception.state <> 'resolved'"))
        .filter(exception::kind.eq(i32::from(kind.number())))
        .filter(exception::subject_kind.eq(subject_kind))
        .select((exception::unit_id, exception::id, exception::subject_id, exception::detail))
        .load(conn)
        .classify()
}

/// Of so many unresolved items of a unit, all are read sooner than thousands of keys are looked for one by one:
/// every line of a day that proves a claim asks for five.
const FEW: usize = 100;

/// Why an item ends: what it is about, and the words for its event.
pub type Cause = (UnitId, Kind, Subject, &'static str);

/// The causes that may be of an unresolved item: of many, those of the few items that their units have; all where a
/// unit has more.
pub fn may_be_open<'c>(conn: &mut Conn, causes: &'c [Cause]) -> Result<Vec<&'c Cause>> {
    if causes.len() <= FEW {
        return Ok(causes.iter().collect());
    }
    let units: BTreeSet<UnitId> = causes.iter().map(|(unit, ..)| *unit).collect();
    let mut open: HashSet<(UnitId, i32, i64)> = HashSet::new();
    for unit in units {
        let of_unit: Vec<(i32, i64)> = exception::table
            .filter(exception::unit_id.eq(unit))
            // A literal, not a bind: the partial index is used only when the query repeats its condition.
            .filter(diesel::dsl::sql::<Bool>("exception.state <> 'resolved'"))
            .order(exception::id)
            .limit(FEW as i64 + 1)
            .select((exception::kind, exception::subject_id))
            .load(conn)
            .classify()?;
        if FEW < of_unit.len() {
            return Ok(causes.iter().collect());
        }
        open.extend(of_unit.into_iter().map(|(kind, subject)| (unit, kind, subject)));
    }
    let is_open =
        |(unit, kind, subject, _): &&Cause| open.contains(&(*unit, i32::from(kind.number()), subject.id()));
    Ok(causes.iter().filter(is_open).collect())
}

/// The same of the keys, whatever became of their exception.
pub fn known_by_dedupe(
    conn: &mut Conn,
    keys: &[(UnitId, String)],
) -> Result<Vec<(UnitId, ExceptionId, String)>> {
    by_dedupe(conn, keys, "")
}

/// The same with the state and the amount of each.
pub fn standing_by_dedupe(conn: &mut Conn, keys: &[(UnitId, String)]) -> Result<Vec<Standing>> {
    rows::fetch::<(BigInt, BigInt, Text, Text, BigInt), _>(
        conn,
        "SELECT t.unit_id, t.id, t.dedupe, t.state, t.amount FROM exception t",
        &[
            ("unit_id", Column::of(keys.iter().map(|(unit, _)| *unit))),
            ("dedupe", Column::of(keys.iter().map(|(_, key)| key.clone()))),
        ],
        "",
        Lock::None,
    )
}

/// Settled items of a kind whose newest event says that they ended because of another one, oldest first.
pub fn settled_with(conn: &mut Conn, unit: UnitId, kind: Kind, by: ExceptionId) -> Result<Vec<Exception>> {
    let found: Vec<Stored> = exception::table
        .inner_join(
            exception_event::table.on(exception_event::unit_id
                .eq(exception::unit_id)
                .and(exception_event::exception_id.eq(exception::id))
                .and(exception_event::revision.eq(exception::revision))),
        )
        .filter(exception::unit_id.eq(unit))
        .filter(exception::kind.eq(i32::from(kind.number())))
        .filter(exception::state.eq(State::Resolved.as_str()))
        .filter(exception_event::kind.eq("settled_by_itself"))
        .filter(exception_event::target_id.eq(by.0))
        .order(exception::id)
        .select(columns!())
        .load(conn)
        .classify()?;
    found.into_iter().map(from_stored).collect()
}

/// The same of those whose event names no other item and is of this moment.
pub fn settled_at(conn: &mut Conn, unit: UnitId, kind: Kind, at: Instant) -> Result<Vec<Exception>> {
    let found: Vec<Stored> = exception::table
        .inner_join(
            exception_event::table.on(exception_event::unit_id
                .eq(exception::unit_id)
                .and(exception_event::exception_id.eq(exception::id))
                .and(exception_event::revision.eq(exception::revision))),
        )
        .filter(exception::unit_id.eq(unit))
        .filter(exception::kind.eq(i32::from(kind.number())))
        .filter(exception::state.eq(State::Resolved.as_str()))
        // A literal, not a bind: the partial index is used only when the query repeats its condition.
        .filter(diesel::dsl::sql::<Bool>("exception_event.state = 'resolved'"))
        .filter(exception_event::kind.eq("settled_by_itself"))
        .filter(exception_event::target_id.is_null())
        .filter(exception_event::at.eq(at))
        .order(exception::id)
        .select(columns!())
        .load(conn)
        .classify()?;
    found.into_iter().map(from_stored).collect()
}

/// Whether it was settled last without a person: its cause had gone.
pub fn settled_by_itself(conn: &mut Conn, unit: UnitId, id: ExceptionId) -> Result<bool> {
    let last: Option<String> = exception_event::table
        .filter(exception_event::unit_id.eq(unit))
        .filter(exception_event::exception_id.eq(id))
        .filter(exception_event::kind.eq_any(["settled_by_itself", "approved", "approved_alone", "noted"]))
        .order(exception_event::revision.desc())
        .select(exception_event::kind)
        .first(conn)
        .optional()
        .classify()?;
    Ok(last.as_deref() == Some("settled_by_itself"))
}

/// The exception of this kind about this subject, settled or not.
pub fn by_subject(conn: &mut Conn, unit: UnitId, kind: Kind, subject: Subject) -> Result<ExceptionId> {
    let keys = [(unit, super::dedupe(kind, subject))];
    let found = by_dedupe(conn, &keys, "")?.pop();
    found.map(|(_, id, _)| id).ok_or_else(|| Error::internal("an exception that was opened is gone"))
}

/// Every item about these subjects, settled or not, oldest first.
pub fn about(conn: &mut Conn, unit: UnitId, subjects: &[Subject]) -> Result<Vec<Exception>> {
    let of = |subject: &Subject| {
        let subject = *subject;
        Kind::all().map(move |kind| (unit, super::dedupe(kind, subject)))
    };
    let keys: Vec<(UnitId, String)> = subjects.iter().flat_map(of).collect();
    let mut ids: Vec<ExceptionId> = by_dedupe(conn, &keys, "")?.into_iter().map(|(_, id, _)| id).collect();
    ids.sort_unstable();
    ids.into_iter().map(|id| find(conn, unit, id)).collect()
}

fn by_dedupe(
    conn: &mut Conn,
    keys: &[(UnitId, String)],
    rest: &str,
) -> Result<Vec<(UnitId, ExceptionId, String)>> {
    rows::fetch::<(BigInt, BigInt, Text), _>(
        conn,
        "SELECT t.unit_id, t.id, t.dedupe FROM exception t",
        &[
            ("unit_id", Column::of(keys.iter().map(|(unit, _)| *unit))),
            ("dedupe", Column::of(keys.iter().map(|(_, key)| key.clone()))),
        ],
        rest,
        Lock::None,
    )
}

/// How many exceptions of a kind are not resolved, in all units.
pub fn unresolved_count(conn: &mut Conn, kind: Kind) -> Result<i64> {
    exception::table
        .filter(exception::kind.eq(i32::from(kind.number())))
        .filter(exception::state.ne(State::Resolved.as_str()))
        .count()
        .get_result(conn)
        .classify()
}

/// Since when the oldest unresolved exception of some kinds waits, in all units.
pub fn oldest_unresolved(conn: &mut Conn, kinds: &[Kind]) -> Result<Option<Instant>> {
    let numbers: Vec<i32> = kinds.iter().map(|kind| i32::from(kind.number())).collect();
    exception::table
        .filter(exception::kind.eq_any(numbers))
        .filter(exception::state.ne(State::Resolved.as_str()))
        .order(exception::created_at)
        .select(exception::created_at)
        .first(conn)
        .optional()
        .classify()
}

/// The unit of an exception within a scope: ids do not tell their unit.
pub fn unit_of(conn: &mut Conn, scope: &crate::actor::Scope, id: ExceptionId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, exception, id)
}
