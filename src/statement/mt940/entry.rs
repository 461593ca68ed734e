//! The statement line `:61:`.
//!
//! `YYMMDD` value date, `[MMDD]` entry date, mark `D|C|RD|RC`, `[1!a]` funds code, amount with a
//! comma, `1!a3!c` type, customer reference, `[//` bank reference`]`. A reversed credit (`RC`) is
//! money out, a reversed debit (`RD`) money in. In an MT942 the mark may be `EC` or `ED`: expected,
//! not booked.

use std::borrow::Cow;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::statement::date::{entry_date, swift_date, value_date};
use crate::statement::finding::{Fault, excerpt};
use crate::statement::number::{signed, swift_amount};

use super::tag::Tag;

/// How far the booking may lie from a value date at the end of February.
const MONTH_DAYS: i64 = 31;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub value_date: NaiveDate,
    pub booking_date: Option<NaiveDate>,
    /// Minus is money out.
    pub amount: Decimal,
    pub reversal: bool,
    /// `EC`, `ED`: announced, not booked.
    pub is_expected: bool,
    /// The third letter of the currency, where the bank writes it.
    pub funds_code: Option<char>,
    pub transaction_code: Option<String>,
    pub reference: Option<String>,
    pub bank_reference: Option<String>,
    /// What stands behind the padding of the reference: older files put the name there.
    pub remainder: Option<String>,
    /// The amount was not written with a comma.
    pub amount_deviates: bool,
    /// The value date is the 30 February of a year of 360 days; it was moved to the month's end.
    pub date_deviates: bool,
}

/// The text of an entry and how many lines of the tag it takes: some banks break it behind the mark.
pub(super) struct Written<'a> {
    pub text: Cow<'a, str>,
    pub line_count: usize,
}

pub(super) fn written_entry<'a>(tag: &Tag<'a, '_>) -> Written<'a> {
    let first = tag.first();
    let is_head = first.trim_end().ends_with(|c: char| c.is_ascii_alphabetic())
        && first.bytes().filter(u8::is_ascii_alphabetic).count() <= 3;
    match tag.content.get(1) {
        Some(second) if is_head => {
            Written { text: format!("{}{second}", first.trim_end()).into(), line_count: 2 }
        }
        _ => Written { text: first.into(), line_count: 1 },
    }
}

pub(super) fn read_entry(text: &str) -> Result<Entry, Fault> {
    let mut cursor = Cursor { rest: text.trim() };
    let written = cursor.take(6);
    let (value_date, date_deviates) = value_date(written)?;
    let booking_date = cursor.take_digits(4).map(|digits| entry_date(value_date, digits)).transpose()?;
    let is_near = booking_date.is_some_and(|booked| (booked - value_date).num_days().abs() <= MONTH_DAYS);
    if date_deviates && !is_near {
        // Only a booking at the turn of the month makes it a date of the year of 360 days.
        swift_date(written)?;
    }
    let mark = read_mark(cursor.take_while(|c| c.is_ascii_alphabetic()))?;
    let (amount, amount_deviates) =
        swift_amount(cursor.take_while(|c| c.is_ascii_digit() || matches!(c, ',' | '.')))?;
    let (transaction_code, references) = read_type(cursor.rest.trim())?;
    let (reference, bank_reference) = references.split_once("//").unwrap_or((references, ""));
    let (reference, remainder) = split_padding(reference);
    Ok(Entry {
        value_date,
        booking_date,
        amount: signed(amount, mark.is_credit != mark.reversal),
        reversal: mark.reversal,
        is_expected: mark.is_expected,
        funds_code: mark.funds_code,
        transaction_code,
        reference: given(reference),
        bank_reference: given(bank_reference),
        remainder: present(remainder),
        amount_deviates,
        date_deviates,
    })
}

/// Whether an entry that cannot be read is money out. `None` where its mark does not tell, and where banks differ on
/// which side they count it: what is taken back, and nothing.
pub(super) fn side_of_unread(text: &str) -> Option<bool> {
    let mut cursor = Cursor { rest: text.trim() };
    cursor.take(6);
    cursor.take_digits(4);
    let mark = read_mark(cursor.take_while(|c| c.is_ascii_alphabetic())).ok()?;
    let amount = swift_amount(cursor.take_while(|c| c.is_ascii_digit() || matches!(c, ',' | '.')));
    let is_nothing = amount.is_ok_and(|(amount, _)| amount.is_zero());
    (!mark.reversal && !mark.is_expected && !is_nothing).then_some(!mark.is_credit)
}

