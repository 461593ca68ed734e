//! A labelled month: what communes are owed, what channels tell, what the bank's statements say,
//! and beside it the truth about every line, to score matching with.
//!
//! Four lines in five carry the code and the amount as asked for. The rest is what was seen on
//! real statements: memos damaged on the way, one transfer for several dossiers, batches, charges,
//! interest, reversals, payments made twice, short, too large or to the wrong account, and money
//! that is no fee. The same plan makes the same bytes.

mod deal;
mod files;
mod play;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::bank::Bank;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};

pub use deal::Deal;
pub use files::{Folder, write};

/// A statement line of the month at most; each is a few hundred bytes in memory.
const LINE_LIMIT: usize = 1_000_000;
const ACCOUNT_LIMIT: usize = 126;

/// What month is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub seed: u64,
    /// Statement lines, over all accounts; a few more when the last payer pays twice.
    pub line_count: usize,
    pub account_count: usize,
    pub first_day: BusinessDay,
    pub day_count: u32,
}

/// A commune with its account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub unit_code: String,
    pub unit_name: String,
    pub account_no: String,
    pub holder: String,
    pub opened_on: BusinessDay,
    pub opening: Dong,
    /// Whether the bank's word is taken for money before the statement.
    pub is_trusted: bool,
}

/// Something owed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    pub raised_on: BusinessDay,
    pub unit_code: String,
    pub reference_code: String,
    pub amount: Dong,
    pub payer: String,
}

/// A channel's word that money came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub at: Instant,
    pub external_id: String,
    pub account_no: String,
    pub amount: Dong,
    pub memo: String,
    pub bank_reference: Option<String>,
}

/// What a statement line really is. It is found by account, day, reference and amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    pub account_no: String,
    pub booked_on: BusinessDay,
    pub bank_reference: String,
    /// Minus is money out.
    pub amount: Dong,
    pub deal: Deal,
    /// Whether what was delivered says it for certain; the others are a person's to decide.
    pub is_decidable: bool,
    /// The class of a line that is decided: `fee_receipt`, `bank_fee`, …
    pub class: &'static str,
    /// Whose money it is: (reference code, amount).
    pub parts: Vec<(String, Dong)>,
}

/// What should stand on an obligation when everything decidable is decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    pub reference_code: String,
    pub amount: Dong,
    pub is_decidable: bool,
}

/// The month.
#[derive(Clone, Debug)]
pub struct Month {
    pub plan: Plan,
    pub places: Vec<Place>,
    pub owed: Vec<Owed>,
    pub told: Vec<Told>,
    pub bank: Bank,
    pub truths: Vec<Truth>,
    pub paid: Vec<Paid>,
}

impl Plan {
    /// # Errors
    /// `month_plan_invalid`.
    pub fn check(&self) -> Result<()> {
        let is_sound = (1..=LINE_LIMIT).contains(&self.line_count)
            && (1..=ACCOUNT_LIMIT).contains(&self.account_count)
            && (1..=31).contains(&self.day_count);
        if is_sound {
            return Ok(());
        }
        let detail =
            format!("1 to {LINE_LIMIT} lines, 1 to {ACCOUNT_LIMIT} accounts, 1 to 31 days can be made");
        Err(Error::invalid("plan", "month_plan_invalid", detail))
    }

    /// The communes of the plan. One in two takes the bank's word.
    fn places(&self) -> Vec<Place> {
        (0..self.account_count)
            .map(|index| Place {
                unit_code: format!("{index:05}"),
                unit_name: format!("Phường Mô Phỏng {}", index + 1),
                account_no: format!("9704320{index:06}"),
                holder: format!("UBND PHUONG MO PHONG {}", index + 1),
                opened_on: self.first_day,
                opening: Dong(1_000_000 * i64::try_from(index).unwrap_or(0)),
                is_trusted: index.is_multiple_of(2),
            })
            .collect()
    }
}

/// Makes the month of a plan.
///
/// # Errors
/// `month_plan_invalid`.
pub fn make(plan: &Plan) -> Result<Month> {
    plan.check()?;
    play::play(plan)
}
