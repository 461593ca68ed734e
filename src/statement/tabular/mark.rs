//! Debit or credit as a word of its own.

use rust_decimal::Decimal;

use super::dictionary;
use crate::statement::finding::{Fault, excerpt};
use crate::statement::number::signed;
use crate::text::fold;

/// True is money in.
pub(super) fn read_mark(mark: &str) -> Option<bool> {
    match fold(mark).trim() {
        "C" | "CR" | "CREDIT" | "CO" | "GHI CO" | "+" => Some(true),
        "D" | "DR" | "DEBIT" | "NO" | "GHI NO" | "-" => Some(false),
        other => dictionary::mark(other).or_else(|| of_all_words(other)),
    }
}

/// The side on which each of several words is: `贷 Cr`.
fn of_all_words(mark: &str) -> Option<bool> {
    let words: Vec<&str> = mark.split([' ', '/']).filter(|word| !word.is_empty()).collect();
    let (first, others) = words.split_first().filter(|(_, others)| (1..=2).contains(&others.len()))?;
    let side = read_mark(first)?;
    others.iter().all(|word| read_mark(word) == Some(side)).then_some(side)
}

pub(super) fn apply_mark(amount: Decimal, mark: &str) -> Result<Decimal, Fault> {
    read_mark(mark).or_else(|| dictionary::kind(mark)).map(|is_in| signed(amount.abs(), is_in)).ok_or_else(
        || {
            let shown = excerpt(mark);
            Fault::new(
                "mark_invalid",
                format!("Dấu ghi nợ/có “{shown}” không hợp lệ"),
                format!("“{shown}” is not a debit or credit mark"),
            )
        },
    )
}
