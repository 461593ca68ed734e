//! Fetches what authorities say about our certificates, outside any transaction.
//!
//! Addresses come from the configuration, or from the certificate itself where the host is on the
//! configured list: a certificate must not make this service ask machines inside the network.

use ring::digest::{SHA256, digest};

use super::{query, revocation};
use crate::actor::Scope;
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::EvidenceId;
use crate::receipt::key::{alarm, certificates_in};
use crate::receipt::signer::{Http, host_of};
use crate::store::{Lane, Stamp, Store, rows};
use crate::text;
use crate::unit::certificate::{self, Listed};

/// Lists of large authorities have some megabytes.
const BYTES_LIMIT: u64 = 16 << 20;
const TIMEOUT_MS: u64 = 15_000;

/// Where evidence comes from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    pub crl_urls: Vec<String>,
    pub ocsp_urls: Vec<String>,
    /// Hosts (with their port if it is not the usual one) that certificates may name.
    pub hosts: Vec<String>,
}

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refreshed {
    pub stored: usize,
    pub revoked: usize,
    pub failed: usize,
}

struct Found {
    kind: &'static str,
    document: Vec<u8>,
    standing: revocation::Standing,
}

/// Asks about every certificate that may still sign; stores what is new.
pub fn refresh(store: &Store, stamp: &Stamp<'_>, sources: &Sources) -> Result<Refreshed> {
    let clients = Clients {
        configured: Http::new(TIMEOUT_MS, BYTES_LIMIT),
        named: Http::outward(TIMEOUT_MS, BYTES_LIMIT),
    };
    let mut done = Refreshed::default();
    let all = store.read(&Scope::All, certificate::all)?;
    for listed in all.iter().filter(|one| stamp.now < one.not_after && one.revoked_at.is_none()) {
        let asked = ask(&clients, sources, listed, stamp.now, &mut done);
        tell(store, stamp, listed, &asked)?;
        for found in asked.found {
            let is_revoked = found.standing.revoked_at.is_some();
            if keep(store, stamp, listed, found)? {
                done.stored += 1;
            }
            done.revoked += usize::from(is_revoked);
        }
    }
    Ok(done)
}

/// Who asks: addresses of the configuration may be inside the network; those that a certificate
/// names, even if allowed, must not lead there.
struct Clients {
    configured: Http,
    named: Http,
}

/// What asking about one certificate brought.
#[derive(Default)]
struct Asked {
    found: Vec<Found>,
    /// How many were asked.
    count: usize,
    /// The code of the last that did not answer well.
    failure: Option<&'static str>,
}

fn ask(clients: &Clients, sources: &Sources, listed: &Listed, now: Instant, done: &mut Refreshed) -> Asked {
    let chain = certificates_in(&listed.chain_pem).unwrap_or_default();
    let [own, issuer, ..] = chain.as_slice() else { return Asked::default() };
    let (lists, responders) = revocation::addresses(own).unwrap_or_default();
    let is_allowed = |url: &&String| host_of(url).is_some_and(|host| sources.hosts.contains(&host));
    let configured = |urls: &'_ [String]| urls.iter().map(|url| (&clients.configured, url.clone())).collect();
    let mut all_lists: Vec<(&Http, String)> = configured(&sources.crl_urls);
    all_lists.extend(lists.iter().filter(is_allowed).map(|url| (&clients.named, url.clone())));
    let mut all_responders: Vec<(&Http, String)> = configured(&sources.ocsp_urls);
    all_responders.extend(responders.iter().filter(is_allowed).map(|url| (&clients.named, url.clone())));
    let by_list = all_lists.iter().map(|(http, url)| -> Result<Found> {
        let document = http.get(url)?.good()?;
        let standing = revocation::by_list(&document, own, issuer, now)?;
        meant_still(Found { kind: "crl", document, standing }, now)
    });
    let by_answer = all_responders.iter().map(|(http, url)| -> Result<Found> {
        let question = revocation::question(own, issuer)?;
        let document = http.post(url, "application/ocsp-request", None, &question)?.good()?;
        let standing = revocation::by_answer(&document, own, issuer, now)?;
        meant_still(Found { kind: "ocsp", document, standing }, now)
    });
    let mut asked = Asked::default();
    for answer in by_list.chain(by_answer) {
        asked.count += 1;
        match answer {
            Ok(answer) => asked.found.push(answer),
            Err(error) => {
                done.failed += 1;
                asked.failure = Some(error.code());
                metrics::counter!("bienlai_evidence_failures_total").increment(1);
                tracing::warn!(%error, certificate = %listed.id, "no evidence about a certificate");
            }
        }
    }
    asked
}

