//! The SQL of movements and their keys.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};

use super::movement::{Movement, State};
use super::{Direction, split_query};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock, Update};
use crate::store::schema::{claim, movement};
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct MovementRow in "movement" {
        pub unit_id: UnitId,
        pub id: MovementId,
        pub account_id: AccountId,
        pub direction: &'static str,
        pub amount: Dong,
        pub code: String,
        pub first_seen_on: BusinessDay,
        pub created_at: Instant,
        pub proven: Dong,
        pub claimed_by: String,
        pub payment_id: Option<PaymentId>,
        pub state: &'static str,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct MovementKeyRow in "movement_key" {
        pub unit_id: UnitId,
        pub key: String,
        pub movement_id: MovementId,
    }
}

pub fn movement_keys(
    conn: &mut Conn,
    keys: &[(UnitId, String)],
) -> Result<Vec<(UnitId, String, MovementId)>> {
    rows::fetch::<(BigInt, Text, BigInt), _>(
        conn,
        "SELECT t.unit_id, t.key, t.movement_id FROM movement_key t",
        &[
            ("unit_id", Column::of(keys.iter().map(|(unit, _)| *unit))),
            ("key", Column::of(keys.iter().map(|(_, key)| key.clone()))),
        ],
        "",
        Lock::None,
    )
}

type MovementSql =
    (BigInt, BigInt, BigInt, Text, BigInt, Text, Date, BigInt, Text, Nullable<BigInt>, Text, BigInt);
type MovementStored = (
    UnitId,
    MovementId,
    AccountId,
    String,
    Dong,
    String,
    BusinessDay,
    Dong,
    String,
    Option<PaymentId>,
    String,
    i64,
);

const MOVEMENT: &str = "SELECT t.unit_id, t.id, t.account_id, t.direction, t.amount, t.code, t.first_seen_on, t.proven, \
     t.claimed_by, t.payment_id, t.state, t.revision FROM movement t";

fn movement_from(row: MovementStored) -> Movement {
    Movement {
        unit: row.0,
        id: row.1,
        account: row.2,
        direction: if row.3 == "debit" { Direction::Debit } else { Direction::Credit },
        amount: row.4,
        code: row.5,
        first_seen_on: row.6,
        proven: row.7,
        claimed_by: row.8,
        payment: row.9,
        state: State::parse(&row.10),
        revision: row.11,
    }
}

pub fn movements(conn: &mut Conn, ids: &[(UnitId, MovementId)]) -> Result<Vec<Movement>> {
    let found: Vec<MovementStored> =
        rows::fetch::<MovementSql, _>(conn, MOVEMENT, &rows::unit_keys("id", ids), "", Lock::None)?;
    Ok(found.into_iter().map(movement_from).collect())
}

/// What two reports of one movement have in common when they share no key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Likeness {
    pub unit: UnitId,
    pub account: AccountId,
    pub direction: &'static str,
    pub code: String,
    pub amount: Dong,
}

/// Movements that could be the same money, first seen since `since`. One that was split is still what
/// its channel tells of.
pub fn alike(conn: &mut Conn, looks: &[Likeness], since: BusinessDay) -> Result<Vec<Movement>> {
    let found: Vec<MovementStored> = rows::fetch::<MovementSql, _>(
        conn,
        MOVEMENT,
        &[
            ("unit_id", Column::of(looks.iter().map(|look| look.unit))),
            ("account_id", Column::of(looks.iter().map(|look| look.account))),
            ("direction", Column::of(looks.iter().map(|look| look.direction))),
            ("code", Column::of(looks.iter().map(|look| look.code.clone()))),
            ("amount", Column::of(looks.iter().map(|look| look.amount))),
        ],
        &format!("AND t.first_seen_on >= '{since}'"),
        Lock::None,
    )?;
    // The states are looked at here: in SQL they would tempt SQLite to another, far worse index.
    let mut found: Vec<Movement> = found.into_iter().map(movement_from).collect();
    let cut = found.iter().filter(|one| one.is_cut()).map(|one| (one.unit, one.id)).collect::<Vec<_>>();
    let split = split_query::wholes(conn, &cut)?;
    found.retain(|one| one.is_live() || split.contains(&(one.unit, one.id)));
    Ok(found)
}

/// Movements read at a time, about 60 MB of them.
const PAGE: i64 = 200_000;

/// Hands every movement of an account in one state to `each`, oldest first, in pages of which only one is held at a
/// time. Whoever decides by them sees all of one moment where it reads in one reading transaction.
pub fn each_in_state(
    conn: &mut Conn,
    place: (UnitId, AccountId),
    state: State,
    mut each: impl FnMut(&mut Conn, Vec<Movement>) -> Result<()>,
) -> Result<()> {
    let mut behind = None;
    loop {
        let page = page_in_state(conn, place, state, behind)?;
        behind = page.last().map(|movement| (movement.first_seen_on, movement.id));
        let is_last = i64::try_from(page.len()).is_ok_and(|count| count < PAGE);
        each(conn, page)?;
        if is_last {
            return Ok(());
        }
    }
}

