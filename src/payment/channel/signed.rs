//! Messages proven by an HMAC in one header and its time in another.

use super::envelope::{unix_seconds, within_window};
use super::secrets::Secrets;
use super::{Incoming, Refusal};

/// The names of the two headers, in lower case.
pub struct SignedHeaders {
    pub timestamp: &'static str,
    pub signature: &'static str,
}

impl SignedHeaders {
    /// Checks the signature over `timestamp.body`, then the window; so that a message told to be
    /// outside the window is known to be the partner's, and the clock is what needs care.
    /// `tags` reads the tags from the signature header; one good tag is enough.
    ///
    /// # Errors
    /// `callback_header_repeated`, `callback_signature_missing`, `callback_timestamp_missing`,
    /// `callback_timestamp_unreadable`, `callback_signature_wrong`,
    /// `callback_timestamp_outside_window`.
    pub fn verify(
        &self,
        incoming: &Incoming,
        secrets: &Secrets,
        tags: impl Fn(&str) -> Vec<[u8; 32]>,
    ) -> Result<(), Refusal> {
        let signature = incoming.header(self.signature)?.ok_or_else(|| {
            refusal("callback_signature_missing", format!("{} is required", self.signature))
        })?;
        let timestamp = incoming.header(self.timestamp)?.ok_or_else(|| {
            refusal("callback_timestamp_missing", format!("{} is required", self.timestamp))
        })?;
        let at_s = unix_seconds(timestamp).ok_or_else(|| {
            refusal(
                "callback_timestamp_unreadable",
                format!("{}: expected seconds since 1970", self.timestamp),
            )
        })?;
        if !tags(signature).iter().any(|tag| secrets.verify(timestamp, incoming.body, tag)) {
            return Err(refusal("callback_signature_wrong", "the signature is not that of these bytes"));
        }
        if !within_window(at_s, incoming.now) {
            let detail = "the timestamp is more than 300 s away from our clock";
            return Err(refusal("callback_timestamp_outside_window", detail));
        }
        Ok(())
    }
}

fn refusal(code: &'static str, detail: impl Into<String>) -> Refusal {
    Refusal::unauthenticated(code, detail)
}
