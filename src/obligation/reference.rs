//! The reference code a payer types or scans into a transfer, and finding it again in what a
//! bank makes of the memo.
//!
//! A code is a prefix of four letters, eight random symbols and one check symbol. Banks fold case,
//! glue words, break lines and add their own numbers, so reading squeezes the memo to letters and
//! digits, looks for the prefix and verifies the check. The check symbol is the sum of the body
//! values weighted 2..=9, modulo the prime 31: every single wrong symbol and every swap of two
//! symbols is detected.

#[path = "reference/extract.rs"]
mod extract;

use std::fmt;
use std::str::FromStr;

use ring::rand::SecureRandom;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::text;

pub use extract::{Found, candidates_at_one_edit};

/// 31 symbols without I, L, O, U and Z, which people and OCR mistake for others.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKMNPQRSTVWXY";
const MODULUS: u32 = 31;
const PREFIX_LENGTH: usize = 4;
const BODY_LENGTH: usize = 8;
/// Body and check symbol.
const TAIL_LENGTH: usize = BODY_LENGTH + 1;

/// The length of every code: prefix, body, check symbol.
pub const CODE_LENGTH: usize = PREFIX_LENGTH + TAIL_LENGTH;

/// Body and check symbol as values 0..=30.
type Tail = [u8; TAIL_LENGTH];

/// A verified code of 13 characters in canonical form, e.g. `HNPH7K2MQ4X97`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ReferenceCode(String);

impl ReferenceCode {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The four letters of the city.
    pub fn prefix(&self) -> &str {
        self.0.get(..PREFIX_LENGTH).unwrap_or_default()
    }

    /// `HNPH 7K2M Q4X9 7`: for reading aloud and for typing from paper.
    pub fn grouped(&self) -> String {
        let mut grouped = String::with_capacity(CODE_LENGTH + 3);
        for (index, symbol) in self.0.chars().enumerate() {
            if index > 0 && index.is_multiple_of(4) {
                grouped.push(' ');
            }
            grouped.push(symbol);
        }
        grouped
    }

    /// The eight symbols behind the prefix as one number, below 31^8.
    pub fn body_number(&self) -> Option<u64> {
        let tail = read_tail(self.0.get(PREFIX_LENGTH..)?.as_bytes())?;
        let body = tail.iter().take(BODY_LENGTH);
        Some(body.fold(0, |sum, value| sum * u64::from(MODULUS) + u64::from(*value)))
    }

    fn from_tail(prefix: &str, tail: &Tail) -> Self {
        let mut code = String::with_capacity(CODE_LENGTH);
        code.push_str(prefix);
        code.extend(tail.iter().map(|&value| symbol(value)));
        ReferenceCode(code)
    }
}

impl fmt::Display for ReferenceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ReferenceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Strict: the canonical form with any prefix, as stored. What people type goes through
/// [`CodeBook::parse`].
impl FromStr for ReferenceCode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (prefix, rest) = text.split_at_checked(PREFIX_LENGTH).ok_or_else(unreadable)?;
        let canonical = rest.bytes().all(|byte| ALPHABET.contains(&byte));
        if !is_prefix(prefix) || rest.len() != TAIL_LENGTH || !canonical {
            return Err(unreadable());
        }
        let tail = read_tail(rest.as_bytes()).ok_or_else(unreadable)?;
        if !verifies(&tail) {
            return Err(check_failed());
        }
        Ok(ReferenceCode(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for ReferenceCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom("expected a reference code"))
    }
}

/// The codes of one city: its prefix, and minting and reading with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeBook {
    prefix: String,
}

impl CodeBook {
    /// `prefix`: four upper-case ASCII letters that hardly ever meet in a memo by chance; count
    /// them in real memos before choosing (`HNPH`: never in 90,390).
    pub fn new(prefix: &str) -> Result<Self> {
        if !is_prefix(prefix) {
            return Err(Error::invalid("prefix", "reference_prefix_invalid", "expected four letters A-Z"));
        }
        Ok(CodeBook { prefix: prefix.to_owned() })
    }

