//! How an account stands on a day. Pure.
//!
//! A bank's statement of a working day must be there on the next one, and the day be closed by the
//! one after that. Both spans are ours [P]: no regulation that we know sets them.

use serde::Serialize;

use crate::clock::BusinessDay;
use crate::working_days::WorkingDays;

/// Working days until the statement of a day must be there.
const STATEMENT_WITHIN: u32 = 1;
/// Working days after which a day that is open is late.
const CLOSED_WITHIN: u32 = 2;

/// The worst that can be said of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    UpToDate,
    /// Days wait to be closed and there is time.
    Open,
    NoStatement,
    /// A day should have been closed.
    Late,
}

impl Standing {
    /// Vietnamese, English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Standing::UpToDate => ("đã khóa đủ", "up to date"),
            Standing::Open => ("còn ngày mở", "open"),
            Standing::NoStatement => ("chưa có sao kê", "no statement"),
            Standing::Late => ("khóa trễ", "late"),
        }
    }
}

/// What the dates of an account come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    pub standing: Standing,
    pub has_statement: bool,
    /// Days that are over and not closed.
    pub open_days: i64,
    /// Those of them whose time is over too.
    pub late_days: i64,
    /// The last day whose statement must be there today.
    pub statement_due: BusinessDay,
}

/// `first_open`: the day after the last closed one. `statement_until`: the last day that a statement
/// shows. `last`: the account's last day, when it is closed for good.
pub fn judge(
    calendar: &WorkingDays,
    today: BusinessDay,
    (first_open, last): (BusinessDay, Option<BusinessDay>),
    statement_until: Option<BusinessDay>,
) -> Judged {
    let end = |day: BusinessDay| last.map_or(day, |last| day.min(last));
    let statement_due = latest_due(calendar, today, STATEMENT_WITHIN);
    let close_due = latest_due(calendar, today, CLOSED_WITHIN);
    let count = |until: BusinessDay| (until.0 - first_open.0).num_days().saturating_add(1).max(0);
    let (open_days, late_days) = (count(end(today.plus_days(-1))), count(end(close_due)));
    let needed = end(statement_due);
    let has_statement = first_open > needed || statement_until.is_some_and(|until| until >= needed);
    let standing = if late_days > 0 {
        Standing::Late
    } else if !has_statement {
        Standing::NoStatement
    } else if open_days > 0 {
        Standing::Open
    } else {
        Standing::UpToDate
    };
    Judged { standing, has_statement, open_days, late_days, statement_due }
}

/// The last working day that is `within` working days back or longer.
fn latest_due(calendar: &WorkingDays, today: BusinessDay, within: u32) -> BusinessDay {
    let is_due = |day: &BusinessDay| {
        calendar.is_working(*day) && calendar.after(*day, within) <= today && *day < today
    };
    (1..60).map(|back| today.plus_days(-back)).find(is_due).unwrap_or(today.plus_days(-60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> BusinessDay {
        text.parse().unwrap()
    }

    fn judged(today: &str, first_open: &str, statement: Option<&str>) -> Judged {
        judge(&WorkingDays::default(), day(today), (day(first_open), None), statement.map(day))
    }

    #[test]
    fn fridays_statement_is_due_on_monday_and_the_weekend_is_not_late_before_tuesday() {
        // 27 November 2026 is a Friday.
        let monday = judged("2026-11-30", "2026-11-27", Some("2026-11-26"));
        assert_eq!((monday.standing, monday.has_statement), (Standing::NoStatement, false));
        assert_eq!(monday.open_days, 3, "Friday, Saturday, Sunday");
        let saturday = judged("2026-11-28", "2026-11-27", Some("2026-11-26"));
        assert_eq!((saturday.standing, saturday.late_days), (Standing::Open, 0), "the bank has until Monday");
        let tuesday = judged("2026-12-01", "2026-11-27", Some("2026-11-30"));
        assert_eq!((tuesday.standing, tuesday.late_days), (Standing::Late, 1));
    }

    #[test]
    fn an_account_that_is_closed_up_to_yesterday_is_up_to_date() {
        let found = judged("2026-12-02", "2026-12-02", Some("2026-12-01"));
        assert_eq!((found.standing, found.open_days, found.late_days), (Standing::UpToDate, 0, 0));
    }

    #[test]
    fn tet_gives_time() {
        let holidays: Vec<BusinessDay> = (5..=11).map(|at| day(&format!("2027-02-{at:02}"))).collect();
        let calendar = WorkingDays::new(&[chrono::Weekday::Sat, chrono::Weekday::Sun], &holidays, &[]);
        let at =
            |today: &str| judge(&calendar, day(today), (day("2027-02-04"), None), Some(day("2027-02-03")));
        assert_eq!(at("2027-02-11").standing, Standing::Open, "Thursday before Tết, seven days later");
        assert_eq!(at("2027-02-12").standing, Standing::NoStatement);
        assert_eq!(at("2027-02-15").standing, Standing::Late);
    }

    #[test]
    fn an_account_that_ended_owes_nothing_after_its_last_day() {
        let ended = (day("2026-11-27"), Some(day("2026-11-26")));
        let found = judge(&WorkingDays::default(), day("2026-12-10"), ended, Some(day("2026-11-26")));
        assert_eq!(found.standing, Standing::UpToDate);
    }
}
