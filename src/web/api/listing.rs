//! Lists of one unit, in pages, of one state where it is asked for. `json!({ name: rows, "next": cursor })`.

use std::str::FromStr;

use actix_web::{HttpRequest, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{paging, unit_asked};
use crate::actor::{Actor, Role};
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::store::Conn;
use crate::store::page::Page;
use crate::web::Shared;
use crate::web::extract::{self, Caller};
use crate::web::respond::{self, Answer, block};

/// What a list of a unit is asked for with.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PageQuery {
    unit: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    limit: Option<i64>,
}

/// The same for rows that have states.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StateQuery {
    unit: Option<String>,
    state: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    limit: Option<i64>,
}

impl StateQuery {
    fn apart(self) -> (Option<String>, PageQuery) {
        (self.state, PageQuery { unit: self.unit, cursor: self.cursor, limit: self.limit })
    }
}

/// Reads within the unit and page that are asked for, of a table; the answer is what `read` gives.
///
/// # Errors
/// `role_required`, `field_missing` and `unit_not_found` of the unit, `cursor_unreadable`, `limit_out_of_range`.
pub(super) async fn read_page<I: FromStr<Err = Error> + Into<i64>>(
    request: &HttpRequest,
    caller: Caller,
    shared: web::Data<Shared>,
    (readers, table): (&[Role], &'static str),
    read: impl FnOnce(&mut Conn, &Actor, UnitId, Page) -> Result<Value> + Send + 'static,
) -> Answer {
    caller.0.require_role(readers)?;
    let asked: PageQuery = extract::query(request)?;
    answer::<I>(caller.0, shared, (asked, table), read).await
}

/// How a row of a list is told.
type Show<T> = fn(&mut Conn, &T) -> Result<Value>;

/// A page of rows, each as `show` tells it.
///
/// # Errors
/// As of `read_page`, `state_unknown`.
pub(super) async fn of_states<I, S, T>(
    request: &HttpRequest,
    caller: Caller,
    shared: web::Data<Shared>,
    readers: &[Role],
    (name, table, state_named): (&'static str, &'static str, fn(&str) -> Result<S>),
    read: impl FnOnce(&mut Conn, UnitId, Option<S>, Page) -> Result<Vec<T>> + Send + 'static,
    (id, show): (fn(&T) -> I, Show<T>),
) -> Answer
where
    I: FromStr<Err = Error> + Into<i64> + Serialize + 'static,
    S: Send + 'static,
    T: 'static,
{
    caller.0.require_role(readers)?;
    let asked: StateQuery = extract::query(request)?;
    let (state, asked) = asked.apart();
    let state = state.as_deref().map(state_named).transpose()?;
    answer::<I>(caller.0, shared, (asked, table), move |conn, _, unit, page| {
        let found = read(conn, unit, state, page)?;
        let next = paging::next(&found, page.limit, id);
        let shown = found.iter().map(|one| show(conn, one)).collect::<Result<Vec<_>>>()?;
        Ok(json!({ name: shown, "next": next }))
    })
    .await
}

async fn answer<I: FromStr<Err = Error> + Into<i64>>(
    actor: Actor,
    shared: web::Data<Shared>,
    (asked, table): (PageQuery, &'static str),
    read: impl FnOnce(&mut Conn, &Actor, UnitId, Page) -> Result<Value> + Send + 'static,
) -> Answer {
    let page = paging::asked::<I>(asked.cursor.as_deref(), asked.limit)?;
    let found = block(move || {
        shared.app().read(&actor, |conn| {
            let unit = unit_asked(conn, &actor, asked.unit.as_deref())?;
            paging::require_unit(conn, unit, (table, page.cursor))?;
            read(conn, &actor, unit, page)
        })
    });
    respond::ok(&found.await?)
}
