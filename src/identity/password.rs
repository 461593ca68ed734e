//! Passwords: Argon2id (RFC 9106) with its parameters and salt in the stored text.
//!
//! Hashing takes tens of milliseconds on purpose, so it happens outside transactions and on
//! threads that may block.

use std::sync::LazyLock;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use ring::rand::{SecureRandom, SystemRandom};

use crate::error::{Error, Result};

/// Characters, not bytes. Long enough that no composition rules are needed (NIST SP 800-63B).
const SHORTEST: usize = 10;
const LONGEST: usize = 128;
/// 19 MiB, two passes, one lane: the recommendation of OWASP for Argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;

/// What everybody tries first.
const COMMON: [&str; 12] = [
    "password",
    "matkhau",
    "123456789",
    "1234567890",
    "qwertyuiop",
    "qwerty123",
    "abc123456",
    "iloveyou",
    "bienlai",
    "hanoi",
    "admin",
    "ketoan",
];

/// Whether a new password may be one: `password_too_short`, `field_too_long`, `password_common` when it
/// is the login's name, one letter again and again, or what everybody tries first with digits behind it.
pub fn check(new: &str, login: &str) -> Result<()> {
    let length = new.chars().count();
    if length < SHORTEST {
        let detail = format!("at least {SHORTEST} characters");
        return Err(Error::invalid("password", "password_too_short", detail));
    }
    if length > LONGEST {
        return Err(Error::invalid("password", "field_too_long", format!("at most {LONGEST} characters")));
    }
    let plain = new.to_lowercase();
    let word = plain.trim_end_matches(|c: char| !c.is_alphabetic());
    let first = plain.chars().next();
    let is_guessed = COMMON.contains(&plain.as_str()) || COMMON.contains(&word) || word == login;
    if is_guessed || plain.chars().all(|c| Some(c) == first) {
        return Err(Error::invalid("password", "password_common", "easily guessed"));
    }
    Ok(())
}

/// The text to keep.
pub fn hash(password: &str) -> Result<String> {
    let mut salt = [0_u8; SALT_BYTES];
    SystemRandom::new().fill(&mut salt).map_err(|_| Error::internal("the random source failed"))?;
    let failed = |error: argon2::password_hash::Error| Error::internal(format!("argon2: {error}"));
    let salt = SaltString::encode_b64(&salt).map_err(failed)?;
    Ok(hasher()?.hash_password(password.as_bytes(), &salt).map_err(failed)?.to_string())
}

/// Whether this is the password behind a stored text. Without one the answer is no, after as long.
pub fn matches(password: &str, stored: Option<&str>) -> Result<bool> {
    static NOBODYS: LazyLock<Option<String>> = LazyLock::new(|| hash("nobody's password").ok());
    let text = match stored {
        Some(stored) => Some(stored.to_owned()),
        None => NOBODYS.clone(),
    };
    let Some(text) = text.filter(|_| password.chars().count() <= LONGEST) else { return Ok(false) };
    let read = PasswordHash::new(&text).map_err(|_| Error::internal("a stored password is unreadable"))?;
    let is_right = hasher()?.verify_password(password.as_bytes(), &read).is_ok();
    Ok(is_right && stored.is_some())
}

fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|error| Error::internal(format!("argon2: {error}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_opens_by_its_hash_and_no_other_does() {
        let stored = hash("con mèo trèo cây cau").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(matches("con mèo trèo cây cau", Some(&stored)).unwrap());
        assert!(!matches("con meo treo cay cau", Some(&stored)).unwrap());
        assert!(!matches("nobody's password", None).unwrap(), "nobody signs in as nobody");
        assert_ne!(stored, hash("con mèo trèo cây cau").unwrap(), "each has its own salt");
    }

    #[test]
    fn short_and_guessable_passwords_are_refused() {
        let code = |new: &str| check(new, "thungan.badinh").map_err(|error| error.code());
        assert_eq!(code("ngắn quá"), Err("password_too_short"));
        assert_eq!(code("aaaaaaaaaaaa"), Err("password_common"));
        assert_eq!(code("Password2026!"), Err("password_common"));
        assert_eq!(code("thungan.badinh1"), Err("password_common"));
        assert_eq!(code(&"x1".repeat(65)), Err("field_too_long"));
        assert_eq!(code("con mèo trèo cây cau"), Ok(()));
    }
}
