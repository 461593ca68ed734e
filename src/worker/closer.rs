//! Closing days by themselves, where the configuration asks for it, and the gauges that tell how the
//! accounts stand. A thread of its own: proving a year of days must hold up nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::every_tick;
use crate::actor::Actor;
use crate::app::App;
use crate::error::Result;
use crate::reconciliation::office;
use crate::reconciliation::overview::{self, Standing};
use crate::remittance::alarm;
use crate::unit;

/// Ticks of a second between two looks.
const ROUND_S: u64 = 3_600;

/// Looks every hour, first a little after the start.
pub fn close_until(app: &Arc<App>, is_stopping: &AtomicBool) {
    let mut round = 0_u64;
    every_tick(is_stopping, 5, || {
        round += 1;
        if round % ROUND_S == 100 {
            if app.config.books.close_by_itself {
                close_units(app, is_stopping)?;
            }
            measure(app)?;
        }
        Ok(())
    });
}

/// Closes in every account what can be closed up to yesterday; returns how many days. What keeps an
/// account open is told by the overview, a failure in the log; neither holds up the others.
pub fn close_days(app: &App) -> Result<usize> {
    close_units(app, &AtomicBool::new(false))
}

/// Unit by unit, so that the service can stop in between.
fn close_units(app: &App, is_stopping: &AtomicBool) -> Result<usize> {
    let actor = Actor::system();
    let until = app.clock.now().business_day().plus_days(-1);
    let mut count = 0;
    for unit in app.read(&actor, unit::all)? {
        if is_stopping.load(Ordering::SeqCst) {
            break;
        }
        let stamp = || app.stamp();
        let closed = office::close_accounts(&app.store, &app.keyring, &stamp, &actor, Some(unit.id), until)?;
        count += closed
            .iter()
            .filter_map(|one| one.outcome.as_ref().ok())
            .map(|through| through.closed.len())
            .sum::<usize>();
    }
    Ok(count)
}

/// Sets the gauges: accounts by standing, the oldest unexplained money, alarms about the Treasury.
fn measure(app: &App) -> Result<()> {
    let stamp = app.stamp();
    let actor = Actor::system();
    let (found, alarms) = app.read(&actor, |conn| {
        let found = overview::overview(conn, &stamp, &actor, None)?;
        let mut alarms: BTreeMap<&'static str, usize> = BTreeMap::new();
        for unit in unit::all(conn)? {
            for one in alarm::of_unit(conn, stamp.calendar, stamp.today(), unit.id)? {
                *alarms.entry(one.kind.as_str()).or_default() += 1;
            }
        }
        Ok((found, alarms))
    })?;
    for (standing, count) in [
        (Standing::UpToDate, found.up_to_date),
        (Standing::Open, found.open),
        (Standing::NoStatement, found.no_statement),
        (Standing::Late, found.late),
    ] {
        gauge("bienlai_accounts", ("standing", standing.as_str()), count);
    }
    for kind in alarm::Kind::ALL {
        let count = alarms.get(kind.as_str()).copied().unwrap_or_default();
        gauge("bienlai_treasury_alarms", ("kind", kind.as_str()), count);
    }
    Ok(())
}

fn gauge(name: &'static str, label: (&'static str, &'static str), count: usize) {
    metrics::gauge!(name, &[label]).set(u32::try_from(count).unwrap_or(u32::MAX));
}
