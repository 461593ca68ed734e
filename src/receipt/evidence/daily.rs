//! The daily time stamp: one token of an outside authority over the Merkle root of all seals and
//! day certificates that are not stamped yet.
//!
//! Leaves are gathered in small transactions, so that nobody waits; a seal that is stored later
//! than its day was stamped goes into the next day's tree. A day whose leaves were gathered and that
//! got no token waits, and is stamped in a later night: its leaves stand in no other tree.

use ring::rand::{SecureRandom, SystemRandom};

use super::query::{self, LeafRow};
use super::timestamp;
use crate::actor::Scope;
use crate::audit::merkle;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::receipt::signer::Http;
use crate::store::{Lane, Stamp, Store, rows};
use crate::unit::CITY;

const CHUNK: i64 = 500;
const TIMEOUT_MS: u64 = 15_000;
const TOKEN_BYTES_LIMIT: u64 = 256 << 10;
/// Days that waited and are stamped in one run: an authority that says nothing takes its time for each.
const WAITING_DAYS_AT_ONCE: usize = 7;

/// Stamps a day that is over, and first, oldest first, the earlier days that still wait for a token; what fails
/// keeps no other from its own. A token says when it was made: one that comes late proves that the leaves
/// existed by then, and not on their day. That their certificates stood still must then be said by somebody:
/// `ask_anew` asks the authorities, once tokens came for days that had waited. Returns how many leaves were stamped
/// now.
///
/// # Errors
/// The first of those of `stamp_day`, when all were tried, and those of `ask_anew`.
pub fn stamp_until(
    store: &Store,
    stamp: &Stamp<'_>,
    last: BusinessDay,
    url: &str,
    authorities: &[Vec<u8>],
    ask_anew: impl FnOnce() -> Result<()>,
) -> Result<usize> {
    let waiting = store.read(&Scope::All, |conn| query::waiting_days(conn, last))?;
    let (mut count, mut failed, mut is_late) = (0, None, false);
    for day in waiting.into_iter().take(WAITING_DAYS_AT_ONCE).chain([last]) {
        match stamp_day(store, stamp, day, url, authorities) {
            Ok(stamped) => {
                is_late |= stamped.is_some() && day < last;
                count += stamped.unwrap_or_default();
            }
            Err(error) => {
                tracing::warn!(%day, %error, "a day was not stamped; it is tried again");
                failed = failed.or(Some(error));
            }
        }
    }
    if is_late && let Err(error) = ask_anew() {
        failed = failed.or(Some(error));
    }
    let waiting = store.read(&Scope::All, |conn| query::waiting_days(conn, last.next()))?;
    metrics::gauge!("bienlai_days_unstamped").set(u32::try_from(waiting.len()).unwrap_or(u32::MAX));
    failed.map_or(Ok(count), Err)
}

/// Stamps a day that is over. Some(number of leaves) when a token was stored now.
///
/// # Errors
/// Those of asking the authority and `timestamp_*`; what was gathered stays for the next try.
pub fn stamp_day(
    store: &Store,
    stamp: &Stamp<'_>,
    day: BusinessDay,
    url: &str,
    authorities: &[Vec<u8>],
) -> Result<Option<usize>> {
    if store.read(&Scope::All, |conn| query::stamp_of(conn, day))?.is_some() {
        return Ok(None);
    }
    gather(store, day)?;
    let (tree, previous) =
        store.read(&Scope::All, |conn| Ok((query::tree(conn, day)?, query::last_root(conn, day)?)))?;
    let count = tree.count();
    if count == 0 {
        return Ok(None);
    }
    let previous = previous.unwrap_or_default();
    let root = tree.finish(&previous);
    let digest = query::bytes_of(&root).ok_or_else(|| Error::internal("a Merkle root is no hash"))?;
    let (token, at) = ask(url, &digest, authorities)?;
    let row = query::StampRow {
        unit_id: CITY,
        date: day,
        leaf_count: count as i64,
        previous_sha256: previous,
        root_sha256: root,
        token,
        stamped_at: at,
        created_at: stamp.now,
    };
    let stored = store.write(&Scope::All, Lane::Bulk, |tx| {
        rows::insert_if_absent(tx, std::slice::from_ref(&row), &["unit_id", "date"])
    })?;
    Ok((stored == [true]).then_some(count))
}

fn ask(url: &str, digest: &[u8], authorities: &[Vec<u8>]) -> Result<(Vec<u8>, crate::clock::Instant)> {
    let mut nonce = [0_u8; 8];
    SystemRandom::new().fill(&mut nonce).map_err(|_| Error::internal("no randomness"))?;
    // A leading zero bit and a set one: the number is written in eight bytes whatever comes.
    nonce[0] = (nonce[0] & 0x7f) | 0x40;
    let request = timestamp::request(digest, u64::from_be_bytes(nonce));
    let http = Http::new(TIMEOUT_MS, TOKEN_BYTES_LIMIT);
    let response = http.post(url, "application/timestamp-query", None, &request)?.good()?;
    let token = timestamp::token(&response)?;
    let stamped = timestamp::check(&token, digest, authorities)?;
    let is_ours = stamped.nonce.as_deref() == Some(&nonce[..]);
    if !is_ours || (!authorities.is_empty() && !stamped.is_trusted) {
        return Err(Error::conflict("timestamp_wrong", "an old token, or one of an unknown authority"));
    }
    Ok((token, stamped.at))
}

/// Gives every seal and day certificate before the end of the day that has no leaf yet its place.
fn gather(store: &Store, day: BusinessDay) -> Result<()> {
    let until = day.next().start();
    loop {
        let count = store.write(&Scope::All, Lane::Bulk, |tx| {
            let mut waiting = query::unstamped_seals(tx, until, CHUNK)?;
            if waiting.is_empty() {
                waiting = query::unstamped_days(tx, until, CHUNK)?;
            }
            let first = query::last_position(tx, day)? + 1;
            let leaves: Vec<LeafRow> = waiting
                .into_iter()
                .zip(first..)
                .map(|((unit_id, kind, subject_id, document_sha256), position)| LeafRow {
                    unit_id,
                    kind,
                    subject_id,
                    date: day,
                    position,
                    sha256: merkle::leaf(kind, &document_sha256),
                })
                .collect();
            rows::insert(tx, &leaves)?;
            Ok(leaves.len())
        })?;
        if count == 0 {
            return Ok(());
        }
    }
}
