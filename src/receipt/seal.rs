//! Sealing: numbered receipts get their signature, outside any transaction, and are stored as the
//! exact signed bytes. A restart finds the unsigned ones by their state.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use ring::digest::{SHA256, digest};

use super::evidence;
use super::key::alarm;
use super::keyring::{self, Whose, locked};
use super::query::{self, SealRow, Unsigned};
use super::sign::{DECLARATION, sign_batch};
use crate::actor::Scope;
use crate::audit;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{CertificateId, ReceiptId, UnitId};
use crate::store::failpoint;
use crate::store::{Lane, Stamp, Store, Tx, rows};
use crate::text;
use crate::unit::registration::Family;

pub use super::keyring::{Held, Keyring, is_missing};

/// Who is to know of sealed receipts within the sealing transaction. Rooms after this one implement
/// it, so that what a seal sets off stands or falls with the seal.
pub trait Announce: Sync {
    fn sealed(&self, tx: &mut Tx<'_>, stamp: &Stamp<'_>, receipts: &[(UnitId, ReceiptId)]) -> Result<()>;

    /// The invoices among them, where there are any: the tax authority wants each.
    fn invoices(&self, tx: &mut Tx<'_>, stamp: &Stamp<'_>, invoices: &[(UnitId, ReceiptId)]) -> Result<()> {
        let _ = (tx, stamp, invoices);
        Ok(())
    }
}

/// What one run of sealing did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub sealed: usize,
    /// Left `numbered`: no valid key, or the signer failed.
    pub held_back: usize,
}

type Work = Vec<(Arc<Held>, Vec<Unsigned>)>;

/// What is to be signed: here on all threads, and outside, one entry per signer.
pub struct Plan {
    here: Work,
    outside: Work,
    total: usize,
}

impl Plan {
    fn take(&mut self, held: &Arc<Held>, tasks: Vec<Unsigned>) {
        let is_outside = held.signer.is_outside();
        let (work, size) =
            if is_outside { (&mut self.outside, CHUNK_OUTSIDE) } else { (&mut self.here, CHUNK) };
        let mut rest = tasks.into_iter().peekable();
        while rest.peek().is_some() {
            work.push((Arc::clone(held), rest.by_ref().take(size).collect()));
        }
    }

    /// Takes out what needs a signer outside the process, so that the rest does not wait for it.
    pub fn take_outside(&mut self) -> Vec<Plan> {
        let outside = std::mem::take(&mut self.outside);
        let mut by_certificate: BTreeMap<CertificateId, Work> = BTreeMap::new();
        for (held, tasks) in outside {
            self.total -= tasks.len();
            by_certificate.entry(held.certificate).or_default().push((held, tasks));
        }
        let plan = |work: Work| {
            let total = work.iter().map(|(_, tasks)| tasks.len()).sum();
            Plan { here: Vec::new(), outside: work, total }
        };
        by_certificate.into_values().map(plan).collect()
    }
}

/// Receipts of one chunk: spreads a hot unit over all threads.
const CHUNK: usize = 8;
/// A signer outside costs a round trip per call, so that it gets more at once.
const CHUNK_OUTSIDE: usize = 64;

/// Finds out who signs the receipts that are still unsigned: of each family of documents only a certificate that
/// the tax office was told of for them. A unit without a usable key is alarmed at once; its receipts stay numbered.
pub fn plan(
    store: &Store,
    keyring: &Keyring,
    stamp: &Stamp<'_>,
    receipts: &[(UnitId, ReceiptId)],
) -> Result<Plan> {
    let tasks = store.read(&Scope::All, |conn| query::unsigned(conn, receipts))?;
    let mut plan = Plan { here: Vec::new(), outside: Vec::new(), total: tasks.len() };
    let mut by_signer: BTreeMap<(UnitId, Family), Vec<Unsigned>> = BTreeMap::new();
    for task in tasks {
        by_signer.entry((task.unit, task.family)).or_default().push(task);
    }
    for ((unit, family), mut tasks) in by_signer {
        let mut fault = None;
        for whose in [Whose::Units(family), Whose::Citys(family)] {
            if tasks.is_empty() {
                break;
            }
            let asked = (unit, whose);
            match store.read(&Scope::All, |conn| keyring.held_by(conn, stamp.vault, asked, stamp.now)) {
                Ok(Some(held)) => {
                    let code = held.signer.certificate().tax_code();
                    let (its, others) = tasks.into_iter().partition(|task| signer_named(&task.body) == code);
                    tasks = others;
                    plan.take(&held, its);
                }
                Ok(None) => {}
                Err(error) => fault = fault.or(Some(error)),
            }
        }
        if tasks.is_empty() {
            continue;
        }
        let error = fault.unwrap_or_else(keyring::missing);
        if keyring::is_missing(&error) {
            keyring.pass_over((unit, family), stamp.now);
        }
        metrics::counter!("bienlai_sealing_held_back_total").increment(tasks.len() as u64);
        tracing::error!(%unit, %error, family = family.as_str(), receipts = tasks.len(), "receipts cannot be signed");
        // A busy store is no fault of the key.
        if !error.is_busy() {
            let alarm = alarm::Alarm::of_unit(unit, alarm::Kind::SigningStopped, error.code());
            alarm::raise(store, stamp, &[alarm])?;
        }
    }
    Ok(plan)
}

