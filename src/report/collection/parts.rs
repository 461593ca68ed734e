//! Which way money came that came in parts: each payment counts by its own way, whichever completed the
//! dossier.

use std::collections::BTreeMap;

use crate::clock::Instant;
use crate::id::PaymentId;

/// Money of a payment put on an obligation, or taken off it again (less than zero).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    pub payment: PaymentId,
    pub at: Instant,
    pub amount: i64,
    /// As `way` names it, and the payment's method.
    pub way: String,
    pub method: String,
}

/// What one payment has on an obligation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub way: String,
    pub method: String,
    pub amount: i64,
}

/// What stood on an obligation at a moment, the newest payment first.
pub fn standing(moves: &[Move], at: Instant) -> Vec<Part> {
    let mut by_payment: BTreeMap<PaymentId, Part> = BTreeMap::new();
    for one in moves.iter().filter(|one| one.at <= at) {
        let part = by_payment.entry(one.payment).or_insert_with(|| Part {
            way: one.way.clone(),
            method: one.method.clone(),
            amount: 0,
        });
        part.amount += one.amount;
    }
    by_payment.into_values().rev().filter(|part| 0 < part.amount).collect()
}

/// Spreads amounts over parts: each takes from the first part that has something left. What no part is left
/// for has no way. Amounts below zero are given back along the same parts.
pub fn spread(amounts: &[i64], parts: &[Part]) -> Vec<Vec<(Option<String>, i64)>> {
    let (mut gained, mut returned) = (Left::of(parts), Left::of(parts));
    let mut spread = Vec::with_capacity(amounts.len());
    for amount in amounts {
        let left = if 0 <= *amount { &mut gained } else { &mut returned };
        let pieces = left.take(amount.abs());
        spread.push(pieces.into_iter().map(|(way, piece)| (way, piece * amount.signum())).collect());
    }
    spread
}

struct Left<'a> {
    parts: Vec<(&'a str, i64)>,
}

impl<'a> Left<'a> {
    fn of(parts: &'a [Part]) -> Left<'a> {
        Left { parts: parts.iter().map(|part| (part.way.as_str(), part.amount)).collect() }
    }

    fn take(&mut self, mut wanted: i64) -> Vec<(Option<String>, i64)> {
        let mut pieces = Vec::new();
        for (way, left) in &mut self.parts {
            let piece = wanted.min(*left);
            if 0 < piece {
                *left -= piece;
                wanted -= piece;
                pieces.push((Some((*way).to_owned()), piece));
            }
        }
        if 0 < wanted {
            pieces.push((None, wanted));
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(payment: i64, at: i64, amount: i64, way: &str) -> Move {
        let method = if way == "cash" { "cash" } else { "transfer" };
        Move { payment: PaymentId(payment), at: Instant(at), amount, way: way.into(), method: method.into() }
    }

    fn ways(spread: &[Vec<(Option<String>, i64)>]) -> Vec<Vec<(&str, i64)>> {
        let piece = |(way, amount): &(Option<String>, i64)| -> (&str, i64) {
            // Leaks nothing: the names are those of the test.
            (
                ["vpbank", "cash", "momo"]
                    .into_iter()
                    .find(|name| Some(*name) == way.as_deref())
                    .unwrap_or("?"),
                *amount,
            )
        };
        spread.iter().map(|pieces| pieces.iter().map(piece).collect()).collect()
    }

    #[test]
    fn cash_for_the_rest_is_cash_and_the_transfer_before_it_a_transfer() {
        let moves = [one(1, 10, 20_000, "vpbank"), one(2, 20, 5_000, "cash")];
        let parts = standing(&moves, Instant(20));
        assert_eq!(parts.len(), 2);
        let found = spread(&[10_000, 15_000], &parts);
        assert_eq!(ways(&found), [vec![("cash", 5_000), ("vpbank", 5_000)], vec![("vpbank", 15_000)]]);
        assert_eq!(standing(&moves, Instant(19)).len(), 1, "what came later was not there");
    }

    #[test]
    fn a_difference_is_the_newest_payments_and_what_is_given_back_goes_the_way_it_came() {
        let moves = [one(1, 10, 25_000, "vpbank"), one(2, 30, 5_000, "momo")];
        let parts = standing(&moves, Instant(30));
        assert_eq!(ways(&spread(&[5_000], &parts)), [vec![("momo", 5_000)]]);
        assert_eq!(ways(&spread(&[-5_000], &parts)), [vec![("momo", -5_000)]]);
        let disproven = [moves.to_vec(), vec![one(1, 40, -25_000, "vpbank")]].concat();
        let parts = standing(&disproven, Instant(40));
        assert_eq!(
            ways(&spread(&[-5_000], &parts)),
            [vec![("momo", -5_000)]],
            "what was taken off is not there"
        );
    }

    #[test]
    fn what_no_payment_stands_for_has_no_way_and_nothing_is_lost() {
        let found = spread(&[7_000], &standing(&[one(1, 10, 5_000, "cash")], Instant(10)));
        assert_eq!(ways(&found), [vec![("cash", 5_000), ("?", 2_000)]]);
        assert_eq!(ways(&spread(&[3, -3], &[])), [vec![("?", 3)], vec![("?", -3)]]);
    }
}
