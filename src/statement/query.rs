//! The statements' SQL.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::query_dsl::methods::LoadQuery;
use diesel::sql_types::{BigInt, Bool, Integer, Text};

use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock, Update};
use crate::store::schema::{statement, statement_file};
use crate::store::schema_intake::statement_given_up;
use crate::store::{Conn, Tx};

/// Lines that were taken in: not those of statements that were given up.
#[macro_export]
macro_rules! is_taken {
    () => {
        diesel::dsl::not(diesel::dsl::exists(
            $crate::store::schema_intake::statement_given_up::table
                .filter(
                    $crate::store::schema_intake::statement_given_up::unit_id
                        .eq($crate::store::schema::statement_line::unit_id),
                )
                .filter(
                    $crate::store::schema_intake::statement_given_up::statement_id
                        .eq($crate::store::schema::statement_line::statement_id),
                ),
        ))
    };
}

crate::table_row! {
    /// A bank file as it came, encrypted.
    pub struct FileRow in "statement_file" {
        pub unit_id: UnitId,
        pub sha256: String,
        pub format: &'static str,
        pub key_id: KeyId,
        pub cipher: Vec<u8>,
        pub received_at: Instant,
    }
}

crate::table_row! {
    pub struct StatementRow in "statement" {
        pub unit_id: UnitId,
        pub id: StatementId,
        pub account_id: AccountId,
        pub file_sha256: String,
        pub position: i32,
        pub format: &'static str,
        pub number: Option<String>,
        pub sequence: Option<i64>,
        pub opening_on: BusinessDay,
        pub opening: Dong,
        pub closing_on: BusinessDay,
        pub closing: Dong,
        pub balance_basis: &'static str,
        pub line_count: i32,
        pub created_at: Instant,
        pub state: &'static str,
        pub revision: i64,
    }
}

/// A statement as it stands.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct StoredStatement {
    pub unit: UnitId,
    pub id: StatementId,
    pub account: AccountId,
    pub file_sha256: String,
    /// Its place in the file, from zero, and `SENT_AGAIN` more for each time it was given up before.
    pub position: i32,
    pub format: String,
    pub number: Option<String>,
    pub sequence: Option<i64>,
    /// The first day with a line, or the closing day where there is none.
    pub opening_on: BusinessDay,
    pub opening: Dong,
    pub closing_on: BusinessDay,
    pub closing: Dong,
    /// `given` or `derived` from running balances.
    pub balance_basis: String,
    pub line_count: i32,
    pub created_at: Instant,
    /// `loading`, `ready` or `abandoned`.
    pub state: String,
    pub revision: i64,
}

#[cfg(test)]
impl StoredStatement {
    /// A ready MT940 of one day on which nothing moved.
    pub fn numbered(id: i64, sequence: i64, day: &str) -> StoredStatement {
        let day: BusinessDay = day.parse().expect("a day");
        StoredStatement {
            unit: UnitId(2),
            id: StatementId(id),
            account: AccountId(1),
            file_sha256: id.to_string(),
            position: 0,
            format: "mt940".into(),
            number: Some(sequence.to_string()),
            sequence: Some(sequence),
            opening_on: day,
            opening: Dong::ZERO,
            closing_on: day,
            closing: Dong::ZERO,
            balance_basis: "given".into(),
            line_count: 0,
            created_at: Instant::from_ms(0),
            state: "ready".into(),
            revision: 2,
        }
    }
}

/// A statement that was given up and is sent again stands beside that one, so much further on: more than a file has
/// statements.
const SENT_AGAIN: i32 = 10_000_000;

/// The position of a statement that was given up so many times before.
pub fn position(place: i32, times_given_up: i32) -> i32 {
    place.saturating_add(times_given_up.saturating_mul(SENT_AGAIN))
}

impl StoredStatement {
    pub fn is_ready(&self) -> bool {
        self.state == "ready"
    }

    /// Its place in the file, from zero.
    pub fn place(&self) -> i32 {
        self.position % SENT_AGAIN
    }
}

crate::table_row! {
    pub struct GivenUpRow in "statement_given_up" {
        pub unit_id: UnitId,
        pub statement_id: StatementId,
        pub person_id: PersonId,
        pub reason: String,
        pub at: Instant,
    }
}

