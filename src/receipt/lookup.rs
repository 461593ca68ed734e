//! Look-up codes: the secret with which a payer finds a receipt without logging in.
//!
//! Twelve characters of an alphabet of 31 carry 59.4 bits, drawn from the system's secure source
//! and never derived from the number, so that a receipt cannot be found by counting.

use std::fmt;
use std::str::FromStr;

use ring::rand::SecureRandom;

use crate::error::{Error, Result};

/// Digits and capitals without I, L, O, U and Z, which are misread as 1, 0, V and 2.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKMNPQRSTVWXY";
const LENGTH: usize = 12;

/// Bytes from here on are drawn again: 248 is the largest multiple of 31 that fits into a byte,
/// and folding the rest would make the first characters likelier than the others.
const REDRAW_FROM: u8 = 248;

/// A look-up code in its stored form: twelve capitals and digits without separators.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LookupCode(String);

impl LookupCode {
    /// How many codes there are.
    pub const SPACE: u128 = (ALPHABET.len() as u128).pow(LENGTH as u32);

    /// A new code.
    ///
    /// # Errors
    /// `Internal` when the random source fails.
    pub fn generate(random: &dyn SecureRandom) -> Result<LookupCode> {
        let mut code = String::with_capacity(LENGTH);
        let mut drawn = [0_u8; 2 * LENGTH];
        while code.len() < LENGTH {
            random.fill(&mut drawn).map_err(|_| Error::internal("the random source failed"))?;
            for byte in drawn.into_iter().filter(|&byte| byte < REDRAW_FROM).take(LENGTH - code.len()) {
                code.push(character(byte));
            }
        }
        Ok(LookupCode(code))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `7K2M-Q4X9-7ABC`, as it is printed.
    pub fn grouped(&self) -> String {
        let mut grouped = String::with_capacity(LENGTH + 2);
        for (index, letter) in self.0.chars().enumerate() {
            if index > 0 && index % 4 == 0 {
                grouped.push('-');
            }
            grouped.push(letter);
        }
        grouped
    }
}

fn character(byte: u8) -> char {
    let index = usize::from(byte) % ALPHABET.len();
    ALPHABET.get(index).map_or('0', |&letter| char::from(letter))
}

/// What people type instead of the character they read.
fn normalised(letter: char) -> char {
    match letter.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        'U' => 'V',
        'Z' => '2',
        other => other,
    }
}

/// Reads a code as people write it: any case, with spaces and hyphens, with look-alikes.
///
/// # Errors
/// `lookup_code_unreadable`.
impl FromStr for LookupCode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let unreadable =
            || Error::invalid("lookup_code", "lookup_code_unreadable", "expected 12 letters and digits");
        if text.len() > 64 {
            return Err(unreadable());
        }
        let code: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.')).map(normalised).collect();
        let known = code.bytes().all(|byte| ALPHABET.contains(&byte));
        if code.len() == LENGTH && known { Ok(LookupCode(code)) } else { Err(unreadable()) }
    }
}

impl fmt::Display for LookupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The code is a secret of the payer and stays out of logs.
impl fmt::Debug for LookupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LookupCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use ring::rand::SystemRandom;

    use super::*;

    #[test]
    fn a_code_cannot_be_guessed() {
        assert!((ALPHABET.len() as u128).pow(LENGTH as u32) > 1 << 59, "at least 59 bits");
        let random = SystemRandom::new();
        let codes: HashSet<String> =
            (0..2_000).map(|_| LookupCode::generate(&random).unwrap().to_string()).collect();
        assert_eq!(codes.len(), 2_000);
    }

    #[test]
    fn every_character_of_the_alphabet_is_equally_likely() {
        let mut seen: HashMap<char, u32> = HashMap::new();
        for byte in (0..=u8::MAX).filter(|&byte| byte < REDRAW_FROM) {
            *seen.entry(character(byte)).or_default() += 1;
        }
        assert_eq!(seen.len(), 31);
        assert!(seen.values().all(|&count| count == 8));
    }

    #[test]
    fn a_code_is_read_as_people_write_it() {
        let code: LookupCode = "7K2M0Q419VAB".parse().unwrap();
        assert_eq!(" 7k2m-oq4i.9uab".parse::<LookupCode>().unwrap(), code);
        assert_eq!(code.grouped(), "7K2M-0Q41-9VAB");
        assert_eq!(code.grouped().parse::<LookupCode>().unwrap(), code);
        for wrong in ["", "7K2M0Q419VA", "7K2M0Q419VABC", "7K2M0Q419VA*", "7K2M0Q419VAĐ"] {
            assert_eq!(wrong.parse::<LookupCode>().unwrap_err().code(), "lookup_code_unreadable", "{wrong}");
        }
        assert_eq!(format!("{code:?}"), "LookupCode(…)");
    }
}
