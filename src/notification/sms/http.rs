//! An operator's HTTP interface: `POST {url}` with JSON `{id, brand, to, text, unicode}` and Basic
//! authentication, answered `{status, reference?, code?}`; `GET {url}/{id}` tells what became of it.
//! A known id is never sent again by the operator.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::{Known, Operator, Sms, segment};
use crate::config::delivery::{self, SmsOperator};
use crate::error::Result;
use crate::notification::rules::Answer;

const ANSWER_LIMIT_BYTES: u64 = 64 * 1024;

pub struct HttpOperator {
    name: String,
    url: String,
    brand: String,
    authorization: SecretString,
    agent: ureq::Agent,
}

#[derive(Deserialize)]
struct Reply {
    status: String,
    #[serde(default)]
    reference: Option<String>,
    #[serde(default)]
    code: Option<String>,
}

impl HttpOperator {
    pub fn new(config: &SmsOperator, brand: &str) -> Result<HttpOperator> {
        let secret = delivery::secret("sms.operators.secret_file", &config.secret_file)?;
        let pair = format!("{}:{}", config.user, secret.expose_secret());
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(config.timeout_s)))
            .http_status_as_error(false)
            .max_redirects(0)
            .build()
            .into();
        Ok(HttpOperator {
            name: config.name.clone(),
            url: config.url.clone(),
            brand: brand.to_owned(),
            authorization: SecretString::from(format!("Basic {}", STANDARD.encode(pair))),
            agent,
        })
    }
}

impl Operator for HttpOperator {
    fn name(&self) -> &str {
        &self.name
    }

    fn send(&self, sms: &Sms) -> Answer {
        let body = json!({
            "id": sms.id,
            "brand": self.brand,
            "to": sms.to,
            "text": sms.text,
            "unicode": segment::size(&sms.text).is_unicode,
        })
        .to_string();
        let sent = self
            .agent
            .post(&self.url)
            .header("Authorization", self.authorization.expose_secret())
            .header("Content-Type", "application/json; charset=utf-8")
            .send(body.as_bytes());
        match sent {
            Ok(mut response) => {
                let status = response.status().as_u16();
                judge(status, read(&mut response))
            }
            Err(error) if was_never_sent(&error) => Answer::Unavailable { code: "connection".into() },
            Err(error) => Answer::Unknown { code: name_of(&error).into() },
        }
    }

    fn ask(&self, id: &str) -> Known {
        let asked = self
            .agent
            .get(format!("{}/{id}", self.url))
            .header("Authorization", self.authorization.expose_secret())
            .call();
        let mut response = match asked {
            Ok(response) => response,
            Err(error) => return Known::Unreachable { code: name_of(&error).into() },
        };
        let status = response.status().as_u16();
        match (status, read(&mut response)) {
            // Any 404 will not do: a proxy's says nothing of the message.
            (404, Some(reply)) if reply.status == "unknown" => Known::Never,
            (200, Some(reply)) => match reply.status.as_str() {
                "accepted" => Known::Taken { reference: reply.reference },
                "delivered" => Known::Delivered,
                "rejected" | "failed" => Known::Undeliverable { code: reply.code.unwrap_or(reply.status) },
                other => Known::Unreachable { code: format!("status {other}") },
            },
            (status, _) => Known::Unreachable { code: format!("http {status}") },
        }
    }
}

/// Only the operator's own word says that it was or was not taken.
fn judge(status: u16, reply: Option<Reply>) -> Answer {
    match (status, reply) {
        (200..=202, Some(reply)) if reply.status == "accepted" => {
            Answer::Accepted { reference: reply.reference }
        }
        (200..=499, Some(reply)) if reply.status == "rejected" => {
            Answer::Refused { code: reply.code.unwrap_or_else(|| "rejected".into()) }
        }
        // Our credentials or our pace: it took nothing.
        (401 | 403 | 429, _) => Answer::Unavailable { code: format!("http {status}") },
        (503, Some(reply)) if reply.status == "busy" => Answer::Unavailable { code: "busy".into() },
        (status, _) => Answer::Unknown { code: format!("http {status}") },
    }
}

fn read(response: &mut ureq::http::Response<ureq::Body>) -> Option<Reply> {
    let bytes = response.body_mut().with_config().limit(ANSWER_LIMIT_BYTES).read_to_vec().ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Errors that come before any byte of the message could leave.
fn was_never_sent(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => true,
        ureq::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => true,
        _ => false,
    }
}

fn name_of(error: &ureq::Error) -> &'static str {
    match error {
        ureq::Error::Timeout(_) => "timeout",
        ureq::Error::Io(_) => "connection",
        _ => "http",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_operators_own_word_says_what_became_of_a_message() {
        let reply = |status: &str| Some(Reply { status: status.into(), reference: None, code: None });
        assert_eq!(judge(200, reply("accepted")), Answer::Accepted { reference: None });
        assert!(matches!(judge(400, reply("rejected")), Answer::Refused { .. }));
        assert!(matches!(judge(401, None), Answer::Unavailable { .. }));
        assert!(matches!(judge(503, reply("busy")), Answer::Unavailable { .. }));
        for (status, reply) in [(200, None), (502, None), (503, None), (500, reply("accepted")), (302, None)]
        {
            assert!(matches!(judge(status, reply), Answer::Unknown { .. }), "{status}");
        }
    }
}
