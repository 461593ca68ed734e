//! SePay: notifications of bank accounts linked with SePay, VPBank's among them.
//!
//! Source: developer.sepay.vn, "webhooks". A message is proven in one of two ways:
//! - `X-SePay-Timestamp` (seconds since 1970) and `X-SePay-Signature: sha256=<hex>`, the
//!   HMAC-SHA256 of `timestamp.body`; or
//! - `Authorization: Apikey <key>`, which proves the sender but neither content nor time.
//!
//! When signing secrets are configured, a message with a signature stands or falls with it and
//! never falls back to the API key. SePay repeats a message up to seven times until it gets 200
//! or 201 with `{"success":true}`.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::envelope::plausible;
use super::json::{Field, Object};
use super::secrets::{Secrets, sign_hex, tag_from_hex};
use super::setting::check_name;
use super::signed::SignedHeaders;
use super::{Answer, Channel, Incoming, Notice, Outcome, Refusal};
use crate::clock::Instant;
use crate::error::{Error, Result as Configured};
use crate::payment::claim::{Claim, Direction};
use crate::text;

const HEADERS: SignedHeaders =
    SignedHeaders { timestamp: "x-sepay-timestamp", signature: "x-sepay-signature" };
const SECRET_LEAST_BYTES: usize = 12;

const ID: Field = Field::external_id(&["id"]);
const ACCOUNT: Field = Field::account_no(&["accountNumber"]);
const DIRECTION: Field = Field::direction(&["transferType"]);
const AMOUNT: Field = Field::amount(&["transferAmount"]);
const CONTENT: Field = Field::memo(&["content"]);
const DESCRIPTION: Field = Field::memo(&["description"]);
const REFERENCE: Field = Field::bank_reference(&["referenceCode"]);
const TIME: Field = Field::occurred_at(&["transactionDate"]);
const GATEWAY: Field = Field::bank(&["gateway"]);

/// One list of secrets, or both while moving from the API key to signatures. Each holds one
/// secret, or two while one replaces the other.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SepayConfig {
    pub name: String,
    #[serde(default)]
    pub signing_secrets: Vec<SecretString>,
    #[serde(default)]
    pub api_keys: Vec<SecretString>,
}

pub struct Sepay {
    name: String,
    signing: Option<Secrets>,
    api_keys: Option<Secrets>,
}

impl Sepay {
    /// # Errors
    /// `channel_name_unreadable`, `channel_secret_count`, `channel_secret_too_short`.
    pub fn new(config: &SepayConfig) -> Configured<Self> {
        check_name(&config.name)?;
        let signing = some_secrets("signing_secrets", &config.signing_secrets)?;
        let api_keys = some_secrets("api_keys", &config.api_keys)?;
        if signing.is_none() && api_keys.is_none() {
            let detail = "give signing secrets or API keys";
            return Err(Error::invalid("signing_secrets", "channel_secret_count", detail));
        }
        Ok(Sepay { name: config.name.clone(), signing, api_keys })
    }

    fn verify(&self, incoming: &Incoming) -> Result<(), Refusal> {
        let api_key = incoming.credentials("apikey")?;
        let signed = incoming.header(HEADERS.signature)?.is_some();
        match (&self.signing, &self.api_keys) {
            (Some(secrets), keys) if signed || keys.is_none() => HEADERS.verify(incoming, secrets, tags),
            (_, Some(keys)) => verify_api_key(keys, api_key),
            _ => Err(Refusal::unauthenticated("callback_credentials_missing", "the channel has no secrets")),
        }
    }
}

fn some_secrets(field: &str, list: &[SecretString]) -> Configured<Option<Secrets>> {
    if list.is_empty() {
        return Ok(None);
    }
    Secrets::new(field, list, SECRET_LEAST_BYTES).map(Some)
}

fn tags(signature: &str) -> Vec<[u8; 32]> {
    signature.strip_prefix("sha256=").and_then(tag_from_hex).into_iter().collect()
}

fn verify_api_key(keys: &Secrets, presented: Option<&str>) -> Result<(), Refusal> {
    match presented {
        Some(key) if keys.contain(key.as_bytes()) => Ok(()),
        Some(_) => Err(Refusal::unauthenticated("callback_credentials_wrong", "no such API key")),
        None => {
            Err(Refusal::unauthenticated("callback_credentials_missing", "expected Authorization: Apikey"))
        }
    }
}

impl Channel for Sepay {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&self, incoming: &Incoming) -> Result<Notice, Refusal> {
        incoming.check_envelope()?;
        self.verify(incoming)?;
        read_body(&self.name, incoming.body)
    }

    fn secrets(&self) -> Option<&Secrets> {
        self.signing.as_ref()
    }

    fn read_archived(&self, body: &[u8]) -> Result<Notice, Refusal> {
        read_body(&self.name, body)
    }

    fn answer(&self, outcome: &Outcome) -> Answer {
        match outcome {
            Outcome::Accepted { .. } | Outcome::Parked { .. } | Outcome::Ignored => {
                Answer::json(200, &json!({ "success": true }))
            }
            Outcome::Busy { retry_after_s } => Answer::json(503, &json!({ "success": false }))
                .with_header("retry-after", retry_after_s.to_string()),
            Outcome::Failed => Answer::json(500, &json!({ "success": false })),
            Outcome::Refused(refusal) => {
                let body = json!({ "success": false, "code": refusal.code, "message": refusal.detail });
                Answer::json(refusal.status, &body).challenging("Apikey")
            }
        }
    }
}

