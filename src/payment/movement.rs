//! A movement: one credit or debit on a bank account, however many routes report it.

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::id::{AccountId, MovementId, PaymentId, UnitId};
use crate::payment::Direction;

/// A movement as it stands. Account, direction, amount, code and first day never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    pub unit: UnitId,
    pub id: MovementId,
    pub account: AccountId,
    pub direction: Direction,
    pub amount: Dong,
    /// The verified codes of the memo, joined by `+`; empty when there is none.
    pub code: String,
    pub first_seen_on: BusinessDay,
    /// How much of it statement lines have shown.
    pub proven: Dong,
    /// The channels that claimed it, joined by `,`.
    pub claimed_by: String,
    pub payment: Option<PaymentId>,
    pub state: State,
    pub revision: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Expected,
    Proven,
    Disproven,
    Reversed,
    /// Found to be the same money as an earlier movement.
    SameAs,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            State::Expected => "expected",
            State::Proven => "proven",
            State::Disproven => "disproven",
            State::Reversed => "reversed",
            State::SameAs => "same_as",
        }
    }

    pub fn parse(text: &str) -> State {
        match text {
            "proven" => State::Proven,
            "disproven" => State::Disproven,
            "reversed" => State::Reversed,
            "same_as" => State::SameAs,
            _ => State::Expected,
        }
    }
}

impl Movement {
    pub fn is_claimed_by(&self, channel: &str) -> bool {
        self.claimed_by.split(',').any(|known| known == channel)
    }

    pub fn add_claim_of(&mut self, channel: &str) {
        if self.is_claimed_by(channel) {
            return;
        }
        if !self.claimed_by.is_empty() {
            self.claimed_by.push(',');
        }
        self.claimed_by.push_str(channel);
    }

    /// Neither disproven nor reversed nor found to be another's.
    pub fn is_live(&self) -> bool {
        matches!(self.state, State::Expected | State::Proven)
    }

    /// No line shows it any more: one that a person split, for one.
    pub fn is_cut(&self) -> bool {
        self.state == State::Reversed && self.proven.is_zero()
    }

    pub fn open(&self) -> Dong {
        Dong(self.amount.0 - self.proven.0)
    }
}

/// The key under which a bank's own reference names a movement. No date: channels do not know
/// the booking date. `occurrence` counts references that a bank used again much later.
pub fn bank_key(
    account: AccountId,
    direction: Direction,
    reference: &str,
    amount: Dong,
    occurrence: u32,
) -> String {
    format!("bank:{}:{}:{reference}:{}:{occurrence}", account.0, direction.as_str(), amount.0)
}

/// The key under which a statement line names a movement.
pub fn line_key(line: crate::id::LineId) -> String {
    format!("line:{}", line.0)
}
