//! Dates as the formats write them.

use std::ops::RangeInclusive;

use chrono::{Datelike, Days, NaiveDate};

use super::finding::{Fault, excerpt};
use super::layout::DateOrder;
use super::month;

/// In which statements are made.
const YEARS: RangeInclusive<i32> = 1970..=2199;

pub(super) fn impossible(text: &str) -> Fault {
    let shown = excerpt(text);
    Fault::new("date_invalid", format!("Không có ngày “{shown}”"), format!("“{shown}” is not a date"))
}

fn two_digits(text: &str, from: usize) -> Option<u32> {
    match text.as_bytes().get(from..from + 2)? {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            Some(u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
        }
        _ => None,
    }
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
    any_iso_date(text).filter(|day| YEARS.contains(&day.year())).ok_or_else(|| impossible(text))
}

/// A day long before or after all statements, such as `0001-01-01`, by which a program says that it has none.
pub(super) fn is_no_day_of_banks(text: &str) -> bool {
    any_iso_date(text.trim()).is_some_and(|day| !YEARS.contains(&day.year()))
}

/// Of whatever year.
fn any_iso_date(text: &str) -> Option<NaiveDate> {
    let (date, rest) = text.split_at_checked(10)?;
    read_iso_day(date).filter(|_| is_time_or_zone(rest))
}

/// Nothing, or `T23:59:59.999+07:00` with or without its parts.
fn is_time_or_zone(rest: &str) -> bool {
    let Some(time) = rest.strip_prefix(['T', ' ']) else { return is_zone(rest) };
    let end = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let Some((time, zone)) = time.split_at_checked(end) else { return false };
    let mut parts = time.trim_end().split(':');
    let is_within = |part: Option<&str>, most: u32| {
        part.is_none_or(|part| part.len() == 2 && number(part, 2..=2).is_some_and(|number| number <= most))
    };
    let (hour, minute, second) = (parts.next(), parts.next(), parts.next());
    let second = second.map(|second| second.split_once(['.', ',']).map_or(second, |(second, _)| second));
    is_within(hour, 24)
        && is_within(minute, 59)
        && is_within(second, 60)
        && parts.next().is_none()
        && is_zone(zone)
}

/// Nothing, `Z`, or an offset of hours and minutes.
fn is_zone(zone: &str) -> bool {
    let Some(offset) = zone.strip_prefix(['+', '-']) else { return matches!(zone, "" | "Z") };
    let digits: String = offset.chars().filter(|c| *c != ':').collect();
    matches!(digits.len(), 2 | 4)
        && two_digits(&digits, 0).is_some_and(|hours| hours <= 14)
        && (digits.len() == 2 || two_digits(&digits, 2).is_some_and(|minutes| minutes <= 59))
}

/// Four digits, two and two, with hyphens between.
fn read_iso_day(text: &str) -> Option<NaiveDate> {
    let [century, year, month, day] =
        [two_digits(text, 0)?, two_digits(text, 2)?, two_digits(text, 5)?, two_digits(text, 8)?];
    let has_hyphens = matches!(text.as_bytes(), [_, _, _, _, b'-', _, _, b'-', _, _]);
    let year = i32::try_from(century * 100 + year).ok().filter(|_| has_hyphens)?;
    NaiveDate::from_ymd_opt(year, month, day)
}

/// The date at the start of a table cell, and what stands behind it (a time, a document number). A
/// year of four digits shows its own place; of the others the order says which is which. Also a
/// serial number of a spreadsheet.
pub(super) fn table_date(cell: &str, order: DateOrder) -> Result<(NaiveDate, &str), Fault> {
    let cell = cell.trim();
    if let Some(read) = spelled_date(cell) {
        return Ok(read);
    }
    if let Some(read) = eastern_date(cell) {
        return Ok(read);
    }
    if let Some((day, month, year)) = spaced_date(cell) {
        let date = delimited_date(&format!("{day}.{month}.{year}"), order);
        return date.map(|date| (date, "")).ok_or_else(|| impossible(cell));
    }
    let (first, rest) = cell.split_once(char::is_whitespace).unwrap_or((cell, ""));
    // `22.11.2026, 09:30`, and `2026.11.22., vasárnap`
    let has_comma = rest.contains(':') || (!rest.is_empty() && first.ends_with(".,"));
    let first = if has_comma { first.trim_end_matches(',') } else { first };
    let first = first.split_once('T').filter(|(date, _)| date.len() == 10).map_or(first, |(date, _)| date);
    // `22/11/2026-09:30`
    let first = first.rsplit_once('-').filter(|(_, time)| time.contains(':')).map_or(first, |(date, _)| date);
    let date = delimited_date(first, order).or_else(|| compact_date(first)).or_else(|| serial_date(first));
    date.map(|date| (date, rest.trim())).ok_or_else(|| impossible(cell))
}

