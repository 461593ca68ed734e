//! The SQL of the queue: pages under filters, events, proposals, limits.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::query::{Stored, columns, from_stored};
use super::{Decision, Exception, Kind, Proposal, State};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{AccountId, EventId, ExceptionId, PersonId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::{exception, exception_event};
use crate::store::schema_work::exception_limit;

crate::table_row! {
    pub struct LimitRow in "exception_limit" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub amount: Dong,
        pub decision_no: String,
        pub maker_person_id: PersonId,
        pub checker_person_id: PersonId,
        pub created_at: Instant,
    }
}

/// What a page of the queue shows. All that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// None: every unit of the scope.
    pub unit: Option<UnitId>,
    pub account: Option<AccountId>,
    pub kind: Option<Kind>,
    pub state: Option<State>,
    /// Everything that is not resolved.
    pub unresolved: bool,
    pub owner: Option<String>,
    pub assignee: Option<PersonId>,
    pub amount_from: Option<Dong>,
    pub amount_to: Option<Dong>,
    /// Due on an earlier day.
    pub due_before: Option<BusinessDay>,
    /// Opened on this day or earlier: what is that old.
    pub opened_until: Option<BusinessDay>,
    pub opened_from: Option<BusinessDay>,
    /// The last item of the page before.
    pub after: Option<ExceptionId>,
    pub limit: i64,
}

/// A page, oldest first.
pub fn page(conn: &mut Conn, scope: &Scope, filter: &Filter) -> Result<Vec<Exception>> {
    let found = exception::table.order(exception::id).limit(filter.limit).select(columns!()).into_boxed();
    let mut found = crate::in_scope!(found, scope, exception);
    if let Some(unit) = filter.unit {
        found = found.filter(exception::unit_id.eq(unit));
    }
    if let Some(account) = filter.account {
        found = found.filter(exception::account_id.eq(account));
    }
    if let Some(kind) = filter.kind {
        found = found.filter(exception::kind.eq(i32::from(kind.number())));
    }
    if let Some(state) = filter.state {
        found = found.filter(exception::state.eq(state.as_str()));
    }
    if filter.unresolved {
        found = found.filter(exception::state.ne(State::Resolved.as_str()));
    }
    if let Some(owner) = &filter.owner {
        found = found.filter(exception::owner.eq(owner.clone()));
    }
    if let Some(person) = filter.assignee {
        found = found.filter(exception::assignee_person_id.eq(person));
    }
    if let Some(amount) = filter.amount_from {
        found = found.filter(exception::amount.ge(amount));
    }
    if let Some(amount) = filter.amount_to {
        found = found.filter(exception::amount.le(amount));
    }
    if let Some(day) = filter.due_before {
        found = found.filter(exception::due_on.lt(day));
    }
    if let Some(day) = filter.opened_until {
        found = found.filter(exception::opened_on.le(day));
    }
    if let Some(day) = filter.opened_from {
        found = found.filter(exception::opened_on.ge(day));
    }
    if let Some(after) = filter.after {
        found = found.filter(exception::id.gt(after));
    }
    found.load::<Stored>(conn).classify()?.into_iter().map(from_stored).collect()
}

/// Something that happened to an exception.
#[derive(Clone, Debug)]
pub struct PastEvent {
    pub revision: i64,
    pub kind: String,
    pub state: String,
    pub resolution: Option<String>,
    pub target: Option<i64>,
    pub maker: Option<PersonId>,
    pub checker: Option<PersonId>,
    pub reason: String,
    pub at: Instant,
    pub owner: Option<String>,
    pub decision: Option<Decision>,
}

type StoredEvent = (
    (i64, String, String, Option<String>, Option<i64>),
    (Option<PersonId>, Option<PersonId>, String, Instant),
    (Option<String>, Option<String>, Option<BusinessDay>),
);

fn from_event((what, who, (owner, number, on)): StoredEvent) -> PastEvent {
    PastEvent {
        revision: what.0,
        kind: what.1,
        state: what.2,
        resolution: what.3,
        target: what.4,
        maker: who.0,
        checker: who.1,
        reason: who.2,
        at: who.3,
        owner,
        decision: number.zip(on).map(|(number, on)| Decision { number, on }),
    }
}

