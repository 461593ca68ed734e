//! What a line proves, and why.

use std::ops::Deref;

use super::board::{Codes, verified};
use super::{Line, Rule};
use crate::amount::Dong;
use crate::id::{LineId, MovementId};
use crate::reconciliation::evidence::Evidence;

/// A line proves movements: the parts add up to what was open on the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    pub line: LineId,
    pub parts: Parts,
    pub rule: Rule,
    pub(super) why: Why,
}

impl Proof {
    /// What speaks for it; `line` is the line that proves.
    pub fn evidence(&self, line: &Line) -> Vec<Evidence> {
        let (has_same_codes, days) = match &self.why {
            Why::Pair { has_same_codes, days } => (*has_same_codes, *days),
            Why::Told(evidence) => return evidence.clone(),
        };
        let reference = match self.rule {
            Rule::BankReference => Some(Evidence::SameBankReference),
            Rule::ProviderReference => Some(Evidence::SameProviderReference),
            _ => None,
        };
        let codes = if has_same_codes { Codes::of(&line.codes) } else { Codes::None };
        let codes = codes.iter().map(|code| verified(code));
        let pair = [Evidence::AmountExact, Evidence::WithinDays(days)];
        reference.into_iter().chain(codes).chain(pair).collect()
    }
}

/// Why it does. Nearly all proofs are pairs: of those only what tells one from the other is kept, and the evidence
/// is made when it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// One line and one movement of its amount, so many working days apart.
    Pair {
        has_same_codes: bool,
        days: u32,
    },
    Told(Vec<Evidence>),
}

/// Movements, by id, with what is proven of each, above zero. One alone takes no memory of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parts {
    One((MovementId, Dong)),
    Several(Vec<(MovementId, Dong)>),
}

impl Deref for Parts {
    type Target = [(MovementId, Dong)];

    fn deref(&self) -> &Self::Target {
        match self {
            Parts::One(part) => std::slice::from_ref(part),
            Parts::Several(parts) => parts,
        }
    }
}
