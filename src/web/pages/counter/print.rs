//! `/counter/print.pdf?o=obl_…&o=obl_…`: what the desk prints. One document is its rendition as it is kept;
//! several are one file for the printer. The desk's pages draw it in a hidden frame of their own, so this
//! answer, and no other, may be framed by them.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use super::own_unit;
use crate::actor::Role;
use crate::error::{Error, Result};
use crate::id::{ObligationId, ReceiptId, UnitId};
use crate::receipt;
use crate::receipt::query::Stored;
use crate::receipt::rendition::{Links, print};
use crate::store::Conn;
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::Page;
use crate::web::pages::fields::Pairs;
use crate::web::pages::rendition;
use crate::web::pages::session::Signed;
use crate::web::respond::block;

/// `GET /counter/print.pdf`
pub async fn pdf(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&[Role::Cashier])?;
    let pairs = extract::query::<Pairs>(&request).unwrap_or_default();
    let asked: Vec<ObligationId> =
        pairs.iter().filter(|(name, _)| name == "o").filter_map(|(_, id)| id.parse().ok()).collect();
    let (app, actor) = (Arc::clone(shared.app()), signed.actor.clone());
    let mut found = block(move || {
        app.read(&actor, |conn| {
            let unit = own_unit(&actor)?;
            documents(conn, unit, &asked)
        })
    })
    .await?;
    let mut response = match found.len() {
        0 => return Err(Error::conflict("receipt_not_signed", "nothing of it is signed yet").into()),
        1 => rendition::answer(&shared, found.remove(0)).await?,
        _ => together(&shared, found).await?,
    };
    let headers = response.headers_mut();
    let policy = header::HeaderValue::from_static("frame-ancestors 'self'");
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::X_FRAME_OPTIONS, header::HeaderValue::from_static("SAMEORIGIN"));
    Ok(response)
}

/// The signed documents in force, in the order that was asked.
fn documents(conn: &mut Conn, unit: UnitId, asked: &[ObligationId]) -> Result<Vec<Stored>> {
    let mut found: Vec<Stored> = Vec::new();
    for id in asked.iter().take(print::LIMIT) {
        for document in receipt::query::of_obligation(conn, unit, *id)? {
            let is_printed = !matches!(document.state.as_str(), "numbered" | "replaced" | "cancelled");
            if is_printed && found.len() < print::LIMIT && found.iter().all(|one| one.id != document.id) {
                found.push(document);
            }
        }
    }
    Ok(found)
}

async fn together(shared: &web::Data<Shared>, found: Vec<Stored>) -> Result<HttpResponse> {
    let _turn = shared.turns.take().await?;
    let app = Arc::clone(shared.app());
    let links = Links::to(&app.config.web.public_url);
    let bytes = block(move || {
        let unit = found.first().map(|one| one.unit).ok_or_else(|| Error::internal("nothing to print"))?;
        let ids: Vec<ReceiptId> = found.iter().map(|one| one.id).collect();
        let scope = crate::actor::Scope::unit(unit);
        let sources = app.store.read(&scope, |conn| print::sources(conn, unit, &ids))?;
        print::together(&sources, &links, app.clock.now())
    })
    .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_DISPOSITION, "inline; filename=\"ban-in.pdf\""))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type("application/pdf")
        .body(bytes))
}
