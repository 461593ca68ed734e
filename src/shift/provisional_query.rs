//! The SQL of provisional slips.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::provisional::{Entry, Pad, Slip, State};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::*;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock, Update};
use crate::store::schema_desk::{provisional_slip_event, slip_pad};
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct PadRow in "slip_pad" {
        pub unit_id: UnitId,
        pub id: PadId,
        pub first_no: i64,
        pub last_no: i64,
        pub person_id: PersonId,
        pub created_at: Instant,
    }
}

impl PadRow {
    pub fn of(pad: &Pad) -> PadRow {
        PadRow {
            unit_id: pad.unit,
            id: pad.id,
            first_no: pad.first,
            last_no: pad.last,
            person_id: pad.person,
            created_at: pad.created_at,
        }
    }
}

crate::table_row! {
    pub struct SlipRow in "provisional_slip" {
        pub unit_id: UnitId,
        pub slip_no: i64,
        pub pad_id: PadId,
        pub code: String,
        pub created_at: Instant,
        pub state: &'static str,
        pub revision: i64,
        pub payment_id: Option<PaymentId>,
    }
}

impl SlipRow {
    pub fn of(slip: &Slip) -> SlipRow {
        SlipRow {
            unit_id: slip.unit,
            slip_no: slip.number,
            pad_id: slip.pad,
            code: slip.code.clone(),
            created_at: slip.created_at,
            state: slip.state.as_str(),
            revision: slip.revision,
            payment_id: slip.payment,
        }
    }
}

crate::table_row! {
    pub struct EventRow in "provisional_slip_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub slip_no: i64,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub obligation_id: Option<ObligationId>,
        pub amount: Option<Dong>,
        pub collected_at: Option<Instant>,
        pub person_id: PersonId,
        pub reason: Option<String>,
        pub at: Instant,
    }
}

type Sql = ((BigInt, BigInt, BigInt, BigInt), (Text, BigInt, Text, BigInt, Nullable<BigInt>));
type Parts = ((UnitId, i64, PadId, PersonId), (String, Instant, String, i64, Option<PaymentId>));

const SELECT: &str = "SELECT t.unit_id, t.slip_no, t.pad_id, (SELECT p.person_id FROM slip_pad p WHERE \
     p.unit_id = t.unit_id AND p.id = t.pad_id) AS person_id, t.code, t.created_at, t.state, t.revision, \
     t.payment_id FROM provisional_slip t";

fn slip_of((place, now): Parts) -> Result<Slip> {
    Ok(Slip {
        unit: place.0,
        number: place.1,
        pad: place.2,
        person: place.3,
        code: now.0,
        created_at: now.1,
        state: State::stored(&now.2)?,
        revision: now.3,
        payment: now.4,
    })
}

fn by(conn: &mut Conn, keys: &[(&str, Column)], rest: &str, lock: Lock) -> Result<Vec<Slip>> {
    let found: Vec<Parts> = rows::fetch::<Sql, _>(conn, SELECT, keys, rest, lock)?;
    let mut found: Vec<Slip> = found.into_iter().map(slip_of).collect::<Result<_>>()?;
    found.sort_by_key(|slip| (slip.unit, slip.number));
    Ok(found)
}

pub fn find(conn: &mut Conn, unit: UnitId, number: i64) -> Result<Option<Slip>> {
    let keys = [("unit_id", Column::of([unit])), ("slip_no", Column::of([number]))];
    Ok(by(conn, &keys, "", Lock::None)?.pop())
}

pub fn lock(tx: &mut Tx<'_>, unit: UnitId, number: i64) -> Result<Option<Slip>> {
    let keys = [("unit_id", Column::of([unit])), ("slip_no", Column::of([number]))];
    Ok(by(tx, &keys, "", Lock::Update)?.pop())
}

/// The slips of a pad, in their order.
pub fn of_pad(conn: &mut Conn, unit: UnitId, pad: PadId) -> Result<Vec<Slip>> {
    let keys = [("unit_id", Column::of([unit])), ("pad_id", Column::of([pad]))];
    by(conn, &keys, "", Lock::None)
}

/// The pads of a unit, newest first; of one cashier where one is named.
pub fn pads(conn: &mut Conn, unit: UnitId, person: Option<PersonId>, limit: i64) -> Result<Vec<Pad>> {
    let mut found = slip_pad::table
        .filter(slip_pad::unit_id.eq(unit))
        .order(slip_pad::id.desc())
        .limit(limit)
        .select((
            slip_pad::unit_id,
            slip_pad::id,
            slip_pad::first_no,
            slip_pad::last_no,
            slip_pad::person_id,
            slip_pad::created_at,
        ))
        .into_boxed();
    if let Some(person) = person {
        found = found.filter(slip_pad::person_id.eq(person));
    }
    let found: Vec<(UnitId, PadId, i64, i64, PersonId, Instant)> = found.load(conn).classify()?;
    let pad = |(unit, id, first, last, person, created_at)| Pad { unit, id, first, last, person, created_at };
    Ok(found.into_iter().map(pad).collect())
}

