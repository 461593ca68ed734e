//! `bienlai simulate authority`, `signing`: machines of others on a port of this one, for trials.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use secrecy::SecretString;

use crate::cli::key::{CA_CERTIFICATE, CA_KEY};
use crate::cli::{DONE, read_text};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::receipt::key::TestAuthority;
use crate::simulator::authority::Authority;
use crate::simulator::signing_service::{self, Mood, SigningService};

#[derive(Debug, Args)]
pub struct AuthorityOptions {
    /// The folder with ca.pem and ca-key.pem, as `bienlai key test-ca` makes them
    #[arg(long, value_name = "DIR")]
    ca: PathBuf,
    /// Where it listens
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9901")]
    listen: SocketAddr,
    /// Revoke the certificate with this serial, hexadecimal; may be repeated
    #[arg(long, value_name = "SERIAL")]
    revoke: Vec<String>,
    /// Lists and answers are those of so many seconds ago
    #[arg(long, value_name = "N", default_value_t = 0)]
    behind_s: u32,
    /// Answer nobody (503)
    #[arg(long)]
    silent: bool,
}

/// How the signing service behaves.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Habit {
    /// Signs at once
    Well,
    /// Waits before each signature; see --wait-ms
    Slow,
    /// Answers 500
    Failing,
    /// Answers 429 some times, then signs; see --times
    Limited,
    /// Signs something else
    Wrong,
}

#[derive(Debug, Args)]
pub struct SigningOptions {
    /// Key, certificate and chain in one file, as `bienlai key issue` writes it
    #[arg(long, value_name = "FILE")]
    pem: PathBuf,
    /// Where it listens
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9902")]
    listen: SocketAddr,
    /// The id of its one credential; every other one is refused
    #[arg(long, value_name = "ID", default_value = signing_service::CREDENTIAL)]
    credential: String,
    /// How the service behaves
    #[arg(long, value_enum, default_value = "well")]
    mood: Habit,
    /// How long a slow service waits
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    wait_ms: u64,
    /// How often a limited service refuses
    #[arg(long, value_name = "N", default_value_t = 3)]
    times: usize,
}

pub fn authority(options: &AuthorityOptions) -> Result<u8> {
    let key = SecretString::from(read_text(&options.ca.join(CA_KEY))?);
    let certificate = options.ca.join(CA_CERTIFICATE);
    let authority = TestAuthority::from_pem(&key, &read_text(&certificate)?)?;
    let running = Authority::start_on(authority, Clock::System, options.listen)?;
    for serial in &options.revoke {
        running.revoke(&serial_bytes(serial)?);
    }
    running.fall_behind(i64::from(options.behind_s));
    running.fall_silent(options.silent);
    println!("cơ quan chứng thực mô phỏng / simulated certification authority");
    println!("# CRL:  {}\n# OCSP: {}", running.crl_url(), running.ocsp_url());
    println!("[evidence]\ntimestamp_url = \"{}\"", running.timestamp_url());
    println!("timestamp_trust_file = \"{}\"", certificate.display());
    until_stopped()
}

pub fn signing(options: &SigningOptions) -> Result<u8> {
    let pem = SecretString::from(read_text(&options.pem)?);
    let running = SigningService::start_on(&pem, &options.credential, options.listen)?;
    running.set(match options.mood {
        Habit::Well => Mood::Well,
        Habit::Slow => Mood::Slow(options.wait_ms),
        Habit::Failing => Mood::Failing,
        Habit::Limited => Mood::Limited { times: options.times, retry_after_s: 1 },
        Habit::Wrong => Mood::Wrong,
    });
    println!("dịch vụ ký số mô phỏng / simulated signing service (CSC API v1): {}", running.url());
    println!("# access token: {}\n# PIN: {}", signing_service::TOKEN, signing_service::PIN);
    println!(
        "bienlai key add-remote --unit CODE --url {} --credential {} --token-file FILE --pin-file FILE",
        running.url(),
        options.credential
    );
    until_stopped()
}

/// Hexadecimal with or without colons.
fn serial_bytes(text: &str) -> Result<Vec<u8>> {
    let wrong = || Error::invalid("revoke", "serial_unreadable", "expected hexadecimal digits");
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| *c != ':')
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()).ok_or_else(wrong))
        .collect::<Result<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.is_empty() || !rest.is_empty() {
        return Err(wrong());
    }
    Ok(pairs.iter().map(|[high, low]| (high << 4) | low).collect())
}

/// Waits for Ctrl-C.
pub fn until_stopped() -> Result<u8> {
    println!("Ctrl-C để dừng / Ctrl-C stops it");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::internal(error.to_string()))?;
    runtime.block_on(tokio::signal::ctrl_c()).map_err(|error| Error::internal(error.to_string()))?;
    Ok(DONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_is_read_as_authorities_print_it() {
        assert_eq!(serial_bytes("00:54:0a").unwrap(), [0, 0x54, 0x0A]);
        for wrong in ["", "5", "0g", "00 54"] {
            assert_eq!(serial_bytes(wrong).unwrap_err().code(), "serial_unreadable", "{wrong}");
        }
    }
}
