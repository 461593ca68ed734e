//! PostgreSQL: one statement over `UNNEST` arrays.

use std::collections::HashSet;
use std::marker::PhantomData;

use diesel::connection::SimpleConnection;
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::methods::LoadQuery;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Date, Integer, Nullable, Text};

use crate::error::Result;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock, Update};

/// A statement whose binds are whole columns; `?` marks where the next one goes.
struct Statement {
    text: String,
    binds: Vec<Column>,
}

impl QueryId for Statement {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for Statement {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        push(pass, &self.text, &self.binds)
    }
}

impl RunQueryDsl<PgConnection> for Statement {}

/// A read whose rows have the SQL type `ST`.
pub struct Fetch<ST> {
    statement: Statement,
    row_type: PhantomData<ST>,
}

impl<ST> QueryId for Fetch<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Fetch<ST> {
    type SqlType = ST;
}

impl<ST> QueryFragment<Pg> for Fetch<ST> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        push(pass, &self.statement.text, &self.statement.binds)
    }
}

impl<ST> RunQueryDsl<PgConnection> for Fetch<ST> {}

fn push<'b>(mut pass: AstPass<'_, 'b, Pg>, text: &str, binds: &'b [Column]) -> QueryResult<()> {
    let mut pieces = text.split('?');
    pass.push_sql(pieces.next().unwrap_or_default());
    for (piece, column) in pieces.zip(binds) {
        match column {
            Column::Big(v) => pass.push_bind_param::<Array<BigInt>, Vec<i64>>(v)?,
            Column::MaybeBig(v) => pass.push_bind_param::<Array<Nullable<BigInt>>, Vec<Option<i64>>>(v)?,
            Column::Int(v) => pass.push_bind_param::<Array<Integer>, Vec<i32>>(v)?,
            Column::Text(v) => pass.push_bind_param::<Array<Text>, Vec<String>>(v)?,
            Column::MaybeText(v) => pass.push_bind_param::<Array<Nullable<Text>>, Vec<Option<String>>>(v)?,
            Column::Bytes(v) => pass.push_bind_param::<Array<Binary>, Vec<Vec<u8>>>(v)?,
            Column::MaybeBytes(v) => {
                pass.push_bind_param::<Array<Nullable<Binary>>, Vec<Option<Vec<u8>>>>(v)?
            }
            Column::Bool(v) => pass.push_bind_param::<Array<Bool>, Vec<bool>>(v)?,
            Column::Day(v) => pass.push_bind_param::<Array<Date>, Vec<chrono::NaiveDate>>(v)?,
            Column::MaybeDay(v) => {
                pass.push_bind_param::<Array<Nullable<Date>>, Vec<Option<chrono::NaiveDate>>>(v)?
            }
        }
        pass.push_sql(array_cast(column));
        pass.push_sql(piece);
    }
    Ok(())
}

fn array_cast(column: &Column) -> &'static str {
    match column {
        Column::Big(_) | Column::MaybeBig(_) => "::bigint[]",
        Column::Int(_) => "::integer[]",
        Column::Text(_) | Column::MaybeText(_) => "::text[]",
        Column::Bytes(_) | Column::MaybeBytes(_) => "::bytea[]",
        Column::Bool(_) => "::boolean[]",
        Column::Day(_) | Column::MaybeDay(_) => "::date[]",
    }
}

