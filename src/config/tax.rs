//! How messages reach the tax authority.

use secrecy::SecretString;
use serde::Deserialize;

use crate::error::{Error, Result};

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
        Ok(())
    }
}
