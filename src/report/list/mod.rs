//! Every list as rows, of one unit or of several, on the screen and as CSV or a spreadsheet: one way for all of
//! them.
//!
//! A list is data (`catalogue`): a table, its columns, the date it is asked by. Rows are read by key,
//! page by page, so that a list of any length needs the memory of one page. The same question has the
//! same query id wherever it is asked, on the screen and in the file. No list holds personal data.

mod catalogue;
mod list_query;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use super::sheet::{Cell, Sheet};
use super::{Period, question};
use crate::actor::{Actor, Role, Scope};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::exception;
use crate::id::{AccountId, UnitId};
use crate::store::{Conn, Store};
use crate::unit::account;
use catalogue::{Column, lists};

/// Rows read at a time.
const PAGE: i64 = 2_000;
/// The most rows that a screen gets.
pub const SCREEN_LIMIT: i64 = 200;

/// A word for every state but `resolved`.
pub const UNRESOLVED: &str = "unresolved";

/// A list that can be asked for.
#[derive(Clone, Copy, Debug)]
pub struct List(&'static catalogue::Definition);

impl List {
    /// # Errors
    /// `list_unknown`.
    pub fn parse(name: &str) -> Result<List> {
        lists().find(|list| list.name == name).map(List).ok_or_else(|| {
            let names: Vec<&str> = lists().map(|list| list.name).collect();
            Error::not_found("list_unknown", names.join(", "))
        })
    }

    pub fn all() -> impl Iterator<Item = List> {
        lists().map(List)
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

    /// Whether its rows can be asked for by this column.
    fn has(self, column: &str) -> bool {
        self.0.columns.iter().any(|one| one.column == column)
    }

    /// The filters that it knows.
    pub fn filters(self) -> impl Iterator<Item = Narrow> {
        Narrow::ALL.into_iter().filter(move |one| one.is_of(self))
    }

    /// The states its rows can be in.
    pub fn states(self) -> &'static [&'static str] {
        self.0.states
    }

    /// The states it can be asked by: those of its rows, and what is not resolved where rows can be.
    pub fn askable(self) -> impl Iterator<Item = &'static str> {
        let unresolved = self.states().contains(&"resolved").then_some(UNRESOLVED);
        unresolved.into_iter().chain(self.states().iter().copied())
    }

    /// The state that is asked for; none for an empty one.
    ///
    /// # Errors
    /// `list_state_unknown`.
    pub fn state_asked(self, text: &str) -> Result<Option<String>> {
        match text.trim() {
            "" => Ok(None),
            state if self.askable().any(|one| one == state) => Ok(Some(state.to_owned())),
            _ => {
                let known: Vec<&str> = self.askable().collect();
                Err(Error::invalid("state", "list_state_unknown", known.join(", ")))
            }
        }
    }
}

/// What a list may be narrowed by, beside its dates and its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Narrow {
    Account,
    /// The stable name of a kind of exception.
    Kind,
    Owner,
}

impl Narrow {
    const ALL: [Narrow; 3] = [Narrow::Account, Narrow::Kind, Narrow::Owner];

    /// As a query names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Narrow::Account => "account",
            Narrow::Kind => "kind",
            Narrow::Owner => "owner",
        }
    }

    fn is_of(self, list: List) -> bool {
        match self {
            Narrow::Account => list.has("account_id"),
            Narrow::Kind => list.0.columns.iter().any(|one| matches!(one.kind, catalogue::Kind::Exception)),
            Narrow::Owner => list.has("owner"),
        }
    }
}

/// What narrows a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub account: Option<AccountId>,
    pub kind: Option<exception::Kind>,
    pub owner: Option<String>,
}

impl Filter {
    /// From what a query says; nothing for an empty word. What a list does not know is refused.
    ///
    /// # Errors
    /// `id_unreadable`, `exception_kind_unknown`, `list_filter_unknown`.
    pub fn parse(list: List, (account, kind, owner): (&str, &str, &str)) -> Result<Filter> {
        for (one, text) in [(Narrow::Account, account), (Narrow::Kind, kind), (Narrow::Owner, owner)] {
            if !text.trim().is_empty() && !one.is_of(list) {
                let detail = format!("the list {} has no {}", list.name(), one.as_str());
                return Err(Error::invalid(one.as_str(), "list_filter_unknown", detail));
            }
        }
        let said = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(Filter {
            account: said(account).map(|text| text.parse()).transpose()?,
            kind: said(kind).map(|text| exception::Kind::parse(&text)).transpose()?,
            owner: said(owner),
        })
    }

