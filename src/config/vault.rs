//! The keys above all keys.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::error::{Error, Result};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultConfig {
    /// 64 hexadecimal digits.
    #[serde(default)]
    pub master_key: Option<SecretString>,
    /// A file that holds them.
    #[serde(default)]
    pub master_key_file: Option<PathBuf>,
    /// While the master key is changed, the other one: what it wrapped can be read, nothing new is
    /// wrapped under it.
    #[serde(default)]
    pub second_master_key: Option<SecretString>,
    #[serde(default)]
    pub second_master_key_file: Option<PathBuf>,
}

impl VaultConfig {
    /// The 32 bytes under which new data keys are wrapped.
    ///
    /// # Errors
    /// `config_invalid` when there is none, `master_key_unreadable`.
    pub fn master(&self) -> Result<Vec<u8>> {
        let found = key("vault.master_key", self.master_key.as_ref(), self.master_key_file.as_ref())?;
        found
            .ok_or_else(|| Error::invalid("vault.master_key", "config_invalid", "set it, or master_key_file"))
    }

    /// The 32 bytes of the other one, if there is one.
    ///
    /// # Errors
    /// As `master`.
    pub fn second(&self) -> Result<Option<Vec<u8>>> {
        let (field, file) = (self.second_master_key.as_ref(), self.second_master_key_file.as_ref());
        key("vault.second_master_key", field, file)
    }
}

/// From the field, else from the file.
fn key(name: &str, field: Option<&SecretString>, file: Option<&PathBuf>) -> Result<Option<Vec<u8>>> {
    let text = match (field, file) {
        (Some(key), _) => key.expose_secret().to_owned(),
        (None, Some(path)) => std::fs::read_to_string(path).map_err(|error| {
            let detail = format!("{}: {error}", path.display());
            Error::invalid(format!("{name}_file"), "config_invalid", detail)
        })?,
        (None, None) => return Ok(None),
    };
    let bytes = hex_bytes(text.trim()).filter(|bytes| bytes.len() == 32);
    bytes.map(Some).ok_or_else(|| {
        Error::invalid(name.to_owned(), "master_key_unreadable", "expected 64 hexadecimal digits")
    })
}

fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}
