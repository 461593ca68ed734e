//! One-time codes of an authenticator app: TOTP (RFC 6238) over HMAC-SHA-1, thirty seconds, six
//! digits, which is what every such app knows.

use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

use crate::clock::Instant;
use crate::error::{Error, Result};

const STEP_S: i64 = 30;
const DIGITS: usize = 6;
const MODULUS: u32 = 1_000_000;
const SECRET_BYTES: usize = 20;
/// Steps that clocks may be apart.
const DRIFT: i64 = 1;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A new secret.
pub fn draw() -> Result<Vec<u8>> {
    let mut secret = vec![0_u8; SECRET_BYTES];
    SystemRandom::new().fill(&mut secret).map_err(|_| Error::internal("the random source failed"))?;
    Ok(secret)
}

/// The step whose code is shown, one step of drift allowed. A step that was used before (`after`)
/// opens nothing again.
pub fn step_of(secret: &[u8], now: Instant, after: i64, shown: &str) -> Option<i64> {
    let digits: String = shown.chars().filter(|c| !c.is_whitespace()).collect();
    if digits.len() != DIGITS {
        return None;
    }
    let shown: u32 = digits.parse().ok()?;
    let current = now.seconds().div_euclid(STEP_S);
    (current - DRIFT..=current + DRIFT).find(|step| *step > after && code(secret, *step) == shown)
}

/// The code of the moment, as the app shows it.
pub fn shown_at(secret: &[u8], now: Instant) -> String {
    format!("{:06}", code(secret, now.seconds().div_euclid(STEP_S)))
}

fn code(secret: &[u8], step: i64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[tag.len() - 1] & 0x0f);
    let part = [tag[offset] & 0x7f, tag[offset + 1], tag[offset + 2], tag[offset + 3]];
    u32::from_be_bytes(part) % MODULUS
}

/// The secret as people type it into their app: base32 (RFC 4648) in groups of four.
pub fn typed(secret: &[u8]) -> String {
    let letters = base32(secret);
    letters.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
}

/// The text of the QR code that apps read. `login` has no character that would need escaping.
pub fn uri(secret: &[u8], login: &str) -> String {
    format!("otpauth://totp/bienlai:{login}?secret={}&issuer=bienlai", base32(secret))
}

fn base32(bytes: &[u8]) -> String {
    let mut letters = String::new();
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            letters.push(char::from(BASE32[((held >> bits) & 31) as usize]));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        letters.push(char::from(BASE32[((held << (5 - bits)) & 31) as usize]));
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    const RFC: &[u8] = b"12345678901234567890";

    #[test]
    fn the_codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, of eight digits the last six.
        for (seconds, shown) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(shown_at(RFC, Instant(seconds * 1_000_000)), shown);
        }
    }

    #[test]
    fn a_code_opens_once_and_within_a_step_of_its_time() {
        let at = |seconds: i64| Instant(seconds * 1_000_000);
        let step = step_of(RFC, at(59), 0, "287 082").unwrap();
        assert_eq!(step_of(RFC, at(59), step, "287082"), None, "a code that was used opens nothing again");
        assert_eq!(step_of(RFC, at(89), 0, "287082"), Some(step), "a clock half a minute behind");
        assert_eq!(step_of(RFC, at(120), 0, "287082"), None);
        for wrong in ["", "28708", "2870822", "abcdef", "287083"] {
            assert_eq!(step_of(RFC, at(59), 0, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_secret_is_base32() {
        assert_eq!(base32(b"foobar"), "MZXW6YTBOI");
        assert_eq!(typed(RFC), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        let uri = uri(RFC, "ketoan.mau");
        assert!(uri.starts_with("otpauth://totp/bienlai:ketoan.mau?secret=GEZDGNBV"), "{uri}");
    }
}
