//! What the lines of a statement come to, so that they need not be kept for the proof.

use rust_decimal::Decimal;

use super::model::Line;

#[derive(Debug, Clone)]
pub(super) struct Tally {
    /// Signed; absent when it left the range of numbers.
    pub sum: Option<Decimal>,
    pub credit: Side,
    pub debit: Side,
    /// Lines without an amount, which banks count on either side.
    pub zero_count: u64,
    pub has_reversal: bool,
    /// Each currency with the place of its first line.
    pub currencies: Vec<(String, String)>,
}

/// Lines in one direction.
#[derive(Debug, Clone)]
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
            currencies: Vec::new(),
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
        let side = if line.amount.is_sign_positive() { &mut self.credit } else { &mut self.debit };
        side.sum = plus(side.sum, Some(line.amount.abs()));
        side.count += 1;
        side.payment_count = side.payment_count.saturating_add(payment_count.max(1));
    }

    /// Both together.
    pub fn plus(&self, other: &Tally) -> Tally {
        Tally {
            sum: plus(self.sum, other.sum),
            credit: self.credit.plus(&other.credit),
            debit: self.debit.plus(&other.debit),
            zero_count: self.zero_count + other.zero_count,
            has_reversal: self.has_reversal || other.has_reversal,
            currencies: self.currencies.iter().chain(&other.currencies).cloned().collect(),
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
