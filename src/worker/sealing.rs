//! Signing what settling numbered, and storing the seals.
//!
//! One thread signs while another stores what was signed before, so that the cores do not wait for
//! the disk. Callbacks go first: signing has the lowest priority of all threads or, where
//! `signing.hold_back_while_busy` says so, stops while claims are waiting.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::{TICK, let_callbacks_pass};
use crate::actor::{Actor, Scope};
use crate::app::App;
use crate::error::{Result, caught};
use crate::filing::invoice;
use crate::id::{ReceiptId, UnitId};
use crate::notification::Outbox;
use crate::payment::settler::{Numbered, Settler};
use crate::receipt::seal::{Announce, SignedBatch};
use crate::receipt::{query, seal};
use crate::store::{Stamp, Tx};

/// Batches that are signed and wait to be stored; more would only fill memory.
const AHEAD: usize = 4;
/// Receipts signed at a time while callbacks are waiting and signing is held back.
const BUSY_SIGNATURES: usize = 32;

/// Who is told of sealed documents: their payers, and of invoices the tax authority.
struct Told;

impl Announce for Told {
    fn sealed(&self, tx: &mut Tx<'_>, stamp: &Stamp<'_>, receipts: &[(UnitId, ReceiptId)]) -> Result<()> {
        Outbox.sealed(tx, stamp, receipts)
    }

    fn invoices(&self, tx: &mut Tx<'_>, stamp: &Stamp<'_>, invoices: &[(UnitId, ReceiptId)]) -> Result<()> {
        invoice::draft(tx, stamp, &Actor::system(), invoices).map(|_| ())
    }
}

/// Receipts that wait for their signature, and who is to be woken for them.
#[derive(Default)]
pub struct Sealing {
    waiting: Mutex<Vec<(UnitId, ReceiptId)>>,
    arrived: Condvar,
}

impl Numbered for Sealing {
    fn numbered(&self, receipts: &[(UnitId, ReceiptId)]) {
        self.waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).extend_from_slice(receipts);
        self.arrived.notify_one();
    }
}

impl Sealing {
    /// Up to `limit` waiting receipts; waits for the first at most `patience`.
    fn take(&self, limit: usize, patience: Duration) -> Vec<(UnitId, ReceiptId)> {
        let waiting = self.waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let (mut waiting, _) = self
            .arrived
            .wait_timeout_while(waiting, patience, |waiting| waiting.is_empty())
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let count = waiting.len().min(limit);
        waiting.drain(..count).collect()
    }

    pub fn depth(&self) -> usize {
        self.waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).len()
    }
}

/// Signs and stores until the service stops; then what is signed is stored still.
pub(super) fn seal_until(app: &Arc<App>, settler: &Settler, is_stopping: &AtomicBool) {
    let pipeline = &Pipeline { app, settler, is_stopping, ahead: AtomicUsize::new(0) };
    let (signed, to_store) = sync_channel(AHEAD);
    std::thread::scope(|scope| {
        scope.spawn(move || pipeline.store_all(&to_store));
        pipeline.sign_waiting(&signed);
        drop(signed);
    });
}

/// A batch that is signed and not yet stored, counted until it is stored or lost.
struct Ahead<'a>(&'a AtomicUsize);

impl<'a> Ahead<'a> {
    fn of(count: &'a AtomicUsize) -> Ahead<'a> {
        count.fetch_add(1, Ordering::SeqCst);
        Ahead(count)
    }
}

impl Drop for Ahead<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Pipeline<'a> {
    app: &'a Arc<App>,
    settler: &'a Settler,
    is_stopping: &'a AtomicBool,
    /// Batches that are signed and not yet stored: the store still calls their receipts unsigned.
    ahead: AtomicUsize,
}

