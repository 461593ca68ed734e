//! `bienlai serve`, and the running service for whoever else needs one (the demo).

use std::net::SocketAddr;
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
    let served = serve(&running, |address| tracing::info!(%address, "ready"));
    running.stop();
    served.map(|()| DONE)
}

/// Serves until the process is told to stop. `announce` is called with the address once it is
/// bound.
pub fn serve(running: &Arc<Running>, announce: impl FnOnce(SocketAddr) + 'static) -> Result<()> {
    actix_web::rt::System::new().block_on(crate::web::serve(Arc::clone(running), announce))
}
