//! The database: one door for reading, one for writing.
//!
//! `Store::read` and `Store::write` begin a transaction limited to the units in scope. Functions
//! that write take `&mut Tx`, which only `Store::write` makes, so writing outside a transaction
//! does not compile. No network and no signing happen inside a transaction.

pub mod census;
mod checkpoint;
mod conn;
pub mod dialect;
pub mod failpoint;
pub mod failure;
pub mod lane;
pub mod lease;
pub mod migrate;
pub mod pace;
pub mod page;
pub mod past;
mod place;
pub mod rows;
pub mod schema;
pub mod schema_cash;
pub mod schema_closing;
pub mod schema_desk;
pub mod schema_duty;
pub mod schema_figures;
pub mod schema_intake;
pub mod schema_legal;
pub mod schema_matching;
pub mod schema_money;
pub mod schema_privacy;
pub mod schema_recon;
pub mod schema_sign_in;
pub mod schema_sso;
pub mod schema_succession;
pub mod schema_work;
pub mod scoped;
pub mod stamp;
mod types;
pub mod vault;

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::r2d2::{Pool, PooledConnection};

pub use conn::{Conn, DatabaseUrl, Product};
pub use lane::Lane;
pub use stamp::Stamp;

use crate::actor::Scope;
use crate::error::{Error, Result, caught};
use checkpoint::Log;
use failure::Classify;
use lane::Gate;
use place::Place;

/// How often a transaction that lost a race is tried again as a whole.
const CONTENDED_ATTEMPT_LIMIT: u32 = 5;

/// More settling writers only make batches smaller.
const SETTLING_WRITER_LIMIT: u32 = 4;

/// How a store is opened.
#[derive(Clone)]
pub struct Settings {
    pub url: DatabaseUrl,
    /// The PostgreSQL role taken after login; the migrations make `bienlai_app`.
    pub role: Option<String>,
    pub reader_limit: u32,
    /// Writers on PostgreSQL; SQLite has one.
    pub writer_limit: u32,
}

/// The open database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    product: Product,
    readers: Pool<conn::Manager>,
    writers: Pool<conn::Manager>,
    gate: Arc<Gate>,
    settling_writers: u32,
    refuses_writes: Arc<AtomicBool>,
    is_outdated: Arc<AtomicBool>,
    /// SQLite's file.
    place: Option<Place>,
    /// SQLite's log.
    log: Arc<Log>,
}

/// A write transaction. Only `Store::write` makes one.
pub struct Tx<'a> {
    conn: &'a mut Conn,
}

impl Tx<'_> {
    /// For diesel's `load` and `execute`, which do not coerce.
    pub fn conn(&mut self) -> &mut Conn {
        self.conn
    }
}

impl Deref for Tx<'_> {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        self.conn
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.conn
    }
}

impl Store {
    /// Opens pools of connections; the database must exist and be migrated.
    pub fn open(settings: &Settings) -> Result<Self> {
        // Only here may a file come to be: a connection that is made later finds the one of this start, or none.
        if settings.url.sqlite_path().is_some_and(|path| Place::of(path).is_none()) {
            let made = settings.url.establish();
            made.map_err(|error| Error::busy(failure::UNAVAILABLE, 2, error.to_string()))?;
        }
        let writer_limit = match settings.url.product {
            Product::Sqlite => 1,
            Product::PostgreSql => settings.writer_limit,
        };
        Ok(Store {
            product: settings.url.product,
            readers: pool(settings, settings.reader_limit, Intent::Read)?,
            writers: pool(settings, writer_limit, Intent::Write)?,
            gate: Arc::new(Gate::default()),
            settling_writers: (writer_limit / 2).clamp(1, SETTLING_WRITER_LIMIT),
            refuses_writes: Arc::default(),
            is_outdated: Arc::default(),
            place: settings.url.sqlite_path().and_then(Place::of),
            log: Arc::default(),
        })
    }

    /// Whether the database is where it was opened. A server knows that by itself; a file may be moved, deleted or
    /// put in another's place while it is open.
    pub fn is_in_place(&self) -> bool {
        self.place.as_ref().is_none_or(Place::is_kept)
    }

    /// Whether a transaction found no room, or no database, and none has written since. One that had nothing to write
    /// shows nothing. The node's lease is renewed every few seconds, so this is over soon after its cause.
    pub fn refuses_writes(&self) -> bool {
        self.refuses_writes.load(Ordering::Relaxed)
    }

