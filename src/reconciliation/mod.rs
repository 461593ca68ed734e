//! Statement lines against movements and obligations, and the closing of days.
//!
//! `matching`, `classification`, `proof` and `bridge` are pure; the use cases around them read,
//! decide and write per bank account, so that one account's failure never blocks another.

pub mod alias;
mod alias_query;
pub mod bridge;
mod certificate_query;
pub mod classification;
mod contra;
mod contra_query;
pub mod day_close;
pub mod evidence;
mod expected;
pub mod explanation;
pub mod explanation_query;
mod hint;
mod late_groups;
pub mod lump;
pub mod matching;
pub mod month_close;
pub mod office;
pub mod open_days;
pub mod overview;
mod owed;
mod own_transfers;
mod payout;
pub mod proof;
pub mod query;
pub mod reopening;
pub mod restated;
pub mod rulebook;
pub mod run;
mod untimely;
mod virtual_codes;

pub use day_close::{Closing, close, close_through, verify_chain};
pub use office::{import, match_account, reconcile_accounts, reconcile_side_by_side};
pub use run::{Report, reconcile};
