//! `bienlai reconcile`

use std::path::Path;

use clap::Args;

use super::office::{self, Office};
use super::{DONE, NO, books, print_json};
use crate::actor::{Actor, Role};
use crate::error::Result;
use crate::id::PersonId;

#[derive(Debug, Args)]
pub struct Options {
    /// Only this unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// The person who runs it, as per_…
    #[arg(long, value_name = "ID")]
    person: Option<PersonId>,
}

pub fn run(config: &Path, options: Options) -> Result<u8> {
    let office = Office::open(config)?;
    let actor = office::actor(Role::Finance, options.person);
    let units = office.read(&Actor::system(), |conn| office::units(conn, options.unit.as_deref()))?;
    let outcome = books::reconcile(&office, &actor, &units)?;
    print_json(&outcome.report)?;
    Ok(if outcome.is_clean { DONE } else { NO })
}
