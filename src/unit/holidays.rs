//! Days on which banks differ from their week: holidays, and days of a weekend that are worked in exchange. They
//! hold for the whole installation; due dates, and how far a claim is from its statement line, are counted by them.

use chrono::{Datelike, Weekday};
use serde::Serialize;

use super::CITY;
use super::holidays_query::{self as query, HolidayRow};
use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;
use crate::working_days::WorkingDays;

const WEEKEND: [Weekday; 2] = [Weekday::Sat, Weekday::Sun];

/// So many days at once; more are a slip of the pen.
const SPAN_LIMIT: i64 = 31;
/// A name is at most so long.
const NAME_LIMIT: usize = 100;

/// How a day differs from its week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A weekday on which banks are closed.
    Holiday,
    /// A day of the weekend on which they work.
    Worked,
}

impl Kind {
    /// A day on record is not as its week says: that says which kind it is.
    pub fn of(day: BusinessDay) -> Kind {
        if WEEKEND.contains(&day.0.weekday()) { Kind::Worked } else { Kind::Holiday }
    }
}

/// A day on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entered {
    pub day: BusinessDay,
    pub kind: Kind,
    pub name: String,
}

/// The days on record, the earliest first.
pub fn on_record(conn: &mut Conn) -> Result<Vec<Entered>> {
    let found = query::on_record(conn)?;
    Ok(found.into_iter().map(|(day, name)| Entered { day, kind: Kind::of(day), name }).collect())
}

/// The working days of banks as they are known now.
pub fn working_days(conn: &mut Conn) -> Result<WorkingDays> {
    let days: Vec<BusinessDay> = query::on_record(conn)?.into_iter().map(|(day, _)| day).collect();
    Ok(WorkingDays::new(&WEEKEND, &days, &days))
}

/// The days of a span that can be of a kind: of a holiday only its weekdays, which are the ones it takes away.
///
/// # Errors
/// `calendar_span_too_long`, `calendar_days_none`.
fn chosen((from, until): (BusinessDay, BusinessDay), kind: Kind) -> Result<Vec<BusinessDay>> {
    let last = (until.0 - from.0).num_days();
    if last >= SPAN_LIMIT {
        let detail = format!("{from} to {until}: at most {SPAN_LIMIT} days at once");
        return Err(Error::invalid("until", "calendar_span_too_long", detail));
    }
    let days = (0..=last).map(|after| from.plus_days(after));
    let days: Vec<BusinessDay> = days.filter(|day| Kind::of(*day) == kind).collect();
    if days.is_empty() {
        let wanted = match kind {
            Kind::Holiday => "day from Monday to Friday",
            Kind::Worked => "Saturday or Sunday",
        };
        return Err(Error::invalid(
            "day",
            "calendar_days_none",
            format!("no {wanted} from {from} to {until}"),
        ));
    }
    Ok(days)
}

/// Enters days of a kind, and returns those that were not on record. What was counted before stays as it was:
/// due dates that were promised, days that were matched.
///
/// # Errors
/// `role_not_allowed`, `field_missing`, `field_too_long`, `calendar_span_too_long`, `calendar_days_none`.
pub fn enter(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    span: (BusinessDay, BusinessDay),
    (kind, name): (Kind, &str),
) -> Result<Vec<BusinessDay>> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    actor.scope.require(CITY)?;
    let name = text::clean(name);
    if name.is_empty() {
        return Err(Error::invalid("name", "field_missing", "must not be empty"));
    }
    if name.chars().count() > NAME_LIMIT {
        return Err(Error::invalid("name", "field_too_long", format!("at most {NAME_LIMIT} characters")));
    }
    let days = chosen(span, kind)?;
    let entered: Vec<HolidayRow> =
        days.iter().map(|day| HolidayRow { day: *day, name: name.clone() }).collect();
    let is_new = rows::insert_if_absent(tx, &entered, &["day"])?;
    let new: Vec<BusinessDay> =
        days.into_iter().zip(is_new).filter(|(_, is_new)| *is_new).map(|(day, _)| day).collect();
    let acts: Vec<audit::Entry> = new
        .iter()
        .map(|day| audit::Entry::by(actor, CITY, "calendar.day_entered", day).with(name.clone()))
        .collect();
    audit::record(tx, stamp, &acts)?;
    Ok(new)
}

/// Takes a day off the record: it is again as its week says.
///
/// # Errors
/// `role_not_allowed`, `calendar_day_not_found`.
pub fn withdraw(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, day: BusinessDay) -> Result<()> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    actor.scope.require(CITY)?;
    if !query::withdraw(tx, day)? {
        return Err(Error::not_found("calendar_day_not_found", format!("{day} is not on record")));
    }
    audit::record(tx, stamp, &[audit::Entry::by(actor, CITY, "calendar.day_withdrawn", day)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> BusinessDay {
        text.parse().unwrap()
    }

    /// Tết 2027 from Friday to Thursday, with the Saturday after it worked.
    #[test]
    fn a_holiday_takes_weekdays_and_an_exchange_gives_days_of_a_weekend() {
        let span = (day("2027-02-05"), day("2027-02-11"));
        let free = chosen(span, Kind::Holiday).unwrap();
        assert_eq!(
            free.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["2027-02-05", "2027-02-08", "2027-02-09", "2027-02-10", "2027-02-11"]
        );
        let worked = chosen((day("2027-02-20"), day("2027-02-20")), Kind::Worked).unwrap();
        let both: Vec<BusinessDay> = free.into_iter().chain(worked).collect();
        let calendar = WorkingDays::new(&WEEKEND, &both, &both);
        assert_eq!(calendar.after(day("2027-02-04"), 1), day("2027-02-12"));
        assert_eq!(calendar.after(day("2027-02-19"), 1), day("2027-02-20"));
    }

    #[test]
    fn a_span_that_holds_no_such_day_or_far_too_many_is_refused() {
        let refused = |from, until, kind| chosen((day(from), day(until)), kind).unwrap_err().code();
        assert_eq!(refused("2027-02-06", "2027-02-07", Kind::Holiday), "calendar_days_none", "a weekend");
        assert_eq!(refused("2027-02-08", "2027-02-12", Kind::Worked), "calendar_days_none", "a week");
        assert_eq!(refused("2027-02-11", "2027-02-05", Kind::Holiday), "calendar_days_none", "backwards");
        assert_eq!(refused("2027-02-01", "2027-03-04", Kind::Holiday), "calendar_span_too_long");
        assert_eq!(chosen((day("2027-02-01"), day("2027-03-03")), Kind::Holiday).unwrap().len(), 23);
    }
}
