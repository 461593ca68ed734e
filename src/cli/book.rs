//! `bienlai book …`

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::office::{self, Office};
use super::{DONE, print_json, reports};
use crate::actor::Actor;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::report::chart::Charts;
use crate::report::sheet::Form;
use crate::report::{self, Book, Period, trial_balance, verify};
use crate::unit::{self, Unit};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Every posting of the unit, with the accounts of the state's chart
    Journal(Asked),
    /// Every account with its balance before and after, and what moved in it
    Trial(Asked),
    /// What moved on a bank account, with its balance
    Bank(OfAccount),
    /// What moved in the cashiers' drawers, with its balance
    Cash(Asked),
    /// Fees by item and document, with what stands after corrections
    Fees(Asked),
    /// Ask whether the books hold: every check of the accounting rules, of one unit or all
    Verify(Verify),
}

#[derive(Debug, Args)]
pub struct Verify {
    /// The collecting unit, by its code; all units when left out
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct OfAccount {
    /// The account number; may be left out where the unit has one account
    #[arg(long, value_name = "NO")]
    account: Option<String>,
    #[command(flatten)]
    asked: Asked,
}

#[derive(Debug, Args)]
pub struct Asked {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The first accounting date, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    from: BusinessDay,
    /// The last accounting date, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    until: BusinessDay,
    /// The file to write; its suffix, .csv or .xlsx, says how. Without it CSV goes to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    match &command {
        Command::Journal(asked) => write(&office, asked, |_| Ok(Book::Journal)),
        Command::Trial(asked) => trial(&office, asked),
        Command::Cash(asked) => write(&office, asked, |_| Ok(Book::Cash)),
        Command::Verify(asked) => verify(&office, asked),
        Command::Fees(asked) => write(&office, asked, |_| Ok(Book::Fees)),
        Command::Bank(of) => write(&office, &of.asked, |unit| {
            office.read(&Actor::system(), |conn| match &of.account {
                Some(number) => Ok(Book::Bank(office::account(conn, unit, number)?.id)),
                None => report::only_account(conn, unit.id).map(Book::Bank),
            })
        }),
    }
}

/// Ends with 1 where a check fails.
fn verify(office: &Office, asked: &Verify) -> Result<u8> {
    let actor = Actor::system();
    let found = office.read(&actor, |conn| {
        let units = match &asked.unit {
            Some(code) => vec![unit::find_by_code(conn, code)?],
            None => unit::all(conn)?,
        };
        let mut found = Vec::new();
        for unit in units {
            found.push((unit.code, verify::unit(conn, unit.id)?));
        }
        Ok(found)
    })?;
    let is_clean = found.iter().all(|(_, faults)| faults.is_empty());
    if asked.json {
        let shown: Vec<_> =
            found.iter().map(|(code, faults)| json!({ "unit": code, "faults": faults })).collect();
        print_json(&json!({ "checks": verify::CHECKS.len() + 1, "units": shown }))?;
    } else {
        for (code, fault) in found.iter().flat_map(|(code, faults)| faults.iter().map(move |one| (code, one)))
        {
            println!("{code}: {} / {}: {}", fault.vi, fault.en, fault.about.join(", "));
        }
        if is_clean {
            println!("{} đơn vị: sổ khớp / units: the books hold", found.len());
        }
    }
    Ok(if is_clean { DONE } else { 1 })
}

fn trial(office: &Office, asked: &Asked) -> Result<u8> {
    let period = Period::new(asked.from, asked.until)?;
    let table = office.read(&Actor::system(), |conn| {
        let unit = unit::find_by_code(conn, &asked.unit)?;
        let rows = trial_balance::rows(conn, &unit, period)?;
        trial_balance::table(&unit, period, &rows, &Charts::of_unit(&office.config.books, &unit.code)?)
    })?;
    reports::put(&table, asked.out.as_deref())?;
    Ok(DONE)
}

fn write(office: &Office, asked: &Asked, choose: impl FnOnce(&Unit) -> Result<Book>) -> Result<u8> {
    let period = Period::new(asked.from, asked.until)?;
    let actor = Actor::system();
    let unit = office.read(&actor, |conn| unit::find_by_code(conn, &asked.unit))?;
    let which = choose(&unit)?;
    let charts = Charts::of_unit(&office.config.books, &unit.code)?;
    let into = |form: Form, sink: &mut dyn Write| {
        report::write_as(form, &office.store, &actor.scope, unit.id, (which, period), &charts, sink)
    };
    match &asked.out {
        None => {
            into(Form::Csv, &mut std::io::stdout().lock())?;
        }
        Some(path) => {
            let form = reports::form_of(path)?;
            let summary = reports::into_file(path, |sink| into(form, sink))?;
            println!("{}: {} · {} dòng / rows", path.display(), which.title(), summary.count);
        }
    }
    Ok(DONE)
}
