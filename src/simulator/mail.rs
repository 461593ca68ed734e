//! A mail server as it is seen from outside: it speaks SMTP (RFC 5321) over loopback, takes
//! messages, and fails as mail servers do when it is told to.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::error::{Error, Result};

/// What the server does with the next message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behaviour {
    Accept,
    /// Answers RCPT with this line, e.g. `550 5.1.1 no such user` or `451 4.3.0 later`.
    AtRecipient(&'static str),
    /// Answers the end of the data with this line.
    AtEnd(&'static str),
    /// Answers the end of the data only after this time.
    Slow(Duration),
    /// Hangs up in the middle of the data.
    DropInData,
    /// Takes the message and hangs up without a word: the sender cannot know.
    TakeAndDrop,
}

/// A message as it was taken.
#[derive(Clone, Debug)]
pub struct Received {
    pub from: String,
    pub to: Vec<String>,
    pub data: Vec<u8>,
}

impl Received {
    /// The value of a header in the message's head, folded lines joined.
    pub fn header(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.data).replace("\r\n ", " ").replace("\r\n\t", " ");
        let head = text.split("\r\n\r\n").next().unwrap_or_default().to_owned();
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }
}

#[derive(Default)]
struct Shared {
    received: Mutex<Vec<Received>>,
    next: Mutex<VecDeque<Behaviour>>,
    is_stopping: AtomicBool,
    folder: Option<PathBuf>,
}

/// A running server. Dropping it stops it.
pub struct MailServer {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl MailServer {
    /// Listens on loopback; `port` 0 takes any. Messages are also written to `folder` as `.eml`.
    pub fn start(port: u16, folder: Option<&Path>) -> Result<MailServer> {
        let failed = |error: std::io::Error| Error::internal(format!("the mail simulator: {error}"));
        if let Some(folder) = folder {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let listener = TcpListener::bind(("127.0.0.1", port)).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shared = Arc::new(Shared { folder: folder.map(Path::to_owned), ..Shared::default() });
        let serving = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.is_stopping.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&serving);
                std::thread::spawn(move || {
                    let _ = converse(&stream, &shared);
                });
            }
        });
        Ok(MailServer { address, shared, thread: Some(thread) })
    }

    /// What it does with the messages to come, one after the other; afterwards it accepts.
    pub fn behave(&self, next: impl IntoIterator<Item = Behaviour>) {
        lock(&self.shared.next).extend(next);
    }

    pub fn received(&self) -> Vec<Received> {
        lock(&self.shared.received).clone()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.shared.is_stopping.store(true, Ordering::SeqCst);
        // One more connection wakes the listener.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn converse(stream: &TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut out = stream;
    let mut say =
        move |line: &str| -> std::io::Result<()> { out.write_all(format!("{line}\r\n").as_bytes()) };
    say("220 simulator.example ESMTP")?;
    let (mut from, mut to) = (String::new(), Vec::new());
    let mut behaviour = Behaviour::Accept;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        // A server that was stopped answers nobody, not even on an open connection.
        if shared.is_stopping.load(Ordering::SeqCst) {
            return Ok(());
        }
        let line = line.trim_end();
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => {
                say("250-simulator.example")?;
                say("250-8BITMIME")?;
                say("250 ENHANCEDSTATUSCODES")?;
            }
            "HELO" | "NOOP" => say("250 ok")?,
            "RSET" => {
                (from, to) = (String::new(), Vec::new());
                say("250 2.0.0 ok")?;
            }
            "MAIL" => {
                behaviour = lock(&shared.next).pop_front().unwrap_or(Behaviour::Accept);
                from = between(line);
                to.clear();
                say("250 2.1.0 ok")?;
            }
            "RCPT" if from.is_empty() => say("503 5.5.1 MAIL first")?,
            "RCPT" => match &behaviour {
                Behaviour::AtRecipient(answer) => say(answer)?,
                _ => {
                    to.push(between(line));
                    say("250 2.1.5 ok")?;
                }
            },
            "DATA" if to.is_empty() => say("503 5.5.1 RCPT first")?,
            "DATA" => {
                say("354 go on")?;
                if behaviour == Behaviour::DropInData {
                    reader.read_line(&mut String::new())?;
                    return stream.shutdown(std::net::Shutdown::Both);
                }
                let data = read_data(&mut reader)?;
                match &behaviour {
                    Behaviour::AtEnd(answer) => {
                        say(answer)?;
                        continue;
                    }
                    Behaviour::Slow(time) => std::thread::sleep(*time),
                    _ => {}
                }
                take(shared, Received { from: from.clone(), to: std::mem::take(&mut to), data })?;
                if behaviour == Behaviour::TakeAndDrop {
                    return stream.shutdown(std::net::Shutdown::Both);
                }
                say("250 2.0.0 taken")?;
            }
            "QUIT" => return say("221 2.0.0 bye"),
            _ => say("502 5.5.2 unknown")?,
        }
    }
}

/// The address between angle brackets.
fn between(line: &str) -> String {
    let start = line.find('<').map_or(line.len(), |at| at + 1);
    line[start..].split('>').next().unwrap_or_default().to_owned()
}

/// Up to the line with a single dot, doubled dots undone.
fn read_data(reader: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut data = Vec::new();
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" {
            return Ok(data);
        }
        data.extend_from_slice(if line.starts_with(b"..") { &line[1..] } else { &line });
    }
}

fn take(shared: &Shared, message: Received) -> std::io::Result<()> {
    let mut received = lock(&shared.received);
    if let Some(folder) = &shared.folder {
        let fallback = format!("{:05}", received.len() + 1);
        let id = message.header("Message-ID").unwrap_or(fallback);
        let name: String =
            id.chars().filter(|c| c.is_ascii_alphanumeric() || "_.-".contains(*c)).take(80).collect();
        std::fs::write(folder.join(format!("{name}.eml")), &message.data)?;
    }
    received.push(message);
    Ok(())
}
