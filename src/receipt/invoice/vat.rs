//! Rates of value added tax, as `TSuat` writes them.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use crate::amount::Dong;
use crate::error::{Error, Result};

/// `TSuat`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VatRate {
    /// `0%`, `5%`, `8%`, `10%`.
    Percent(u8),
    /// `KCT`: not subject to the tax.
    NotSubject,
    /// `KKKNT`: neither declared nor paid.
    NotDeclared,
    /// `KHAC:AB.CD%`.
    Other(Decimal),
}

/// The form of `KHAC:`: at most two digits and two decimals.
const OTHER: &str = "KHAC:";

impl VatRate {
    /// In hundredths of the price without tax; nothing where there is no tax.
    pub fn percent(&self) -> Decimal {
        match self {
            VatRate::Percent(percent) => Decimal::from(*percent),
            VatRate::Other(percent) => *percent,
            VatRate::NotSubject | VatRate::NotDeclared => Decimal::ZERO,
        }
    }

    /// What remains of an amount that includes the tax.
    pub fn without_tax(&self, gross: Dong) -> Result<Dong> {
        Dong::round_half_up(self.price_without_tax(gross.to_decimal())?)
    }

    /// The same for a price, with all its decimals.
    pub fn price_without_tax(&self, gross: Decimal) -> Result<Decimal> {
        let whole = Decimal::ONE_HUNDRED + self.percent();
        gross
            .checked_mul(Decimal::ONE_HUNDRED)
            .and_then(|hundredfold| hundredfold.checked_div(whole))
            .ok_or_else(|| Error::invalid("amount", "amount_out_of_range", "the amount is too large"))
    }

    /// The tax on an amount without it.
    pub fn tax_on(&self, net: Dong) -> Result<Dong> {
        let product = net
            .to_decimal()
            .checked_mul(self.percent())
            .ok_or_else(|| Error::invalid("amount", "amount_out_of_range", "the amount is too large"))?;
        Dong::round_half_up(product / Decimal::ONE_HUNDRED)
    }
}

/// # Errors
/// `vat_rate_unknown`.
impl FromStr for VatRate {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let unknown = || {
            let detail = "expected 0%, 5%, 8%, 10%, KCT, KKKNT or KHAC:AB.CD%";
            Error::invalid("vat_rate", "vat_rate_unknown", detail)
        };
        match text {
            "0%" => Ok(VatRate::Percent(0)),
            "5%" => Ok(VatRate::Percent(5)),
            "8%" => Ok(VatRate::Percent(8)),
            "10%" => Ok(VatRate::Percent(10)),
            "KCT" => Ok(VatRate::NotSubject),
            "KKKNT" => Ok(VatRate::NotDeclared),
            _ => {
                let digits = text.strip_prefix(OTHER).and_then(|rest| rest.strip_suffix('%'));
                let digits = digits.ok_or_else(unknown)?;
                let percent: Decimal = digits.parse().map_err(|_| unknown())?;
                let rate = VatRate::Other(percent);
                let is_plain = percent.scale() <= 2 && percent > Decimal::ZERO;
                let is_plain = is_plain && percent < Decimal::ONE_HUNDRED && rate.to_string() == text;
                if is_plain { Ok(rate) } else { Err(unknown()) }
            }
        }
    }
}

impl fmt::Display for VatRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VatRate::Percent(percent) => write!(f, "{percent}%"),
            VatRate::NotSubject => f.write_str("KCT"),
            VatRate::NotDeclared => f.write_str("KKKNT"),
            VatRate::Other(percent) => write!(f, "{OTHER}{percent:05.2}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rate_is_written_as_it_is_read() {
        for text in ["0%", "5%", "8%", "10%", "KCT", "KKKNT", "KHAC:03.50%", "KHAC:12.00%"] {
            assert_eq!(text.parse::<VatRate>().unwrap().to_string(), text);
        }
        for wrong in
            ["", "10", "7%", "kct", "KHAC:3.5%", "KHAC:", "KHAC:100.00%", "KHAC:-3.50%", "KHAC:00.00%"]
        {
            assert_eq!(wrong.parse::<VatRate>().unwrap_err().code(), "vat_rate_unknown", "{wrong}");
        }
    }

    #[test]
    fn the_tax_inside_an_amount_and_on_top_of_it_agree_to_the_dong() {
        for rate in ["0%", "5%", "8%", "10%", "KCT", "KKKNT", "KHAC:03.50%"] {
            let rate: VatRate = rate.parse().unwrap();
            for gross in [1, 7, 999, 11_000, 25_001, 1_234_567_891] {
                let net = rate.without_tax(Dong(gross)).unwrap();
                let tax = Dong(gross - net.0);
                assert!((rate.tax_on(net).unwrap().0 - tax.0).abs() <= 1, "{rate} of {gross}");
            }
        }
        assert_eq!(VatRate::Percent(10).without_tax(Dong(11_000)).unwrap(), Dong(10_000));
    }
}
