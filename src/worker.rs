//! The threads beside the web server: signing, numbering the feed and the trail, renewing the
//! lease, trying parked claims again, deleting what may be deleted.

mod closer;
mod filer;
mod house;
pub mod inbox;
mod intake;
mod sealing;
mod telling;

pub use closer::close_days;
pub use filer::{deliver, produce_reports, sign_forms, tax_alarms, tax_endpoint};

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::actor::{Actor, Scope};
use crate::app::App;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result, caught};
use crate::id::{AuditId, UnitId};
use crate::notification::send::Courier;
use crate::payment::channel::{Channel, Secrets};
use crate::payment::due::{self, Made};
use crate::payment::settler::{Numbered as _, Settler};
use crate::payment::webhook;
use crate::queue::names;
use crate::receipt::evidence::daily;
use crate::receipt::evidence::refresh::{Refreshed, Sources, refresh};
use crate::receipt::key::certificates_in;
use crate::receipt::query;
use crate::register;
use crate::report::evidence::{self, Taking};
use crate::report::{collection, verify, winding_up};
use crate::store::Lane;
use crate::unit;

pub use intake::run_imports;
pub use sealing::{Sealing, seal_waiting, sign_apart};
pub use telling::{
    escalate_decisions, look_over_queue, mail_key_alarms, mail_suspended_trust, mail_warnings,
};

/// The running threads; `stop` ends them.
pub struct Workers {
    is_stopping: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    /// Those that wait for machines outside.
    outward: Vec<JoinHandle<()>>,
}

/// How long a stop may take at most: every loop looks this often.
const TICK: Duration = Duration::from_millis(200);

/// How long a stop waits for messages that are being sent and for evidence that is fetched.
const COURIER_PATIENCE: Duration = Duration::from_secs(5);

/// How often the id node's lease is renewed; it ends a minute after the last time.
const LEASE_EVERY_TICKS: u32 = 25;

/// How often the secrets of channels are read again: what another process added or retired is known then.
const SECRETS_EVERY_TICKS: u32 = 50;

/// Events numbered in one transaction while callbacks are waiting.
const BUSY_BATCH: i64 = 200;
impl Workers {
    pub fn start(
        app: &Arc<App>,
        settler: Settler,
        courier: Arc<Courier>,
        channels: Vec<Arc<dyn Channel>>,
    ) -> Workers {
        let is_stopping = Arc::new(AtomicBool::new(false));
        let passing = settler.clone();
        let threads = vec![
            spawn("signer", app, &is_stopping, move |app, is_stopping| {
                sealing::seal_until(app, &settler, is_stopping)
            }),
            spawn("sealer", app, &is_stopping, move |app, is_stopping| {
                every_tick(is_stopping, 1, || {
                    let is_quiet = let_callbacks_pass(&passing, is_stopping);
                    number_once(app, if is_quiet { app.store.bulk_rows() } else { BUSY_BATCH })?;
                    if is_quiet { number_committed(app).map(|_| ()) } else { Ok(()) }
                });
            }),
            // A thread of its own: whatever takes long elsewhere, ids must not run out.
            spawn("lease", app, &is_stopping, |app, is_stopping| {
                every_tick(is_stopping, LEASE_EVERY_TICKS, || app.lease.renew(&app.store, &app.clock));
            }),
            spawn("checkpointer", app, &is_stopping, |app, is_stopping| {
                every_tick(is_stopping, 1, || app.store.move_log());
            }),
            spawn("housekeeper", app, &is_stopping, house::keep),
            spawn("memory", app, &is_stopping, house::look_anew),
            spawn("filer", app, &is_stopping, filer::file_until),
            spawn("form signer", app, &is_stopping, filer::sign_until),
            spawn("closer", app, &is_stopping, closer::close_until),
            spawn("intake", app, &is_stopping, intake::take_in),
            spawn("webhooks", app, &is_stopping, move |app, is_stopping| {
                every_tick(is_stopping, SECRETS_EVERY_TICKS, || keep_secrets(app, &channels));
            }),
        ];
        let courier = spawn("courier", app, &is_stopping, move |app, is_stopping| {
            every_tick(is_stopping, 2, || deliver_due(app, &courier, is_stopping));
        });
        let outward = vec![courier, spawn("evidence keeper", app, &is_stopping, keep_evidence)];
        Workers { is_stopping, threads, outward }
    }

    pub fn stop(self) {
        self.is_stopping.store(true, Ordering::SeqCst);
        for thread in self.threads {
            let _ = thread.join();
        }
        // A machine outside that says nothing must not hold up the stop. Evidence is asked for again; what
        // a mail server was given is sent again under the same Message-ID by the next start, as after a crash.
        let start = std::time::Instant::now();
        while !self.outward.iter().all(JoinHandle::is_finished) && start.elapsed() < COURIER_PATIENCE {
            std::thread::sleep(TICK / 10);
        }
    }
}

