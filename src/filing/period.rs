//! Quarters, and by when their reports are due.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::receipt::profile;

/// A quarter of a calendar year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Quarter {
    pub year: i32,
    /// 1 to 4
    pub quarter: u32,
}

impl Quarter {
    pub fn of(day: BusinessDay) -> Quarter {
        Quarter { year: day.year(), quarter: day.0.month0() / 3 + 1 }
    }

    pub fn first_day(self) -> BusinessDay {
        first_of_month(self.year, self.quarter * 3 - 2)
    }

    pub fn last_day(self) -> BusinessDay {
        self.next().first_day().plus_days(-1)
    }

    pub fn next(self) -> Quarter {
        match self.quarter {
            4 => Quarter { year: self.year + 1, quarter: 1 },
            quarter => Quarter { year: self.year, quarter: quarter + 1 },
        }
    }

    pub fn previous(self) -> Quarter {
        Quarter::of(self.first_day().plus_days(-1))
    }

    /// The last day of the first month of the next quarter (Decree 123/2020/NĐ-CP art. 38).
    pub fn report_due_on(self) -> BusinessDay {
        let next = self.next();
        first_of_month(next.year, next.quarter * 3 - 1).plus_days(-1)
    }

    /// `q/YYYY`, as the forms have it.
    pub fn form_text(self) -> String {
        format!("{}/{}", self.quarter, self.year)
    }
}

fn first_of_month(year: i32, month: u32) -> BusinessDay {
    BusinessDay(NaiveDate::from_ymd_opt(year, month, 1).unwrap_or(NaiveDate::MIN))
}

/// `2026-Q3`
impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-Q{}", self.year, self.quarter)
    }
}

/// The last year that is read: what lies behind it is mistyped.
const LAST_YEAR: i32 = 2100;

/// The quarter in which the first legal profile begins: nothing was issued electronically before.
fn first() -> Quarter {
    Quarter::of(profile::for_day(BusinessDay(NaiveDate::MIN)).valid_from)
}

/// # Errors
/// `quarter_unreadable`, `quarter_before_receipts`.
impl FromStr for Quarter {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text.trim().split_once("-Q").or_else(|| text.trim().split_once("-q"));
        let read = parts.and_then(|(year, quarter)| {
            let read = Quarter { year: year.parse().ok()?, quarter: quarter.parse().ok()? };
            ((1..=4).contains(&read.quarter) && (1..=LAST_YEAR).contains(&read.year)).then_some(read)
        });
        let read = read
            .ok_or_else(|| Error::invalid("quarter", "quarter_unreadable", "expected YYYY-Q1 to YYYY-Q4"))?;
        if read < first() {
            let detail = format!("expected {} or later", first());
            return Err(Error::invalid("quarter", "quarter_before_receipts", detail));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_due_on_the_last_day_of_the_first_month_after_its_quarter() {
        let due = |text: &str| text.parse::<Quarter>().unwrap().report_due_on().to_string();
        assert_eq!(due("2026-Q1"), "2026-04-30");
        assert_eq!(due("2026-Q3"), "2026-10-31");
        assert_eq!(due("2026-Q4"), "2027-01-31");
    }

    #[test]
    fn quarters_follow_each_other_over_the_year() {
        let last: Quarter = "2026-Q4".parse().unwrap();
        assert_eq!(last.next().to_string(), "2027-Q1");
        assert_eq!(last.next().previous(), last);
        assert_eq!(
            (last.first_day().to_string(), last.last_day().to_string()),
            ("2026-10-01".into(), "2026-12-31".into())
        );
        assert_eq!(Quarter::of("2026-02-28".parse().unwrap()).form_text(), "1/2026");
        for wrong in ["2026", "2026-Q5", "2026-Q0", "x-Q1", "2101-Q1", "-1-Q1"] {
            assert_eq!(wrong.parse::<Quarter>().unwrap_err().code(), "quarter_unreadable", "{wrong}");
        }
        for early in ["1999-Q1", "2019-Q1", "2022-Q2"] {
            assert_eq!(early.parse::<Quarter>().unwrap_err().code(), "quarter_before_receipts", "{early}");
        }
        assert_eq!("2022-Q3".parse::<Quarter>().unwrap(), first());
    }
}
