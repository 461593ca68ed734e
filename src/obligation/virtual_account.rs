//! Virtual accounts: numbers under an account of the unit, one for each obligation. A payer transfers to the
//! number and writes nothing; the bank credits the account and names the number, by which the obligation is
//! known. Level 1 of matching, together with the exact amount.
//!
//! The number is the prefix that the bank agreed to and what the reference code ends with, in letters (eight
//! symbols and their check) or in digits alone (the same eight as a number of twelve digits, and two check
//! digits by ISO 7064 MOD 97-10). So it needs no table: number and code follow from each other.

use serde::Serialize;

use super::reference::{CodeBook, ReferenceCode};
use super::virtual_query as query;
use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::{Conn, Stamp, Tx, failure, rows};
use crate::text;
use crate::unit::account::{self, PublicCodeRow};

pub use query::Range;

/// In the directory of codes.
const KIND: &str = "virtual";
/// VietQR carries no longer account number.
const NUMBER_LIMIT: usize = 19;
const TAIL_LETTERS: usize = 9;
const BODY_DIGITS: usize = 12;
const CHECK_DIGITS: usize = 2;

/// What the numbers of a range end with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    Letters,
    Digits,
}

impl Style {
    pub const ALL: [Style; 2] = [Style::Letters, Style::Digits];

    pub fn as_str(self) -> &'static str {
        match self {
            Style::Letters => "letters",
            Style::Digits => "digits",
        }
    }

    pub fn parse(text: &str) -> Result<Style> {
        let known = Style::ALL.into_iter().find(|style| style.as_str() == text);
        known.ok_or_else(|| Error::invalid("style", "virtual_range_wrong", "letters or digits"))
    }

    /// How many characters follow the prefix.
    fn tail_length(self) -> usize {
        match self {
            Style::Letters => TAIL_LETTERS,
            Style::Digits => BODY_DIGITS + CHECK_DIGITS,
        }
    }

    fn tail_of(self, code: &ReferenceCode) -> Option<String> {
        match self {
            Style::Letters => code.as_str().strip_prefix(code.prefix()).map(str::to_owned),
            Style::Digits => code.body_number().map(checked_digits),
        }
    }

    /// The code that a number of this style ends with.
    fn code_of(self, book: &CodeBook, tail: &str) -> Option<ReferenceCode> {
        match self {
            Style::Letters => format!("{}{tail}", book.prefix()).parse().ok(),
            Style::Digits => book.from_body_number(unchecked_digits(tail)?),
        }
    }
}

fn checked_digits(body: u64) -> String {
    let check = 98 - body * 100 % 97;
    format!("{body:012}{check:02}")
}

fn unchecked_digits(tail: &str) -> Option<u64> {
    let number: u64 =
        Some(tail).filter(|tail| tail.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()?;
    // The check digits are 02 to 98: 00 and 01 would be second spellings of 97 and 98.
    (number % 97 == 1 && (2..=98).contains(&(number % 100))).then_some(number / 100)
}

impl Range {
    /// The number of an obligation's virtual account.
    pub fn number_of(&self, code: &ReferenceCode) -> Option<String> {
        self.style.tail_of(code).map(|tail| format!("{}{tail}", self.prefix))
    }

    /// The code that a number of this range stands for; None for any other text.
    pub fn code_of(&self, book: &CodeBook, number: &str) -> Option<ReferenceCode> {
        let tail = number.strip_prefix(&self.prefix)?;
        let code = self.style.code_of(book, tail)?;
        (tail.len() == self.style.tail_length()).then_some(code)
    }
}

/// The codes whose numbers stand in a text, as words of their own. Pure.
pub fn codes_in(book: &CodeBook, ranges: &[Range], text: &str) -> Vec<ReferenceCode> {
    let mut found: Vec<ReferenceCode> = words(text)
        .flat_map(|word| ranges.iter().filter_map(move |range| range.code_of(book, &word)))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|symbol: char| !symbol.is_ascii_alphanumeric()).map(str::to_ascii_uppercase)
}