    /// As a question says it.
    fn words(&self) -> String {
        let mut words = Vec::new();
        words.extend(self.account.map(|id| id.to_string()));
        words.extend(self.kind.map(|kind| kind.as_str().to_owned()));
        words.extend(self.owner.clone());
        words.join(" ")
    }
}

/// What is asked of a list.
#[derive(Clone, Debug)]
pub struct Asked {
    pub list: List,
    /// The units with their official codes, in the order of the rows.
    pub units: Vec<(UnitId, String)>,
    /// Whether it is asked over every unit of somebody's sight: the unit then stands in each row.
    pub is_of_all: bool,
    /// By the list's own date, both days included.
    pub period: Period,
    /// Only rows in this state.
    pub state: Option<String>,
    pub filter: Filter,
}

/// The heading of the column that names the unit.
const UNIT: &str = "Đơn vị / Unit";

impl Asked {
    /// The same for the same question, whoever asks it, and in whatever form.
    pub fn query_id(&self) -> String {
        let (from, until) = (self.period.from.to_string(), self.period.until.to_string());
        let (codes, filter) = (self.codes(), self.filter.words());
        let state = self.state.as_deref().unwrap_or_default();
        let mut words = vec![self.list.name(), &codes, &from, &until, state];
        words.extend(Some(filter.as_str()).filter(|filter| !filter.is_empty()));
        question::id(&words)
    }

    fn codes(&self) -> String {
        let codes: Vec<&str> = self.units.iter().map(|(_, code)| code.as_str()).collect();
        codes.join(",")
    }

    /// What files call the units: the code of one, or how many there are.
    pub fn of_units(&self) -> String {
        match self.is_of_all {
            true => format!("{}-don-vi", self.units.len()),
            false => self.codes(),
        }
    }

    /// The headings.
    pub fn columns(&self) -> Vec<&'static str> {
        let unit = self.is_of_all.then_some(UNIT);
        unit.into_iter().chain(self.list.0.columns.iter().map(|column| column.title)).collect()
    }

    /// For each column whether it holds stored words of the program.
    pub fn coded(&self) -> Vec<bool> {
        let unit = self.is_of_all.then_some(false);
        let is_coded = |column: &Column| matches!(column.kind, catalogue::Kind::Code);
        unit.into_iter().chain(self.list.0.columns.iter().map(is_coded)).collect()
    }

    /// The lines above the rows.
    fn heading(&self) -> [String; 3] {
        let day = |day: crate::clock::BusinessDay| day.0.format("%d/%m/%Y").to_string();
        let (from, until) = (day(self.period.from), day(self.period.until));
        let narrowed = [self.state.clone().unwrap_or_default(), self.filter.words()];
        let narrowed: String =
            narrowed.iter().filter(|one| !one.is_empty()).map(|one| format!(" · {one}")).collect();
        [
            format!("{} · {}", self.list.title(), self.of_units()),
            format!("{}: {from} – {until}{narrowed}", self.list.0.date_title),
            format!("Mã truy vấn / Query id: {}", self.query_id()),
        ]
    }
}

/// A place in a list: a unit, and the last row of it that was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    unit: Option<UnitId>,
    after: i64,
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.unit {
            Some(unit) => write!(f, "{}.{}", unit.0, self.after),
            None => write!(f, "{}", self.after),
        }
    }
}

impl FromStr for Place {
    type Err = Error;

    fn from_str(text: &str) -> Result<Place> {
        let wrong = || Error::invalid("cursor", "cursor_unreadable", "as a page before gave it");
        let number = |text: &str| text.parse::<i64>().map_err(|_| wrong());
        match text.trim().split_once('.') {
            Some((unit, after)) => Ok(Place { unit: Some(UnitId(number(unit)?)), after: number(after)? }),
            None if text.trim().is_empty() => Ok(Place::default()),
            None => Ok(Place { unit: None, after: number(text.trim())? }),
        }
    }
}

/// Who may read lists.
pub const READERS: [Role; 5] =
    [Role::Finance, Role::Approver, Role::Auditor, Role::Administrator, Role::System];

