//! What the service writes about itself.

use serde::Deserialize;

use crate::error::{Error, Result};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    /// `text` for people, `json` for collectors.
    pub format: String,
}

impl Default for Log {
    fn default() -> Self {
        Log { level: "info".into(), format: "text".into() }
    }
}

impl Log {
    pub fn check(&self) -> Result<()> {
        let invalid = |field: &str, why: &str| Err(Error::invalid(field, "config_invalid", why));
        if !["error", "warn", "info", "debug", "trace"].contains(&self.level.as_str()) {
            return invalid("log.level", "error, warn, info, debug or trace");
        }
        if !["text", "json"].contains(&self.format.as_str()) {
            return invalid("log.format", "text or json");
        }
        Ok(())
    }
}
