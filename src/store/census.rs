//! How many rows each table holds.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::Conn;
use super::failure::Classify;
use crate::error::{Error, Result};

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// The rows of every table, by name; what the scope hides is not counted.
pub fn rows(conn: &mut Conn) -> Result<Vec<(String, i64)>> {
    let query = match conn {
        Conn::Pg(_) => "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
        Conn::Sqlite(_) => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1"
        }
    };
    let tables: Vec<Table> = diesel::sql_query(query).load(conn).classify()?;
    let mut counted = Vec::with_capacity(tables.len());
    for Table { name } in tables {
        let count = diesel::sql_query(format!("SELECT COUNT(*) AS count FROM \"{name}\""));
        let found: Count = count.get_result(conn).classify()?;
        counted.push((name, found.count));
    }
    Ok(counted)
}

/// Has PostgreSQL look at its tables anew, as its owner's account; plans made while they were empty
/// are made again.
pub fn analyze(url: &str) -> Result<()> {
    as_owner(url, "ANALYZE")
}

/// Has PostgreSQL write back all that it holds in memory, so that what comes next does not pay for
/// what was before.
///
/// # Errors
/// Where the account may not: `GRANT pg_checkpoint` lets it.
pub fn checkpoint(url: &str) -> Result<()> {
    as_owner(url, "CHECKPOINT")
}

fn as_owner(url: &str, statement: &str) -> Result<()> {
    let broken = |error: String| Error::internal(format!("{statement}: {error}"));
    let mut owner = PgConnection::establish(url).map_err(|error| broken(error.to_string()))?;
    owner.batch_execute(statement).map_err(|error| broken(error.to_string()))
}