#[expect(clippy::expect_used, reason = "at the start; without its threads the service shall not run")]
fn spawn(
    name: &str,
    app: &Arc<App>,
    is_stopping: &Arc<AtomicBool>,
    body: impl Fn(&Arc<App>, &AtomicBool) + Send + 'static,
) -> JoinHandle<()> {
    let (app, is_stopping) = (Arc::clone(app), Arc::clone(is_stopping));
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || to_its_end(&is_stopping, || body(&app, &is_stopping)))
        .expect("a worker thread starts")
}

/// Does what a thread is there for until that ends by itself. Work that broke off, over a sum that does not fit or a
/// fault of a library, begins again: nobody need restart the service because one mail or one file was too much.
fn to_its_end(is_stopping: &AtomicBool, work: impl Fn()) {
    while caught(|| {
        work();
        Ok(())
    })
    .is_err()
    {
        let thread = std::thread::current();
        tracing::error!(
            thread = thread.name().unwrap_or_default(),
            "background work broke off; it begins again"
        );
        std::thread::sleep(TICK);
        if is_stopping.load(Ordering::SeqCst) {
            return;
        }
    }
}

fn every_tick(is_stopping: &AtomicBool, ticks: u32, mut body: impl FnMut() -> Result<()>) {
    let mut failures = 0_u32;
    while !is_stopping.load(Ordering::SeqCst) {
        let work = std::thread::current();
        note_outcome(work.name().unwrap_or_default(), &mut failures, caught(&mut body));
        for _ in 0..ticks {
            if is_stopping.load(Ordering::SeqCst) {
                return;
            }
            std::thread::sleep(TICK);
        }
    }
}

/// Sends the messages that are due, until none is left or the service stops.
fn deliver_due(app: &App, courier: &Courier, is_stopping: &AtomicBool) -> Result<()> {
    while !is_stopping.load(Ordering::SeqCst) && courier.send_due(&app.store, &|| app.stamp())? > 0 {}
    Ok(())
}

