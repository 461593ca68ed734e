//! Lines that paid out many payments at once, less a fee, and the papers that say so: an acquirer's batch, a
//! gateway's settlement report. What was joined wrongly, or what the bank took back, is taken apart by two persons;
//! a paper that was entered wrongly is withdrawn by two, and so is the word that a report that comes to nothing was
//! settled with a payout.

mod apart;
pub mod back;
pub(super) mod nothing;
mod paper;
mod paper_query;
pub mod rules;
pub mod withdrawal;

pub(super) use apart::{Apart, Payout, of};
pub use paper::Paper;
