//! A citizen's complaint on the command line.

use clap::Args;

use super::super::office::{Office, Roles};
use super::super::print_json;
use crate::actor::{Actor, Role};
use crate::error::Result;
use crate::id::PersonId;
use crate::queue::complaint::{self, Complaint};
use crate::web::exception_view;

#[derive(Debug, Args)]
pub struct Complain {
    /// The obligation, payment or receipt it is about: obl_…, pay_…, rcp_…
    subject: String,
    /// counter, phone, letter or portal
    #[arg(long)]
    way: String,
    /// What was said, without names
    words: String,
    /// Who takes it down, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

/// Who takes complaints down.
const TAKERS: Roles = (Role::Finance, &complaint::TAKERS);

pub fn take(office: &Office, asked: &Complain) -> Result<()> {
    let actor = office
        .acting(TAKERS, asked.person, |conn| complaint::unit_of(conn, &Actor::system(), &asked.subject))?;
    let new =
        Complaint { subject: asked.subject.clone(), way: asked.way.clone(), words: asked.words.clone() };
    let item = office.write(&actor, |tx, stamp| complaint::record(tx, stamp, &actor, &new))?;
    print_json(&exception_view(&item, office.clock.now().business_day()))
}
