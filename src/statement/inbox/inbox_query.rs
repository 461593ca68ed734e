//! The SQL of what became of the inbox's files.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::Place;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema_intake::inbox_file;

crate::table_row! {
    pub struct FileRow in "inbox_file" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub name: String,
        pub sha256: Option<String>,
        pub outcome: &'static str,
        pub error_code: Option<String>,
        pub findings: String,
        pub received_at: Instant,
    }
}

/// A file of the inbox and what became of it.
#[derive(Clone, Debug)]
pub struct Taken {
    pub unit: UnitId,
    pub id: EventId,
    /// The file's name, cleaned.
    pub name: String,
    /// `done`, `known` or `failed`.
    pub outcome: String,
    pub error_code: Option<String>,
    pub places: Vec<Place>,
    pub received_at: Instant,
}

type Parts = (UnitId, EventId, String, String, Option<String>, String, Instant);

/// The newest files of these units together.
///
/// # Errors
/// Those of the store.
pub fn newest(conn: &mut Conn, units: &[UnitId], limit: i64) -> Result<Vec<Taken>> {
    let found: Vec<Parts> = inbox_file::table
        .filter(inbox_file::unit_id.eq_any(units))
        .order(inbox_file::id.desc())
        .limit(limit)
        .select((
            inbox_file::unit_id,
            inbox_file::id,
            inbox_file::name,
            inbox_file::outcome,
            inbox_file::error_code,
            inbox_file::findings,
            inbox_file::received_at,
        ))
        .load(conn)
        .classify()?;
    found.into_iter().map(taken).collect()
}

fn taken((unit, id, name, outcome, error_code, findings, received_at): Parts) -> Result<Taken> {
    let places =
        serde_json::from_str(&findings).map_err(|_| Error::internal("stored findings do not read"))?;
    Ok(Taken { unit, id, name, outcome, error_code, places, received_at })
}

/// How many files of these units were refused since a moment; a unit without any is left out.
///
/// # Errors
/// Those of the store.
pub fn failed_since(conn: &mut Conn, units: &[UnitId], since: Instant) -> Result<BTreeMap<UnitId, i64>> {
    let found: Vec<(UnitId, i64)> = inbox_file::table
        .filter(inbox_file::unit_id.eq_any(units))
        .filter(inbox_file::outcome.eq("failed"))
        .filter(inbox_file::received_at.ge(since))
        .group_by(inbox_file::unit_id)
        .select((inbox_file::unit_id, diesel::dsl::count_star()))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().collect())
}

/// Whether this end of this file was kept since a moment.
pub(super) fn is_recorded(
    conn: &mut Conn,
    unit: UnitId,
    (name, sha256): (&str, Option<&str>),
    outcome: &str,
    since: Instant,
) -> Result<bool> {
    let found: Vec<Option<String>> = inbox_file::table
        .filter(inbox_file::unit_id.eq(unit))
        .filter(inbox_file::received_at.ge(since))
        .filter(inbox_file::name.eq(name))
        .filter(inbox_file::outcome.eq(outcome))
        .select(inbox_file::sha256)
        .load(conn)
        .classify()?;
    Ok(found.iter().any(|known| known.as_deref() == sha256))
}
