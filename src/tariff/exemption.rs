//! Who pays less or nothing (Law 97/2015/QH13, article 10), and by which ground.

use rust_decimal::Decimal;

use super::charge::Period;
use super::explain::Words;
use super::item::{FeeItem, FeeKind, Tariff};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;

/// A group of people: children, poor households, people with merit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExemptionGroup {
    pub code: String,
    pub name: Words,
}

/// What a group is spared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    pub group: String,
    /// Item codes; `None`: every phí and lệ phí. Never a pass-through line, which is not ours to
    /// waive.
    pub items: Option<Vec<String>>,
    /// Above 0, at most 100.
    pub percent: Decimal,
    pub period: Period,
    pub legal_ground: String,
}

impl Exemption {
    pub fn covers(&self, item: &FeeItem, on: BusinessDay) -> bool {
        let is_general = self.items.is_none() && item.kind != FeeKind::Service;
        let named = self.items.as_ref().map_or(is_general, |items| items.contains(&item.code));
        named && item.kind != FeeKind::PassThrough && self.period.holds(on)
    }

    /// The đồng taken off an amount of zero or more; never more than the amount.
    pub(super) fn reduction(&self, gross: Dong) -> Result<Dong> {
        let share = gross.to_decimal() * (self.percent / Decimal::ONE_HUNDRED);
        Ok(Dong::round_half_up(share)?.min(gross))
    }
}

impl Tariff {
    /// The most favourable exemption of one line. Exemptions never add up; of equal ones the first
    /// in the tariff counts, whatever the order in the request.
    pub(super) fn best_exemption(
        &self,
        item: &FeeItem,
        groups: &[String],
        on: BusinessDay,
    ) -> Option<&Exemption> {
        let open = self.exemptions.iter().filter(|exemption| groups.contains(&exemption.group));
        open.filter(|exemption| exemption.covers(item, on))
            .reduce(|best, next| if next.percent > best.percent { next } else { best })
    }
}
