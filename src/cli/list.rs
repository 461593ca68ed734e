//! `bienlai list`

use std::path::{Path, PathBuf};

use clap::Args;

use super::office::Office;
use super::{DONE, reports};
use crate::actor::Actor;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::report::list::{self, Asked, Filter, List};
use crate::report::sheet::Form;
use crate::report::{Period, table};
use crate::unit::{self, CITY};

#[derive(Debug, Args)]
pub struct Options {
    /// obligations, payments, exceptions, days, pos_batches … ; a wrong name is answered with all of them
    list: String,
    /// The collecting unit, by its code; every unit when left out
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// The first day, YYYY-MM-DD, by the list's own date
    #[arg(long, value_name = "DATE")]
    from: BusinessDay,
    /// The last day, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    until: BusinessDay,
    /// Only rows in this state
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    /// The file to write; its suffix, .csv or .xlsx, says how. Without it CSV goes to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn run(config: &Path, options: Options) -> Result<u8> {
    let which = List::parse(&options.list)?;
    let period = Period::new(options.from, options.until)?;
    let office = Office::open(config)?;
    let actor = Actor::system();
    let units = office.read(&actor, |conn| match &options.unit {
        Some(code) => Ok(vec![unit::find_by_code(conn, code)?]),
        None => Ok(unit::all(conn)?.into_iter().filter(|unit| unit.id != CITY).collect()),
    })?;
    let asked = Asked {
        list: which,
        units: units.into_iter().map(|unit| (unit.id, unit.code)).collect(),
        is_of_all: options.unit.is_none(),
        period,
        state: which.state_asked(options.state.as_deref().unwrap_or_default())?,
        filter: Filter::default(),
    };
    let write = |form: Form, sink: &mut dyn std::io::Write| {
        table::write_as(form, sink, |sheet| list::write(&office.store, &actor.scope, &asked, sheet))
    };
    match &options.out {
        None => {
            write(Form::Csv, &mut std::io::stdout().lock())?;
        }
        Some(path) => {
            let form = reports::form_of(path)?;
            let count = reports::into_file(path, |sink| write(form, sink))?;
            println!("{}: {} · {count} dòng / rows · {}", path.display(), which.title(), asked.query_id());
        }
    }
    Ok(DONE)
}
