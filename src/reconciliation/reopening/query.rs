//! The SQL of opening days again.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date};

use super::late::Late;
use super::{Reopening, State};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{AccountId, EventId, LineId, PersonId, ReopeningId, UnitId};
use crate::store::failure::Classify;
use crate::store::page::Page;
use crate::store::rows::{self, Column, Row, Update};
use crate::store::schema::day;
use crate::store::schema_closing::{account_month, day_reopening};
use crate::store::{Conn, Stamp, Tx};

crate::table_row! {
    pub struct ReopeningRow in "day_reopening" {
        pub unit_id: UnitId,
        pub id: ReopeningId,
        pub account_id: AccountId,
        pub date: BusinessDay,
        pub reason: String,
        pub maker_person_id: PersonId,
        pub created_at: Instant,
        pub state: &'static str,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct EventRow in "day_reopening_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub reopening_id: ReopeningId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub person_id: Option<PersonId>,
        pub reason: Option<String>,
        pub at: Instant,
    }
}

crate::table_row! {
    pub struct DayEventRow in "day_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub account_id: AccountId,
        pub date: BusinessDay,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub maker_person_id: PersonId,
        pub checker_person_id: PersonId,
        pub reason: String,
        pub at: Instant,
    }
}

crate::table_row! {
    pub struct MonthEventRow in "account_month_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub account_id: AccountId,
        pub month: BusinessDay,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub maker_person_id: PersonId,
        pub checker_person_id: PersonId,
        pub reason: String,
        pub at: Instant,
    }
}

pub fn insert(tx: &mut Tx<'_>, new: &Reopening) -> Result<()> {
    let row = ReopeningRow {
        unit_id: new.unit,
        id: new.id,
        account_id: new.account,
        date: new.date,
        reason: new.reason.clone(),
        maker_person_id: new.maker,
        created_at: new.created_at,
        state: new.state.as_str(),
        revision: new.revision,
    };
    rows::insert(tx, &[row])
}

/// Stores the next revision; the row must be the one that was read.
pub fn store(tx: &mut Tx<'_>, reopening: &Reopening) -> Result<()> {
    rows::advance(
        tx,
        "day_reopening",
        (reopening.unit, reopening.id),
        reopening.revision,
        vec![
            ("state", Column::of([reopening.state.as_str()])),
            ("checker_person_id", Column::of([reopening.checker])),
        ],
    )
}

pub fn note(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    reopening: &Reopening,
    kind: &'static str,
    person: Option<PersonId>,
    reason: Option<String>,
) -> Result<()> {
    let row = EventRow {
        unit_id: reopening.unit,
        id: stamp.mint()?,
        reopening_id: reopening.id,
        revision: reopening.revision,
        kind,
        state: reopening.state.as_str(),
        person_id: person,
        reason,
        at: stamp.now,
    };
    rows::insert(tx, &[row])
}

type Parts = (
    (UnitId, ReopeningId, AccountId, BusinessDay, String),
    (PersonId, Option<PersonId>, Instant, String, i64),
);

macro_rules! columns {
    () => {
        (
            (
                day_reopening::unit_id,
                day_reopening::id,
                day_reopening::account_id,
                day_reopening::date,
                day_reopening::reason,
            ),
            (
                day_reopening::maker_person_id,
                day_reopening::checker_person_id,
                day_reopening::created_at,
                day_reopening::state,
                day_reopening::revision,
            ),
        )
    };
}

fn reopening_of((what, now): Parts) -> Result<Reopening> {
    Ok(Reopening {
        unit: what.0,
        id: what.1,
        account: what.2,
        date: what.3,
        reason: what.4,
        maker: now.0,
        checker: now.1,
        created_at: now.2,
        state: State::stored(&now.3)?,
        revision: now.4,
    })
}

pub fn find(conn: &mut Conn, unit: UnitId, id: ReopeningId) -> Result<Option<Reopening>> {
    let found: Option<Parts> = day_reopening::table
        .filter(day_reopening::unit_id.eq(unit))
        .filter(day_reopening::id.eq(id))
        .select(columns!())
        .first(conn)
        .optional()
        .classify()?;
    found.map(reopening_of).transpose()
}

/// Requests of a unit, newest first.
pub fn list(conn: &mut Conn, unit: UnitId, page: impl Into<Page>) -> Result<Vec<Reopening>> {
    let found: Vec<Parts> =
        crate::newest_of!(day_reopening, unit, page).select(columns!()).load(conn).classify()?;
    found.into_iter().map(reopening_of).collect()
}

/// Approved requests that begin with this day.
pub fn approved_of(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    date: BusinessDay,
) -> Result<Vec<Reopening>> {
    let found: Vec<Parts> = day_reopening::table
        .filter(day_reopening::unit_id.eq(unit))
        .filter(day_reopening::account_id.eq(account))
        .filter(day_reopening::date.eq(date))
        .filter(day_reopening::state.eq(State::Approved.as_str()))
        .order(day_reopening::id)
        .select(columns!())
        .load(conn)
        .classify()?;
    found.into_iter().map(reopening_of).collect()
}

/// The unit of a request within a scope.
pub fn unit_of(conn: &mut Conn, scope: &Scope, id: ReopeningId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, day_reopening, id)
}

