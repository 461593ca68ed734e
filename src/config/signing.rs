//! How receipts are signed, and who is told when keys fail.

use serde::Deserialize;

use crate::error::{Error, Result};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Signing {
    pub threads: usize,
    /// Whether signing stops while callbacks are waiting, for two seconds at most. Otherwise it goes
    /// on with the lowest priority.
    pub hold_back_while_busy: bool,
    /// Receipts signed and stored together.
    pub batch: usize,
    /// Mailboxes of the city that are told of every alarm about a key and of every suspended channel, beside the
    /// unit's own.
    pub alarms_mail: Vec<String>,
}

impl Default for Signing {
    fn default() -> Self {
        Signing { threads: 2, hold_back_while_busy: false, batch: 128, alarms_mail: Vec::new() }
    }
}

impl Signing {
    pub fn check(&self) -> Result<()> {
        let invalid = |field: &str, why: &str| Err(Error::invalid(field, "config_invalid", why));
        if !(1..=64).contains(&self.threads) || !(1..=1_024).contains(&self.batch) {
            return invalid("signing", "threads 1 to 64, batch 1 to 1024");
        }
        let mailboxes = &self.alarms_mail;
        if mailboxes.len() > 20 || !mailboxes.iter().all(|text| text.parse::<lettre::Address>().is_ok()) {
            return invalid("signing.alarms_mail", "up to twenty e-mail addresses");
        }
        Ok(())
    }
}
