//! One connection type for both products, opened by URL scheme.
//!
//! The derived `establish` of the enum is never used: SQLite takes any string for a path, so a
//! PostgreSQL server that is down would silently become a file of that name.

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::r2d2::{ManageConnection, R2D2Connection};
use diesel::sql_types::BigInt;
use diesel::sqlite::SqliteConnection;
use diesel::{Connection, ConnectionError, ConnectionResult, MultiConnection, QueryableByName, RunQueryDsl};

use super::dialect::pg;
use super::failure::Classify;
use crate::error::{Error, Result};

/// A connection to either product. Reads and single-row writes use it directly; the hot set
/// statements go through `rows`.
#[derive(MultiConnection)]
pub enum Conn {
    Pg(PgConnection),
    Sqlite(SqliteConnection),
}

/// How much of SQLite's file a connection keeps in memory.
const PAGES_KIB: u32 = 16_000;
/// The same for the one writer, and for what reads a large day.
const WIDE_PAGES_KIB: u32 = 96_000;

/// How long a connection to SQLite's file waits for another one's lock.
pub(super) const PATIENCE_MS: u32 = 10_000;

fn keeping(kib: u32) -> String {
    format!("PRAGMA cache_size = -{kib}")
}

impl Conn {
    /// Waits so long for another connection's lock on SQLite's file. A server has a time of its own.
    pub(super) fn wait_at_most(&mut self, patience_ms: u32) -> Result<()> {
        match self {
            Conn::Sqlite(inner) => {
                inner.batch_execute(&format!("PRAGMA busy_timeout = {patience_ms}")).classify()
            }
            Conn::Pg(_) => Ok(()),
        }
    }

    /// A number that another row written by this connection changes: rows on SQLite, where it counts on over all
    /// transactions; on a server the id that a transaction gets when it first writes.
    ///
    /// # Errors
    /// `store_unavailable`.
    pub(super) fn written_so_far(&mut self) -> Result<i64> {
        let sql = match self {
            Conn::Sqlite(_) => "SELECT total_changes() AS so_far",
            Conn::Pg(_) => "SELECT coalesce(pg_current_xact_id_if_assigned()::text::bigint, 0) AS so_far",
        };
        diesel::sql_query(sql).get_result::<Written>(self).classify().map(|written| written.so_far)
    }

    /// Keeps many pages of SQLite's file in memory, or the usual few again. A server has a memory of its own.
    ///
    /// # Errors
    /// `store_unavailable`.
    pub(super) fn read_widely(&mut self, is_wide: bool) -> Result<()> {
        match self {
            Conn::Sqlite(inner) => {
                inner.batch_execute(&keeping(if is_wide { WIDE_PAGES_KIB } else { PAGES_KIB })).classify()
            }
            Conn::Pg(_) => Ok(()),
        }
    }
}

#[derive(QueryableByName)]
struct Written {
    #[diesel(sql_type = BigInt)]
    so_far: i64,
}

/// Which product a database URL names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    PostgreSql,
    Sqlite,
}

/// A database URL that was looked at: `postgres://…`, `postgresql://…` or `sqlite://path`.
#[derive(Clone)]
pub struct DatabaseUrl {
    pub product: Product,
    /// The whole URL for PostgreSQL, the path for SQLite.
    target: String,
}

impl DatabaseUrl {
    /// Reads a URL. A remote PostgreSQL without TLS is refused unless `allow_plaintext`.
    pub fn parse(url: &str, allow_plaintext: bool) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            if path.is_empty() {
                return Err(Error::invalid(
                    "database.url",
                    "database_url_unreadable",
                    "sqlite:// needs a path",
                ));
            }
            return Ok(DatabaseUrl { product: Product::Sqlite, target: path.to_owned() });
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            if !allow_plaintext && !is_local(url) && !demands_tls(url) {
                return Err(Error::invalid(
                    "database.url",
                    "database_url_plaintext",
                    "a remote PostgreSQL needs sslmode=require or stronger, or allow_plaintext = true",
                ));
            }
            if demands_tls(url) && !cfg!(feature = "tls") {
                return Err(Error::invalid(
                    "database.url",
                    "database_tls_not_built",
                    "this build speaks no TLS to PostgreSQL; build with --features tls",
                ));
            }
            return Ok(DatabaseUrl { product: Product::PostgreSql, target: url.to_owned() });
        }
        Err(Error::invalid(
            "database.url",
            "database_url_unreadable",
            "expected sqlite://PATH or postgres://USER@HOST/NAME",
        ))
    }

    /// A connection. A file that is not there is made.
    pub fn establish(&self) -> ConnectionResult<Conn> {
        self.establish_at(&self.target)
    }

    /// The same to a database that is there: an empty file in a lost one's place would hide the loss.
    fn establish_existing(&self) -> ConnectionResult<Conn> {
        match self.product {
            Product::PostgreSql => self.establish(),
            Product::Sqlite => {
                let path = self.target.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
                self.establish_at(&format!("file:{path}?mode=rw"))
            }
        }
    }

    fn establish_at(&self, target: &str) -> ConnectionResult<Conn> {
        match self.product {
            Product::PostgreSql => {
                let mut inner = PgConnection::establish(target)?;
                speak_english(&mut inner).map_err(ConnectionError::CouldntSetupConfiguration)?;
                // What reads a large day looks dear enough to the server to be compiled (`jit`), and compiling takes
                // longer than reading it.
                inner
                    .batch_execute(
                        "SET lock_timeout = '2s'; SET statement_timeout = '60s'; \
                         SET idle_in_transaction_session_timeout = '30s'; SET timezone = 'UTC'; SET jit = off; \
                         SET bienlai.units = ''",
                    )
                    .map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(Conn::Pg(inner))
            }
            Product::Sqlite => {
                let mut inner = SqliteConnection::establish(target)?;
                inner
                    .batch_execute(&format!(
                        "PRAGMA busy_timeout = {PATIENCE_MS}; PRAGMA journal_mode = WAL; \
                         PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON; \
                         PRAGMA wal_autocheckpoint = 16000; PRAGMA temp_store = MEMORY; {}",
                        keeping(PAGES_KIB)
                    ))
                    .map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(Conn::Sqlite(inner))
            }
        }
    }

    pub fn sqlite_path(&self) -> Option<&str> {
        (self.product == Product::Sqlite).then_some(self.target.as_str())
    }
}

