//! The SQL of letters to the bank.

use diesel::prelude::*;

use super::letter::{Letter, Outcome};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::page::Page;
use crate::store::schema_work::{trace_letter, trace_reply};

crate::table_row! {
    pub struct LetterRow in "trace_letter" {
        pub unit_id: UnitId,
        pub id: LetterId,
        pub exception_id: ExceptionId,
        pub account_id: AccountId,
        pub line_id: Option<LineId>,
        pub movement_id: Option<MovementId>,
        pub year: i32,
        pub letter_no: i64,
        pub amount: Dong,
        pub question: String,
        pub maker_person_id: PersonId,
        pub created_at: Instant,
    }
}

crate::table_row! {
    pub struct ReplyRow in "trace_reply" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub letter_id: LetterId,
        pub outcome: &'static str,
        pub replied_on: BusinessDay,
        pub reply_no: String,
        pub key_id: KeyId,
        pub cipher: Vec<u8>,
        pub person_id: PersonId,
        pub created_at: Instant,
    }
}

/// The next number of the unit's letters in a year.
pub fn next_no(conn: &mut Conn, unit: UnitId, year: i32) -> Result<i64> {
    let last: Option<i64> = trace_letter::table
        .filter(trace_letter::unit_id.eq(unit))
        .filter(trace_letter::year.eq(year))
        .select(diesel::dsl::max(trace_letter::letter_no))
        .first(conn)
        .classify()?;
    Ok(last.unwrap_or(0).saturating_add(1))
}

type Stored = (
    (UnitId, LetterId, ExceptionId, AccountId, Option<LineId>, Option<MovementId>),
    (i32, i64, Dong, String, PersonId, Instant),
);

fn from_stored((what, rest): Stored) -> Letter {
    Letter {
        unit: what.0,
        id: what.1,
        exception: what.2,
        account: what.3,
        line: what.4,
        movement: what.5,
        year: rest.0,
        number: rest.1,
        amount: rest.2,
        question: rest.3,
        maker: rest.4,
        created_at: rest.5,
    }
}

macro_rules! columns {
    () => {
        (
            (
                trace_letter::unit_id,
                trace_letter::id,
                trace_letter::exception_id,
                trace_letter::account_id,
                trace_letter::line_id,
                trace_letter::movement_id,
            ),
            (
                trace_letter::year,
                trace_letter::letter_no,
                trace_letter::amount,
                trace_letter::question,
                trace_letter::maker_person_id,
                trace_letter::created_at,
            ),
        )
    };
}

pub fn find(conn: &mut Conn, unit: UnitId, id: LetterId) -> Result<Letter> {
    trace_letter::table
        .filter(trace_letter::unit_id.eq(unit))
        .filter(trace_letter::id.eq(id))
        .select(columns!())
        .first::<Stored>(conn)
        .optional()
        .classify()?
        .map(from_stored)
        .ok_or_else(not_found)
}

pub fn not_found() -> Error {
    Error::not_found("letter_not_found", "no such letter in your scope")
}

/// Letters of a unit, newest first.
pub fn page(conn: &mut Conn, unit: UnitId, page: impl Into<Page>) -> Result<Vec<Letter>> {
    let found: Vec<Stored> =
        crate::newest_of!(trace_letter, unit, page).select(columns!()).load(conn).classify()?;
    Ok(found.into_iter().map(from_stored).collect())
}

/// Letters about an exception, oldest first.
pub fn of_exception(conn: &mut Conn, unit: UnitId, id: ExceptionId) -> Result<Vec<Letter>> {
    let found: Vec<Stored> = trace_letter::table
        .filter(trace_letter::unit_id.eq(unit))
        .filter(trace_letter::exception_id.eq(id))
        .order(trace_letter::id)
        .select(columns!())
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(from_stored).collect())
}

/// The unit of a letter within a scope.
pub fn unit_of(conn: &mut Conn, scope: &Scope, id: LetterId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, trace_letter, id)
}

/// What the bank answered, its words still sealed.
#[derive(Clone, Debug)]
pub struct StoredReply {
    pub id: EventId,
    pub outcome: Outcome,
    pub on: BusinessDay,
    pub number: String,
    pub key: KeyId,
    pub cipher: Vec<u8>,
    pub person: PersonId,
    pub at: Instant,
}

pub fn replies(conn: &mut Conn, unit: UnitId, letter: LetterId) -> Result<Vec<StoredReply>> {
    type Row = (EventId, String, BusinessDay, String, KeyId, Vec<u8>, PersonId, Instant);
    let found: Vec<Row> = trace_reply::table
        .filter(trace_reply::unit_id.eq(unit))
        .filter(trace_reply::letter_id.eq(letter))
        .order(trace_reply::id)
        .select((
            trace_reply::id,
            trace_reply::outcome,
            trace_reply::replied_on,
            trace_reply::reply_no,
            trace_reply::key_id,
            trace_reply::cipher,
            trace_reply::person_id,
            trace_reply::created_at,
        ))
        .load(conn)
        .classify()?;
    found
        .into_iter()
        .map(|(id, outcome, on, number, key, cipher, person, at)| {
            let outcome = Outcome::parse(&outcome)?;
            Ok(StoredReply { id, outcome, on, number, key, cipher, person, at })
        })
        .collect()
}
