//! `bienlai user …`: people who sign in to the pages.

use std::collections::BTreeSet;
use std::path::Path;

use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};

use super::office::Office;
use super::{DONE, table};
use crate::actor::{Actor, Role, Scope};
use crate::duty::leaving;
use crate::error::{Error, Result};
use crate::id::PersonId;
use crate::identity::login::{self, NewLogin};
use crate::identity::person::{self, Whom};
use crate::identity::{person_name, session, sso, vouch};
use crate::store::Conn;
use crate::unit::{self, CITY};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a login and print its one-time link
    ///
    /// Example: bienlai user invite thungan.badinh --name "Họ và tên" --role cashier --units 00004
    Invite(Invite),
    /// Password or phone lost: print a new link; the old password and all sessions end
    Reset {
        /// The login's name
        login: String,
    },
    /// End a login for good, with all of its sessions; first its shifts and exceptions are handed over
    End {
        /// The login's name
        login: String,
    },
    /// Vouch that a login reached its own person: one that decides opens only so when somebody handed out its link
    Vouch {
        /// The login's name
        login: String,
    },
    /// End all sessions of a login; it may sign in again
    SignOut {
        /// The login's name
        login: String,
    },
    /// Link a login to a subject of the identity provider in [sso], or take its link away
    ///
    /// Example: bienlai user sso thungan.badinh --subject 3f1c9a5e-0b7d
    Sso {
        /// The login's name
        login: String,
        /// The provider's word for the person (sub)
        #[arg(long, required_unless_present = "none")]
        subject: Option<String>,
        /// Take the link away
        #[arg(long, conflicts_with = "subject")]
        none: bool,
    },
    /// Everybody who may sign in
    List,
}

#[derive(Debug, Args)]
pub struct Invite {
    /// What is typed at sign-in: small letters, digits, dots and hyphens
    login: String,
    /// The person's name, as receipts print it; registers a new person
    #[arg(long, conflicts_with = "person", required_unless_present = "person")]
    name: Option<String>,
    /// A person who is registered already, as per_…: several logins of one human are one person
    #[arg(long, value_name = "ID")]
    person: Option<PersonId>,
    /// Somebody of that name is registered, and this is another human
    #[arg(long, requires = "name")]
    another: bool,
    /// cashier, finance, approver, administrator or auditor
    #[arg(long, value_parser = Role::parse)]
    role: Role,
    /// The units it may see, by code; `all` for the whole city
    #[arg(long, value_name = "CODE", value_delimiter = ',', required = true)]
    units: Vec<String>,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    let actor = Actor::system();
    match command {
        Command::Invite(invite) => {
            let token = office.write(&actor, |tx, stamp| {
                let scope = scope(tx, &invite.units)?;
                let home = match &scope {
                    Scope::Units(units) if units.len() == 1 => units.first().copied().unwrap_or(CITY),
                    _ => CITY,
                };
                let whom = match (invite.person, &invite.name) {
                    (Some(person), _) => Whom::Known(person),
                    (None, name) => {
                        let name = name.as_deref().unwrap_or_default();
                        Whom::New { name, is_another: invite.another }
                    }
                };
                let person = person::choose(tx, stamp, &actor, home, whom)?;
                let new = NewLogin { name: invite.login.clone(), person, role: invite.role, scope };
                login::invite(tx, stamp, &actor, new).map(|(_, token)| token)
            })?;
            show_link(&office, &token);
        }
        Command::Reset { login } => {
            let token = office.write(&actor, |tx, stamp| {
                let id = login::find_by_name(tx, &login)?.id;
                login::invite_again(tx, stamp, &actor, id)
            })?;
            show_link(&office, &token);
        }
        Command::End { login } => office.write(&actor, |tx, stamp| {
            let id = login::find_by_name(tx, &login)?.id;
            leaving::end(tx, stamp, &actor, None, id)
        })?,
        Command::Vouch { login } => office.write(&actor, |tx, stamp| {
            let id = login::find_by_name(tx, &login)?.id;
            vouch::vouch(tx, stamp, &actor, id, None)
        })?,
        Command::SignOut { login } => {
            let ended = office.write(&actor, |tx, _| {
                let id = login::find_by_name(tx, &login)?.id;
                session::end_all(tx, id)
            })?;
            println!("{ended}");
        }
        Command::Sso { login, subject, none: _ } => {
            let off = || Error::conflict("sso_off", "no [sso] in the configuration");
            let issuer = &office.config.sso.as_ref().ok_or_else(off)?.issuer;
            office.write(&actor, |tx, stamp| {
                let id = login::find_by_name(tx, &login)?.id;
                match &subject {
                    Some(subject) => sso::link(tx, stamp, &actor, id, issuer, subject),
                    None => sso::unlink(tx, stamp, &actor, id),
                }
            })?;
        }
        Command::List => list(&office, &actor)?,
    }
    Ok(DONE)
}

fn show_link(office: &Office, token: &SecretString) {
    eprintln!("Liên kết dùng một lần, hết hạn sau 3 ngày. / One-time link, good for three days.");
    println!("{}", link(&office.config.web.public_url, token));
}

/// The address at which an invitation is accepted.
pub fn link(public_url: &str, token: &SecretString) -> String {
    format!("{public_url}/invitation/{}", token.expose_secret())
}

fn scope(conn: &mut Conn, codes: &[String]) -> Result<Scope> {
    // The page says a star.
    if codes.iter().any(|code| code == "all" || code == "*") {
        return Ok(Scope::All);
    }
    let mut units = BTreeSet::new();
    for code in codes {
        units.insert(unit::find_by_code(conn, code)?.id);
    }
    Ok(Scope::Units(units))
}

fn list(office: &Office, actor: &Actor) -> Result<()> {
    let rows = office.read(actor, |conn| {
        let logins = login::list(conn, actor)?;
        let mut rows = Vec::with_capacity(logins.len());
        for login in logins {
            let units = match &login.scope {
                Scope::All => "all".to_owned(),
                Scope::Units(units) => {
                    let units: Vec<_> = units.iter().copied().collect();
                    let found = unit::query::by_ids(conn, &units)?;
                    found.into_iter().map(|unit| unit.code).collect::<Vec<_>>().join(",")
                }
            };
            rows.push(vec![
                login.name.clone(),
                person_name(conn, login.person)?,
                login.role.as_str().to_owned(),
                units,
                login.state.as_str().to_owned(),
                if login.has_second_factor() { "TOTP".to_owned() } else { "–".to_owned() },
            ]);
        }
        Ok(rows)
    })?;
    table::print(&["Tài khoản", "Họ tên", "Vai trò", "Đơn vị", "Trạng thái", "Lớp hai"], &rows, &[]);
    Ok(())
}
