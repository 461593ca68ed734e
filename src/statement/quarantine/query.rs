//! The SQL of lines set aside.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date};

use crate::actor::Scope;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::failure::Classify;
use crate::store::page::Page;
use crate::store::rows::{self, Column, Update};
use crate::store::schema::{day, quarantined_line, statement};
use crate::store::schema_intake::quarantine_proposal;
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct QuarantinedRow in "quarantined_line" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub statement_id: StatementId,
        pub place: String,
        pub code: String,
        pub message: String,
        pub created_at: Instant,
        pub state: &'static str,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct EventRow in "quarantine_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub quarantined_id: EventId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub line_id: Option<LineId>,
        pub amount: Option<crate::amount::Dong>,
        pub person_id: Option<PersonId>,
        pub reason: String,
        pub at: Instant,
    }
}

crate::table_row! {
    /// What one person keyed where a second one has to key the same.
    pub struct ProposalRow in "quarantine_proposal" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub statement_id: StatementId,
        pub verdicts_hash: String,
        pub maker_person_id: PersonId,
        pub created_at: Instant,
    }
}

/// Who keyed these verdicts about a statement.
pub fn proposed(conn: &mut Conn, unit: UnitId, id: StatementId, hash: &str) -> Result<Vec<PersonId>> {
    quarantine_proposal::table
        .filter(quarantine_proposal::unit_id.eq(unit))
        .filter(quarantine_proposal::statement_id.eq(id))
        .filter(quarantine_proposal::verdicts_hash.eq(hash))
        .select(quarantine_proposal::maker_person_id)
        .load(conn)
        .classify()
}

/// Who keyed anything about a statement, last first.
pub fn keyed(conn: &mut Conn, unit: UnitId, id: StatementId) -> Result<Vec<PersonId>> {
    quarantine_proposal::table
        .filter(quarantine_proposal::unit_id.eq(unit))
        .filter(quarantine_proposal::statement_id.eq(id))
        .order(quarantine_proposal::id.desc())
        .select(quarantine_proposal::maker_person_id)
        .load(conn)
        .classify()
}

/// Which of these days are closed for the account.
pub fn closed_days(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    days: &[BusinessDay],
) -> Result<Vec<BusinessDay>> {
    day::table
        .filter(day::unit_id.eq(unit))
        .filter(day::account_id.eq(account))
        .filter(day::date.eq_any(days.to_vec()))
        .filter(day::state.eq("closed"))
        .select(day::date)
        .load(conn)
        .classify()
}

/// A line that could not be read, as it was set aside.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Quarantined {
    pub unit: UnitId,
    pub id: EventId,
    pub statement: StatementId,
    pub place: String,
    pub code: String,
    pub message: String,
    pub created_at: Instant,
    /// `open`, `repaired`, `discarded` or `superseded`.
    pub state: String,
    pub revision: i64,
}

type Parts = (UnitId, EventId, StatementId, String, String, String, Instant, String, i64);

fn quarantined_of(
    (unit, id, statement, place, code, message, created_at, state, revision): Parts,
) -> Quarantined {
    Quarantined { unit, id, statement, place, code, message, created_at, state, revision }
}

macro_rules! columns {
    () => {
        (
            quarantined_line::unit_id,
            quarantined_line::id,
            quarantined_line::statement_id,
            quarantined_line::place,
            quarantined_line::code,
            quarantined_line::message,
            quarantined_line::created_at,
            quarantined_line::state,
            quarantined_line::revision,
        )
    };
}

/// What was set aside of one statement, in the order of the file.
pub fn of_statement(conn: &mut Conn, unit: UnitId, id: StatementId) -> Result<Vec<Quarantined>> {
    let found: Vec<Parts> = quarantined_line::table
        .filter(quarantined_line::unit_id.eq(unit))
        .filter(quarantined_line::statement_id.eq(id))
        .order(quarantined_line::id)
        .select(columns!())
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(quarantined_of).collect())
}