impl Pipeline<'_> {
    fn sign_waiting<'p>(&'p self, signed: &SyncSender<(SignedBatch, Ahead<'p>)>) {
        give_way();
        let mut idle_rounds = 0_u32;
        while !self.is_stopping.load(Ordering::SeqCst) {
            let mut batch = self.app.sealing.take(self.app.config.signing.batch, TICK);
            if batch.is_empty() && self.ahead.load(Ordering::SeqCst) == 0 {
                idle_rounds += 1;
                // What a crash, a restart or a missing key left behind is found by its state.
                if idle_rounds % 10 == 1 {
                    batch = waiting_in_store(self.app, self.app.config.signing.batch);
                }
            }
            if batch.is_empty() {
                continue;
            }
            let threads = self.threads_for(&mut batch);
            match sign_apart(self.app, &batch, threads) {
                Ok(batch) if batch.is_empty() => {}
                Ok(batch) => {
                    if signed.send((batch, Ahead::of(&self.ahead))).is_err() {
                        return;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, receipts = batch.len(), "signing failed; it is tried again");
                    std::thread::sleep(TICK);
                }
            }
        }
    }

    /// How many threads sign the batch. Where signing is held back, it waits for the callbacks, at
    /// most two seconds; then a few receipts are signed on one core, so that they follow even under
    /// lasting load.
    fn threads_for(&self, batch: &mut Vec<(UnitId, ReceiptId)>) -> usize {
        let config = &self.app.config.signing;
        if !config.hold_back_while_busy || let_callbacks_pass(self.settler, self.is_stopping) {
            return config.threads;
        }
        if batch.len() > BUSY_SIGNATURES {
            self.app.sealing.numbered(&batch.split_off(BUSY_SIGNATURES));
        }
        1
    }

    fn store_all(&self, to_store: &Receiver<(SignedBatch, Ahead<'_>)>) {
        while let Ok((batch, _ahead)) = to_store.recv() {
            let stored = caught(|| seal::store_seals(&self.app.store, &self.app.stamp(), batch, &Told));
            if let Err(error) = stored {
                tracing::warn!(%error, "seals were not stored; their receipts are signed again");
                std::thread::sleep(TICK);
            }
        }
    }
}

/// Lets every other thread of the machine go first; the threads that this one starts inherit it.
/// Storing stays at the usual priority, since callbacks wait for whoever holds the writer.
fn give_way() {
    const LOWEST: i32 = 19;
    if let Err(error) = rustix::process::nice(LOWEST) {
        tracing::debug!(%error, "signing keeps the usual priority");
    }
}

/// Signs what can be signed here, and hands what needs a signer outside to a thread of its own, so
/// that a slow one holds up nobody else. A full or pausing lane takes nothing: its receipts are
/// found again by their state.
pub fn sign_apart(app: &Arc<App>, batch: &[(UnitId, ReceiptId)], threads: usize) -> Result<SignedBatch> {
    let mut plan = seal::plan(&app.store, &app.keyring, &app.stamp(), batch)?;
    for outside in plan.take_outside() {
        let app = Arc::clone(app);
        let begun = std::thread::Builder::new().name("outside signer".to_owned()).spawn(move || {
            if let Err(error) = seal::carry_out(&app.store, &app.stamp(), &outside, 1, &Told) {
                tracing::warn!(%error, "sealing by a signer outside failed; it is tried again");
            }
        });
        if let Err(error) = begun {
            tracing::warn!(%error, "no thread for a signer outside; its receipts are tried again");
        }
    }
    Ok(seal::sign_here(&plan, app.clock.now(), threads))
}

fn waiting_in_store(app: &App, limit: usize) -> Vec<(UnitId, ReceiptId)> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let held_back = app.keyring.held_back(app.clock.now());
    app.store.read(&Scope::All, |conn| query::waiting(conn, limit, &held_back)).unwrap_or_default()
}

/// Signs everything that is numbered; used at stop, by the command line and by tests.
pub fn seal_waiting(app: &App) -> usize {
    let mut sealed = 0;
    loop {
        let batch = waiting_in_store(app, app.config.signing.batch);
        if batch.is_empty() {
            return sealed;
        }
        let threads = app.config.signing.threads;
        match seal::sign_and_seal(&app.store, &app.keyring, &app.stamp(), &batch, threads, &Told) {
            Ok(outcome) if outcome.sealed > 0 => sealed += outcome.sealed,
            // Nothing moves: a key is missing, or the store is gone. The next start tries again.
            _ => return sealed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_that_is_stored_or_lost_on_its_way_is_no_longer_ahead() {
        let ahead = AtomicUsize::new(0);
        let (signed, to_store) = sync_channel(AHEAD);
        for _ in 0..3 {
            signed.send(Ahead::of(&ahead)).unwrap();
        }
        assert_eq!(ahead.load(Ordering::SeqCst), 3);
        drop(to_store.recv());
        let broken = caught(|| -> Result<()> {
            let _taken = to_store.recv();
            panic!("too much");
        });
        assert!(broken.is_err());
        assert_eq!(ahead.load(Ordering::SeqCst), 1, "what breaks off holds up no look into the store");
        drop(to_store);
        assert_eq!(ahead.load(Ordering::SeqCst), 0);
    }
}
