//! Migrations: twin folders, forward only, run under a lock.

use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::failure::Classify;
use super::schema::binary_floor;
use super::{Conn, DatabaseUrl};
use crate::error::{Error, Result};

const POSTGRESQL: EmbeddedMigrations = embed_migrations!("migrations/postgresql");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Any number; every process that migrates the same database must take the same lock.
const ADVISORY_LOCK: i64 = 0x0062_6965_6e6c_6169;

/// Applies what is missing, as the owner of the database. Returns the names applied.
pub fn run(url: &DatabaseUrl) -> Result<Vec<String>> {
    if let Some(path) = url.sqlite_path()
        && let Some(folder) = std::path::Path::new(path).parent()
    {
        std::fs::create_dir_all(folder)
            .map_err(|error| Error::busy("store_unavailable", 2, format!("{}: {error}", folder.display())))?;
    }
    let mut conn = establish(url)?;
    see_every_unit(&mut conn)?;
    refuse_newer_schema(&mut conn)?;
    match &mut conn {
        Conn::Pg(inner) => {
            // However long another process migrates, this one waits and then finds nothing to do.
            let wait = format!(
                "SET lock_timeout = 0; SET statement_timeout = 0; SELECT pg_advisory_lock({ADVISORY_LOCK}); \
                 SET lock_timeout = '2s'; SET statement_timeout = '60s'"
            );
            inner.batch_execute(&wait).classify()?;
            let applied = run_pending(inner, POSTGRESQL);
            inner.batch_execute(&format!("SELECT pg_advisory_unlock({ADVISORY_LOCK})")).classify()?;
            applied
        }
        // One transaction around all steps: a second process waits for its end before it looks
        // which steps are left.
        Conn::Sqlite(inner) => {
            inner.batch_execute("PRAGMA busy_timeout = 600000").classify()?;
            AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN EXCLUSIVE").classify()?;
            let applied = run_pending(inner, SQLITE);
            if applied.is_ok() {
                AnsiTransactionManager::commit_transaction(inner).classify()?;
            } else {
                AnsiTransactionManager::rollback_transaction(inner).classify()?;
            }
            applied
        }
    }
}

/// Applies one migration after the other, for tests that fill the tables in between.
pub fn run_one(conn: &mut Conn) -> Result<Option<String>> {
    see_every_unit(conn)?;
    let applied = match conn {
        Conn::Pg(inner) => inner.has_pending_migration(POSTGRESQL).and_then(|pending| {
            pending
                .then(|| inner.run_next_migration(POSTGRESQL).map(|version| version.to_string()))
                .transpose()
        }),
        Conn::Sqlite(inner) => inner.has_pending_migration(SQLITE).and_then(|pending| {
            pending.then(|| inner.run_next_migration(SQLITE).map(|version| version.to_string())).transpose()
        }),
    };
    applied.map_err(|error| Error::internal(format!("migration: {error}")))
}

/// Migrations move rows of every unit, and row-level security binds the owner too.
fn see_every_unit(conn: &mut Conn) -> Result<()> {
    match conn {
        Conn::Pg(inner) => inner.batch_execute("SET bienlai.units = '*'").classify(),
        Conn::Sqlite(_) => Ok(()),
    }
}

/// How long a process waits for one that begins a new SQLite file at the same moment.
const LOCKED_PATIENCE: Duration = Duration::from_secs(10);

/// Opens the database as its owner. SQLite does not wait for the lock under which a new file gets its journal,
/// whatever its timeout; whoever starts beside another process asks again.
///
/// # Errors
/// `store_unavailable`.
pub fn establish(url: &DatabaseUrl) -> Result<Conn> {
    let began = Instant::now();
    loop {
        match url.establish() {
            Err(error) if is_locked(&error) && began.elapsed() < LOCKED_PATIENCE => {
                std::thread::sleep(Duration::from_millis(50));
            }
            made => return made.map_err(|error| Error::busy("store_unavailable", 2, error.to_string())),
        }
    }
}

fn is_locked(error: &ConnectionError) -> bool {
    error.to_string().contains("database is locked")
}

fn run_pending<C, DB>(conn: &mut C, source: EmbeddedMigrations) -> Result<Vec<String>>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
    Box<dyn Migration<DB>>: Migration<DB>,
{
    conn.run_pending_migrations(source)
        .map(|versions| versions.iter().map(ToString::to_string).collect())
        .map_err(|error| Error::internal(format!("migration: {error}")))
}

/// A migration records the oldest binary that may run on its schema; this one refuses only a
/// schema that excludes it.
pub(super) fn refuse_newer_schema(conn: &mut Conn) -> Result<()> {
    let Ok(floors) = binary_floor::table
        .select((binary_floor::migration, binary_floor::oldest_binary))
        .load::<(String, String)>(conn)
    else {
        return Ok(()); // No schema yet.
    };
    let own = version_number(env!("CARGO_PKG_VERSION"));
    match floors.into_iter().find(|(_, oldest)| version_number(oldest) > own) {
        None => Ok(()),
        Some((migration, oldest)) => Err(Error::conflict(
            "schema_too_new",
            format!("migration {migration} needs bienlai {oldest} or newer"),
        )),
    }
}

/// Whether every migration this binary knows has been applied and none excludes it. Only reads:
/// the service's role may not make tables, which diesel's own check would.
pub fn check(conn: &mut Conn) -> Result<()> {
    refuse_newer_schema(conn)?;
    let known = match conn {
        Conn::Pg(_) => versions::<diesel::pg::Pg>(POSTGRESQL)?,
        Conn::Sqlite(_) => versions::<diesel::sqlite::Sqlite>(SQLITE)?,
    };
    let applied = applied_versions(conn)?;
    match known.iter().find(|version| !applied.contains(version)) {
        None => Ok(()),
        Some(_) => Err(Error::conflict("schema_too_old", "run `bienlai migrate` first")),
    }
}

fn versions<DB: diesel::backend::Backend>(source: EmbeddedMigrations) -> Result<Vec<String>>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    let migrations = source.migrations().map_err(|error| Error::internal(format!("migration: {error}")))?;
    Ok(migrations.iter().map(|migration| migration.name().version().to_string()).collect())
}

/// Empty when there is no schema at all.
fn applied_versions(conn: &mut Conn) -> Result<Vec<String>> {
    diesel::table! {
        __diesel_schema_migrations (version) {
            version -> Text,
        }
    }
    match __diesel_schema_migrations::table.select(__diesel_schema_migrations::version).load(conn) {
        Ok(applied) => Ok(applied),
        Err(diesel::result::Error::DatabaseError(_, info))
            if info.message().contains("no such table") || info.message().contains("does not exist") =>
        {
            Ok(Vec::new())
        }
        Err(error) => Err(error).classify(),
    }
}

fn version_number(text: &str) -> Vec<u32> {
    text.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}
