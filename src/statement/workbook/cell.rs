//! Numbers of a workbook as text.

use std::str::FromStr;

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;

/// A spreadsheet keeps fifteen digits; what follows them is noise of its arithmetic.
const DIGITS: u32 = 15;

/// Whether a number format shows a date. The numbers below 164 are built in.
pub(super) fn is_date_format(id: u16, code: Option<&str>) -> bool {
    match code {
        Some(code) => has_date_letters(code),
        None => matches!(id, 14..=22 | 27..=36 | 45..=47 | 50..=58),
    }
}

/// Letters of day, month and year outside of quotes, brackets and escapes.
fn has_date_letters(code: &str) -> bool {
    let (mut is_quoted, mut is_bracketed, mut is_escaped) = (false, false, false);
    for c in code.chars() {
        match c {
            _ if std::mem::take(&mut is_escaped) => {}
            '\\' | '_' | '*' => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            '[' if !is_quoted => is_bracketed = true,
            ']' => is_bracketed = false,
            'd' | 'D' | 'y' | 'Y' if !is_quoted && !is_bracketed => return true,
            _ => {}
        }
    }
    false
}

/// A number, written in full, or the day it stands for. One that is too long to be exact stays as
/// it is written, so that no amount and no account is read from it.
pub(in crate::statement) fn number_text(written: &str, is_date: bool, counts_from_1904: bool) -> String {
    let parsed = Decimal::from_str(written).or_else(|_| Decimal::from_scientific(written)).ok();
    let Some(number) = parsed.and_then(|number| number.round_sf(DIGITS)) else { return written.to_owned() };
    let digits = number.trunc().abs().to_string().len();
    if digits > usize::try_from(DIGITS).unwrap_or(15) {
        return format!("{written} (số quá dài)");
    }
    if is_date && let Some(day) = day_of(number, counts_from_1904) {
        return day.to_string();
    }
    let text = number.normalize().to_string();
    // Three digits behind the point are a fraction here, and not thousands.
    let is_ambiguous = text.rsplit_once('.').is_some_and(|(_, fraction)| fraction.len() == 3);
    if is_ambiguous { format!("{text}0") } else { text }
}

/// Days since 1899-12-30, or since 1904-01-01.
fn day_of(number: Decimal, counts_from_1904: bool) -> Option<NaiveDate> {
    let days: u64 = number.trunc().to_string().parse().ok().filter(|days| *days > 0)?;
    let first = if counts_from_1904 {
        NaiveDate::from_ymd_opt(1904, 1, 1)?
    } else {
        NaiveDate::from_ymd_opt(1899, 12, 30)?
    };
    first.checked_add_days(Days::new(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_full_and_dates_as_days() {
        assert_eq!(number_text("1.0195E6", false, false), "1019500");
        assert_eq!(number_text("0.30000000000000004", false, false), "0.3");
        assert_eq!(number_text("1234.5", false, false), "1234.5");
        assert_eq!(number_text("1.234", false, false), "1.2340");
        assert_eq!(number_text("46348", true, false), "2026-11-22");
        assert_eq!(number_text("46348.75", true, false), "2026-11-22");
        assert_eq!(number_text("44886", true, true), "2026-11-22");
        assert!(number_text("97043200000012345678", false, false).contains("số quá dài"));
        assert_eq!(number_text("abc", false, false), "abc");
        assert_eq!(number_text("1e999", false, false), "1e999");
    }

    #[test]
    fn formats_of_dates_are_told_from_those_of_money() {
        for (id, code, is_date) in [
            (14, None, true),
            (4, None, false),
            (164, Some("dd/mm/yyyy"), true),
            (165, Some("#,##0\\ \"đồng\""), false),
            (166, Some("[Red]#,##0"), false),
            (167, Some("#,##0 \\d"), false),
            (168, Some("[$-42A]d mmmm yyyy"), true),
        ] {
            assert_eq!(is_date_format(id, code), is_date, "{code:?}");
        }
    }
}
