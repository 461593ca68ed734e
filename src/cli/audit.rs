//! `bienlai audit …`

use std::path::Path;

use clap::Subcommand;

use super::office::{self, Office};
use super::{DONE, NO};
use crate::actor::Actor;
use crate::audit;
use crate::error::Result;
use crate::unit;
use crate::web::callback::refused::open_head;
use crate::web::query;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prove that no entry of the trail was changed, taken out or put in; exit 1 if one was
    Verify {
        /// Only this unit, by its code
        #[arg(long, value_name = "CODE")]
        unit: Option<String>,
    },
    /// Show callbacks that were refused in the last 30 days, newest first, with the head of each body
    Refused {
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=1_000))]
        limit: i64,
        /// Also print the first bytes of each body; they may hold personal data
        #[arg(long)]
        body: bool,
    },
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    match command {
        Command::Verify { unit } => verify(&office, unit.as_deref()),
        Command::Refused { limit, body } => refused(&office, limit, body),
    }
}

fn refused(office: &Office, limit: i64, with_body: bool) -> Result<u8> {
    let actor = Actor::system();
    if with_body {
        office.write(&actor, |tx, stamp| {
            audit::record(tx, stamp, &[audit::Entry::by(&actor, unit::CITY, "refused.viewed", limit)])
        })?;
    }
    for kept in office.read(&actor, |conn| query::refused(conn, limit))? {
        let at = kept.received_at.hanoi_text();
        println!("{at}  {}  {}  sha256 {}", kept.channel, kept.code, kept.body_sha256);
        if with_body {
            let head = office.read(&actor, |conn| open_head(conn, &office.vault, &kept))?;
            println!("  {}", String::from_utf8_lossy(&head).escape_debug());
        }
    }
    Ok(DONE)
}

fn verify(office: &Office, unit: Option<&str>) -> Result<u8> {
    // Entries committed a moment ago have no place in the trail yet.
    crate::worker::number_committed(office)?;
    let mut is_whole = true;
    office.read(&Actor::system(), |conn| {
        let mut names: Vec<(crate::id::UnitId, String)> =
            office::units(conn, unit)?.into_iter().map(|unit| (unit.id, unit.code)).collect();
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
