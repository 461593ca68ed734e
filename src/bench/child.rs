//! The service under load: this executable again, as a child with its own configuration.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::place::Place;
use crate::config::ENVIRONMENT;
use crate::error::{Error, Result};

/// How long the service may take to become ready, and to stop.
const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(300);
/// Clock ticks per second in /proc; fixed for programs on Linux.
const TICKS_PER_S: u64 = 100;

/// A running child; killed when dropped.
pub struct Service {
    child: Child,
    address: SocketAddr,
}

impl Service {
    /// Starts the service; returns it with the time from start to ready.
    pub fn start(place: &Place) -> Result<(Service, Duration)> {
        let broken = |error: std::io::Error| Error::internal(format!("the service: {error}"));
        let log = File::options()
            .create(true)
            .append(true)
            .open(place.folder().join("service.log"))
            .map_err(broken)?;
        let mut command = Command::new(std::env::current_exe().map_err(broken)?);
        command.arg("--config").arg(&place.config).arg("serve");
        for (name, _) in ENVIRONMENT {
            command.env_remove(name);
        }
        let began = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().map_err(broken)?;
        let mut service = Service { child, address: place.address };
        while get(service.address, "/readyz").is_none_or(|(status, _)| status != 200) {
            let has_ended = service.child.try_wait().map_err(broken)?.is_some();
            if has_ended || began.elapsed() > START_LIMIT {
                let log = std::fs::read_to_string(place.folder().join("service.log")).unwrap_or_default();
                return Err(Error::internal(format!("the service did not become ready:\n{log}")));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok((service, began.elapsed()))
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`.
    pub fn kill(self) {
        drop(self);
    }

    /// The text of `/metrics`.
    pub fn metrics(&self) -> Metrics {
        Metrics(get(self.address, "/metrics").map(|(_, body)| body).unwrap_or_default())
    }

    /// Asks the service to stop, and waits until it has: it signs what is numbered first.
    pub fn stop(mut self) {
        let _ = Command::new("kill").arg("-TERM").arg(self.pid().to_string()).status();
        let began = Instant::now();
        while began.elapsed() < STOP_LIMIT && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One reading of `/metrics`.
pub struct Metrics(String);

impl Metrics {
    /// The sum of all series of this name.
    pub fn value(&self, name: &str) -> f64 {
        let of_name = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{']));
        self.0.lines().filter(of_name).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }
}

/// One request on a connection of its own.
fn get(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.get(9..12)?.parse().ok()?;
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())?;
    Some((status, body))
}

/// Lets this process and its children hold as many connections as the system allows.
pub fn lift_file_limit() -> Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: now.maximum, maximum: now.maximum })
        .map_err(|error| Error::internal(format!("the limit of open files: {error}")))
}

/// Processor time a process has used so far; nothing where the system does not tell.
pub fn cpu(pid: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold spaces; user and system time are the 12th and 13th after it.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 1_000 / TICKS_PER_S))
}

/// Memory a process holds now.
pub fn resident_bytes(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1_024)
}

/// The most memory this process held since it began, or since the peak was forgotten.
pub fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1_024)
}

/// Bytes a process has sent to disk so far, its own files only: a server writes elsewhere.
pub fn written_bytes(pid: u32) -> Option<u64> {
    let io = std::fs::read_to_string(format!("/proc/{pid}/io")).ok()?;
    io.lines().find_map(|line| line.strip_prefix("write_bytes:"))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_summed_over_its_series_and_not_over_longer_names() {
        let metrics = Metrics("# HELP a b\na_sum 3\na_sum_x 7\na_sum{c=\"d e\"} 4.5\n".to_owned());
        assert_eq!(metrics.value("a_sum"), 7.5);
        assert_eq!(metrics.value("missing"), 0.0);
    }
}
