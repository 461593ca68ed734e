//! How many rows one bulk transaction takes: as many as this machine writes in the time that a callback may wait.

use std::time::{Duration, Instant};

/// How long a transaction of the bulk lane aims to hold the writer.
const GOAL: Duration = Duration::from_millis(20);

/// The rows of the next chunk, learned from the ones before.
///
/// A step at most halves or doubles, so that one slow moment of the disk decides little, and stays between a
/// quarter and four times the beginning: what a transaction costs by itself is not saved by making it smaller.
#[derive(Debug)]
pub struct Pace {
    rows: usize,
    least: usize,
    most: usize,
}

impl Pace {
    /// Begins with what is about right on a small machine.
    pub fn from(rows: usize) -> Pace {
        Pace { rows, least: (rows / 4).max(1), most: rows.saturating_mul(4) }
    }

    /// The next chunk of the rows that are left, and the rest.
    pub fn next<'r, T>(&self, left: &'r [T]) -> (&'r [T], &'r [T]) {
        left.split_at(self.rows.min(left.len()))
    }

    /// Does the work of a chunk within its transaction and learns from how long that took. Waiting for the
    /// writer is not measured: it says how busy others are.
    pub fn timed<T>(&mut self, rows: usize, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = work();
        self.learn(rows, began.elapsed());
        done
    }

    /// The last chunk of a set is short and says little, so that only whole ones count.
    fn learn(&mut self, rows: usize, took: Duration) {
        if rows < self.rows {
            return;
        }
        let fitting = (rows as u128).saturating_mul(GOAL.as_micros()) / took.as_micros().max(1);
        let fitting = usize::try_from(fitting).unwrap_or(usize::MAX);
        let step = fitting.clamp(self.rows / 2, self.rows.saturating_mul(2));
        self.rows = step.clamp(self.least, self.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taking(pace: &mut Pace, us_per_row: u64) -> usize {
        let rows = pace.rows;
        pace.learn(rows, Duration::from_micros(rows as u64 * us_per_row));
        pace.rows
    }

    #[test]
    fn a_slow_machine_takes_fewer_rows_at_a_time_and_a_fast_one_more() {
        let mut slow = Pace::from(500);
        assert_eq!([taking(&mut slow, 100), taking(&mut slow, 100)], [250, 200], "20 ms are 200 such rows");
        let mut fast = Pace::from(500);
        assert_eq!([taking(&mut fast, 15), taking(&mut fast, 15)], [1_000, 1_333]);
    }

    #[test]
    fn neither_a_standstill_nor_a_moment_without_work_leads_out_of_bounds() {
        let mut pace = Pace::from(500);
        (0..9).for_each(|_| pace.learn(pace.rows, Duration::from_secs(5)));
        assert_eq!(pace.rows, 125);
        (0..9).for_each(|_| pace.learn(pace.rows, Duration::ZERO));
        assert_eq!(pace.rows, 2_000);
        pace.learn(3, Duration::from_secs(5));
        assert_eq!(pace.rows, 2_000, "the short end of a set says nothing");
        assert_eq!(Pace::from(1).least, 1);
    }

    #[test]
    fn chunks_follow_each_other_until_nothing_is_left() {
        let (pace, rows) = (Pace::from(2), [1, 2, 3, 4, 5]);
        let (mut left, mut seen) = (rows.as_slice(), Vec::new());
        while !left.is_empty() {
            let (chunk, rest) = pace.next(left);
            seen.push(chunk.len());
            left = rest;
        }
        assert_eq!(seen, [2, 2, 1]);
    }
}
