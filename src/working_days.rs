//! Working days: the only measure of distance between a claim and its statement line.

use std::sync::OnceLock;

use chrono::{Datelike, Weekday};

use crate::clock::BusinessDay;

/// Which days banks work: weekdays, less holidays, plus days worked in exchange for a holiday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkingDays {
    /// Working days among the first `n` days of a week that begins on Monday.
    until_weekday: [i64; 8],
    /// Holidays that fall on a weekday, sorted.
    holidays: Vec<BusinessDay>,
    /// Weekend days that are worked all the same, sorted.
    worked: Vec<BusinessDay>,
    /// Working days that a payer has for the rest of a part.
    partial_patience: u32,
}

/// What a payer has for the rest of a part where nothing else is set.
const PARTIAL_PATIENCE: u32 = 10;

impl Default for WorkingDays {
    /// Saturday and Sunday off, no holidays.
    fn default() -> Self {
        WorkingDays::new(&[Weekday::Sat, Weekday::Sun], &[], &[])
    }
}

impl WorkingDays {
    /// `worked` are days of the weekend that are worked, as decreed around Tết.
    pub fn new(weekend: &[Weekday], holidays: &[BusinessDay], worked: &[BusinessDay]) -> Self {
        let mut until_weekday = [0_i64; 8];
        let week = [
            Weekday::Mon,
            Weekday::Tue,
            Weekday::Wed,
            Weekday::Thu,
            Weekday::Fri,
            Weekday::Sat,
            Weekday::Sun,
        ];
        let mut count = 0;
        for (slot, day) in until_weekday.iter_mut().skip(1).zip(week) {
            count += i64::from(!weekend.contains(&day));
            *slot = count;
        }
        let on = |off: bool, days: &[BusinessDay]| {
            let mut chosen: Vec<BusinessDay> =
                days.iter().copied().filter(|day| weekend.contains(&day.0.weekday()) == off).collect();
            chosen.sort_unstable();
            chosen.dedup();
            chosen
        };
        WorkingDays {
            until_weekday,
            holidays: on(false, holidays),
            worked: on(true, worked),
            partial_patience: PARTIAL_PATIENCE,
        }
    }

    /// The same with another patience for the rest of a part.
    pub fn patient(self, partial_patience: u32) -> WorkingDays {
        WorkingDays { partial_patience, ..self }
    }

    /// Working days that a payer has for the rest of a part, until an officer decides about it.
    pub fn partial_patience(&self) -> u32 {
        self.partial_patience
    }

    /// The number of working days from a fixed far day up to and including `day`.
    pub fn index(&self, day: BusinessDay) -> i64 {
        // Day 1 of the common era was a Monday.
        let days = i64::from(day.0.num_days_from_ce());
        let in_week = self.until_weekday[days.rem_euclid(7) as usize];
        let up_to = |list: &[BusinessDay]| list.partition_point(|listed| *listed <= day) as i64;
        days.div_euclid(7) * self.until_weekday[7] + in_week - up_to(&self.holidays) + up_to(&self.worked)
    }

    pub fn is_working(&self, day: BusinessDay) -> bool {
        day.0.pred_opt().is_some_and(|before| self.index(day) > self.index(BusinessDay(before)))
    }

    /// Working days from one day to the other, whichever is earlier. Friday to Monday is one.
    pub fn distance(&self, one: BusinessDay, other: BusinessDay) -> u32 {
        u32::try_from(self.index(one).abs_diff(self.index(other))).unwrap_or(u32::MAX)
    }

    /// The day `count` working days after `day`; the due date of something raised on `day`.
    pub fn after(&self, day: BusinessDay, count: u32) -> BusinessDay {
        let goal = self.index(day).saturating_add(i64::from(count));
        // A calendar without working days must not search for ever.
        let limit = u64::from(count).saturating_mul(14).saturating_add(400);
        let days = day.0.iter_days().take(usize::try_from(limit).unwrap_or(usize::MAX)).map(BusinessDay);
        days.filter(|later| *later >= day).find(|later| self.index(*later) >= goal).unwrap_or(day)
    }
}

/// The working days as they are known now. They are learned some times a year: what was known before is kept, and
/// whoever counts by it counts by it to the end.
#[derive(Debug)]
pub struct Calendar {
    days: WorkingDays,
    later: OnceLock<Box<Calendar>>,
}

