//! The SQL of shifts.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};

use super::{Shift, State, not_found};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::store::failure::Classify;
use crate::store::page::Page;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::shift;
use crate::store::schema_cash::{shift_count, shift_event, shift_pieces};
use crate::store::{Conn, Tx};

pub use crate::statement::open_day_query::first_open_day;

crate::table_row! {
    pub struct ShiftRow in "shift" {
        pub unit_id: UnitId,
        pub id: ShiftId,
        pub person_id: PersonId,
        pub opened_on: BusinessDay,
        pub opened_at: Instant,
        pub state: &'static str,
        pub revision: i64,
    }
}

impl ShiftRow {
    pub fn of(shift: &Shift) -> ShiftRow {
        ShiftRow {
            unit_id: shift.unit,
            id: shift.id,
            person_id: shift.person,
            opened_on: shift.opened_on,
            opened_at: shift.opened_at,
            state: shift.state.as_str(),
            revision: shift.revision,
        }
    }
}

crate::table_row! {
    /// A step of a shift; `amount` is the difference that was counted or signed off.
    pub struct EventRow in "shift_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub shift_id: ShiftId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub person_id: PersonId,
        pub account_id: Option<AccountId>,
        pub amount: Dong,
        pub on_date: BusinessDay,
        pub reason: Option<String>,
        pub at: Instant,
    }
}

crate::table_row! {
    pub struct CountRow in "shift_count" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub shift_id: ShiftId,
        pub revision: i64,
        pub kind: &'static str,
        pub total: Dong,
        pub expected: Dong,
        pub person_id: PersonId,
        pub at: Instant,
    }
}

crate::table_row! {
    pub struct PiecesRow in "shift_pieces" {
        pub unit_id: UnitId,
        pub count_id: EventId,
        pub denomination: i64,
        pub pieces: i64,
    }
}

crate::table_row! {
    pub struct SignOffRow in "shift_sign_off" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub shift_id: ShiftId,
        pub count_id: EventId,
        pub variance: Dong,
        pub maker_person_id: PersonId,
        pub checker_person_id: PersonId,
        pub at: Instant,
    }
}

type Sql = (BigInt, BigInt, BigInt, Date, BigInt, Text, BigInt);
type Parts = (UnitId, ShiftId, PersonId, BusinessDay, Instant, String, i64);

const SELECT: &str =
    "SELECT t.unit_id, t.id, t.person_id, t.opened_on, t.opened_at, t.state, t.revision FROM shift t";

fn shift_of((unit, id, person, opened_on, opened_at, state, revision): Parts) -> Result<Shift> {
    Ok(Shift { unit, id, person, opened_on, opened_at, state: State::stored(&state)?, revision })
}

fn by(conn: &mut Conn, keys: &[(&str, Column)], lock: Lock) -> Result<Vec<Shift>> {
    let found: Vec<Parts> = rows::fetch::<Sql, _>(conn, SELECT, keys, "", lock)?;
    let mut found: Vec<Shift> = found.into_iter().map(shift_of).collect::<Result<_>>()?;
    found.sort_by_key(|shift| (shift.unit, shift.id));
    Ok(found)
}

pub fn by_id(conn: &mut Conn, unit: UnitId, id: ShiftId) -> Result<Option<Shift>> {
    let keys = [("unit_id", Column::of([unit])), ("id", Column::of([id]))];
    Ok(by(conn, &keys, Lock::None)?.pop())
}

/// Shifts under their locks, in the order of their ids.
pub fn lock_all(tx: &mut Tx<'_>, unit: UnitId, ids: &[ShiftId]) -> Result<Vec<Shift>> {
    let keys = [("unit_id", Column::of(ids.iter().map(|_| unit))), ("id", Column::of(ids.iter().copied()))];
    by(tx, &keys, Lock::Update)
}

pub fn lock(tx: &mut Tx<'_>, unit: UnitId, id: ShiftId) -> Result<Shift> {
    lock_all(tx, unit, &[id])?.pop().ok_or_else(not_found)
}

/// The drawer a person has in use, under its lock: closing it waits for takings on their way.
pub fn in_use(tx: &mut Tx<'_>, unit: UnitId, person: PersonId) -> Result<Option<Shift>> {
    let keys = [
        ("unit_id", Column::of([unit])),
        ("person_id", Column::of([person])),
        ("state", Column::of([State::InUse.as_str()])),
    ];
    Ok(by(tx, &keys, Lock::Update)?.pop())
}

