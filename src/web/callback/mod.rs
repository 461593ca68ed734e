//! Callbacks of banks and gateways: verified on the bytes as they came, settled, answered in the
//! sender's own words. 2xx means durably stored and nothing else does.

pub(crate) mod refused;
mod sms;

pub use sms::sms_report;

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::StreamExt;

use super::Shared;
use super::extract::path_text;
use super::respond::{self, Failure, block};
use crate::actor::Actor;
use crate::error::{Error, Kind, Result};
use crate::payment::channel::vietqr::Vietqr;
use crate::payment::channel::{self, BODY_LIMIT_BYTES, Channel, Incoming, Notice, Outcome};
use crate::payment::pending::{self, Said};
use crate::payment::settler::Answer;
use crate::payment::{Arrival, Claim, archive};

/// What is read and thrown away of an oversized body, so that its sender reads our refusal
/// instead of a broken connection.
const DRAIN_LIMIT_BYTES: usize = 16 * 1024 * 1024;

/// A request as the channels want it.
pub(crate) struct Received {
    headers: Vec<(String, String)>,
    /// One byte more than the limit says that the body was larger.
    body: Vec<u8>,
    now: crate::clock::Instant,
}

impl Received {
    fn incoming(&self) -> Incoming<'_> {
        Incoming { headers: &self.headers, body: &self.body, now: self.now }
    }
}

/// `POST /callback/{channel}`: sepay and bank channels.
pub async fn notify(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> std::result::Result<HttpResponse, Failure> {
    let name = path_text(&request, "channel");
    let is_plain = |channel: &&Arc<dyn Channel>| channel.name() == name && vietqr(&shared, name).is_none();
    let channel = shared.running.channels.iter().find(is_plain).cloned().ok_or_else(unknown)?;
    let received = receive(&request, payload, &shared).await?;
    Ok(take(&request, &shared, channel.as_ref(), received).await)
}

/// `POST /callback/{channel}/bank/api/transaction-sync`: VietQR.vn, by its own path.
pub async fn transaction_sync(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> std::result::Result<HttpResponse, Failure> {
    let channel = vietqr(&shared, path_text(&request, "channel")).ok_or_else(unknown)?;
    let received = receive(&request, payload, &shared).await?;
    Ok(take(&request, &shared, channel.as_ref(), received).await)
}

/// `POST /callback/{channel}/api/token_generate`: VietQR.vn fetches its token.
pub async fn token_generate(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> std::result::Result<HttpResponse, Failure> {
    let channel = vietqr(&shared, path_text(&request, "channel")).ok_or_else(unknown)?;
    let received = receive(&request, payload, &shared).await?;
    let issued = channel.issuer().issue(&received.incoming());
    if let Err(refusal) = &issued {
        refused::keep(&request, &shared, channel.name(), refusal, &received).await;
    }
    Ok(rendered(&channel.token_answer(&issued)))
}

fn vietqr(shared: &Shared, name: &str) -> Option<Arc<Vietqr>> {
    shared.running.vietqr.iter().find(|channel| channel.name() == name).cloned()
}

fn unknown() -> Error {
    Error::not_found("channel_not_found", "no channel has this path")
}

async fn receive(request: &HttpRequest, mut payload: web::Payload, shared: &Shared) -> Result<Received> {
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let mut body = Vec::new();
    let mut drained = 0_usize;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Error::invalid("body", "body_interrupted", "the body ended early"))?;
        let room = (BODY_LIMIT_BYTES + 1).saturating_sub(body.len()).min(chunk.len());
        body.extend_from_slice(&chunk[..room]);
        drained += chunk.len() - room;
        if drained > DRAIN_LIMIT_BYTES {
            break;
        }
    }
    Ok(Received { headers, body, now: shared.app().clock.now() })
}

async fn take(
    request: &HttpRequest,
    shared: &Shared,
    channel: &dyn Channel,
    received: Received,
) -> HttpResponse {
    let read = channel.read(&received.incoming());
    let (outcome, label) = match read {
        Ok(Notice::Claim(claim)) => (settle(shared, claim, received).await, "claim"),
        Ok(Notice::Pending(claim)) => (under_way(shared, claim, Said::Pending, received).await, "pending"),
        Ok(Notice::Failed(claim)) => (under_way(shared, claim, Said::Failed, received).await, "pending"),
        Ok(Notice::Nothing { code }) => (nothing(shared, channel.name(), code, received).await, "nothing"),
        Err(refusal) => {
            refused::keep(request, shared, channel.name(), &refusal, &received).await;
            count(channel.name(), "refused");
            return rendered(&channel.answer(&Outcome::Refused(&refusal)));
        }
    };
    count(channel.name(), label);
    let outcome = outcome.unwrap_or_else(|error| put_off(&error));
    rendered(&channel.answer(&outcome))
}

fn count(channel: &str, what: &'static str) {
    metrics::counter!("bienlai_callbacks_total", "channel" => channel.to_owned(), "outcome" => what)
        .increment(1);
}

async fn settle(shared: &Shared, claim: Claim, received: Received) -> Result<Outcome<'static>> {
    let arrival = Arrival { claim, raw: received.body, received_at: received.now };
    Ok(match shared.running.settler.settle(arrival).await? {
        Answer::Settled(settled) => Outcome::Accepted {
            reference: settled.claim.to_string(),
            receipts: settled.receipts.iter().map(ToString::to_string).collect(),
            repeated: settled.is_repeated,
        },
        Answer::Parked(claim) => Outcome::Parked { reference: claim.to_string() },
    })
}

/// A payment whose outcome nobody knows, or that failed: kept and named, never settled.
async fn under_way(
    shared: &Shared,
    claim: Claim,
    said: Said,
    received: Received,
) -> Result<Outcome<'static>> {
    let app = Arc::clone(shared.app());
    let id = block(move || {
        app.write(&Actor::system(), |tx, stamp| {
            pending::note(tx, stamp, (&claim, said), (&received.body, received.now))
        })
    })
    .await?;
    Ok(Outcome::Accepted { reference: id.to_string(), receipts: Vec::new(), repeated: false })
}

async fn nothing(
    shared: &Shared,
    channel: &str,
    code: &'static str,
    received: Received,
) -> Result<Outcome<'static>> {
    tracing::info!(channel, code, "a message that names no movement");
    let (app, channel) = (Arc::clone(shared.app()), channel.to_owned());
    block(move || {
        app.write(&Actor::system(), |tx, stamp| {
            archive::archive(tx, stamp, &channel, &received.body, received.now).map(|_| ())
        })
    })
    .await?;
    Ok(Outcome::Ignored)
}

fn put_off(error: &Error) -> Outcome<'static> {
    respond::note(error);
    match error.kind() {
        Kind::Busy { retry_after_s } => Outcome::Busy { retry_after_s: *retry_after_s },
        _ => Outcome::Failed,
    }
}

fn rendered(answer: &channel::Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    for (name, value) in &answer.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.insert_header((HeaderName::from_static(name), value));
        }
    }
    response.body(answer.body.clone())
}
