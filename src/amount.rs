//! Money: whole Vietnamese đồng, checked.

use std::fmt;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;
use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};

use crate::error::{Error, Result};
use crate::text;

/// An amount in whole đồng. It may be negative (an adjustment down, money out).
///
/// Arithmetic is checked: there is no `+` on purpose, so that an overflow is an error of the
/// caller's data and never a wrapped sum.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Dong(pub i64);

/// What else than an amount is refused with.
pub const EXPECTED: &str = "whole đồng, a number without quotes";

/// What is no amount is refused by saying what is expected, in no words of the program's own.
impl<'de> Deserialize<'de> for Dong {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_i64(Written)
    }
}

struct Written;

impl Visitor<'_> for Written {
    type Value = Dong;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_i64<E: de::Error>(self, amount: i64) -> Result<Dong, E> {
        Ok(Dong(amount))
    }

    fn visit_u64<E: de::Error>(self, amount: u64) -> Result<Dong, E> {
        let too_large = |_| E::invalid_value(Unexpected::Unsigned(amount), &self);
        i64::try_from(amount).map(Dong).map_err(too_large)
    }
}

impl Dong {
    pub const ZERO: Dong = Dong(0);

    /// The largest single amount the program accepts: 13 digits, the limit of VietQR tag 54.
    pub const LIMIT: Dong = Dong(9_999_999_999_999);

    pub fn checked_add(self, other: Dong) -> Result<Dong> {
        self.0.checked_add(other.0).map(Dong).ok_or_else(overflow)
    }

    pub fn checked_sub(self, other: Dong) -> Result<Dong> {
        self.0.checked_sub(other.0).map(Dong).ok_or_else(overflow)
    }

    /// The sum of all, or an error when it leaves the range of an `i64`.
    pub fn sum(amounts: impl IntoIterator<Item = Dong>) -> Result<Dong> {
        amounts.into_iter().try_fold(Dong::ZERO, Dong::checked_add)
    }

    /// A decimal amount rounded half up to the đồng (away from zero at exactly one half).
    /// This is the only place where the program rounds money.
    pub fn round_half_up(amount: Decimal) -> Result<Dong> {
        amount
            .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
            .to_i64()
            .map(Dong)
            .ok_or_else(overflow)
    }

    /// A decimal that must be whole already: `25000`, `25000.00`; anything else is refused.
    pub fn from_whole(amount: Decimal) -> Result<Dong> {
        if !amount.fract().is_zero() {
            return Err(Error::invalid("amount", "amount_not_whole", "đồng have no decimals"));
        }
        amount.to_i64().map(Dong).ok_or_else(overflow)
    }

    pub fn to_decimal(self) -> Decimal {
        Decimal::from(self.0)
    }

    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub fn is_positive(self) -> bool {
        self.0 > 0
    }

    pub fn min(self, other: Dong) -> Dong {
        Dong(self.0.min(other.0))
    }

    /// `1.234.567`: for where the currency stands elsewhere.
    pub fn grouped(self) -> String {
        text::grouped(&self.0.to_string())
    }
}

#[track_caller]
fn overflow() -> Error {
    Error::invalid("amount", "amount_out_of_range", "the amount is too large")
}

/// `1.234.567 đ`: grouped by dots, as Vietnamese documents write it.
impl fmt::Display for Dong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} đ", self.grouped())
    }
}

impl fmt::Debug for Dong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dong({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_print_with_dots() {
        assert_eq!(Dong(0).to_string(), "0 đ");
        assert_eq!(Dong(999).to_string(), "999 đ");
        assert_eq!(Dong(25_000).to_string(), "25.000 đ");
        assert_eq!(Dong(-1_234_567).to_string(), "-1.234.567 đ");
        assert_eq!([Dong(999), Dong(-1_234_567)].map(Dong::grouped), ["999", "-1.234.567"]);
    }

    #[test]
    fn an_amount_is_read_from_a_number_and_nothing_else() {
        let read = |text: &str| serde_json::from_str::<Dong>(text).map_err(|error| error.to_string());
        assert_eq!(read("-25000"), Ok(Dong(-25_000)));
        assert_eq!(read("9223372036854775807"), Ok(Dong(i64::MAX)));
        for wrong in ["\"-1\"", "2.5", "9223372036854775808", "null", "[1]"] {
            let told = read(wrong).unwrap_err();
            assert!(told.contains(EXPECTED) && !told.contains("i64"), "{told}");
        }
    }

    #[test]
    fn a_half_dong_rounds_away_from_zero() {
        let rounded = |text: &str| Dong::round_half_up(text.parse().unwrap()).unwrap();
        assert_eq!(rounded("2.5"), Dong(3));
        assert_eq!(rounded("2.4999"), Dong(2));
        assert_eq!(rounded("-2.5"), Dong(-3));
    }

    #[test]
    fn only_a_whole_amount_is_taken_as_whole() {
        assert_eq!(Dong::from_whole("25000.00".parse().unwrap()).unwrap(), Dong(25_000));
        assert_eq!(Dong::from_whole("25000.01".parse().unwrap()).unwrap_err().code(), "amount_not_whole");
    }

    #[test]
    fn an_overflow_is_an_error_and_never_a_wrapped_sum() {
        assert_eq!(Dong(i64::MAX).checked_add(Dong(1)).unwrap_err().code(), "amount_out_of_range");
        assert_eq!(Dong(i64::MIN).checked_sub(Dong(1)).unwrap_err().code(), "amount_out_of_range");
    }
}
