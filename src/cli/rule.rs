//! `bienlai rule …`: the rules that classify statement lines which are no fee.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::office::{Office, Roles};
use super::{DONE, print_json, read_text, table};
use crate::actor::{Actor, Role, Scope};
use crate::error::{Error, Result};
use crate::id::{ClassRuleId, PersonId, UnitId};
use crate::reconciliation::classification::{Rule, parse_rules};
use crate::reconciliation::rulebook::{self, InForce, NewVersion, query};
use crate::unit::{self, CITY};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The rules in force, in the order they are tried; --versions: a unit's own with their history
    List(List),
    /// Propose the rules of a TOML file, as profiles/classification/default.toml has them
    Propose(Propose),
    /// Put a proposed version in force; another person than its proposer
    Approve(Decide),
    /// Refuse a proposed version
    Refuse(Refuse),
}

#[derive(Debug, Args)]
pub struct List {
    /// The collecting unit, by its code; the whole city when left out
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// A unit's own rules with every version
    #[arg(long)]
    versions: bool,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Propose {
    /// The rules, as TOML
    file: PathBuf,
    /// The collecting unit, by its code; the whole city when left out
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// Where it is tried; the shipped rules have 100, 200, …
    #[arg(long, value_name = "N")]
    rank: Option<i32>,
    /// The reason; it is kept
    #[arg(long)]
    reason: String,
    /// Who proposes, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Decide {
    /// The version, as crl_…
    rule: ClassRuleId,
    /// Who approves, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Refuse {
    /// The version, as crl_…
    rule: ClassRuleId,
    /// The reason; it is kept
    #[arg(long)]
    reason: String,
    /// Who refuses, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    match command {
        Command::List(asked) => list(&office, &asked)?,
        Command::Propose(asked) => propose(&office, &asked)?,
        Command::Approve(asked) => {
            let actor = deciding(&office, asked.rule, asked.person)?;
            let made = office.write(&actor, |tx, stamp| {
                let unit = unit_of(query::unit_of(tx, &actor.scope, asked.rule)?)?;
                rulebook::approve(tx, stamp, &actor, unit, asked.rule)
            })?;
            print_json(&made)?;
        }
        Command::Refuse(asked) => {
            let actor = deciding(&office, asked.rule, asked.person)?;
            let made = office.write(&actor, |tx, stamp| {
                let unit = unit_of(query::unit_of(tx, &actor.scope, asked.rule)?)?;
                rulebook::refuse(tx, stamp, &actor, unit, asked.rule, &asked.reason)
            })?;
            print_json(&made)?;
        }
    }
    Ok(DONE)
}

/// Who decides on a proposed version.
const DECIDERS: Roles = (Role::Approver, &rulebook::WRITERS);

fn deciding(office: &Office, rule: ClassRuleId, person: PersonId) -> Result<Actor> {
    office.acting(DECIDERS, person, |conn| unit_of(query::unit_of(conn, &Scope::All, rule)?))
}

fn unit_of(found: Option<UnitId>) -> Result<UnitId> {
    found.ok_or_else(rulebook::not_found)
}

fn place(office: &Office, code: Option<&str>) -> Result<UnitId> {
    match code {
        Some(code) => office.read(&Actor::system(), |conn| Ok(unit::find_by_code(conn, code)?.id)),
        None => Ok(CITY),
    }
}

fn list(office: &Office, asked: &List) -> Result<()> {
    let unit = place(office, asked.unit.as_deref())?;
    if asked.versions {
        return print_json(&office.read(&Actor::system(), |conn| query::versions(conn, unit))?);
    }
    let versions = office.read(&Actor::system(), |conn| query::in_force(conn, unit))?;
    let found = rulebook::in_force_of(versions, None);
    if asked.json {
        return print_json(&found);
    }
    let row = |one: &InForce| {
        vec![
            one.rank.to_string(),
            one.rule.id.clone(),
            if one.rule.is_off { "—".to_owned() } else { one.rule.class.as_str().to_owned() },
            format!("{:?}", one.rule.direction).to_lowercase(),
            format!("{:?}", one.origin).to_lowercase(),
        ]
    };
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    table::print(&["Thứ tự", "Quy tắc", "Loại", "Chiều", "Của"], &rows, &[0]);
    Ok(())
}

/// Who proposes a version.
const MAKERS: Roles = (Role::Finance, &rulebook::WRITERS);

fn propose(office: &Office, asked: &Propose) -> Result<()> {
    let rules: Vec<Rule> = parse_rules(&read_text(&asked.file)?)?;
    if rules.is_empty() {
        return Err(Error::invalid("file", "class_rules_unreadable", "the file has no [[rule]]"));
    }
    let unit = place(office, asked.unit.as_deref())?;
    let actor = office.acting(MAKERS, asked.person, |_| Ok(unit))?;
    let made = office.write(&actor, |tx, stamp| {
        rules
            .iter()
            .map(|rule| {
                let new =
                    NewVersion { unit, rule: rule.clone(), rank: asked.rank, reason: asked.reason.clone() };
                rulebook::propose(tx, stamp, &actor, &new)
            })
            .collect::<Result<Vec<_>>>()
    })?;
    print_json(&made)
}
