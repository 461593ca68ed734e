//! Requests to machines outside: signing services, authorities, time stamping. Only http(s), no
//! redirects, limited in time and size.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use crate::error::{Error, Result};

/// The longest a `Retry-After` is believed.
const RETRY_AFTER_LIMIT_S: u32 = 300;
/// Said when a busy machine names no time.
const RETRY_AFTER_DEFAULT_S: u32 = 5;

/// A client with its limits.
pub struct Http {
    agent: ureq::Agent,
    bytes_limit: u64,
}

/// An answer, whatever its status.
pub struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
    retry_after_s: Option<u32>,
}

impl Http {
    pub fn new(timeout_ms: u64, bytes_limit: u64) -> Http {
        Http { agent: config(timeout_ms).into(), bytes_limit }
    }

    /// For addresses that others name: a host name must lead outside, to the very address that was
    /// looked at. An address in figures is as it was allowed.
    pub fn outward(timeout_ms: u64, bytes_limit: u64) -> Http {
        let agent =
            ureq::Agent::with_parts(config(timeout_ms), DefaultConnector::default(), Outward::default());
        Http { agent, bytes_limit }
    }

    /// # Errors
    /// `Busy` `remote_unreachable` when no answer came in time.
    pub fn get(&self, url: &str) -> Result<Reply> {
        require_http(url)?;
        self.read(self.agent.get(url).call())
    }

    /// # Errors
    /// As `get`.
    pub fn post(&self, url: &str, content_type: &str, token: Option<&str>, body: &[u8]) -> Result<Reply> {
        require_http(url)?;
        let mut request = self.agent.post(url).header("Content-Type", content_type);
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        self.read(request.send(body))
    }

    fn read(
        &self,
        answer: std::result::Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Reply> {
        let unreachable = |error: ureq::Error| match error {
            ureq::Error::Io(inner)
                if inner.kind() == io::ErrorKind::PermissionDenied && is_inside(&inner) =>
            {
                Error::conflict("remote_inside", INSIDE)
            }
            error => Error::busy("remote_unreachable", RETRY_AFTER_DEFAULT_S, format!("no answer: {error}")),
        };
        let mut answer = answer.map_err(unreachable)?;
        let retry_after_s = answer
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.trim().parse::<u32>().ok())
            .map(|seconds| seconds.min(RETRY_AFTER_LIMIT_S));
        let status = answer.status().as_u16();
        let body =
            answer.body_mut().with_config().limit(self.bytes_limit).read_to_vec().map_err(unreachable)?;
        Ok(Reply { status, body, retry_after_s })
    }
}

impl Reply {
    /// The body of a good answer.
    ///
    /// # Errors
    /// `Busy` `remote_busy` for 429, 502, 503 and 504 with the time to wait; `remote_refused`
    /// for the rest.
    pub fn good(self) -> Result<Vec<u8>> {
        match self.status {
            200..=299 => Ok(self.body),
            429 | 502..=504 => Err(Error::busy(
                "remote_busy",
                self.retry_after_s.unwrap_or(RETRY_AFTER_DEFAULT_S),
                format!("status {}", self.status),
            )),
            status => Err(Error::conflict("remote_refused", format!("status {status}"))),
        }
    }
}

fn config(timeout_ms: u64) -> Config {
    ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_millis(timeout_ms)))
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent("bienlai")
        .build()
}

const INSIDE: &str = "the name leads to an address inside the network";

fn is_inside(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.to_string() == INSIDE)
}

/// Looks names up and refuses those that lead inside. The connection goes to the addresses given
/// here, so that no second look-up can answer otherwise.
#[derive(Debug, Default)]
struct Outward(DefaultResolver);

