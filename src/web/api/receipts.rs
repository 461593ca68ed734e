//! Receipts by id, for the dossier system and the staff.

use actix_web::{HttpRequest, web};

use super::view;
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::id::ReceiptId;
use crate::obligation;
use crate::receipt::query::{self, Stored};
use crate::store::Conn;
use crate::web::Shared;
use crate::web::extract::{self, Caller};
use crate::web::pages;
use crate::web::respond::{self, Answer, block};

/// `GET /api/v1/receipts/{id}`
pub async fn find(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    let id: ReceiptId = extract::path(&request, "id")?;
    let found = block(move || {
        let item = shared.app().read(&caller.0, |conn| load(conn, &caller.0, id))?;
        Ok(view::receipt(&shared, &item))
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

fn load(conn: &mut Conn, actor: &Actor, id: ReceiptId) -> Result<Stored> {
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
