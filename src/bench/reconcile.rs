//! Import, match and prove a day: as many statement lines as claims are open, on one account or on
//! many at once.
//!
//! Four lines in five show code and amount as claimed; 15 in a hundred have their code cut off, so
//! that the bank's reference must tell; 5 in a hundred pay two claims out in one sum.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant as Stopwatch};

use super::child::peak_bytes;
use super::place::{CHANNEL, Place};
use super::report::{Report, Target};
use super::seed::{Ask, Desk, Town, asked};
use super::{Options, reference, tell};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::app::App;
use crate::cli::books;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::obligation;
use crate::payment::{self, Arrival, Claim, Direction};
use crate::reconciliation;
use crate::simulator::bank::{Booking, Day};
use crate::simulator::statement::{camt, mt940};
use crate::store::{DatabaseUrl, census};
use crate::unit;
use crate::worker;

/// Obligations raised, and claims settled, in one transaction.
const BATCH: usize = 250;
const AMOUNT: i64 = 25_000;
/// The other half of a sum that pays two claims.
const OTHER_AMOUNT: i64 = 31_000;
/// What a morning may take: so many lines in so many seconds, in so much memory.
const SMALL: (usize, f64) = (100_000, 5.0);
const LARGE: (usize, f64) = (1_000_000, 60.0);
const MEMORY_MB: f64 = 1_024.0;

/// How a line looks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Exact,
    CutOff,
    Lump,
}

impl Shape {
    fn of(line: usize) -> Shape {
        match line % 20 {
            0 => Shape::Lump,
            1..=3 => Shape::CutOff,
            _ => Shape::Exact,
        }
    }
}

/// A line to come, with the codes it pays.
struct Planned {
    desk: usize,
    shape: Shape,
    reference: String,
    owed: Vec<(String, Dong)>,
}

impl Planned {
    fn amount(&self) -> Dong {
        Dong(self.owed.iter().map(|(_, amount)| amount.0).sum())
    }

    fn memo(&self) -> String {
        let code = self.owed.first().map_or("", |(code, _)| code.as_str());
        match self.shape {
            Shape::Exact => format!("NHAN TU 19001234567890 TRACE 314159 ND {code} LE PHI"),
            Shape::CutOff => {
                format!("NHAN TU 19001234567890 TRACE 314159 ND {}", code.get(..8).unwrap_or(code))
            }
            Shape::Lump => "THANH TOAN GD DIEM BAN".to_owned(),
        }
    }
}

pub fn reconcile(options: &Options) -> Result<Report> {
    let place = Place::make(options)?;
    let mut report = Report::new("reconcile", place.is_embedded);
    let units = options.units.min(options.lines.max(1));
    tell(&format!("seeding {units} units"));
    let town = Town::found(&place.app, units)?;
    let planned = seed(&place.app, &town, options.lines, &mut report)?;
    if let Some(url) = options.database.as_deref()
        && DatabaseUrl::parse(url, true)?.sqlite_path().is_none()
    {
        census::analyze(url)?;
    }
    let today = place.app.clock.now().business_day();
    let files: Vec<String> =
        town.desks.iter().enumerate().map(|(at, desk)| statement(&planned, at, desk, today)).collect();
    let bytes: usize = files.iter().map(String::len).sum();
    report.add("statements", bytes as f64 / 1e6, "MB");
    drop(planned);
    measure(&place.app, &town, &files, today, options.lines, &mut report)?;
    Ok(report)
}

/// Raises what is owed and settles the claims on it: the open movements.
fn seed(app: &Arc<App>, town: &Town, lines: usize, report: &mut Report) -> Result<Vec<Planned>> {
    tell(&format!("raising and claiming {lines} lines' worth"));
    let began = Stopwatch::now();
    let mut planned = Vec::with_capacity(lines);
    while planned.len() < lines {
        let first = planned.len();
        let last = lines.min(first + BATCH);
        let batch = raise(app, town, first..last)?;
        let arrivals: Vec<Arrival> =
            batch.iter().flat_map(|line| arrivals(line, &town.desks[line.desk], app)).collect();
        for chunk in arrivals.chunks(BATCH) {
            app.write(&Actor::system(), |tx, stamp| payment::settle(tx, stamp, chunk))?;
        }
        planned.extend(batch);
        app.lease.renew(&app.store, &app.clock)?;
    }
    worker::number_committed(app)?;
    report.add("lines seeded", lines as f64 / began.elapsed().as_secs_f64(), "/s");
    let claims: usize = planned.iter().map(|line| line.owed.len()).sum();
    report.add("open movements", claims as f64, "");
    Ok(planned)
}

