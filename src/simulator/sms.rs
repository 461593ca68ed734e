//! An SMS operator as it is seen from outside: the HTTP interface of `notification::sms::http` over
//! loopback. It sends an id once however often it is given, and fails as operators do when told to.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use ring::hmac;
use serde_json::{Value, json};

use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::text;

const BODY_LIMIT_BYTES: usize = 64 * 1024;

/// What the operator does with the next message it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    Accept,
    Reject,
    /// Says that it takes nothing now.
    Busy,
    /// Takes it and never answers.
    TakeAndHang,
    /// Neither takes it nor answers.
    Hang,
}

/// A message the operator sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub id: String,
    pub to: String,
    pub text: String,
}

#[derive(Default)]
struct Shared {
    sent: Mutex<Vec<Sent>>,
    states: Mutex<BTreeMap<String, &'static str>>,
    next: Mutex<VecDeque<Behaviour>>,
    is_stopping: AtomicBool,
    log: Option<PathBuf>,
}

/// A running operator. Dropping it stops it.
pub struct SmsCentre {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl SmsCentre {
    /// Listens on loopback; `port` 0 takes any. What it sends is also appended to `log`.
    pub fn start(port: u16, log: Option<&Path>) -> Result<SmsCentre> {
        let failed = |error: std::io::Error| Error::internal(format!("the SMS simulator: {error}"));
        let listener = TcpListener::bind(("127.0.0.1", port)).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shared = Arc::new(Shared { log: log.map(Path::to_owned), ..Shared::default() });
        let serving = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.is_stopping.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&serving);
                std::thread::spawn(move || {
                    let _ = answer(&stream, &shared);
                });
            }
        });
        Ok(SmsCentre { address, shared, thread: Some(thread) })
    }

    pub fn url(&self) -> String {
        format!("http://{}/messages", self.address)
    }

    /// What it does with the messages to come, one after the other; afterwards it accepts.
    pub fn behave(&self, next: impl IntoIterator<Item = Behaviour>) {
        lock(&self.shared.next).extend(next);
    }

    pub fn sent(&self) -> Vec<Sent> {
        lock(&self.shared.sent).clone()
    }
}

/// A delivery report as an operator signs it: headers and body.
pub fn report(secret: &str, id: &str, status: &str, now: Instant) -> ([(&'static str, String); 2], String) {
    let body = json!({ "id": id, "status": status }).to_string();
    let (at, signature) = signed(secret, body.as_bytes(), now);
    ([("X-Bienlai-Timestamp", at), ("X-Bienlai-Signature", signature)], body)
}

/// The time stamp and the signature over a body, as the headers have them.
pub fn signed(secret: &str, body: &[u8], now: Instant) -> (String, String) {
    let at = now.seconds().to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, &[at.as_bytes(), b".", body].concat());
    (at, format!("v1={}", text::hex(tag.as_ref())))
}

impl Drop for SmsCentre {
    fn drop(&mut self) {
        self.shared.is_stopping.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn answer(stream: &TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut words = first.split_whitespace();
    let (method, path) =
        (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let mut length = 0_usize;
    let mut is_known_caller = false;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim_end().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or((line.as_str(), ""));
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "authorization" => is_known_caller = value.trim().starts_with("Basic "),
            _ => {}
        }
    }
    let mut body = vec![0_u8; length.min(BODY_LIMIT_BYTES)];
    reader.read_exact(&mut body)?;
    let reply = match (is_known_caller, method.as_str()) {
        (false, _) => Some((401, json!({ "status": "rejected", "code": "credentials" }))),
        (true, "POST") => post(shared, &body),
        (true, _) => Some(asked(shared, path.rsplit('/').next().unwrap_or_default())),
    };
    let Some((status, reply)) = reply else {
        // Held open and silent, as long as the caller has patience.
        let _ = reader.read(&mut [0_u8; 1]);
        return Ok(());
    };
    let reply = reply.to_string();
    let head = format!(
        "HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        reply.len()
    );
    let mut out = stream;
    out.write_all(head.as_bytes())?;
    out.write_all(reply.as_bytes())
}

fn post(shared: &Shared, body: &[u8]) -> Option<(u16, Value)> {
    let asked: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let field = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
    let sms = Sent { id: field("id"), to: field("to"), text: field("text") };
    if sms.id.is_empty() || sms.to.is_empty() {
        return Some((400, json!({ "status": "rejected", "code": "unreadable" })));
    }
    match lock(&shared.next).pop_front().unwrap_or(Behaviour::Accept) {
        Behaviour::Reject => {
            lock(&shared.states).insert(sms.id, "rejected");
            Some((400, json!({ "status": "rejected", "code": "subscriber_unknown" })))
        }
        Behaviour::Busy => Some((503, json!({ "status": "busy" }))),
        Behaviour::Hang => None,
        Behaviour::TakeAndHang => {
            take(shared, sms);
            None
        }
        Behaviour::Accept => {
            let reference = format!("S{}", sms.id.len() + lock(&shared.sent).len());
            take(shared, sms);
            Some((200, json!({ "status": "accepted", "reference": reference })))
        }
    }
}

/// Sends it, unless the id was sent before.
fn take(shared: &Shared, sms: Sent) {
    if lock(&shared.states).insert(sms.id.clone(), "accepted").is_some_and(|state| state == "accepted") {
        return;
    }
    if let Some(path) = &shared.log {
        let line = json!({ "id": sms.id, "to": sms.to, "text": sms.text }).to_string();
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
        let _ = file.and_then(|mut file| writeln!(file, "{line}"));
    }
    lock(&shared.sent).push(sms);
}

fn asked(shared: &Shared, id: &str) -> (u16, Value) {
    match lock(&shared.states).get(id) {
        Some(state) => (200, json!({ "status": state })),
        None => (404, json!({ "status": "unknown" })),
    }
}