/// What a number may be: the directory's key of its prefix, with the code it would stand for.
pub fn candidates(book: &CodeBook, number: &str) -> Vec<(String, ReferenceCode)> {
    let number = number.trim().to_ascii_uppercase();
    let mut found = Vec::new();
    for style in Style::ALL.into_iter().filter(|_| number.is_ascii() && number.len() <= NUMBER_LIMIT) {
        let at = number.len().checked_sub(style.tail_length()).filter(|at| *at > 0);
        let Some((prefix, tail)) = at.and_then(|at| number.split_at_checked(at)) else { continue };
        if let Some(code) = style.code_of(book, tail) {
            found.push((directory_code(prefix, style), code));
        }
    }
    found
}

/// The style is part of the key: of a number, only the range it was given out by is found.
fn directory_code(prefix: &str, style: Style) -> String {
    format!("VIRTUAL:{}:{prefix}", style.as_str())
}

/// What is agreed with a bank about an account.
#[derive(Clone, Debug)]
pub struct Agreed {
    pub unit: UnitId,
    pub account: AccountId,
    pub prefix: String,
    pub style: Style,
    pub valid_from: BusinessDay,
    pub valid_until: BusinessDay,
    pub agreement_no: String,
    pub maker: PersonId,
    pub checker: PersonId,
}

/// Records an agreement; two persons decide. From its first to its last day obligations of the account are
/// paid by their numbers; later days give out none, and read those that were.
///
/// # Errors
/// `virtual_range_wrong`, `virtual_prefix_taken`, `agreement_missing`, `maker_is_checker`,
/// `account_not_found`, `account_ended`.
pub fn agree(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, agreed: Agreed) -> Result<VirtualRangeId> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    actor.scope.require(agreed.unit)?;
    if let Some(on) = account::find(tx, agreed.unit, agreed.account)?.closed_on {
        return Err(Error::conflict("account_ended", format!("it ended on {on}")));
    }
    let prefix = checked_prefix(&agreed)?;
    let agreement_no = text::clean(&agreed.agreement_no);
    if agreement_no.is_empty() {
        return Err(Error::invalid("agreement_no", "agreement_missing", "name the agreement with the bank"));
    }
    if agreed.maker == agreed.checker {
        return Err(Error::invalid("checker", "maker_is_checker", "two different persons must decide"));
    }
    let id: VirtualRangeId = stamp.mint()?;
    let code = PublicCodeRow {
        code: directory_code(&prefix, agreed.style),
        unit_id: agreed.unit,
        kind: KIND,
        target_id: agreed.account.0,
    };
    if rows::insert_if_absent(tx, &[code], &["code"])? != [true] {
        return Err(Error::conflict("virtual_prefix_taken", "another account has this prefix"));
    }
    rows::insert(
        tx,
        &[query::RangeRow {
            unit_id: agreed.unit,
            id,
            account_id: agreed.account,
            prefix,
            style: agreed.style.as_str(),
            valid_from: agreed.valid_from,
            valid_until: agreed.valid_until,
            agreement_no,
            maker_person_id: agreed.maker,
            checker_person_id: agreed.checker,
            created_at: stamp.now,
        }],
    )
    .map_err(|error| match error.code() {
        failure::UNIQUE => {
            Error::conflict("virtual_prefix_taken", "the unit has this prefix in another style")
        }
        _ => error,
    })?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, agreed.unit, "account.virtual_range", id)])?;
    Ok(id)
}

fn checked_prefix(agreed: &Agreed) -> Result<String> {
    let wrong = |field: &str, detail: &str| Err(Error::invalid(field, "virtual_range_wrong", detail));
    let prefix = agreed.prefix.trim().to_ascii_uppercase();
    let is_word = match agreed.style {
        Style::Letters => prefix.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        Style::Digits => prefix.bytes().all(|byte| byte.is_ascii_digit()),
    };
    if prefix.is_empty() || !is_word || prefix.len() + agreed.style.tail_length() > NUMBER_LIMIT {
        return wrong("prefix", "1 to 10 letters and digits, or 1 to 5 digits");
    }
    if agreed.valid_from > agreed.valid_until {
        return wrong("valid_until", "not before the first day");
    }
    Ok(prefix)
}

