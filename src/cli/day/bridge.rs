//! `bienlai day bridge`

use std::path::PathBuf;

use clap::Args;

use super::Place;
use crate::actor::Actor;
use crate::cli::office::Office;
use crate::cli::{DONE, NO, print_json, reports};
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::reconciliation::bridge;
use crate::report;

#[derive(Debug, Args)]
pub struct Bridge {
    #[command(flatten)]
    place: Place,
    /// The booking day, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    date: BusinessDay,
    /// Write it as a file, *.csv or *.xlsx
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    out: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// Exit code 1 when bank and books differ.
pub fn run(office: &Office, asked: &Bridge) -> Result<u8> {
    let stamp = office.stamp();
    let report = office.read(&Actor::system(), |conn| {
        let (unit, account) = asked.place.find(conn)?;
        bridge::of_day(conn, &stamp, &Actor::system(), (unit.id, account.id), asked.date)
    })?;
    if asked.json {
        print_json(&report)?;
    } else {
        reports::put(&report::bridge::table(&report), asked.out.as_deref())?;
    }
    Ok(if report.difference.is_zero() { DONE } else { NO })
}
