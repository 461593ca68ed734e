//! Every list of a unit as rows, on the screen and as CSV or a spreadsheet: one way for all of them.
//!
//! A list is data (`catalogue`): a table, its columns, the date it is asked by. Rows are read by key,
//! page by page, so that a list of any length needs the memory of one page. The same question has the
//! same query id wherever it is asked, on the screen and in the file. No list holds personal data.

mod catalogue;
mod list_query;
#[cfg(test)]
mod tests;

use ring::digest::{SHA256, digest};

use super::Period;
use super::sheet::{Cell, Sheet};
use crate::actor::{Actor, Role, Scope};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::store::{Conn, Store};
use crate::text;
use catalogue::{Column, LISTS};

/// Rows read at a time.
const PAGE: i64 = 2_000;
/// The most rows that a screen gets.
pub const SCREEN_LIMIT: i64 = 200;

/// A list that can be asked for.
#[derive(Clone, Copy, Debug)]
pub struct List(&'static catalogue::Definition);

impl List {
    /// # Errors
    /// `list_unknown`.
    pub fn parse(name: &str) -> Result<List> {
        LISTS.iter().find(|list| list.name == name).map(List).ok_or_else(|| {
            let names: Vec<&str> = LISTS.iter().map(|list| list.name).collect();
            Error::not_found("list_unknown", names.join(", "))
        })
    }

    pub fn all() -> impl Iterator<Item = List> {
        LISTS.iter().map(List)
    }

    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Vietnamese and English.
    pub fn title(self) -> &'static str {
        self.0.title
    }

    /// The headings.
    pub fn columns(self) -> Vec<&'static str> {
        self.0.columns.iter().map(|column| column.title).collect()
    }

    /// For each column whether it holds stored words of the program.
    pub fn coded(self) -> Vec<bool> {
        self.0.columns.iter().map(|column| matches!(column.kind, catalogue::Kind::Code)).collect()
    }

    /// The states its rows can be in.
    pub fn states(self) -> &'static [&'static str] {
        self.0.states
    }

    /// The state that is asked for; none for an empty one.
    ///
    /// # Errors
    /// `list_state_unknown`.
    pub fn state_asked(self, text: &str) -> Result<Option<String>> {
        match text.trim() {
            "" => Ok(None),
            state if self.states().contains(&state) => Ok(Some(state.to_owned())),
            _ => Err(Error::invalid("state", "list_state_unknown", self.states().join(", "))),
        }
    }
}

/// What is asked of a list.
#[derive(Clone, Debug)]
pub struct Asked {
    pub list: List,
    pub unit: UnitId,
    /// The unit's official code.
    pub unit_code: String,
    /// By the list's own date, both days included.
    pub period: Period,
    /// Only rows in this state.
    pub state: Option<String>,
}

impl Asked {
    /// The same for the same question, whoever asks it, and in whatever form.
    pub fn query_id(&self) -> String {
        let state = self.state.as_deref().unwrap_or_default();
        let words = format!(
            "{}|{}|{}|{}|{state}",
            self.list.name(),
            self.unit_code,
            self.period.from,
            self.period.until
        );
        let hash = text::hex(digest(&SHA256, words.as_bytes()).as_ref());
        format!("qry_{}", hash.get(..16).unwrap_or_default())
    }

    /// The lines above the rows.
    fn heading(&self) -> [String; 3] {
        let day = |day: crate::clock::BusinessDay| day.0.format("%d/%m/%Y").to_string();
        let (from, until) = (day(self.period.from), day(self.period.until));
        let state = self.state.as_deref().map(|state| format!(" · {state}")).unwrap_or_default();
        [
            format!("{} · {}", self.list.title(), self.unit_code),
            format!("{}: {from} – {until}{state}", self.list.0.date_title),
            format!("Mã truy vấn / Query id: {}", self.query_id()),
        ]
    }
}

/// Who may read lists.
pub const READERS: [Role; 5] =
    [Role::Finance, Role::Approver, Role::Auditor, Role::Administrator, Role::System];

/// One page: rows after `after` (an id; 0 for the beginning), with the id of the last of them when
/// there may be more.
///
/// # Errors
/// `role_not_allowed`, `unit_not_found`.
pub fn page(
    conn: &mut Conn,
    actor: &Actor,
    asked: &Asked,
    after: i64,
    limit: i64,
) -> Result<(Vec<Vec<Cell>>, Option<i64>)> {
    actor.require_role(&READERS)?;
    actor.scope.require(asked.unit)?;
    read(conn, asked, after, limit)
}

fn read(conn: &mut Conn, asked: &Asked, after: i64, limit: i64) -> Result<(Vec<Vec<Cell>>, Option<i64>)> {
    let found = list_query::rows(conn, asked, after, limit)?;
    let is_full = i64::try_from(found.len()).is_ok_and(|count| count >= limit);
    let last = found.last().map(|(id, _)| *id).filter(|_| is_full);
    let columns = asked.list.0.columns;
    let rows = found.into_iter().map(|(_, cells)| {
        columns.iter().zip(cells).map(|(column, text)| cell(column, text)).collect::<Result<Vec<Cell>>>()
    });
    Ok((rows.collect::<Result<_>>()?, last))
}

/// Writes the whole list into a sheet; how many rows it has.
///
/// Read page by page: rows that come meanwhile may be in it.
///
/// # Errors
/// Those of the store and the sheet.
pub fn write(store: &Store, scope: &Scope, asked: &Asked, sheet: &mut dyn Sheet) -> Result<usize> {
    scope.require(asked.unit)?;
    sheet.title(&asked.heading())?;
    sheet.columns(&asked.list.columns())?;
    let (mut after, mut count) = (0, 0);
    loop {
        let (rows, next) = store.read(scope, |conn| read(conn, asked, after, PAGE))?;
        for row in &rows {
            sheet.row(row)?;
            count += 1;
        }
        match next {
            Some(last) => after = last,
            None => return Ok(count),
        }
    }
}

/// A stored value as a cell of its column.
fn cell(column: &Column, value: Option<String>) -> Result<Cell> {
    use catalogue::Kind;
    let Some(value) = value else { return Ok(Cell::Empty) };
    let number = || value.parse::<i64>().map_err(|_| Error::internal("a list's number does not read"));
    Ok(match column.kind {
        Kind::Text | Kind::Code => Cell::Text(value),
        Kind::Date => Cell::Date(value.parse()?),
        Kind::Time => Cell::Time(Instant(number()?)),
        Kind::Amount => Cell::Amount(crate::amount::Dong(number()?)),
        Kind::Count => Cell::Count(number()?),
        Kind::Id(name) => Cell::Text(name(number()?)),
        Kind::Exception => {
            let kind = u8::try_from(number()?).unwrap_or_default();
            Cell::text(crate::exception::Kind::from_number(kind)?.title_vi())
        }
    })
}
