//! `bienlai client …`: persons and the API clients that act for them or for a system.

use std::collections::BTreeSet;
use std::path::Path;

use clap::{Args, Subcommand};
use secrecy::ExposeSecret;

use super::DONE;
use super::office::Office;
use crate::actor::{Actor, Role, Scope};
use crate::error::Result;
use crate::id::{PersonId, UnitId};
use crate::identity::person::{self, Whom};
use crate::identity::{self, NewClient};
use crate::store::Conn;
use crate::unit;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Register a person; makers and checkers are persons, not logins
    Person {
        /// The unit the person works for, by its code; `city` for the city
        #[arg(long, value_name = "CODE")]
        unit: String,
        /// The person's name
        #[arg(long)]
        name: String,
        /// Somebody of that name is registered, and this is another human
        #[arg(long)]
        another: bool,
    },
    /// Make an API client and print its token, this once
    ///
    /// Example: bienlai client create --unit 00004 --name "Một cửa" --role dossier_system
    Create(Create),
}

#[derive(Debug, Args)]
pub struct Create {
    /// The unit it is registered at, by its code; `city` for the city
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// What it is called in lists and the trail
    #[arg(long)]
    name: String,
    /// dossier_system, unit_reader, cashier, finance, approver, administrator or auditor
    #[arg(long, value_parser = |text: &str| Role::parse(text).map_err(|error| error.to_string()))]
    role: Role,
    /// The person behind it, as per_…; roles of people need one
    #[arg(long, value_name = "ID")]
    person: Option<PersonId>,
    /// Further units it may see, by code; all units when this is `all`
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    scope: Vec<String>,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    let actor = Actor::system();
    match command {
        Command::Person { unit, name, another } => {
            let id = office.write(&actor, |tx, stamp| {
                let unit = unit_id(tx, &unit)?;
                let whom = Whom::New { name: &name, is_another: another };
                person::choose(tx, stamp, &actor, unit, whom)
            })?;
            println!("{id}");
        }
        Command::Create(create) => {
            let (id, token) = office.write(&actor, |tx, stamp| {
                let new = new_client(tx, &create)?;
                identity::create_client(tx, stamp, &actor, new)
            })?;
            eprintln!("{id}: keep the token, it is not shown again");
            println!("{}", token.expose_secret());
        }
    }
    Ok(DONE)
}

fn new_client(conn: &mut Conn, create: &Create) -> Result<NewClient> {
    let unit = unit_id(conn, &create.unit)?;
    let scope = if create.scope.iter().any(|code| code == "all") {
        Scope::All
    } else {
        let mut units = BTreeSet::from([unit]);
        for code in &create.scope {
            units.insert(unit_id(conn, code)?);
        }
        Scope::Units(units)
    };
    Ok(NewClient { unit, name: create.name.clone(), person: create.person, role: create.role, scope })
}

fn unit_id(conn: &mut Conn, code: &str) -> Result<UnitId> {
    match code {
        "city" => Ok(unit::CITY),
        code => unit::find_by_code(conn, code).map(|unit| unit.id),
    }
}
