//! Fetches what authorities say about our certificates, outside any transaction.
//!
//! Addresses come from the configuration, or from the certificate itself where the host is on the
//! configured list: a certificate must not make this service ask machines inside the network.

use ring::digest::{SHA256, digest};

use super::{query, revocation};
use crate::actor::Scope;
use crate::audit;
use crate::clock::Instant;
use crate::error::Result;
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
    let http = Http::new(TIMEOUT_MS, BYTES_LIMIT);
    let mut done = Refreshed::default();
    let all = store.read(&Scope::All, certificate::all)?;
    for listed in all.iter().filter(|one| stamp.now < one.not_after && one.revoked_at.is_none()) {
        for found in ask(&http, sources, listed, stamp.now, &mut done) {
            let is_revoked = found.standing.revoked_at.is_some();
            if keep(store, stamp, listed, found)? {
                done.stored += 1;
            }
            done.revoked += usize::from(is_revoked);
        }
    }
    Ok(done)
}

fn ask(http: &Http, sources: &Sources, listed: &Listed, now: Instant, done: &mut Refreshed) -> Vec<Found> {
    let chain = certificates_in(&listed.chain_pem).unwrap_or_default();
    let [own, issuer, ..] = chain.as_slice() else { return Vec::new() };
    let (lists, responders) = revocation::addresses(own).unwrap_or_default();
    let is_allowed = |url: &String| host_of(url).is_some_and(|host| sources.hosts.contains(&host));
    let lists = sources.crl_urls.iter().chain(lists.iter().filter(|url| is_allowed(url)));
    let responders = sources.ocsp_urls.iter().chain(responders.iter().filter(|url| is_allowed(url)));
    let by_list = lists.map(|url| -> Result<Found> {
        let document = http.get(url)?.good()?;
        let standing = revocation::by_list(&document, own, issuer, now)?;
        Ok(Found { kind: "crl", document, standing })
    });
    let by_answer = responders.map(|url| -> Result<Found> {
        let question = revocation::question(own, issuer)?;
        let document = http.post(url, "application/ocsp-request", None, &question)?.good()?;
        let standing = revocation::by_answer(&document, own, issuer, now)?;
        Ok(Found { kind: "ocsp", document, standing })
    });
    let mut found = Vec::new();
    for answer in by_list.chain(by_answer) {
        match answer {
            Ok(answer) => found.push(answer),
            Err(error) => {
                done.failed += 1;
                metrics::counter!("bienlai_evidence_failures_total").increment(1);
                tracing::warn!(%error, certificate = %listed.id, "no evidence about a certificate");
            }
        }
    }
    found
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
