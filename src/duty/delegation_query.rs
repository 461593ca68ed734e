//! The SQL of delegations.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};

use super::delegation::{Act, Delegation, State};
use super::{Kind, Waiting};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema_duty::{delegated_act, delegation, delegation_event};
use crate::store::{Conn, Stamp, Tx};

crate::table_row! {
    pub struct DelegationRow in "delegation" {
        pub unit_id: UnitId,
        pub id: DelegationId,
        pub giver_person_id: PersonId,
        pub delegate_person_id: PersonId,
        pub acts: String,
        pub amount_limit: Dong,
        pub valid_from: BusinessDay,
        pub valid_until: BusinessDay,
        pub decision_no: String,
        pub decision_on: BusinessDay,
        pub created_at: Instant,
        pub state: &'static str,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct EventRow in "delegation_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub delegation_id: DelegationId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub person_id: PersonId,
        pub at: Instant,
        pub seat: Option<String>,
    }
}

crate::table_row! {
    pub struct ActRow in "delegated_act" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub delegation_id: DelegationId,
        pub act: &'static str,
        pub subject_id: i64,
        pub amount: Dong,
        pub delegate_person_id: PersonId,
        pub maker_person_id: Option<PersonId>,
        pub acted_on: BusinessDay,
        pub created_at: Instant,
    }
}

/// A delegation in the words of the database.
#[derive(Queryable)]
pub struct Stored {
    unit: UnitId,
    id: DelegationId,
    giver: PersonId,
    delegate: PersonId,
    acts: String,
    limit: i64,
    valid_from: chrono::NaiveDate,
    valid_until: chrono::NaiveDate,
    decision_no: String,
    decision_on: chrono::NaiveDate,
    created_at: Instant,
    state: String,
    revision: i64,
}

type Sql = (BigInt, BigInt, BigInt, BigInt, Text, BigInt, Date, Date, Text, Date, BigInt, Text, BigInt);

const SELECT: &str = "SELECT t.unit_id, t.id, t.giver_person_id, t.delegate_person_id, t.acts, t.amount_limit, \
     t.valid_from, t.valid_until, t.decision_no, t.decision_on, t.created_at, t.state, t.revision \
     FROM delegation t";

fn read(row: Stored) -> Result<Delegation> {
    Ok(Delegation {
        unit: row.unit,
        id: row.id,
        giver: row.giver,
        delegate: row.delegate,
        // A word nobody knows any more lends nothing.
        acts: row.acts.split(',').filter_map(|word| Kind::delegable(word).ok()).collect(),
        limit: Dong(row.limit),
        valid_from: BusinessDay(row.valid_from),
        valid_until: BusinessDay(row.valid_until),
        decision_no: row.decision_no,
        decision_on: BusinessDay(row.decision_on),
        created_at: row.created_at,
        state: State::stored(&row.state)?,
        revision: row.revision,
    })
}

pub fn insert(tx: &mut Tx<'_>, one: &Delegation) -> Result<()> {
    let acts: Vec<&str> = one.acts.iter().map(|kind| kind.as_str()).collect();
    rows::insert(
        tx,
        &[DelegationRow {
            unit_id: one.unit,
            id: one.id,
            giver_person_id: one.giver,
            delegate_person_id: one.delegate,
            acts: acts.join(","),
            amount_limit: one.limit,
            valid_from: one.valid_from,
            valid_until: one.valid_until,
            decision_no: one.decision_no.clone(),
            decision_on: one.decision_on,
            created_at: one.created_at,
            state: one.state.as_str(),
            revision: one.revision,
        }],
    )
}

pub fn note(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    one: &Delegation,
    kind: &'static str,
    (person, seat): (PersonId, Option<String>),
) -> Result<()> {
    let id: EventId = stamp.mint()?;
    rows::insert(
        tx,
        &[EventRow {
            unit_id: one.unit,
            id,
            delegation_id: one.id,
            revision: one.revision,
            kind,
            state: one.state.as_str(),
            person_id: person,
            at: stamp.now,
            seat,
        }],
    )
}

/// By which login or client a delegation was taken on; none where nobody wrote that down.
pub fn accepted_by(conn: &mut Conn, one: &Delegation) -> Result<Option<String>> {
    let seat: Option<Option<String>> = delegation_event::table
        .filter(delegation_event::unit_id.eq(one.unit))
        .filter(delegation_event::delegation_id.eq(one.id))
        .filter(delegation_event::kind.eq("accepted"))
        .select(delegation_event::seat)
        .first(conn)
        .optional()
        .classify()?;
    Ok(seat.flatten())
}

/// The projection, guarded by the revision before.
pub fn store(tx: &mut Tx<'_>, one: &Delegation) -> Result<()> {
    rows::advance(
        tx,
        "delegation",
        (one.unit, one.id),
        one.revision,
        vec![("state", Column::of([one.state.as_str()]))],
    )
}

