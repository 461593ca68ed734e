//! Obligations: raise, read, list, cancel, and the feed of their changes.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::raise::{self, Asked};
use super::view::{self, AwaitedView, ChangeView, EventView, ObligationView, ReceiptView};
use super::{paging, unit_asked};
use crate::actor::{Actor, Role, Scope};
use crate::error::Result;
use crate::id::{ObligationId, UnitId};
use crate::obligation::{self, Obligation, State, feed_query, query};
use crate::receipt;
use crate::store::Conn;
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller};
use crate::web::idempotency::{Repeatable, given_before, once};
use crate::web::respond::{self, Answer, block};

const CREATE: &str = "POST /api/v1/obligations";

/// `POST /api/v1/obligations`
pub async fn create(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let actor = caller.0;
    actor.require_role(&[Role::DossierSystem, Role::Cashier])?;
    let key = extract::idempotency_key(&request)?;
    let body = extract::body(payload, API_BODY_LIMIT_BYTES).await?;
    let asked: Asked = extract::json(&body)?;
    let repeatable = Repeatable::new(&actor, CREATE, key, request.path(), &body)?;
    let given = block(move || {
        let app = Arc::clone(shared.app());
        if let Some(given) = given_before(&app, &actor, &repeatable)? {
            return Ok(given);
        }
        let units = app.store.read(&Scope::All, |conn| raise::units(conn, &actor, &asked))?;
        raise::require_live(&app, units.collecting.id)?;
        shared.unit_codes.know(&app, [units.receiving, units.competent])?;
        let tariff = app.tariff()?;
        once(&app, &shared.in_flight, &actor, &repeatable, StatusCode::CREATED, |tx, stamp| {
            let (raised, lines) = raise::raise(tx, stamp, &actor, &tariff, &units, &asked)?;
            respond::to_bytes(&view::obligation(&shared, tx, &raised, &lines)?)
        })
    });
    let given = given.await?;
    Ok(respond::json_bytes(given.status, given.body))
}

#[derive(Serialize, schemars::JsonSchema)]
pub(super) struct Whole {
    #[serde(flatten)]
    obligation: ObligationView,
    receipts: Vec<ReceiptView>,
    receipts_awaited: Vec<AwaitedView>,
    events: Vec<EventView>,
}

/// `GET /api/v1/obligations/{id}`
pub async fn find(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    let id: ObligationId = extract::path(&request, "id")?;
    let whole = block(move || {
        let app = shared.app();
        let (item, lines) = app.read(&caller.0, |conn| load(conn, &caller.0, id))?;
        know_units(&shared, std::slice::from_ref(&item))?;
        app.read(&caller.0, |conn| {
            let receipts = receipt::query::of_obligation(conn, item.unit, id)?;
            let events = feed_query::events(conn, item.unit, id)?;
            Ok(Whole {
                obligation: view::obligation(&shared, conn, &item, &lines)?,
                receipts: receipts.iter().map(|item| view::receipt(&shared, item)).collect(),
                receipts_awaited: view::awaited(conn, &item)?,
                events: events.into_iter().map(EventView::from).collect(),
            })
        })
    });
    respond::ok(&whole.await?)
}

/// Learns the codes of the units that obligations name.
fn know_units(shared: &Shared, items: &[Obligation]) -> Result<()> {
    let units = items.iter().flat_map(|item| [item.receiving_unit, item.competent_unit]);
    shared.unit_codes.know(shared.app(), units)
}

/// The unit of an obligation the caller may see.
pub(super) fn locate(conn: &mut Conn, actor: &Actor, id: ObligationId) -> Result<UnitId> {
    query::unit_of(conn, &actor.scope, actor.sees_only_own(), id)?.ok_or_else(obligation::not_found)
}

