//! SQLite: cached statements. There is no round trip to save, but each statement costs its text, its
//! look-up and its checks, so plain inserts take many rows at once.

use std::marker::PhantomData;
use std::ops::Range;
use std::rc::Rc;

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::methods::LoadQuery;
use diesel::sql_types::{BigInt, Binary, Bool, Date, Integer, Nullable, Text};
use diesel::sqlite::{Sqlite, SqliteConnection};

use crate::error::Result;
use crate::store::failure::Classify;
use crate::store::rows::{Column, Update};

/// Rows in one insert: few sizes, so that the connection's cache of statements stays small. The
/// widest table times the largest is well below the 32,766 binds a statement may have.
const ROWS_AT_ONCE: [usize; 3] = [64, 8, 1];

/// A statement for some rows of the columns; `?` marks where the next bind goes.
struct Statement<'a> {
    text: &'a str,
    binds: &'a [Column],
    rows: Range<usize>,
}

impl QueryId for Statement<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Sqlite> for Statement<'_> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        push(pass, self.text, self.binds, self.rows.clone())
    }
}

impl RunQueryDsl<SqliteConnection> for Statement<'_> {}

/// A read of one key whose rows have the SQL type `ST`.
pub struct Fetch<ST> {
    text: Rc<str>,
    binds: Rc<[Column]>,
    row: usize,
    row_type: PhantomData<ST>,
}

impl<ST> QueryId for Fetch<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Fetch<ST> {
    type SqlType = ST;
}

impl<ST> QueryFragment<Sqlite> for Fetch<ST> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        push(pass, &self.text, &self.binds, self.row..self.row + 1)
    }
}

impl<ST> RunQueryDsl<SqliteConnection> for Fetch<ST> {}

fn push<'b>(
    mut pass: AstPass<'_, 'b, Sqlite>,
    text: &str,
    binds: &'b [Column],
    rows: Range<usize>,
) -> QueryResult<()> {
    let mut pieces = text.split('?');
    pass.push_sql(pieces.next().unwrap_or_default());
    let cells = rows.flat_map(|row| binds.iter().map(move |column| (column, row)));
    for (piece, (column, row)) in pieces.zip(cells) {
        push_bind(&mut pass, column, row)?;
        pass.push_sql(piece);
    }
    Ok(())
}

fn push_bind<'b>(pass: &mut AstPass<'_, 'b, Sqlite>, column: &'b Column, row: usize) -> QueryResult<()> {
    match column {
        Column::Big(v) => pass.push_bind_param::<BigInt, i64>(&v[row]),
        Column::MaybeBig(v) => pass.push_bind_param::<Nullable<BigInt>, Option<i64>>(&v[row]),
        Column::Int(v) => pass.push_bind_param::<Integer, i32>(&v[row]),
        Column::Text(v) => pass.push_bind_param::<Text, String>(&v[row]),
        Column::MaybeText(v) => pass.push_bind_param::<Nullable<Text>, Option<String>>(&v[row]),
        Column::Bytes(v) => pass.push_bind_param::<Binary, Vec<u8>>(&v[row]),
        Column::MaybeBytes(v) => pass.push_bind_param::<Nullable<Binary>, Option<Vec<u8>>>(&v[row]),
        Column::Bool(v) => pass.push_bind_param::<Bool, bool>(&v[row]),
        Column::Day(v) => pass.push_bind_param::<Date, chrono::NaiveDate>(&v[row]),
        Column::MaybeDay(v) => pass.push_bind_param::<Nullable<Date>, Option<chrono::NaiveDate>>(&v[row]),
    }
}

fn insert_text(table: &str, names: &[&str], row_count: usize) -> String {
    let row = format!("({})", vec!["?"; names.len()].join(", "));
    format!("INSERT INTO {table} ({}) VALUES {}", names.join(", "), vec![row; row_count].join(", "))
}

fn row_count(columns: &[Column]) -> usize {
    columns.first().map_or(0, Column::len)
}

pub fn insert(conn: &mut SqliteConnection, table: &str, columns: Vec<(&'static str, Column)>) -> Result<()> {
    let names: Vec<&'static str> = columns.iter().map(|(name, _)| *name).collect();
    let binds: Vec<Column> = columns.into_iter().map(|(_, column)| column).collect();
    let mut row = 0;
    for count in ROWS_AT_ONCE {
        let left = row_count(&binds) - row;
        if left < count {
            continue;
        }
        let text = insert_text(table, &names, count);
        for _ in 0..left / count {
            Statement { text: &text, binds: &binds, rows: row..row + count }.execute(conn).classify()?;
            row += count;
        }
    }
    Ok(())
}

pub fn insert_if_absent(
    conn: &mut SqliteConnection,
    table: &str,
    columns: Vec<(&'static str, Column)>,
) -> Result<Vec<bool>> {
    let names: Vec<&'static str> = columns.iter().map(|(name, _)| *name).collect();
    let text = format!("{} ON CONFLICT DO NOTHING", insert_text(table, &names, 1));
    let binds: Vec<Column> = columns.into_iter().map(|(_, column)| column).collect();
    (0..row_count(&binds))
        .map(|row| {
            Ok(Statement { text: &text, binds: &binds, rows: row..row + 1 }.execute(conn).classify()? == 1)
        })
        .collect()
}

pub fn update(conn: &mut SqliteConnection, update: Update<'_>) -> Result<usize> {
    let sets: Vec<String> = update.sets.iter().map(|(name, _)| format!("{name} = ?")).collect();
    let conditions: Vec<String> =
        update.keys.iter().chain(&update.guard).map(|(name, _)| format!("{name} = ?")).collect();
    let text = format!("UPDATE {} SET {} WHERE {}", update.table, sets.join(", "), conditions.join(" AND "));
    let binds: Vec<Column> =
        update.sets.into_iter().chain(update.keys).chain(update.guard).map(|(_, column)| column).collect();
    let mut changed = 0;
    for row in 0..row_count(&binds) {
        changed += Statement { text: &text, binds: &binds, rows: row..row + 1 }.execute(conn).classify()?;
    }
    Ok(changed)
}

pub fn delete(conn: &mut SqliteConnection, table: &str, keys: Vec<(&str, Column)>) -> Result<usize> {
    let conditions: Vec<String> = keys.iter().map(|(column, _)| format!("{column} = ?")).collect();
    let text = format!("DELETE FROM {table} WHERE {}", conditions.join(" AND "));
    let binds: Vec<Column> = keys.into_iter().map(|(_, column)| column).collect();
    let mut deleted = 0;
    for row in 0..row_count(&binds) {
        deleted += Statement { text: &text, binds: &binds, rows: row..row + 1 }.execute(conn).classify()?;
    }
    Ok(deleted)
}

pub fn fetch<ST, T>(
    conn: &mut SqliteConnection,
    select: &str,
    keys: &[(&str, Column)],
    rest: &str,
) -> Result<Vec<T>>
where
    Fetch<ST>: for<'q> LoadQuery<'q, SqliteConnection, T>,
{
    let conditions: Vec<String> = keys.iter().map(|(column, _)| format!("t.{column} = ?")).collect();
    let text: Rc<str> = format!("{select} WHERE {} {rest}", conditions.join(" AND ")).into();
    let binds: Rc<[Column]> = keys.iter().map(|(_, column)| column.clone()).collect();
    let mut rows = Vec::new();
    for row in 0..row_count(&binds) {
        let fetch = Fetch { text: Rc::clone(&text), binds: Rc::clone(&binds), row, row_type: PhantomData };
        rows.extend(fetch.load(conn).classify()?);
    }
    Ok(rows)
}
