//! The notification we offer to a bank that has no public one of its own; VPBank first.
//!
//! This is the specification banks get, version 1.
//!
//! # Request
//! `POST` with a JSON body in UTF-8, at most 64 kB, without `Content-Encoding`, one movement each:
//!
//! | field | | value |
//! |---|---|---|
//! | `notification_id` | required | the bank's own key of the movement, always the same for the same one |
//! | `account_no` | required | string; the account credited or debited, at most 34 characters |
//! | `direction` | required | `"credit"` (money in) or `"debit"` |
//! | `amount` | required | whole đồng, at most 13 digits, without sign or separators |
//! | `currency` | required | `"VND"` |
//! | `memo` | required | what the payer wrote, unshortened; may be empty |
//! | `booked_at` | required | RFC 3339 time with offset, of the years 2000 to 2099, `2026-11-22T09:30:15+07:00` |
//! | `bank_reference` | optional | the reference the statement will show (`FT…`), at most 140 characters |
//! | `trace` | optional | the switch's trace number; kept with the message |
//! | `sender_account`, `sender_name` | optional | at most 140 characters |
//! | `status` | optional | `"booked"` (as without it), `"pending"`: under way, never booked by us, or `"failed"` |
//!
//! `notification_id` is a string of at most 64 printable ASCII characters without spaces, or a
//! whole number. `amount` is a number or a string; `0` marks a test, which is answered and never
//! booked. The order of fields means nothing, unknown fields are ignored, a repeated field is
//! refused.
//!
//! # Proof
//! - `X-Bienlai-Timestamp`: seconds since 1970 at sending, at most 300 s from our clock.
//! - `X-Bienlai-Signature: v1=<hex>`: HMAC-SHA256 of `timestamp + "." + body`, exactly as sent,
//!   under the shared secret of at least 32 bytes. Several proofs may stand in the one header,
//!   divided by commas, while secrets change; one good proof is enough. Entries of other
//!   versions than `v1` are ignored; at most four entries. Each header appears once.
//!
//! Every repetition is signed anew with its own time.
//!
//! Example: secret `bienlai-test-secret-of-32-bytes!`, timestamp `1763776800`, body
//! `{"notification_id":"N1","amount":25000}` give
//! `v1=47030642470474225280aafd80ecf1782b217353b350a5f2f62dc4b72ea440cc`.
//!
//! # Answer
//! | status | body | meaning |
//! |---|---|---|
//! | 200 | `{"status":"accepted","reference":"…","receipts":["…"]}` | durably stored; the same for a repetition |
//! | 200 | `{"status":"ignored"}` | a test, stored |
//! | 400 | `{"status":"refused","code":"…","detail":"…"}` | cannot be read; sending it unchanged is useless |
//! | 401 | the same | not proven: secret, clock or headers are wrong |
//! | 413, 415 | the same | too large; encoded |
//! | 500, 503 | `{"status":"busy"}` | not stored: send again, after `Retry-After` seconds if given |
//!
//! `reference` is ours of the notification. `receipts` are the ids of the documents of what the money is
//! for, the receipt first: the same in every answer from the moment that they are numbered, and not there
//! before, while the money is too little or waits for the statement.
//!
//! Send again on 5xx, on 401 and when no answer came within 15 s: after 1, 2, 4, 8, … minutes, for
//! at least 24 hours. Order does not matter.

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use super::envelope::plausible;
use super::json::{Field, Object};
use super::secrets::{Secrets, sign_hex, tag_from_hex};
use super::setting::{check_bank_bin, check_name};
use super::signed::SignedHeaders;
use super::{Answer, Channel, Incoming, Notice, Outcome, Refusal};
use crate::clock::Instant;
use crate::error::Result as Configured;
use crate::payment::claim::{Claim, Direction};

const HEADERS: SignedHeaders =
    SignedHeaders { timestamp: "x-bienlai-timestamp", signature: "x-bienlai-signature" };
const SECRET_LEAST_BYTES: usize = 32;
const PROOFS_LIMIT: usize = 4;

const ID: Field = Field::external_id(&["notification_id"]);
const ACCOUNT: Field = Field::account_no(&["account_no"]);
const DIRECTION: Field = Field::direction(&["direction"]);
const AMOUNT: Field = Field::amount(&["amount"]);
const CURRENCY: Field = Field::currency(&["currency"]);
const MEMO: Field = Field::memo(&["memo"]);
const REFERENCE: Field = Field::bank_reference(&["bank_reference"]);
const SENDER_ACCOUNT: Field = Field::sender_account(&["sender_account"]);
const SENDER_NAME: Field = Field::sender_name(&["sender_name"]);
const BOOKED_AT_FORM: &str = "an RFC 3339 time with offset, of the years 2000 to 2099";
const STATUS: Field = Field::status(&["status"]);
const BOOKED_AT: Field = Field::occurred_at(&["booked_at"]);

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankConfig {
    /// One channel for each bank, such as `vpbank`.
    pub name: String,
    /// The bank's NAPAS number, six digits.
    pub bank_bin: Option<String>,
    /// One secret of at least 32 bytes, or two while one replaces the other.
    pub secrets: Vec<SecretString>,
}

pub struct Bank {
    name: String,
    bank_bin: Option<String>,
    secrets: Secrets,
}

