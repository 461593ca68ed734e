//! `bienlai unit …`

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::office::Office;
use super::{DONE, read_text, table, units};
use crate::actor::Actor;
use crate::error::Result;
use crate::unit;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Register units with their accounts and series from a file; what is registered stays as it is
    ///
    /// The file is TOML with [[unit]], [[unit.account]] and [[unit.series]]; see
    /// fixtures/units/demo.toml.
    Load { file: PathBuf },
    /// List the registered units
    List,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let actor = Actor::system();
    match command {
        Command::Load { file } => {
            let wanted = units::parse(&read_text(&file)?)?;
            let office = Office::open(config)?;
            for unit in &wanted {
                let done = office.write(&actor, |tx, stamp| units::apply(tx, stamp, &actor, unit))?;
                println!("{}  {}: {done}", unit.code, unit.name);
            }
        }
        Command::List => {
            let office = Office::open(config)?;
            let units = office.read(&actor, unit::all)?;
            let rows: Vec<Vec<String>> = units
                .into_iter()
                .map(|unit| vec![unit.code, unit.name, unit.tax_code, unit.id.to_string()])
                .collect();
            table::print(&["Mã", "Tên", "Mã số thuế", "Id"], &rows, &[]);
        }
    }
    Ok(DONE)
}
