//! What the lines of a statement come to, so that they need not be kept for the proof.

use rust_decimal::Decimal;

use super::model::Line;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tally {
    /// Signed; absent when it left the range of numbers.
    pub sum: Option<Decimal>,
    pub credit: Side,
    pub debit: Side,
    /// Lines without an amount, which banks count on either side.
    pub zero_count: u64,
    pub has_reversal: bool,
    /// Of the credits, and of the debits, what takes an earlier entry back.
    pub reversals: [Side; 2],
    /// Each currency with the place of its first line.
    pub currencies: Vec<(String, String)>,
    /// What was set aside and is in none of these numbers.
    pub unread: Unread,
}

/// Entries that could not be read and wait for a person: the bank has counted them all the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Unread {
    credit_count: u64,
    debit_count: u64,
    /// Nothing says on which side the bank counts them.
    unsided_count: u64,
    /// Nothing says how many entries, if any, these are to the bank.
    open_count: u64,
}

impl Unread {
    /// One entry, with its side where that is told.
    pub fn add(&mut self, is_debit: Option<bool>) {
        let count = match is_debit {
            Some(true) => &mut self.debit_count,
            Some(false) => &mut self.credit_count,
            None => &mut self.unsided_count,
        };
        *count += 1;
    }

    /// What may be one entry to the bank, or several, or none.
    pub fn add_open(&mut self) {
        self.open_count += 1;
    }

    pub fn is_empty(&self) -> bool {
        *self == Unread::default()
    }

    /// How many of them the bank counts among the credits, where that is known.
    pub fn credits(&self) -> Option<u64> {
        self.has_sides().then_some(self.credit_count)
    }

    /// How many of them the bank counts among the debits, where that is known.
    pub fn debits(&self) -> Option<u64> {
        self.has_sides().then_some(self.debit_count)
    }

    /// How many entries they are, where that is known.
    pub fn entries(&self) -> Option<u64> {
        (self.open_count == 0).then_some(self.credit_count + self.debit_count + self.unsided_count)
    }

    fn has_sides(&self) -> bool {
        self.unsided_count == 0 && self.open_count == 0
    }

    fn plus(&self, other: &Unread) -> Unread {
        Unread {
            credit_count: self.credit_count + other.credit_count,
            debit_count: self.debit_count + other.debit_count,
            unsided_count: self.unsided_count + other.unsided_count,
            open_count: self.open_count + other.open_count,
        }
    }
}

/// Lines in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Side {
    /// Unsigned.
    pub sum: Option<Decimal>,
    pub count: u64,
    /// The same with each payment of a batch counted.
    pub payment_count: u64,
}

impl Default for Side {
    fn default() -> Self {
        Side { sum: Some(Decimal::ZERO), count: 0, payment_count: 0 }
    }
}

impl Default for Tally {
    fn default() -> Self {
        Tally {
            sum: Some(Decimal::ZERO),
            credit: Side::default(),
            debit: Side::default(),
            zero_count: 0,
            has_reversal: false,
            reversals: Default::default(),
            currencies: Vec::new(),
            unread: Unread::default(),
        }
    }
}

impl Side {
    fn plus(&self, other: &Side) -> Side {
        Side {
            sum: plus(self.sum, other.sum),
            count: self.count + other.count,
            payment_count: self.payment_count + other.payment_count,
        }
    }

    /// Without a part of it.
    fn without(&self, part: &Side) -> Side {
        Side {
            sum: plus(self.sum, part.sum.map(|sum| -sum)),
            count: self.count.saturating_sub(part.count),
            payment_count: self.payment_count.saturating_sub(part.payment_count),
        }
    }

    /// With entries that take amounts back.
    fn with_less(&self, part: &Side) -> Side {
        Side {
            sum: plus(self.sum, part.sum.map(|sum| -sum)),
            count: self.count + part.count,
            payment_count: self.payment_count + part.payment_count,
        }
    }

    fn add(&mut self, amount: Decimal, payment_count: u64) {
        self.sum = plus(self.sum, Some(amount.abs()));
        self.count += 1;
        self.payment_count = self.payment_count.saturating_add(payment_count.max(1));
    }
}

impl Tally {
    pub fn of(lines: &[Line]) -> Tally {
        let mut tally = Tally::default();
        lines.iter().for_each(|line| tally.add(line, 1));
        tally
    }

