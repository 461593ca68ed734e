//! Receipts by id, for the dossier system and the staff.

use std::sync::Arc;

use actix_web::{HttpRequest, web};
use serde::Deserialize;

use super::{unit_asked, view};
use crate::actor::{Actor, Role, Scope};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::filing::notice;
use crate::id::ReceiptId;
use crate::obligation;
use crate::receipt::query::{self, Stored};
use crate::receipt::relation;
use crate::store::Conn;
use crate::web::extract::{self, Caller};
use crate::web::pages;
use crate::web::respond::{self, Answer, block};
use crate::web::{Shared, bundle};
use crate::{audit, notification};

/// `GET /api/v1/receipts/{id}`
pub async fn find(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    let id: ReceiptId = extract::path(&request, "id")?;
    let found = block(move || {
        let (item, links, notices) = shared.app().read(&caller.0, |conn| {
            let item = load(conn, &caller.0, id)?;
            let links = relation::chain(conn, &item)?;
            let notices = notice::of_receipt(conn, item.unit, item.id)?;
            Ok((item, links, notices))
        })?;
        let shown = view::ReceiptWithChain {
            receipt: view::receipt(&shared, &item),
            chain: view::chain(&shared, &links),
        };
        let mut shown = serde_json::to_value(shown).map_err(|error| Error::internal(error.to_string()))?;
        shown["notices"] = serde_json::json!(notices);
        Ok(shown)
    });
    respond::ok(&found.await?)
}

/// `GET /api/v1/receipts/{id}/xml`: the exact signed bytes.
pub async fn xml(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    let id: ReceiptId = extract::path(&request, "id")?;
    let (item, document) = block(move || {
        shared.app().read(&caller.0, |conn| {
            let item = load(conn, &caller.0, id)?;
            let document = signed(conn, &item)?;
            Ok((item, document))
        })
    })
    .await?;
    Ok(pages::receipt::download(&item, document))
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Period {
    unit: Option<String>,
    from: BusinessDay,
    until: BusinessDay,
    /// The page of each receipt beside its XML.
    #[serde(default)]
    pdf: bool,
}

/// The longest period of one bundle.
const PERIOD_LIMIT_DAYS: i64 = 366;

/// `GET /api/v1/receipts.zip`: the signed receipts of a unit that were issued in a period.
pub async fn zip(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    zip_of(&request, caller.0, shared).await
}

/// The bundle that the query asks for, for whoever may take it.
pub async fn zip_of(request: &HttpRequest, actor: Actor, shared: web::Data<Shared>) -> Answer {
    actor.require_role(&[Role::Finance, Role::Approver, Role::Administrator, Role::Auditor])?;
    let asked: Period = extract::query(request)?;
    let days = asked.until.0.signed_duration_since(asked.from.0).num_days();
    if !(0..PERIOD_LIMIT_DAYS).contains(&days) {
        let detail = format!("from must not lie after until; at most {PERIOD_LIMIT_DAYS} days");
        return Err(Error::invalid("until", "period_unreadable", detail).into());
    }
    let (from, until, with_pages) = (asked.from, asked.until, asked.pdf);
    let client = actor.client.map(|id| id.to_string()).or(actor.person.map(|id| id.to_string()));
    let slot = shared.staff_bundles.take(client.unwrap_or_else(|| actor.role.as_str().to_owned()))?;
    let app = Arc::clone(shared.app());
    let unit = block(move || {
        // It holds names and numbers of persons: who took it is in the trail.
        app.write(&actor, |tx, stamp| {
            let unit = unit_asked(tx, &actor, asked.unit.as_deref())?;
            let entry = audit::Entry::by(&actor, unit, "receipts.bundled", format!("{from}/{until}"));
            audit::record(tx, stamp, &[entry])?;
            crate::unit::find(tx, unit)
        })
    })
    .await?;
    let app = Arc::clone(shared.app());
    let name = format!("bien-lai-{}-{from}-{until}.zip", unit.code);
    let drawer = bundle::Drawer::of(&shared);
    bundle::stream(slot, (&name, bundle::ZIP), move |out| {
        let mut after = ReceiptId(0);
        notification::bundle::write(out, || {
            let scope = Scope::unit(unit.id);
            let page = app.store.read(&scope, |conn| {
                notification::query::signed_between(conn, unit.id, (from, until), after, bundle::PAGE)
            })?;
            after = page.last().map_or(after, |(id, ..)| *id);
            let entry = |row: notification::query::Bundled| {
                let drawn = with_pages.then(|| drawer.page(unit.id, row.0)).flatten();
                bundle::entry(&unit.code, row, drawn)
            };
            Ok(page.into_iter().map(entry).collect())
        })
    })
}

/// `GET /api/v1/receipts/{id}/pdf`: the rendition of the receipt as it stands.
pub async fn pdf(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    let id: ReceiptId = extract::path(&request, "id")?;
    let reader = shared.clone();
    let item = block(move || reader.app().read(&caller.0, |conn| load(conn, &caller.0, id))).await?;
    Ok(pages::rendition::answer(&shared, item).await?)
}

pub(super) fn load(conn: &mut Conn, actor: &Actor, id: ReceiptId) -> Result<Stored> {
    let not_found = || Error::not_found("receipt_not_found", "no such receipt in your scope");
    let unit = query::unit_of(conn, &actor.scope, id)?.ok_or_else(not_found)?;
    let item = query::by_id(conn, unit, id)?.ok_or_else(not_found)?;
    // Who may not see the obligation may not see its receipt either.
    let own = actor.sees_only_own();
    obligation::query::unit_of(conn, &actor.scope, own, item.obligation)?.ok_or_else(not_found)?;
    Ok(item)
}

/// The signed bytes; signing follows numbering by moments.
pub fn signed(conn: &mut Conn, item: &Stored) -> Result<Vec<u8>> {
    query::document(conn, item.unit, item.id)?.ok_or_else(|| {
        Error::conflict("receipt_not_signed", "it is numbered; its signature follows in a moment")
    })
}
