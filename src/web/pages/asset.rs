//! Stylesheet, script and icon: embedded, named by their content, kept by browsers for a year.

use std::sync::LazyLock;

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::header;
use ring::digest::{SHA256, digest};

use super::Page;
use crate::error::Error;
use crate::text;

const STYLES: &str = include_str!("../assets/bienlai.css");
const SCRIPT: &str = include_str!("../assets/bienlai.js");
const ICON: &str = include_str!("../assets/bienlai.svg");
/// Enough of a hash to tell versions apart.
const HASH_BYTES: usize = 8;

fn named(stem: &str, content: &str, ending: &str) -> String {
    let hash = text::hex(&digest(&SHA256, content.as_bytes()).as_ref()[..HASH_BYTES]);
    format!("/assets/{stem}-{hash}.{ending}")
}

static CSS_PATH: LazyLock<String> = LazyLock::new(|| named("bienlai", STYLES, "css"));
static JS_PATH: LazyLock<String> = LazyLock::new(|| named("bienlai", SCRIPT, "js"));

static ICON_PATH: LazyLock<String> = LazyLock::new(|| named("bienlai", ICON, "svg"));

pub fn icon_path() -> &'static str {
    &ICON_PATH
}

pub fn css_path() -> &'static str {
    &CSS_PATH
}

pub fn js_path() -> &'static str {
    &JS_PATH
}

/// `GET /assets/{name}`: a name with an old hash is gone, so that no page mixes versions.
pub async fn serve(request: HttpRequest) -> Page {
    let path = request.path();
    let (kind, content) = if path == css_path() {
        ("text/css; charset=utf-8", STYLES)
    } else if path == js_path() {
        ("text/javascript; charset=utf-8", SCRIPT)
    } else if path == icon_path() {
        ("image/svg+xml", ICON)
    } else {
        return Err(Error::not_found("path_not_found", "no such file").into());
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .content_type(kind)
        .body(content))
}
