//! `bienlai tariff …`

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::office::Office;
use super::{DONE, NO, read_text};
use crate::actor::Actor;
use crate::error::Result;
use crate::tariff::{self, RowError};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a tariff file; every bad row is told with its line
    Check {
        /// The tariff, as TOML
        file: PathBuf,
    },
    /// Check a tariff file and put it in force
    Load {
        /// The tariff, as TOML
        file: PathBuf,
    },
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    match command {
        Command::Check { file } => match tariff::load(&read_text(&file)?) {
            Ok(tariff) => {
                let fees = tariff.items().count();
                println!("{}: {fees} fee items, no errors", tariff.name());
                Ok(DONE)
            }
            Err(problems) => Ok(tell(&problems)),
        },
        Command::Load { file } => {
            let content = read_text(&file)?;
            let office = Office::open(config)?;
            let actor = Actor::system();
            let stored = office
                .write(&actor, |tx, stamp| tariff::edition::store_edition(tx, stamp, &actor, &content))?;
            match stored {
                Ok(tariff) => {
                    println!("in force: {}", tariff.name());
                    Ok(DONE)
                }
                Err(problems) => Ok(tell(&problems)),
            }
        }
    }
}

fn tell(problems: &[RowError]) -> u8 {
    for problem in problems {
        eprintln!("{problem}");
    }
    eprintln!("{} bad rows; nothing was loaded", problems.len());
    NO
}
