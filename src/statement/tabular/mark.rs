//! Debit or credit as a word of its own.

use rust_decimal::Decimal;

use crate::statement::finding::{Fault, excerpt};
use crate::statement::number::signed;
use crate::text::fold;

/// True is money in.
pub(super) fn read_mark(mark: &str) -> Option<bool> {
    match fold(mark).trim() {
        "C" | "CR" | "CREDIT" | "CO" | "GHI CO" | "+" | "CRDT" | "H" | "HABEN" | "BIJ" | "HABER"
        | "AVERE" | "MA" | "IN" | "INFLOW" | "CREDITO" | "JOVAIRAS" | "BEVETEL" | "UZNANIE" => Some(true),
        "D" | "DR" | "DEBIT" | "NO" | "GHI NO" | "-" | "DB" | "DBIT" | "S" | "SOLL" | "AF" | "DEBE"
        | "DARE" | "WN" | "OUT" | "OUTFLOW" | "DEBITO" | "DEBET" | "TERHELES" | "KIADAS" | "OBCIAZENIE" => {
            Some(false)
        }
        _ => None,
    }
}

pub(super) fn apply_mark(amount: Decimal, mark: &str) -> Result<Decimal, Fault> {
    read_mark(mark).map(|is_in| signed(amount.abs(), is_in)).ok_or_else(|| {
        let shown = excerpt(mark);
        Fault::new(
            "mark_invalid",
            format!("Dấu ghi nợ/có “{shown}” không hợp lệ"),
            format!("“{shown}” is not a debit or credit mark"),
        )
    })
}