/// The places of a reference (16x).
const REFERENCE_LENGTH: usize = 16;

/// A field padded to its sixteen places, and what follows the padding. What fits the places whole is a
/// reference with spaces in it.
fn split_padding(reference: &str) -> (&str, &str) {
    let reference = reference.trim();
    match reference.split_once("  ") {
        Some((word, rest)) if is_nonref(word) => (word, rest),
        Some(parts) if reference.chars().count() > REFERENCE_LENGTH => parts,
        _ => (reference, ""),
    }
}

fn present(text: &str) -> Option<String> {
    Some(crate::text::clean(text)).filter(|text| !text.is_empty())
}

/// A reference, unless the bank says that there is none.
pub(super) fn given(text: &str) -> Option<String> {
    present(text).filter(|reference| !is_nonref(reference))
}

/// What stands in place of a reference, in letters of either size.
const NONREF: &str = "NONREF";

fn is_nonref(text: &str) -> bool {
    text.eq_ignore_ascii_case(NONREF)
}

struct Mark {
    is_credit: bool,
    reversal: bool,
    is_expected: bool,
    funds_code: Option<char>,
}

/// Credit or debit, reversal, expectation, funds code. `CD` is a credit with funds code D (as in
/// USD), `RC` a reversed credit, `RCD` both, `EC` an expected credit.
fn read_mark(letters: &str) -> Result<Mark, Fault> {
    let unknown = || {
        let shown = excerpt(letters);
        Fault::new(
            "mark_invalid",
            format!("Dấu ghi nợ/có “{shown}” không hợp lệ (C, D, RC hoặc RD)"),
            format!("“{shown}” is not a debit or credit mark (C, D, RC or RD)"),
        )
    };
    let mark = letters.trim();
    let (reversal, is_expected) = (mark.starts_with('R'), mark.starts_with('E'));
    let rest = if reversal || is_expected { mark.get(1..).unwrap_or_default() } else { mark };
    let mut rest = rest.chars();
    let is_credit = match rest.next() {
        Some('C') => true,
        Some('D') => false,
        _ => return Err(unknown()),
    };
    let funds_code = rest.next();
    let is_code = funds_code.is_none_or(|code| code.is_ascii_uppercase());
    if !is_code || rest.next().is_some() {
        return Err(unknown());
    }
    Ok(Mark { is_credit, reversal, is_expected, funds_code })
}

/// The type code, in listed form, with digits only (`N527`), short (`NET `) or with any other
/// letter first; some banks leave it out before `NONREF` or before the bank's reference.
fn read_type(text: &str) -> Result<(Option<String>, &str), Fault> {
    if text.get(..NONREF.len()).is_some_and(is_nonref)
        || text.strip_prefix("//").is_some_and(|reference| !reference.is_empty())
    {
        return Ok((None, text));
    }
    let is_code = |code: &str| {
        let mut chars = code.chars();
        chars.next().is_some_and(|c| c.is_ascii_uppercase())
            && chars.all(|c| c.is_ascii_alphanumeric() || c == ' ')
    };
    match text.split_at_checked(4).filter(|(code, _)| is_code(code)) {
        Some((code, references)) => Ok((Some(code.trim_end().to_owned()), references)),
        None => Err(Fault::new(
            "transaction_code_missing",
            "Thiếu mã loại giao dịch (ví dụ NTRF) sau số tiền",
            "the transaction type (such as NTRF) behind the amount is missing",
        )),
    }
}

struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    /// The next characters; fewer at the end of the text.
    fn take(&mut self, count: usize) -> &'a str {
        let end = self.rest.char_indices().nth(count).map_or(self.rest.len(), |(at, _)| at);
        self.split(end)
    }

    fn take_digits(&mut self, count: usize) -> Option<&'a str> {
        let digits = self.rest.get(..count).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?;
        self.split(count);
        Some(digits)
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &'a str {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| !keep(c)).unwrap_or(self.rest.len());
        self.split(end)
    }

    fn split(&mut self, end: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }
}
