//! Early warnings of figures below their targets.

use serde::Deserialize;

use crate::error::{Error, Result};

/// The table `[warnings]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Warnings {
    /// Whether they are mailed once a day.
    pub daily_mail: bool,
    /// Mailboxes of the city, besides each unit's own.
    pub warnings_mail: Vec<String>,
}

impl Default for Warnings {
    fn default() -> Self {
        Warnings { daily_mail: true, warnings_mail: Vec::new() }
    }
}

impl Warnings {
    pub fn check(&self) -> Result<()> {
        let is_mailbox = |text: &String| text.parse::<lettre::Address>().is_ok();
        if self.warnings_mail.len() > 20 || !self.warnings_mail.iter().all(is_mailbox) {
            let why = "up to twenty e-mail addresses";
            return Err(Error::invalid("warnings.warnings_mail", "config_invalid", why));
        }
        Ok(())
    }
}
