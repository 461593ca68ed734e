//! SQLite: one cached statement per row; there is no round trip to save.

use std::marker::PhantomData;
use std::rc::Rc;

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::methods::LoadQuery;
use diesel::sql_types::{BigInt, Binary, Bool, Date, Integer, Nullable, Text};
use diesel::sqlite::{Sqlite, SqliteConnection};

use crate::error::Result;
use crate::store::failure::Classify;
use crate::store::rows::{Column, Update};

/// A statement for one row of the columns; `?` marks where the next bind goes.
struct Statement<'a> {
    text: &'a str,
    binds: &'a [Column],
    row: usize,
}

impl QueryId for Statement<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Sqlite> for Statement<'_> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        push(pass, self.text, self.binds, self.row)
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
        push(pass, &self.text, &self.binds, self.row)
    }
}

impl<ST> RunQueryDsl<SqliteConnection> for Fetch<ST> {}

fn push<'b>(
    mut pass: AstPass<'_, 'b, Sqlite>,
    text: &str,
    binds: &'b [Column],
    row: usize,
) -> QueryResult<()> {
    let mut pieces = text.split('?');
    pass.push_sql(pieces.next().unwrap_or_default());
    for (piece, column) in pieces.zip(binds) {
        match column {
            Column::Big(v) => pass.push_bind_param::<BigInt, i64>(&v[row])?,
            Column::MaybeBig(v) => pass.push_bind_param::<Nullable<BigInt>, Option<i64>>(&v[row])?,
            Column::Int(v) => pass.push_bind_param::<Integer, i32>(&v[row])?,
            Column::Text(v) => pass.push_bind_param::<Text, String>(&v[row])?,
            Column::MaybeText(v) => pass.push_bind_param::<Nullable<Text>, Option<String>>(&v[row])?,
            Column::Bytes(v) => pass.push_bind_param::<Binary, Vec<u8>>(&v[row])?,
            Column::MaybeBytes(v) => pass.push_bind_param::<Nullable<Binary>, Option<Vec<u8>>>(&v[row])?,
            Column::Bool(v) => pass.push_bind_param::<Bool, bool>(&v[row])?,
            Column::Day(v) => pass.push_bind_param::<Date, chrono::NaiveDate>(&v[row])?,
            Column::MaybeDay(v) => {
                pass.push_bind_param::<Nullable<Date>, Option<chrono::NaiveDate>>(&v[row])?
            }
        }
        pass.push_sql(piece);
    }
    Ok(())
}

fn insert_text(table: &str, columns: &[(&'static str, Column)]) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), vec!["?"; names.len()].join(", "))
}

fn row_count(columns: &[Column]) -> usize {
    columns.first().map_or(0, Column::len)
}

pub fn insert(conn: &mut SqliteConnection, table: &str, columns: Vec<(&'static str, Column)>) -> Result<()> {
    let text = insert_text(table, &columns);
    let binds: Vec<Column> = columns.into_iter().map(|(_, column)| column).collect();
    for row in 0..row_count(&binds) {
        Statement { text: &text, binds: &binds, row }.execute(conn).classify()?;
    }
    Ok(())
}

pub fn insert_if_absent(
    conn: &mut SqliteConnection,
    table: &str,
    columns: Vec<(&'static str, Column)>,
) -> Result<Vec<bool>> {
    let text = format!("{} ON CONFLICT DO NOTHING", insert_text(table, &columns));
    let binds: Vec<Column> = columns.into_iter().map(|(_, column)| column).collect();
    (0..row_count(&binds))
        .map(|row| Ok(Statement { text: &text, binds: &binds, row }.execute(conn).classify()? == 1))
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
        changed += Statement { text: &text, binds: &binds, row }.execute(conn).classify()?;
    }
    Ok(changed)
}

pub fn delete(conn: &mut SqliteConnection, table: &str, keys: Vec<(&str, Column)>) -> Result<usize> {
    let conditions: Vec<String> = keys.iter().map(|(column, _)| format!("{column} = ?")).collect();
    let text = format!("DELETE FROM {table} WHERE {}", conditions.join(" AND "));
    let binds: Vec<Column> = keys.into_iter().map(|(_, column)| column).collect();
    let mut deleted = 0;
    for row in 0..row_count(&binds) {
        deleted += Statement { text: &text, binds: &binds, row }.execute(conn).classify()?;
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
