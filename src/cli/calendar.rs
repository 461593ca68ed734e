//! `bienlai calendar …`

use std::path::Path;

use clap::{Args, Subcommand};

use super::office::{self, Office};
use super::{DONE, print_json, table};
use crate::actor::Actor;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::PersonId;
use crate::unit::CITY;
use crate::unit::holidays::{self, Kind};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The days on record, the earliest first
    List {
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Enter holidays: due dates and waiting times pass over them; a weekend among them is free anyway
    ///
    /// Example: bienlai calendar holiday 2027-02-05 --until 2027-02-11 --name "Tết Nguyên đán"
    Holiday(Days),
    /// Enter days of a weekend that are worked in exchange for a holiday
    Worked(Days),
    /// Take a day off the record: it is again as its week says
    Withdraw {
        /// The day
        #[arg(value_name = "DATE")]
        day: BusinessDay,
        /// Who acts, as per_…; without it the trail names the program
        #[arg(long, value_name = "ID")]
        person: Option<PersonId>,
    },
}

#[derive(Debug, Args)]
pub struct Days {
    /// The day, or the first of several
    #[arg(value_name = "DATE")]
    day: BusinessDay,
    /// The last of several days
    #[arg(long, value_name = "DATE")]
    until: Option<BusinessDay>,
    /// What the day is called, or the decision that says so
    #[arg(long)]
    name: String,
    /// Who acts, as per_…; without it the trail names the program
    #[arg(long, value_name = "ID")]
    person: Option<PersonId>,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    match command {
        Command::List { json } => list(&office, json)?,
        Command::Holiday(asked) => enter(&office, &asked, Kind::Holiday)?,
        Command::Worked(asked) => enter(&office, &asked, Kind::Worked)?,
        Command::Withdraw { day, person } => {
            let actor = office.acting_if_named(office::ADMINISTRATORS, person, |_| Ok(CITY))?;
            office.write(&actor, |tx, stamp| holidays::withdraw(tx, stamp, &actor, day))?;
            println!("{day}: withdrawn");
        }
    }
    Ok(DONE)
}

fn list(office: &Office, json: bool) -> Result<()> {
    let found = office.read(&Actor::system(), holidays::on_record)?;
    if json {
        return print_json(&found);
    }
    let row = |one: &holidays::Entered| {
        let kind = match one.kind {
            Kind::Holiday => "nghỉ / holiday",
            Kind::Worked => "làm bù / worked",
        };
        vec![one.day.to_string(), kind.to_owned(), one.name.clone()]
    };
    table::print(&["Ngày", "Loại", "Tên"], &found.iter().map(row).collect::<Vec<_>>(), &[]);
    Ok(())
}

fn enter(office: &Office, asked: &Days, kind: Kind) -> Result<()> {
    let actor = office.acting_if_named(office::ADMINISTRATORS, asked.person, |_| Ok(CITY))?;
    let span = (asked.day, asked.until.unwrap_or(asked.day));
    let new =
        office.write(&actor, |tx, stamp| holidays::enter(tx, stamp, &actor, span, (kind, &asked.name)))?;
    for day in &new {
        println!("{day}: entered");
    }
    if new.is_empty() {
        println!("on record already; nothing changed");
    }
    Ok(())
}
