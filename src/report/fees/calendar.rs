//! When figures are due: data with its source and mark of certainty.

use serde::{Deserialize, Serialize};

use super::Span;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::working_days::WorkingDays;

const SHIPPED: &str = include_str!("../../../charts/fee-calendar.toml");

/// Days before the last one in which somebody is reminded.
const SOON_DAYS: i64 = 7;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    valid_from: chrono::NaiveDate,
    month_due_day: u32,
    month_source: String,
    month_certainty: String,
    /// MM-DD of the year after.
    year_due: String,
    year_source: String,
    year_certainty: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    rule: Vec<Rule>,
}

/// How soon somebody must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    Open,
    Soon,
    Overdue,
}

impl Urgency {
    /// Vietnamese, English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Urgency::Open => ("trong hạn", "in time"),
            Urgency::Soon => ("sắp đến hạn", "due soon"),
            Urgency::Overdue => ("quá hạn", "overdue"),
        }
    }
}

/// Figures to be handed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Due {
    /// `month` or `year`.
    pub kind: &'static str,
    pub period: String,
    pub due_on: BusinessDay,
    pub days_left: i64,
    pub urgency: Urgency,
    /// The rule, and how sure we are of it.
    pub source: String,
    pub certainty: String,
}

impl Calendar {
    /// The one that comes with the program.
    ///
    /// # Errors
    /// `fee_calendar_unreadable`; a test reads it.
    pub fn shipped() -> Result<Calendar> {
        Calendar::parse(SHIPPED)
    }

    /// # Errors
    /// `fee_calendar_unreadable`.
    pub fn parse(text: &str) -> Result<Calendar> {
        let unreadable = |detail: String| Error::invalid("calendar", "fee_calendar_unreadable", detail);
        let calendar: Calendar = toml::from_str(text).map_err(|error| unreadable(error.to_string()))?;
        let is_good = |rule: &Rule| {
            (1..=28).contains(&rule.month_due_day)
                && format!("2027-{}", rule.year_due).parse::<BusinessDay>().is_ok()
        };
        if calendar.rule.iter().all(is_good) && !calendar.rule.is_empty() {
            return Ok(calendar);
        }
        Err(unreadable("a day of the month from 1 to 28, a day of the year as MM-DD".into()))
    }

    /// What of the last two years is due and was not handed in, the oldest first. `first`: the unit's
    /// first day.
    pub fn due(
        &self,
        calendar: &WorkingDays,
        today: BusinessDay,
        first: BusinessDay,
        filed: &[(String, String)],
    ) -> Result<Vec<Due>> {
        let mut found = Vec::new();
        let mut spans: Vec<Span> = Vec::new();
        let mut month = first_of_month(first);
        while month <= today {
            spans.push(Span::Month(month));
            month = first_of_month(month.plus_days(31));
        }
        spans.extend((first.year()..=today.year()).map(Span::Year));
        for span in spans {
            let last = span.period()?.until;
            let is_filed =
                filed.iter().any(|(kind, period)| kind == span.kind() && *period == span.to_string());
            let Some(rule) = self.rule.iter().rfind(|rule| rule.valid_from <= last.0) else { continue };
            if last >= today || is_filed {
                continue;
            }
            let due_on = due_on(calendar, rule, span)?;
            let days_left = (due_on.0 - today.0).num_days();
            let urgency = match days_left {
                ..0 => Urgency::Overdue,
                0..=SOON_DAYS => Urgency::Soon,
                _ => Urgency::Open,
            };
            let (source, certainty) = match span {
                Span::Month(_) => (&rule.month_source, &rule.month_certainty),
                Span::Year(_) => (&rule.year_source, &rule.year_certainty),
            };
            found.push(Due {
                kind: span.kind(),
                period: span.to_string(),
                due_on,
                days_left,
                urgency,
                source: source.clone(),
                certainty: certainty.clone(),
            });
        }
        found.sort_by(|one, other| (one.due_on, &one.period).cmp(&(other.due_on, &other.period)));
        Ok(found)
    }
}

/// The last day; one that nobody works on moves to the next working day.
fn due_on(calendar: &WorkingDays, rule: &Rule, span: Span) -> Result<BusinessDay> {
    let day: BusinessDay = match span {
        Span::Month(first) => {
            let after = first_of_month(first.plus_days(31));
            after.plus_days(i64::from(rule.month_due_day) - 1)
        }
        Span::Year(year) => format!("{:04}-{}", year + 1, rule.year_due).parse()?,
    };
    Ok(if calendar.is_working(day) { day } else { calendar.after(day, 1) })
}

fn first_of_month(day: BusinessDay) -> BusinessDay {
    use chrono::Datelike;
    BusinessDay(day.0.with_day(1).unwrap_or(day.0))
}
