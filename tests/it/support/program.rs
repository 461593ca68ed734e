//! The real program as a child process on a real port, and a plain client for it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bienlai::clock::Clock;
use bienlai::payment::{Claim, Direction};
use ring::hmac;
use serde_json::{Value, json};

use super::app::MASTER_KEY;
use super::database::Database;
use super::postgres::{free_port, signal};
use super::world::BANK;
use super::{tools, world::World};

/// A machine that is busy with everything else takes its time.
const READY_PATIENCE: Duration = Duration::from_secs(120);
pub const SECRET: &str = "bienlai-test-secret-of-32-bytes!";

/// A running `bienlai serve`. Dropping it kills it.
pub struct Service {
    child: Child,
    pub address: SocketAddr,
    /// The processor time it had used when it first said it is ready. A busy machine makes the wait
    /// longer, not the work: the wait itself is measured by `bienlai bench start`.
    pub ready_after_cpu: Duration,
    database: Arc<Database>,
    log: PathBuf,
}

/// How a service is started.
#[derive(Clone, Copy, Default)]
pub struct How<'a> {
    /// The failpoint that kills it.
    pub failpoint: Option<&'a str>,
    /// The largest file it may write, in kB.
    pub file_limit_kb: Option<u64>,
    /// More of its `[web]` section; without it no first administrator is invited.
    pub web: &'a str,
    /// Its `[log]` section; without it text from `info` up.
    pub log: &'a str,
    /// More of its configuration.
    pub sections: &'a str,
    /// Whether its configuration says nothing of `[onboarding]`, as a new installation's; else units take
    /// obligations before their accounts went live.
    pub is_silent_on_onboarding: bool,
    /// Where messages to the tax authority go.
    pub tax_endpoint: Option<&'a str>,
    /// More of its environment.
    pub environment: &'a [(&'a str, &'a str)],
}

impl Service {
    pub fn start(world: &World) -> Service {
        Service::start_as(world, How::default()).expect("the service gets ready")
    }

    /// `None` when it ended before it was ready, as a failpoint may want.
    pub fn start_as(world: &World, how: How<'_>) -> Option<Service> {
        let database = Arc::clone(&world.database);
        let port = free_port();
        let folder = database.folder.path();
        let config = folder.join(format!("service-{port}.toml"));
        let tax = how.tax_endpoint.map_or(String::new(), |url| format!("[tax]\nendpoint = \"{url}\"\n"));
        let web = if how.web.is_empty() { "first_administrator = false" } else { how.web };
        let log = if how.log.is_empty() { "level = \"info\"" } else { how.log };
        let onboarding = if how.is_silent_on_onboarding { "" } else { "[onboarding]\nrequired = false\n" };
        let text = format!(
            "[database]\nurl = \"{}\"\nmigrate_at_start = false\n[web]\nlisten = \"127.0.0.1:{port}\"\n{web}\n\
             [vault]\nmaster_key = \"{MASTER_KEY}\"\n[log]\n{log}\n{tax}{onboarding}\
             [[channels.bank]]\nname = \"{BANK}\"\nsecrets = [\"{SECRET}\"]\n{}\n",
            database.url, how.sections
        );
        std::fs::write(&config, text).expect("the configuration is written");
        let log = folder.join(format!("service-{port}.log"));
        let program = env!("CARGO_BIN_EXE_bienlai");
        let mut command = match how.file_limit_kb {
            None => Command::new(program),
            Some(limit_kb) => {
                // Only the soft limit, so that it can be lifted; the signal that would kill is ignored.
                let script = "trap '' XFSZ; exec prlimit --fsize=\"$1\": \"$2\" serve --config \"$3\"";
                let mut shell = Command::new("sh");
                shell.args(["-c", script, "limited", &(limit_kb * 1_024).to_string(), program]).arg(&config);
                shell
            }
        };
        let output = std::fs::File::create(&log).expect("a log file");
        if how.file_limit_kb.is_none() {
            command.arg("serve").arg("--config").arg(&config);
        }
        command
            .env_remove("BIENLAI_FAILPOINT")
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("the log file again"))
            .stderr(output);
        command.envs(how.environment.iter().copied());
        if let Some(failpoint) = how.failpoint {
            command.env("BIENLAI_FAILPOINT", failpoint);
        }
        let start = Instant::now();
        let child = command.spawn().expect("the program starts");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut service = Service { child, address, ready_after_cpu: Duration::ZERO, database, log };
        while start.elapsed() < READY_PATIENCE {
            if service.is_ready() {
                service.ready_after_cpu = cpu(service.pid());
                return Some(service);
            }
            if service.has_ended() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the service is not ready after {READY_PATIENCE:?}:\n{}", service.log());
    }

