//! A zip file on its way while it is being written: memory stays small however many receipts.

use std::io::{Error as IoError, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;
use tokio::sync::mpsc::{self, Sender, error::TrySendError};

use super::Shared;
use super::respond::Failure;
use crate::error::{Error, Result};
use crate::notification::bundle::Entry;
use crate::notification::query::Bundled;
use crate::receipt::DocumentKind;

/// Receipts read at a time.
pub const PAGE: i64 = 200;

const CHUNK_BYTES: usize = 64 * 1024;
/// Chunks that wait for a slow reader, and how long one may wait.
const CHUNKS_AHEAD: usize = 4;
const READER_PATIENCE: Duration = Duration::from_secs(60);

pub fn entry(
    unit_code: &str,
    (_, kind, series, number, issued_on, amount, state, document): Bundled,
) -> Entry {
    let kind = DocumentKind::parse(&kind).unwrap_or(DocumentKind::Receipt);
    Entry { unit: unit_code.to_owned(), kind, series, number, issued_on, amount, state, document }
}

/// Answers with what `write` writes, on a thread of its own. When it fails the connection breaks
/// off, so that nobody takes a part for the whole.
pub fn stream(
    shared: &Shared,
    name: &str,
    write: impl FnOnce(&mut dyn Write) -> Result<usize> + Send + 'static,
) -> std::result::Result<HttpResponse, Failure> {
    let permit = Arc::clone(&shared.bundles)
        .try_acquire_owned()
        .map_err(|_| Error::busy("bundles_too_many", 30, "too many bundles are being written"))?;
    let (sender, mut receiver) = mpsc::channel::<std::result::Result<Bytes, IoError>>(CHUNKS_AHEAD);
    let span = tracing::Span::current();
    std::thread::Builder::new()
        .name("bundle".into())
        .spawn(move || {
            let _permit = permit;
            let _entered = span.enter();
            let mut pipe = Pipe { sender, chunk: Vec::with_capacity(CHUNK_BYTES) };
            let written = write(&mut pipe).and_then(|count| {
                pipe.flush().map_err(|error| Error::conflict("bundle_interrupted", error.to_string()))?;
                Ok(count)
            });
            match written {
                Ok(count) => tracing::info!(receipts = count, "bundle written"),
                Err(error) => {
                    tracing::warn!(%error, "bundle broken off");
                    let _ = pipe.sender.blocking_send(Err(IoError::other("broken off")));
                }
            }
        })
        .map_err(|error| Error::internal(error.to_string()))?;
    let body = futures_util::stream::poll_fn(move |context| receiver.poll_recv(context));
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("application/zip")
        .streaming(body))
}

struct Pipe {
    sender: Sender<std::result::Result<Bytes, IoError>>,
    chunk: Vec<u8>,
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
            match self.sender.try_send(Ok(chunk)) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Closed(_)) => return Err(IoError::other("the reader went away")),
                Err(TrySendError::Full(Ok(back))) if start.elapsed() < READER_PATIENCE => chunk = back,
                Err(TrySendError::Full(_)) => return Err(IoError::other("the reader reads no more")),
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
