//! The floor limits `:34F:` of an interim report: `EURD1000,`. Entries under one are not listed.

use crate::statement::totals::Counting;

#[derive(Debug, Default)]
pub(super) struct Floors {
    given: Vec<Floor>,
}

#[derive(Debug, Clone, Copy)]
struct Floor {
    side: Option<Side>,
    /// Above nothing: some entries may be left out.
    is_set: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Credit,
    Debit,
}

impl Floors {
    /// The content of one tag: currency, mark where there are two, amount.
    pub fn take(&mut self, text: &str) {
        let mark = text.trim_start().get(3..).and_then(|behind| behind.trim_start().chars().next());
        let side = match mark {
            Some('C') => Some(Side::Credit),
            Some('D') => Some(Side::Debit),
            _ => None,
        };
        let is_set = text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
        self.given.push(Floor { side, is_set });
    }

    /// How the sums of the report are to be read. A floor that stands alone is of both sides, whatever its mark.
    pub fn counting(&self) -> Counting {
        let is_alone = self.given.len() == 1;
        let limits = |side: Side| {
            let on_side = |floor: &Floor| is_alone || floor.side.is_none_or(|own| own == side);
            self.given.iter().any(|floor| floor.is_set && on_side(floor))
        };
        match (limits(Side::Credit), limits(Side::Debit)) {
            (false, false) => Counting::Strict,
            (credits, debits) => Counting::AboveLimit { credits, debits },
        }
    }
}
