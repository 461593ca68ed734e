//! Amounts as digits: exact, never by way of a floating-point number.

use crate::amount::Dong;

/// Why a text is no amount of whole đồng.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberFault {
    Unreadable,
    Negative,
    NotWhole,
    /// More than 13 digits, see `Dong::LIMIT`.
    OutOfRange,
}

/// The longest number worth reading, in characters.
const TOKEN_LIMIT: usize = 40;

/// The digits of `Dong::LIMIT`.
const WHOLE_DIGITS_LIMIT: usize = 13;

/// Reads a JSON number, or the same written as a string: `25000`, `25000.0`, `2.5e4`.
///
/// # Errors
/// `NotWhole` for `25000.5`, `Negative` for a minus sign, `OutOfRange` for more than 13 digits,
/// `Unreadable` for anything that is not a decimal number (thousands separators, `NaN`, spaces).
pub fn whole_dong(token: &str) -> Result<Dong, NumberFault> {
    if token.len() > TOKEN_LIMIT {
        return Err(NumberFault::Unreadable);
    }
    let (unsigned, negative) = match token.strip_prefix('-') {
        Some(rest) => (rest, true),
        None => (token, false),
    };
    let (mantissa, exponent) = split_exponent(unsigned)?;
    let (whole, fraction) = split_fraction(mantissa)?;
    if negative {
        return Err(NumberFault::Negative);
    }
    place_point(whole, fraction, exponent)
}

fn split_exponent(number: &str) -> Result<(&str, i64), NumberFault> {
    let Some((mantissa, exponent)) = number.split_once(['e', 'E']) else {
        return Ok((number, 0));
    };
    let (digits, sign) = match exponent.strip_prefix('-') {
        Some(digits) => (digits, -1),
        None => (exponent.strip_prefix('+').unwrap_or(exponent), 1),
    };
    if !all_digits(digits) || digits.len() > 4 {
        return Err(NumberFault::Unreadable);
    }
    let size: i64 = digits.parse().map_err(|_| NumberFault::Unreadable)?;
    Ok((mantissa, sign * size))
}

fn split_fraction(mantissa: &str) -> Result<(&str, &str), NumberFault> {
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    if all_digits(whole) && all_digits(fraction) {
        Ok((whole, fraction))
    } else {
        Err(NumberFault::Unreadable)
    }
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Moves the decimal point by `exponent` places; nothing but zeros may stay behind it.
fn place_point(whole: &str, fraction: &str, exponent: i64) -> Result<Dong, NumberFault> {
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return Ok(Dong::ZERO);
    }
    let leading_zeros = digits.len() - significant.len();
    let point = whole.len() as i64 - leading_zeros as i64 + exponent;
    if significant.trim_end_matches('0').len() as i64 > point {
        return Err(NumberFault::NotWhole);
    }
    let whole_digits = usize::try_from(point).map_err(|_| NumberFault::NotWhole)?;
    if whole_digits > WHOLE_DIGITS_LIMIT {
        return Err(NumberFault::OutOfRange);
    }
    let kept: String = significant.chars().chain(std::iter::repeat('0')).take(whole_digits).collect();
    kept.parse().map(Dong).map_err(|_| NumberFault::OutOfRange)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whole_amounts_are_read_in_every_form_a_sender_may_write_them() {
        for token in ["25000", "25000.0", "25000.00000", "2.5e4", "2.5E+4", "250000e-1", "0.25e5", "025000"] {
            assert_eq!(whole_dong(token), Ok(Dong(25_000)), "{token}");
        }
        assert_eq!(whole_dong("9999999999999"), Ok(Dong::LIMIT));
        for zero in ["0", "0.0", "0e9999"] {
            assert_eq!(whole_dong(zero), Ok(Dong::ZERO), "{zero}");
        }
    }

    #[test]
    fn a_fraction_of_a_dong_is_refused_however_small() {
        for token in ["25000.5", "0.1", "25e-1", "1e-9999", "25000.0000000000000000000000000001"] {
            assert_eq!(whole_dong(token), Err(NumberFault::NotWhole), "{token}");
        }
    }

    #[test]
    fn money_below_zero_or_above_thirteen_digits_is_refused() {
        for token in ["-25000", "-0", "-1e2"] {
            assert_eq!(whole_dong(token), Err(NumberFault::Negative), "{token}");
        }
        for token in ["10000000000000", "1e13", "1e9999", "123456789012345678901234567890"] {
            assert_eq!(whole_dong(token), Err(NumberFault::OutOfRange), "{token}");
        }
    }

    #[test]
    fn what_is_no_decimal_number_is_never_guessed_at() {
        for token in [
            "",
            "-",
            ".",
            "5.",
            ".5",
            "25,000",
            "25.000.000",
            "25 000",
            " 25000",
            "+25000",
            "NaN",
            "Infinity",
            "1e",
            "1e+",
            "1e99999",
            "0x10",
            "25000đ",
            "٢٥",
            "00000000000000000000000000000000000000001",
        ] {
            assert_eq!(whole_dong(token), Err(NumberFault::Unreadable), "{token:?}");
        }
    }

    proptest! {
        #[test]
        fn every_amount_reads_back_through_every_shift_of_its_point(
            amount in 0_i64..=9_999_999_999_999, shift in 0_usize..12,
        ) {
            let written = format!("{amount}{}e-{shift}", "0".repeat(shift));
            prop_assert_eq!(whole_dong(&written), Ok(Dong(amount)));
        }

        #[test]
        fn no_text_makes_it_panic(token in "[-+0-9.eE]{0,45}") {
            let _ = whole_dong(&token);
        }
    }
}
