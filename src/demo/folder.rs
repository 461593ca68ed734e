//! The demo's folder: marker, configuration with its own secrets, the bank's memory, statements.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom, SystemRandom};
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cli::key::{CA_CERTIFICATE, write_new};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::simulator::notify::Partners;
use crate::text;

/// Its presence says that the folder is a demo's and may be thrown away.
const MARKER: &str = ".bienlai-demo";
const CONFIG: &str = "bienlai.toml";
/// The heading of its section that says where the service is found.
const WEB: &str = "[web]";
pub const STATEMENTS: &str = "statements";

pub struct Folder {
    path: PathBuf,
    /// The marker, locked as long as this start lives: another start must not play in the same folder, nor
    /// delete it under this one.
    _held: Option<File>,
}

impl Folder {
    /// Opens the folder, makes it, or begins it anew.
    pub fn open(path: &Path, fresh: bool) -> Result<Folder> {
        let is_ours = path.join(MARKER).exists();
        let is_empty = match fs::read_dir(path) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) if error.kind() == ErrorKind::NotFound => true,
            Err(error) => return Err(unusable(path, &error)),
        };
        if !is_ours && !is_empty {
            let detail = format!(
                "{} có dữ liệu khác, không phải của demo; chọn thư mục khác bằng --dir / holds other data; choose another with --dir",
                path.display()
            );
            return Err(Error::conflict("demo_folder_foreign", detail));
        }
        if fresh && is_ours {
            let _held = hold(path)?;
            fs::remove_dir_all(path).map_err(|error| unusable(path, &error))?;
        }
        fs::create_dir_all(path.join(STATEMENTS)).map_err(|error| unusable(path, &error))?;
        if !path.join(MARKER).exists() {
            write_new(&path.join(MARKER), "bienlai demo --fresh deletes this folder\n", false)?;
        }
        let folder = Folder { path: path.to_owned(), _held: Some(hold(path)?) };
        if !folder.path.join(CONFIG).exists() {
            let text = config_text(&folder.path)?;
            write_new(&folder.path.join(CONFIG), &text, true)?;
        }
        Ok(folder)
    }

    /// Opens the folder of a demo that was started before.
    pub fn existing(path: &Path) -> Result<Folder> {
        if path.join(MARKER).exists() {
            return Ok(Folder { path: path.to_owned(), _held: None });
        }
        let told = format!("{}: no demo was started here", path.display());
        Err(Error::not_found("demo_folder_missing", told))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn config_path(&self) -> PathBuf {
        self.path.join(CONFIG)
    }

    /// The configuration, for this start's port. The demo is its own program: the environment of
    /// another installation must not lead it to that one's database.
    pub fn config(&self, port: u16) -> Result<Config> {
        let mut config = Config::parse_alone(&self.text(CONFIG)?)?;
        config.web.listen = ([127, 0, 0, 1], port).into();
        config.web.public_url = format!("http://127.0.0.1:{port}");
        // The page that checks receipts knows the folder's own authority, as a real one knows the country's.
        config.trust.authority_files = vec![self.path.join(CA_CERTIFICATE)];
        Ok(config)
    }

    /// The partners' side of the configured secrets.
    pub fn partners(config: &Config) -> Result<Partners> {
        let channels = &config.channels;
        let (Some(bank), Some(sepay), Some(vietqr)) =
            (channels.bank.first(), channels.sepay.first(), channels.vietqr.first())
        else {
            return Err(Error::invalid("channels", "config_invalid", "the demo needs all three channels"));
        };
        let first =
            |secrets: &[SecretString]| secrets.first().cloned().unwrap_or_else(|| SecretString::from(""));
        Ok(Partners {
            bank_channel: bank.name.clone(),
            bank_secret: first(&bank.secrets),
            sepay_channel: sepay.name.clone(),
            sepay_secret: first(&sepay.signing_secrets),
            vietqr_channel: vietqr.name.clone(),
            vietqr_user: vietqr.user.clone(),
            vietqr_password: first(&vietqr.passwords),
        })
    }

    pub fn text(&self, name: &str) -> Result<String> {
        let path = self.path.join(name);
        fs::read_to_string(&path).map_err(|error| unusable(&path, &error))
    }

    /// What was stored under the name; nothing when there is nothing yet.
    pub fn read_json<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T> {
        let path = self.path.join(name);
        if !path.exists() {
            return Ok(T::default());
        }
        let unreadable = |error: serde_json::Error| {
            let detail = format!("{}: {error}; begin anew with --fresh", path.display());
            Error::conflict("demo_state_unreadable", detail)
        };
        serde_json::from_str(&self.text(name)?).map_err(unreadable)
    }

    /// Stores a file whole or not at all: a stop in between leaves the old one.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<()> {
        let text = serde_json::to_string_pretty(value).map_err(|error| Error::internal(error.to_string()))?;
        self.replace(name, &text)
    }

    fn replace(&self, name: &str, text: &str) -> Result<()> {
        let fresh = self.path.join(format!("{name}.new"));
        let _ = fs::remove_file(&fresh);
        write_new(&fresh, text, true)?;
        fs::rename(&fresh, self.path.join(name)).map_err(|error| unusable(&fresh, &error))
    }

    /// Writes this start's address into the configuration, so that commands name the pages where they are.
    pub fn set_port(&self, port: u16) -> Result<()> {
        let before = self.text(CONFIG)?;
        let after = addressed(&before, port);
        if before == after { Ok(()) } else { self.replace(CONFIG, &after) }
    }

    pub fn write_text(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.path.join(name);
        fs::write(&path, text).map_err(|error| unusable(&path, &error))?;
        Ok(path)
    }
}

