//! The one stylesheet.

use actix_web::HttpResponse;
use actix_web::http::header;

const STYLES: &str = include_str!("../assets/bienlai.css");

pub async fn styles() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .content_type("text/css; charset=utf-8")
        .body(STYLES)
}
