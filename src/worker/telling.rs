//! What is looked over and told: the queue of exceptions, decisions that wait too long, alarms about keys.

use crate::app::App;
use crate::duty::waiting;
use crate::error::Result;
use crate::notification::staff::Told;
use crate::queue::{key_mail, trust_mail, upkeep};
use crate::report::city::mail;

/// Hands decisions that waited too long to the city; returns how many are new.
pub fn escalate_decisions(app: &App) -> Result<usize> {
    waiting::escalate(&app.store, &app.stamp(), &told(app, &app.config.exceptions.approvals_mail))
}

/// Mails alarms about signing keys to whoever was not told yet; returns how many messages are new.
pub fn mail_key_alarms(app: &App) -> Result<usize> {
    key_mail::tell(&app.store, &app.stamp(), &told(app, &app.config.signing.alarms_mail))
}

/// Mails that channels are believed no more to whom alarms about keys are told; returns how many messages are new.
pub fn mail_suspended_trust(app: &App) -> Result<usize> {
    trust_mail::tell(&app.store, &app.stamp(), &told(app, &app.config.signing.alarms_mail))
}

fn told<'a>(app: &'a App, mailboxes: &'a [String]) -> Told<'a> {
    Told { mailboxes, public_url: &app.config.web.public_url }
}

/// Looks over the queue of exceptions: what follows from time passing, alarms, escalation.
pub fn look_over_queue(app: &App) -> Result<upkeep::Looked> {
    upkeep::look(&app.store, &app.stamp(), &app.config.exceptions)
}

/// Mails the early warnings of the day; returns how many messages are new, and nothing where it is too early for
/// them.
pub fn mail_warnings(app: &App) -> Result<Option<usize>> {
    let config = &app.config.warnings;
    if !config.daily_mail || app.config.email.is_none() {
        return Ok(None);
    }
    mail::tell(&app.store, &app.stamp(), &app.collected, &told(app, &config.warnings_mail))
}
