//! What every channel's configuration has in common.

use crate::error::{Error, Result};

/// A channel's name is stored with every claim: 1 to 32 of `a-z`, `0-9` and `_`, a letter first.
pub fn check_name(name: &str) -> Result<()> {
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if plain && name.len() <= 32 && name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Ok(());
    }
    Err(Error::invalid(
        "name",
        "channel_name_unreadable",
        "expected up to 32 of a-z, 0-9 and _, a letter first",
    ))
}

/// A NAPAS bank number: six digits.
pub fn check_bank_bin(bank_bin: Option<&str>) -> Result<()> {
    match bank_bin {
        Some(bin) if bin.len() != 6 || !bin.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(Error::invalid("bank_bin", "channel_bank_bin_unreadable", "expected six digits"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_plain_word_and_a_bank_number_six_digits() {
        for name in ["sepay", "vpbank_2"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "2bank", "VPBank", "vp-bank", "ngân_hàng", &"a".repeat(33)] {
            assert_eq!(check_name(name).unwrap_err().code(), "channel_name_unreadable", "{name}");
        }
        assert!(check_bank_bin(None).is_ok() && check_bank_bin(Some("970432")).is_ok());
        assert!(check_bank_bin(Some("97043")).is_err() && check_bank_bin(Some("97043A")).is_err());
    }
}
