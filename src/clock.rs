//! Time: instants in microseconds UTC, business days in Hà Nội. The only room that reads a clock.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, TimeZone, Utc};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Hà Nội is at +07:00 all year.
const HANOI_OFFSET_S: i32 = 7 * 3600;

/// An instant: microseconds since 1970-01-01 UTC, the same number in both databases.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

impl Instant {
    pub fn from_ms(ms: i64) -> Self {
        Instant(ms * 1_000)
    }

    pub fn ms(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    pub fn plus_seconds(self, seconds: i64) -> Self {
        Instant(self.0 + seconds * 1_000_000)
    }

    pub fn minus_seconds(self, seconds: i64) -> Self {
        self.plus_seconds(-seconds)
    }

    /// Whole seconds from `earlier` to this instant; negative when it lies before.
    pub fn seconds_since(self, earlier: Instant) -> i64 {
        (self.0 - earlier.0).div_euclid(1_000_000)
    }

    /// The calendar day in Hà Nội.
    pub fn business_day(self) -> BusinessDay {
        BusinessDay(self.in_hanoi().date_naive())
    }

    /// The local time in Hà Nội, for documents and screens.
    pub fn in_hanoi(self) -> DateTime<FixedOffset> {
        self.utc().with_timezone(&hanoi())
    }

    #[expect(
        clippy::expect_used,
        reason = "microseconds in 64 bits are read from text of chrono's own range"
    )]
    pub fn utc(self) -> DateTime<Utc> {
        Utc.timestamp_micros(self.0).single().expect("the instant lies within chrono's range")
    }

    /// `2026-11-22T09:30:15`, local time without a zone, as the tax formats want it.
    pub fn hanoi_text(self) -> String {
        self.in_hanoi().format("%Y-%m-%dT%H:%M:%S").to_string()
    }

    /// An instant from local time in Hà Nội.
    #[expect(clippy::expect_used, reason = "a fixed offset has each local time once")]
    pub fn from_hanoi(local: chrono::NaiveDateTime) -> Self {
        let at = hanoi().from_local_datetime(&local).single().expect("a fixed offset has no gaps");
        Instant(at.timestamp_micros())
    }
}

#[expect(clippy::expect_used, reason = "a constant")]
fn hanoi() -> FixedOffset {
    FixedOffset::east_opt(HANOI_OFFSET_S).expect("+07:00 is a valid offset")
}

/// RFC 3339 with the offset of Hà Nội; this is the form of every JSON answer.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.in_hanoi().to_rfc3339_opts(chrono::SecondsFormat::Micros, false))
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Instant {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        DateTime::parse_from_rfc3339(text).map(|at| Instant(at.timestamp_micros())).map_err(|_| {
            Error::invalid("instant", "instant_unreadable", "expected an RFC 3339 time with offset")
        })
    }
}

impl Serialize for Instant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom("expected a time as 2026-11-29T08:00:00+07:00"))
    }
}

/// A calendar day in Hà Nội.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct BusinessDay(pub NaiveDate);

/// A day in another form is refused by saying which form is expected, not what the value is.
impl<'de> Deserialize<'de> for BusinessDay {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom("expected a day as YYYY-MM-DD"))
    }
}

/// A day that somebody gives has a year of four digits, far from where the arithmetic of days ends.
impl TryFrom<NaiveDate> for BusinessDay {
    type Error = Error;

    fn try_from(date: NaiveDate) -> Result<Self> {
        if (1..=9_999).contains(&date.year()) {
            return Ok(BusinessDay(date));
        }
        Err(Error::invalid("date", "date_unreadable", "expected YYYY-MM-DD"))
    }
}

impl BusinessDay {
    pub fn year(self) -> i32 {
        self.0.year()
    }

    pub fn next(self) -> Self {
        self.plus_days(1)
    }

    #[expect(
        clippy::expect_used,
        reason = "days are of this and neighbouring centuries, spans at most some years"
    )]
    pub fn plus_days(self, days: i64) -> Self {
        let moved = if days < 0 {
            self.0.checked_sub_days(Days::new(days.unsigned_abs()))
        } else {
            self.0.checked_add_days(Days::new(days.unsigned_abs()))
        };
        BusinessDay(moved.expect("the day lies within chrono's range"))
    }

    /// The first instant of the day.
    #[expect(clippy::expect_used, reason = "every day has a midnight")]
    pub fn start(self) -> Instant {
        Instant::from_hanoi(self.0.and_hms_opt(0, 0, 0).expect("midnight exists"))
    }
}

impl fmt::Display for BusinessDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

impl fmt::Debug for BusinessDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for BusinessDay {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .map_err(|_| Error::invalid("date", "date_unreadable", "expected YYYY-MM-DD"))?
            .try_into()
    }
}

/// Where `now` comes from: the system, or a test that sets it.
#[derive(Clone)]
pub enum Clock {
    System,
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    pub fn fixed(at: Instant) -> Self {
        Clock::Fixed(Arc::new(AtomicI64::new(at.0)))
    }

    pub fn now(&self) -> Instant {
        match self {
            #[allow(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
            Clock::System => Instant(Utc::now().timestamp_micros()),
            Clock::Fixed(at) => Instant(at.load(Ordering::SeqCst)),
        }
    }

    /// Moves a fixed clock. The system clock cannot be moved.
    pub fn set(&self, at: Instant) {
        if let Clock::Fixed(cell) = self {
            cell.store(at.0, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_at_the_edge_of_the_calendar_is_none() {
        for edge in ["-262143-01-01", "+262142-12-31", "-0001-12-31", "10000-01-01"] {
            assert_eq!(edge.parse::<BusinessDay>().unwrap_err().code(), "date_unreadable", "{edge}");
            assert!(serde_json::from_str::<BusinessDay>(&format!("\"{edge}\"")).is_err(), "{edge}");
        }
        let spreadsheets = serde_json::from_str::<BusinessDay>("\"10/12/2026\"").unwrap_err();
        assert!(spreadsheets.to_string().contains("YYYY-MM-DD"), "{spreadsheets}");
        let last: BusinessDay = "9999-12-31".parse().unwrap();
        assert_eq!(last.next().plus_days(-1), last);
        assert_eq!(serde_json::to_string(&last).unwrap(), "\"9999-12-31\"");
    }

    #[test]
    fn a_payment_after_five_in_the_afternoon_utc_belongs_to_the_next_day_in_hanoi() {
        let at: Instant = "2026-11-22T17:00:00Z".parse().unwrap();
        assert_eq!(at.business_day().to_string(), "2026-11-23");
        assert_eq!(at.hanoi_text(), "2026-11-23T00:00:00");
        assert_eq!(at.to_string(), "2026-11-23T00:00:00.000000+07:00");
        assert_eq!(at.business_day().start(), at);
    }

    #[test]
    fn instants_before_1970_still_round_down() {
        assert_eq!(Instant(-1).ms(), -1);
        assert_eq!(Instant(-1).seconds(), -1);
    }
}
