//! The authority's door on a port of this machine, for the HTTP endpoint to knock at.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::{TaxAuthority, Treatment};
use crate::error::{Error, Result};
use crate::filing::envelope::BYTES_LIMIT;

/// A server that ends when it is dropped.
pub struct Server {
    pub address: SocketAddr,
    is_stopping: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    /// # Errors
    /// `port_taken`.
    pub fn start(authority: Arc<TaxAuthority>, listen: SocketAddr) -> Result<Server> {
        let taken = |error: std::io::Error| Error::conflict("port_taken", format!("{listen}: {error}"));
        let listener = TcpListener::bind(listen).map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let is_stopping = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&is_stopping);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopping.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let authority = Arc::clone(&authority);
                std::thread::spawn(move || {
                    let _ = serve(&authority, stream);
                });
            }
        });
        Ok(Server { address, is_stopping, thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_stopping.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// One request. Silence is a connection that closes without an answer.
fn serve(authority: &TaxAuthority, stream: TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.by_ref().take(8_192).read_line(&mut first)?;
    let mut length = 0_usize;
    let mut is_chunked = false;
    loop {
        let mut line = String::new();
        reader.by_ref().take(8_192).read_line(&mut line)?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(usize::MAX);
        }
        is_chunked |= line.starts_with("transfer-encoding:");
    }
    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let code = path.rsplit('/').next().unwrap_or_default();
    if is_chunked || length > BYTES_LIMIT {
        return answer(stream, "413 Content Too Large", b"");
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    if authority.is_out() {
        return Ok(());
    }
    match method {
        "POST" => match authority.receive(&body) {
            Treatment::Answered(reply) => answer(stream, "200 OK", &reply),
            Treatment::Silence => Ok(()),
            Treatment::Unreadable => answer(stream, "400 Bad Request", b""),
        },
        "GET" => match authority.asked(code) {
            Some(replies) => answer(stream, "200 OK", list(&replies).as_bytes()),
            None => answer(stream, "404 Not Found", b""),
        },
        _ => answer(stream, "405 Method Not Allowed", b""),
    }
}

fn list(replies: &[Vec<u8>]) -> String {
    let encoded: Vec<String> = replies.iter().map(|reply| BASE64.encode(reply)).collect();
    serde_json::json!({ "replies": encoded }).to_string()
}

fn answer(mut stream: TcpStream, status: &str, body: &[u8]) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    stream.flush()
}