pub(super) fn load(
    conn: &mut Conn,
    actor: &Actor,
    id: ObligationId,
) -> Result<(Obligation, Vec<obligation::Line>)> {
    let unit = locate(conn, actor, id)?;
    Ok((obligation::find(conn, unit, id)?, obligation::lines(conn, unit, id)?))
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    unit: Option<String>,
    state: Option<String>,
    dossier_code: Option<String>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// `GET /api/v1/obligations`: newest first; `next` is the cursor of the page after.
pub async fn list(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    let asked: ListQuery = extract::query(&request)?;
    let limit = paging::limit(asked.limit)?;
    let state: Option<State> = asked.state.as_deref().map(str::parse).transpose()?;
    let before = paging::cursor_of::<ObligationId>(asked.cursor.as_deref())?;
    let page = block(move || {
        let app = shared.app();
        let (unit, found) = app.read(&caller.0, |conn| {
            let unit = unit_asked(conn, &caller.0, asked.unit.as_deref())?;
            paging::require_unit(conn, unit, ("obligation", before))?;
            let own = caller.0.sees_only_own();
            let dossier_code = asked.dossier_code.as_deref();
            Ok((unit, query::page(conn, unit, own, state, dossier_code, before, limit)?))
        })?;
        know_units(&shared, &found)?;
        app.read(&caller.0, |conn| {
            let next = paging::next(&found, limit, |last| last.id);
            let ids: Vec<_> = found.iter().map(|item| (unit, item.id)).collect();
            let lines = query::lines(conn, &ids)?;
            let items = found
                .iter()
                .map(|item| {
                    view::obligation(
                        &shared,
                        conn,
                        item,
                        lines.get(&(unit, item.id)).map_or(&[], Vec::as_slice),
                    )
                })
                .collect::<Result<Vec<_>>>()?;
            Ok(json!({ "obligations": items, "next": next }))
        })
    });
    respond::ok(&page.await?)
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    reason: String,
}

/// `POST /api/v1/obligations/{id}/cancel`: repeating it changes nothing.
pub async fn cancel(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    let id: ObligationId = extract::path(&request, "id")?;
    let body = extract::body(payload, API_BODY_LIMIT_BYTES).await?;
    let asked: Reason = extract::json(&body)?;
    let cancelled = block(move || {
        let (app, actor) = (shared.app(), &caller.0);
        let (item, lines) = app.write(actor, |tx, stamp| {
            let unit = locate(tx, actor, id)?;
            let item = crate::payment::cancel::cancel(tx, stamp, actor, unit, id, &asked.reason)?;
            let lines = obligation::lines(tx, unit, id)?;
            Ok((item, lines))
        })?;
        know_units(&shared, std::slice::from_ref(&item))?;
        app.read(actor, |conn| view::obligation(&shared, conn, &item, &lines))
    });
    respond::ok(&cancelled.await?)
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangesQuery {
    cursor: Option<String>,
    /// The name of `cursor` in older programs.
    after: Option<String>,
    limit: Option<i64>,
}

#[derive(Serialize, schemars::JsonSchema)]
pub(super) struct ChangesPage {
    changes: Vec<ChangeView>,
    /// Give it back as `cursor`. It stands still when there is nothing new.
    next: String,
}

/// `GET /api/v1/obligations/changes`: every change in order; a dossier system sees those of the
/// obligations it raised.
pub async fn changes(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    let asked: ChangesQuery = extract::query(&request)?;
    let limit = paging::limit(asked.limit)?;
    let after = asked.cursor.or(asked.after).as_deref().map_or(Ok(0), read_feed_cursor)?;
    let page = block(move || {
        let actor = &caller.0;
        let client = actor.sees_only_own();
        let (found, documents) = shared.app().read(actor, |conn| {
            let found = feed_query::changes(conn, &actor.scope, client, after, limit)?;
            let made = found.iter().filter(|change| change.receipt.is_some());
            let made: Vec<_> = made.map(|change| (change.unit, change.obligation)).collect();
            let documents = receipt::query::of_obligations(conn, &made)?;
            Ok((found, documents))
        })?;
        let next = feed_cursor(found.last().map_or(after, |last| last.feed_no));
        let changes = found.into_iter().map(|item| {
            let its = documents.get(&(item.unit, item.obligation)).map_or(&[][..], Vec::as_slice);
            view::change(&shared, item, its)
        });
        Ok(ChangesPage { changes: changes.collect(), next })
    });
    respond::ok(&page.await?)
}

/// The place in the feed as opaque text.
pub(super) fn feed_cursor(feed_no: i64) -> String {
    format!("f{feed_no:x}")
}

fn read_feed_cursor(text: &str) -> Result<i64> {
    if text.is_empty() {
        return Ok(0);
    }
    let digits = text.strip_prefix('f').filter(|digits| !digits.starts_with(['+', '-']));
    digits.and_then(|digits| i64::from_str_radix(digits, 16).ok()).ok_or_else(paging::unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_feed_reads_back_and_nothing_else_does() {
        for feed_no in [0, 1, 255, i64::MAX] {
            assert_eq!(read_feed_cursor(&feed_cursor(feed_no)).unwrap(), feed_no);
        }
        assert_eq!(read_feed_cursor("").unwrap(), 0, "from the beginning");
        for wrong in ["1", "f", "f-1", "f+1", "fg", "fffffffffffffffffff"] {
            assert_eq!(read_feed_cursor(wrong).unwrap_err().code(), "cursor_unreadable", "{wrong}");
        }
    }
}
