//! `bienlai statement …` with a database: importing, corrected statements, lines set aside.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::office::{self, Office, Roles};
use super::{DONE, NO, UNREADABLE, print_json, read_bytes, read_text, statement_map, table};
use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::*;
use crate::payment::settler::Numbered as _;
use crate::reconciliation::{self, restated};
use crate::statement::layout::Layout;
use crate::statement::quarantine::{self, Decided, Repair, Verdict};
use crate::statement::version::{self, Decision, Difference, Side};
use crate::statement::{Format, Imported, Options, Progress, job, query};
use crate::text;

/// Rows that a list shows.
const SHOWN: i64 = 200;

#[derive(Debug, Args)]
pub struct Import {
    /// The bank file; the format is found by its content
    file: PathBuf,
    /// A mapping of the table's columns, as `preview` prints one; it is saved for the account
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// The account, for a file that names none
    #[arg(long, value_name = "NUMBER")]
    account: Option<String>,
    /// The person who imports, as per_…: a statement of a unit that their logins for finance do not see stays out;
    /// without it the trail names the program
    #[arg(long, value_name = "ID")]
    person: Option<PersonId>,
}

/// A unit, and an account of it where one is meant.
#[derive(Debug, Args)]
pub struct Place {
    /// The unit's official code
    #[arg(long)]
    unit: String,
    /// The account's number
    #[arg(long)]
    account: Option<String>,
}

impl Place {
    pub(super) fn find(&self, office: &Office) -> Result<(UnitId, Option<AccountId>)> {
        office.read(&Actor::system(), |conn| {
            let unit = crate::unit::find_by_code(conn, &self.unit)?;
            let account = match &self.account {
                Some(number) => Some(office::account(conn, &unit, number)?.id),
                None => None,
            };
            Ok((unit.id, account))
        })
    }
}

#[derive(Debug, Subcommand)]
pub enum VersionCommand {
    /// Statements that the bank sent again with other lines
    List(Place),
    /// Propose to accept a held version, or to dismiss it
    Propose {
        /// The version, as ver_…
        id: VersionId,
        /// `accept` or `dismiss`
        #[arg(long)]
        decision: String,
        /// The reason; it is kept
        #[arg(long)]
        reason: String,
        /// The person who proposes, as per_…
        #[arg(long, value_name = "ID")]
        person: PersonId,
    },
    /// Approve the proposal; another person. An accepted version goes in at once
    Approve {
        /// The version, as ver_…
        id: VersionId,
        /// The person who approves, as per_…
        #[arg(long, value_name = "ID")]
        person: PersonId,
    },
    /// Send the proposal back; the version is held again
    SendBack {
        /// The version, as ver_…
        id: VersionId,
        /// The reason; it is kept
        #[arg(long)]
        reason: String,
        /// Who acts, as per_…
        #[arg(long, value_name = "ID")]
        person: PersonId,
    },
}

#[derive(Debug, Subcommand)]
pub enum QuarantineCommand {
    /// Lines that could not be read and wait, with their text
    List(Place),
    /// Repair the only line of a statement that waits
    Repair(RepairArgs),
    /// Discard the only line of a statement that waits
    Discard {
        /// The waiting line, as evt_…
        id: EventId,
        /// The reason; it is kept
        #[arg(long)]
        reason: String,
        /// Who acts, as per_…
        #[arg(long, value_name = "ID")]
        person: PersonId,
    },
    /// Decide all waiting lines of a statement, from a JSON file as the API takes it
    Decide {
        /// The statement, as stm_…
        statement: StatementId,
        /// The decisions, as JSON
        file: PathBuf,
        /// Who acts, as per_…
        #[arg(long, value_name = "ID")]
        person: PersonId,
    },
}

