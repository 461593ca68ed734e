//! What is refused before a handler is reached: no such path, no such method, a media type nobody
//! reads. People get a page, programs JSON; both under the same stable code.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{Error as ActixError, HttpRequest, HttpResponse, ResponseError};

use super::api::catalogue::endpoints;
use super::api::openapi::READS_JSON;
use super::pages::PageFailure;
use super::respond::Failure;
use crate::error::Error;

pub async fn path_not_found(request: HttpRequest) -> HttpResponse {
    told(&request, Error::not_found("path_not_found", "no such path"))
}

/// How many segments above a path of the pages the next one that can be seen lies: a refused form stands at the
/// address it was sent to, and who asks for that address again wants the page of the form.
pub fn segments_above(path: &str, seen: &[&str]) -> Option<usize> {
    if path.starts_with("/api/") || path.starts_with("/callback/") {
        return None;
    }
    let mut above = path;
    for segments in 1.. {
        above = above.rsplit_once('/')?.0;
        if above.is_empty() {
            return None;
        }
        if seen.contains(&above) {
            return Some(segments);
        }
    }
    None
}

/// To the page that lies so many segments above the path.
pub fn seen_above(request: &HttpRequest, segments: usize) -> HttpResponse {
    let path = request.path();
    let place = (0..segments).fold(path, |path, _| path.rsplit_once('/').map_or(path, |(above, _)| above));
    HttpResponse::SeeOther().insert_header((header::LOCATION, place.to_owned())).finish()
}

/// `allowed` are the methods the path has.
pub fn method_not_allowed(request: &HttpRequest, allowed: &'static str) -> HttpResponse {
    let detail = format!("{} is not offered here; {allowed}", request.method());
    let mut response = told(request, Error::not_found("method_not_allowed", detail));
    response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allowed));
    response
}

fn told(request: &HttpRequest, error: Error) -> HttpResponse {
    let accepted = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if is_for_programs(request.path()) || !accepted.is_some_and(takes_pages) {
        return Failure(error).error_response();
    }
    PageFailure::from(error).error_response()
}

fn is_for_programs(path: &str) -> bool {
    path.starts_with("/api/") || path.starts_with("/callback/")
}

/// Browsers name HTML, and what takes anything is shown a page; who asks for JSON names it.
fn takes_pages(accepted: &str) -> bool {
    accepted.contains("text/html") || (accepted.contains("*/*") && !accepted.contains("json"))
}

/// Paths that take a body.
static POSTED: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    endpoints().iter().filter(|endpoint| endpoint.method == "POST").map(|endpoint| endpoint.path).collect()
});

/// 415 for a body that its path does not read. A body without a type is taken for the right one, and
/// channels judge theirs by themselves.
pub async fn media(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, ActixError> {
    if request.method() != Method::POST || request.path().starts_with("/callback/") || is_read(&request) {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let error = Error::invalid("Content-Type", "media_type_unsupported", "not a media type this path reads");
    let response = told(request.request(), error);
    Ok(request.into_response(response))
}

fn is_read(request: &ServiceRequest) -> bool {
    let pattern = request.match_pattern().unwrap_or_default();
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let encoding = text(header::CONTENT_ENCODING).unwrap_or("identity");
    let media = text(header::CONTENT_TYPE).and_then(|value| value.split(';').next()).unwrap_or_default();
    !POSTED.contains(pattern.as_str()) || (encoding == "identity" && reads(&pattern, media.trim()))
}

/// Whether the body of a path may be of a media type. `/verify` takes bare files.
fn reads(pattern: &str, media: &str) -> bool {
    let is_json = media.eq_ignore_ascii_case("application/json") || media.ends_with("+json");
    let is_form = ["application/x-www-form-urlencoded", "multipart/form-data"]
        .iter()
        .any(|form| media.eq_ignore_ascii_case(form));
    match pattern {
        _ if media.is_empty() || pattern == "/verify" => true,
        _ if pattern.starts_with("/api/v1/") => is_json || !READS_JSON.contains(pattern),
        _ => is_form,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_shown_unless_json_is_asked_for() {
        assert!(takes_pages("text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8"));
        assert!(takes_pages("*/*"));
        assert!(!takes_pages("application/json"));
        assert!(!takes_pages("application/json, */*;q=0.1"));
    }

    #[test]
    fn a_path_reads_its_own_media_types_only() {
        assert!(reads("/api/v1/obligations", "application/json"));
        assert!(reads("/api/v1/obligations", ""));
        assert!(!reads("/api/v1/obligations", "text/xml"));
        assert!(!reads("/api/v1/obligations", "application/x-www-form-urlencoded"));
        assert!(reads("/api/v1/statements", "text/csv"), "a bank's file comes as it is");
        assert!(reads("/sign-in", "application/x-www-form-urlencoded"));
        assert!(!reads("/sign-in", "text/plain"), "what a foreign page can send without being asked");
        assert!(!POSTED.contains("/healthz"), "what takes no body says 405");
    }
}
