//! Small things every story needs: folders that go away, switches, raw questions to a database.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use bienlai::store::{Conn, DatabaseUrl, Product, migrate};
use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl};

/// Whether a switch in the environment is on.
#[allow(clippy::disallowed_methods, reason = "tests are switched by the environment; the program is not")]
pub fn switch(name: &str) -> bool {
    std::env::var(name).is_ok_and(|value| !value.is_empty() && value != "0")
}

/// A number given in the environment, such as the seed to replay.
#[allow(clippy::disallowed_methods, reason = "tests are switched by the environment; the program is not")]
pub fn given(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// A text given in the environment, to a process that a story starts.
#[allow(clippy::disallowed_methods, reason = "tests are switched by the environment; the program is not")]
pub fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The full figures of the promises, which take hours, instead of a few of each.
pub fn is_long() -> bool {
    switch("BIENLAI_TEST_LONG")
}

/// A new empty folder that is deleted with everything in it when dropped.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        Folder::within(&std::env::temp_dir(), name)
    }

    pub fn within(parent: &Path, name: &str) -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("bienlai-test-{}-{number}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary folder can be made");
        Folder(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A file in it, as commands take its path.
    pub fn written(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, content).expect("the file is written");
        path.to_string_lossy().into_owned()
    }
}

/// Deletes a folder when this process is gone, however it ended: statics are never dropped.
pub fn delete_at_exit(folder: &Path) {
    let watchdog = std::process::Command::new("sh")
        .args(["-c", "cat >/dev/null; rm -rf \"$1\"", "watchdog"])
        .arg(folder)
        .stdin(std::process::Stdio::piped())
        .spawn();
    // The pipe stays open as long as the process lives.
    std::mem::forget(watchdog);
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A connection as the owner of the database, who may do what the service may not. It sees every
/// unit.
pub fn as_owner(url: &str) -> Conn {
    let url = DatabaseUrl::parse(url, false).expect("a test database has a good URL");
    let mut conn = migrate::establish(&url).expect("the test database answers");
    if let Conn::Pg(inner) = &mut conn {
        inner.batch_execute("SET bienlai.units = '*'").expect("a setting is set");
    }
    conn
}

/// Runs statements as they are; the error is the database's own.
pub fn run(conn: &mut Conn, sql: &str) -> diesel::QueryResult<()> {
    match conn {
        Conn::Pg(inner) => inner.batch_execute(sql),
        Conn::Sqlite(inner) => inner.batch_execute(sql),
    }
}

/// Takes a table's triggers away, as whoever owns the database can.
pub fn unguarded(owner: &mut Conn, product: Product, table: &str) {
    if product == Product::PostgreSql {
        return run(owner, &format!("ALTER TABLE {table} DISABLE TRIGGER USER")).expect("the owner may");
    }
    let guards =
        format!("SELECT name AS t FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'");
    for guard in texts(owner, &guards) {
        run(owner, &format!("DROP TRIGGER {guard}")).expect("the owner may");
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    t: String,
}

/// The single number a query answers. Write `SELECT CAST(… AS BIGINT) AS n`.
pub fn number(conn: &mut Conn, sql: &str) -> i64 {
    numbers(conn, sql).first().copied().unwrap_or_else(|| panic!("no row from {sql}"))
}

pub fn numbers(conn: &mut Conn, sql: &str) -> Vec<i64> {
    let found: Vec<Number> =
        diesel::sql_query(sql).load(conn).unwrap_or_else(|error| panic!("{error}: {sql}"));
    found.into_iter().map(|number| number.n).collect()
}

/// The texts a query answers. Write `SELECT CAST(… AS TEXT) AS t`.
pub fn texts(conn: &mut Conn, sql: &str) -> Vec<String> {
    let found: Vec<Word> = diesel::sql_query(sql).load(conn).unwrap_or_else(|error| panic!("{error}: {sql}"));
    found.into_iter().map(|word| word.t).collect()
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// How SQLite would run a statement; nothing where it cannot read it.
pub fn plan(conn: &mut Conn, sql: &str) -> Option<Vec<String>> {
    let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(conn).ok()?;
    Some(steps.into_iter().map(|step| step.detail).collect())
}

/// The code that our error classes give to what a statement does.
pub fn code_of(conn: &mut Conn, sql: &str) -> &'static str {
    use bienlai::store::failure::Classify;
    run(conn, sql).classify().err().map_or("ok", |error| error.code())
}
