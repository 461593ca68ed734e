//! Two lanes into the one writer: `live` goes before `bulk`.

use std::sync::{Condvar, Mutex};

/// Who waits for the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// A citizen, a cashier or a bank waits for the answer.
    Live,
    /// Imports, proofs, sealing, sending: they yield to the live lane between transactions.
    Bulk,
}

/// Admits one writer at a time; a waiting live writer is always admitted before a bulk one.
#[derive(Default)]
pub struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    is_taken: bool,
    live_waiting: usize,
}

/// Holds the gate until dropped.
pub struct Turn<'a>(&'a Gate);

impl Gate {
    pub fn enter(&self, lane: Lane) -> Turn<'_> {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if lane == Lane::Live {
            state.live_waiting += 1;
        }
        while state.is_taken || (lane == Lane::Bulk && state.live_waiting > 0) {
            state = self.changed.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        if lane == Lane::Live {
            state.live_waiting -= 1;
        }
        state.is_taken = true;
        Turn(self)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).is_taken = false;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_waiting_callback_goes_before_a_waiting_import() {
        let gate = Gate::default();
        let (order, seen) = mpsc::channel();
        let held = gate.enter(Lane::Bulk);
        std::thread::scope(|scope| {
            let (gate, bulk) = (&gate, order.clone());
            scope.spawn(move || {
                let _turn = gate.enter(Lane::Bulk);
                bulk.send(Lane::Bulk).unwrap();
            });
            std::thread::sleep(Duration::from_millis(50));
            scope.spawn(move || {
                let _turn = gate.enter(Lane::Live);
                order.send(Lane::Live).unwrap();
            });
            while gate.state.lock().unwrap().live_waiting == 0 {
                std::thread::yield_now();
            }
            drop(held);
        });
        assert_eq!(seen.recv().unwrap(), Lane::Live);
        assert_eq!(seen.recv().unwrap(), Lane::Bulk);
    }
}
