//! `bienlai serve`

use std::path::Path;
use std::sync::Arc;

use super::{DONE, logging, office};
use crate::app::{App, Running};
use crate::clock::Clock;
use crate::config;
use crate::error::Result;
use crate::store::failpoint;

pub fn run(config: &Path) -> Result<u8> {
    let config = office::load(config)?;
    logging::start(&config.log);
    if let Some(spec) = config::failpoint() {
        failpoint::arm(&spec);
    }
    let running = Arc::new(Running::start(App::open(config, Clock::System)?)?);
    let serving = crate::web::serve(Arc::clone(&running), |address| tracing::info!(%address, "ready"));
    let served = actix_web::rt::System::new().block_on(serving);
    stop(running);
    served.map(|()| DONE)
}

/// Drains and stops what served. The web server gave its share back, so this is the last one.
pub fn stop(running: Arc<Running>) {
    match Arc::try_unwrap(running) {
        Ok(running) => running.stop(),
        Err(_) => {
            tracing::warn!("a request still holds the service; what is unsigned is signed at the next start")
        }
    }
}
