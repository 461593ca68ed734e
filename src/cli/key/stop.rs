//! `bienlai key stop`, `stop-approve`, `stop-refuse`: a certificate signs no more.

use std::path::Path;

use super::Stop;
use crate::actor::Role;
use crate::cli::DONE;
use crate::cli::office::{self, Office};
use crate::error::Result;
use crate::id::{EventId, PersonId};
use crate::unit::{self, certificate_stop};

pub fn ask(config: &Path, asked: &Stop) -> Result<u8> {
    let office = Office::open(config)?;
    let actor = office::actor(Role::Administrator, Some(asked.person));
    let id = office.write(&actor, |tx, stamp| {
        let known = certificate_stop::locate(tx, &actor.scope, asked.certificate)?;
        certificate_stop::ask(tx, stamp, &actor, (known.unit, known.id), &asked.reason)
    })?;
    println!("{id}");
    Ok(DONE)
}

/// Refused where a reason is given.
pub fn decide(
    config: &Path,
    (code, id): (&str, EventId),
    person: PersonId,
    refused: Option<&str>,
) -> Result<u8> {
    let office = Office::open(config)?;
    let actor = office::actor(Role::Administrator, Some(person));
    let certificate = office.write(&actor, |tx, stamp| {
        let unit = match code {
            "city" => unit::find(tx, unit::CITY)?,
            code => unit::find_by_code(tx, code)?,
        };
        match refused {
            Some(reason) => certificate_stop::refuse(tx, stamp, &actor, (unit.id, id), reason),
            None => certificate_stop::approve(tx, stamp, &actor, unit.id, id),
        }
    })?;
    let words = if refused.is_some() { "signs on" } else { "stopped" };
    println!("{certificate}  {words}");
    Ok(DONE)
}
