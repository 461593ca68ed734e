//! What keeps the queue of exceptions moving: what no single line or claim opens, alarms by age,
//! mails about signing keys and suspended channels, escalation to the city, hints across units, letters to the
//! bank, complaints.

pub mod alarm;
pub mod complaint;
pub mod hint;
pub mod key_mail;
pub mod letter;
mod letter_form;
pub mod letter_query;
pub mod names;
pub mod query;
pub mod rules;
pub mod trust_mail;
pub mod upkeep;

/// How long things may lie: the configuration's table `[exceptions]`.
pub use crate::config::exceptions::Exceptions as Settings;
