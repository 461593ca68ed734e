//! `bienlai client …`: persons and the API clients that act for them or for a system.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::{Args, Subcommand};
use secrecy::ExposeSecret;

use super::office::{self, Office, unit_id};
use super::{DONE, print_json, table};
use crate::actor::{Actor, Role, Scope};
use crate::error::Result;
use crate::id::{ClientId, PersonId, UnitId};
use crate::identity::person::{self, Whom};
use crate::identity::{self, Client, NewClient};
use crate::store::Conn;
use crate::unit;
use crate::web::both;

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
    /// The clients of a unit, or all, oldest first: who, for what, whether their token still opens
    List {
        /// Only those registered at this unit, by its code; `city` for the city
        #[arg(long, value_name = "CODE")]
        unit: Option<String>,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// End a client's token for good; ending it twice changes nothing
    End {
        /// The client, as cli_…
        client: ClientId,
        /// Who ends it, as per_…; without it the trail names the program
        #[arg(long, value_name = "ID")]
        person: Option<PersonId>,
    },
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
    #[arg(long, value_parser = Role::parse)]
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
            eprintln!(
                "{id}: hãy giữ mã truy cập, mã này không hiện lại / keep the token, it is not shown again"
            );
            println!("{}", token.expose_secret());
        }
        Command::List { unit, json } => list(&office, unit.as_deref(), json)?,
        Command::End { client, person } => {
            let actor = office.acting_if_named(office::ADMINISTRATORS, person, |conn| {
                identity::locate_client(conn, &Scope::All, client)
            })?;
            office.write(&actor, |tx, stamp| {
                let unit = identity::locate_client(tx, &actor.scope, client)?;
                identity::revoke(tx, stamp, &actor, unit, client)
            })?;
            println!("{client}: đã thu hồi / ended");
        }
    }
    Ok(DONE)
}

fn list(office: &Office, code: Option<&str>, as_json: bool) -> Result<()> {
    let (clients, codes) = office.read(&Actor::system(), |conn| {
        let mut codes: BTreeMap<UnitId, String> =
            unit::all(conn)?.into_iter().map(|unit| (unit.id, unit.code)).collect();
        codes.insert(unit::CITY, "city".to_owned());
        let homes: Vec<UnitId> = match code {
            Some(code) => vec![unit_id(conn, code)?],
            None => codes.keys().copied().collect(),
        };
        let mut found = identity::clients(conn, &homes)?;
        found.sort_by_key(|client| (client.unit, client.id));
        Ok((found, codes))
    })?;
    let code_of = |id: &UnitId| codes.get(id).cloned().unwrap_or_else(|| id.to_string());
    let scope = |scope: &Scope| match scope {
        Scope::All => "all".to_owned(),
        Scope::Units(units) => units.iter().map(code_of).collect::<Vec<_>>().join(","),
    };
    let state = |client: &Client| if client.is_revoked { "ended" } else { "open" };
    if as_json {
        let shown: Vec<_> = clients
            .iter()
            .map(|one| {
                serde_json::json!({
                    "id": one.id, "unit": code_of(&one.unit), "name": one.name, "role": one.role.as_str(),
                    "scope": scope(&one.scope), "person": one.person, "state": state(one),
                })
            })
            .collect();
        return print_json(&shown);
    }
    let rows: Vec<Vec<String>> = clients
        .iter()
        .map(|one| {
            let person = one.person.map_or_else(|| "–".to_owned(), |person| person.to_string());
            let (role, state) = (both::role(one.role), both::client_state(one.is_revoked));
            let (unit, name) = (code_of(&one.unit), one.name.clone());
            vec![one.id.to_string(), unit, name, role, scope(&one.scope), person, state]
        })
        .collect();
    table::print(&["Ứng dụng", "Đơn vị", "Tên", "Vai trò", "Phạm vi", "Người", "Trạng thái"], &rows, &[]);
    Ok(())
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
