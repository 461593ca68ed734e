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

/// What a move left in the log that is not yet in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    Nothing,
    /// A reader still needs the file as it was.
    Something,
}

/// What was written of SQLite's log since it was last moved.
#[derive(Default)]
pub(super) struct Log {
    is_behind: AtomicBool,
}

#[derive(QueryableByName)]
struct Moved {
    /// Somebody else read or wrote in the log.
    #[diesel(sql_type = Integer)]
    #[diesel(column_name = "busy")]
    is_busy: i32,
    /// Pages in the log.
    #[diesel(sql_type = Integer)]
    log: i32,
    /// Those of them that are in the file too.
    #[diesel(sql_type = Integer)]
    checkpointed: i32,
}

impl Log {
    /// Something was committed, or is still to be moved.
    pub(super) fn note(&self) {
        self.is_behind.store(true, Ordering::Relaxed);
    }

    /// Whether something is to be moved.
    pub(super) fn take(&self) -> bool {
        self.is_behind.swap(false, Ordering::Relaxed)
    }
}

/// Moves what the log holds, on a connection outside any transaction, and lets the log begin anew where it is long,
/// in a turn of the writer's.
///
/// # Errors
/// `store_unavailable`; the next commits go on into the log.
pub(super) fn move_log<T>(conn: &mut Conn, turn: impl FnOnce() -> T) -> Result<Left> {
    let moved: Moved = diesel::sql_query("PRAGMA wal_checkpoint(PASSIVE)").get_result(conn).classify()?;
    // What is left is moved while the writer waits, so that it must be little.
    if moved.log < WORTHWHILE_PAGES || moved.checkpointed < moved.log - WORTHWHILE_PAGES {
        return Ok(if moved.checkpointed < moved.log { Left::Something } else { Left::Nothing });
    }
    conn.wait_at_most(PATIENCE_MS)?;
    let turn = turn();
    let begun = diesel::sql_query("PRAGMA wal_checkpoint(RESTART)").get_result::<Moved>(conn).classify();
    drop(turn);
    conn.wait_at_most(super::conn::PATIENCE_MS)?;
    let Moved { is_busy, log, .. } = begun?;
    tracing::debug!(pages = log, is_refused = is_busy != 0, "the log begins anew");
    Ok(if is_busy == 0 { Left::Nothing } else { Left::Something })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Scope;
    use crate::store::{DatabaseUrl, Lane, Settings, Store};

    /// As many rows of a kilobyte.
    fn written(store: &Store, rows: u32) {
        let sql = format!(
            "INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) \
             SELECT randomblob(1000) FROM n"
        );
        let stored = store.write(&Scope::All, Lane::Bulk, |tx| {
            diesel::sql_query("CREATE TABLE IF NOT EXISTS t (x BLOB)").execute(tx.conn()).classify()?;
            diesel::sql_query(sql.as_str()).execute(tx.conn()).classify()
        });
        assert_eq!(stored.unwrap(), rows as usize);
    }

    fn store(path: &std::path::Path) -> Store {
        let url = DatabaseUrl::parse(&format!("sqlite://{}", path.display()), false).unwrap();
        Store::open(&Settings { url, role: None, reader_limit: 2, writer_limit: 1 }).unwrap()
    }

    #[test]
    fn what_a_reader_held_back_is_moved_without_another_commit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.db");
        let store = store(&path);
        let file_bytes = || std::fs::metadata(&path).unwrap().len();
        written(&store, 1);
        store.move_log().unwrap();
        let small = file_bytes();
        store
            .read(&Scope::All, |conn| {
                diesel::sql_query("SELECT count(*) FROM t").execute(conn).classify()?;
                written(&store, 1_000);
                store.move_log().unwrap();
                assert_eq!(file_bytes(), small, "the reader sees the file as it was");
                Ok(())
            })
            .unwrap();
        store.move_log().unwrap();
        assert!(file_bytes() > small + 1_000_000, "all of it is in the file");
    }

    #[test]
    fn what_was_moved_is_written_over_by_what_comes_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.db");
        let store = store(&path);
        let log_bytes = || std::fs::metadata(path.with_extension("db-wal")).unwrap().len();
        written(&store, 12_000);
        let once = log_bytes();
        store.move_log().unwrap();
        written(&store, 12_000);
        assert!(log_bytes() < once * 3 / 2, "it began anew");
        written(&store, 12_000);
        assert!(log_bytes() > once * 3 / 2, "of itself it goes on");
    }
}
