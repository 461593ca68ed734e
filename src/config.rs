//! The configuration: one TOML file plus environment, validated at start. The only room that
//! reads the environment.

pub mod channels;
pub mod database;
pub mod delivery;
pub mod evidence;
pub mod exceptions;
pub mod log;
mod secret_file;
pub mod signing;
pub mod sso;
pub mod tax;
pub mod trust;
pub mod vault;
pub mod warnings;
pub mod web;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Deserialize;

pub use self::channels::{BankChannel, Channels, SepayChannel, VietqrChannel};
pub use self::database::Database;
pub use self::evidence::Evidence;
pub use self::log::Log;
pub use self::signing::Signing;
pub use self::tax::Tax;
pub use self::trust::Trust;
pub use self::vault::VaultConfig;
pub use self::web::Web;
use crate::error::{Error, Result};
use crate::store::DatabaseUrl;

/// Environment variables that override the file, with the field each one sets.
pub const ENVIRONMENT: [(&str, &str); 4] = [
    ("BIENLAI_DATABASE_URL", "database.url"),
    ("BIENLAI_LISTEN", "web.listen"),
    ("BIENLAI_MASTER_KEY", "vault.master_key"),
    ("BIENLAI_LOG", "log.level"),
];

/// Everything the service is told from outside.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    #[serde(default)]
    pub database: Database,
    #[serde(default)]
    pub web: Web,
    pub vault: VaultConfig,
    #[serde(default)]
    pub log: Log,
    #[serde(default)]
    pub signing: Signing,
    #[serde(default)]
    pub series: SeriesConfig,
    #[serde(default)]
    pub books: Books,
    #[serde(default)]
    pub retention: Retention,
    #[serde(default)]
    pub evidence: Evidence,
    /// Whose signatures the public page confirms.
    #[serde(default)]
    pub trust: Trust,
    #[serde(default)]
    pub channels: Channels,
    /// Without it e-mail waits.
    #[serde(default)]
    pub email: Option<delivery::Email>,
    /// Without it SMS waits.
    #[serde(default)]
    pub sms: Option<delivery::Sms>,
    /// Without it nobody signs in by another's word.
    #[serde(default)]
    pub sso: Option<sso::Sso>,
    #[serde(default)]
    pub tax: Tax,
    #[serde(default)]
    pub statements: Statements,
    #[serde(default)]
    pub exceptions: exceptions::Exceptions,
    #[serde(default)]
    pub warnings: warnings::Warnings,
    #[serde(default)]
    pub onboarding: Onboarding,
}

/// What an account must have been through.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Onboarding {
    /// Whether obligations are refused while the receiving account is not live, as they are where nothing is said.
    pub required: bool,
}

impl Default for Onboarding {
    fn default() -> Self {
        Onboarding { required: true }
    }
}

/// How long what is kept must be kept.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Full years after the end of the year in which a payer's data came.
    pub personal_data_years: u8,
}

impl Default for Retention {
    fn default() -> Self {
        Retention { personal_data_years: 10 }
    }
}

/// The unit's books.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Books {
    /// A chart of accounts with sub-accounts of the units' own, in place of the shipped one.
    pub chart_file: Option<PathBuf>,
    /// Charts beside the shipped one, files or folders of files: each from its day on, for the units it names.
    pub charts: Vec<PathBuf>,
    /// Close every hour what can be closed up to yesterday, account by account.
    pub close_by_itself: bool,
}

/// Where bank statements come from by themselves.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Statements {
    /// A folder that is watched for files; `done` and `failed` are made in it.
    pub inbox: Option<PathBuf>,
}

/// How far ahead the register of series looks.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SeriesConfig {
    /// Days before the year's end when next year's series are registered.
    pub plan_ahead_days: u16,
    /// Fewer numbers left than this is told.
    pub warn_below: u32,
}

impl Default for SeriesConfig {
    fn default() -> Self {
        SeriesConfig { plan_ahead_days: 30, warn_below: 500 }
    }
}

impl Config {
    /// Reads the file, lets the environment override it, and checks every field.
    pub fn load(path: &Path) -> Result<Config> {
        Config::load_to_listen(path, None)
    }