pub fn of_day(tx: &mut Tx<'_>, unit: UnitId, person: PersonId, on: BusinessDay) -> Result<Shift> {
    let keys = [
        ("unit_id", Column::of([unit])),
        ("person_id", Column::of([person])),
        ("opened_on", Column::of([on])),
    ];
    by(tx, &keys, Lock::Update)?.pop().ok_or_else(not_found)
}

/// Moves a shift on to its next revision.
pub fn advance(tx: &mut Tx<'_>, shift: &mut Shift, state: State) -> Result<()> {
    shift.state = state;
    shift.revision += 1;
    rows::advance(
        tx,
        "shift",
        (shift.unit, shift.id),
        shift.revision,
        vec![("state", Column::of([state.as_str()]))],
    )
}

/// Shifts of a unit, newest first.
pub fn page(
    conn: &mut Conn,
    unit: UnitId,
    state: Option<State>,
    page: impl Into<Page>,
) -> Result<Vec<Shift>> {
    let found: Vec<Parts> = crate::newest_of!(shift, unit, page, state)
        .select((
            shift::unit_id,
            shift::id,
            shift::person_id,
            shift::opened_on,
            shift::opened_at,
            shift::state,
            shift::revision,
        ))
        .load(conn)
        .classify()?;
    found.into_iter().map(shift_of).collect()
}

/// The newest shifts of a person.
pub fn of_person(conn: &mut Conn, unit: UnitId, person: PersonId, limit: i64) -> Result<Vec<Shift>> {
    let ids: Vec<ShiftId> = shift::table
        .filter(shift::unit_id.eq(unit))
        .filter(shift::person_id.eq(person))
        .order(shift::id.desc())
        .limit(limit)
        .select(shift::id)
        .load(conn)
        .classify()?;
    let keys = [("unit_id", Column::of(ids.iter().map(|_| unit))), ("id", Column::of(ids.iter().copied()))];
    let mut found = by(conn, &keys, Lock::None)?;
    found.reverse();
    Ok(found)
}

/// The unit of a shift within a scope.
pub fn unit_of(conn: &mut Conn, scope: &Scope, id: ShiftId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, shift, id)
}

/// Sums of a drawer.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    pub taken: Dong,
    pub handed_over: Dong,
    /// Net of what counts found over and short.
    pub signed_off: Dong,
}

#[derive(QueryableByName)]
struct FiguresRow {
    #[diesel(sql_type = BigInt)]
    taken: i64,
    #[diesel(sql_type = BigInt)]
    handed_over: i64,
    #[diesel(sql_type = BigInt)]
    signed_off: i64,
}

pub fn figures(conn: &mut Conn, unit: UnitId, id: ShiftId) -> Result<Figures> {
    let row: FiguresRow = diesel::sql_query(
        "SELECT (SELECT CAST(COALESCE(SUM(p.amount), 0) AS BIGINT) FROM payment p WHERE p.unit_id = $1 \
         AND p.shift_id = $2 AND p.method = 'cash') AS taken, \
         (SELECT CAST(COALESCE(SUM(d.amount), 0) AS BIGINT) FROM deposit_part d JOIN deposit_slip s \
         ON s.unit_id = d.unit_id AND s.id = d.slip_id WHERE d.unit_id = $1 AND d.shift_id = $2 \
         AND s.state <> 'withdrawn') AS handed_over, \
         (SELECT CAST(COALESCE(SUM(o.variance), 0) AS BIGINT) FROM shift_sign_off o WHERE o.unit_id = $1 \
         AND o.shift_id = $2) AS signed_off",
    )
    .bind::<BigInt, _>(unit)
    .bind::<BigInt, _>(id)
    .get_result(conn)
    .classify()?;
    Ok(Figures {
        taken: Dong(row.taken),
        handed_over: Dong(row.handed_over),
        signed_off: Dong(row.signed_off),
    })
}

/// A stored count.
#[derive(Clone, Debug, Queryable)]
pub struct StoredCount {
    pub id: EventId,
    pub kind: String,
    pub total: Dong,
    pub expected: Dong,
    pub person: PersonId,
    pub at: Instant,
}