    /// Looks whether a newer program migrated the database beyond this one. From then on this process writes nothing
    /// more: it does not know what its rows would mean there.
    pub fn look_at_schema(&self) -> Result<()> {
        match self.read(&Scope::All, migrate::refuse_newer_schema) {
            Err(error) if error.code() == "schema_too_new" => {
                if !self.is_outdated.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, "nothing is written any more: the newer program takes over");
                }
                Ok(())
            }
            looked => looked,
        }
    }

    /// Moves what SQLite's log holds into the file, beside the writer. A server does that by itself.
    ///
    /// # Errors
    /// `store_unavailable`.
    pub fn move_log(&self) -> Result<()> {
        if self.product == Product::Sqlite && self.log.take() {
            let moved = checkout(&self.readers)
                .and_then(|mut conn| checkpoint::move_log(&mut conn, || self.gate.enter(Lane::Live)));
            // A full disk lets nothing be committed that would ask for the next move, and the next move makes room.
            if !matches!(moved, Ok(checkpoint::Left::Nothing)) {
                self.log.note();
            }
            return moved.map(|_| ());
        }
        Ok(())
    }

    /// How many writers may settle claims side by side: half of them, the rest is for everybody else.
    pub fn settling_writers(&self) -> u32 {
        self.settling_writers
    }

    /// Rows that one bulk transaction of small rows may take: few where everybody waits for the one
    /// writer, many where finding them costs more than writing them.
    pub fn bulk_rows(&self) -> i64 {
        match self.product {
            Product::Sqlite => 500,
            Product::PostgreSql => 4_000,
        }
    }

    /// Statement lines that the first transaction posts: about 20 ms where everybody waits for the one writer, in whole
    /// statements of many rows. Where only the account's own claims wait there are more, because a transaction costs
    /// some twenty round trips and a flush to the disk whatever it posts.
    pub fn posted_lines(&self) -> usize {
        match self.product {
            Product::Sqlite => 8 * rows::WHOLE_STATEMENT,
            Product::PostgreSql => 1_000,
        }
    }

    pub fn product(&self) -> Product {
        self.product
    }

    /// Reads in one transaction that sees only the units in scope.
    pub fn read<T>(&self, scope: &Scope, body: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let mut conn = begun(&self.readers, scope, Intent::Read)?;
        let answer = caught(|| body(&mut conn));
        finish(&mut conn, answer.is_ok())?;
        answer
    }

    /// Reads as [`Store::read`] does what lies all over the file: a large day read the same pages of SQLite's file
    /// again and again. Many pages are kept until the body is done, and given back then.
    pub fn read_widely<T>(&self, scope: &Scope, body: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        self.read(scope, |conn| {
            conn.read_widely(true)?;
            let answer = caught(|| body(conn));
            conn.read_widely(false)?;
            answer
        })
    }

    /// Writes in one transaction. `body` may run several times: when the transaction lost a race
    /// it is rolled back and tried again, five times with jitter.
    pub fn write<T>(
        &self,
        scope: &Scope,
        lane: Lane,
        mut body: impl FnMut(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut attempt = 0;
        loop {
            let answer = self.write_once(scope, lane, &mut body);
            let is_refused = answer.as_ref().is_err_and(|error| error.code() == failure::UNAVAILABLE);
            if is_refused {
                self.refuses_writes.store(true, Ordering::Relaxed);
            }
            attempt += 1;
            match answer {
                Err(error) if error.code() == failure::RETRY && attempt < CONTENDED_ATTEMPT_LIMIT => {
                    tracing::debug!(attempt, %error, "transaction tried again");
                    std::thread::sleep(jitter(attempt));
                }
                other => return other,
            }
        }
    }

    fn write_once<T>(
        &self,
        scope: &Scope,
        lane: Lane,
        body: &mut impl FnMut(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        if self.is_outdated.load(Ordering::Relaxed) {
            let detail = "the database belongs to a newer version of the program";
            return Err(Error::busy(failure::UNAVAILABLE, 5, detail));
        }
        // PostgreSQL has a writer per connection; only SQLite's single writer needs the gate.
        let _turn = (self.product == Product::Sqlite).then(|| self.gate.enter(lane));
        let mut conn = begun(&self.writers, scope, Intent::Write)?;
        let before = self.refuses_writes().then(|| conn.written_so_far()).transpose()?;
        // What breaks off is undone like what fails.
        let answer = caught(|| body(&mut Tx { conn: &mut conn }));
        if answer.is_ok() && !self.is_in_place() {
            finish(&mut conn, false)?;
            tracing::error!("the database file was moved, deleted or replaced; nothing is written");
            return Err(Error::busy(failure::UNAVAILABLE, 2, "the database file is not where it was opened"));
        }
        if answer.is_ok() {
            failpoint::hit("before_commit");
        }
        let has_written = match before {
            Some(before) if answer.is_ok() => conn.written_so_far()? != before,
            _ => false,
        };
        finish(&mut conn, answer.is_ok())?;
        if has_written {
            self.refuses_writes.store(false, Ordering::Relaxed);
        }
        if answer.is_ok() {
            self.log.note();
            failpoint::hit("after_commit");
        }
        answer
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Intent {
    Read,
    Write,
}

fn pool(settings: &Settings, limit: u32, intent: Intent) -> Result<Pool<conn::Manager>> {
    let manager = conn::Manager { url: settings.url.clone(), role: settings.role.clone(), intent };
    Pool::builder()
        .max_size(limit)
        .min_idle(Some(1))
        .test_on_check_out(false)
        .connection_timeout(Duration::from_secs(5))
        .build(manager)
        .map_err(|error| Error::busy(failure::UNAVAILABLE, 2, error.to_string()))
}

fn checkout(pool: &Pool<conn::Manager>) -> Result<PooledConnection<conn::Manager>> {
    pool.get().map_err(|error| Error::busy(failure::UNAVAILABLE, 2, error.to_string()))
}

/// A connection in a fresh transaction. After the server was gone, the pool still holds its dead
/// connections; nothing was done on them yet, so another is taken instead of failing the caller.
fn begun(
    pool: &Pool<conn::Manager>,
    scope: &Scope,
    intent: Intent,
) -> Result<PooledConnection<conn::Manager>> {
    let mut dead = 0;
    loop {
        let mut conn = checkout(pool)?;
        match begin(&mut conn, scope, intent) {
            Ok(()) => return Ok(conn),
            Err(error) if error.code() == failure::UNAVAILABLE && dead < pool.max_size() => dead += 1,
            Err(error) => return Err(error),
        }
    }
}

/// `BEGIN IMMEDIATE` on SQLite, so that a writer waits at the start and not at its first write;
/// on PostgreSQL the units in scope are set in the same round trip, for row-level security. All that one
/// reading transaction sees is of one moment, on either product.
fn begin(conn: &mut Conn, scope: &Scope, intent: Intent) -> Result<()> {
    match conn {
        Conn::Sqlite(inner) => {
            let sql = if intent == Intent::Write { "BEGIN IMMEDIATE" } else { "BEGIN" };
            AnsiTransactionManager::begin_transaction_sql(inner, sql).classify()
        }
        Conn::Pg(inner) => {
            let mode =
                if intent == Intent::Write { "" } else { " ISOLATION LEVEL REPEATABLE READ READ ONLY" };
            let sql = format!("BEGIN{mode}; SET LOCAL bienlai.units = '{}'", scope_text(scope));
            AnsiTransactionManager::begin_transaction_sql(inner, &sql).classify()
        }
    }
}

fn scope_text(scope: &Scope) -> String {
    match scope {
        Scope::All => "*".to_owned(),
        Scope::Units(units) => units.iter().map(|unit| unit.0.to_string()).collect::<Vec<_>>().join(","),
    }
}

fn finish(conn: &mut Conn, is_ok: bool) -> Result<()> {
    type Manager = <Conn as diesel::Connection>::TransactionManager;
    if is_ok {
        let committed = Manager::commit_transaction(conn).classify();
        if committed.is_err() {
            // A failed COMMIT on SQLite (disk full) leaves the transaction open.
            let _ = Manager::rollback_transaction(conn);
        }
        return committed;
    }
    if let Err(error) = Manager::rollback_transaction(conn) {
        tracing::warn!(%error, "rollback failed; the connection is discarded");
    }
    Ok(())
}

/// 2 to 64 ms, different for each thread that lost the same race.
fn jitter(attempt: u32) -> Duration {
    let mut byte = [0_u8; 1];
    let random = ring::rand::SystemRandom::new();
    let _ = ring::rand::SecureRandom::fill(&random, &mut byte);
    Duration::from_millis((1_u64 << attempt) + u64::from(byte[0]) % (1 << attempt))
}
