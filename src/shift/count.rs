//! Cash counted by denomination. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::amount::Dong;
use crate::error::{Error, Result};

/// Notes in circulation, in đồng; 100 đồng still is legal tender.
pub const DENOMINATIONS: [i64; 12] =
    [500_000, 200_000, 100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100];

/// More pieces of one note than any drawer holds: a slip of the finger.
const PIECES_LIMIT: i64 = 100_000;

/// How many pieces of each note were counted. Notes that are not there are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Count(BTreeMap<i64, i64>);

impl Count {
    /// From (denomination, pieces); zero pieces say nothing.
    pub fn of(pieces: &[(i64, i64)]) -> Count {
        Count(pieces.iter().copied().filter(|(_, pieces)| *pieces != 0).collect())
    }

    /// The smallest number of notes that make an amount of whole hundreds.
    pub fn fewest(amount: Dong) -> Count {
        let mut rest = amount.0.max(0);
        let mut pieces = BTreeMap::new();
        for note in DENOMINATIONS {
            if rest >= note {
                pieces.insert(note, rest / note);
                rest %= note;
            }
        }
        Count(pieces)
    }

    pub fn pieces(&self) -> impl Iterator<Item = (i64, i64)> {
        self.0.iter().rev().map(|(note, pieces)| (*note, *pieces)).filter(|(_, pieces)| *pieces != 0)
    }

    /// The sum. `cash_count_wrong` for a note that does not exist or a number of pieces that no
    /// drawer holds.
    pub fn total(&self) -> Result<Dong> {
        let mut total = Dong::ZERO;
        for (note, pieces) in &self.0 {
            if !DENOMINATIONS.contains(note) {
                let detail = format!("there is no note of {note} đồng");
                return Err(Error::invalid("count", "cash_count_wrong", detail));
            }
            if !(0..=PIECES_LIMIT).contains(pieces) {
                let detail = format!("0 to {PIECES_LIMIT} pieces of each note");
                return Err(Error::invalid("count", "cash_count_wrong", detail));
            }
            total = total.checked_add(Dong(note * pieces))?;
        }
        Ok(total)
    }

    /// Reads `500000x2,20000x1`; an empty text is an empty drawer.
    pub fn parse(text: &str) -> Result<Count> {
        let wrong = || Error::invalid("count", "cash_count_wrong", "for example 500000x2,20000x1");
        let mut pieces = BTreeMap::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (note, number) = part.split_once(['x', '×']).ok_or_else(wrong)?;
            let note: i64 = note.trim().parse().map_err(|_| wrong())?;
            let number: i64 = number.trim().parse().map_err(|_| wrong())?;
            if pieces.insert(note, number).is_some() {
                return Err(wrong());
            }
        }
        let count = Count(pieces);
        count.total()?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_the_sum_of_its_notes() {
        let count = Count::parse("500000x2, 20000x1,1000×3").unwrap();
        assert_eq!(count.total().unwrap(), Dong(1_023_000));
        assert_eq!(count.pieces().collect::<Vec<_>>(), [(500_000, 2), (20_000, 1), (1_000, 3)]);
        assert_eq!(Count::parse("").unwrap().total().unwrap(), Dong(0));
    }

    #[test]
    fn notes_that_do_not_exist_and_numbers_that_cannot_be_are_refused() {
        for wrong in ["30000x1", "500000x-1", "500000x100001", "500000", "x", "1000x1,1000x2", "1000x1.5"] {
            assert_eq!(Count::parse(wrong).unwrap_err().code(), "cash_count_wrong", "{wrong}");
        }
        let json = r#"{"500000": 1, "7": 2}"#;
        let read: Count = serde_json::from_str(json).unwrap();
        assert_eq!(read.total().unwrap_err().code(), "cash_count_wrong");
    }

    #[test]
    fn the_fewest_notes_of_an_amount_sum_to_it() {
        for amount in [0, 100, 25_000, 1_234_500] {
            assert_eq!(Count::fewest(Dong(amount)).total().unwrap(), Dong(amount));
        }
    }
}
