//! The threads that look after the tax authority: one makes the reports that are due, brings messages there,
//! and counts what somebody must look at; one signs forms.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::every_tick;
use crate::actor::{Actor, Scope};
use crate::app::App;
use crate::error::{Result, caught};
use crate::filing::alarm::{self, Alarm, Kind, Level};
use crate::filing::courier::{self, Round};
use crate::filing::endpoint::TaxEndpoint;
use crate::filing::{self, due, http::HttpEndpoint};
use crate::unit;

/// Rounds of two seconds between two looks at what is due: ten minutes.
const LOOK_EVERY: u64 = 300;

pub(super) fn file_until(app: &Arc<App>, is_stopping: &AtomicBool) {
    let mut round = 0_u64;
    let mut told = 0;
    every_tick(is_stopping, 10, || {
        if round.is_multiple_of(LOOK_EVERY) {
            match caught(|| look(app, told)) {
                Ok(count) => told = count,
                // What is drafted is signed and sent all the same.
                Err(error) => tracing::warn!(%error, "what is due to the tax authority was not looked at"),
            }
        }
        round += 1;
        match tax_endpoint(app) {
            Some(endpoint) => deliver(app, &endpoint).map(|_| ()),
            None => Ok(()),
        }
    });
}

/// Signs what is drafted, beside the courier: a signing service that takes its time keeps no message that
/// is signed already from leaving.
pub(super) fn sign_until(app: &Arc<App>, is_stopping: &AtomicBool) {
    every_tick(is_stopping, 10, || sign_forms(app).map(|_| ()));
}

/// Makes what is due and tells what presses. Returns how much does.
fn look(app: &App, told: usize) -> Result<usize> {
    produce_reports(app)?;
    Ok(tell(&tax_alarms(app)?, told))
}

/// Makes the usage reports of quarters that are over, for every unit, each in its own transaction. Returns
/// how many are new.
pub fn produce_reports(app: &App) -> Result<usize> {
    let (actor, place) = (Actor::system(), &app.config.tax.place);
    let today = app.clock.now().business_day();
    let mut count = 0;
    for unit in app.read(&actor, unit::all)? {
        for quarter in app.read(&actor, |conn| due::open_quarters(conn, unit.id, today))? {
            match app.write_bulk(&actor, |tx, stamp| due::produce(tx, stamp, (unit.id, quarter), place)) {
                Ok(made) => count += usize::from(made.is_some()),
                // Another process was faster.
                Err(error) if error.code() == "report_exists" => {}
                Err(error) => {
                    tracing::warn!(unit = %unit.id, %quarter, %error, "a usage report was not made")
                }
            }
        }
    }
    Ok(count)
}

/// What somebody must do about the tax authority, in all units; the gauges say the same.
pub fn tax_alarms(app: &App) -> Result<Vec<Alarm>> {
    let now = app.clock.now();
    let alarms = app.store.read(&Scope::All, |conn| {
        let mut alarms = Vec::new();
        for unit in unit::all(conn)? {
            alarms.extend(alarm::of_unit(conn, unit.id, now)?);
        }
        Ok(alarms)
    })?;
    for kind in Kind::ALL {
        for level in [Level::Notice, Level::Warning, Level::Alarm] {
            let count = alarms.iter().filter(|one| (one.kind, one.level) == (kind, level)).count();
            let labels = [("kind", kind.as_str()), ("level", level.words().1)];
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            metrics::gauge!("bienlai_tax_alarms", &labels).set(count);
        }
    }
    Ok(alarms)
}

/// Tells in the log when there are more alarms than before. Returns how many there are.
fn tell(alarms: &[Alarm], before: usize) -> usize {
    let pressing = alarms.iter().filter(|one| one.level == Level::Alarm).count();
    if pressing > before {
        tracing::error!(
            alarms = pressing,
            "see `bienlai tax due`: the tax authority waits, or does not answer"
        );
    }
    pressing
}

/// Signs drafted forms and puts them into the ledger. Returns how many.
pub fn sign_forms(app: &App) -> Result<usize> {
    let sender = app.config.tax.sender.as_deref();
    filing::sealing::sign_and_enqueue(&app.store, &app.keyring, &app.stamp(), sender)
}

/// The configured way to the authority.
pub fn tax_endpoint(app: &App) -> Option<HttpEndpoint> {
    let tax = &app.config.tax;
    let timeout = Duration::from_secs(tax.timeout_s);
    tax.endpoint.as_ref().map(|url| HttpEndpoint::new(url, tax.endpoint_token.clone(), timeout))
}

/// One round of the courier.
pub fn deliver(app: &App, endpoint: &dyn TaxEndpoint) -> Result<Round> {
    courier::Courier { store: &app.store, endpoint, stamp: &|| app.stamp() }.round()
}
