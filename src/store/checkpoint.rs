//! Moving what was committed from SQLite's log into its file.
//!
//! Left to SQLite, whoever commits does it, at 4,000 pages. A log begins anew only when all of it was moved and nobody
//! reads in it; under load somebody always does, so that from then on every commit moved its pages by itself, twice
//! flushed, and the log grew without end. Here a thread moves the log beside the writer, many commits at once, and then
//! holds the writer for the moment that the log needs to begin anew.

use std::sync::atomic::{AtomicBool, Ordering};

use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::Conn;
use super::failure::Classify;
use crate::error::Result;

/// How long the writer may be held while readers leave the log.
const PATIENCE_MS: u32 = 5;

/// Pages in the log that are worth holding the writer for.
const WORTHWHILE_PAGES: i32 = 2_000;

/// What was written of SQLite's log since it was last moved.
#[derive(Default)]
pub(super) struct Log {
    is_behind: AtomicBool,
}

#[derive(QueryableByName)]
struct Moved {
    /// Pages in the log.
    #[diesel(sql_type = Integer)]
    log: i32,
    /// Those of them that are in the file too.
    #[diesel(sql_type = Integer)]
    checkpointed: i32,
}

impl Log {
    /// Something was committed.
    pub(super) fn note(&self) {
        self.is_behind.store(true, Ordering::Relaxed);
    }

    /// Whether something was committed since the last time.
    pub(super) fn take(&self) -> bool {
        self.is_behind.swap(false, Ordering::Relaxed)
    }
}

/// Moves what the log holds, on a connection outside any transaction, and lets the log begin anew where it is long.
///
/// # Errors
/// `store_unavailable`; the next commits go on into the log.
pub(super) fn move_log(conn: &mut Conn) -> Result<()> {
    let moved: Moved = diesel::sql_query("PRAGMA wal_checkpoint(PASSIVE)").get_result(conn).classify()?;
    // What is left is moved while the writer waits, so that it must be little.
    if moved.log < WORTHWHILE_PAGES || moved.checkpointed < moved.log - WORTHWHILE_PAGES {
        return Ok(());
    }
    conn.wait_at_most(PATIENCE_MS)?;
    let begun = diesel::sql_query("PRAGMA wal_checkpoint(RESTART)").execute(conn).classify();
    conn.wait_at_most(super::conn::PATIENCE_MS)?;
    begun.map(|_| ())
}