    /// The configuration it was started with.
    pub fn config(&self) -> PathBuf {
        self.log.with_extension("toml")
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn is_ready(&self) -> bool {
        get(self.address, "/readyz").is_ok_and(|reply| reply.status == 200)
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }

    /// Waits for the failpoint to strike, or strikes itself. Tells whether it was the failpoint.
    pub fn die_within(&mut self, patience: Duration) -> bool {
        let start = Instant::now();
        while !self.has_ended() && start.elapsed() < patience {
            std::thread::sleep(Duration::from_millis(10));
        }
        let by_itself = self.has_ended();
        self.kill();
        by_itself
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.free_leases();
    }

    /// Asks it to stop, as an operator does, and waits until it has.
    pub fn stop(&mut self) {
        signal("TERM", self.child.id());
        let start = Instant::now();
        while !self.has_ended() {
            assert!(start.elapsed() < Duration::from_secs(20), "the service does not stop:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        self.free_leases();
    }

    /// Leases of work expire by themselves; stories need not wait for that.
    fn free_leases(&self) {
        if !std::thread::panicking() {
            tools::run(&mut self.database.as_owner(), "DELETE FROM work_lease").expect("leases are freed");
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- log of the service\n{}", self.log());
        }
    }
}

/// The processor time of a process so far: fields 14 and 15 of `/proc/PID/stat`, in hundredths of a second.
fn cpu(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let (_, fields) = stat.rsplit_once(") ").expect("the name is in brackets");
    let ticks = |field: usize| fields.split(' ').nth(field - 3).and_then(|ticks| ticks.parse().ok());
    let used: u64 =
        ticks(14).zip(ticks(15)).map(|(user, system): (u64, u64)| user + system).expect("two numbers");
    Duration::from_millis(used * 10)
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A header of the answer; empty when it has none of that name.
    pub fn header(&self, name: &str) -> &str {
        let named =
            |line: &&str| line.split(':').next().is_some_and(|found| found.eq_ignore_ascii_case(name));
        self.head
            .lines()
            .find(named)
            .and_then(|line| line.split_once(':'))
            .map_or("", |(_, value)| value.trim())
    }

    /// The reference a callback was answered with.
    pub fn reference(&self) -> String {
        self.json()["reference"].as_str().unwrap_or_default().to_owned()
    }
}

/// One request on a connection of its own. An error says that no whole answer came.
pub fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> std::io::Result<Reply> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    let mut bytes = request.into_bytes();
    bytes.extend_from_slice(body);
    stream.write_all(&bytes)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&answer, method == "HEAD").ok_or_else(|| std::io::Error::other("the answer broke off"))
}

/// An answer that is whole. To `HEAD` it tells how long its body would be, and has none.
fn parse(answer: &[u8], is_head: bool) -> Option<Reply> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    if is_head {
        return Some(Reply { status, head, body: answer[end + 4..].to_vec() });
    }
    if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        return Some(Reply { status, head, body: unchunked(&answer[end + 4..])? });
    }
    let length: usize = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length:").map(|n| n.trim().to_owned())
        })
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    let body = answer[end + 4..].to_vec();
    (body.len() == length).then_some(Reply { status, head, body })
}

/// The body that was sent in pieces; nothing when its end is missing.
fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(line + 2..line + 2 + size)?);
        rest = rest.get(line + 2 + size + 2..)?;
    }
}

pub fn get(address: SocketAddr, path: &str) -> std::io::Result<Reply> {
    send(address, "GET", path, &[], b"")
}

/// The bank tells of a movement, signed at this moment.
pub fn callback(address: SocketAddr, claim: &Claim) -> std::io::Result<Reply> {
    callback_of(address, claim, "booked")
}

/// The same, of a payment that is booked, pending or failed.
pub fn callback_of(address: SocketAddr, claim: &Claim, status: &str) -> std::io::Result<Reply> {
    let now = Clock::System.now();
    let body = json!({
        "status": status,
        "notification_id": claim.external_id,
        "account_no": claim.account_no,
        "direction": if claim.direction == Direction::Credit { "credit" } else { "debit" },
        "amount": claim.amount.0,
        "currency": "VND",
        "memo": claim.memo,
        "booked_at": now.to_string(),
    })
    .to_string();
    let at = now.seconds().to_string();
    let tag =
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), format!("{at}.{body}").as_bytes());
    let proof = format!("v1={}", bienlai::text::hex(tag.as_ref()));
    let headers = [
        ("Content-Type", "application/json"),
        ("X-Bienlai-Timestamp", at.as_str()),
        ("X-Bienlai-Signature", proof.as_str()),
    ];
    send(address, "POST", &format!("/callback/{BANK}"), &headers, body.as_bytes())
}

/// The same, again and again as a bank does, until it is taken.
pub fn callback_until_taken(address: SocketAddr, claim: &Claim, patience: Duration) -> Reply {
    let start = Instant::now();
    loop {
        let answer = callback(address, claim);
        match &answer {
            Ok(reply) if reply.status == 200 => return reply.clone(),
            _ if start.elapsed() > patience => panic!("not taken after {patience:?}: {answer:?}"),
            _ => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// The same to a service that nothing is wrong with: it may be busy, and says so; it never fails, never breaks
/// a connection off, and shows nobody a fault of its database.
pub fn callback_to_the_healthy(address: SocketAddr, claim: &Claim, patience: Duration) -> Reply {
    let start = Instant::now();
    loop {
        let reply = callback(address, claim).expect("a whole answer");
        match reply.status {
            200 => return reply,
            503 if start.elapsed() < patience => std::thread::sleep(Duration::from_millis(100)),
            _ => panic!("{} {}", reply.head, String::from_utf8_lossy(&reply.body)),
        }
    }
}
