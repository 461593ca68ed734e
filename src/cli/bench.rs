//! `bienlai bench …`

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{DONE, logging, table, unreadable};
use crate::bench::{self, Subject};
use crate::error::{Error, Result};

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum What {
    /// Callbacks acknowledged per second, and how long each waits
    Callbacks,
    /// From the first callback to the last sealed receipt, against raw signing
    Receipts,
    /// One hot series against many
    Series,
    /// Import, match and prove a day's statements against as many open claims
    Reconcile,
    /// Start to ready, and idle memory
    Start,
    /// Time of each page and list over many receipts
    Pages,
    /// Waiting pages: how soon each is told of its money
    Live,
}

#[derive(Debug, Args)]
pub struct Options {
    /// What to measure
    #[arg(value_enum)]
    what: What,
    /// An empty database of its own; without it SQLite in a new folder
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Seconds that are measured
    #[arg(
        long, value_name = "N", default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(1..=3_600)
    )]
    seconds: u64,
    /// Seconds of load before the measuring begins
    #[arg(long, value_name = "N", default_value_t = 5)]
    warmup: u64,
    /// Connections that send callbacks side by side
    #[arg(
        long, value_name = "N", default_value_t = 64,
        value_parser = clap::value_parser!(u16).range(1..=1_000)
    )]
    connections: u16,
    /// Units the load is spread over
    #[arg(
        long, value_name = "N", default_value_t = 126,
        value_parser = clap::value_parser!(u16).range(1..=5_000)
    )]
    units: u16,
    /// Obligations raised beforehand per second of load
    #[arg(
        long, value_name = "N", default_value_t = 5_000,
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    supply: u32,
    /// Statement lines of `reconcile` over all units, and of each import beside the callbacks
    #[arg(
        long, value_name = "N", default_value_t = 100_000,
        value_parser = clap::value_parser!(u32).range(1..=2_000_000)
    )]
    lines: u32,
    /// Import statements, one after the other, while callbacks are measured
    #[arg(long)]
    during_import: bool,
    /// Receipts in the database of `pages`
    #[arg(
        long, value_name = "N", default_value_t = 100_000,
        value_parser = clap::value_parser!(u32).range(100..=5_000_000)
    )]
    receipts: u32,
    /// How often `pages` asks each, and how many waiting pages `live` tells
    #[arg(
        long, value_name = "N", default_value_t = 300,
        value_parser = clap::value_parser!(u16).range(10..=10_000)
    )]
    rounds: u16,
    /// Pages that wait in `live`
    #[arg(
        long, value_name = "N", default_value_t = 5_000,
        value_parser = clap::value_parser!(u32).range(20..=20_000)
    )]
    waiting: u32,
    /// Where the folder with database, configuration and log is made; it is deleted afterwards
    #[arg(long, value_name = "DIR", default_value = "var")]
    dir: PathBuf,
    /// Also write the figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub fn run(options: Options) -> Result<u8> {
    logging::start_quiet();
    let report = bench::run(&bench::Options {
        subject: match options.what {
            What::Callbacks => Subject::Callbacks,
            What::Receipts => Subject::Receipts,
            What::Series => Subject::Series,
            What::Reconcile => Subject::Reconcile,
            What::Start => Subject::Start,
            What::Pages => Subject::Pages,
            What::Live => Subject::Live,
        },
        database: options.database,
        folder: options.dir,
        measured: Duration::from_secs(options.seconds),
        warmup: Duration::from_secs(options.warmup),
        connections: usize::from(options.connections),
        units: usize::from(options.units),
        supply_per_s: options.supply as usize,
        lines: options.lines as usize,
        is_during_import: options.during_import,
        receipts: options.receipts as usize,
        rounds: usize::from(options.rounds),
        waiting: options.waiting as usize,
    })?;
    println!(
        "bienlai {} bench {}: {} cores, {} database",
        report.version, report.bench, report.cores, report.database
    );
    table::print(&["figure", "value", "", "target", ""], &report.rows(), &[1, 3]);
    if !report.written.is_empty() {
        println!();
        table::print(&["table", "rows", "per callback"], &report.written_rows(), &[1, 2]);
    }
    for note in &report.notes {
        println!("note: {note}");
    }
    if let Some(path) = &options.json {
        let text =
            serde_json::to_string_pretty(&report).map_err(|error| Error::internal(error.to_string()))?;
        std::fs::write(path, text + "\n").map_err(|error| unreadable(path, &error))?;
    }
    Ok(DONE)
}