/// The tax code under which a document must be signed: of the organisation entrusted with an invoice, of the
/// seller otherwise, of who collects on a receipt. Values hold no `<` in canonical form.
fn signer_named(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?;
    let after = |tag: &str| text.split_once(tag).map(|(_, rest)| rest);
    let is_invoice = text.starts_with("<DLHDon");
    let entrusted = if is_invoice { after("<MSTDVNUNLHDon>") } else { None };
    let rest = match entrusted {
        Some(rest) => rest,
        None => after(if is_invoice { "<NBan>" } else { "<TCThu>" })?.split_once("<MST>")?.1,
    };
    rest.split_once('<').map(|(value, _)| value)
}

/// Signs the receipts that are still unsigned, on `threads` threads, and stores the seals in one
/// bulk transaction. Signers outside the process are waited for.
pub fn sign_and_seal(
    store: &Store,
    keyring: &Keyring,
    stamp: &Stamp<'_>,
    receipts: &[(UnitId, ReceiptId)],
    threads: usize,
    announce: &dyn Announce,
) -> Result<Outcome> {
    carry_out(store, stamp, &plan(store, keyring, stamp, receipts)?, threads, announce)
}

/// Signs what is planned and stores the seals.
pub fn carry_out(
    store: &Store,
    stamp: &Stamp<'_>,
    plan: &Plan,
    threads: usize,
    announce: &dyn Announce,
) -> Result<Outcome> {
    let mut signed = sign_here(plan, stamp.now, threads);
    for (held, tasks) in &plan.outside {
        signed.0.extend(sign_outside(store, stamp, held, tasks)?);
    }
    let held_back = plan.total - signed.0.len();
    Ok(Outcome { sealed: store_seals(store, stamp, signed, announce)?, held_back })
}

/// Signed documents that are not stored yet.
#[derive(Default)]
pub struct SignedBatch(Vec<Signed>);

impl SignedBatch {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Signs what this process has the keys of. Needs no store, so that it can go on while the batch
/// before is being stored.
pub fn sign_here(plan: &Plan, now: Instant, threads: usize) -> SignedBatch {
    let signed = sign_all(&plan.here, now, threads);
    failpoint::hit("signed");
    SignedBatch(signed)
}

impl Held {
    /// Signs `documents` documents by `sign`, a signer outside the process in its lane: None while that one
    /// is busy or pauses, and when it fails, which pauses the lane and is told after some failures.
    ///
    /// # Errors
    /// Those of a signer within the process, and of the store.
    pub fn in_lane<T>(
        &self,
        store: &Store,
        stamp: &Stamp<'_>,
        documents: usize,
        sign: impl FnOnce() -> Result<T>,
    ) -> Result<Option<T>> {
        if !self.signer.is_outside() {
            return sign().map(Some);
        }
        let Some(_place) = self.lane.enter(stamp.now) else { return Ok(None) };
        match sign() {
            Ok(signed) => {
                if self.lane.succeeded() {
                    alarm::clear_failures(store, stamp, self.owner, self.certificate)?;
                }
                Ok(Some(signed))
            }
            Err(error) => {
                tracing::error!(%error, certificate = %self.certificate, documents, "the signer failed");
                metrics::counter!("bienlai_signer_failures_total").increment(1);
                if self.lane.failed(&error, stamp.now) {
                    let kind = alarm::Kind::SignerFails;
                    let alarm =
                        alarm::Alarm::of_certificate(self.owner, self.certificate, kind, error.code());
                    alarm::raise(store, stamp, &[alarm])?;
                }
                Ok(None)
            }
        }
    }
}

/// One batch by a signer outside, in its lane. After a failure the receipts stay numbered and are found
/// again.
fn sign_outside(store: &Store, stamp: &Stamp<'_>, held: &Held, tasks: &[Unsigned]) -> Result<Vec<Signed>> {
    let signed = held.in_lane(store, stamp, tasks.len(), || sign_chunk(held, tasks, stamp.now))?;
    Ok(signed.unwrap_or_default())
}

/// A seal, the revision of its receipt, and whose certificate it is.
type Signed = (SealRow, i64, UnitId);

fn sign_all(work: &[(Arc<Held>, Vec<Unsigned>)], now: Instant, threads: usize) -> Vec<Signed> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let done: Mutex<Vec<Signed>> = Mutex::new(Vec::new());
    let run = || {
        while let Some((held, tasks)) = work.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
            match sign_chunk(held, tasks, now) {
                Ok(signed) => locked(&done).extend(signed),
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
    done.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn sign_chunk(held: &Held, tasks: &[Unsigned], now: Instant) -> Result<Vec<Signed>> {
    let bodies: Vec<&[u8]> = tasks.iter().map(|task| task.body.as_slice()).collect();
    let documents = sign_batch(&bodies, held.signer.as_ref(), now)?;
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
            (seal, task.revision, held.owner)
        })
        .collect())
}