impl Bank {
    /// # Errors
    /// `channel_name_unreadable`, `channel_bank_bin_unreadable`, `channel_secret_count`,
    /// `channel_secret_too_short`.
    pub fn new(config: &BankConfig) -> Configured<Self> {
        check_name(&config.name)?;
        check_bank_bin(config.bank_bin.as_deref())?;
        let secrets = Secrets::new("secrets", &config.secrets, SECRET_LEAST_BYTES)?;
        Ok(Bank { name: config.name.clone(), bank_bin: config.bank_bin.clone(), secrets })
    }

    fn read_body(&self, body: &[u8]) -> Result<Notice, Refusal> {
        let message = Object::read(body)?;
        let external_id = message.id(&ID)?.ok_or_else(|| ID.missing())?;
        let account_no = message.account_no(&ACCOUNT)?;
        let direction = read_direction(&message)?;
        let amount = message.amount(&AMOUNT)?;
        check_currency(&message)?;
        let memo = message.required_free_text(&MEMO)?;
        let occurred_at = read_booked_at(&message)?;
        let bank_reference = message.short_text(&REFERENCE)?;
        let sender_account = message.short_text(&SENDER_ACCOUNT)?;
        let sender_name = message.short_text(&SENDER_NAME)?;
        if amount.is_zero() {
            return Ok(Notice::Nothing { code: "callback_without_amount" });
        }
        let told = read_status(&message)?;
        Ok(told(Claim {
            channel: self.name.clone(),
            external_id,
            account_no,
            bank_bin: self.bank_bin.clone(),
            direction,
            amount,
            memo,
            bank_reference,
            sender_account,
            sender_name,
            occurred_at: Some(occurred_at),
        }))
    }
}

/// The tags of version `v1`. More entries than allowed are no signature at all.
fn tags(signature: &str) -> Vec<[u8; 32]> {
    let entries: Vec<&str> = signature.split(',').take(PROOFS_LIMIT + 1).map(str::trim).collect();
    if entries.len() > PROOFS_LIMIT {
        return Vec::new();
    }
    entries.iter().filter_map(|entry| entry.strip_prefix("v1=")).filter_map(tag_from_hex).collect()
}

fn read_direction(message: &Object) -> Result<Direction, Refusal> {
    match message.required_short_text(&DIRECTION)?.as_str() {
        "credit" => Ok(Direction::Credit),
        "debit" => Ok(Direction::Debit),
        _ => Err(DIRECTION.unreadable("credit or debit")),
    }
}

/// What a message of this status tells of its claim.
fn read_status(message: &Object) -> Result<fn(Claim) -> Notice, Refusal> {
    match message.short_text(&STATUS)?.as_deref() {
        None | Some("booked") => Ok(Notice::Claim),
        Some("pending") => Ok(Notice::Pending),
        Some("failed") => Ok(Notice::Failed),
        Some(_) => Err(STATUS.unreadable("booked, pending or failed")),
    }
}

fn check_currency(message: &Object) -> Result<(), Refusal> {
    if message.required_short_text(&CURRENCY)? == "VND" {
        return Ok(());
    }
    Err(Refusal::unreadable("callback_currency_not_vnd", "currency: expected VND"))
}

fn read_booked_at(message: &Object) -> Result<Instant, Refusal> {
    let written = message.required_short_text(&BOOKED_AT)?;
    let at: Option<Instant> = written.parse().ok();
    at.and_then(plausible).ok_or_else(|| BOOKED_AT.unreadable(BOOKED_AT_FORM))
}

impl Channel for Bank {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&self, incoming: &Incoming) -> Result<Notice, Refusal> {
        incoming.check_envelope()?;
        HEADERS.verify(incoming, &self.secrets, tags)?;
        self.read_body(incoming.body)
    }

    fn secrets(&self) -> Option<&Secrets> {
        Some(&self.secrets)
    }

    fn read_archived(&self, body: &[u8]) -> Result<Notice, Refusal> {
        self.read_body(body)
    }

    fn answer(&self, outcome: &Outcome) -> Answer {
        match outcome {
            Outcome::Accepted { reference, receipts, .. } if !receipts.is_empty() => {
                let body = json!({ "status": "accepted", "reference": reference, "receipts": receipts });
                Answer::json(200, &body)
            }
            Outcome::Accepted { reference, .. } | Outcome::Parked { reference } => {
                Answer::json(200, &json!({ "status": "accepted", "reference": reference }))
            }
            Outcome::Ignored => Answer::json(200, &json!({ "status": "ignored" })),
            Outcome::Busy { retry_after_s } => Answer::json(503, &json!({ "status": "busy" }))
                .with_header("retry-after", retry_after_s.to_string()),
            Outcome::Failed => Answer::json(500, &json!({ "status": "busy" })),
            Outcome::Refused(refusal) => {
                let body = json!({ "status": "refused", "code": refusal.code, "detail": refusal.detail });
                Answer::json(refusal.status, &body).challenging("Bienlai-Signature")
            }
        }
    }
}

/// The bank's side, for the simulator: the headers of a signed message. Several secrets give
/// several proofs, as a bank sends them while its secret changes.
pub fn sign(secrets: &[SecretString], at: Instant, body: &[u8]) -> Vec<(String, String)> {
    let timestamp = at.seconds().to_string();
    let proofs: Vec<String> =
        secrets.iter().map(|secret| format!("v1={}", sign_hex(secret, &timestamp, body))).collect();
    vec![(HEADERS.timestamp.to_owned(), timestamp), (HEADERS.signature.to_owned(), proofs.join(","))]
}

#[cfg(test)]
#[path = "bank_tests.rs"]
mod tests;
