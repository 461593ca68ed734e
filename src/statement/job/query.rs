//! The SQL of imports that run by themselves.

use diesel::prelude::*;

use crate::actor::Scope;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::failure::Classify;
use crate::store::page::Page;
use crate::store::rows::{self, Column, Update};
use crate::store::schema_intake::import_job;
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct JobRow in "import_job" {
        pub unit_id: UnitId,
        pub id: JobId,
        pub file_sha256: String,
        pub person_id: Option<PersonId>,
        pub units: String,
        pub mapping: Option<String>,
        pub account_no: Option<String>,
        pub created_at: Instant,
        pub state: &'static str,
        pub lines_total: i64,
        pub lines_done: i64,
        pub outcome: Option<String>,
        pub error_code: Option<String>,
        pub leased_until: i64,
        pub revision: i64,
    }
}

/// An import as it stands.
#[derive(Clone, Debug)]
pub struct Job {
    pub unit: UnitId,
    pub id: JobId,
    pub file_sha256: String,
    pub person: Option<PersonId>,
    /// `*`, or ids joined by commas: what whoever asked may see.
    pub units: String,
    pub mapping: Option<String>,
    pub account_no: Option<String>,
    pub created_at: Instant,
    /// `queued`, `running`, `done` or `failed`.
    pub state: String,
    pub lines_total: i64,
    pub lines_done: i64,
    /// What the import did, as JSON.
    pub outcome: Option<String>,
    pub error_code: Option<String>,
    /// Microseconds; a running job whose lease is over was broken off.
    pub leased_until: i64,
    pub revision: i64,
}

type Parts = (
    (UnitId, JobId, String, Option<PersonId>, String, Option<String>, Option<String>, Instant),
    (String, i64, i64, Option<String>, Option<String>, i64, i64),
);

macro_rules! columns {
    () => {
        (
            (
                import_job::unit_id,
                import_job::id,
                import_job::file_sha256,
                import_job::person_id,
                import_job::units,
                import_job::mapping,
                import_job::account_no,
                import_job::created_at,
            ),
            (
                import_job::state,
                import_job::lines_total,
                import_job::lines_done,
                import_job::outcome,
                import_job::error_code,
                import_job::leased_until,
                import_job::revision,
            ),
        )
    };
}

fn job_of((what, life): Parts) -> Job {
    Job {
        unit: what.0,
        id: what.1,
        file_sha256: what.2,
        person: what.3,
        units: what.4,
        mapping: what.5,
        account_no: what.6,
        created_at: what.7,
        state: life.0,
        lines_total: life.1,
        lines_done: life.2,
        outcome: life.3,
        error_code: life.4,
        leased_until: life.5,
        revision: life.6,
    }
}

/// The unit of an import within a scope.
pub fn unit_of(conn: &mut Conn, scope: &Scope, id: JobId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, import_job, id)
}

pub fn find(conn: &mut Conn, unit: UnitId, id: JobId) -> Result<Job> {
    import_job::table
        .find((unit, id))
        .select(columns!())
        .first::<Parts>(conn)
        .optional()
        .classify()?
        .map(job_of)
        .ok_or_else(not_found)
}

pub fn not_found() -> Error {
    Error::not_found("import_not_found", "no such import in your scope")
}

/// The newest imports of a unit.
pub fn list(conn: &mut Conn, unit: UnitId, page: impl Into<Page>) -> Result<Vec<Job>> {
    let found: Vec<Parts> =
        crate::newest_of!(import_job, unit, page).select(columns!()).load(conn).classify()?;
    Ok(found.into_iter().map(job_of).collect())
}

/// The newest imports of these units together.
pub fn newest(conn: &mut Conn, units: &[UnitId], limit: i64) -> Result<Vec<Job>> {
    // What came of them is long: it is read of those that are shown.
    let ids: Vec<JobId> = import_job::table
        .filter(import_job::unit_id.eq_any(units))
        .order(import_job::id.desc())
        .limit(limit)
        .select(import_job::id)
        .load(conn)
        .classify()?;
    let found: Vec<Parts> = import_job::table
        .filter(import_job::unit_id.eq_any(units))
        .filter(import_job::id.eq_any(ids))
        .order(import_job::id.desc())
        .select(columns!())
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(job_of).collect())
}

/// The oldest import that nobody works on: queued, or broken off by a crash.
pub fn next(conn: &mut Conn, now: Instant) -> Result<Option<Job>> {
    Ok(import_job::table
        .filter(import_job::state.eq_any(["queued", "running"]))
        .filter(import_job::leased_until.lt(now.0))
        .order(import_job::id)
        .select(columns!())
        .first::<Parts>(conn)
        .optional()
        .classify()?
        .map(job_of))
}

/// Stores the job's life as it is given now and raises its revision. `Busy` when another process
/// changed it meanwhile.
pub fn store(tx: &mut Tx<'_>, job: &mut Job) -> Result<()> {
    rows::update(
        tx,
        Update {
            table: "import_job",
            keys: vec![("unit_id", Column::of([job.unit])), ("id", Column::of([job.id]))],
            guard: vec![("revision", Column::of([job.revision]))],
            sets: vec![
                ("state", Column::of([job.state.clone()])),
                ("lines_total", Column::of([job.lines_total])),
                ("lines_done", Column::of([job.lines_done])),
                ("outcome", Column::of([job.outcome.clone()])),
                ("error_code", Column::of([job.error_code.clone()])),
                ("leased_until", Column::of([job.leased_until])),
                ("revision", Column::of([job.revision + 1])),
            ],
        },
    )?;
    job.revision += 1;
    Ok(())
}