#[derive(Debug, Args)]
pub struct RepairArgs {
    /// The waiting line, as evt_…
    id: EventId,
    /// The booking date, as 2026-11-22
    #[arg(long)]
    date: BusinessDay,
    /// Whole đồng; minus is money out
    #[arg(long, allow_hyphen_values = true)]
    amount: i64,
    /// The text of the line
    #[arg(long, default_value = "")]
    memo: String,
    /// The bank's reference of the line
    #[arg(long)]
    bank_reference: Option<String>,
    /// The reason; it is kept
    #[arg(long)]
    reason: String,
    /// Who acts, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Subcommand)]
pub enum MapCommand {
    /// The saved mappings of an account, newest first
    Show(Place),
    /// Save a mapping for an account; its tables are read by it from then on
    Save {
        /// The mapping, as `statement preview` prints one
        file: PathBuf,
        #[command(flatten)]
        place: Place,
        /// Who acts, as per_…; without it the trail names the program
        #[arg(long, value_name = "ID")]
        person: Option<PersonId>,
    },
}

pub fn import_file(config: &Path, import: &Import) -> Result<u8> {
    let layout = match &import.map {
        Some(path) => Some(Layout::from_toml(&read_text(path)?)?),
        None => None,
    };
    let bytes = read_bytes(&import.file)?;
    let office = Office::open(config)?;
    if let (Some(person), Some(layout)) = (import.person, &layout) {
        statement_map::check_keeper(&office, person, (bytes.as_slice(), layout), import.account.as_deref())?;
    }
    let actor = office.acting_over(Role::Finance, import.person)?;
    let bar = std::io::stderr().is_terminal();
    let progress = |progress: Progress| {
        if bar {
            draw(progress);
        }
        Ok(())
    };
    let options =
        Options { layout: layout.as_ref(), account_no: import.account.as_deref(), progress: Some(&progress) };
    let imported = super::books::import_with(&office, &actor, &bytes, options)?;
    if bar {
        eprintln!();
    }
    if let Some(layout) = layout.as_ref().filter(|_| imported.errors.is_empty()) {
        statement_map::keep(&office, import.person, &imported, layout)?;
    }
    tell_people(&imported);
    print_json(&imported)?;
    // A file of no known form was not refused for what it says: nothing of it could be read.
    Ok(match (imported.errors.is_empty(), imported.format) {
        (true, _) if imported.refused.is_empty() => DONE,
        (false, Format::Unknown) => UNREADABLE,
        // Refused, or left out in part.
        _ => NO,
    })
}

/// One line that draws over itself.
fn draw(progress: Progress) {
    const WIDTH: usize = 30;
    let filled = (progress.lines_done * WIDTH).checked_div(progress.lines_total).unwrap_or(WIDTH).min(WIDTH);
    let (done, total) = (progress.lines_done, progress.lines_total);
    eprint!("\r[{}{}] {done}/{total}", "█".repeat(filled), " ".repeat(WIDTH - filled));
    let _ = std::io::stderr().flush();
}

/// What is odd is told on the side, so that the JSON stays JSON.
fn tell_people(imported: &Imported) {
    for one in &imported.refused {
        eprintln!(
            "bienlai: sao kê thứ {} bị để lại, chưa được nạp / statement {} was left out: {}: {} ({})",
            one.ordinal, one.ordinal, one.finding.at, one.finding.message, one.code
        );
    }
    for one in &imported.statements {
        for odd in &one.oddities {
            eprintln!("bienlai: {}: {} / {}", one.id, odd.vi(), odd.en());
        }
        if one.quarantined > 0 {
            eprintln!(
                "bienlai: {}: {} dòng không đọc được, chờ xử lý / lines set aside: bienlai statement quarantine list",
                one.id, one.quarantined
            );
        }
    }
    for held in &imported.held {
        eprintln!(
            "bienlai: {} {}: ngân hàng gửi lại sao kê với dòng khác / the bank sent other lines: \
             bienlai statement diff {}",
            held.id, held.state, held.id
        );
    }
}

pub fn diff(config: &Path, id: VersionId, is_json: bool) -> Result<u8> {
    let office = Office::open(config)?;
    let (version, differences) = office.read(&Actor::system(), |conn| {
        let unit = unit_of_version(conn, &Scope::All, id)?;
        Ok((version::find(conn, unit, id)?, version::differences(conn, unit, id)?))
    })?;
    if is_json {
        print_json(&json!({ "version": version, "differences": differences }))?;
        return Ok(DONE);
    }
    println!(
        "{}  {}  số / no. {}  {}  thay / replaces {}",
        version.id,
        version.state,
        version.number.as_deref().unwrap_or("–"),
        version.closing_on,
        version.replaces
    );
    table::print(
        &["Loại", "Dòng", "Ngày", "Số tiền", "Tham chiếu", "→ Ngày", "Số tiền", "Tham chiếu", "Tiền"],
        &differences.iter().map(row).collect::<Vec<_>>(),
        &[3, 6],
    );
    Ok(DONE)
}

fn unit_of_version(conn: &mut crate::store::Conn, scope: &Scope, id: VersionId) -> Result<UnitId> {
    version::unit_of(conn, scope, id)?
        .ok_or_else(|| Error::not_found("statement_version_not_found", "no such version"))
}

fn row(one: &Difference) -> Vec<String> {
    let side = |side: &Option<Side>| match side {
        Some(side) => [
            side.booking_date.to_string(),
            side.amount.0.to_string(),
            side.bank_reference.clone().unwrap_or_default(),
        ],
        None => Default::default(),
    };
    let line = one.line.map(|line| line.to_string()).unwrap_or_default();
    let kind = if one.is_of_words() { "chỉ nội dung khác" } else { one.kind.vi() };
    let mut cells = vec![format!("{kind} / {}", one.kind.as_str()), line];
    cells.extend(side(&one.old));
    cells.extend(side(&one.new));
    cells.push(if one.moves_money { "✱".into() } else { String::new() });
    cells
}

/// Who proposes what becomes of a corrected statement.
const MAKERS: Roles = (Role::Finance, &version::DECIDERS);
/// Who decides about lines set aside.
const LINE_DECIDERS: Roles = (Role::Finance, &quarantine::DECIDERS);

fn deciding(office: &Office, id: VersionId, person: PersonId) -> Result<Actor> {
    office.acting(office::DECIDERS, person, |conn| unit_of_version(conn, &Scope::All, id))
}

pub fn version(config: &Path, command: &VersionCommand) -> Result<u8> {
    let office = Office::open(config)?;
    let office = &office;
    let changed = match command {
        VersionCommand::List(place) => {
            let (unit, account) = place.find(office)?;
            let found = office.read(&Actor::system(), |conn| version::list(conn, unit, account, SHOWN))?;
            return print_json(&json!({ "versions": found })).map(|()| DONE);
        }
        VersionCommand::Propose { id, decision, reason, person } => {
            let decision = Decision::parse(decision)?;
            let actor = office.acting(MAKERS, *person, |conn| unit_of_version(conn, &Scope::All, *id))?;
            office.write(&actor, |tx, stamp| {
                let unit = unit_of_version(tx, &actor.scope, *id)?;
                version::propose(tx, stamp, &actor, unit, *id, (decision, reason))
            })?
        }
        VersionCommand::Approve { id, person } => {
            let actor = deciding(office, *id, *person)?;
            let unit = office.read(&actor, |conn| unit_of_version(conn, &actor.scope, *id))?;
            let decided = restated::approve(&office.store, &|| office.stamp(), &actor, unit, *id)?;
            office.sealing.numbered(&decided.receipts);
            crate::worker::seal_waiting(office);
            let answer = json!({ "version": decided.version, "import": decided.imported });
            return print_json(&answer).map(|()| DONE);
        }
        VersionCommand::SendBack { id, reason, person } => {
            let actor = deciding(office, *id, *person)?;
            office.write(&actor, |tx, stamp| {
                let unit = unit_of_version(tx, &actor.scope, *id)?;
                version::send_back(tx, stamp, &actor, unit, *id, reason)
            })?
        }
    };
    print_json(&json!({ "version": changed })).map(|()| DONE)
}

pub fn quarantine(config: &Path, command: QuarantineCommand) -> Result<u8> {
    let office = Office::open(config)?;
    match command {
        QuarantineCommand::List(place) => list_quarantine(&office, &place),
        QuarantineCommand::Repair(asked) => {
            let repair = Repair {
                booking_date: asked.date,
                value_date: None,
                amount: Dong(asked.amount),
                memo: asked.memo,
                reference: None,
                bank_reference: asked.bank_reference,
                counterparty_name: None,
                counterparty_account: None,
            };
            let verdict = Verdict { id: asked.id, repair: Some(repair), reason: asked.reason };
            decide(&office, None, asked.person, &[verdict])
        }
        QuarantineCommand::Discard { id, reason, person } => {
            decide(&office, None, person, &[Verdict { id, repair: None, reason }])
        }
        QuarantineCommand::Decide { statement, file, person } => {
            #[derive(serde::Deserialize)]
            #[serde(deny_unknown_fields)]
            struct Asked {
                lines: Vec<Verdict>,
            }
            let asked: Asked = serde_json::from_slice(&read_bytes(&file)?)
                .map_err(|error| Error::invalid("file", "json_unreadable", error.to_string()))?;
            decide(&office, Some(statement), person, &asked.lines)
        }
    }
}

fn decide(
    office: &Office,
    statement: Option<StatementId>,
    person: PersonId,
    verdicts: &[Verdict],
) -> Result<u8> {
    let (unit, statement) = office.read(&Actor::system(), |conn| {
        let scope = &Scope::All;
        let statement = match (statement, verdicts.first()) {
            (Some(statement), _) => statement,
            (None, Some(verdict)) => quarantine::statement_of_any(conn, scope, verdict.id)?,
            (None, None) => return Err(Error::invalid("lines", "quarantine_incomplete", "nothing is named")),
        };
        let unit = query::unit_of(conn, scope, statement)?
            .ok_or_else(|| Error::not_found("statement_not_found", "no such statement"))?;
        Ok((unit, statement))
    })?;
    let actor = office.acting(LINE_DECIDERS, person, |_| Ok(unit))?;
    let stamp = || office.stamp();
    let decided = reconciliation::office::decide_quarantine(
        &office.store,
        &stamp,
        &actor,
        (unit, statement),
        verdicts,
    )?;
    let awaits_second_person = decided == Decided::SecondPerson;
    print_json(&json!({
        "statement": statement,
        "repaired": decided.lines(),
        "awaits_second_person": awaits_second_person,
    }))
    .map(|()| DONE)
}

fn list_quarantine(office: &Office, place: &Place) -> Result<u8> {
    let (unit, account) = place.find(office)?;
    let system = Actor::system();
    let found = office.read(&system, |conn| {
        let mut found = Vec::new();
        for line in quarantine::open(conn, unit, account, SHOWN)? {
            let stored = query::statement(conn, unit, line.statement)?;
            let text = quarantine::text_of(conn, office.stamp().vault, &stored, &line)?;
            found.push((line, text));
        }
        Ok(found)
    })?;
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|(line, text)| {
            let shown = text.as_deref().map(text::clean).unwrap_or_default();
            vec![
                line.id.to_string(),
                line.statement.to_string(),
                line.place.clone(),
                line.message.clone(),
                shown,
            ]
        })
        .collect();
    table::print(&["Dòng", "Sao kê", "Chỗ / place", "Vì sao / why", "Nguyên văn / text"], &rows, &[]);
    let mut statements: Vec<StatementId> = found.iter().map(|(line, _)| line.statement).collect();
    statements.dedup();
    for statement in statements {
        let expected = quarantine::expected(&office.store, &office.stamp(), &system, unit, statement)?;
        if let Some(expected) = expected {
            println!("{statement}: số dư đòi các dòng này cộng được {0} / must come to {0}", expected.0);
        }
    }
    Ok(if rows.is_empty() { DONE } else { NO })
}

pub fn imports(config: &Path, place: &Place) -> Result<u8> {
    let office = Office::open(config)?;
    let (unit, _) = place.find(&office)?;
    let found = office.read(&Actor::system(), |conn| job::list(conn, unit, SHOWN))?;
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|job| {
            vec![
                job.id.to_string(),
                job.created_at.business_day().to_string(),
                job.state.clone(),
                format!("{}/{}", job.lines_done, job.lines_total),
                job.error_code.clone().unwrap_or_default(),
            ]
        })
        .collect();
    table::print(&["Lần nạp", "Ngày", "Trạng thái", "Dòng", "Lỗi"], &rows, &[]);
    Ok(DONE)
}
