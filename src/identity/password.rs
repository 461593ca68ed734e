//! Passwords: Argon2id (RFC 9106) with its parameters and salt in the stored text.
//!
//! Hashing takes tens of milliseconds and 19 MiB on purpose, so it happens outside transactions, on
//! threads that may block, and only a few at a time.

use std::sync::{Condvar, Mutex, PoisonError};

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

/// Hashed at the same time; the others wait, so that memory stays bounded whatever is sent.
const AT_ONCE: usize = 4;
/// What is compared where there is no password: as slow as any, and the password of nobody.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                       AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

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
    let _turn = Turn::take();
    Ok(hasher()?.hash_password(password.as_bytes(), &salt).map_err(failed)?.to_string())
}

/// Whether this is the password behind a stored text. Without one the answer is no, after as long.
pub fn matches(password: &str, stored: Option<&str>) -> Result<bool> {
    let text = stored.unwrap_or(NOBODYS);
    let read = PasswordHash::new(text).map_err(|_| Error::internal("a stored password is unreadable"))?;
    // Too long to be anybody's, and compared all the same.
    let typed: String = password.chars().take(LONGEST + 1).collect();
    let _turn = Turn::take();
    let is_right = hasher()?.verify_password(typed.as_bytes(), &read).is_ok();
    Ok(is_right && stored.is_some())
}

/// One of the few that may hash now.
struct Turn;

static FREE: (Mutex<usize>, Condvar) = (Mutex::new(AT_ONCE), Condvar::new());

impl Turn {
    fn take() -> Turn {
        let mut free = FREE.0.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = FREE.1.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *FREE.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        FREE.1.notify_one();
    }
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
    fn a_name_that_nobody_has_costs_what_a_wrong_password_costs() {
        let read = PasswordHash::new(NOBODYS).unwrap();
        let stored = hash("con mèo trèo cây cau").unwrap();
        let real = PasswordHash::new(&stored).unwrap();
        assert_eq!((read.algorithm, read.version), (real.algorithm, real.version));
        assert_eq!(read.params, real.params);
        assert_eq!(read.hash.unwrap().len(), real.hash.unwrap().len());
        assert!(!matches(&"x".repeat(100_000), Some(&stored)).unwrap(), "and so does one that is too long");
    }

    #[test]
    fn only_a_few_hash_at_the_same_time() {
        let turns: Vec<Turn> = (0..AT_ONCE).map(|_| Turn::take()).collect();
        let (told, waits) = std::sync::mpsc::channel();
        let next = std::thread::spawn(move || {
            let _turn = Turn::take();
            told.send(()).unwrap();
        });
        let early = waits.recv_timeout(std::time::Duration::from_millis(50));
        assert!(early.is_err(), "the one after the last waits");
        drop(turns);
        waits.recv_timeout(std::time::Duration::from_secs(10)).unwrap();
        next.join().unwrap();
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