    /// The same; where an address is given, it stands above file and environment.
    pub fn load_to_listen(path: &Path, listen: Option<SocketAddr>) -> Result<Config> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Error::invalid("config", "config_unreadable", format!("{}: {error}", path.display()))
        })?;
        Config::with_environment(&text, &|name| match (name, listen) {
            ("BIENLAI_LISTEN", Some(listen)) => Some(listen.to_string()),
            _ => read_environment(name),
        })
    }

    /// The same from text.
    pub fn parse(text: &str) -> Result<Config> {
        Config::with_environment(text, &|name| read_environment(name))
    }

    /// The same, whatever the environment says.
    pub fn parse_alone(text: &str) -> Result<Config> {
        Config::with_environment(text, &|_| None)
    }

    fn with_environment(text: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<Config> {
        let unreadable =
            |error: toml::de::Error| Error::invalid("config", "config_unreadable", error.to_string());
        let mut table: toml::Table = toml::from_str(text).map_err(unreadable)?;
        // Read from the text where it says everything itself: its faults are then told with their lines.
        let mut config: Config = match secret_file::read(&mut table)? {
            true => table.try_into().map_err(unreadable)?,
            false => toml::from_str(text).map_err(unreadable)?,
        };
        config.override_by(environment)?;
        // On this machine alone the address is known; behind a proxy only its owner can tell it.
        if config.web.public_url.is_empty() && config.web.listen.ip().is_loopback() {
            config.web.public_url = format!("http://{}", config.web.listen);
        }
        config.check()?;
        Ok(config)
    }

    fn override_by(&mut self, environment: &dyn Fn(&str) -> Option<String>) -> Result<()> {
        if let Some(url) = environment("BIENLAI_DATABASE_URL") {
            self.database.url = url;
        }
        if let Some(listen) = environment("BIENLAI_LISTEN") {
            self.web.listen = listen
                .parse()
                .map_err(|_| Error::invalid("BIENLAI_LISTEN", "config_invalid", "expected ADDRESS:PORT"))?;
        }
        if let Some(key) = environment("BIENLAI_MASTER_KEY") {
            self.vault.master_key = Some(SecretString::from(key));
        }
        if let Some(level) = environment("BIENLAI_LOG") {
            self.log.level = level;
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        let invalid = |field: &str, why: &str| Err(Error::invalid(field, "config_invalid", why));
        self.database_url()?;
        self.owner_url()?;
        let role = &self.database.role;
        if !role.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
            return invalid("database.role", "small letters, digits and _ only");
        }
        let limits = [
            ("database.reader_limit", self.database.reader_limit),
            ("database.writer_limit", self.database.writer_limit),
        ];
        if let Some((field, _)) = limits.into_iter().find(|(_, limit)| !(1..=64).contains(limit)) {
            return invalid(field, "limits are 1 to 64");
        }
        self.web.check()?;
        self.log.check()?;
        self.signing.check()?;
        self.evidence.check()?;
        if let Some(email) = &self.email {
            email.check()?;
        }
        if let Some(sms) = &self.sms {
            sms.check()?;
        }
        if let Some(sso) = &self.sso {
            sso.check()?;
        }
        self.tax.check()?;
        self.exceptions.check()?;
        self.warnings.check()?;
        if self.series.plan_ahead_days > 300 {
            return invalid("series.plan_ahead_days", "up to 300");
        }
        if self.retention.personal_data_years == 0 {
            return invalid("retention.personal_data_years", "at least 1");
        }
        if let Some(file) = self.books.chart_file.as_ref().filter(|file| !file.is_file()) {
            return invalid("books.chart_file", &format!("{}: no such file", file.display()));
        }
        if let Some(place) = self.books.charts.iter().find(|place| !place.exists()) {
            return invalid("books.charts", &format!("{}: no such file or folder", place.display()));
        }
        if let Some(folder) = self.statements.inbox.as_ref().filter(|folder| !folder.is_dir()) {
            return invalid("statements.inbox", &format!("{}: no such folder", folder.display()));
        }
        self.vault.second()?;
        if self.master_key()?.iter().all(|byte| *byte == 0) {
            return invalid(
                "vault.master_key",
                "this is the example's key; make your own: openssl rand -hex 32",
            );
        }
        Ok(())
    }

    pub fn database_url(&self) -> Result<DatabaseUrl> {
        DatabaseUrl::parse(&self.database.url, self.database.allow_plaintext)
    }

    pub fn owner_url(&self) -> Result<DatabaseUrl> {
        let Some(url) = &self.database.owner_url else { return self.database_url() };
        let of_owner =
            |error: Error| Error::invalid("database.owner_url", error.code(), error.detail().to_owned());
        DatabaseUrl::parse(url, self.database.allow_plaintext).map_err(of_owner)
    }

    /// The 32 bytes of the master key, from the file or the field.
    pub fn master_key(&self) -> Result<Vec<u8>> {
        self.vault.master()
    }
}

