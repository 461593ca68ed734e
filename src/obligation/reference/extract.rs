//! Reading codes out of a memo.

use std::collections::BTreeSet;

use super::{ALPHABET, CODE_LENGTH, CodeBook, PREFIX_LENGTH, ReferenceCode, TAIL_LENGTH, Tail};
use super::{read_tail, value_of, verifies};
use crate::text;

/// More damaged codes than this in one memo are noise: real memos end at about 270 characters,
/// and each damaged code costs some hundred checks.
const DAMAGED_LIMIT: usize = 8;

/// What a memo holds, in order of appearance, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Prefix, nine symbols, check right.
    Verified(ReferenceCode),
    /// The prefix, and after it something that is no code: mistyped or cut off.
    Damaged {
        /// The prefix and up to nine letters and digits, as they came.
        text: String,
        /// Every valid code that one slip turns into `text`: a wrong, a lost or an additional
        /// symbol, or two neighbours swapped. About twenty; at most a few exist in the database.
        candidates: Vec<ReferenceCode>,
    },
}

impl Found {
    pub fn verified(&self) -> Option<&ReferenceCode> {
        match self {
            Found::Verified(code) => Some(code),
            Found::Damaged { .. } => None,
        }
    }
}

/// The known codes that one slip turns into the damaged text, in the order of `known`.
pub fn candidates_at_one_edit(damaged: &Found, known: &[ReferenceCode]) -> Vec<ReferenceCode> {
    let Found::Damaged { candidates, .. } = damaged else { return Vec::new() };
    let possible: BTreeSet<&ReferenceCode> = candidates.iter().collect();
    known.iter().filter(|code| possible.contains(code)).cloned().collect()
}

impl CodeBook {
    /// Every code in the memo. Two different verified codes are two obligations: never pick one.
    /// Linear in the length of the memo.
    pub fn extract(&self, memo: &str) -> Vec<Found> {
        let squashed = text::squash(memo);
        let starts: Vec<usize> = self.starts(squashed.as_bytes()).collect();
        if starts.is_empty() {
            return Vec::new();
        }
        let verified: Vec<(usize, ReferenceCode)> = starts
            .iter()
            .filter_map(|&start| Some((start, self.code_at(squashed.as_bytes(), start)?)))
            .collect();
        let damaged = self.damaged(&squashed, &starts, &verified);
        in_order(verified, damaged)
    }

    fn starts<'a>(&'a self, memo: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
        let prefix = self.prefix.as_bytes();
        memo.windows(PREFIX_LENGTH).enumerate().filter(move |(_, window)| *window == prefix).map(|(at, _)| at)
    }

    fn code_at(&self, memo: &[u8], start: usize) -> Option<ReferenceCode> {
        let tail = read_tail(memo.get(start + PREFIX_LENGTH..start + CODE_LENGTH)?)?;
        verifies(&tail).then(|| ReferenceCode::from_tail(&self.prefix, &tail))
    }

    /// The starts that are no code: not inside a code, and not the same code once more, cut off.
    fn damaged(
        &self,
        memo: &str,
        starts: &[usize],
        verified: &[(usize, ReferenceCode)],
    ) -> Vec<(usize, Found)> {
        let verified_codes: BTreeSet<&str> = verified.iter().map(|(_, code)| code.as_str()).collect();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut damaged = Vec::new();
        for (index, &start) in starts.iter().enumerate() {
            if damaged.len() == DAMAGED_LIMIT {
                break;
            }
            let before = verified.partition_point(|(at, _)| *at <= start);
            let covered = before
                .checked_sub(1)
                .and_then(|at| verified.get(at))
                .is_some_and(|(at, _)| start < at + CODE_LENGTH);
            // What the next prefix begins does not belong to this one.
            let next = starts.get(index + 1).map_or(memo.len(), |&next| next.max(start + PREFIX_LENGTH));
            let text = memo.get(start..next.min(start + CODE_LENGTH)).unwrap_or_default();
            if covered || begins_one_of(&verified_codes, text) || !seen.insert(text) {
                continue;
            }
            let tail = memo.get(start + PREFIX_LENGTH..next.min(start + CODE_LENGTH + 1)).unwrap_or_default();
            let candidates = self.one_slip_from(tail.as_bytes());
            damaged.push((start, Found::Damaged { text: text.to_owned(), candidates }));
        }
        damaged
    }

    /// Valid codes whose tail differs by one slip from what stands after the prefix (up to ten
    /// characters: one more than a tail, for the additional symbol).
    fn one_slip_from(&self, written: &[u8]) -> Vec<ReferenceCode> {
        let values: Vec<u8> = written.iter().filter_map(|&byte| value_of(byte)).collect();
        let mut tails: BTreeSet<Tail> = BTreeSet::new();
        if let Some(tail) = first_nine(&values) {
            tails.extend(with_one_symbol_changed(tail));
            tails.extend(with_neighbours_swapped(tail));
        }
        tails.extend(with_one_symbol_added(&values));
        tails.extend(with_one_symbol_removed(&values));
        tails
            .iter()
            .filter(|tail| verifies(tail))
            .map(|tail| ReferenceCode::from_tail(&self.prefix, tail))
            .collect()
    }
}

/// A text that is the beginning of a code comes right before that code in text order.
fn begins_one_of(codes: &BTreeSet<&str>, text: &str) -> bool {
    codes.range(text..).next().is_some_and(|code| code.starts_with(text))
}

fn in_order(verified: Vec<(usize, ReferenceCode)>, damaged: Vec<(usize, Found)>) -> Vec<Found> {
    let mut seen = BTreeSet::new();
    let mut found = damaged;
    for (start, code) in verified {
        if seen.insert(code.clone()) {
            found.push((start, Found::Verified(code)));
        }
    }
    found.sort_by_key(|(start, _)| *start);
    found.into_iter().map(|(_, found)| found).collect()
}

fn symbol_values() -> impl Iterator<Item = u8> {
    (0_u8..).take(ALPHABET.len())
}

fn first_nine(values: &[u8]) -> Option<Tail> {
    values.get(..TAIL_LENGTH)?.try_into().ok()
}

fn with_one_symbol_changed(tail: Tail) -> impl Iterator<Item = Tail> {
    (0..TAIL_LENGTH).flat_map(move |at| {
        symbol_values().map(move |value| {
            let mut changed = tail;
            if let Some(slot) = changed.get_mut(at) {
                *slot = value;
            }
            changed
        })
    })
}

fn with_neighbours_swapped(tail: Tail) -> impl Iterator<Item = Tail> {
    (1..TAIL_LENGTH).map(move |at| {
        let mut swapped = tail;
        swapped.swap(at - 1, at);
        swapped
    })
}

fn with_one_symbol_added(values: &[u8]) -> impl Iterator<Item = Tail> {
    let kept = values.get(..TAIL_LENGTH - 1).map(<[u8]>::to_vec);
    kept.into_iter().flat_map(|kept| {
        (0..TAIL_LENGTH).flat_map(move |at| {
            let kept = kept.clone();
            symbol_values().filter_map(move |value| {
                let mut longer = kept.clone();
                longer.insert(at, value);
                first_nine(&longer)
            })
        })
    })
}

fn with_one_symbol_removed(values: &[u8]) -> impl Iterator<Item = Tail> {
    let written = values.get(..TAIL_LENGTH + 1).map(<[u8]>::to_vec);
    written.into_iter().flat_map(|written| {
        (0..TAIL_LENGTH).filter_map(move |at| {
            let mut shorter = written.clone();
            shorter.remove(at);
            first_nine(&shorter)
        })
    })
}
