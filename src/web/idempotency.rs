//! A repeated request gets the first one's answer, byte for byte.
//!
//! Key, hash of the request and answer are written in the transaction of the effect, so that
//! there is never one without the other. Only success is kept: a refused request had no effect
//! and may be corrected under its key. A request still being worked on is known by a set in this
//! process; another process finds out by the unique key.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use actix_web::http::StatusCode;
use ring::digest::{Context, SHA256};

use super::query::{self, IdempotencyRow};
use super::respond::IN_FLIGHT;
use crate::actor::Actor;
use crate::app::App;
use crate::error::{Error, Result};
use crate::id::ClientId;
use crate::store::{Conn, Stamp, Tx, failure, rows};
use crate::text;

/// When a request in flight is worth asking for again.
const RETRY_AFTER_S: u32 = 1;

/// What makes two requests the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    client: ClientId,
    route: &'static str,
    key: String,
}

/// A request that may be repeated.
#[derive(Clone, Debug)]
pub struct Repeatable {
    place: Place,
    sha256: String,
}

impl Repeatable {
    /// `route` is the pattern, which belongs to the key; `path` the real path, which belongs to
    /// the content, like the body.
    pub fn new(actor: &Actor, route: &'static str, key: String, path: &str, body: &[u8]) -> Result<Self> {
        let client = actor.client.ok_or_else(|| Error::internal("a request without a client"))?;
        let mut context = Context::new(&SHA256);
        context.update(path.as_bytes());
        context.update(b"\n");
        context.update(body);
        Ok(Repeatable { place: Place { client, route, key }, sha256: text::hex(context.finish().as_ref()) })
    }
}

impl Repeatable {
    /// A form of a page, by the key that was drawn with it. `content` is what must stay the same.
    pub fn of_form(sender: ClientId, route: &'static str, key: String, path: &str, content: &str) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(path.as_bytes());
        context.update(b"\n");
        context.update(content.as_bytes());
        let sha256 = text::hex(context.finish().as_ref());
        Repeatable { place: Place { client: sender, route, key }, sha256 }
    }
}

/// The answer, given now or before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    pub status: StatusCode,
    pub body: Vec<u8>,
    pub is_repeated: bool,
}

/// The requests of this process that are being worked on.
#[derive(Clone, Default)]
pub struct InFlight(Arc<Mutex<HashSet<Place>>>);

/// Takes its request out of the set when dropped.
struct Working<'a> {
    set: &'a InFlight,
    place: Place,
}

impl InFlight {
    fn begin(&self, place: &Place) -> Result<Working<'_>> {
        if self.lock().insert(place.clone()) {
            return Ok(Working { set: self, place: place.clone() });
        }
        Err(in_flight())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<Place>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.set.lock().remove(&self.place);
    }
}

fn in_flight() -> Error {
    Error::busy(IN_FLIGHT, RETRY_AFTER_S, "the first request under this key is still being worked on")
}

/// Does the work once. `work` runs in the actor's scope and returns the answer's body.
///
/// # Errors
/// `idempotency_in_flight`, `idempotency_key_reused`, and those of the work.
pub fn once(
    app: &App,
    in_flight_set: &InFlight,
    actor: &Actor,
    request: &Repeatable,
    status: StatusCode,
    mut work: impl FnMut(&mut Tx<'_>, &Stamp<'_>) -> Result<Vec<u8>>,
) -> Result<Given> {
    let _working = in_flight_set.begin(&request.place)?;
    let given = app.write(actor, |tx, stamp| {
        if let Some(given) = repeated(tx, request)? {
            return Ok(given);
        }
        let body = work(tx, stamp)?;
        keep(tx, stamp, request, status, &body)?;
        Ok(Given { status, body, is_repeated: false })
    });
    match given {
        // While this waited for its locks, another process may have done the very same request: what that
        // changed is no reason to refuse its copy.
        Err(refused) if !refused.is_busy() => given_before(app, actor, request)?.ok_or(refused),
        given => given,
    }
}

/// The answer of the first request, for work that asks things of the moment before it begins: what has changed
/// since must not turn an answer that was given into a refusal.
///
/// # Errors
/// `idempotency_key_reused`.
pub fn given_before(app: &App, actor: &Actor, request: &Repeatable) -> Result<Option<Given>> {
    app.read(actor, |conn| repeated(conn, request))
}

/// The answer to whatever was asked first under this key, for a form that comes again with other figures.
pub fn first_answer(app: &App, actor: &Actor, request: &Repeatable) -> Result<Option<Vec<u8>>> {
    let Place { client, route, key } = &request.place;
    let found = app.read(actor, |conn| query::given(conn, *client, route, key))?;
    Ok(found.map(|given| given.answer))
}

fn repeated(conn: &mut Conn, request: &Repeatable) -> Result<Option<Given>> {
    let Place { client, route, key } = &request.place;
    let Some(found) = query::given(conn, *client, route, key)? else { return Ok(None) };
    if found.request_sha256 != request.sha256 {
        return Err(Error::conflict("idempotency_key_reused", "this key stands for another request"));
    }
    let status = u16::try_from(found.status).ok().and_then(|code| StatusCode::from_u16(code).ok());
    let status = status.ok_or_else(|| Error::internal("a stored status is unreadable"))?;
    Ok(Some(Given { status, body: found.answer, is_repeated: true }))
}

fn keep(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    request: &Repeatable,
    status: StatusCode,
    body: &[u8],
) -> Result<()> {
    let row = IdempotencyRow {
        client_id: request.place.client,
        route: request.place.route,
        key: request.place.key.clone(),
        request_sha256: request.sha256.clone(),
        status: i32::from(status.as_u16()),
        answer: body.to_vec(),
        created_at: stamp.now,
    };
    // Another process was faster: everything done here is rolled back.
    rows::insert(tx, &[row])
        .map_err(|error| if error.code() == failure::UNIQUE { in_flight() } else { error })
}
