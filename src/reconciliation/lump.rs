//! Lump sums without a report: which of a gateway's open claims a credit pays out together.
//!
//! Pure. Each claim counts with what the gateway pays of it. A choice is taken only when it is proven
//! to be the only one that adds up; claims that count the same cannot be told apart, so that taking
//! some of them and not others is never the only choice. The search is bounded: when it is not over
//! within its steps, nothing is decided.

use std::collections::HashMap;

use crate::amount::Dong;

/// Steps of one search; some ten milliseconds.
pub const STEPS_LIMIT: u64 = 200_000;

/// Claims of more different amounts than this are not searched, but for all of them together.
const CLASSES_LIMIT: usize = 512;

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// No choice adds up.
    None,
    /// Exactly one does: the places of its claims, ascending.
    Unique(Vec<usize>),
    /// More than one does.
    Ambiguous,
    /// The steps were used up before the answer was certain.
    Undecided,
}

/// Searches the choices of `amounts` that add up to `target`, in at most `steps_limit` steps.
///
/// Amounts of zero or less are never chosen.
pub fn search(amounts: &[Dong], target: Dong, steps_limit: u64) -> Answer {
    if !target.is_positive() {
        return Answer::None;
    }
    let mut search = Search::of(amounts, steps_limit);
    if search.classes.len() > CLASSES_LIMIT && target.0 < search.rest.first().copied().unwrap_or_default() {
        return Answer::Undecided;
    }
    let Some(ways) = search.ways(0, target.0) else { return Answer::Undecided };
    match ways {
        0 => Answer::None,
        1 => search.only_choice(amounts, target.0),
        _ => Answer::Ambiguous,
    }
}

/// More ways than one are all the same.
const MANY: u8 = 2;

struct Search {
    /// Amounts that differ, largest first, each with how many claims have it.
    classes: Vec<(i64, i64)>,
    /// The sum of this class and all after it.
    rest: Vec<i64>,
    known: HashMap<(usize, i64), u8>,
    steps_left: u64,
}

impl Search {
    fn of(amounts: &[Dong], steps_limit: u64) -> Search {
        let mut sorted: Vec<i64> =
            amounts.iter().map(|amount| amount.0).filter(|amount| *amount > 0).collect();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        let classes: Vec<(i64, i64)> = sorted
            .chunk_by(|a, b| a == b)
            .filter_map(|group| Some((*group.first()?, i64::try_from(group.len()).ok()?)))
            .collect();
        let mut rest: Vec<i64> = Vec::with_capacity(classes.len() + 1);
        let mut sum = 0_i64;
        rest.push(0);
        for (amount, count) in classes.iter().rev() {
            sum = sum.saturating_add(amount.saturating_mul(*count));
            rest.push(sum);
        }
        rest.reverse();
        Search { classes, rest, known: HashMap::new(), steps_left: steps_limit }
    }

    /// In how many ways, up to `MANY`, the classes from `index` on give `left`. None: out of steps.
    fn ways(&mut self, index: usize, left: i64) -> Option<u8> {
        if left == 0 {
            return Some(1);
        }
        let Some(&(amount, count)) = self.classes.get(index) else { return Some(0) };
        let rest = self.rest.get(index).copied().unwrap_or_default();
        if left >= rest {
            return Some(u8::from(left == rest));
        }
        if let Some(known) = self.known.get(&(index, left)) {
            return Some(*known);
        }
        let mut ways = 0_u8;
        for taken in 0..=count.min(left / amount) {
            self.steps_left = self.steps_left.checked_sub(1)?;
            let further = self.ways(index + 1, left - amount * taken)?;
            // Some of several that are alike may be any of them.
            let alike = if taken > 0 && taken < count { MANY } else { 1 };
            ways = ways.saturating_add(further.saturating_mul(alike)).min(MANY);
            if ways == MANY {
                break;
            }
        }
        self.known.insert((index, left), ways);
        Some(ways)
    }

