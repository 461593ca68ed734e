//! One signer's own lane: how many batches it may have at a time, and a pause after failures, so
//! that a slow or dead signer costs nobody else anything.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::clock::Instant;
use crate::error::{Error, Kind};

/// Batches one signer outside the process has at a time.
const BATCHES: usize = 2;
/// The longest pause after failures.
const PAUSE_LIMIT_S: i64 = 300;
/// So many failures in a row are told to the administrator.
const ALARM_AFTER: u32 = 3;

/// The lane of one certificate's signer.
#[derive(Default)]
pub struct Lane {
    busy: AtomicUsize,
    circuit: Mutex<Circuit>,
}

#[derive(Default)]
struct Circuit {
    /// It signed since the start of the process or its last failure.
    is_proven: bool,
    failures: u32,
    closed_until: Option<Instant>,
}

/// A place in a lane; given back when dropped.
pub struct Place<'a>(&'a Lane);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Lane {
    /// A place, unless the signer is busy or pauses.
    pub fn enter(&self, now: Instant) -> Option<Place<'_>> {
        if self.is_paused(now) {
            return None;
        }
        let taken = self
            .busy
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |busy| (busy < BATCHES).then_some(busy + 1));
        taken.ok().map(|_| Place(self))
    }

    pub fn is_free(&self, now: Instant) -> bool {
        !self.is_paused(now) && self.busy.load(Ordering::SeqCst) < BATCHES
    }

    pub fn is_paused(&self, now: Instant) -> bool {
        self.circuit().closed_until.is_some_and(|until| now < until)
    }

    /// True when this is the first success since the start or a failure: an alarm may be over.
    pub fn succeeded(&self) -> bool {
        let mut circuit = self.circuit();
        let is_news = !circuit.is_proven;
        *circuit = Circuit { is_proven: true, failures: 0, closed_until: None };
        is_news
    }

    /// Pauses: twice as long with each failure, and at least as long as the signer asked for.
    /// True when the administrator should know.
    pub fn failed(&self, error: &Error, now: Instant) -> bool {
        let mut circuit = self.circuit();
        circuit.is_proven = false;
        circuit.failures = circuit.failures.saturating_add(1);
        let doubled = 1_i64 << circuit.failures.min(9);
        let asked = match error.kind() {
            Kind::Busy { retry_after_s } => i64::from(*retry_after_s),
            _ => 0,
        };
        circuit.closed_until = Some(now.plus_seconds(doubled.max(asked).min(PAUSE_LIMIT_S)));
        circuit.failures >= ALARM_AFTER
    }

    fn circuit(&self) -> std::sync::MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_795_000_000_000_000);

    #[test]
    fn a_lane_takes_a_bounded_number_of_batches() {
        let lane = Lane::default();
        let (first, second) = (lane.enter(NOW), lane.enter(NOW));
        assert!(first.is_some() && second.is_some() && lane.enter(NOW).is_none() && !lane.is_free(NOW));
        drop(first);
        assert!(lane.enter(NOW).is_some());
    }

    #[test]
    fn failures_pause_longer_and_longer_and_a_success_ends_it() {
        let lane = Lane::default();
        let dead = Error::conflict("signer_wrong_signature", "");
        assert!(!lane.failed(&dead, NOW));
        assert!(lane.is_paused(NOW.plus_seconds(1)) && !lane.is_paused(NOW.plus_seconds(2)));
        assert!(!lane.failed(&dead, NOW));
        assert!(lane.is_paused(NOW.plus_seconds(3)));
        assert!(lane.failed(&dead, NOW), "the third failure in a row is told");
        assert!(lane.succeeded() && !lane.succeeded() && lane.is_free(NOW));
    }

    #[test]
    fn a_signer_that_asks_for_time_gets_it() {
        let lane = Lane::default();
        lane.failed(&Error::busy("remote_busy", 60, ""), NOW);
        assert!(lane.is_paused(NOW.plus_seconds(59)) && !lane.is_paused(NOW.plus_seconds(60)));
    }
}
