//! `bienlai correction …`

mod request;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::office::{self, Office, Roles};
use super::{DONE, print_json, read_bytes, table};
use crate::actor::{Actor, Role, Scope};
use crate::correction::{self, Correction, State, agreement, withdrawal};
use crate::error::{Error, Result};
use crate::id::{CorrectionId, PersonId, UnitId};
use crate::store::{Conn, Stamp, Tx};
use crate::unit;
use crate::web::{awaited_view, both, correction_view};
use crate::worker;
use request::{Explain, Request};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask for a receipt or invoice to be replaced, adjusted or cancelled; another person approves
    ///
    /// Lines are the document's lines as they should have been, all of them; with --add or --remove
    /// what is not named stays; the answer lists what is taken off. An original is adjusted,
    /// the newest of a chain is replaced, and the two are never mixed. A wrong tax code, personal id or
    /// passport alone is adjusted or replaced with --payer-… and no line. A wrong name or address alone
    /// is told by notice 04/SS and takes no new number: see `bienlai correction explain`.
    ///
    /// Example: bienlai correction request rcp_… --kind adjust --line HT-01=20000
    /// --reason "tính nhầm" --agreement 05/BB --agreed-on 2026-11-24 --about "sai số lượng" --person per_…
    Request(Box<Request>),
    /// A wrong name or address only: request notice 04/SS, which takes no new number
    ///
    /// Another person approves it with `bienlai tax notice approve`.
    /// Example: bienlai correction explain rcp_… --name "Nguyễn Thị Mẫu" --person per_…
    Explain(Explain),
    /// Attach the agreement itself before the decision; kept encrypted, its hash in the correction
    Attach(Attachment),
    /// Write the agreement that was attached to a file; each look leaves a trace
    Agreement(Reading),
    /// Ask for an approved correction whose money never came to be withdrawn; another person agrees
    Withdraw(Refusal),
    /// Agree: the extra lines go, nothing is numbered, what was paid of them is refunded
    WithdrawApprove(Decision),
    /// Turn the withdrawal down: the correction goes on waiting for its money
    WithdrawRefuse(Refusal),
    /// Approve a correction and carry it out with its money; another person than the one who asked
    ///
    /// Says what it made: the new receipt, the refunds of what is too much, or the money that must be
    /// collected first. Look at `bienlai correction list` before: it shows how sure the rule is.
    Approve(Decision),
    /// Refuse a correction; nothing changes but its state
    Refuse(Refusal),
    /// The corrections of a unit, newest first, each with the certainty of its rule
    List(List),
}

#[derive(Debug, Args)]
pub struct Decision {
    /// The correction, as cor_…
    correction: CorrectionId,
    /// Who decides, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Refusal {
    #[command(flatten)]
    decision: Decision,
    /// The reason; it is kept
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Args)]
pub struct List {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// Only those that wait for a decision
    #[arg(long)]
    open: bool,
    /// Only approved ones that wait for their money, with the day it should have come by
    #[arg(long, conflicts_with = "open")]
    unpaid: bool,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Attachment {
    #[command(flatten)]
    decision: Decision,
    /// The agreement: PDF, PNG or JPEG, at most 5 MB
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
}

#[derive(Debug, Args)]
pub struct Reading {
    #[command(flatten)]
    decision: Decision,
    /// Where to write it
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    match command {
        Command::Request(asked) => request::ask(&office, &asked)?,
        Command::Explain(asked) => request::explain(&office, &asked)?,
        Command::Approve(decision) => approve(&office, &decision)?,
        Command::Refuse(refusal) => refuse(&office, &refusal)?,
        Command::List(list) => show(&office, &list)?,
        Command::Attach(attachment) => {
            let bytes = read_bytes(&attachment.file)?;
            change(&office, office::CLERKS, &attachment.decision, |tx, stamp, actor, unit, id| {
                agreement::attach(tx, stamp, actor, unit, id, &bytes)
            })?;
        }
        Command::Agreement(reading) => write_agreement(&office, &reading)?,
        Command::Withdraw(asked) => {
            change(&office, office::CLERKS, &asked.decision, |tx, stamp, actor, unit, id| {
                withdrawal::ask(tx, stamp, actor, unit, id, &asked.reason)
            })?;
        }
        Command::WithdrawApprove(decision) => approve_withdrawal(&office, &decision)?,
        Command::WithdrawRefuse(refusal) => {
            change(&office, office::DECIDERS, &refusal.decision, |tx, stamp, actor, unit, id| {
                withdrawal::refuse(tx, stamp, actor, unit, id, &refusal.reason)
            })?;
        }
    }
    Ok(DONE)
}

fn acting(office: &Office, roles: Roles, decision: &Decision) -> Result<Actor> {
    office.acting(roles, decision.person, |conn| correction::locate(conn, &Scope::All, decision.correction))
}

fn change(
    office: &Office,
    roles: Roles,
    decision: &Decision,
    act: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, UnitId, CorrectionId) -> Result<Correction>,
) -> Result<()> {
    let actor = acting(office, roles, decision)?;
    let changed = office.write(&actor, |tx, stamp| {
        let unit = correction::locate(tx, &actor.scope, decision.correction)?;
        act(tx, stamp, &actor, unit, decision.correction)
    })?;
    print_json(&correction_view(&changed))
}

