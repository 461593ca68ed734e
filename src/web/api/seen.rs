//! That what somebody approves is what they read: a call may name the revision that it saw, and is refused
//! when that moved on in between.

use actix_web::web;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::web::extract::{self, API_BODY_LIMIT_BYTES};

/// What an approval may say. Without a body nothing is compared.
#[derive(Clone, Copy, Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApproveBody {
    /// The `revision` that was read.
    #[serde(default)]
    expected_revision: Option<i64>,
}

impl ApproveBody {
    /// # Errors
    /// `body_too_large`, `body_interrupted`, `json_unreadable`.
    pub async fn read(payload: web::Payload) -> Result<ApproveBody> {
        let bytes = extract::body(payload, API_BODY_LIMIT_BYTES).await?;
        if bytes.is_empty() {
            return Ok(ApproveBody::default());
        }
        // `null` says nothing either: programs send it for a call without a body.
        Ok(extract::json::<Option<ApproveBody>>(&bytes)?.unwrap_or_default())
    }

    /// `found` is the revision before the step, read in the step's transaction, which goes back when it is
    /// another one.
    ///
    /// # Errors
    /// `act_changed`.
    pub fn require(self, found: i64) -> Result<()> {
        require(self.expected_revision, found)
    }
}

/// The same where the revision stands among other fields of a body.
///
/// # Errors
/// `act_changed`.
pub(super) fn require(expected: Option<i64>, found: i64) -> Result<()> {
    if expected.is_none_or(|expected| expected == found) {
        return Ok(());
    }
    Err(Error::conflict("act_changed", format!("its revision is {found} now")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_revision_than_the_one_that_was_read_is_refused() {
        assert!(require(None, 3).is_ok() && require(Some(3), 3).is_ok());
        for other in [2, 4] {
            assert_eq!(require(Some(other), 3).unwrap_err().code(), "act_changed");
        }
    }
}
