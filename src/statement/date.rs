//! Dates as the formats write them.

use chrono::{Datelike, Days, NaiveDate};

use super::finding::{Fault, excerpt};

fn impossible(text: &str) -> Fault {
    let shown = excerpt(text);
    Fault::new("date_invalid", format!("Không có ngày “{shown}”"), format!("“{shown}” is not a date"))
}

fn two_digits(text: &str, from: usize) -> Option<u32> {
    text.get(from..from + 2).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}

/// `YYMMDD`; years from 80 are of the last century.
pub(super) fn swift_date(text: &str) -> Result<NaiveDate, Fault> {
    let read = || {
        let year = two_digits(text, 0)?;
        let century = if year < 80 { 2000 } else { 1900 };
        NaiveDate::from_ymd_opt(
            century + i32::try_from(year).ok()?,
            two_digits(text, 2)?,
            two_digits(text, 4)?,
        )
    };
    read().filter(|_| text.len() == 6).ok_or_else(|| impossible(text))
}

/// The value date of an entry, and whether it was moved. Banks that count a year as 360 days write
/// 30 February; interest then counts to the end of the month, which is the day given back.
pub(super) fn value_date(text: &str) -> Result<(NaiveDate, bool), Fault> {
    match swift_date(text) {
        Ok(date) => Ok((date, false)),
        Err(fault) => last_of_february(text).map(|date| (date, true)).ok_or(fault),
    }
}

fn last_of_february(text: &str) -> Option<NaiveDate> {
    let is_beyond = matches!(text.get(2..), Some("0229" | "0230"));
    let year = text.get(..2).filter(|_| is_beyond)?;
    swift_date(&format!("{year}0301")).ok()?.pred_opt()
}

/// `MMDD` in the year that brings it nearest to the value date.
pub(super) fn entry_date(value_date: NaiveDate, text: &str) -> Result<NaiveDate, Fault> {
    let (month, day) = two_digits(text, 0).zip(two_digits(text, 2)).ok_or_else(|| impossible(text))?;
    [0, -1, 1]
        .into_iter()
        .filter_map(|shift| NaiveDate::from_ymd_opt(value_date.year() + shift, month, day))
        .min_by_key(|date| (*date - value_date).num_days().abs())
        .ok_or_else(|| impossible(text))
}

/// `2026-11-22`, alone or with a time and offset behind it. The date is the bank's own day.
pub(super) fn iso_date(text: &str) -> Result<NaiveDate, Fault> {
    let text = text.trim();
    let (date, rest) = text.split_at_checked(10).ok_or_else(|| impossible(text))?;
    let rest_is_time_or_zone = rest.is_empty() || rest.starts_with(['T', 'Z', '+', '-', ' ']);
    NaiveDate::parse_from_str(date, "%Y-%m-%d")
        .ok()
        .filter(|_| rest_is_time_or_zone && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'))
        .ok_or_else(|| impossible(text))
}

/// The date at the start of a table cell, and what stands behind it (a time, a document number).
/// Day first, always; or year first; or a serial number of a spreadsheet.
pub(super) fn table_date(cell: &str) -> Result<(NaiveDate, &str), Fault> {
    let cell = cell.trim();
    let (first, rest) = cell.split_once(char::is_whitespace).unwrap_or((cell, ""));
    let first = first.split_once('T').filter(|(date, _)| date.len() == 10).map_or(first, |(date, _)| date);
    let date = delimited_date(first).or_else(|| compact_date(first)).or_else(|| serial_date(first));
    date.map(|date| (date, rest.trim())).ok_or_else(|| impossible(cell))
}

/// As `table_date`, for tables whose layout says that the month comes first.
pub(super) fn month_first_date(cell: &str) -> Result<(NaiveDate, &str), Fault> {
    let trimmed = cell.trim();
    let (first, rest) = trimmed.split_once(char::is_whitespace).unwrap_or((trimmed, ""));
    let swapped = first.find(['/', '-', '.']).and_then(|at| {
        let (month, behind) = first.split_at_checked(at)?;
        let mark = behind.chars().next()?;
        let (day, year) = behind.get(1..)?.split_once(mark)?;
        (month.len() <= 2).then(|| format!("{day}{mark}{month}{mark}{year}"))
    });
    match swapped {
        Some(swapped) => {
            delimited_date(&swapped).map(|date| (date, rest.trim())).ok_or_else(|| impossible(trimmed))
        }
        None => table_date(cell),
    }
}

fn delimited_date(text: &str) -> Option<NaiveDate> {
    let mark = text.chars().find(|c| !c.is_ascii_alphanumeric()).filter(|c| matches!(c, '/' | '-' | '.'))?;
    let parts: Vec<&str> = text.trim_end_matches(mark).split(mark).collect();
    let [first, month, last] = parts.as_slice() else { return None };
    let number = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        let is_number = lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse::<u32>().ok()).flatten()
    };
    let month = number(month, 1..=2).or_else(|| month_by_name(month))?;
    let (year, day) = if first.len() == 4 {
        (number(first, 4..=4)?, number(last, 1..=2)?)
    } else if mark == '.' && last.len() == 2 {
        // Only the day stands first before points, so `22.11.26` cannot be read in two ways.
        (2000 + number(last, 2..=2)?, number(first, 1..=2)?)
    } else {
        (number(last, 4..=4)?, number(first, 1..=2)?)
    };
    plausible(NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?)
}

