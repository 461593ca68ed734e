//! `bienlai migrate`

use std::path::Path;

use super::{DONE, logging, office};
use crate::error::Result;
use crate::store::migrate;

pub fn run(config: &Path) -> Result<u8> {
    logging::start_quiet();
    let applied = migrate::run(&office::load(config)?.owner_url()?)?;
    for name in &applied {
        println!("applied {name}");
    }
    println!(
        "{} migrations applied; the schema is that of bienlai {}",
        applied.len(),
        env!("CARGO_PKG_VERSION")
    );
    Ok(DONE)
}