/// An old list or answer, which somebody may have kept for us, is no evidence of today. That a
/// certificate was revoked stays true, however old the word.
fn meant_still(found: Found, now: Instant) -> Result<Found> {
    if found.standing.is_fresh(now) || found.standing.revoked_at.is_some() {
        return Ok(found);
    }
    let next = found.standing.next_update.map_or_else(|| "none".to_owned(), |at| at.to_string());
    Err(Error::conflict("revocation_stale", format!("the next was announced for {next}")))
}

/// Alarms when nobody who was asked gives a word of today and none of before is still meant; the
/// alarm ends with the next good one.
fn tell(store: &Store, stamp: &Stamp<'_>, listed: &Listed, asked: &Asked) -> Result<()> {
    if asked.count == 0 {
        return Ok(());
    }
    if !asked.found.is_empty() {
        return alarm::clear_about(store, stamp, listed.unit, listed.id, alarm::Kind::StatusStale);
    }
    let is_known = store.read(&Scope::All, |conn| {
        let of = |conn: &mut _, kind| query::newest(conn, listed.unit, listed.id, kind, stamp.now);
        Ok(of(conn, "crl")?.is_some() || of(conn, "ocsp")?.is_some())
    })?;
    if is_known {
        return Ok(());
    }
    let detail = asked.failure.unwrap_or("revocation_stale");
    let alarm = alarm::Alarm::of_certificate(listed.unit, listed.id, alarm::Kind::StatusStale, detail);
    alarm::raise(store, stamp, &[alarm]).map(|_| ())
}

/// Stores a document once; a revocation is noted with it and alarmed.
fn keep(store: &Store, stamp: &Stamp<'_>, listed: &Listed, found: Found) -> Result<bool> {
    let sha256 = text::hex(digest(&SHA256, &found.document).as_ref());
    let Found { kind, document, standing } = found;
    let is_new = store.write(&Scope::All, Lane::Bulk, |tx| {
        let known = query::by_hash(tx, listed.unit, listed.id, &sha256)?;
        let id: EvidenceId = match known {
            Some(id) => id,
            None => stamp.mint()?,
        };
        if known.is_none() {
            let row = query::EvidenceRow {
                unit_id: listed.unit,
                id,
                certificate_id: listed.id,
                kind,
                sha256: sha256.clone(),
                document: document.clone(),
                this_update: standing.this_update,
                next_update: standing.next_update,
                fetched_at: stamp.now,
            };
            rows::insert(tx, &[row])?;
        }
        if let Some(revoked_at) = standing.revoked_at {
            let row = query::RevocationRow {
                unit_id: listed.unit,
                certificate_id: listed.id,
                evidence_id: id,
                revoked_at,
                seen_at: stamp.now,
            };
            if rows::insert_if_absent(tx, &[row], &["unit_id", "certificate_id"])? == [true] {
                let entry = audit::Entry {
                    unit: listed.unit,
                    actor: "system".to_owned(),
                    action: "certificate.revoked",
                    subject: listed.id.to_string(),
                    detail: revoked_at.to_string(),
                };
                audit::record(tx, stamp, &[entry])?;
            }
        }
        Ok(known.is_none())
    })?;
    if let Some(at) = standing.revoked_at {
        let day = at.business_day().to_string();
        let alarm = alarm::Alarm::of_certificate(listed.unit, listed.id, alarm::Kind::Revoked, &day);
        alarm::raise(store, stamp, &[alarm])?;
    }
    Ok(is_new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_word_is_no_evidence_of_today_but_a_revocation_stays_true() {
        let now = Instant(0).plus_seconds(40 * 86_400);
        let code = |this_update, next_update, revoked_at| {
            let standing = revocation::Standing { this_update, next_update, revoked_at };
            let found = Found { kind: "crl", document: Vec::new(), standing };
            meant_still(found, now).err().map(|error| error.code())
        };
        let (hour, week) = (now.minus_seconds(3_600), now.minus_seconds(7 * 86_400));
        assert_eq!(code(week, Some(now.plus_seconds(60)), None), None, "the next is still to come");
        assert_eq!(code(week, Some(now.minus_seconds(86_400)), None), Some("revocation_stale"));
        assert_eq!(code(hour, None, None), None, "where none is announced it is believed for a day");
        assert_eq!(code(week, None, None), Some("revocation_stale"));
        assert_eq!(code(week, Some(now.minus_seconds(86_400)), Some(week)), None);
    }
}