/// Whether some order makes a date of the cell.
pub(super) fn may_be_date(cell: &str) -> bool {
    DateOrder::ALL.iter().any(|order| table_date(cell, *order).is_ok())
}

/// Written as a day is, though there may be no such day: `45.13.2026`.
pub(super) fn has_form_of_date(cell: &str) -> bool {
    let parts: Vec<&str> = cell.split(['.', '/', '-']).collect();
    let is_number = |part: &&str| number(part, 1..=4).is_some();
    parts.len() == 3 && parts.iter().all(is_number)
}

/// Whether a date in numbers has its year in two of them: `22.11.26`.
pub(super) fn has_short_year(cell: &str) -> bool {
    let day = cell.split_whitespace().next().unwrap_or_default();
    let mut parts = day.split(['.', '/', '-']).filter(|part| !part.is_empty());
    parts.by_ref().take(3).filter(|part| number(part, 1..=2).is_some()).count() == 3 && parts.next().is_none()
}

/// The order of day, month and year that fits every date of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FoundOrder {
    pub order: DateOrder,
    /// Another order fits, too, and gives other days.
    pub is_assumed: bool,
}

/// A day above 12 proves the order. Where several orders fit, the one that brings the dates far
/// closer together is taken, else the usual one of where the table comes from. Nobody writes the month first
/// with points between.
pub(super) fn find_order<'a>(cells: impl Iterator<Item = &'a str> + Clone, usual: DateOrder) -> FoundOrder {
    let is_pointed = cells.clone().all(is_written_with_points);
    order_of(cells, usual, !is_pointed)
}

/// The same for a table of a country where nobody writes the month first.
pub(super) fn find_order_of_day_first<'a>(cells: impl Iterator<Item = &'a str> + Clone) -> FoundOrder {
    order_of(cells, DateOrder::DayFirst, false)
}

fn order_of<'a>(
    cells: impl Iterator<Item = &'a str> + Clone,
    usual: DateOrder,
    may_be_month_first: bool,
) -> FoundOrder {
    let days_in = |order: DateOrder| -> Option<Vec<NaiveDate>> {
        let days = cells.clone().map(|cell| table_date(cell, order).ok().map(|(day, _)| day));
        days.collect::<Option<Vec<NaiveDate>>>()
            .filter(|days| order != DateOrder::YearFirst || is_of_years(days))
    };
    let mut fitting: Vec<(DateOrder, Vec<NaiveDate>)> =
        DateOrder::ALL.iter().filter_map(|order| Some((*order, days_in(*order)?))).collect();
    if fitting.iter().any(|(order, _)| *order == DateOrder::DayFirst) && !may_be_month_first {
        fitting.retain(|(order, _)| *order != DateOrder::MonthFirst);
    }
    fitting.sort_by_key(|(order, _)| *order != usual);
    let Some((first, days)) = fitting.first() else {
        return FoundOrder { order: DateOrder::DayFirst, is_assumed: false };
    };
    let span = |days: &[NaiveDate]| match (days.iter().min(), days.iter().max()) {
        (Some(min), Some(max)) => (*max - *min).num_days(),
        _ => 0,
    };
    let closer = fitting.iter().skip(1).find(|(_, other)| span(other).saturating_mul(3) < span(days));
    let order = closer.map_or(*first, |(order, _)| *order);
    let days_of = |wanted| fitting.iter().find(|(order, _)| *order == wanted).map(|(_, days)| days);
    // Where the days are the same in either order, nothing was decided.
    let is_open = days_of(DateOrder::DayFirst).is_some() && days_of(DateOrder::DayFirst) == days_of(order);
    let order = if is_open { DateOrder::DayFirst } else { order };
    let rivals = fitting.iter().filter(|(other, _)| *other != order);
    // The year hardly ever comes first with two digits; it is a rival only where it was found closer.
    let is_assumed = rivals
        .filter(|(other, _)| *other != DateOrder::YearFirst)
        .any(|(_, other)| fitting.iter().any(|(found, days)| *found == order && days != other));
    FoundOrder { order, is_assumed }
}

