//! A small web server for simulated machines: one thread for each connection, one request for each.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::error::{Error, Result};

const BODY_BYTES_LIMIT: usize = 4 << 20;

pub struct Request {
    pub path: String,
    pub body: Vec<u8>,
    pub authorization: String,
}

pub struct Answer {
    pub status: u16,
    pub content_type: &'static str,
    pub retry_after_s: Option<u32>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn good(content_type: &'static str, body: Vec<u8>) -> Answer {
        Answer { status: 200, content_type, retry_after_s: None, body }
    }

    pub fn status(status: u16) -> Answer {
        Answer { status, content_type: "text/plain", retry_after_s: None, body: Vec::new() }
    }
}

/// A running server; it stops when dropped.
pub struct Server {
    address: SocketAddr,
    is_stopping: Arc<AtomicBool>,
}

impl Server {
    /// Listens there; on a free port where the port is 0.
    ///
    /// # Errors
    /// `port_taken`; `Internal`.
    pub fn start_on(
        listen: SocketAddr,
        answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Result<Server> {
        let failed = |error: std::io::Error| Error::internal(format!("a simulated machine: {error}"));
        let taken = |error: std::io::Error| Error::conflict("port_taken", format!("{listen}: {error}"));
        let listener = TcpListener::bind(listen).map_err(taken)?;
        let address = listener.local_addr().map_err(failed)?;
        let is_stopping = Arc::new(AtomicBool::new(false));
        let (stopping, answer) = (Arc::clone(&is_stopping), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopping.load(Ordering::SeqCst) {
                    return;
                }
                let answer = Arc::clone(&answer);
                if let Ok(stream) = stream {
                    std::thread::spawn(move || serve(stream, answer.as_ref()));
                }
            }
        });
        Ok(Server { address, is_stopping })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_stopping.store(true, Ordering::SeqCst);
        // Wakes the listener, so that it sees the sign.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(mut stream: TcpStream, answer: &dyn Fn(&Request) -> Answer) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
    let Some(request) = read(&stream) else { return };
    let answer = answer(&request);
    let retry = answer.retry_after_s.map(|seconds| format!("Retry-After: {seconds}\r\n")).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {} Simulated\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n{retry}\r\n",
        answer.status,
        answer.content_type,
        answer.body.len()
    );
    // Whoever does not wait for the answer does not get it.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&answer.body));
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split_whitespace().nth(1)?.to_owned();
    let (mut length, mut authorization) = (0_usize, String::new());
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "authorization" => value.trim().clone_into(&mut authorization),
            _ => {}
        }
    }
    if length > BODY_BYTES_LIMIT {
        return None;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { path, body, authorization })
}