    /// A line that stands for so many payments.
    pub fn add(&mut self, line: &Line, payment_count: u64) {
        self.sum = plus(self.sum, Some(line.amount));
        self.has_reversal |= line.reversal;
        if !self.currencies.iter().any(|(known, _)| *known == line.currency) {
            self.currencies.push((line.currency.clone(), line.at.clone()));
        }
        if line.amount.is_zero() {
            self.zero_count += 1;
            return;
        }
        let [of_credits, of_debits] = &mut self.reversals;
        let (side, reversals) = match line.amount.is_sign_positive() {
            true => (&mut self.credit, of_credits),
            false => (&mut self.debit, of_debits),
        };
        side.add(line.amount, payment_count);
        if line.reversal {
            reversals.add(line.amount, payment_count);
        }
    }

    /// Banks do not agree on which side they count what takes an earlier entry back: where the money goes, where the
    /// entry was, less on the side of the entry (counted there or not), or nowhere. Each way without a mark of
    /// reversals, since whatever a bank states must agree with one of them.
    pub fn ways(self) -> Vec<Tally> {
        if !self.has_reversal {
            return vec![self];
        }
        let [of_credits, of_debits] = &self.reversals;
        let (credit, debit) = (self.credit.without(of_credits), self.debit.without(of_debits));
        let (less_credit, less_debit) = (credit.with_less(of_debits), debit.with_less(of_credits));
        let uncounted = |less: &Side, plain: &Side| Side { sum: less.sum, ..plain.clone() };
        let ways = [
            (self.credit.clone(), self.debit.clone()),
            (credit.plus(of_debits), debit.plus(of_credits)),
            (uncounted(&less_credit, &credit), uncounted(&less_debit, &debit)),
            (less_credit, less_debit),
            (credit, debit),
        ];
        let one = |(credit, debit)| Tally { credit, debit, has_reversal: false, ..self.clone() };
        ways.into_iter().map(one).collect()
    }

    /// Both together.
    pub fn plus(&self, other: &Tally) -> Tally {
        let ([of_credits, of_debits], [more_credits, more_debits]) = (&self.reversals, &other.reversals);
        Tally {
            sum: plus(self.sum, other.sum),
            credit: self.credit.plus(&other.credit),
            debit: self.debit.plus(&other.debit),
            zero_count: self.zero_count + other.zero_count,
            has_reversal: self.has_reversal || other.has_reversal,
            reversals: [of_credits.plus(more_credits), of_debits.plus(more_debits)],
            currencies: self.currencies.iter().chain(&other.currencies).cloned().collect(),
            unread: self.unread.plus(&other.unread),
        }
    }

    /// Credits and debits added up without their signs.
    pub fn both_sides(&self) -> Side {
        self.credit.plus(&self.debit)
    }

    pub fn is_empty(&self) -> bool {
        self.credit.count + self.debit.count + self.zero_count == 0
    }

    /// Each currency of the lines with the place of its first line.
    pub fn currencies(&self) -> &[(String, String)] {
        &self.currencies
    }

    pub fn first_currency(&self) -> Option<&str> {
        self.currencies.first().map(|(currency, _)| currency.as_str())
    }
}

fn plus(a: Option<Decimal>, b: Option<Decimal>) -> Option<Decimal> {
    a.zip(b).and_then(|(a, b)| a.checked_add(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(amount: i64, reversal: bool) -> Line {
        Line { amount: Decimal::from(amount), reversal, ..Line::default() }
    }

    #[test]
    fn what_is_taken_back_counts_in_each_way_that_a_bank_may_choose() {
        let plain = Tally::of(&[line(50, false), line(-250, false)]);
        assert_eq!(plain.clone().ways(), [plain]);
        // A credit of 70, of which 50 is taken back by a debit.
        let ways = Tally::of(&[line(70, false), line(-50, true)]).ways();
        let sides = |side: &Side| (side.sum, side.count);
        let told: Vec<_> = ways.iter().map(|one| (sides(&one.credit), sides(&one.debit))).collect();
        let side = |sum: i64, count| (Some(Decimal::from(sum)), count);
        assert_eq!(
            told,
            [
                (side(70, 1), side(50, 1)),
                (side(120, 2), side(0, 0)),
                (side(20, 1), side(0, 0)),
                (side(20, 2), side(0, 0)),
                (side(70, 1), side(0, 0)),
            ]
        );
        assert!(ways.iter().all(|one| !one.has_reversal && one.sum == Some(Decimal::from(20))));
    }
}
