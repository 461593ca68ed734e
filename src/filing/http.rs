//! The way to the authority over HTTP, through a transmitting organisation or directly.
//!
//! No public interface exists that all of them share, so this one is our own proposal: a message is
//! posted to `{url}/messages/{MTDiep}` as XML; the same path, read, tells whether it is known (404
//! when not). Answers come as one `TDiep`, or as JSON `{"replies": ["base64", …]}`.

use std::io::ErrorKind;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use ureq::http::StatusCode;

use super::endpoint::TaxEndpoint;
use super::envelope;
use super::rules::Outcome;

/// Answers to one message; each is far below 2 MB.
const ANSWER_BYTES_LIMIT: u64 = 8 * 1_024 * 1_024;
/// A message has a handful; each is stored by itself, in one transaction.
const ANSWERS_LIMIT: usize = 100;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

pub struct HttpEndpoint {
    agent: ureq::Agent,
    url: String,
    token: Option<SecretString>,
}

#[derive(Deserialize)]
struct Answers {
    replies: Vec<String>,
}

impl HttpEndpoint {
    /// `url` has no slash at the end. That plain HTTP stays on this machine is held by the configuration it comes
    /// from.
    pub fn new(url: &str, token: Option<SecretString>, timeout: Duration) -> HttpEndpoint {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(timeout))
            .timeout_connect(Some(CONNECT_TIMEOUT.min(timeout)))
            .http_status_as_error(false)
            .max_redirects(0)
            .build()
            .into();
        HttpEndpoint { agent, url: url.to_owned(), token }
    }

    fn path(&self, message_code: &str) -> String {
        format!("{}/messages/{message_code}", self.url)
    }

    fn bearer(&self) -> String {
        self.token.as_ref().map(|token| format!("Bearer {}", token.expose_secret())).unwrap_or_default()
    }
}

impl TaxEndpoint for HttpEndpoint {
    fn send(&self, message_code: &str, message: &[u8]) -> Outcome {
        let request = self
            .agent
            .post(self.path(message_code))
            .header("content-type", "application/xml; charset=utf-8")
            .header("authorization", self.bearer());
        match request.send(message) {
            Ok(answer) => outcome(answer, false),
            Err(error) => failure(&error),
        }
    }

    fn ask(&self, message_code: &str) -> Outcome {
        match self.agent.get(self.path(message_code)).header("authorization", self.bearer()).call() {
            Ok(answer) => outcome(answer, true),
            Err(error) => failure(&error),
        }
    }
}

fn outcome(mut answer: ureq::http::Response<ureq::Body>, asked: bool) -> Outcome {
    let status = answer.status();
    let words = || format!("HTTP {}", status.as_u16());
    match status {
        StatusCode::NOT_FOUND if asked => Outcome::NotKnown,
        status if status.is_success() => {
            match answer.body_mut().with_config().limit(ANSWER_BYTES_LIMIT).read_to_vec() {
                Ok(body) => Outcome::Known(answers(&body)),
                Err(error) => failure(&error),
            }
        }
        StatusCode::BAD_REQUEST
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::UNPROCESSABLE_ENTITY => Outcome::Rejected(words()),
        // Refused at the door: nothing was taken, and the same message may come again.
        StatusCode::UNAUTHORIZED
        | StatusCode::FORBIDDEN
        | StatusCode::NOT_FOUND
        | StatusCode::TOO_MANY_REQUESTS => Outcome::Unreachable(words()),
        _ => Outcome::Lost(words()),
    }
}

/// The answers in a body. What is no envelope and no list is no answer: the next asking will tell.
fn answers(body: &[u8]) -> Vec<Vec<u8>> {
    let text = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'<') => vec![body.to_vec()],
        Some(b'{') => {
            let read: Option<Answers> = serde_json::from_slice(text).ok();
            let replies = read.map(|read| read.replies).unwrap_or_default();
            let decoded = replies.iter().filter_map(|reply| BASE64.decode(reply).ok());
            decoded.filter(|reply| reply.len() <= envelope::BYTES_LIMIT).take(ANSWERS_LIMIT).collect()
        }
        _ => Vec::new(),
    }
}

/// Only what certainly happened before the first byte went out counts as unreachable.
fn failure(error: &ureq::Error) -> Outcome {
    use ureq::Timeout::{Connect, Resolve};
    let words = error.to_string();
    match error {
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => Outcome::Unreachable(words),
        ureq::Error::Timeout(Connect | Resolve) => Outcome::Unreachable(words),
        ureq::Error::Io(inner) if inner.kind() == ErrorKind::ConnectionRefused => Outcome::Unreachable(words),
        _ => Outcome::Lost(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_as_one_envelope_or_as_a_list() {
        assert_eq!(answers(b" <TDiep/>"), [b" <TDiep/>".to_vec()]);
        assert_eq!(answers(br#"{"replies":["PGEvPg=="]}"#), [b"<a/>".to_vec()]);
        for none in [&b""[..], b"OK", b"{\"replies\":7}"] {
            assert!(answers(none).is_empty());
        }
    }

    #[test]
    fn an_endpoint_that_answers_without_end_fills_no_ledger() {
        let flood = format!("{{\"replies\":[{}\"\"]}}", "\"\",".repeat(1_000_000));
        assert_eq!(answers(flood.as_bytes()).len(), ANSWERS_LIMIT);
    }

    #[test]
    fn a_door_that_is_closed_is_told_from_an_answer_that_is_lost() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let endpoint = HttpEndpoint::new(&format!("http://{closed}"), None, Duration::from_secs(2));
        assert!(matches!(endpoint.send("K1", b"<a/>"), Outcome::Unreachable(_)));
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = silent.local_addr().unwrap();
        let endpoint = HttpEndpoint::new(&format!("http://{address}"), None, Duration::from_millis(300));
        assert!(matches!(endpoint.send("K1", b"<a/>"), Outcome::Lost(_)));
    }
}
