//! The upper parts of the stamped days' trees, kept in memory, so that the way of one leaf is found from
//! the leaves around it and not from all of a city's day.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use crate::audit::merkle::{self, Step};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};

/// Leaves under one kept node: a full subtree of this height, and the last one of a day may be smaller.
const BLOCK: usize = 1 << 10;
/// Days that are kept. A day of a million receipts has a thousand nodes, 64 kB.
const DAYS_KEPT: usize = 400;

/// The nodes above the blocks of each day that was asked for. A stamped day changes no more.
#[derive(Default)]
pub struct Tops(Mutex<BTreeMap<BusinessDay, Arc<Vec<String>>>>);

impl Tops {
    /// The way of the leaf at `index` to the top of the day's tree. `leaves` reads those of a range of the
    /// day, fewer at its end; all of them are read the first time a day is asked for, later one block.
    ///
    /// # Errors
    /// Those of reading; internal when there is no such leaf.
    pub fn path(
        &self,
        day: BusinessDay,
        index: usize,
        mut leaves: impl FnMut(Range<usize>) -> Result<Vec<String>>,
    ) -> Result<Vec<Step>> {
        let tops = match self.known(day) {
            Some(tops) => tops,
            None => self.keep(day, &mut leaves)?,
        };
        let missing = || Error::internal("a leaf is out of its tree");
        let at = index / BLOCK;
        let block = leaves(at * BLOCK..(at + 1) * BLOCK)?;
        let mut way = merkle::path(&block, index % BLOCK).ok_or_else(missing)?;
        way.extend(merkle::path(&tops, at).ok_or_else(missing)?);
        Ok(way)
    }

    fn known(&self, day: BusinessDay) -> Option<Arc<Vec<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&day).cloned()
    }

    fn keep(
        &self,
        day: BusinessDay,
        leaves: &mut impl FnMut(Range<usize>) -> Result<Vec<String>>,
    ) -> Result<Arc<Vec<String>>> {
        let mut tops = Vec::new();
        loop {
            let block = leaves(tops.len() * BLOCK..(tops.len() + 1) * BLOCK)?;
            if block.is_empty() {
                break;
            }
            let is_last = block.len() < BLOCK;
            tops.push(merkle::top(&block));
            if is_last {
                break;
            }
        }
        let tops = Arc::new(tops);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= DAYS_KEPT {
            known.pop_first();
        }
        known.insert(day, Arc::clone(&tops));
        Ok(tops)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day() -> BusinessDay {
        "2026-11-23".parse().unwrap()
    }

    fn leaves(count: usize) -> Vec<String> {
        (0..count).map(|n| merkle::leaf("seal", &n.to_string())).collect()
    }

    #[test]
    fn a_way_through_the_kept_tops_is_the_way_through_the_whole_tree() {
        for count in [1, 2, 3, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 1, 3 * BLOCK + 77] {
            let (all, tops) = (leaves(count), Tops::default());
            for index in [0, 1, 2, BLOCK - 1, BLOCK, BLOCK + 76, 2 * BLOCK, count - 1] {
                let read = |range: Range<usize>| {
                    Ok(all.iter().skip(range.start).take(range.len()).cloned().collect())
                };
                let found = tops.path(day(), index, read).ok();
                assert_eq!(found, merkle::path(&all, index), "{index} of {count}");
            }
        }
    }

    #[test]
    fn a_day_is_read_once_and_then_one_block_for_each_receipt() {
        let (all, tops) = (leaves(5 * BLOCK), Tops::default());
        let asked = |index: usize| {
            let mut read = 0;
            let found = tops.path(day(), index, |range| {
                let page: Vec<String> = all.iter().skip(range.start).take(range.len()).cloned().collect();
                read += page.len();
                Ok(page)
            });
            assert_eq!(found.unwrap(), merkle::path(&all, index).unwrap());
            read
        };
        assert_eq!(asked(7), 6 * BLOCK, "all of it, and its own block");
        assert_eq!([asked(7), asked(4_000), asked(5 * BLOCK - 1)], [BLOCK; 3]);
    }
}
