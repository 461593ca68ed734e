//! Rules that accept known faults of known issuers, each by its name and only when asked for.

use std::str::FromStr;

use crate::error::Error;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lenient {
    /// The enveloped-signature transform on an Object inside the signature itself. By the standard
    /// it removes the signature and the Object with it; some issuers take it for no change. The digest
    /// of nothing, as the standard has it, needs no rule.
    EnvelopedOnOwnObject,
}

impl Lenient {
    pub const ALL: [Lenient; 1] = [Lenient::EnvelopedOnOwnObject];

    pub fn name(self) -> &'static str {
        match self {
            Lenient::EnvelopedOnOwnObject => "enveloped-on-own-object",
        }
    }
}

impl FromStr for Lenient {
    type Err = Error;

    fn from_str(text: &str) -> Result<Lenient, Error> {
        Lenient::ALL
            .into_iter()
            .find(|rule| rule.name() == text)
            .ok_or_else(|| Error::invalid("lenient", "lenient_rule_unknown", text))
    }
}
