//! What commands with a database work in: configuration, open application, node lease.

use std::net::SocketAddr;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use super::logging;
use crate::actor::{Actor, Role, Scope};
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::id::PersonId;
use crate::store::Conn;
use crate::unit::{self, BankAccount, Unit};

/// An open application that gives its node back when the command ends.
pub struct Office {
    app: Arc<App>,
}

impl Office {
    pub fn open(config: &Path) -> Result<Office> {
        logging::start_quiet();
        Ok(Office { app: App::open(load(config)?, Clock::System)? })
    }
}

impl Deref for Office {
    type Target = Arc<App>;

    fn deref(&self) -> &Arc<App> {
        &self.app
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        if let Err(error) = self.app.lease.release(&self.app.store) {
            tracing::warn!(%error, "the node lease was not given back; it expires by itself");
        }
    }
}

/// Loads the configuration and says what to do when there is none.
pub fn load(path: &Path) -> Result<Config> {
    load_to_listen(path, None)
}

/// The same; an address stands above what the file and the environment say.
pub fn load_to_listen(path: &Path, listen: Option<SocketAddr>) -> Result<Config> {
    if !path.exists() {
        let detail = format!(
            "{} does not exist; copy bienlai.example.toml there and fill it in, or name another with --config",
            path.display()
        );
        return Err(Error::not_found("config_missing", detail));
    }
    Config::load_to_listen(path, listen)
}

/// Who acts on the command line: a person in a role where one is named, else the program.
pub fn actor(role: Role, person: Option<PersonId>) -> Actor {
    match person {
        Some(person) => Actor { person: Some(person), client: None, role, scope: Scope::All },
        None => Actor::system(),
    }
}

/// A person acting in a role on the command line, with every unit in sight.
pub fn person(role: Role, person: PersonId) -> Actor {
    Actor { person: Some(person), client: None, role, scope: Scope::All }
}

/// The units to work on: one by code, or all.
pub fn units(conn: &mut Conn, code: Option<&str>) -> Result<Vec<Unit>> {
    match code {
        Some(code) => Ok(vec![unit::find_by_code(conn, code)?]),
        None => unit::all(conn),
    }
}

/// An account of a unit by its number.
pub fn account(conn: &mut Conn, unit: &Unit, number: &str) -> Result<BankAccount> {
    let number = crate::text::squash(number);
    unit::account::of_unit(conn, unit.id)?
        .into_iter()
        .find(|account| account.account_no == number)
        .ok_or_else(|| {
            Error::not_found("account_not_found", format!("unit {} has no account {number}", unit.code))
        })
}
