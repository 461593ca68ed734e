//! What is checked before a body is read: its size and encoding, its headers, its age.

use super::{BODY_LIMIT_BYTES, Incoming, Refusal, WINDOW_S};
use crate::clock::Instant;

impl Incoming<'_> {
    /// Size and encoding, before anything is hashed or parsed.
    ///
    /// A compressed body is refused, since what was signed and what would be read could differ.
    pub(super) fn check_envelope(&self) -> Result<(), Refusal> {
        if self.body.len() > BODY_LIMIT_BYTES {
            let detail = format!("the body may have {BODY_LIMIT_BYTES} bytes");
            return Err(Refusal { code: "callback_body_too_large", status: 413, detail });
        }
        if self.values("content-encoding").any(|value| !value.eq_ignore_ascii_case("identity")) {
            let detail = "send the body without content-encoding".to_owned();
            return Err(Refusal { code: "callback_encoding_unsupported", status: 415, detail });
        }
        Ok(())
    }

    /// The only value of a header. Two values are refused: proxies and servers disagree about
    /// which of them counts.
    pub(super) fn header(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        let mut values = self.values(name);
        let value = values.next();
        if values.next().is_some() {
            return Err(Refusal::unauthenticated(
                "callback_header_repeated",
                format!("{name} may appear once"),
            ));
        }
        Ok(value)
    }

    /// The credentials of `Authorization: <scheme> <credentials>`; the scheme ignores case
    /// (RFC 9110 section 11.1). `None` when the header is absent or of another scheme.
    pub(super) fn credentials(&self, scheme: &str) -> Result<Option<&str>, Refusal> {
        let Some((found, credentials)) =
            self.header("authorization")?.and_then(|value| value.split_once(' '))
        else {
            return Ok(None);
        };
        Ok(found.eq_ignore_ascii_case(scheme).then(|| credentials.trim()))
    }

    fn values(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.headers
            .iter()
            .filter(move |(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }
}

/// Seconds since 1970, as digits only; `None` for signs, spaces and absurd lengths.
pub fn unix_seconds(text: &str) -> Option<i64> {
    let plain = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// Whether `at_s`, in seconds since 1970, lies within the window around `now`, ends included.
pub fn within_window(at_s: i64, now: Instant) -> bool {
    let distance_us = (i128::from(at_s) * 1_000_000 - i128::from(now.0)).abs();
    distance_us <= i128::from(WINDOW_S) * 1_000_000
}

/// A time of a movement that can be true: in this century. Keeps instants from outside within
/// what the calendar can show.
pub fn plausible(at: Instant) -> Option<Instant> {
    const FROM_S: i64 = 946_684_800;
    const UNTIL_S: i64 = 4_102_444_800;
    (FROM_S..UNTIL_S).contains(&at.seconds()).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_ends_exactly_at_three_hundred_seconds_on_both_sides() {
        let now = Instant(1_763_776_800_000_000);
        for (drift_s, inside) in [(0, true), (299, true), (300, true), (301, false), (86_400, false)] {
            assert_eq!(within_window(now.seconds() + drift_s, now), inside, "+{drift_s}");
            assert_eq!(within_window(now.seconds() - drift_s, now), inside, "-{drift_s}");
        }
        assert!(!within_window(now.seconds() - 300, Instant(now.0 + 1)), "a microsecond too late");
        assert!(!within_window(999_999_999_999, Instant(i64::MIN)), "the extremes do not overflow");
    }

    #[test]
    fn a_timestamp_is_digits_and_nothing_else() {
        assert_eq!(unix_seconds("1763776800"), Some(1_763_776_800));
        for wrong in ["", "+1763776800", "-1", " 1763776800", "1763776800.0", "1e9", "9999999999999"] {
            assert_eq!(unix_seconds(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_movement_of_another_century_is_not_plausible() {
        assert_eq!(plausible(Instant::from_ms(1_763_776_800_000)), Some(Instant::from_ms(1_763_776_800_000)));
        assert_eq!(plausible(Instant(i64::MAX)), None);
        assert_eq!(plausible(Instant(0)), None);
    }
}
