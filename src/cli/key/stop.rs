//! `bienlai key stop`, `stop-approve`, `stop-refuse`: a certificate signs no more.

use std::path::Path;

use super::Stop;
use crate::actor::{Role, Scope};
use crate::cli::DONE;
use crate::cli::office::{Office, Roles};
use crate::error::Result;
use crate::id::{EventId, PersonId};
use crate::unit::certificate_stop;

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
    println!("{id}  {}  chờ người khác duyệt / waits for another person:", asked.certificate);
    println!("  bienlai key stop-approve {id} --person per_…");
    Ok(DONE)
}

/// Refused where a reason is given.
pub fn decide(config: &Path, id: EventId, person: PersonId, refused: Option<&str>) -> Result<u8> {
    let office = Office::open(config)?;
    let actor = office.acting(DECIDERS, person, |conn| certificate_stop::unit_of(conn, &Scope::All, id))?;
    let certificate = office.write(&actor, |tx, stamp| {
        let unit = certificate_stop::unit_of(tx, &actor.scope, id)?;
        match refused {
            Some(reason) => certificate_stop::refuse(tx, stamp, &actor, (unit, id), reason),
            None => certificate_stop::approve(tx, stamp, &actor, unit, id),
        }
    })?;
    let words = if refused.is_some() { "vẫn ký / signs on" } else { "đã thôi dùng / stopped" };
    println!("{certificate}  {words}");
    Ok(DONE)
}