/// `22.11.2026`
fn is_written_with_points(cell: &str) -> bool {
    let day = cell.split_whitespace().next().unwrap_or_default();
    day.trim_end_matches('.').matches('.').count() == 2 && !day.contains(['/', '-'])
}

/// Two-digit years that come first hardly change within a statement; days and months do.
fn is_of_years(days: &[NaiveDate]) -> bool {
    let years = || days.iter().map(Datelike::year);
    days.len() > 1 && years().max().zip(years().min()).is_some_and(|(last, first)| last - first <= 1)
}

/// `15. 1. 2024`: numbers with a point behind each but the last.
fn spaced_date(cell: &str) -> Option<(&str, &str, &str)> {
    let mut words = cell.split_whitespace();
    let (day, month, year) = (words.next()?, words.next()?, words.next()?);
    let (day, month) = (day.strip_suffix('.')?, month.strip_suffix('.')?);
    let year = year.strip_suffix('.').unwrap_or(year);
    let is_number = |part: &str| number(part, 1..=4).is_some();
    (words.next().is_none() && is_number(day) && is_number(month) && is_number(year))
        .then_some((day, month, year))
}

/// `2026年11月22日`, and the same in Korean.
fn eastern_date(cell: &str) -> Option<(NaiveDate, &str)> {
    let (year, rest) = cell.split_once(['年', '년'])?;
    let (month, rest) = rest.split_once(['月', '월'])?;
    let (day, rest) = rest.split_once(['日', '일'])?;
    let [year, month, day] = [year, month, day].map(str::trim);
    let date = NaiveDate::from_ymd_opt(full_year(year)?, number(month, 1..=2)?, number(day, 1..=2)?)?;
    Some((plausible(date)?, rest.trim()))
}

/// `22 Nov 2026`, `Nov 22, 2026`, `Mon, 22 Nov 2026`, `22 de novembro de 2026`, `22Nov2026`.
fn spelled_date(cell: &str) -> Option<(NaiveDate, &str)> {
    if let Some([day, name, year]) = month::parted(cell) {
        return spelled(day, name, year).map(|date| (date, ""));
    }
    let mut rest = cell;
    let mut words = [""; 3];
    let mut found = 0;
    while found < 3 {
        let (first, behind) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        rest = behind.trim_start();
        let word = first.trim_end_matches([',', '.']);
        let is_filler = word.eq_ignore_ascii_case("de") || (found == 0 && month::is_weekday(word));
        if !is_filler {
            *words.get_mut(found)? = word;
            found += 1;
        }
        if rest.is_empty() {
            break;
        }
    }
    let [first, second, year] = words;
    let date = spelled(first, second, year).or_else(|| spelled(second, first, year))?;
    Some((date, rest))
}

fn spelled(day: &str, name: &str, year: &str) -> Option<NaiveDate> {
    let month = month::by_name(name)?;
    plausible(NaiveDate::from_ymd_opt(full_year(year)?, month, number(day, 1..=2)?)?)
}

fn delimited_date(text: &str, order: DateOrder) -> Option<NaiveDate> {
    // `2026:11:22`; where no year comes first, colons are those of a time of day.
    let is_mark = |c: &char| matches!(c, '/' | '-' | '.') || (*c == ':' && text.find(':') == Some(4));
    let mark = text.chars().find(|c| !c.is_ascii_alphanumeric()).filter(is_mark)?;
    let parts: Vec<&str> = text.trim_end_matches(mark).split(mark).collect();
    let &[first, second, last] = parts.as_slice() else { return None };
    let is_year_first = first.len() == 4 || (last.len() <= 2 && order == DateOrder::YearFirst);
    let (year, month, day) = if is_year_first {
        (first, second, last)
    } else if month::by_name(first).is_some()
        || (order == DateOrder::MonthFirst && month::by_name(second).is_none())
    {
        (last, first, second)
    } else {
        (last, second, first)
    };
    let month = number(month, 1..=2).or_else(|| month::by_name(month))?;
    plausible(NaiveDate::from_ymd_opt(full_year(year)?, month, number(day, 1..=2)?)?)
}

