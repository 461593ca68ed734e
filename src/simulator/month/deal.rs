//! The kinds of things that make statement lines, and how often each happens.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::simulator::chance::Chance;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deal {
    /// As the QR says.
    Exact,
    /// The payer's bank put its own words and numbers around the memo.
    Wrapped,
    /// Spaces or dots inside the code.
    BrokenUp,
    /// Small letters among words with diacritics.
    Diacritics,
    /// O for 0, I for 1, Z for 2, U for V.
    LookAlike,
    /// A foreign reference behind the code.
    ForeignReference,
    /// The statement cuts the code off; the bank's callback had it whole.
    CutOff,
    /// Two symbols of the code swapped by the payer: a person decides.
    Mistyped,
    /// One transfer with the codes of several dossiers.
    SeveralCodes,
    /// Several claims under one reference, paid out together without charge.
    Batch,
    /// The same, less a charge nobody reported: a person decides.
    BatchNet,
    PaidTwice,
    Short,
    TooMuch,
    /// Into another commune's account.
    WrongAccount,
    /// Paid, and taken back by the bank under the same reference.
    Reversed,
    BankFee,
    Interest,
    /// Rent, gifts, anything without a code: a person decides.
    Unrelated,
    /// Money out to the Treasury that no order of ours announced: a person decides.
    ToBudget,
}

/// Per mille of the deals: 800 exact, 150 damaged, 50 of all the rest.
const SHARES: [(Deal, usize); 20] = [
    (Deal::Exact, 800),
    (Deal::Wrapped, 30),
    (Deal::BrokenUp, 30),
    (Deal::Diacritics, 30),
    (Deal::LookAlike, 20),
    (Deal::ForeignReference, 10),
    (Deal::CutOff, 20),
    (Deal::Mistyped, 10),
    (Deal::SeveralCodes, 10),
    (Deal::Batch, 5),
    (Deal::BatchNet, 2),
    (Deal::PaidTwice, 4),
    (Deal::Short, 4),
    (Deal::TooMuch, 4),
    (Deal::WrongAccount, 5),
    (Deal::Reversed, 5),
    (Deal::BankFee, 5),
    (Deal::Interest, 2),
    (Deal::Unrelated, 2),
    (Deal::ToBudget, 2),
];

impl Deal {
    pub fn as_str(self) -> &'static str {
        match self {
            Deal::Exact => "exact",
            Deal::Wrapped => "wrapped",
            Deal::BrokenUp => "broken_up",
            Deal::Diacritics => "diacritics",
            Deal::LookAlike => "look_alike",
            Deal::ForeignReference => "foreign_reference",
            Deal::CutOff => "cut_off",
            Deal::Mistyped => "mistyped",
            Deal::SeveralCodes => "several_codes",
            Deal::Batch => "batch",
            Deal::BatchNet => "batch_net",
            Deal::PaidTwice => "paid_twice",
            Deal::Short => "short",
            Deal::TooMuch => "too_much",
            Deal::WrongAccount => "wrong_account",
            Deal::Reversed => "reversed",
            Deal::BankFee => "bank_fee",
            Deal::Interest => "interest",
            Deal::Unrelated => "unrelated",
            Deal::ToBudget => "to_budget",
        }
    }

    /// # Errors
    /// `month_file_unreadable`.
    pub fn parse(text: &str) -> Result<Deal> {
        let known = SHARES.iter().map(|(deal, _)| *deal).find(|deal| deal.as_str() == text);
        known.ok_or_else(|| Error::invalid("kind", "month_file_unreadable", format!("no kind {text}")))
    }

    /// Whether what is delivered says for certain what the line is.
    pub fn is_decidable(self) -> bool {
        !matches!(self, Deal::Mistyped | Deal::BatchNet | Deal::Unrelated | Deal::ToBudget)
    }

    /// The class of its line when it is decided.
    pub fn class(self) -> &'static str {
        match self {
            Deal::WrongAccount => "other_unit",
            Deal::BankFee => "bank_fee",
            Deal::Interest => "interest",
            Deal::Unrelated | Deal::ToBudget => "unknown",
            _ => "fee_receipt",
        }
    }

    fn line_count(self) -> usize {
        if matches!(self, Deal::PaidTwice | Deal::Reversed) { 2 } else { 1 }
    }
}

/// The deals that make so many lines: first one of each kind, then by their shares, shuffled.
pub(super) fn draw(chance: &mut Chance, line_count: usize) -> Vec<Deal> {
    let mut deals = Vec::new();
    let mut made = 0;
    let mut each = SHARES.iter().map(|(deal, _)| *deal);
    while made < line_count {
        let deal = each.next().unwrap_or_else(|| by_share(chance));
        made += deal.line_count();
        deals.push(deal);
    }
    chance.shuffle(&mut deals);
    deals
}

fn by_share(chance: &mut Chance) -> Deal {
    let mut at = chance.below(1_000);
    for (deal, share) in SHARES {
        if at < share {
            return deal;
        }
        at -= share;
    }
    Deal::Exact
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_are_a_thousand_and_the_parts_as_promised() {
        let sum = |deals: std::ops::Range<usize>| SHARES[deals].iter().map(|(_, share)| share).sum::<usize>();
        assert_eq!((sum(0..1), sum(1..8), sum(8..20)), (800, 150, 50));
    }

    #[test]
    fn every_kind_is_there_and_is_read_back_from_its_name() {
        let deals = draw(&mut Chance::new(3), 200);
        for (deal, _) in SHARES {
            assert!(deals.contains(&deal), "{deal:?}");
            assert_eq!(Deal::parse(deal.as_str()).unwrap(), deal);
        }
        assert_eq!(Deal::parse("lost").unwrap_err().code(), "month_file_unreadable");
    }
}
