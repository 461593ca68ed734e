//! `bienlai day …`

use std::path::Path;

use clap::{Args, Subcommand};

use super::office::{self, Office};
use super::{DONE, NO, books, print_json};
use crate::actor::{Actor, Role};
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::PersonId;
use crate::unit;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Close a day of a bank account, or tell what stands in the way
    ///
    /// Exit code 1 when the day stays open; the answer lists each obstacle. A day without movements
    /// is closed the same way.
    Close(Close),
}

#[derive(Debug, Args)]
pub struct Close {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The account number
    #[arg(long, value_name = "NO")]
    account: String,
    /// The booking day, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    date: BusinessDay,
    /// The person who closes it, as per_…
    #[arg(long, value_name = "ID")]
    person: Option<PersonId>,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let Command::Close(close) = command;
    let office = Office::open(config)?;
    let actor = office::actor(Role::Finance, close.person);
    let (unit, account) = office.read(&Actor::system(), |conn| {
        let unit = unit::find_by_code(conn, &close.unit)?;
        let account = office::account(conn, &unit, &close.account)?;
        Ok((unit, account))
    })?;
    let outcome = books::close_day(&office, &actor, &unit, &account, close.date)?;
    print_json(&outcome.report)?;
    Ok(if outcome.is_clean { DONE } else { NO })
}
