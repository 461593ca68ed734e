//! HTTP: the API of the dossier system and the staff, the callbacks of banks, the pages of
//! citizens, and the health of the process. Handlers unpack, call one use case and render.

mod api;
mod bundle;
mod by_name;
pub(crate) mod callback;
mod deadline;
mod extract;
mod guesses;
mod headers;
pub(crate) mod health;
mod idempotency;
mod limit;
pub mod message;
pub mod multipart;
mod pages;
pub(crate) mod query;
mod refusal;
mod respond;
pub mod retention;
mod routes;
mod routes_of_pages;
mod serve;
#[cfg(test)]
mod tests;
mod trace;
mod unit_codes;

pub use api::deposits::summary as deposit_view;
pub use api::exceptions::{event_view, read_target, read_target_of};
pub use api::letters::summary as letter_view;
pub use api::open_day_json;
pub use api::payer_reads;
pub use api::remittances::summary as remittance_view;
pub use api::shifts::summary as shift_view;
pub use api::{
    awaited_view, correction_asked_view, correction_lines, correction_view, exception_view, raise,
    refund_view,
};
pub use pages::both;
pub use serve::{serve, serve_until};

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

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
    /// Tries to sign in, and invitations opened.
    pub sign_ins: PerAddress,
    /// Passwords hashed at the same time.
    pub hashing: limit::Hashing,
    /// Waiting pages that ask or stream.
    pub polls: PerAddress,
    /// Waiting pages that are told.
    pub live: Arc<pages::live::Live>,
    pub in_flight: InFlight,
    /// Bundles being written for citizens and for staff: neither waits for the other.
    pub citizen_bundles: Arc<bundle::Slots>,
    pub staff_bundles: Arc<bundle::Slots>,
    /// Pages drawn at the same time.
    pub turns: Arc<pages::rendition::Turns>,
    pub metrics: PrometheusHandle,
    pub gauges: health::Gauges,
    pub unit_codes: unit_codes::UnitCodes,
    /// What the lists of each unit warned of, for who sees many units.
    pub alarms: pages::finance::alarms::Kept,
    /// Of the trees that prove when receipts were there.
    pub tops: crate::receipt::evidence::tops::Tops,
}

/// Refused callbacks kept per minute and source.
const REFUSALS_KEPT_PER_MINUTE: u32 = 10;

/// Tries to sign in per minute and address: a whole office may share one.
const SIGN_INS_PER_MINUTE: u32 = 30;
/// Questions of waiting pages per minute and address: a waiting room or a mobile network may share one.
const POLLS_PER_MINUTE: u32 = 3_000;

/// Bundles written at the same time, and how long one may take: a citizen's is small.
const CITIZEN_BUNDLES: (usize, Duration) = (8, Duration::from_secs(600));
const STAFF_BUNDLES: (usize, Duration) = (4, Duration::from_secs(2 * 3_600));

impl Shared {
    fn new(running: Arc<Running>) -> Self {
        let streams = pages::live::Limits::of(&running.app.config.web);
        let lookups = PerAddress::per_minute(running.app.config.web.lookups_per_minute);
        Shared {
            running,
            lookups,
            refusals: PerAddress::per_minute(REFUSALS_KEPT_PER_MINUTE),
            sign_ins: PerAddress::per_minute(SIGN_INS_PER_MINUTE),
            hashing: limit::Hashing::default(),
            polls: PerAddress::per_minute(POLLS_PER_MINUTE),
            live: Arc::new(pages::live::Live::new(streams)),
            in_flight: InFlight::default(),
            citizen_bundles: bundle::Slots::new(CITIZEN_BUNDLES.0, CITIZEN_BUNDLES.1),
            staff_bundles: bundle::Slots::new(STAFF_BUNDLES.0, STAFF_BUNDLES.1),
            turns: Arc::new(pages::rendition::Turns::new()),
            metrics: health::recorder(),
            gauges: health::Gauges::default(),
            unit_codes: unit_codes::UnitCodes::default(),
            alarms: Default::default(),
            tops: Default::default(),
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
