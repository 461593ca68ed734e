//! What cannot be shown is told inside the frame of who asked: with their navigation, their language, a way
//! home and a way back. A failure is drawn for a stranger first (`PageFailure`); here, where the request
//! is known, it is drawn again for its person.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{Error as ActixError, FromRequest, HttpRequest};

use super::frame::{self, Frame};
use super::session::Signed;
use super::{ErrorPage, html};
use crate::web::{message, trace};

/// The code of a failure, beside the answer that tells it.
#[derive(Clone, Copy)]
pub struct Failed(pub &'static str);

/// Draws failures in their reader's frame. A fault of ours is told in a stranger's, in the reader's language: what
/// failed is not asked who is signed in.
pub async fn framed(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, ActixError> {
    let response = next.call(request).await?.map_into_boxed_body();
    let failed = response.response().extensions().get::<Failed>().copied();
    let Some(Failed(code)) = failed else {
        return Ok(response);
    };
    let (request, told) = response.into_parts();
    let signed = match told.status().is_client_error() {
        true => Signed::extract(&request).await.ok(),
        false => None,
    };
    let frame = signed.as_ref().map_or_else(|| Frame::public(&request), |one| Frame::of(one, &request));
    let words = message::words(code);
    let (title, title_en) = (words.vi.as_str(), words.en.as_str());
    let page = ErrorPage {
        home: frame.desk.as_ref().map_or("/lookup", |desk| desk.home),
        back: came_from(&request),
        frame,
        title,
        title_en,
        status: told.status().as_u16(),
        request_id: trace::request_id(),
    };
    let mut drawn = html(told.status(), &page);
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = told.headers().get(&name) {
            drawn.headers_mut().insert(name, value.clone());
        }
    }
    Ok(ServiceResponse::new(request, drawn))
}

/// The page of ours that led here, unless it is this one.
fn came_from(request: &HttpRequest) -> Option<String> {
    let from = frame::referer(request)?;
    (from != request.path()).then(|| from.to_owned())
}