/// The name of the failpoint a test asks for, in builds that have failpoints.
pub fn failpoint() -> Option<String> {
    read_environment("BIENLAI_FAILPOINT")
}

#[allow(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
fn read_environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "[vault]\nmaster_key = \"0707070707070707070707070707070707070707070707070707070707070707\"\n";

    #[test]
    fn links_lead_to_where_the_service_listens_unless_it_stands_behind_a_proxy() {
        let parse = |web: &str| Config::parse_alone(&format!("{KEY}[web]\n{web}\n"));
        let alone = parse("listen = \"127.0.0.1:18433\"").unwrap();
        assert_eq!(alone.web.public_url, "http://127.0.0.1:18433");
        let known = parse("listen = \"0.0.0.0:80\"\npublic_url = \"https://phi.example.gov.vn\"").unwrap();
        assert_eq!(known.web.public_url, "https://phi.example.gov.vn");
        let unknown = parse("listen = \"0.0.0.0:80\"").unwrap_err();
        let is_named =
            matches!(unknown.kind(), crate::error::Kind::Invalid { field } if field == "web.public_url");
        assert!(unknown.code() == "config_invalid" && is_named, "{unknown}");
    }

    #[test]
    fn a_short_file_is_enough() {
        let config = Config::parse_alone(KEY).unwrap();
        assert_eq!(config.master_key().unwrap(), [7; 32]);
        assert_eq!(config.web.listen.port(), 8080);
    }

    #[test]
    fn a_file_that_says_nothing_of_onboarding_wants_every_receiving_account_live() {
        let required = |text: &str| Config::parse_alone(&format!("{KEY}{text}")).unwrap().onboarding.required;
        assert!(required("") && required("[onboarding]\n"));
        assert!(!required("[onboarding]\nrequired = false\n"));
    }

    #[test]
    fn a_wrong_field_is_named_with_its_reason() {
        let error = |text: &str| Config::parse(&format!("{KEY}{text}")).unwrap_err().to_string();
        assert!(error("[web]\nworkers = 0\n").starts_with("web.workers: 1 to 64"));
        assert!(error("[web]\nworker = 1\n").contains("unknown field `worker`"));
        assert!(error("[database]\nwriter_limit = 0\n").starts_with("database.writer_limit:"));
        assert!(error("[database]\nowner_url = \"mysql://x\"\n").starts_with("database.owner_url:"));
        assert!(error("[series]\nplan_ahead_days = 301\n").starts_with("series.plan_ahead_days:"));
        assert!(
            error("[retention]\npersonal_data_years = 0\n").starts_with("retention.personal_data_years:")
        );
        assert!(error("[books]\nchart_file = \"/nowhere\"\n").starts_with("books.chart_file:"));
        assert!(error("[statements]\ninbox = \"/nowhere\"\n").starts_with("statements.inbox: /nowhere:"));
        for endpoint in ["http://gateway.example", "https://gateway.example/", "gateway.example"] {
            let told = error(&format!("[tax]\nendpoint = \"{endpoint}\"\n"));
            assert!(told.starts_with("tax.endpoint: https://…"), "{endpoint}: {told}");
        }
        assert!(error("[web]\nstreams_per_address = 0\n").starts_with("web.streams_per_address:"));
        assert!(error("[web]\npublic_url = \"httpfoo\"\n").starts_with("web.public_url:"));
        let stamps = "[evidence]\ntimestamp_url = \"http://x\"\ntimestamp_trust_file = \"/nowhere\"\n";
        assert!(error(stamps).starts_with("evidence.timestamp_trust_file:"));
        assert!(error("[log]\nlevel = \"loud\"\n").starts_with("log.level:"));
        assert!(error("[database]\nurl = \"mysql://x\"\n").starts_with("database.url:"));
    }

    #[test]
    fn what_cannot_be_read_at_all_is_told_apart_from_what_may_not_be() {
        let code = |text: &str| Config::parse_alone(text).unwrap_err().code();
        let with_key = |text: &str| format!("{KEY}{text}");
        for (text, expected) in [
            ("[vault".to_owned(), "config_unreadable"),
            ("[web]\nworkers = 2\n".to_owned(), "config_unreadable"),
            (with_key("[web]\nworkers = \"two\"\n"), "config_unreadable"),
            (with_key("[webb]\n"), "config_unreadable"),
            (with_key("[web]\nworkers = 0\n"), "config_invalid"),
            ("[vault]\nmaster_key = \"07\"\n".to_owned(), "master_key_unreadable"),
            (format!("[vault]\nmaster_key = \"{}\"\n", "0g".repeat(32)), "master_key_unreadable"),
            (KEY.replace("master_key", "second_master_key"), "config_invalid"),
        ] {
            assert_eq!(code(&text), expected, "{text}");
        }
        let nowhere = Config::load(Path::new("/nowhere/bienlai.toml")).unwrap_err();
        assert_eq!(nowhere.code(), "config_unreadable");
    }

    #[test]
    fn the_example_file_is_valid_and_names_every_field() {
        let text = include_str!("../bienlai.example.toml");
        let copied = Config::parse_alone(text).unwrap_err();
        assert!(copied.to_string().contains("openssl rand"), "a copied key protects nothing");
        let config = Config::parse_alone(&text.replace(&"0".repeat(64), &"07".repeat(32))).unwrap();
        assert_eq!(config.web.public_url, "http://127.0.0.1:8080", "a copied file leads to no foreign host");
        assert_eq!(config.channels.names(), ["sepay", "vietqr", "vpbank"]);
        let sections = names_in("");
        assert!(sections.len() >= 19, "{sections:?}");
        let mut tables: Vec<String> = sections.iter().map(|name| format!("[{name}]")).collect();
        tables.retain(|table| table != "[channels]");
        let inner = ["[[channels.sepay]]", "[[channels.vietqr]]", "[[channels.bank]]", "[[sms.operators]]"];
        tables.extend(inner.map(str::to_owned));
        for table in tables {
            let explained = explained_in(text, &table);
            for name in names_in(&table).iter().filter(|name| *name != "operators") {
                assert!(explained.contains(&name.as_str()), "{table} {name} is not explained");
            }
        }
        for (table, file) in [
            ("[database]", "url_file"),
            ("[database]", "owner_url_file"),
            ("[tax]", "endpoint_token_file"),
            ("[[channels.sepay]]", "signing_secrets_file"),
            ("[[channels.sepay]]", "api_keys_file"),
            ("[[channels.vietqr]]", "passwords_file"),
            ("[[channels.vietqr]]", "token_keys_file"),
            ("[[channels.bank]]", "secrets_file"),
        ] {
            assert!(explained_in(text, table).contains(&file), "{table} {file} is not explained");
        }
    }

    /// The names that a table may hold, as one with a name that is none of them is refused.
    fn names_in(table: &str) -> Vec<String> {
        let told = toml::from_str::<Config>(&format!("{table}\nno_such_name = 1\n")).unwrap_err().to_string();
        assert!(told.contains("unknown field `no_such_name`"), "{table}: {told}");
        told.split('`').skip(3).step_by(2).map(str::to_owned).collect()
    }

    /// The names that stand under the heading of a table, set or commented out.
    fn explained_in<'t>(text: &'t str, table: &str) -> Vec<&'t str> {
        let lines = text.lines().map(|line| line.trim_start_matches("# "));
        let behind = lines.skip_while(|line| *line != table).skip(1);
        let own = behind.take_while(|line| !line.starts_with('['));
        own.filter_map(|line| line.split_once(" = ").map(|(name, _)| name)).collect()
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let mut config: Config = toml::from_str(KEY).unwrap();
        config.override_by(&|name| (name == "BIENLAI_LISTEN").then(|| "127.0.0.1:9999".to_owned())).unwrap();
        assert_eq!(config.web.listen.port(), 9999);
        assert!(config.override_by(&|name| (name == "BIENLAI_LISTEN").then(|| "x".to_owned())).is_err());
    }
}
