//! The words for codes: Vietnamese first, English second, from `errors.toml`.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Deserialize;

/// What a code says to people.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    pub vi: String,
    pub en: String,
}

const CATALOGUE: &str = include_str!("../../errors.toml");

fn catalogue() -> &'static HashMap<String, Words> {
    static READ: OnceLock<HashMap<String, Words>> = OnceLock::new();
    READ.get_or_init(|| toml::from_str(CATALOGUE).unwrap_or_default())
}

/// The words of a code. One without words, which a test forbids, says the same as `internal`.
pub fn words(code: &str) -> &'static Words {
    static NONE: Words = Words { vi: String::new(), en: String::new() };
    let all = catalogue();
    all.get(code).or_else(|| all.get("internal")).unwrap_or(&NONE)
}

/// Every code with its words, in no particular order.
pub fn all() -> impl Iterator<Item = (&'static str, &'static Words)> {
    catalogue().iter().map(|(code, words)| (code.as_str(), words))
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
