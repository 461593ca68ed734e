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

/// A drawer gives no more than it holds.
///
/// # Errors
/// `deposit_beyond_drawer`.
pub fn check_handed_over(amount: Dong, held: Dong) -> Result<()> {
    if amount > held {
        return Err(Error::conflict("deposit_beyond_drawer", format!("the drawer holds {held}")));
    }
    Ok(())
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
    use proptest::prelude::*;

    use super::*;
    use crate::cases::cases;
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

    /// Each đồng of the credits goes to the first drawer of which one is still waited for.
    fn spread_by_force(parts: &[i64], credits: &[i64]) -> Vec<(usize, usize, i64)> {
        let each = |amounts: &[i64]| -> Vec<usize> {
            let places = amounts.iter().enumerate();
            places.flat_map(|(place, amount)| std::iter::repeat_n(place, *amount as usize)).collect()
        };
        let mut given: Vec<(usize, usize, i64)> = Vec::new();
        for (part, credit) in each(parts).into_iter().zip(each(credits)) {
            match given.last_mut().filter(|last| (last.0, last.1) == (part, credit)) {
                Some(last) => last.2 += 1,
                None => given.push((part, credit, 1)),
            }
        }
        given
    }

    /// A taking is shown by the first credit with which all credits so far are as much as all takings so far.
    fn shown_by_force(
        takings: &[(PaymentId, Dong)],
        covers: &[(BusinessDay, AccountId, Dong)],
    ) -> BTreeMap<PaymentId, (BusinessDay, AccountId)> {
        let mut found = BTreeMap::new();
        for (payment, _) in takings {
            let until = takings.iter().filter(|(other, _)| other <= payment);
            let wanted: i64 = until.map(|(_, amount)| amount.0).sum();
            let mut days: Vec<_> = covers.to_vec();
            days.sort_unstable();
            let is_enough = |count: &usize| days[..*count].iter().map(|one| one.2.0).sum::<i64>() >= wanted;
            if let Some(count) = (1..=days.len()).find(is_enough) {
                found.insert(*payment, (days[count - 1].0, days[count - 1].1));
            }
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: cases(), ..ProptestConfig::default() })]

        #[test]
        fn what_credits_fill_is_what_each_dong_fills(
            parts in prop::collection::vec(1_i64..=9, 0..=6),
            credits in prop::collection::vec(1_i64..=12, 0..=6),
        ) {
            let first = day("2026-11-23");
            let shifts: Vec<_> =
                parts.iter().enumerate().map(|(at, amount)| (ShiftId(at as i64), Dong(*amount))).collect();
            let days: Vec<_> = credits
                .iter()
                .enumerate()
                .map(|(at, amount)| (first.plus_days(at as i64), Dong(*amount)))
                .collect();
            let expected: Vec<_> = spread_by_force(&parts, &credits)
                .into_iter()
                .map(|(part, credit, amount)| (shifts[part].0, days[credit].0, Dong(amount)))
                .collect();
            prop_assert_eq!(spread(&shifts, &days).unwrap(), expected);
        }

        #[test]
        fn what_deposits_show_is_what_adding_up_from_the_start_shows(
            takings in prop::collection::btree_map(1_i64..=20, 1_i64..=9, 0..=8),
            covers in prop::collection::vec((0_i64..=4, 1_i64..=2, 1_i64..=15), 0..=8),
            is_backwards in any::<bool>(),
        ) {
            let first = day("2026-11-23");
            let mut takings: Vec<_> =
                takings.into_iter().map(|(id, amount)| (PaymentId(id), Dong(amount))).collect();
            if is_backwards {
                takings.reverse();
            }
            let covers: Vec<_> = covers
                .into_iter()
                .map(|(on, account, amount)| (first.plus_days(on), AccountId(account), Dong(amount)))
                .collect();
            prop_assert_eq!(shown(&takings, &covers).unwrap(), shown_by_force(&takings, &covers));
        }
    }
}
