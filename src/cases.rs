//! How often properties are tried: some thousands of cases in a check, a million where the endurance tests are asked
//! for.

/// Whether the full figures are asked for (`BIENLAI_TEST_LONG`).
#[allow(clippy::disallowed_methods, reason = "tests are switched by the environment; the program is not")]
pub fn is_long() -> bool {
    std::env::var("BIENLAI_TEST_LONG").is_ok_and(|value| !value.is_empty() && value != "0")
}

/// The cases of a property whose oracle tries everything.
pub fn cases() -> u32 {
    if is_long() { 1_000_000 } else { 10_000 }
}
