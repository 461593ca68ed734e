//! `bienlai day overview` and `close-all`

use std::path::PathBuf;

use clap::Args;

use crate::actor::{Actor, Role};
use crate::cli::office::Office;
use crate::cli::{DONE, NO, print_json, reports, table};
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::PersonId;
use crate::reconciliation::office::{ClosedUntil, close_accounts};
use crate::reconciliation::overview;
use crate::reconciliation::proof::Obstacle;
use crate::report;
use crate::unit;

#[derive(Debug, Args)]
pub struct Overview {
    /// Only this unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// Write it as a file, *.csv or *.xlsx
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    out: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct CloseAll {
    /// Only this unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// The last day to be closed, YYYY-MM-DD; yesterday when left out
    #[arg(long, value_name = "DATE")]
    until: Option<BusinessDay>,
    /// The person who closes, as per_…: the accounts of the units that their logins for finance see; without it the
    /// program closes, in every unit
    #[arg(long, value_name = "ID")]
    person: Option<PersonId>,
}

/// Exit code 1 when an account is late or has no statement.
pub fn show(office: &Office, asked: &Overview) -> Result<u8> {
    let stamp = office.stamp();
    let found = office.read(&Actor::system(), |conn| {
        let unit = asked.unit.as_deref().map(|code| unit::find_by_code(conn, code)).transpose()?;
        overview::overview(conn, &stamp, &Actor::system(), unit.map(|unit| unit.id))
    })?;
    if asked.json {
        print_json(&found)?;
    } else {
        reports::put(&report::overview::table(&found), asked.out.as_deref())?;
    }
    Ok(if found.late + found.no_statement == 0 { DONE } else { NO })
}

/// Exit code 1 when an account failed; one that stays open for want of a statement is no failure.
pub fn close_all(office: &Office, asked: &CloseAll) -> Result<u8> {
    let actor = office.acting_over(Role::Finance, asked.person)?;
    let unit = office.read(&Actor::system(), |conn| {
        asked.unit.as_deref().map(|code| unit::find_by_code(conn, code)).transpose()
    })?;
    let until = asked.until.unwrap_or_else(|| office.stamp().today().plus_days(-1));
    let closed = close_accounts(
        &office.store,
        &office.keyring,
        &|| office.stamp(),
        &actor,
        unit.map(|unit| unit.id),
        until,
    )?;
    let rows: Vec<Vec<String>> = closed.iter().map(row).collect();
    table::print(&["Đơn vị", "Tài khoản", "Đã khóa", "Dừng ở", "Vì"], &rows, &[2]);
    Ok(if closed.iter().all(|one| one.outcome.is_ok()) { DONE } else { NO })
}

fn row(one: &ClosedUntil) -> Vec<String> {
    let (count, stopped, why) = match &one.outcome {
        Err(error) => (0, String::new(), error.to_string()),
        Ok(through) => {
            let refused = through.refused.as_ref();
            let why = refused.map(|(_, obstacles)| {
                let words: Vec<String> = obstacles.iter().map(Obstacle::vi).collect();
                words.join(" ")
            });
            let stopped = refused.map(|(date, _)| date.to_string()).unwrap_or_default();
            (through.closed.len(), stopped, why.unwrap_or_default())
        }
    };
    vec![one.unit.to_string(), one.account.to_string(), count.to_string(), stopped, why]
}
