//! What one fee item costs, where, through which channel and when.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::place::{IntakeMode, Place, Places};
use crate::amount::Dong;
use crate::clock::BusinessDay;

/// Days from `from` to `to`, both included; open without `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub from: BusinessDay,
    pub to: Option<BusinessDay>,
}

impl Period {
    pub fn holds(&self, on: BusinessDay) -> bool {
        self.from <= on && self.to.is_none_or(|to| on <= to)
    }
}

/// What the request states and a charge counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Pages of one document.
    Pages,
    Copies,
    /// Units of the item: cases, square metres; 1 when nothing is stated.
    Quantity,
}

/// One step of a price that falls or rises with the quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    /// The last unit of this step; `None` for the last step.
    pub up_to: Option<Decimal>,
    /// For each unit within this step.
    pub price: Dong,
}

/// How the amount is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pricing {
    /// Price × measure.
    PerUnit { price: Dong, of: Measure },
    /// A share in percent of a base value stated in đồng.
    Percentage { percent: Decimal },
    /// Each unit at the price of its step. With `per_copy` the result is for one copy, capped, and
    /// multiplied by the copies.
    Tiers { tiers: Vec<Tier>, of: Measure, per_copy: bool, cap_per_copy: Option<Dong> },
    /// The request states the amount (postage).
    Stated,
}

/// One row of the tariff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    pub places: Places,
    pub channels: BTreeSet<IntakeMode>,
    pub period: Period,
    /// The resolution or circular, with its article.
    pub legal_ground: String,
    pub pricing: Pricing,
    /// The line's upper and lower bound, before exemptions.
    pub cap: Option<Dong>,
    pub floor: Option<Dong>,
}

impl Charge {
    pub fn holds(&self, place: &Place, channel: IntakeMode, on: BusinessDay) -> bool {
        self.period.holds(on) && self.channels.contains(&channel) && self.places.cover(place)
    }
}
