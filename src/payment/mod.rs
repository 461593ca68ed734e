//! Money in: claims of channels, statement lines, cash. Every đồng becomes a payment of one
//! movement, moves between buckets by allocations, and is posted once.
//!
//! `settle` takes claims, `prove` statement lines, `counter` cash and cards; all three put their
//! decisions into a `book::Book` and write it out the same way.

pub mod amend;
pub mod archive;
pub mod archived;
mod archived_query;
pub mod awaited;
mod awaited_query;
pub mod book;
pub mod cancel;
mod case;
pub mod channel;
pub mod claim;
pub mod content;
pub mod correcting;
pub mod counter;
mod difference;
mod disproven;
mod documents;
pub mod due;
mod flush;
pub mod gateway;
pub mod handover;
mod held;
pub mod late_payout;
pub mod line_query;
pub mod merger_transfer;
mod movement;
pub mod movement_query;
mod overtaken;
pub mod own_transfer;
mod paper_line;
pub mod parked_query;
pub mod partner_file;
pub mod payment_query;
pub mod pending;
pub mod picture;
mod picture_query;
pub mod pos;
pub mod prove;
pub mod provisional;
pub mod query;
pub mod refund;
pub mod reopen;
mod repaid;
mod repaid_query;
mod repeated;
pub mod resolve;
pub mod restated;
mod returned;
mod reversal;
mod same_money;
mod settle;
mod settle_cash;
pub mod settler;
pub mod shown_claim;
pub mod split;
mod split_query;
mod still_stands;
mod take_back;
pub mod taken_back;
mod tender_query;
pub mod told;
pub mod undo;
pub mod unmatch;
mod unplaced;
mod untie;
mod virtual_number;
pub mod webhook;
mod webhook_query;
pub mod withdraw;

pub use claim::{Claim, Direction};
pub use movement::{Movement, State as MovementState};
pub use settle::{Arrival, Settled, settle};
