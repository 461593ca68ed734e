//! A request id for every request, in its answer, its log lines and its errors; one access line.
//!
//! The line names the route and never the query, a look-up code or a body: none of these leave
//! the request.

use actix_web::Error as ActixError;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use ring::rand::{SecureRandom, SystemRandom};
use tracing::Instrument;

use super::{Shared, headers};
use crate::text;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static REQUEST_ID: String;
}

/// The id of the request being answered; empty outside one.
pub fn request_id() -> String {
    REQUEST_ID.try_with(Clone::clone).unwrap_or_default()
}

pub async fn trace(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, ActixError> {
    let began = std::time::Instant::now();
    let id = id_of(&request);
    let span = tracing::info_span!("request", request_id = %id);
    let method = request.method().clone();
    let shared = request.app_data::<actix_web::web::Data<Shared>>();
    let is_secure = shared.is_some_and(|shared| shared.app().config.web.public_url.starts_with("https://"));
    let work = next.call(request).instrument(span.clone());
    let mut response = REQUEST_ID.scope(id.clone(), work).await?;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    headers::complete(response.headers_mut(), is_secure);
    let route = response.request().match_pattern().unwrap_or_else(|| "(none)".to_owned());
    let status = response.status().as_u16();
    let elapsed = began.elapsed();
    metrics::histogram!("bienlai_http_request_seconds", "route" => route.clone())
        .record(elapsed.as_secs_f64());
    metrics::counter!("bienlai_http_requests_total", "status" => status.to_string()).increment(1);
    let elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    span.in_scope(|| tracing::info!(target: "access", %method, route, status, elapsed_us, "answered"));
    Ok(response)
}

/// A caller's own id is kept when it is harmless, so that traces of two systems meet.
fn id_of(request: &ServiceRequest) -> String {
    let shown = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
    match shown.filter(|id| is_harmless(id)) {
        Some(id) => id.to_owned(),
        None => fresh_id(),
    }
}

fn is_harmless(id: &str) -> bool {
    (8..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn fresh_id() -> String {
    let mut bytes = [0_u8; 10];
    let _ = SystemRandom::new().fill(&mut bytes);
    text::hex(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_id_is_kept_only_when_it_cannot_forge_a_log_line() {
        assert!(is_harmless("4bf92f35-77b3_4da6"));
        for id in ["", "short", "has space in it", "line\nbreak-in-it", &"x".repeat(65), "quẻ-quặc-quá"]
        {
            assert!(!is_harmless(id), "{id}");
        }
        assert!(is_harmless(&fresh_id()) && fresh_id() != fresh_id());
    }
}
