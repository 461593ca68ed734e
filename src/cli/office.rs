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
use crate::id::{PersonId, UnitId};
use crate::identity::{self, login};
use crate::store::Conn;
use crate::unit::{self, BankAccount, Unit, succession};

/// The roles that may do something: the one in which somebody acts who never had a login, and all others that may.
pub type Roles = (Role, &'static [Role]);

/// Who decides what somebody else asked for.
pub const DECIDERS: Roles = (Role::Approver, &[Role::Finance]);
/// Who asks for what somebody else decides.
pub const ASKERS: Roles = (Role::Finance, &[Role::Approver]);
/// Who takes down what a payer asks for.
pub const CLERKS: Roles = (Role::Finance, &[Role::Cashier]);
/// Who keeps the books of a unit.
pub const BOOKKEEPERS: Roles = (Role::Finance, &[]);
/// Who looks after units, or after the whole city.
pub const ADMINISTRATORS: Roles = (Role::Administrator, &[]);

/// An open application that gives its node back when the command ends.
pub struct Office {
    app: Arc<App>,
}

impl Office {
    pub fn open(config: &Path) -> Result<Office> {
        logging::start_quiet();
        Ok(Office { app: App::open(load(config)?, Clock::System)? })
    }

    /// The same for what makes no database: SQLite's file has to be there, else a mistyped path would become an empty
    /// one.
    ///
    /// # Errors
    /// `database_missing`, and those of `open`.
    pub fn open_existing(config: &Path) -> Result<Office> {
        let url = load(config)?.database_url()?;
        // Of a folder that may not be entered nobody knows what is in it: opening says that.
        if let Some(path) = url.sqlite_path()
            && matches!(Path::new(path).try_exists(), Ok(false))
        {
            return Err(Error::not_found("database_missing", format!("{path} does not exist")));
        }
        Office::open(config)
    }

    /// A person acting on the command line on something of the unit that `locate` finds. Who signs in acts by the
    /// login of theirs that fits best, as on the pages: one that sees the unit, in a role that may where there is
    /// one; what that login may not do is refused by the act. Who never had a login acts in the first of the roles
    /// and sees every unit, by the word of whoever holds this machine.
    ///
    /// # Errors
    /// Those of `locate`, `person_not_found`, and `login_not_active` for a person whose logins all ended or are not
    /// open yet.
    pub fn acting(
        &self,
        roles: Roles,
        person: PersonId,
        locate: impl FnOnce(&mut Conn) -> Result<UnitId>,
    ) -> Result<Actor> {
        self.seated(roles, person, locate, |covers, may| (!covers, !may))
    }

    /// The same for what is done in a unit that is named by its code.
    ///
    /// # Errors
    /// `unit_not_found`, and those of `acting`.
    pub fn acting_in(&self, roles: Roles, person: PersonId, code: &str) -> Result<Actor> {
        self.acting(roles, person, |conn| Ok(unit::find_by_code(conn, code)?.id))
    }

    /// The same for what holds for the whole city.
    ///
    /// # Errors
    /// As those of `acting`.
    pub fn acting_in_city(&self, roles: Roles, person: PersonId) -> Result<Actor> {
        self.acting(roles, person, |_| Ok(unit::CITY))
    }

    /// The same where somebody may be named; else the program acts.
    ///
    /// # Errors
    /// As those of `acting`.
    pub fn acting_if_named(
        &self,
        roles: Roles,
        person: Option<PersonId>,
        locate: impl FnOnce(&mut Conn) -> Result<UnitId>,
    ) -> Result<Actor> {
        match person {
            Some(person) => self.acting(roles, person, locate),
            None => Ok(Actor::system()),
        }
    }

    /// The same for somebody to whom a delegation opens its unit: a role that may comes first, whichever unit its
    /// login sees.
    ///
    /// # Errors
    /// As those of `acting`.
    pub fn delegate(
        &self,
        roles: Roles,
        person: PersonId,
        locate: impl FnOnce(&mut Conn) -> Result<UnitId>,
    ) -> Result<Actor> {
        self.seated(roles, person, locate, |covers, may| (!may, !covers))
    }

    fn seated(
        &self,
        (wanted, others): Roles,
        person: PersonId,
        locate: impl FnOnce(&mut Conn) -> Result<UnitId>,
        rank: fn(bool, bool) -> (bool, bool),
    ) -> Result<Actor> {
        self.read(&Actor::system(), |conn| {
            let Some(seats) = self.seats(conn, person)? else {
                return Ok(Actor { person: Some(person), client: None, role: wanted, scope: Scope::All });
            };
            let unit = locate(conn)?;
            let fitting = seats.into_iter().min_by_key(|seat| {
                let is_wanted = seat.role == wanted;
                let may = is_wanted || others.contains(&seat.role);
                (rank(seat.scope.covers(unit), may), !is_wanted)
            });
            fitting.ok_or_else(not_active)
        })
    }

    /// Who acts in a run over many units: the program where nobody is named. Who signs in acts by all open logins
    /// in that role together, each in its units; without one in it, by another, which the act refuses. Who never had
    /// a login acts in the role and sees every unit, by the word of whoever holds this machine.
    ///
    /// # Errors
    /// `person_not_found`, and `login_not_active` for a person whose logins all ended or are not open yet.
    pub fn acting_over(&self, role: Role, person: Option<PersonId>) -> Result<Actor> {
        let Some(person) = person else { return Ok(Actor::system()) };
        self.read(&Actor::system(), |conn| match self.seats(conn, person)? {
            None => Ok(Actor { person: Some(person), client: None, role, scope: Scope::All }),
            Some(seats) => joined(seats, role).ok_or_else(not_active),
        })
    }

    /// The open logins of a person, as who acts by each; `None` for somebody who never had one.
    fn seats(&self, conn: &mut Conn, person: PersonId) -> Result<Option<Vec<Actor>>> {
        let logins = login::of_person(conn, person)?;
        if logins.is_empty() {
            identity::person_name(conn, person)?;
            return Ok(None);
        }
        let today = self.clock.now().business_day();
        let open = logins.iter().filter(|one| one.is_active());
        open.map(|one| succession::acting(conn, one.actor(), today)).collect::<Result<_>>().map(Some)
    }
}

fn not_active() -> Error {
    Error::forbidden("login_not_active", "no login of this person is open")
}

/// The seats of one person in a role as one, which sees the units of each; without any, the first of the others.
fn joined(seats: Vec<Actor>, role: Role) -> Option<Actor> {
    let (fitting, others): (Vec<Actor>, Vec<Actor>) = seats.into_iter().partition(|seat| seat.role == role);
    let together = fitting.into_iter().reduce(|one, other| {
        let scope = match (one.scope, other.scope) {
            (Scope::Units(own), Scope::Units(more)) => Scope::Units(own.into_iter().chain(more).collect()),
            _ => Scope::All,
        };
        Actor { scope, ..other }
    });
    together.or_else(|| others.into_iter().next())
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

/// The units to work on: one by code, or all.
pub fn units(conn: &mut Conn, code: Option<&str>) -> Result<Vec<Unit>> {
    match code {
        Some(code) => Ok(vec![unit::find_by_code(conn, code)?]),
        None => unit::all(conn),
    }
}

/// A unit by its code; `city` for what is the city's.
pub fn unit_id(conn: &mut Conn, code: &str) -> Result<UnitId> {
    match code {
        "city" => Ok(unit::CITY),
        code => unit::find_by_code(conn, code).map(|unit| unit.id),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_of_one_person_in_a_role_are_joined_and_those_in_other_roles_add_no_unit() {
        let seat = |role, scope| Actor { person: Some(PersonId(1)), client: None, role, scope };
        let [one, two, three] = [1, 2, 3].map(|unit| Scope::unit(UnitId(unit)));
        let (finance, cashier) = (Role::Finance, Role::Cashier);
        let seats = vec![seat(cashier, three), seat(finance, one.clone()), seat(finance, two)];
        let found = joined(seats, finance).unwrap();
        assert_eq!((found.role, &found.scope), (finance, &one.and(UnitId(2))));
        let city = vec![seat(finance, one.clone()), seat(finance, Scope::All)];
        assert_eq!(joined(city, finance).unwrap().scope, Scope::All);
        assert_eq!(joined(vec![seat(cashier, one)], finance).unwrap().role, cashier, "the act refuses it");
        assert!(joined(Vec::new(), finance).is_none());
    }
}
