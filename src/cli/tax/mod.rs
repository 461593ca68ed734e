//! `bienlai tax …`: forms to the tax authority and the ledger of messages.

mod due;
mod invoice;
mod ledger;
mod notice;
mod registration;
mod report;
mod send;
pub mod simulate;

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::DONE;
use super::office::{Office, Roles};
use crate::actor::{Actor, Role, Scope};
use crate::error::{Error, Result};
use crate::filing::transmission::ReplyRecord;
use crate::filing::{self, query, reply, transmission};
use crate::id::{FilingId, UnitId};
use crate::store::Conn;
use crate::web::both;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Đăng ký 01/ĐKTĐ-CTĐT / registration of e-receipts and its certificates
    #[command(subcommand)]
    Registration(registration::Command),
    /// Báo cáo BC26/BLĐT / quarterly usage reports
    #[command(subcommand)]
    Report(report::Command),
    /// Thông báo sai sót 04/SS / error notices; one person requests, another approves
    #[command(subcommand)]
    Notice(notice::Command),
    /// Hóa đơn / invoices on their way to the authority; each goes by itself once it is signed
    #[command(subcommand)]
    Invoice(invoice::Command),
    /// Việc cần làm / what waits to be done: reports due or to be approved, stuck messages; exit 1 when
    /// something is late
    Due(due::Options),
    /// Ký và gửi ngay / sign what is drafted and send what waits, now
    ///
    /// With --wait the courier goes on, sending and asking, until nothing of it is open or the seconds are
    /// over, and tells what the authority answered; exit 1 when something is still open or was refused.
    Send(send::Options),
    /// Sổ truyền nhận / every message to the authority with its attempts and answers
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Xem một tờ khai / show a form with its history; --xml exports the signed document
    Form {
        /// The form, as fil_…
        id: FilingId,
        /// Write the signed message here, for the tax portal
        #[arg(long, value_name = "FILE")]
        xml: Option<PathBuf>,
    },
    /// Mô phỏng cơ quan thuế / a simulated authority on a port of this machine, for trials
    Simulate(simulate::Options),
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    match command {
        Command::Registration(command) => registration::run(config, command),
        Command::Report(command) => report::run(config, command),
        Command::Notice(command) => notice::run(config, command),
        Command::Invoice(command) => invoice::run(config, command),
        Command::Due(options) => due::run(config, &options),
        Command::Send(options) => send::run(config, &options),
        Command::Ledger(command) => ledger::run(config, command),
        Command::Form { id, xml } => form(config, id, xml.as_deref()),
        Command::Simulate(options) => simulate::run(&options),
    }
}

/// The rules behind a form with their marks, for who approves by them.
fn print_rules(filing: &filing::Filing) -> Result<()> {
    for rule in filing::mark::rules(filing)? {
        println!("  [{}] {}: {}", rule.mark, rule.item, rule.value);
        println!("      {} / {} ({})", rule.vi, rule.en, rule.source);
    }
    Ok(())
}

/// What an answer says, with its reasons; a reason that cannot be read is shown as it is kept.
fn said(answer: &ReplyRecord) -> String {
    let reasons = match serde_json::from_str::<Vec<reply::Fault>>(&answer.faults) {
        Ok(faults) => faults
            .iter()
            .map(|fault| format!("{} {}", fault.code, fault.text).trim().to_owned())
            .collect::<Vec<_>>()
            .join("; "),
        Err(_) => answer.faults.clone(),
    };
    format!("{}  {reasons}", both::verdict(&answer.verdict)).trim_end().to_owned()
}

/// Who decides on a form for the tax authority.
const DECIDERS: Roles = (Role::Approver, &[Role::Finance, Role::Administrator]);

fn locate(conn: &mut Conn, scope: &Scope, id: FilingId) -> Result<UnitId> {
    query::unit_of(conn, scope, id)?.ok_or_else(|| Error::not_found("filing_not_found", "no such form"))
}

fn form(config: &Path, id: FilingId, xml: Option<&Path>) -> Result<u8> {
    let office = Office::open(config)?;
    let (filing, history, messages) = office.read(&Actor::system(), |conn| {
        let unit = locate(conn, &Scope::All, id)?;
        let filing = filing::find(conn, unit, id)?;
        Ok((filing, query::history(conn, unit, id)?, transmission::of_filing(conn, unit, id)?))
    })?;
    if let Some(path) = xml {
        let message = messages.last().ok_or_else(|| {
            Error::conflict("filing_not_signed", "run `bienlai tax send` first; it signs before it sends")
        })?;
        let bytes =
            office.read(&Actor::system(), |conn| transmission::payload(conn, message.unit, message.id))?;
        let text = String::from_utf8(bytes).map_err(|_| Error::internal("a stored message is no UTF-8"))?;
        super::key::write_new(path, &text, false)?;
        println!("{}", path.display());
        return Ok(DONE);
    }
    println!(
        "{}  {}  {}  {}",
        filing.id,
        filing.form,
        filing.period.as_deref().unwrap_or("–"),
        both::form_state(filing.state)
    );
    for (event, state, actor, reason, at) in history {
        let (what, state) = (both::form_event(&event), both::form_state_of(&state));
        println!("  {}  {what} → {state}  {actor}  {}", at.hanoi_text(), reason.unwrap_or_default());
    }
    for message in messages {
        println!("  {}  {}  {}", message.id, message.message_code, both::message_state(message.state));
    }
    print_rules(&filing)?;
    println!("{}", filing.detail);
    Ok(DONE)
}
