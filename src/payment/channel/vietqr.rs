//! VietQR.vn host to host: it fetches a token from us, then posts each movement.
//!
//! Source: api.vietqr.vn, "token_generate" and "transaction-sync". Names of fields are read in
//! lower case, as the sender writes them, and in camel case, as its English page does.
//!
//! The sender repeats a message up to ten times on timeouts, on 5xx and on 4xx other than 400. A
//! 400 whose code was not registered as retryable ends it for good, so 400 is said only of what
//! no repetition can mend, and a fault of ours is always 5xx.

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use super::envelope::plausible;
use super::json::{Field, Object};
use super::setting::{check_bank_bin, check_name};
use super::token::{AccessToken, TokenIssuer};
use super::{Answer, Channel, Incoming, Notice, Outcome, Refusal};
use crate::clock::Instant;
use crate::error::Result as Configured;
use crate::payment::claim::{Claim, Direction};

const ID: Field = Field::external_id(&["transactionid", "transactionId"]);
const REFERENCE: Field = Field::bank_reference(&["referencenumber", "referenceNumber"]);
const ACCOUNT: Field = Field::account_no(&["bankaccount", "bankAccount"]);
const DIRECTION: Field = Field::direction(&["transType", "transtype"]);
const AMOUNT: Field = Field::amount(&["amount"]);
const CONTENT: Field = Field::memo(&["content"]);
const TIME: Field = Field::occurred_at(&["transactiontime", "transactionTime"]);
const SENDER: Field = Field::sender_account(&["reciprocalAccount", "reciprocalaccount"]);

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VietqrConfig {
    pub name: String,
    /// The bank of the accounts registered with VietQR.vn: its messages do not name it.
    #[serde(default)]
    pub bank_bin: Option<String>,
    pub user: String,
    /// One, or two while one replaces the other.
    pub passwords: Vec<SecretString>,
    /// Keys of the tokens we issue, at least 32 bytes; the newest first.
    pub token_keys: Vec<SecretString>,
}

pub struct Vietqr {
    name: String,
    bank_bin: Option<String>,
    issuer: TokenIssuer,
}

impl Vietqr {
    /// # Errors
    /// `channel_name_unreadable`, `channel_bank_bin_unreadable` and those of `TokenIssuer::new`.
    pub fn new(config: &VietqrConfig) -> Configured<Self> {
        check_name(&config.name)?;
        check_bank_bin(config.bank_bin.as_deref())?;
        let issuer = TokenIssuer::new(&config.name, &config.user, &config.passwords, &config.token_keys)?;
        Ok(Vietqr { name: config.name.clone(), bank_bin: config.bank_bin.clone(), issuer })
    }

    /// The issuer behind `POST …/api/token_generate`.
    pub fn issuer(&self) -> &TokenIssuer {
        &self.issuer
    }

    /// The answer of the token endpoint.
    pub fn token_answer(&self, issued: &Result<AccessToken, Refusal>) -> Answer {
        match issued {
            Ok(token) => {
                let (text, lifetime_s) = (&token.text, token.expires_in_s);
                let body = json!({ "access_token": text, "token_type": "Bearer", "expires_in": lifetime_s });
                Answer::json(200, &body)
            }
            Err(refusal) => refused(refusal).challenging("Basic realm=\"bienlai\""),
        }
    }

    fn verify(&self, incoming: &Incoming) -> Result<(), Refusal> {
        let bearer = incoming.credentials("bearer")?.ok_or_else(|| {
            Refusal::unauthenticated("callback_token_missing", "expected Authorization: Bearer")
        })?;
        self.issuer.verify(bearer, incoming.now)
    }
}

impl Channel for Vietqr {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&self, incoming: &Incoming) -> Result<Notice, Refusal> {
        incoming.check_envelope()?;
        self.verify(incoming)?;
        read_body(&self.name, self.bank_bin.as_deref(), incoming.body)
    }

    fn read_archived(&self, body: &[u8]) -> Result<Notice, Refusal> {
        read_body(&self.name, self.bank_bin.as_deref(), body)
    }

    fn answer(&self, outcome: &Outcome) -> Answer {
        match outcome {
            Outcome::Accepted { reference, .. } | Outcome::Parked { reference } => accepted(reference),
            Outcome::Ignored => accepted(""),
            Outcome::Busy { retry_after_s } => failure(503, UNEXPECTED, "busy, send again")
                .with_header("retry-after", retry_after_s.to_string()),
            Outcome::Failed => failure(500, UNEXPECTED, "failed, send again"),
            Outcome::Refused(refusal) => refused(refusal).challenging("Bearer"),
        }
    }
}

