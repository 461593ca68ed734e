//! `GET /duties/corrections/{id}/agreement`: the paper a correction stands on, for those who decide on it. Looking
//! leaves a trace.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use super::Page;
use super::duties::READERS;
use super::session::Signed;
use crate::correction::{self, agreement};
use crate::id::CorrectionId;
use crate::web::Shared;
use crate::web::extract;
use crate::web::respond::block;

pub async fn show(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let id: CorrectionId = extract::path(&request, "id")?;
    let app = Arc::clone(shared.app());
    let document = block(move || {
        let actor = &signed.actor;
        app.write(actor, |tx, stamp| {
            let unit = correction::locate(tx, &actor.scope, id)?;
            agreement::read(tx, stamp, actor, unit, id)
        })
    })
    .await?;
    // Somebody outside wrote the file: it is saved, never shown as a page of the service.
    let name = format!("attachment; filename=\"van-ban-{id}.{}\"", document.extension);
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type(document.media_type)
        .body(document.bytes))
}
