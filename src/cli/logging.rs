//! Logs go to standard error, as text for people or JSON for collectors.

use std::io::IsTerminal;

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry};

use crate::config::Log;

/// Starts logging as configured; a second call changes nothing.
pub fn start(log: &Log) {
    let level = log.level.parse().unwrap_or(Level::INFO);
    // The web server tells its own start and stop, which `serve` tells better.
    let targets = Targets::new()
        .with_default(level)
        .with_target("actix_server", level.min(Level::WARN))
        .with_target("actix_http", level.min(Level::WARN));
    let layer = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let layer = match log.format.as_str() {
        "json" => layer.json().flatten_event(true).boxed(),
        _ => layer.with_target(false).boxed(),
    };
    let _ = registry().with(layer.with_filter(targets)).try_init();
}

/// For one-off commands: warnings only, as text, so that they do not drown the answer.
pub fn start_quiet() {
    start(&Log { level: "warn".into(), format: "text".into() });
}
