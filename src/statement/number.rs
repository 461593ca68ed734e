//! Amounts as the formats write them, of which one that can be read in two ways is refused, and the numbers that banks
//! give their statements.

use rust_decimal::Decimal;

use super::finding::{Fault, excerpt};

/// Digits in one amount; more than any currency needs, and within `Decimal`.
const MAX_DIGITS: usize = 24;

fn unreadable(text: &str) -> Fault {
    let shown = excerpt(text);
    Fault::new(
        "amount_unreadable",
        format!("Không đọc được số tiền “{shown}”"),
        format!("“{shown}” is not an amount"),
    )
}

/// A SWIFT amount: digits with a comma as decimal mark. The flag tells a deviation in form: no
/// comma, or a point before one or two decimals.
pub(super) fn swift_amount(text: &str) -> Result<(Decimal, bool), Fault> {
    let (whole, fraction, deviates) = match (text.split_once(','), text.split_once('.')) {
        (Some((whole, fraction)), None) => (whole, fraction, false),
        (None, Some((whole, fraction))) if (1..=2).contains(&fraction.len()) => (whole, fraction, true),
        (None, None) => (text, "", true),
        _ => return Err(unreadable(text)),
    };
    let amount = from_digits(whole, fraction).ok_or_else(|| unreadable(text))?;
    Ok((amount, deviates))
}

/// Decimals of an ISO 20022 amount; no currency has more than four.
const ISO_DECIMALS: usize = 5;

/// An ISO 20022 amount: unsigned, with a point, at most 18 digits, five of them decimals.
pub(super) fn iso_amount(text: &str) -> Result<Decimal, Fault> {
    let text = text.trim();
    if text.starts_with('-') {
        let shown = excerpt(text);
        return Err(Fault::new(
            "amount_negative",
            format!("Số tiền “{shown}” không được âm: chiều tiền nằm ở CdtDbtInd"),
            format!("“{shown}” must not be negative: the direction is CdtDbtInd"),
        ));
    }
    let digits = text.strip_prefix('+').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let decimals = fraction.trim_end_matches('0').len();
    if whole.trim_start_matches('0').len() + fraction.len() > 18 || decimals > ISO_DECIMALS {
        return Err(unreadable(text));
    }
    from_digits(whole, fraction).ok_or_else(|| unreadable(text))
}

/// Money in is positive, money out negative, and zero has no sign.
pub(super) fn signed(amount: Decimal, is_in: bool) -> Decimal {
    if is_in || amount.is_zero() { amount } else { -amount }
}

/// A number of its digits before and behind the mark.
pub(super) fn from_digits(whole: &str, fraction: &str) -> Option<Decimal> {
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let length = whole.len() + fraction.len();
    if !all_digits(whole) || !all_digits(fraction) || length == 0 || length > MAX_DIGITS {
        return None;
    }
    let digits = whole.bytes().chain(fraction.bytes());
    let mantissa = digits.fold(0_i128, |number, digit| number * 10 + i128::from(digit - b'0'));
    Decimal::try_from_i128_with_scale(mantissa, u32::try_from(fraction.len()).ok()?).ok()
}

/// A statement's number as numbers are compared: banks write one and the same with leading zeros or spaces and without
/// (`00012/001`, `12 / 1`). Letters and the parts stay as they are.
pub(super) fn of_statement(text: &str) -> String {
    let plain = |part: &str| {
        let part: String = part.chars().filter(|one| !one.is_whitespace()).collect();
        let is_figures = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        match part.trim_start_matches('0') {
            "" if is_figures => "0".to_owned(),
            significant if is_figures => significant.to_owned(),
            _ => part,
        }
    };
    crate::text::clean(text).split('/').map(plain).collect::<Vec<String>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statements_number_is_the_same_with_leading_zeros_and_spaces_and_without() {
        for written in ["00012/001", "12/1", " 12 / 1 ", "0012/ 01"] {
            assert_eq!(of_statement(written), "12/1", "{written}");
        }
        for (written, plain) in [("000", "0"), ("A007", "A007"), ("12", "12"), ("12/", "12/"), ("", "")] {
            assert_eq!(of_statement(written), plain, "{written}");
        }
        assert_ne!(of_statement("120/1"), of_statement("12/1"));
        assert_ne!(of_statement("12/1"), of_statement("121"), "the parts stay apart");
    }

    #[test]
    fn swift_amounts_have_a_comma_and_real_ones_sometimes_do_not() {
        assert_eq!(swift_amount("25000,"), Ok((Decimal::from(25_000), false)));
        assert_eq!(swift_amount("0,05"), Ok((Decimal::new(5, 2), false)));
        assert_eq!(swift_amount("500"), Ok((Decimal::from(500), true)));
        assert_eq!(swift_amount("12.5"), Ok((Decimal::new(125, 1), true)));
        for wrong in ["", ",", "25.000", "1.234,00", "1,2,3", "12a,00", "-5,00"] {
            assert_eq!(swift_amount(wrong).unwrap_err().code, "amount_unreadable", "{wrong}");
        }
    }

    #[test]
    fn iso_amounts_are_unsigned_and_have_a_point() {
        assert_eq!(iso_amount(" 25000.00 ").unwrap().to_string(), "25000.00");
        assert_eq!(iso_amount("0.12345").unwrap().to_string(), "0.12345");
        assert_eq!(iso_amount("-1.00").unwrap_err().code, "amount_negative");
        assert_eq!(iso_amount("0.1234500").unwrap().normalize().to_string(), "0.12345");
        for wrong in ["", "1,00", "1.2.3", "1e5", "1234567890123456789", "NaN", "1.123456"] {
            assert_eq!(iso_amount(wrong).unwrap_err().code, "amount_unreadable", "{wrong}");
        }
    }
}
