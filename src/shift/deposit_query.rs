//! The SQL of deposit slips.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};

use super::deposit::{Slip, State};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::store::failure::Classify;
use crate::store::page::Page;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema_cash::{deposit_event, deposit_slip};
use crate::store::{Conn, Tx};
use crate::unit::account;

crate::table_row! {
    pub struct SlipRow in "deposit_slip" {
        pub unit_id: UnitId,
        pub id: SlipId,
        pub account_id: AccountId,
        pub amount: Dong,
        pub reference_code: String,
        pub maker_person_id: PersonId,
        pub handed_on: BusinessDay,
        pub created_at: Instant,
        pub state: &'static str,
        pub revision: i64,
        pub credited: Dong,
    }
}

impl SlipRow {
    pub fn of(slip: &Slip) -> SlipRow {
        SlipRow {
            unit_id: slip.unit,
            id: slip.id,
            account_id: slip.account,
            amount: slip.amount,
            reference_code: slip.reference_code.clone(),
            maker_person_id: slip.maker,
            handed_on: slip.handed_on,
            created_at: slip.created_at,
            state: slip.state.as_str(),
            revision: slip.revision,
            credited: slip.credited,
        }
    }
}

crate::table_row! {
    pub struct PartRow in "deposit_part" {
        pub unit_id: UnitId,
        pub slip_id: SlipId,
        pub shift_id: ShiftId,
        pub amount: Dong,
    }
}

crate::table_row! {
    /// A step of a slip; `amount` is what the bank credited, a person answers for, or is taken off it again.
    pub struct EventRow in "deposit_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub slip_id: SlipId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub amount: Dong,
        pub on_date: BusinessDay,
        pub person_id: Option<PersonId>,
        pub line_id: Option<LineId>,
        pub reason: Option<String>,
        pub at: Instant,
    }
}

type Sql = ((BigInt, BigInt, BigInt, BigInt, Text, BigInt), (Date, BigInt, Text, BigInt, BigInt));
type Parts = ((UnitId, SlipId, AccountId, Dong, String, PersonId), (BusinessDay, Instant, String, i64, Dong));

const SELECT: &str = "SELECT t.unit_id, t.id, t.account_id, t.amount, t.reference_code, t.maker_person_id, \
     t.handed_on, t.created_at, t.state, t.revision, t.credited FROM deposit_slip t";

fn slip_of((what, now): Parts) -> Result<Slip> {
    Ok(Slip {
        unit: what.0,
        id: what.1,
        account: what.2,
        amount: what.3,
        reference_code: what.4,
        maker: what.5,
        handed_on: now.0,
        created_at: now.1,
        state: State::stored(&now.2)?,
        revision: now.3,
        credited: now.4,
    })
}

fn by(conn: &mut Conn, keys: &[(&str, Column)], rest: &str) -> Result<Vec<Slip>> {
    let found: Vec<Parts> = rows::fetch::<Sql, _>(conn, SELECT, keys, rest, Lock::None)?;
    let mut found: Vec<Slip> = found.into_iter().map(slip_of).collect::<Result<_>>()?;
    found.sort_by_key(|slip| (slip.unit, slip.id));
    Ok(found)
}

pub fn by_ids(conn: &mut Conn, ids: &[(UnitId, SlipId)]) -> Result<Vec<Slip>> {
    by(conn, &rows::unit_keys("id", ids), "")
}

/// The slips behind reference codes; other codes are left out.
pub fn by_codes(conn: &mut Conn, codes: &[String]) -> Result<Vec<Slip>> {
    let found = account::by_codes(conn, codes, account::KIND_DEPOSIT)?;
    let ids: Vec<(UnitId, SlipId)> = found.into_iter().map(|(_, unit, id)| (unit, SlipId(id))).collect();
    by_ids(conn, &ids)
}