impl Resolver for Outward {
    fn resolve(
        &self,
        uri: &ureq::http::Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> std::result::Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.0.resolve(uri, config, timeout)?;
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let is_in_figures = host.parse::<IpAddr>().is_ok();
        if is_in_figures || found.iter().all(|address| is_outside(address.ip())) {
            return Ok(found);
        }
        Err(ureq::Error::Io(io::Error::new(io::ErrorKind::PermissionDenied, INSIDE)))
    }
}

/// Whether an address is of the public network: not of this machine, a private or shared network,
/// a link, a group or a documentation.
fn is_outside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            let is_shared = a == 100 && (64..128).contains(&b);
            let is_reserved =
                a == 0 || a >= 240 || (a, b, c) == (192, 0, 0) || (a == 198 && (b & 0xfe) == 18);
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_documentation()
                || is_shared
                || is_reserved)
        }
        IpAddr::V6(v6) => match embedded(v6) {
            Some(v4) => is_outside(IpAddr::V4(v4)),
            // 2000::/3 is what is given out; 2001:db8::/32 of it is for documentation.
            None => v6.segments()[0] & 0xe000 == 0x2000 && v6.segments()[..2] != [0x2001, 0x0db8],
        },
    }
}

/// The IPv4 address that an IPv6 one stands for: mapped, or behind NAT64 or 6to4.
fn embedded(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = v6.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    v6.to_ipv4_mapped().or(match s {
        [0x0064, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    })
}

fn require_http(url: &str) -> Result<()> {
    if host_of(url).is_some() {
        return Ok(());
    }
    Err(Error::invalid("url", "url_unusable", "expected http:// or https:// and a host"))
}

/// The host of an http(s) URL without user, small letters, with its port if it names one.
pub fn host_of(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    (!host.is_empty() && host.chars().all(plain)).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_inside_is_told_from_one_outside() {
        let inside = [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "::127.0.0.1",
        ];
        for address in inside {
            assert!(!is_outside(address.parse().unwrap()), "{address}");
        }
        for address in ["203.162.4.191", "1.1.1.1", "172.32.0.1", "2001:ee0::1", "::ffff:1.1.1.1"] {
            assert!(is_outside(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn an_address_that_is_none_is_not_asked() {
        let http = Http::new(2_000, 100);
        for url in ["", "sign.example.vn", "ftp://sign.example.vn", "http://", "https:///sign", "http://a b/"]
        {
            assert_eq!(http.get(url).err().map(|error| error.code()), Some("url_unusable"), "{url}");
            let posted = http.post(url, "text/plain", None, b"");
            assert_eq!(posted.err().map(|error| error.code()), Some("url_unusable"), "{url}");
        }
    }

    #[test]
    fn an_answer_is_good_put_off_or_a_refusal_by_its_status() {
        let answer = |status| {
            let reply = Reply { status, body: Vec::new(), retry_after_s: Some(7) };
            reply.good().map_err(|error| (error.code(), error.kind().clone()))
        };
        for status in [200, 204, 299] {
            assert_eq!(answer(status), Ok(Vec::new()), "{status}");
        }
        for status in [429, 502, 503, 504] {
            let put_off = ("remote_busy", crate::error::Kind::Busy { retry_after_s: 7 });
            assert_eq!(answer(status), Err(put_off), "{status}");
        }
        for status in [302, 400, 401, 403, 404, 500, 501] {
            assert_eq!(answer(status), Err(("remote_refused", crate::error::Kind::Conflict)), "{status}");
        }
    }

    #[test]
    fn a_name_that_leads_inside_is_not_asked() {
        let http = Http::outward(2_000, 100);
        let refused = http.get("http://localhost:9/ca.crl").err().unwrap();
        assert_eq!(refused.code(), "remote_inside");
        let in_figures = http.get("http://127.0.0.1:9/ca.crl").err().unwrap();
        assert_eq!(in_figures.code(), "remote_unreachable", "it was tried: nobody listens");
        assert_eq!(
            Http::new(2_000, 100).get("http://localhost:9/").err().unwrap().code(),
            "remote_unreachable"
        );
    }
}