fn read_body(channel: &str, bank_bin: Option<&str>, body: &[u8]) -> Result<Notice, Refusal> {
    let message = Object::read(body)?;
    let direction = read_direction(&message)?;
    let external_id = read_external_id(&message, direction)?;
    let bank_reference = message.short_text(&REFERENCE)?;
    let account_no = message.account_no(&ACCOUNT)?;
    let amount = message.amount(&AMOUNT)?;
    let memo = message.free_text(&CONTENT)?;
    let sender_account = message.short_text(&SENDER)?;
    if amount.is_zero() {
        return Ok(Notice::Nothing { code: "callback_without_amount" });
    }
    Ok(Notice::Claim(Claim {
        channel: channel.to_owned(),
        external_id,
        account_no,
        bank_bin: bank_bin.map(str::to_owned),
        direction,
        amount,
        memo,
        bank_reference,
        sender_account,
        sender_name: None,
        occurred_at: message.whole_number(&TIME).ok().flatten().and_then(epoch_ms),
    }))
}

fn read_direction(message: &Object) -> Result<Direction, Refusal> {
    match message.required_short_text(&DIRECTION)?.as_str() {
        "C" | "c" => Ok(Direction::Credit),
        "D" | "d" => Ok(Direction::Debit),
        _ => Err(DIRECTION.unreadable("C or D")),
    }
}

/// The sender's id; without one the bank reference with its direction, marked so that it can
/// never be taken for an id.
fn read_external_id(message: &Object, direction: Direction) -> Result<String, Refusal> {
    if let Some(id) = message.id(&ID)? {
        return Ok(id);
    }
    let reference = message.id(&REFERENCE)?.ok_or_else(|| ID.missing())?;
    Ok(format!("ref:{reference}:{}", letter(direction)))
}

fn letter(direction: Direction) -> char {
    match direction {
        Direction::Credit => 'C',
        Direction::Debit => 'D',
    }
}

/// Milliseconds since 1970. Another number is no reason to refuse the money.
fn epoch_ms(ms: i64) -> Option<Instant> {
    ms.checked_mul(1_000).and_then(|us| plausible(Instant(us)))
}

/// The code for faults that are not the message's; register it with the sender as retryable.
const UNEXPECTED: &str = "005";

/// The sender's code for what is wrong with the message.
fn error_reason(code: &str) -> &'static str {
    const REASONS: &[(&str, &str)] = &[
        ("callback_json_", "001"),
        ("callback_amount_", "002"),
        ("callback_direction_", "003"),
        ("callback_occurred_at_", "004"),
        ("callback_external_id_", "007"),
        ("callback_bank_reference_", "008"),
        ("callback_memo_", "009"),
        ("callback_account_no_", "010"),
        ("callback_sender_", "001"),
        ("callback_body_", "001"),
        ("callback_encoding_", "001"),
    ];
    REASONS.iter().find(|(beginning, _)| code.starts_with(beginning)).map_or(UNEXPECTED, |(_, reason)| reason)
}

fn accepted(reference: &str) -> Answer {
    let object = json!({ "reftransactionid": reference });
    Answer::json(200, &json!({ "error": false, "errorReason": "000", "toastMessage": "", "object": object }))
}

fn refused(refusal: &Refusal) -> Answer {
    failure(refusal.status, error_reason(refusal.code), &format!("{}: {}", refusal.code, refusal.detail))
}

fn failure(status: u16, reason: &str, message: &str) -> Answer {
    let body =
        json!({ "error": true, "errorReason": reason, "toastMessage": message, "object": Value::Null });
    Answer::json(status, &body)
}

#[cfg(test)]
#[path = "vietqr_tests.rs"]
mod tests;