/// Slips of an account that wait for money.
pub fn waiting(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<Slip>> {
    let keys = [("unit_id", Column::of([unit])), ("account_id", Column::of([account]))];
    by(conn, &keys, "AND t.state IN ('in_transit', 'short')")
}

/// The drawers of slips: (slip, shift, amount), in order.
pub fn parts(conn: &mut Conn, unit: UnitId, slips: &[SlipId]) -> Result<Vec<(SlipId, ShiftId, Dong)>> {
    let mut found: Vec<(SlipId, ShiftId, Dong)> = rows::fetch::<(BigInt, BigInt, BigInt), _>(
        conn,
        "SELECT t.slip_id, t.shift_id, t.amount FROM deposit_part t",
        &[
            ("unit_id", Column::of(slips.iter().map(|_| unit))),
            ("slip_id", Column::of(slips.iter().copied())),
        ],
        "",
        Lock::None,
    )?;
    found.sort_unstable();
    Ok(found)
}

/// Stores a slip's next revision; the row must be the one that was read.
pub fn store(tx: &mut Tx<'_>, slip: &Slip) -> Result<()> {
    rows::advance(
        tx,
        "deposit_slip",
        (slip.unit, slip.id),
        slip.revision,
        vec![("state", Column::of([slip.state.as_str()])), ("credited", Column::of([slip.credited]))],
    )
}

/// Slips of a unit, newest first.
pub fn page(conn: &mut Conn, unit: UnitId, state: Option<State>, page: impl Into<Page>) -> Result<Vec<Slip>> {
    let ids: Vec<SlipId> =
        crate::newest_of!(deposit_slip, unit, page, state).select(deposit_slip::id).load(conn).classify()?;
    let mut found = by_ids(conn, &ids.into_iter().map(|id| (unit, id)).collect::<Vec<_>>())?;
    found.reverse();
    Ok(found)
}

/// The newest slips that a person wrote.
pub fn of_maker(conn: &mut Conn, unit: UnitId, person: PersonId, limit: i64) -> Result<Vec<Slip>> {
    let ids: Vec<SlipId> = deposit_slip::table
        .filter(deposit_slip::unit_id.eq(unit))
        .filter(deposit_slip::maker_person_id.eq(person))
        .order(deposit_slip::id.desc())
        .limit(limit)
        .select(deposit_slip::id)
        .load(conn)
        .classify()?;
    let mut found = by_ids(conn, &ids.into_iter().map(|id| (unit, id)).collect::<Vec<_>>())?;
    found.reverse();
    Ok(found)
}

/// The unit of a slip within a scope.
pub fn unit_of(conn: &mut Conn, scope: &Scope, id: SlipId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, deposit_slip, id)
}

/// One step of a slip's life.
#[derive(Clone, Debug, Queryable)]
pub struct PastEvent {
    pub kind: String,
    pub state: String,
    pub amount: Dong,
    pub on: BusinessDay,
    pub person: Option<PersonId>,
    pub line: Option<LineId>,
    pub reason: Option<String>,
    pub at: Instant,
}

pub fn events(conn: &mut Conn, unit: UnitId, id: SlipId) -> Result<Vec<PastEvent>> {
    deposit_event::table
        .filter(deposit_event::unit_id.eq(unit))
        .filter(deposit_event::slip_id.eq(id))
        .order(deposit_event::revision)
        .select((
            deposit_event::kind,
            deposit_event::state,
            deposit_event::amount,
            deposit_event::on_date,
            deposit_event::person_id,
            deposit_event::line_id,
            deposit_event::reason,
            deposit_event::at,
        ))
        .load(conn)
        .classify()
}

#[derive(QueryableByName)]
struct TransitRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Date)]
    handed_on: BusinessDay,
    #[diesel(sql_type = BigInt)]
    open: i64,
}

/// Slips of an account on their way at the end of a day: (slip, what is open, since when).
pub fn in_transit(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    until: BusinessDay,
) -> Result<Vec<(SlipId, Dong, BusinessDay)>> {
    let found: Vec<TransitRow> = diesel::sql_query(
        "SELECT s.id, s.handed_on, s.amount - (SELECT CAST(COALESCE(SUM(CASE WHEN e.kind = 'uncredited' \
         THEN -e.amount ELSE e.amount END), 0) AS BIGINT) FROM deposit_event e WHERE e.unit_id = s.unit_id \
         AND e.slip_id = s.id AND e.on_date <= $1) AS open FROM deposit_slip s WHERE s.unit_id = $2 \
         AND s.account_id = $3 AND s.handed_on <= $1 AND s.state <> 'withdrawn' ORDER BY s.id",
    )
    .bind::<Date, _>(until)
    .bind::<BigInt, _>(unit)
    .bind::<BigInt, _>(account)
    .load(conn)
    .classify()?;
    Ok(found
        .into_iter()
        .filter(|row| row.open > 0)
        .map(|row| (SlipId(row.id), Dong(row.open), row.handed_on))
        .collect())
}