pub fn lock(tx: &mut Tx<'_>, unit: UnitId, id: DelegationId) -> Result<Option<Delegation>> {
    let keys = [("unit_id", Column::of([unit])), ("id", Column::of([id]))];
    let mut found: Vec<Stored> = rows::fetch::<Sql, _>(tx, SELECT, &keys, "", Lock::Update)?;
    found.pop().map(read).transpose()
}

/// What the giver of one lent to its delegate in its unit, whatever became of it.
pub fn between(conn: &mut Conn, one: &Delegation) -> Result<Vec<Delegation>> {
    let keys = [
        ("unit_id", Column::of([one.unit])),
        ("giver_person_id", Column::of([one.giver])),
        ("delegate_person_id", Column::of([one.delegate])),
    ];
    let found: Vec<Stored> = rows::fetch::<Sql, _>(conn, SELECT, &keys, "", Lock::None)?;
    found.into_iter().map(read).collect()
}

/// By its id alone: who is named in it decides whether it is in sight.
pub fn by_id(conn: &mut Conn, id: DelegationId) -> Result<Option<Delegation>> {
    let keys = [("id", Column::of([id]))];
    let mut found: Vec<Stored> = rows::fetch::<Sql, _>(conn, SELECT, &keys, "", Lock::None)?;
    found.pop().map(read).transpose()
}

/// Every delegation, newest first: a city has hundreds.
pub fn all(conn: &mut Conn) -> Result<Vec<Delegation>> {
    let found: Vec<Stored> = delegation::table
        .order((delegation::created_at.desc(), delegation::id.desc()))
        .select((
            delegation::unit_id,
            delegation::id,
            delegation::giver_person_id,
            delegation::delegate_person_id,
            delegation::acts,
            delegation::amount_limit,
            delegation::valid_from,
            delegation::valid_until,
            delegation::decision_no,
            delegation::decision_on,
            delegation::created_at,
            delegation::state,
            delegation::revision,
        ))
        .load(conn)
        .classify()?;
    found.into_iter().map(read).collect()
}

/// Writes down an act under a delegation.
pub fn act(tx: &mut Tx<'_>, stamp: &Stamp<'_>, one: &Delegation, waits: &Waiting) -> Result<()> {
    let id: EventId = stamp.mint()?;
    rows::insert(
        tx,
        &[ActRow {
            unit_id: one.unit,
            id,
            delegation_id: one.id,
            act: waits.kind.as_str(),
            subject_id: waits.id,
            amount: waits.amount,
            delegate_person_id: one.delegate,
            maker_person_id: waits.makers.first().copied(),
            acted_on: stamp.today(),
            created_at: stamp.now,
        }],
    )
}

/// What was decided under a delegation, oldest first.
pub fn acts(conn: &mut Conn, one: &Delegation) -> Result<Vec<Act>> {
    let found: Vec<(String, i64, i64, Instant)> = delegated_act::table
        .filter(delegated_act::unit_id.eq(one.unit))
        .filter(delegated_act::delegation_id.eq(one.id))
        .order(delegated_act::id)
        .select((
            delegated_act::act,
            delegated_act::subject_id,
            delegated_act::amount,
            delegated_act::created_at,
        ))
        .load(conn)
        .classify()?;
    found
        .into_iter()
        .map(|(kind, subject, amount, at)| {
            let kind = Kind::delegable(&kind)?;
            Ok(Act {
                delegation: one.id,
                kind,
                subject: kind.subject_text(subject),
                amount: Dong(amount),
                delegate: one.delegate,
                giver: one.giver,
                decision_no: one.decision_no.clone(),
                at,
            })
        })
        .collect()
}

/// What was decided about one thing under delegations, oldest first.
pub fn acts_on(conn: &mut Conn, unit: UnitId, kind: Kind, subject: i64) -> Result<Vec<Act>> {
    type Columns = (DelegationId, i64, PersonId, PersonId, String, Instant);
    let found: Vec<Columns> = delegated_act::table
        .inner_join(
            delegation::table.on(delegation::unit_id
                .eq(delegated_act::unit_id)
                .and(delegation::id.eq(delegated_act::delegation_id))),
        )
        .filter(delegated_act::unit_id.eq(unit))
        .filter(delegated_act::subject_id.eq(subject))
        .filter(delegated_act::act.eq(kind.as_str()))
        .order(delegated_act::id)
        .select((
            delegated_act::delegation_id,
            delegated_act::amount,
            delegated_act::delegate_person_id,
            delegation::giver_person_id,
            delegation::decision_no,
            delegated_act::created_at,
        ))
        .load(conn)
        .classify()?;
    let act = |(delegation, amount, delegate, giver, decision_no, at)| Act {
        delegation,
        kind,
        subject: kind.subject_text(subject),
        amount: Dong(amount),
        delegate,
        giver,
        decision_no,
        at,
    };
    Ok(found.into_iter().map(act).collect())
}
