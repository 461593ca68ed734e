//! The doors through which banks and gateways tell us about money: verify, read, answer.
//!
//! A channel proves that the bytes come from its partner, turns them into a `Claim` and says the
//! answer in the partner's own words. Nothing behind a channel knows HTTP or a partner's format,
//! and no channel knows the database, the clock or what becomes of a claim.
//!
//! Rules every channel keeps (`conformance` tests them on each):
//! - The proof is over the received bytes, before any of them is parsed, compared in constant time.
//! - A signed timestamp may be 300 s away from `now`, on either side.
//! - Bodies above 64 kB, encoded bodies and repeated authentication headers are refused unread.
//! - Amounts are read as decimal digits and never become a floating-point number.
//! - A repeated message reads as an equal claim; knowing that it is a repetition is settling's work.
//! - No refusal or answer repeats a value of the message: it may be personal data.

mod envelope;
mod json;
mod number;
mod secrets;
mod setting;
mod signed;

pub mod bank;
pub mod sepay;
pub mod token;
pub mod vietqr;

pub use secrets::{ACTIVE_LIMIT, Secrets};

#[cfg(test)]
mod conformance;

use crate::clock::Instant;
use crate::obligation::bank_bin;
use crate::payment::claim::Claim;

/// What people call a channel: documents do not print the names of our configuration.
pub fn title(channel: &str) -> &str {
    match channel {
        "statement" => "sao kê ngân hàng",
        "sepay" => "SePay",
        "vietqr" => "VietQR",
        other => bank_bin::spelled(other).unwrap_or(other),
    }
}

/// The largest body a channel reads, in bytes.
pub const BODY_LIMIT_BYTES: usize = 64 * 1024;

/// How far a signed timestamp or a token's issue may lie from `now`, in seconds, on either side.
pub const WINDOW_S: i64 = 300;

/// A request as it arrived.
pub struct Incoming<'a> {
    /// Lower-case names; repeated headers stay repeated, in the order received.
    pub headers: &'a [(String, String)],
    /// The bytes as received, before any decoding.
    pub body: &'a [u8],
    pub now: Instant,
}

/// What an authentic message says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "nearly every notice is a claim, and one lives per request")]
pub enum Notice {
    Claim(Claim),
    /// A payment under way, of which no outcome is known: it is named and never booked.
    Pending(Claim),
    /// A payment under way came to nothing.
    Failed(Claim),
    /// Authentic and complete, but it names no movement, such as a test of the sender:
    /// stored and answered well.
    Nothing {
        code: &'static str,
    },
}

/// Why a message is not taken: it is not authentic, or it cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// A stable code of `errors.toml`.
    pub code: &'static str,
    /// The HTTP status: 400, 401, 413 or 415.
    pub status: u16,
    /// For the sender's engineers; names fields and limits, never values.
    pub detail: String,
}

impl Refusal {
    /// The sender is not known: 401.
    pub fn unauthenticated(code: &'static str, detail: impl Into<String>) -> Self {
        Refusal { code, status: 401, detail: detail.into() }
    }

    /// The sender is known or not asked for, but the message cannot be read: 400.
    pub fn unreadable(code: &'static str, detail: impl Into<String>) -> Self {
        Refusal { code, status: 400, detail: detail.into() }
    }
}

/// What became of a message; a channel puts it into its partner's words.
#[derive(Clone, Debug)]
pub enum Outcome<'a> {
    /// Durably stored. `reference` is the text of our id; a repetition gets the same answer as
    /// the first time, since partners must not tell the two apart.
    Accepted {
        reference: String,
        /// The texts of the ids of the receipts of what the money is for, the receipt first; empty while
        /// none is numbered.
        receipts: Vec<String>,
        repeated: bool,
    },
    /// Durably stored, to be settled later.
    Parked {
        reference: String,
    },
    /// Authentic, names no movement, stored.
    Ignored,
    /// Not stored: send the same again after a moment.
    Busy {
        retry_after_s: u32,
    },
    /// Not stored, a fault of ours: send the same again.
    Failed,
    Refused(&'a Refusal),
}

/// The HTTP answer to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: String,
}

impl Answer {
    fn json(status: u16, body: &serde_json::Value) -> Self {
        let headers = vec![
            ("content-type", "application/json; charset=utf-8".to_owned()),
            ("cache-control", "no-store".to_owned()),
        ];
        Answer { status, headers, body: body.to_string() }
    }

    fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// RFC 9110 section 15.5.2: a 401 says which proof is expected.
    fn challenging(self, scheme: &'static str) -> Self {
        if self.status == 401 { self.with_header("www-authenticate", scheme) } else { self }
    }
}

/// One partner's way of telling us about movements.
pub trait Channel: Send + Sync {
    /// The configured name; it is the `channel` of every claim read here.
    fn name(&self) -> &str;

    /// Verifies the bytes and reads them.
    ///
    /// # Errors
    /// A `Refusal` when the message is not authentic (401), too large (413), encoded (415) or
    /// unreadable (400).
    fn read(&self, incoming: &Incoming) -> Result<Notice, Refusal>;

    /// The secrets that may be changed while the service runs; none where they stand in the configuration
    /// alone.
    fn secrets(&self) -> Option<&Secrets> {
        None
    }

    /// Reads a body again that was proven before it was archived. Never for what comes from outside.
    ///
    /// # Errors
    /// A `Refusal` when it is unreadable.
    fn read_archived(&self, body: &[u8]) -> Result<Notice, Refusal>;

    /// The answer in the partner's form. Nothing but a stored message is answered 2xx.
    fn answer(&self, outcome: &Outcome) -> Answer;
}