impl Calendar {
    pub fn new(days: WorkingDays) -> Self {
        Calendar { days, later: OnceLock::new() }
    }

    fn last(&self) -> &Calendar {
        let mut last = self;
        while let Some(later) = last.later.get() {
            last = later;
        }
        last
    }

    pub fn newest(&self) -> &WorkingDays {
        &self.last().days
    }

    /// Counts by these days from now on. The same again changes nothing.
    pub fn learn(&self, days: WorkingDays) {
        if *self.newest() == days {
            return;
        }
        let mut newer = Box::new(Calendar::new(days));
        // Whoever was faster comes before.
        while let Err(refused) = self.last().later.set(newer) {
            newer = refused;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> BusinessDay {
        text.parse().unwrap()
    }

    #[test]
    fn friday_evening_is_one_working_day_from_monday() {
        let calendar = WorkingDays::default();
        assert_eq!(calendar.distance(day("2026-11-20"), day("2026-11-23")), 1);
        assert_eq!(calendar.distance(day("2026-11-23"), day("2026-11-20")), 1);
        assert_eq!(calendar.distance(day("2026-11-21"), day("2026-11-22")), 0);
        assert!(!calendar.is_working(day("2026-11-22")));
        assert!(calendar.is_working(day("2026-11-23")));
    }

    #[test]
    fn a_holiday_does_not_count_and_a_day_worked_in_exchange_does() {
        let calendar = WorkingDays::new(
            &[Weekday::Sat, Weekday::Sun],
            &[day("2026-09-02"), day("2026-09-05")],
            &[day("2026-08-29"), day("2026-08-31")],
        );
        assert_eq!(calendar.distance(day("2026-09-01"), day("2026-09-03")), 1);
        assert!(!calendar.is_working(day("2026-09-02")));
        assert!(calendar.is_working(day("2026-08-29")), "a Saturday worked in exchange");
        assert!(!calendar.is_working(day("2026-09-05")), "a holiday on a Saturday takes nothing away");
        assert_eq!(calendar.distance(day("2026-09-04"), day("2026-09-07")), 1);
    }

    #[test]
    fn the_index_counts_exactly_the_working_days() {
        let calendar = WorkingDays::new(&[Weekday::Sun], &[day("2026-01-01")], &[]);
        let mut counted = calendar.index(day("2025-12-20"));
        for offset in 1..60 {
            let today = day("2025-12-20").plus_days(offset);
            counted += i64::from(calendar.is_working(today));
            assert_eq!(calendar.index(today), counted, "{today}");
        }
    }

    #[test]
    fn a_due_date_skips_the_weekend() {
        let calendar = WorkingDays::default();
        assert_eq!(calendar.after(day("2026-11-20"), 1), day("2026-11-23"));
        assert_eq!(calendar.after(day("2026-11-21"), 0), day("2026-11-21"));
        assert_eq!(calendar.after(day("2026-11-18"), 10), day("2026-12-02"));
    }

    #[test]
    fn what_is_learned_counts_for_who_asks_next() {
        let calendar = Calendar::new(WorkingDays::default());
        let before = calendar.newest();
        let tet = |days: &[BusinessDay]| WorkingDays::new(&[Weekday::Sat, Weekday::Sun], days, &[]);
        calendar.learn(WorkingDays::default());
        assert!(std::ptr::eq(before, calendar.newest()), "nothing new was said");
        calendar.learn(tet(&[day("2027-02-08")]));
        calendar.learn(tet(&[day("2027-02-08"), day("2027-02-09")]));
        assert_eq!(calendar.newest().after(day("2027-02-05"), 1), day("2027-02-10"));
        assert_eq!(before.after(day("2027-02-05"), 1), day("2027-02-08"), "who began goes on as they began");
        calendar.learn(tet(&[]));
        assert_eq!(calendar.newest().after(day("2027-02-05"), 1), day("2027-02-08"), "a day taken back");
    }

    #[test]
    fn a_calendar_without_working_days_ends_its_search() {
        let all = [
            Weekday::Mon,
            Weekday::Tue,
            Weekday::Wed,
            Weekday::Thu,
            Weekday::Fri,
            Weekday::Sat,
            Weekday::Sun,
        ];
        let calendar = WorkingDays::new(&all, &[], &[]);
        assert_eq!(calendar.after(day("2026-11-20"), 3), day("2026-11-20"));
        assert_eq!(calendar.distance(day("2026-01-01"), day("2026-12-31")), 0);
    }
}