    /// The choice that `ways` has proven to be the only one: each class wholly or not at all.
    fn only_choice(&mut self, amounts: &[Dong], target: i64) -> Answer {
        let mut left = target;
        let mut taken = Vec::new();
        for index in 0..self.classes.len() {
            let Some(&(amount, count)) = self.classes.get(index) else { break };
            let all = amount.saturating_mul(count);
            // Only one of both leads on.
            let without = if left == 0 { Some(1) } else { self.ways(index + 1, left) };
            match without {
                Some(0) if all <= left => {
                    left -= all;
                    taken.push(amount);
                }
                Some(_) => {}
                None => return Answer::Undecided,
            }
        }
        let is_taken = |amount: &Dong| amount.0 > 0 && taken.contains(&amount.0);
        let places =
            amounts.iter().enumerate().filter(|(_, amount)| is_taken(amount)).map(|(place, _)| place);
        Answer::Unique(places.collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cases::cases;

    fn dong(amounts: &[i64]) -> Vec<Dong> {
        amounts.iter().copied().map(Dong).collect()
    }

    fn found(amounts: &[i64], target: i64) -> Answer {
        search(&dong(amounts), Dong(target), STEPS_LIMIT)
    }

    #[test]
    fn the_only_choice_is_found_and_two_are_none() {
        assert_eq!(found(&[8_000, 25_000, 15_000], 33_000), Answer::Unique(vec![0, 1]));
        assert_eq!(found(&[8_000, 25_000, 15_000], 48_000), Answer::Unique(vec![0, 1, 2]), "all of them");
        assert_eq!(found(&[10, 20, 30], 30), Answer::Ambiguous, "30, or 10 and 20");
        assert_eq!(found(&[10, 20, 30], 35), Answer::None);
        assert_eq!(found(&[], 35), Answer::None);
        assert_eq!(found(&[10], 0), Answer::None);
        assert_eq!(found(&[10], -10), Answer::None);
    }

    #[test]
    fn claims_that_count_the_same_are_taken_together_or_not_at_all() {
        assert_eq!(found(&[25, 25, 25], 75), Answer::Unique(vec![0, 1, 2]));
        assert_eq!(found(&[25, 25, 25], 50), Answer::Ambiguous, "which two?");
        assert_eq!(found(&[25, 7, 25], 57), Answer::Unique(vec![0, 1, 2]));
        assert_eq!(found(&[25, 7, 25], 50), Answer::Unique(vec![0, 2]));
        assert_eq!(found(&[25, 7, 25], 32), Answer::Ambiguous);
    }

    #[test]
    fn a_search_that_is_not_over_decides_nothing() {
        let amounts: Vec<i64> = (0..60).map(|n| 1_000_003 + n * n * 7_919).collect();
        assert_eq!(search(&dong(&amounts), Dong(31_000_000), 1_000), Answer::Undecided);
        let all: i64 = amounts.iter().sum();
        assert_eq!(search(&dong(&amounts), Dong(all), 1_000), Answer::Unique((0..60).collect()), "no search");
    }

    /// Every choice, one by one.
    fn by_force(amounts: &[i64], target: i64) -> Answer {
        let mut choices = Vec::new();
        for choice in 1_u32..1 << amounts.len() {
            let is_taken = |place: usize| choice >> place & 1 == 1;
            let (mut sum, mut is_allowed) = (0, true);
            for (place, amount) in amounts.iter().enumerate() {
                if is_taken(place) {
                    sum += amount;
                    is_allowed &= *amount > 0;
                }
            }
            if is_allowed && sum == target {
                choices.push((0..amounts.len()).filter(|place| is_taken(*place)).collect::<Vec<_>>());
            }
        }
        match choices.len() {
            0 => Answer::None,
            1 => Answer::Unique(choices.remove(0)),
            _ => Answer::Ambiguous,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: cases(), ..ProptestConfig::default() })]

        #[test]
        fn the_answer_is_that_of_trying_every_choice(
            amounts in prop::collection::vec(0_i64..=12, 0..=8),
            wide in prop::collection::vec(1_i64..=1_000, 0..=8),
            target in 1_i64..=60,
            pick in any::<u32>(),
        ) {
            prop_assert_eq!(found(&amounts, target), by_force(&amounts, target));
            // A target that some choice certainly gives.
            let picked = wide.iter().enumerate().filter(|(place, _)| pick >> place & 1 == 1);
            let sum: i64 = picked.map(|(_, amount)| *amount).sum();
            if sum > 0 {
                prop_assert_eq!(found(&wide, sum), by_force(&wide, sum));
            }
        }

        #[test]
        fn fewer_steps_never_change_an_answer_that_is_given(
            amounts in prop::collection::vec(1_i64..=40, 0..=14),
            target in 1_i64..=200,
            steps in 0_u64..=60,
        ) {
            let short = search(&dong(&amounts), Dong(target), steps);
            prop_assert!(short == Answer::Undecided || short == found(&amounts, target));
        }
    }
}
