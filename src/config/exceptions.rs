//! How long exceptions may lie before somebody is told.

use serde::Deserialize;

use crate::error::{Error, Result};

/// The table `[exceptions]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Exceptions {
    /// Money in suspense goes to the city after so many working days.
    pub escalate_after_working_days: u32,
    /// A channel is asked about a line it did not tell of after so many working days.
    pub callback_patience_working_days: u32,
    /// Ages in hours at which money that nobody knows is an alarm.
    pub unknown_money_alarm_hours: Vec<i64>,
    /// Ages in hours at which a claim that no statement proves is an alarm.
    pub unproven_claim_alarm_hours: Vec<i64>,
    /// The most that banks may have kept of a refund that comes back short, in đồng. What is missing of it is carried
    /// as a charge to recover, so that it is money of the budget's: a credit that lacks more than a bank asks for
    /// tracing and returning one transfer (50,000 and its tax) is another payment's, or a loss to ask the bank about.
    pub returned_refund_charge_limit: i64,
    /// Mailboxes of those who decide for the city: each decision that is handed to it is told there.
    pub approvals_mail: Vec<String>,
}

impl Default for Exceptions {
    fn default() -> Self {
        Exceptions {
            escalate_after_working_days: 5,
            callback_patience_working_days: 2,
            unknown_money_alarm_hours: vec![24, 72, 168],
            unproven_claim_alarm_hours: vec![24, 48, 96],
            returned_refund_charge_limit: 55_000,
            approvals_mail: Vec::new(),
        }
    }
}

/// A year.
const HOURS_LIMIT: i64 = 8_784;

/// No bank asks for more than this for giving one transfer back, in đồng.
const CHARGE_LIMIT: i64 = 1_000_000;

impl Exceptions {
    pub fn check(&self) -> Result<()> {
        let invalid = |field: &str, why: &str| Err(Error::invalid(field, "config_invalid", why));
        if !(1..=60).contains(&self.escalate_after_working_days) {
            return invalid("exceptions.escalate_after_working_days", "1 to 60");
        }
        if !(1..=60).contains(&self.callback_patience_working_days) {
            return invalid("exceptions.callback_patience_working_days", "1 to 60");
        }
        for (field, hours) in [
            ("exceptions.unknown_money_alarm_hours", &self.unknown_money_alarm_hours),
            ("exceptions.unproven_claim_alarm_hours", &self.unproven_claim_alarm_hours),
        ] {
            if hours.len() > 10 || hours.iter().any(|hours| !(1..=HOURS_LIMIT).contains(hours)) {
                return invalid(field, "up to ten ages of 1 to 8784 hours");
            }
        }
        if !(0..=CHARGE_LIMIT).contains(&self.returned_refund_charge_limit) {
            return invalid("exceptions.returned_refund_charge_limit", "0 to 1000000 đồng");
        }
        let is_mailbox = |text: &String| text.parse::<lettre::Address>().is_ok();
        if self.approvals_mail.len() > 20 || !self.approvals_mail.iter().all(is_mailbox) {
            return invalid("exceptions.approvals_mail", "up to twenty e-mail addresses");
        }
        Ok(())
    }
}