/// The counts of a shift, oldest first.
pub fn counts(conn: &mut Conn, unit: UnitId, id: ShiftId) -> Result<Vec<StoredCount>> {
    shift_count::table
        .filter(shift_count::unit_id.eq(unit))
        .filter(shift_count::shift_id.eq(id))
        .order(shift_count::revision)
        .select((
            shift_count::id,
            shift_count::kind,
            shift_count::total,
            shift_count::expected,
            shift_count::person_id,
            shift_count::at,
        ))
        .load(conn)
        .classify()
}

/// What the drawer was opened with last; nothing where nobody counted a float.
pub fn last_float(conn: &mut Conn, unit: UnitId, id: ShiftId) -> Result<Dong> {
    let float = counts(conn, unit, id)?.into_iter().rfind(|count| count.kind == "float");
    Ok(float.map_or(Dong::ZERO, |count| count.total))
}

pub fn last_closing(conn: &mut Conn, unit: UnitId, id: ShiftId) -> Result<Option<StoredCount>> {
    Ok(counts(conn, unit, id)?.into_iter().rfind(|count| count.kind == "closing"))
}

/// The notes of a count, the largest first.
pub fn pieces(conn: &mut Conn, unit: UnitId, count: EventId) -> Result<Vec<(i64, i64)>> {
    shift_pieces::table
        .filter(shift_pieces::unit_id.eq(unit))
        .filter(shift_pieces::count_id.eq(count))
        .order(shift_pieces::denomination.desc())
        .select((shift_pieces::denomination, shift_pieces::pieces))
        .load(conn)
        .classify()
}

/// One step of a shift's life.
#[derive(Clone, Debug, Queryable)]
pub struct PastEvent {
    pub kind: String,
    pub state: String,
    pub person: PersonId,
    pub amount: Dong,
    pub reason: Option<String>,
    pub at: Instant,
}

pub fn events(conn: &mut Conn, unit: UnitId, id: ShiftId) -> Result<Vec<PastEvent>> {
    shift_event::table
        .filter(shift_event::unit_id.eq(unit))
        .filter(shift_event::shift_id.eq(id))
        .order(shift_event::revision)
        .select((
            shift_event::kind,
            shift_event::state,
            shift_event::person_id,
            shift_event::amount,
            shift_event::reason,
            shift_event::at,
        ))
        .load(conn)
        .classify()
}

/// A drawer whose takings are not handed over: (shift, what it holds, the day it was opened).
pub fn undeposited(
    conn: &mut Conn,
    unit: UnitId,
    until: BusinessDay,
) -> Result<Vec<(ShiftId, Dong, BusinessDay)>> {
    let found: Vec<UndepositedRow> = diesel::sql_query(
        "SELECT s.id, s.opened_on, (SELECT CAST(COALESCE(SUM(p.amount), 0) AS BIGINT) FROM payment p \
         WHERE p.unit_id = s.unit_id AND p.shift_id = s.id AND p.method = 'cash' AND p.accounting_date <= $1) AS taken, \
         (SELECT CAST(SUM(d.amount) AS BIGINT) FROM deposit_part d JOIN deposit_slip l ON l.unit_id = d.unit_id \
         AND l.id = d.slip_id WHERE d.unit_id = s.unit_id AND d.shift_id = s.id AND l.state <> 'withdrawn' \
         AND l.handed_on <= $1) AS handed_over, \
         (SELECT CAST(SUM(e.amount) AS BIGINT) FROM shift_event e WHERE e.unit_id = s.unit_id AND e.shift_id = s.id \
         AND e.kind = 'signed_off' AND e.on_date <= $1) AS signed_off \
         FROM shift s WHERE s.unit_id = $2 AND s.opened_on <= $1 ORDER BY s.id",
    )
    .bind::<Date, _>(until)
    .bind::<BigInt, _>(unit)
    .load(conn)
    .classify()?;
    let mut open = Vec::new();
    for row in found {
        let (out, net) = (Dong(row.handed_over.unwrap_or(0)), Dong(row.signed_off.unwrap_or(0)));
        let held = super::rules::balance(Dong(row.taken), out, net)?;
        if !held.is_zero() {
            open.push((ShiftId(row.id), held, row.opened_on));
        }
    }
    Ok(open)
}

#[derive(QueryableByName)]
struct UndepositedRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Date)]
    opened_on: BusinessDay,
    #[diesel(sql_type = BigInt)]
    taken: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    handed_over: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    signed_off: Option<i64>,
}