    /// The codes of Hà Nội.
    pub fn hanoi() -> Self {
        CodeBook { prefix: "HNPH".to_owned() }
    }

    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// A new random code out of 31^8 (about 8.5 × 10^11). Uniqueness is the database's to promise:
    /// on a clash mint again.
    pub fn mint(&self, random: &dyn SecureRandom) -> Result<ReferenceCode> {
        // Nine rounds in ten succeed; a source that fails 64 times is broken.
        for _ in 0..64 {
            let mut bytes = [0_u8; 2 * BODY_LENGTH];
            random.fill(&mut bytes).map_err(|_| Error::internal("the random source failed"))?;
            // 248 = 8 × 31: the bytes above would favour the first symbols.
            let values: Vec<u8> = bytes
                .into_iter()
                .filter(|&byte| byte < 248)
                .map(|byte| byte % 31)
                .take(BODY_LENGTH)
                .collect();
            if let Some(code) = self.with_values(&values)
                // A prefix inside the code would be read as the start of a second one.
                && !code.as_str().get(1..).is_some_and(|rest| rest.contains(&self.prefix))
            {
                return Ok(code);
            }
        }
        Err(Error::internal("the random source repeats itself"))
    }

    /// The code with this body of eight symbols: for fixtures and simulators.
    pub fn from_body(&self, body: &str) -> Result<ReferenceCode> {
        let values: Option<Vec<u8>> = body.bytes().map(value_of).collect();
        values.and_then(|values| self.with_values(&values)).ok_or_else(unreadable)
    }

    /// The code whose eight symbols are this number; None from 31^8 on.
    pub fn from_body_number(&self, number: u64) -> Option<ReferenceCode> {
        let mut body = [0_u8; BODY_LENGTH];
        let mut rest = number;
        for value in body.iter_mut().rev() {
            *value = u8::try_from(rest % u64::from(MODULUS)).ok()?;
            rest /= u64::from(MODULUS);
        }
        if rest == 0 { self.with_values(&body) } else { None }
    }

    /// Reads one code as typed by a person: any case, spaces and hyphens inside, O for 0.
    pub fn parse(&self, typed: &str) -> Result<ReferenceCode> {
        if typed.len() > 100 {
            return Err(unreadable());
        }
        let squashed = text::squash(typed);
        let rest = squashed.strip_prefix(&self.prefix).ok_or_else(unreadable)?;
        if rest.len() != TAIL_LENGTH {
            return Err(unreadable());
        }
        let tail = read_tail(rest.as_bytes()).ok_or_else(unreadable)?;
        if !verifies(&tail) {
            return Err(check_failed());
        }
        Ok(ReferenceCode::from_tail(&self.prefix, &tail))
    }

    fn with_values(&self, body: &[u8]) -> Option<ReferenceCode> {
        let body: [u8; BODY_LENGTH] = body.try_into().ok()?;
        let mut tail: Tail = [0; TAIL_LENGTH];
        for (slot, value) in tail.iter_mut().zip(body) {
            *slot = value;
        }
        if let Some(last) = tail.last_mut() {
            *last = check_of(&body);
        }
        Some(ReferenceCode::from_tail(&self.prefix, &tail))
    }
}

fn is_prefix(text: &str) -> bool {
    text.len() == PREFIX_LENGTH && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// The value of a symbol as read: look-alikes count as what they were meant to be.
fn value_of(byte: u8) -> Option<u8> {
    let meant = match byte.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        b'U' => b'V',
        b'Z' => b'2',
        other => other,
    };
    ALPHABET.iter().position(|&known| known == meant).and_then(|index| u8::try_from(index).ok())
}

fn symbol(value: u8) -> char {
    ALPHABET.get(usize::from(value)).copied().map_or('?', char::from)
}

/// Nine symbols as values; `None` for another length or a foreign character.
fn read_tail(bytes: &[u8]) -> Option<Tail> {
    let bytes: &[u8; TAIL_LENGTH] = bytes.try_into().ok()?;
    let mut tail: Tail = [0; TAIL_LENGTH];
    for (slot, &byte) in tail.iter_mut().zip(bytes) {
        *slot = value_of(byte)?;
    }
    Some(tail)
}

fn check_of(body: &[u8]) -> u8 {
    let sum: u32 = body.iter().zip(2_u32..).map(|(&value, weight)| u32::from(value) * weight).sum();
    (sum % MODULUS) as u8
}

fn verifies(tail: &Tail) -> bool {
    let [body @ .., check] = tail;
    check_of(body) == *check
}

fn unreadable() -> Error {
    Error::invalid(
        "reference_code",
        "reference_code_unreadable",
        "expected the prefix and nine letters or digits",
    )
}

fn check_failed() -> Error {
    Error::invalid("reference_code", "reference_code_check_failed", "a symbol is mistyped")
}

#[cfg(test)]
#[path = "reference/tests.rs"]
mod tests;