fn raise(app: &Arc<App>, town: &Town, lines: std::ops::Range<usize>) -> Result<Vec<Planned>> {
    let actor = Actor::system();
    app.write(&actor, |tx, stamp| {
        lines
            .clone()
            .map(|line| {
                let (desk, shape) = (line % town.desks.len(), Shape::of(line));
                let sums: &[i64] = if shape == Shape::Lump { &[AMOUNT, OTHER_AMOUNT] } else { &[AMOUNT] };
                let mut owed = Vec::with_capacity(sums.len());
                for sum in sums {
                    let ask = Ask {
                        dossier_code: format!("H26.{line}-{sum}"),
                        payer: "Nguyễn Văn A",
                        amount: Dong(*sum),
                    };
                    let new = asked(stamp, &town.desks[desk], ask);
                    let raised = obligation::raise(tx, stamp, &actor, new)?;
                    owed.push((raised.reference_code, raised.total));
                }
                Ok(Planned { desk, shape, reference: format!("FT26{line:011}"), owed })
            })
            .collect()
    })
}

fn arrivals(line: &Planned, desk: &Desk, app: &App) -> Vec<Arrival> {
    let now = app.clock.now();
    let arrival = |(index, (code, amount)): (usize, &(String, Dong))| Arrival {
        claim: Claim {
            channel: CHANNEL.to_owned(),
            external_id: format!("{}-{index}", line.reference),
            account_no: desk.account_no.to_string(),
            bank_bin: None,
            direction: Direction::Credit,
            amount: *amount,
            memo: format!("{code} LE PHI"),
            bank_reference: Some(line.reference.clone()),
            sender_account: None,
            sender_name: None,
            occurred_at: Some(now),
        },
        raw: code.clone().into_bytes(),
        received_at: now,
    };
    line.owed.iter().enumerate().map(arrival).collect()
}

/// The desk's lines of the day, as camt.053 or MT940 in turn.
fn statement(planned: &[Planned], at: usize, desk: &Desk, today: BusinessDay) -> String {
    let own = planned.iter().filter(|line| line.desk == at);
    let bookings: Vec<Booking> =
        own.map(|line| credit(desk, today, line.amount(), line.memo(), line.reference.clone())).collect();
    written(at, desk, today, &bookings)
}

fn credit(desk: &Desk, today: BusinessDay, amount: Dong, memo: String, bank_reference: String) -> Booking {
    Booking {
        no: 0,
        account_no: desk.account_no.to_string(),
        direction: Direction::Credit,
        amount,
        memo,
        bank_reference,
        trace: String::new(),
        sender_account: None,
        sender_name: None,
        booked_at: today.start(),
        is_reversal: false,
    }
}

fn written(at: usize, desk: &Desk, today: BusinessDay, bookings: &[Booking]) -> String {
    let closing = Dong(bookings.iter().map(|booking| booking.amount.0).sum());
    let day = Day {
        account_no: &desk.account_no,
        holder: "UBND",
        day: today,
        sequence: 1,
        opening: Dong::ZERO,
        closing,
        bookings: bookings.iter().collect(),
    };
    if at.is_multiple_of(2) { camt::write(&day) } else { mt940::write(&day) }
}

