//! Sets of codes as numbers.

use std::collections::HashMap;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// The number of a set of codes; the empty set is `NO_CODES`.
pub(super) type CodeSet = u32;
pub(super) const NO_CODES: CodeSet = 0;

/// Numbers for sets of codes, so that sets compare at the price of a number.
pub(super) struct CodeSets<'a> {
    /// The numbers of nearly all: one code alone. What is found here are places in `names`, four bytes each, so that
    /// both stay small enough to be near at hand.
    alone: HashTable<CodeSet>,
    /// The code of each number, `packed`; of a number of `others` none.
    names: Vec<u128>,
    hashing: DefaultHashBuilder,
    others: HashMap<Vec<&'a str>, CodeSet>,
}

impl<'a> CodeSets<'a> {
    /// With room for as many codes as there are lines: most movements have the code of one.
    pub(super) fn for_lines(count: usize) -> CodeSets<'a> {
        CodeSets {
            alone: HashTable::with_capacity(count),
            names: Vec::with_capacity(count),
            hashing: DefaultHashBuilder::default(),
            others: HashMap::new(),
        }
    }

    pub(super) fn number(&mut self, codes: &[&'a str]) -> CodeSet {
        if codes.is_empty() {
            return NO_CODES;
        }
        let next = self.names.len() as CodeSet + 1;
        if let [code] = codes
            && let Some(code) = packed(code)
        {
            return self.number_alone(code, next);
        }
        let number = *self.others.entry(codes.to_vec()).or_insert(next);
        if number == next {
            self.names.push(0);
        }
        number
    }

    fn number_alone(&mut self, code: u128, next: CodeSet) -> CodeSet {
        let name_of = |set: CodeSet| self.names.get(set as usize - 1).copied().unwrap_or_default();
        let hash_of = |set: &CodeSet| self.hashing.hash_one(name_of(*set));
        let hash = self.hashing.hash_one(code);
        let entry = self.alone.entry(hash, |set| name_of(*set) == code, hash_of);
        let number = *entry.or_insert(next).get();
        if number == next {
            self.names.push(code);
        }
        number
    }
}

/// A code and its length in one number; None of a code that is longer than all of ours.
fn packed(code: &str) -> Option<u128> {
    let mut bytes = [0; 16];
    bytes[15] = u8::try_from(code.len()).ok()?;
    bytes[..15].get_mut(..code.len())?.copy_from_slice(code.as_bytes());
    Some(u128::from_ne_bytes(bytes))
}
