//! `bienlai simulate …`

pub mod machines;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{DONE, NO, logging, print_json, table, tax, unreadable};
use crate::bench::score::{self, Score};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::simulator::month::{self, Plan};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a labelled month: obligations, claims, statements as camt.053, MT940 and CSV, and the
    /// truth about every line in a file of its own
    ///
    /// Four lines in five are as asked for, 15 in a hundred have a memo damaged on its way, the rest
    /// are lump sums, batches, charges, interest, reversals, payments made twice, short, too large or
    /// to the wrong account, and money that is no fee. The same seed writes the same bytes.
    Month(MonthOptions),
    /// Load such a month into a fresh database as the days went by, match it, and hold every decision
    /// against the truth
    ///
    /// Exit code 1 when a match is false, a line is missing, an obligation holds another sum than it should
    /// (but for what waits for a person), or less than 97 % of what is decidable was decided without a person.
    Score(ScoreOptions),
    /// Cơ quan chứng thực mô phỏng / a certification authority: revocation list, OCSP and time stamps
    /// (RFC 3161)
    Authority(machines::AuthorityOptions),
    /// Dịch vụ ký số mô phỏng / a remote signing service (CSC API v1): well, slow, failing, limited or wrong
    Signing(machines::SigningOptions),
    /// Cơ quan thuế mô phỏng / the tax authority; the same as `bienlai tax simulate`
    Tax(tax::simulate::Options),
}

#[derive(Debug, Args)]
pub struct MonthOptions {
    /// The seed; the same one makes the same month, byte for byte
    #[arg(long, value_name = "N")]
    seed: u64,
    /// Statement lines over all accounts
    #[arg(long, value_name = "N", default_value_t = 3_000)]
    lines: usize,
    /// Communes, each with an account
    #[arg(long, value_name = "N", default_value_t = 6)]
    accounts: usize,
    /// The first day, YYYY-MM-DD
    #[arg(long, value_name = "DATE", default_value = "2026-10-01")]
    from: BusinessDay,
    /// How many days the month has
    #[arg(long, value_name = "N", default_value_t = 31)]
    days: u32,
    /// A folder that is empty or not there yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub struct ScoreOptions {
    /// The folder of the month
    month: PathBuf,
    /// An empty database of its own; without it SQLite in a new folder
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Where the folder with database and configuration is made; it is deleted afterwards
    #[arg(long, value_name = "DIR", default_value = "var")]
    dir: PathBuf,
    /// Also write the score as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub fn run(command: Command) -> Result<u8> {
    logging::start_quiet();
    match command {
        Command::Month(options) => write_month(&options),
        Command::Score(options) => score_month(options),
        Command::Authority(options) => machines::authority(&options),
        Command::Signing(options) => machines::signing(&options),
        Command::Tax(options) => tax::simulate::run(&options),
    }
}

fn write_month(options: &MonthOptions) -> Result<u8> {
    let plan = Plan {
        seed: options.seed,
        line_count: options.lines,
        account_count: options.accounts,
        first_day: options.from,
        day_count: options.days,
    };
    let made = month::make(&plan)?;
    let files = month::write(&made, &options.out)?;
    print_json(&json!({
        "folder": options.out,
        "seed": plan.seed,
        "files": files,
        "obligations": made.owed.len(),
        "claims": made.told.len(),
        "lines": made.truths.len(),
        "decidable": made.truths.iter().filter(|truth| truth.is_decidable).count(),
    }))?;
    Ok(DONE)
}

fn score_month(options: ScoreOptions) -> Result<u8> {
    let score = score::run(&score::Options {
        month: options.month,
        database: options.database,
        folder: options.dir,
    })?;
    print(&score);
    if let Some(path) = &options.json {
        let text =
            serde_json::to_string_pretty(&score).map_err(|error| Error::internal(error.to_string()))?;
        std::fs::write(path, text + "\n").map_err(|error| unreadable(path, &error))?;
    }
    Ok(if score.is_passed() { DONE } else { NO })
}

fn print(score: &Score) {
    let heading = ["loại / kind", "dòng / lines", "đúng / right", "để lại / left", "sai / wrong"];
    table::print(&heading, &score.rows(), &[1, 2, 3, 4]);
    println!();
    table::print(
        &["chỉ tiêu / figure", "giá trị / value", "mục tiêu / target", ""],
        &score.totals(),
        &[1, 2],
    );
    for example in &score.examples {
        println!("note: {example}");
    }
}
