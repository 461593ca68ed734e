//! The signing time in the spellings that issuers use.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime};

use crate::clock::Instant;

const ZONED: [&str; 2] = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f %#z"];
const LOCAL: [&str; 7] = [
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%YT%H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%d-%m-%Y %H:%M:%S",
];

/// Documents are signed in these years.
const YEARS: RangeInclusive<i32> = 1990..=2200;

/// With a zone as it says, without one in local time; a day alone is its beginning.
pub(super) fn read(text: &str) -> Option<Instant> {
    let text = text.trim();
    if text.len() > 40 {
        return None;
    }
    let zoned = DateTime::parse_from_rfc3339(text).ok();
    let zoned = zoned.or_else(|| ZONED.iter().find_map(|form| DateTime::parse_from_str(text, form).ok()));
    if let Some(zoned) = zoned {
        return YEARS.contains(&zoned.year()).then(|| Instant::from_ms(zoned.timestamp_millis()));
    }
    if let Some(local) = LOCAL.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok()) {
        return YEARS.contains(&local.year()).then(|| Instant::from_hanoi(local));
    }
    let day = ["%Y-%m-%d", "%d/%m/%Y"].iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok())?;
    day.and_hms_opt(0, 0, 0).filter(|at| YEARS.contains(&at.year())).map(Instant::from_hanoi)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_one_moment_is_that_moment() {
        let moment: Instant = "2026-09-01T09:30:15+07:00".parse().unwrap();
        for text in [
            "2026-09-01T09:30:15",
            "2026-09-01T09:30:15+07:00",
            "2026-09-01T02:30:15Z",
            "2026-09-01T02:30:15.000Z",
            "2026-09-01 09:30:15",
            "01/09/2026 09:30:15",
            "2026-09-01T09:30:15+0700",
            "2026-09-01 09:30:15 +07:00",
            "2026/09/01 09:30:15",
            "01-09-2026 09:30:15",
            " 2026-09-01T09:30:15\n",
        ] {
            assert_eq!(read(text), Some(moment), "{text}");
        }
        assert_eq!(read("2026-09-01"), Some("2026-09-01T00:00:00+07:00".parse().unwrap()));
        for text in
            ["", "today", "+99999-01-01", "0000-01-01T00:00:00", "2026-13-01T00:00:00", "2026-09-01T25:00:00"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