fn month_by_name(text: &str) -> Option<u32> {
    const NAMES: [&str; 12] =
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    let upper = text.to_ascii_uppercase();
    (1..).zip(NAMES).find(|(_, name)| *name == upper).map(|(month, _)| month)
}

fn compact_date(text: &str) -> Option<NaiveDate> {
    let is_compact = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_compact.then(|| NaiveDate::parse_from_str(text, "%Y%m%d").ok()).flatten().and_then(plausible)
}

/// Days since 1899-12-30, with or without a fraction of a day.
fn serial_date(text: &str) -> Option<NaiveDate> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let is_serial = whole.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let days: u64 = is_serial.then(|| whole.parse().ok()).flatten()?;
    NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(days)).and_then(plausible)
}

fn plausible(date: NaiveDate) -> Option<NaiveDate> {
    (1980..=2099).contains(&date.year()).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_entry_date_takes_the_year_next_to_the_value_date() {
        assert_eq!(entry_date(day("2026-12-31"), "0102"), Ok(day("2027-01-02")));
        assert_eq!(entry_date(day("2027-01-02"), "1231"), Ok(day("2026-12-31")));
        assert_eq!(entry_date(day("2026-11-22"), "1122"), Ok(day("2026-11-22")));
        assert_eq!(entry_date(day("2025-03-01"), "0229"), Ok(day("2024-02-29")));
        assert!(entry_date(day("2026-11-22"), "1131").is_err());
    }

    #[test]
    fn the_thirtieth_of_february_is_the_end_of_the_month() {
        assert_eq!(value_date("160230").unwrap(), (day("2016-02-29"), true));
        assert_eq!(value_date("260230").unwrap(), (day("2026-02-28"), true));
        assert_eq!(value_date("260229").unwrap(), (day("2026-02-28"), true));
        assert_eq!(value_date("240229").unwrap(), (day("2024-02-29"), false));
        for wrong in ["260231", "261131", "261301", "2602", "26023x"] {
            assert_eq!(value_date(wrong).unwrap_err().code, "date_invalid", "{wrong}");
        }
    }

    #[test]
    fn impossible_days_are_refused() {
        assert_eq!(swift_date("261122"), Ok(day("2026-11-22")));
        assert_eq!(swift_date("981231"), Ok(day("1998-12-31")));
        for wrong in ["260230", "261131", "261301", "26112", "26a122", ""] {
            assert_eq!(swift_date(wrong).unwrap_err().code, "date_invalid", "{wrong}");
        }
        for wrong in ["2026-02-30", "22/11/2026", "2026-11-2", "2026-11-22x", "", "ngày"] {
            assert_eq!(iso_date(wrong).unwrap_err().code, "date_invalid", "{wrong}");
        }
        assert_eq!(iso_date("2026-11-22T23:59:59+07:00"), Ok(day("2026-11-22")));
    }

    #[test]
    fn the_month_comes_first_only_where_the_layout_says_so() {
        assert_eq!(month_first_date("11/22/2026 09:30").unwrap(), (day("2026-11-22"), "09:30"));
        assert_eq!(month_first_date("2026-11-22").unwrap().0, day("2026-11-22"));
        assert!(month_first_date("22/11/2026").is_err());
    }

    #[test]
    fn tables_write_the_day_first() {
        for cell in [
            "22/11/2026",
            "22-11-2026 09:30",
            "2026-11-22",
            "22.11.2026",
            "22.11.26",
            "22-Nov-2026",
            "46348",
            "20261122",
        ] {
            assert_eq!(table_date(cell).unwrap().0, day("2026-11-22"), "{cell}");
        }
        assert_eq!(table_date("22/11/2026\n5243.65937").unwrap().1, "5243.65937");
        for wrong in ["11/22/2026", "31/11/2026", "22/11/26", "Tổng cộng", "", "22/11", "1/2/3/2026"] {
            assert!(table_date(wrong).is_err(), "{wrong}");
        }
    }
}
