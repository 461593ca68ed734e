//! The information `:86:` behind a statement line.
//!
//! Structured as in Germany and Poland (a transaction code, then numbered fields behind `?` or
//! another mark), with words between slashes as in the Netherlands, or free text, which is what
//! Vietnamese banks send. Nothing is lost: the memo carries the whole remittance text.

use crate::text::{clean, cleaned};

/// Remittance fields of the structured form hold 27 characters; a full one goes on in the next.
const FIELD_CHARS: usize = 27;
/// A full line of free text goes on in the next without a break.
const LINE_CHARS: usize = 65;
/// Some banks fill two places more before they break; what is longer was not broken by its places.
const LONGEST_LINE_CHARS: usize = 67;
/// What the first line holds where a bank counts the tag among its places.
const FIRST_LINE_CHARS: usize = LINE_CHARS - ":86:".len();
/// Each attribute of a SEPA payment begins a remittance field of its own.
const SEPA_WORDS: [&str; 13] = [
    "EREF+", "KREF+", "MREF+", "CRED+", "DEBT+", "COAM+", "OAMT+", "SVWZ+", "ABWA+", "ABWE+", "PURP+",
    "IBAN+", "BIC+",
];

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Information {
    pub memo: Option<String>,
    pub posting_text: Option<String>,
    pub counterparty_name: Option<String>,
    pub counterparty_account: Option<String>,
}

pub(super) fn read_information(lines: &[&str]) -> Information {
    if !may_be_structured(lines) {
        return read_free_text(lines);
    }
    let glued: String = lines.iter().map(|line| unpadded(line, LINE_CHARS)).collect();
    match structured_mark(&glued) {
        Some(mark) => read_fields(&glued, mark),
        None => read_free_text(lines),
    }
}

/// Most free text shows by the first character behind its digits that it has no fields.
fn may_be_structured(lines: &[&str]) -> bool {
    let first = lines.first().map(|line| line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()));
    first.and_then(|text| text.chars().next()).is_none_or(is_field_mark)
}

fn is_field_mark(c: char) -> bool {
    matches!(c, '?' | '~' | '<' | '>' | '^' | '|' | '!' | '@' | '$' | '+')
}

/// The mark between numbered fields: `166?00…` has `?`. It must repeat to be believed.
fn structured_mark(text: &str) -> Option<char> {
    let behind_code = text.trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
    let code_length = text.trim_start().len() - behind_code.len();
    let mark = behind_code.chars().next().filter(|c| is_field_mark(*c))?;
    // A plus stands in references and sums too: it is believed only behind a whole code.
    let is_believable = mark != '+' || code_length == 3;
    // Behind a whole code one field is enough: `805?00ENTGELT`.
    let least = if mark == '?' && code_length == 3 { 1 } else { 2 };
    (is_believable && code_length <= 4 && fields(behind_code, mark).count() >= least).then_some(mark)
}

/// The numbers that fields have; a mark before others is part of the text.
fn is_field_number(number: u8) -> bool {
    matches!(number, 0..=39 | 60..=71)
}

/// Splits at every mark that two digits follow; other marks are part of the text.
fn fields(text: &str, mark: char) -> impl Iterator<Item = (u8, &str)> {
    let is_start = move |text: &str| {
        let digits = text.strip_prefix(mark).and_then(|rest| rest.get(..2));
        digits
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .filter(|number| is_field_number(*number))
    };
    let starts: Vec<(usize, u8)> = text
        .match_indices(mark)
        .filter_map(|(at, _)| text.get(at..).and_then(is_start).map(|number| (at, number)))
        .collect();
    let ends: Vec<usize> = starts.iter().skip(1).map(|(at, _)| *at).chain([text.len()]).collect();
    starts.into_iter().zip(ends).filter_map(move |((at, number), end)| {
        text.get(at + mark.len_utf8() + 2..end).map(|content| (number, content))
    })
}

/// What Polish banks put into a field that has nothing in it: the last place of their code page.
fn is_filler(content: &str) -> bool {
    matches!(content.trim(), "\u{02D9}" | "\u{A0}" | "ÿ")
}

