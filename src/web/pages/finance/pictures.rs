//! `GET /finance/pictures/{id}`: the picture a payer sent of their transfer, as it was sent.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::id::PictureId;
use crate::payment::picture;
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::Page;
use crate::web::pages::session::Signed;
use crate::web::respond::block;

pub async fn show(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&picture::READERS)?;
    let id: PictureId = extract::path(&request, "id")?;
    let app = Arc::clone(shared.app());
    let shown =
        block(move || app.write(&signed.actor, |tx, stamp| picture::show(tx, stamp, &signed.actor, id)));
    let (media_type, bytes) = shown.await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        // Whatever the file holds, it is a picture and nothing else.
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .content_type(media_type)
        .body(bytes))
}