/// Waits while claims are waiting, but at most two seconds: what comes after them must come too.
/// False when they are still coming.
fn let_callbacks_pass(settler: &Settler, is_stopping: &AtomicBool) -> bool {
    for _ in 0..100 {
        if settler.depth() == 0 || is_stopping.load(Ordering::SeqCst) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

/// Gives committed events their places in the feed and the trail; returns how many.
pub fn number_committed(app: &App) -> Result<usize> {
    let mut count = 0;
    loop {
        match number_once(app, app.store.bulk_rows())? {
            0 => return Ok(count),
            numbered => count += numbered,
        }
    }
}

fn number_once(app: &App, limit: i64) -> Result<usize> {
    let holder = std::process::id().to_string();
    let sealed = app
        .store
        .write(&Scope::All, Lane::Bulk, |tx| audit::seal_pending(tx, &app.stamp(), &holder, limit))?;
    Ok(sealed.audit_count + sealed.feed_count)
}

/// Rows of one look for due receipts.
const DUE_PAGE: i64 = 100;

/// Makes the receipts that were due and can be made now, all of them, however many cannot. Returns
/// how many.
pub fn make_due_receipts(app: &App) -> Result<usize> {
    let mut made = 0;
    let mut last: Option<query::Due> = None;
    let mut without_series: HashSet<(UnitId, String)> = HashSet::new();
    loop {
        let page = app.store.read(&Scope::All, |conn| query::due(conn, last.as_ref(), DUE_PAGE))?;
        for one in &page {
            let space = (one.unit, one.document_kind.clone());
            if without_series.contains(&space) {
                continue;
            }
            match make_due_receipt(app, one) {
                Ok(Made::Receipt(receipt)) => {
                    app.sealing.numbered(&[(one.unit, receipt)]);
                    made += 1;
                }
                Ok(outcome) if outcome.lacks_series() => {
                    without_series.insert(space);
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(obligation = %one.obligation, %error, "a due receipt still cannot be made");
                }
            }
        }
        match page.into_iter().next_back() {
            Some(end) => last = Some(end),
            None => return Ok(made),
        }
    }
}

fn make_due_receipt(app: &App, one: &query::Due) -> Result<Made> {
    app.store.write(&Scope::All, Lane::Bulk, |tx| {
        due::make(tx, &app.stamp(), one.unit, one.obligation, &one.document_kind, one.revision)
    })
}

/// Signs each unit's newest audit root; units without any key are left for later. Returns how many.
pub fn sign_audit_roots(app: &App) -> Result<usize> {
    let roots = app.store.read(&Scope::All, audit::unsigned_roots)?;
    let mut signed = 0;
    for root in roots {
        signed += usize::from(sign_audit_root(app, &root)?);
    }
    Ok(signed)
}

fn sign_audit_root(app: &App, root: &audit::UnsignedRoot) -> Result<bool> {
    let stamp = app.stamp();
    let signer =
        app.store.read(&Scope::All, |conn| app.keyring.signer(conn, stamp.vault, root.unit, stamp.now));
    let Ok(held) = signer else { return Ok(false) };
    let Some(signature) = held.signer.sign(&[&root.message()])?.pop() else { return Ok(false) };
    app.store.write(&Scope::All, Lane::Bulk, |tx| {
        audit::store_signature(tx, &stamp, root, held.certificate, signature.clone())
    })?;
    Ok(true)
}

/// How often sealing is tried while another process holds the sealer's lease.
const SETTLE_ATTEMPTS: usize = 100;

/// Gives an entry, and whatever of its unit is committed now, its place in the trail, and signs the newest
/// root where the unit has a key: what is handed out as evidence ends under a signature.
///
/// # Errors
/// `trail_unsettled` when the sealer of another process does not come to it.
pub fn settle_trail(app: &App, unit: UnitId, entry: AuditId) -> Result<()> {
    let until = app.store.read(&Scope::All, |conn| audit::newest_pending(conn, unit))?.unwrap_or(0);
    for _ in 0..SETTLE_ATTEMPTS {
        number_committed(app)?;
        let is_placed = app.store.read(&Scope::All, |conn| {
            Ok(audit::place_of(conn, unit, entry)?.is_some() && !audit::is_pending(conn, unit, until)?)
        })?;
        if is_placed {
            let roots = app.store.read(&Scope::All, audit::unsigned_roots)?;
            if let Some(root) = roots.iter().find(|root| root.unit == unit) {
                sign_audit_root(app, root)?;
            }
            return Ok(());
        }
        std::thread::sleep(TICK);
    }
    Err(Error::busy("trail_unsettled", 10, "the trail is being sealed by another process"))
}

/// Writes a bundle of evidence that was admitted, and what binds it into the trail. Returns how many documents.
///
/// # Errors
/// Those of `evidence::write` and of `settle_trail`.
pub fn write_evidence(app: &App, out: impl std::io::Write, taking: &Taking) -> Result<usize> {
    let settle = |entry| settle_trail(app, taking.unit.id, entry);
    let record = |entry: &audit::Entry| {
        let entries = std::slice::from_ref(entry);
        let recorded = app.write(&Actor::system(), |tx, stamp| audit::recorded(tx, stamp, entries))?;
        recorded.first().copied().ok_or_else(|| Error::internal("an entry has no id"))
    };
    evidence::write(out, &app.store, taking, &evidence::Steps { settle: &settle, record: &record })
}

/// Shows names whose day has come, and looks after the register of series of every unit that was not handed
/// over. Returns how many series were planned or opened.
pub fn keep_registers(app: &App) -> Result<usize> {
    let (actor, settings) = (Actor::system(), register::Settings::from(&app.config.series));
    let mut count = 0;
    app.write_bulk(&actor, unit::naming::show)?;
    for unit in app.read(&actor, unit::all)? {
        if app.read(&actor, |conn| winding_up::unit::handed_over(conn, unit.id))?.is_some() {
            continue;
        }
        match app.write_bulk(&actor, |tx, stamp| register::keep(tx, stamp, &actor, unit.id, settings)) {
            Ok(kept) => count += kept.planned + kept.opened,
            Err(error) => tracing::warn!(unit = %unit.id, %error, "a register was not looked after"),
        }
    }
    Ok(count)
}

/// Proves and certifies the series of every unit for the day that ended, once. Returns how many.
pub fn audit_series(app: &App) -> Result<usize> {
    let actor = Actor::system();
    let yesterday = app.clock.now().business_day().plus_days(-1);
    let mut count = 0;
    for unit in app.read(&actor, |conn| register::query::due(conn, yesterday))? {
        let stamp = || app.stamp();
        match register::night::certify(&app.store, &app.keyring, &stamp, &actor, unit, yesterday) {
            Ok(made) => count += usize::from(made.is_some()),
            Err(error) => tracing::warn!(%unit, %error, "the series of a unit were not audited"),
        }
    }
    Ok(count)
}

/// Asks the authorities about our certificates; a revoked one stops signing at once.
pub fn refresh_evidence(app: &App) -> Result<Refreshed> {
    let config = &app.config.evidence;
    let sources = Sources {
        crl_urls: config.crl_urls.clone(),
        ocsp_urls: config.ocsp_urls.clone(),
        hosts: config.hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
    };
    let refreshed = refresh(&app.store, &app.stamp(), &sources)?;
    if refreshed.revoked > 0 {
        app.keyring.forget();
    }
    Ok(refreshed)
}

/// Stamps yesterday, with what earlier days left ungathered, and the earlier days that were gathered and still wait
/// for a token; when these got one, the authorities of the certificates are asked anew. Returns how many leaves were
/// stamped.
pub fn stamp_days(app: &App) -> Result<usize> {
    let Some(url) = &app.config.evidence.timestamp_url else { return Ok(0) };
    let authorities = certificates_in(&app.config.evidence.timestamp_trust()?)?;
    let yesterday = app.clock.now().business_day().plus_days(-1);
    let ask_anew = || refresh_evidence(app).map(|_| ());
    daily::stamp_until(&app.store, &app.stamp(), yesterday, url, &authorities, ask_anew)
}

/// Evidence comes from outside and may be slow: it has a thread of its own.
fn keep_evidence(app: &Arc<App>, is_stopping: &AtomicBool) {
    let mut round = 0_u64;
    every_tick(is_stopping, 5, || {
        round += 1;
        if round % 3_600 == 5 {
            refresh_evidence(app)?;
        }
        if round % 600 == 10 {
            stamp_days(app)?;
        }
        Ok(())
    });
}

/// Days summed in one round, so that a new installation over old books catches up beside its work.
const SUMMED_DAYS: usize = 30;

/// Sums what was collected on the days that are over. Returns how many days.
pub fn sum_collections(app: &App) -> Result<usize> {
    collection::sum_days(&app.store, &|| app.stamp(), SUMMED_DAYS)
}

/// Asks every check of the books of every unit. Returns how many units' books do not hold; the log, the
/// board and the metrics name them.
pub fn verify_books(app: &App) -> Result<usize> {
    let actor = Actor::system();
    for unit in app.read(&actor, unit::all)? {
        match app.read(&actor, |conn| verify::unit(conn, unit.id)) {
            Ok(faults) => {
                for fault in &faults {
                    tracing::error!(unit = %unit.id, check = fault.check, about = ?fault.about, "the books do not hold");
                }
                app.books.take(unit.id, faults);
            }
            Err(error) => tracing::warn!(unit = %unit.id, %error, "the books of a unit were not verified"),
        }
    }
    Ok(app.books.broken())
}

/// Once a day notes whose fees somebody else sent, for the lines of the last days.
fn look_at_senders(app: &App, last: Option<BusinessDay>) -> Result<BusinessDay> {
    let today = app.clock.now().business_day();
    if last != Some(today) {
        names::look(&app.store, &app.stamp(), today.plus_days(-SENDER_DAYS), today)?;
    }
    Ok(today)
}

/// Statements come a day or two late, over a weekend more.
const SENDER_DAYS: i64 = 4;

/// Notes which secrets of channels were used, and takes what is on record now.
fn keep_secrets(app: &App, channels: &[Arc<dyn Channel>]) -> Result<()> {
    for channel in channels.iter().filter(|channel| channel.secrets().is_some_and(Secrets::is_used)) {
        app.store
            .write(&Scope::All, Lane::Bulk, |tx| webhook::note_use(tx, &app.stamp(), channel.as_ref()))?;
    }
    app.store.read(&Scope::All, |conn| {
        channels.iter().try_for_each(|channel| webhook::apply(conn, &app.vault, channel.as_ref()))
    })
}

/// The first failure is told at once, the following ones now and then.
fn note_outcome(work: &str, failures: &mut u32, outcome: Result<()>) {
    let Err(error) = outcome else {
        *failures = 0;
        return;
    };
    if failures.is_power_of_two() || *failures == 0 {
        tracing::warn!(work, %error, failures, "background work failed; it is tried again");
    }
    *failures = failures.saturating_add(1);
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn work_that_broke_off_begins_again_until_it_ends_or_the_service_stops() {
        let (is_stopping, begun) = (AtomicBool::new(false), Cell::new(0));
        let begin = || {
            begun.set(begun.get() + 1);
            begun.get()
        };
        to_its_end(&is_stopping, || assert!(begin() == 3, "it was too much"));
        assert_eq!(begun.get(), 3);
        is_stopping.store(true, Ordering::SeqCst);
        to_its_end(&is_stopping, || assert!(begin() == 3, "it is too much"));
        assert_eq!(begun.get(), 4);
    }
}
