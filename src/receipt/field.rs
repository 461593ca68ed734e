//! Checks of single fields that receipts and invoices share: presence, length, form.

use rust_decimal::Decimal;

use super::content::identifier::{is_digits, is_tax_code};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::text;

/// The tax formats allow 21 digits, of them six decimals.
pub(in crate::receipt) const QUANTITY_DECIMALS: u32 = 6;
pub(in crate::receipt) const PERCENT_DECIMALS: u32 = 4;
const DIGITS_LIMIT: i128 = 1_000_000_000_000_000_000_000;

pub(in crate::receipt) fn required(field: &str, value: &str, limit: usize) -> Result<()> {
    if value.is_empty() {
        return Err(Error::invalid(field, "receipt_text_missing", "must not be empty"));
    }
    text_of(field, value, limit)
}

/// An absent text is absent, not empty: empty optional tags are not written.
pub(in crate::receipt) fn optional(field: &str, value: Option<&str>, limit: usize) -> Result<()> {
    value.map_or(Ok(()), |value| required(field, value, limit))
}

/// The limits of the tax formats count characters, not bytes.
pub(in crate::receipt) fn text_of(field: &str, value: &str, limit: usize) -> Result<()> {
    if value.chars().count() > limit {
        return Err(Error::invalid(field, "receipt_text_too_long", format!("at most {limit} characters")));
    }
    if text::clean(value) != value {
        let detail = "must be composed (NFC), trimmed and free of invisible characters";
        return Err(Error::invalid(field, "receipt_text_not_clean", detail));
    }
    Ok(())
}

pub(in crate::receipt) fn tax_code(field: &str, code: &str) -> Result<()> {
    if is_tax_code(code) {
        return Ok(());
    }
    Err(Error::invalid(field, "tax_code_wrong", "not a tax code, or its check digit is wrong"))
}

pub(in crate::receipt) fn budget_index(field: &str, value: Option<&str>, digits: usize) -> Result<()> {
    if value.is_none_or(|value| is_digits(value, digits)) {
        return Ok(());
    }
    Err(Error::invalid(field, "budget_index_wrong", format!("expected {digits} digits")))
}

pub(in crate::receipt) fn decimal(field: &str, value: Decimal, decimals: u32) -> Result<()> {
    let shortest = value.normalize();
    if shortest.scale() <= decimals && shortest.mantissa().abs() < DIGITS_LIMIT {
        return Ok(());
    }
    let detail = format!("at most 21 digits, of them at most {decimals} decimals");
    Err(Error::invalid(field, "receipt_decimal_out_of_range", detail))
}

pub(in crate::receipt) fn within_limit(field: &str, amount: Dong) -> Result<()> {
    if amount.0.unsigned_abs() <= Dong::LIMIT.0.unsigned_abs() {
        return Ok(());
    }
    Err(Error::invalid(field, "amount_out_of_range", "the amount is too large"))
}
