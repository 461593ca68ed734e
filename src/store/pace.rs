//! How many rows one bulk transaction takes: as many as this machine writes in the time that a callback may wait.

use std::time::{Duration, Instant};

use super::Product;
use super::rows::WHOLE_STATEMENT;
use crate::error::Result;

/// The rows of the next chunk, learned from the ones before.
///
/// A step at most halves or doubles, so that one slow moment of the disk decides little, and stays between a
/// quarter and four times the beginning: what a transaction costs by itself is not saved by making it smaller.
#[derive(Debug)]
pub struct Pace {
    goal: Duration,
    rows: usize,
    least: usize,
    most: usize,
}

impl Pace {
    /// Begins with what is about right on a small machine. Where everybody waits for the one writer a transaction
    /// aims to hold it for 20 ms; where only the account's own claims wait it may be longer, because it costs some
    /// twenty round trips and a flush to the disk whatever it writes.
    pub fn of(product: Product, rows: usize) -> Pace {
        let goal = match product {
            Product::Sqlite => Duration::from_millis(20),
            Product::PostgreSql => Duration::from_millis(100),
        };
        Pace { goal, rows, least: (rows / 4).max(1), most: rows.saturating_mul(4) }
    }

    /// The next chunk of the rows that are left, and the rest.
    pub fn next<'r, T>(&self, left: &'r [T]) -> (&'r [T], &'r [T]) {
        left.split_at(self.rows.min(left.len()))
    }

    /// Does the work of a chunk within its transaction and learns from how long that took. Waiting for the
    /// writer is not measured: it says how busy others are. Nor is waiting for the account's lock, which whoever
    /// posts takes before.
    pub fn timed<T>(&mut self, rows: usize, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let began = Instant::now();
        let done = work();
        // What was refused took another time than what was written.
        if done.is_ok() {
            self.learn(rows, began.elapsed());
        }
        done
    }

    /// The last chunk of a set is short and says little, so that only whole ones count.
    fn learn(&mut self, rows: usize, took: Duration) {
        if rows < self.rows {
            return;
        }
        let fitting = (rows as u128).saturating_mul(self.goal.as_micros()) / took.as_micros().max(1);
        let fitting = usize::try_from(fitting).unwrap_or(usize::MAX);
        let step = fitting.clamp(self.rows / 2, self.rows.saturating_mul(2));
        let step = if step < WHOLE_STATEMENT { step } else { step / WHOLE_STATEMENT * WHOLE_STATEMENT };
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
        let mut slow = Pace::of(Product::Sqlite, 512);
        assert_eq!([taking(&mut slow, 100), taking(&mut slow, 100)], [256, 192], "20 ms are 200 such rows");
        let mut fast = Pace::of(Product::Sqlite, 512);
        assert_eq!([taking(&mut fast, 15), taking(&mut fast, 15)], [1_024, 1_280]);
        let mut patient = Pace::of(Product::PostgreSql, 512);
        assert_eq!(taking(&mut patient, 100), 960, "only the account's own claims wait");
    }

    #[test]
    fn neither_a_standstill_nor_a_moment_without_work_leads_out_of_bounds() {
        let mut pace = Pace::of(Product::Sqlite, 512);
        (0..9).for_each(|_| pace.learn(pace.rows, Duration::from_secs(5)));
        assert_eq!(pace.rows, 128);
        (0..9).for_each(|_| pace.learn(pace.rows, Duration::ZERO));
        assert_eq!(pace.rows, 2_048);
        pace.learn(3, Duration::from_secs(5));
        assert_eq!(pace.rows, 2_048, "the short end of a set says nothing");
        let mut few = Pace::of(Product::Sqlite, 3);
        few.learn(3, Duration::from_secs(5));
        assert_eq!(few.rows, 1, "never none");
    }

    #[test]
    fn chunks_follow_each_other_until_nothing_is_left() {
        let (pace, rows) = (Pace::of(Product::Sqlite, 2), [1, 2, 3, 4, 5]);
        let (mut left, mut seen) = (rows.as_slice(), Vec::new());
        while !left.is_empty() {
            let (chunk, rest) = pace.next(left);
            seen.push(chunk.len());
            left = rest;
        }
        assert_eq!(seen, [2, 2, 1]);
    }
}