/// A day of so many lines nobody claimed, for an import that runs beside something else.
pub(super) fn unclaimed(at: usize, desk: &Desk, today: BusinessDay, lines: usize) -> String {
    let bookings: Vec<Booking> = (0..lines)
        .map(|line| {
            let memo = format!("NHAN TU 19001234567890 TRACE {line:06} ND NOP PHI HO SO {line}");
            credit(desk, today, Dong(AMOUNT), memo, format!("FT27{line:011}"))
        })
        .collect();
    written(at, desk, today, &bookings)
}

fn measure(
    app: &Arc<App>,
    town: &Town,
    files: &[String],
    today: BusinessDay,
    lines: usize,
    report: &mut Report,
) -> Result<()> {
    let actor = Actor::system();
    let unknown = AtomicUsize::new(0);
    let refused = AtomicUsize::new(0);
    let whole = Stopwatch::now();
    let mut phase = |name: &'static str, work: &(dyn Fn(usize) -> Result<()> + Sync)| -> Result<()> {
        tell(name);
        let began = Stopwatch::now();
        for_each_desk(app, files.len(), work)?;
        report.add(name, began.elapsed().as_secs_f64(), "s");
        Ok(())
    };
    forget_peak();
    phase("import", &|at| {
        let imported = books::import(app, &actor, files[at].as_bytes())?;
        let refusal = |found: &crate::statement::Finding| Error::internal(found.message.clone());
        imported.errors.first().map_or(Ok(()), |found| Err(refusal(found)))
    })?;
    phase("match", &|at| {
        let desk = &town.desks[at];
        let done = reconciliation::reconcile(&app.store, &app.stamp(), &actor, desk.unit, desk.account)?;
        unknown.fetch_add(done.unknown, Ordering::Relaxed);
        Ok(())
    })?;
    phase("prove and close", &|at| {
        let desk = &town.desks[at];
        let (unit, account) = app.read(&actor, |conn| {
            Ok((unit::find(conn, desk.unit)?, unit::account::find(conn, desk.unit, desk.account)?))
        })?;
        let closed = books::close_day(app, &actor, &unit, &account, today)?;
        refused.fetch_add(usize::from(!closed.is_clean), Ordering::Relaxed);
        Ok(())
    })?;
    let took = whole.elapsed().as_secs_f64();
    match [SMALL, LARGE].into_iter().find(|(asked, _)| *asked == lines) {
        Some((_, limit)) => report.aim("import, match and prove", took, "s", Target::Below(limit)),
        None => report.add("import, match and prove", took, "s"),
    }
    report.add("lines", lines as f64 / took, "/s");
    report.aim("lines left unknown", unknown.into_inner() as f64, "", Target::Below(1.0));
    report.aim("days not closed", refused.into_inner() as f64, "", Target::Below(1.0));
    if let Some(bytes) = peak_bytes() {
        report.aim("peak memory", bytes as f64 / 1e6, "MB", Target::Below(MEMORY_MB));
    }
    report.note(format!("{} accounts, {} threads", files.len(), reference::cores()));
    Ok(())
}

/// Does the work of every desk, as many at once as there are cores; the first fault ends it.
fn for_each_desk(app: &Arc<App>, desks: usize, work: &(dyn Fn(usize) -> Result<()> + Sync)) -> Result<()> {
    let next = AtomicUsize::new(0);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // What the service's worker does: without it the ids run out.
        let lease = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                app.lease.renew(&app.store, &app.clock)?;
                std::thread::park_timeout(Duration::from_secs(3));
            }
            Ok(())
        });
        let run = || loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= desks {
                return Ok(());
            }
            work(at)?;
        };
        let threads: Vec<_> = (0..reference::cores().min(desks)).map(|_| scope.spawn(run)).collect();
        let ended: Vec<Result<()>> = threads.into_iter().map(joined).collect();
        is_over.store(true, Ordering::Relaxed);
        lease.thread().unpark();
        let renewed = joined(lease);
        ended.into_iter().chain([renewed]).collect()
    })
}

fn joined(thread: std::thread::ScopedJoinHandle<'_, Result<()>>) -> Result<()> {
    thread.join().unwrap_or_else(|_| Err(Error::internal("a thread of the bench ended early")))
}

/// From here on the peak counts anew: seeding needs more than what is measured.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