fn read_fields(text: &str, mark: char) -> Information {
    let mut remittance: Vec<&str> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    let mut information = Information::default();
    for (number, content) in fields(text, mark).filter(|(_, content)| !is_filler(content)) {
        match number {
            0 => information.posting_text = present(content),
            20..=29 | 60..=63 => remittance.push(content),
            31 => information.counterparty_account = present(content).or(information.counterparty_account),
            32 | 33 => names.push(content),
            38 => information.counterparty_account = information.counterparty_account.or(present(content)),
            _ => {}
        }
    }
    information.counterparty_name = present(&join_fields(&names));
    information.memo = present(&join_fields(&remittance)).or_else(|| information.posting_text.clone());
    information
}

/// The lines of `:NS:`, which some German banks send in place of `:86:`: numbers 01 to 14 are remittance,
/// 15 and 16 the other side's name, 17 the posting text.
pub(super) fn read_notes(lines: &[&str]) -> Information {
    let of = |numbers: std::ops::RangeInclusive<u8>| {
        let own = lines.iter().filter_map(|line| line.trim_start().split_at_checked(2));
        let own = own.filter(|(digits, _)| digits.parse().is_ok_and(|number| numbers.contains(&number)));
        let texts: Vec<&str> = own.map(|(_, text)| text).collect();
        present(&join_fields(&texts))
    };
    Information {
        memo: of(1..=14),
        posting_text: of(17..=17),
        counterparty_name: of(15..=16),
        counterparty_account: None,
    }
}

fn read_free_text(lines: &[&str]) -> Information {
    let text = join_lines(lines);
    Information {
        counterparty_name: slashed_word(&text, "NAME"),
        counterparty_account: slashed_word(&text, "IBAN"),
        memo: Some(cleaned(text)).filter(|text| !text.is_empty()),
        posting_text: None,
    }
}

/// `/NAME/…/` up to the next slash that starts another word.
fn slashed_word(text: &str, word: &str) -> Option<String> {
    if !text.trim_start().starts_with('/') {
        return None;
    }
    let (_, rest) = text.split_once(&format!("/{word}/"))?;
    rest.split('/').next().and_then(present)
}

/// Blanks behind the places of a line are what a file fills its records up with; within them they may
/// end a word.
fn unpadded(piece: &str, full_chars: usize) -> &str {
    let text = piece.trim_end();
    if piece.len() <= full_chars || text.len() == piece.len() {
        return piece;
    }
    let places = piece.char_indices().nth(full_chars).map_or(piece.len(), |(at, _)| at);
    piece.get(..places.max(text.len())).unwrap_or(text)
}

/// A full field goes on in the next, unless that begins an attribute of its own.
fn join_fields(fields: &[&str]) -> String {
    let is_full = |field: &str| field.len() >= FIELD_CHARS && field.chars().count() >= FIELD_CHARS;
    let is_attribute = |field: &str| SEPA_WORDS.iter().any(|word| field.starts_with(word));
    join(fields, FIELD_CHARS, |_, field, next| is_full(field) && !is_attribute(next))
}

/// A full line goes on in the next. Free text wrapped by words may have the places of a first line behind its tag by
/// chance: those fill only a line that begins with a slash.
fn join_lines(lines: &[&str]) -> String {
    let is_full = |line: &str| {
        line.len() >= LINE_CHARS && (LINE_CHARS..=LONGEST_LINE_CHARS).contains(&line.chars().count())
    };
    let is_full_first = |line: &str| line.starts_with('/') && line.chars().count() == FIRST_LINE_CHARS;
    join(lines, LINE_CHARS, |position, line, _| is_full(line) || (position == 0 && is_full_first(line)))
}

/// Joins pieces: one that goes on is glued to the next, another is followed by a space. Whether one does is told by
/// its position, its text and the text of the next.
fn join(pieces: &[&str], full_chars: usize, goes_on: impl Fn(usize, &str, &str) -> bool) -> String {
    let mut joined = String::with_capacity(pieces.iter().map(|piece| piece.len() + 1).sum());
    let mut last: Option<(usize, &str)> = None;
    for (position, piece) in pieces.iter().map(|piece| unpadded(piece, full_chars)).enumerate() {
        if last.is_some_and(|(before, text)| !goes_on(before, text, piece)) {
            joined.push(' ');
        }
        joined.push_str(piece);
        last = Some((position, piece));
    }
    joined
}

fn present(text: &str) -> Option<String> {
    Some(clean(text)).filter(|text| !text.is_empty())
}
