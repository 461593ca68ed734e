//! `bienlai bench`: the figures of `BENCHMARKS.md`, measured on the real service over loopback.
//!
//! The service is this executable, started as a child on a database of its own; the load comes
//! from this process, so both share the machine. References (raw signing, `pgbench`, flushing to
//! disk) are measured in the same run. Floats are fine here: nothing below is money.

mod child;
mod load;
mod measure;
mod pages;
mod place;
mod reconcile;
mod reference;
pub mod report;
pub mod score;
mod score_query;
mod seed;

use std::path::PathBuf;
use std::time::Duration;

use crate::error::Result;
use crate::store::census;
use report::Report;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Callbacks acknowledged per second and how long each waited.
    Callbacks,
    /// From the first callback to the last sealed receipt.
    Receipts,
    /// One hot series against many.
    Series,
    /// Import, match and prove a day's statements.
    Reconcile,
    /// Start to ready, and idle memory.
    Start,
    /// Pages and lists over a filled database.
    Pages,
    /// Waiting pages that are told of money.
    Live,
}

impl Subject {
    pub fn as_str(self) -> &'static str {
        match self {
            Subject::Callbacks => "callbacks",
            Subject::Receipts => "receipts",
            Subject::Series => "series",
            Subject::Reconcile => "reconcile",
            Subject::Start => "start",
            Subject::Pages => "pages",
            Subject::Live => "live",
        }
    }
}

/// How it is measured.
#[derive(Clone, Debug)]
pub struct Options {
    pub subject: Subject,
    /// An empty database; without one an embedded database is made in `folder`.
    pub database: Option<String>,
    /// For the embedded database, the log and the configuration; a subfolder is made and deleted.
    pub folder: PathBuf,
    pub measured: Duration,
    pub warmup: Duration,
    pub connections: usize,
    pub units: usize,
    /// Obligations raised per second of load: more than the service can settle.
    pub supply_per_s: usize,
    /// Statement lines, and as many open claims.
    pub lines: usize,
    /// Statements of so many lines are imported while callbacks are measured.
    pub is_during_import: bool,
    /// Receipts that lie in the database while pages are measured.
    pub receipts: usize,
    /// How often each page is asked, or how many waiting pages are told.
    pub rounds: usize,
    /// Pages that wait.
    pub waiting: usize,
}

/// Measures, telling what is going on on standard error.
pub fn run(options: &Options) -> Result<Report> {
    match options.subject {
        Subject::Callbacks => measure::callbacks(options),
        Subject::Receipts => measure::receipts(options),
        Subject::Series => measure::series(options),
        Subject::Reconcile => reconcile::reconcile(options),
        Subject::Start => measure::start(options),
        Subject::Pages => pages::pages(options),
        Subject::Live => pages::live(options),
    }
}

/// Before the service and before its reference alike: neither writes back what came before it.
fn settle_down(url: &str) {
    if let Err(error) = census::checkpoint(url) {
        tell(&format!("what came before is written back meanwhile: {error}"));
    }
}

fn tell(what: &str) {
    eprintln!("bench: {what}");
}
