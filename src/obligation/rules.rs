//! Pure decisions about obligations.

use super::{NewObligation, Obligation, State};
use crate::amount::Dong;
use crate::error::{Error, Result};

/// The most lines an obligation has: a receipt prints no more without an annex.
pub const LINE_LIMIT: usize = 50;

pub fn check_new(new: &NewObligation) -> Result<()> {
    bounded("dossier_code", &new.dossier_code, 50)?;
    bounded("procedure_code", &new.procedure_code, 50)?;
    bounded("procedure_field", &new.procedure_field, 200)?;
    if new.lines.is_empty() || new.lines.len() > LINE_LIMIT {
        return Err(Error::invalid("lines", "lines_count", format!("1 to {LINE_LIMIT} lines")));
    }
    for (index, line) in new.lines.iter().enumerate() {
        let field = format!("lines[{index}].amount");
        let adds_up = line.gross.checked_sub(line.reduction)? == line.amount;
        if !adds_up || line.amount < Dong::ZERO || line.reduction < Dong::ZERO {
            return Err(Error::invalid(field, "line_does_not_add_up", "amount must be gross less reduction"));
        }
        if line.gross > Dong::LIMIT {
            return Err(Error::invalid(field, "amount_out_of_range", "the amount is too large"));
        }
    }
    let total = Dong::sum(new.lines.iter().map(|line| line.amount))?;
    if total > Dong::LIMIT {
        return Err(Error::invalid("lines", "amount_out_of_range", "the total is too large"));
    }
    if total.is_zero() && new.waived_ground.as_deref().is_none_or(|ground| ground.trim().is_empty()) {
        return Err(Error::invalid(
            "waived_ground",
            "waived_ground_missing",
            "0 đồng needs its legal ground",
        ));
    }
    Ok(())
}

fn bounded(field: &str, value: &str, limit: usize) -> Result<()> {
    if value.is_empty() {
        return Err(Error::invalid(field, "field_missing", "must not be empty"));
    }
    if value.chars().count() > limit {
        return Err(Error::invalid(field, "field_too_long", format!("at most {limit} characters")));
    }
    Ok(())
}

/// Only an obligation without money is cancelled here; money is moved by its own use cases.
pub fn check_cancel(obligation: &Obligation) -> Result<()> {
    if obligation.allocated.is_positive() || obligation.state == State::Paid {
        return Err(Error::conflict("obligation_has_money", "money stands on it; move or refund that first"));
    }
    match obligation.state {
        State::Raised | State::PartlyPaid | State::Reopened => Ok(()),
        State::Paid | State::Cancelled | State::Waived => {
            Err(Error::conflict("obligation_closed", "it is closed already"))
        }
    }
}

/// What an amount of money does to an obligation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Goes to the obligation.
    pub taken: Dong,
    /// Is too much: owed back to the payer.
    pub surplus: Dong,
    pub state: State,
    /// The obligation is fully paid by this and was not before.
    pub completes: bool,
}

/// How much of `amount` the obligation takes. Closed obligations take nothing: a second transfer
/// for a paid one, and a late one for a cancelled or waived one, are all surplus.
pub fn receive(obligation: &Obligation, amount: Dong) -> Effect {
    let outstanding = obligation.outstanding();
    let taken = amount.min(outstanding);
    let surplus = Dong(amount.0 - taken.0);
    if taken.is_zero() {
        return Effect { taken, surplus, state: obligation.state, completes: false };
    }
    let completes = taken == outstanding;
    let state = if completes { State::Paid } else { State::PartlyPaid };
    Effect { taken, surplus, state, completes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{BusinessDay, Instant};
    use crate::id::*;

    fn obligation(state: State, total: i64, allocated: i64) -> Obligation {
        let day = BusinessDay(chrono::NaiveDate::from_ymd_opt(2026, 11, 22).unwrap());
        Obligation {
            unit: UnitId(2),
            id: ObligationId(1),
            reference_code: "HNPH7K2MQ4X97".into(),
            dossier_code: "H26.1-261122-0001".into(),
            procedure_code: "1.001193".into(),
            procedure_field: "Hộ tịch".into(),
            intake_mode: "counter".into(),
            receiving_unit: UnitId(2),
            competent_unit: UnitId(2),
            submitted_at: Instant(0),
            result_due_on: None,
            due_on: day,
            electronic_required: false,
            party: PartyId(1),
            account: AccountId(1),
            total: Dong(total),
            waived_ground: None,
            client: None,
            created_at: Instant(0),
            state,
            revision: 1,
            allocated: Dong(allocated),
            line_edition: 0,
        }
    }

    #[test]
    fn the_exact_amount_completes_it() {
        let effect = receive(&obligation(State::Raised, 25_000, 0), Dong(25_000));
        assert_eq!(
            effect,
            Effect { taken: Dong(25_000), surplus: Dong(0), state: State::Paid, completes: true }
        );
    }

    #[test]
    fn a_partial_payment_leaves_the_rest_due_and_the_rest_completes_it() {
        let effect = receive(&obligation(State::Raised, 25_000, 0), Dong(10_000));
        assert_eq!((effect.state, effect.completes), (State::PartlyPaid, false));
        let rest = receive(&obligation(State::PartlyPaid, 25_000, 10_000), Dong(15_000));
        assert_eq!((rest.state, rest.completes, rest.surplus), (State::Paid, true, Dong(0)));
    }

    #[test]
    fn too_much_is_surplus() {
        let effect = receive(&obligation(State::Raised, 25_000, 0), Dong(26_000));
        assert_eq!((effect.taken, effect.surplus, effect.completes), (Dong(25_000), Dong(1_000), true));
    }

    #[test]
    fn a_second_transfer_and_a_late_one_are_all_surplus() {
        for state in [State::Paid, State::Cancelled, State::Waived] {
            let effect = receive(&obligation(state, 25_000, 25_000), Dong(25_000));
            assert_eq!((effect.taken, effect.surplus, effect.state), (Dong(0), Dong(25_000), state));
        }
    }

    #[test]
    fn an_obligation_with_money_is_not_cancelled() {
        let error = check_cancel(&obligation(State::PartlyPaid, 25_000, 1)).unwrap_err();
        assert_eq!(error.code(), "obligation_has_money");
        assert!(check_cancel(&obligation(State::Raised, 25_000, 0)).is_ok());
    }
}
