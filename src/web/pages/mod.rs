//! What citizens read: plain HTML without scripts, Vietnamese first, English below.
//!
//! The pages are public, so they show no full name and no number of a person, and guessing codes
//! is rate-limited per address.

pub mod api;
pub mod asset;
pub mod lookup;
mod mask;
pub mod pay;
pub mod receipt;
pub mod rendition;
pub mod verify;
pub mod vietqr;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use super::respond::{self, retry_after_s};
use super::{message, trace};
use crate::error::{Error, Kind};

/// Nothing but our own stylesheet and what stands in the page itself.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

pub type Page = Result<HttpResponse, PageFailure>;

/// The same for pages whose forms come back to us.
const POLICY_WITH_FORMS: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
                                 form-action 'self'; frame-ancestors 'none'";

/// Renders a page that no cache keeps.
fn html(status: StatusCode, template: &impl Template) -> HttpResponse {
    html_under(POLICY, status, template)
}

fn html_with_forms(status: StatusCode, template: &impl Template) -> HttpResponse {
    html_under(POLICY_WITH_FORMS, status, template)
}

fn html_under(policy: &'static str, status: StatusCode, template: &impl Template) -> HttpResponse {
    let rendered = match template.render() {
        Ok(rendered) => rendered,
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            return HttpResponse::InternalServerError().finish();
        }
    };
    HttpResponse::build(status)
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("x-robots-tag", "noindex"))
        .content_type("text/html; charset=utf-8")
        .body(rendered)
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    title: &'a str,
    title_en: &'a str,
    status: u16,
    request_id: String,
}

/// An error on its way to a person.
#[derive(Debug)]
pub struct PageFailure(Error);

impl From<Error> for PageFailure {
    fn from(error: Error) -> Self {
        PageFailure(error)
    }
}

impl std::fmt::Display for PageFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for PageFailure {
    fn status_code(&self) -> StatusCode {
        match self.0.kind() {
            Kind::Invalid { field } if field.starts_with("form.") => StatusCode::BAD_REQUEST,
            // A code that cannot be one names nothing: whether it was well formed is not told.
            Kind::Invalid { .. } => StatusCode::NOT_FOUND,
            _ => respond::status(&self.0),
        }
    }

    fn error_response(&self) -> HttpResponse {
        respond::note(&self.0);
        let status = self.status_code();
        let words = message::words(self.0.code());
        let page = ErrorPage {
            title: &words.vi,
            title_en: &words.en,
            status: status.as_u16(),
            request_id: trace::request_id(),
        };
        let mut response = html(status, &page);
        if let Some(seconds) = retry_after_s(&self.0) {
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
        }
        response
    }
}
