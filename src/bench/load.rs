//! The load: keep-alive connections that send signed callbacks, one after the other each.
//!
//! Raw HTTP/1.1 on one thread, because what the generator burns the service lacks.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::child;
use super::place::CHANNEL;
use super::seed::{AMOUNT, Due};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::payment::channel::bank;

/// The load to be sent.
pub struct Load {
    pub address: SocketAddr,
    pub secret: SecretString,
    pub connections: usize,
    pub warmup: Duration,
    /// Nothing: until every obligation is paid.
    pub measured: Option<Duration>,
    /// The service's process, for its processor time.
    pub pid: u32,
}

/// What came of it.
#[derive(Default)]
pub struct Outcome {
    /// Callbacks acknowledged in all, warm-up and tail included.
    pub total: usize,
    /// Of the time after warm-up: how long it was and the time each acknowledged one took.
    pub measured: Duration,
    pub latencies_us: Vec<u32>,
    /// Answers other than 2xx by status; 0 is a broken connection.
    pub errors: BTreeMap<u16, usize>,
    /// The obligations ran out before the time did.
    pub ran_out: bool,
    pub service_cpu: Option<Duration>,
    pub own_cpu: Option<Duration>,
}

impl Outcome {
    pub fn per_second(&self) -> f64 {
        self.latencies_us.len() as f64 / self.measured.as_secs_f64().max(0.001)
    }

    /// The latency that `percent` of the callbacks did not exceed.
    pub fn percentile_us(&self, percent: usize) -> u32 {
        let count = self.latencies_us.len();
        let at = (count * percent).div_ceil(100).clamp(1, count.max(1)) - 1;
        self.latencies_us.get(at).copied().unwrap_or(0)
    }
}

/// What the connections share.
struct Shared {
    load: Load,
    due: Vec<Due>,
    next: AtomicUsize,
    began: Instant,
    clock: Clock,
    /// Acknowledgements: microseconds since the beginning, and how long each took.
    answers: Mutex<Vec<(u64, u32)>>,
    errors: Mutex<BTreeMap<u16, usize>>,
}

impl Load {
    /// Sends callbacks that pay `due`, in order.
    pub fn send(self, due: Vec<Due>) -> Result<Outcome> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::internal(format!("the generator: {error}")))?;
        let shared = Arc::new(Shared {
            answers: Mutex::new(Vec::with_capacity(due.len())),
            due,
            load: self,
            next: AtomicUsize::new(0),
            began: Instant::now(),
            clock: Clock::System,
            errors: Mutex::default(),
        });
        Ok(runtime.block_on(drive(&shared)))
    }
}

async fn drive(shared: &Arc<Shared>) -> Outcome {
    let connections: Vec<_> =
        (0..shared.load.connections).map(|_| tokio::spawn(connection(Arc::clone(shared)))).collect();
    tokio::time::sleep(shared.load.warmup).await;
    let before = cpu(shared);
    let stopwatch = async {
        match shared.load.measured {
            Some(measured) => {
                tokio::time::sleep_until((shared.began + shared.load.warmup + measured).into()).await;
                cpu(shared)
            }
            None => std::future::pending().await,
        }
    };
    let all_sent = async {
        for connection in connections {
            let _ = connection.await;
        }
        cpu(shared)
    };
    tokio::pin!(all_sent);
    let after = tokio::select! {
        at_end = stopwatch => { all_sent.await; at_end }
        at_end = &mut all_sent => at_end,
    };
    outcome(shared, before, after)
}

type Cpu = (Option<Duration>, Option<Duration>);

fn cpu(shared: &Shared) -> Cpu {
    (child::cpu(shared.load.pid), child::cpu(std::process::id()))
}