macro_rules! event_columns {
    () => {
        (
            (
                exception_event::revision,
                exception_event::kind,
                exception_event::state,
                exception_event::resolution,
                exception_event::target_id,
            ),
            (
                exception_event::maker_person_id,
                exception_event::checker_person_id,
                exception_event::reason,
                exception_event::at,
            ),
            (exception_event::owner, exception_event::decision_no, exception_event::decision_on),
        )
    };
}

/// Everything that happened to it, oldest first.
pub fn events(conn: &mut Conn, unit: UnitId, id: ExceptionId) -> Result<Vec<PastEvent>> {
    let found: Vec<StoredEvent> = exception_event::table
        .filter(exception_event::unit_id.eq(unit))
        .filter(exception_event::exception_id.eq(id))
        .order(exception_event::revision)
        .select(event_columns!())
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(from_event).collect())
}

/// The newest event of these kinds.
pub fn last_of(conn: &mut Conn, unit: UnitId, id: ExceptionId, kinds: &[&str]) -> Result<Option<PastEvent>> {
    let found: Option<StoredEvent> = exception_event::table
        .filter(exception_event::unit_id.eq(unit))
        .filter(exception_event::exception_id.eq(id))
        .filter(exception_event::kind.eq_any(kinds.to_vec()))
        .order(exception_event::revision.desc())
        .select(event_columns!())
        .first(conn)
        .optional()
        .classify()?;
    Ok(found.map(from_event))
}

pub fn last_proposal(conn: &mut Conn, unit: UnitId, id: ExceptionId) -> Result<Option<Proposal>> {
    let found = last_of(conn, unit, id, &["proposed"])?;
    Ok(found.and_then(|event| {
        Some(Proposal {
            resolution: event.resolution?,
            target: event.target,
            reason: event.reason,
            maker: event.maker?,
            decision: event.decision,
        })
    }))
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: ExceptionId,
}

/// The items that one person proposed the same for in the act that proposed this one, itself among them. One
/// transaction has one time, and no other proposal of that person has it.
pub fn proposed_together(conn: &mut Conn, item: &Exception, resolution: &str) -> Result<Vec<ExceptionId>> {
    let asked = last_of(conn, item.unit, item.id, &["proposed"])?;
    let Some((event, maker, target)) = asked.and_then(|event| {
        let (maker, target) = (event.maker?, event.target?);
        Some((event, maker, target))
    }) else {
        return Ok(Vec::new());
    };
    if event.resolution.as_deref() != Some(resolution) {
        return Ok(Vec::new());
    }
    let found: Vec<Id> = diesel::sql_query(
        "SELECT x.id AS id FROM exception x WHERE x.unit_id = $1 AND x.state <> 'resolved' AND x.state = 'proposed' \
         AND EXISTS (SELECT 1 FROM exception_event e WHERE e.unit_id = x.unit_id AND e.exception_id = x.id \
         AND e.kind = 'proposed' AND e.resolution = $2 AND e.target_id = $3 AND e.maker_person_id = $4 AND e.at = $5 \
         AND NOT EXISTS (SELECT 1 FROM exception_event n WHERE n.unit_id = e.unit_id \
         AND n.exception_id = e.exception_id AND n.kind = 'proposed' AND n.revision > e.revision)) ORDER BY x.id",
    )
    .bind::<BigInt, _>(item.unit)
    .bind::<Text, _>(resolution)
    .bind::<BigInt, _>(target)
    .bind::<BigInt, _>(maker)
    .bind::<BigInt, _>(event.at)
    .load(conn)
    .classify()?;
    Ok(found.into_iter().map(|row| row.id).collect())
}

/// The newest limit of a unit.
pub fn limit(conn: &mut Conn, unit: UnitId) -> Result<Option<Dong>> {
    exception_limit::table
        .filter(exception_limit::unit_id.eq(unit))
        .order(exception_limit::id.desc())
        .select(exception_limit::amount)
        .first(conn)
        .optional()
        .classify()
}
