//! The steps of an assessment, and their words for people.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::place::IntakeMode;
use crate::amount::Dong;

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
                format!("{} {} × {price}/{} = {result}", number_vi(*quantity), unit.vi, unit.vi)
            }
            Step::Tier { after, quantity, price, unit, result } => {
                let which = if after.is_zero() {
                    "đầu".to_owned()
                } else {
                    format!("tiếp theo (trên {})", number_vi(*after))
                };
                format!("{} {} {which} × {price} = {} đ", number_vi(*quantity), unit.vi, number_vi(*result))
            }
            Step::CapPerCopy { before, cap } => format!("Mỗi bản thu không quá {cap} (tính ra {before})"),
            Step::Copies { per_copy, copies, result } => {
                format!("{} bản × {per_copy}/bản = {result}", number_vi(*copies))
            }
            Step::Percentage { percent, base, result } => {
                format!("{} % × {base} = {result}", number_vi(*percent))
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
                    format!("Giảm {} %", number_vi(*percent))
                };
                format!("{verb} cho {}: −{reduction}, còn {result} ({legal_ground})", group.vi)
            }
        }
    }

    fn en(&self) -> String {
        match self {
            Step::PerUnit { price, quantity, unit, result } => {
                format!(
                    "{} × {} per {} = {}",
                    number_en(*quantity),
                    dong_en(*price),
                    unit.en,
                    dong_en(*result)
                )
            }
            Step::Tier { after, quantity, price, unit, result } => {
                let which =
                    if after.is_zero() { String::new() } else { format!(" above {}", number_en(*after)) };
                format!(
                    "{} × {} per {}{which} = {} VND",
                    number_en(*quantity),
                    dong_en(*price),
                    unit.en,
                    number_en(*result)
                )
            }
            Step::CapPerCopy { before, cap } => {
                format!("At most {} per copy (instead of {})", dong_en(*cap), dong_en(*before))
            }
            Step::Copies { per_copy, copies, result } => {
                format!("{} × {} per copy = {}", number_en(*copies), dong_en(*per_copy), dong_en(*result))
            }
            Step::Percentage { percent, base, result } => {
                format!("{} % of {} = {}", number_en(*percent), dong_en(*base), dong_en(*result))
            }
            Step::Stated { amount } => format!("As actually charged: {}", dong_en(*amount)),
            Step::Floor { before, floor } => {
                format!("At least {} (instead of {})", dong_en(*floor), dong_en(*before))
            }
            Step::Cap { before, cap } => {
                format!("At most {} (instead of {})", dong_en(*cap), dong_en(*before))
            }
            Step::OnlineZero { channel } => format!("{}: 0 VND", channel_en(*channel)),
            Step::Free => "Charge: 0 VND".to_owned(),
            Step::Exemption { group, percent, reduction, legal_ground, result } => format!(
                "{} % off for {}: −{}, leaving {} ({legal_ground})",
                number_en(*percent),
                group.en,
                dong_en(*reduction),
                dong_en(*result)
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

/// `1.234,5`
fn number_vi(number: Decimal) -> String {
    grouped(number, '.', ',')
}

/// `1,234.5`
fn number_en(number: Decimal) -> String {
    grouped(number, ',', '.')
}

fn dong_en(amount: Dong) -> String {
    format!("{} VND", number_en(amount.to_decimal()))
}

fn grouped(number: Decimal, group: char, point: char) -> String {
    let plain = number.abs().normalize().to_string();
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut text = String::with_capacity(plain.len() + plain.len() / 3 + 1);
    if number.is_sign_negative() && !number.is_zero() {
        text.push('-');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(group);
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push(point);
        text.push_str(fraction);
    }
    text
}