/// Who looks at an agreement.
const READERS: Roles = (Role::Auditor, &correction::READERS);

fn write_agreement(office: &Office, reading: &Reading) -> Result<()> {
    let actor = acting(office, READERS, &reading.decision)?;
    actor.require_role(&correction::READERS)?;
    let document = office.write(&actor, |tx, stamp| {
        let unit = correction::locate(tx, &actor.scope, reading.decision.correction)?;
        agreement::read(tx, stamp, &actor, unit, reading.decision.correction)
    })?;
    std::fs::write(&reading.output, &document.bytes).map_err(|error| {
        Error::invalid("output", "file_unwritable", format!("{}: {error}", reading.output.display()))
    })?;
    println!("{}  {}", reading.output.display(), document.sha256);
    Ok(())
}

fn approve_withdrawal(office: &Office, decision: &Decision) -> Result<()> {
    let actor = acting(office, office::DECIDERS, decision)?;
    let (changed, withdrawn) = office.write(&actor, |tx, stamp| {
        let unit = correction::locate(tx, &actor.scope, decision.correction)?;
        withdrawal::approve(tx, stamp, &actor, unit, decision.correction)
    })?;
    print_json(&serde_json::json!({
        "correction": correction_view(&changed),
        "refunds": withdrawn.refunds,
    }))
}

fn approve(office: &Office, decision: &Decision) -> Result<()> {
    let actor = acting(office, office::DECIDERS, decision)?;
    let (changed, amended) = office.write(&actor, |tx, stamp| {
        let unit = correction::locate(tx, &actor.scope, decision.correction)?;
        correction::approve(tx, stamp, &actor, unit, decision.correction)
    })?;
    worker::seal_waiting(office);
    print_json(&serde_json::json!({
        "correction": correction_view(&changed),
        "receipt": amended.receipt,
        "refunds": amended.refunds,
        "awaited": amended.awaited,
    }))
}

fn refuse(office: &Office, refusal: &Refusal) -> Result<()> {
    change(office, office::DECIDERS, &refusal.decision, |tx, stamp, actor, unit, id| {
        correction::refuse(tx, stamp, actor, unit, id, &refusal.reason)
    })
}

const LIST_LIMIT: i64 = 1_000;

fn show(office: &Office, list: &List) -> Result<()> {
    if list.unpaid {
        return show_unpaid(office, list);
    }
    let state = list.open.then_some(State::Requested);
    let found = office.read(&Actor::system(), |conn: &mut Conn| {
        let unit = unit::find_by_code(conn, &list.unit)?;
        correction::list(conn, unit.id, None, state, LIST_LIMIT)
    })?;
    if list.json {
        return print_json(&found.iter().map(correction_view).collect::<Vec<_>>());
    }
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    let heading = ["Mã", "Chứng từ", "Cách sửa", "Trạng thái", "Số cũ", "Số mới", "Bộ quy định", "Mức chắc"];
    table::print(&heading, &rows, &[4, 5]);
    Ok(())
}

/// Those that wait for money, with what is missing and until when.
fn show_unpaid(office: &Office, list: &List) -> Result<()> {
    let found = office.read(&Actor::system(), |conn: &mut Conn| {
        let unit = unit::find_by_code(conn, &list.unit)?;
        let all = correction::list(conn, unit.id, None, None, LIST_LIMIT)?;
        let told = all.into_iter().map(|one| correction::told(conn, one)).collect::<Result<Vec<_>>>()?;
        Ok(told.into_iter().filter(|one| one.awaited.is_some()).collect::<Vec<_>>())
    })?;
    let today = office.clock.now().business_day();
    let views: Vec<_> =
        found.iter().map(|told| awaited_view(told, office.calendar.newest(), today)).collect();
    if list.json {
        let both = found.iter().zip(&views).map(|(told, awaited)| {
            serde_json::json!({ "correction": correction_view(&told.correction), "awaited": awaited })
        });
        return print_json(&both.collect::<Vec<_>>());
    }
    let rows = found.iter().zip(&views).map(|(told, awaited)| {
        let missing = told.awaited.map_or_else(String::new, |awaited| awaited.outstanding.to_string());
        let due = awaited["due_on"].as_str().unwrap_or_default();
        let overdue = if awaited["is_overdue"] == true { "quá hạn / overdue" } else { "" };
        let state = both::value(told.correction.state.as_str());
        let (id, receipt) = (told.correction.id.to_string(), told.correction.receipt.to_string());
        vec![id, receipt, state, missing, due.to_owned(), overdue.to_owned()]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    table::print(&["Mã", "Chứng từ", "Trạng thái", "Còn thiếu", "Hạn nộp", ""], &rows, &[3]);
    Ok(())
}

fn row(item: &Correction) -> Vec<String> {
    vec![
        item.id.to_string(),
        item.receipt.to_string(),
        both::value(item.kind.as_str()),
        both::value(item.state.as_str()),
        item.old_amount.to_string(),
        item.new_amount.to_string(),
        item.profile.clone(),
        item.certainty.clone(),
    ]
}
