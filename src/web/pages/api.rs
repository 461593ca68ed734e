//! `/api`: every path with what it takes and answers, for the people who connect other systems.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::frame::Frame;
use super::{asset, html};
use crate::web::Shared;
use crate::web::api::catalogue::{Endpoint, endpoints};
use crate::web::message;

#[derive(Template)]
#[template(path = "api.html")]
struct ApiPage<'a> {
    frame: Frame,
    base: &'a str,
    groups: Vec<Group>,
    codes: Vec<(&'static str, &'static message::Words)>,
}

/// Paths that begin alike.
struct Group {
    name: String,
    endpoints: Vec<&'static Endpoint>,
}

/// What a path is about: its first part, of the API's paths the part after the version.
fn about(path: &str) -> &str {
    let path = path.strip_prefix("/api/v1").filter(|rest| !rest.is_empty()).unwrap_or(path);
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    match first.split('.').next() {
        None | Some("") => "home",
        Some(name) => name,
    }
}

/// The paths in groups, in the order in which each group comes first.
fn groups() -> Vec<Group> {
    let mut found: Vec<Group> = Vec::new();
    for endpoint in endpoints() {
        let name = about(endpoint.path);
        match found.iter_mut().find(|group| group.name == name) {
            Some(group) => group.endpoints.push(endpoint),
            None => found.push(Group { name: name.to_owned(), endpoints: vec![endpoint] }),
        }
    }
    found
}

pub async fn page(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    html(StatusCode::OK, &compose(Frame::public(&request), &shared.app().config.web.public_url))
}

/// The console draws icons that stand in its stylesheet; the rest is as strict as everywhere.
const CONSOLE_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                              img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "console.html")]
struct ConsolePage {
    frame: Frame,
    styles: &'static str,
    bundle: &'static str,
    script: &'static str,
}

/// `GET /api/try`: Swagger UI over the document of this service.
pub async fn console(request: HttpRequest) -> HttpResponse {
    let page = ConsolePage {
        frame: Frame::public(&request),
        styles: asset::path("swagger", "css"),
        bundle: asset::path("swagger", "js"),
        script: asset::path("console", "js"),
    };
    let mut response = html(StatusCode::OK, &page);
    let policy = header::HeaderValue::from_static(CONSOLE_POLICY);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

fn compose(frame: Frame, base: &str) -> ApiPage<'_> {
    let mut codes: Vec<_> = message::all().collect();
    codes.sort_unstable_by_key(|(code, _)| *code);
    ApiPage { frame, base, groups: groups(), codes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::routes;

    #[test]
    fn every_route_stands_on_the_page_and_nothing_else_does() {
        let page = compose(Frame::default(), "https://bienlai.example").render().unwrap();
        let mut served: Vec<(String, &str)> =
            routes::entries().iter().map(|entry| (entry.method.to_string(), entry.path)).collect();
        let mut told: Vec<(String, &str)> =
            endpoints().iter().map(|endpoint| (endpoint.method.to_owned(), endpoint.path)).collect();
        for (method, path) in &served {
            assert!(page.contains(&format!("{method} {path}")), "{method} {path} is missing from /api");
        }
        served.sort_unstable();
        told.sort_unstable();
        assert_eq!(served, told);
    }

    #[test]
    fn every_example_of_a_body_is_json() {
        for endpoint in endpoints() {
            for example in [endpoint.body, endpoint.answer].into_iter().filter(|text| text.starts_with('{')) {
                assert!(
                    serde_json::from_str::<serde_json::Value>(example).is_ok(),
                    "{}: {example}",
                    endpoint.path
                );
            }
        }
    }
}
