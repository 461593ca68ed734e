//! The measurements themselves: seed, start, load, wait, report.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::child::{Service, resident_bytes, written_bytes};
use super::load::{Load, Outcome};
use super::place::Place;
use super::report::{Figure, Report, Target, Written};
use super::seed::{Due, Town};
use super::{Options, Subject, reconcile, reference, settle_down, tell};
use crate::actor::{Actor, Scope};
use crate::cli::books;
use crate::error::{Error, Result};
use crate::receipt;
use crate::store::{DatabaseUrl, census};
use crate::worker;

/// Idle memory is read so long after the start.
const IDLE: Duration = Duration::from_secs(5);
const STARTS: usize = 5;
/// Callbacks acknowledged before the service is killed.
const KILLED_WITH: usize = 2_000;
const TRAIL_LIMIT: Duration = Duration::from_secs(30);

/// A seeded place with its service under way.
pub(super) struct Scene {
    pub place: Place,
    pub town: Town,
    pub report: Report,
}

impl Scene {
    pub fn set(options: &Options) -> Result<Scene> {
        let place = Place::make(options)?;
        let report = Report::new(options.subject.as_str(), place.is_embedded);
        tell(&format!("seeding {} units", options.units));
        let town = Town::found(&place.app, options.units)?;
        Ok(Scene { place, town, report })
    }

    pub fn raise(&mut self, count: usize, units: usize) -> Result<Vec<Due>> {
        tell(&format!("raising {count} obligations"));
        let began = Instant::now();
        let due = self.town.raise(&self.place.app, count, units)?;
        self.report.add("obligations raised", count as f64 / began.elapsed().as_secs_f64(), "/s");
        Ok(due)
    }

    pub fn load(
        &self,
        options: &Options,
        service: &Service,
        is_timed: bool,
        due: Vec<Due>,
    ) -> Result<Outcome> {
        tell(&format!("{} connections send callbacks", options.connections));
        let load = Load {
            address: self.place.address,
            secret: self.place.secret.clone(),
            connections: options.connections,
            warmup: if is_timed { options.warmup } else { Duration::ZERO },
            measured: is_timed.then_some(options.measured),
            pid: service.pid(),
        };
        let outcome = load.send(due)?;
        if outcome.latencies_us.is_empty() {
            let log = std::fs::read_to_string(self.place.folder().join("service.log")).unwrap_or_default();
            let tail: Vec<&str> = log.lines().rev().take(5).collect();
            return Err(Error::internal(format!(
                "no callback was acknowledged: {:?}\n{}",
                outcome.errors,
                tail.join("\n")
            )));
        }
        Ok(outcome)
    }

