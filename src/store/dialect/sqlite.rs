//! SQLite: cached statements. There is no round trip to save, but each statement costs its text, its
//! look-up and its checks, so plain inserts take many rows and reads many keys at once.

use std::marker::PhantomData;
use std::ops::Range;
use std::rc::Rc;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::methods::LoadQuery;
use diesel::sql_types::{BigInt, Binary, Bool, Date, Integer, Nullable, Text};
use diesel::sqlite::{Sqlite, SqliteConnection};

use crate::error::Result;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Update};

/// Rows in one insert, keys in one read: few sizes, so that the connection's cache of statements stays
/// small. The widest table times the largest is well below the 32,766 binds a statement may have.
const ROWS_AT_ONCE: [usize; 3] = [rows::WHOLE_STATEMENT, 8, 1];

/// The text of a statement, taken apart once at each `?`, where the next bind goes. Diesel walks through a
/// statement three times whenever it runs it.
struct Template {
    text: String,
    /// Where each of its marks stands.
    marks: Vec<usize>,
}

impl Template {
    fn new(text: String) -> Template {
        let marks = text.match_indices('?').map(|(at, _)| at).collect();
        Template { text, marks }
    }

    fn before_first_mark(&self) -> &str {
        self.text.get(..self.marks.first().copied().unwrap_or(self.text.len())).unwrap_or_default()
    }

    /// What stands behind each mark, up to the next one.
    fn behind_marks(&self) -> impl Iterator<Item = &str> {
        let ends = self.marks.iter().skip(1).copied().chain([self.text.len()]);
        self.marks.iter().zip(ends).map(|(at, end)| self.text.get(at + 1..end).unwrap_or_default())
    }
}

/// A statement for some rows of the columns.
struct Statement<'a> {
    text: &'a Template,
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

/// A read of some keys whose rows have the SQL type `ST`.
pub struct Fetch<ST> {
    text: Rc<Template>,
    binds: Rc<[Column]>,
    rows: Range<usize>,
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
        push(pass, &self.text, &self.binds, self.rows.clone())
    }
}

impl<ST> RunQueryDsl<SqliteConnection> for Fetch<ST> {}

fn push<'b>(
    mut pass: AstPass<'_, 'b, Sqlite>,
    text: &Template,
    binds: &'b [Column],
    rows: Range<usize>,
) -> QueryResult<()> {
    pass.push_sql(text.before_first_mark());
    let cells = rows.flat_map(|row| binds.iter().map(move |column| (column, row)));
    for (piece, (column, row)) in text.behind_marks().zip(cells) {
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
        let text = Template::new(insert_text(table, &names, count));
        for _ in 0..left / count {
            Statement { text: &text, binds: &binds, rows: row..row + count }.execute(conn).classify()?;
            row += count;
        }
    }
    Ok(())
}

