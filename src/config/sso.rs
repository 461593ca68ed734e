//! `[sso]`: an OpenID Connect provider that staff may sign in with. Off without the table.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use super::delivery;
use crate::error::{Error, Result};

/// The provider and what it is believed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sso {
    /// Exactly as the provider names itself; its discovery document lies below it.
    pub issuer: String,
    pub client_id: String,
    /// A file with the client's secret; a public client has none and relies on PKCE.
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    /// What the button on the sign-in page calls it.
    pub display_name: String,
    /// Values of `acr` that stand for a second factor of the provider's own.
    #[serde(default)]
    pub sufficient_acr: Vec<String>,
    /// The same for `amr`.
    #[serde(default)]
    pub sufficient_amr: Vec<String>,
    /// How far the provider's clock may be from ours.
    #[serde(default = "clock_skew_s")]
    pub clock_skew_s: u32,
    /// For each question to the provider.
    #[serde(default = "timeout_s")]
    pub timeout_s: u64,
}

fn clock_skew_s() -> u32 {
    60
}

fn timeout_s() -> u64 {
    10
}

impl Sso {
    pub fn check(&self) -> Result<()> {
        let invalid = |field: &str, why: &str| Err(Error::invalid(field, "config_invalid", why));
        if !is_safe_url(&self.issuer) {
            return invalid("sso.issuer", "https://…, or this machine");
        }
        if self.client_id.is_empty() || self.client_id.len() > 255 {
            return invalid("sso.client_id", "1 to 255 characters");
        }
        if self.display_name.trim().is_empty() || self.display_name.chars().count() > 60 {
            return invalid("sso.display_name", "1 to 60 characters");
        }
        if self.clock_skew_s > 300 {
            return invalid("sso.clock_skew_s", "at most 300");
        }
        if !(1..=60).contains(&self.timeout_s) {
            return invalid("sso.timeout_s", "1 to 60");
        }
        Ok(())
    }

    pub fn secret(&self) -> Result<Option<SecretString>> {
        let read = |path: &PathBuf| delivery::secret("sso.client_secret_file", path);
        self.client_secret_file.as_ref().map(read).transpose()
    }
}

/// HTTPS, or HTTP to this very machine.
pub fn is_safe_url(url: &str) -> bool {
    let is_plain = url.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'#' | b'\\'));
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    let is_named = !host.is_empty() && !authority.contains('@');
    let is_secure = scheme == "https" || (scheme == "http" && delivery::is_loopback(host));
    is_plain && is_named && is_secure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_asked_over_tls_or_on_this_machine_only() {
        for good in ["https://sso.example.gov.vn/realms/a", "http://127.0.0.1:8080", "http://[::1]:80/x"] {
            assert!(is_safe_url(good), "{good}");
        }
        for bad in [
            "http://sso.example.gov.vn",
            "ftp://127.0.0.1",
            "https://",
            "https://a@b.example",
            "http://127.0.0.1@evil.example/",
            "https://sso.example/#x",
            "https://sso.example/a b",
            "sso.example",
        ] {
            assert!(!is_safe_url(bad), "{bad}");
        }
    }
}
