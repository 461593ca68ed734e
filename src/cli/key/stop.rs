//! `bienlai key stop`, `stop-approve`, `stop-refuse`: a certificate signs no more.

use std::path::Path;

use super::Stop;
use crate::actor::{Role, Scope};
use crate::cli::DONE;
use crate::cli::office::{Office, Roles};
use crate::error::Result;
use crate::id::{EventId, PersonId, UnitId};
use crate::store::Conn;
use crate::unit::{self, certificate_stop};

/// Who asks for it.
const ASKERS: Roles = (Role::Administrator, &certificate_stop::ASKERS);
/// Who decides about it.
const DECIDERS: Roles = (Role::Administrator, &certificate_stop::DECIDERS);

pub fn ask(config: &Path, asked: &Stop) -> Result<u8> {
    let office = Office::open(config)?;
    let actor = office.acting(ASKERS, asked.person, |conn| {
        Ok(certificate_stop::locate(conn, &Scope::All, asked.certificate)?.unit)
    })?;
    let id = office.write(&actor, |tx, stamp| {
        let known = certificate_stop::locate(tx, &actor.scope, asked.certificate)?;
        certificate_stop::ask(tx, stamp, &actor, (known.unit, known.id), &asked.reason)
    })?;
    println!("{id}");
    Ok(DONE)
}

fn unit_called(conn: &mut Conn, code: &str) -> Result<UnitId> {
    match code {
        "city" => Ok(unit::CITY),
        code => Ok(unit::find_by_code(conn, code)?.id),
    }
}

/// Refused where a reason is given.
pub fn decide(
    config: &Path,
    (code, id): (&str, EventId),
    person: PersonId,
    refused: Option<&str>,
) -> Result<u8> {
    let office = Office::open(config)?;
    let actor = office.acting(DECIDERS, person, |conn| unit_called(conn, code))?;
    let certificate = office.write(&actor, |tx, stamp| {
        let unit = unit_called(tx, code)?;
        match refused {
            Some(reason) => certificate_stop::refuse(tx, stamp, &actor, (unit, id), reason),
            None => certificate_stop::approve(tx, stamp, &actor, unit, id),
        }
    })?;
    let words = if refused.is_some() { "signs on" } else { "stopped" };
    println!("{certificate}  {words}");
    Ok(DONE)
}
