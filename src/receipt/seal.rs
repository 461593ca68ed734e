//! Sealing: numbered receipts get their signature, outside any transaction, and are stored as the
//! exact signed bytes. A restart finds the unsigned ones by their state.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use ring::digest::{SHA256, digest};

use super::key::SigningKey;
use super::query::{self, SealRow};
use super::sign::{SoftwareSigner, sign_batch};
use crate::actor::Scope;
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{CertificateId, ReceiptId, UnitId};
use crate::store::failpoint;
use crate::store::vault::Vault;
use crate::store::{Conn, Lane, Stamp, Store, Tx, rows};
use crate::text;
use crate::unit::{self, certificate};

/// How long a unit's signer is kept before its certificate is looked up again.
const REFRESH_S: i64 = 300;

/// Who is to know of sealed receipts within the sealing transaction. Rooms after this one implement
/// it, so that what a seal sets off stands or falls with the seal.
pub trait Announce: Sync {
    fn sealed(&self, tx: &mut Tx<'_>, stamp: &Stamp<'_>, receipts: &[(UnitId, ReceiptId)]) -> Result<()>;
}

/// A unit's signer with the certificate it signs under.
pub struct Held {
    pub certificate: CertificateId,
    pub signer: SoftwareSigner,
    not_after: Instant,
    loaded_at: Instant,
}

/// The signers of the process, loaded at first use.
#[derive(Default)]
pub struct Keyring {
    held: Mutex<HashMap<UnitId, Arc<Held>>>,
}

impl Keyring {
    /// The signer of a unit; units without a certificate of their own sign under the city's
    /// (entrusted signing). `signing_key_missing` when there is neither.
    pub fn signer(&self, conn: &mut Conn, vault: &Vault, unit: UnitId, now: Instant) -> Result<Arc<Held>> {
        if let Some(held) = self.remembered(unit, now) {
            return Ok(held);
        }
        let own = certificate::current(conn, vault, unit, now)?;
        let stored = match own {
            Some(stored) => stored,
            None => certificate::current(conn, vault, unit::CITY, now)?.ok_or_else(|| {
                Error::conflict("signing_key_missing", "the unit has no valid signing certificate")
            })?,
        };
        let tax_code = unit::find(conn, stored.unit)?.tax_code;
        let key = SigningKey::from_pem(&stored.key_pem, &stored.chain_pem, &tax_code)?;
        let held = Arc::new(Held {
            certificate: stored.id,
            signer: key.signer()?,
            not_after: stored.not_after,
            loaded_at: now,
        });
        let mut all = self.held.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        all.insert(unit, Arc::clone(&held));
        Ok(held)
    }

    fn remembered(&self, unit: UnitId, now: Instant) -> Option<Arc<Held>> {
        let all = self.held.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let held = all.get(&unit)?;
        let is_fresh = now.seconds_since(held.loaded_at) < REFRESH_S && now < held.not_after;
        is_fresh.then(|| Arc::clone(held))
    }
}

/// What one run of sealing did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub sealed: usize,
    /// Left `numbered`: no valid key, or the signer failed.
    pub held_back: usize,
}

struct Task {
    unit: UnitId,
    id: ReceiptId,
    body: Vec<u8>,
    revision: i64,
}