/// The range by which an account gives numbers out on a day: the newest of those in force.
pub fn in_force(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    day: BusinessDay,
) -> Result<Option<Range>> {
    let mut known = query::of_account(conn, unit, account)?;
    known.retain(|range| range.valid_from <= day && day <= range.valid_until);
    Ok(known.pop())
}

/// Every range, in force or not, of the units in scope.
pub fn all(conn: &mut Conn) -> Result<Vec<Range>> {
    query::all(conn)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> CodeBook {
        CodeBook::hanoi()
    }

    fn range(prefix: &str, style: Style) -> Range {
        let day: BusinessDay = "2026-11-23".parse().unwrap();
        Range {
            unit: UnitId(2),
            id: VirtualRangeId(1),
            account: AccountId(3),
            prefix: prefix.to_owned(),
            style,
            valid_from: day,
            valid_until: day,
            agreement_no: "1".into(),
        }
    }

    #[test]
    fn number_and_code_follow_from_each_other_and_fit_into_a_qr_code() {
        for body in ["00000000", "YYYYYYYY", "7K2MQ4X9", "00000001", "H1J2K3M4"] {
            let code = book().from_body(body).unwrap();
            for range in [range("MAU0000001", Style::Letters), range("90001", Style::Digits)] {
                let number = range.number_of(&code).unwrap();
                assert_eq!(number.len(), NUMBER_LIMIT, "{number}");
                assert_eq!(range.code_of(&book(), &number), Some(code.clone()), "{number}");
            }
        }
        let code = book().from_body("7K2MQ4X9").unwrap();
        assert_eq!(
            range("MAU", Style::Letters).number_of(&code).unwrap(),
            format!("MAU{}", &code.as_str()[4..])
        );
        let digits = range("9", Style::Digits).number_of(&code).unwrap();
        assert!(digits.bytes().all(|byte| byte.is_ascii_digit()), "{digits}");
    }

    #[test]
    fn a_digit_that_is_wrong_or_swapped_names_nobody() {
        let range = range("90001", Style::Digits);
        let number = range.number_of(&book().from_body("7K2MQ4X9").unwrap()).unwrap();
        for at in 5..number.len() {
            for digit in b'0'..=b'9' {
                let mut bytes = number.clone().into_bytes();
                if bytes[at] == digit {
                    continue;
                }
                bytes[at] = digit;
                let wrong = String::from_utf8(bytes).unwrap();
                assert_eq!(range.code_of(&book(), &wrong), None, "{wrong}");
            }
            if at + 1 < number.len() && number.as_bytes()[at] != number.as_bytes()[at + 1] {
                let mut bytes = number.clone().into_bytes();
                bytes.swap(at, at + 1);
                assert_eq!(range.code_of(&book(), &String::from_utf8(bytes).unwrap()), None);
            }
        }
    }

    #[test]
    fn a_number_is_found_as_a_word_and_never_inside_another() {
        let ranges = [range("MAU001", Style::Letters), range("90001", Style::Digits)];
        let code = book().from_body("7K2MQ4X9").unwrap();
        for range in &ranges {
            let number = range.number_of(&code).unwrap();
            let texts = [number.clone(), number.to_lowercase(), format!("VA:{number}/NOP PHI. {number}")];
            for text in texts {
                assert_eq!(codes_in(&book(), &ranges, &text), std::slice::from_ref(&code), "{text}");
            }
            for text in [format!("X{number}"), format!("{number}1"), number[1..].to_owned()] {
                assert_eq!(codes_in(&book(), &ranges, &text), [], "{text}");
            }
        }
    }

    #[test]
    fn a_number_alone_names_the_prefix_it_may_have() {
        let code = book().from_body("7K2MQ4X9").unwrap();
        for (range, key) in [
            (range("MAU001", Style::Letters), "VIRTUAL:letters:MAU001"),
            (range("90001", Style::Digits), "VIRTUAL:digits:90001"),
        ] {
            let number = range.number_of(&code).unwrap();
            let found = candidates(&book(), &number.to_lowercase());
            assert!(found.contains(&(key.to_owned(), code.clone())), "{found:?}");
        }
        for plain in ["1900111100", "", "7", "0123456789012345678901"] {
            assert_eq!(candidates(&book(), plain), [], "{plain}");
        }
    }
}
