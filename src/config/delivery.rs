//! `[email]` and `[sms]`: how messages leave the house. Without them messages wait.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Deserialize;

use crate::error::{Error, Result};

/// The mail server that takes our messages (SMTP submission, RFC 6409).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Email {
    pub host: String,
    #[serde(default = "submission_port")]
    pub port: u16,
    /// `starttls` (required, never opportunistic), `wrapper` (TLS from the first byte) or `none`.
    #[serde(default = "starttls")]
    pub tls: String,
    /// A PEM file with the authority of an internal server; else the public authorities are trusted.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// `tls = "none"` to another machine is refused without this.
    #[serde(default)]
    pub allow_plaintext: bool,
    #[serde(default)]
    pub user: Option<String>,
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// The address messages come from and bounces go to.
    pub from: String,
    #[serde(default = "from_name")]
    pub from_name: String,
    /// For each step of the conversation with the server.
    #[serde(default = "timeout_s")]
    pub timeout_s: u64,
    /// Connections kept open at most, and messages sent at the same time.
    #[serde(default = "connections")]
    pub connections: u32,
    #[serde(default = "per_minute")]
    pub per_minute: u32,
    #[serde(default = "retry_after_s")]
    pub retry_after_s: u32,
    #[serde(default = "attempt_limit")]
    pub attempt_limit: u32,
}

/// How often, and how soon again, a message is tried.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// The first wait after a failure; doubled each time up to four hours.
    pub retry_after_s: u32,
    pub attempt_limit: u32,
}

/// SMS under a registered brand name, by one or more operators; the first one is asked first.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sms {
    pub brand: String,
    /// `unaccented`: 160 characters a segment; `unicode`: 70.
    #[serde(default = "unaccented")]
    pub text: String,
    #[serde(default = "per_minute")]
    pub per_minute: u32,
    #[serde(default = "retry_after_s")]
    pub retry_after_s: u32,
    #[serde(default = "attempt_limit")]
    pub attempt_limit: u32,
    pub operators: Vec<SmsOperator>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsOperator {
    /// Stands with every attempt, and in the path of its delivery reports.
    pub name: String,
    pub url: String,
    pub user: String,
    pub secret_file: PathBuf,
    /// The key its delivery reports are signed with (HMAC-SHA256, at least 32 bytes).
    pub report_secret_file: PathBuf,
    #[serde(default = "sms_timeout_s")]
    pub timeout_s: u64,
    #[serde(default)]
    pub allow_plaintext: bool,
}

fn submission_port() -> u16 {
    587
}

fn starttls() -> String {
    "starttls".into()
}

fn from_name() -> String {
    "Biên lai điện tử".into()
}

fn timeout_s() -> u64 {
    20
}

fn sms_timeout_s() -> u64 {
    10
}

fn connections() -> u32 {
    4
}

fn per_minute() -> u32 {
    300
}

fn retry_after_s() -> u32 {
    30
}

fn attempt_limit() -> u32 {
    24
}

fn unaccented() -> String {
    "unaccented".into()
}

/// The content of a secret's file without its line end.
pub fn secret(field: &str, path: &Path) -> Result<SecretString> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| invalid(field, &format!("{}: {error}", path.display())))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(invalid(field, "the file is empty"));
    }
    Ok(SecretString::from(text))
}

fn invalid(field: &str, why: &str) -> Error {
    Error::invalid(field, "config_invalid", why)
}

pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl Patience {
    fn check(&self, section: &str) -> Result<()> {
        if !(1..=3_600).contains(&self.retry_after_s) {
            return Err(invalid(&format!("{section}.retry_after_s"), "1 to 3600"));
        }
        if !(1..=100).contains(&self.attempt_limit) {
            return Err(invalid(&format!("{section}.attempt_limit"), "1 to 100"));
        }
        Ok(())
    }
}

impl Email {
    pub fn check(&self) -> Result<()> {
        if self.host.is_empty() || self.host.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(invalid("email.host", "the name or address of the mail server"));
        }
        if !["starttls", "wrapper", "none"].contains(&self.tls.as_str()) {
            return Err(invalid("email.tls", "starttls, wrapper or none"));
        }
        if self.tls == "none" && !is_loopback(&self.host) && !self.allow_plaintext {
            return Err(invalid("email.tls", "none to another machine needs email.allow_plaintext = true"));
        }
        if self.user.is_some() != self.password_file.is_some() {
            return Err(invalid("email.password_file", "user and password_file come together"));
        }
        if let Some(path) = &self.password_file {
            secret("email.password_file", path)?;
        }
        if let Some(path) = &self.ca_file {
            secret("email.ca_file", path)?;
        }
        if self.from.parse::<lettre::Address>().is_err() || !self.from.is_ascii() {
            return Err(invalid("email.from", "an e-mail address in ASCII"));
        }
        if !(1..=300).contains(&self.timeout_s) {
            return Err(invalid("email.timeout_s", "1 to 300"));
        }
        if !(1..=32).contains(&self.connections) {
            return Err(invalid("email.connections", "1 to 32"));
        }
        if self.per_minute == 0 {
            return Err(invalid("email.per_minute", "at least 1"));
        }
        self.patience().check("email")
    }

    pub fn patience(&self) -> Patience {
        Patience { retry_after_s: self.retry_after_s, attempt_limit: self.attempt_limit }
    }
}

