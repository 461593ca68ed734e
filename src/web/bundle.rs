//! A file on its way while it is being written, a zip of receipts or a book: memory stays small
//! however long it is.

use std::io::{Error as IoError, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;
use tokio::sync::mpsc::{self, Sender, error::TrySendError};

use super::Shared;
use super::pages::rendition::Turns;
use super::respond::Failure;
use crate::app::App;
use crate::error::{Error, Result};
use crate::id::{ReceiptId, UnitId};
use crate::notification::bundle::Entry;
use crate::notification::query::Bundled;
use crate::receipt::DocumentKind;
use crate::receipt::rendition::{Links, cache};

/// The media type of a zip file.
pub const ZIP: &str = "application/zip";

/// Receipts read at a time.
pub const PAGE: i64 = 200;

const CHUNK_BYTES: usize = 64 * 1024;
/// Chunks that wait for a slow reader.
const CHUNKS_AHEAD: usize = 4;
/// How long one chunk may wait: who reads less than 4 kB in a second gives its place to others.
const READER_PATIENCE: Duration = Duration::from_secs(16);

/// Places for bundles being written; each takes a thread and a reader now and then.
pub struct Slots {
    limit: usize,
    /// How long one bundle may take.
    patience: Duration,
    held: Mutex<Vec<String>>,
}

/// A place; it is free again when this is dropped.
pub struct Slot {
    slots: Arc<Slots>,
    client: String,
}

impl Slots {
    pub fn new(limit: usize, patience: Duration) -> Arc<Slots> {
        Arc::new(Slots { limit, patience, held: Mutex::default() })
    }

    /// A place for this client, who gets one at a time.
    ///
    /// # Errors
    /// `bundles_too_many` with the seconds to wait.
    pub fn take(self: &Arc<Self>, client: impl ToString) -> Result<Slot> {
        let client = client.to_string();
        let mut held = self.held.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if held.len() >= self.limit || held.contains(&client) {
            return Err(Error::busy("bundles_too_many", 30, "too many bundles are being written"));
        }
        held.push(client.clone());
        Ok(Slot { slots: Arc::clone(self), client })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut held = self.slots.held.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(at) = held.iter().position(|client| *client == self.client) {
            held.swap_remove(at);
        }
    }
}

pub fn entry(
    unit_code: &str,
    (_, kind, series, number, issued_on, amount, state, document): Bundled,
    rendition: Option<Vec<u8>>,
) -> Entry {
    let kind = DocumentKind::parse(&kind).unwrap_or(DocumentKind::Receipt);
    Entry { unit: unit_code.to_owned(), kind, series, number, issued_on, amount, state, document, rendition }
}

/// Draws pages for a bundle, one after the other.
pub struct Drawer {
    app: Arc<App>,
    turns: Arc<Turns>,
    links: Links,
}

impl Drawer {
    pub fn of(shared: &Shared) -> Drawer {
        let app = Arc::clone(shared.app());
        let links = Links::to(&app.config.web.public_url);
        Drawer { app, turns: Arc::clone(&shared.turns), links }
    }

    /// A receipt's page; it goes without where it cannot be drawn.
    pub fn page(&self, unit: UnitId, id: ReceiptId) -> Option<Vec<u8>> {
        match self.turns.draw(|| cache::draw(&self.app.store, unit, id, &self.links)) {
            Ok(page) => Some(page),
            Err(error) => {
                tracing::warn!(%error, receipt = %id, "a bundle goes without a PDF");
                None
            }
        }
    }
}

/// Answers with what `write` writes, on a thread of its own. When it fails the connection breaks
/// off, so that nobody takes a part for the whole.
pub fn stream(
    slot: Slot,
    (name, media_type): (&str, &'static str),
    write: impl FnOnce(&mut dyn Write) -> Result<usize> + Send + 'static,
) -> std::result::Result<HttpResponse, Failure> {
    let (sender, mut receiver) = mpsc::channel::<Bytes>(CHUNKS_AHEAD);
    let span = tracing::Span::current();
    let end = Instant::now() + slot.slots.patience;
    let is_whole = Arc::new(AtomicBool::new(false));
    let written_whole = Arc::clone(&is_whole);
    std::thread::Builder::new()
        .name("bundle".into())
        .spawn(move || {
            let _entered = span.enter();
            let chunk = Vec::with_capacity(CHUNK_BYTES);
            let mut pipe = Pipe { sender, chunk, patience: READER_PATIENCE, end };
            let written = write(&mut pipe).and_then(|count| {
                pipe.flush().map_err(|error| Error::conflict("bundle_interrupted", error.to_string()))?;
                Ok(count)
            });
            match written {
                Ok(count) => {
                    written_whole.store(true, Ordering::SeqCst);
                    tracing::info!(entries = count, "bundle written");
                }
                Err(error) => tracing::warn!(%error, "bundle broken off"),
            }
            // Before the reader sees the end: the place is free for its next bundle.
            drop(slot);
            drop(pipe);
        })
        .map_err(|error| Error::internal(error.to_string()))?;
    let mut is_told = false;
    let body = futures_util::stream::poll_fn(move |context| {
        let chunk = std::task::ready!(receiver.poll_recv(context));
        let breaks_off = chunk.is_none() && !is_told && !is_whole.load(Ordering::SeqCst);
        is_told |= breaks_off;
        Poll::Ready(if breaks_off { Some(Err(IoError::other("broken off"))) } else { chunk.map(Ok) })
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type(media_type)
        .streaming(body))
}

struct Pipe {
    sender: Sender<Bytes>,
    chunk: Vec<u8>,
    /// How long one chunk may wait, and when the whole must be read.
    patience: Duration,
    end: Instant,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.chunk.extend_from_slice(bytes);
        if self.chunk.len() >= CHUNK_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let mut chunk = Bytes::from(std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK_BYTES)));
        let start = Instant::now();
        loop {
            let is_late = start.elapsed() >= self.patience || Instant::now() >= self.end;
            match self.sender.try_send(chunk) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Closed(_)) => return Err(IoError::other("the reader went away")),
                Err(TrySendError::Full(_)) if is_late => {
                    return Err(IoError::other("the reader is too slow"));
                }
                Err(TrySendError::Full(back)) => chunk = back,
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_one_place_and_a_place_that_is_left_is_free_again() {
        let slots = Slots::new(2, Duration::from_secs(1));
        let first = slots.take("192.0.2.1").unwrap();
        assert_eq!(slots.take("192.0.2.1").err().unwrap().code(), "bundles_too_many", "one at a time");
        let _second = slots.take("192.0.2.2").unwrap();
        assert!(slots.take("192.0.2.3").is_err(), "both are taken");
        drop(first);
        assert!(slots.take("192.0.2.3").is_ok());
    }

    fn pipe(patience_ms: u64, end_ms: u64) -> (Pipe, mpsc::Receiver<Bytes>) {
        let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
        let end = Instant::now() + Duration::from_millis(end_ms);
        (Pipe { sender, chunk: Vec::new(), patience: Duration::from_millis(patience_ms), end }, receiver)
    }

    fn fill(pipe: &mut Pipe) -> std::io::Result<()> {
        (0..=CHUNKS_AHEAD).try_for_each(|_| pipe.write_all(&[0; CHUNK_BYTES]))
    }

    #[test]
    fn a_reader_that_does_not_read_loses_its_place_after_its_time() {
        let (mut slow, _receiver) = pipe(50, 60_000);
        let start = Instant::now();
        assert_eq!(fill(&mut slow).unwrap_err().to_string(), "the reader is too slow");
        assert!(start.elapsed() >= Duration::from_millis(50));
        let (mut long, _receiver) = pipe(60_000, 50);
        assert_eq!(
            fill(&mut long).unwrap_err().to_string(),
            "the reader is too slow",
            "the whole takes too long"
        );
        let (mut gone, receiver) = pipe(60_000, 60_000);
        drop(receiver);
        assert_eq!(fill(&mut gone).unwrap_err().to_string(), "the reader went away");
    }
}