type StatementParts = (
    (UnitId, StatementId, AccountId, String, i32, String, Option<String>, Option<i64>),
    (BusinessDay, Dong, BusinessDay, Dong, String, i32, Instant, String, i64),
);

macro_rules! statement_columns {
    () => {
        (
            (
                statement::unit_id,
                statement::id,
                statement::account_id,
                statement::file_sha256,
                statement::position,
                statement::format,
                statement::number,
                statement::sequence,
            ),
            (
                statement::opening_on,
                statement::opening,
                statement::closing_on,
                statement::closing,
                statement::balance_basis,
                statement::line_count,
                statement::created_at,
                statement::state,
                statement::revision,
            ),
        )
    };
}

fn statement_of((what, facts): StatementParts) -> StoredStatement {
    StoredStatement {
        unit: what.0,
        id: what.1,
        account: what.2,
        file_sha256: what.3,
        position: what.4,
        format: what.5,
        number: what.6,
        sequence: what.7,
        opening_on: facts.0,
        opening: facts.1,
        closing_on: facts.2,
        closing: facts.3,
        balance_basis: facts.4,
        line_count: facts.5,
        created_at: facts.6,
        state: facts.7,
        revision: facts.8,
    }
}

/// The statements of an account, to be filtered and ordered and then read by `load`.
macro_rules! of_account {
    ($unit:expr, $account:expr) => {
        statement::table
            .filter(statement::unit_id.eq($unit))
            .filter(statement::account_id.eq($account))
            .select(statement_columns!())
    };
}

fn load<'q>(
    conn: &mut Conn,
    asked: impl LoadQuery<'q, Conn, StatementParts>,
) -> Result<Vec<StoredStatement>> {
    let found: Vec<StatementParts> = asked.load(conn).classify()?;
    Ok(found.into_iter().map(statement_of).collect())
}

/// All statements of an account but the abandoned ones, by closing day and arrival.
pub fn statements_of(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<StoredStatement>> {
    let asked = of_account!(unit, account)
        .filter(statement::state.ne("abandoned"))
        .order((statement::closing_on, statement::id));
    load(conn, asked)
}

/// Ready statements that touch the days from `from` on, by closing day and arrival.
pub fn ready_since(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    from: BusinessDay,
) -> Result<Vec<StoredStatement>> {
    let asked = of_account!(unit, account)
        .filter(statement::closing_on.ge(from))
        .filter(statement::state.eq("ready"))
        .order((statement::closing_on, statement::id));
    load(conn, asked)
}

/// Ready statements that close on these days.
pub fn ready_on(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    days: &[BusinessDay],
) -> Result<Vec<StoredStatement>> {
    let asked = of_account!(unit, account)
        .filter(statement::closing_on.eq_any(days.to_vec()))
        .filter(statement::state.eq("ready"))
        .order((statement::closing_on, statement::id));
    load(conn, asked)
}

/// The last ready statements that closed before a day, newest first.
pub fn ready_before(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    day: BusinessDay,
    limit: i64,
) -> Result<Vec<StoredStatement>> {
    let asked = of_account!(unit, account)
        .filter(statement::closing_on.lt(day))
        .filter(statement::state.eq("ready"))
        .order((statement::closing_on.desc(), statement::id.desc()))
        .limit(limit);
    load(conn, asked)
}

pub fn statement(conn: &mut Conn, unit: UnitId, id: StatementId) -> Result<StoredStatement> {
    statement::table
        .find((unit, id))
        .select(statement_columns!())
        .first::<StatementParts>(conn)
        .optional()
        .classify()?
        .map(statement_of)
        .ok_or_else(|| Error::not_found("statement_not_found", "no such statement in this unit"))
}

/// The unit of a statement within a scope.
pub fn unit_of(conn: &mut Conn, scope: &Scope, id: StatementId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, statement, id)
}

/// A place of a file, however often what stands there was given up.
macro_rules! of_place {
    ($unit:expr, $account:expr, $sha256:expr, $place:expr) => {
        of_account!($unit, $account)
            .filter(statement::file_sha256.eq($sha256))
            .filter(sql::<Bool>("statement.position % 10000000 = ").bind::<Integer, _>($place))
    };
}

/// The statement at a place of a file, but for those that were given up.
pub fn at_place(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    (sha256, place): (&str, i32),
) -> Result<Option<StoredStatement>> {
    let asked = of_place!(unit, account, sha256, place).filter(statement::state.ne("abandoned")).limit(1);
    Ok(load(conn, asked)?.pop())
}

