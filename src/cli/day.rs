//! `bienlai day …`

mod bridge;
mod chain;
mod list;
mod overview;
mod reopen;

use std::path::Path;

use clap::{Args, Subcommand};

use super::listing::List;
use super::office::{self, Office};
use super::{DONE, NO, books, print_json};
use crate::actor::Actor;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::PersonId;
use crate::report;
use crate::store::Conn;
use crate::unit::{self, BankAccount, Unit, account};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Close a day of a bank account, or tell what stands in the way
    ///
    /// Exit code 1 when the day stays open; the answer lists each obstacle. A day without movements
    /// is closed the same way.
    Close(Close),
    /// The days of an account that are over and not closed, oldest first, with what each waits for
    List(list::List),
    /// Close what can be closed in every account, day by day; one that stays open blocks no other
    ///
    /// Exit code 1 when an account failed.
    CloseAll(overview::CloseAll),
    /// How all accounts stand: without statement, open, late, the oldest unexplained money
    ///
    /// Exit code 1 when one is late or has no statement.
    Overview(overview::Overview),
    /// From a day's receipts to the bank: balances, differences by name, the shares of the fees
    ///
    /// Exit code 1 when bank and books differ.
    Bridge(bridge::Bridge),
    /// Write a day's certificate as a page (PDF, the signed bytes attached) or as the bytes (XML)
    Certificate(chain::Certificate),
    /// Write every certificate of an account with its signature into one file
    Export(chain::Export),
    /// Judge such a file: signatures, links, balances; needs no database
    ///
    /// Exit code 1 when the chain does not hold.
    Verify(chain::Verify),
    /// Ask for a closed day to be opened again; another person approves it
    ///
    /// All later days of the account open with it. Their certificates stay, superseded; closing
    /// again makes successors.
    Reopen(reopen::Reopen),
    /// Approve such a request; another person than its maker
    ApproveReopening(reopen::Step),
    /// Refuse such a request
    RefuseReopening(reopen::Refusal),
    /// The requests of a unit, newest first
    Reopenings(List),
}

/// An account of a unit.
#[derive(Debug, Args)]
pub struct Place {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The account number; may be left out where the unit has one account
    #[arg(long, value_name = "NO")]
    account: Option<String>,
}

impl Place {
    pub fn find(&self, conn: &mut Conn) -> Result<(Unit, BankAccount)> {
        let unit = unit::find_by_code(conn, &self.unit)?;
        let account = match &self.account {
            Some(number) => office::account(conn, &unit, number)?,
            None => {
                let only = report::only_account(conn, unit.id)?;
                account::find(conn, unit.id, only)?
            }
        };
        Ok((unit, account))
    }
}

#[derive(Debug, Args)]
pub struct Close {
    #[command(flatten)]
    place: Place,
    /// The booking day, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    date: BusinessDay,
    /// The person who closes it, as per_…; without it the trail names the program
    #[arg(long, value_name = "ID")]
    person: Option<PersonId>,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    // A file is judged where there is no configuration at all.
    if let Command::Verify(asked) = &command {
        return chain::verify(asked);
    }
    let office = Office::open(config)?;
    match command {
        Command::Close(asked) => close(&office, &asked),
        Command::List(asked) => list::run(&office, &asked),
        Command::CloseAll(asked) => overview::close_all(&office, &asked),
        Command::Overview(asked) => overview::show(&office, &asked),
        Command::Bridge(asked) => bridge::run(&office, &asked),
        Command::Certificate(asked) => chain::certificate(&office, &asked),
        Command::Export(asked) => chain::export(&office, &asked),
        Command::Verify(asked) => chain::verify(&asked),
        Command::Reopen(asked) => reopen::request(&office, &asked),
        Command::ApproveReopening(asked) => reopen::approve(&office, &asked),
        Command::RefuseReopening(asked) => reopen::refuse(&office, &asked),
        Command::Reopenings(asked) => reopen::list(&office, &asked),
    }
}

fn close(office: &Office, asked: &Close) -> Result<u8> {
    let (unit, account) = office.read(&Actor::system(), |conn| asked.place.find(conn))?;
    let actor = office.acting_if_named(office::BOOKKEEPERS, asked.person, |_| Ok(unit.id))?;
    let outcome = books::close_day(office, &actor, &unit, &account, asked.date)?;
    print_json(&outcome.report)?;
    Ok(if outcome.is_clean { DONE } else { NO })
}
