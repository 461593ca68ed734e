//! The way to the tax authority, whatever it is made of.

use super::rules::Outcome;

/// Brings messages to the authority and asks for its answers. A message is known by its `MTDiep`.
pub trait TaxEndpoint: Send + Sync {
    /// Sends one message. `Outcome::Unreachable` only where certainly nothing was sent.
    fn send(&self, message_code: &str, message: &[u8]) -> Outcome;

    /// Whether the authority has the message, and what it answered so far.
    fn ask(&self, message_code: &str) -> Outcome;
}
