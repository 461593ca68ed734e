//! Where a measurement happens: a folder, a configuration, and the application that seeds it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ring::rand::{SecureRandom, SystemRandom};
use secrecy::SecretString;

use super::Options;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::text;
use crate::unit;

/// The channel that the load comes through.
pub const CHANNEL: &str = "bank";
pub const BANK_BIN: &str = "970432";

/// A place of its own; its folder goes when it is dropped.
pub struct Place {
    folder: PathBuf,
    pub config: PathBuf,
    pub address: SocketAddr,
    pub secret: SecretString,
    pub app: Arc<App>,
    pub is_embedded: bool,
}

impl Place {
    /// Makes the folder and opens the database, which must hold no unit yet.
    ///
    /// # Errors
    /// `bench_database_in_use`.
    pub fn make(options: &Options) -> Result<Place> {
        // What is measured of callbacks is acknowledging them; signing is held back meanwhile.
        let is_held_back = matches!(options.subject, super::Subject::Callbacks | super::Subject::Series);
        Place::make_at(&options.folder, options.database.as_deref(), Clock::System, is_held_back)
    }

    /// The same with a clock of its own.
    ///
    /// # Errors
    /// `bench_database_in_use`.
    pub fn make_at(folder: &Path, database: Option<&str>, clock: Clock, is_held_back: bool) -> Result<Place> {
        let folder =
            folder.join(format!("bench-{}-{}", std::process::id(), random_hex()?.get(..8).unwrap_or("")));
        std::fs::create_dir_all(&folder).map_err(|error| unusable(&folder, &error))?;
        let folder = folder.canonicalize().map_err(|error| unusable(&folder, &error))?;
        let own = format!("sqlite://{}", folder.join("bienlai.db").display());
        let url = database.map_or(own, str::to_owned);
        let address = free_address()?;
        let (master_key, secret) = (random_hex()?, random_hex()?);
        let text = config_text(&url, address, &master_key, &secret, is_held_back);
        let config = folder.join("bienlai.toml");
        std::fs::write(&config, &text).map_err(|error| unusable(&config, &error))?;
        let app = open(&text, &url, clock)?;
        refuse_used(&app)?;
        let is_embedded = app.config.database_url()?.sqlite_path().is_some();
        Ok(Place { folder, config, address, secret: SecretString::from(secret), app, is_embedded })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.app.lease.release(&self.app.store);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The environment may name the database of a running service; a bench must never go there.
fn open(text: &str, url: &str, clock: Clock) -> Result<Arc<App>> {
    let mut config = Config::parse(text)?;
    url.clone_into(&mut config.database.url);
    App::open(config, clock)
}

fn refuse_used(app: &App) -> Result<()> {
    let units = app.store.read(&crate::actor::Scope::All, unit::all)?;
    if units.iter().all(|unit| unit.id == unit::CITY) {
        return Ok(());
    }
    let detail = "the database holds units already; a bench wants an empty one of its own";
    Err(Error::conflict("bench_database_in_use", detail))
}

fn config_text(url: &str, address: SocketAddr, master_key: &str, secret: &str, is_held_back: bool) -> String {
    let url = toml::Value::String(url.to_owned());
    format!(
        "[database]\nurl = {url}\n[web]\nlisten = \"{address}\"\npublic_url = \"http://{address}\"\n\
         lookups_per_minute = 1000000\ntrusted_proxies = [\"127.0.0.1\"]\n\
         [vault]\nmaster_key = \"{master_key}\"\n\
         [signing]\nhold_back_while_busy = {is_held_back}\n\
         [onboarding]\nrequired = false\n\
         [[channels.bank]]\nname = \"{CHANNEL}\"\nbank_bin = \"{BANK_BIN}\"\nsecrets = [\"{secret}\"]\n"
    )
}

/// Port 0 would hide the real port inside the child, so a free one is looked for first.
fn free_address() -> Result<SocketAddr> {
    let found = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    found.map_err(|error| Error::internal(format!("no free port: {error}")))
}

fn random_hex() -> Result<String> {
    let mut bytes = [0_u8; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::internal("no random bytes"))?;
    Ok(text::hex(&bytes))
}

#[track_caller]
fn unusable(path: &Path, error: &std::io::Error) -> Error {
    Error::invalid("dir", "file_unwritable", format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Actor;
    use crate::unit::NewUnit;

    #[test]
    fn a_database_that_holds_units_is_no_place_for_a_bench() {
        let place = Place::make_at(&std::env::temp_dir(), None, Clock::System, false).unwrap();
        refuse_used(&place.app).unwrap();
        let registered = place.app.write(&Actor::system(), |tx, stamp| {
            let new = NewUnit {
                code: "00999".to_owned(),
                name: "UBND phường Thử".to_owned(),
                kind: "phường".to_owned(),
                tax_code: "9900000009".to_owned(),
                budget_code: None,
                address: "Số 9 phố Mẫu".to_owned(),
                phone: None,
                valid_from: stamp.today(),
            };
            unit::register(tx, stamp, &Actor::system(), new)
        });
        registered.unwrap();
        assert_eq!(refuse_used(&place.app).unwrap_err().code(), "bench_database_in_use");
    }
}