/// What waits for a person in a unit, or in one account, oldest first.
pub fn open(
    conn: &mut Conn,
    unit: UnitId,
    account: Option<AccountId>,
    page: impl Into<Page>,
) -> Result<Vec<Quarantined>> {
    let page = page.into();
    let mut found = quarantined_line::table
        .inner_join(
            statement::table.on(statement::unit_id
                .eq(quarantined_line::unit_id)
                .and(statement::id.eq(quarantined_line::statement_id))),
        )
        .filter(quarantined_line::unit_id.eq(unit))
        .filter(quarantined_line::state.eq("open"))
        .filter(quarantined_line::id.gt(page.above()))
        .order(quarantined_line::id)
        .limit(page.limit)
        .select(columns!())
        .into_boxed();
    if let Some(account) = account {
        found = found.filter(statement::account_id.eq(account));
    }
    Ok(found.load::<Parts>(conn).classify()?.into_iter().map(quarantined_of).collect())
}

/// How many lines of each statement of these units wait for a person: unit, statement, count.
pub fn open_by_statement(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<(UnitId, StatementId, i64)>> {
    quarantined_line::table
        .filter(quarantined_line::unit_id.eq_any(units))
        .filter(quarantined_line::state.eq("open"))
        .group_by((quarantined_line::unit_id, quarantined_line::statement_id))
        .order((quarantined_line::unit_id, quarantined_line::statement_id))
        .select((quarantined_line::unit_id, quarantined_line::statement_id, diesel::dsl::count_star()))
        .load(conn)
        .classify()
}

/// The statement a line was set aside of, within a scope.
pub fn statement_of_any(conn: &mut Conn, scope: &Scope, id: EventId) -> Result<StatementId> {
    let found = quarantined_line::table
        .filter(quarantined_line::id.eq(id))
        .select(quarantined_line::statement_id)
        .into_boxed();
    let found = crate::in_scope!(found, scope, quarantined_line);
    found
        .first(conn)
        .optional()
        .classify()?
        .ok_or_else(|| Error::not_found("quarantined_line_not_found", "no such line set aside in your scope"))
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many lines wait in statements of the account that begin by a day.
pub fn open_count(conn: &mut Conn, unit: UnitId, account: AccountId, until: BusinessDay) -> Result<usize> {
    let found: Count = diesel::sql_query(
        "SELECT CAST(COUNT(*) AS BIGINT) AS count FROM quarantined_line q JOIN statement s \
         ON s.unit_id = q.unit_id AND s.id = q.statement_id WHERE q.unit_id = $1 AND s.account_id = $2 \
         AND s.opening_on <= $3 AND q.state = 'open'",
    )
    .bind::<BigInt, _>(unit)
    .bind::<BigInt, _>(account)
    .bind::<Date, _>(until)
    .get_result(conn)
    .classify()?;
    Ok(usize::try_from(found.count).unwrap_or_default())
}

/// How many lines of a file wait, in all its statements.
pub fn open_of_file(conn: &mut Conn, unit: UnitId, sha256: &str) -> Result<i64> {
    quarantined_line::table
        .inner_join(
            statement::table.on(statement::unit_id
                .eq(quarantined_line::unit_id)
                .and(statement::id.eq(quarantined_line::statement_id))),
        )
        .filter(quarantined_line::unit_id.eq(unit))
        .filter(quarantined_line::state.eq("open"))
        .filter(statement::file_sha256.eq(sha256))
        .count()
        .get_result(conn)
        .classify()
}

/// Moves these lines on, guarded by the revisions that were read.
pub fn set_states(tx: &mut Tx<'_>, moved: &[(&Quarantined, &'static str)]) -> Result<()> {
    rows::update(
        tx,
        Update {
            table: "quarantined_line",
            keys: vec![
                ("unit_id", Column::of(moved.iter().map(|(line, _)| line.unit))),
                ("id", Column::of(moved.iter().map(|(line, _)| line.id))),
            ],
            guard: vec![("revision", Column::of(moved.iter().map(|(line, _)| line.revision)))],
            sets: vec![
                ("state", Column::of(moved.iter().map(|(_, state)| *state))),
                ("revision", Column::of(moved.iter().map(|(line, _)| line.revision + 1))),
            ],
        },
    )
}
