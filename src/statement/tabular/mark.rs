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
        other => dictionary::mark(other),
    }
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
