//! HTTP: the API of the dossier system and the staff, the callbacks of banks, the pages of
//! citizens, and the health of the process. Handlers unpack, call one use case and render.

mod api;
mod bundle;
pub(crate) mod callback;
mod extract;
mod health;
mod idempotency;
mod limit;
pub mod message;
mod pages;
pub(crate) mod query;
mod respond;
pub mod retention;
mod routes;
mod serve;
#[cfg(test)]
mod tests;
mod trace;

pub use api::{awaited_view, correction_lines, correction_view, raise, refund_view};
pub use serve::{serve, serve_until};

use std::net::IpAddr;
use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;

use crate::app::{App, Running};
use idempotency::InFlight;
use limit::PerAddress;

/// What every handler shares.
pub(crate) struct Shared {
    pub running: Arc<Running>,
    /// Look-ups of receipts and pay pages.
    pub lookups: PerAddress,
    /// Refused callbacks that are kept; the rest are only counted.
    pub refusals: PerAddress,
    pub in_flight: InFlight,
    /// Bundles being written.
    pub bundles: Arc<tokio::sync::Semaphore>,
    /// Pages drawn at the same time.
    pub turns: pages::rendition::Turns,
    pub metrics: PrometheusHandle,
    pub gauges: health::Gauges,
}

/// Refused callbacks kept per minute and source.
const REFUSALS_KEPT_PER_MINUTE: u32 = 10;

/// Bundles written at the same time; each takes a thread and a reader now and then.
const BUNDLE_LIMIT: usize = 4;

impl Shared {
    fn new(running: Arc<Running>) -> Self {
        let lookups = PerAddress::per_minute(running.app.config.web.lookups_per_minute);
        Shared {
            running,
            lookups,
            refusals: PerAddress::per_minute(REFUSALS_KEPT_PER_MINUTE),
            in_flight: InFlight::default(),
            bundles: Arc::new(tokio::sync::Semaphore::new(BUNDLE_LIMIT)),
            turns: pages::rendition::Turns::new(),
            metrics: health::recorder(),
            gauges: health::Gauges::default(),
        }
    }

    fn app(&self) -> &Arc<App> {
        &self.running.app
    }

    /// Where a path is reached from outside.
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.app().config.web.public_url)
    }

    /// The address a request came from; a proxy's own is replaced by the one it vouches for.
    fn source(&self, request: &actix_web::HttpRequest) -> IpAddr {
        extract::source(request, &self.app().config.web.trusted_proxies)
    }
}
