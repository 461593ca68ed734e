//! Which step of a shift follows which, what a drawer should hold, and which takings a deposit
//! shows. Pure.

use std::collections::BTreeMap;

use super::{Shift, State};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{AccountId, PaymentId, PersonId, ShiftId};

/// A drawer is counted while it is in use. Shifts of earlier programs, which nobody opened, too.
pub fn check_count(shift: &Shift) -> Result<()> {
    match shift.state {
        State::InUse | State::Open => Ok(()),
        State::Counted | State::Closed => Err(wrong_state(shift, "counted")),
    }
}

/// A difference is signed off by somebody who neither had the drawer nor counted it.
pub fn check_sign_off(shift: &Shift, counted_by: PersonId, checker: PersonId) -> Result<()> {
    if shift.state != State::Counted {
        return Err(wrong_state(shift, "signed off"));
    }
    if checker == shift.person || checker == counted_by {
        return Err(Error::forbidden("maker_is_checker", "another person must sign it off"));
    }
    Ok(())
}

pub fn wrong_state(shift: &Shift, to: &str) -> Error {
    Error::conflict("shift_state_wrong", format!("it is {} and cannot be {to}", shift.state.as_str()))
}

/// What a drawer holds of takings: taken in, less handed over, plus (or less) what counts found
/// over (or short) and persons signed off. The float is not among it: it is no fee.
pub fn balance(taken: Dong, handed_over: Dong, signed_off: Dong) -> Result<Dong> {
    taken.checked_sub(handed_over)?.checked_add(signed_off)
}

/// Gives what the bank credited for a slip to the drawers it was filled from, in their order:
/// (shift, day, amount).
pub fn spread(
    parts: &[(ShiftId, Dong)],
    credits: &[(BusinessDay, Dong)],
) -> Result<Vec<(ShiftId, BusinessDay, Dong)>> {
    let mut given = Vec::new();
    let mut waiting = parts.iter().copied();
    let mut open = waiting.next();
    for (on, amount) in credits {
        let mut rest = *amount;
        while let Some((shift, left)) = open.filter(|_| rest.is_positive()) {
            let part = left.min(rest);
            given.push((shift, *on, part));
            rest = rest.checked_sub(part)?;
            let left = left.checked_sub(part)?;
            open = if left.is_positive() { Some((shift, left)) } else { waiting.next() };
        }
    }
    Ok(given)
}

/// Which takings of a drawer are in the bank, or are answered for by a person, and since when: the
/// oldest takings are shown by the oldest money. One is shown when all of it is.
pub fn shown(
    takings: &[(PaymentId, Dong)],
    covers: &[(BusinessDay, AccountId, Dong)],
) -> Result<BTreeMap<PaymentId, (BusinessDay, AccountId)>> {
    let mut covers = covers.to_vec();
    covers.sort_unstable();
    let mut takings = takings.to_vec();
    takings.sort_unstable();
    let mut found = BTreeMap::new();
    let (mut taken, mut covered) = (Dong::ZERO, Dong::ZERO);
    let mut next = covers.into_iter();
    let mut last = None;
    for (payment, amount) in takings {
        taken = taken.checked_add(amount)?;
        while covered < taken {
            let Some((on, account, amount)) = next.next() else { return Ok(found) };
            covered = covered.checked_add(amount)?;
            last = Some((on, account));
        }
        if let Some(place) = last {
            found.insert(payment, place);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::UnitId;

    fn day(text: &str) -> BusinessDay {
        text.parse().unwrap()
    }

    fn shift(state: State) -> Shift {
        Shift {
            unit: UnitId(2),
            id: ShiftId(1),
            person: PersonId(1),
            opened_on: day("2026-11-23"),
            opened_at: crate::clock::Instant(0),
            state,
            revision: 1,
        }
    }

    #[test]
    fn a_difference_takes_a_person_who_neither_had_nor_counted_the_drawer() {
        let counted = shift(State::Counted);
        let code = |counter, checker| {
            check_sign_off(&counted, PersonId(counter), PersonId(checker)).err().map(|error| error.code())
        };
        assert_eq!(code(1, 2), None);
        assert_eq!(code(1, 1), Some("maker_is_checker"));
        assert_eq!(code(3, 3), Some("maker_is_checker"));
        for state in [State::InUse, State::Open, State::Closed] {
            let fault = check_sign_off(&shift(state), PersonId(1), PersonId(2)).unwrap_err();
            assert_eq!(fault.code(), "shift_state_wrong");
        }
        assert_eq!(check_count(&counted).unwrap_err().code(), "shift_state_wrong");
        assert!(check_count(&shift(State::Open)).is_ok(), "one that an earlier program left");
    }

    #[test]
    fn the_oldest_takings_are_shown_by_the_oldest_deposits_and_only_whole() {
        let takings = [(PaymentId(1), Dong(25)), (PaymentId(2), Dong(10)), (PaymentId(3), Dong(40))];
        let covers = [
            (day("2026-11-25"), AccountId(1), Dong(20)),
            (day("2026-11-24"), AccountId(1), Dong(30)),
            (day("2026-11-27"), AccountId(2), Dong(24)),
        ];
        let found = shown(&takings, &covers).unwrap();
        assert_eq!(found[&PaymentId(1)], (day("2026-11-24"), AccountId(1)));
        assert_eq!(found[&PaymentId(2)], (day("2026-11-25"), AccountId(1)));
        assert!(!found.contains_key(&PaymentId(3)), "one đồng of it is not there");
        assert!(shown(&takings, &[]).unwrap().is_empty());
    }

    #[test]
    fn what_a_slip_brought_fills_its_drawers_in_their_order() {
        let parts = [(ShiftId(1), Dong(30)), (ShiftId(2), Dong(20))];
        let credits = [(day("2026-11-24"), Dong(40)), (day("2026-11-26"), Dong(10))];
        assert_eq!(
            spread(&parts, &credits).unwrap(),
            [
                (ShiftId(1), day("2026-11-24"), Dong(30)),
                (ShiftId(2), day("2026-11-24"), Dong(10)),
                (ShiftId(2), day("2026-11-26"), Dong(10)),
            ]
        );
    }
}
