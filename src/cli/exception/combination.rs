//! Combinations of credits on the command line: proposed, approved and sent back all at once.

use std::collections::BTreeSet;

use clap::Args;
use serde_json::{Value, json};

use super::super::office::{self, Office};
use super::super::print_json;
use super::{Reasoned, Step, locate};
use crate::actor::Actor;
use crate::error::Result;
use crate::exception::{self, Exception};
use crate::id::{ExceptionId, ObligationId, PersonId};
use crate::payment::combine;
use crate::web::exception_view;

#[derive(Debug, Args)]
pub struct Combine {
    /// The credits, two or more, as exc_…
    #[arg(required = true)]
    exceptions: Vec<ExceptionId>,
    /// The obligation that owes exactly their sum, as obl_…
    #[arg(long, value_name = "ID")]
    target: ObligationId,
    /// The reason; it is kept
    #[arg(long)]
    reason: String,
    /// Who proposes it, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

pub fn propose(office: &Office, asked: &Combine) -> Result<()> {
    let ids: BTreeSet<ExceptionId> = asked.exceptions.iter().copied().collect();
    let first = ids.first().copied().unwrap_or(ExceptionId(0));
    let actor = office.acting(office::ASKERS, asked.person, |conn| locate(conn, &Actor::system(), first))?;
    let proposed = office.write(&actor, |tx, stamp| {
        let mut parts = Vec::with_capacity(ids.len());
        for id in &ids {
            let unit = locate(tx, &actor, *id)?;
            parts.push(exception::find(tx, unit, *id)?);
        }
        combine::propose(tx, stamp, &actor, &parts, (asked.target, &asked.reason))
    })?;
    print_json(&shown(office, &proposed))
}

fn deciding(office: &Office, step: &Step) -> Result<Actor> {
    office.acting(office::DECIDERS, step.person, |conn| locate(conn, &Actor::system(), step.exception))
}

/// Documents that were numbered are signed by the service, which finds them by their state.
pub fn approve(office: &Office, asked: &Step) -> Result<()> {
    let actor = deciding(office, asked)?;
    let decided = office.write(&actor, |tx, stamp| {
        let unit = locate(tx, &actor, asked.exception)?;
        let parts = combine::approve(tx, stamp, &actor, (unit, asked.exception))?.0;
        parts.iter().map(|part| exception::find(tx, unit, part.id)).collect::<Result<Vec<_>>>()
    })?;
    print_json(&shown(office, &decided))
}

pub fn refuse(office: &Office, asked: &Reasoned) -> Result<()> {
    let (step, actor) = (&asked.step, deciding(office, &asked.step)?);
    let decided = office.write(&actor, |tx, stamp| {
        let unit = locate(tx, &actor, step.exception)?;
        let parts = combine::refuse(tx, stamp, &actor, (unit, step.exception), &asked.reason)?;
        parts.iter().map(|part| exception::find(tx, unit, part.id)).collect::<Result<Vec<_>>>()
    })?;
    print_json(&shown(office, &decided))
}

fn shown(office: &Office, parts: &[Exception]) -> Value {
    let today = office.clock.now().business_day();
    let parts: Vec<_> = parts.iter().map(|part| exception_view(part, today)).collect();
    json!({ "combination": parts })
}
