//! `bienlai tax ledger …`

use std::path::Path;

use clap::Subcommand;

use crate::actor::{Actor, Scope};
use crate::cli::office::Office;
use crate::cli::{DONE, table};
use crate::error::Result;
use crate::filing::code;
use crate::filing::transmission::{self, Wanted};
use crate::id::{TransmissionId, UnitId};
use crate::store::{Stamp, Tx};
use crate::unit;
use crate::web::both;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Danh sách thông điệp / messages, newest first
    List {
        /// The collecting unit, by its code; all units when left out
        #[arg(long, value_name = "CODE")]
        unit: Option<String>,
        /// Only what is not settled yet
        #[arg(long)]
        open: bool,
    },
    /// Một thông điệp / one message with every attempt and answer
    Show {
        /// The message, as trm_…
        id: TransmissionId,
    },
    /// Gửi tiếp / let a halted message go again; the authority is asked first whether it has it
    Release {
        /// The message, as trm_…
        id: TransmissionId,
    },
    /// Hỏi lại / ask the authority again for a message refused as a double (20609) of its own earlier sending
    AskAgain {
        /// The message, as trm_…
        id: TransmissionId,
    },
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    match command {
        Command::List { unit, open } => list(&office, unit.as_deref(), open),
        Command::Show { id } => show(&office, id),
        Command::Release { id } => act(&office, id, transmission::release),
        Command::AskAgain { id } => act(&office, id, transmission::ask_again),
    }
}

/// What a person may have done with a message.
type Act = fn(&mut Tx<'_>, &Stamp<'_>, &Actor, UnitId, TransmissionId) -> Result<()>;

fn act(office: &Office, id: TransmissionId, act: Act) -> Result<u8> {
    let actor = Actor::system();
    office.write(&actor, |tx, stamp| {
        let message = transmission::find(tx, &actor.scope, id)?;
        act(tx, stamp, &actor, message.unit, id)
    })?;
    println!("{id}");
    Ok(DONE)
}

fn list(office: &Office, code: Option<&str>, open: bool) -> Result<u8> {
    let rows = office.read(&Actor::system(), |conn| {
        let unit = code.map(|code| unit::find_by_code(conn, code)).transpose()?.map(|unit| unit.id);
        let mut rows = Vec::new();
        for message in transmission::of_unit(conn, unit, Wanted::open_if(open), 200)? {
            let unit = unit::find(conn, message.unit)?;
            rows.push(vec![
                message.id.to_string(),
                unit.code,
                kind(message.kind),
                message.created_at.hanoi_text(),
                message.attempts.to_string(),
                both::message_state(message.state),
            ]);
        }
        Ok(rows)
    })?;
    table::print(&["Id", "Đơn vị", "Loại", "Lập lúc", "Lần gửi", "Trạng thái"], &rows, &[4]);
    Ok(DONE)
}

fn kind(number: i32) -> String {
    match code::of(number) {
        Some(kind) => format!("{number} {}", kind.vi),
        None => number.to_string(),
    }
}

fn show(office: &Office, id: TransmissionId) -> Result<u8> {
    let (message, events, replies) = office.read(&Actor::system(), |conn| {
        let message = transmission::find(conn, &Scope::All, id)?;
        let events = transmission::events(conn, message.unit, id)?;
        Ok((message.clone(), events, transmission::replies(conn, message.unit, id)?))
    })?;
    println!("{}  {}  {}", message.id, message.message_code, both::message_state(message.state));
    if let Some(kind) = code::of(message.kind) {
        println!(
            "  {}  {} / {} ([{}]: {})",
            message.kind,
            kind.vi,
            kind.en,
            kind.certainty.mark(),
            kind.source
        );
    }
    println!("  {}", message.filing);
    for event in events {
        let (what, state) = (both::message_event(&event.kind), both::message_state_of(&event.state));
        println!("  {}  {what} → {state}  {}", event.at.hanoi_text(), event.detail);
    }
    for reply in replies {
        println!("  ← {}  {}  {}", reply.received_at.hanoi_text(), kind(reply.kind), super::said(&reply));
    }
    Ok(DONE)
}