impl Sms {
    pub fn check(&self) -> Result<()> {
        if !(1..=11).contains(&self.brand.len())
            || !self.brand.chars().all(|c| c.is_ascii_graphic() || c == ' ')
        {
            return Err(invalid("sms.brand", "1 to 11 ASCII characters"));
        }
        if !["unaccented", "unicode"].contains(&self.text.as_str()) {
            return Err(invalid("sms.text", "unaccented or unicode"));
        }
        if self.per_minute == 0 {
            return Err(invalid("sms.per_minute", "at least 1"));
        }
        if self.operators.is_empty() {
            return Err(invalid("sms.operators", "at least one"));
        }
        for (index, operator) in self.operators.iter().enumerate() {
            operator.check()?;
            if self.operators[..index].iter().any(|other| other.name == operator.name) {
                return Err(invalid("sms.operators.name", "two operators have the same name"));
            }
        }
        self.patience().check("sms")
    }

    pub fn patience(&self) -> Patience {
        Patience { retry_after_s: self.retry_after_s, attempt_limit: self.attempt_limit }
    }
}

impl SmsOperator {
    fn check(&self) -> Result<()> {
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if self.name.is_empty() || self.name.len() > 32 || !self.name.chars().all(is_name) {
            return Err(invalid("sms.operators.name", "small letters, digits and _"));
        }
        let host = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let host = host.split(['/', '?']).next().unwrap_or_default();
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        let is_plain = self.url.starts_with("http://") && (is_loopback(host) || self.allow_plaintext);
        if host.is_empty() || self.url.ends_with('/') || !(is_plain || self.url.starts_with("https://")) {
            return Err(invalid("sms.operators.url", "https://… without a slash at the end"));
        }
        if !(1..=60).contains(&self.timeout_s) {
            return Err(invalid("sms.operators.timeout_s", "1 to 60"));
        }
        secret("sms.operators.secret_file", &self.secret_file)?;
        let key = secret("sms.operators.report_secret_file", &self.report_secret_file)?;
        if secrecy::ExposeSecret::expose_secret(&key).len() < 32 {
            return Err(invalid("sms.operators.report_secret_file", "at least 32 bytes"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    const KEY: &str =
        "[vault]\nmaster_key = \"0707070707070707070707070707070707070707070707070707070707070707\"\n";

    fn error(text: &str) -> String {
        Config::parse_alone(&format!("{KEY}{text}")).unwrap_err().to_string()
    }

    #[test]
    fn a_wrong_mail_setting_is_named_with_its_reason() {
        let base = "[email]\nhost = \"mail.example.vn\"\nfrom = \"bienlai@example.vn\"\n";
        assert!(Config::parse_alone(&format!("{KEY}{base}")).is_ok());
        assert!(error(&format!("{base}tls = \"none\"\n")).starts_with("email.tls: none to another machine"));
        assert!(error(&format!("{base}tls = \"maybe\"\n")).starts_with("email.tls: starttls, wrapper"));
        assert!(error(&format!("{base}user = \"u\"\n")).starts_with("email.password_file:"));
        assert!(error(&format!("{base}attempt_limit = 0\n")).starts_with("email.attempt_limit: 1 to 100"));
        assert!(error(&base.replace("bienlai@", "biên lai@")).starts_with("email.from:"));
        assert!(error("[email]\nhost = \"mail.example.vn\"\n").contains("missing field `from`"));
    }

    #[test]
    fn a_wrong_sms_setting_is_named_with_its_reason() {
        assert!(
            error("[sms]\nbrand = \"BIENLAI\"\noperators = []\n").starts_with("sms.operators: at least one")
        );
        let operator = "[[sms.operators]]\nname = \"mot\"\nurl = \"http://sms.example.vn/api\"\nuser = \"u\"\n\
                        secret_file = \"/nowhere\"\nreport_secret_file = \"/nowhere\"\n";
        let text = format!("[sms]\nbrand = \"BIENLAI\"\n{operator}");
        assert!(error(&text).starts_with("sms.operators.url: https://"));
        assert!(
            error(&text.replace("http://", "https://")).starts_with("sms.operators.secret_file: /nowhere")
        );
    }
}
