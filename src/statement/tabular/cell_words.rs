//! What the words of one cell are by their form: an amount, a number of a document, a time of day, or nothing.

use super::column::normalise;
use crate::statement::date::may_be_date;

/// Digits with decimals or a sign, and no letter.
pub(super) fn is_amount(mark: &str) -> bool {
    mark.bytes().any(|byte| byte.is_ascii_digit()) && !mark.contains(char::is_alphabetic)
}

/// A digit that is no zero: an amount that moves something, in any spelling.
pub(super) fn has_figure(cell: &str) -> bool {
    cell.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
}

/// More words than numbers, as a payer writes and no bank numbers its documents.
pub(super) fn is_in_words(reference: &str) -> bool {
    let letters = reference.chars().filter(|c| c.is_alphabetic()).count();
    let digits = reference.bytes().filter(u8::is_ascii_digit).count();
    let is_filling =
        matches!(normalise(reference).as_str(), "NONREF" | "NOTPROVIDED" | "NOT PROVIDED" | "NONE");
    letters > 3 && letters > digits.saturating_mul(2) && !is_filling
}

/// Nothing but strokes, where a bank has nothing to tell.
pub(super) fn is_filler(cell: &str) -> bool {
    cell.chars().all(|c| matches!(c, '-' | '/' | '－' | '–' | '—' | '\''))
}

/// The apostrophe that ends a text which one begins; the first is none of the text either.
pub(super) fn without_quote(cell: &str) -> &str {
    let inner = cell.strip_suffix('\'').filter(|inner| !inner.contains('\'') && !inner.is_empty());
    inner.unwrap_or(cell)
}

/// The number of a document behind a day, which has a digit; a time of day is none, nor is the name of the day.
pub(super) fn is_document(word: &str) -> bool {
    !is_of_time(word) && word.bytes().any(|byte| byte.is_ascii_digit())
}

/// A time of day, its half or its zone.
fn is_of_time(word: &str) -> bool {
    word.contains(':')
        || word.starts_with('+')
        || matches!(word, "AM" | "PM" | "am" | "pm" | "UTC" | "GMT" | "Z")
}

/// With decimals, a sign or groups of thousands, as no number of a document has.
pub(super) fn is_written_money(cell: &str) -> bool {
    digits_behind_mark(cell).is_some() || cell.starts_with(['-', '+', '−']) || cell.ends_with('-')
}

pub(super) fn has_decimals(cell: &str) -> bool {
    digits_behind_mark(cell).is_some_and(|count| count < 3)
}

/// One to three digits behind the last mark.
fn digits_behind_mark(cell: &str) -> Option<usize> {
    let number = cell.trim_end_matches(|c: char| !c.is_ascii_digit());
    let (_, tail) = number.rsplit_once(['.', ','])?;
    let is_number = tail.bytes().all(|byte| byte.is_ascii_digit());
    Some(tail.len()).filter(|count| is_number && (1..=3).contains(count))
}

/// A date with its marks, or of eight digits: not the serial number of a spreadsheet.
pub(super) fn is_written_date(cell: &str) -> bool {
    let is_number = cell.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let whole = cell.split('.').next().unwrap_or_default();
    may_be_date(cell) && !(is_number && whole.len() == 5)
}
