//! The VietQR of an obligation: the amount is what is still owed.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use super::obligations::load;
use crate::id::ObligationId;
use crate::obligation::vietqr;
use crate::web::Shared;
use crate::web::extract::{self, Caller};
use crate::web::pages;
use crate::web::respond::{self, Answer, block};

async fn owed(
    request: &HttpRequest,
    caller: Caller,
    shared: web::Data<Shared>,
) -> crate::error::Result<pages::vietqr::Drawn> {
    let id: ObligationId = extract::path(request, "id")?;
    block(move || {
        shared.app().read(&caller.0, |conn| {
            let (item, _) = load(conn, &caller.0, id)?;
            let today = shared.app().clock.now().business_day();
            pages::vietqr::payload(conn, &item, today)
        })
    })
    .await
}

/// `GET /api/v1/obligations/{id}/qr`
pub async fn payload(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    respond::ok(&owed(&request, caller, shared).await?)
}

/// `GET /api/v1/obligations/{id}/qr.svg`
pub async fn svg(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    let drawn = owed(&request, caller, shared).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("image/svg+xml")
        .body(vietqr::svg(&drawn.text)?))
}
