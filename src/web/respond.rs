//! Answers: JSON, errors with their words, and work that blocks.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError, web};
use serde::Serialize;
use serde_json::json;

use super::{message, trace};
use crate::error::{Error, Kind, Result, caught};
use crate::store::failure;

/// The code of a request that repeats one still being worked on.
pub const IN_FLIGHT: &str = "idempotency_in_flight";
/// The code of too many look-ups from one address.
pub const LOOKUPS_TOO_MANY: &str = "lookups_too_many";

pub type Answer = std::result::Result<HttpResponse, Failure>;

/// An error on its way to a program.
#[derive(Debug)]
pub struct Failure(pub Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure(error)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        status(&self.0)
    }

    fn error_response(&self) -> HttpResponse {
        let error = &self.0;
        note(error);
        let words = message::words(error.code());
        let mut body = json!({
            "code": error.code(),
            "message": words.vi,
            "message_en": words.en,
            "request_id": trace::request_id(),
        });
        if let Kind::Invalid { field } = error.kind() {
            body["field"] = json!(field);
        }
        if let Some(detail) = shown_detail(error) {
            body["detail"] = json!(detail);
        }
        let mut answer = HttpResponse::build(status(error));
        answer.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(seconds) = retry_after_s(error) {
            answer.insert_header((header::RETRY_AFTER, seconds));
        }
        if *error.kind() == Kind::Unauthenticated {
            answer.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        answer.json(json!({ "error": body }))
    }
}

/// The HTTP status of an error.
pub fn status(error: &Error) -> StatusCode {
    match (error.code(), error.kind()) {
        (IN_FLIGHT, _) => StatusCode::CONFLICT,
        ("method_not_allowed", _) => StatusCode::METHOD_NOT_ALLOWED,
        ("media_type_unsupported", _) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        (LOOKUPS_TOO_MANY, _) => StatusCode::TOO_MANY_REQUESTS,
        (_, Kind::Invalid { .. }) => StatusCode::BAD_REQUEST,
        (_, Kind::NotFound) => StatusCode::NOT_FOUND,
        (_, Kind::Conflict) => StatusCode::CONFLICT,
        (_, Kind::Forbidden) => StatusCode::FORBIDDEN,
        (_, Kind::Unauthenticated) => StatusCode::UNAUTHORIZED,
        (_, Kind::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
        (_, Kind::Busy { .. }) => StatusCode::SERVICE_UNAVAILABLE,
        (_, Kind::Internal) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

pub fn retry_after_s(error: &Error) -> Option<u32> {
    match error.kind() {
        Kind::Busy { retry_after_s } => Some(*retry_after_s),
        _ => None,
    }
}

/// Faults of ours say nothing about themselves, and a constraint's words are the database's.
fn shown_detail(error: &Error) -> Option<&str> {
    let is_ours = matches!(error.kind(), Kind::Internal | Kind::Busy { .. });
    let of_store = [
        failure::UNIQUE,
        failure::CHECK,
        failure::FOREIGN_KEY,
        failure::NOT_NULL,
        failure::APPEND_ONLY,
        failure::DENIED,
    ];
    let is_shown = !is_ours && !of_store.contains(&error.code());
    is_shown.then(|| error.detail()).filter(|detail| !detail.is_empty())
}

/// Faults of ours are errors in the log, everything else is the caller's and only noted.
pub fn note(error: &Error) {
    match error.kind() {
        Kind::Internal => tracing::error!(?error, "request failed"),
        Kind::Busy { .. } => tracing::warn!(?error, "request put off"),
        _ => tracing::debug!(code = error.code(), "request refused"),
    }
}

/// The error part of an answer that says more than its code.
pub fn refusal(code: &str) -> serde_json::Value {
    let words = message::words(code);
    json!({ "code": code, "message": words.vi, "message_en": words.en, "request_id": trace::request_id() })
}

/// A JSON answer that no cache keeps.
pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Answer {
    let bytes = to_bytes(body)?;
    Ok(json_bytes(status, bytes))
}

pub fn ok<T: Serialize>(body: &T) -> Answer {
    json(StatusCode::OK, body)
}

pub fn to_bytes<T: Serialize>(body: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(body).map_err(|error| Error::internal(format!("an answer: {error}")))
}

pub fn json_bytes(status: StatusCode, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("application/json; charset=utf-8")
        .body(bytes)
}

/// Runs database work on a thread that may block, within the request's span.
pub async fn block<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let span = tracing::Span::current();
    web::block(move || span.in_scope(|| caught(work)))
        .await
        .map_err(|_| Error::busy("service_stopping", 5, "the service is stopping"))?
}
