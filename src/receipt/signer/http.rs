//! Requests to machines outside: signing services, authorities, time stamping. Only http(s), no
//! redirects, limited in time and size.

use std::time::Duration;

use crate::error::{Error, Result};

/// The longest a `Retry-After` is believed.
const RETRY_AFTER_LIMIT_S: u32 = 300;
/// Said when a busy machine names no time.
const RETRY_AFTER_DEFAULT_S: u32 = 5;

/// A client with its limits.
pub struct Http {
    agent: ureq::Agent,
    bytes_limit: u64,
}

/// An answer, whatever its status.
pub struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
    retry_after_s: Option<u32>,
}

impl Http {
    pub fn new(timeout_ms: u64, bytes_limit: u64) -> Http {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_millis(timeout_ms)))
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent("bienlai")
            .build()
            .into();
        Http { agent, bytes_limit }
    }

    /// # Errors
    /// `Busy` `remote_unreachable` when no answer came in time.
    pub fn get(&self, url: &str) -> Result<Reply> {
        require_http(url)?;
        self.read(self.agent.get(url).call())
    }

    /// # Errors
    /// As `get`.
    pub fn post(&self, url: &str, content_type: &str, token: Option<&str>, body: &[u8]) -> Result<Reply> {
        require_http(url)?;
        let mut request = self.agent.post(url).header("Content-Type", content_type);
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        self.read(request.send(body))
    }

    fn read(
        &self,
        answer: std::result::Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Reply> {
        let unreachable = |error: ureq::Error| {
            Error::busy("remote_unreachable", RETRY_AFTER_DEFAULT_S, format!("no answer: {error}"))
        };
        let mut answer = answer.map_err(unreachable)?;
        let retry_after_s = answer
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.trim().parse::<u32>().ok())
            .map(|seconds| seconds.min(RETRY_AFTER_LIMIT_S));
        let status = answer.status().as_u16();
        let body =
            answer.body_mut().with_config().limit(self.bytes_limit).read_to_vec().map_err(unreachable)?;
        Ok(Reply { status, body, retry_after_s })
    }
}

impl Reply {
    /// The body of a good answer.
    ///
    /// # Errors
    /// `Busy` `remote_busy` for 429, 502, 503 and 504 with the time to wait; `remote_refused`
    /// for the rest.
    pub fn good(self) -> Result<Vec<u8>> {
        match self.status {
            200..=299 => Ok(self.body),
            429 | 502..=504 => Err(Error::busy(
                "remote_busy",
                self.retry_after_s.unwrap_or(RETRY_AFTER_DEFAULT_S),
                format!("status {}", self.status),
            )),
            status => Err(Error::conflict("remote_refused", format!("status {status}"))),
        }
    }
}

fn require_http(url: &str) -> Result<()> {
    if host_of(url).is_some() {
        return Ok(());
    }
    Err(Error::invalid("url", "url_unusable", "expected http:// or https:// and a host"))
}

/// The host of an http(s) URL without user, small letters, with its port if it names one.
pub fn host_of(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    (!host.is_empty() && host.chars().all(plain)).then(|| host.to_ascii_lowercase())
}