/// How often the statement at a place of a file was given up.
pub fn times_given_up(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    (sha256, place): (&str, i32),
) -> Result<i32> {
    let asked = of_place!(unit, account, sha256, place).filter(statement::state.eq("abandoned"));
    Ok(i32::try_from(load(conn, asked)?.len()).unwrap_or(i32::MAX))
}

/// Statements that are being loaded since before a moment, the oldest first.
pub fn loading_before(conn: &mut Conn, moment: Instant) -> Result<Vec<StoredStatement>> {
    let asked = statement::table
        .filter(sql::<Bool>("statement.state = 'loading'"))
        .filter(statement::created_at.le(moment))
        .order((statement::created_at, statement::id))
        .select(statement_columns!());
    load(conn, asked)
}

/// A statement that was given up, by whom, why and when.
pub struct GivenUp {
    pub statement: StoredStatement,
    pub person: PersonId,
    pub reason: String,
    pub at: Instant,
}

/// What was given up last in these units: few of all statements, so they are found first.
pub fn given_up(conn: &mut Conn, units: &[UnitId], limit: i64) -> Result<Vec<GivenUp>> {
    let found: Vec<(UnitId, StatementId, PersonId, String, Instant)> = statement_given_up::table
        .filter(statement_given_up::unit_id.eq_any(units))
        .order(statement_given_up::at.desc())
        .limit(limit)
        .select((
            statement_given_up::unit_id,
            statement_given_up::statement_id,
            statement_given_up::person_id,
            statement_given_up::reason,
            statement_given_up::at,
        ))
        .load(conn)
        .classify()?;
    let mut whole = Vec::with_capacity(found.len());
    for (unit, id, person, reason, at) in found {
        whole.push(GivenUp { statement: statement(conn, unit, id)?, person, reason, at });
    }
    Ok(whole)
}

/// The statement of the account that a crash left half loaded.
pub fn loading(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Option<StoredStatement>> {
    let asked =
        of_account!(unit, account).filter(statement::state.eq("loading")).order(statement::id).limit(1);
    Ok(load(conn, asked)?.pop())
}

/// Key and ciphertext of a stored file.
pub fn file(conn: &mut Conn, unit: UnitId, sha256: &str) -> Result<Option<(KeyId, Vec<u8>)>> {
    statement_file::table
        .find((unit, sha256))
        .select((statement_file::key_id, statement_file::cipher))
        .first(conn)
        .optional()
        .classify()
}

/// Locks the account's row: the first lock of every money transaction.
pub fn lock_account(tx: &mut Tx<'_>, unit: UnitId, account: AccountId) -> Result<()> {
    if matches!(**tx, Conn::Sqlite(_)) {
        return Ok(()); // One writer: there is nobody to wait for.
    }
    let keys = [("unit_id", Column::of([unit])), ("id", Column::of([account]))];
    let _: Vec<i64> =
        rows::fetch::<BigInt, _>(tx, "SELECT t.id FROM bank_account t", &keys, "", Lock::Update)?;
    Ok(())
}

/// Keeps a statement that is not given up from being so until this transaction ends.
///
/// # Errors
/// `statement_given_up`.
pub fn hold(tx: &mut Tx<'_>, unit: UnitId, id: StatementId) -> Result<()> {
    let keys = rows::unit_keys("id", &[(unit, id)]);
    let found: Vec<String> =
        rows::fetch::<Text, _>(tx, "SELECT t.state FROM statement t", &keys, "", Lock::Update)?;
    match found.first().map(String::as_str) {
        Some("abandoned") => Err(given_up_meanwhile()),
        _ => Ok(()),
    }
}

#[track_caller]
pub(super) fn given_up_meanwhile() -> Error {
    Error::conflict("statement_given_up", "somebody gave this statement up while it was loaded")
}

pub fn set_state(tx: &mut Tx<'_>, stored: &StoredStatement, state: &'static str) -> Result<()> {
    rows::update(
        tx,
        Update {
            table: "statement",
            keys: vec![("unit_id", Column::of([stored.unit])), ("id", Column::of([stored.id]))],
            guard: vec![("revision", Column::of([stored.revision]))],
            sets: vec![("state", Column::of([state])), ("revision", Column::of([stored.revision + 1]))],
        },
    )
}
