//! `bienlai tariff …`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::office::{self, Office, Roles};
use super::{DONE, NO, read_text, table};
use crate::actor::{Actor, Role};
use crate::error::{Error, Result};
use crate::id::{EventId, PersonId};
use crate::tariff::{self, RowError, draft};
use crate::web::{both, message};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a tariff file; every bad row is told with its line
    Check {
        /// The tariff, as TOML
        file: PathBuf,
    },
    /// Check a tariff file and propose it; another person approves it
    ///
    /// The first tariff of an empty installation is in force at once and needs nobody.
    /// Example: bienlai tariff load bieu-phi.toml --maker per_… --reason "Nghị quyết 12/2026"
    Load(Load),
    /// The drafts that were proposed, newest first
    Drafts,
    /// Approve a draft: it is the tariff in force from now on; another person than the one who proposed it
    Approve(Decision),
    /// Refuse a draft, or take one's own back
    Refuse {
        #[command(flatten)]
        decision: Decision,
        /// The reason; it is kept
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub struct Load {
    /// The tariff, as TOML
    file: PathBuf,
    /// Who proposes it, as per_…; needed as soon as a tariff is in force
    #[arg(long, value_name = "ID", requires = "reason")]
    maker: Option<PersonId>,
    /// Why it changes, and by which decision; it is kept
    #[arg(long, requires = "maker")]
    reason: Option<String>,
}

#[derive(Debug, Args)]
pub struct Decision {
    /// The draft, as evt_…
    draft: EventId,
    /// Who decides, as per_…
    #[arg(long, value_name = "ID")]
    checker: PersonId,
}

/// The tariff is the whole city's.
const DECIDERS: Roles = (Role::Approver, &[Role::Administrator]);

pub fn run(config: &Path, command: Command) -> Result<u8> {
    match command {
        Command::Check { file } => match tariff::load(&read_text(&file)?) {
            Ok(tariff) => {
                let fees = tariff.items().count();
                println!("{}: {fees} khoản thu, không có lỗi / fee items, no errors", tariff.name());
                Ok(DONE)
            }
            Err(problems) => Ok(tell(&problems)),
        },
        Command::Load(load) => propose(config, &load),
        Command::Drafts => list(config),
        Command::Approve(decision) => {
            let office = Office::open(config)?;
            let actor = office.acting_in_city(DECIDERS, decision.checker)?;
            office.write(&actor, |tx, stamp| draft::approve(tx, stamp, &actor, decision.draft))?;
            println!("{}: đang áp dụng / in force", decision.draft);
            Ok(DONE)
        }
        Command::Refuse { decision, reason } => {
            let office = Office::open(config)?;
            let actor = office.acting_in_city(DECIDERS, decision.checker)?;
            office.write(&actor, |tx, stamp| draft::refuse(tx, stamp, &actor, decision.draft, &reason))?;
            println!("{}: đã từ chối / refused", decision.draft);
            Ok(DONE)
        }
    }
}

fn propose(config: &Path, load: &Load) -> Result<u8> {
    let content = read_text(&load.file)?;
    let office = Office::open(config)?;
    let (Some(maker), Some(reason)) = (load.maker, &load.reason) else { return first(&office, &content) };
    let actor = office.acting_in_city(office::ADMINISTRATORS, maker)?;
    let made = office.write(&actor, |tx, stamp| draft::propose(tx, stamp, &actor, &content, reason))?;
    match made {
        Ok(draft) => {
            println!(
                "{draft}: đã đề nghị, người khác duyệt bằng / proposed; another person approves it with"
            );
            println!("  bienlai tariff approve {draft} --checker per_…");
            Ok(DONE)
        }
        Err(problems) => Ok(tell(&problems)),
    }
}

fn first(office: &Office, content: &str) -> Result<u8> {
    let actor = Actor::system();
    let stored = office.write(&actor, |tx, stamp| tariff::edition::store_first(tx, stamp, &actor, content));
    match stored.map_err(how_to_propose)? {
        Ok(tariff) => {
            println!("đang áp dụng / in force: {}", tariff.name());
            Ok(DONE)
        }
        Err(problems) => Ok(tell(&problems)),
    }
}

fn how_to_propose(error: Error) -> Error {
    match error.code() {
        "tariff_needs_two_persons" => {
            Error::conflict("tariff_needs_two_persons", "a tariff is in force: add --maker per_… --reason …")
        }
        _ => error,
    }
}

/// Drafts on the screen.
const SHOWN: i64 = 50;

fn list(config: &Path) -> Result<u8> {
    let office = Office::open(config)?;
    let drafts = office.read(&Actor::system(), |conn| draft::list(conn, SHOWN))?;
    let rows: Vec<Vec<String>> = drafts
        .iter()
        .map(|one| {
            let checker = one.checker.map_or_else(|| "–".to_owned(), |person| person.to_string());
            let (id, state) = (one.id.to_string(), both::value(one.state.as_str()));
            vec![id, state, one.maker.to_string(), checker, one.reason.clone()]
        })
        .collect();
    table::print(&["Dự thảo", "Trạng thái", "Người đề nghị", "Người quyết định", "Lý do"], &rows, &[]);
    Ok(DONE)
}

fn tell(problems: &[RowError]) -> u8 {
    for problem in problems {
        eprintln!("dòng {}: {}\n  {problem}", problem.line, message::words(problem.code).vi);
    }
    eprintln!("{0} dòng sai, chưa nạp gì / {0} bad rows; nothing was loaded", problems.len());
    NO
}