fn outcome(shared: &Shared, before: Cpu, after: Cpu) -> Outcome {
    let answers = std::mem::take(&mut *held(&shared.answers));
    let last_us = answers.iter().map(|(at, _)| *at).max().unwrap_or(0);
    let from_us = micros(shared.load.warmup);
    let until_us = shared.load.measured.map_or(last_us, |measured| from_us + micros(measured));
    let ran_out = shared.next.load(Ordering::Relaxed) >= shared.due.len();
    // When the obligations ran out, the time after the last answer measures nothing.
    let until_us = if ran_out { until_us.min(last_us) } else { until_us };
    let mut latencies_us: Vec<u32> = answers
        .iter()
        .filter(|(at, _)| (from_us..=until_us).contains(at))
        .map(|(_, latency)| *latency)
        .collect();
    latencies_us.sort_unstable();
    let used = |before: Option<Duration>, after: Option<Duration>| Some(after?.saturating_sub(before?));
    Outcome {
        total: answers.len(),
        measured: Duration::from_micros(until_us.saturating_sub(from_us)),
        latencies_us,
        errors: std::mem::take(&mut *held(&shared.errors)),
        ran_out,
        service_cpu: used(before.0, after.0),
        own_cpu: used(before.1, after.1),
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// One callback after the other until the time is over or nothing is left to pay.
async fn connection(shared: Arc<Shared>) {
    let deadline = shared.load.measured.map(|measured| shared.began + shared.load.warmup + measured);
    let mut stream: Option<TcpStream> = None;
    let mut buffer = Vec::with_capacity(4_096);
    while deadline.is_none_or(|deadline| Instant::now() < deadline) {
        let index = shared.next.fetch_add(1, Ordering::Relaxed);
        let Some(due) = shared.due.get(index) else { return };
        let request = request(&shared, due, index);
        let sent_at = Instant::now();
        let status = match exchange(&mut stream, &shared, &request, &mut buffer).await {
            Ok(status) => status,
            Err(_) => {
                stream = None;
                0
            }
        };
        if (200..300).contains(&status) {
            let latency = u32::try_from(sent_at.elapsed().as_micros()).unwrap_or(u32::MAX);
            held(&shared.answers).push((micros(shared.began.elapsed()), latency));
        } else {
            *held(&shared.errors).entry(status).or_default() += 1;
            // A bank that was sent away comes back later, not at once.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn request(shared: &Shared, due: &Due, index: usize) -> String {
    let now = shared.clock.now();
    let body = format!(
        "{{\"notification_id\":\"N{index}-{code}\",\"account_no\":\"{account}\",\"direction\":\"credit\",\
         \"amount\":{amount},\"currency\":\"VND\",\
         \"memo\":\"MBVCB.{index}.{code} LE PHI HO TICH.CT tu 0011000000001 NGUYEN VAN A\",\
         \"booked_at\":\"{now}\",\"bank_reference\":\"FT{index}{code}\",\
         \"sender_account\":\"0011000000001\",\"sender_name\":\"NGUYEN VAN A\"}}",
        code = due.code,
        account = due.account_no,
        amount = AMOUNT.0,
    );
    let mut request = format!(
        "POST /callback/{CHANNEL} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n",
        shared.load.address,
        body.len()
    );
    for (name, value) in bank::sign(std::slice::from_ref(&shared.load.secret), now, body.as_bytes()) {
        let _ = write!(request, "{name}: {value}\r\n");
    }
    request.push_str("\r\n");
    request.push_str(&body);
    request
}

/// Sends the request and reads the whole answer; only its status matters.
async fn exchange(
    stream: &mut Option<TcpStream>,
    shared: &Shared,
    request: &str,
    buffer: &mut Vec<u8>,
) -> std::io::Result<u16> {
    let stream = match stream {
        Some(stream) => stream,
        None => {
            let fresh = TcpStream::connect(shared.load.address).await?;
            fresh.set_nodelay(true)?;
            stream.insert(fresh)
        }
    };
    stream.write_all(request.as_bytes()).await?;
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if let Some((status, length)) = head(buffer)
            && buffer.len() >= length
        {
            return Ok(status);
        }
    }
}

/// Status and whole length of an answer, once its head is complete.
pub(super) fn head(buffer: &[u8]) -> Option<(u16, usize)> {
    let end = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&buffer[..end]).ok()?;
    let status = text.get(9..12)?.parse().ok()?;
    let body = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse::<usize>().ok())
        .unwrap_or(0);
    Some((status, end + body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(head(answer), Some((200, answer.len())));
        assert_eq!(head(&answer[..30]), None);
    }

    #[test]
    fn percentiles_are_taken_from_the_ranked_latencies() {
        let outcome = Outcome { latencies_us: (1..=200).collect(), ..Outcome::default() };
        assert_eq!([50, 90, 99, 100].map(|percent| outcome.percentile_us(percent)), [100, 180, 198, 200]);
        assert_eq!(Outcome::default().percentile_us(99), 0);
    }
}