/// By the root of a signed document, as it was assembled.
fn is_invoice(document: &[u8]) -> bool {
    document.strip_prefix(DECLARATION.as_bytes()).unwrap_or(document).starts_with(b"<HDon>")
}

/// Stores the seals with their evidence, their trail and what they set off, in one bulk transaction.
/// Returns how many receipts were still unsealed.
pub fn store_seals(
    store: &Store,
    stamp: &Stamp<'_>,
    SignedBatch(mut signed): SignedBatch,
    announce: &dyn Announce,
) -> Result<usize> {
    if signed.is_empty() {
        return Ok(0);
    }
    signed.sort_by_key(|(seal, _, _)| (seal.unit_id, seal.receipt_id));
    let seals: Vec<SealRow> = signed.iter().map(|(seal, _, _)| seal.clone()).collect();
    let revisions: Vec<i64> = signed.iter().map(|(_, revision, _)| *revision).collect();
    let (seals, revisions) = (seals.as_slice(), revisions.as_slice());
    let sealed = store.write(&Scope::All, Lane::Bulk, |tx| {
        let is_new = query::seal(tx, seals, revisions)?;
        let mut events = Vec::with_capacity(seals.len());
        let mut trail = Vec::with_capacity(seals.len());
        let mut new = Vec::with_capacity(seals.len());
        for (index, (seal, revision)) in seals.iter().zip(revisions).enumerate() {
            if !is_new[index] {
                continue;
            }
            new.push((seal.unit_id, seal.receipt_id, signed[index].2, seal.certificate_id));
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
        evidence::keep(tx, &new, stamp.now)?;
        audit::record(tx, stamp, &trail)?;
        let sealed: Vec<_> = events.iter().map(|event| (event.unit_id, event.receipt_id)).collect();
        announce.sealed(tx, stamp, &sealed)?;
        let is_invoice = |index: &usize| is_new[*index] && is_invoice(&seals[*index].document);
        let invoices: Vec<_> = (0..seals.len()).filter(is_invoice).collect();
        if !invoices.is_empty() {
            let key = |index: usize| (seals[index].unit_id, seals[index].receipt_id);
            announce.invoices(tx, stamp, &invoices.into_iter().map(key).collect::<Vec<_>>())?;
        }
        Ok(events.len())
    })?;
    failpoint::hit("sealed");
    Ok(sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_says_itself_who_must_sign_it() {
        let receipt =
            b"<DLBLai><TTChung/><NDBLai><TCThu><Ten>A &lt;MST&gt;</Ten><MST>1</MST><UNThu><Ten>B</Ten>\
                        <MST>2</MST></UNThu></TCThu><NNop><MST>3</MST></NNop></NDBLai></DLBLai>";
        assert_eq!(signer_named(receipt), Some("1"));
        let invoice = "<DLHDon><TTChung><MSTTCGP>1</MSTTCGP>…</TTChung><NBan><Ten>A</Ten><MST>1</MST></NBan>";
        assert_eq!(signer_named(invoice.as_bytes()), Some("1"));
        let entrusted = invoice.replace("…", "<MSTDVNUNLHDon>9</MSTDVNUNLHDon>");
        assert_eq!(signer_named(entrusted.as_bytes()), Some("9"));
        for none in [&b"<DLBLai></DLBLai>"[..], b"\xff", b"<TCThu><MST>1"] {
            assert_eq!(signer_named(none), None);
        }
    }
}
