//! The steps of an assessment, and their words for people.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::place::IntakeMode;
use crate::amount::Dong;
use crate::text;

/// One text in Vietnamese and English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    pub vi: String,
    pub en: String,
}

impl Words {
    pub fn new(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Words { vi: vi.into(), en: en.into() }
    }
}

/// One step from what was asked to what is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    PerUnit {
        price: Dong,
        quantity: Decimal,
        unit: Words,
        result: Dong,
    },
    /// `quantity` units above `after`, at `price` each.
    Tier {
        after: Decimal,
        quantity: Decimal,
        price: Dong,
        unit: Words,
        result: Decimal,
    },
    /// One copy costs no more than `cap`.
    CapPerCopy {
        before: Dong,
        cap: Dong,
    },
    Copies {
        per_copy: Dong,
        copies: Decimal,
        result: Dong,
    },
    Percentage {
        percent: Decimal,
        base: Dong,
        result: Dong,
    },
    Stated {
        amount: Dong,
    },
    Floor {
        before: Dong,
        floor: Dong,
    },
    Cap {
        before: Dong,
        cap: Dong,
    },
    /// Nothing is asked for online.
    OnlineZero {
        channel: IntakeMode,
    },
    /// Nothing is asked for on any channel.
    Free,
    Exemption {
        group: Words,
        percent: Decimal,
        reduction: Dong,
        legal_ground: String,
        result: Dong,
    },
}

impl Step {
    pub fn words(&self) -> Words {
        Words { vi: self.vi(), en: self.en() }
    }

    fn vi(&self) -> String {
        match self {
            Step::PerUnit { price, quantity, unit, result } => {
                format!("{} {} × {price}/{} = {result}", number_of(*quantity), unit.vi, unit.vi)
            }
            Step::Tier { after, quantity, price, unit, result } => {
                let which = if after.is_zero() {
                    "đầu".to_owned()
                } else {
                    format!("tiếp theo (trên {})", number_of(*after))
                };
                format!("{} {} {which} × {price} = {} đ", number_of(*quantity), unit.vi, number_of(*result))
            }
            Step::CapPerCopy { before, cap } => format!("Mỗi bản thu không quá {cap} (tính ra {before})"),
            Step::Copies { per_copy, copies, result } => {
                format!("{} bản × {per_copy}/bản = {result}", number_of(*copies))
            }
            Step::Percentage { percent, base, result } => {
                format!("{} % × {base} = {result}", number_of(*percent))
            }
            Step::Stated { amount } => format!("Theo số tiền thực tế: {amount}"),
            Step::Floor { before, floor } => format!("Mức thu tối thiểu {floor} (tính ra {before})"),
            Step::Cap { before, cap } => format!("Mức thu tối đa {cap} (tính ra {before})"),
            Step::OnlineZero { channel } => format!("{}: 0 đ", channel_vi(*channel)),
            Step::Free => "Mức thu: 0 đ".to_owned(),
            Step::Exemption { group, percent, reduction, legal_ground, result } => {
                let verb = if *percent == Decimal::ONE_HUNDRED {
                    "Miễn".to_owned()
                } else {
                    format!("Giảm {} %", number_of(*percent))
                };
                format!("{verb} cho {}: −{reduction}, còn {result} ({legal_ground})", group.vi)
            }
        }
    }

    /// Amounts are written as on every page and document, whatever its language: `8.000 đ`.
    fn en(&self) -> String {
        match self {
            Step::PerUnit { price, quantity, unit, result } => {
                format!("{} × {price} per {} = {result}", number_of(*quantity), unit.en)
            }
            Step::Tier { after, quantity, price, unit, result } => {
                let which =
                    if after.is_zero() { String::new() } else { format!(" above {}", number_of(*after)) };
                format!(
                    "{} × {price} per {}{which} = {} đ",
                    number_of(*quantity),
                    unit.en,
                    number_of(*result)
                )
            }
            Step::CapPerCopy { before, cap } => format!("At most {cap} per copy (instead of {before})"),
            Step::Copies { per_copy, copies, result } => {
                format!("{} × {per_copy} per copy = {result}", number_of(*copies))
            }
            Step::Percentage { percent, base, result } => {
                format!("{} % of {base} = {result}", number_of(*percent))
            }
            Step::Stated { amount } => format!("As actually charged: {amount}"),
            Step::Floor { before, floor } => format!("At least {floor} (instead of {before})"),
            Step::Cap { before, cap } => format!("At most {cap} (instead of {before})"),
            Step::OnlineZero { channel } => format!("{}: 0 đ", channel_en(*channel)),
            Step::Free => "Charge: 0 đ".to_owned(),
            Step::Exemption { group, percent, reduction, legal_ground, result } => format!(
                "{} % off for {}: −{reduction}, leaving {result} ({legal_ground})",
                number_of(*percent),
                group.en
            ),
        }
    }
}

fn channel_vi(channel: IntakeMode) -> &'static str {
    match channel {
        IntakeMode::Counter => "Nộp trực tiếp",
        IntakeMode::OnlinePartial => "Nộp trực tuyến một phần",
        IntakeMode::OnlineFull => "Nộp trực tuyến toàn trình",
    }
}

fn channel_en(channel: IntakeMode) -> &'static str {
    match channel {
        IntakeMode::Counter => "At the counter",
        IntakeMode::OnlinePartial => "Partly online",
        IntakeMode::OnlineFull => "Fully online",
    }
}

/// `1.234,5`, in both languages: the sums beside it are written so everywhere.
fn number_of(number: Decimal) -> String {
    text::grouped(&number.normalize().to_string())
}