pub fn is_closed(conn: &mut Conn, unit: UnitId, account: AccountId, date: BusinessDay) -> Result<bool> {
    let state: Option<String> =
        day::table.find((unit, account, date)).select(day::state).first(conn).optional().classify()?;
    Ok(state.as_deref() == Some("closed"))
}

/// The day and all later closed ones are superseded, each with its event.
pub fn supersede_days(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    reopening: &Reopening,
    checker: PersonId,
) -> Result<Vec<BusinessDay>> {
    let found: Vec<(BusinessDay, i64)> = day::table
        .filter(day::unit_id.eq(reopening.unit))
        .filter(day::account_id.eq(reopening.account))
        .filter(day::date.ge(reopening.date))
        .filter(day::state.eq("closed"))
        .order(day::date)
        .select((day::date, day::revision))
        .load(tx.conn())
        .classify()?;
    supersede(tx, stamp, reopening, ("day", "date"), &found, |id, date, revision| DayEventRow {
        unit_id: reopening.unit,
        id,
        account_id: reopening.account,
        date,
        revision,
        kind: "reopened",
        state: "superseded",
        maker_person_id: reopening.maker,
        checker_person_id: checker,
        reason: reopening.reason.clone(),
        at: stamp.now,
    })
}

#[derive(QueryableByName)]
struct LateRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = Date)]
    booking_date: BusinessDay,
    #[diesel(sql_type = Date)]
    posted_on: BusinessDay,
}

/// The lines of the day and later ones that were posted on a later day than their own, and not on their own since.
pub fn late_lines(conn: &mut Conn, reopening: &Reopening) -> Result<Vec<Late>> {
    let found: Vec<LateRow> = diesel::sql_query(
        "SELECT l.id, l.amount, l.booking_date, l.posted_on FROM statement_line l WHERE l.unit_id = $1 \
         AND l.account_id = $2 AND l.booking_date >= $3 AND l.posted_on > l.booking_date AND NOT EXISTS \
         (SELECT 1 FROM posting p WHERE p.unit_id = l.unit_id AND p.source_kind = 'line' AND p.source_id = l.id \
         AND p.accounting_date = l.booking_date) ORDER BY l.id",
    )
    .bind::<BigInt, _>(reopening.unit)
    .bind::<BigInt, _>(reopening.account)
    .bind::<Date, _>(reopening.date)
    .load(conn)
    .classify()?;
    let late = |row: LateRow| Late {
        line: LineId(row.id),
        amount: Dong(row.amount),
        booking_date: row.booking_date,
        posted_on: row.posted_on,
    };
    Ok(found.into_iter().map(late).collect())
}

/// Closed months that hold the day or a later one are superseded, each with its event.
pub fn supersede_months(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    reopening: &Reopening,
    checker: PersonId,
) -> Result<Vec<BusinessDay>> {
    let found: Vec<(BusinessDay, i64)> = account_month::table
        .filter(account_month::unit_id.eq(reopening.unit))
        .filter(account_month::account_id.eq(reopening.account))
        .filter(account_month::last_day.ge(reopening.date))
        .filter(account_month::state.eq("closed"))
        .order(account_month::month)
        .select((account_month::month, account_month::revision))
        .load(tx.conn())
        .classify()?;
    supersede(tx, stamp, reopening, ("account_month", "month"), &found, |id, month, revision| MonthEventRow {
        unit_id: reopening.unit,
        id,
        account_id: reopening.account,
        month,
        revision,
        kind: "reopened",
        state: "superseded",
        maker_person_id: reopening.maker,
        checker_person_id: checker,
        reason: reopening.reason.clone(),
        at: stamp.now,
    })
}

/// Supersedes the days or months that were found with their revisions, each with the event that `event` makes of a
/// new id, its date and its next revision. Returns their dates.
fn supersede<R: Row>(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    reopening: &Reopening,
    place: (&'static str, &'static str),
    found: &[(BusinessDay, i64)],
    event: impl Fn(EventId, BusinessDay, i64) -> R,
) -> Result<Vec<BusinessDay>> {
    move_on(tx, reopening, place, found)?;
    let mut events = Vec::with_capacity(found.len());
    for (date, revision) in found {
        events.push(event(stamp.mint()?, *date, revision + 1));
    }
    rows::insert(tx, &events)?;
    Ok(found.iter().map(|(date, _)| *date).collect())
}

fn move_on(
    tx: &mut Tx<'_>,
    reopening: &Reopening,
    (table, key): (&'static str, &'static str),
    found: &[(BusinessDay, i64)],
) -> Result<()> {
    rows::update(
        tx,
        Update {
            table,
            keys: vec![
                ("unit_id", Column::of(found.iter().map(|_| reopening.unit))),
                ("account_id", Column::of(found.iter().map(|_| reopening.account))),
                (key, Column::of(found.iter().map(|(date, _)| *date))),
            ],
            guard: vec![("revision", Column::of(found.iter().map(|(_, revision)| *revision)))],
            sets: vec![
                ("state", Column::of(found.iter().map(|_| "superseded"))),
                ("revision", Column::of(found.iter().map(|(_, revision)| revision + 1))),
            ],
        },
    )
}