fn number(part: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let is_number = lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| part.parse().ok()).flatten()
}

/// Four digits, or two; years from 80 are of the last century.
fn full_year(text: &str) -> Option<i32> {
    let year = i32::try_from(number(text, 2..=4).filter(|_| text.len() != 3)?).ok()?;
    Some(match (text.len(), year) {
        (2, 0..80) => 2000 + year,
        (2, _) => 1900 + year,
        _ => year,
    })
}

/// `20261122`, or `22112026` where the year cannot come first.
fn compact_date(text: &str) -> Option<NaiveDate> {
    let is_compact = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let read = |form: &str| NaiveDate::parse_from_str(text, form).ok().and_then(plausible);
    is_compact.then(|| read("%Y%m%d").or_else(|| read("%d%m%Y"))).flatten()
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
    fn the_month_comes_first_only_where_the_table_says_so() {
        let read =
            |cell: &str| table_date(cell, DateOrder::MonthFirst).map(|(date, rest)| (date, rest.to_owned()));
        assert_eq!(read("11/22/2026 09:30").unwrap(), (day("2026-11-22"), "09:30".to_owned()));
        for cell in
            ["2026-11-22", "11/22/26", "22-Nov-2026", "Nov-22-2026", "Nov 22, 2026", "22 November 2026"]
        {
            assert_eq!(read(cell).unwrap().0, day("2026-11-22"), "{cell}");
        }
        assert!(read("22/11/2026").is_err());
    }

    #[test]
    fn tables_write_the_day_first() {
        for cell in [
            "22/11/2026",
            "22-11-2026 09:30",
            "2026-11-22",
            "22.11.2026",
            "22-Nov-2026",
            "46348",
            "20261122",
            "22/11/26",
            "2026.11.22.",
            "22/11/2026-09:30:00",
            "2026年11月22日",
            "2026년 11월 22일",
            "22.11.26, 09:30",
            "2026:11:22",
        ] {
            assert_eq!(table_date(cell, DateOrder::DayFirst).unwrap().0, day("2026-11-22"), "{cell}");
        }
        assert_eq!(table_date("22/11/2026\n5243.65937", DateOrder::DayFirst).unwrap().1, "5243.65937");
        for wrong in [
            "11/22/2026",
            "31/11/2026",
            "22/11/226",
            "Tổng cộng",
            "",
            "22/11",
            "1/2/3/2026",
            "May",
            "x",
            "09:30:26",
        ] {
            assert!(table_date(wrong, DateOrder::DayFirst).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_day_above_twelve_proves_the_order() {
        let found = |cells: &[&str]| {
            let found = find_order(cells.iter().copied(), DateOrder::DayFirst);
            (found.order, found.is_assumed)
        };
        assert_eq!(found(&["01/02/2019", "01/15/2019"]), (DateOrder::MonthFirst, false));
        assert_eq!(found(&["01/02/2019", "15/01/2019"]), (DateOrder::DayFirst, false));
        assert_eq!(found(&["26-11-22", "26-11-30", "26-12-31"]), (DateOrder::YearFirst, true));
        assert_eq!(found(&["2019-02-01", "20190203"]), (DateOrder::DayFirst, false));
    }

    #[test]
    fn dates_that_fit_two_orders_are_read_in_the_one_that_brings_them_together() {
        let found = |cells: &[&str]| {
            let found = find_order(cells.iter().copied(), DateOrder::DayFirst);
            (found.order, found.is_assumed)
        };
        assert_eq!(found(&["01/02/2019", "01/05/2019"]), (DateOrder::MonthFirst, true));
        assert_eq!(found(&["01/02/2019", "02/02/2019"]), (DateOrder::DayFirst, true));
        assert_eq!(found(&["01.02.2019", "01.05.2019"]), (DateOrder::DayFirst, false), "points");
        assert_eq!(found(&["01/02/2019"]), (DateOrder::DayFirst, true));
        assert_eq!(
            found(&["01/01/2019", "02/02/2019"]),
            (DateOrder::DayFirst, false),
            "both give the same days"
        );
    }
}