/// One page: rows after a place, with the place of the last of them when there may be more.
///
/// # Errors
/// `role_not_allowed`, `unit_not_found`, `cursor_unreadable`.
pub fn page(
    conn: &mut Conn,
    actor: &Actor,
    asked: &Asked,
    place: Place,
    limit: i64,
) -> Result<(Vec<Vec<Cell>>, Option<Place>)> {
    actor.require_role(&READERS)?;
    require(&actor.scope, asked)?;
    // A page of other units began elsewhere.
    if place.unit.is_some_and(|unit| asked.units.iter().all(|(one, _)| *one != unit)) {
        return Err(Error::invalid("cursor", "cursor_unreadable", "of a page of these units"));
    }
    read(conn, asked, place, limit)
}

fn require(scope: &Scope, asked: &Asked) -> Result<()> {
    asked.units.iter().try_for_each(|(unit, _)| scope.require(*unit))
}

/// Unit after unit, each by its keys, until the page is full.
fn read(conn: &mut Conn, asked: &Asked, place: Place, limit: i64) -> Result<(Vec<Vec<Cell>>, Option<Place>)> {
    let mut rows = Vec::new();
    let begin = place.unit.and_then(|unit| asked.units.iter().position(|(one, _)| *one == unit)).unwrap_or(0);
    for (at, (unit, code)) in asked.units.iter().enumerate().skip(begin) {
        let left = limit.saturating_sub(i64::try_from(rows.len()).unwrap_or(limit));
        let after = if at == begin { place.after } else { 0 };
        let found = list_query::rows(conn, asked, *unit, after, left)?;
        let is_full = i64::try_from(found.len()).is_ok_and(|count| count >= left);
        let last = found.last().map(|(id, _)| *id);
        for (_, cells) in found {
            rows.push(row(asked, code, cells)?);
        }
        if is_full {
            return Ok((rows, last.map(|after| Place { unit: Some(*unit), after })));
        }
    }
    Ok((rows, None))
}

fn row(asked: &Asked, code: &str, cells: [Option<String>; list_query::WIDTH]) -> Result<Vec<Cell>> {
    let unit = asked.is_of_all.then(|| Ok(Cell::text(code)));
    let own = asked.list.0.columns.iter().zip(cells).map(|(column, text)| cell(column, text));
    unit.into_iter().chain(own).collect()
}

/// Writes the whole list into a sheet, accounts of the bank by their numbers; how many rows it has.
///
/// Read page by page: rows that come meanwhile may be in it.
///
/// # Errors
/// Those of the store and the sheet.
pub fn write(store: &Store, scope: &Scope, asked: &Asked, sheet: &mut dyn Sheet) -> Result<usize> {
    require(scope, asked)?;
    sheet.title(&asked.heading())?;
    sheet.columns(&asked.columns())?;
    let numbers = store.read(scope, |conn| account_numbers(conn, asked))?;
    let (mut place, mut count) = (Place::default(), 0);
    loop {
        let (mut rows, next) = store.read(scope, |conn| read(conn, asked, place, PAGE))?;
        for row in &mut rows {
            call_accounts(&numbers, row);
            sheet.row(row)?;
            count += 1;
        }
        match next {
            Some(last) => place = last,
            None => return Ok(count),
        }
    }
}

/// The numbers of the accounts that the rows of a list name by id; none where it names no accounts.
fn account_numbers(conn: &mut Conn, asked: &Asked) -> Result<HashMap<String, String>> {
    if !asked.list.has("account_id") {
        return Ok(HashMap::new());
    }
    let units: Vec<UnitId> = asked.units.iter().map(|(unit, _)| *unit).collect();
    let held = account::of_units(conn, &units)?.into_iter();
    Ok(held.map(|one| (one.id.to_string(), one.account_no)).collect())
}

fn call_accounts(numbers: &HashMap<String, String>, row: &mut [Cell]) {
    for cell in row {
        if let Cell::Text(text) = cell
            && let Some(number) = numbers.get(text.as_str())
        {
            text.clone_from(number);
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
        Kind::Exception => Cell::text(of_number(number()?)?.title_vi()),
        Kind::NextStep => Cell::text(of_number(number()?)?.next_step_vi()),
    })
}

fn of_number(number: i64) -> Result<exception::Kind> {
    exception::Kind::from_number(u8::try_from(number).unwrap_or_default())
}
