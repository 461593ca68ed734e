//! What proves receipts in later years.

use std::path::PathBuf;

use serde::Deserialize;

use crate::error::{Error, Result};

/// What is kept to prove receipts in later years, and from where it comes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Evidence {
    /// Revocation lists of the authorities of our certificates.
    pub crl_urls: Vec<String>,
    /// Responders of these authorities (OCSP).
    pub ocsp_urls: Vec<String>,
    /// Hosts, with a port that is not the usual one, that a certificate itself may send us to.
    pub hosts: Vec<String>,
    /// The time stamping authority (RFC 3161); without it days are not stamped.
    pub timestamp_url: Option<String>,
    /// PEM certificates of the authorities that may issue the time stamping certificate.
    pub timestamp_trust_file: Option<PathBuf>,
}

impl Evidence {
    pub fn check(&self) -> Result<()> {
        let invalid = |field: &str, why: &str| Err(Error::invalid(field, "config_invalid", why));
        let urls = self.crl_urls.iter().chain(&self.ocsp_urls);
        let mut urls = urls.chain(&self.timestamp_url);
        if urls.any(|url| !url.starts_with("http://") && !url.starts_with("https://")) {
            return invalid("evidence", "addresses begin with http:// or https://");
        }
        if self.timestamp_url.is_some() && self.timestamp_trust_file.is_none() {
            return invalid(
                "evidence.timestamp_trust_file",
                "name the authorities whose stamps are believed",
            );
        }
        self.timestamp_trust().map(|_| ())
    }

    /// PEM of the authorities whose time stamps are believed; empty when none are named.
    pub fn timestamp_trust(&self) -> Result<String> {
        let Some(path) = &self.timestamp_trust_file else { return Ok(String::new()) };
        std::fs::read_to_string(path).map_err(|error| {
            let detail = format!("{}: {error}", path.display());
            Error::invalid("evidence.timestamp_trust_file", "config_invalid", detail)
        })
    }
}
