//! `bienlai day reopen`, `approve-reopening`, `refuse-reopening` and `reopenings`

use clap::Args;

use super::Place;
use crate::actor::Actor;
use crate::cli::listing::{Layout, List};
use crate::cli::office::{self, Office};
use crate::cli::{DONE, print_json};
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{PersonId, ReopeningId, UnitId};
use crate::reconciliation::reopening::{self, Reopening};
use crate::store::Conn;

#[derive(Debug, Args)]
pub struct Reopen {
    #[command(flatten)]
    place: Place,
    /// The first day that opens, YYYY-MM-DD; all later ones open with it
    #[arg(long, value_name = "DATE")]
    date: BusinessDay,
    /// The reason; it is kept
    #[arg(long)]
    reason: String,
    /// Who asks, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Step {
    /// The request, as rop_…
    request: ReopeningId,
    /// Who acts, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Refusal {
    #[command(flatten)]
    step: Step,
    /// The reason; it is kept
    #[arg(long)]
    reason: String,
}

pub fn request(office: &Office, asked: &Reopen) -> Result<u8> {
    let actor = office.acting(office::ASKERS, asked.person, |conn| Ok(asked.place.find(conn)?.0.id))?;
    let made = office.write(&actor, |tx, stamp| {
        let (unit, account) = asked.place.find(tx)?;
        reopening::request(tx, stamp, &actor, (unit.id, account.id), asked.date, &asked.reason)
    })?;
    print_json(&made)?;
    Ok(DONE)
}

pub fn approve(office: &Office, asked: &Step) -> Result<u8> {
    let actor = deciding(office, asked)?;
    let opened = office.write(&actor, |tx, stamp| {
        let unit = locate(tx, &actor, asked.request)?;
        reopening::approve(tx, stamp, &actor, unit, asked.request)
    })?;
    print_json(&opened)?;
    Ok(DONE)
}

pub fn refuse(office: &Office, asked: &Refusal) -> Result<u8> {
    let actor = deciding(office, &asked.step)?;
    let refused = office.write(&actor, |tx, stamp| {
        let unit = locate(tx, &actor, asked.step.request)?;
        reopening::refuse(tx, stamp, &actor, unit, asked.step.request, &asked.reason)
    })?;
    print_json(&refused)?;
    Ok(DONE)
}

fn deciding(office: &Office, step: &Step) -> Result<Actor> {
    office.acting(office::DECIDERS, step.person, |conn| locate(conn, &Actor::system(), step.request))
}

fn locate(conn: &mut Conn, actor: &Actor, id: ReopeningId) -> Result<UnitId> {
    reopening::unit_of(conn, &actor.scope, id)?.ok_or_else(reopening::not_found)
}

pub fn list(office: &Office, asked: &List) -> Result<u8> {
    let layout = Layout {
        headings: &["Đề nghị", "Từ ngày", "Trạng thái", "Người lập", "Người duyệt", "Lý do"],
        right: &[],
        cells: |one: &Reopening| {
            vec![
                one.id.to_string(),
                one.date.to_string(),
                one.state.as_str().to_owned(),
                one.maker.to_string(),
                one.checker.map(|person| person.to_string()).unwrap_or_default(),
                one.reason.clone(),
            ]
        },
    };
    asked.print(office, reopening::list, Clone::clone, &layout)?;
    Ok(DONE)
}
