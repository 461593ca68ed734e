//! Codes that are the right to see something: what is found costs nothing, what is not found counts against
//! its address, and an address that missed too often is told nothing for a while.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error as ActixError, ResponseError};

use super::Shared;
use super::pages::PageFailure;

/// Receipts, obligations, slips.
const GUESSABLE: [&str; 3] = ["/r/", "/p/", "/s/"];

pub async fn watch(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, ActixError> {
    // As the router reads it: `/%72/…` leads where `/r/…` does.
    let path = request.match_info().as_str();
    let is_guessable = GUESSABLE.iter().any(|prefix| path.starts_with(prefix));
    let shared = request.app_data::<Data<Shared>>().filter(|_| is_guessable).cloned();
    let Some(shared) = shared else { return Ok(next.call(request).await?.map_into_boxed_body()) };
    let source = shared.source(request.request());
    if let Err(error) = shared.lookups.welcome(source) {
        return Ok(request.into_response(PageFailure::from(error).error_response()));
    }
    let response = next.call(request).await?.map_into_boxed_body();
    if response.status() == StatusCode::NOT_FOUND {
        shared.lookups.missed(source);
    }
    Ok(response)
}
