//! Dates in the calendars of the East and dates without a year, brought into the common form before the
//! rows are read.
//!
//! Taiwan counts the years of the Republic (115 is 2026), Thailand those of the Buddha (2569 is 2026). Some
//! banks print day and month alone, below the period of the statement, which says the year.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate};

use super::column::{Column, normalise};
use super::header::{self, Columns};
use super::label;
use super::rows::Row;
use crate::statement::date::may_be_date;
use crate::statement::layout::Layouts;

/// Thai months, short and long. Folding would make one of some of them.
const THAI_MONTHS: [[&str; 2]; 12] = [
    ["ม.ค.", "มกราคม"],
    ["ก.พ.", "กุมภาพันธ์"],
    ["มี.ค.", "มีนาคม"],
    ["เม.ย.", "เมษายน"],
    ["พ.ค.", "พฤษภาคม"],
    ["มิ.ย.", "มิถุนายน"],
    ["ก.ค.", "กรกฎาคม"],
    ["ส.ค.", "สิงหาคม"],
    ["ก.ย.", "กันยายน"],
    ["ต.ค.", "ตุลาคม"],
    ["พ.ย.", "พฤศจิกายน"],
    ["ธ.ค.", "ธันวาคม"],
];

const KINDS: [Column; 3] = [Column::BookingDate, Column::TransactionDate, Column::ValueDate];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Calendar {
    /// Years since 1911.
    Republic,
    /// Years since 543 before the common era.
    Buddhist,
    /// Day and month, or month and day.
    Yearless { is_day_first: bool },
}

/// The rows with their dates in the common calendar.
pub(super) fn common<'a>(rows: &'a [Row], layouts: Layouts<'_>) -> Cow<'a, [Row]> {
    let Some((at, columns)) = header::find(rows, layouts) else { return Cow::Borrowed(rows) };
    let heading = rows.get(at).map(Row::raw).unwrap_or_default();
    let body = rows.get(at + 1..).unwrap_or_default();
    let indexes: Vec<usize> =
        columns.meanings().iter().filter(|(kind, _)| KINDS.contains(kind)).map(|(_, index)| *index).collect();
    let cells = body.iter().flat_map(|row| indexes.iter().map(|index| row.cell(*index)));
    let cells: Vec<&str> = cells.filter(|cell| cell.starts_with(|c: char| c.is_ascii_digit())).collect();
    match Calendar::of_years(&heading, &cells).or_else(|| Calendar::without_years(rows, &indexes, &cells)) {
        Some(calendar) => Cow::Owned(calendar.brought(rows, at, &columns, &indexes)),
        None => Cow::Borrowed(rows),
    }
}

