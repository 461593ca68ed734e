//! The result of an assessment.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::explain::{Step, Words};
use super::item::{DocumentKind, FeeKind};
use crate::amount::Dong;

/// An exemption as it was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reduction {
    pub group: String,
    pub percent: Decimal,
    pub amount: Dong,
    pub legal_ground: String,
}

/// One line: `quantity` × `unit_price`, rounded half up, is `gross`; `gross` less the reduction is
/// `amount`, which is never negative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub item: String,
    pub name: Words,
    pub kind: FeeKind,
    pub document: DocumentKind,
    /// `TSuat` of what is sold on an invoice that shows the tax.
    pub vat_rate: Option<String>,
    /// Where the price has steps, bounds or a base value: 1 × the whole amount.
    pub quantity: Decimal,
    pub unit: Words,
    pub unit_price: Decimal,
    pub gross: Dong,
    pub reduction: Option<Reduction>,
    pub amount: Dong,
    pub chapter: Option<String>,
    pub sub_item: Option<String>,
    /// On the day of assessment; the day close asks again for its own day.
    pub kept_share_bp: i32,
    pub legal_ground: String,
    /// Why this amount.
    pub steps: Vec<Step>,
}

impl Line {
    /// “Vì sao số tiền này”: one sentence per step, the legal ground last.
    pub fn explanation(&self) -> Vec<Words> {
        let ground = Words {
            vi: format!("Căn cứ: {}", self.legal_ground),
            en: format!("Legal ground: {}", self.legal_ground),
        };
        self.steps.iter().map(Step::words).chain([ground]).collect()
    }
}

/// What one request costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// In the order of the request.
    pub lines: Vec<Line>,
    pub total: Dong,
}

impl Assessment {
    /// Why nothing is due: the legal grounds of all lines, each once. `None` when something is due.
    pub fn waived_ground(&self) -> Option<String> {
        if !self.total.is_zero() {
            return None;
        }
        let mut grounds: Vec<&str> = Vec::new();
        for line in &self.lines {
            let ground =
                line.reduction.as_ref().map_or(&line.legal_ground, |reduction| &reduction.legal_ground);
            if !grounds.contains(&ground.as_str()) {
                grounds.push(ground);
            }
        }
        Some(grounds.join("; "))
    }
}
