//! `bienlai demo`

use std::path::PathBuf;

use clap::Args;

use super::DONE;
use crate::demo;
use crate::error::Result;

#[derive(Debug, Args)]
pub struct Options {
    /// Throw the demo's data away and begin anew
    #[arg(long)]
    fresh: bool,
    /// The port of the service on 127.0.0.1; 0 takes any free one
    #[arg(long, value_name = "N", default_value_t = 8080)]
    port: u16,
    /// The folder for everything the demo writes
    #[arg(long, value_name = "DIR", default_value = "var/demo")]
    dir: PathBuf,
    /// End when everything was shown instead of running on
    #[arg(long, visible_alias = "exit-after-setup")]
    once: bool,
}

pub fn run(options: Options) -> Result<u8> {
    super::logging::start_quiet();
    let Options { fresh, port, dir, once } = options;
    demo::run(&demo::Options { fresh, port, dir, once })?;
    Ok(DONE)
}
