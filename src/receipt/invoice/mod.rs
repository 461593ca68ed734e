//! What an invoice (hóa đơn, `HDon`) says, without its number and without its signature.
//!
//! Kinds 1 and 2, and the integrated kinds 8 and 9 that carry fees and charges beside what is sold.
//! The fields follow the tables of Decision 1450/QĐ-TCT and 1271/QĐ-CT (`xsd/invoice`).

pub mod reading;
mod rules;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
mod vat;
pub mod xml;

use rust_decimal::Decimal;

pub use self::vat::VatRate;
use super::content::{self, CollectedBy, CollectingUnit, Payer};
use super::kind::InvoiceKind;
use super::lookup::LookupCode;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;

/// The content of one invoice. Every text is NFC and cleaned (`text::clean`).
#[derive(Clone, Debug, PartialEq)]
pub struct Invoice {
    pub kind: InvoiceKind,
    /// `NBan`; signs.
    pub seller: CollectingUnit,
    /// `NMua`.
    pub buyer: Payer,
    /// `DSHHDVu`: goods and services.
    pub lines: Vec<Line>,
    /// `DSLPhi`: fees and charges; on integrated kinds only.
    pub fees: Vec<Fee>,
    pub totals: Totals,
    /// `HTTToan`.
    pub payment_method: String,
    pub dossier_code: Option<String>,
    pub lookup_code: LookupCode,
    pub collected_on: BusinessDay,
    pub collected_by: CollectedBy,
    /// `TTHDLQuan`.
    pub relation: Option<Relation>,
    /// Who issues and signs it in the seller's place.
    pub entrusted: Option<Entrusted>,
}

impl Invoice {
    /// Whether anything is sold, given back or charged on it. Not so of an adjustment that corrects the
    /// buyer's marks alone.
    pub fn names_amounts(&self) -> bool {
        !self.lines.is_empty() || !self.fees.is_empty()
    }
}

/// `MSTDVNUNLHDon`, `TDVNUNLHDon`, `DCDVNUNLHDon`: the organisation entrusted with issuing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entrusted {
    pub tax_code: String,
    pub name: String,
    pub address: String,
}

/// `HHDVu`: something sold. Prices and amounts are without tax where the kind shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// `MHHDVu`.
    pub item_code: Option<String>,
    pub name: String,
    pub unit: Option<String>,
    pub quantity: Decimal,
    pub unit_price: Decimal,
    pub discount: Option<Discount>,
    /// `ThTien`.
    pub amount: Dong,
    /// On kinds that show the tax.
    pub vat: Option<Vat>,
}

/// `TLCKhau` and `STCKhau`: an exemption or reduction.
#[derive(Clone, Debug, PartialEq)]
pub struct Discount {
    pub percent: Option<Decimal>,
    pub amount: Dong,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Vat {
    pub rate: VatRate,
    pub tax: Dong,
}

/// `LPhi`: a fee or charge on an integrated invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fee {
    /// `TLPhi`.
    pub name: String,
    /// `TPhi`.
    pub amount: Dong,
}

/// `LTSuat`: what was sold at one rate.
#[derive(Clone, Debug, PartialEq)]
pub struct RateSum {
    pub rate: VatRate,
    pub amount: Dong,
    pub tax: Dong,
}

/// `TToan`. The amount in words is always written from `payable`.
#[derive(Clone, Debug, PartialEq)]
pub struct Totals {
    /// `THTTLTSuat`, in the order of first use; empty on kinds that show no tax.
    pub by_rate: Vec<RateSum>,
    /// `TgTCThue` on kinds that show the tax: what was sold, without it.
    pub net: Dong,
    /// `TgTThue`.
    pub tax: Dong,
    /// The fees and charges together.
    pub fees: Dong,
    /// `TTCKTMai`.
    pub discount: Dong,
    /// `TgTTTBSo`.
    pub payable: Dong,
}

impl Totals {
    /// The sums of lines and fees.
    pub fn of(lines: &[Line], fees: &[Fee]) -> Result<Totals> {
        let mut by_rate: Vec<RateSum> = Vec::new();
        for line in lines {
            let Some(vat) = &line.vat else { continue };
            match by_rate.iter_mut().find(|sum| sum.rate == vat.rate) {
                Some(sum) => {
                    sum.amount = sum.amount.checked_add(line.amount)?;
                    sum.tax = sum.tax.checked_add(vat.tax)?;
                }
                None => {
                    by_rate.push(RateSum { rate: vat.rate.clone(), amount: line.amount, tax: vat.tax });
                }
            }
        }
        let net = Dong::sum(lines.iter().map(|line| line.amount))?;
        let tax = Dong::sum(by_rate.iter().map(|sum| sum.tax))?;
        let fee_sum = Dong::sum(fees.iter().map(|fee| fee.amount))?;
        let discounts = lines.iter().filter_map(|line| line.discount.as_ref().map(|off| off.amount));
        let discount = Dong::sum(discounts)?;
        let payable = net.checked_add(tax)?.checked_add(fee_sum)?;
        Ok(Totals { by_rate, net, tax, fees: fee_sum, discount, payable })
    }
}

/// `TTHDLQuan`: the earlier invoice that this one replaces or adjusts. Its kind is `LHDCLQuan`: 1 for an electronic
/// invoice of Decree 123/2020/NĐ-CP.
pub type Relation = content::Relation<u8>;
