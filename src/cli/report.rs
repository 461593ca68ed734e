//! `bienlai report …`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::office::{self, Office};
use super::{DONE, NO, print_json, reports, table};
use crate::actor::{Actor, Role};
use crate::error::{Error, Result};
use crate::id::PersonId;
use crate::report::fees::calendar::{Due, Urgency};
use crate::report::fees::{self, Span};
use crate::report::{cut_off, principals, table::Table};
use crate::unit;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fees of a month or a year: collected, shared out, owed, handed over
    Fees(Fees),
    /// Thu theo ủy nhiệm / what was collected on behalf of principals, by receipts (UNThu)
    Principals(Fees),
    /// What stood between receipts, bank and budget at the end of a year
    CutOff(CutOff),
    /// Figures that are due or were not handed in
    ///
    /// Exit code 1 when one is overdue.
    Due(DueOptions),
    /// Record that the figures of a period were handed in: the reminder ends
    Filed(Filed),
}

#[derive(Debug, Args)]
pub struct Shown {
    /// Write it as a file, *.csv or *.xlsx
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    out: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Fees {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// YYYY-MM or YYYY
    #[arg(long, value_name = "PERIOD")]
    period: String,
    #[command(flatten)]
    shown: Shown,
}

#[derive(Debug, Args)]
pub struct CutOff {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The year that is over, as 2026
    #[arg(long, value_name = "YEAR")]
    year: i32,
    #[command(flatten)]
    shown: Shown,
}

#[derive(Debug, Args)]
pub struct DueOptions {
    /// The collecting unit, by its code; all when left out
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
}

#[derive(Debug, Args)]
pub struct Filed {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// YYYY-MM or YYYY
    #[arg(long, value_name = "PERIOD")]
    period: String,
    /// The number of the confirmation
    #[arg(long, value_name = "NO")]
    reference_no: String,
    /// Who handed them in, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    match command {
        Command::Fees(asked) => {
            let span = Span::parse(&asked.period)?;
            let (unit, found) = office.read(&Actor::system(), |conn| {
                let unit = unit::find_by_code(conn, &asked.unit)?;
                let found = fees::figures(conn, &Actor::system(), unit.id, span)?;
                Ok((unit, found))
            })?;
            show(&asked.shown, &found, &fees::table(&unit, span, &found, office.stamp().today()))
        }
        Command::Principals(asked) => {
            let span = Span::parse(&asked.period)?;
            let (unit, found) = office.read(&Actor::system(), |conn| {
                let unit = unit::find_by_code(conn, &asked.unit)?;
                let found = principals::collected(conn, &Actor::system(), unit.id, span)?;
                Ok((unit, found))
            })?;
            show(&asked.shown, &found, &principals::table(&unit, span, &found))
        }
        Command::CutOff(asked) => {
            let (unit, found) = office.read(&Actor::system(), |conn| {
                let unit = unit::find_by_code(conn, &asked.unit)?;
                let found = cut_off::cut_off(conn, &Actor::system(), unit.id, asked.year)?;
                Ok((unit, found))
            })?;
            show(&asked.shown, &found, &cut_off::table(&unit, &found, office.stamp().today()))
        }
        Command::Due(asked) => due(&office, asked.unit.as_deref()),
        Command::Filed(asked) => filed(&office, &asked),
    }
}

fn show(how: &Shown, found: &impl serde::Serialize, table: &Table) -> Result<u8> {
    if how.json {
        print_json(found)?;
    } else {
        reports::put(table, how.out.as_deref())?;
    }
    Ok(DONE)
}

fn due(office: &Office, unit: Option<&str>) -> Result<u8> {
    let stamp = office.stamp();
    let found = office.read(&Actor::system(), |conn| {
        let mut found: Vec<(String, Due)> = Vec::new();
        for unit in office::units(conn, unit)? {
            let due = fees::due(conn, stamp.calendar, stamp.today(), unit.id)?;
            found.extend(due.into_iter().map(|one| (unit.code.clone(), one)));
        }
        Ok::<_, Error>(found)
    })?;
    if found.is_empty() {
        println!("Không có việc chờ / nothing waits");
        return Ok(DONE);
    }
    let row = |(unit, one): &(String, Due)| {
        let (vi, en) = one.urgency.words();
        let rule = format!("{} [{}]", one.source, one.certainty);
        vec![
            unit.clone(),
            one.period.clone(),
            one.due_on.to_string(),
            one.days_left.to_string(),
            format!("{vi} / {en}"),
            rule,
        ]
    };
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    table::print(&["Đơn vị", "Kỳ", "Hạn", "Còn (ngày)", "Tình trạng", "Căn cứ"], &rows, &[3]);
    let is_late = found.iter().any(|(_, one)| one.urgency == Urgency::Overdue);
    Ok(if is_late { NO } else { DONE })
}

fn filed(office: &Office, asked: &Filed) -> Result<u8> {
    let actor = office.acting_in((Role::Finance, &fees::FILERS), asked.person, &asked.unit)?;
    let span = Span::parse(&asked.period)?;
    office.write(&actor, |tx, stamp| {
        let unit = unit::find_by_code(tx, &asked.unit)?;
        fees::record_filing(tx, stamp, &actor, unit.id, span, &asked.reference_no)
    })?;
    println!("{span}: đã ghi nhận / recorded");
    Ok(DONE)
}