impl Calendar {
    fn of_years(heading: &str, cells: &[&str]) -> Option<Calendar> {
        let is_thai = heading.contains(|c: char| ('\u{E00}'..='\u{E7F}').contains(&c));
        let is_han = heading.contains(|c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c));
        let all = |calendar: Calendar| {
            let mut dates = cells.iter().filter_map(|cell| date_of(cell, calendar)).peekable();
            dates.peek().is_some() && cells.iter().all(|cell| date_of(cell, calendar).is_some())
        };
        let is_unknown = cells.iter().all(|cell| !may_be_date(cell));
        match () {
            () if is_han && is_unknown && all(Calendar::Republic) => Some(Calendar::Republic),
            () if (is_unknown || is_thai) && all(Calendar::Buddhist) => Some(Calendar::Buddhist),
            () => None,
        }
    }

    /// Only where every day lies within the period in one and the same order.
    fn without_years(rows: &[Row], indexes: &[usize], cells: &[&str]) -> Option<Calendar> {
        if cells.is_empty() || !cells.iter().all(|cell| day_and_month(cell, true).is_some()) {
            return None;
        }
        let orders = [true, false].map(|is_day_first| Calendar::Yearless { is_day_first });
        orders.into_iter().find(|calendar| {
            let mut period = None;
            rows.iter().all(|row| {
                period = label::period_in(row).or(period);
                let cells = indexes.iter().map(|index| row.cell(*index));
                let mut cells = cells.filter(|cell| day_and_month(cell, true).is_some());
                cells.all(|cell| calendar.within(cell, period).is_some())
            })
        })
    }

    fn within(self, cell: &str, period: Option<(NaiveDate, NaiveDate)>) -> Option<NaiveDate> {
        let Calendar::Yearless { is_day_first } = self else { return None };
        let (first, last) = period?;
        let (day, month) = day_and_month(cell, is_day_first)?;
        let days = (first.year()..=last.year()).filter_map(|year| NaiveDate::from_ymd_opt(year, month, day));
        let mut days = days.filter(|day| (first..=last).contains(day));
        days.next().filter(|_| days.next().is_none())
    }

    fn brought(self, rows: &[Row], at: usize, columns: &Columns, indexes: &[usize]) -> Vec<Row> {
        let mut period = None;
        let mut brought = rows.to_vec();
        for (place, row) in brought.iter_mut().enumerate() {
            period = label::period_in(row).or(period);
            if place <= at {
                continue;
            }
            let is_counted = !columns.cell(row, Column::Balance).is_empty();
            for index in indexes {
                let cell = row.cell(*index);
                let common = match self {
                    Calendar::Yearless { .. } => {
                        // What the balance counts is booked, on the last day of all.
                        let last = period.map(|(_, last)| last);
                        let is_last = is_counted && normalise(cell) == "PEND";
                        self.within(cell, period).or(last.filter(|_| is_last)).map(|day| (day, ""))
                    }
                    _ => date_of(cell, self),
                };
                let text = common.map(|(day, behind)| format!("{day} {behind}").trim().to_owned());
                if let (Some(text), Some(cell)) = (text, row.cells.get_mut(*index)) {
                    *cell = text;
                }
            }
        }
        brought
    }
}

/// `25/09`
fn day_and_month(cell: &str, is_day_first: bool) -> Option<(u32, u32)> {
    let (first, second) = cell.split_once(['/', '-', '.'])?;
    let second = second.trim_end_matches('.');
    let (first, second) = (number(first)?, number(second)?);
    Some(if is_day_first { (first, second) } else { (second, first) })
}

/// One or two digits.
fn number(part: &str) -> Option<u32> {
    let is_number = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| part.parse().ok()).flatten()
}

/// `12/9/2568` of `12 ก.ย. 2568`.
fn in_thai(cell: &str) -> Option<String> {
    let words: Vec<&str> = cell.split_whitespace().collect();
    let &[day, name, year] = words.as_slice() else { return None };
    let month = (1..).zip(THAI_MONTHS).find(|(_, names)| names.contains(&name)).map(|(month, _)| month)?;
    Some(format!("{day}/{month}/{year}"))
}

/// The day at the start of the cell in years of that calendar, and what stands behind it.
fn date_of(cell: &str, calendar: Calendar) -> Option<(NaiveDate, &str)> {
    let written = in_thai(cell);
    let (date, behind) = match &written {
        Some(written) => (written.as_str(), ""),
        None => cell.split_once(char::is_whitespace).unwrap_or((cell, "")),
    };
    let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (years, month, day) = if date.len() == 7 && are_digits(date) {
        (date.get(..3)?, date.get(3..5)?, date.get(5..)?)
    } else {
        let parts: Vec<&str> = date.split(['/', '-', '.']).collect();
        let &[first, second, last] = parts.as_slice() else { return None };
        if first.len() > 2 { (first, second, last) } else { (last, second, first) }
    };
    if !are_digits(years) {
        return None;
    }
    let count: i32 = years.parse().ok()?;
    let year = match (calendar, years.len()) {
        (Calendar::Republic, 3) if (100..=150).contains(&count) => count + 1911,
        (Calendar::Buddhist, 4) if (2540..=2599).contains(&count) => count - 543,
        (Calendar::Buddhist, 2) if (60..=79).contains(&count) => count + 2500 - 543,
        _ => return None,
    };
    Some((NaiveDate::from_ymd_opt(year, number(month)?, number(day)?)?, behind.trim()))
}
