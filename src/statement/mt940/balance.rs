//! The balances `:60F:`, `:62F:` and their like.

use crate::statement::currency;
use crate::statement::date::swift_date;
use crate::statement::finding::{Fault, excerpt};
use crate::statement::model::Balance;
use crate::statement::number::{signed, swift_amount};

/// What stands for the day of a balance before the first one.
const OF_NO_DAY: &str = "000000";

/// `C261122VND1000,`: mark, date, currency, amount. A balance that leaves the currency out is in
/// that of the opening balance.
pub(super) fn read_balance(text: &str, known_currency: Option<&str>) -> Result<(Balance, bool), Fault> {
    let text: String = text.split_whitespace().collect();
    let text = text.as_str();
    let is_credit = match text.chars().next() {
        Some('C') => true,
        Some('D') => false,
        _ => {
            let shown = excerpt(text);
            return Err(Fault::new(
                "mark_invalid",
                format!("Số dư “{shown}” không bắt đầu bằng C hoặc D"),
                format!("the balance “{shown}” does not start with C or D"),
            ));
        }
    };
    let written_date = text.get(1..7).unwrap_or_default();
    // An account that was just opened has no day before: its first balance is nothing, of no day.
    let date = if written_date == OF_NO_DAY { None } else { Some(swift_date(written_date)?) };
    let behind_date = text.get(7..).unwrap_or_default();
    let (currency, amount) = split_currency(behind_date, known_currency)?;
    let (amount, deviates) = swift_amount(amount)?;
    let amount = signed(amount, is_credit);
    if date.is_none() && !amount.is_zero() {
        swift_date(written_date)?;
    }
    Ok((Balance { date, amount, currency: currency.to_owned(), at: String::new() }, deviates))
}

fn split_currency<'b>(text: &'b str, known: Option<&'b str>) -> Result<(&'b str, &'b str), Fault> {
    match (text.split_at_checked(3), known) {
        (Some((currency, amount)), _) if is_currency(currency) => Ok((currency, amount)),
        (_, Some(known)) if text.starts_with(|c: char| c.is_ascii_digit()) => Ok((known, text)),
        _ => {
            let shown = excerpt(text.get(..3).unwrap_or(text));
            Err(Fault::new(
                "currency_invalid",
                format!("Mã loại tiền “{shown}” không hợp lệ"),
                format!("“{shown}” is not a currency code"),
            ))
        }
    }
}

pub(super) fn is_currency(text: &str) -> bool {
    currency::is_known(text)
}
