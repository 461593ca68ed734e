//! Pure decisions about delegations and waiting approvals.

use super::delegation::{Delegation, State};
use super::{Kind, Waiting};
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::PersonId;
use crate::working_days::WorkingDays;

/// The longest delegation, in days.
pub const LONGEST_DAYS: i64 = 366;

/// Whether a delegation covers an act on that day by that person. The database holds the same rule.
///
/// # Errors
/// `delegation_not_yours`, `delegation_not_in_force`, `delegation_act_not_covered`,
/// `delegation_amount_too_large`, `maker_is_checker`, `delegation_giver_is_maker`.
pub fn check_act(
    delegation: &Delegation,
    person: PersonId,
    kind: Kind,
    waiting: &Waiting,
    today: BusinessDay,
) -> Result<()> {
    if delegation.delegate != person {
        return Err(Error::forbidden("delegation_not_yours", "it was given to another person"));
    }
    check_in_force(delegation, today)?;
    if !delegation.acts.contains(&kind) {
        let detail = format!("it does not cover {}", kind.as_str());
        return Err(Error::forbidden("delegation_act_not_covered", detail));
    }
    if waiting.amount > delegation.limit {
        let detail = format!("up to {} đồng", delegation.limit);
        return Err(Error::forbidden("delegation_amount_too_large", detail));
    }
    if waiting.makers.contains(&person) {
        return Err(Error::forbidden("maker_is_checker", "another person must approve"));
    }
    if waiting.makers.contains(&delegation.giver) {
        let detail = "who lent the power asked for this";
        return Err(Error::forbidden("delegation_giver_is_maker", detail));
    }
    Ok(())
}

fn check_in_force(delegation: &Delegation, today: BusinessDay) -> Result<()> {
    if !is_in_force(delegation, today) {
        let detail = format!(
            "{}, from {} until {}",
            delegation.state.as_str(),
            delegation.valid_from,
            delegation.valid_until
        );
        return Err(Error::forbidden("delegation_not_in_force", detail));
    }
    Ok(())
}

pub fn is_in_force(delegation: &Delegation, today: BusinessDay) -> bool {
    delegation.state == State::Accepted && delegation.valid_from <= today && today <= delegation.valid_until
}

/// The moment until which a decision may wait: the same time of day, one working day later.
pub fn due_at(asked_at: Instant, calendar: &WorkingDays) -> Instant {
    let day = asked_at.business_day();
    calendar.after(day, 1).start().plus_seconds(asked_at.seconds_since(day.start()))
}

/// Whether somebody of the unit itself may decide: a person who had no hand in it.
pub fn has_decider(deciders: &[PersonId], makers: &[PersonId]) -> bool {
    deciders.iter().any(|person| !makers.contains(person))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Dong;
    use crate::id::{DelegationId, UnitId};

    fn day(text: &str) -> BusinessDay {
        text.parse().unwrap()
    }

    fn lent() -> Delegation {
        Delegation {
            unit: UnitId(2),
            id: DelegationId(1),
            giver: PersonId(1),
            delegate: PersonId(2),
            acts: vec![Kind::Refund, Kind::Remittance],
            limit: Dong(5_000_000),
            valid_from: day("2026-11-23"),
            valid_until: day("2026-12-04"),
            decision_no: "12/QĐ-UBND".into(),
            decision_on: day("2026-11-20"),
            created_at: Instant(0),
            state: State::Accepted,
            revision: 2,
        }
    }

    fn refund(maker: i64, amount: i64) -> Waiting {
        Waiting {
            unit: UnitId(2),
            kind: Kind::Refund,
            id: 7,
            makers: vec![PersonId(maker)],
            amount: Dong(amount),
            asked_at: Instant(0),
        }
    }

    fn code(delegation: &Delegation, person: i64, waiting: &Waiting, on: &str) -> Option<&'static str> {
        check_act(delegation, PersonId(person), waiting.kind, waiting, day(on)).err().map(|e| e.code())
    }

    #[test]
    fn a_delegation_covers_its_acts_its_sum_and_its_days_and_nothing_else() {
        let on = "2026-11-23";
        assert_eq!(code(&lent(), 2, &refund(3, 5_000_000), on), None);
        assert_eq!(code(&lent(), 2, &refund(3, 1), "2026-12-04"), None, "its last day counts");
        assert_eq!(code(&lent(), 2, &refund(3, 5_000_001), on), Some("delegation_amount_too_large"));
        assert_eq!(code(&lent(), 2, &refund(3, 1), "2026-12-05"), Some("delegation_not_in_force"));
        assert_eq!(code(&lent(), 2, &refund(3, 1), "2026-11-22"), Some("delegation_not_in_force"));
        assert_eq!(code(&lent(), 4, &refund(3, 1), on), Some("delegation_not_yours"), "not passed on");
        let other = Waiting { kind: Kind::Correction, ..refund(3, 1) };
        assert_eq!(code(&lent(), 2, &other, on), Some("delegation_act_not_covered"));
        for state in [State::Offered, State::Declined, State::Ended] {
            let lent = Delegation { state, ..lent() };
            assert_eq!(code(&lent, 2, &refund(3, 1), on), Some("delegation_not_in_force"), "{state:?}");
        }
    }

    #[test]
    fn neither_the_delegate_nor_the_giver_may_have_asked_for_it() {
        let on = "2026-11-23";
        assert_eq!(code(&lent(), 2, &refund(2, 1), on), Some("maker_is_checker"));
        assert_eq!(code(&lent(), 2, &refund(1, 1), on), Some("delegation_giver_is_maker"));
        let both = Waiting { makers: vec![PersonId(3), PersonId(1)], ..refund(3, 1) };
        assert_eq!(code(&lent(), 2, &both, on), Some("delegation_giver_is_maker"));
    }

    #[test]
    fn a_decision_may_wait_one_working_day_and_no_weekend_counts() {
        let calendar = WorkingDays::new(&[chrono::Weekday::Sat, chrono::Weekday::Sun], &[], &[]);
        let friday = day("2026-11-27").start().plus_seconds(16 * 3_600);
        assert_eq!(due_at(friday, &calendar), day("2026-11-30").start().plus_seconds(16 * 3_600));
        let saturday = day("2026-11-28").start().plus_seconds(60);
        assert_eq!(due_at(saturday, &calendar).business_day(), day("2026-11-30"));
    }

    #[test]
    fn who_is_alone_in_a_unit_decides_nothing_they_asked_for() {
        assert!(!has_decider(&[PersonId(3)], &refund(3, 1).makers));
        assert!(has_decider(&[PersonId(3), PersonId(4)], &refund(3, 1).makers));
        assert!(!has_decider(&[], &refund(3, 1).makers));
    }
}
