//! How messages reach the tax authority.

use secrecy::SecretString;
use serde::Deserialize;

use super::sso::is_safe_url;
use crate::error::{Error, Result};

/// What an endpoint must look like, in the words of a refusal.
const ENDPOINT_FORM: &str = "https://…, or http:// on this machine, without a slash at the end";

/// The way to the tax authority.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tax {
    /// Where messages go; without it they wait in the ledger. No slash at the end.
    pub endpoint: Option<String>,
    pub endpoint_token: Option<SecretString>,
    pub timeout_s: u64,
    /// `MNGui` of a transmitting organisation; without it each unit's own.
    pub sender: Option<String>,
    /// Where forms are made out.
    pub place: String,
}

impl Default for Tax {
    fn default() -> Self {
        Tax { endpoint: None, endpoint_token: None, timeout_s: 20, sender: None, place: "Hà Nội".into() }
    }
}

impl Tax {
    pub fn check(&self) -> Result<()> {
        let invalid = |field: &str, why: &str| Err(Error::invalid(field, "config_invalid", why));
        if !(1..=60).contains(&self.timeout_s) {
            return invalid("tax.timeout_s", "1 to 60");
        }
        if self.endpoint.as_ref().is_some_and(|url| !is_safe_endpoint(url)) {
            return invalid("tax.endpoint", ENDPOINT_FORM);
        }
        Ok(())
    }
}

/// An address that messages may go to: TLS, or this machine, and a path that can be gone on with.
fn is_safe_endpoint(url: &str) -> bool {
    is_safe_url(url) && !url.ends_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for good in ["https://gateway.example/api", "http://127.0.0.1:9900", "http://localhost:1"] {
            assert!(is_safe_endpoint(good), "{good}");
        }
        for bad in [
            "http://gateway.example",
            "http://127.0.0.1.example",
            "http://localhost@gateway.example",
            "ftp://x",
            "https://",
            "https://x/",
        ] {
            assert!(!is_safe_endpoint(bad), "{bad}");
        }
    }
}