/// A pad of a unit, however many were printed since.
pub fn pad(conn: &mut Conn, unit: UnitId, id: PadId) -> Result<Option<Pad>> {
    let found: Option<(i64, i64, PersonId, Instant)> = slip_pad::table
        .filter(slip_pad::unit_id.eq(unit))
        .filter(slip_pad::id.eq(id))
        .select((slip_pad::first_no, slip_pad::last_no, slip_pad::person_id, slip_pad::created_at))
        .first(conn)
        .optional()
        .classify()?;
    Ok(found.map(|(first, last, person, created_at)| Pad { unit, id, first, last, person, created_at }))
}

/// Pads of a cashier that are looked through when a shift closes: years of them.
const PADS_LIMIT: i64 = 500;

/// Every slip of a cashier's pads.
pub fn of_person(conn: &mut Conn, unit: UnitId, person: PersonId) -> Result<Vec<Slip>> {
    let pads = pads(conn, unit, Some(person), PADS_LIMIT)?;
    let keys = [
        ("unit_id", Column::of(pads.iter().map(|pad| pad.unit))),
        ("pad_id", Column::of(pads.iter().map(|pad| pad.id))),
    ];
    by(conn, &keys, "", Lock::None)
}

/// Slips of these units that wait for another person, by unit and number.
pub fn entered(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<Slip>> {
    let keys = [
        ("unit_id", Column::of(units.iter().copied())),
        ("state", Column::of(units.iter().map(|_| State::Entered.as_str()))),
    ];
    by(conn, &keys, "", Lock::None)
}

/// Obligations whose money was collected on a slip that waits for another person, with the slip's number.
pub fn awaited(conn: &mut Conn, unit: UnitId) -> Result<HashMap<ObligationId, i64>> {
    let mut found = HashMap::new();
    for slip in entered(conn, &[unit])? {
        if let Some(entry) = entry(conn, unit, slip.number)? {
            found.insert(entry.obligation, slip.number);
        }
    }
    Ok(found)
}

/// The highest number a unit has printed.
pub fn last_number(conn: &mut Conn, unit: UnitId) -> Result<i64> {
    let last: Option<i64> = slip_pad::table
        .filter(slip_pad::unit_id.eq(unit))
        .order(slip_pad::first_no.desc())
        .select(slip_pad::last_no)
        .first(conn)
        .optional()
        .classify()?;
    Ok(last.unwrap_or(0))
}

/// What was entered from a slip last.
pub fn entry(conn: &mut Conn, unit: UnitId, number: i64) -> Result<Option<Entry>> {
    type Found = (Option<ObligationId>, Option<Dong>, Option<Instant>, PersonId);
    let found: Option<Found> = provisional_slip_event::table
        .filter(provisional_slip_event::unit_id.eq(unit))
        .filter(provisional_slip_event::slip_no.eq(number))
        .filter(provisional_slip_event::kind.eq("entered"))
        .order(provisional_slip_event::revision.desc())
        .select((
            provisional_slip_event::obligation_id,
            provisional_slip_event::amount,
            provisional_slip_event::collected_at,
            provisional_slip_event::person_id,
        ))
        .first(conn)
        .optional()
        .classify()?;
    Ok(found.and_then(|(obligation, amount, collected_at, person)| {
        Some(Entry { obligation: obligation?, amount: amount?, collected_at: collected_at?, person })
    }))
}

/// Moves a slip on to its next revision.
pub fn advance(tx: &mut Tx<'_>, slip: &mut Slip, state: State) -> Result<()> {
    slip.state = state;
    slip.revision += 1;
    rows::update(
        tx,
        Update {
            table: "provisional_slip",
            keys: vec![("unit_id", Column::of([slip.unit])), ("slip_no", Column::of([slip.number]))],
            guard: vec![("revision", Column::of([slip.revision - 1]))],
            sets: vec![
                ("state", Column::of([state.as_str()])),
                ("payment_id", Column::of([slip.payment])),
                ("revision", Column::of([slip.revision])),
            ],
        },
    )
}

/// The unit of a pad within a scope.
pub fn unit_of_pad(conn: &mut Conn, scope: &Scope, id: PadId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, slip_pad, id)
}

/// The slip behind the code that is printed on it.
pub fn by_code(conn: &mut Conn, code: &str) -> Result<Option<Slip>> {
    use crate::store::schema::public_code;
    let found: Option<(UnitId, i64)> = public_code::table
        .filter(public_code::code.eq(code.to_owned()))
        .filter(public_code::kind.eq(crate::unit::account::KIND_SLIP))
        .select((public_code::unit_id, public_code::target_id))
        .first(conn)
        .optional()
        .classify()?;
    match found {
        Some((unit, number)) => find(conn, unit, number),
        None => Ok(None),
    }
}
