//! Delivery reports of operators: JSON under an HMAC-SHA256 over `timestamp.body`.

use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{MessageId, UnitId};
use crate::notification::parse_name;

/// A report's clock may differ from ours by so much.
const WINDOW_S: u64 = 300;

/// What an operator reports.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    pub message: (UnitId, MessageId),
    pub is_delivered: bool,
    pub code: String,
}

#[derive(Deserialize)]
struct Body {
    id: String,
    status: String,
    #[serde(default)]
    code: Option<String>,
}

/// Proves and reads a report. `signature` is the tag in hexadecimal.
///
/// # Errors
/// `callback_signature_wrong`, `callback_timestamp_outside_window`, `sms_report_unreadable`.
pub fn read(
    secret: &SecretString,
    timestamp: &str,
    signature: &str,
    body: &[u8],
    now: Instant,
) -> Result<Report> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    let mut signed = format!("{timestamp}.").into_bytes();
    signed.extend_from_slice(body);
    let tag = unhex(signature.strip_prefix("v1=").unwrap_or(signature)).unwrap_or_default();
    hmac::verify(&key, &signed, &tag).map_err(|_| {
        Error::unauthenticated("callback_signature_wrong", "the signature is not that of these bytes")
    })?;
    let at: i64 = timestamp.parse().unwrap_or(0);
    if now.seconds().abs_diff(at) > WINDOW_S {
        let detail = "the timestamp is more than 300 s away from our clock";
        return Err(Error::unauthenticated("callback_timestamp_outside_window", detail));
    }
    let unreadable = |why: &str| Error::invalid("body", "sms_report_unreadable", why);
    let body: Body = serde_json::from_slice(body).map_err(|_| unreadable("expected id and status"))?;
    let message = parse_name(&body.id).ok_or_else(|| unreadable("the id is none of ours"))?;
    let is_delivered = match body.status.as_str() {
        "delivered" => true,
        "failed" | "rejected" | "expired" => false,
        _ => return Err(unreadable("delivered, failed, rejected or expired")),
    };
    let code = body.code.unwrap_or(body.status).chars().filter(|c| c.is_ascii_graphic()).take(40).collect();
    Ok(Report { message, is_delivered, code })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || text.len() != 64 {
        return None;
    }
    (0..64).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(at: &str, body: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[b'k'; 32]);
        format!("v1={}", crate::text::hex(hmac::sign(&key, format!("{at}.{body}").as_bytes()).as_ref()))
    }

    #[test]
    fn a_report_counts_only_when_it_is_signed_fresh_and_ours() {
        let secret = SecretString::from("k".repeat(32));
        let now: Instant = "2026-11-27T09:00:00+07:00".parse().unwrap();
        let at = now.seconds().to_string();
        let body = format!("{{\"id\":\"{}.{}\",\"status\":\"delivered\"}}", MessageId(7), UnitId(2));
        let good = read(&secret, &at, &signed(&at, &body), body.as_bytes(), now).unwrap();
        assert_eq!(good.message, (UnitId(2), MessageId(7)));
        assert!(good.is_delivered);
        let code = |at: &str, tag: &str, body: &str| {
            read(&secret, at, tag, body.as_bytes(), now).unwrap_err().code()
        };
        assert_eq!(code(&at, &signed(&at, "{}"), &body), "callback_signature_wrong");
        assert_eq!(code(&at, "", &body), "callback_signature_wrong");
        for at in ["1", &i64::MIN.to_string(), &i64::MAX.to_string()] {
            assert_eq!(code(at, &signed(at, &body), &body), "callback_timestamp_outside_window");
        }
        assert_eq!(code(&at, &signed(&at, "{}"), "{}"), "sms_report_unreadable");
        let other = body.replace("delivered", "eaten");
        assert_eq!(code(&at, &signed(&at, &other), &other), "sms_report_unreadable");
    }
}
