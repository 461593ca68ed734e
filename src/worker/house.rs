//! What is done now and then beside the callbacks, every chore at its rounds; and what memory keeps of the database,
//! looked at anew on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::{
    audit_series, escalate_decisions, every_tick, keep_registers, look_at_senders, look_over_queue,
    mail_key_alarms, mail_suspended_trust, mail_warnings, make_due_receipts, note_outcome, sign_audit_roots,
    sum_collections, verify_books,
};
use crate::actor::Scope;
use crate::app::App;
use crate::error::{Result, caught};
use crate::payment::settler;
use crate::receipt::key::watch;

/// A round of housekeeping is a second.
const ROUND_TICKS: u32 = 5;

/// Something done every so many rounds, in the round given.
struct Chore<'a> {
    name: &'static str,
    every: u64,
    at: u64,
    failures: u32,
    run: Box<dyn FnMut() -> Result<()> + 'a>,
}

impl<'a> Chore<'a> {
    fn new(name: &'static str, (every, at): (u64, u64), run: impl FnMut() -> Result<()> + 'a) -> Self {
        Chore { name, every, at, failures: 0, run: Box::new(run) }
    }
}

/// Does what is due in the round. What fails is logged and due again; it keeps nothing else from running.
fn run_due(chores: &mut [Chore<'_>], round: u64) {
    for chore in chores.iter_mut().filter(|chore| round % chore.every == chore.at) {
        let outcome = caught(|| (chore.run)());
        note_outcome(chore.name, &mut chore.failures, outcome);
    }
}

fn run_rounds(chores: &mut [Chore<'_>], is_stopping: &AtomicBool) {
    let mut round = 0_u64;
    every_tick(is_stopping, ROUND_TICKS, || {
        round += 1;
        run_due(chores, round);
        Ok(())
    });
}

pub(super) fn keep(app: &Arc<App>, is_stopping: &AtomicBool) {
    let tools = app.settling_tools();
    let (mut names_looked_at, mut books_verified, mut warned_on) = (None, None, None);
    let mut chores = [
        Chore::new("parked claims", (10, 1), || settler::retry_parked(&tools).map(|_| ())),
        Chore::new("receipts that are due", (10, 1), || make_due_receipts(app).map(|_| ())),
        Chore::new("key alarms", (10, 2), || watch::look(&app.store, &app.stamp()).map(|_| ())),
        Chore::new("mails of key alarms", (10, 3), || mail_key_alarms(app).map(|_| ())),
        Chore::new("mails of suspended channels", (10, 4), || mail_suspended_trust(app).map(|_| ())),
        Chore::new("sums of collections", (60, 50), || sum_collections(app).map(|_| ())),
        Chore::new("what was collected today", (10, 7), || {
            app.collected.refresh(&app.store, app.clock.now())
        }),
        Chore::new("what may be deleted", (600, 1), || crate::web::retention::purge(app).map(|_| ())),
        Chore::new("registers", (600, 20), || keep_registers(app).map(|_| ())),
        Chore::new("series", (600, 40), || audit_series(app).map(|_| ())),
        Chore::new("queue", (600, 90), || look_over_queue(app).map(|_| ())),
        Chore::new("late decisions", (600, 91), || escalate_decisions(app).map(|_| ())),
        Chore::new("mails of warnings", (600, 110), || {
            let today = app.clock.now().business_day();
            if warned_on != Some(today) && mail_warnings(app)?.is_some() {
                warned_on = Some(today);
            }
            Ok(())
        }),
        Chore::new("senders", (600, 120), || {
            names_looked_at = Some(look_at_senders(app, names_looked_at)?);
            Ok(())
        }),
        Chore::new("books", (600, 150), || {
            let today = app.clock.now().business_day();
            if books_verified != Some(today) {
                verify_books(app)?;
                books_verified = Some(today);
            }
            Ok(())
        }),
        Chore::new("roots of the trail", (3_600, 60), || sign_audit_roots(app).map(|_| ())),
    ];
    run_rounds(&mut chores, is_stopping);
}

/// Looks at what another process, or a command, may have changed of what memory keeps. A thread of its own: an hour of
/// reports must not keep a destroyed key alive.
pub(super) fn look_anew(app: &Arc<App>, is_stopping: &AtomicBool) {
    let mut looks = [
        Chore::new("data keys that were destroyed", (10, 5), || {
            app.store.read(&Scope::All, |conn| app.vault.forget_destroyed(conn)).map(|_| ())
        }),
        Chore::new("working days", (10, 6), || app.renew_calendar()),
        Chore::new("the schema", (10, 8), || app.store.look_at_schema()),
    ];
    run_rounds(&mut looks, is_stopping);
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::{Chore, run_due};
    use crate::error::Error;

    #[test]
    fn a_chore_that_fails_or_breaks_off_keeps_none_from_its_turn_and_is_tried_again() {
        let (failed, broken, done) = (Cell::new(0), Cell::new(0), Cell::new(0));
        let mut chores = [
            Chore::new("broken", (2, 1), || {
                failed.set(failed.get() + 1);
                Err(Error::busy("store_unavailable", 1, "gone"))
            }),
            Chore::new("worse", (2, 1), || {
                broken.set(broken.get() + 1);
                panic!("too much")
            }),
            Chore::new("sound", (2, 1), || {
                done.set(done.get() + 1);
                Ok(())
            }),
        ];
        for round in 1..=5 {
            run_due(&mut chores, round);
        }
        drop(chores);
        assert_eq!((failed.get(), broken.get(), done.get()), (3, 3, 3));
    }
}