fn page_in_state(
    conn: &mut Conn,
    (unit, account): (UnitId, AccountId),
    state: State,
    behind: Option<(BusinessDay, MovementId)>,
) -> Result<Vec<Movement>> {
    let mut page = movement::table
        .filter(movement::unit_id.eq(unit))
        .filter(movement::account_id.eq(account))
        .filter(movement::state.eq(state.as_str()))
        .order((movement::first_seen_on, movement::id))
        .limit(PAGE)
        .select((
            movement::unit_id,
            movement::id,
            movement::account_id,
            movement::direction,
            movement::amount,
            movement::code,
            movement::first_seen_on,
            movement::proven,
            movement::claimed_by,
            movement::payment_id,
            movement::state,
            movement::revision,
        ))
        .into_boxed();
    if let Some((day, id)) = behind {
        let is_behind = movement::first_seen_on.gt(day).or(movement::id.gt(id));
        page = page.filter(movement::first_seen_on.ge(day)).filter(is_behind);
    }
    let found: Vec<MovementStored> = page.load(conn).classify()?;
    Ok(found.into_iter().map(movement_from).collect())
}

/// Credits that no line shows yet, of which channels told under these codes, or under several at once, and by which
/// nothing was settled: code, amount and when they were first told of, oldest first.
pub fn advised(
    conn: &mut Conn,
    unit: UnitId,
    accounts: &[AccountId],
    codes: &[String],
) -> Result<Vec<(String, Dong, Instant)>> {
    movement::table
        .filter(movement::unit_id.eq(unit))
        .filter(movement::account_id.eq_any(accounts))
        .filter(movement::state.eq(State::Expected.as_str()))
        .filter(movement::direction.eq(Direction::Credit.as_str()))
        .filter(movement::payment_id.is_null())
        .filter(movement::code.eq_any(codes).or(movement::code.like("%+%")))
        .order(movement::id)
        .select((movement::code, movement::amount, movement::created_at))
        .load(conn)
        .classify()
}

/// Credits of these accounts in one state, first seen since a day, that name a code, or several, and by which nothing
/// was settled; with the day. Name each account once; they come in no particular order.
pub fn unsettled(
    conn: &mut Conn,
    accounts: &[(UnitId, AccountId)],
    state: State,
    since: BusinessDay,
) -> Result<Vec<(UnitId, String, BusinessDay)>> {
    rows::fetch::<(BigInt, Text, Date), _>(
        conn,
        "SELECT t.unit_id, t.code, t.first_seen_on FROM movement t",
        &[
            ("unit_id", Column::of(accounts.iter().map(|(unit, _)| *unit))),
            ("account_id", Column::of(accounts.iter().map(|(_, account)| *account))),
            ("state", Column::of(accounts.iter().map(|_| state.as_str()))),
        ],
        &format!(
            "AND t.first_seen_on >= '{since}' AND t.payment_id IS NULL AND t.direction = 'credit' AND t.code <> ''"
        ),
        Lock::None,
    )
}

/// The channel and reference of each claim on a movement.
pub fn claims_of_movements(
    conn: &mut Conn,
    unit: UnitId,
    ids: &[MovementId],
) -> Result<Vec<(MovementId, String, String, Option<String>)>> {
    claim::table
        .filter(claim::unit_id.eq(unit))
        .filter(claim::movement_id.eq_any(ids.iter().map(|id| id.0).collect::<Vec<_>>()))
        .order(claim::id)
        .select((claim::movement_id, claim::channel, claim::external_id, claim::bank_reference))
        .load(conn)
        .classify()
}

/// The day on which the channels say that the money of each movement came, the earliest of their words.
pub fn occurred_on(
    conn: &mut Conn,
    unit: UnitId,
    ids: &[MovementId],
) -> Result<HashMap<MovementId, BusinessDay>> {
    let mut days: HashMap<MovementId, BusinessDay> = HashMap::new();
    for chunk in ids.chunks(1_000) {
        let found: Vec<(MovementId, Option<Instant>)> = claim::table
            .filter(claim::unit_id.eq(unit))
            .filter(claim::movement_id.eq_any(chunk.iter().map(|id| id.0).collect::<Vec<_>>()))
            .filter(claim::occurred_at.is_not_null())
            .select((claim::movement_id, claim::occurred_at))
            .load(conn)
            .classify()?;
        for (movement, at) in found {
            let Some(day) = at.map(Instant::business_day) else { continue };
            days.entry(movement).and_modify(|known| *known = day.min(*known)).or_insert(day);
        }
    }
    Ok(days)
}

/// Stores movements, each with the revision it was read at.
pub fn store_movements(tx: &mut Tx<'_>, changed: &[(&Movement, i64)]) -> Result<()> {
    rows::update(
        tx,
        Update {
            table: "movement",
            keys: vec![
                ("unit_id", Column::of(changed.iter().map(|(m, _)| m.unit))),
                ("id", Column::of(changed.iter().map(|(m, _)| m.id))),
            ],
            guard: vec![("revision", Column::of(changed.iter().map(|(_, read)| *read)))],
            sets: vec![
                ("proven", Column::of(changed.iter().map(|(m, _)| m.proven))),
                ("claimed_by", Column::of(changed.iter().map(|(m, _)| m.claimed_by.clone()))),
                ("payment_id", Column::of(changed.iter().map(|(m, _)| m.payment))),
                ("state", Column::of(changed.iter().map(|(m, _)| m.state.as_str()))),
                ("revision", Column::of(changed.iter().map(|(m, _)| m.revision))),
            ],
        },
    )
}

/// The oldest movement that is claimed and not yet proven, in all units: ids are minted in the
/// order of time.
pub fn oldest_expected(conn: &mut Conn) -> Result<Option<MovementId>> {
    movement::table
        .filter(movement::state.eq(State::Expected.as_str()))
        .order(movement::id)
        .select(movement::id)
        .first(conn)
        .optional()
        .classify()
}
