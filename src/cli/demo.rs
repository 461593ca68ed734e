//! `bienlai demo`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::DONE;
use crate::amount::Dong;
use crate::demo;
use crate::error::Result;

#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    act: Option<Act>,
    /// Throw the demo's data away and begin anew
    #[arg(long)]
    fresh: bool,
    /// The port of the service on 127.0.0.1; 0 takes any free one
    #[arg(long, value_name = "N", default_value_t = 8080, global = true)]
    port: u16,
    /// The folder for everything the demo writes
    #[arg(long, value_name = "DIR", default_value = "var/demo", global = true)]
    dir: PathBuf,
    /// End when everything was shown instead of running on
    #[arg(long, visible_alias = "exit-after-setup")]
    once: bool,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Transfer money for an open obligation of the demo that runs, as a payer's bank would
    Pay(Pay),
}

#[derive(Debug, Args)]
struct Pay {
    /// The reference code, as the pay page shows it
    code: String,
    /// Another amount in đồng than what is owed
    #[arg(long, value_name = "DONG")]
    amount: Option<i64>,
    /// The bank reports the transfer twice
    #[arg(long)]
    twice: bool,
}

pub fn run(options: Options) -> Result<u8> {
    super::logging::start_quiet();
    let Options { act, fresh, port, dir, once } = options;
    match act {
        None => {
            demo::run(&demo::Options { fresh, port, dir, once })?;
        }
        Some(Act::Pay(Pay { code, amount, twice })) => {
            let amount = amount.map(Dong);
            let memo =
                demo::pay::pay(&demo::pay::Options { dir, port, reference_code: code, amount, twice })?;
            println!("Đã chuyển / transferred: {memo}");
        }
    }
    Ok(DONE)
}