/// Which rows of many were new is only known when all were; otherwise they are taken back and go one by
/// one.
pub fn insert_if_absent(
    conn: &mut SqliteConnection,
    table: &str,
    columns: Vec<(&'static str, Column)>,
) -> Result<Vec<bool>> {
    let names: Vec<&'static str> = columns.iter().map(|(name, _)| *name).collect();
    let binds: Vec<Column> = columns.into_iter().map(|(_, column)| column).collect();
    let text_of =
        |rows: usize| Template::new(format!("{} ON CONFLICT DO NOTHING", insert_text(table, &names, rows)));
    let one = text_of(1);
    let mut inserted = Vec::with_capacity(row_count(&binds));
    for count in ROWS_AT_ONCE {
        let left = row_count(&binds) - inserted.len();
        if left < count {
            continue;
        }
        let text = text_of(count);
        for _ in 0..left / count {
            let rows = inserted.len()..inserted.len() + count;
            if count > 1
                && insert_all_or_none(conn, Statement { text: &text, binds: &binds, rows: rows.clone() })?
            {
                inserted.resize(rows.end, true);
                continue;
            }
            for row in rows {
                let statement = Statement { text: &one, binds: &binds, rows: row..row + 1 };
                inserted.push(statement.execute(conn).classify()? == 1);
            }
        }
    }
    Ok(inserted)
}

/// Whether all rows of the statement went in; if not, none did.
fn insert_all_or_none(conn: &mut SqliteConnection, statement: Statement<'_>) -> Result<bool> {
    let expected = statement.rows.len();
    conn.batch_execute("SAVEPOINT all_or_none").classify()?;
    let is_whole = statement.execute(conn).classify()? == expected;
    if !is_whole {
        conn.batch_execute("ROLLBACK TO all_or_none").classify()?;
    }
    conn.batch_execute("RELEASE all_or_none").classify()?;
    Ok(is_whole)
}

pub fn update(conn: &mut SqliteConnection, update: Update<'_>) -> Result<usize> {
    let table = update.table;
    let sets: Vec<&str> = update.sets.iter().map(|(name, _)| *name).collect();
    let keys: Vec<&str> = update.keys.iter().chain(&update.guard).map(|(name, _)| *name).collect();
    let binds: Vec<Column> =
        update.sets.into_iter().chain(update.keys).chain(update.guard).map(|(_, column)| column).collect();
    let mut changed = 0;
    let mut row = 0;
    for count in ROWS_AT_ONCE {
        let left = row_count(&binds) - row;
        if left < count {
            continue;
        }
        let text = Template::new(update_text(table, &sets, &keys, count));
        for _ in 0..left / count {
            changed +=
                Statement { text: &text, binds: &binds, rows: row..row + count }.execute(conn).classify()?;
            row += count;
        }
    }
    Ok(changed)
}

/// Many rows are a table of values, each of which finds its own by the key.
fn update_text(table: &str, sets: &[&str], keys: &[&str], count: usize) -> String {
    if count == 1 {
        let equal = |names: &[&str], between: &str| {
            names.iter().map(|name| format!("{name} = ?")).collect::<Vec<_>>().join(between)
        };
        return format!("UPDATE {table} SET {} WHERE {}", equal(sets, ", "), equal(keys, " AND "));
    }
    let value = |at: usize| format!("v.column{}", at + 1);
    let sets: Vec<String> =
        sets.iter().enumerate().map(|(at, name)| format!("{name} = {}", value(at))).collect();
    let conditions: Vec<String> =
        keys.iter().enumerate().map(|(at, name)| format!("t.{name} = {}", value(sets.len() + at))).collect();
    let row = format!("({})", vec!["?"; sets.len() + keys.len()].join(", "));
    format!(
        "UPDATE {table} AS t SET {} FROM (VALUES {}) AS v WHERE {}",
        sets.join(", "),
        vec![row; count].join(", "),
        conditions.join(" AND ")
    )
}

pub fn delete(conn: &mut SqliteConnection, table: &str, keys: Vec<(&str, Column)>) -> Result<usize> {
    let conditions: Vec<String> = keys.iter().map(|(column, _)| format!("{column} = ?")).collect();
    let text = Template::new(format!("DELETE FROM {table} WHERE {}", conditions.join(" AND ")));
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
    let names: Vec<&str> = keys.iter().map(|(column, _)| *column).collect();
    let binds: Rc<[Column]> = keys.iter().map(|(_, column)| column.clone()).collect();
    let mut found = Vec::new();
    let mut row = 0;
    for count in ROWS_AT_ONCE {
        let left = row_count(&binds) - row;
        if left < count {
            continue;
        }
        let text = Rc::new(Template::new(fetch_text(select, &names, rest, count)));
        for _ in 0..left / count {
            let (text, binds, rows) = (Rc::clone(&text), Rc::clone(&binds), row..row + count);
            found.extend(Fetch { text, binds, rows, row_type: PhantomData }.load(conn).classify()?);
            row += count;
        }
    }
    Ok(found)
}

/// The keys are a table of values that is gone through row by row: a cross join is kept in the order it
/// is written in, so that every other table is looked up by its index.
fn fetch_text(select: &str, names: &[&str], rest: &str, count: usize) -> String {
    let Some(at) = rows::driving_table(select).filter(|_| count > 1) else {
        let conditions: Vec<String> = names.iter().map(|column| format!("t.{column} = ?")).collect();
        return format!("{select} WHERE {} {rest}", conditions.join(" AND "));
    };
    let (columns, from) = select.split_at(at);
    let key = format!("({})", vec!["?"; names.len()].join(", "));
    let conditions: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(index, column)| format!("t.{column} = k.column{}", index + 1))
        .collect();
    format!(
        "{columns}(VALUES {}) AS k CROSS JOIN {from} WHERE {} {rest}",
        vec![key; count].join(", "),
        conditions.join(" AND ")
    )
}

#[cfg(test)]
mod tests {
    use super::{fetch_text, update_text};
    use crate::store::rows::driving_table;

    #[test]
    fn many_rows_are_changed_by_a_table_of_values() {
        assert_eq!(
            update_text("unit", &["name", "revision"], &["id", "revision"], 2),
            "UPDATE unit AS t SET name = v.column1, revision = v.column2 FROM (VALUES (?, ?, ?, ?), \
             (?, ?, ?, ?)) AS v WHERE t.id = v.column3 AND t.revision = v.column4"
        );
        assert_eq!(update_text("unit", &["name"], &["id"], 1), "UPDATE unit SET name = ? WHERE id = ?");
    }

    #[test]
    fn many_keys_are_a_table_before_the_one_they_are_of() {
        let select =
            "SELECT t.id, (SELECT MAX(r.no) FROM root r) FROM unit t JOIN account a ON a.unit = t.id";
        assert_eq!(
            fetch_text(select, &["unit_id", "id"], "AND t.state = 'open'", 2),
            "SELECT t.id, (SELECT MAX(r.no) FROM root r) FROM (VALUES (?, ?), (?, ?)) AS k CROSS JOIN \
             unit t JOIN account a ON a.unit = t.id WHERE t.unit_id = k.column1 AND t.id = k.column2 \
             AND t.state = 'open'"
        );
        assert_eq!(
            fetch_text("SELECT t.id FROM unit t", &["id"], "", 1),
            "SELECT t.id FROM unit t WHERE t.id = ? "
        );
        assert_eq!(driving_table("SELECT 1"), None);
    }
}