/// The error classes of `failure` are read from English messages. Only a superuser may set their
/// language, and the service must not be one, so it is set only where the server speaks another:
/// then the administrator is asked for it by the error (`ALTER DATABASE … SET lc_messages = 'C'`).
fn speak_english(conn: &mut PgConnection) -> diesel::QueryResult<()> {
    let spoken: String =
        diesel::select(diesel::dsl::sql::<diesel::sql_types::Text>("current_setting('lc_messages')"))
            .get_result(conn)?;
    let is_english =
        spoken == "C" || spoken == "POSIX" || spoken.starts_with("C.") || spoken.starts_with("en_");
    if is_english { Ok(()) } else { conn.batch_execute("SET lc_messages = 'C'") }
}

/// How a writer's statements are planned. They find rows by whole keys, so they walk indexes and
/// never read a table through: a plan made while a table was young is kept for the connection's
/// life and must stay good when it has grown. Bodies and documents are compressed with LZ4 where
/// the server has it; it costs a third of the older method's time.
fn walk_keys(conn: &mut PgConnection) -> diesel::QueryResult<()> {
    pg::walk_keys(conn)?;
    // A server built without LZ4 does not know the value; the older method serves as well.
    let _ = conn.batch_execute("SET default_toast_compression = 'lz4'");
    Ok(())
}

fn is_local(url: &str) -> bool {
    let after_scheme = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let socket =
        host.is_empty() || host.starts_with("%2F") || url.contains("host=/") || url.contains("host=%2F");
    socket
        || host == "localhost"
        || host.starts_with("localhost:")
        || host.starts_with("127.")
        || host.starts_with("[::1]")
}

fn demands_tls(url: &str) -> bool {
    ["sslmode=require", "sslmode=verify-ca", "sslmode=verify-full"].iter().any(|mode| url.contains(mode))
}

/// Makes pool connections by our own `establish`, and asks them to leave the owner's rights.
pub struct Manager {
    pub url: DatabaseUrl,
    /// The role that connections take after login (PostgreSQL only).
    pub role: Option<String>,
    pub(super) intent: super::Intent,
}

impl ManageConnection for Manager {
    type Connection = Conn;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> std::result::Result<Conn, Self::Error> {
        let mut conn = self.url.establish_existing().map_err(diesel::r2d2::Error::ConnectionError)?;
        if let (Conn::Pg(inner), Some(role)) = (&mut conn, &self.role) {
            inner.batch_execute(&format!("SET ROLE {role}")).map_err(diesel::r2d2::Error::QueryError)?;
        }
        if let (Conn::Pg(inner), super::Intent::Write) = (&mut conn, self.intent) {
            walk_keys(inner).map_err(diesel::r2d2::Error::QueryError)?;
        }
        if let Conn::Sqlite(inner) = &mut conn {
            // PostgreSQL says in each transaction that it reads only. The one writer finds rows all over
            // the file; with a large day it read the same pages from the file again and again.
            let pragma = match self.intent {
                super::Intent::Read => "PRAGMA query_only = ON".to_owned(),
                super::Intent::Write => keeping(WIDE_PAGES_KIB),
            };
            inner.batch_execute(&pragma).map_err(diesel::r2d2::Error::QueryError)?;
        }
        Ok(conn)
    }

    fn is_valid(&self, conn: &mut Conn) -> std::result::Result<(), Self::Error> {
        match conn {
            Conn::Pg(inner) => inner.ping().map_err(diesel::r2d2::Error::QueryError),
            Conn::Sqlite(inner) => inner.ping().map_err(diesel::r2d2::Error::QueryError),
        }
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        std::thread::panicking()
            || match conn {
                Conn::Pg(inner) => inner.is_broken(),
                Conn::Sqlite(inner) => inner.is_broken(),
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(url: &str) -> &'static str {
        DatabaseUrl::parse(url, false).err().map_or("ok", |error| error.code())
    }

    #[test]
    fn only_known_schemes_open_a_database() {
        assert_eq!(code("sqlite://./var/bienlai.db"), "ok");
        assert_eq!(code("postgres://u@127.0.0.1:5432/x"), "ok");
        assert_eq!(code("postgres:///x?host=/run/postgresql"), "ok");
        assert_eq!(code("host=localhost dbname=x"), "database_url_unreadable");
        assert_eq!(code("sqlite://"), "database_url_unreadable");
    }

    #[test]
    fn a_remote_server_without_tls_is_refused() {
        assert_eq!(code("postgres://u@db.example.vn/x"), "database_url_plaintext");
        assert!(DatabaseUrl::parse("postgres://u@db.example.vn/x", true).is_ok());
        let with_tls = code("postgres://u@db.example.vn/x?sslmode=require");
        assert_eq!(with_tls, if cfg!(feature = "tls") { "ok" } else { "database_tls_not_built" });
    }
}
