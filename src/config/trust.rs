//! Whose signatures are confirmed on the public page.

use std::path::PathBuf;

use serde::Deserialize;

use crate::error::{Error, Result};

/// The authorities that may have issued the certificate of a signer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Trust {
    /// PEM files with certificates of authorities: the public ones of Việt Nam, and those of our own
    /// certificates. Without any the page says of each signer that nobody confirmed it.
    pub authority_files: Vec<PathBuf>,
    /// Who signs as the tax authority: the tax code in its certificate, the SHA-256 fingerprint of one,
    /// or its whole subject. Without any the page says of each such signature that nobody confirmed it.
    pub tax_authority: Vec<String>,
    /// Tax codes of those who are known to issue invoices in their sellers' places (ủy nhiệm lập), such as
    /// the city's own. Without it the page says of such an invoice that nobody confirmed the entrustment.
    pub entrusted: Vec<String>,
}

impl Trust {
    /// Each file with its PEM text.
    ///
    /// # Errors
    /// `config_invalid` naming the file that cannot be read.
    pub fn pem(&self) -> Result<Vec<(String, String)>> {
        let read = |path: &PathBuf| {
            let name = path.display().to_string();
            match std::fs::read_to_string(path) {
                Ok(text) => Ok((name, text)),
                Err(error) => {
                    Err(Error::invalid("trust.authority_files", "config_invalid", format!("{name}: {error}")))
                }
            }
        };
        self.authority_files.iter().map(read).collect()
    }
}