/// Locks the folder's marker, or says that another start holds it.
fn hold(path: &Path) -> Result<File> {
    let marker = File::open(path.join(MARKER)).map_err(|error| unusable(path, &error))?;
    match marker.try_lock() {
        Ok(()) => Ok(marker),
        Err(TryLockError::WouldBlock) => {
            let told = format!(
                "{}: dừng bản đang chạy, hoặc chọn thư mục khác bằng --dir / stop that one, or choose another with --dir",
                path.display()
            );
            Err(Error::conflict("demo_folder_in_use", told))
        }
        Err(TryLockError::Error(error)) => Err(unusable(path, &error)),
    }
}

/// The service's configuration with secrets of this folder's own.
fn config_text(path: &Path) -> Result<String> {
    let database = path.join("bienlai.db");
    Ok(format!(
        "# Made by `bienlai demo`; the secrets are random and this folder's own.\n\
         # Every command works on the demo with: --config {config}\n\n\
         [database]\nurl = {url}\n\n\
         [vault]\nmaster_key = \"{master}\"\n\n\
         [log]\nlevel = \"warn\"\n\n\
         [trust]\nauthority_files = [{authority}]\n\n\
         # Its units never went through the steps of /onboarding: their certificates are a test authority's.\n\
         [onboarding]\nrequired = false\n\n\
         [[channels.sepay]]\nname = \"sepay\"\nsigning_secrets = [\"{sepay}\"]\n\n\
         [[channels.vietqr]]\nname = \"vietqr\"\nbank_bin = \"970432\"\nuser = \"customer-bienlai-demo\"\n\
         passwords = [\"{password}\"]\ntoken_keys = [\"{token_key}\"]\n\n\
         [[channels.bank]]\nname = \"vpbank\"\nbank_bin = \"970432\"\nsecrets = [\"{bank}\"]\n",
        config = path.join(CONFIG).display(),
        url = toml::Value::String(format!("sqlite://{}", database.display())),
        authority = toml::Value::String(path.join(CA_CERTIFICATE).display().to_string()),
        master = secret()?,
        sepay = secret()?,
        password = secret()?,
        token_key = secret()?,
        bank = secret()?,
    ))
}

/// A configuration with the address of a start; whatever else stands in it stays.
fn addressed(text: &str, port: u16) -> String {
    let address = format!("listen = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"\n");
    let (mut written, mut is_web, mut is_told) = (String::with_capacity(text.len()), false, false);
    for line in text.lines() {
        if line.starts_with('[') {
            is_web = line.trim_end() == WEB;
        }
        let key = line.split('=').next().unwrap_or_default().trim();
        if is_web && matches!(key, "listen" | "public_url") {
            continue;
        }
        written.push_str(line);
        written.push('\n');
        if is_web && !is_told {
            written.push_str(&address);
            is_told = true;
        }
    }
    if !is_told {
        written.push_str(&format!("\n{WEB}\n{address}"));
    }
    written
}

/// 32 random bytes as hexadecimal digits.
pub fn secret() -> Result<String> {
    let mut bytes = [0_u8; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::internal("the system gives no random bytes"))?;
    Ok(text::hex(&bytes))
}

#[track_caller]
fn unusable(path: &Path, error: &std::io::Error) -> Error {
    Error::invalid("dir", "demo_folder_unusable", format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_writes_its_address_into_the_configuration_once_and_leaves_the_rest() {
        let made = "# kept\n[log]\nlevel = \"warn\"\n\n[[channels.bank]]\nname = \"vpbank\"\n";
        let first = addressed(made, 8081);
        assert!(first.starts_with(made), "{first}");
        assert!(
            first.ends_with("\n[web]\nlisten = \"127.0.0.1:8081\"\npublic_url = \"http://127.0.0.1:8081\"\n")
        );
        assert_eq!(addressed(&first, 8081), first);
        assert_eq!(addressed(&first, 9090), first.replace("8081", "9090"), "a later start is followed");
        let own = "[web]\nlisten = \"0.0.0.0:1\"\nbehind_proxy = true\n[log]\nlevel = \"warn\"\n";
        let own = addressed(own, 8082);
        assert!(own.contains("behind_proxy = true\n[log]") && !own.contains("0.0.0.0"), "{own}");
        assert_eq!(own.matches("[web]").count(), 1, "{own}");
    }
}
