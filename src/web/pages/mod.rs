//! The pages: what citizens read and what staff work with. HTML that works without scripts;
//! Vietnamese first, English on request.
//!
//! Citizens' pages are public, so they show no full name and no number of a person, and guessing
//! codes is rate-limited per address. Staff sign in; the API's tokens open none of these pages.

mod acting;
pub mod admin;
pub mod agreement;
pub mod api;
pub mod asset;
pub mod both;
mod called;
mod chart;
pub mod city;
pub mod complaint;
pub mod counter;
pub mod delegations;
pub mod detail;
pub mod duties;
pub mod failed;
mod fields;
pub mod finance;
pub mod frame;
pub mod invitation;
pub mod kept;
mod listing;
pub mod live;
pub mod lookup;
mod marks;
mod markup;
mod mask;
mod matter;
pub mod on_paper;
pub mod onboarding;
pub mod own_login;
pub mod pay;
mod png;
pub mod privacy;
mod privacy_forms;
mod program_reason;
mod proving;
pub mod receipt;
pub mod rendition;
pub mod session;
pub mod sign_in;
pub mod slip;
pub mod sso;
pub mod surplus;
pub mod tariff;
pub mod told;
mod upload;
pub mod users;
pub mod verify;
pub mod vietqr;
mod ways;
pub mod wording;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use super::respond::{self, retry_after_s};
use super::{message, trace};
use crate::error::{Error, Kind, Result};
use frame::Frame;

/// Nothing but our own files and what stands in the page itself; forms come back to us; no frames.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                      img-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

pub type Page = std::result::Result<HttpResponse, PageFailure>;

/// A form as actix reads it, so that an unreadable one is told on a page of ours.
pub type Posted<T> = std::result::Result<kept::Kept<T>, actix_web::Error>;

fn read<T>(form: Posted<T>) -> Result<T> {
    let unreadable = |_| Error::invalid("form", "form_unreadable", "a field is missing").in_field("form");
    form.map(|kept| kept.0).map_err(unreadable)
}

/// A document as pages link to it.
pub struct ReceiptLink {
    pub lookup_code: String,
    pub id: crate::id::ReceiptId,
    pub label: String,
    pub is_signed: bool,
    /// As it is stored.
    pub state: String,
    pub amount: crate::amount::Dong,
    pub collected_at: crate::clock::Instant,
}

/// Renders a page that no cache keeps.
fn html(status: StatusCode, template: &impl Template) -> HttpResponse {
    let rendered = match template.render() {
        Ok(rendered) => rendered,
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            return HttpResponse::InternalServerError().finish();
        }
    };
    HttpResponse::build(status)
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_FRAME_OPTIONS, "DENY"))
        // Our own host only, and enough of it that browsers name the origin of our forms.
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .insert_header(("cross-origin-opener-policy", "same-origin"))
        .insert_header(("permissions-policy", "camera=(), geolocation=(), microphone=()"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("x-robots-tag", "noindex"))
        .content_type("text/html; charset=utf-8")
        .body(rendered)
}

/// The same for the pages that print: they may hold a frame of our own.
fn html_that_prints(status: StatusCode, template: &impl Template) -> HttpResponse {
    let mut response = html(status, template);
    if let Ok(policy) = header::HeaderValue::from_str(&format!("{POLICY}; frame-src 'self'")) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    frame: Frame,
    title: &'a str,
    title_en: &'a str,
    status: u16,
    request_id: String,
    home: &'a str,
    /// The page that led here.
    back: Option<String>,
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
            _ if self.0.code() == "media_type_unsupported" => StatusCode::UNSUPPORTED_MEDIA_TYPE,
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
            frame: Frame::default(),
            title: &words.vi,
            title_en: &words.en,
            status: status.as_u16(),
            request_id: trace::request_id(),
            home: "/lookup",
            back: None,
        };
        let mut response = html(status, &page);
        response.extensions_mut().insert(failed::Failed(self.0.code()));
        if let Some(seconds) = retry_after_s(&self.0) {
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
        }
        response
    }
}