    /// The address of the server's database, where it is one.
    fn server<'a>(&self, options: &'a Options) -> Option<&'a str> {
        options.database.as_deref().filter(|_| !self.place.is_embedded)
    }

    /// Half-way through the warm-up a server database looks at the tables that were empty until now,
    /// as `pgbench -i` has it do with its own: the autovacuum daemon would within its first minute.
    fn load_analyzed(&self, options: &Options, service: &Service, due: Vec<Due>) -> Result<Outcome> {
        std::thread::scope(|scope| {
            let analyzing = self.server(options).map(|url| {
                scope.spawn(move || {
                    std::thread::sleep(options.warmup / 2);
                    census::analyze(url)
                })
            });
            let outcome = self.load(options, service, true, due);
            match analyzing.map(std::thread::ScopedJoinHandle::join) {
                Some(Ok(Err(error))) => Err(error),
                _ => outcome,
            }
        })
    }

    /// The same while another process imports one account's statement after the other; tells how many
    /// were begun.
    fn load_during_import(
        &self,
        options: &Options,
        service: &Service,
        due: Vec<Due>,
    ) -> Result<(Outcome, usize)> {
        let (app, desks) = (&self.place.app, &self.town.desks);
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let importing = scope.spawn(|| -> Result<usize> {
                std::thread::sleep(options.warmup);
                let today = app.clock.now().business_day();
                for (at, desk) in desks.iter().enumerate() {
                    if is_over.load(Ordering::Relaxed) {
                        return Ok(at);
                    }
                    app.lease.renew(&app.store, &app.clock)?;
                    let file = reconcile::unclaimed(at, desk, today, options.lines);
                    books::import(app, &Actor::system(), file.as_bytes())?;
                }
                Ok(desks.len())
            });
            let outcome = self.load(options, service, true, due);
            is_over.store(true, Ordering::Relaxed);
            let imports =
                importing.join().unwrap_or_else(|_| Err(Error::internal("the import ended early")))?;
            Ok((outcome?, imports))
        })
    }

    /// Waits until every numbered receipt is signed; returns when that was.
    pub fn wait_for_seals(&self, service: &Service) -> Result<Instant> {
        tell("waiting until every receipt is sealed");
        loop {
            if service.metrics().value("bienlai_sealing_queue_receipts") == 0.0 {
                let seen_at = Instant::now();
                let unsigned = self.place.app.store.read(&Scope::All, receipt::query::unsigned_count)?;
                if unsigned == 0 {
                    return Ok(seen_at);
                }
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Kills the service at the moment the last callback is acknowledged, with its receipts still
    /// to be signed, and measures how soon it is back.
    fn restart(&mut self, options: &Options, service: Service) -> Result<()> {
        let due = self.raise(KILLED_WITH, options.units)?;
        self.load(options, &service, false, due)?;
        service.kill();
        let unsigned = self.place.app.store.read(&Scope::All, receipt::query::unsigned_count)?;
        let (service, ready) = Service::start(&self.place)?;
        self.report.add("receipts unsigned when it was killed", unsigned as f64, "");
        self.report.aim("ready again after kill -9", ready.as_secs_f64(), "s", Target::Below(5.0));
        self.wait_for_seals(&service)?;
        service.stop();
        Ok(())
    }

    /// Counts the rows once the trail is complete: a service that stopped holds the sealer's lease
    /// for a few seconds more.
    fn census(&self) -> Result<Vec<(String, i64)>> {
        let began = Instant::now();
        loop {
            worker::number_committed(&self.place.app)?;
            let counted = self.place.app.store.read(&Scope::All, census::rows)?;
            let is_complete = counted.iter().all(|(table, rows)| table != "unsealed" || *rows == 0);
            if is_complete || began.elapsed() > TRAIL_LIMIT {
                return Ok(counted);
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// The rows gained since `before`, per callback.
    fn count_written(&mut self, before: &[(String, i64)], callbacks: usize) -> Result<()> {
        let mut sum = 0;
        for ((table, rows), (_, rows_before)) in self.census()?.into_iter().zip(before) {
            let gained = rows - rows_before;
            if gained != 0 {
                let per_callback = gained as f64 / callbacks.max(1) as f64;
                self.report.written.push(Written { table, rows: gained, per_callback });
                sum += gained;
            }
        }
        self.report.add("rows written per callback", sum as f64 / callbacks.max(1) as f64, "rows");
        Ok(())
    }

    fn add_batches(&mut self, service: &Service) {
        let metrics = service.metrics();
        let count = metrics.value("bienlai_settle_batch_claims_count");
        if count > 0.0 {
            let mean = metrics.value("bienlai_settle_batch_claims_sum") / count;
            self.report.add("claims per transaction", mean, "");
        }
    }

    fn add_flush(&mut self) -> Result<()> {
        let flush_us = reference::flush_us(self.place.folder())?;
        self.report.add("reference: 4 kB to disk", flush_us as f64 / 1_000.0, "ms");
        Ok(())
    }
}

fn supply(options: &Options) -> usize {
    let seconds = (options.warmup + options.measured).as_secs_f64();
    (seconds * options.supply_per_s as f64) as usize
}

fn note_shortage(report: &mut Report, outcome: &Outcome) {
    if outcome.ran_out {
        let seconds = outcome.measured.as_secs_f64();
        report.note(format!("the obligations ran out after {seconds:.1} s; raise --supply"));
    }
}

pub fn callbacks(options: &Options) -> Result<Report> {
    // Measured first, so that the cluster is as idle as it gets.
    let pgbench = match &options.database {
        Some(url) if DatabaseUrl::parse(url, true)?.sqlite_path().is_none() => {
            tell("pgbench -s 20 -M prepared -c 32 -T 30");
            reference::pgbench_tps(url)?
        }
        _ => None,
    };
    let mut scene = Scene::set(options)?;
    scene.add_flush()?;
    let due = scene.raise(supply(options), options.units)?;
    let before = scene.census()?;
    if let Some(url) = scene.server(options) {
        settle_down(url);
    }
    let (service, _) = Service::start(&scene.place)?;
    let (outcome, imports) = if options.is_during_import {
        scene.load_during_import(options, &service, due)?
    } else {
        (scene.load_analyzed(options, &service, due)?, 0)
    };
    let rate = outcome.per_second();
    let (rate_target, p99_target) = if options.is_during_import {
        scene.report.note(format!("{imports} statements of {} lines were imported meanwhile", options.lines));
        (None, Some(Target::Below(100.0)))
    } else if scene.place.is_embedded {
        (Some(Target::AtLeast(2_500.0)), Some(Target::Below(60.0)))
    } else {
        (None, None)
    };
    scene.report.figures.push(Figure {
        name: "callbacks acknowledged".into(),
        value: rate,
        unit: "/s",
        target: rate_target,
    });
    if let Some(tps) = pgbench {
        scene.report.add("reference: pgbench", tps, "/s");
        scene.report.aim("callbacks : pgbench", rate / tps, "x", Target::AtLeast(1.0));
    } else if !scene.place.is_embedded {
        scene.report.note("pgbench is not installed, so there is no reference");
    }
    scene.report.add_load(&outcome, p99_target);
    scene.add_batches(&service);
    note_shortage(&mut scene.report, &outcome);
    if let Some(bytes) = written_bytes(service.pid()) {
        let per_callback = bytes as f64 / 1_000.0 / outcome.total as f64;
        scene.report.add("written to disk per callback", per_callback, "kB");
    }
    scene.wait_for_seals(&service)?;
    service.stop();
    scene.count_written(&before, outcome.total)?;
    Ok(scene.report)
}

pub fn receipts(options: &Options) -> Result<Report> {
    let mut scene = Scene::set(options)?;
    scene.add_flush()?;
    tell("raw signing on all cores");
    let raw_before = reference::signatures_per_s(&scene.town.key)?;
    // So many that the whole takes about the time asked for.
    let count = (raw_before * 0.5 * options.measured.as_secs_f64()).max(1_000.0) as usize;
    let due = scene.raise(count, options.units)?;
    let (service, _) = Service::start(&scene.place)?;
    let began = Instant::now();
    let outcome = scene.load(options, &service, false, due)?;
    let acknowledged = began.elapsed();
    let sealed_at = scene.wait_for_seals(&service)?;
    let took = sealed_at.duration_since(began).as_secs_f64();
    service.stop();
    // Cores that are shared with others are not equally fast throughout a run.
    tell("raw signing on all cores, once more");
    let raw = f64::midpoint(raw_before, reference::signatures_per_s(&scene.town.key)?);
    let rate = outcome.total as f64 / took;
    let report = &mut scene.report;
    report.add("receipts", outcome.total as f64, "");
    report.add("first callback to last acknowledgement", acknowledged.as_secs_f64(), "s");
    report.add("first callback to last seal", took, "s");
    report.add("reference: raw RSA-2048 on all cores", raw, "/s");
    report.add("callback to sealed receipt", rate, "/s");
    report.aim("receipts : raw signing", rate / raw, "x", Target::AtLeast(0.55));
    report.add_load(&outcome, None);
    Ok(scene.report)
}

pub fn series(options: &Options) -> Result<Report> {
    let mut scene = Scene::set(options)?;
    scene.add_flush()?;
    let mut rates = Vec::new();
    for (units, name) in [(1, "one unit"), (options.units, "many units")] {
        let due = scene.raise(supply(options), units)?;
        let (service, _) = Service::start(&scene.place)?;
        let outcome = scene.load(options, &service, true, due)?;
        let rate = outcome.per_second();
        scene.report.add(name, rate, "/s");
        scene.report.add("latency p99", f64::from(outcome.percentile_us(99)) / 1_000.0, "ms");
        note_shortage(&mut scene.report, &outcome);
        rates.push(rate);
        scene.wait_for_seals(&service)?;
        service.stop();
    }
    scene.report.aim("one unit : many units", rates[0] / rates[1], "x", Target::AtLeast(0.9));
    Ok(scene.report)
}

pub fn start(options: &Options) -> Result<Report> {
    debug_assert_eq!(options.subject, Subject::Start);
    let mut scene = Scene::set(options)?;
    let mut took = Vec::new();
    for _ in 0..STARTS {
        let (service, ready) = Service::start(&scene.place)?;
        took.push(ready);
        service.stop();
    }
    took.sort_unstable();
    let median = took[took.len() / 2];
    scene.report.aim("start to ready, median", median.as_secs_f64(), "s", Target::Below(1.0));
    let (service, _) = Service::start(&scene.place)?;
    std::thread::sleep(IDLE);
    if let Some(bytes) = resident_bytes(service.pid()) {
        scene.report.aim("idle memory", bytes as f64 / 1e6, "MB", Target::Below(64.0));
    }
    scene.restart(options, service)?;
    Ok(scene.report)
}
