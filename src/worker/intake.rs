//! The thread that takes statements in: imports that were queued, and what lies in the inbox.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::inbox::Inbox;
use super::{every_tick, note_outcome};
use crate::actor::Actor;
use crate::app::App;
use crate::error::Result;
use crate::payment::settler::Numbered as _;
use crate::reconciliation::office;
use crate::statement::Imported;

pub(super) fn take_in(app: &Arc<App>, is_stopping: &AtomicBool) {
    let mut inbox = app.config.statements.inbox.as_deref().map(Inbox::new);
    let keep_on = || !is_stopping.load(Ordering::SeqCst);
    let mut round = 0_u64;
    // Counted by itself: the rounds that do not look would make each failure a first one, told each second.
    let mut failures = 0_u32;
    every_tick(is_stopping, 1, || {
        round += 1;
        run_imports(app, &keep_on)?;
        if let Some(inbox) = inbox.as_mut().filter(|_| round.is_multiple_of(5)) {
            note_outcome("inbox", &mut failures, inbox.look(app, &keep_on).map(|_| ()));
        }
        Ok(())
    });
}

/// Takes the queued imports in until none waits. Returns how many it worked on.
pub fn run_imports(app: &App, keep_on: &dyn Fn() -> bool) -> Result<usize> {
    let mut count = 0;
    let then = |imported: &Imported| match_imported(app, &Actor::system(), imported);
    while keep_on() && office::run_import(&app.store, &|| app.stamp(), keep_on, &then)?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// Matches what came in by itself: nobody stands by who would ask for it.
pub(super) fn match_imported(app: &App, actor: &Actor, imported: &Imported) {
    for visited in office::reconcile_imported(&app.store, &|| app.stamp(), actor, imported) {
        if let Ok(report) = visited.outcome {
            app.sealing.numbered(&report.receipts);
        }
    }
}
