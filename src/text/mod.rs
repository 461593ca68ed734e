//! Text as it comes in from outside, and text as documents want it.

pub mod named;
pub mod words;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::error::{Error, Result};

/// The most characters of a reason that somebody gives.
pub const REASON_LIMIT: usize = 1_000;

/// A text that must say something, cleaned.
///
/// # Errors
/// `missing` when nothing is left of it; `field_too_long` above `limit` characters.
pub fn required(field: &str, raw: &str, missing: &'static str, limit: usize) -> Result<String> {
    let text = clean(raw);
    if text.is_empty() {
        return Err(Error::invalid(field, missing, "must not be empty"));
    }
    if text.chars().count() > limit {
        return Err(Error::invalid(field, "field_too_long", format!("at most {limit} characters")));
    }
    Ok(text)
}

/// The reason for what somebody does; it is kept.
///
/// # Errors
/// `reason_missing`, `field_too_long`.
pub fn reason(raw: &str) -> Result<String> {
    required("reason", raw, "reason_missing", REASON_LIMIT)
}

/// NFC, with control, bidirectional and private-use characters removed, runs of white space
/// folded to one space and the ends trimmed. Every text from outside goes through here before
/// it is stored or signed.
pub fn clean(raw: &str) -> String {
    if raw.is_ascii() {
        return clean_ascii(raw);
    }
    let mut cleaned = String::with_capacity(raw.len());
    for c in visible(raw).chars() {
        if c != ' ' || !cleaned.ends_with(' ') {
            cleaned.push(c);
        }
    }
    cleaned.trim().to_owned()
}

/// As [`clean`], for an owned text; returned unchanged when it is clean.
pub fn cleaned(text: String) -> String {
    if is_plain(&text) { text } else { clean(&text) }
}

/// Printable ASCII with single spaces inside: nothing to clean.
fn is_plain(text: &str) -> bool {
    let mut before = b' ';
    let is_clean = text.bytes().all(|byte| {
        let is_single = byte != b' ' || before != b' ';
        before = byte;
        is_single && (b' '..=b'~').contains(&byte)
    });
    is_clean && before != b' '
}

/// ASCII needs no composing; most texts of banks are.
fn clean_ascii(raw: &str) -> String {
    if is_plain(raw) {
        return raw.to_owned();
    }
    let mut cleaned = String::with_capacity(raw.len());
    for c in raw.chars() {
        let c = if c.is_whitespace() { ' ' } else { c };
        let is_repeated = c == ' ' && (cleaned.is_empty() || cleaned.ends_with(' '));
        if !c.is_control() && !is_repeated {
            cleaned.push(c);
        }
    }
    let end = cleaned.trim_end().len();
    cleaned.truncate(end);
    cleaned
}

/// The same without folding and trimming: every white space becomes a space and stays.
pub fn visible(raw: &str) -> String {
    raw.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|&c| !is_forbidden(c)).nfc().collect()
}

fn is_forbidden(c: char) -> bool {
    let is_noncharacter = matches!(c, '\u{FDD0}'..='\u{FDEF}') || u32::from(c) & 0xFFFE == 0xFFFE;
    c.is_control()
        || is_noncharacter
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFF}' | '\u{E0000}'..='\u{E0FFF}'
            | '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
}

/// Upper case without diacritics (đ becomes D): the form in which names are searched and memos
/// are read.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_uppercase();
    }
    text.nfd()
        .filter(|c| !is_combining_mark(*c))
        .map(|c| match c {
            'đ' | 'Đ' => 'D',
            other => other,
        })
        .flat_map(char::to_uppercase)
        .collect()
}

/// `fold` with everything but ASCII letters and digits removed.
pub fn squash(text: &str) -> String {
    if text.is_ascii() {
        return text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    }
    fold(text).chars().filter(char::is_ascii_alphanumeric).collect()
}

/// With its first letter as a capital.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A plain decimal as documents write it: `1234567.50` as `1.234.567,5`. What is no plain decimal stays as it is.
pub fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_plain = !whole.is_empty() && [whole, fraction].concat().bytes().all(|byte| byte.is_ascii_digit());
    if !is_plain {
        return number.to_owned();
    }
    let mut out = String::with_capacity(number.len() + whole.len() / 3 + 1);
    out.push_str(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push('.');
        }
        out.push(digit);
    }
    let fraction = fraction.trim_end_matches('0');
    if !fraction.is_empty() {
        out.push(',');
        out.push_str(fraction);
    }
    out
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }));
        }
        text
    })
}

/// The line a CSV record starts at, counted from one. Behind CRLF the reader stands before the line feed.
pub fn line_of(text: &[u8], position: &csv::Position) -> u64 {
    let at = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    position.line() + u64::from(text.get(at) == Some(&b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_as_vietnamese_documents_group_them() {
        for (raw, shown) in [
            ("0", "0"),
            ("999", "999"),
            ("25000", "25.000"),
            ("-1234567.50", "-1.234.567,5"),
            ("25000.000000", "25.000"),
            ("0.15", "0,15"),
            ("x", "x"),
            ("", ""),
            ("1.2.3", "1.2.3"),
        ] {
            assert_eq!(grouped(raw), shown);
        }
    }

    #[test]
    fn a_reason_says_something_within_one_limit() {
        let code = |raw: &str| reason(raw).map_err(|error| error.code());
        assert_eq!(code("  thu\u{200b} nhầm \n"), Ok("thu nhầm".to_owned()));
        assert_eq!(code(" \t\u{200b}"), Err("reason_missing"));
        assert!(code(&"đ".repeat(REASON_LIMIT)).is_ok(), "letters are counted, not bytes");
        assert_eq!(code(&"đ".repeat(REASON_LIMIT + 1)), Err("field_too_long"));
    }

    #[test]
    fn ascii_is_cleaned_as_any_text_is() {
        for raw in [
            "",
            " ",
            "a",
            " a  b\t\r\nc ",
            "\u{1}a\u{7F} \u{1F} b",
            "\u{B}x\u{C}",
            "a \u{0} ",
            "a b",
            " a b",
            "a b ",
        ] {
            let with_mark = clean(&format!("{raw} đ"));
            assert_eq!(clean(raw), with_mark.trim_end_matches('đ').trim_end(), "{raw:?}");
            assert_eq!(cleaned(raw.to_owned()), clean(raw), "{raw:?}");
        }
    }

    #[test]
    fn text_from_outside_is_composed_and_freed_of_what_cannot_be_seen() {
        assert_eq!(clean("  Nguye\u{302}\u{303}n\u{200B}\tVăn\u{202E} A\r\n"), "Nguyễn Văn A");
        assert_eq!(clean("a\u{E000}b\u{0}c\u{FDD0}\u{1FFFE}\u{E0041}d"), "abcd");
        assert_eq!(visible(" a\te\u{200B}\u{301} "), " a é ");
    }

    #[test]
    fn folding_drops_every_vietnamese_mark() {
        assert_eq!(fold("Đặng Thị Thúy Hường"), "DANG THI THUY HUONG");
        assert_eq!(squash("hnph-7k2m q4x9.7"), "HNPH7K2MQ4X97");
    }
}
