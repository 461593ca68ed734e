//! Stylesheet, script, icon and typeface: embedded, named by their content, kept by browsers for a year.

use std::sync::LazyLock;

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::header;
use ring::digest::{SHA256, digest};

use super::Page;
use crate::error::Error;
use crate::text;

const RULES: &str = include_str!("../assets/bienlai.css");
const SCRIPT: &str = include_str!("../assets/bienlai.js");
const ICON: &str = include_str!("../assets/bienlai.svg");
/// Be Vietnam Pro, cut to the letters of Vietnamese and English (OFL; the licence lies beside it).
const FONTS: [(&str, &[u8]); 2] = [
    ("400", include_bytes!("../assets/be-vietnam-pro-400.woff2")),
    ("600", include_bytes!("../assets/be-vietnam-pro-600.woff2")),
];
/// Enough of a hash to tell versions apart.
const HASH_BYTES: usize = 8;

fn named(stem: &str, content: &[u8], ending: &str) -> String {
    let hash = text::hex(&digest(&SHA256, content).as_ref()[..HASH_BYTES]);
    format!("/assets/{stem}-{hash}.{ending}")
}

static FONT_PATHS: LazyLock<Vec<String>> = LazyLock::new(|| {
    FONTS.iter().map(|(weight, bytes)| named(&format!("be-vietnam-pro-{weight}"), bytes, "woff2")).collect()
});

/// The faces with the addresses their files have in this build, then the rules. Text is shown in the
/// system's face until the file is here.
static STYLES: LazyLock<String> = LazyLock::new(|| {
    let mut styles = String::new();
    for ((weight, _), path) in FONTS.iter().zip(FONT_PATHS.iter()) {
        styles.push_str(&format!(
            "@font-face {{ font-family: \"Be Vietnam Pro\"; font-weight: {weight}; font-display: swap; \
             src: url(\"{path}\") format(\"woff2\"); }}\n"
        ));
    }
    styles + RULES
});
static CSS_PATH: LazyLock<String> = LazyLock::new(|| named("bienlai", STYLES.as_bytes(), "css"));
static JS_PATH: LazyLock<String> = LazyLock::new(|| named("bienlai", SCRIPT.as_bytes(), "js"));

static ICON_PATH: LazyLock<String> = LazyLock::new(|| named("bienlai", ICON.as_bytes(), "svg"));

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
    let font = FONT_PATHS.iter().position(|known| known == path).and_then(|at| FONTS.get(at));
    let (kind, content): (_, &[u8]) = if path == css_path() {
        ("text/css; charset=utf-8", STYLES.as_bytes())
    } else if path == js_path() {
        ("text/javascript; charset=utf-8", SCRIPT.as_bytes())
    } else if path == icon_path() {
        ("image/svg+xml", ICON.as_bytes())
    } else if let Some((_, bytes)) = font {
        ("font/woff2", bytes)
    } else {
        return Err(Error::not_found("path_not_found", "no such file").into());
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .content_type(kind)
        .body(content))
}
