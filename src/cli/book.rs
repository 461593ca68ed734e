//! `bienlai book …`

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::office::{self, Office};
use super::{DONE, reports};
use crate::actor::Actor;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::report::chart::Chart;
use crate::report::sheet::Form;
use crate::report::{self, Book, Period};
use crate::unit::{self, Unit};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Every posting of the unit, with the accounts of the state's chart
    Journal(Asked),
    /// What moved on a bank account, with its balance
    Bank(OfAccount),
    /// What moved in the cashiers' drawers, with its balance
    Cash(Asked),
    /// Fees by item and document, with what stands after corrections
    Fees(Asked),
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
        Command::Cash(asked) => write(&office, asked, |_| Ok(Book::Cash)),
        Command::Fees(asked) => write(&office, asked, |_| Ok(Book::Fees)),
        Command::Bank(of) => write(&office, &of.asked, |unit| {
            office.read(&Actor::system(), |conn| match &of.account {
                Some(number) => Ok(Book::Bank(office::account(conn, unit, number)?.id)),
                None => report::only_account(conn, unit.id).map(Book::Bank),
            })
        }),
    }
}

fn write(office: &Office, asked: &Asked, choose: impl FnOnce(&Unit) -> Result<Book>) -> Result<u8> {
    let period = Period::new(asked.from, asked.until)?;
    let actor = Actor::system();
    let unit = office.read(&actor, |conn| unit::find_by_code(conn, &asked.unit))?;
    let which = choose(&unit)?;
    let chart = Chart::choose(office.config.books.chart_file.as_deref(), period.until)?;
    let into = |form: Form, sink: &mut dyn Write| {
        report::write_as(form, &office.store, &actor.scope, unit.id, (which, period), &chart, sink)
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
