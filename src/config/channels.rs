//! The channels that report money, as the configuration names them.

use secrecy::SecretString;
use serde::Deserialize;

/// The channels that report money. Each has a name of its own, which is part of its path.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Channels {
    pub sepay: Vec<SepayChannel>,
    pub vietqr: Vec<VietqrChannel>,
    pub bank: Vec<BankChannel>,
}

impl Channels {
    /// The names of all channels, in the order of the file.
    pub fn names(&self) -> Vec<&str> {
        let sepay = self.sepay.iter().map(|entry| entry.name.as_str());
        let vietqr = self.vietqr.iter().map(|entry| entry.name.as_str());
        sepay.chain(vietqr).chain(self.bank.iter().map(|entry| entry.name.as_str())).collect()
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SepayChannel {
    pub name: String,
    #[serde(default)]
    pub signing_secrets: Vec<SecretString>,
    #[serde(default)]
    pub api_keys: Vec<SecretString>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VietqrChannel {
    pub name: String,
    #[serde(default)]
    pub bank_bin: Option<String>,
    pub user: String,
    pub passwords: Vec<SecretString>,
    pub token_keys: Vec<SecretString>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankChannel {
    pub name: String,
    #[serde(default)]
    pub bank_bin: Option<String>,
    pub secrets: Vec<SecretString>,
}
