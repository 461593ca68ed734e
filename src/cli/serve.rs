//! `bienlai serve`

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use clap::Args;

use super::{DONE, logging, office, user};
use crate::actor::Actor;
use crate::app::{App, Running};
use crate::clock::Clock;
use crate::config;
use crate::error::Result;
use crate::identity::login;
use crate::store::failpoint;

#[derive(Debug, Args)]
pub struct Options {
    /// Where to listen, above web.listen and BIENLAI_LISTEN
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
}

pub fn run(config: &Path, options: &Options) -> Result<u8> {
    let config = office::load_to_listen(config, options.listen)?;
    logging::start(&config.log);
    if let Some(spec) = config::failpoint() {
        failpoint::arm(&spec);
    }
    let running = Arc::new(Running::start(App::open(config, Clock::System)?)?);
    if running.app.config.web.first_administrator {
        invite_first_administrator(&running.app);
    }
    let serving = crate::web::serve(Arc::clone(&running), |address| tracing::info!(%address, "ready"));
    let served = actix_web::rt::System::new().block_on(serving);
    stop(running);
    served.map(|()| DONE)
}

/// Nobody administrates yet: prints the link with which the first administrator sets a password.
/// Each start prints a new one until somebody has; only the newest opens.
fn invite_first_administrator(app: &App) {
    match app.write(&Actor::system(), login::first_administrator) {
        Ok(None) => {}
        Ok(Some(token)) => {
            let link = user::link(&app.config.web.public_url, &token);
            println!(
                "Liên kết một lần cho quản trị viên đầu tiên / one-time link for the first administrator:"
            );
            println!("  {link}");
        }
        // Another process may just have done it; this one serves all the same.
        Err(error) => tracing::warn!(%error, "no link for the first administrator"),
    }
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
