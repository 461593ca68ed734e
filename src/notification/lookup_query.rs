//! The SQL of looking up by dossier.

use diesel::prelude::*;

use crate::clock::Instant;
use crate::error::Result;
use crate::id::{EventId, ObligationId, PartyId, UnitId};
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Update};
use crate::store::schema::{dossier_lookup, obligation, one_time_code};
use crate::store::{Conn, Tx};
use crate::unit::CITY;

crate::table_row! {
    /// Failures at one dossier, known by its keyed hash only: it need not exist.
    pub struct DossierRow in "dossier_lookup" {
        pub unit_id: UnitId,
        pub dossier_hash: String,
        pub created_at: Instant,
        pub failures: i32,
        pub failed_at: Instant,
        pub locked_until: Instant,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct CodeRow in "one_time_code" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub dossier_hash: String,
        pub phone_hash: String,
        pub code_hash: String,
        pub expires_at: Instant,
        pub created_at: Instant,
        pub tries: i32,
        pub state: &'static str,
        pub revision: i64,
    }
}

/// The row as it is stored, or `fresh` when there was none.
pub fn dossier(tx: &mut Tx<'_>, fresh: DossierRow) -> Result<DossierRow> {
    if rows::insert_if_absent(tx, std::slice::from_ref(&fresh), &["unit_id", "dossier_hash"])? == [true] {
        return Ok(fresh);
    }
    let (created_at, failures, failed_at, locked_until, revision) = dossier_lookup::table
        .find((CITY, &fresh.dossier_hash))
        .select((
            dossier_lookup::created_at,
            dossier_lookup::failures,
            dossier_lookup::failed_at,
            dossier_lookup::locked_until,
            dossier_lookup::revision,
        ))
        .first(tx.conn())
        .classify()?;
    Ok(DossierRow { created_at, failures, failed_at, locked_until, revision, ..fresh })
}

/// Guarded by the revision, so that failures at the same moment all count.
pub fn store(
    tx: &mut Tx<'_>,
    row: &DossierRow,
    failures: i32,
    failed_at: Instant,
    locked_until: Instant,
) -> Result<()> {
    rows::update(
        tx,
        Update {
            table: "dossier_lookup",
            keys: vec![
                ("unit_id", Column::of([row.unit_id])),
                ("dossier_hash", Column::of([row.dossier_hash.clone()])),
            ],
            guard: vec![("revision", Column::of([row.revision]))],
            sets: vec![
                ("failures", Column::of([failures])),
                ("failed_at", Column::of([failed_at])),
                ("locked_until", Column::of([locked_until])),
                ("revision", Column::of([row.revision + 1])),
            ],
        },
    )
}

pub fn insert_code(tx: &mut Tx<'_>, row: CodeRow) -> Result<()> {
    rows::insert(tx, &[row])
}

/// How many codes a dossier got since then.
pub fn codes_since(conn: &mut Conn, dossier_hash: &str, since: Instant) -> Result<i64> {
    one_time_code::table
        .filter(one_time_code::unit_id.eq(CITY))
        .filter(one_time_code::dossier_hash.eq(dossier_hash))
        .filter(one_time_code::created_at.gt(since))
        .count()
        .get_result(conn)
        .classify()
}

/// A code that can still be used.
pub struct OpenCode {
    pub id: EventId,
    pub phone_hash: String,
    pub code_hash: String,
    pub tries: i32,
    pub revision: i64,
}

/// The newest one of a dossier; older ones count no more.
pub fn open_code(conn: &mut Conn, dossier_hash: &str, now: Instant) -> Result<Option<OpenCode>> {
    let newest: Option<(EventId, String, String, i32, i64, String, Instant)> = one_time_code::table
        .filter(one_time_code::unit_id.eq(CITY))
        .filter(one_time_code::dossier_hash.eq(dossier_hash))
        .order(one_time_code::id.desc())
        .select((
            one_time_code::id,
            one_time_code::phone_hash,
            one_time_code::code_hash,
            one_time_code::tries,
            one_time_code::revision,
            one_time_code::state,
            one_time_code::expires_at,
        ))
        .first(conn)
        .optional()
        .classify()?;
    Ok(newest.filter(|(.., state, expires_at)| state == "open" && *expires_at > now).map(
        |(id, phone_hash, code_hash, tries, revision, ..)| OpenCode {
            id,
            phone_hash,
            code_hash,
            tries,
            revision,
        },
    ))
}

pub fn store_code(
    tx: &mut Tx<'_>,
    id: EventId,
    revision: i64,
    tries: i32,
    state: &'static str,
) -> Result<()> {
    rows::update(
        tx,
        Update {
            table: "one_time_code",
            keys: vec![("unit_id", Column::of([CITY])), ("id", Column::of([id]))],
            guard: vec![("revision", Column::of([revision]))],
            sets: vec![
                ("tries", Column::of([tries])),
                ("state", Column::of([state])),
                ("revision", Column::of([revision + 1])),
            ],
        },
    )
}

/// A dossier's first obligations in every unit in the order of their keys.
pub fn of_dossier(
    conn: &mut Conn,
    dossier: &str,
    limit: usize,
) -> Result<Vec<(UnitId, ObligationId, PartyId)>> {
    obligation::table
        .filter(obligation::dossier_code.eq(dossier))
        .order((obligation::unit_id, obligation::id))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select((obligation::unit_id, obligation::id, obligation::party_id))
        .load(conn)
        .classify()
}

pub fn purge(tx: &mut Tx<'_>, before: Instant) -> Result<usize> {
    let codes = diesel::delete(one_time_code::table.filter(one_time_code::created_at.lt(before)))
        .execute(tx.conn())
        .classify()?;
    let old = dossier_lookup::table
        .filter(dossier_lookup::created_at.lt(before))
        .filter(dossier_lookup::failed_at.lt(before))
        .filter(dossier_lookup::locked_until.lt(before));
    let dossiers = diesel::delete(old).execute(tx.conn()).classify()?;
    Ok(codes + dossiers)
}
