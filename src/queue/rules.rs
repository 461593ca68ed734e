//! When something has lain too long, and whose name a payer's is. Pure.

use std::collections::BTreeSet;

use crate::clock::{BusinessDay, Instant};
use crate::text;
use crate::working_days::WorkingDays;

/// The ages that were passed, in hours.
pub fn passed(since: Instant, now: Instant, thresholds: &[i64]) -> Vec<i64> {
    let age_s = now.seconds_since(since);
    thresholds.iter().copied().filter(|hours| age_s >= hours.saturating_mul(3_600)).collect()
}

/// Whether so many working days went by since the day something was opened.
pub fn is_for_the_city(
    opened_on: BusinessDay,
    today: BusinessDay,
    after_working_days: u32,
    calendar: &WorkingDays,
) -> bool {
    today > opened_on && calendar.distance(opened_on, today) >= after_working_days
}

/// Whether two names are certainly those of two people: neither has all the words of the other.
/// Banks cut names, drop marks and add titles.
pub fn is_another_person(sender: &str, payer: &str) -> bool {
    let words = |name: &str| -> BTreeSet<String> {
        text::fold(name)
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| word.len() > 1)
            .map(str::to_owned)
            .collect()
    };
    let (sender, payer) = (words(sender), words(payer));
    let is_known = !sender.is_empty() && !payer.is_empty();
    is_known && !sender.is_subset(&payer) && !payer.is_subset(&sender)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> BusinessDay {
        text.parse().unwrap()
    }

    #[test]
    fn each_age_is_passed_at_its_hour() {
        let since: Instant = "2026-11-23T09:00:00+07:00".parse().unwrap();
        let after = |seconds| passed(since, since.plus_seconds(seconds), &[24, 72]);
        assert_eq!(after(24 * 3_600 - 1), Vec::<i64>::new());
        assert_eq!(after(24 * 3_600), [24]);
        assert_eq!(after(100 * 3_600), [24, 72]);
    }

    #[test]
    fn a_weekend_does_not_count_towards_the_city() {
        let calendar = WorkingDays::default();
        let city = |today| is_for_the_city(day("2026-11-23"), day(today), 5, &calendar);
        assert!(!city("2026-11-27"), "four working days");
        assert!(!city("2026-11-29"), "Sunday");
        assert!(city("2026-11-30"), "Monday, the fifth");
    }

    #[test]
    fn a_name_that_was_cut_or_lost_its_marks_is_the_same_person() {
        assert!(!is_another_person("NGUYEN THI THU", "Nguyễn Thị Thử"));
        assert!(!is_another_person("CT NGUYEN THI THU", "Nguyễn Thị Thử"));
        assert!(!is_another_person("NGUYEN THI", "Nguyễn Thị Thử"));
        assert!(is_another_person("TRAN VAN MAU", "Nguyễn Thị Thử"));
        assert!(!is_another_person("", "Nguyễn Thị Thử"), "nobody knows");
    }
}