fn read_body(channel: &str, body: &[u8]) -> Result<Notice, Refusal> {
    let message = Object::read(body)?;
    let external_id = message.id(&ID)?.ok_or_else(|| ID.missing())?;
    let account_no = message.account_no(&ACCOUNT)?;
    let direction = read_direction(&message)?;
    let amount = message.amount(&AMOUNT)?;
    let memo = read_memo(&message)?;
    let bank_reference = message.short_text(&REFERENCE)?;
    let occurred_at = message.free_text(&TIME).ok().and_then(|local| hanoi_time(&local));
    let bank_bin = message.free_text(&GATEWAY).ok().and_then(|gateway| bin_of(&gateway)).map(str::to_owned);
    if amount.is_zero() {
        return Ok(Notice::Nothing { code: "callback_without_amount" });
    }
    Ok(Notice::Claim(Claim {
        channel: channel.to_owned(),
        external_id,
        account_no,
        bank_bin,
        direction,
        amount,
        sender_account: vpbank_sender(&memo),
        sender_name: None,
        memo,
        bank_reference,
        occurred_at,
    }))
}

fn read_direction(message: &Object) -> Result<Direction, Refusal> {
    match message.required_short_text(&DIRECTION)?.to_ascii_lowercase().as_str() {
        "in" => Ok(Direction::Credit),
        "out" => Ok(Direction::Debit),
        _ => Err(DIRECTION.unreadable("in or out")),
    }
}

/// The memo; where SePay found none, the bank's raw notice, which contains it.
fn read_memo(message: &Object) -> Result<String, Refusal> {
    let content = message.free_text(&CONTENT)?;
    if content.is_empty() { message.free_text(&DESCRIPTION) } else { Ok(content) }
}

/// `2026-11-22 09:30:15`, local time. Another form is no reason to refuse the money.
fn hanoi_time(local: &str) -> Option<Instant> {
    if local.len() != 19 {
        return None;
    }
    let local = chrono::NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M:%S").ok()?;
    plausible(Instant::from_hanoi(local))
}

/// The sender's account in VPBank's notice `NHAN TU <account> TRACE <6 digits> ND <memo>`.
///
/// Read only when the whole shape is there, since payers write what they like: a wrong sender
/// is worse than none.
fn vpbank_sender(memo: &str) -> Option<String> {
    let folded = text::fold(memo);
    let notice = folded.strip_prefix("BANKAPINOTIFY ").unwrap_or(&folded);
    let (account, rest) = notice.strip_prefix("NHAN TU ")?.split_once(' ')?;
    let (trace, rest) = rest.strip_prefix("TRACE ")?.split_once(' ')?;
    let told = rest == "ND" || rest.starts_with("ND ");
    let is_trace = trace.len() == 6 && trace.bytes().all(|byte| byte.is_ascii_digit());
    let digits = account.bytes().filter(u8::is_ascii_digit).count();
    let is_account =
        account.len() <= 19 && digits >= 6 && account.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (told && is_trace && is_account).then(|| account.to_owned())
}

/// The NAPAS number of a bank by SePay's name for it. `None` for a name not listed: the account
/// number alone then has to be unique among ours.
fn bin_of(gateway: &str) -> Option<&'static str> {
    let name = text::squash(gateway);
    BANKS.iter().find(|(known, _)| *known == name).map(|(_, bin)| *bin)
}

/// State Bank letter 1589/NHNN-TT of 2024-03-05.
const BANKS: &[(&str, &str)] = &[
    ("VPBANK", "970432"),
    ("VIETCOMBANK", "970436"),
    ("VIETINBANK", "970415"),
    ("BIDV", "970418"),
    ("AGRIBANK", "970405"),
    ("MB", "970422"),
    ("MBBANK", "970422"),
    ("TECHCOMBANK", "970407"),
    ("ACB", "970416"),
    ("TPBANK", "970423"),
    ("SACOMBANK", "970403"),
    ("VIB", "970441"),
    ("SHB", "970443"),
    ("HDBANK", "970437"),
    ("MSB", "970426"),
    ("OCB", "970448"),
    ("LPBANK", "970449"),
    ("EXIMBANK", "970431"),
    ("ABBANK", "970425"),
    ("KIENLONGBANK", "970452"),
];

/// The sender's side, for the simulator: the headers of a signed message.
pub fn sign(secret: &SecretString, at: Instant, body: &[u8]) -> Vec<(String, String)> {
    let timestamp = at.seconds().to_string();
    let signature = format!("sha256={}", sign_hex(secret, &timestamp, body));
    vec![(HEADERS.timestamp.to_owned(), timestamp), (HEADERS.signature.to_owned(), signature)]
}

/// The sender's side, for tests: the header of a message proven by its API key.
pub fn present_api_key(key: &SecretString) -> Vec<(String, String)> {
    vec![("authorization".to_owned(), format!("Apikey {}", key.expose_secret()))]
}

#[cfg(test)]
#[path = "sepay_tests.rs"]
mod tests;
