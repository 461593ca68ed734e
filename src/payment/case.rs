//! What a statement line can be.

use super::gateway::line::LumpSum;
use crate::amount::Dong;
use crate::exception::Kind;
use crate::id::*;

/// What a line is. Decided by matching, confirmed here under the locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Case {
    /// Shows movements that were known: (movement, amount), the amounts summing to the line.
    Proof {
        parts: Vec<(MovementId, Dong)>,
    },
    /// Shows one money that was told as two movements, oldest first.
    SameMoney([MovementId; 2]),
    /// Money nobody claimed, for the obligations its codes name.
    Credit {
        named: Vec<(UnitId, ObligationId)>,
    },
    /// Taken by the bank for its service.
    BankFee,
    Interest,
    /// Gives back what an earlier line brought.
    Reversal {
        original: LineId,
    },
    /// Two persons said what an unexplained debit took back.
    TakenBack {
        movement: MovementId,
    },
    /// Pays an acquirer's batch out, or takes its chargebacks.
    PosBatch(BatchId),
    /// Pays out what a gateway claimed one by one, less its fee.
    LumpSum(LumpSum),
    /// Money in that nobody can place, and why.
    UnknownCredit(Kind),
    /// Money out that nobody can place, and why.
    UnknownDebit(Kind),
    /// Takes a line out that the bank corrected, or is one that was taken out before it was posted.
    Withdrawal,
    /// Says an earlier, corrected line again and shows what that one showed.
    TakenOver,
}

impl Case {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Case::Proof { .. } => "proof",
            Case::SameMoney(_) => "same_money",
            Case::Credit { .. } => "credit",
            Case::BankFee => "bank_fee",
            Case::Interest => "interest",
            Case::Reversal { .. } | Case::TakenBack { .. } => "reversal",
            Case::PosBatch(_) => "pos_batch",
            Case::LumpSum(_) => "lump_sum",
            Case::UnknownCredit(_) => "unknown_credit",
            Case::UnknownDebit(_) => "unknown_debit",
            Case::Withdrawal => "withdrawal",
            Case::TakenOver => "taken_over",
        }
    }
}
