//! Stylesheets, scripts, the icon and the typeface: embedded, named by their content, kept by browsers
//! for a year.

use std::borrow::Cow;
use std::sync::LazyLock;

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::header;
use ring::digest::{SHA256, digest};

use super::Page;
use crate::error::Error;
use crate::text;

const RULES: &str = include_str!("../assets/bienlai.css");
/// Enough of a hash to tell versions apart.
const HASH_BYTES: usize = 8;

/// A file that pages load.
struct Asset {
    stem: &'static str,
    ending: &'static str,
    content: Cow<'static, [u8]>,
    /// Kept packed with gzip: every browser that can use it unpacks it.
    is_packed: bool,
    path: String,
}

/// Be Vietnam Pro, cut to the letters of Vietnamese and English (OFL; the licence lies beside it).
static FONTS: LazyLock<[(u16, Asset); 2]> = LazyLock::new(|| {
    let face = |stem, content: &'static [u8]| plain(stem, "woff2", content);
    [
        (400, face("be-vietnam-pro-400", include_bytes!("../assets/be-vietnam-pro-400.woff2"))),
        (600, face("be-vietnam-pro-600", include_bytes!("../assets/be-vietnam-pro-600.woff2"))),
    ]
});

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    vec![
        asset("bienlai", "css", Cow::Owned(styles().into_bytes())),
        plain("bienlai", "js", include_bytes!("../assets/bienlai.js")),
        plain("bienlai", "svg", include_bytes!("../assets/bienlai.svg")),
        plain("console", "js", include_bytes!("../assets/console.js")),
        packed("swagger", "css", include_bytes!("../assets/swagger/swagger-ui.css.gz")),
        packed("swagger", "js", include_bytes!("../assets/swagger/swagger-ui-bundle.js.gz")),
    ]
});

/// The faces with the addresses their files have in this build, then the rules. Text is shown in the
/// system's face until the file is here.
fn styles() -> String {
    let mut styles = String::new();
    for (weight, font) in FONTS.iter() {
        styles.push_str(&format!(
            "@font-face {{ font-family: \"Be Vietnam Pro\"; font-weight: {weight}; font-display: swap; \
             src: url(\"{}\") format(\"woff2\"); }}\n",
            font.path
        ));
    }
    styles + RULES
}

fn asset(stem: &'static str, ending: &'static str, content: Cow<'static, [u8]>) -> Asset {
    let hash = text::hex(&digest(&SHA256, &content).as_ref()[..HASH_BYTES]);
    Asset { stem, ending, content, is_packed: false, path: format!("/assets/{stem}-{hash}.{ending}") }
}

fn plain(stem: &'static str, ending: &'static str, content: &'static [u8]) -> Asset {
    asset(stem, ending, Cow::Borrowed(content))
}

fn packed(stem: &'static str, ending: &'static str, content: &'static [u8]) -> Asset {
    Asset { is_packed: true, ..plain(stem, ending, content) }
}

/// Where a page finds a file; empty for one that does not exist.
pub fn path(stem: &str, ending: &str) -> &'static str {
    let found = ASSETS.iter().find(|asset| asset.stem == stem && asset.ending == ending);
    found.map_or("", |asset| asset.path.as_str())
}

pub fn icon_path() -> &'static str {
    path("bienlai", "svg")
}

pub fn css_path() -> &'static str {
    path("bienlai", "css")
}

pub fn js_path() -> &'static str {
    path("bienlai", "js")
}

/// `GET /assets/{name}`: a name with an old hash is gone, so that no page mixes versions.
pub async fn serve(request: HttpRequest) -> Page {
    let mut all = ASSETS.iter().chain(FONTS.iter().map(|(_, font)| font));
    let found = all.find(|asset| asset.path == request.path());
    let asset = found.ok_or_else(|| Error::not_found("path_not_found", "no such file"))?;
    let kind = match asset.ending {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "woff2" => "font/woff2",
        _ => "image/svg+xml",
    };
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable")).content_type(kind);
    if asset.is_packed {
        response.insert_header((header::CONTENT_ENCODING, "gzip"));
    }
    Ok(response.body(asset.content.as_ref()))
}

/// `GET /robots.txt`: what is opened by a code is for nobody else to find.
pub async fn robots() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "max-age=86400"))
        .body("User-agent: *\nAllow: /lookup\nAllow: /verify\nDisallow: /\n")
}

/// `GET /favicon.ico`: the icon, for what asks without reading a page.
pub async fn favicon() -> HttpResponse {
    let icon = ASSETS.iter().find(|asset| asset.path == icon_path());
    HttpResponse::Ok()
        .content_type("image/svg+xml")
        .insert_header((header::CACHE_CONTROL, "max-age=86400"))
        .body(icon.map(|icon| icon.content.to_vec()).unwrap_or_default())
}
