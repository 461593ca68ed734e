//! `bienlai audit …`

use std::path::Path;

use clap::Subcommand;

use super::office::{self, Office};
use super::{DONE, NO};
use crate::actor::Actor;
use crate::audit;
use crate::error::Result;
use crate::unit;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prove that no entry of the trail was changed, taken out or put in; exit 1 if one was
    Verify {
        /// Only this unit, by its code
        #[arg(long, value_name = "CODE")]
        unit: Option<String>,
    },
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let Command::Verify { unit } = command;
    let office = Office::open(config)?;
    // Entries committed a moment ago have no place in the trail yet.
    crate::worker::number_committed(&office)?;
    let mut is_whole = true;
    office.read(&Actor::system(), |conn| {
        let mut names: Vec<(crate::id::UnitId, String)> =
            office::units(conn, unit.as_deref())?.into_iter().map(|unit| (unit.id, unit.code)).collect();
        if unit.is_none() {
            names.insert(0, (unit::CITY, "city".to_owned()));
        }
        for (id, code) in names {
            match audit::verify(conn, id)? {
                None => println!("{code}: nguyên vẹn / whole"),
                Some(fault) => {
                    is_whole = false;
                    println!("{code}: {fault}");
                }
            }
        }
        Ok(())
    })?;
    Ok(if is_whole { DONE } else { NO })
}
