//! People's rights over their own data: what they ask for and get answered, who looked at a file and
//! why, the register of what is processed, and incidents with their 72-hour clock.
//!
//! Nobody is named here in the clear: a request knows its person by the keyed hash of what they showed,
//! and finds the payers behind it as long as they are kept.

pub mod act;
mod act_query;
pub mod file;
pub mod incident;
mod incident_query;
mod query;
pub mod register;
pub mod request;

use crate::actor::Role;
use crate::error::Result;
use crate::text;

/// Who answers people about their data and keeps incidents: an administrator who is a person.
const KEEPERS: [Role; 1] = [Role::Administrator];
/// Who may take in at a desk what somebody asks.
pub const RECEIVERS: [Role; 3] = [Role::Cashier, Role::Finance, Role::Administrator];
/// Who may read what was asked, seen and reported.
pub const READERS: [Role; 2] = [Role::Administrator, Role::Auditor];

/// Hours for an answer, and for telling the authority of an incident (Nghị định 13/2023/NĐ-CP, articles
/// 14, 16 and 23).
const CLOCK_S: i64 = 72 * 3_600;

const TEXT_LIMIT: usize = 1_000;

/// What people write, cleaned and bounded.
///
/// # Errors
/// `field_missing`, `field_too_long`.
pub fn worded(field: &str, value: &str) -> Result<String> {
    text::required(field, value, "field_missing", TEXT_LIMIT)
}
