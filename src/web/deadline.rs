//! How long a body may take to arrive. Who sends one byte after the other would keep a connection, and what of the
//! body stands in memory, for as long as they like; of the head that is held by the server itself.

use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error as ActixError, HttpMessage};
use futures_util::{Stream, StreamExt, stream};
use tokio::time::{Instant, timeout_at};

/// Enough for the largest bank file over a line of one megabit per second.
const BODY_LIMIT: Duration = Duration::from_secs(600);

/// Breaks a body off that has not arrived in time; whoever reads it answers as where the sender broke it off.
pub async fn limit(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, ActixError> {
    let payload = request.take_payload();
    if !matches!(payload, Payload::None) {
        request.set_payload(Payload::Stream { payload: Box::pin(within(payload, BODY_LIMIT)) });
    }
    next.call(request).await
}

/// What arrives in time, and an error in the place of the rest.
fn within(payload: Payload, limit: Duration) -> impl Stream<Item = Result<Bytes, PayloadError>> {
    let until = Instant::now() + limit;
    stream::unfold(Some(payload), move |payload| async move {
        let mut payload = payload?;
        match timeout_at(until, payload.next()).await {
            Ok(Some(chunk)) => Some((chunk, Some(payload))),
            Ok(None) => None,
            Err(_) => Some((Err(PayloadError::Incomplete(Some(std::io::ErrorKind::TimedOut.into()))), None)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_body_that_has_not_arrived_in_time_breaks_off_and_any_other_is_whole() {
        let part = || Ok::<_, PayloadError>(Bytes::from_static(b"abc"));
        let whole: Payload = Payload::Stream { payload: Box::pin(stream::iter([part(), part()])) };
        let read: Vec<_> = within(whole, Duration::from_secs(60)).collect().await;
        assert!(matches!(read.as_slice(), [Ok(_), Ok(_)]), "{read:?}");
        let begun = stream::iter([part()]).chain(stream::pending());
        let begun: Payload = Payload::Stream { payload: Box::pin(begun) };
        let read: Vec<_> = within(begun, Duration::from_millis(20)).collect().await;
        assert!(matches!(read.as_slice(), [Ok(_), Err(PayloadError::Incomplete(_))]), "{read:?}");
    }
}
