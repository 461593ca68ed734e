//! Where the service listens and how it is reached.

use std::net::{IpAddr, SocketAddr};

use serde::Deserialize;

use crate::error::{Error, Result};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    pub listen: SocketAddr,
    /// Where `/metrics` is served, and nothing else; without it `/metrics` is a path of `listen`.
    pub metrics_listen: Option<SocketAddr>,
    pub workers: usize,
    /// How citizens reach the service from outside, for links: no slash at the end. Where the service
    /// listens on this machine alone, that address unless another is given.
    pub public_url: String,
    /// Look-ups of receipts per minute and address.
    pub lookups_per_minute: u32,
    /// Waiting pages of one address (of IPv6: of one /48) that are told by a stream; the others ask
    /// every few seconds. Offices and mobile networks share addresses.
    pub streams_per_address: usize,
    /// Reverse proxies whose `X-Forwarded-For` is believed; without them the peer is the source.
    pub trusted_proxies: Vec<IpAddr>,
    /// Whether a start prints a one-time link while nobody administrates.
    pub first_administrator: bool,
}

impl Default for Web {
    fn default() -> Self {
        Web {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            metrics_listen: None,
            workers: 2,
            public_url: String::new(),
            lookups_per_minute: 30,
            streams_per_address: 500,
            trusted_proxies: Vec::new(),
            first_administrator: true,
        }
    }
}

impl Web {
    pub fn check(&self) -> Result<()> {
        let invalid = |field: &str, why: &str| Err(Error::invalid(field, "config_invalid", why));
        if !(1..=64).contains(&self.workers) {
            return invalid("web.workers", "1 to 64");
        }
        if self.metrics_listen == Some(self.listen) {
            return invalid("web.metrics_listen", "an address or a port of its own");
        }
        if self.public_url.is_empty() {
            return invalid("web.public_url", "needed as soon as `listen` is not this machine alone");
        }
        let host = ["http://", "https://"].iter().find_map(|scheme| self.public_url.strip_prefix(scheme));
        if host.is_none_or(str::is_empty) || self.public_url.ends_with('/') {
            return invalid("web.public_url", "http(s)://… without a slash at the end");
        }
        if self.streams_per_address == 0 {
            return invalid("web.streams_per_address", "at least 1");
        }
        if self.lookups_per_minute == 0 {
            return invalid("web.lookups_per_minute", "at least 1");
        }
        Ok(())
    }
}