/// Signs the receipts that are still unsigned, on `threads` threads, and stores the seals in one
/// bulk transaction.
pub fn sign_and_seal(
    store: &Store,
    keyring: &Keyring,
    stamp: &Stamp<'_>,
    receipts: &[(UnitId, ReceiptId)],
    threads: usize,
    announce: &dyn Announce,
) -> Result<Outcome> {
    let tasks: Vec<Task> = store
        .read(&Scope::All, |conn| query::unsigned(conn, receipts))?
        .into_iter()
        .map(|(unit, id, body, revision)| Task { unit, id, body, revision })
        .collect();
    let mut by_unit: BTreeMap<UnitId, Vec<Task>> = BTreeMap::new();
    let total = tasks.len();
    for task in tasks {
        by_unit.entry(task.unit).or_default().push(task);
    }
    let mut work: Vec<(Arc<Held>, Vec<Task>)> = Vec::new();
    for (unit, tasks) in by_unit {
        match store.read(&Scope::All, |conn| keyring.signer(conn, stamp.vault, unit, stamp.now)) {
            Ok(held) => {
                // Chunks spread a hot unit over all threads.
                let mut rest = tasks.into_iter().peekable();
                while rest.peek().is_some() {
                    work.push((Arc::clone(&held), rest.by_ref().take(8).collect()));
                }
            }
            Err(error) => {
                metrics::counter!("bienlai_sealing_held_back_total").increment(tasks.len() as u64);
                tracing::error!(%unit, %error, receipts = tasks.len(), "receipts cannot be signed");
            }
        }
    }
    let (seals, revisions) = sign_all(&work, stamp.now, threads);
    failpoint::hit("signed");
    let sealed = store_seals(store, stamp, &seals, &revisions, announce)?;
    failpoint::hit("sealed");
    Ok(Outcome { sealed, held_back: total - seals.len() })
}

fn sign_all(work: &[(Arc<Held>, Vec<Task>)], now: Instant, threads: usize) -> (Vec<SealRow>, Vec<i64>) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let done: Mutex<Vec<(SealRow, i64)>> = Mutex::new(Vec::new());
    let run = || {
        while let Some((held, tasks)) = work.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
            match sign_chunk(held, tasks, now) {
                Ok(signed) => done.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).extend(signed),
                Err(error) => {
                    tracing::error!(%error, receipts = tasks.len(), "signing failed; it is tried again")
                }
            }
        }
    };
    if work.len() <= 1 || threads <= 1 {
        run();
    } else {
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(run);
            }
        });
    }
    let mut signed = done.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    signed.sort_by_key(|(seal, _)| (seal.unit_id, seal.receipt_id));
    signed.into_iter().unzip()
}

fn sign_chunk(held: &Held, tasks: &[Task], now: Instant) -> Result<Vec<(SealRow, i64)>> {
    let bodies: Vec<&[u8]> = tasks.iter().map(|task| task.body.as_slice()).collect();
    let documents = sign_batch(&bodies, &held.signer, now)?;
    Ok(tasks
        .iter()
        .zip(documents)
        .map(|(task, document)| {
            let seal = SealRow {
                unit_id: task.unit,
                receipt_id: task.id,
                certificate_id: held.certificate,
                document_sha256: text::hex(digest(&SHA256, &document).as_ref()),
                document,
                signed_at: now,
            };
            (seal, task.revision)
        })
        .collect())
}

fn store_seals(
    store: &Store,
    stamp: &Stamp<'_>,
    seals: &[SealRow],
    revisions: &[i64],
    announce: &dyn Announce,
) -> Result<usize> {
    if seals.is_empty() {
        return Ok(0);
    }
    store.write(&Scope::All, Lane::Bulk, |tx| {
        let is_new = query::seal(tx, seals, revisions)?;
        let mut events = Vec::with_capacity(seals.len());
        let mut trail = Vec::with_capacity(seals.len());
        for ((seal, revision), _) in seals.iter().zip(revisions).zip(&is_new).filter(|(_, is_new)| **is_new) {
            events.push(query::EventRow {
                unit_id: seal.unit_id,
                id: stamp.mint()?,
                receipt_id: seal.receipt_id,
                revision: revision + 1,
                kind: "signed",
                state: "signed",
                actor: "system".to_owned(),
                reason: None,
                at: stamp.now,
            });
            trail.push(audit::Entry {
                unit: seal.unit_id,
                actor: "system".to_owned(),
                action: "receipt.sealed",
                subject: seal.receipt_id.to_string(),
                detail: seal.document_sha256.clone(),
            });
        }
        rows::insert(tx, &events)?;
        audit::record(tx, stamp, &trail)?;
        let sealed: Vec<_> = events.iter().map(|event| (event.unit_id, event.receipt_id)).collect();
        announce.sealed(tx, stamp, &sealed)?;
        Ok(events.len())
    })
}
