//! What the machine can do without us, measured in the same run.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::receipt::key::SigningKey;
use crate::receipt::sign::Signer;

/// How long each reference is measured.
const SPAN: Duration = Duration::from_secs(3);

/// The median of writing 4 kB and flushing it to disk, in microseconds.
pub fn flush_us(folder: &Path) -> Result<u64> {
    let broken = |error: std::io::Error| Error::internal(format!("flushing: {error}"));
    let path = folder.join("flush");
    let mut file = File::create(&path).map_err(broken)?;
    let mut took = Vec::new();
    let began = Instant::now();
    while began.elapsed() < SPAN / 3 {
        let at = Instant::now();
        file.write_all(&[b'x'; 4_096]).map_err(broken)?;
        file.sync_data().map_err(broken)?;
        took.push(u64::try_from(at.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    let _ = std::fs::remove_file(&path);
    took.sort_unstable();
    Ok(took[took.len() / 2])
}

/// RSA-2048 signatures per second on all cores, nothing else done.
pub fn signatures_per_s(key: &SigningKey) -> Result<f64> {
    let signer = key.signer()?;
    let threads = cores();
    let message = [b'x'; 512];
    let began = Instant::now();
    let counts: Vec<usize> = std::thread::scope(|scope| {
        let sign = || {
            let mut count = 0;
            while began.elapsed() < SPAN && signer.sign(&[&message]).is_ok() {
                count += 1;
            }
            count
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(sign)).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or(0)).collect()
    });
    Ok(counts.iter().sum::<usize>() as f64 / began.elapsed().as_secs_f64())
}

pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Transactions per second of `pgbench -s 20 -M prepared -c 32 -T 30` in the same database;
/// nothing when the program is not installed.
pub fn pgbench_tps(url: &str) -> Result<Option<f64>> {
    let run = |arguments: &[&str]| Command::new("pgbench").args(arguments).arg(url).output();
    match run(&["-i", "-q", "-s", "20"]) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::internal(format!("pgbench: {error}"))),
        Ok(output) if !output.status.success() => return Err(pgbench_failed(&output.stderr)),
        Ok(_) => {}
    }
    super::settle_down(url);
    let measured = run(&["-s", "20", "-M", "prepared", "-c", "32", "-T", "30"]);
    let _ = run(&["-i", "-I", "d"]);
    let output = measured.map_err(|error| Error::internal(format!("pgbench: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout);
    tps(&text).map(Some).ok_or_else(|| pgbench_failed(&output.stderr))
}

fn pgbench_failed(said: &[u8]) -> Error {
    Error::internal(format!("pgbench: {}", String::from_utf8_lossy(said)))
}

/// The last figure counts: older versions tell a second one that includes connecting before it.
fn tps(text: &str) -> Option<f64> {
    let mut figures = text.lines().filter_map(|line| line.strip_prefix("tps = "));
    figures.next_back()?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figure_without_connecting_is_read() {
        let text = "latency average = 9 ms\ntps = 10.5 (including connections establishing)\n\
                    tps = 12.25 (excluding connections establishing)\n";
        assert_eq!(tps(text), Some(12.25));
        assert_eq!(tps("tps = 7.5 (without initial connection time)\n"), Some(7.5));
        assert_eq!(tps("nothing"), None);
    }
}
