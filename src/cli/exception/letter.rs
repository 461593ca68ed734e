//! Letters to the bank on the command line.

use std::path::PathBuf;

use clap::Args;

use super::super::office::{Office, Roles};
use super::super::{print_json, unreadable};
use super::{Step, locate};
use crate::actor::{Actor, Role, Scope};
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{LetterId, PersonId, UnitId};
use crate::queue::letter::{self, Content, Outcome, Reply};
use crate::queue::letter_query;
use crate::store::Conn;
use crate::web::letter_view;

#[derive(Debug, Args)]
pub struct New {
    #[command(flatten)]
    step: Step,
    /// What the bank is asked
    #[arg(long)]
    question: String,
}

#[derive(Debug, Args)]
pub struct Print {
    /// As ltr_…
    letter: LetterId,
    /// The PDF to write
    out: PathBuf,
    /// Who prints it, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Answer {
    /// As ltr_…
    letter: LetterId,
    /// identified, returned, not_received or unknown
    #[arg(long)]
    outcome: String,
    /// The day of the bank's letter; today when absent
    #[arg(long, value_name = "DATE")]
    on: Option<BusinessDay>,
    /// The bank's own number
    #[arg(long, value_name = "NO", default_value = "")]
    number: String,
    /// What it says; stored sealed
    #[arg(long)]
    words: String,
    /// Who records it, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

/// Who writes letters and records replies.
const WRITERS: Roles = (Role::Finance, &letter::WRITERS);
/// Who prints them.
const PRINTERS: Roles = (Role::Finance, &letter::PRINTERS);

pub fn write(office: &Office, asked: &New) -> Result<()> {
    let subject = asked.step.exception;
    let actor = office.acting(WRITERS, asked.step.person, |conn| locate(conn, &Actor::system(), subject))?;
    let letter = office.write(&actor, |tx, stamp| {
        let unit = locate(tx, &actor, subject)?;
        letter::write(tx, stamp, &actor, unit, subject, &asked.question)
    })?;
    print_json(&letter_view(&letter))
}

fn of_letter(conn: &mut Conn, scope: &Scope, id: LetterId) -> Result<UnitId> {
    letter_query::unit_of(conn, scope, id)?.ok_or_else(letter_query::not_found)
}

pub fn print(office: &Office, asked: &Print) -> Result<()> {
    let actor = office.acting(PRINTERS, asked.person, |conn| of_letter(conn, &Scope::All, asked.letter))?;
    actor.require_role(&letter::PRINTERS)?;
    let content = office.write(&actor, |tx, stamp| {
        let unit = of_letter(tx, &actor.scope, asked.letter)?;
        let letter = letter_query::find(tx, unit, asked.letter)?;
        audit::record(tx, stamp, &[audit::Entry::by(&actor, unit, "letter.printed", asked.letter)])?;
        Content::read(tx, stamp.vault, &letter)
    })?;
    std::fs::write(&asked.out, letter::pdf(&content)?).map_err(|error| unreadable(&asked.out, &error))?;
    println!("{}", asked.out.display());
    Ok(())
}

pub fn answer(office: &Office, asked: &Answer) -> Result<()> {
    let actor = office.acting(WRITERS, asked.person, |conn| of_letter(conn, &Scope::All, asked.letter))?;
    let told = Reply {
        outcome: Outcome::parse(&asked.outcome)?,
        on: asked.on.unwrap_or_else(|| office.clock.now().business_day()),
        number: asked.number.clone(),
        words: asked.words.clone(),
    };
    let letter = office.write(&actor, |tx, stamp| {
        let unit = of_letter(tx, &actor.scope, asked.letter)?;
        letter::record_reply(tx, stamp, &actor, unit, asked.letter, &told)
    })?;
    print_json(&letter_view(&letter))
}