fn split(columns: Vec<(&'static str, Column)>) -> (String, String, Vec<Column>) {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let marks = vec!["?"; columns.len()].join(", ");
    (names.join(", "), marks, columns.into_iter().map(|(_, column)| column).collect())
}

pub fn insert(conn: &mut PgConnection, table: &str, columns: Vec<(&'static str, Column)>) -> Result<()> {
    let (names, marks, binds) = split(columns);
    let text = format!("INSERT INTO {table} ({names}) SELECT * FROM UNNEST({marks})");
    Statement { text, binds }.execute(conn).classify().map(|_| ())
}

/// Columns of several tables, by table.
pub type Tables = Vec<(&'static str, Vec<(&'static str, Column)>)>;

/// All but the last insertion stand in the `WITH` of the last.
pub fn insert_together(conn: &mut PgConnection, tables: Tables) -> Result<()> {
    let mut binds = Vec::new();
    let mut inserts = Vec::with_capacity(tables.len());
    for (table, columns) in tables {
        let (names, marks, columns) = split(columns);
        inserts.push(format!("INSERT INTO {table} ({names}) SELECT * FROM UNNEST({marks})"));
        binds.extend(columns);
    }
    let last = inserts.pop().unwrap_or_default();
    let before: Vec<String> =
        inserts.iter().enumerate().map(|(index, insert)| format!("i{index} AS ({insert})")).collect();
    let with = if before.is_empty() { String::new() } else { format!("WITH {} ", before.join(", ")) };
    Statement { text: format!("{with}{last}"), binds }.execute(conn).classify().map(|_| ())
}

/// The keys that were inserted, joined by the unit separator.
pub fn insert_if_absent(
    conn: &mut PgConnection,
    table: &str,
    columns: Vec<(&'static str, Column)>,
    key: &[&str],
) -> Result<HashSet<String>> {
    let (names, marks, binds) = split(columns);
    let text = format!(
        "INSERT INTO {table} ({names}) SELECT * FROM UNNEST({marks}) ON CONFLICT DO NOTHING \
         RETURNING concat_ws(U&'\\001f', {})",
        key.join(", ")
    );
    let keys: Vec<String> = Fetch::<Text> { statement: Statement { text, binds }, row_type: PhantomData }
        .load(conn)
        .classify()?;
    Ok(keys.into_iter().collect())
}

pub fn update(conn: &mut PgConnection, update: Update<'_>) -> Result<usize> {
    let mut names = Vec::new();
    let mut binds = Vec::new();
    let mut sets = Vec::new();
    let mut conditions = Vec::new();
    for (index, (name, column)) in update.sets.into_iter().enumerate() {
        sets.push(format!("{name} = v.s{index}"));
        names.push(format!("s{index}"));
        binds.push(column);
    }
    for (index, (name, column)) in update.keys.into_iter().chain(update.guard).enumerate() {
        conditions.push(format!("t.{name} = v.k{index}"));
        names.push(format!("k{index}"));
        binds.push(column);
    }
    let marks = vec!["?"; binds.len()].join(", ");
    let text = format!(
        "UPDATE {} AS t SET {} FROM UNNEST({marks}) AS v ({}) WHERE {}",
        update.table,
        sets.join(", "),
        names.join(", "),
        conditions.join(" AND ")
    );
    Statement { text, binds }.execute(conn).classify()
}

pub fn delete(conn: &mut PgConnection, table: &str, keys: Vec<(&str, Column)>) -> Result<usize> {
    let names: Vec<String> = (0..keys.len()).map(|index| format!("k{index}")).collect();
    let conditions: Vec<String> =
        keys.iter().zip(&names).map(|((column, _), name)| format!("t.{column} = k.{name}")).collect();
    let text = format!(
        "DELETE FROM {table} AS t USING UNNEST({}) AS k ({}) WHERE {}",
        vec!["?"; keys.len()].join(", "),
        names.join(", "),
        conditions.join(" AND ")
    );
    let binds = keys.into_iter().map(|(_, column)| column).collect();
    Statement { text, binds }.execute(conn).classify()
}

/// How statements are planned that find rows by whole keys: indexes are walked in the order in which the
/// tables are written, and no table is read through, hashed or kept. A planner that trusts figures of
/// tables which grew a thousandfold since they were counted chooses badly among all the other ways.
const BY_KEYS: [&str; 4] = ["enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_material"];

/// Has the connection plan by keys for good.
pub fn walk_keys(conn: &mut PgConnection) -> QueryResult<()> {
    let off: String = BY_KEYS.iter().map(|setting| format!("SET {setting} = off; ")).collect();
    conn.batch_execute(&format!("{off}SET bienlai.scans = 'off'"))
}

/// Runs a read that joins tables by keys, whatever the connection's other statements may do.
fn by_keys<T>(conn: &mut PgConnection, read: impl FnOnce(&mut PgConnection) -> Result<T>) -> Result<T> {
    let off: String = BY_KEYS.iter().map(|setting| format!("SET LOCAL {setting} = off; ")).collect();
    conn.batch_execute(&format!("{off}SET LOCAL join_collapse_limit = 1")).classify()?;
    let found = read(conn)?;
    let back: String =
        BY_KEYS.iter().map(|setting| format!(", set_config('{setting}', before.scans, true)")).collect();
    let before = "SELECT COALESCE(NULLIF(current_setting('bienlai.scans', true), ''), 'on') AS scans";
    conn.batch_execute(&format!(
        "SELECT set_config('join_collapse_limit', '8', true){back} FROM ({before}) AS before"
    ))
    .classify()?;
    Ok(found)
}

/// Keys read by one statement. With some ten thousand, a writer's planner (which may not hash) took the
/// table for the smaller side and went through all keys for each of its rows.
const KEYS_AT_ONCE: usize = 500;

pub fn fetch<ST, T>(
    conn: &mut PgConnection,
    select: &str,
    keys: &[(&str, Column)],
    rest: &str,
    lock: Lock,
) -> Result<Vec<T>>
where
    Fetch<ST>: for<'q> LoadQuery<'q, PgConnection, T>,
{
    let names: Vec<String> = (0..keys.len()).map(|index| format!("k{index}")).collect();
    let marks = vec!["?"; keys.len()].join(", ");
    let conditions: Vec<String> =
        keys.iter().zip(&names).map(|((column, _), name)| format!("t.{column} = k.{name}")).collect();
    let keyed = format!("UNNEST({marks}) AS k ({})", names.join(", "));
    let mut text = if lock == Lock::None {
        // OFFSET keeps the planner from turning the reading round: each key is looked up by itself.
        // With thousands of keys in one cost it takes what a bad index costs for a rounding error.
        format!(
            "SELECT found.* FROM {keyed} CROSS JOIN LATERAL ({select} WHERE {} {rest} OFFSET 0) AS found",
            conditions.join(" AND ")
        )
    } else {
        let (columns, from) = select.split_at(rows::driving_table(select).unwrap_or(select.len()));
        format!("{columns}{keyed} CROSS JOIN {from} WHERE {} {rest}", conditions.join(" AND "))
    };
    let strength = match lock {
        Lock::None => "",
        Lock::Update => "NO KEY UPDATE",
        Lock::Named => "KEY SHARE",
        Lock::Whole => "UPDATE",
    };
    if !strength.is_empty() {
        let order: Vec<String> = keys.iter().map(|(column, _)| format!("t.{column}")).collect();
        text.push_str(&format!(" ORDER BY {} FOR {strength} OF t", order.join(", ")));
    }
    if select.contains(" JOIN ") {
        by_keys(conn, |conn| fetch_in_steps(conn, &text, keys, lock))
    } else {
        fetch_in_steps(conn, &text, keys, lock)
    }
}

fn fetch_in_steps<ST, T>(
    conn: &mut PgConnection,
    text: &str,
    keys: &[(&str, Column)],
    lock: Lock,
) -> Result<Vec<T>>
where
    Fetch<ST>: for<'q> LoadQuery<'q, PgConnection, T>,
{
    let count = keys.first().map_or(0, |(_, column)| column.len());
    // Locks are taken in one order, so they are asked for at once.
    let step = if lock == Lock::None { KEYS_AT_ONCE } else { count.max(1) };
    let mut found = Vec::new();
    for first in (0..count).step_by(step) {
        let rows = first..count.min(first + step);
        let binds = keys.iter().map(|(_, column)| column.part(rows.clone())).collect();
        let statement = Statement { text: text.to_owned(), binds };
        found.extend(Fetch { statement, row_type: PhantomData }.load(conn).classify()?);
    }
    Ok(found)
}
